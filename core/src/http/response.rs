//! A complete reply: status, the gateway's own header fields, body.

use core::fmt;

use crate::error::ProtocolError;

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
        if let Some(kept) = Known::of(name) {
            let place = match kept {
                Known::ErrorCode => &mut self.error_code,
                Known::ErrorMessage => &mut self.error_message,
                Known::RequestId => &mut self.request_id,
            };
            if place.is_empty() {
                *place = value.trim_ascii();
            }
        }
        self
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

enum Known {
    ErrorCode,
    ErrorMessage,
    RequestId,
}

impl Known {
    fn of(name: &str) -> Option<Self> {
        // Nearly every field of a reply is turned away by its length or by these five bytes.
        if !name.get(..5)?.eq_ignore_ascii_case("x-ca-") {
            return None;
        }
        if name.eq_ignore_ascii_case("x-ca-error-code") {
            Some(Self::ErrorCode)
        } else if name.eq_ignore_ascii_case("x-ca-error-message") {
            Some(Self::ErrorMessage)
        } else if name.eq_ignore_ascii_case("x-ca-request-id") {
            Some(Self::RequestId)
        } else {
            None
        }
    }
}

/// How the end of a body is found (RFC 9112 §6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    Length(usize),
    Chunked,
    UntilClose,
}

/// What a head says about the message, besides the fields that [`Response`] keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) status: u16,
    pub(super) framing: Framing,
    /// The peer will take another request on this connection (RFC 9112 §9.3).
    pub(super) keep_alive: bool,
}

/// Parses a whole head, from the status line to the empty line, and judges its framing.
// Out of line for the same reason as `Exchange::finish`.
#[inline(never)]
pub(super) fn parse_head(bytes: &[u8]) -> Result<Head, ProtocolError> {
    let mut status = 0;
    let mut minor = 1;
    let mut length = None;
    let mut chunked = false;
    let mut close = false;
    let mut keep = false;
    each_field(bytes, |line, name, value| {
        (minor, status) = line;
        if name.eq_ignore_ascii_case("content-length") {
            if length.is_some() {
                return Err(ProtocolError::ContentLength);
            }
            length = Some(parse_length(value)?);
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            if chunked || !value.eq_ignore_ascii_case(b"chunked") {
                return Err(ProtocolError::TransferEncoding);
            }
            chunked = true;
        } else if name.eq_ignore_ascii_case("content-encoding") {
            if !value.eq_ignore_ascii_case(b"identity") {
                return Err(ProtocolError::ContentEncoding);
            }
        } else if name.eq_ignore_ascii_case("connection") {
            for option in value.split(|byte| *byte == b',') {
                close |= option.trim_ascii().eq_ignore_ascii_case(b"close");
                keep |= option.trim_ascii().eq_ignore_ascii_case(b"keep-alive");
            }
        }
        Ok(())
    })
    .map(|line| (minor, status) = line)?;
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
    Ok(Head { status, framing, keep_alive })
}

/// Hands each field of a whole head to `take`, with the minor version and the status of its first line, and returns
/// those two.
pub(super) fn each_field<'h>(
    bytes: &'h [u8],
    mut take: impl FnMut((u8, u16), &'h str, &'h [u8]) -> Result<(), ProtocolError>,
) -> Result<(u8, u16), ProtocolError> {
    // httparse skips empty lines in front of a status line. They are none of the reply: something else left them.
    if !bytes.starts_with(b"HTTP/") {
        return Err(ProtocolError::Head);
    }
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut head = httparse::Response::new(&mut headers);
    match head.parse(bytes) {
        Ok(httparse::Status::Complete(len)) if len == bytes.len() => {}
        Err(httparse::Error::TooManyHeaders) => return Err(ProtocolError::HeaderCount),
        // `Partial` is no hope here: the empty line is there.
        _ => return Err(ProtocolError::Head),
    }
    let line = match (head.version, head.code) {
        (Some(minor), Some(status @ 100..=999)) => (minor, status),
        _ => return Err(ProtocolError::Head),
    };
    for header in head.headers.iter() {
        take(line, header.name, header.value)?;
    }
    Ok(line)
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
