//! The core's request as ureq's, and ureq's reply as the core's.

use std::io::{self, Read};
use std::ops::Range;

use bytes::Bytes;
use heyan::http::HEADERS_MAX;
use heyan::{EncodeError, Inquiry, ProtocolError};
use ureq::http::uri::{Authority, Parts, PathAndQuery, Scheme};
use ureq::http::{HeaderName, HeaderValue, Method, Request, StatusCode, Uri, Version, header, response};
use zeroize::Zeroize;

/// A request as the core wrote it, and where its parts are. Every part given to ureq is a view of the same bytes, which
/// are wiped with the last of them.
pub(crate) struct Written {
    bytes: Bytes,
    is_post: bool,
    target: Range<usize>,
    headers: Vec<(HeaderName, Range<usize>)>,
    body_at: usize,
}

/// Memory that is wiped before it is given back.
struct Wiped(Vec<u8>);

impl AsRef<[u8]> for Wiped {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Wiped {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl Written {
    /// Has the core write the request. `None`: ureq's types cannot say it.
    pub(crate) fn new(inquiry: &Inquiry<'_>) -> Result<Option<Self>, EncodeError> {
        let mut capacity = inquiry.provider().info().request_len_max();
        loop {
            let mut memory = Wiped(vec![0; capacity]);
            match inquiry.write(&mut memory.0) {
                // Only a caller's own fields can need more than the longest request.
                Err(EncodeError::Buffer { needed }) if needed > capacity => capacity = needed,
                Err(error) => return Err(error),
                Ok(request) => {
                    let len = request.len();
                    let Some(mut written) = Self::locate(&request) else { return Ok(None) };
                    memory.0.truncate(len);
                    written.bytes = Bytes::from_owner(memory);
                    return Ok(Some(written));
                }
            }
        }
    }

    /// Finds the parts of a request, which stand one after the other.
    fn locate(request: &heyan::Request<'_>) -> Option<Self> {
        let view = request.expose();
        let target_at = view.method.as_str().len() + " ".len();
        let target = target_at..target_at + view.target.len();
        let mut at = target.end + " HTTP/1.1\r\n".len();
        let mut headers = Vec::with_capacity(12);
        for (name, value) in view.headers() {
            let value_at = at + name.len() + ": ".len();
            at = value_at + value.len() + "\r\n".len();
            headers.push((HeaderName::from_bytes(name.as_bytes()).ok()?, value_at..value_at + value.len()));
        }
        Some(Self {
            bytes: Bytes::new(),
            is_post: view.method == heyan::http::Method::Post,
            target,
            headers,
            body_at: request.len() - view.body.len(),
        })
    }

    /// The whole message.
    pub(crate) fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The body, empty for GET.
    pub(crate) fn body(&self) -> &[u8] {
        self.bytes.get(self.body_at..).unwrap_or_default()
    }

    /// Everything but the body, for ureq. `None` as with [`Written::new`].
    pub(crate) fn head(&self, scheme: &Scheme, authority: &Authority) -> Option<Request<()>> {
        let mut parts = Parts::default();
        parts.scheme = Some(scheme.clone());
        parts.authority = Some(authority.clone());
        parts.path_and_query = Some(PathAndQuery::from_maybe_shared(self.bytes.slice(self.target.clone())).ok()?);
        let mut request = Request::new(());
        *request.method_mut() = if self.is_post { Method::POST } else { Method::GET };
        *request.uri_mut() = Uri::from_parts(parts).ok()?;
        request.headers_mut().reserve(self.headers.len());
        for (name, range) in &self.headers {
            let mut value = HeaderValue::from_maybe_shared(self.bytes.slice(range.clone())).ok()?;
            value.set_sensitive(true);
            request.headers_mut().append(name.clone(), value);
        }
        Some(request)
    }
}

/// How the end of a body is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    /// By its length or by its last chunk.
    Marked,
    /// By the end of the connection.
    UntilClose,
}

/// Refuses what the core's own reader of HTTP/1.1 refuses and ureq takes (RFC 9112 §6.3).
pub(crate) fn check_head(head: &response::Parts, body_max: usize) -> Result<Framing, ProtocolError> {
    if head.status == StatusCode::SWITCHING_PROTOCOLS {
        return Err(ProtocolError::Upgrade);
    }
    if head.headers.len() > HEADERS_MAX {
        return Err(ProtocolError::HeaderCount);
    }
    for coding in head.headers.get_all(header::CONTENT_ENCODING) {
        if !coding.as_bytes().eq_ignore_ascii_case(b"identity") {
            return Err(ProtocolError::ContentEncoding);
        }
    }
    let mut codings = head.headers.get_all(header::TRANSFER_ENCODING).iter();
    let chunked = match (codings.next(), codings.next()) {
        (None, _) => false,
        (Some(coding), None)
            if coding.as_bytes().eq_ignore_ascii_case(b"chunked") && head.version != Version::HTTP_10 =>
        {
            true
        }
        _ => return Err(ProtocolError::TransferEncoding),
    };
    let mut lengths = head.headers.get_all(header::CONTENT_LENGTH).iter();
    let length = match (lengths.next(), lengths.next()) {
        (None, _) => None,
        (Some(_), None) if chunked => return Err(ProtocolError::ContentLength),
        (Some(length), None) => Some(parse_length(length.as_bytes())?),
        (Some(_), Some(_)) => return Err(ProtocolError::ContentLength),
    };
    let is_bodiless = matches!(head.status.as_u16(), 204 | 304);
    match length {
        Some(length) if length > body_max && !is_bodiless => Err(ProtocolError::TooLong),
        None if !chunked && !is_bodiless => Ok(Framing::UntilClose),
        _ => Ok(Framing::Marked),
    }
}

fn parse_length(value: &[u8]) -> Result<usize, ProtocolError> {
    if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
        return Err(ProtocolError::ContentLength);
    }
    // A length that no address can hold is well formed, and too long.
    std::str::from_utf8(value).ok().and_then(|digits| digits.parse().ok()).ok_or(ProtocolError::TooLong)
}

/// Bytes of a body that are held without asking for memory: four times what the longest documented reply takes.
const SHORT: usize = 4096;

/// The memory for one body: on the stack while it is short, and one block of the permitted size when it is not.
pub(crate) struct Body {
    short: heyan::Buffer<SHORT>,
    long: Option<Wiped>,
    len: usize,
    max: usize,
}

/// Why a body could not be read.
pub(crate) enum BodyError {
    Read(ureq::Error),
    TooLong,
}

impl Body {
    pub(crate) fn new(max: usize) -> Self {
        Self { short: heyan::Buffer::new(), long: None, len: 0, max }
    }

    /// Reads to the end, and no more than is permitted.
    pub(crate) fn read(&mut self, mut reader: impl Read) -> Result<&mut [u8], BodyError> {
        loop {
            let mut beyond = [0];
            let is_full = self.len >= self.max;
            let space = if is_full { &mut beyond[..] } else { self.space() };
            match reader.read(space) {
                Ok(0) => break,
                Ok(_) if is_full => return Err(BodyError::TooLong),
                Ok(count) => self.len += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(BodyError::Read(error.into())),
            }
        }
        let len = self.len;
        let whole = match &mut self.long {
            Some(long) => &mut long.0[..],
            None => &mut self.short[..],
        };
        Ok(whole.get_mut(..len).unwrap_or_default())
    }

    /// Room for more, never empty.
    fn space(&mut self) -> &mut [u8] {
        if self.long.is_none() && self.len >= SHORT.min(self.max) {
            let mut long = Wiped(vec![0; self.max]);
            for (to, from) in long.0.iter_mut().zip(self.short.iter()) {
                *to = *from;
            }
            self.long = Some(long);
        }
        let whole = match &mut self.long {
            Some(long) => &mut long.0[..],
            None => &mut self.short[..],
        };
        let end = self.max.min(whole.len());
        whole.get_mut(self.len..end).unwrap_or_default()
    }
}
