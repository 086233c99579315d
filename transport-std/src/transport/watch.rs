//! The outermost transport: it sees the plain bytes of requests and replies, whatever is below.
//!
//! - What leaves is the request that the core wrote, byte for byte, or nothing leaves.
//! - How much of it was taken by the connection is noted: only that decides whether a failed call is free.
//! - A reply whose head has a bare CR or LF is refused, and one behind an empty line; ureq's parser takes a bare LF for a
//!   line end, and skips empty lines.
//! - ureq's buffers are wiped when their content has served.

use std::fmt;
use std::io;

use heyan::ProtocolError;
use ureq::http::uri::Authority;
use ureq::unversioned::transport::{Buffers, ConnectionDetails, Connector, NextTimeout, Transport};
use zeroize::Zeroize;

use crate::error::Stage;
use crate::progress::{self, Ending};

/// Watches connections to the endpoint of one client.
#[derive(Debug)]
pub(crate) struct WatchConnector {
    /// A CONNECT request to a proxy comes through here too and must pass as it is.
    pub(crate) endpoint: Authority,
}

impl<In: Transport> Connector<In> for WatchConnector {
    type Out = Watched<In>;

    fn connect(&self, details: &ConnectionDetails<'_>, chained: Option<In>) -> Result<Option<Self::Out>, ureq::Error> {
        let is_endpoint = details.uri.authority() == Some(&self.endpoint);
        if is_endpoint {
            progress::with(|progress| {
                progress.is_fresh = true;
                progress.stage = Stage::Send;
            });
        } else {
            progress::enter(Stage::Connect);
        }
        Ok(chained.map(|inner| Watched { inner, is_endpoint, in_head: false, dirty: 0 }))
    }
}

/// See the [module](self).
pub(crate) struct Watched<T: Transport> {
    inner: T,
    is_endpoint: bool,
    /// Whether the head of a reply is being waited for.
    in_head: bool,
    /// Bytes at the beginning of the input buffer that a reply may stand in.
    dirty: usize,
}

impl<T: Transport> Watched<T> {
    /// Passes on what `wait` says, and notes what came.
    fn received(&mut self, wait: impl FnOnce(&mut T) -> Result<bool, ureq::Error>) -> Result<bool, ureq::Error> {
        if !self.is_endpoint {
            return wait(&mut self.inner);
        }
        progress::enter(Stage::Receive);
        let before = self.inner.buffers().input().len();
        let result = wait(&mut self.inner);
        let input = self.inner.buffers().input();
        self.dirty = self.dirty.saturating_add(input.len().saturating_sub(before));
        match &result {
            Ok(true) => {}
            Ok(false) => note_ending(Ending::Closed),
            Err(ureq::Error::Io(error)) => note_ending(Ending::Broken(error.kind())),
            Err(_) => {}
        }
        if !input.is_empty() {
            progress::with(|progress| progress.has_reply = true);
        }
        if self.in_head {
            let fault = match examine(input) {
                Head::Open => None,
                Head::Whole => {
                    self.in_head = false;
                    None
                }
                Head::BareLineEnd => Some(ProtocolError::LineEnding),
                Head::EmptyLine => Some(ProtocolError::Head),
            };
            if fault.is_some() {
                progress::with(|progress| progress.fault = fault);
                return Err(ureq::Error::Io(io::ErrorKind::InvalidData.into()));
            }
        }
        result
    }

    fn wipe_input(&mut self) {
        if self.dirty > 0 {
            let buffers = self.inner.buffers();
            let unread = buffers.input().len();
            buffers.input_consume(unread);
            // Everything is consumed, so this is the whole buffer from its beginning.
            let space = buffers.input_append_buf();
            let dirty = self.dirty.min(space.len());
            space.get_mut(..dirty).unwrap_or_default().zeroize();
            self.dirty = 0;
        }
    }
}

fn note_ending(ending: Ending) {
    progress::with(|progress| progress.ending = Some(ending));
}

impl<T: Transport> Transport for Watched<T> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.inner.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        if !self.is_endpoint {
            return self.inner.transmit_output(amount, timeout);
        }
        progress::enter(Stage::Send);
        let output = self.inner.buffers().output().get_mut(..amount).unwrap_or_default();
        if progress::with(|progress| progress.rewrite(output)) != Some(true) {
            output.zeroize();
            progress::with(|progress| progress.is_altered = true);
            return Err(ureq::Error::ConnectionFailed);
        }
        let result = self.inner.transmit_output(amount, timeout);
        if result.is_ok() {
            progress::with(|progress| progress.hand(amount));
        }
        self.inner.buffers().output().get_mut(..amount).unwrap_or_default().zeroize();
        self.in_head = true;
        result
    }

    fn maybe_await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        self.received(|inner| inner.maybe_await_input(timeout))
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        self.received(|inner| inner.await_input(timeout))
    }

    fn is_open(&mut self) -> bool {
        // ureq asks before it keeps a connection and before it uses a kept one.
        if self.inner.buffers().input().is_empty() {
            self.wipe_input();
        }
        self.inner.is_open()
    }

    fn is_tls(&self) -> bool {
        self.inner.is_tls()
    }
}

impl<T: Transport> Drop for Watched<T> {
    fn drop(&mut self) {
        self.wipe_input();
    }
}

impl<T: Transport> fmt::Debug for Watched<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watched")
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Head {
    /// It has not come to its end.
    Open,
    /// All its lines end as they must.
    Whole,
    /// A CR without LF, or an LF without CR.
    BareLineEnd,
    /// Nothing stands before the first line end: it is none of a reply's, something else left it.
    EmptyLine,
}

/// Looks at the line ends of the head in `input`, and of the interim replies (1xx) in front of it.
fn examine(mut input: &[u8]) -> Head {
    loop {
        let mut rest = input;
        let len = loop {
            let Some(at) = rest.iter().position(|byte| matches!(byte, b'\r' | b'\n')) else { return Head::Open };
            match rest.get(at..) {
                Some([b'\r', b'\n', ..]) => {}
                Some([b'\r']) => return Head::Open,
                _ => return Head::BareLineEnd,
            }
            rest = rest.get(at + 2..).unwrap_or_default();
            let so_far = input.len() - rest.len();
            match (at, so_far) {
                (0, 2) => return Head::EmptyLine,
                (0, _) => break so_far,
                _ => {}
            }
        };
        let is_interim = input.get(9) == Some(&b'1') && input.get(9..12) != Some(b"101");
        if !is_interim {
            return Head::Whole;
        }
        input = input.get(len..).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use bytes::Bytes;
    use ureq::unversioned::transport::LazyBuffers;

    /// Keeps what it is given to send, and receives what it is given to receive.
    #[derive(Debug)]
    struct Fake {
        buffers: LazyBuffers,
        sent: Vec<u8>,
        reply: Vec<u8>,
        breaks: bool,
    }

    impl Transport for Fake {
        fn buffers(&mut self) -> &mut dyn Buffers {
            &mut self.buffers
        }

        fn transmit_output(&mut self, amount: usize, _: NextTimeout) -> Result<(), ureq::Error> {
            if self.breaks {
                return Err(io::Error::from(io::ErrorKind::BrokenPipe).into());
            }
            self.sent.extend_from_slice(&self.buffers.output()[..amount]);
            Ok(())
        }

        fn await_input(&mut self, _: NextTimeout) -> Result<bool, ureq::Error> {
            let reply = std::mem::take(&mut self.reply);
            self.buffers.input_append_buf()[..reply.len()].copy_from_slice(&reply);
            self.buffers.input_appended(reply.len());
            Ok(!reply.is_empty())
        }

        fn is_open(&mut self) -> bool {
            true
        }
    }

    fn watched(reply: &[u8], breaks: bool) -> Watched<Fake> {
        let inner = Fake { buffers: LazyBuffers::new(64, 64), sent: Vec::new(), reply: reply.to_vec(), breaks };
        Watched { inner, is_endpoint: true, in_head: false, dirty: 0 }
    }

    fn transmit(watched: &mut Watched<Fake>, bytes: &[u8]) -> Result<(), ureq::Error> {
        watched.buffers().output()[..bytes.len()].copy_from_slice(bytes);
        watched.transmit_output(bytes.len(), NextTimeout::default())
    }

    const REQUEST: &[u8] = b"GET /a?B=c HTTP/1.1\r\nHost: x\r\n\r\n";

    #[test]
    fn the_core_s_bytes_leave_and_no_buffer_keeps_them_or_the_reply() {
        let reply = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret";
        let mut watched = watched(reply, false);
        let call = progress::start(Bytes::from_static(REQUEST));
        transmit(&mut watched, b"GET /a?B=c HTTP/1.1\r\nhost: x\r\n").unwrap();
        assert_eq!(progress::with(|call| call.is_sent()), Some(false));
        transmit(&mut watched, b"\r\n").unwrap();
        assert_eq!(progress::with(|call| call.is_sent()), Some(true));
        assert_eq!(watched.inner.sent, REQUEST);
        assert_eq!(watched.buffers().output(), [0; 64]);

        assert!(watched.maybe_await_input(NextTimeout::default()).unwrap());
        assert_eq!(watched.buffers().input(), reply);
        watched.buffers().input_consume(reply.len());
        assert!(watched.is_open());
        assert_eq!(watched.buffers().input_append_buf(), [0; 64]);
        assert!(call.finish().is_some_and(|call| call.has_reply && call.ending.is_none()));
    }

    #[test]
    fn anything_else_does_not_leave() {
        for other in [&b"GET /a?B=d"[..], b"GET /a?B=c HTTP/1.1\r\nUser-Agent: x\r\n", b"POST"] {
            let mut watched = watched(b"", false);
            let call = progress::start(Bytes::from_static(REQUEST));
            assert!(transmit(&mut watched, other).is_err());
            assert!(watched.inner.sent.is_empty());
            assert_eq!(watched.buffers().output(), [0; 64]);
            assert!(call.finish().is_some_and(|call| call.is_altered && !call.is_sent()));
        }
        // Nor does anything that no call is open for.
        assert!(transmit(&mut watched(b"", false), REQUEST).is_err());
    }

    #[test]
    fn what_a_connection_did_not_take_has_not_left() {
        let mut watched = watched(b"", true);
        let call = progress::start(Bytes::from_static(REQUEST));
        assert!(transmit(&mut watched, REQUEST).is_err());
        assert!(call.finish().is_some_and(|call| !call.is_sent() && !call.is_altered));
    }

    #[test]
    fn heads_end_with_an_empty_line_and_every_line_with_cr_lf() {
        for (input, expected) in [
            (&b""[..], Head::Open),
            (b"HTTP/1.1 200 OK\r\n", Head::Open),
            (b"HTTP/1.1 200 OK\r\nA: b\r", Head::Open),
            (b"HTTP/1.1 200 OK\r\nA: b\r\n\r", Head::Open),
            (b"HTTP/1.1 200 OK\r\nA: b\r\n\r\n", Head::Whole),
            (b"HTTP/1.1 200 OK\r\nA: b\r\n\r\nbody\nwith\rany\r\nline ends", Head::Whole),
            (b"HTTP/1.1 200 OK\nA: b\r\n\r\n", Head::BareLineEnd),
            (b"HTTP/1.1 200 OK\r\nA: b\n\r\n", Head::BareLineEnd),
            (b"HTTP/1.1 200 OK\r\nA: \rb\r\n\r\n", Head::BareLineEnd),
            (b"HTTP/1.1 200 OK\r\nA: b\r\n\n", Head::BareLineEnd),
            (b"HTTP/1.1 100 Continue\r\n\r\n", Head::Open),
            (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", Head::Whole),
            (b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\n", Head::BareLineEnd),
            (b"HTTP/1.1 101 Switching Protocols\r\n\r\n\n", Head::Whole),
        ] {
            assert_eq!(examine(input), expected, "{}", input.escape_ascii());
        }
    }
}
