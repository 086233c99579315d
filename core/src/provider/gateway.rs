//! Errors of the API gateway that stands in front of every provider. None of them is billed.
//!
//! Sources: the gateway's two error tables, "Error codes" (new instances, `X-Ca-Error-Code`) and "Error codes of classic
//! instances" (`X-Ca-Error-Message` alone), read 2026-11.

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
    use RefusalClass::{Busy, Configuration, Credentials, QuotaExhausted, Subscription, Throttled};
    Some(match code {
        "A400AC" | "A401AC" | "A400MA" | "A400IK" | "A403IS" | "A401OT" | "A403EP" | "A403PR" | "I403AA" => Credentials,
        "B403MQ" => QuotaExhausted,
        "B403ME" | "B403MI" | "B403OD" | "B403MO" | "B451DO" | "B451GO" => Subscription,
        "T429ID" | "T429IN" | "T429GR" | "T429PA" | "T429PR" | "T429SR" | "T429MR" => Throttled,
        "A403IP" | "A403VN" | "A403AC" | "A403CO" | "A403IN" | "A403FC" | "X403DG" | "X400PM" | "X500ED" | "X500AM" => {
            Configuration
        }
        "X500ER" | "X503BZ" | "D503BB" | "D503CB" | "D504RE" | "D504IL" | "D504CO" | "D504CS" | "D502FC" | "N502RE"
        | "D504TO" | "X504TO" | "X504VE" => Busy,
        // The table lists some twenty of them: bad header, body, path, method, size.
        _ if code.len() == 6 && code.starts_with("I4") => Configuration,
        _ => return None,
    })
}

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
