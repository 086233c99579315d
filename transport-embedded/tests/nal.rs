//! Names, connections and deadlines over a stack with the `embedded-nal` traits, blocking and async.

mod support;

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::pending;
use std::net::{IpAddr, SocketAddr};

use embedded_io::{ErrorKind, ErrorType};
use embedded_nal::{AddrType, TcpClientStack, TcpError, TcpErrorKind};
use heyan::{Billing, ChannelError, ChannelFault, Endpoint, Error, OwnedOutcome};
use heyan_embedded::blocking::{self, StreamError};
use heyan_embedded::{Deadlines, Insecure, Link, Stage, Watch, connect, resolve, verify, verify_kept};
use support::{BUFFER_LEN, Failure, Seconds, block_on, block_on_with, insecure_inquiry, reply};

#[derive(Clone, Copy, Debug, PartialEq)]
struct Reset(TcpErrorKind);

impl TcpError for Reset {
    fn kind(&self) -> TcpErrorKind {
        self.0
    }
}

/// What each of the peer's turns brings; without a turn left it is silent.
#[derive(Clone, Debug)]
enum Turn {
    Wait,
    Give(Vec<u8>),
    End,
    PipeClosed,
    Reset,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Dialing {
    #[default]
    Works,
    Refused,
    Silent,
}

#[derive(Default)]
struct Stack {
    dialing: Dialing,
    turns: VecDeque<Turn>,
    opened: usize,
    closed: usize,
    sent: usize,
    dialed: Option<SocketAddr>,
    sends_nothing: bool,
}

impl Stack {
    fn next(&mut self, space: &mut [u8]) -> nb::Result<usize, Reset> {
        match self.turns.pop_front() {
            None => Err(nb::Error::WouldBlock),
            Some(Turn::Wait) => Err(nb::Error::WouldBlock),
            Some(Turn::End) => Ok(0),
            Some(Turn::PipeClosed) => Err(nb::Error::Other(Reset(TcpErrorKind::PipeClosed))),
            Some(Turn::Reset) => Err(nb::Error::Other(Reset(TcpErrorKind::Other))),
            Some(Turn::Give(mut bytes)) => {
                let count = bytes.len().min(space.len());
                space[..count].copy_from_slice(&bytes[..count]);
                bytes.drain(..count);
                if !bytes.is_empty() {
                    self.turns.push_front(Turn::Give(bytes));
                }
                Ok(count)
            }
        }
    }
}

impl TcpClientStack for Stack {
    type TcpSocket = usize;
    type Error = Reset;

    fn socket(&mut self) -> Result<usize, Reset> {
        self.opened += 1;
        Ok(self.opened)
    }

    fn connect(&mut self, _: &mut usize, remote: SocketAddr) -> nb::Result<(), Reset> {
        if self.dialed.replace(remote).is_none() {
            return Err(nb::Error::WouldBlock);
        }
        match self.dialing {
            Dialing::Works => Ok(()),
            Dialing::Refused => Err(nb::Error::Other(Reset(TcpErrorKind::Other))),
            Dialing::Silent => Err(nb::Error::WouldBlock),
        }
    }

    fn send(&mut self, _: &mut usize, buffer: &[u8]) -> nb::Result<usize, Reset> {
        if self.sends_nothing {
            return Err(nb::Error::WouldBlock);
        }
        let count = buffer.len().min(100);
        self.sent += count;
        Ok(count)
    }

    fn receive(&mut self, _: &mut usize, buffer: &mut [u8]) -> nb::Result<usize, Reset> {
        self.next(buffer)
    }

    fn close(&mut self, _: usize) -> Result<(), Reset> {
        self.closed += 1;
        Ok(())
    }
}

impl embedded_nal::Dns for Stack {
    type Error = ();

    fn get_host_by_name(&mut self, hostname: &str, _: AddrType) -> nb::Result<IpAddr, ()> {
        match hostname {
            "known.example.com" => Ok([192, 0, 2, 7].into()),
            "slow.example.com" => Err(nb::Error::WouldBlock),
            _ => Err(nb::Error::Other(())),
        }
    }

    fn get_host_by_address(&mut self, _: IpAddr, _: &mut [u8]) -> nb::Result<usize, ()> {
        Err(nb::Error::Other(()))
    }
}

/// The async face of the same stack.
struct AsyncStack(RefCell<Stack>);

struct Connection<'s>(&'s AsyncStack);

impl Drop for Connection<'_> {
    fn drop(&mut self) {
        self.0.0.borrow_mut().closed += 1;
    }
}

impl ErrorType for Connection<'_> {
    type Error = Failure;
}

fn failure(reset: Reset) -> Failure {
    Failure(if reset.0 == TcpErrorKind::PipeClosed { ErrorKind::BrokenPipe } else { ErrorKind::ConnectionReset })
}

async fn ask<R>(mut question: impl FnMut() -> nb::Result<R, Reset>) -> Result<R, Failure> {
    loop {
        match question() {
            Ok(answer) => return Ok(answer),
            Err(nb::Error::Other(reset)) => return Err(failure(reset)),
            Err(nb::Error::WouldBlock) => support::yield_once().await,
        }
    }
}

impl embedded_io_async::Read for Connection<'_> {
    async fn read(&mut self, space: &mut [u8]) -> Result<usize, Failure> {
        ask(|| match self.0.0.borrow_mut().next(space) {
            Err(nb::Error::Other(Reset(TcpErrorKind::PipeClosed))) => Ok(0),
            other => other,
        })
        .await
    }
}

impl embedded_io_async::Write for Connection<'_> {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Failure> {
        ask(|| self.0.0.borrow_mut().send(&mut 0, bytes)).await
    }

    async fn flush(&mut self) -> Result<(), Failure> {
        Ok(())
    }
}

impl embedded_nal_async::TcpConnect for AsyncStack {
    type Error = Failure;
    type Connection<'a> = Connection<'a>;

    async fn connect<'a>(&'a self, remote: SocketAddr) -> Result<Connection<'a>, Failure> {
        self.0.borrow_mut().opened += 1;
        let connection = Connection(self);
        ask(|| self.0.borrow_mut().connect(&mut 0, remote)).await?;
        Ok(connection)
    }
}

impl embedded_nal_async::Dns for AsyncStack {
    type Error = ();

    async fn get_host_by_name(&self, host: &str, addresses: AddrType) -> Result<IpAddr, ()> {
        let found = embedded_nal::Dns::get_host_by_name(&mut *self.0.borrow_mut(), host, addresses);
        match found {
            Ok(address) => Ok(address),
            Err(nb::Error::Other(())) => Err(()),
            Err(nb::Error::WouldBlock) => pending().await,
        }
    }

    async fn get_host_by_address(&self, _: IpAddr, _: &mut [u8]) -> Result<usize, ()> {
        Err(())
    }
}

const DEADLINES: Deadlines = Deadlines::DEFAULT;

/// How a call ended, without the channel's type, and when.
#[derive(Debug, PartialEq)]
struct Ending {
    verdict: Option<heyan::Verdict>,
    fault: Option<(ChannelFault, bool)>,
    price: Billing,
    seconds: u64,
    sent: usize,
    open_sockets: usize,
}

fn ending<E>(result: &Result<OwnedOutcome, Error<E>>, watch: &Watch<Seconds>, stack: &Stack) -> Ending {
    assert_eq!(watch.stage(), Stage::Idle);
    Ending {
        verdict: result.as_ref().ok().map(OwnedOutcome::verdict),
        price: result.as_ref().map_or_else(Error::billing, OwnedOutcome::billing),
        fault: match result {
            Err(Error::Channel(error)) => Some((error.fault, error.sent)),
            _ => None,
        },
        seconds: watch.clock().now.get(),
        sent: stack.sent,
        open_sockets: stack.opened - stack.closed,
    }
}

/// Connects and verifies through both twins; they must end alike.
fn both(make: impl Fn() -> Stack) -> Ending {
    let endpoint = Endpoint::parse_insecure_http("http://known.example.com:8080").unwrap();
    let mut buffer = [0; BUFFER_LEN];

    let stack = RefCell::new(make());
    let watch = Watch::new(Seconds::default(), DEADLINES);
    let result = (|| {
        let address = blocking::resolve(&stack, &endpoint, AddrType::IPv4, &watch).map_err(Error::Channel)?;
        let stream = blocking::connect(&stack, address, &watch).map_err(Error::Channel)?;
        let mut link = Insecure::plain_text(stream);
        blocking::verify(&mut link, &insecure_inquiry(), &mut buffer, &watch)
    })();
    assert!(!format!("{result:?}").contains("张三"));
    let one = ending(&result, &watch, &stack.borrow());
    assert!(stack.borrow().dialed.is_none_or(|dialed| dialed == "192.0.2.7:8080".parse().unwrap()));

    let stack = AsyncStack(RefCell::new(make()));
    let watch = Watch::new(Seconds::default(), DEADLINES);
    let call = async {
        let address = resolve(&stack, &endpoint, AddrType::IPv4, &watch).await.map_err(Error::Channel)?;
        let stream = connect(&stack, address, &watch).await.map_err(Error::Channel)?;
        let mut link = Insecure::plain_text(stream);
        verify(&mut link, &insecure_inquiry(), &mut buffer, &watch).await
    };
    let result = block_on_with(call, || watch.clock().now.set(watch.clock().now.get() + 1));
    let other = ending(&result, &watch, &stack.0.borrow());

    assert_eq!(one, other);
    assert_eq!(one.open_sockets, 0, "every socket is closed");
    one
}

fn peer(turns: impl IntoIterator<Item = Turn>) -> impl Fn() -> Stack {
    let turns: VecDeque<_> = turns.into_iter().collect();
    move || Stack { turns: turns.clone(), ..Stack::default() }
}

#[test]
fn a_reply_in_pieces_and_with_pauses_is_a_verdict() {
    let mut turns = vec![Turn::Wait, Turn::Wait];
    for piece in reply("02").chunks(10) {
        turns.extend([Turn::Give(piece.to_vec()), Turn::Wait]);
    }
    let seen = both(peer(turns));
    assert_eq!((seen.verdict, seen.sent), (Some(heyan::Verdict::Mismatch), insecure_len()));
}

fn insecure_len() -> usize {
    insecure_inquiry().write(&mut [0; BUFFER_LEN]).unwrap().len()
}

#[test]
fn a_closed_connection_ends_a_reply_that_ends_with_it_and_no_other() {
    let until_close = b"HTTP/1.1 200 OK\r\n\r\n{\"status\":\"01\"}".to_vec();
    for end in [Turn::End, Turn::PipeClosed] {
        let seen = both(peer([Turn::Give(until_close.clone()), end.clone()]));
        assert_eq!(seen.verdict, Some(heyan::Verdict::Match));
        let cut = reply("01")[..60].to_vec();
        let seen = both(peer([Turn::Give(cut), end]));
        assert_eq!((seen.verdict, seen.price), (None, Billing::Unknown));
    }
    let seen = both(peer([Turn::Give(until_close), Turn::Reset]));
    assert_eq!((seen.verdict, seen.fault), (None, Some((ChannelFault::Broken, true))));
}

#[test]
fn each_deadline_ends_its_wait_and_says_what_it_cost() {
    // The first look at the network of each stage comes before the first wait, so the seconds are exact.
    let seen = both(|| Stack { dialing: Dialing::Silent, ..Stack::default() });
    assert_eq!((seen.fault, seen.price, seen.seconds), (Some((ChannelFault::TimedOut, false)), Billing::Free, 5));

    let seen = both(|| Stack { sends_nothing: true, ..Stack::default() });
    assert_eq!((seen.fault, seen.price, seen.seconds), (Some((ChannelFault::TimedOut, false)), Billing::Free, 30));

    let seen = both(peer([]));
    assert_eq!((seen.fault, seen.price), (Some((ChannelFault::TimedOut, true)), Billing::Unknown));
    assert_eq!(seen.seconds, 1 + 10, "one to connect, ten for the first byte");

    // One byte comes and then nothing: the deadline of the whole call.
    let seen = both(peer([Turn::Give(b"H".to_vec())]));
    assert_eq!((seen.fault, seen.seconds), (Some((ChannelFault::TimedOut, true)), 30));

    // A byte every other second: not a single wait is long, the call is.
    let drip = reply("01").iter().flat_map(|byte| [Turn::Give(vec![*byte]), Turn::Wait]).collect::<Vec<_>>();
    let seen = both(peer(drip));
    assert_eq!((seen.fault, seen.seconds), (Some((ChannelFault::TimedOut, true)), 30));
}

#[test]
fn a_refused_connection_and_an_unknown_name_are_free() {
    let seen = both(|| Stack { dialing: Dialing::Refused, ..Stack::default() });
    assert_eq!((seen.fault, seen.price, seen.sent), (Some((ChannelFault::Connect, false)), Billing::Free, 0));

    for (host, fault, seconds) in
        [("http://unknown.example.com", ChannelFault::Dns, 0), ("http://slow.example.com", ChannelFault::TimedOut, 5)]
    {
        let endpoint = Endpoint::parse_insecure_http(host).unwrap();
        let watch = Watch::new(Seconds::default(), DEADLINES);
        let one: Result<_, ChannelError<()>> =
            blocking::resolve(&RefCell::new(Stack::default()), &endpoint, AddrType::IPv4, &watch);
        let one = one.unwrap_err();
        assert_eq!((one.fault, one.sent, watch.clock().now.get()), (fault, false, seconds));

        let watch = Watch::new(Seconds::default(), DEADLINES);
        let stack = AsyncStack(RefCell::default());
        let other = resolve(&stack, &endpoint, AddrType::IPv4, &watch);
        let other = block_on_with(other, || watch.clock().now.set(watch.clock().now.get() + 1));
        assert_eq!((other.unwrap_err(), watch.clock().now.get()), (one, seconds));
    }
}

#[test]
fn an_address_needs_no_name_server() {
    for (url, address) in [("http://[2001:db8::1]:81", "[2001:db8::1]:81"), ("http://192.0.2.1", "192.0.2.1:80")] {
        let endpoint = Endpoint::parse_insecure_http(url).unwrap();
        let watch = Watch::new(Seconds::default(), DEADLINES);
        let found: Result<_, ChannelError<()>> =
            blocking::resolve(&RefCell::new(Stack::default()), &endpoint, AddrType::IPv4, &watch);
        assert_eq!(found, Ok(address.parse().unwrap()));
    }
}

#[test]
fn a_hundred_people_take_one_socket_each_or_one_for_all() {
    let endpoint = insecure_inquiry();
    let endpoint = endpoint.endpoint();
    for keeps in [true, false] {
        let make = || {
            let connection = if keeps { "keep-alive" } else { "close" };
            let reply = format!(
                "HTTP/1.1 200 OK\r\nConnection: {connection}\r\nContent-Length: 15\r\n\r\n{{\"status\":\"01\"}}"
            );
            let turns = (0..100).flat_map(|_| [Turn::Give(reply.clone().into_bytes()), Turn::Wait]).collect();
            Stack { turns, ..Stack::default() }
        };
        let sockets = if keeps { 1 } else { 100 };
        let mut buffer = [0; BUFFER_LEN];

        let stack = RefCell::new(make());
        let watch = Watch::new(Seconds::default(), DEADLINES);
        let mut slot = None;
        for _ in 0..100 {
            let connect = |slot: &mut Option<_>| {
                *slot = None;
                let address = blocking::resolve(&stack, endpoint, AddrType::IPv4, &watch)?;
                *slot = Some(Insecure::plain_text(blocking::connect(&stack, address, &watch)?));
                Ok(())
            };
            assert!(blocking::verify_kept(&mut slot, connect, &insecure_inquiry(), &mut buffer, &watch).is_ok());
        }
        drop(slot);
        assert_eq!((stack.borrow().opened, stack.borrow().closed), (sockets, sockets));

        let stack = AsyncStack(RefCell::new(make()));
        let mut slot = None;
        for _ in 0..100 {
            let connect = async |slot: &mut Option<_>| {
                *slot = None;
                let address = resolve(&stack, endpoint, AddrType::IPv4, &watch).await?;
                *slot = Some(Insecure::plain_text(connect(&stack, address, &watch).await?));
                Ok(())
            };
            assert!(block_on(verify_kept(&mut slot, connect, &insecure_inquiry(), &mut buffer, &watch)).is_ok());
        }
        drop(slot);
        assert_eq!((stack.0.borrow().opened, stack.0.borrow().closed), (sockets, sockets));
    }
}

#[test]
fn a_kept_connection_on_which_something_came_is_not_used() {
    for idle in [Turn::End, Turn::PipeClosed, Turn::Reset, Turn::Give(reply("01"))] {
        let make = || Stack { turns: VecDeque::from([Turn::Give(reply("01")), idle.clone()]), ..Stack::default() };
        let address = "192.0.2.1:80".parse().unwrap();
        let watch = Watch::new(Seconds::default(), DEADLINES);
        let mut buffer = [0; BUFFER_LEN];

        let stack = RefCell::new(make());
        let mut link = Insecure::plain_text(blocking::connect(&stack, address, &watch).unwrap());
        assert!(blocking::verify(&mut link, &insecure_inquiry(), &mut buffer, &watch).is_ok());
        let refused = blocking::verify(&mut link, &insecure_inquiry(), &mut buffer, &watch);
        assert_eq!(refused.unwrap_err().billing(), Billing::Free, "{idle:?}");
        assert_eq!((link.may_repeat(), stack.borrow().sent), (true, insecure_len()), "{idle:?}");

        let stack = AsyncStack(RefCell::new(make()));
        let mut link = Insecure::plain_text(block_on(connect(&stack, address, &watch)).unwrap());
        assert!(block_on(verify(&mut link, &insecure_inquiry(), &mut buffer, &watch)).is_ok());
        let refused = block_on(verify(&mut link, &insecure_inquiry(), &mut buffer, &watch));
        assert_eq!(refused.unwrap_err().billing(), Billing::Free, "{idle:?}");
        assert_eq!((link.may_repeat(), stack.0.borrow().sent), (true, insecure_len()), "{idle:?}");
    }
}

#[test]
fn what_was_found_by_asking_is_read_first() {
    use embedded_io::{Read as _, ReadReady as _};
    let stack =
        RefCell::new(Stack { turns: VecDeque::from([Turn::Wait, Turn::Give(b"abc".to_vec())]), ..Stack::default() });
    let watch = Watch::new(Seconds::default(), DEADLINES);
    let mut stream = blocking::connect(&stack, "192.0.2.1:80".parse().unwrap(), &watch).unwrap();
    assert_eq!([stream.read_ready(), stream.read_ready(), stream.read_ready()], [Ok(false), Ok(true), Ok(true)]);
    let mut space = [0; 9];
    assert_eq!((stream.read(&mut space), stream.read(&mut space[1..])), (Ok(1), Ok(2)));
    assert_eq!(&space[..3], b"abc");
}

#[test]
fn whoever_waits_can_give_up() {
    use std::ops::ControlFlow;
    use std::time::Duration;
    let stack = RefCell::new(Stack { dialing: Dialing::Silent, ..Stack::default() });
    let patience = std::cell::Cell::new(3);
    let idle = || {
        // The stack is free while a connection waits.
        stack.borrow_mut().sent += 1;
        patience.set(patience.get() - 1);
        if patience.get() == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let watch = Watch::new(blocking::timer(|| Duration::ZERO, idle), DEADLINES);
    let error = blocking::connect(&stack, "192.0.2.1:80".parse().unwrap(), &watch).unwrap_err();
    assert_eq!((error.fault, error.source), (ChannelFault::TimedOut, None::<StreamError<Reset>>));
    assert_eq!((stack.borrow().sent, stack.borrow().opened, stack.borrow().closed), (3, 1, 1));
}

#[test]
fn what_is_done_after_a_call_has_its_deadline_too() {
    use embedded_io::Read as _;
    let stack = RefCell::new(Stack { turns: VecDeque::from([Turn::Give(reply("01"))]), ..Stack::default() });
    let watch = Watch::new(Seconds::default(), DEADLINES);
    let stream = blocking::connect(&stack, "192.0.2.1:80".parse().unwrap(), &watch).unwrap();
    let mut link = Insecure::plain_text(stream);
    assert!(blocking::verify(&mut link, &insecure_inquiry(), &mut [0; BUFFER_LEN], &watch).is_ok());
    let before = watch.clock().now.get();
    assert_eq!(link.channel().read(&mut [0; 9]), Err(StreamError::TimedOut));
    assert_eq!(watch.clock().now.get() - before, 5);
}
