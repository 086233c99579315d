//! TLS 1.3 without a heap, by `embedded-tls` 0.19: the twin of [`tls::embedded`](crate::tls::embedded), which says more.

use core::fmt;

use embedded_io::{BufRead, ErrorKind, ErrorType, Read, ReadReady, Write};

use embedded_tls::blocking::TlsConnection;
use embedded_tls::{Aes128GcmSha256, FlushPolicy, TlsContext};

use super::watched::Watched;
use crate::blocking::Timer;
use crate::link::Secure;
use crate::time::{Stage, Watch};
use crate::tls::embedded::{Gate, Verifier, config, judged, translated};
pub use crate::tls::embedded::{Memory, RECEIVE_LEN, SEND_LEN};
use crate::tls::{Opened, Random, TlsError, Trust, refused, server_name};

/// A TLS 1.3 connection to a server that proved who it is. [`open`] makes it.
pub struct Tls<'m, T: Read + ReadReady + Write + 'm, C: Timer> {
    connection: TlsConnection<'m, Gate<Watched<'m, T, C>>, Aes128GcmSha256>,
    watch: &'m Watch<C>,
    ended: bool,
}

/// Shakes hands over `channel` with the server `host`, and has it prove that it is the one.
///
/// # Errors
/// [`ChannelError`](heyan::ChannelError) with the cause as [`TlsError`]. Nothing of a request has left.
#[inline(never)] // Its frame ends with it, and the caller keeps the connection alone.
pub fn open<'m, T, R, C>(
    channel: T,
    memory: Memory<'m>,
    host: &str,
    trust: Trust<'_>,
    random: &R,
    watch: &'m Watch<C>,
) -> Opened<Tls<'m, T, C>, ErrorKind>
where
    T: Read + ReadReady + Write + 'm,
    R: Random,
    C: Timer,
{
    watch.enter(Stage::Handshake);
    if !memory.is_enough() {
        watch.end();
        return Err(refused(TlsError::Buffers));
    }
    let mut tls = Tls::begin(channel, memory, watch);
    match tls.shake(host, trust, random) {
        Ok(()) => Ok(Secure::proven(tls, host)),
        Err(error) => {
            watch.end();
            Err(refused(error))
        }
    }
}

impl<'m, T: Read + ReadReady + Write + 'm, C: Timer> Tls<'m, T, C> {
    #[inline(never)] // `embedded-tls` moves it about, which takes its size again and again.
    fn begin(channel: T, memory: Memory<'m>, watch: &'m Watch<C>) -> Self {
        let Memory { receive, send } = memory;
        let mut connection = TlsConnection::new(Gate::new(Watched { channel, watch }), receive, send);
        // A flush can then not stand between "written" and "known to be written"; the gate does it.
        connection.set_flush_policy(FlushPolicy::Relaxed);
        Self { connection, watch, ended: false }
    }

    /// In place: a connection takes more than a kilobyte, and moving it would take that again.
    #[inline(never)]
    fn shake<R: Random>(&mut self, host: &str, trust: Trust<'_>, random: &R) -> Result<(), TlsError<ErrorKind>> {
        let name = server_name(host)?;
        let config = config(host, &name);
        let mut verifier = Verifier::new(&name, trust, random);
        judged(self.connection.open(TlsContext::new(&config, &mut verifier)), &verifier)
    }

    /// Tells the server that nothing more comes. Ending without is no harm to it.
    ///
    /// # Errors
    /// [`TlsError`] of the channel beneath.
    pub fn close(self) -> Result<(), TlsError<ErrorKind>> {
        self.connection.close().map(drop).map_err(|(_, error)| translated(error))
    }
}

impl<'m, T: Read + ReadReady + Write + 'm, C: Timer> ErrorType for Tls<'m, T, C> {
    type Error = TlsError<ErrorKind>;
}

impl<'m, T: Read + ReadReady + Write + 'm, C: Timer> Read for Tls<'m, T, C> {
    fn read(&mut self, space: &mut [u8]) -> Result<usize, Self::Error> {
        if self.ended {
            return Ok(0);
        }
        match self.connection.read(space) {
            Err(embedded_tls::TlsError::ConnectionClosed) => {
                self.ended = true;
                Ok(0)
            }
            result => result.map_err(translated),
        }
    }
}

impl<'m, T: Read + ReadReady + Write + 'm, C: Timer> ReadReady for Tls<'m, T, C> {
    fn read_ready(&mut self) -> Result<bool, Self::Error> {
        if self.ended {
            return Ok(true);
        }
        match self.watch.at_once(|| self.connection.fill_buf().map(drop)) {
            Err(embedded_tls::TlsError::Io(ErrorKind::TimedOut)) => Ok(false),
            // Data, the end, or a failure: reading will say which.
            _ => Ok(true),
        }
    }
}

impl<'m, T: Read + ReadReady + Write + 'm, C: Timer> Write for Tls<'m, T, C> {
    /// Encrypts some of `bytes` and hands them to the channel as a whole record: one that broke off in the middle can be
    /// read by nobody.
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Self::Error> {
        let count = self.connection.write(bytes).map_err(translated)?;
        self.connection.flush().map_err(translated)?;
        Ok(count)
    }

    fn flush(&mut self) -> Result<(), Self::Error> {
        // Nothing waits here, and the gate flushes the channel before it reads.
        Ok(())
    }
}

impl<'m, T: Read + ReadReady + Write + 'm, C: Timer> fmt::Debug for Tls<'m, T, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").field("ended", &self.ended).finish_non_exhaustive()
    }
}
