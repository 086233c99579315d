//! What people type, up to the request: names and mobile numbers are read without a panic, the same twice, and arrive in
//! the request as they were read.
//!
//! The first byte names the provider. A line is the mobile number, the rest the name.

use heyan::{Credentials, Date, IdNumber, Inquiry, Mobile, Name, Subject};
use percent_encoding::percent_decode;

use crate::asked::{APP_CODE, BUFFER_LEN, ID, line, provider};

/// Any bytes.
pub fn check(data: &[u8]) {
    let [which, rest @ ..] = data else { return };
    let mut rest = rest;
    let mobile = mobile(&String::from_utf8_lossy(line(&mut rest)));
    let text = String::from_utf8_lossy(rest);
    let strict = Name::parse(&text);
    let typed = Name::from_input(&text);
    if let Ok(name) = &strict {
        assert_eq!(typed.as_ref().ok(), Some(name), "what is read strictly is read as typed too");
    }
    let Ok(name) = typed else { return };
    let shown = name.expose().to_string();
    assert!((1..=Name::MAX_CHARS).contains(&shown.chars().count()) && shown.len() <= Name::MAX_BYTES);
    assert_eq!(Name::parse(&shown).as_ref().ok(), Some(&name), "it is of the form that is read");
    let masked = name.masked().to_string();
    assert_eq!(masked.chars().count(), shown.chars().count());
    assert_eq!(masked.chars().filter(|c| *c != '*').count(), usize::from(shown.chars().count() > 1));
    assert_eq!(format!("{name:?}"), "Name(redacted)");

    let provider = provider(*which);
    let info = provider.info();
    let mut subject = Subject::new(name, IdNumber::parse(ID, Date::MAX).unwrap());
    if info.checks_mobile() {
        let Some(mobile) = mobile else { return };
        subject = subject.with_mobile(mobile);
    }
    let credentials = Credentials::AppCode(heyan::AppCode::new(APP_CODE).unwrap());
    let inquiry = Inquiry::new(provider, subject, heyan::Consent::given(), credentials).unwrap();
    let mut buffer = [0xA5; BUFFER_LEN];
    let (own, beyond) = buffer.split_at_mut(info.request_len_max());
    let request = inquiry.write(own).expect("the stated length suffices");
    let view = request.expose();
    assert!(view.bytes.is_ascii() && !view.bytes.windows(4).take(4).any(|window| window == b"\r\n\r\n"));
    let query = view.target.split_once('?').map_or(&b""[..], |(_, query)| query.as_bytes());
    let parameters = if view.body.is_empty() { query } else { view.body };
    let sent: Vec<String> = parameters
        .split(|byte| *byte == b'&')
        .map(|pair| {
            let value = pair.iter().position(|byte| *byte == b'=').map_or(&b""[..], |at| &pair[at + 1..]);
            percent_decode(value).decode_utf8().expect("UTF-8").into_owned()
        })
        .collect();
    assert!(sent.contains(&shown) && sent.contains(&ID.to_owned()) && sent.len() == info.parameters.len());
    assert!(beyond.iter().all(|byte| *byte == 0xA5));

    // A buffer that is too short is said to be, and nothing is left in it.
    let len = view.bytes.len();
    for short in [0, len / 2, len - 1] {
        assert!(inquiry.write(&mut vec![0; short]).is_err());
    }
}

fn mobile(text: &str) -> Option<Mobile> {
    let typed = Mobile::from_input(text);
    if let Ok(mobile) = Mobile::parse(text) {
        assert_eq!(typed.as_ref().ok(), Some(&mobile));
    }
    let mobile = typed.ok()?;
    assert_eq!(Mobile::parse(mobile.expose()).as_ref().ok(), Some(&mobile));
    Some(mobile)
}
