//! Through a CONNECT proxy, whose part ureq does: it speaks to the proxy over a [`Transport`], and hands one back.

use std::fmt;
use std::time::Instant;

use ureq::Timeout;
use ureq::unversioned::transport::time::Duration;
use ureq::unversioned::transport::{Buffers, LazyBuffers, NextTimeout, Transport};

use super::{Deadline, Failure, Fault, Link, Look};
use crate::error::Stage;

/// What the head of a CONNECT request and of its reply have room in, each.
const BUFFER_LEN: usize = 16 * 1024;

/// A link as ureq's transport.
pub(crate) struct Buffered {
    buffers: LazyBuffers,
    link: Box<dyn Link>,
    /// While a proxy is asked to connect. ureq gives every read of its reply the whole time-out again.
    connecting: Option<Deadline>,
}

impl Buffered {
    /// A proxy may be asked over `link` until the deadline.
    pub(crate) fn new(link: Box<dyn Link>, connecting: Deadline) -> Self {
        Self { buffers: LazyBuffers::new(BUFFER_LEN, BUFFER_LEN), link, connecting: Some(connecting) }
    }

    fn deadline(&self, timeout: NextTimeout) -> Deadline {
        self.connecting.unwrap_or_else(|| Deadline::new(Instant::now(), *timeout.after))
    }
}

impl Transport for Buffered {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        let deadline = self.deadline(timeout);
        let output = self.buffers.output().get_mut(..amount).unwrap_or_default();
        let sent = self.link.send(output, deadline);
        heyan::wipe(output);
        sent.map_err(|fault| carried(Failure::new(Stage::Connect, fault)))
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        let deadline = self.deadline(timeout);
        let received = self.link.receive(self.buffers.input_append_buf(), deadline);
        let count = received.map_err(|fault| carried(Failure::new(Stage::Connect, fault)))?;
        self.buffers.input_appended(count);
        Ok(count > 0)
    }

    fn is_open(&mut self) -> bool {
        // Nobody asks before the proxy has connected.
        self.connecting = None;
        self.link.look() == Look::Quiet
    }
}

impl fmt::Debug for Buffered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Buffered")
    }
}

/// ureq's transport as a link. What went through its buffers is wiped.
pub(crate) struct Tunnel(Box<dyn Transport>);

impl Tunnel {
    /// Takes over from ureq when the proxy has connected.
    pub(crate) fn new(mut transport: Box<dyn Transport>) -> Result<Self, Fault> {
        // An endpoint that speaks TLS or HTTP/1.1 says nothing unasked.
        if transport.buffers().input().is_empty() && transport.is_open() {
            Ok(Self(transport))
        } else {
            Err(Fault::Proxy)
        }
    }
}

impl Link for Tunnel {
    fn send(&mut self, bytes: &[u8], deadline: Deadline) -> Result<(), Fault> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let timeout = timeout(deadline)?;
            let output = self.0.buffers().output();
            let (now, later) = rest.split_at(rest.len().min(output.len()));
            output.get_mut(..now.len()).unwrap_or_default().copy_from_slice(now);
            self.0.transmit_output(now.len(), timeout).map_err(|error| failure(error).fault)?;
            rest = later;
        }
        Ok(())
    }

    fn receive(&mut self, into: &mut [u8], deadline: Deadline) -> Result<usize, Fault> {
        if self.0.buffers().input().is_empty() {
            self.0.await_input(timeout(deadline)?).map_err(|error| failure(error).fault)?;
        }
        let buffers = self.0.buffers();
        let input = buffers.input();
        let count = input.len().min(into.len());
        for (to, from) in into.iter_mut().zip(input) {
            *to = *from;
        }
        buffers.input_consume(count);
        if buffers.input().is_empty() {
            // Everything is consumed, so this is the whole buffer from its beginning.
            heyan::wipe(buffers.input_append_buf());
        }
        Ok(count)
    }

    fn look(&mut self) -> Look {
        // Its end too: what it is comes up when it is read.
        let is_quiet = self.0.buffers().input().is_empty() && self.0.is_open();
        if is_quiet { Look::Quiet } else { Look::Unread }
    }
}

fn timeout(deadline: Deadline) -> Result<NextTimeout, Fault> {
    let after = Duration::Exact(deadline.left()?);
    Ok(NextTimeout { after, reason: Timeout::Connect, ..NextTimeout::default() })
}

/// A failure of this crate's, in the one error of ureq's that holds any.
pub(crate) fn carried(failure: Failure) -> ureq::Error {
    ureq::Error::Other(Box::new(failure))
}

/// What failed: what was [carried], or what ureq found. Only the kind of its own errors is looked at: their texts are
/// not this crate's.
pub(crate) fn failure(error: ureq::Error) -> Failure {
    let fault = match error {
        ureq::Error::Other(inner) => match inner.downcast_ref::<Failure>() {
            Some(failure) => return *failure,
            None => Fault::Proxy,
        },
        ureq::Error::Io(error) => Fault::Io(error.kind()),
        ureq::Error::Timeout(_) => Fault::TimedOut,
        _ => Fault::Proxy,
    };
    Failure::new(Stage::Connect, fault)
}
