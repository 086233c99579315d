//! Reading a reply: what is the same for every provider.
//!
//! In this order: the gateway's own header fields, the JSON pass, the provider's reader, the HTTP status against the
//! verdict, the echoed number against the one sent. Only what passes all of them is an outcome.

use crate::error::{Error, Refusal, RefusalClass, ReplyError, ReplyFault};
use crate::http::Response;
use crate::json::{self, Document, Value};
use crate::outcome::{ADDRESS_MAX, PLACE_MAX};
use crate::outcome::{Billing, Code, Details, Echo, Outcome, Reference, Retry, Verdict};
use crate::provider::{Provider, gateway};
use crate::redact::redacted;
use crate::subject::{Date, IdNumber, Mobile, Sex, Subject};

/// A reply that the gateway passed through, ready to be read.
#[derive(Clone, Copy)]
pub struct Reply<'b> {
    status: u16,
    document: Document<'b>,
}

impl<'b> Reply<'b> {
    /// The HTTP status, 100 to 999.
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// Whether the status is one of 200 to 299.
    #[must_use]
    pub const fn is_success(&self) -> bool {
        matches!(self.status, 200..=299)
    }

    /// The values of members, in the order asked for.
    ///
    /// # Errors
    /// [`ReplyFault::NoVerdict`] when one of these members stands there twice: then nobody can say which one counts.
    pub fn members<const N: usize>(&self, wanted: [&str; N]) -> Result<[Value<'b>; N], ReplyFault> {
        self.document.members(wanted).map_err(ReplyFault::from)
    }
}

impl<'b> Value<'b> {
    /// The values of members, in the order asked for; of anything but an object all are absent.
    ///
    /// # Errors
    /// [`ReplyFault::NoVerdict`] when one of these members stands there twice.
    pub fn members<const N: usize>(self, wanted: [&str; N]) -> Result<[Self; N], ReplyFault> {
        match self {
            Value::Object(object) => object.members(wanted).map_err(ReplyFault::from),
            _ => Ok([Value::Absent; N]),
        }
    }
}

impl core::fmt::Debug for Reply<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Reply({}, redacted)", self.status)
    }
}

impl From<json::JsonError> for ReplyFault {
    fn from(error: json::JsonError) -> Self {
        match error {
            json::JsonError::NotJson => Self::NotJson,
            json::JsonError::TooDeep => Self::TooDeep,
            json::JsonError::Ambiguous => Self::NoVerdict,
        }
    }
}

/// What a provider's reader finds in a reply.
#[derive(Clone)]
pub struct Finding<'b> {
    /// The vendor's code, as it stands there.
    pub code: Option<&'b str>,
    /// The vendor's own reference, as it stands there.
    pub reference: Option<&'b str>,
    /// What it means.
    pub conclusion: Conclusion<'b>,
}

/// What a reply means.
#[derive(Clone)]
pub enum Conclusion<'b> {
    /// The register answered.
    Verdict {
        /// What it said.
        verdict: Verdict,
        /// The number that the reply is about, masked or not, as it stands there: an echo that is no text is not taken
        /// for a missing one.
        echo: Value<'b>,
        /// What the vendor added.
        details: Details<'b>,
    },
    /// The vendor declined.
    Refused(RefusalClass),
    /// The field that carries the verdict is missing or of no known value.
    NoVerdict,
}

redacted!(Finding<'_>, Conclusion<'_>);

/// A verdict without echo and details.
impl From<Verdict> for Conclusion<'_> {
    fn from(verdict: Verdict) -> Self {
        Self::Verdict { verdict, echo: Value::Absent, details: Details::default() }
    }
}

/// Who charges, and by what rule.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tariff {
    /// The gateway, by HTTP status.
    Gateway,
    /// A vendor's own platform, by a rule that is not published.
    Vendor,
}

/// Reads a reply without knowing who was asked for: for support staff, with nothing but the reply at hand. The echoed
/// number is not checked, and the price is the gateway's.
///
/// # Errors
/// As [`Inquiry::read`](crate::Inquiry::read).
pub fn explain<'b>(provider: &dyn Provider, response: Response<'b>) -> Result<Outcome<'b>, Error> {
    read(provider, response, None, Tariff::Gateway)
}

pub(crate) fn read<'b>(
    provider: &dyn Provider,
    response: Response<'b>,
    asked: Option<&Subject<'_>>,
    tariff: Tariff,
) -> Result<Outcome<'b>, Error> {
    let status = response.status();
    // A vendor could send the number back where a code or a reference belongs. That must not end in a log.
    let harmless = |text: &str| match asked {
        Some(subject) => !subject.appears_in(text),
        None => !holds_number(text),
    };
    let reference_of = |text: &str| if harmless(text) { Reference::new(text) } else { None };
    let request_id = response.request_id();
    let request_id = || core::str::from_utf8(request_id).ok().and_then(reference_of);
    let by_status = match tariff {
        Tariff::Gateway => Billing::of_status(status),
        Tariff::Vendor => Billing::Unknown,
    };

    if let Some(refused) = gateway::refusal(response.error_code(), response.error_message()) {
        // The gateway charges for no error of its own. One that comes with a success status contradicts itself.
        let billing = if by_status == Billing::Free { Billing::Free } else { Billing::Unknown };
        let code = refused.code.filter(|code| harmless(code.as_str()));
        return Err(refusal(refused.class, status, billing, code, request_id()));
    }
    let fail = |fault, code: Option<Code>, reference: Option<Reference>| {
        let retry = if by_status == Billing::Unknown {
            Retry::Never
        } else if matches!(status, 429 | 500..=599) {
            Retry::SameProvider
        } else {
            Retry::OtherProvider
        };
        Error::Reply(ReplyError { fault, status, billing: by_status, retry, code, reference })
    };

    let body = response.into_body();
    // Vendor E's document has the gateway send `Quota Exhausted` as "message": with some gateways that is the body.
    if status >= 400
        && !matches!(body.first(), Some(b'{'))
        && let Some(refused) = gateway::refusal(b"", body).filter(|refused| refused.code.is_some())
    {
        return Err(refusal(refused.class, status, by_status, refused.code, request_id()));
    }
    let finding = match json::normalize(body).and_then(Document::of) {
        Ok(document) => provider.interpret(&Reply { status, document }),
        Err(error) => Err(ReplyFault::from(error)),
    };
    let Finding { code, reference, conclusion } = match finding {
        Ok(finding) => finding,
        Err(fault) => return Err(fail(fault, None, request_id())),
    };
    let code = code.filter(|code| harmless(code)).and_then(Code::new);
    let reference = reference.and_then(reference_of).or_else(request_id);
    match conclusion {
        Conclusion::Refused(class) => Err(refusal(class, status, by_status, code, reference)),
        // "Match, mismatch and no record are all HTTP 200": a match under any other status is too odd to be one.
        Conclusion::Verdict { verdict: Verdict::Match, .. } if !matches!(status, 200..=299) => {
            Err(fail(ReplyFault::NoVerdict, code, reference))
        }
        Conclusion::Verdict { verdict, echo, details } => match check_echo(echo, asked) {
            Some(echo) => Ok(Outcome { verdict, billing: by_status, code, reference, echo, details }),
            None => Err(fail(ReplyFault::EchoContradicts, code, reference)),
        },
        Conclusion::NoVerdict => Err(fail(ReplyFault::NoVerdict, code, reference)),
    }
}

fn refusal(
    class: RefusalClass,
    status: u16,
    billing: Billing,
    code: Option<Code>,
    reference: Option<Reference>,
) -> Error {
    let retry =
        if billing == Billing::Unknown && class.retry() == Retry::SameProvider { Retry::Never } else { class.retry() };
    Error::Refused(Refusal { class, status, billing, retry, code, reference })
}

/// Whether an identity number stands in `text`, or it is a mobile number, anybody's: for a reader who does not know who
/// was asked for.
fn holds_number(text: &str) -> bool {
    let is_id = |part| core::str::from_utf8(part).is_ok_and(|part| IdNumber::parse(part, Date::MAX).is_ok());
    text.as_bytes().windows(IdNumber::LEN).any(is_id) || Mobile::parse(text).is_ok()
}

/// Compares an echoed number with the one that was sent: what stands before the first and after the last mask character
/// must agree, the masks do not keep the length. `None`: it contradicts, and so does what is there but is no number.
fn check_echo(echo: Value<'_>, asked: Option<&Subject<'_>>) -> Option<Echo> {
    let Some(subject) = asked else { return Some(Echo::Absent) };
    let echo = match echo {
        Value::Absent | Value::Null | Value::Text("") => return Some(Echo::Absent),
        echo => echo.text()?,
    };
    let (echo, sent) = (echo.as_bytes(), subject.id().as_bytes().as_slice());
    let shown = |byte: &u8| *byte != b'*';
    let Some(prefix_len) = echo.iter().position(|byte| !shown(byte)) else {
        return echo.eq_ignore_ascii_case(sent).then_some(Echo::Agrees);
    };
    let suffix_len = echo.iter().rev().take_while(|byte| shown(byte)).count();
    if prefix_len == 0 && suffix_len == 0 {
        return Some(Echo::Absent);
    }
    // A prefix and a suffix that overlap would show more than the number has.
    let (prefix, behind) = sent.split_at_checked(prefix_len)?;
    let (_, suffix) = behind.split_at_checked(behind.len().checked_sub(suffix_len)?)?;
    let agrees =
        echo.starts_with(prefix) && echo.get(echo.len().checked_sub(suffix_len)?..)?.eq_ignore_ascii_case(suffix);
    agrees.then_some(Echo::Agrees)
}

/// The readers of details, for providers' readers.
impl<'b> Details<'b> {
    /// A province, city or county: see [`Details`] for what is passed over.
    #[must_use]
    pub fn place(value: Value<'b>) -> Option<&'b str> {
        unmasked(value).filter(|text| text.len() <= PLACE_MAX)
    }

    /// An address: see [`Details`] for what is passed over.
    #[must_use]
    pub fn address(value: Value<'b>) -> Option<&'b str> {
        unmasked(value).filter(|text| text.len() <= ADDRESS_MAX)
    }

    /// `M`, `F`, `男` or `女`.
    #[must_use]
    pub fn sex(value: Value<'b>) -> Option<Sex> {
        match unmasked(value)? {
            "M" | "男" => Some(Sex::Male),
            "F" | "女" => Some(Sex::Female),
            _ => None,
        }
    }

    /// `YYYYMMDD` or `YYYY-MM-DD`.
    #[must_use]
    pub fn date(value: Value<'b>) -> Option<Date> {
        let text = unmasked(value)?;
        Date::parse_compact(text).or_else(|| Date::parse_iso(text))
    }

    /// Full years, 0 to 255.
    #[must_use]
    pub fn age(value: Value<'b>) -> Option<u8> {
        unmasked(value)?.parse().ok()
    }
}

fn unmasked(value: Value<'_>) -> Option<&str> {
    value.text().filter(|text| !text.as_bytes().contains(&b'*'))
}
