//! TLS over any of ureq's transports.
//!
//! ureq has a connector of its own for rustls. It cannot add an anchor to the platform's, it reads its trust settings
//! when the first request is made instead of when the client is built, and its writes pass over errors of the socket:
//! they come up with the next read, when nobody can tell any more whether the request had left.

use std::fmt;
use std::io::{self, Read, Write};
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection};
use ureq::unversioned::transport::time::{Duration, Instant};
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, Either, LazyBuffers, NextTimeout, Transport, TransportAdapter,
};

use crate::error::{Cause, Stage, TlsFault};
use crate::progress;

/// Wraps what it is given in TLS when the scheme is https. A client that only speaks plain http has no settings for it.
pub(crate) struct TlsConnector(pub(crate) Option<Arc<ClientConfig>>);

impl fmt::Debug for TlsConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TlsConnector")
    }
}

impl<In: Transport> Connector<In> for TlsConnector {
    type Out = Either<In, TlsTransport>;

    fn connect(&self, details: &ConnectionDetails<'_>, chained: Option<In>) -> Result<Option<Self::Out>, ureq::Error> {
        let Some(transport) = chained else { return Ok(None) };
        if !details.needs_tls() || transport.is_tls() {
            return Ok(Some(Either::A(transport)));
        }
        progress::enter(Stage::Handshake);
        let settings = self.0.as_ref().ok_or(ureq::Error::TlsRequired)?;
        let host = details.uri.host().unwrap_or_default();
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        let name = ServerName::try_from(host).map_err(|_| failed(TlsFault::WrongHost))?.to_owned();
        let session =
            ClientConnection::new(Arc::clone(settings), name).map_err(|error| failed(TlsFault::from(&error)))?;
        let config = details.config;
        let mut transport = TlsTransport {
            buffers: LazyBuffers::new(config.input_buffer_size(), config.output_buffer_size()),
            session,
            socket: TransportAdapter::new(transport.boxed(), Arc::clone(&details.current_time)),
        };
        transport.socket.set_timeout(left(details));
        transport.shake_hands()?;
        Ok(Some(Either::B(transport)))
    }
}

/// What is left of the time to connect.
fn left(details: &ConnectionDetails<'_>) -> NextTimeout {
    let mut timeout = details.timeout;
    if let (Duration::Exact(after), Instant::Exact(start), Instant::Exact(now)) =
        (timeout.after, details.now, (details.current_time)())
    {
        timeout.after = Duration::Exact(after.saturating_sub(now.saturating_duration_since(start)));
    }
    timeout
}

/// Notes a fault of TLS and gives ureq an error without any text of the peer's.
fn failed(fault: TlsFault) -> ureq::Error {
    progress::failed(Cause::Tls(fault));
    ureq::Error::Tls("see the noted cause")
}

/// A connection to a peer that proved its identity.
pub(crate) struct TlsTransport {
    buffers: LazyBuffers,
    session: ClientConnection,
    socket: TransportAdapter,
}

impl TlsTransport {
    fn shake_hands(&mut self) -> Result<(), ureq::Error> {
        while self.session.is_handshaking() {
            self.flush()?;
            if self.session.is_handshaking() && self.receive()? == 0 {
                return Err(failed(TlsFault::Closed));
            }
        }
        self.flush()
    }

    /// Writes every record that is ready.
    fn flush(&mut self) -> Result<(), ureq::Error> {
        while self.session.wants_write() {
            if self.session.write_tls(&mut self.socket)? == 0 {
                return Err(io::Error::from(io::ErrorKind::WriteZero).into());
            }
        }
        Ok(())
    }

    /// Reads and decrypts something. 0: the peer closed the connection.
    fn receive(&mut self) -> Result<usize, ureq::Error> {
        let count = self.session.read_tls(&mut self.socket)?;
        if let Err(error) = self.session.process_new_packets() {
            // The peer may want to know why; whether it hears of it changes nothing.
            let _ = self.flush();
            return Err(failed(TlsFault::from(&error)));
        }
        Ok(count)
    }
}

impl Transport for TlsTransport {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        self.socket.set_timeout(timeout);
        let mut sent = 0;
        while sent < amount {
            let output = self.buffers.output();
            let rest = output.get(sent..amount).unwrap_or_default();
            match self.session.writer().write(rest)? {
                0 => return Err(io::Error::from(io::ErrorKind::WriteZero).into()),
                count => sent += count,
            }
            self.flush()?;
        }
        Ok(())
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        self.socket.set_timeout(timeout);
        loop {
            match self.session.reader().read(self.buffers.input_append_buf()) {
                // 0 only after close_notify: a connection that just ends is the error UnexpectedEof.
                Ok(count) => {
                    self.buffers.input_appended(count);
                    return Ok(count > 0);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error.into()),
            }
            // An answer of TLS itself, to a key update for example, may be due.
            self.flush()?;
            self.receive()?;
        }
    }

    fn is_open(&mut self) -> bool {
        let mut unread = [0];
        let quiet = match self.session.reader().read(&mut unread) {
            Err(error) => error.kind() == io::ErrorKind::WouldBlock,
            // Bytes beyond the reply, or close_notify.
            Ok(_) => false,
        };
        quiet && self.socket.get_mut().is_open()
    }

    fn is_tls(&self) -> bool {
        true
    }
}

impl fmt::Debug for TlsTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TlsTransport")
    }
}
