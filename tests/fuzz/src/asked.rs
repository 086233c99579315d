//! Who is asked about in all targets.

use heyan::provider::ALL;
use heyan::{AppCode, Consent, Credentials, Date, IdNumber, Inquiry, Mobile, Name, Provider, Subject};

pub(crate) const NAME: &str = "张三";
pub(crate) const ID: &str = "11010119000101009X";
pub(crate) const MOBILE: &str = "13000000000";
pub(crate) const APP_CODE: &str = "test-appcode-not-a-secret";
/// More than every provider's buffer.
pub(crate) const BUFFER_LEN: usize = 4096;

/// One of the providers, whatever the byte is.
pub(crate) fn provider(byte: u8) -> &'static dyn Provider {
    ALL[usize::from(byte) % ALL.len()]
}

/// The inquiry about 张三.
pub(crate) fn inquiry(provider: &dyn Provider) -> Inquiry<'_> {
    let subject = Subject::new(Name::parse(NAME).unwrap(), IdNumber::parse(ID, Date::MAX).unwrap());
    about(provider, subject)
}

pub(crate) fn about<'a>(provider: &'a dyn Provider, subject: Subject<'a>) -> Inquiry<'a> {
    let mobile = provider.info().checks_mobile();
    let subject = if mobile { subject.with_mobile(Mobile::parse(MOBILE).unwrap()) } else { subject };
    let credentials = Credentials::AppCode(AppCode::new(APP_CODE).unwrap());
    Inquiry::new(provider, subject, Consent::given(), credentials).unwrap()
}

/// Takes a line, without its end, off the front; all of it if there is no end.
pub(crate) fn line<'d>(data: &mut &'d [u8]) -> &'d [u8] {
    let len = data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len());
    let line = &data[..len];
    *data = data.get(len + 1..).unwrap_or_default();
    line
}

/// A status of three digits; 200 for anything else.
pub(crate) fn status(line: &[u8]) -> u16 {
    let status = std::str::from_utf8(line).ok().and_then(|text| text.parse().ok());
    status.filter(|status| (100..=999).contains(status)).unwrap_or(200)
}

/// A header field's value without the spaces and tabs around it, which are no part of it (RFC 9110 §5.5).
pub(crate) fn without_space(value: &[u8]) -> &[u8] {
    let text = |byte: &u8| !matches!(byte, b' ' | b'\t');
    match (value.iter().position(text), value.iter().rposition(text)) {
        (Some(first), Some(last)) => &value[first..=last],
        _ => b"",
    }
}

/// Nothing personal is in what may be printed about an inquiry with this provider.
pub(crate) fn assert_redacted(provider: &dyn Provider, printed: &str) {
    // An X may be small.
    let printed = printed.to_uppercase();
    for secret in [NAME, ID, &APP_CODE.to_uppercase()] {
        assert!(!printed.contains(secret), "printed in clear");
    }
    // Who is not asked about a mobile number may send any digits as an id.
    assert!(!provider.info().checks_mobile() || !printed.contains(MOBILE), "printed in clear");
}
