//! heyan for servers: a blocking client with kept connections, opened through [`ureq`], and every time-out set.
//!
//! ```no_run
//! use heyan::{Consent, Date, IdNumber, Name, Subject, Verdict, provider::CHECKONE};
//! use heyan_std::{Client, Config, OwnedCredentials};
//!
//! let client = Client::new(Config::new(&CHECKONE, OwnedCredentials::from_env()?))?;
//! let today = Date::new(2026, 11, 22).ok_or("no date")?;
//! let subject = Subject::new(Name::parse("张三")?, IdNumber::parse("11010119000101009X", today)?);
//! // The person was shown the authorisation and agreed.
//! match client.verify(&subject, Consent::given()) {
//!     Ok(outcome) => match outcome.verdict() {
//!         Verdict::Match => println!("the name and the number belong together"),
//!         Verdict::Mismatch => println!("they do not"),
//!         Verdict::NoRecord => println!("the register has no record, which says nothing against the person"),
//!     },
//!     Err(error) => eprintln!("{error}; billing {}, retry {}", error.billing().word(), error.retry().word()),
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`Router`] asks several accounts until there is a verdict. With the feature `ledger`, the module `ledger` writes every
//! attempt down before it leaves. Both follow the core's [rules](heyan::policy).
//!
//! # What it promises
//!
//! - **What leaves is the core's request, byte for byte**, and the core reads the reply, as on a device.
//! - **A call on a kept connection starts no thread, looks up no name and asks for no memory**. Over https rustls takes
//!   as much as the encrypted request, and a byte for each record of up to 16 KiB: none that grows with the reply.
//! - **Requests and replies are wiped** from the memory that they stand in. Over https a reply is decrypted where it came
//!   in, and wiped there.
//! - **Connections are bounded, reused and counted**: [`Config::connections`], [`Config::idle_connections`],
//!   [`Client::pool`]. A new one to the same host resumes the TLS session of an older one. [`Client::warm_up`] opens one in
//!   advance.
//! - **Nothing is sent twice.** This client repeats no request, but for one case: a kept
//!   connection that breaks before the last byte of the request was taken by it, which nobody can have charged for.
//! - **A failed call knows its price.** `sent` is decided by what the connection took, below TLS's own buffers, and not
//!   by the kind of error.
//! - **TLS cannot be turned off.** rustls with ring, TLS 1.2 and 1.3; anchors are the platform's, Mozilla's or
//!   [given ones](Trust). Plain http takes [a constructor that says so](Config::insecure_http_base_url).
//! - **No redirects, no cookies, no compression, no proxy from the environment** unless
//!   [asked for](Config::proxy_from_env).
//! - **Every call ends** within [`Config::timeout`], resolving the name included.
//! - **Nothing personal in errors and logs.** Errors hold no text of ureq's, the peer's or the caller's. ureq can log what
//!   crosses the wire at level `trace`: a call fails with [`Error::WireLogging`] while that is on.
//! - **Metrics without people.** A router's verification is a span `verify` of [`tracing`] with `attempts`, `class` and
//!   `billing`, and each attempt an event with `provider`, `account`, `class`, `billing` and `took_ms`.
//!
//! # What it cannot promise
//!
//! What the operating system holds of requests and replies, it does not wipe.
//!
//! A logger may be turned up between the check and the sending; the guard protects from settings, not from races.

mod client;
mod config;
mod credentials;
mod error;
mod exchange;
#[cfg(feature = "ledger")]
pub mod ledger;
mod link;
mod logging;
mod opener;
mod pool;
mod resolver;
mod router;
mod trust;

pub use client::{Call, Client};
pub use config::{Config, ConfigError};
pub use credentials::{ENV_APP_CODE, ENV_APP_KEY, ENV_APP_SECRET, ENV_VENDOR_KEY, EnvError, OwnedCredentials};
pub use error::{Cause, ChannelSource, Error, Stage, TlsFault};
pub use pool::PoolCounts;
#[cfg(feature = "ledger")]
pub use router::Begun;
pub use router::{
    ACCOUNTS_MAX, ATTEMPTS_MAX, AccountName, AttemptLine, BuildError, Cost, PACKAGES_MAX, Routed, RoutedAccount,
    Router, RouterAlert, RouterBuilder, RouterError, Verification,
};
pub use trust::{Trust, TrustError};
