//! Errors of the API gateway that stands in front of every provider. None of them is billed.
//!
//! Sources: the gateway's two error tables, "Error codes" (new instances, `X-Ca-Error-Code`) and "Error codes of
//! classic instances" (`X-Ca-Error-Message` alone), read 2026-11.

use crate::error::RefusalClass;
use crate::outcome::Code;

/// What the gateway declined with.
pub(crate) struct GatewayRefusal {
    pub(crate) class: RefusalClass,
    pub(crate) code: Option<Code>,
}

/// Reads the gateway's own header fields; `None` when both are empty: then the vendor answered.
///
/// The message is only ever compared with the documented beginnings. `Invalid Signature, Server StringToSign:` goes on
/// with the name and the number in clear, and an unknown message may hold anything: neither is kept.
pub(crate) fn refusal(code: &[u8], message: &[u8]) -> Option<GatewayRefusal> {
    if code.is_empty() && message.is_empty() {
        return None;
    }
    let code = core::str::from_utf8(code).unwrap_or_default();
    let by_message = MESSAGES.iter().find(|(known, _)| starts_with(message.trim_ascii(), known));
    let class = by_code(code).or(by_message.map(|(_, class)| *class));
    Some(GatewayRefusal {
        class: class.unwrap_or(RefusalClass::Unrecognized),
        // A gateway code has 6 characters. What is longer than a dozen is none, and could be a number.
        code: Some(code)
            .filter(|code| code.len() <= 12)
            .and_then(Code::new)
            .or_else(|| by_message.and_then(|(known, _)| Code::of_static(known))),
    })
}

fn starts_with(text: &[u8], beginning: &str) -> bool {
    text.get(..beginning.len()).is_some_and(|text| text.eq_ignore_ascii_case(beginning.as_bytes()))
}

fn by_code(code: &str) -> Option<RefusalClass> {
    let code: &[u8; 6] = code.as_bytes().try_into().ok()?;
    let listed = CODES.iter().find(|(listed, _)| listed == code).map(|(_, class)| *class);
    // The table lists some twenty more of them: bad header, body, path, method, size.
    listed.or_else(|| code.starts_with(b"I4").then_some(RefusalClass::Configuration))
}

static CODES: &[([u8; 6], RefusalClass)] = {
    use RefusalClass::{Busy, Configuration, Credentials, QuotaExhausted, Subscription, Throttled};
    &[
        (*b"A400AC", Credentials),
        (*b"A401AC", Credentials),
        (*b"A400MA", Credentials),
        (*b"A400IK", Credentials),
        (*b"A403IS", Credentials),
        (*b"A401OT", Credentials),
        (*b"A403EP", Credentials),
        (*b"A403PR", Credentials),
        (*b"I403AA", Credentials),
        (*b"B403MQ", QuotaExhausted),
        (*b"B403ME", Subscription),
        (*b"B403MI", Subscription),
        (*b"B403OD", Subscription),
        (*b"B403MO", Subscription),
        (*b"B451DO", Subscription),
        (*b"B451GO", Subscription),
        (*b"T429ID", Throttled),
        (*b"T429IN", Throttled),
        (*b"T429GR", Throttled),
        (*b"T429PA", Throttled),
        (*b"T429PR", Throttled),
        (*b"T429SR", Throttled),
        (*b"T429MR", Throttled),
        (*b"A403IP", Configuration),
        (*b"A403VN", Configuration),
        (*b"A403AC", Configuration),
        (*b"A403CO", Configuration),
        (*b"A403IN", Configuration),
        (*b"A403FC", Configuration),
        (*b"X403DG", Configuration),
        (*b"X400PM", Configuration),
        (*b"X500ED", Configuration),
        (*b"X500AM", Configuration),
        (*b"X500ER", Busy),
        (*b"X503BZ", Busy),
        (*b"D503BB", Busy),
        (*b"D503CB", Busy),
        (*b"D504RE", Busy),
        (*b"D504IL", Busy),
        (*b"D504CO", Busy),
        (*b"D504CS", Busy),
        (*b"D502FC", Busy),
        (*b"N502RE", Busy),
        (*b"D504TO", Busy),
        (*b"X504TO", Busy),
        (*b"X504VE", Busy),
    ]
};

/// Longer beginnings stand before shorter ones that they begin with.
static MESSAGES: &[(&str, RefusalClass)] = {
    use RefusalClass::{Busy, Configuration, Credentials, QuotaExhausted, Subscription, Throttled};
    &[
        ("Throttled by USER Flow Control", Throttled),
        ("Throttled by APP Flow Control", Throttled),
        ("Throttled by API Flow Control", Throttled),
        ("Throttled by DOMAIN Flow Control", Throttled),
        ("Throttled by GROUP Flow Control", Throttled),
        ("Quota Exhausted", QuotaExhausted),
        ("Quota Expired", Subscription),
        ("Expiry of Authorization", Credentials),
        ("User Arrears", Subscription),
        ("Unauthorized", Credentials),
        ("Api Market Subscription quota exhausted", QuotaExhausted),
        ("Invalid AppKey", Credentials),
        ("Invalid AppSecret", Credentials),
        ("Invalid AppCode", Credentials),
        ("Invalid Url", Configuration),
        ("Invalid Domain", Configuration),
        ("Invalid HttpMethod", Configuration),
        ("Empty Request Body", Configuration),
        ("Invalid Request Body", Configuration),
        ("Timestamp Expired", Configuration),
        ("Invalid Timestamp", Configuration),
        ("Invalid Signature", Credentials),
        ("Invalid Content-MD5", Configuration),
        ("Nonce Used", Configuration),
        ("API Not Found", Configuration),
        ("Invalid Param Location", Configuration),
        ("Unsupported Multipart", Configuration),
        ("Empty Signature", Credentials),
        ("Internal Error", Busy),
        ("Failed To Invoke Backend Service", Busy),
        ("Service Unavailable", Busy),
        ("Async Service", Busy),
    ]
};
