//! A client of the plainest kind: it writes requests by hand and reads replies to the end.
#![allow(dead_code, reason = "every test binary uses its own part of this")]

use heyan_sandbox::{APP_CODE, Provider, Sandbox};
use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// 张三's number.
pub(crate) const ID: &str = "110101190001010057";
/// 张三's mobile number.
pub(crate) const MOBILE: &str = "13000000000";

/// A reply, taken apart.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) body: Vec<u8>,
    /// Everything as it came.
    pub(crate) raw: Vec<u8>,
}

impl Reply {
    /// Takes apart what came until the end of the connection. Panics if there is no head.
    pub(crate) fn parse(raw: Vec<u8>) -> Self {
        let end = find(&raw, b"\r\n\r\n").unwrap_or_else(|| panic!("no head in {:?}", String::from_utf8_lossy(&raw)));
        let mut lines = raw[..end].split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
        let first = String::from_utf8(lines.next().unwrap().to_vec()).unwrap();
        let status = first.split(' ').nth(1).unwrap().parse().unwrap();
        let headers: Vec<(String, Vec<u8>)> = lines
            .filter(|line| !line.starts_with(b" "))
            .map(|line| {
                let colon = line.iter().position(|byte| *byte == b':').unwrap();
                (String::from_utf8(line[..colon].to_vec()).unwrap(), line[colon + 1..].trim_ascii().to_vec())
            })
            .collect();
        let body = raw[end + 4..].to_vec();
        Self { status, headers, body, raw }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&[u8]> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_slice())
    }

    pub(crate) fn text(&self, name: &str) -> String {
        String::from_utf8(self.header(name).unwrap_or_default().to_vec()).unwrap()
    }

    pub(crate) fn code(&self) -> String {
        self.text("X-Ca-Error-Code")
    }

    pub(crate) fn message(&self) -> String {
        self.text("X-Ca-Error-Message")
    }

    /// The body as it was before chunking.
    pub(crate) fn content(&self) -> Vec<u8> {
        if self.header("Transfer-Encoding").is_none() {
            return self.body.clone();
        }
        let (mut rest, mut out) = (self.body.as_slice(), Vec::new());
        loop {
            let line = find(rest, b"\r\n").unwrap();
            let digits = std::str::from_utf8(&rest[..line]).unwrap().split(';').next().unwrap();
            let size = usize::from_str_radix(digits, 16).unwrap();
            if size == 0 {
                return out;
            }
            out.extend_from_slice(&rest[line + 2..line + 2 + size]);
            rest = &rest[line + 4 + size..];
        }
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.content())
            .unwrap_or_else(|error| panic!("{error} in {:?}", String::from_utf8_lossy(&self.raw)))
    }
}

pub(crate) fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

/// Percent-encodes everything but unreserved characters.
pub(crate) fn encode(value: &str) -> String {
    value.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            write!(out, "%{byte:02X}").unwrap();
        }
        out
    })
}

/// A right request, of which tests then spoil one thing.
#[derive(Clone)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Request {
    pub(crate) fn new(provider: Provider, name: &str, id: &str) -> Self {
        let mut pairs = vec![(provider.id_parameter(), id), (provider.name_parameter(), name)];
        if let Some(parameter) = provider.mobile_parameter() {
            pairs.push((parameter, MOBILE));
        }
        let encoded = pairs.iter().map(|(key, value)| format!("{key}={}", encode(value))).collect::<Vec<_>>().join("&");
        let mut headers = vec![
            ("Host".to_owned(), provider.host().to_owned()),
            ("Authorization".to_owned(), format!("APPCODE {APP_CODE}")),
        ];
        let form = provider.method() == "POST";
        if form {
            headers.push(("Content-Type".to_owned(), "application/x-www-form-urlencoded; charset=UTF-8".to_owned()));
        }
        Self {
            method: provider.method().to_owned(),
            target: if form { provider.path().to_owned() } else { format!("{}?{encoded}", provider.path()) },
            headers,
            body: if form { encoded } else { String::new() },
        }
    }

    /// Replaces a header, or with `None` takes it away.
    pub(crate) fn with(mut self, name: &str, value: Option<&str>) -> Self {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.headers.extend(value.map(|value| (name.to_owned(), value.to_owned())));
        self
    }

    /// The bytes; with a body its length is told.
    pub(crate) fn bytes(&self, last: bool) -> Vec<u8> {
        let mut out = format!("{} {} HTTP/1.1\r\n", self.method, self.target);
        for (name, value) in &self.headers {
            write!(out, "{name}: {value}\r\n").unwrap();
        }
        if !self.body.is_empty() {
            write!(out, "Content-Length: {}\r\n", self.body.len()).unwrap();
        }
        if last {
            out.push_str("Connection: close\r\n");
        }
        write!(out, "\r\n{}", self.body).unwrap();
        out.into_bytes()
    }

    pub(crate) fn send(&self, sandbox: &Sandbox) -> Reply {
        Reply::parse(exchange(sandbox, &self.bytes(true)))
    }
}

/// A connection that does not wait for ever.
pub(crate) fn connect(sandbox: &Sandbox) -> TcpStream {
    let stream = TcpStream::connect(sandbox.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream
}

/// Sends the bytes and reads to the end of the connection.
pub(crate) fn exchange(sandbox: &Sandbox, bytes: &[u8]) -> Vec<u8> {
    let mut stream = connect(sandbox);
    stream.write_all(bytes).unwrap();
    let mut raw = Vec::new();
    stream.read_to_end(&mut raw).unwrap();
    raw
}

pub(crate) fn ask(sandbox: &Sandbox, provider: Provider, name: &str, id: &str) -> Reply {
    Request::new(provider, name, id).send(sandbox)
}

pub(crate) fn sandbox() -> Sandbox {
    Sandbox::builder().threads(2).start().unwrap()
}
