//! What came of reading a reply, in words that a fixture can state.

use heyan::{Details, Error, Outcome};

use crate::words;

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
        let (ending, code, billing, retry) = words::ending(result);
        let reference = match result {
            Ok(outcome) => outcome.reference(),
            Err(error) => error.reference(),
        };
        let outcome = result.as_ref().ok();
        Self {
            ending: ending.to_owned(),
            code: code.map(|code| code.as_str().to_owned()),
            billing: billing.word().to_owned(),
            retry: retry.word().to_owned(),
            reference: reference.map(|reference| reference.as_str().to_owned()),
            echo: outcome.map(|outcome| words::echo(outcome.echo())),
            person: outcome.map(|outcome| Person::of(outcome.expose_details())).unwrap_or_default(),
        }
    }

    /// All of it in one line, with U+001F between the parts.
    #[must_use]
    pub fn line(&self) -> String {
        let Person { sex, birth_date, age, address, province, city, county } = &self.person;
        let parts = [
            Some(self.ending.as_str()),
            self.code.as_deref(),
            Some(&self.billing),
            Some(&self.retry),
            self.reference.as_deref(),
            self.echo,
            sex.as_deref(),
            birth_date.as_deref(),
            age.as_deref(),
            address.as_deref(),
            province.as_deref(),
            city.as_deref(),
            county.as_deref(),
        ];
        parts.map(Option::unwrap_or_default).join("\u{1f}")
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

impl Person {
    fn of(details: &Details<'_>) -> Self {
        Self {
            sex: details.sex.map(|sex| words::sex(sex).to_owned()),
            birth_date: details.birth_date.map(|date| date.to_string()),
            age: details.age.map(|age| age.to_string()),
            address: details.address.map(str::to_owned),
            province: details.province.map(str::to_owned),
            city: details.city.map(str::to_owned),
            county: details.county.map(str::to_owned),
        }
    }
}
