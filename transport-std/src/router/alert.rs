//! What the people behind the accounts should know.

use std::fmt;

use heyan::RefusalClass;
use heyan::policy::{AccountId, Alert, Left, Slug};

/// Something that somebody should act on, told to [`RouterBuilder::on_alert`](super::RouterBuilder::on_alert).
///
/// Each is told once: again only after it had ceased to hold. It names accounts, and nobody who was verified.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RouterAlert {
    /// The account's packages run low, expire or are used up, by the router's count.
    Quota {
        /// Which account.
        account: AccountName,
        /// What about it.
        alert: Alert,
        /// What is left.
        left: Left,
    },
    /// The gateway or the vendor takes no calls on this account: its credentials, its package or its subscription are
    /// not in order. It is not asked again until [`Router::readmit`](super::Router::readmit).
    OutOfService {
        /// Which account.
        account: AccountName,
        /// What is not in order.
        reason: RefusalClass,
    },
    /// The account did not answer several times in a row. It is tried again after a pause, with one call at a time.
    NotAnswering {
        /// Which account.
        account: AccountName,
    },
    /// An account that did not answer does so again.
    AnswersAgain {
        /// Which account.
        account: AccountName,
    },
    /// The ledger did not take an entry (then no call was made), or not its end (then it goes on to say "possibly
    /// billed").
    #[cfg(feature = "ledger")]
    Ledger(crate::ledger::LedgerError),
}

/// Which account an alert is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct AccountName {
    /// The provider's slug.
    pub provider: Slug,
    /// The operator's name of the account.
    pub account: AccountId,
}

impl fmt::Display for AccountName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.provider, self.account)
    }
}

impl fmt::Display for RouterAlert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Quota { account, alert, left } => {
                write!(f, "{account}: {} of {} calls left; ", left.calls, left.total)?;
                f.write_str(match alert {
                    Alert::Low => "buy a package",
                    Alert::Expiring => "a package expires within seven days",
                    Alert::Empty => "the packages are used up: buy one",
                    _ => "the gateway says that the package or the subscription is not in order",
                })
            }
            Self::OutOfService { account, reason } => {
                write!(f, "{account}: out of service ({reason}) until somebody puts it in order and readmits it")
            }
            Self::NotAnswering { account } => write!(f, "{account}: does not answer; it is tried again after a pause"),
            Self::AnswersAgain { account } => write!(f, "{account}: answers again"),
            #[cfg(feature = "ledger")]
            Self::Ledger(error) => fmt::Display::fmt(error, f),
        }
    }
}
