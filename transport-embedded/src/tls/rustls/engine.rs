//! rustls without I/O: what to write, what to read, what came out.

use alloc::vec::Vec;
use core::fmt;

use rustls::client::UnbufferedClientConnection;
use rustls::unbuffered::{ConnectionState, EncodeError, EncryptError, UnbufferedStatus};

use zeroize::{Zeroize, Zeroizing};

use super::verifier::translated;
use crate::tls::{Memory, TlsError};

/// Most that a record adds to what it carries, in any suite: header, explicit nonce, kind, tag.
const OVERHEAD: usize = 5 + 8 + 1 + 16;

/// What the engine is asked for.
pub(crate) enum Wish<'a> {
    /// To finish the handshake.
    Shake,
    /// To decrypt something into this space; if that is empty, only to have something to give.
    Read(&'a mut [u8]),
    /// To encrypt some of these bytes, which are not none.
    Write(&'a [u8]),
}

/// What its driver must do.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Next {
    /// Write all of [`Engine::outgoing`], say so by [`Engine::written`], and wish again.
    Write,
    /// Read into [`Engine::space`], say how much by [`Engine::received`], and wish again.
    Read,
    /// The wish is fulfilled, with this many bytes. What was encrypted stands in [`Engine::outgoing`].
    Done(usize),
}

pub(crate) struct Engine<'m> {
    connection: UnbufferedClientConnection,
    memory: Memory<'m>,
    /// Bytes of `memory.receive` that were received and not processed.
    received: usize,
    /// Bytes of `memory.send` that must be written.
    pending: usize,
    /// What was decrypted and did not fit into the reader's space, from `read` on.
    plain: Zeroizing<Vec<u8>>,
    read: usize,
    ended: bool,
}

impl<'m> Engine<'m> {
    pub(crate) fn new(connection: UnbufferedClientConnection, memory: Memory<'m>) -> Self {
        Self { connection, memory, received: 0, pending: 0, plain: Zeroizing::new(Vec::new()), read: 0, ended: false }
    }

    pub(crate) fn outgoing(&self) -> &[u8] {
        self.memory.send.get(..self.pending).unwrap_or_default()
    }

    pub(crate) const fn written(&mut self) {
        self.pending = 0;
    }

    /// Where to read to; never empty after [`Next::Read`].
    pub(crate) fn space(&mut self) -> &mut [u8] {
        self.memory.receive.get_mut(self.received..).unwrap_or_default()
    }

    /// What was read. The end of the connection without the peer's having said so is an error.
    pub(crate) fn received<E>(&mut self, count: usize) -> Result<(), TlsError<E>> {
        if count == 0 {
            return Err(TlsError::Truncated);
        }
        self.received = self.received.saturating_add(count).min(self.memory.receive.len());
        Ok(())
    }

    pub(crate) fn advance<E>(&mut self, mut wish: Wish<'_>) -> Result<Next, TlsError<E>> {
        loop {
            if let Wish::Read(space) = &mut wish
                && let Some(count) = self.take_plain(space)
            {
                return Ok(Next::Done(count));
            }
            let incoming = self.memory.receive.get_mut(..self.received).unwrap_or_default();
            let UnbufferedStatus { mut discard, state } = self.connection.process_tls_records(incoming);
            let send = &mut *self.memory.send;
            let next = match state {
                Err(error) => {
                    self.discard(discard);
                    self.queue_alert();
                    return Err(translated(&error));
                }
                Ok(ConnectionState::EncodeTlsData(mut data)) => {
                    let space = send.get_mut(self.pending..).unwrap_or_default();
                    match data.encode(space) {
                        Ok(count) => self.pending = self.pending.saturating_add(count),
                        Err(EncodeError::InsufficientSize(_)) => return Err(TlsError::Buffers),
                        Err(EncodeError::AlreadyEncoded) => return Err(TlsError::Protocol),
                    }
                    None
                }
                Ok(ConnectionState::TransmitTlsData(data)) => {
                    // Said before it is done: when the writing fails, the connection is of no more use anyway.
                    data.done();
                    (self.pending > 0).then_some(Next::Write)
                }
                Ok(ConnectionState::BlockedHandshake) => Some(Next::Read),
                Ok(ConnectionState::WriteTraffic(mut traffic)) => match &wish {
                    Wish::Shake => Some(Next::Done(0)),
                    Wish::Read(_) => Some(Next::Read),
                    Wish::Write(bytes) => {
                        let space = send.get_mut(self.pending..).unwrap_or_default();
                        let count = bytes.len().min(space.len().saturating_sub(OVERHEAD));
                        match traffic.encrypt(bytes.get(..count).unwrap_or_default(), space) {
                            Ok(len) if count > 0 => {
                                self.pending = self.pending.saturating_add(len);
                                Some(Next::Done(count))
                            }
                            Ok(_) | Err(EncryptError::InsufficientSize(_)) => return Err(TlsError::Buffers),
                            Err(EncryptError::EncryptExhausted) => return Err(TlsError::Closed),
                        }
                    }
                },
                Ok(ConnectionState::ReadTraffic(mut traffic)) => {
                    if let Some(record) = traffic.next_record() {
                        let record = record.map_err(|error| translated(&error))?;
                        discard = discard.saturating_add(record.discard);
                        self.plain.extend_from_slice(record.payload);
                    }
                    None
                }
                Ok(ConnectionState::PeerClosed | ConnectionState::Closed) => {
                    self.ended = true;
                    match &wish {
                        Wish::Read(_) => None,
                        Wish::Shake | Wish::Write(_) => return Err(TlsError::Closed),
                    }
                }
                Ok(_) => return Err(TlsError::Protocol),
            };
            if let Some(next) = next {
                self.discard(discard);
                if matches!(next, Next::Read) && self.received == self.memory.receive.len() {
                    return Err(TlsError::Buffers);
                }
                return Ok(next);
            }
            self.discard(discard);
        }
    }

    /// Drops what was processed.
    fn discard(&mut self, count: usize) {
        // In these words the compiler sees that no range is out of bounds, and no panic is linked.
        let Some(received) = self.memory.receive.get_mut(..self.received) else { return };
        let count = count.min(received.len());
        received.copy_within(count.., 0);
        self.received = self.received.saturating_sub(count);
    }

    /// Hands out what was decrypted earlier; 0 at the end.
    fn take_plain(&mut self, space: &mut [u8]) -> Option<usize> {
        let rest = self.plain.get(self.read..).unwrap_or_default();
        if rest.is_empty() {
            return self.ended.then_some(0);
        }
        let count = rest.len().min(space.len());
        if let (Some(to), Some(from)) = (space.get_mut(..count), rest.get(..count)) {
            to.copy_from_slice(from);
        }
        self.read = self.read.saturating_add(count);
        if self.read == self.plain.len() {
            self.plain.zeroize();
            self.read = 0;
        }
        Some(count)
    }

    /// Encodes the alert that says why the handshake failed, for the driver to write as a courtesy.
    fn queue_alert(&mut self) {
        self.pending = 0;
        // With what was received, as ever: rustls remembers places in it.
        let incoming = self.memory.receive.get_mut(..self.received).unwrap_or_default();
        if let UnbufferedStatus { state: Ok(ConnectionState::EncodeTlsData(mut data)), .. } =
            self.connection.process_tls_records(incoming)
            && let Ok(count) = data.encode(self.memory.send)
        {
            self.pending = count;
        }
    }

    /// Encrypts the notice that nothing more comes, into [`Engine::outgoing`].
    pub(crate) fn close(&mut self) {
        self.pending = 0;
        let incoming = self.memory.receive.get_mut(..self.received).unwrap_or_default();
        if let UnbufferedStatus { state: Ok(ConnectionState::WriteTraffic(mut traffic)), .. } =
            self.connection.process_tls_records(incoming)
            && let Ok(count) = traffic.queue_close_notify(self.memory.send)
        {
            self.pending = count;
        }
    }

    pub(crate) fn into_memory(self) -> Memory<'m> {
        self.memory
    }
}

impl fmt::Debug for Engine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").field("ended", &self.ended).finish_non_exhaustive()
    }
}
