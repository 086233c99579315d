//! TLS over any link.
//!
//! ureq has a connector of its own for rustls. It cannot add an anchor to the platform's, it reads its trust settings
//! when the first request is made instead of when the client is built, and its writes pass over errors of the socket:
//! they come up with the next read, when nobody can tell any more whether the request had left.
//!
//! Records are received, decrypted and handed out from [one buffer](Incoming) that the connection keeps, so that a reply
//! takes no memory. Of a request's records rustls makes a copy each, already encrypted.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::ClientConfig;
use rustls::client::UnbufferedClientConnection;
use rustls::pki_types::ServerName;
use rustls::unbuffered::{ConnectionState, EncodeError, EncryptError, InsufficientSizeError, UnbufferedStatus};

use super::incoming::Incoming;
use super::{Deadline, Fault, Link, Look, in_place};
use crate::error::TlsFault;

/// Most that one record carries (RFC 8446, section 5.1).
const RECORD_MAX: usize = 16 * 1024;

/// Most that a record adds to what it carries, in any suite: header, explicit nonce, type, tag.
const OVERHEAD: usize = 5 + 8 + 1 + 16;

/// A connection to a peer that proved its identity.
pub(crate) struct Secured<L> {
    session: UnbufferedClientConnection,
    link: L,
    incoming: Incoming,
    /// Records to be sent.
    outgoing: Vec<u8>,
    /// The peer said that nothing more comes.
    is_closed: bool,
}

impl<L: Link> Secured<L> {
    /// Shakes hands with `host`, an address in brackets or not, or a name.
    ///
    /// `settings` decrypt [in place](in_place::provider).
    pub(crate) fn new(settings: &Arc<ClientConfig>, host: &str, link: L, deadline: Deadline) -> Result<Self, Fault> {
        let name = ServerName::try_from(bare(host)).map_err(|_| Fault::Tls(TlsFault::WrongHost))?.to_owned();
        let session = UnbufferedClientConnection::new(Arc::clone(settings), name)
            .map_err(|error| Fault::Tls(TlsFault::from(&error)))?;
        let mut secured = Self { session, link, incoming: Incoming::new(), outgoing: Vec::new(), is_closed: false };
        loop {
            secured.process(&[], deadline)?;
            secured.flush(deadline)?;
            if !secured.session.is_handshaking() {
                secured.incoming.shrink();
                return Ok(secured);
            }
            if secured.fill(deadline)? == 0 {
                return Err(Fault::Tls(TlsFault::Closed));
            }
        }
    }

    /// Sends every record that is ready.
    fn flush(&mut self, deadline: Deadline) -> Result<(), Fault> {
        if self.outgoing.is_empty() {
            return Ok(());
        }
        let sent = self.link.send(&self.outgoing, deadline);
        self.outgoing.clear();
        sent
    }

    /// Receives something. 0: the connection ended.
    fn fill(&mut self, deadline: Deadline) -> Result<usize, Fault> {
        let space = self.incoming.space().ok_or(Fault::Tls(TlsFault::Protocol))?;
        let count = self.link.receive(space, deadline)?;
        self.incoming.received(count);
        Ok(count)
    }

    /// [Advances](Self::advance), and tells the peer what was wrong.
    fn process(&mut self, to_send: &[u8], deadline: Deadline) -> Result<(), Fault> {
        let processed = self.advance(to_send);
        if let Err(Fault::Tls(_)) = processed {
            self.queue_alert();
            // The peer may want to know why; whether it hears of it changes nothing.
            let _ = self.flush(deadline);
        }
        processed
    }

    /// Without bytes to send: has rustls look at what came, until there is data, the end, or nothing left to look at.
    /// Else: encrypts them, at most a record's.
    ///
    /// What rustls itself has to say is encoded on the way, and is sent with whatever is sent next.
    fn advance(&mut self, to_send: &[u8]) -> Result<(), Fault> {
        loop {
            let UnbufferedStatus { discard, state } = self.session.process_tls_records(self.incoming.held());
            let mut came = None;
            let is_done = match state {
                Err(error) => Err(Fault::Tls(TlsFault::from(&error))),
                Ok(ConnectionState::ReadTraffic(mut traffic)) => {
                    // A byte, which says that the others are at their place.
                    let _ = traffic.next_record();
                    came = Some(in_place::place());
                    Ok(to_send.is_empty())
                }
                Ok(ConnectionState::EncodeTlsData(mut data)) => {
                    append(&mut self.outgoing, 0, |space| data.encode(space).map_err(Full::from)).map(|()| false)
                }
                // It is said to be done before it is: when the sending fails, the connection is of no more use.
                Ok(ConnectionState::TransmitTlsData(data)) => {
                    data.done();
                    Ok(false)
                }
                Ok(ConnectionState::BlockedHandshake) => Ok(true),
                Ok(ConnectionState::WriteTraffic(_)) if to_send.is_empty() => Ok(true),
                Ok(ConnectionState::WriteTraffic(mut traffic)) => {
                    let room = to_send.len().saturating_add(OVERHEAD);
                    append(&mut self.outgoing, room, |space| traffic.encrypt(to_send, space).map_err(Full::from))
                        .map(|()| true)
                }
                Ok(ConnectionState::PeerClosed) => {
                    self.is_closed = true;
                    Ok(to_send.is_empty())
                }
                // Both sides said so, this one because its keys are used up.
                Ok(ConnectionState::Closed) if to_send.is_empty() => Ok(true),
                Ok(ConnectionState::Closed) => Err(Fault::Io(io::ErrorKind::WriteZero)),
                Ok(_) => Err(Fault::Tls(TlsFault::Protocol)),
            };
            self.incoming.discard(discard);
            if let Some(place) = came
                && !place.is_some_and(|place| self.incoming.found(place))
            {
                return Err(Fault::Tls(TlsFault::Protocol));
            }
            if is_done? {
                return Ok(());
            }
        }
    }

    /// Encodes the alert that says what was wrong.
    fn queue_alert(&mut self) {
        // No more often than there is something to encode: else rustls would look at the faulty record again.
        while self.session.wants_write() {
            // With what was received, as ever: rustls remembers places in it.
            let UnbufferedStatus { state: Ok(ConnectionState::EncodeTlsData(mut data)), .. } =
                self.session.process_tls_records(self.incoming.held())
            else {
                return;
            };
            if append(&mut self.outgoing, 0, |space| data.encode(space).map_err(Full::from)).is_err() {
                return;
            }
        }
    }
}

/// Why rustls wrote nothing.
enum Full {
    /// It needs so many bytes of room.
    Room(usize),
    /// It will never write again: its keys are used up.
    Ever,
}

impl From<EncodeError> for Full {
    fn from(error: EncodeError) -> Self {
        match error {
            EncodeError::InsufficientSize(InsufficientSizeError { required_size }) => Self::Room(required_size),
            EncodeError::AlreadyEncoded => Self::Ever,
        }
    }
}

impl From<EncryptError> for Full {
    fn from(error: EncryptError) -> Self {
        match error {
            EncryptError::InsufficientSize(InsufficientSizeError { required_size }) => Self::Room(required_size),
            EncryptError::EncryptExhausted => Self::Ever,
        }
    }
}

/// Has `write` write behind what is to be sent, in as much room as this or as it then asks for.
fn append(
    outgoing: &mut Vec<u8>,
    mut room: usize,
    mut write: impl FnMut(&mut [u8]) -> Result<usize, Full>,
) -> Result<(), Fault> {
    let at = outgoing.len();
    loop {
        let had = room;
        outgoing.resize(at.saturating_add(room), 0);
        match write(outgoing.get_mut(at..).unwrap_or_default()) {
            Ok(count) => {
                outgoing.truncate(at.saturating_add(count));
                return Ok(());
            }
            Err(Full::Room(needed)) if needed > had => room = needed,
            Err(_) => {
                outgoing.truncate(at);
                return Err(Fault::Io(io::ErrorKind::WriteZero));
            }
        }
    }
}

/// An address of the sixth version stands in brackets in a URL, and without them in a certificate.
pub(crate) fn bare(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

impl<L: Link> Link for Secured<L> {
    fn send(&mut self, bytes: &[u8], deadline: Deadline) -> Result<(), Fault> {
        for record in bytes.chunks(RECORD_MAX) {
            self.process(record, deadline)?;
            self.flush(deadline)?;
        }
        Ok(())
    }

    fn receive(&mut self, into: &mut [u8], deadline: Deadline) -> Result<usize, Fault> {
        loop {
            if self.incoming.has_data() {
                return Ok(self.incoming.take(into));
            }
            // 0 only after close_notify: a connection that just ends is an error.
            if self.is_closed {
                return Ok(0);
            }
            self.process(&[], deadline)?;
            if self.incoming.has_data() || self.is_closed {
                continue;
            }
            // An answer of TLS itself, to a key update for example, may be due.
            self.flush(deadline)?;
            if self.fill(deadline)? == 0 {
                return Err(Fault::Io(io::ErrorKind::UnexpectedEof));
            }
        }
    }

    fn look(&mut self) -> Look {
        loop {
            // What TLS has to say to it waits for the next request.
            if !self.incoming.has_data() && self.advance(&[]).is_err() {
                return Look::Closed;
            }
            if self.incoming.has_data() {
                return Look::Unread;
            }
            if self.is_closed {
                return Look::Closed;
            }
            match self.link.look() {
                // What came may be none of the peer's application: session tickets follow a handshake.
                // It is there, so nothing is waited for.
                Look::Unread => {
                    let deadline = Deadline::new(Instant::now(), Duration::from_secs(1));
                    if !matches!(self.fill(deadline), Ok(1..)) {
                        return Look::Closed;
                    }
                }
                look => return look,
            }
        }
    }
}
