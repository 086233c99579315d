//! Real-name verification (实名核验): does this name, this resident identity number and, with three factors, this mobile
//! number belong to one person? Five vendors answer that behind one API gateway; this crate speaks to all of them.
//!
//! It builds requests and reads replies in one buffer of the caller's. It owns no socket, no clock, no randomness, no
//! heap and no thread: time and nonce are arguments. `heyan-std` and `heyan-embedded` move the bytes.
//!
//! # A verification
//!
//! ```
//! use heyan::{AppCode, Buffer, Consent, Credentials, Date, Error, IdNumber, Inquiry, Name, Response, Subject, Verdict};
//! use heyan::provider::IDCERT;
//!
//! // What the person typed is checked, checksum included, before it can cost anything.
//! let today = Date::new(2026, 11, 22).ok_or("no date")?;
//! let subject = Subject::new(Name::from_input(" 张三 ")?, IdNumber::from_input("110101 19000101 009x", today)?);
//!
//! // The person saw the authorisation and agreed; the AppCode comes from the console of the account.
//! let credentials = Credentials::AppCode(AppCode::new("not-a-real-appcode")?);
//! let inquiry = Inquiry::new(&IDCERT, subject, Consent::given(), credentials)?;
//!
//! // One buffer holds the request, then the reply. `Exchange` does the same over raw bytes.
//! let mut buffer = Buffer::<{ IDCERT.info().buffer_len() }>::new();
//! let request = inquiry.write(&mut buffer)?;
//! assert!(request.expose().target.starts_with("/idcard?idCard=11010119000101009X&name=%E5%BC%A0%E4%B8%89"));
//!
//! let mut body = *br#"{"status":"01","idCard":"11*****009X","traceId":"20211208013_9aph_5e91"}"#;
//! match inquiry.read(Response::new(200, &mut body).ok_or("no status")?) {
//!     Ok(outcome) => match outcome.verdict() {
//!         Verdict::Match => println!("they belong together, {:?}", outcome.billing()),
//!         Verdict::Mismatch => println!("they do not"),
//!         Verdict::NoRecord => println!("the register cannot say: ask for papers"),
//!     },
//!     Err(Error::Refused(refusal)) => println!("for the owner of the account: {refusal}"),
//!     Err(error) => println!("no verdict: {error}, {:?}, {:?}", error.billing(), error.retry()),
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Where things are
//!
//! | room | what is in it |
//! |---|---|
//! | [`subject`] | who is verified: [`IdNumber`], [`Name`], [`Mobile`], [`Consent`]; a value that exists is valid |
//! | [`auth`] | who pays: [`AppCode`], [`AppKey`] with its signature, [`VendorKey`] |
//! | [`provider`] | the vendors; one file each, all in [`provider::ALL`] |
//! | [`Inquiry`] | one verification: writes the request, reads the reply |
//! | [`http`] | HTTP/1.1 over bytes: [`Exchange`], [`Request`], [`Response`], [`Endpoint`] |
//! | [`Outcome`], [`enum@Error`] | every ending says what it cost and whether to try again |
//! | [`policy`] | the rules around calls: retries, failover, packages, limits, what is written down |
//!
//! # In scope, out of scope
//!
//! In: two- and three-factor requests, all documented replies, the gateway's errors, HTTP/1.1 framing, the offline
//! check of numbers. Out: TLS, sockets, redirects, compression, HTTP/2, the region names of GB/T 2260, and any decision
//! about a person: "no record" is not "mismatch", and neither is a reason by itself.
//!
//! # What it promises
//!
//! * A verdict comes only from the field that carries it. An unknown code, a missing or repeated field, an early end, a
//!   contradicting echo is an error.
//! * Nothing personal and no secret is printed: `Debug` and `defmt::Format` of such types show their name, reading a
//!   name, a number, a secret or a message takes a method called `expose…`, and errors hold no input but short codes
//!   and references. (`serde::Serialize` of an outcome writes its details: that is what the feature is for. Do not log
//!   it.)
//! * No `unsafe`, no allocation, no panic, no unbounded recursion.
//!
//! # Features
//!
//! `defmt`: `defmt::Format` for every public type. `serde`: `serde::Serialize` for outcomes, details included, and
//! [endings](policy::Ending), under the names of their methods and fields. Both are additive and change nothing else.

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

#[cfg(test)]
extern crate std;

pub mod auth;
mod buffer;
mod bytes;
mod error;
pub mod http;
mod inquiry;
mod json;
mod outcome;
pub mod policy;
pub mod provider;
mod redact;
pub mod subject;
mod text;

pub use auth::{AppCode, AppKey, CredentialError, Credentials, Stamp, VendorKey};
pub use buffer::Buffer;
pub use bytes::wipe;
pub use error::{
    ChannelError, ChannelFault, EncodeError, Error, ProtocolError, Refusal, RefusalClass, ReplyError, ReplyFault,
    Unanswered,
};
pub use http::{Endpoint, EndpointError, Exchange, Request, Response, Step};
pub use inquiry::{ExtraFields, Inquiry};
pub use json::{DEPTH_MAX, Object, Value};
pub use outcome::{
    ADDRESS_MAX, Billing, Code, Details, Echo, Outcome, OwnedOutcome, PLACE_MAX, Reference, Retry, Token, Verdict,
};
pub use provider::{Info, Provider};
pub use subject::{Consent, Date, IdNumber, IdNumberError, Mobile, MobileError, Name, NameError, Sex, Subject};
