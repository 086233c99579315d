//! Where the router meets the ledger. Without the feature `ledger`, `no_book.rs` stands in its place.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use heyan::policy::{Account, AccountId, Alerts, DailyLimit, PersonTag, Quota, Slug};
use heyan::{OwnedOutcome, Subject};

use super::routed::{AttemptLine, RouterError};
use super::{PACKAGES_MAX, RouterAlert};
use crate::error::Error;
use crate::ledger::{Begin, End, EntryId, Ledger, LedgerError, RaisedAlert};

type Hook = Arc<dyn Fn(LedgerError) + Send + Sync>;

/// The ledger, if there is one, and the rule that is counted in it.
#[derive(Default)]
pub(super) struct Book {
    pub(super) ledger: Option<Ledger>,
    pub(super) limit: Option<DailyLimit>,
    /// Keeps the ledger telling about ends that it did not take.
    watch: OnceLock<Hook>,
    is_in_trouble: AtomicBool,
}

/// What is known of one verification.
pub(super) struct Page {
    pub(super) person: Option<PersonTag>,
    first: Option<EntryId>,
    attempts: u8,
    pub(super) origin: Option<i64>,
    pub(super) ahead: Option<Ahead>,
}

/// What was written down and looked up before the verification began.
pub(super) enum Ahead {
    /// The entry of the first attempt.
    Begun(Ready),
    /// Why there is none: no call may be made.
    Refused(LedgerError),
}

/// An entry of an attempt on this account that did not leave yet. Taken back when it is dropped.
pub(super) struct Ready {
    pub(super) ledger: Ledger,
    pub(super) account: usize,
    pub(super) entry: Option<EntryId>,
}

impl Drop for Ready {
    fn drop(&mut self) {
        if let Some(entry) = self.entry.take() {
            self.ledger.take_back(entry);
        }
    }
}

/// The entry of an attempt, where there is a ledger.
pub(super) struct Entry(Option<EntryId>);

impl Book {
    pub(super) fn watch(&self, tell: impl Fn(RouterAlert) + Send + Sync + 'static) {
        if let Some(ledger) = &self.ledger {
            let hook: Hook = Arc::new(move |error| tell(RouterAlert::Ledger(error)));
            ledger.watch(&hook);
            let _ = self.watch.set(hook);
        }
    }

    pub(super) fn open(&self, subject: &Subject<'_>, origin: Option<i64>) -> Page {
        let person = self.ledger.as_ref().map(|ledger| ledger.person(subject.id()));
        Page { person, first: None, attempts: 0, origin, ahead: None }
    }

    /// The accounts that said today that they were asked for this person too often.
    pub(super) fn barred(&self, page: &Page, unix_ms: u64) -> Result<Vec<(Slug, AccountId)>, RouterError> {
        match (&self.ledger, &page.person) {
            // Whoever wrote the entry has looked.
            _ if page.ahead.is_some() => Ok(Vec::new()),
            (Some(ledger), Some(person)) => Ok(ledger.barred(person, unix_ms)?),
            _ => Ok(Vec::new()),
        }
    }

    /// What is written down of the next attempt.
    pub(super) fn draft(&self, page: &Page, person: PersonTag, account: &Account, unix_ms: u64) -> Begin {
        let begin = Begin::new(account.provider().clone(), account.id().clone(), person, unix_ms)
            .origin(page.origin)
            .limit(self.limit);
        match page.first {
            Some(first) => begin.after(first, page.attempts.saturating_add(1)),
            None => begin,
        }
    }

    pub(super) fn begin(
        &self,
        page: &mut Page,
        index: usize,
        account: &Account,
        unix_ms: u64,
    ) -> Result<Entry, RouterError> {
        let (Some(ledger), Some(person)) = (&self.ledger, page.person) else { return Ok(Entry(None)) };
        let entry = match page.ahead.take() {
            Some(Ahead::Refused(error)) => return Err(error.into()),
            Some(Ahead::Begun(mut ready)) if ready.account == index => ready.entry.take(),
            // Another account is asked than was foreseen.
            _ => None,
        };
        let entry = match entry {
            Some(entry) => entry,
            None => ledger.begin(self.draft(page, person, account, unix_ms))?,
        };
        self.is_in_trouble.store(false, Ordering::Relaxed);
        page.attempts = page.attempts.saturating_add(1);
        page.first.get_or_insert(entry);
        Ok(Entry(Some(entry)))
    }

    pub(super) fn end(&self, entry: &Entry, result: &Result<OwnedOutcome, Error>, took: Duration) {
        if let (Some(ledger), Some(entry)) = (&self.ledger, entry.0) {
            ledger.end(entry, End::of(result, took));
            // The next verification of this person must find it.
            if matches!(result, Err(Error::Inquiry(heyan::Error::Refused(refusal)))
                if refusal.class() == heyan::RefusalClass::AttemptLimit)
            {
                let _ = ledger.flush();
            }
        }
    }

    /// The alert about a ledger that takes no entry, if nobody was told since it last did.
    pub(super) fn trouble(&self, error: &RouterError) -> Option<RouterAlert> {
        match error {
            RouterError::Ledger(error) if !self.is_in_trouble.swap(true, Ordering::Relaxed) => {
                Some(RouterAlert::Ledger(*error))
            }
            _ => None,
        }
    }

    /// The packages of an account, as the entries say, and their ids.
    pub(super) fn quota(&self, account: &Account) -> Result<Option<(Quota<PACKAGES_MAX>, Vec<i64>)>, LedgerError> {
        let Some(ledger) = &self.ledger else { return Ok(None) };
        let (quota, ids) = ledger.quota_with_ids(account.provider(), account.id())?;
        Ok((!ids.is_empty()).then_some((quota, ids)))
    }

    /// Notes that these alerts were raised, and returns those that another process did not raise before.
    pub(super) fn raise(&self, account: &Account, alerts: Alerts, packages: &[i64], unix_ms: u64) -> Alerts {
        let Some(ledger) = &self.ledger else { return alerts };
        let mut news = 0;
        let singles = (0..8).map(|place| Alerts::from_bits(1 << place));
        for (single, alert) in singles.filter_map(|single| Some((single, single.iter().next()?))) {
            let about = if alert == heyan::policy::Alert::Expiring { packages } else { &[0] };
            for package in about.iter().filter(|_| alerts.contains(alert)) {
                let raised = RaisedAlert::new(alert.word(), *package, unix_ms);
                // Better told twice than not at all.
                if ledger.raise(account.provider(), account.id(), raised).unwrap_or(true) {
                    news |= single.bits();
                }
            }
        }
        Alerts::from_bits(news)
    }

    /// The account is in order again.
    pub(super) fn readmitted(&self, account: &Account, unix_ms: u64) -> Result<(), LedgerError> {
        let Some(ledger) = &self.ledger else { return Ok(()) };
        ledger.clear(account.provider(), account.id(), heyan::policy::Alert::Refused.word(), unix_ms)
    }
}

impl AttemptLine {
    pub(super) fn with_entry(mut self, entry: &Entry) -> Self {
        self.entry = entry.0;
        self
    }
}
