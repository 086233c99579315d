//! TLS 1.3 and 1.2 by `rustls` 0.23: the twin of [`tls::rustls`](crate::tls::rustls), which says more.

use core::fmt;

use embedded_io::{ErrorType, Read, ReadReady, Write};

use crate::blocking::Timer;
use crate::link::Secure;
use crate::time::{Stage, Watch};
pub use crate::tls::rustls::{Algorithms, Config, Memory, RECEIVE_LEN, SEND_LEN};
use crate::tls::rustls::{Engine, Next, Wish};
use crate::tls::{Opened, TlsError, refused};

/// A TLS connection to a server that proved who it is. [`open`] makes it.
pub struct Tls<'m, T, C> {
    engine: Engine<'m>,
    channel: T,
    watch: &'m Watch<C>,
}

/// Shakes hands over `channel` with the server `host`, and has it prove that it is the one.
///
/// # Errors
/// [`ChannelError`](heyan::ChannelError) with the cause as [`TlsError`]. Nothing of a request has left.
#[inline(never)] // Its frame ends with it, and the caller keeps the connection alone.
pub fn open<'m, T, C>(
    channel: T,
    memory: Memory<'m>,
    host: &str,
    config: &Config,
    watch: &'m Watch<C>,
) -> Opened<Tls<'m, T, C>, T::Error>
where
    T: Read + Write,
    C: Timer,
{
    watch.enter(Stage::Handshake);
    let mut tls = match config.engine(host, memory) {
        Ok(engine) => Tls { engine, channel, watch },
        Err(error) => {
            watch.end();
            return Err(refused(error));
        }
    };
    match tls.shake() {
        Ok(()) => Ok(Secure::proven(tls, host)),
        Err(error) => {
            watch.end();
            Err(refused(error))
        }
    }
}

impl<'m, T, C> Tls<'m, T, C> {
    /// The channel and the buffers, for the next connection.
    pub fn into_parts(self) -> (T, Memory<'m>) {
        (self.channel, self.engine.into_memory())
    }
}

impl<T: Read + Write, C: Timer> Tls<'_, T, C> {
    #[inline(never)] // In place: moving a connection takes its size again.
    fn shake(&mut self) -> Result<(), TlsError<T::Error>> {
        let shaken = loop {
            let moved = match self.engine.advance(Wish::Shake) {
                Ok(Next::Done(_)) => break Ok(()),
                Ok(next) => self.move_bytes(next),
                Err(error) => Err(error),
            };
            if moved.is_err() {
                break moved;
            }
        };
        if shaken.is_err() {
            // The alert that says why, if there is one. That it may not arrive changes nothing.
            let _ = self.transmit();
            let _ = self.channel.flush();
        }
        shaken
    }

    fn move_bytes(&mut self, next: Next) -> Result<(), TlsError<T::Error>> {
        // A peer that sends a byte now and then is not waited for longer than one that sends none.
        self.watch.deadline().map_err(|_| TlsError::TimedOut)?;
        match next {
            Next::Write => {
                self.transmit()?;
                self.channel.flush().map_err(TlsError::Channel)
            }
            Next::Read => {
                let count = self.channel.read(self.engine.space()).map_err(TlsError::Channel)?;
                self.engine.received(count)
            }
            Next::Done(_) => Ok(()),
        }
    }

    /// Writes what stands ready, without a flush.
    fn transmit(&mut self) -> Result<(), TlsError<T::Error>> {
        let mut rest = self.engine.outgoing();
        while !rest.is_empty() {
            match self.channel.write(rest).map_err(TlsError::Channel)? {
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
    pub fn close(&mut self) -> Result<(), TlsError<T::Error>> {
        self.engine.close();
        self.transmit()?;
        self.channel.flush().map_err(TlsError::Channel)
    }
}

impl<T: ErrorType, C> ErrorType for Tls<'_, T, C> {
    type Error = TlsError<T::Error>;
}

impl<T: Read + Write, C: Timer> Read for Tls<'_, T, C> {
    fn read(&mut self, space: &mut [u8]) -> Result<usize, Self::Error> {
        if space.is_empty() {
            return Ok(0);
        }
        loop {
            match self.engine.advance(Wish::Read(space))? {
                Next::Done(count) => return Ok(count),
                next => self.move_bytes(next)?,
            }
        }
    }
}

impl<T: Read + ReadReady + Write, C: Timer> ReadReady for Tls<'_, T, C> {
    fn read_ready(&mut self) -> Result<bool, Self::Error> {
        loop {
            match self.engine.advance(Wish::Read(&mut []))? {
                Next::Done(_) => return Ok(true),
                Next::Read if !self.channel.read_ready().map_err(TlsError::Channel)? => return Ok(false),
                next => self.move_bytes(next)?,
            }
        }
    }
}

impl<T: Read + Write, C: Timer> Write for Tls<'_, T, C> {
    /// Encrypts some of `bytes` and hands them to the channel as a whole record: one that broke off in the middle can be
    /// read by nobody.
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Self::Error> {
        if bytes.is_empty() {
            return Ok(0);
        }
        loop {
            match self.engine.advance(Wish::Write(bytes))? {
                Next::Done(count) => {
                    self.transmit()?;
                    return Ok(count);
                }
                next => self.move_bytes(next)?,
            }
        }
    }

    fn flush(&mut self) -> Result<(), Self::Error> {
        self.channel.flush().map_err(TlsError::Channel)
    }
}

impl<T, C> fmt::Debug for Tls<'_, T, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").field("engine", &self.engine).finish_non_exhaustive()
    }
}
