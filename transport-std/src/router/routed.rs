//! What a verification over several accounts came to, and what it cost.

use std::fmt;
use std::time::Duration;

use heyan::policy::{AccountId, Ending, LimitError, Slug, Why};
use heyan::{Billing, Code, OwnedOutcome, Reference, Retry};

use crate::error::Error;

/// The result of [`Router::verify`](super::Router::verify), and what was tried for it.
#[derive(Clone, Debug)]
#[non_exhaustive]
#[must_use]
pub struct Routed {
    /// The verdict, or why there is none.
    pub result: Result<OwnedOutcome, RouterError>,
    /// The attempts that were made, in their order. The last one gave the verdict, if there is one.
    pub attempts: Vec<AttemptLine>,
}

/// One attempt of a verification.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AttemptLine {
    /// The provider's slug.
    pub provider: Slug,
    /// The operator's name of the account.
    pub account: AccountId,
    /// What one call costs on it, in millionths of a yuan.
    pub price: u32,
    /// How it ended: class, price, advice.
    pub ending: Ending,
    /// The vendor's or the gateway's code.
    pub code: Option<Code>,
    /// What to quote to the vendor.
    pub reference: Option<Reference>,
    /// How long after the verification began this attempt did.
    pub began: Duration,
    /// How long it took.
    pub took: Duration,
    /// Its entry in the ledger, where there is one.
    #[cfg(feature = "ledger")]
    pub entry: Option<crate::ledger::EntryId>,
}

/// What a verification cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Cost {
    /// Calls that were billed.
    pub billed: u32,
    /// Calls that may have been billed.
    pub possibly: u32,
    /// What the billed ones cost, in millionths of a yuan.
    pub micro_yuan: u64,
    /// What the others may have cost on top.
    pub possibly_micro_yuan: u64,
}

impl Routed {
    /// What all attempts cost together.
    #[must_use]
    pub fn cost(&self) -> Cost {
        let mut cost = Cost::default();
        for line in &self.attempts {
            let (calls, sum) = match line.ending.billing() {
                Billing::Free => continue,
                Billing::Billed => (&mut cost.billed, &mut cost.micro_yuan),
                Billing::Unknown => (&mut cost.possibly, &mut cost.possibly_micro_yuan),
            };
            *calls = calls.saturating_add(1);
            *sum = sum.saturating_add(line.price.into());
        }
        cost
    }

    /// Whether the verification was charged: unknown if any attempt's price is, else billed if any attempt was.
    #[must_use]
    pub fn billing(&self) -> Billing {
        match self.cost() {
            Cost { possibly: 1.., .. } => Billing::Unknown,
            Cost { billed: 1.., .. } => Billing::Billed,
            _ => Billing::Free,
        }
    }
}

/// Why a verification over several accounts came to no verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RouterError {
    /// The last attempt failed so, and no further one is made.
    Attempt {
        /// How it failed.
        error: Error,
        /// Why there is no further one.
        why: Why,
    },
    /// No account could be asked, and nothing was sent: none takes this person's factors, or those that do are out of
    /// service, do not answer, or were asked for this person too often today. See
    /// [`Router::standings`](super::Router::standings).
    NoAccount,
    /// The person was asked for too often today. Nothing was sent.
    Limit(LimitError),
    /// The ledger takes no entry, so no further call was made.
    #[cfg(feature = "ledger")]
    Ledger(crate::ledger::LedgerError),
    /// The system clock stands before 1970. Nothing was sent.
    Clock,
    /// The router was [stopped](super::Router::stop) before there was a verdict.
    Stopped,
}

impl RouterError {
    /// What another verification of the same person could achieve.
    #[must_use]
    pub const fn retry(&self) -> Retry {
        match self {
            Self::Attempt { error, .. } => error.retry(),
            Self::Stopped => Retry::SameProvider,
            _ => Retry::Never,
        }
    }

    /// The last attempt's error.
    #[must_use]
    pub const fn attempt(&self) -> Option<&Error> {
        match self {
            Self::Attempt { error, .. } => Some(error),
            _ => None,
        }
    }
}

impl fmt::Display for RouterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Attempt { error, why } => write!(f, "{error}; no further attempt: {why}"),
            Self::NoAccount => f.write_str("no account can be asked now: see their standing; nothing was sent"),
            Self::Limit(error) => fmt::Display::fmt(error, f),
            #[cfg(feature = "ledger")]
            Self::Ledger(error) => write!(f, "{error}; no call is made without an entry"),
            Self::Clock => fmt::Display::fmt(&Error::Clock, f),
            Self::Stopped => f.write_str("the program is ending: no further attempt is made"),
        }
    }
}

impl std::error::Error for RouterError {}

#[cfg(feature = "ledger")]
impl From<crate::ledger::LedgerError> for RouterError {
    fn from(error: crate::ledger::LedgerError) -> Self {
        match error {
            crate::ledger::LedgerError::Limit(limit) => Self::Limit(limit),
            error => Self::Ledger(error),
        }
    }
}
