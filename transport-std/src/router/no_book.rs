//! In the place of `book.rs` where there is no ledger.

use std::convert::Infallible;
use std::time::Duration;

use heyan::policy::{Account, AccountId, Alerts, Quota, Slug};
use heyan::{OwnedOutcome, Subject};

use super::routed::{AttemptLine, RouterError};
use super::{PACKAGES_MAX, RouterAlert};
use crate::error::Error;

#[derive(Default)]
pub(super) struct Book {}
pub(super) struct Page;
pub(super) struct Entry;

impl Book {
    pub(super) fn watch(&self, _: impl Fn(RouterAlert) + Send + Sync + 'static) {}

    pub(super) fn open(&self, _: &Subject<'_>, _: Option<i64>) -> Page {
        Page
    }

    pub(super) fn barred(&self, _: &Page, _: u64) -> Result<Vec<(Slug, AccountId)>, RouterError> {
        Ok(Vec::new())
    }

    pub(super) fn begin(&self, _: &mut Page, _: usize, _: &Account, _: u64) -> Result<Entry, RouterError> {
        Ok(Entry)
    }

    pub(super) fn end(&self, _: &Entry, _: &Result<OwnedOutcome, Error>, _: Duration) {}

    pub(super) fn trouble(&self, _: &RouterError) -> Option<RouterAlert> {
        None
    }

    pub(super) fn quota(&self, _: &Account) -> Result<Option<(Quota<PACKAGES_MAX>, Vec<i64>)>, Infallible> {
        Ok(None)
    }

    pub(super) fn raise(&self, _: &Account, alerts: Alerts, _: &[i64], _: u64) -> Alerts {
        alerts
    }

    pub(super) fn readmitted(&self, _: &Account, _: u64) -> Result<(), Infallible> {
        Ok(())
    }
}

impl AttemptLine {
    pub(super) fn with_entry(self, _: &Entry) -> Self {
        self
    }
}
