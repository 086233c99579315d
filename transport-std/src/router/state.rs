//! What all verifications of a router share: which accounts take calls, what is left of their packages, what was told.
//!
//! It stands behind one lock, held for a change of state and never during a call, a write or a hook.

use heyan::policy::{Account, Accounts, Alert, Alerts, Class, Ending, Package, Quota, Standing};
use heyan::{Billing, RefusalClass};
use std::time::Duration;

use super::alert::{AccountName, RouterAlert};
use super::{ACCOUNTS_MAX, PACKAGES_MAX};

pub(super) struct State {
    pub(super) accounts: Accounts<ACCOUNTS_MAX>,
    /// In the order of the accounts.
    pub(super) purses: Vec<Purse>,
}

/// What an account has, and what was said of it.
#[derive(Default)]
pub(super) struct Purse {
    /// `None`: nobody said what was bought.
    pub(super) quota: Option<Quota<PACKAGES_MAX>>,
    /// The packages' ids in the ledger, in their order; empty where there is none.
    pub(super) ids: Vec<i64>,
    told: Told,
}

/// What the last alert about an account's service said.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Told {
    #[default]
    InService,
    NotAnswering,
    OutOfService(RefusalClass),
}

/// What is to be told about an account's packages, once the ledger knows.
pub(super) struct News {
    pub(super) alerts: Alerts,
    pub(super) left: heyan::policy::Left,
    /// Those whose expiry is news, by their ids.
    pub(super) expiring: Vec<i64>,
}

impl Purse {
    pub(super) fn new(quota: Option<Quota<PACKAGES_MAX>>, ids: Vec<i64>) -> Self {
        Self { quota, ids, told: Told::InService }
    }

    /// A call leaves: it may be billed from now on.
    pub(super) fn began(&mut self, unix_ms: u64) {
        if let Some(quota) = &mut self.quota {
            quota.count(unix_ms, Billing::Unknown);
        }
    }

    /// It ended.
    pub(super) fn ended(&mut self, unix_ms: u64, ending: Ending) -> Option<News> {
        if let Some(quota) = &mut self.quota {
            quota.settle(ending.billing());
            if matches!(ending.class(), Class::Refused(RefusalClass::QuotaExhausted | RefusalClass::Subscription)) {
                // Told as an account out of service.
                quota.refused();
            }
        }
        self.check(unix_ms)
    }

    /// What is new about the packages now.
    pub(super) fn check(&mut self, unix_ms: u64) -> Option<News> {
        let quota = self.quota.as_mut()?;
        let is_raised = |package: &Package| package.expiry_raised;
        let before: Vec<bool> = quota.packages().iter().map(is_raised).collect();
        let alerts = quota.check(unix_ms);
        if alerts.is_empty() {
            return None;
        }
        let news = quota.packages().iter().zip(before).zip(&self.ids);
        let expiring = news.filter(|((package, before), _)| is_raised(package) && !before).map(|(_, id)| *id).collect();
        Some(News { alerts, left: quota.left(unix_ms), expiring })
    }
}

impl State {
    /// The alert about this account's service that is new after a call ended.
    pub(super) fn service_news(&mut self, index: usize, now: Duration, ending: Ending) -> Option<RouterAlert> {
        let standing = self.accounts.standing(index, now)?;
        let account = name(self.accounts.account(index)?);
        let told = &mut self.purses.get_mut(index)?.told;
        let (is, alert) = match standing {
            Standing::OutOfService(reason) => {
                (Told::OutOfService(reason), RouterAlert::OutOfService { account, reason })
            }
            Standing::Open { .. } | Standing::Trial { .. } => {
                (Told::NotAnswering, RouterAlert::NotAnswering { account })
            }
            // The standing of an account whose pause is over says nothing; its answer does.
            Standing::InService if *told == Told::NotAnswering && has_answered(ending) => {
                (Told::InService, RouterAlert::AnswersAgain { account })
            }
            Standing::InService | Standing::Throttled { .. } => return None,
        };
        (std::mem::replace(told, is) != is).then_some(alert)
    }

    /// The account is in order again.
    pub(super) fn readmit(&mut self, index: usize) {
        self.accounts.readmit(index);
        if let Some(purse) = self.purses.get_mut(index) {
            purse.told = Told::InService;
            if let Some(quota) = &mut purse.quota {
                quota.readmit();
            }
        }
    }
}

fn has_answered(ending: Ending) -> bool {
    let class = ending.class();
    class.verdict().is_some() || matches!(class.refusal(), Some(RefusalClass::BadInput | RefusalClass::AttemptLimit))
}

pub(super) fn name(account: &Account) -> AccountName {
    AccountName { provider: account.provider().clone(), account: account.id().clone() }
}

/// The alerts of a set, as they are told.
pub(super) fn told(account: &Account, alerts: Alerts, left: heyan::policy::Left) -> impl Iterator<Item = RouterAlert> {
    // What the gateway says is told as an account out of service.
    let own = alerts.iter().filter(|alert| *alert != Alert::Refused);
    own.map(move |alert| RouterAlert::Quota { account: name(account), alert, left })
}
