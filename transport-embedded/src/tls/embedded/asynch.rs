//! The async face. `blocking/tls/embedded.rs` is its twin.

use core::fmt;

use embedded_io::{ErrorKind, ErrorType};
use embedded_io_async::{Read, Write};
use embedded_tls::{Aes128GcmSha256, FlushPolicy, TlsConnection, TlsContext};

use super::{Gate, Memory, Verifier, config, judged, translated};
use crate::link::Secure;
use crate::time::{Stage, Timer, Watch};
use crate::tls::{Opened, Random, TlsError, Trust, refused, server_name};

/// A TLS 1.3 connection to a server that proved who it is. [`open`] makes it.
pub struct Tls<'m, T: Read + Write + 'm> {
    connection: TlsConnection<'m, Gate<T>, Aes128GcmSha256>,
    ended: bool,
}

/// Shakes hands over `channel` with the server `host`, and has it prove that it is the one.
///
/// # Errors
/// [`ChannelError`](heyan::ChannelError) with the cause as [`TlsError`]. Nothing of a request has left.
pub async fn open<'m, T, R, C>(
    channel: T,
    memory: Memory<'m>,
    host: &str,
    trust: Trust<'_>,
    random: &R,
    watch: &Watch<C>,
) -> Opened<Tls<'m, T>, ErrorKind>
where
    T: Read + Write + 'm,
    R: Random,
    C: Timer,
{
    watch.enter(Stage::Handshake);
    let opened = shake(channel, memory, host, trust, random, watch).await;
    if opened.is_err() {
        watch.end();
    }
    opened.map(|tls| Secure::proven(tls, host)).map_err(refused)
}

async fn shake<'m, T, R, C>(
    channel: T,
    memory: Memory<'m>,
    host: &str,
    trust: Trust<'_>,
    random: &R,
    watch: &Watch<C>,
) -> Result<Tls<'m, T>, TlsError<ErrorKind>>
where
    T: Read + Write + 'm,
    R: Random,
    C: Timer,
{
    if !memory.is_enough() {
        return Err(TlsError::Buffers);
    }
    let Memory { receive, send } = memory;
    let name = server_name(host)?;
    let config = config(host, &name);
    let mut verifier = Verifier::new(&name, trust, random);
    let mut connection = TlsConnection::new(Gate::new(channel), receive, send);
    // A flush can then not stand between "written" and "known to be written"; the gate does it.
    connection.set_flush_policy(FlushPolicy::Relaxed);
    let opened = watch.within(connection.open(TlsContext::new(&config, &mut verifier))).await;
    judged(opened.map_err(|_| TlsError::TimedOut)?, &verifier)?;
    Ok(Tls { connection, ended: false })
}

impl<'m, T: Read + Write + 'm> Tls<'m, T> {
    /// Tells the server that nothing more comes. Ending without is no harm to it.
    ///
    /// # Errors
    /// [`TlsError`] of the channel beneath.
    pub async fn close(self) -> Result<(), TlsError<ErrorKind>> {
        self.connection.close().await.map(drop).map_err(|(_, error)| translated(error))
    }
}

impl<'m, T: Read + Write + 'm> ErrorType for Tls<'m, T> {
    type Error = TlsError<ErrorKind>;
}

impl<'m, T: Read + Write + 'm> Read for Tls<'m, T> {
    async fn read(&mut self, space: &mut [u8]) -> Result<usize, Self::Error> {
        if self.ended {
            return Ok(0);
        }
        match self.connection.read(space).await {
            Err(embedded_tls::TlsError::ConnectionClosed) => {
                self.ended = true;
                Ok(0)
            }
            result => result.map_err(translated),
        }
    }
}

impl<'m, T: Read + Write + 'm> Write for Tls<'m, T> {
    /// Encrypts some of `bytes` and hands them to the channel as a whole record: one that broke off in the middle can be
    /// read by nobody.
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Self::Error> {
        let count = self.connection.write(bytes).await.map_err(translated)?;
        self.connection.flush().await.map_err(translated)?;
        Ok(count)
    }

    async fn flush(&mut self) -> Result<(), Self::Error> {
        // Nothing waits here, and the gate flushes the channel before it reads.
        Ok(())
    }
}

impl<'m, T: Read + Write + 'm> fmt::Debug for Tls<'m, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").field("ended", &self.ended).finish_non_exhaustive()
    }
}
