//! The gateway's `X-Ca-*` signature: HMAC-SHA256 over a text that is fed to the hash piece by piece and never stored.
//!
//! Source: "Use digest authentication" of the Alibaba Cloud API Gateway documentation, read 2026-11; both vectors in
//! the tests are published ones.

use base64ct::{Base64, Encoding};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::{APP_KEY_MAX, AppKey, Stamp};
use crate::http::{Method, Writer};

/// Length of a signature in Base64.
pub(crate) const SIGNATURE_LEN: usize = 44;

/// The header lines of a signed request but the signature itself. What is signed are exactly the published vectors'
/// headers, sorted by name.
const KEY: &str = "\r\nx-ca-key: ";
const TIMESTAMP: &str = "\r\nx-ca-timestamp: ";
const NONCE: &str = "\r\nx-ca-nonce: ";
const METHOD_AND_HEADERS: &str = "\r\nx-ca-signature-method: HmacSHA256\
    \r\nx-ca-signature-headers: x-ca-key,x-ca-nonce,x-ca-timestamp";

/// Bytes that those lines take at most.
pub(crate) const LINES_MAX: usize = KEY.len()
    + APP_KEY_MAX
    + TIMESTAMP.len()
    + "18446744073709551615".len()
    + NONCE.len()
    + "00000000-0000-4000-8000-000000000000".len()
    + METHOD_AND_HEADERS.len();

/// What the signature covers besides the credentials.
#[derive(Clone, Copy)]
pub(crate) struct ToSign<'a> {
    pub(crate) method: Method,
    /// Empty where the request has no body.
    pub(crate) content_type: &'a str,
    pub(crate) path: &'a str,
    /// All query or form parameters as they are sent: `name=value` joined by `&`, percent-encoded. Signing what was
    /// written, instead of what was meant to be written, leaves no room for the two to differ.
    pub(crate) parameters: &'a [u8],
}

/// What signs, by its address: a program that never makes an `AppKey` links neither the hash, which is a third of the
/// flash, nor the header lines.
#[derive(Clone, Copy)]
pub(crate) struct Signer {
    /// Writes the header lines that are signed.
    pub(crate) lines: fn(&mut Writer<'_>, &AppKey<'_>, &Stamp),
    /// Base64 of the HMAC-SHA256 of the string to sign.
    pub(crate) sign: fn(&AppKey<'_>, &Stamp, &ToSign<'_>) -> [u8; SIGNATURE_LEN],
}

impl Signer {
    pub(crate) const fn new() -> Self {
        Self { lines, sign }
    }
}

/// There is only one.
impl PartialEq for Signer {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Signer {}

fn lines(w: &mut Writer<'_>, key: &AppKey<'_>, stamp: &Stamp) {
    w.pair(KEY, key.expose_key());
    w.pair(TIMESTAMP, stamp.timestamp());
    w.pair(NONCE, stamp.nonce());
    w.text(METHOD_AND_HEADERS);
}

fn sign(key: &AppKey<'_>, stamp: &Stamp, to_sign: &ToSign<'_>) -> [u8; SIGNATURE_LEN] {
    // By reference, because moving it would leave two of it on the stack. One call for each part, because so would a
    // list.
    let mut mac = begin(key.expose_secret());
    let Some(mac) = &mut mac else { return [0; SIGNATURE_LEN] };
    let mut feed = |part: &str| update(mac, part.as_bytes());
    feed(to_sign.method.as_str());
    feed("\napplication/json\n\n"); // Accept; Content-MD5: only for bodies that are not forms
    feed(to_sign.content_type);
    feed("\n\nx-ca-key:"); // Date: not sent
    feed(key.expose_key());
    feed("\nx-ca-nonce:");
    feed(stamp.nonce());
    feed("\nx-ca-timestamp:");
    feed(stamp.timestamp());
    feed("\n");
    feed(to_sign.path);
    update_parameters(mac, to_sign.parameters);
    end(mac)
}

/// HMAC takes keys of any length. (This and [`end`] are out of line so that what they need on the stack is not there
/// while the rest is hashed.)
#[inline(never)]
fn begin(secret: &str) -> Option<Hmac<Sha256>> {
    Hmac::<Sha256>::new_from_slice(secret.as_bytes()).ok()
}

#[inline(never)]
fn end(mac: &mut Hmac<Sha256>) -> [u8; SIGNATURE_LEN] {
    let mut encoded = [0; SIGNATURE_LEN];
    let digest = mac.clone().finalize().into_bytes();
    // 32 bytes are 44 characters: the length fits by construction.
    let _ = Base64::encode(&digest, &mut encoded);
    encoded
}

/// Out of line: hashing a piece is half a kilobyte wherever it is inlined.
#[inline(never)]
fn update(mac: &mut Hmac<Sha256>, bytes: &[u8]) {
    mac.update(bytes);
}

/// Feeds `?` and the parameters, sorted by name, decoded, a repeated name once, an empty value without its `=`.
///
/// Selection by rounds instead of a sort: there are a handful of parameters and no place to keep an order in.
fn update_parameters(mac: &mut Hmac<Sha256>, parameters: &[u8]) {
    let mut last: Option<&[u8]> = None;
    loop {
        let next = pairs(parameters)
            .filter(|(name, _)| last.is_none_or(|last| *name > last))
            // `min_by_key` keeps the first of equals: of a repeated name the first value counts.
            .min_by_key(|(name, _)| *name);
        let Some((name, value)) = next else { return };
        update(mac, if last.is_none() { b"?" } else { b"&" });
        update(mac, name);
        if !value.is_empty() {
            update(mac, b"=");
            update_decoded(mac, value);
        }
        last = Some(name);
    }
}

/// Names need no decoding: the writer takes none that would be encoded.
fn pairs(parameters: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    parameters.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()).map(|pair| {
        let mut halves = pair.splitn(2, |byte| *byte == b'=');
        (halves.next().unwrap_or_default(), halves.next().unwrap_or_default())
    })
}

fn update_decoded(mac: &mut Hmac<Sha256>, mut value: &[u8]) {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    while let Some(at) = value.iter().position(|byte| *byte == b'%') {
        let (plain, rest) = value.split_at_checked(at).unwrap_or((value, &[]));
        update(mac, plain);
        match rest {
            [_, high, low, rest @ ..] if let (Some(high), Some(low)) = (digit(high), digit(low)) => {
                update(mac, &[high << 4 | low]);
                value = rest;
            }
            // The writer writes no other escape.
            _ => {
                value = rest;
                break;
            }
        }
    }
    update(mac, value);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(stamp: &Stamp, to_sign: &ToSign<'_>) -> std::string::String {
        let key = AppKey::new("appKey", "appSecret").unwrap();
        std::string::String::from_utf8(sign(&key, stamp, to_sign).to_vec()).unwrap()
    }

    #[test]
    fn published_get_vector() {
        let stamp = Stamp::with_nonce(1_646_365_291_734, "787dd0c2-7bd8-41cd-9c19-62c05ea524a2").unwrap();
        let to_sign = ToSign {
            method: Method::Get,
            content_type: "application/json",
            path: "/Third/Tools/checkSign",
            parameters: b"",
        };
        assert_eq!(text(&stamp, &to_sign), "EdJSFAMOWyXZOpXhevZnjuS0ZafnwnCqaSk5hz+tXo8=");
    }

    #[test]
    fn published_form_vector() {
        let stamp = Stamp::with_nonce(1_646_646_682_418, "ca5a6753-b76c-4fff-a9d9-e5bb643e8cdf").unwrap();
        let to_sign = ToSign {
            method: Method::Post,
            content_type: "application/x-www-form-urlencoded",
            path: "/Third/User/getNyAccessToken",
            parameters: b"nickname=nickname&room_id=6893&uuid=uuid&photo=photo",
        };
        let signed = text(&stamp, &to_sign);
        assert_eq!(signed, "gmf9xq0hc95Hmt+7G+OocS009ka3v1v0rvfshKzYc3w=");
        // Order does not matter, nor how a value is encoded, nor what follows the first value of a name.
        for parameters in [
            &b"photo=photo&uuid=uuid&room_id=%36893&nickname=%6e%69ckname"[..],
            b"nickname=nickname&room_id=6893&room_id=1&uuid=uuid&photo=photo&uuid=",
        ] {
            assert_eq!(text(&stamp, &ToSign { parameters, ..to_sign }), signed);
        }
        // But a value does.
        for parameters in [
            &b"nickname=nickname&room_id=6893&uuid=uuid&photo="[..],
            b"nickname=nickname&room_id=689%33%20&uuid=uuid&photo=photo",
            b"",
        ] {
            assert_ne!(text(&stamp, &ToSign { parameters, ..to_sign }), signed);
        }
    }
}
