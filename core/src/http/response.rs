//! A complete reply: status, the gateway's own header fields, body.

use core::fmt;

use crate::error::ProtocolError;
use crate::text::{same, trim};

/// Most header lines a reply may have. The gateway sends about 15; an entry takes four words of stack.
pub const HEADERS_MAX: usize = 32;

/// A complete reply. [`Exchange::finish`](super::Exchange::finish) makes one from bytes; an HTTP library's reply is
/// turned into one by [`Response::new`] and [`Response::header`].
///
/// The body is the caller's memory and will be rewritten in place when it is read.
#[must_use]
pub struct Response<'b> {
    status: u16,
    error_code: &'b [u8],
    error_message: &'b [u8],
    request_id: &'b [u8],
    body: &'b mut [u8],
}

impl<'b> Response<'b> {
    /// A reply with this status and this body, after transfer coding was taken off. `None` for a status that is not of
    /// three digits, 100 to 999: `sfz2` answers 666.
    pub const fn new(status: u16, body: &'b mut [u8]) -> Option<Self> {
        match status {
            100..=999 => Some(Self { status, error_code: b"", error_message: b"", request_id: b"", body }),
            _ => None,
        }
    }

    /// Takes note of a header field. All fields may be passed; only the gateway's own are kept: `X-Ca-Error-Code`,
    /// `X-Ca-Error-Message` (raw bytes: it may hold UTF-8, and the request with it) and `X-Ca-Request-Id`. Of a
    /// repeated field the first value that is not empty counts.
    pub fn header(mut self, name: &str, value: &'b [u8]) -> Self {
        let place = match Word::of(name.as_bytes()) {
            Some(Word::ErrorCode) => &mut self.error_code,
            Some(Word::ErrorMessage) => &mut self.error_message,
            Some(Word::RequestId) => &mut self.request_id,
            _ => return self,
        };
        if place.is_empty() {
            *place = trim(value);
        }
        self
    }

    /// The reply to which a whole head belongs, whose bytes are `head_bytes`.
    pub(super) fn of(head: &Head, head_bytes: &'b [u8], body: &'b mut [u8]) -> Self {
        let field = |(from, to)| head_bytes.get(from..to).unwrap_or_default();
        let [error_code, error_message, request_id] = head.kept;
        Self {
            status: head.status,
            error_code: field(error_code),
            error_message: field(error_message),
            request_id: field(request_id),
            body,
        }
    }

    /// The HTTP status, 100 to 999.
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// The body as it came. Personal data: `expose` says that the caller means to see it.
    #[must_use]
    pub const fn expose_body(&self) -> &[u8] {
        self.body
    }

    pub(crate) const fn error_code(&self) -> &'b [u8] {
        self.error_code
    }

    pub(crate) const fn error_message(&self) -> &'b [u8] {
        self.error_message
    }

    pub(crate) const fn request_id(&self) -> &'b [u8] {
        self.request_id
    }

    pub(crate) fn into_body(self) -> &'b mut [u8] {
        self.body
    }
}

impl fmt::Debug for Response<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Response({}, redacted)", self.status)
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for Response<'_> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "Response({=u16}, redacted)", self.status);
    }
}

/// The words in a head that mean something: names of fields, and what some of them say.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Word {
    ContentLength,
    TransferEncoding,
    Chunked,
    ContentEncoding,
    Identity,
    Connection,
    Close,
    KeepAlive,
    ErrorCode,
    ErrorMessage,
    RequestId,
}

impl Word {
    fn of(text: &[u8]) -> Option<Self> {
        static WORDS: [(&str, Word); 11] = [
            ("content-length", Word::ContentLength),
            ("transfer-encoding", Word::TransferEncoding),
            ("chunked", Word::Chunked),
            ("content-encoding", Word::ContentEncoding),
            ("identity", Word::Identity),
            ("connection", Word::Connection),
            ("close", Word::Close),
            ("keep-alive", Word::KeepAlive),
            ("x-ca-error-code", Word::ErrorCode),
            ("x-ca-error-message", Word::ErrorMessage),
            ("x-ca-request-id", Word::RequestId),
        ];
        WORDS.iter().find(|(known, _)| same(text, known.as_bytes())).map(|(_, word)| *word)
    }
}

/// How the end of a body is found (RFC 9112 §6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    Length(usize),
    Chunked,
    UntilClose,
}

/// What a head says about the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    /// Its length in bytes, the empty line included.
    pub(super) len: usize,
    pub(super) status: u16,
    pub(super) framing: Framing,
    /// The peer will take another request on this connection (RFC 9112 §9.3).
    pub(super) keep_alive: bool,
    /// Where the fields stand that [`Response`] keeps, in the order of its own fields.
    kept: [(usize, usize); 3],
}

/// Parses a whole head, from the status line to the empty line, and judges its framing.
// Inlined into a driver, its half a kilobyte of header lines would lie on the stack while the request is signed.
#[inline(never)]
pub(super) fn parse_head(bytes: &[u8]) -> Result<Head, ProtocolError> {
    let (minor, status, lines) = status_line(bytes).ok_or(ProtocolError::Head)?;
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let headers = match httparse::parse_headers(lines, &mut headers) {
        Ok(httparse::Status::Complete((len, headers))) if len == lines.len() => headers,
        Err(httparse::Error::TooManyHeaders) => return Err(ProtocolError::HeaderCount),
        // `Partial` is no hope here: the empty line is there.
        _ => return Err(ProtocolError::Head),
    };
    let mut length = None;
    let mut chunked = false;
    let mut close = false;
    let mut keep = false;
    let mut kept = [(0, 0); 3];
    let [error_code, error_message, request_id] = &mut kept;
    for httparse::Header { name, value } in headers {
        let kept = match Word::of(name.as_bytes()) {
            Some(Word::ContentLength) => {
                if length.is_some() {
                    return Err(ProtocolError::ContentLength);
                }
                length = Some(parse_length(value)?);
                continue;
            }
            Some(Word::TransferEncoding) => {
                if chunked || Word::of(value) != Some(Word::Chunked) {
                    return Err(ProtocolError::TransferEncoding);
                }
                chunked = true;
                continue;
            }
            Some(Word::ContentEncoding) if Word::of(value) != Some(Word::Identity) => {
                return Err(ProtocolError::ContentEncoding);
            }
            Some(Word::Connection) => {
                for option in value.split(|byte| *byte == b',') {
                    let option = Word::of(trim(option));
                    close |= option == Some(Word::Close);
                    keep |= option == Some(Word::KeepAlive);
                }
                continue;
            }
            Some(Word::ErrorCode) => &mut *error_code,
            Some(Word::ErrorMessage) => &mut *error_message,
            Some(Word::RequestId) => &mut *request_id,
            _ => continue,
        };
        if kept.0 == kept.1 {
            let from = value.as_ptr().addr().wrapping_sub(bytes.as_ptr().addr());
            *kept = (from, from.wrapping_add(value.len()));
        }
    }
    let framing = match (chunked, length) {
        (true, Some(_)) => return Err(ProtocolError::ContentLength),
        // RFC 9112 §6.1: HTTP/1.0 has no transfer codings, so such a message is faulty.
        (true, None) if minor == 0 => return Err(ProtocolError::TransferEncoding),
        // These have no body, whatever their fields say of the one that another request would have got.
        _ if matches!(status, 100..=199 | 204 | 304) => Framing::Length(0),
        (true, None) => Framing::Chunked,
        (false, Some(length)) => Framing::Length(length),
        (false, None) => Framing::UntilClose,
    };
    let keep_alive = framing != Framing::UntilClose && !close && (minor == 1 || keep);
    Ok(Head { len: bytes.len(), status, framing, keep_alive, kept })
}

/// Minor version and status, 100 to 999, and the lines behind the first (RFC 9112 §4).
fn status_line(bytes: &[u8]) -> Option<(u8, u16, &[u8])> {
    let ([minor @ (b'0' | b'1'), b' ', status @ ..], rest) =
        bytes.strip_prefix(b"HTTP/1.")?.split_first_chunk::<5>()?
    else {
        return None;
    };
    let status @ 100.. = u16::try_from(parse_length(status).ok()?).ok()? else { return None };
    let printable = |byte: &u8| matches!(byte, b'\t' | b' '..=b'~' | 0x80..);
    let (reason, lines) = rest.split_at_checked(rest.iter().position(|byte| !printable(byte))?)?;
    let lines = lines.strip_prefix(b"\r\n")?;
    if matches!(reason, [] | [b' ', ..]) { Some((minor & 0xF, status, lines)) } else { None }
}

fn parse_length(value: &[u8]) -> Result<usize, ProtocolError> {
    if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
        return Err(ProtocolError::ContentLength);
    }
    value.iter().try_fold(0_usize, |length, digit| {
        let digit = usize::from(digit & 0x0f);
        // A length that no address can hold is no malformed one, it is merely too long for any buffer.
        length.checked_mul(10).and_then(|length| length.checked_add(digit)).ok_or(ProtocolError::TooLong)
    })
}
