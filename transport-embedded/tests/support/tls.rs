//! The four clients of this crate.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use embedded_io::{ErrorKind, ErrorType};
use heyan::{ChannelError, Endpoint, Error, Inquiry, OwnedOutcome};
use heyan_embedded::tls::{Dates, Memory, NoRandomness, Random, TlsError, Trust, embedded, rustls as heap};
use heyan_embedded::{Clock, Deadlines, Timer, Watch, blocking, verify};
use heyan_peers::{GATEWAY, Tls};

use super::{BUFFER_LEN, block_on};

/// A socket with the traits of both twins; the test's own patience ends every wait.
pub(crate) struct Socket(pub(crate) TcpStream);

impl Socket {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        let socket = TcpStream::connect(address).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        socket.set_nodelay(true).unwrap();
        Self(socket)
    }
}

#[derive(Debug)]
pub(crate) struct SocketError(ErrorKind);

impl std::fmt::Display for SocketError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self:?}")
    }
}

impl std::error::Error for SocketError {}

impl embedded_io::Error for SocketError {
    fn kind(&self) -> ErrorKind {
        self.0
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn socket_error(error: std::io::Error) -> SocketError {
    SocketError(match error.kind() {
        std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut => ErrorKind::TimedOut,
        std::io::ErrorKind::BrokenPipe => ErrorKind::BrokenPipe,
        _ => ErrorKind::ConnectionReset,
    })
}

impl ErrorType for Socket {
    type Error = SocketError;
}

impl embedded_io::Read for Socket {
    fn read(&mut self, space: &mut [u8]) -> Result<usize, SocketError> {
        self.0.read(space).map_err(socket_error)
    }
}

impl embedded_io::ReadReady for Socket {
    fn read_ready(&mut self) -> Result<bool, SocketError> {
        self.0.set_nonblocking(true).map_err(socket_error)?;
        let peeked = self.0.peek(&mut [0]);
        self.0.set_nonblocking(false).map_err(socket_error)?;
        Ok(!matches!(peeked, Err(error) if error.kind() == std::io::ErrorKind::WouldBlock))
    }
}

impl embedded_io::Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, SocketError> {
        self.0.write(bytes).map_err(socket_error)
    }

    fn flush(&mut self) -> Result<(), SocketError> {
        self.0.flush().map_err(socket_error)
    }
}

impl embedded_io_async::Read for Socket {
    async fn read(&mut self, space: &mut [u8]) -> Result<usize, SocketError> {
        // Whoever asks only once whether something came must not be kept waiting by the socket.
        if !embedded_io::ReadReady::read_ready(self)? {
            super::yield_once().await;
        }
        embedded_io::Read::read(self, space)
    }
}

impl embedded_io_async::Write for Socket {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, SocketError> {
        embedded_io::Write::write(self, bytes)
    }

    async fn flush(&mut self) -> Result<(), SocketError> {
        embedded_io::Write::flush(self)
    }
}

/// The host's clock and no waiting: sockets block.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HostTime(std::time::Instant);

impl Clock for HostTime {
    fn now(&self) -> Duration {
        self.0.elapsed()
    }
}

impl Timer for HostTime {
    async fn until(&self, _: Duration) {
        std::future::pending::<()>().await;
    }
}

impl blocking::Timer for HostTime {
    fn idle(&self) -> std::ops::ControlFlow<()> {
        std::ops::ControlFlow::Continue(())
    }
}

pub(crate) fn host_watch() -> Watch<HostTime> {
    // In a debug build, RSA and curves take long.
    let deadlines =
        Deadlines { handshake: Duration::from_secs(60), call: Duration::from_secs(90), ..Deadlines::DEFAULT };
    Watch::new(HostTime(std::time::Instant::now()), deadlines)
}

/// The operating system's randomness.
pub(crate) struct Host;

impl Random for Host {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoRandomness> {
        rustls::crypto::ring::default_provider().secure_random.fill(bytes).map_err(|_| NoRandomness)
    }
}

pub(crate) static HOST_RANDOM: Host = Host;
pub(crate) static ALGORITHMS: heap::Algorithms = heap::Algorithms::new(&HOST_RANDOM);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Client {
    Embedded,
    EmbeddedBlocking,
    Rustls,
    RustlsBlocking,
}

impl Client {
    pub(crate) const ALL: [Self; 4] = [Self::Embedded, Self::EmbeddedBlocking, Self::Rustls, Self::RustlsBlocking];
    pub(crate) const RUSTLS: [Self; 2] = [Self::Rustls, Self::RustlsBlocking];
    pub(crate) const EMBEDDED: [Self; 2] = [Self::Embedded, Self::EmbeddedBlocking];

    pub(crate) fn tls(self) -> Tls {
        if Self::RUSTLS.contains(&self) { Tls::Rustls } else { Tls::Embedded }
    }
}

/// How a call over TLS ended, without the channel's type.
pub(crate) type Ended = Result<OwnedOutcome, Error<TlsError<ErrorKind>>>;

fn plain<E: embedded_io::Error>(error: Error<TlsError<E>>) -> Error<TlsError<ErrorKind>> {
    match error {
        Error::Channel(error) => Error::Channel(plain_channel(error)),
        Error::Encode(error) => Error::Encode(error),
        Error::Protocol(error) => Error::Protocol(error),
        Error::Reply(error) => Error::Reply(error),
        Error::Refused(error) => Error::Refused(error),
        other => panic!("{other:?}"),
    }
}

fn plain_channel<E: embedded_io::Error>(error: ChannelError<TlsError<E>>) -> ChannelError<TlsError<ErrorKind>> {
    let source = error.source.map(|source| match source {
        TlsError::Channel(source) => TlsError::Channel(source.kind()),
        TlsError::TimedOut => TlsError::TimedOut,
        TlsError::Truncated => TlsError::Truncated,
        TlsError::Untrusted(distrust) => TlsError::Untrusted(distrust),
        TlsError::Declined => TlsError::Declined,
        TlsError::Protocol => TlsError::Protocol,
        TlsError::Buffers => TlsError::Buffers,
        TlsError::Randomness => TlsError::Randomness,
        TlsError::Host => TlsError::Host,
        TlsError::Closed => TlsError::Closed,
        other => panic!("{other:?}"),
    });
    ChannelError { fault: error.fault, sent: error.sent, source }
}

pub(crate) fn leak(der: &[u8]) -> &'static [&'static [u8]] {
    Box::leak(vec![&*Box::leak(der.to_vec().into_boxed_slice())].into_boxed_slice())
}

/// The clock that certificates are held against.
pub(crate) fn today() -> Option<u64> {
    Some(heyan_peers::now())
}

/// Believes this authority, today.
pub(crate) fn trust(root: &[u8]) -> Trust<'static> {
    Trust::new(leak(root), Dates::CheckedBy(today))
}

/// Shakes hands with the gateway at this address and asks `people` times over the connection.
pub(crate) fn call(client: Client, address: SocketAddr, trust: Trust<'static>, people: usize) -> Vec<Ended> {
    call_over(client, Socket::connect(address), trust, people)
}

pub(crate) fn call_over<T>(client: Client, channel: T, trust: Trust<'static>, people: usize) -> Vec<Ended>
where
    T: embedded_io::Read
        + embedded_io::ReadReady
        + embedded_io::Write
        + embedded_io_async::Read
        + embedded_io_async::Write,
{
    let config = heap::Config::new(&ALGORITHMS, trust).unwrap();
    call_with(client, channel, trust, &config, people)
}

pub(crate) fn call_with<T>(
    client: Client,
    channel: T,
    trust: Trust<'static>,
    config: &heap::Config,
    people: usize,
) -> Vec<Ended>
where
    T: embedded_io::Read
        + embedded_io::ReadReady
        + embedded_io::Write
        + embedded_io_async::Read
        + embedded_io_async::Write,
{
    call_and_wait(client, channel, trust, config, people, || ())
}

/// As `call_with`; `wait` is called before the second person and each one after.
pub(crate) fn call_and_wait<T>(
    client: Client,
    channel: T,
    trust: Trust<'static>,
    config: &heap::Config,
    people: usize,
    mut wait: impl FnMut(),
) -> Vec<Ended>
where
    T: embedded_io::Read
        + embedded_io::ReadReady
        + embedded_io::Write
        + embedded_io_async::Read
        + embedded_io_async::Write,
{
    let (mut receive, mut send) = (vec![0; heap::RECEIVE_LEN], vec![0; heap::SEND_LEN]);
    let memory = Memory { receive: &mut receive, send: &mut send };
    let watch = host_watch();
    let mut buffer = [0; BUFFER_LEN];
    let inquiry = super::inquiry();
    let unopened = |error| vec![Err(plain(Error::Channel(error)))];
    match client {
        Client::Embedded => block_on(async {
            let mut link = match embedded::open(channel, memory, GATEWAY, trust, &HOST_RANDOM, &watch).await {
                Ok(link) => link,
                Err(error) => return vec![Err(Error::Channel(error))],
            };
            let mut ended = Vec::new();
            for turn in 0..people {
                if turn > 0 {
                    wait();
                }
                ended.push(verify(&mut link, &inquiry, &mut buffer, &watch).await);
            }
            ended
        }),
        Client::EmbeddedBlocking => {
            match blocking::tls::embedded::open(channel, memory, GATEWAY, trust, &HOST_RANDOM, &watch) {
                Ok(mut link) => {
                    let turn = |turn| {
                        if turn > 0 {
                            wait();
                        }
                        blocking::verify(&mut link, &inquiry, &mut buffer, &watch)
                    };
                    (0..people).map(turn).collect()
                }
                Err(error) => vec![Err(Error::Channel(error))],
            }
        }
        Client::Rustls => block_on(async {
            let mut link = match heap::open(channel, memory, GATEWAY, config, &watch).await {
                Ok(link) => link,
                Err(error) => return unopened(error),
            };
            let mut ended = Vec::new();
            for turn in 0..people {
                if turn > 0 {
                    wait();
                }
                ended.push(verify(&mut link, &inquiry, &mut buffer, &watch).await.map_err(plain));
            }
            ended
        }),
        Client::RustlsBlocking => match blocking::tls::rustls::open(channel, memory, GATEWAY, config, &watch) {
            Ok(mut link) => {
                let turn = |turn| {
                    if turn > 0 {
                        wait();
                    }
                    blocking::verify(&mut link, &inquiry, &mut buffer, &watch).map_err(plain)
                };
                (0..people).map(turn).collect()
            }
            Err(error) => unopened(error),
        },
    }
}
