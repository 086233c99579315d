//! What the sandbox remembers of requests, for tests, if it is told to.

use crate::request::Request;
use std::fmt;

/// One request as it came in. Kept only after [`Builder::record`](crate::Builder::record).
#[derive(Clone, PartialEq, Eq)]
pub struct RecordedRequest {
    /// The method.
    pub method: String,
    /// The target as sent: path and query, still percent-encoded.
    pub target: String,
    /// Name and value of every header, as sent, in the order of sending.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body, without chunking.
    pub body: Vec<u8>,
    /// Every byte of the request as it came over the connection (inside TLS).
    pub raw: Vec<u8>,
    /// The HTTP status of the answer; `None` if it was never answered.
    pub status: Option<u16>,
}

impl RecordedRequest {
    pub(crate) fn new(request: &Request<'_>, raw: &[u8], status: Option<u16>) -> Self {
        Self {
            method: request.method.to_owned(),
            target: request.target.to_owned(),
            headers: request.headers.iter().map(|(name, value)| ((*name).to_owned(), value.to_vec())).collect(),
            body: request.body.to_vec(),
            raw: raw.to_vec(),
            status,
        }
    }

    /// The first value of a header, names compared without case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_slice())
    }
}

/// Shape only: the values are about people, or secret.
impl fmt::Debug for RecordedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("RecordedRequest")
            .field("method", &self.method)
            .field("path", &self.target.split('?').next().unwrap_or_default())
            .field("headers", &names)
            .field("body_bytes", &self.body.len())
            .field("raw_bytes", &self.raw.len())
            .field("status", &self.status)
            .finish()
    }
}
