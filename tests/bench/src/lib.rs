//! What the benchmarks run: the same cases for instruction counts, allocations and stack depth.
//!
//! Every case is prepared by its constructor and does nothing but the measured work in `run`. Cases are leaked on
//! purpose: what is dropped inside a measured function is counted with it, and personal data is wiped when dropped.

mod kept;
mod numbers;
mod replies;

pub use kept::KeptConnection;
pub use numbers::{Lines, Numbers, lines, numbers};
pub use replies::body;

use std::hint::black_box;

use heyan::{
    AppCode, AppKey, Consent, Credentials, Date, EncodeError, Error, Exchange, IdNumber, Inquiry, Mobile, Name,
    Outcome, Provider, Request, Response, Stamp, Step, Subject, Verdict, provider,
};

/// Day on which all numbers are judged.
pub const TODAY: Date = Date::new(2026, 11, 1).unwrap();

/// Checksum correct, born on 1900-01-01: nobody's.
pub const NUMBER: &str = "110101190001010057";

/// How many providers there are; cases take an index below it, in the order of [`provider::ALL`].
#[must_use]
pub fn providers() -> usize {
    provider::ALL.len()
}

fn provider(index: usize) -> &'static dyn Provider {
    provider::ALL[index]
}

/// How a request is authorised.
#[derive(Clone, Copy, Debug)]
pub enum Authorization {
    /// By an AppCode of 32 characters.
    AppCode,
    /// By an AppKey of 8 and an AppSecret of 32 characters.
    Signed,
}

fn subject(provider: &dyn Provider) -> Subject<'static> {
    let name = Name::parse("张三").expect("a name");
    let id = IdNumber::parse(NUMBER, TODAY).expect("a valid number");
    let subject = Subject::new(name, id);
    if provider.info().checks_mobile() {
        subject.with_mobile(Mobile::parse("13000000000").expect("a mobile number"))
    } else {
        subject
    }
}

fn inquiry(index: usize, authorization: Authorization) -> Inquiry<'static> {
    let provider = provider(index);
    let subject = subject(provider);
    let credentials = match authorization {
        Authorization::AppCode => {
            Credentials::AppCode(AppCode::new("test-appcode-not-a-secret-000000").expect("an AppCode"))
        }
        Authorization::Signed => Credentials::Signed(
            AppKey::new("12345678", "test-appsecret-not-a-secret-0000").expect("an AppKey"),
            Stamp::new(1_700_000_000_000, [7; 16]),
        ),
    };
    Inquiry::new(provider, subject, Consent::given(), credentials).expect("an inquiry")
}

fn leaked_buffer(index: usize) -> &'static mut [u8] {
    vec![0; provider(index).info().buffer_len()].leak()
}

/// `Inquiry::write`: subject and credentials in, one complete HTTP/1.1 request out.
pub struct WriteRequest {
    inquiry: Inquiry<'static>,
    buffer: &'static mut [u8],
}

impl WriteRequest {
    /// Prepares the request to the provider at `index`.
    ///
    /// # Panics
    /// When the request cannot be written.
    #[must_use]
    pub fn new(index: usize, authorization: Authorization) -> &'static mut Self {
        let case = Self { inquiry: inquiry(index, authorization), buffer: leaked_buffer(index) };
        let case = Box::leak(Box::new(case));
        // Once in advance: sha2 asks the processor for its features in the first call of a process.
        assert_ne!(case.run(), 0, "the request of {} cannot be written", provider(index).info().slug);
        case
    }

    /// Writes it and returns its length in bytes, 0 when that failed.
    pub fn run(&mut self) -> usize {
        let written = black_box(&self.inquiry).write(black_box(&mut *self.buffer));
        written.map_or(0, |request| request.len())
    }

    /// The same, but what writes it does nothing: what is left is the caller's own share.
    pub fn run_idle(&mut self) -> usize {
        let written = idle_write(black_box(&self.inquiry), black_box(&mut *self.buffer));
        written.map_or(0, |request| request.len())
    }
}

#[inline(never)]
fn idle_write<'b>(_: &Inquiry<'_>, buffer: &'b mut [u8]) -> Result<Request<'b>, EncodeError> {
    black_box(Err(EncodeError::Buffer { needed: buffer.len() }))
}

#[inline(never)]
fn idle_read<'b>(_: &Inquiry<'_>, _: Response<'b>) -> Result<Outcome<'b>, Error> {
    black_box(Err(Error::Encode(EncodeError::Fields)))
}

/// `Inquiry::read`: the body of a reply in, a verdict out. The pass over the JSON text is part of it.
pub struct ReadReply {
    inquiry: Inquiry<'static>,
    response: Option<Response<'static>>,
}

impl ReadReply {
    /// Prepares the provider's documented reply for a match.
    ///
    /// # Panics
    /// When there is no such reply for the provider at `index`, or it does not read as a match.
    #[must_use]
    pub fn new(index: usize) -> &'static mut Self {
        let response = || Response::new(200, body(provider(index)).leak()).expect("a status");
        let inquiry = inquiry(index, Authorization::AppCode);
        let outcome = inquiry.read(response());
        let verdict = outcome.ok().map(|outcome| outcome.verdict());
        assert_eq!(verdict, Some(Verdict::Match), "the reply of {}", provider(index).info().slug);
        Box::leak(Box::new(Self { inquiry, response: Some(response()) }))
    }

    /// Reads it, once: says whether it was a match.
    pub fn run(&mut self) -> bool {
        let Some(response) = self.response.take() else { return false };
        let outcome = black_box(&self.inquiry).read(black_box(response));
        matches!(outcome.map(|outcome| outcome.verdict()), Ok(Verdict::Match))
    }

    /// The same, but what reads it does nothing: what is left is the caller's own share.
    pub fn run_idle(&mut self) -> bool {
        let Some(response) = self.response.take() else { return false };
        let outcome = idle_read(black_box(&self.inquiry), black_box(response));
        matches!(outcome.map(|outcome| outcome.verdict()), Ok(Verdict::Match))
    }
}

/// `Exchange` from the first request byte to the end of the reply, which comes in one piece, and `Inquiry::read`.
pub struct WholeExchange {
    inquiry: Inquiry<'static>,
    request: Option<Request<'static>>,
    reply: &'static [u8],
}

impl WholeExchange {
    /// Prepares the written request and the bytes of the reply, head and body.
    ///
    /// # Panics
    /// When the request cannot be written.
    #[must_use]
    pub fn new(index: usize) -> &'static mut Self {
        let inquiry = inquiry(index, Authorization::AppCode);
        let request = inquiry.write(leaked_buffer(index)).expect("a request");
        let reply = replies::message(provider(index)).leak();
        Box::leak(Box::new(Self { inquiry, request: Some(request), reply }))
    }

    /// Runs it, once: says whether it was a match. Copying the reply into the buffer is counted as well.
    pub fn run(&mut self) -> bool {
        let Some(request) = self.request.take() else { return false };
        let mut unread = black_box(self.reply);
        let mut exchange = Exchange::new(request);
        loop {
            match exchange.step() {
                Step::Send(bytes) => {
                    let count = black_box(bytes).len();
                    exchange.sent(count);
                }
                Step::Receive(space) => {
                    let count = space.len().min(unread.len());
                    let (now, later) = unread.split_at(count);
                    space[..count].copy_from_slice(now);
                    unread = later;
                    exchange.received(count);
                }
                Step::Done => break,
            }
        }
        let outcome = exchange.finish().map(|response| black_box(&self.inquiry).read(response));
        matches!(outcome.map(|read| read.map(|outcome| outcome.verdict())), Ok(Ok(Verdict::Match)))
    }
}

/// `IdNumber::parse` of one valid number of 18 characters.
#[must_use]
pub fn parse_number() -> bool {
    IdNumber::parse(black_box(NUMBER), black_box(TODAY)).is_ok()
}
