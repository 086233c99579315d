//! Reading a reply: what is the same for every provider.
//!
//! In this order: the gateway's own header fields, the JSON pass, the provider's reader, the HTTP status against the
//! verdict, the echoed number against the one sent. Only what passes all of them is an outcome.

use crate::error::{Error, Evidence, Refusal, RefusalClass, ReplyError, ReplyFault};
use crate::http::Response;
use crate::json::{self, Document, Members, Value};
use crate::outcome::{ADDRESS_MAX, PLACE_MAX, REFERENCE_MAX, is_token};
use crate::outcome::{Billing, Code, Details, Echo, Outcome, Reference, Retry, Verdict};
use crate::provider::{Provider, gateway};
use crate::redact::redacted;
use crate::subject::{Date, IdNumber, Mobile, Sex, Subject};
use crate::text::{find_line, has};

/// A reply that the gateway passed through, ready to be read. `'b` is the life of the text.
#[derive(Clone, Copy)]
pub struct Reply<'n, 'b> {
    status: u16,
    document: Document<'n, 'b>,
}

impl<'b> Reply<'_, 'b> {
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
        let mut values = [Value::Absent; N];
        self.members_into(&wanted, &mut values)?;
        Ok(values)
    }

    /// The same into places that are all [`Value::Absent`], for readers of many members: an array returned by value
    /// stands on a small stack two or three times.
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    pub(crate) fn members_into<const N: usize>(
        &self,
        wanted: &[&str; N],
        values: &mut [Value<'b>; N],
    ) -> Result<(), ReplyFault> {
        self.document.members(wanted, values).map_err(ReplyFault::from)
    }
}

impl<'b> Value<'b> {
    /// The values of members, in the order asked for; of anything but an object all are absent.
    ///
    /// # Errors
    /// [`ReplyFault::NoVerdict`] when one of these members stands there twice.
    pub fn members<const N: usize>(self, wanted: [&str; N]) -> Result<[Self; N], ReplyFault> {
        let mut values = [Value::Absent; N];
        if let Value::Object(object) = self {
            object.members(&wanted, &mut values)?;
        }
        Ok(values)
    }
}

impl core::fmt::Debug for Reply<'_, '_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Reply({}, redacted)", self.status)
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for Reply<'_, '_> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "Reply({=u16}, redacted)", self.status);
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

/// A table of a vendor's codes: what they mean, and the codes, one a line.
pub(super) type Codes = [(Result<Verdict, RefusalClass>, &'static str)];

/// What a vendor's code means. None that is listed has a line feed in it.
pub(super) fn meaning(table: &Codes, code: &str) -> Result<Verdict, RefusalClass> {
    let found = table.iter().find(|(_, codes)| find_line(codes, &|line| line == code).is_some());
    found.map_or(Err(RefusalClass::Unrecognized), |(meaning, _)| *meaning)
}

/// Who charges, and by what rule.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tariff {
    /// The gateway, by HTTP status.
    Gateway,
    /// A vendor's own platform, by a rule that is not published.
    Vendor,
}

/// Who was asked for. By its address, because a program that never [explains](explain) a reply has no use for the search
/// for anybody's number.
pub(crate) trait Asked {
    /// Whether something of this person stands in `text`, so that it must not be printed.
    fn appears_in(&self, text: &str) -> bool;

    /// The number that was sent, where it is known.
    fn number(&self) -> Option<&IdNumber>;
}

impl Asked for Subject<'_> {
    fn appears_in(&self, text: &str) -> bool {
        Subject::appears_in(self, text)
    }

    fn number(&self) -> Option<&IdNumber> {
        Some(self.id())
    }
}

/// For a reader who does not know who was asked for: anybody.
struct Anybody;

impl Asked for Anybody {
    /// Whether an identity number stands in `text`, or it is a mobile number.
    fn appears_in(&self, text: &str) -> bool {
        let is_id = |part| core::str::from_utf8(part).is_ok_and(|part| IdNumber::parse(part, Date::MAX).is_ok());
        text.as_bytes().windows(IdNumber::LEN).any(is_id) || Mobile::parse(text).is_ok()
    }

    fn number(&self) -> Option<&IdNumber> {
        None
    }
}

/// Reads a reply without knowing who was asked for: for support staff, with nothing but the reply at hand. The echoed
/// number is not checked, and the price is the gateway's.
///
/// # Errors
/// As [`Inquiry::read`](crate::Inquiry::read).
pub fn explain<'b>(provider: &dyn Provider, response: Response<'b>) -> Result<Outcome<'b>, Error> {
    read(provider, response, &Anybody, Tariff::Gateway)
}

pub(crate) fn read<'b>(
    provider: &dyn Provider,
    response: Response<'b>,
    asked: &dyn Asked,
    tariff: Tariff,
) -> Result<Outcome<'b>, Error> {
    let status = response.status();
    let price = match tariff {
        Tariff::Gateway => Billing::of_status(status),
        Tariff::Vendor => Billing::Unknown,
    };
    let mut call = Call { status, price, asked, request_id: response.request_id(), by_gateway: true };
    if let Some(refused) = gateway::refusal(response.error_code(), response.error_message()) {
        // The gateway charges for no error of its own. One that comes with a success status contradicts itself.
        if call.price == Billing::Billed {
            call.price = Billing::Unknown;
        }
        return call.conclude(Ok(refused));
    }
    let body = response.into_body();
    // The document of `sfz2` has the gateway send `Quota Exhausted` as "message": with some gateways that is the body.
    if status >= 400
        && !matches!(body.first(), Some(b'{'))
        && let Some(refused) = gateway::refusal(b"", body).filter(|refused| refused.code.is_some())
    {
        return call.conclude(Ok(refused));
    }
    call.by_gateway = false;
    call.conclude(interpret(provider, status, body))
}

/// The JSON pass and the provider's reader. A function of its own, as [`Call::conclude`] is: on a small stack neither
/// stands on what the other needed.
#[inline(never)]
fn interpret<'b>(provider: &dyn Provider, status: u16, body: &'b mut [u8]) -> Result<Finding<'b>, ReplyFault> {
    let mut members = Members::new();
    let text = json::normalize(body, &mut members)?;
    provider.interpret(&Reply { status, document: Document::of(text, &members)? })
}

/// What is known about a call besides the body of its reply.
#[derive(Clone, Copy)]
struct Call<'c, 'b> {
    status: u16,
    price: Billing,
    asked: &'c dyn Asked,
    request_id: &'b [u8],
    /// The gateway declined: the code of the finding was checked, and may be a beginning of our own tables.
    by_gateway: bool,
}

impl Call<'_, '_> {
    #[inline(never)]
    fn conclude<'b>(&self, finding: Result<Finding<'b>, ReplyFault>) -> Result<Outcome<'b>, Error> {
        let (Finding { code, reference, conclusion }, mut fault) = match finding {
            Ok(finding) => (finding, ReplyFault::NoVerdict),
            Err(fault) => (Finding { code: None, reference: None, conclusion: Conclusion::NoVerdict }, fault),
        };
        let refused = match conclusion {
            // "Match, mismatch and no record are all HTTP 200": a match under any other status is too odd to be one.
            Conclusion::Verdict { verdict: Verdict::Match, .. } if !matches!(self.status, 200..=299) => None,
            Conclusion::Verdict { verdict, echo, details } => {
                if let Some(echo) = check_echo(echo, self.asked.number()) {
                    let (code, reference) = (self.code(code), self.reference(reference));
                    return Ok(Outcome { verdict, billing: self.price, code, reference, echo, details });
                }
                fault = ReplyFault::EchoContradicts;
                None
            }
            Conclusion::NoVerdict => None,
            Conclusion::Refused(class) => Some(class),
        };
        let retry = match (refused, self.status) {
            // Advice never charges twice.
            _ if self.price == Billing::Unknown => Retry::Never,
            (Some(class), _) => class.retry(),
            (None, 429 | 500..=599) => Retry::SameProvider,
            (None, _) => Retry::OtherProvider,
        };
        let (code, reference) = (self.code(code), self.reference(reference));
        let evidence = Evidence { status: self.status, billing: self.price, retry, code, reference };
        Err(match refused {
            Some(why) => Error::Refused(Refusal { why, evidence }),
            None => Error::Reply(ReplyError { why: fault, evidence }),
        })
    }

    #[cfg_attr(not(target_pointer_width = "64"), inline(never))]
    fn code(&self, code: Option<&str>) -> Option<Code> {
        let fits = |code: &&str| (self.by_gateway || is_token(code)) && self.may_print(code);
        code.filter(fits).and_then(Code::of_checked)
    }

    /// The vendor's own, else the gateway's.
    #[cfg_attr(not(target_pointer_width = "64"), inline(never))]
    fn reference(&self, reference: Option<&str>) -> Option<Reference> {
        let fits = |text: &&str| text.len() <= REFERENCE_MAX && is_token(text) && self.may_print(text);
        let reference = reference.filter(fits).or_else(|| core::str::from_utf8(self.request_id).ok().filter(fits));
        reference.and_then(Reference::of_checked)
    }

    /// A vendor could send the number back where a code or a reference belongs. That must not end in a log.
    fn may_print(&self, text: &str) -> bool {
        !self.asked.appears_in(text)
    }
}

/// Compares an echoed number with the one that was sent: what stands before the first and after the last mask character
/// must agree, the masks do not keep the length. `None`: it contradicts, and so does what is there but is no number:
/// nothing but digits may stand between two masks.
fn check_echo(echo: Value<'_>, sent: Option<&IdNumber>) -> Option<Echo> {
    let Some(sent) = sent else { return Some(Echo::Absent) };
    let echo = match echo {
        Value::Absent | Value::Null | Value::Text("") => return Some(Echo::Absent),
        echo => echo.text()?,
    };
    let echo = echo.as_bytes();
    let (mut masked, mut unseen) = (echo, sent.as_bytes().as_slice());
    while let [shown, rest @ ..] = masked
        && *shown != MASK
    {
        // What is left of the number gets shorter, so that a beginning and an end that overlap contradict it.
        let [digit, behind @ ..] = unseen else { return None };
        if !(shown == digit || shown.eq_ignore_ascii_case(digit)) {
            return None;
        }
        (masked, unseen) = (rest, behind);
    }
    if masked.is_empty() {
        return unseen.is_empty().then_some(Echo::Agrees);
    }
    while let [rest @ .., shown] = masked
        && *shown != MASK
    {
        let [before @ .., digit] = unseen else { return None };
        if !(shown == digit || shown.eq_ignore_ascii_case(digit)) {
            return None;
        }
        (masked, unseen) = (rest, before);
    }
    if !masked.iter().all(|byte| *byte == MASK || byte.is_ascii_digit()) {
        return None;
    }
    Some(if masked.len() == echo.len() { Echo::Absent } else { Echo::Agrees })
}

/// Stands in an echo for what is not shown.
const MASK: u8 = b'*';

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

// Out of line on a device, where each detail would have it.
#[cfg_attr(not(target_pointer_width = "64"), inline(never))]
fn unmasked(value: Value<'_>) -> Option<&str> {
    value.text().filter(|text| !has(text.as_bytes(), MASK))
}
