//! Names and connections over a stack with the traits of `embedded-nal`, which never block and are asked again.

use core::cell::RefCell;
use core::fmt;
use core::net::SocketAddr;

use embedded_io::{ErrorKind, ErrorType, Read, ReadReady, Write};
use embedded_nal::{AddrType, Dns, TcpClientStack, TcpError, TcpErrorKind};
use heyan::{ChannelError, ChannelFault, Endpoint};

use super::Timer;
use crate::nal::{literal, no_address};
use crate::time::{Stage, TimedOut, Watch};

/// Finds the address of an endpoint. One that is an address already needs no name server.
///
/// `addresses` is what the device can reach: [`AddrType::IPv4`] on most of them.
///
/// # Errors
/// [`ChannelFault::Dns`] when there is none, [`ChannelFault::TimedOut`] after [`Deadlines::connect`]. Nothing was sent.
///
/// [`Deadlines::connect`]: crate::Deadlines::connect
#[expect(clippy::needless_pass_by_value, reason = "as its async twin takes it")]
pub fn resolve<D, T, E>(
    dns: &RefCell<D>,
    endpoint: &Endpoint<'_>,
    addresses: AddrType,
    watch: &Watch<T>,
) -> Result<SocketAddr, ChannelError<E>>
where
    D: Dns,
    T: Timer,
{
    watch.enter(Stage::Connect);
    let found = match literal(endpoint) {
        Some(address) => Ok(address),
        None => match patiently(dns, watch, |dns| dns.get_host_by_name(endpoint.host(), addresses.clone())) {
            Ok(Ok(address)) => Ok(address),
            Ok(Err(_)) => Err(no_address()),
            Err(late) => Err(late.into_error(false)),
        },
    };
    match found {
        Ok(address) => Ok(SocketAddr::new(address, endpoint.port())),
        Err(error) => {
            watch.end();
            Err(error)
        }
    }
}

/// Connects to `address`. The stack is in a cell because a kept connection and the next one both need it, and so does the
/// board's [`Timer::idle`], which lets it work while a connection waits. What comes back carries plain text: hand it to TLS, or call it [`Insecure`](crate::Insecure).
///
/// # Errors
/// [`ChannelFault::Connect`] with what the stack says, [`ChannelFault::TimedOut`] after [`Deadlines::connect`], name
/// resolution included. Nothing was sent.
///
/// [`Deadlines::connect`]: crate::Deadlines::connect
pub fn connect<'s, S, T>(
    stack: &'s RefCell<S>,
    address: SocketAddr,
    watch: &'s Watch<T>,
) -> Result<Stream<'s, S, T>, ChannelError<StreamError<S::Error>>>
where
    S: TcpClientStack,
    T: Timer,
{
    if watch.stage() != Stage::Connect {
        watch.enter(Stage::Connect);
    }
    let connected = match patiently(stack, watch, |stack| stack.socket().map_err(nb::Error::Other)) {
        Err(late) => Err(late.into_error(false)),
        Ok(Err(error)) => Err(refused(error)),
        Ok(Ok(socket)) => {
            // From here on the socket is closed however this ends.
            let mut stream = Stream { stack, socket: Some(socket), watch, early: None };
            match stream.patiently(|stack, socket| stack.connect(socket, address)) {
                Ok(()) => Ok(stream),
                Err(StreamError::Stack(error)) => Err(refused(error)),
                Err(StreamError::TimedOut) => Err(TimedOut.into_error(false)),
            }
        }
    };
    if connected.is_err() {
        watch.end();
    }
    connected
}

const fn refused<E>(error: E) -> ChannelError<StreamError<E>> {
    ChannelError { fault: ChannelFault::Connect, sent: false, source: Some(StreamError::Stack(error)) }
}

/// Asks until there is an answer, and waits as the watch says. The stack is free while waiting, so that
/// [`Timer::idle`] can let it work.
fn patiently<S, R, E, T: Timer>(
    stack: &RefCell<S>,
    watch: &Watch<T>,
    mut ask: impl FnMut(&mut S) -> nb::Result<R, E>,
) -> Result<Result<R, E>, TimedOut> {
    loop {
        let answer = match stack.try_borrow_mut() {
            Ok(mut stack) => ask(&mut stack),
            // Somebody else works with it: as good as an answer that has not come yet.
            Err(_) => Err(nb::Error::WouldBlock),
        };
        match answer {
            Ok(answer) => return Ok(Ok(answer)),
            Err(nb::Error::Other(error)) => return Ok(Err(error)),
            Err(nb::Error::WouldBlock) => watch.wait()?,
        }
    }
}

/// A TCP connection over a stack that never blocks. It is closed when dropped.
pub struct Stream<'s, S: TcpClientStack, T> {
    stack: &'s RefCell<S>,
    socket: Option<S::TcpSocket>,
    watch: &'s Watch<T>,
    /// What was received by asking whether there is something.
    early: Option<u8>,
}

impl<S: TcpClientStack, T: Timer> Stream<'_, S, T> {
    fn patiently<R>(
        &mut self,
        mut ask: impl FnMut(&mut S, &mut S::TcpSocket) -> nb::Result<R, S::Error>,
    ) -> Result<R, StreamError<S::Error>> {
        let Self { stack, socket: Some(socket), watch, .. } = self else { return Err(StreamError::TimedOut) };
        match patiently(stack, watch, |stack| ask(stack, socket)) {
            Ok(answer) => answer.map_err(StreamError::Stack),
            Err(TimedOut) => Err(StreamError::TimedOut),
        }
    }
}

impl<S: TcpClientStack, T> Drop for Stream<'_, S, T> {
    fn drop(&mut self) {
        if let (Some(socket), Ok(mut stack)) = (self.socket.take(), self.stack.try_borrow_mut()) {
            // Nobody is left to hear of a failure.
            let _ = stack.close(socket);
        }
    }
}

impl<S: TcpClientStack, T> ErrorType for Stream<'_, S, T> {
    type Error = StreamError<S::Error>;
}

impl<S: TcpClientStack, T: Timer> Read for Stream<'_, S, T> {
    fn read(&mut self, space: &mut [u8]) -> Result<usize, Self::Error> {
        if space.is_empty() {
            return Ok(0);
        }
        if let (Some(byte), Some(place)) = (self.early.take(), space.first_mut()) {
            *place = byte;
            return Ok(1);
        }
        match self.patiently(|stack, socket| stack.receive(socket, space)) {
            // Some stacks report the end of a stream like this.
            Err(StreamError::Stack(error)) if error.kind() == TcpErrorKind::PipeClosed => Ok(0),
            result => result,
        }
    }
}

impl<S: TcpClientStack, T: Timer> ReadReady for Stream<'_, S, T> {
    fn read_ready(&mut self) -> Result<bool, Self::Error> {
        let (Some(socket), Ok(mut stack)) = (&mut self.socket, self.stack.try_borrow_mut()) else { return Ok(false) };
        if self.early.is_some() {
            return Ok(true);
        }
        let mut byte = [0];
        match stack.receive(socket, &mut byte) {
            Err(nb::Error::WouldBlock) => return Ok(false),
            Ok(1..) => self.early = byte.first().copied(),
            // The end, or a failure: reading will say so again.
            Ok(0) | Err(nb::Error::Other(_)) => {}
        }
        Ok(true)
    }
}

impl<S: TcpClientStack, T: Timer> Write for Stream<'_, S, T> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Self::Error> {
        self.patiently(|stack, socket| stack.send(socket, bytes))
    }

    fn flush(&mut self) -> Result<(), Self::Error> {
        Ok(())
    }
}

impl<S: TcpClientStack, T> fmt::Debug for Stream<'_, S, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Stream")
    }
}

/// Why a [`Stream`] failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum StreamError<E> {
    /// The network stack says so.
    Stack(E),
    /// A deadline passed, or whoever waits gave up.
    TimedOut,
}

impl<E: TcpError> fmt::Display for StreamError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stack(error) => write!(f, "the network stack reports {error:?}"),
            Self::TimedOut => f.write_str("the deadline passed"),
        }
    }
}

impl<E: TcpError> core::error::Error for StreamError<E> {}

impl<E: TcpError> embedded_io::Error for StreamError<E> {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::TimedOut => ErrorKind::TimedOut,
            Self::Stack(error) => match error.kind() {
                TcpErrorKind::PipeClosed => ErrorKind::BrokenPipe,
                _ => ErrorKind::Other,
            },
        }
    }
}
