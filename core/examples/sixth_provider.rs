//! A provider that heyan does not know: one file, outside of the crate.
//!
//! `cargo run -p heyan --example sixth_provider`
//!
//! Two things make a provider: an [`Info`], which is all that writing a request needs, and [`Provider::interpret`], which
//! says what a reply means. Everything else is the same for all of them and comes for free: credentials and signature,
//! percent-encoding, framing, the gateway's errors, the price, the check of the echoed number, redaction.
//!
//! Inside of the crate such a file goes to `src/provider/`, with one more line in `provider::ALL`. Then the tests ask for
//! its fixtures.

use heyan::provider::{Conclusion, Factor, Finding, Info, Placement, Provider, Reply};
use heyan::{
    AppCode, Consent, Credentials, Date, Details, IdNumber, Inquiry, Name, RefusalClass, ReplyFault, Response, Subject,
    Value, Verdict,
};

/// An invented vendor. It answers
/// `{"answer":"same","number":"11****009X","place":{"county":"东城区"},"ticket":"T-1"}`, or `{"error":17}`.
pub(crate) struct Sixth;

static INFO: Info = Info::new(
    "sixth",
    "Example",
    "sixth.example.com",
    "/v1/person",
    Placement::Query,
    &[("number", Factor::IdNumber), ("name", Factor::Name)],
);

impl Provider for Sixth {
    fn info(&self) -> &'static Info {
        &INFO
    }

    fn interpret<'b>(&self, reply: &Reply<'_, 'b>) -> Result<Finding<'b>, ReplyFault> {
        // Ask for all that matters at once: a member that stands there twice is refused here.
        let [answer, error, number, place, ticket] = reply.members(["answer", "error", "number", "place", "ticket"])?;
        let [county] = place.members(["county"])?;
        let verdict = |verdict| Conclusion::Verdict {
            verdict,
            // Whether it agrees with the number that was sent, masked or not, is not checked here.
            echo: number,
            details: Details { county: Details::place(county), ..Details::default() },
        };
        // A verdict comes only from the value that carries it: the last arm of such a match is never one.
        let conclusion = match (answer.text(), error) {
            (Some("same"), Value::Absent) => verdict(Verdict::Match),
            (Some("different"), Value::Absent) => verdict(Verdict::Mismatch),
            (Some("unknown"), Value::Absent) => verdict(Verdict::NoRecord),
            (None, error) => match error.text() {
                Some("17") => Conclusion::Refused(RefusalClass::BadInput),
                Some("42") => Conclusion::Refused(RefusalClass::Busy),
                Some(_) => Conclusion::Refused(RefusalClass::Unrecognized),
                None => Conclusion::NoVerdict,
            },
            _ => Conclusion::NoVerdict,
        };
        Ok(Finding { code: error.text().or(answer.text()), reference: ticket.text(), conclusion })
    }
}

/// The replies of the documentation above, and what must come of them.
pub(crate) const REPLIES: &[(u16, &str, Result<Verdict, &str>)] = &[
    (200, r#"{"answer":"same","number":"11****009X","place":{"county":"东城区"},"ticket":"T-1"}"#, Ok(Verdict::Match)),
    (200, r#"{"answer":"different","ticket":"T-2"}"#, Ok(Verdict::Mismatch)),
    (200, r#"{"answer":"unknown","ticket":"T-3"}"#, Ok(Verdict::NoRecord)),
    (200, r#"{"answer":"same","answer":"same"}"#, Err("NoVerdict")),
    (200, r#"{"answer":"same","error":42}"#, Err("NoVerdict")),
    (200, r#"{"answer":"Same"}"#, Err("NoVerdict")),
    (200, r#"{"answer":"same","number":"31****009X"}"#, Err("EchoContradicts")),
    (200, r#"{"answer":"same","number":["11010119000101009X"]}"#, Err("EchoContradicts")),
    (500, r#"{"answer":"same"}"#, Err("NoVerdict")),
    (400, r#"{"error":17}"#, Err("BadInput")),
    (503, r#"{"error":"42"}"#, Err("Busy")),
    (400, r#"{"error":18}"#, Err("Unrecognized")),
];

/// Asks the invented vendor about an invented person.
///
/// # Errors
/// None of these values is wrong.
pub(crate) fn inquiry(provider: &Sixth) -> Result<Inquiry<'_>, Box<dyn std::error::Error>> {
    let subject = Subject::new(Name::parse("张三")?, IdNumber::parse("11010119000101009X", Date::MAX)?);
    let credentials = Credentials::AppCode(AppCode::new("not-a-real-appcode")?);
    Ok(Inquiry::new(provider, subject, Consent::given(), credentials)?)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let inquiry = inquiry(&Sixth)?;
    let mut buffer = [0; INFO.buffer_len()];
    println!("{}", String::from_utf8_lossy(inquiry.write(&mut buffer)?.expose().bytes));
    for (status, body, expected) in REPLIES {
        let mut bytes = body.as_bytes().to_vec();
        let result = inquiry.read(Response::new(*status, &mut bytes).ok_or("no status")?);
        println!("{status} {body}\n    {result:?}, as it should be: {expected:?}");
    }
    Ok(())
}
