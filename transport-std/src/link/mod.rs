//! What a request and its reply go over: TCP, TLS, and a tunnel through a proxy.
//!
//! ```text
//!  directly            Socket ◀── Secured (https)
//!  through a proxy     Socket ◀── Secured (https://proxy) ◀── Buffered ◀── ureq: CONNECT ◀── Tunnel ◀── Secured (https)
//! ```

mod in_place;
mod incoming;
mod secured;
mod socket;
mod tunnel;

pub(crate) use in_place::provider;
pub(crate) use secured::{Secured, bare};
pub(crate) use socket::Socket;
pub(crate) use tunnel::{Buffered, Tunnel, carried, failure};

use std::fmt;
use std::io;
use std::time::{Duration, Instant};

use crate::error::{Cause, Stage, TlsFault};

/// A connection to the endpoint that bytes can be sent over and received from, until a deadline.
pub(crate) trait Link: Send + Sync + 'static {
    /// Sends all of `bytes`. Without an error the connection took every one of them.
    fn send(&mut self, bytes: &[u8], deadline: Deadline) -> Result<(), Fault>;

    /// Receives some bytes, at least one; 0 when the peer said that it is done: FIN, or TLS close_notify.
    fn receive(&mut self, into: &mut [u8], deadline: Deadline) -> Result<usize, Fault>;

    /// What is there now, without waiting for it and without taking it away.
    fn look(&mut self) -> Look;
}

/// What a connection holds that nobody asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// Nothing: it can take a request.
    Quiet,
    /// Bytes. As nothing was asked, they are none of a reply's.
    Unread,
    /// Its end.
    Closed,
}

/// Why a connection failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The deadline passed.
    TimedOut,
    /// The operating system's kind of error; `UnexpectedEof` where TLS ended without close_notify.
    Io(io::ErrorKind),
    /// TLS.
    Tls(TlsFault),
    /// The proxy declined to connect, or did not answer as one.
    Proxy,
}

impl Fault {
    /// The public name of it. A deadline needs none.
    pub(crate) const fn cause(self) -> Option<Cause> {
        match self {
            Self::TimedOut => None,
            Self::Io(kind) => Some(Cause::Io(kind)),
            Self::Tls(fault) => Some(Cause::Tls(fault)),
            Self::Proxy => Some(Cause::Proxy),
        }
    }
}

/// A fault, and what was being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) stage: Stage,
    pub(crate) fault: Fault,
}

impl Failure {
    pub(crate) const fn new(stage: Stage, fault: Fault) -> Self {
        Self { stage, fault }
    }
}

/// It travels through ureq's errors, which hold any error.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a connection failed")
    }
}

impl std::error::Error for Failure {}

/// The moment at which waiting ends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline(Instant);

impl Deadline {
    /// `patience` after `start`. Time-outs end at a day, so the sum is a moment.
    pub(crate) fn new(start: Instant, patience: Duration) -> Self {
        Self(start.checked_add(patience).unwrap_or(start))
    }

    /// This deadline, or `patience` from now on if that is sooner.
    pub(crate) fn within(self, patience: Duration) -> Self {
        Self(self.0.min(Self::new(Instant::now(), patience).0))
    }

    /// What is left, never zero.
    pub(crate) fn left(self) -> Result<Duration, Fault> {
        let left = self.0.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(Fault::TimedOut) } else { Ok(left) }
    }
}
