//! One request and its reply over bytes, without I/O: the state machine.

use core::fmt;

use super::request::Request;
use super::response::{Framing, Head, Response, parse_head};
use crate::bytes;
use crate::error::ProtocolError;

/// What the driver of the channel has to do next.
pub enum Step<'a> {
    /// Write some of these bytes, never empty, and say how many by [`Exchange::sent`].
    Send(&'a [u8]),
    /// Read into this space, never empty, and say how many bytes by [`Exchange::received`], 0 when the peer closed.
    Receive(&'a mut [u8]),
    /// Call [`Exchange::finish`].
    Done,
}

impl Step<'_> {
    const fn redacted(&self) -> &'static str {
        match self {
            Self::Send(_) => "Send(redacted)",
            Self::Receive(_) => "Receive(redacted)",
            Self::Done => "Done",
        }
    }
}

impl fmt::Debug for Step<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.redacted())
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for Step<'_> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "{=str}", self.redacted());
    }
}

/// One request and its reply in one buffer, without I/O: the reply is read over the request.
///
/// ```text
///            sent(n) < all          head not whole           body not whole
///              ┌────┐                 ┌────┐                   ┌────┐
///              │    ▼                 │    ▼                   │    ▼
///  new ──▶  Sending ── all sent ──▶  Head ── empty line ──▶  Body ── end ──▶  Done ──▶ finish → Response
///                                     │ ▲                      │                │
///                                     │ └── 1xx: skipped       │                └──▶ finish → ProtocolError
///                                     └────── fault ───────────┴── fault ──▶  Done
/// ```
///
/// The driver of any channel, blocking or not, is a loop over [`Step`]:
///
/// ```
/// use heyan::{Exchange, Step};
/// # use heyan::{AppCode, Consent, Credentials, Date, IdNumber, Inquiry, Name, Subject, provider::IDCERT};
/// # let subject = Subject::new(Name::parse("张三")?, IdNumber::parse("11010119000101009X", Date::MAX)?);
/// # let credentials = Credentials::AppCode(AppCode::new("not-a-real-appcode")?);
/// # let inquiry = Inquiry::new(&IDCERT, subject, Consent::given(), credentials)?;
/// # let mut buffer = [0; 2048];
/// # let (mut written, reply) = (Vec::new(), &b"HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n{\"status\":\"01\"}"[..]);
/// let mut exchange = Exchange::new(inquiry.write(&mut buffer)?);
/// let mut unread = reply;
/// loop {
///     match exchange.step() {
///         Step::Send(bytes) => {
///             written.extend_from_slice(bytes); // channel.write(bytes)
///             let n = bytes.len();
///             exchange.sent(n);
///         }
///         Step::Receive(space) => {
///             let n = std::io::Read::read(&mut unread, space)?; // channel.read(space), 0 = closed
///             exchange.received(n);
///         }
///         Step::Done => break,
///     }
/// }
/// let outcome = inquiry.read(exchange.finish()?)?;
/// assert_eq!(outcome.verdict(), heyan::Verdict::Match);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Exchange<'b> {
    buffer: &'b mut [u8],
    /// Bytes of the buffer that hold what was received.
    filled: usize,
    state: State,
    /// Where in the buffer something ends, by the state.
    mark: usize,
    /// Bytes behind the mark that are still to come, or to go, by the state.
    left: usize,
    /// The last head, once it was parsed.
    head: Option<Head>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Of the request, what stands before the mark was sent, and what is left was not.
    Sending,
    /// No empty line before the mark.
    Head,
    /// Everything up to the mark belongs to the message.
    Sized,
    /// A chunk's size follows. In this and the next three the decoded body ends at the mark, and what was received
    /// behind it is not decoded yet.
    ChunkSize,
    /// What is left of a chunk follows.
    ChunkData,
    /// The CR LF behind the data of a chunk follows.
    ChunkEnd,
    /// The lines behind the last chunk follow, up to the empty one.
    Trailer,
    UntilClose,
    /// The message ends at the mark; more bytes than that came if more are filled.
    Done,
    Failed(ProtocolError),
}

impl<'b> Exchange<'b> {
    /// Starts with a request that was just written.
    #[must_use]
    pub fn new(request: Request<'b>) -> Self {
        let (buffer, left) = request.into_parts();
        Self { buffer, filled: 0, state: State::Sending, mark: 0, left, head: None }
    }

    /// What to do next. Asking again changes nothing.
    pub fn step(&mut self) -> Step<'_> {
        let room = self.room();
        match self.state {
            State::Sending => Step::Send(self.buffer.get(self.mark..room).unwrap_or_default()),
            State::Done | State::Failed(_) => Step::Done,
            _ => Step::Receive(self.buffer.get_mut(self.filled..room).unwrap_or_default()),
        }
    }

    /// Where the bytes of the next step end.
    fn room(&self) -> usize {
        match self.state {
            State::Sending => self.mark.saturating_add(self.left),
            // All that there is, beyond the end of a message of known length too: what stands behind it must be seen, or
            // it would be taken for the reply to the next request.
            _ => self.buffer.len(),
        }
    }

    /// `count` further bytes of the request were taken by the channel. More than were left count as all of them;
    /// outside of [`Step::Send`] nothing happens.
    pub fn sent(&mut self, count: usize) {
        if self.state == State::Sending {
            let count = count.min(self.left);
            self.mark = self.mark.saturating_add(count);
            self.left = self.left.saturating_sub(count);
            if self.left == 0 {
                (self.state, self.mark) = (State::Head, 0);
            }
        }
    }

    /// Whether the last byte of the request was handed to the channel: from then on the call may be billed.
    #[must_use]
    pub fn is_sent(&self) -> bool {
        self.state != State::Sending
    }

    /// `count` further bytes were read into the space of the last step; 0 when the peer closed the connection.
    ///
    /// More than that space holds is [`ProtocolError::TooLong`]: a channel that counts wrong must not pass off what
    /// stood in the buffer before as the reply. Outside of [`Step::Receive`] nothing happens.
    pub fn received(&mut self, count: usize) {
        if !matches!(self.state, State::Sending | State::Done | State::Failed(_))
            && let Err(error) = self.take(count)
        {
            self.state = State::Failed(error);
        }
    }

    fn take(&mut self, count: usize) -> Result<(), ProtocolError> {
        if count == 0 {
            return self.closed();
        }
        if count > self.room().saturating_sub(self.filled) {
            return Err(ProtocolError::TooLong);
        }
        self.filled = self.filled.saturating_add(count);
        while self.advance()? {}
        if self.state != State::Done && self.filled == self.buffer.len() {
            return Err(ProtocolError::TooLong);
        }
        Ok(())
    }

    /// Whether the connection can take another request: the peer keeps it open, and no byte came beyond the reply.
    #[must_use]
    pub fn keep_alive(&self) -> bool {
        self.state == State::Done && self.filled == self.mark && self.head.is_some_and(|head| head.keep_alive)
    }

    /// The reply.
    ///
    /// # Errors
    /// [`ProtocolError`] says why there is none; [`ProtocolError::Truncated`] also when it is not complete yet.
    pub fn finish(self) -> Result<Response<'b>, ProtocolError> {
        match (self.state, self.head) {
            (State::Done, Some(head)) => {
                let message = self.buffer.get_mut(..self.mark).ok_or(ProtocolError::Truncated)?;
                let (head_bytes, body) = message.split_at_mut_checked(head.len).ok_or(ProtocolError::Truncated)?;
                Ok(Response::of(&head, head_bytes, body))
            }
            (State::Failed(error), _) => Err(error),
            _ => Err(ProtocolError::Truncated),
        }
    }

    fn closed(&mut self) -> Result<(), ProtocolError> {
        match self.state {
            State::UntilClose => {
                (self.state, self.mark) = (State::Done, self.filled);
                Ok(())
            }
            _ if self.filled == 0 && self.head.is_none() => Err(ProtocolError::Closed),
            _ => Err(ProtocolError::Truncated),
        }
    }

    /// Goes one state further, if what was received suffices for it, and says whether it did.
    fn advance(&mut self) -> Result<bool, ProtocolError> {
        let rest = self.buffer.get(self.mark..self.filled).unwrap_or_default();
        self.state = match self.state {
            State::Head => return self.advance_head(),
            State::Sized if self.filled >= self.mark => State::Done,
            State::ChunkSize => {
                let Some((line, size)) = chunk_size(rest)? else { return Ok(false) };
                self.left = size;
                self.drop_range(self.mark, line);
                if size == 0 { State::Trailer } else { State::ChunkData }
            }
            State::ChunkData => {
                if self.left > self.buffer.len().saturating_sub(self.mark) {
                    return Err(ProtocolError::TooLong);
                }
                let taken = self.left.min(rest.len());
                self.mark = self.mark.saturating_add(taken);
                self.left = self.left.saturating_sub(taken);
                if self.left > 0 {
                    return Ok(false);
                }
                State::ChunkEnd
            }
            // An empty trailer section is a bare CR LF; a longer one ends like a head.
            State::ChunkEnd | State::Trailer if let [b'\r', b'\n', ..] = rest => {
                self.drop_range(self.mark, 2);
                if self.state == State::Trailer { State::Done } else { State::ChunkSize }
            }
            State::ChunkEnd if matches!(rest, [] | [b'\r']) => return Ok(false),
            State::ChunkEnd => return Err(ProtocolError::Chunk),
            State::Trailer => match end_of_lines(rest, &mut 0)? {
                Some(len) => {
                    self.drop_range(self.mark, len);
                    State::Done
                }
                None => return Ok(false),
            },
            _ => return Ok(false),
        };
        Ok(true)
    }

    fn advance_head(&mut self) -> Result<bool, ProtocolError> {
        let received = self.buffer.get(..self.filled).unwrap_or_default();
        let Some(len) = end_of_lines(received, &mut self.mark)? else { return Ok(false) };
        let head = parse_head(received.get(..len).unwrap_or_default())?;
        self.head = Some(head);
        self.mark = len;
        self.state = match head.framing {
            _ if head.status == 101 => return Err(ProtocolError::Upgrade),
            _ if head.status < 200 => {
                self.mark = 0;
                self.drop_range(0, len);
                State::Head
            }
            Framing::Chunked => State::ChunkSize,
            Framing::UntilClose => State::UntilClose,
            Framing::Length(body) => {
                self.mark = len.saturating_add(body);
                if self.mark > self.buffer.len() {
                    return Err(ProtocolError::TooLong);
                }
                State::Sized
            }
        };
        Ok(true)
    }

    /// Takes `len` bytes at `at` out of what was received.
    fn drop_range(&mut self, at: usize, len: usize) {
        if let Some(received) = self.buffer.get_mut(at..self.filled)
            && len <= received.len()
        {
            bytes::to_front(received, len);
            self.filled = self.filled.saturating_sub(len);
        }
    }
}

impl fmt::Debug for Exchange<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Exchange({:?}, redacted)", self.state)
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for Exchange<'_> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "Exchange(redacted)");
    }
}

/// Finds the empty line that ends the lines of `bytes`, and says where that is. It looks from `scanned` on, and notes
/// there what it need not look at again. A line break must be CR LF.
fn end_of_lines(bytes: &[u8], scanned: &mut usize) -> Result<Option<usize>, ProtocolError> {
    while let Some(rest) = bytes.get(*scanned..) {
        let step = rest.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
        *scanned = scanned.saturating_add(step.unwrap_or(rest.len()));
        match bytes.get(*scanned..) {
            Some([b'\r', b'\n', ..]) => {}
            None | Some([] | [b'\r']) => break,
            _ => return Err(ProtocolError::LineEnding),
        }
        *scanned = scanned.saturating_add(2);
        if bytes.get(scanned.saturating_sub(4)..*scanned) == Some(b"\r\n\r\n") {
            return Ok(Some(*scanned));
        }
    }
    Ok(None)
}

/// Reads the line before a chunk: its length and the size it states (RFC 9112 §7.1), or `None` when it is not whole. A
/// size that no address can hold becomes the largest that one can, which is too long for any buffer.
fn chunk_size(bytes: &[u8]) -> Result<Option<(usize, usize)>, ProtocolError> {
    let digits = bytes.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    let (hex, mut rest) = bytes.split_at_checked(digits).unwrap_or_default();
    // A line without a single digit would be taken for the last chunk.
    if matches!((hex, rest), ([], [_, ..])) || digits > 16 {
        return Err(ProtocolError::Chunk);
    }
    let size = hex.iter().fold(0_usize, |size, digit| {
        let digit = char::from(*digit).to_digit(16).unwrap_or(0) as usize;
        if size > usize::MAX >> 4 { usize::MAX } else { size << 4 | digit }
    });
    while let [b' ' | b'\t', behind @ ..] = rest {
        rest = behind;
    }
    if let [b';', ..] = rest {
        let end = rest.iter().position(|byte| matches!(byte, b'\r' | b'\n')).unwrap_or(rest.len());
        rest = rest.get(end..).unwrap_or_default();
        if let [b'\n', ..] = rest {
            return Err(ProtocolError::LineEnding);
        }
    }
    match rest {
        [b'\r', b'\n', behind @ ..] => Ok(Some((bytes.len().saturating_sub(behind.len()), size))),
        [] | [b'\r'] => Ok(None),
        _ => Err(ProtocolError::Chunk),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::has;

    /// Every line of up to six of these bytes, and long sizes: as httparse reads them, but for what is refused on top.
    #[test]
    fn chunk_sizes_are_read_as_httparse_reads_them() {
        let agree = |line: &[u8]| {
            let theirs = httparse::parse_chunk_size(line);
            let extra = line.first().is_some_and(|byte| !byte.is_ascii_hexdigit())
                || matches!((has(line, b';'), line.split(|byte| *byte == b'\r').next()), (true, Some(line)) if has(line, b'\n'));
            let shown = || std::format!("{}: {theirs:?}", line.escape_ascii());
            match chunk_size(line) {
                Ok(Some((len, size))) => {
                    let size = size as u64;
                    assert_eq!(theirs, Ok(httparse::Status::Complete((len, size))), "{}", shown());
                }
                Ok(None) => assert_eq!(theirs, Ok(httparse::Status::Partial), "{}", shown()),
                Err(_) => assert!(theirs.is_err() || extra, "{}", shown()),
            }
            chunk_size(line).is_ok_and(|read| read.is_some())
        };
        let bytes = b"0aG ;\r\n\x80";
        let mut taken = 0;
        for number in 0..8_usize.pow(6) {
            let line: std::vec::Vec<u8> = (0..6).map(|place| bytes[number >> (3 * place) & 7]).collect();
            for length in 0..=6 {
                taken += u32::from(agree(&line[..length]));
            }
        }
        assert!(taken > 1000, "{taken}");
        for line in
            ["0123456789abcdef\r\n", "00000000000000001\r\n", "FFFFFFFFFFFFFFFF;a=b\r\n", "1ffffffffffffffff\r\n"]
        {
            agree(line.as_bytes());
        }
    }
}
