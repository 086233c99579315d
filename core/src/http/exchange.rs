//! One request and its reply over bytes, without I/O: the state machine.

use core::fmt;

use super::request::Request;
use super::response::{Framing, Head, Response, parse_head};
use crate::error::ProtocolError;
use crate::moves;

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
    request_len: usize,
    sent: usize,
    /// Bytes of the buffer that hold what was received.
    filled: usize,
    state: State,
    /// The last head, once it was parsed.
    head: Option<Head>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Sending,
    /// No empty line in the first `scanned` bytes.
    Head {
        scanned: usize,
    },
    /// Everything up to `end` belongs to the message.
    Sized {
        end: usize,
    },
    /// The decoded body ends at `decoded`; what follows is not decoded yet.
    Chunked {
        decoded: usize,
        part: Part,
    },
    UntilClose,
    /// The message ends at `end`; more bytes than that came if `filled` is larger.
    Done {
        end: usize,
    },
    Failed(ProtocolError),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Size,
    Data {
        left: usize,
    },
    /// The CR LF behind the data of a chunk.
    DataEnd,
    /// The lines behind the last chunk, up to the empty one.
    Trailer,
}

impl<'b> Exchange<'b> {
    /// Starts with a request that was just written.
    #[must_use]
    pub fn new(request: Request<'b>) -> Self {
        let (buffer, request_len) = request.into_parts();
        Self { buffer, request_len, sent: 0, filled: 0, state: State::Sending, head: None }
    }

    /// What to do next. Asking again changes nothing.
    pub fn step(&mut self) -> Step<'_> {
        match self.state {
            State::Sending => Step::Send(self.buffer.get(self.sent..self.request_len).unwrap_or_default()),
            State::Done { .. } | State::Failed(_) => Step::Done,
            _ => Step::Receive(self.buffer.get_mut(self.filled..self.room()).unwrap_or_default()),
        }
    }

    /// Where the space for the next bytes ends.
    fn room(&self) -> usize {
        match self.state {
            // A message of known length is read to its end and no byte further.
            State::Sized { end } => end,
            _ => self.buffer.len(),
        }
    }

    /// `count` further bytes of the request were taken by the channel. More than were left count as all of them;
    /// outside of [`Step::Send`] nothing happens.
    pub fn sent(&mut self, count: usize) {
        if self.state == State::Sending {
            self.sent = self.sent.saturating_add(count).min(self.request_len);
            if self.sent == self.request_len {
                self.state = State::Head { scanned: 0 };
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
        if matches!(self.state, State::Sending | State::Done { .. } | State::Failed(_)) {
            return;
        }
        if count == 0 {
            self.state = self.closed();
            return;
        }
        if count > self.room().saturating_sub(self.filled) {
            self.state = State::Failed(ProtocolError::TooLong);
            return;
        }
        self.filled = self.filled.saturating_add(count);
        let mut again = true;
        while again {
            let before = self.state;
            self.state = match self.advance() {
                Ok(state) => state,
                Err(error) => State::Failed(error),
            };
            again = self.state != before;
        }
        let waits = !matches!(self.state, State::Done { .. } | State::Failed(_));
        if waits && self.filled == self.buffer.len() {
            self.state = State::Failed(ProtocolError::TooLong);
        }
    }

    /// Whether the connection can take another request: the peer keeps it open, and no byte came beyond the reply.
    #[must_use]
    pub fn keep_alive(&self) -> bool {
        match (self.state, &self.head) {
            (State::Done { end }, Some(head)) => head.keep_alive && self.filled == end,
            _ => false,
        }
    }

    /// The reply.
    ///
    /// # Errors
    /// [`ProtocolError`] says why there is none; [`ProtocolError::Truncated`] also when it is not complete yet.
    pub fn finish(self) -> Result<Response<'b>, ProtocolError> {
        let (State::Done { end }, Some(head)) = (self.state, self.head) else {
            return Err(match self.state {
                State::Failed(error) => error,
                _ => ProtocolError::Truncated,
            });
        };
        let (message, _) = self.buffer.split_at_mut_checked(end).ok_or(ProtocolError::Truncated)?;
        let (head_bytes, body) = message.split_at_mut_checked(head.len).ok_or(ProtocolError::Truncated)?;
        Ok(Response::of(&head, head_bytes, body))
    }

    fn closed(&self) -> State {
        match self.state {
            State::UntilClose => State::Done { end: self.filled },
            _ if self.filled == 0 && self.head.is_none() => State::Failed(ProtocolError::Closed),
            _ => State::Failed(ProtocolError::Truncated),
        }
    }

    /// Goes one state further, if what was received suffices for it.
    fn advance(&mut self) -> Result<State, ProtocolError> {
        match self.state {
            State::Head { scanned } => self.advance_head(scanned),
            State::Sized { end } if self.filled >= end => Ok(State::Done { end }),
            State::Chunked { decoded, part } => self.advance_chunked(decoded, part),
            state => Ok(state),
        }
    }

    fn advance_head(&mut self, mut scanned: usize) -> Result<State, ProtocolError> {
        loop {
            let received = self.buffer.get(..self.filled).unwrap_or_default();
            let len = match end_of_lines(received, scanned)? {
                Lines::End(len) => len,
                Lines::Open(scanned) => return Ok(State::Head { scanned }),
            };
            let head = parse_head(received.get(..len).unwrap_or_default())?;
            self.head = Some(head);
            return match (head.status, head.framing) {
                (101, _) => Err(ProtocolError::Upgrade),
                (100..=199, _) => {
                    self.drop_range(0, len);
                    scanned = 0;
                    continue;
                }
                (_, Framing::Chunked) => Ok(State::Chunked { decoded: len, part: Part::Size }),
                (_, Framing::UntilClose) => Ok(State::UntilClose),
                (_, Framing::Length(body)) => match len.checked_add(body) {
                    Some(end) if end <= self.buffer.len() => Ok(State::Sized { end }),
                    _ => Err(ProtocolError::TooLong),
                },
            };
        }
    }

    fn advance_chunked(&mut self, decoded: usize, part: Part) -> Result<State, ProtocolError> {
        let rest = self.buffer.get(decoded..self.filled).unwrap_or_default();
        let next = match part {
            // A line without a single digit would be taken for the last chunk.
            Part::Size if rest.first().is_some_and(|byte| !byte.is_ascii_hexdigit()) => {
                return Err(ProtocolError::Chunk);
            }
            Part::Size => match httparse::parse_chunk_size(rest) {
                Ok(httparse::Status::Complete((line, size))) => {
                    // An LF inside an extension would be taken for its text.
                    if rest.get(..line.saturating_sub(2)).is_none_or(|line| line.contains(&b'\n')) {
                        return Err(ProtocolError::LineEnding);
                    }
                    self.drop_range(decoded, line);
                    match usize::try_from(size) {
                        Ok(0) => Part::Trailer,
                        Ok(left) => Part::Data { left },
                        Err(_) => return Err(ProtocolError::TooLong),
                    }
                }
                Ok(httparse::Status::Partial) => return Ok(self.state),
                Err(_) => return Err(ProtocolError::Chunk),
            },
            Part::Data { left } => {
                if left > self.buffer.len().saturating_sub(decoded) {
                    return Err(ProtocolError::TooLong);
                }
                let taken = left.min(rest.len());
                let left = left.saturating_sub(taken);
                let part = if left == 0 { Part::DataEnd } else { Part::Data { left } };
                return Ok(State::Chunked { decoded: decoded.saturating_add(taken), part });
            }
            Part::DataEnd => match rest {
                [b'\r', b'\n', ..] => {
                    self.drop_range(decoded, 2);
                    Part::Size
                }
                [] | [b'\r'] => return Ok(self.state),
                _ => return Err(ProtocolError::Chunk),
            },
            Part::Trailer => {
                // An empty trailer section is a bare CR LF; a longer one ends like a head.
                if let [b'\r', b'\n', ..] = rest {
                    self.drop_range(decoded, 2);
                    return Ok(State::Done { end: decoded });
                }
                return match end_of_lines(rest, 0)? {
                    Lines::End(len) => {
                        self.drop_range(decoded, len);
                        Ok(State::Done { end: decoded })
                    }
                    Lines::Open(_) => Ok(self.state),
                };
            }
        };
        Ok(State::Chunked { decoded, part: next })
    }

    /// Takes `len` bytes at `at` out of what was received.
    fn drop_range(&mut self, at: usize, len: usize) {
        if let Some(received) = self.buffer.get_mut(at..self.filled)
            && len <= received.len()
        {
            moves::to_front(received, len);
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

enum Lines {
    /// The empty line ends here.
    End(usize),
    /// It has not come yet; everything before this offset need not be looked at again.
    Open(usize),
}

/// Finds the empty line that ends the lines of `bytes`, looking from `scanned` on. A line break must be CR LF.
fn end_of_lines(bytes: &[u8], scanned: usize) -> Result<Lines, ProtocolError> {
    let mut at = scanned;
    while let Some(rest) = bytes.get(at..) {
        let Some(step) = rest.iter().position(|byte| matches!(byte, b'\r' | b'\n')) else { break };
        let line_end = at.saturating_add(step);
        match rest.get(step..) {
            Some([b'\r', b'\n', ..]) => {}
            Some([b'\r']) => return Ok(Lines::Open(line_end)),
            _ => return Err(ProtocolError::LineEnding),
        }
        at = line_end.saturating_add(2);
        if bytes.get(at.saturating_sub(4)..at) == Some(b"\r\n\r\n") {
            return Ok(Lines::End(at));
        }
    }
    Ok(Lines::Open(bytes.len()))
}
