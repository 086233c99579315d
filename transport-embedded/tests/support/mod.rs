//! A scripted peer that speaks both twins' language, and an executor of ten lines.
#![allow(dead_code, unused_imports, reason = "each test takes what it needs")]

#[cfg(feature = "ledger")]
pub(crate) mod flash;
#[cfg(all(feature = "embedded-tls", feature = "rustls"))]
pub(crate) mod tls;

use std::cell::Cell;
use std::fmt;
use std::ops::ControlFlow;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use embedded_io::{ErrorKind, ErrorType};
use heyan::provider::IDCERT;
use heyan::{AppCode, Consent, Credentials, Date, Endpoint, IdNumber, Inquiry, Name, Subject};
use heyan_embedded::{Clock, Deadlines, Timer, Watch, blocking};
pub(crate) use heyan_peers::{count_requests, reply};

pub(crate) const BUFFER_LEN: usize = IDCERT.info().buffer_len();
/// The host of a provider that `inquiry` asks.
pub(crate) const HOST: &str = IDCERT.info().host;

pub(crate) fn inquiry() -> Inquiry<'static> {
    let subject = Subject::new(Name::parse("张三").unwrap(), IdNumber::parse("11010119000101009X", Date::MAX).unwrap());
    let credentials = Credentials::AppCode(AppCode::new("test-appcode-not-a-secret").unwrap());
    Inquiry::new(&IDCERT, subject, Consent::given(), credentials).unwrap()
}

pub(crate) fn insecure_inquiry() -> Inquiry<'static> {
    inquiry().at(Endpoint::parse_insecure_http("http://127.0.0.1:8080").unwrap())
}

pub(crate) fn request_len() -> usize {
    inquiry().write(&mut [0; BUFFER_LEN]).unwrap().len()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Failure(pub(crate) ErrorKind);

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

impl std::error::Error for Failure {}

impl embedded_io::Error for Failure {
    fn kind(&self) -> ErrorKind {
        self.0
    }
}

/// What happens instead of the byte with this number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Fine,
    WriteFails(usize, ErrorKind),
    WriteTakesNothing(usize),
    FlushFails(ErrorKind),
    ReadFails(usize, ErrorKind),
    ReadEnds(usize),
    /// After so many bytes of replies, between two requests, the peer closes.
    IdleEnds(usize),
    /// There, it says what follows in the script without being asked.
    IdleSpeaks(usize),
    /// There, the connection turns out to be broken.
    IdleFails(usize, ErrorKind),
}

/// A peer that answers `reply`, whatever it is asked.
#[derive(Clone, Debug)]
pub(crate) struct Script {
    pub(crate) reply: Vec<u8>,
    pub(crate) read: usize,
    pub(crate) written: Vec<u8>,
    pub(crate) flushed: usize,
    /// Bytes per call at most.
    pub(crate) piece: usize,
    pub(crate) fate: Fate,
}

impl Script {
    pub(crate) fn new(reply: &[u8], piece: usize, fate: Fate) -> Self {
        Self { reply: reply.to_vec(), read: 0, written: Vec::new(), flushed: 0, piece, fate }
    }

    /// Whether something came that nobody asked for. The replies of a script wait for their requests otherwise.
    fn speaks_unasked(&self) -> bool {
        matches!(self.fate, Fate::IdleEnds(at) | Fate::IdleSpeaks(at) | Fate::IdleFails(at, _) if self.read == at)
    }
}

impl ErrorType for Script {
    type Error = Failure;
}

impl embedded_io::Write for Script {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Failure> {
        assert!(!bytes.is_empty());
        let mut count = bytes.len().min(self.piece);
        match self.fate {
            Fate::WriteFails(at, kind) if self.written.len() == at => return Err(Failure(kind)),
            Fate::WriteTakesNothing(at) if self.written.len() == at => return Ok(0),
            Fate::WriteFails(at, _) | Fate::WriteTakesNothing(at) => count = count.min(at - self.written.len()),
            _ => {}
        }
        self.written.extend_from_slice(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> Result<(), Failure> {
        self.flushed = self.written.len();
        if let Fate::FlushFails(kind) = self.fate { Err(Failure(kind)) } else { Ok(()) }
    }
}

impl embedded_io::Read for Script {
    fn read(&mut self, space: &mut [u8]) -> Result<usize, Failure> {
        assert!(!space.is_empty());
        assert_eq!(self.flushed, self.written.len(), "read before flush");
        let mut count = space.len().min(self.piece).min(self.reply.len() - self.read);
        match self.fate {
            Fate::ReadFails(at, kind) | Fate::IdleFails(at, kind) if self.read == at => return Err(Failure(kind)),
            Fate::ReadEnds(at) | Fate::IdleEnds(at) if self.read == at => return Ok(0),
            Fate::ReadFails(at, _) | Fate::ReadEnds(at) => count = count.min(at - self.read),
            _ => {}
        }
        space[..count].copy_from_slice(&self.reply[self.read..self.read + count]);
        self.read += count;
        Ok(count)
    }
}

impl embedded_io::ReadReady for Script {
    fn read_ready(&mut self) -> Result<bool, Failure> {
        Ok(self.speaks_unasked())
    }
}

/// The same peer for the other twin; it is not ready the first time it is asked.
pub(crate) struct Async(pub(crate) Script);

impl ErrorType for Async {
    type Error = Failure;
}

impl embedded_io_async::Write for Async {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Failure> {
        yield_once().await;
        embedded_io::Write::write(&mut self.0, bytes)
    }

    async fn flush(&mut self) -> Result<(), Failure> {
        yield_once().await;
        embedded_io::Write::flush(&mut self.0)
    }
}

impl embedded_io_async::Read for Async {
    async fn read(&mut self, space: &mut [u8]) -> Result<usize, Failure> {
        if !self.0.speaks_unasked() {
            yield_once().await;
        }
        embedded_io::Read::read(&mut self.0, space)
    }
}

pub(crate) async fn yield_once() {
    let mut asked = false;
    std::future::poll_fn(|_| if std::mem::replace(&mut asked, true) { Poll::Ready(()) } else { Poll::Pending }).await;
}

/// A clock that goes on by a second whenever somebody waits.
#[derive(Debug, Default)]
pub(crate) struct Seconds {
    pub(crate) now: Cell<u64>,
    pub(crate) idled: Cell<usize>,
}

impl Clock for Seconds {
    fn now(&self) -> Duration {
        Duration::from_secs(self.now.get())
    }
}

impl blocking::Timer for Seconds {
    fn idle(&self) -> ControlFlow<()> {
        self.now.set(self.now.get() + 1);
        self.idled.set(self.idled.get() + 1);
        ControlFlow::Continue(())
    }
}

impl Timer for Seconds {
    async fn until(&self, at: Duration) {
        std::future::poll_fn(|_| {
            self.idled.set(self.idled.get() + 1);
            if self.now() >= at { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
}

pub(crate) fn watch() -> Watch<Seconds> {
    Watch::new(Seconds::default(), Deadlines::DEFAULT)
}

/// Polls until ready, `wait` in between.
pub(crate) fn block_on_with<F: Future>(future: F, mut wait: impl FnMut()) -> F::Output {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
        wait();
    }
}

pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    block_on_with(future, || ())
}
