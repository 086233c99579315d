//! The `X-Ca-*` signature, computed from the received request by code of this crate alone.

use base64ct::{Base64, Encoding};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt::Write as _;

/// What goes into the string to sign, all of it as received.
#[derive(Clone, Debug, Default)]
pub struct SignedParts<'a> {
    /// Upper-case method.
    pub method: &'a str,
    /// The `Accept` header, empty if absent.
    pub accept: &'a str,
    /// The `Content-MD5` header, empty if absent.
    pub content_md5: &'a str,
    /// The `Content-Type` header, empty if absent.
    pub content_type: &'a str,
    /// The `Date` header, empty if absent.
    pub date: &'a str,
    /// The signed headers: name as listed in `x-ca-signature-headers`, and value.
    pub headers: Vec<(&'a str, &'a str)>,
    /// The path without the query.
    pub path: &'a str,
    /// Query and form parameters, decoded, in any order.
    pub parameters: Vec<(&'a str, &'a str)>,
}

/// The string to sign: method and four headers, the signed headers sorted by name, the path, and all parameters sorted by
/// name with their decoded values. An empty value leaves the name alone; of a repeated name the first value counts.
#[must_use]
pub fn string_to_sign(parts: &SignedParts<'_>) -> String {
    let SignedParts { method, accept, content_md5, content_type, date, path, .. } = parts;
    let mut out = format!("{method}\n{accept}\n{content_md5}\n{content_type}\n{date}\n");
    let mut headers = parts.headers.clone();
    headers.sort_by(|left, right| left.0.cmp(right.0));
    for (name, value) in headers {
        let _ = writeln!(out, "{name}:{value}");
    }
    out.push_str(path);
    // A stable sort keeps the first of a repeated name first.
    let mut parameters = parts.parameters.clone();
    parameters.sort_by(|left, right| left.0.cmp(right.0));
    parameters.dedup_by(|later, earlier| later.0 == earlier.0);
    for (index, (name, value)) in parameters.iter().enumerate() {
        out.push(if index == 0 { '?' } else { '&' });
        out.push_str(name);
        if !value.is_empty() {
            out.push('=');
            out.push_str(value);
        }
    }
    out
}

/// Base64 of the HMAC-SHA256 of `string_to_sign` under the `AppSecret`.
#[must_use]
pub fn sign(secret: &str, string_to_sign: &str) -> String {
    Base64::encode_string(&mac(secret, string_to_sign).finalize().into_bytes())
}

/// Whether `signature` is the right one; compares in constant time.
pub(crate) fn is_right(secret: &str, string_to_sign: &str, signature: &str) -> bool {
    Base64::decode_vec(signature).is_ok_and(|given| mac(secret, string_to_sign).verify_slice(&given).is_ok())
}

fn mac(secret: &str, string_to_sign: &str) -> Hmac<Sha256> {
    // HMAC takes a key of any length, an empty one included, so this cannot fail.
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap_or_else(|_| Hmac::new(&Default::default()));
    mac.update(string_to_sign.as_bytes());
    mac
}

#[cfg(test)]
mod tests {
    use super::{SignedParts, is_right, sign, string_to_sign};

    // The gateway's published examples; secret `appSecret`.
    #[test]
    fn published_example_get() {
        let string = string_to_sign(&SignedParts {
            method: "GET",
            accept: "application/json",
            content_type: "application/json",
            headers: vec![
                ("x-ca-timestamp", "1646365291734"),
                ("x-ca-key", "appKey"),
                ("x-ca-nonce", "787dd0c2-7bd8-41cd-9c19-62c05ea524a2"),
            ],
            path: "/Third/Tools/checkSign",
            ..SignedParts::default()
        });
        assert_eq!(sign("appSecret", &string), "EdJSFAMOWyXZOpXhevZnjuS0ZafnwnCqaSk5hz+tXo8=");
    }

    #[test]
    fn published_example_form() {
        let string = string_to_sign(&SignedParts {
            method: "POST",
            accept: "application/json",
            content_type: "application/x-www-form-urlencoded",
            headers: vec![
                ("x-ca-key", "appKey"),
                ("x-ca-nonce", "ca5a6753-b76c-4fff-a9d9-e5bb643e8cdf"),
                ("x-ca-timestamp", "1646646682418"),
            ],
            path: "/Third/User/getNyAccessToken",
            parameters: vec![("nickname", "nickname"), ("room_id", "6893"), ("uuid", "uuid"), ("photo", "photo")],
            ..SignedParts::default()
        });
        assert_eq!(sign("appSecret", &string), "gmf9xq0hc95Hmt+7G+OocS009ka3v1v0rvfshKzYc3w=");
        assert!(is_right("appSecret", &string, "gmf9xq0hc95Hmt+7G+OocS009ka3v1v0rvfshKzYc3w="));
        assert!(!is_right("appSecret", &string, "gmf9xq0hc95Hmt+7G+OocS009ka3v1v0rvfshKzYc3w"));
        assert!(!is_right("appsecret", &string, "gmf9xq0hc95Hmt+7G+OocS009ka3v1v0rvfshKzYc3w="));
    }

    #[test]
    fn empty_and_repeated_parameters() {
        let string = string_to_sign(&SignedParts {
            method: "GET",
            path: "/p",
            parameters: vec![("b", "2"), ("a", ""), ("b", "3")],
            ..SignedParts::default()
        });
        assert_eq!(string, "GET\n\n\n\n\n/p?a&b=2");
    }
}
