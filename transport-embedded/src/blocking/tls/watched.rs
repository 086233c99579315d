//! A channel under a deadline.

use embedded_io::{Error as _, ErrorKind, ErrorType, Read, ReadReady, Write};

use crate::blocking::Timer;
use crate::time::Watch;

/// A channel that asks for the time before it is used, so that a peer who sends a byte now and then is not waited for
/// longer than one who sends none.
pub(crate) struct Watched<'w, T, C> {
    pub(crate) channel: T,
    pub(crate) watch: &'w Watch<C>,
}

impl<T, C> ErrorType for Watched<'_, T, C> {
    type Error = ErrorKind;
}

impl<T: Read + ReadReady, C: Timer> Read for Watched<'_, T, C> {
    fn read(&mut self, space: &mut [u8]) -> Result<usize, ErrorKind> {
        if self.watch.is_at_once() && !self.channel.read_ready().map_err(|error| error.kind())? {
            return Err(ErrorKind::TimedOut);
        }
        let read = self.watch.in_time(|| self.channel.read(space)).map_err(|_| ErrorKind::TimedOut)?;
        read.map_err(|error| error.kind())
    }
}

impl<T: Write, C: Timer> Write for Watched<'_, T, C> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, ErrorKind> {
        let written = self.watch.in_time(|| self.channel.write(bytes)).map_err(|_| ErrorKind::TimedOut)?;
        written.map_err(|error| error.kind())
    }

    fn flush(&mut self) -> Result<(), ErrorKind> {
        let flushed = self.watch.in_time(|| self.channel.flush()).map_err(|_| ErrorKind::TimedOut)?;
        flushed.map_err(|error| error.kind())
    }
}
