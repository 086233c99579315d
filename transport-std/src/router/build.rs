//! How a router is built.

use std::fmt;
use std::num::NonZeroU32;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use heyan::policy::{Account, AccountError, Accounts, Alerts, HealthRule, Order, Package, Quota, RetryRule, Usage};

use super::book::Book;
use super::pace::Pace;
use super::state::{Purse, State};
use super::{ACCOUNTS_MAX, Hook, Inner, PACKAGES_MAX, Router, RouterAlert, unix_ms};
use crate::client::Client;

/// An account that a router may ask: a client, and what the rules need to know.
#[derive(Clone, Debug)]
#[must_use]
pub struct RoutedAccount {
    pub(super) client: Client,
    pub(super) account: Account,
    packages: Vec<Package>,
    rate: Option<NonZeroU32>,
}

impl RoutedAccount {
    /// The account that the operator calls `id`, asked by `client`, at `price` millionths of a yuan for one call.
    ///
    /// `id` is printed and written down: it must not be a credential.
    ///
    /// # Errors
    /// [`AccountError`] when `id` is not 1 to 16 ASCII letters, digits and ``-_.:``.
    pub fn new(client: Client, id: &str, price: u32) -> Result<Self, AccountError> {
        let account = Account::new(client.provider().info(), id, price)?;
        Ok(Self { client, account, packages: Vec::new(), rate: None })
    }

    /// What was bought for it. Without packages the router raises no alerts about what is left. Those in a
    /// ledger, if it has any for this account, take the place of these.
    pub fn packages(mut self, packages: impl IntoIterator<Item = Package>) -> Self {
        self.packages = packages.into_iter().collect();
        self
    }

    /// At most so many calls a second, evenly spaced: an attempt waits for its turn before it is written down. The wait
    /// counts towards the [deadline](RouterBuilder::deadline). Without it nothing waits.
    pub fn rate(mut self, per_second: NonZeroU32) -> Self {
        self.rate = Some(per_second);
        self
    }
}

/// How to build a [`Router`]: accounts, and the rules by which they are asked.
#[must_use]
pub struct RouterBuilder {
    accounts: Vec<RoutedAccount>,
    order: Order,
    retry: RetryRule,
    health: HealthRule,
    deadline: Option<Duration>,
    hook: Option<Hook>,
    book: Book,
}

impl Default for RouterBuilder {
    fn default() -> Self {
        Self {
            accounts: Vec::new(),
            order: Order::AsListed,
            retry: RetryRule::DEFAULT,
            health: HealthRule::DEFAULT,
            deadline: None,
            hook: None,
            book: Book::default(),
        }
    }
}

impl RouterBuilder {
    /// Adds an account; at most [`ACCOUNTS_MAX`].
    pub fn account(mut self, account: RoutedAccount) -> Self {
        self.accounts.push(account);
        self
    }

    /// Which account is asked first; [`Order::AsListed`] unless said otherwise.
    pub fn order(mut self, order: Order) -> Self {
        self.order = order;
        self
    }

    /// How often and for how long a verification is tried; [`RetryRule::DEFAULT`] unless said otherwise.
    pub fn retry(mut self, rule: RetryRule) -> Self {
        self.retry = rule;
        self
    }

    /// When an account is left alone; [`HealthRule::DEFAULT`] unless said otherwise.
    pub fn health(mut self, rule: HealthRule) -> Self {
        self.health = rule;
        self
    }

    /// Longest time for a whole verification; [`RetryRule::within`] unless said otherwise. An attempt gets what is left
    /// of it, or its client's own time-out if that is shorter, and none begins for which nothing useful is left: the
    /// last second, or the last quarter of a short time.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// Told what somebody should act on. It runs on the thread of the verification that noticed, or on the ledger's,
    /// so it must be quick.
    pub fn on_alert(mut self, hook: impl Fn(&RouterAlert) + Send + Sync + 'static) -> Self {
        self.hook = Some(Arc::new(hook));
        self
    }

    /// Writes every attempt down before it leaves. No call is made without an entry.
    #[cfg(feature = "ledger")]
    pub fn ledger(mut self, ledger: crate::ledger::Ledger) -> Self {
        self.book.ledger = Some(ledger);
        self
    }

    /// Verifies a person at most so often a day: the day in China, over all accounts and all processes that share the
    /// ledger. It takes a ledger to count in.
    #[cfg(feature = "ledger")]
    pub fn daily_limit(mut self, limit: heyan::policy::DailyLimit) -> Self {
        self.book.limit = Some(limit);
        self
    }

    /// Builds it. Nothing is sent yet. What is left of the packages is read from the ledger, and alerts that hold
    /// already are raised.
    ///
    /// # Errors
    /// [`BuildError`].
    pub fn build(self) -> Result<Router, BuildError> {
        if self.accounts.is_empty() {
            return Err(BuildError::NoAccount);
        }
        #[cfg(feature = "ledger")]
        if self.book.limit.is_some() && self.book.ledger.is_none() {
            return Err(BuildError::LimitWithoutLedger);
        }
        let mut accounts = Accounts::<ACCOUNTS_MAX>::new(self.order, self.health);
        let mut purses = Vec::new();
        for (index, routed) in self.accounts.iter().enumerate() {
            let is_same = |other: &RoutedAccount| {
                (other.account.provider(), other.account.id()) == (routed.account.provider(), routed.account.id())
            };
            if self.accounts.iter().take(index).any(is_same) {
                return Err(BuildError::SameAccount);
            }
            accounts.add(routed.account.clone())?;
            purses.push(match self.book.quota(&routed.account)? {
                Some((quota, ids)) => Purse::new(Some(quota), ids),
                None if routed.packages.is_empty() => Purse::default(),
                None => {
                    let quota = Quota::<PACKAGES_MAX>::restored(&routed.packages, Usage::NONE, Alerts::NONE);
                    Purse::new(Some(quota.map_err(|_| BuildError::TooManyPackages)?), Vec::new())
                }
            });
        }
        let deadline = self.deadline.unwrap_or(self.retry.within());
        if deadline.is_zero() {
            return Err(BuildError::Deadline);
        }
        let router = Router(Arc::new(Inner {
            paces: self.accounts.iter().map(|routed| routed.rate.map(Pace::new)).collect(),
            clients: self.accounts.into_iter().map(|routed| routed.client).collect(),
            state: Mutex::new(State { accounts, purses }),
            retry: self.retry,
            deadline,
            origin: Instant::now(),
            hook: self.hook,
            book: self.book,
            stopped: Mutex::new(false),
            wake: Condvar::new(),
        }));
        if let Some(hook) = router.0.hook.clone() {
            router.0.book.watch(move |alert| hook(&alert));
        }
        if let Ok(now) = unix_ms() {
            (0..router.0.clients.len()).for_each(|index| router.0.check(index, now));
        }
        Ok(router)
    }
}

impl fmt::Debug for RouterBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RouterBuilder")
            .field("accounts", &self.accounts)
            .field("order", &self.order)
            .field("retry", &self.retry)
            .field("health", &self.health)
            .finish_non_exhaustive()
    }
}

/// Why no router can be built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BuildError {
    /// There is no account.
    NoAccount,
    /// There are more than [`ACCOUNTS_MAX`] accounts.
    TooManyAccounts,
    /// Two accounts have the same provider and the same name.
    SameAccount,
    /// An account has more than [`PACKAGES_MAX`] packages.
    TooManyPackages,
    /// The deadline is zero.
    Deadline,
    /// A daily limit was given, and no ledger to count in.
    LimitWithoutLedger,
    /// The ledger could not be read.
    #[cfg(feature = "ledger")]
    Ledger(crate::ledger::LedgerError),
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoAccount => f.write_str("a router needs an account"),
            Self::TooManyAccounts => write!(f, "a router takes {ACCOUNTS_MAX} accounts at most"),
            Self::SameAccount => f.write_str("two accounts of one provider have the same name"),
            Self::TooManyPackages => {
                write!(f, "an account takes {PACKAGES_MAX} packages at most: leave expired ones out")
            }
            Self::Deadline => f.write_str("the deadline is zero: give at least a second"),
            Self::LimitWithoutLedger => f.write_str("a daily limit takes a ledger to count in"),
            #[cfg(feature = "ledger")]
            Self::Ledger(error) => fmt::Display::fmt(error, f),
        }
    }
}

impl std::error::Error for BuildError {}

impl From<AccountError> for BuildError {
    /// The names were checked with [`RoutedAccount::new`], so this is only about room.
    fn from(_: AccountError) -> Self {
        Self::TooManyAccounts
    }
}

#[cfg(feature = "ledger")]
impl From<crate::ledger::LedgerError> for BuildError {
    fn from(error: crate::ledger::LedgerError) -> Self {
        Self::Ledger(error)
    }
}

#[cfg(not(feature = "ledger"))]
impl From<std::convert::Infallible> for BuildError {
    fn from(never: std::convert::Infallible) -> Self {
        match never {}
    }
}
