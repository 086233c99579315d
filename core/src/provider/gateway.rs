//! Errors of the API gateway that stands in front of every provider. None of them is billed.
//!
//! Sources: the gateway's two error tables, "Error codes" (new instances, `X-Ca-Error-Code`) and "Error codes of
//! classic instances" (`X-Ca-Error-Message` alone), read 2026-11.

use super::read::{Conclusion, Finding};
use crate::error::RefusalClass;
use crate::outcome::is_token;
use crate::text::{find_line, same};

/// Reads the gateway's own header fields; `None` when both are empty: then the vendor answered. The code it finds is a
/// token, or the documented beginning of a message.
///
/// The message is only ever compared with the documented beginnings. `Invalid Signature, Server StringToSign:` goes on
/// with the name and the number in clear, and an unknown message may hold anything: neither is kept.
pub(crate) fn refusal<'b>(code: &'b [u8], message: &[u8]) -> Option<Finding<'b>> {
    if code.is_empty() && message.is_empty() {
        return None;
    }
    let by_code = if code.len() == 6 { find(&CODES, code) } else { None };
    let by_message = find(&MESSAGES, message);
    let class = by_code.or(by_message).map_or(RefusalClass::Unrecognized, |(class, _)| class);
    let code = match core::str::from_utf8(code) {
        // A gateway code has 6 characters. What is longer than a dozen is none, and could be a number.
        Ok(code) if code.len() <= 12 && is_token(code) => Some(code),
        _ => by_message.map(|(_, beginning)| beginning),
    };
    Some(Finding { code, reference: None, conclusion: Conclusion::Refused(class) })
}

/// What `text` begins with, among the lines of `table`.
fn find(table: &'static [(RefusalClass, &'static str)], text: &[u8]) -> Option<(RefusalClass, &'static str)> {
    let begins = |line: &str| text.get(..line.len()).is_some_and(|text| same(text, line.as_bytes()));
    table.iter().find_map(|(class, lines)| find_line(lines, &begins).map(|line| (*class, line)))
}

/// One a line.
static CODES: [(RefusalClass, &str); 6] = {
    use RefusalClass::{Busy, Configuration, Credentials, QuotaExhausted, Subscription, Throttled};
    [
        (Credentials, "A400AC\nA401AC\nA400MA\nA400IK\nA403IS\nA401OT\nA403EP\nA403PR\nI403AA\n"),
        (QuotaExhausted, "B403MQ\n"),
        (Subscription, "B403ME\nB403MI\nB403OD\nB403MO\nB451DO\nB451GO\n"),
        (Throttled, "T429ID\nT429IN\nT429GR\nT429PA\nT429PR\nT429SR\nT429MR\n"),
        (
            Busy,
            "X500ER\nX503BZ\nD503BB\nD503CB\nD504RE\nD504IL\nD504CO\nD504CS\nD502FC\nN502RE\nD504TO\nX504TO\nX504VE\n",
        ),
        // The table lists some twenty more that begin with I4: bad header, body, path, method, size.
        (Configuration, "A403IP\nA403VN\nA403AC\nA403CO\nA403IN\nA403FC\nX403DG\nX400PM\nX500ED\nX500AM\nI4\n"),
    ]
};

/// Beginnings, one a line; none is the beginning of another.
static MESSAGES: [(RefusalClass, &str); 6] = {
    use RefusalClass::{Busy, Configuration, Credentials, QuotaExhausted, Subscription, Throttled};
    [
        (
            Credentials,
            "Expiry of Authorization\n\
            Unauthorized\n\
            Invalid AppKey\n\
            Invalid AppSecret\n\
            Invalid AppCode\n\
            Invalid Signature\n\
            Empty Signature\n",
        ),
        (
            QuotaExhausted,
            "Quota Exhausted\n\
            Api Market Subscription quota exhausted\n",
        ),
        (
            Subscription,
            "Quota Expired\n\
            User Arrears\n",
        ),
        (
            Throttled,
            "Throttled by USER Flow Control\n\
            Throttled by APP Flow Control\n\
            Throttled by API Flow Control\n\
            Throttled by DOMAIN Flow Control\n\
            Throttled by GROUP Flow Control\n",
        ),
        (
            Configuration,
            "Invalid Url\n\
            Invalid Domain\n\
            Invalid HttpMethod\n\
            Empty Request Body\n\
            Invalid Request Body\n\
            Timestamp Expired\n\
            Invalid Timestamp\n\
            Invalid Content-MD5\n\
            Nonce Used\n\
            API Not Found\n\
            Invalid Param Location\n\
            Unsupported Multipart\n",
        ),
        (
            Busy,
            "Internal Error\n\
            Failed To Invoke Backend Service\n\
            Service Unavailable\n\
            Async Service\n",
        ),
    ]
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_found_as_itself() {
        for table in [&CODES, &MESSAGES] {
            for (class, lines) in table {
                assert!(lines.ends_with('\n'));
                for line in lines.lines() {
                    assert_eq!(find(table, line.as_bytes()), Some((*class, line)));
                    assert_eq!(line, line.trim());
                }
            }
        }
        assert_eq!(MESSAGES.iter().flat_map(|(_, lines)| lines.lines()).count(), 32);
        assert_eq!(CODES.iter().flat_map(|(_, lines)| lines.lines()).count(), 47);
    }
}
