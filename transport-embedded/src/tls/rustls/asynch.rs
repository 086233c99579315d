//! The async face. `blocking/tls/rustls.rs` is its twin.

use core::fmt;

use embedded_io::ErrorType;
use embedded_io_async::{Read, Write};

use super::{Config, Engine, Memory, Next, Wish};
use crate::link::Secure;
use crate::time::{Stage, Timer, Watch};
use crate::tls::{Opened, TlsError, refused};

/// A TLS connection to a server that proved who it is. [`open`] makes it.
pub struct Tls<'m, T> {
    engine: Engine<'m>,
    channel: T,
}

/// Shakes hands over `channel` with the server `host`, and has it prove that it is the one.
///
/// # Errors
/// [`ChannelError`](heyan::ChannelError) with the cause as [`TlsError`]. Nothing of a request has left.
pub async fn open<'m, T, C>(
    channel: T,
    memory: Memory<'m>,
    host: &str,
    config: &Config,
    watch: &Watch<C>,
) -> Opened<Tls<'m, T>, T::Error>
where
    T: Read + Write,
    C: Timer,
{
    watch.enter(Stage::Handshake);
    let opened = match config.engine(host, memory) {
        Err(error) => Err(error),
        Ok(engine) => {
            let mut tls = Tls { engine, channel };
            match watch.within(tls.shake()).await {
                Ok(shaken) => shaken.map(|()| tls),
                Err(_) => Err(TlsError::TimedOut),
            }
        }
    };
    if opened.is_err() {
        watch.end();
    }
    opened.map(|tls| Secure::proven(tls, host)).map_err(refused)
}

impl<'m, T> Tls<'m, T> {
    /// The channel and the buffers, for the next connection.
    pub fn into_parts(self) -> (T, Memory<'m>) {
        (self.channel, self.engine.into_memory())
    }
}

impl<T: Read + Write> Tls<'_, T> {
    async fn shake(&mut self) -> Result<(), TlsError<T::Error>> {
        let shaken = async {
            loop {
                match self.engine.advance(Wish::Shake)? {
                    Next::Done(_) => return Ok(()),
                    next => self.move_bytes(next).await?,
                }
            }
        }
        .await;
        if shaken.is_err() {
            // The alert that says why, if there is one. That it may not arrive changes nothing.
            let _ = self.transmit().await;
            let _ = self.channel.flush().await;
        }
        shaken
    }

    async fn move_bytes(&mut self, next: Next) -> Result<(), TlsError<T::Error>> {
        match next {
            Next::Write => {
                self.transmit().await?;
                self.channel.flush().await.map_err(TlsError::Channel)
            }
            Next::Read => {
                let count = self.channel.read(self.engine.space()).await.map_err(TlsError::Channel)?;
                self.engine.received(count)
            }
            Next::Done(_) => Ok(()),
        }
    }

    /// Writes what stands ready, without a flush.
    async fn transmit(&mut self) -> Result<(), TlsError<T::Error>> {
        let mut rest = self.engine.outgoing();
        while !rest.is_empty() {
            match self.channel.write(rest).await.map_err(TlsError::Channel)? {
                0 => return Err(TlsError::Truncated),
                count => rest = rest.get(count..).unwrap_or_default(),
            }
        }
        self.engine.written();
        Ok(())
    }

    /// Tells the server that nothing more comes. Ending without is no harm to it.
    ///
    /// # Errors
    /// [`TlsError`] of the channel beneath.
    pub async fn close(&mut self) -> Result<(), TlsError<T::Error>> {
        self.engine.close();
        self.transmit().await?;
        self.channel.flush().await.map_err(TlsError::Channel)
    }
}

impl<T: ErrorType> ErrorType for Tls<'_, T> {
    type Error = TlsError<T::Error>;
}

impl<T: Read + Write> Read for Tls<'_, T> {
    async fn read(&mut self, space: &mut [u8]) -> Result<usize, Self::Error> {
        if space.is_empty() {
            return Ok(0);
        }
        loop {
            match self.engine.advance(Wish::Read(space))? {
                Next::Done(count) => return Ok(count),
                next => self.move_bytes(next).await?,
            }
        }
    }
}

impl<T: Read + Write> Write for Tls<'_, T> {
    /// Encrypts some of `bytes` and hands them to the channel as a whole record: one that broke off in the middle can be
    /// read by nobody.
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Self::Error> {
        if bytes.is_empty() {
            return Ok(0);
        }
        loop {
            match self.engine.advance(Wish::Write(bytes))? {
                Next::Done(count) => {
                    self.transmit().await?;
                    return Ok(count);
                }
                next => self.move_bytes(next).await?,
            }
        }
    }

    async fn flush(&mut self) -> Result<(), Self::Error> {
        self.channel.flush().await.map_err(TlsError::Channel)
    }
}

impl<T> fmt::Debug for Tls<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").field("engine", &self.engine).finish_non_exhaustive()
    }
}
