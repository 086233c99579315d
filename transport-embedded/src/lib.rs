//! heyan for devices without an operating system: the core's [`Exchange`] over `embedded-io` and `embedded-nal`, async
//! here at the root, blocking under the same names in [`blocking`].
//!
//! # A verification
//!
//! ```
//! use heyan::provider::IDCERT;
//! use heyan::{AppCode, Buffer, Consent, Credentials, Date, IdNumber, Inquiry, Name, Subject, Verdict};
//! use heyan_embedded::{Deadlines, Secure, Timer, Watch, verify};
//!
//! # use core::time::Duration;
//! # struct Board;
//! # impl heyan_embedded::Clock for Board { fn now(&self) -> Duration { Duration::ZERO } }
//! # impl Timer for Board { async fn until(&self, _: Duration) { core::future::pending().await } }
//! async fn ask<M>(modem: M, board: &Board) -> Result<bool, Box<dyn core::error::Error>>
//! where
//!     M: embedded_io_async::Read + embedded_io_async::Write,
//!     M::Error: 'static,
//! {
//!     let subject = Subject::new(Name::parse("张三")?, IdNumber::parse("11010119000101009X", Date::MAX)?);
//!     let credentials = Credentials::AppCode(AppCode::new("not-a-real-appcode")?);
//!     let inquiry = Inquiry::new(&IDCERT, subject, Consent::given(), credentials)?;
//!
//!     let watch = Watch::new(board, Deadlines::DEFAULT);
//!     let mut buffer = Buffer::<{ IDCERT.info().buffer_len() }>::new();
//!     // This modem does TLS by itself and was told which anchors to trust.
//!     let mut link = Secure::vouch(modem);
//!     let outcome = verify(&mut link, &inquiry, &mut buffer, &watch).await?;
//!     Ok(outcome.verdict() == Verdict::Match)
//! }
//! ```
//!
//! # Where things are
//!
//! | item | what it is |
//! |---|---|
//! | [`verify`] | one verification over a link: write the request, read the reply, wipe the buffer |
//! | [`verify_kept`] | the same for one person after another: keeps the connection, makes a fresh one when needed |
//! | [`exchange`] | only the bytes, for whoever wants to read the reply in place |
//! | [`Secure`], [`Insecure`] | what a request may go over |
//! | [`Watch`], [`Deadlines`] | how long what may take; the clock is the board's |
//! | [`resolve`], [`connect`] | name and connection over a stack with the `embedded-nal` traits |
//! | `FlashLedger` | every attempt written down in flash, before it leaves and again when it ended |
//! | `Router` | one verification over several accounts, each attempt in the ledger |
//! | `tls` | TLS of our own, by the features below |
//!
//! # No way in clear
//!
//! A channel that only carries bytes is not taken. The caller says which of the two it is:
//!
//! ```compile_fail,E0277
//! # async fn ask<T: embedded_io_async::Read + embedded_io_async::Write>(
//! #     mut tcp: T, inquiry: &heyan::Inquiry<'_>, watch: &heyan_embedded::Watch<impl heyan_embedded::Timer>,
//! # ) {
//! let outcome = heyan_embedded::verify(&mut tcp, inquiry, &mut [0; 2048], watch).await; // no `Link`
//! # }
//! ```
//!
//! ```
//! # use heyan_embedded::{Insecure, verify};
//! # async fn ask<T: embedded_io_async::Read + embedded_io_async::Write>(
//! #     tcp: T, inquiry: &heyan::Inquiry<'_>, watch: &heyan_embedded::Watch<impl heyan_embedded::Timer>,
//! # ) {
//! let mut link = Insecure::plain_text(tcp);
//! let outcome = verify(&mut link, inquiry, &mut [0; 2048], watch).await; // refused, unless the endpoint is insecure too
//! # }
//! ```
//!
//! Nobody else can say so, or be one of the two:
//!
//! ```compile_fail,E0277
//! struct Mine;
//! impl heyan_embedded::Link for Mine { // sealed
//!     type Channel = ();
//!     fn is_open(&self) -> bool { true }
//!     fn may_repeat(&self) -> bool { false }
//! }
//! ```
//!
//! ```compile_fail,E0451
//! let link = heyan_embedded::Secure { line: todo!(), host: None }; // private
//! ```
//!
//! # Features
//!
//! | feature | what it adds |
//! |---|---|
//! | `embedded-tls` | TLS 1.3 without a heap |
//! | `rustls` | TLS 1.3 and 1.2; needs a heap, atomics and a `critical-section` implementation |
//! | `rsa`, `p384` | servers with RSA (2048 to 4096 bits) and P-384 keys or authorities, for both |
//! | `aes-256`, `chacha20`, `x25519` | more ciphers and a second curve for `rustls` |
//! | `ledger` | a ledger in NOR flash, over `embedded-storage`, and a router that writes it |
//! | `defmt` | `defmt::Format` for every public type, redacted like `Debug` |
//!
//! All are additive.
//!
//! # What a failure cost
//!
//! Every ending is a [`heyan::Error`] with [`billing`](heyan::Error::billing). A channel that fails before it took the
//! last byte of the request cost nothing; after that nobody knows. What a channel took counts as left, even if it sits
//! in a buffer.
//!
//! # In scope, out of scope
//!
//! In: moving bytes, deadlines, keeping a connection, and with `ledger` several tries over several providers. Out: the
//! network stack and its driver, the flash's driver, randomness and clocks (the board's).
//!
//! No `unsafe`, no allocation.

#![no_std]
#![deny(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    clippy::string_slice
)]
#![cfg_attr(
    test,
    allow(
        clippy::indexing_slicing,
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::arithmetic_side_effects,
        clippy::string_slice
    )
)]

#[cfg(all(feature = "rustls", not(target_has_atomic = "ptr")))]
compile_error!(
    "the feature `rustls` needs compare-and-swap, which this target does not have (ARMv6-M, RISC-V without A): use the \
     feature `embedded-tls`, which does TLS 1.3 without it"
);

#[cfg(feature = "rustls")]
extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod blocking;
mod call;
mod driver;
#[cfg(feature = "ledger")]
mod ledger;
mod link;
mod nal;
#[cfg(feature = "ledger")]
mod router;
mod time;
#[cfg(any(feature = "embedded-tls", feature = "rustls"))]
pub mod tls;

pub use heyan;

pub use driver::{exchange, verify, verify_kept};
#[cfg(feature = "ledger")]
pub use ledger::{AlwaysReady, Begun, Counts, Entries, FlashLedger, LedgerError};
pub use link::{Insecure, Link, Secure};
pub use nal::{connect, resolve};
#[cfg(feature = "ledger")]
pub use router::{Line, Routed, Router, RouterError};
pub use time::{Clock, Deadlines, Stage, TimedOut, Timer, Watch};

// Examples show them, and so that a firmware needs no second version of them.
pub use {embedded_io, embedded_io_async, embedded_nal, embedded_nal_async};
#[cfg(feature = "ledger")]
pub use {embedded_storage, embedded_storage_async};

#[cfg(doc)]
use heyan::Exchange;
