//! Who is asking: an `AppCode` in `Authorization`, or an `AppKey` with a signature in `X-Ca-*`.

use super::fault::Fault;
use super::nonces::{Nonces, WINDOW_MS};
use super::params::Params;
use super::signature::{SignedParts, is_right, string_to_sign};
use crate::request::Request;
use base64ct::{Base64, Encoding};
use md5::{Digest, Md5};

/// What the gateway knows of its one customer.
pub(crate) struct Keys {
    pub(crate) app_code: String,
    pub(crate) app_key: String,
    pub(crate) app_secret: String,
    /// `Some` plays the vendor's own platform where the vendor has one.
    pub(crate) vendor_key: Option<String>,
    pub(crate) nonces: Nonces,
}

/// These cannot be signed as headers: they are in the string to sign already, or they carry the signature itself.
const NEVER_SIGNED: [&str; 6] =
    ["x-ca-signature", "x-ca-signature-headers", "accept", "content-md5", "content-type", "date"];

pub(super) fn authorize(
    request: &Request<'_>,
    query: &Params<'_>,
    params: &Params<'_>,
    keys: &Keys,
    now_ms: u64,
) -> Result<(), Fault> {
    if request.count("x-ca-key") > 0 || request.count("x-ca-signature") > 0 {
        return signed(request, query, params, keys, now_ms);
    }
    match (request.count("authorization"), request.header("authorization")) {
        (1, Some(value)) => app_code(value, keys),
        (0, _) | (_, None) => Err(Fault::MissingAuthorization),
        _ => Err(Fault::BadHeader("Authorization".into(), "repeated")),
    }
}

/// `APPCODE`, one space, the code: nothing else will do.
fn app_code(value: &[u8], keys: &Keys) -> Result<(), Fault> {
    match value.strip_prefix(b"APPCODE ") {
        Some([] | [b' ' | b'\t', ..]) | None => Err(Fault::MalformedAppCode),
        Some(code) if code == keys.app_code.as_bytes() => Ok(()),
        Some(_) => Err(Fault::UnknownAppCode),
    }
}

fn signed(
    request: &Request<'_>,
    query: &Params<'_>,
    params: &Params<'_>,
    keys: &Keys,
    now_ms: u64,
) -> Result<(), Fault> {
    let once = |name: &'static str| match (request.count(name), request.header(name)) {
        (1, Some(value)) => std::str::from_utf8(value).map(Some).map_err(|_| Fault::BadHeader(name.into(), "not text")),
        (0, _) | (_, None) => Ok(None),
        _ => Err(Fault::BadHeader(name.into(), "repeated")),
    };
    if once("x-ca-key")? != Some(keys.app_key.as_str()) {
        return Err(Fault::UnknownAppKey);
    }
    let signature = once("x-ca-signature")?.filter(|value| !value.is_empty()).ok_or(Fault::MissingSignature)?;
    if once("x-ca-signature-method")?.is_some_and(|method| method != "HmacSHA256") {
        return Err(Fault::BadHeader("x-ca-signature-method".into(), "not HmacSHA256"));
    }
    let timestamp = once("x-ca-timestamp")?.ok_or(Fault::MissingTimestamp)?;
    let time: u64 = timestamp.parse().map_err(|_| Fault::BadTimestamp)?;
    if time.abs_diff(now_ms) > WINDOW_MS {
        return Err(Fault::ExpiredTimestamp);
    }
    let nonce = once("x-ca-nonce")?.filter(|value| !value.is_empty()).ok_or(Fault::MissingNonce)?;
    content_md5(request, once("content-md5")?)?;
    let listed = once("x-ca-signature-headers")?.unwrap_or_default();
    let string = signed_string(request, listed, query, params)?;
    if !is_right(&keys.app_secret, &string, signature) {
        return Err(Fault::WrongSignature(string));
    }
    // Only a right signature uses a nonce up: else anybody could use up other people's.
    if keys.nonces.is_new(nonce, now_ms) { Ok(()) } else { Err(Fault::UsedNonce) }
}

/// The string to sign of `request`, of which the headers in `listed` are signed.
fn signed_string(
    request: &Request<'_>,
    listed: &str,
    query: &Params<'_>,
    params: &Params<'_>,
) -> Result<String, Fault> {
    let text = |name: &str| {
        std::str::from_utf8(request.header(name).unwrap_or_default())
            .map_err(|_| Fault::BadHeader(name.to_owned(), "not text"))
    };
    let mut headers = Vec::new();
    for name in listed.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        if NEVER_SIGNED.iter().any(|never| never.eq_ignore_ascii_case(name)) || request.count(name) != 1 {
            return Err(Fault::BadHeader(
                "x-ca-signature-headers".into(),
                "names a header that is absent, repeated or not to be signed",
            ));
        }
        headers.push((name, text(name)?));
    }
    let mut parameters: Vec<(&str, &str)> = query.iter().map(|(name, value)| (name.as_ref(), value.as_ref())).collect();
    if !request.body.is_empty() {
        parameters.extend(params.iter().map(|(name, value)| (name.as_ref(), value.as_ref())));
    }
    Ok(string_to_sign(&SignedParts {
        method: request.method,
        accept: text("accept")?,
        content_md5: text("content-md5")?,
        content_type: text("content-type")?,
        date: text("date")?,
        headers,
        path: request.path(),
        parameters,
    }))
}

/// A `Content-MD5`, if given, is the body's; without a body there is none to give.
fn content_md5(request: &Request<'_>, given: Option<&str>) -> Result<(), Fault> {
    match given {
        None => Ok(()),
        Some(given) if !request.body.is_empty() && Base64::encode_string(&Md5::digest(&request.body)) == given => {
            Ok(())
        }
        Some(_) => Err(Fault::BadMd5),
    }
}

/// The string to sign of a request that was not signed at all, for the magic names which play a wrong signature.
pub(crate) fn would_be_string(request: &Request<'_>, params: &Params<'_>) -> String {
    let listed =
        request.header("x-ca-signature-headers").and_then(|value| std::str::from_utf8(value).ok()).unwrap_or_default();
    let none = Params::new();
    // A GET's parameters are its query already; once is enough, the first of a name counts.
    signed_string(request, listed, params, &none).unwrap_or_default()
}
