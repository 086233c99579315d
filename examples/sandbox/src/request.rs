//! HTTP/1.1 requests: from bytes to a head and a body, strictly.

use crate::gateway::Fault;
use std::borrow::Cow;

/// A request head may be so many bytes long.
const LONGEST_HEAD: usize = 64 * 1024;
/// A target may be so many bytes long.
const LONGEST_TARGET: usize = 16 * 1024;
/// A body may be so many bytes long.
const LONGEST_BODY: usize = 1024 * 1024;
/// A request may have so many headers.
const MOST_HEADERS: usize = 64;

/// A complete request, borrowed from the connection's buffer.
pub(crate) struct Request<'b> {
    pub(crate) method: &'b str,
    pub(crate) target: &'b str,
    pub(crate) headers: Vec<(&'b str, &'b [u8])>,
    pub(crate) body: Cow<'b, [u8]>,
    /// Whether the client wants the connection kept.
    pub(crate) keep_alive: bool,
}

impl<'b> Request<'b> {
    /// The value of a header, names compared without case; the first if it is repeated.
    pub(crate) fn header(&self, name: &str) -> Option<&'b [u8]> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| *value)
    }

    /// How often a header comes.
    pub(crate) fn count(&self, name: &str) -> usize {
        self.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name)).count()
    }

    pub(crate) fn path(&self) -> &'b str {
        self.target.split('?').next().unwrap_or_default()
    }

    pub(crate) fn query(&self) -> &'b str {
        self.target.split_once('?').map_or("", |(_, query)| query)
    }
}

/// What the head says about the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    /// Length of the head with its empty line, in bytes.
    pub(crate) length: usize,
    pub(crate) framing: Framing,
    pub(crate) expects_continue: bool,
    pub(crate) keep_alive: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    Length(usize),
    Chunked,
}

/// The head at the start of `buffer`; `None` until it is complete. `searched` remembers how far earlier calls looked.
pub(crate) fn head(buffer: &[u8], searched: &mut usize) -> Result<Option<Head>, Fault> {
    // RFC 9112, section 2.2: a lone CR or LF is no line end. Some recipients take it for one, which smugglers live on.
    let from = searched.saturating_sub(3);
    for index in from..buffer.len() {
        let before = index.checked_sub(1).and_then(|before| buffer.get(before));
        match buffer.get(index) {
            Some(b'\n') if before != Some(&b'\r') => return Err(Fault::BadHeader("head".into(), "bare LF")),
            Some(other) if *other != b'\n' && before == Some(&b'\r') => {
                return Err(Fault::BadHeader("head".into(), "bare CR"));
            }
            Some(b'\n') if buffer[..=index].ends_with(b"\r\n\r\n") => return facts(&buffer[..=index]).map(Some),
            _ => {}
        }
    }
    *searched = buffer.len();
    if buffer.len() > LONGEST_HEAD {
        return Err(Fault::BadHeader("head".into(), "too large"));
    }
    Ok(None)
}

/// A head in its parts.
struct Parts<'b> {
    method: &'b str,
    target: &'b str,
    version: &'b str,
    headers: Vec<(&'b str, &'b [u8])>,
}

/// Splits a complete head, which ends in an empty line.
fn split(head: &[u8]) -> Result<Parts<'_>, Fault> {
    let end = head.windows(2).position(|pair| pair == b"\r\n").unwrap_or(head.len());
    let (line, rest) = (&head[..end], head.get(end + 2..).unwrap_or_default());
    if line.len() > LONGEST_TARGET {
        return Err(Fault::UriTooLarge);
    }
    if !line.is_ascii() {
        return Err(Fault::BadUri("raw non-ASCII byte, percent-encode it"));
    }
    // ASCII was just checked.
    let line = std::str::from_utf8(line).unwrap_or_default();
    let mut words = line.split(' ');
    let (Some(method), Some(target), Some(version), None) = (words.next(), words.next(), words.next(), words.next())
    else {
        return Err(Fault::BadUri("the request line is not method, target and version with single spaces"));
    };
    if version != "HTTP/1.1" && version != "HTTP/1.0" {
        return Err(Fault::BadUri("not HTTP/1.1"));
    }
    if method.is_empty() || !method.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Err(Fault::UnsupportedMethod(method.to_owned()));
    }
    if !target.starts_with('/') || target.bytes().any(|byte| !byte.is_ascii_graphic() || byte == b'#') {
        return Err(Fault::BadUri("not an absolute path with visible characters"));
    }
    let mut slots = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let headers = match httparse::parse_headers(rest, &mut slots) {
        Ok(httparse::Status::Complete((_, headers))) => {
            headers.iter().map(|header| (header.name, header.value)).collect()
        }
        Ok(httparse::Status::Partial) => return Err(Fault::BadHeader("head".into(), "ends early")),
        Err(httparse::Error::TooManyHeaders) => return Err(Fault::BadHeader("head".into(), "more than 64 headers")),
        Err(_) => return Err(Fault::BadHeader("head".into(), "not `name: value` lines")),
    };
    Ok(Parts { method, target, version, headers })
}

fn facts(head: &[u8]) -> Result<Head, Fault> {
    let Parts { version, headers, .. } = split(head)?;
    let values = |name: &'static str| {
        headers.iter().filter(move |(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| *value)
    };
    let mut lengths = values("content-length");
    let mut codings = values("transfer-encoding");
    let framing = match (lengths.next(), codings.next()) {
        (Some(_), Some(_)) => return Err(Fault::BadHeader("Content-Length".into(), "beside Transfer-Encoding")),
        (Some(length), None) => {
            if lengths.next().is_some() {
                return Err(Fault::BadHeader("Content-Length".into(), "repeated"));
            }
            let digits = std::str::from_utf8(length).unwrap_or_default();
            if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(Fault::BadHeader("Content-Length".into(), "not a number"));
            }
            match digits.parse() {
                Ok(length) if length <= LONGEST_BODY => Framing::Length(length),
                _ => return Err(Fault::BodyTooLarge),
            }
        }
        (None, Some(coding)) if coding.eq_ignore_ascii_case(b"chunked") && codings.next().is_none() => Framing::Chunked,
        (None, Some(_)) => return Err(Fault::BadHeader("Transfer-Encoding".into(), "not `chunked` alone")),
        (None, None) => Framing::Length(0),
    };
    let token = |name: &'static str, word: &str| {
        values(name).any(|value| {
            value.split(|byte| *byte == b',').any(|part| part.trim_ascii().eq_ignore_ascii_case(word.as_bytes()))
        })
    };
    Ok(Head {
        length: head.len(),
        framing,
        expects_continue: token("expect", "100-continue"),
        keep_alive: if version == "HTTP/1.0" {
            token("connection", "keep-alive")
        } else {
            !token("connection", "close")
        },
    })
}

/// The length of head and body together; `None` until all of it is there.
pub(crate) fn total_length(buffer: &[u8], head: &Head) -> Result<Option<usize>, Fault> {
    match head.framing {
        Framing::Length(length) => Ok(Some(head.length + length).filter(|total| buffer.len() >= *total)),
        Framing::Chunked => chunks(buffer, head.length, |_| {}),
    }
}

/// The request at the start of `buffer`, of which `total` bytes are there.
pub(crate) fn request<'b>(buffer: &'b [u8], head: &Head) -> Result<Request<'b>, Fault> {
    let Parts { method, target, headers, .. } = split(&buffer[..head.length])?;
    let body = match head.framing {
        Framing::Length(length) => Cow::Borrowed(buffer.get(head.length..head.length + length).unwrap_or_default()),
        Framing::Chunked => {
            let mut body = Vec::new();
            chunks(buffer, head.length, |chunk| body.extend_from_slice(chunk))?;
            Cow::Owned(body)
        }
    };
    Ok(Request { method, target, headers, body, keep_alive: head.keep_alive })
}

/// Walks the chunks from `position`; the position behind the last one, or `None` until it is there.
fn chunks(buffer: &[u8], mut position: usize, mut each: impl FnMut(&[u8])) -> Result<Option<usize>, Fault> {
    let bad = || Fault::BadBody("bad chunk");
    let start = position;
    loop {
        if position - start > LONGEST_BODY {
            return Err(Fault::BodyTooLarge);
        }
        let rest = buffer.get(position..).unwrap_or_default();
        let (line, size) = match httparse::parse_chunk_size(rest) {
            Ok(httparse::Status::Complete((line, size))) => (line, usize::try_from(size).map_err(|_| bad())?),
            Ok(httparse::Status::Partial) if rest.len() > 256 => return Err(bad()),
            Ok(httparse::Status::Partial) => return Ok(None),
            Err(_) => return Err(bad()),
        };
        if size > LONGEST_BODY {
            return Err(Fault::BodyTooLarge);
        }
        // The last chunk's trailers would stand where its data would; this takes none.
        let Some(data) = rest.get(line..line + size + 2) else { return Ok(None) };
        let (data, end) = data.split_at(size);
        if end != b"\r\n" {
            return Err(bad());
        }
        each(data);
        position += line + size + 2;
        if size == 0 {
            return Ok(Some(position));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Framing, head, request, total_length};
    use crate::gateway::Fault;

    fn parse(bytes: &[u8]) -> Result<Option<super::Head>, Fault> {
        head(bytes, &mut 0)
    }

    #[test]
    fn any_split_gives_the_same_request() {
        let bytes = b"POST /a?b=c HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabcGET";
        let mut searched = 0;
        for length in 0..52 {
            assert_eq!(head(&bytes[..length], &mut searched), Ok(None), "{length}");
        }
        let head = head(bytes, &mut searched).unwrap().unwrap();
        assert_eq!(head.framing, Framing::Length(3));
        assert!(head.keep_alive);
        assert_eq!(total_length(&bytes[..head.length + 2], &head), Ok(None));
        assert_eq!(total_length(bytes, &head), Ok(Some(bytes.len() - 3)));
        let request = request(bytes, &head).unwrap();
        assert_eq!((request.method, request.path(), request.query()), ("POST", "/a", "b=c"));
        assert_eq!(request.body.as_ref(), b"abc");
        assert_eq!(request.header("HOST"), Some(b"x".as_slice()));
    }

    #[test]
    fn chunks_are_put_together() {
        let bytes = b"POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1;x=y\r\nc\r\n0\r\n\r\n";
        let head = parse(bytes).unwrap().unwrap();
        assert_eq!(head.framing, Framing::Chunked);
        for length in head.length..bytes.len() {
            assert_eq!(total_length(&bytes[..length], &head), Ok(None));
        }
        assert_eq!(total_length(bytes, &head), Ok(Some(bytes.len())));
        assert_eq!(request(bytes, &head).unwrap().body.as_ref(), b"abc");
    }

    #[test]
    fn refuses_what_could_be_read_two_ways() {
        for bad in [
            "GET /a HTTP/1.1\nHost: x\n\n",
            "GET /a HTTP/1.1\r\nHost: x\rY: z\r\n\r\n",
            "GET /a HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
            "GET /a HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
            "GET /a HTTP/1.1\r\nContent-Length: +1\r\n\r\n",
            "GET /a HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
            "GET /a HTTP/1.1\r\nHost : x\r\n\r\n",
            "GET /a HTTP/1.1\r\nHost: x\r\n y\r\n\r\n",
        ] {
            assert!(matches!(parse(bad.as_bytes()), Err(Fault::BadHeader(..))), "{bad}");
        }
        for bad in [
            "GET /a b HTTP/1.1\r\n\r\n",
            "GET  /a HTTP/1.1\r\n\r\n",
            "GET /张 HTTP/1.1\r\n\r\n",
            "GET http://x/ HTTP/1.1\r\n\r\n",
            "GET /a HTTP/2\r\n\r\n",
        ] {
            assert!(matches!(parse(bad.as_bytes()), Err(Fault::BadUri(_))), "{bad}");
        }
    }
}
