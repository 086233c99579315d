//! How far the call that runs on this thread has come.
//!
//! ureq tells neither which connection served a call nor how much of a request had left when it failed. Both decide
//! what a failure may have cost. Everything ureq does for a call it does on the caller's own thread, so the seams that
//! it is built from here (resolver, connectors, transport) write down what happened where the caller finds it.

use std::cell::RefCell;
use std::io;

use bytes::Bytes;
use heyan::ProtocolError;

use crate::error::{Cause, Stage};

thread_local! {
    static CALL: RefCell<Option<Progress>> = const { RefCell::new(None) };
}

/// The record of one call.
pub(crate) struct Progress {
    /// The request as the core wrote it: what must leave, and when it has left.
    request: Bytes,
    /// Bytes of it that a connection took without an error.
    handed: usize,
    /// What is being done.
    pub(crate) stage: Stage,
    /// Whether the connection was made for this call. A kept one may be stale.
    pub(crate) is_fresh: bool,
    /// What a seam found out about a failure, in more detail than ureq's error says.
    pub(crate) cause: Option<Cause>,
    /// A fault of the peer that a seam found.
    pub(crate) fault: Option<ProtocolError>,
    /// Whether a byte of the reply came.
    pub(crate) has_reply: bool,
    /// How the peer stopped sending, if it did.
    pub(crate) ending: Option<Ending>,
    /// Whether ureq was about to send something other than the core's request.
    pub(crate) is_altered: bool,
}

/// How a connection ended while a reply was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The peer said that it is done: FIN, or TLS close_notify.
    Closed,
    /// The connection broke, or TLS ended without close_notify.
    Broken(io::ErrorKind),
}

impl Progress {
    /// Whether the last byte of the request was taken by the connection.
    pub(crate) fn is_sent(&self) -> bool {
        self.handed >= self.request.len()
    }

    /// Puts the core's own bytes into `output`, where ureq wrote the next part of the request. `false` when they differ
    /// in more than the case of letters, which is how ureq writes header names.
    pub(crate) fn rewrite(&self, output: &mut [u8]) -> bool {
        let next = self.request.get(self.handed..).and_then(|rest| rest.get(..output.len()));
        match next {
            Some(next) if next.eq_ignore_ascii_case(output) => {
                output.copy_from_slice(next);
                true
            }
            _ => false,
        }
    }

    /// `count` further bytes were taken by the connection.
    pub(crate) fn hand(&mut self, count: usize) {
        self.handed = self.handed.saturating_add(count);
    }
}

/// Opens the record of a call on this thread. The guard closes it, and brings back one that was open before: a logger
/// may make calls of its own.
pub(crate) fn start(request: Bytes) -> Guard {
    let progress = Progress {
        request,
        handed: 0,
        stage: Stage::Resolve,
        is_fresh: false,
        cause: None,
        fault: None,
        has_reply: false,
        ending: None,
        is_altered: false,
    };
    Guard { outer: CALL.with(|call| call.borrow_mut().replace(progress)) }
}

/// See [`start`].
pub(crate) struct Guard {
    outer: Option<Progress>,
}

impl Guard {
    /// Closes the record and hands it out.
    pub(crate) fn finish(self) -> Option<Progress> {
        CALL.with(|call| call.borrow_mut().take())
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let outer = self.outer.take();
        CALL.with(|call| *call.borrow_mut() = outer);
    }
}

/// Looks at or writes into the record of the call on this thread. `None` when there is none.
pub(crate) fn with<T>(note: impl FnOnce(&mut Progress) -> T) -> Option<T> {
    CALL.with(|call| call.borrow_mut().as_mut().map(note))
}

/// Notes what is being done now.
pub(crate) fn enter(stage: Stage) {
    with(|progress| progress.stage = stage);
}

/// Notes why it failed.
pub(crate) fn failed(cause: Cause) {
    with(|progress| progress.cause = Some(cause));
}
