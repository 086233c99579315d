#![no_std]
#![no_main]
//! Reads every fixture of the conformance tests on the device. `tests/device/src/conformance.rs` sends them and holds the
//! answers against what the fixtures expect.
//!
//! What comes are records of fields, each behind its length in two bytes, little-endian, as `Record` lists them. What
//! goes are lines of parts with U+001F between, as `Observed::line` has them: of the reply whole, in chunks, byte by byte,
//! as parts from an HTTP library, and for somebody who does not know who was asked for; and before them one about the
//! request.

use core::fmt::Write;

// Its critical section, which printing takes.
use cortex_m as _;

use cortex_m_semihosting::hio;
use heyan::{
    AppCode, Consent, Credentials, Date, Error, Exchange, IdNumber, Inquiry, Mobile, Name, Outcome, Provider, Response,
    Step, Subject, provider,
};
use heyan_audit::board;

#[path = "../halt.rs"]
mod halt;
#[path = "../../../conformance/src/words.rs"]
mod words;

/// Longest request or reply.
const BUFFER_LEN: usize = 2048;
/// All fixtures together.
const INPUT_LEN: usize = 2 * 1024 * 1024;

/// One fixture.
struct Record<'i> {
    provider: &'static dyn Provider,
    name: &'i str,
    id: &'i str,
    /// Empty for none.
    mobile: &'i str,
    /// One byte: whether the number is taken in spite of its check character.
    unverified: bool,
    /// The reply with its length, and in chunks.
    sized: &'i [u8],
    chunked: &'i [u8],
    /// Two bytes.
    status: u16,
    /// Name and value of each header line, as fields of a field.
    headers: &'i [u8],
    body: &'i mut [u8],
}

#[cortex_m_rt::entry]
fn main() -> ! {
    // cortex-m-rt makes these the function's own.
    static mut INPUT: [u8; INPUT_LEN] = [0; INPUT_LEN];
    static mut BUFFER: [u8; BUFFER_LEN] = [0; BUFFER_LEN];

    let Ok(screen) = hio::hstdout() else { board::exit(3) };
    let mut screen = Screen { screen, line: heapless::String::new() };
    let mut length = 0;
    loop {
        match board::read_input(INPUT.get_mut(length..).unwrap_or_default()) {
            0 => break,
            count => length += count,
        }
    }
    let mut rest = INPUT.get_mut(..length).unwrap_or_default();
    while !rest.is_empty() {
        let Some((record, behind)) = Record::take(rest) else { board::exit(4) };
        rest = behind;
        if read(record, BUFFER, &mut screen).is_none() {
            board::exit(5);
        }
    }
    board::exit(0)
}

/// Reads one fixture in every way.
fn read(record: Record<'_>, buffer: &mut [u8], screen: &mut Screen) -> Option<()> {
    let Record { provider, sized, chunked, status, headers, body, .. } = record;
    let id = if record.unverified {
        IdNumber::with_unverified_checksum(record.id, Date::MAX)
    } else {
        IdNumber::parse(record.id, Date::MAX)
    };
    let mut subject = Subject::new(Name::parse(record.name).ok()?, id.ok()?);
    if !record.mobile.is_empty() && provider.info().checks_mobile() {
        subject = subject.with_mobile(Mobile::parse(record.mobile).ok()?);
    }
    let credentials = Credentials::AppCode(AppCode::new("test-appcode-not-a-secret").ok()?);
    let inquiry = Inquiry::new(provider, subject, Consent::given(), credentials).ok()?;
    let request = inquiry.write(buffer).ok()?;
    screen.request(request.expose().bytes, request.len())?;
    for (bytes, piece) in [(sized, usize::MAX), (chunked, usize::MAX), (chunked, 1)] {
        screen.ending(&exchange(&inquiry, buffer, bytes, piece))?;
    }
    // Reading changes a body in place.
    let copy = buffer.get_mut(..body.len())?;
    copy.copy_from_slice(body);
    screen.ending(&inquiry.read(response(status, headers, copy)?))?;
    screen.ending(&provider::explain(provider, response(status, headers, body)?))
}

fn response<'b>(status: u16, mut headers: &'b [u8], body: &'b mut [u8]) -> Option<Response<'b>> {
    let mut response = Response::new(status, body)?;
    while !headers.is_empty() {
        let (name, behind) = field(headers)?;
        let (value, behind) = field(behind)?;
        headers = behind;
        response = response.header(core::str::from_utf8(name).ok()?, value);
    }
    Some(response)
}

/// Sends the request, and feeds the reply in pieces.
fn exchange<'b>(
    inquiry: &Inquiry<'_>,
    buffer: &'b mut [u8],
    mut unread: &[u8],
    piece: usize,
) -> Result<Outcome<'b>, Error> {
    let mut exchange = Exchange::new(inquiry.write(buffer)?);
    loop {
        match exchange.step() {
            Step::Send(bytes) => {
                let count = bytes.len();
                exchange.sent(count);
            }
            Step::Receive(space) => {
                let count = space.len().min(unread.len()).min(piece);
                let (now, later) = unread.split_at(count);
                space[..count].copy_from_slice(now);
                unread = later;
                exchange.received(count);
            }
            Step::Done => return inquiry.read(exchange.finish()?),
        }
    }
}

impl<'i> Record<'i> {
    fn take(input: &'i mut [u8]) -> Option<(Self, &'i mut [u8])> {
        let (length, behind) = input.split_first_chunk_mut::<4>()?;
        let (input, behind) = behind.split_at_mut_checked(u32::from_le_bytes(*length).try_into().ok()?)?;
        // The body is the last field, and the one that reading changes.
        let (body, input) = input.split_first_chunk_mut::<4>()?;
        let front = input.len().checked_sub(u32::from_le_bytes(*body).try_into().ok()?)?;
        let (mut fields, body) = input.split_at_mut_checked(front).map(|(fields, body)| (&*fields, body))?;
        let mut next = || {
            let (found, behind) = field(fields)?;
            fields = behind;
            Some(found)
        };
        let provider = provider::by_slug(core::str::from_utf8(next()?).ok()?)?;
        let [name, id, mobile] = [next()?, next()?, next()?].map(core::str::from_utf8);
        let unverified = next()? != [0];
        let (sized, chunked) = (next()?, next()?);
        let status = u16::from_le_bytes(next()?.try_into().ok()?);
        let headers = next()?;
        let record = Self {
            provider,
            name: name.ok()?,
            id: id.ok()?,
            mobile: mobile.ok()?,
            unverified,
            sized,
            chunked,
            status,
            headers,
            body,
        };
        Some((record, behind))
    }
}

/// A field, and what is behind it.
fn field(input: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, behind) = input.split_first_chunk::<2>()?;
    behind.split_at_checked(u16::from_le_bytes(*length).into())
}

/// Lines to the host, each in one piece.
struct Screen {
    screen: hio::HostStream,
    line: heapless::String<2048>,
}

impl Screen {
    fn request(&mut self, bytes: &[u8], length: usize) -> Option<()> {
        writeln!(self.line, "{length}\u{1f}{}", words::sum(bytes)).ok()?;
        self.flush()
    }

    fn ending(&mut self, result: &Result<Outcome<'_>, Error>) -> Option<()> {
        let (ending, code, billing, retry) = words::ending(result);
        let reference = match result {
            Ok(outcome) => outcome.reference(),
            Err(error) => error.reference(),
        };
        let code = code.map_or("", |code| code.as_str());
        let reference = reference.map_or("", |reference| reference.as_str());
        let (billing, retry) = (billing.word(), retry.word());
        write!(self.line, "{ending}\u{1f}{code}\u{1f}{billing}\u{1f}{retry}\u{1f}{reference}\u{1f}").ok()?;
        let Ok(outcome) = result else {
            self.line.push_str("\u{1f}\u{1f}\u{1f}\u{1f}\u{1f}\u{1f}\u{1f}\n").ok()?;
            return self.flush();
        };
        let details = outcome.expose_details();
        let sex = details.sex.map_or("", words::sex);
        write!(self.line, "{}\u{1f}{sex}\u{1f}", words::echo(outcome.echo())).ok()?;
        if let Some(date) = details.birth_date {
            write!(self.line, "{date}").ok()?;
        }
        self.line.push('\u{1f}').ok()?;
        if let Some(age) = details.age {
            write!(self.line, "{age}").ok()?;
        }
        for text in [details.address, details.province, details.city, details.county] {
            write!(self.line, "\u{1f}{}", text.unwrap_or_default()).ok()?;
        }
        self.line.push('\n').ok()?;
        self.flush()
    }

    fn flush(&mut self) -> Option<()> {
        self.screen.write_all(self.line.as_bytes()).ok()?;
        self.line.clear();
        Some(())
    }
}
