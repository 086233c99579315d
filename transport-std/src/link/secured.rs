//! TLS over any link.
//!
//! ureq has a connector of its own for rustls. It cannot add an anchor to the platform's, it reads its trust settings
//! when the first request is made instead of when the client is built, and its writes pass over errors of the socket:
//! they come up with the next read, when nobody can tell any more whether the request had left.

use std::io::{self, Read, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection};

use super::{Deadline, Failure, Fault, Link, Look};
use crate::error::{Stage, TlsFault};

/// A connection to a peer that proved its identity.
pub(crate) struct Secured<L> {
    session: ClientConnection,
    link: L,
}

impl<L: Link> Secured<L> {
    /// Shakes hands with `host`, an address in brackets or not, or a name.
    pub(crate) fn new(settings: &Arc<ClientConfig>, host: &str, link: L, deadline: Deadline) -> Result<Self, Fault> {
        let name = ServerName::try_from(bare(host)).map_err(|_| Fault::Tls(TlsFault::WrongHost))?.to_owned();
        let session =
            ClientConnection::new(Arc::clone(settings), name).map_err(|error| Fault::Tls(TlsFault::from(&error)))?;
        let mut secured = Self { session, link };
        while secured.session.is_handshaking() {
            secured.flush(deadline)?;
            if secured.session.is_handshaking() && secured.fill(deadline)? == 0 {
                return Err(Fault::Tls(TlsFault::Closed));
            }
        }
        secured.flush(deadline)?;
        Ok(secured)
    }

    /// Writes every record that is ready.
    fn flush(&mut self, deadline: Deadline) -> Result<(), Fault> {
        while self.session.wants_write() {
            self.session.write_tls(&mut Timed { link: &mut self.link, deadline }).map_err(|error| fault(&error))?;
        }
        Ok(())
    }

    /// Reads and decrypts something. 0: the connection ended.
    fn fill(&mut self, deadline: Deadline) -> Result<usize, Fault> {
        let mut timed = Timed { link: &mut self.link, deadline };
        let count = self.session.read_tls(&mut timed).map_err(|error| fault(&error))?;
        if let Err(error) = self.session.process_new_packets() {
            // The peer may want to know why; whether it hears of it changes nothing.
            let _ = self.flush(deadline);
            return Err(Fault::Tls(TlsFault::from(&error)));
        }
        Ok(count)
    }
}

/// An address of the sixth version stands in brackets in a URL, and without them in a certificate.
pub(crate) fn bare(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

impl<L: Link> Link for Secured<L> {
    fn send(&mut self, bytes: &[u8], deadline: Deadline) -> Result<(), Fault> {
        let mut rest = bytes;
        while !rest.is_empty() {
            match self.session.writer().write(rest) {
                Ok(0) => return Err(Fault::Io(io::ErrorKind::WriteZero)),
                Ok(count) => rest = rest.get(count..).unwrap_or_default(),
                Err(error) => return Err(fault(&error)),
            }
            self.flush(deadline)?;
        }
        Ok(())
    }

    fn receive(&mut self, into: &mut [u8], deadline: Deadline) -> Result<usize, Fault> {
        loop {
            match self.session.reader().read(into) {
                // 0 only after close_notify: a connection that just ends is the error UnexpectedEof.
                Ok(count) => return Ok(count),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(fault(&error)),
            }
            // An answer of TLS itself, to a key update for example, may be due.
            self.flush(deadline)?;
            self.fill(deadline)?;
        }
    }

    fn look(&mut self) -> Look {
        loop {
            match self.session.process_new_packets() {
                Ok(state) if state.plaintext_bytes_to_read() > 0 => return Look::Unread,
                Ok(state) if state.peer_has_closed() => return Look::Closed,
                Ok(_) => {}
                Err(_) => return Look::Closed,
            }
            match self.link.look() {
                // What came may be none of the peer's application: session tickets follow a handshake.
                // It is there, so nothing is waited for.
                Look::Unread => {
                    let deadline = Deadline::new(Instant::now(), Duration::from_secs(1));
                    match self.session.read_tls(&mut Timed { link: &mut self.link, deadline }) {
                        Ok(0) | Err(_) => return Look::Closed,
                        Ok(_) => {}
                    }
                }
                look => return look,
            }
        }
    }
}

/// rustls reads from and writes to this.
struct Timed<'l, L> {
    link: &'l mut L,
    deadline: Deadline,
}

impl<L: Link> Read for Timed<'_, L> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.link.receive(into, self.deadline).map_err(carried)
    }
}

impl<L: Link> Write for Timed<'_, L> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.link.send(bytes, self.deadline).map(|()| bytes.len()).map_err(carried)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn carried(fault: Fault) -> io::Error {
    io::Error::other(Failure::new(Stage::Handshake, fault))
}

fn fault(error: &io::Error) -> Fault {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<Failure>()) {
        Some(failure) => failure.fault,
        None => Fault::Io(error.kind()),
    }
}
