//! heyan for devices without an operating system.
//!
//! The driver of a channel is a loop over [`heyan::Step`]; [`heyan::Exchange`] shows it. What belongs here on top of that,
//! channels over `embedded-nal` and `embedded-io` and TLS, is not written yet: this crate re-exports the core so that a
//! firmware can already depend on it.
#![no_std]

pub use heyan;
