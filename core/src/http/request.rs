//! Writes one complete HTTP/1.1 request into the caller's buffer, and shows it to whoever sends it.
//!
//! Every provider's request has the same shape, so this is the only place that writes one:
//!
//! ```text
//! POST /path HTTP/1.1                 or   GET /path?parameters HTTP/1.1
//! Host: …
//! Authorization: APPCODE …            or   x-ca-key, x-ca-timestamp, x-ca-nonce, x-ca-signature-*
//! Accept: application/json
//! Content-Type: application/x-www-form-urlencoded; charset=UTF-8      (POST)
//! Content-Length: …                                                   (POST)
//! x-ca-signature: …                                                   (signed)
//!
//! parameters                                                          (POST)
//! ```
//!
//! The parameters of a form must be known before the last header lines can be written, for their length and their
//! signature. They are written where the missing lines will stand, then moved back by the length of those lines: one
//! short move instead of a second pass over personal data.

use crate::auth::sign::{LINES_MAX, SIGNATURE_LEN, ToSign};
use crate::auth::{CODE_MAX, Credentials};
use crate::bytes;
use crate::error::EncodeError;
use crate::http::endpoint::{AUTHORITY_MAX, PATH_MAX};
use crate::inquiry::Inquiry;
use crate::provider::{Factor, Info, Placement};
use crate::redact::redacted;
use crate::subject::Subject;
use crate::text::split_once;

/// The header lines that are the same for all requests. A line brings the line break before it, and what is constant is
/// copied in one piece: a copy costs more than what it copies.
const ACCEPT_LINE: &str = "\r\nAccept: application/json";
/// The type is byte for byte what the documents of `checkone` and `sjsys` print; `idenauthen`, with a shorter one, is
/// served by it too.
const FORM_LINES: &str = "\r\nContent-Type: application/x-www-form-urlencoded; charset=UTF-8\
    \r\nContent-Length: ";
/// That type, where it stands there.
const FORM: &str = {
    let (line, _) = FORM_LINES.split_at(FORM_LINES.len().saturating_sub("\r\nContent-Length: ".len()));
    line.split_at("\r\nContent-Type: ".len()).1
};
const APP_CODE: &str = "\r\nAuthorization: APPCODE ";
const SIGNATURE: &str = "\r\nx-ca-signature: ";
const HOST: &str = " HTTP/1.1\r\nHost: ";
const CRLF: &str = "\r\n";
const END: &str = "\r\n\r\n";

/// The method of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Method {
    /// GET, with the parameters in the query.
    Get,
    /// POST, with the parameters in a form.
    Post,
}

impl Method {
    /// `GET` or `POST`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

/// A request that stands complete in the caller's buffer.
#[must_use]
pub struct Request<'b> {
    buffer: &'b mut [u8],
    len: usize,
    method: Method,
    target: (usize, usize),
    headers_at: usize,
    body_at: usize,
}

/// What a request says, in the parts that an HTTP library asks for. All of it is personal or secret.
#[derive(Clone, Copy)]
pub struct RequestView<'r> {
    /// The whole message.
    pub bytes: &'r [u8],
    /// Method.
    pub method: Method,
    /// Path and query, as on the request line.
    pub target: &'r str,
    /// The header lines, each with its CR LF.
    header_lines: &'r str,
    /// The body, empty for GET.
    pub body: &'r [u8],
}

impl<'r> RequestView<'r> {
    /// The header fields in the order in which they stand, `Host` and `Content-Length` included.
    #[must_use]
    pub fn headers(&self) -> Headers<'r> {
        Headers { lines: self.header_lines }
    }
}

/// The header fields of a request as `(name, value)`.
#[derive(Clone)]
pub struct Headers<'r> {
    lines: &'r str,
}

impl<'r> Iterator for Headers<'r> {
    type Item = (&'r str, &'r str);

    fn next(&mut self) -> Option<Self::Item> {
        let (line, rest) = split_once(self.lines, b'\r')?;
        self.lines = rest.strip_prefix('\n')?;
        let (name, value) = split_once(line, b':')?;
        Some((name, value.strip_prefix(' ')?))
    }
}

impl<'b> Request<'b> {
    /// Length of the message in bytes.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a request is never empty")]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// The message and its parts. `expose` says that the caller means to read personal data and secrets.
    #[must_use]
    pub fn expose(&self) -> RequestView<'_> {
        let bytes = self.buffer.get(..self.len).unwrap_or_default();
        // The writer writes nothing but ASCII, so the fallbacks are never taken.
        let text = |from, to| bytes.get(from..to).and_then(|part| core::str::from_utf8(part).ok()).unwrap_or_default();
        RequestView {
            bytes,
            method: self.method,
            target: text(self.target.0, self.target.1),
            header_lines: text(self.headers_at, self.body_at.saturating_sub(CRLF.len())),
            body: bytes.get(self.body_at..).unwrap_or_default(),
        }
    }

    /// The whole buffer and the length of the request in it.
    pub(crate) fn into_parts(self) -> (&'b mut [u8], usize) {
        (self.buffer, self.len)
    }
}

redacted!(Request<'_>, RequestView<'_>, Headers<'_>, Fields<'_>);

/// Where a caller's own function writes its extra fields.
pub struct Fields<'w> {
    writer: Writer<'w>,
    info: &'w Info,
}

impl Fields<'_> {
    /// Adds `name=value` where the provider's own parameters stand. The value is percent-encoded as UTF-8.
    ///
    /// # Errors
    /// [`EncodeError::FieldName`] when the name is empty, taken by the provider, or holds something other than ASCII
    /// letters, digits and `-._~`.
    pub fn add(&mut self, name: &str, value: &str) -> Result<(), EncodeError> {
        let taken =
            self.info.parameters.iter().any(|(own, _)| *own == name) || self.info.vendor_key_parameter == Some(name);
        if taken || name.is_empty() || !name.bytes().all(is_unreserved) {
            return Err(EncodeError::FieldName);
        }
        self.writer.array(*b"&");
        self.writer.text(name);
        self.writer.array(*b"=");
        self.writer.encoded(value.as_bytes());
        Ok(())
    }
}

/// Writes the request of an inquiry.
pub(crate) fn write<'b>(inquiry: &Inquiry<'_>, buffer: &'b mut [u8]) -> Result<Request<'b>, EncodeError> {
    let info = inquiry.provider.info();
    let (method, is_form) = match info.placement {
        Placement::Query => (Method::Get, false),
        Placement::Form => (Method::Post, true),
    };
    let path = inquiry.endpoint.path().unwrap_or(info.path);
    let mut w = Writer { buffer, len: 0 };

    w.text(method.as_str());
    w.array(*b" ");
    let target_at = w.len;
    w.text(path);
    let mut parameters = (w.len, w.len);
    if !is_form {
        w.array(*b"?");
        parameters = write_parameters(&mut w, inquiry, info)?;
    }
    let target = (target_at, w.len);
    w.pair(HOST, inquiry.endpoint.authority());
    let headers_at = target.1.saturating_add(" HTTP/1.1\r\n".len());
    let mut signing = None;
    match &inquiry.credentials {
        Credentials::AppCode(code) => w.pair(APP_CODE, code.expose()),
        Credentials::Signed(key, stamp) => {
            (key.signer().lines)(&mut w, key, stamp);
            signing = Some((key, stamp));
        }
        Credentials::VendorKey(_) => {}
    }
    w.text(ACCEPT_LINE);
    if is_form {
        w.text(FORM_LINES);
        parameters = write_parameters(&mut w, inquiry, info)?;
    }

    let signature = match signing {
        // A request that does not fit is not worth hashing.
        Some((key, stamp)) if w.fits() => {
            let to_sign = ToSign {
                method,
                content_type: if is_form { FORM } else { "" },
                path,
                parameters: w.buffer.get(parameters.0..parameters.1).unwrap_or_default(),
            };
            Some((key.signer().sign)(key, stamp, &to_sign))
        }
        Some(_) => Some([0; SIGNATURE_LEN]),
        None => None,
    };

    let body_len = parameters.1.saturating_sub(parameters.0);
    let mut digits = [0; 20];
    let length = if is_form { decimal(body_len, &mut digits) } else { "" };
    let signature_len = if signature.is_some() { const { SIGNATURE.len().saturating_add(SIGNATURE_LEN) } } else { 0 };
    let gap = length.len().saturating_add(signature_len).saturating_add(END.len());
    let len = w.len.saturating_add(gap);
    if len > w.buffer.len() {
        w.wipe();
        return Err(EncodeError::Buffer { needed: len });
    }
    if is_form {
        w.move_back(parameters, gap);
        w.len = parameters.0;
        w.text(length);
    }
    if let Some(signature) = &signature {
        w.text(SIGNATURE);
        w.bytes(signature);
    }
    w.text(END);
    Ok(Request { buffer: w.buffer, len, method, target, headers_at, body_at: w.len })
}

/// Writes all parameters and returns where they stand. After an error nothing is left of them.
fn write_parameters(w: &mut Writer<'_>, inquiry: &Inquiry<'_>, info: &Info) -> Result<(usize, usize), EncodeError> {
    let from = w.len;
    match fill_parameters(w, inquiry, info) {
        Ok(()) => Ok((from, w.len)),
        Err(error) => {
            w.wipe();
            Err(error)
        }
    }
}

#[inline(always)]
fn fill_parameters(w: &mut Writer<'_>, inquiry: &Inquiry<'_>, info: &Info) -> Result<(), EncodeError> {
    let from = w.len;
    for (name, factor) in info.parameters {
        if w.len > from {
            w.array(*b"&");
        }
        w.text(name);
        w.array(*b"=");
        write_factor(w, &inquiry.subject, *factor)?;
    }
    if let (Credentials::VendorKey(key), Some(name)) = (&inquiry.credentials, info.vendor_key_parameter) {
        w.array(*b"&");
        w.text(name);
        w.array(*b"=");
        w.encoded(key.expose().as_bytes());
    }
    if let Some(extra) = inquiry.extra {
        let mut fields = Fields { writer: Writer { buffer: &mut *w.buffer, len: w.len }, info };
        extra(&inquiry.subject, &mut fields)?;
        w.len = fields.writer.len;
    }
    Ok(())
}

fn write_factor(w: &mut Writer<'_>, subject: &Subject<'_>, factor: Factor) -> Result<(), EncodeError> {
    match factor {
        // Digits and X need no encoding.
        Factor::IdNumber => w.array(*subject.id().as_bytes()),
        Factor::Mobile => w.array(*subject.mobile().ok_or(EncodeError::MobileMissing)?.as_bytes()),
        Factor::Name => match subject.name().plain() {
            Some(name) => w.encoded(name.as_bytes()),
            None => {
                for character in subject.name().expose_chars() {
                    w.encoded(character.encode_utf8(&mut [0; 4]).as_bytes());
                }
            }
        },
    }
    Ok(())
}

/// Bytes that the head of a request takes at most, the parameters aside, whatever the credentials and the endpoint are.
/// `path` and `host` are the lengths of the provider's own.
#[expect(clippy::arithmetic_side_effects, reason = "evaluated at compile time, where an overflow is an error")]
pub(crate) const fn head_max(placement: Placement, path: usize, host: usize) -> usize {
    let signed = LINES_MAX + SIGNATURE.len() + SIGNATURE_LEN;
    let app_code = APP_CODE.len() + CODE_MAX;
    let lines = match placement {
        Placement::Query => "GET ?".len(),
        // The longest form has three digits or four.
        Placement::Form => "POST ".len() + FORM_LINES.len() + "1234".len(),
    };
    lines
        + ACCEPT_LINE.len()
        + max(PATH_MAX, path)
        + HOST.len()
        + max(AUTHORITY_MAX, host)
        + max(signed, app_code)
        + END.len()
}

const fn max(a: usize, b: usize) -> usize {
    if a > b { a } else { b }
}

const fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// The digit of the lower half of `byte`.
const fn hexadecimal(byte: u8) -> u8 {
    match byte & 0x0f {
        digit @ 0..=9 => b'0'.wrapping_add(digit),
        letter => b'A'.wrapping_sub(10).wrapping_add(letter),
    }
}

/// What a byte becomes when it is percent-encoded: itself, or three bytes. A device has no room for it.
#[cfg(target_pointer_width = "64")]
static ENCODED: [[u8; 4]; 256] = {
    let mut table = [[0; 4]; 256];
    let mut rest = table.as_mut_slice();
    let mut byte = 0_u8;
    while let [encoded, behind @ ..] = rest {
        *encoded =
            if is_unreserved(byte) { [byte, 0, 0, 0] } else { [b'%', hexadecimal(byte >> 4), hexadecimal(byte), 0] };
        rest = behind;
        byte = byte.wrapping_add(1);
    }
    table
};

/// `number` in decimal, in the end of `digits`, which holds any.
fn decimal(mut number: usize, digits: &mut [u8; 20]) -> &str {
    let mut at = digits.len();
    for place in digits.iter_mut().rev() {
        // A remainder of ten fits.
        *place = b'0' | u8::try_from(number % 10).unwrap_or(0);
        number /= 10;
        at = at.saturating_sub(1);
        if number == 0 {
            break;
        }
    }
    digits.get(at..).and_then(|digits| core::str::from_utf8(digits).ok()).unwrap_or_default()
}

/// Writes what fits and counts what does not, so that an error can say how much is needed.
pub(crate) struct Writer<'b> {
    buffer: &'b mut [u8],
    len: usize,
}

impl Writer<'_> {
    fn fits(&self) -> bool {
        self.len <= self.buffer.len()
    }

    /// For a request that will not be complete: what stands there is personal already.
    #[cold]
    fn wipe(&mut self) {
        bytes::wipe(self.buffer);
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    pub(crate) fn pair(&mut self, name: &str, value: &str) {
        self.text(name);
        self.text(value);
    }

    // A request is some twenty copies: on a device they share this code, on a server a call each is a fifth of the
    // time.
    #[cfg_attr(not(target_pointer_width = "64"), inline(never))]
    fn bytes(&mut self, bytes: &[u8]) {
        let space = self.buffer.get_mut(self.len..).and_then(|rest| rest.split_at_mut_checked(bytes.len()));
        if let Some((space, _)) = space {
            space.copy_from_slice(bytes);
        }
        self.len = self.len.saturating_add(bytes.len());
    }

    /// The same for a few bytes, on a server without the call that copies many.
    #[inline(always)]
    fn array<const N: usize>(&mut self, bytes: [u8; N]) {
        if cfg!(not(target_pointer_width = "64")) {
            return self.bytes(&bytes);
        }
        if let Some(space) = self.buffer.get_mut(self.len..).and_then(|rest| rest.first_chunk_mut()) {
            *space = bytes;
        }
        self.len = self.len.saturating_add(N);
    }

    /// Percent-encodes everything but RFC 3986's unreserved characters, which is right for a query and for a form.
    fn encoded(&mut self, bytes: &[u8]) {
        #[cfg(target_pointer_width = "64")]
        let mut bytes = bytes;
        #[cfg(target_pointer_width = "64")]
        while let [byte, rest @ ..] = bytes
            && let Some(space) = self.buffer.get_mut(self.len..).and_then(|space| space.first_chunk_mut())
        {
            // Four bytes are one store, however many of them count: something always follows and covers the rest.
            let encoded @ [first, ..] = ENCODED.get(usize::from(*byte)).copied().unwrap_or_default();
            *space = encoded;
            self.len = self.len.wrapping_add(if first == b'%' { 3 } else { 1 });
            bytes = rest;
        }
        for &byte in bytes {
            if is_unreserved(byte) {
                self.array([byte]);
            } else {
                self.array([b'%', hexadecimal(byte >> 4), hexadecimal(byte)]);
            }
        }
    }

    /// Moves what was written in `range` back by `gap` bytes. Only called when there is room.
    fn move_back(&mut self, range: (usize, usize), gap: usize) {
        if let Some(space) = self.buffer.get_mut(range.0..range.1.saturating_add(gap)) {
            bytes::to_back(space, gap);
        }
    }
}
