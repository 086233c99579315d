//! What came of reading a reply, in words that a fixture can state.

use heyan::{Billing, Details, Echo, Error, Outcome, ReplyFault, Retry, Sex};

/// An ending, without anything borrowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observed {
    /// `match`, `mismatch`, `no_record`; the word of a [`RefusalClass`](heyan::RefusalClass); `not_json`, `too_deep`,
    /// `no_verdict`, `echo_contradicts`; `protocol` or `other` where a reply could not be read at all.
    pub ending: String,
    /// The code that was kept.
    pub code: Option<String>,
    /// `billed`, `free` or `unknown`.
    pub billing: String,
    /// `never`, `same_provider` or `other_provider`.
    pub retry: String,
    /// The reference that was kept.
    pub reference: Option<String>,
    /// `agrees` or `absent` for a verdict.
    pub echo: Option<&'static str>,
    /// The details of a verdict.
    pub person: Person,
}

/// The details of a verdict as texts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Person {
    /// `male` or `female`.
    pub sex: Option<String>,
    /// `YYYY-MM-DD`.
    pub birth_date: Option<String>,
    /// Full years.
    pub age: Option<String>,
    /// See [`Details::address`].
    pub address: Option<String>,
    /// See [`Details::province`].
    pub province: Option<String>,
    /// See [`Details::city`].
    pub city: Option<String>,
    /// See [`Details::county`].
    pub county: Option<String>,
}

impl Observed {
    /// What a reader returned.
    #[must_use]
    pub fn of(result: &Result<Outcome<'_>, Error>) -> Self {
        match result {
            Ok(outcome) => Self::of_outcome(outcome),
            Err(error) => Self::of_error(error),
        }
    }

    fn of_outcome(outcome: &Outcome<'_>) -> Self {
        Self {
            code: outcome.code().map(|code| code.as_str().to_owned()),
            reference: outcome.reference().map(|reference| reference.as_str().to_owned()),
            echo: Some(match outcome.echo() {
                Echo::Agrees => "agrees",
                Echo::Absent => "absent",
            }),
            person: Person::of(outcome.expose_details()),
            ..Self::priced(outcome.verdict().word(), outcome.billing(), outcome.retry())
        }
    }

    fn of_error(error: &Error) -> Self {
        let (ending, code) = match error {
            Error::Refused(refusal) => (refusal.class().word(), refusal.code()),
            Error::Reply(error) => (fault_word(error.fault()), error.code()),
            Error::Protocol(_) => ("protocol", None),
            _ => ("other", None),
        };
        Self {
            code: code.map(|code| code.as_str().to_owned()),
            reference: error.reference().map(|reference| reference.as_str().to_owned()),
            ..Self::priced(ending, error.billing(), error.retry())
        }
    }

    fn priced(ending: &str, billing: Billing, retry: Retry) -> Self {
        Self {
            ending: ending.to_owned(),
            code: None,
            billing: billing.word().to_owned(),
            retry: retry.word().to_owned(),
            reference: None,
            echo: None,
            person: Person::default(),
        }
    }

    /// Whether the ending is a verdict.
    #[must_use]
    pub fn is_verdict(&self) -> bool {
        is_verdict(&self.ending)
    }
}

pub(crate) fn is_verdict(ending: &str) -> bool {
    matches!(ending, "match" | "mismatch" | "no_record")
}

fn fault_word(fault: ReplyFault) -> &'static str {
    match fault {
        ReplyFault::NotJson => "not_json",
        ReplyFault::TooDeep => "too_deep",
        ReplyFault::NoVerdict => "no_verdict",
        ReplyFault::EchoContradicts => "echo_contradicts",
        _ => "other",
    }
}

impl Person {
    fn of(details: &Details<'_>) -> Self {
        let sex = |sex| match sex {
            Sex::Male => "male".to_owned(),
            Sex::Female => "female".to_owned(),
        };
        Self {
            sex: details.sex.map(sex),
            birth_date: details.birth_date.map(|date| date.to_string()),
            age: details.age.map(|age| age.to_string()),
            address: details.address.map(str::to_owned),
            province: details.province.map(str::to_owned),
            city: details.city.map(str::to_owned),
            county: details.county.map(str::to_owned),
        }
    }
}
