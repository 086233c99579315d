//! The gateway's header fields: never a verdict, never a price that it does not charge, and the same over both seams.
//!
//! Lines: the status, `X-Ca-Error-Code`, `X-Ca-Error-Message`. The body is that of a match.

use heyan::{Billing, Error, Exchange, RefusalClass, Response, Step};
use heyan_conformance::Observed;

use crate::asked::{BUFFER_LEN, assert_redacted, inquiry, line, provider, status, without_space};

const BODY: &[u8] = br#"{"status":"01","idCard":"11*****009X","traceId":"20211208013_9aph_5e91"}"#;
/// `idcert`, whose match the body is.
const IDCERT: u8 = 2;

/// Any bytes.
pub fn check(mut data: &[u8]) {
    let status = status(line(&mut data));
    let (code, message) = (line(&mut data), line(&mut data));
    let provider = provider(IDCERT);
    let inquiry = inquiry(provider);
    let mut body = BODY.to_vec();
    let response = Response::new(status, &mut body).unwrap();
    let result = inquiry.read(response.header("x-ca-error-code", code).header("x-ca-error-message", message));
    assert_redacted(provider, &format!("{result:?}"));
    let got = Observed::of(&result);

    let (trimmed, said) = (without_space(code), without_space(message));
    match &result {
        Ok(_) => assert!(trimmed.is_empty() && said.is_empty() && (200..=299).contains(&status)),
        Err(Error::Refused(refusal)) => {
            assert!(!trimmed.is_empty() || !said.is_empty());
            let free = if (200..=299).contains(&status) { Billing::Unknown } else { Billing::Free };
            assert_eq!(refusal.billing(), free);
            // What is kept of it is short and of known characters, so that it may be printed.
            let kept = refusal.code().map(|code| code.as_str().to_owned()).unwrap_or_default();
            assert!(kept.len() <= 40 && kept.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
            // In small letters too: the table says nothing of them, and a class is not a guess at a verdict.
            if let Some(class) = documented(&trimmed.to_ascii_uppercase()) {
                assert_eq!(refusal.class(), class);
            }
        }
        Err(error) => assert!(trimmed.is_empty() && said.is_empty(), "{error:?}"),
    }

    // The same fields in a head, if they can stand in one.
    let fits = |value: &[u8]| value.iter().all(|byte| *byte >= b' ' && *byte != 0x7F || *byte == b'\t');
    if !fits(code) || !fits(message) || matches!(status, 100..=199 | 204 | 304) || code.len() + message.len() > 1000 {
        return;
    }
    let mut bytes = format!("HTTP/1.1 {status} \r\nContent-Length: {}\r\nX-Ca-Error-Code: ", BODY.len()).into_bytes();
    bytes.extend([code, b"\r\nX-Ca-Error-Message: ", message, b"\r\n\r\n", BODY].concat());
    let mut buffer = [0; BUFFER_LEN];
    let mut exchange = Exchange::new(inquiry.write(&mut buffer).unwrap());
    exchange.sent(usize::MAX);
    let Step::Receive(space) = exchange.step() else { panic!("a request that was sent is answered") };
    space[..bytes.len()].copy_from_slice(&bytes);
    exchange.received(bytes.len());
    let wire = Observed::of(&inquiry.read(exchange.finish().unwrap()));
    assert_eq!(wire, got, "over the wire, and as an HTTP library's");
}

/// What the gateway's table says of whole families of codes.
fn documented(code: &[u8]) -> Option<RefusalClass> {
    match code {
        b"B403MQ" => Some(RefusalClass::QuotaExhausted),
        b"B403ME" | b"B403MI" | b"B403OD" | b"B403MO" | b"B451DO" | b"B451GO" => Some(RefusalClass::Subscription),
        b"T429ID" | b"T429IN" | b"T429GR" | b"T429PA" | b"T429PR" | b"T429SR" | b"T429MR" => {
            Some(RefusalClass::Throttled)
        }
        b"I403AA" => Some(RefusalClass::Credentials),
        [b'I', b'4', _, _, _, _] if code.is_ascii() => Some(RefusalClass::Configuration),
        _ => None,
    }
}
