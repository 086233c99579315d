//! A device on this machine: sockets behind the `embedded-nal` traits, and a clock that can be told to go on.

use std::cell::{Cell, RefCell};
use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use embedded_nal::{AddrType, Dns, TcpClientStack, TcpError, TcpErrorKind};
use heyan::{AppCode, ChannelError, Consent, Credentials, Endpoint, Error, Inquiry, OwnedOutcome};
use heyan_embedded::blocking::{self, Timer};
use heyan_embedded::embedded_io::{ErrorType, Read as ReadChannel, ReadReady, Write as WriteChannel};
use heyan_embedded::tls::{Dates, Memory, NoRandomness, Random, Trust, rustls};
use heyan_embedded::{Clock, Deadlines, Insecure, Link, Watch};

use crate::Flag;
use crate::ended::Ended;
use crate::transport::{Asker, Lookup, Talk, Transport, answer};

/// 2026-11-18; the sandbox's certificates are of 2020 to 2049.
fn today() -> Option<u64> {
    Some(1_795_000_000)
}

struct System;

impl Random for System {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoRandomness> {
        getrandom::fill(bytes).map_err(|_| NoRandomness)
    }
}

static SYSTEM: System = System;
static ALGORITHMS: rustls::Algorithms = rustls::Algorithms::new(&SYSTEM);

/// As often as `talk` says, over one connection for as long as it is good.
pub(crate) fn talk(asker: &Asker<'_>, talk: &Talk<'_>) -> Vec<Ended> {
    let url = asker.url();
    let endpoint =
        if asker.transport.is_secure() { Endpoint::parse(&url) } else { Endpoint::parse_insecure_http(&url) };
    let endpoint = endpoint.expect("an endpoint");
    let clock = BoardClock {
        start: Instant::now(),
        passed: Cell::default(),
        hours_pass: talk.hours_pass.clone(),
        time_per_read: talk.time_per_read,
    };
    let watch = Watch::new(&clock, Deadlines::DEFAULT);
    let stack = RefCell::new(Stack { talk, clock: &clock, sent: 0 });
    let names = RefCell::new(Names { lookups: &talk.lookups, asked: 0 });
    // One kept connection, and one that replaces it, for each call.
    let most = if asker.transport.is_secure() { 2 * talk.names.len() } else { 0 };
    let mut pool = vec![(vec![0; rustls::RECEIVE_LEN], vec![0; rustls::SEND_LEN]); most];
    let mut pool = pool.iter_mut();
    let mut memory = || {
        let (receive, send) = pool.next().expect("at most one more connection than kept ones");
        Memory { receive, send }
    };
    let host = endpoint.host();
    let dial = || -> Result<_, ChannelError<()>> {
        let address = blocking::resolve(&names, &endpoint, AddrType::IPv4, &watch)?;
        blocking::connect(&stack, address, &watch).map_err(plain)
    };
    let trust = asker.authority.map(|(_, der)| Trust::new(der, Dates::CheckedBy(today)));
    match (asker.transport, trust) {
        (Transport::EmbeddedRustls, Some(trust)) => {
            let config = rustls::Config::new(&ALGORITHMS, trust).expect("the sandbox's authority");
            asks(asker, talk, &endpoint, &watch, |slot| {
                *slot = None;
                let open = blocking::tls::rustls::open(dial().map_err(plain)?, memory(), host, &config, &watch);
                *slot = Some(open.map_err(plain)?);
                Ok(())
            })
        }
        (Transport::EmbeddedTls, Some(trust)) => asks(asker, talk, &endpoint, &watch, |slot| {
            *slot = None;
            let stream = dial().map_err(plain)?;
            let open = blocking::tls::embedded::open(stream, memory(), host, trust, &SYSTEM, &watch);
            *slot = Some(open.map_err(plain)?);
            Ok(())
        }),
        _ => asks(asker, talk, &endpoint, &watch, |slot| {
            *slot = None;
            *slot = Some(Insecure::plain_text(dial().map_err(plain)?));
            Ok(())
        }),
    }
}

/// The calls themselves, over links that are kept.
fn asks<L>(
    asker: &Asker<'_>,
    talk: &Talk<'_>,
    endpoint: &Endpoint<'_>,
    watch: &Watch<&BoardClock>,
    mut connect: impl FnMut(&mut Option<L>) -> Result<(), ChannelError<<L::Channel as ErrorType>::Error>>,
) -> Vec<Ended>
where
    L: Link,
    L::Channel: ReadChannel + ReadReady + WriteChannel,
{
    let mut kept = None;
    each(asker, talk, endpoint, |inquiry, buffer| {
        blocking::verify_kept(&mut kept, &mut connect, inquiry, buffer, watch)
    })
}

/// One call for each name, each of them by `ask`.
fn each<E>(
    asker: &Asker<'_>,
    talk: &Talk<'_>,
    endpoint: &Endpoint<'_>,
    mut ask: impl FnMut(&Inquiry<'_>, &mut [u8]) -> Result<OwnedOutcome, Error<E>>,
) -> Vec<Ended> {
    let mut buffer = vec![0; asker.provider.info().buffer_len()];
    let call = |(number, name): (usize, &&'static str)| {
        (talk.between)(number);
        let code = AppCode::new(heyan_sandbox::APP_CODE).expect("an AppCode");
        let inquiry = Inquiry::new(asker.provider, asker.subject(name), Consent::given(), Credentials::AppCode(code));
        let inquiry = inquiry.expect("the provider's factors").at(*endpoint);
        match ask(&inquiry, &mut buffer) {
            Ok(outcome) => Ended::verdict(outcome),
            Err(error) => Ended::failed(&error),
        }
    };
    let ended = talk.names.iter().enumerate().map(call).collect();
    assert!(buffer.iter().all(|byte| *byte == 0), "the buffer is wiped, however a call ends");
    ended
}

/// Without what only one kind of channel knows.
#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn plain<A, B>(error: ChannelError<A>) -> ChannelError<B> {
    ChannelError { fault: error.fault, sent: error.sent, source: None }
}

/// The host's clock, which goes on by itself when it is told to.
#[derive(Debug)]
struct BoardClock {
    start: Instant,
    passed: Cell<Duration>,
    hours_pass: Flag,
    time_per_read: Duration,
}

impl BoardClock {
    fn pass(&self, time: Duration) {
        self.passed.set(self.passed.get() + time);
    }
}

impl Clock for BoardClock {
    fn now(&self) -> Duration {
        self.start.elapsed() + self.passed.get()
    }
}

impl Timer for BoardClock {
    fn idle(&self) -> ControlFlow<()> {
        // The socket has waited a moment already.
        if self.hours_pass.is_up() {
            self.pass(Duration::from_secs(3600));
        }
        ControlFlow::Continue(())
    }
}

/// Names, out of a script.
struct Names<'t> {
    lookups: &'t [Lookup],
    asked: usize,
}

impl Dns for Names<'_> {
    type Error = ();

    fn get_host_by_name(&mut self, _: &str, _: AddrType) -> nb::Result<IpAddr, ()> {
        let answer = answer(self.lookups, self.asked);
        if let Lookup::Silent = answer {
            return Err(nb::Error::WouldBlock);
        }
        self.asked += 1;
        match answer {
            Lookup::Found(addresses) => addresses.first().map(SocketAddr::ip).ok_or(nb::Error::Other(())),
            _ => Err(nb::Error::Other(())),
        }
    }

    fn get_host_by_address(&mut self, _: IpAddr, _: &mut [u8]) -> nb::Result<usize, ()> {
        Err(nb::Error::Other(()))
    }
}

/// Sockets of this machine, which wait a moment for bytes and then say that there are none.
struct Stack<'t> {
    talk: &'t Talk<'t>,
    clock: &'t BoardClock,
    sent: usize,
}

/// What the system says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Failed(io::ErrorKind);

impl TcpError for Failed {
    fn kind(&self) -> TcpErrorKind {
        match self.0 {
            io::ErrorKind::BrokenPipe => TcpErrorKind::PipeClosed,
            _ => TcpErrorKind::Other,
        }
    }
}

/// How long a socket waits at a time.
const MOMENT: Duration = Duration::from_millis(1);

fn failed(error: &io::Error) -> nb::Error<Failed> {
    match error.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted => nb::Error::WouldBlock,
        kind => nb::Error::Other(Failed(kind)),
    }
}

fn no_socket() -> nb::Error<Failed> {
    nb::Error::Other(Failed(io::ErrorKind::NotConnected))
}

impl TcpClientStack for Stack<'_> {
    type TcpSocket = Option<TcpStream>;
    type Error = Failed;

    fn socket(&mut self) -> Result<Self::TcpSocket, Failed> {
        Ok(None)
    }

    fn connect(&mut self, socket: &mut Self::TcpSocket, remote: SocketAddr) -> nb::Result<(), Failed> {
        let connected = TcpStream::connect(remote).and_then(|stream| {
            stream.set_nodelay(true)?;
            stream.set_read_timeout(Some(MOMENT))?;
            Ok(stream)
        });
        *socket = Some(connected.map_err(|error| failed(&error))?);
        Ok(())
    }

    fn send(&mut self, socket: &mut Self::TcpSocket, bytes: &[u8]) -> nb::Result<usize, Failed> {
        let socket = socket.as_mut().ok_or_else(no_socket)?;
        let mut count = bytes.len();
        if let Some((at, go_on)) = &self.talk.hold_back {
            if self.sent == *at {
                assert!(go_on.wait(), "nothing came of what was sent so far");
                // What the peer did has arrived when there is something to read, if only the end.
                while socket.peek(&mut [0]).is_err_and(|error| matches!(failed(&error), nb::Error::WouldBlock)) {}
            }
            if self.sent < *at {
                count = count.min(at - self.sent);
            }
        }
        let bytes = bytes.get(..count).unwrap_or_default();
        let count = socket.write(bytes).map_err(|error| failed(&error))?;
        self.sent += count;
        Ok(count)
    }

    fn receive(&mut self, socket: &mut Self::TcpSocket, space: &mut [u8]) -> nb::Result<usize, Failed> {
        let socket = socket.as_mut().ok_or_else(no_socket)?;
        let count = socket.read(space).map_err(|error| failed(&error))?;
        if count > 0 {
            self.clock.pass(self.clock.time_per_read);
        }
        Ok(count)
    }

    fn close(&mut self, socket: Self::TcpSocket) -> Result<(), Failed> {
        drop(socket);
        Ok(())
    }
}
