//! The verification as heyan's own examples write it.

use heyan_audit::case;
use heyan_embedded::heyan::provider::IDCERT;
use heyan_embedded::heyan::{AppCode, Consent, Credentials, IdNumber, Inquiry, Name, OwnedOutcome, Subject};

use crate::{APP_CODE, NAME, NUMBER, Verdict};

/// Checks what was entered. Nothing is sent if it cannot be right.
#[must_use]
pub fn inquiry() -> Option<Inquiry<'static>> {
    let subject = Subject::new(Name::parse(NAME).ok()?, IdNumber::parse(NUMBER, case::TODAY).ok()?);
    let credentials = Credentials::AppCode(AppCode::new(APP_CODE).ok()?);
    Inquiry::new(&IDCERT, subject, Consent::given(), credentials).ok()
}

/// The verdict in the words of both.
#[must_use]
pub fn verdict(outcome: &OwnedOutcome) -> Verdict {
    match outcome.verdict() {
        heyan_embedded::heyan::Verdict::Match => Verdict::Match,
        heyan_embedded::heyan::Verdict::Mismatch => Verdict::Mismatch,
        heyan_embedded::heyan::Verdict::NoRecord => Verdict::NoRecord,
    }
}
