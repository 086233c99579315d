//! Replies: from status, headers and body to the bytes on the wire, and how those are to be delivered.

use std::borrow::Cow;
use std::io::Write as _;
use std::time::Duration;

/// A reply ready to be sent.
pub(crate) struct Reply {
    /// The status that the gateway counts; `None` if no reply was ever made.
    pub(crate) status: Option<u16>,
    pub(crate) bytes: Vec<u8>,
    pub(crate) pace: Pace,
    pub(crate) end: End,
}

/// When the bytes go out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    AtOnce,
    /// All of them after a pause.
    After(Duration),
    /// So many bytes, a pause, the rest.
    BodyAfter(usize, Duration),
    /// One by one, with a pause before each.
    Drip(Duration),
}

/// What happens to the connection when the bytes are out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// It stays open for the next request, unless the client asked otherwise.
    KeepAlive,
    /// It is closed in good order (over TLS with `close_notify`).
    Close,
    /// It is closed without a word, as when a line breaks (over TLS without `close_notify`).
    Break,
    /// It is reset.
    Reset,
    /// Nothing: not a byte more, until the client leaves.
    Hang,
}

/// How the body's length is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyLength {
    /// `Content-Length`.
    Declared,
    /// Chunks of so many bytes.
    Chunked(usize),
    /// Chunks of so many bytes with an extension each, and a trailer.
    ChunkedWithExtras(usize),
    /// By closing the connection.
    UntilClose,
    /// Not at all: the headers are already in the message.
    AsGiven,
}

/// A reply before it becomes bytes.
pub(crate) struct Message<'m> {
    pub(crate) version: &'static str,
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, Cow<'m, [u8]>)>,
    pub(crate) length: BodyLength,
    pub(crate) body: Vec<u8>,
}

impl<'m> Message<'m> {
    pub(crate) fn new(status: u16) -> Self {
        Self {
            version: "HTTP/1.1",
            status,
            headers: Vec::with_capacity(8),
            length: BodyLength::Declared,
            body: Vec::new(),
        }
    }

    pub(crate) fn header(&mut self, name: &'static str, value: impl Into<Cow<'m, [u8]>>) {
        self.headers.push((name, value.into()));
    }

    /// The bytes, and how many of them are the head.
    pub(crate) fn render(&self) -> (Vec<u8>, usize) {
        let mut out = Vec::with_capacity(512 + self.body.len());
        // Writing to a Vec does not fail.
        let _ = write!(out, "{} {} {}\r\n", self.version, self.status, reason(self.status));
        for (name, value) in &self.headers {
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(b": ");
            out.extend_from_slice(value);
            out.extend_from_slice(b"\r\n");
        }
        match self.length {
            BodyLength::Declared => {
                let _ = write!(out, "Content-Length: {}\r\n\r\n", self.body.len());
            }
            BodyLength::Chunked(_) | BodyLength::ChunkedWithExtras(_) => {
                out.extend_from_slice(b"Transfer-Encoding: chunked\r\n\r\n");
            }
            BodyLength::UntilClose | BodyLength::AsGiven => out.extend_from_slice(b"\r\n"),
        }
        let head = out.len();
        match self.length {
            BodyLength::Chunked(piece) => chunk(&mut out, &self.body, piece, "", ""),
            BodyLength::ChunkedWithExtras(piece) => {
                chunk(&mut out, &self.body, piece, ";name=\"value\"", "X-Trailer: after the last chunk\r\n");
            }
            BodyLength::Declared | BodyLength::UntilClose | BodyLength::AsGiven => out.extend_from_slice(&self.body),
        }
        (out, head)
    }
}

fn chunk(out: &mut Vec<u8>, body: &[u8], piece: usize, extension: &str, trailer: &str) {
    for chunk in body.chunks(piece.max(1)) {
        let _ = write!(out, "{:x}{extension}\r\n", chunk.len());
        out.extend_from_slice(chunk);
        out.extend_from_slice(b"\r\n");
    }
    let _ = write!(out, "0\r\n{trailer}\r\n");
}

/// The reason phrases of RFC 9110, and an empty one for numbers that are nobody's.
fn reason(status: u16) -> &'static str {
    match status {
        100 => "Continue",
        103 => "Early Hints",
        200 => "OK",
        204 => "No Content",
        302 => "Found",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        410 => "Gone",
        413 => "Content Too Large",
        429 => "Too Many Requests",
        451 => "Unavailable For Legal Reasons",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::{BodyLength, Message};

    #[test]
    fn renders_each_length() {
        let mut message = Message::new(666);
        message.header("A", "b".as_bytes());
        message.body = b"hello".to_vec();
        let (bytes, head) = message.render();
        assert_eq!(bytes, b"HTTP/1.1 666 \r\nA: b\r\nContent-Length: 5\r\n\r\nhello");
        assert_eq!(&bytes[head..], b"hello");
        message.length = BodyLength::Chunked(3);
        assert!(message.render().0.ends_with(b"Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n"));
        message.length = BodyLength::UntilClose;
        assert_eq!(message.render().0, b"HTTP/1.1 666 \r\nA: b\r\n\r\nhello");
    }
}
