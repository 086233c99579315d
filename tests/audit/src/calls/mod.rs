//! Calls of every public function of the core, with arguments that the compiler knows nothing about.
//!
//! [`without_reply`] must not bring a single place that can panic into an image. [`with_reply`] parses what a peer sent,
//! with `httparse` and `serde-json-core`, and brings those that `tests/xtask` lists.

mod policy;
mod reply;
mod request;
mod subject;
#[cfg(feature = "transport")]
pub mod transport;
mod words;

use core::hint::black_box;

/// Everything but the reading of replies.
pub fn without_reply() {
    subject::calls();
    request::calls();
    words::calls();
    policy::calls();
}

/// Reading replies, from bytes and from an HTTP library's parts, and what comes of it.
pub fn with_reply() {
    reply::calls();
}

/// A text that could be any.
fn text() -> &'static str {
    black_box("110101190001010057")
}

/// Takes the value of a call, so that the call must be made.
fn take<T>(value: T) {
    black_box(&value);
}
