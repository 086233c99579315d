//! The rules around paid calls: what may be tried again, on which account, how often, and what it costs.
//!
//! Nothing here does anything: these are tables and state machines, fed with the time, with random numbers and with
//! how each attempt ended. A server holds the shared ones under a lock, for as long as a change of state takes and
//! never during a call; a device needs none.
//!
//! | question | answered by | shared |
//! |---|---|---|
//! | How did an attempt end? | [`Ending`]: a [`Class`], the price, the advice | |
//! | May it be tried again, and when? | [`RetryRule`], [`Retries`] for a single account | |
//! | On which account? | [`Attempts`], one for each verification, over [`Accounts`] | [`Accounts`] |
//! | How many calls are left? | [`Quota`] of each account, from its [`Package`]s | [`Quota`] |
//! | Was a person asked for too often? | [`DailyLimit`], [`AttemptLimit`] by [`PersonTag`] | [`AttemptLimit`] |
//! | What is written down? | one [`Entry`] for each attempt, before it leaves and behind it | |
//!
//! # Two kinds of time
//!
//! What lasts is measured with a clock that only goes forward, as a [`Duration`](core::time::Duration) since any
//! origin: retries, breakers, pauses. What has a date is given in milliseconds since 1970-01-01T00:00:00Z, or as a
//! [`Date`](crate::Date) in China: packages, entries, the daily limit.
//!
//! # A verification with failover
//!
//! ```
//! use core::time::Duration;
//! use heyan::policy::{Account, Accounts, Attempts, Class, Ending, HealthRule, Move, Order, RetryRule, Why};
//! use heyan::provider::{CHECKONE, IDCERT};
//! use heyan::{Billing, Date, IdNumber, Name, Retry, Subject};
//!
//! // Shared by all verifications; prices in millionths of a yuan.
//! let mut accounts = Accounts::<4>::new(Order::CheapestFirst, HealthRule::DEFAULT);
//! accounts.add(Account::new(CHECKONE.info(), "main", 300_000)?)?;
//! accounts.add(Account::new(IDCERT.info(), "spare", 450_000)?)?;
//!
//! // One verification: at most three attempts.
//! let today = Date::new(2026, 11, 22).ok_or("no date")?;
//! let subject = Subject::new(Name::parse("张三")?, IdNumber::parse("11010119000101009X", today)?);
//! let mut attempts = Attempts::<3>::new(RetryRule::DEFAULT, &subject);
//!
//! let mut now = Duration::ZERO; // of the program's clock
//! let why = loop {
//!     match attempts.next(&mut accounts, now) {
//!         Move::Call { account } => {
//!             // A transport asks; here the first account is busy, the second answers.
//!             now += Duration::from_millis(900);
//!             let ending = match account {
//!                 0 => Ending::new(Class::Refused(heyan::RefusalClass::Busy), Billing::Free, Retry::SameProvider),
//!                 _ => Ending::new(Class::Match, Billing::Billed, Retry::Never),
//!             };
//!             attempts.ended(&mut accounts, now, 0x5EED, ending);
//!         }
//!         Move::Wait { until } => now = until, // a program sleeps
//!         Move::Done(why) => break why,
//!     }
//! };
//! assert_eq!(why, Why::Verdict);
//! assert_eq!(attempts.lines().len(), 2);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod breaker;
mod ending;
mod entry;
mod limit;
mod quota;
mod retry;
mod route;

pub use breaker::{HealthRule, Standing};
pub use ending::{Class, Ending};
pub use entry::{Entry, EntryError};
pub use limit::{AttemptLimit, DailyLimit, LimitError, PersonKey, PersonTag};
pub use quota::{APP_CODE_READY_AFTER, Alert, Alerts, Left, Package, Quota, QuotaError, Usage};
pub use retry::{Next, Retries, RetryRule, Why};
pub use route::{Account, AccountError, AccountId, AccountSet, Accounts, Attempt, Attempts, Move, Order, Slug};
