//! How a verification ended, for scripts and for people.

use std::io;
use std::time::Duration;

use heyan::policy::{self, Class};
use heyan::{Billing, Date, Details, Info, Outcome, RefusalClass, Retry, Sex, Verdict};
use heyan_std::AttemptLine;
use serde::Serialize;

use crate::Context;
use crate::mask::{holds_name, looks_personal};
use crate::output::{Exit, Out, Paint};
use crate::words::Label;
use crate::words::glossary::Glossary;

/// An ending: of a call, or of a reply that somebody pasted.
pub(crate) struct Ending<'b> {
    info: &'static Info,
    class: Class,
    code: Option<String>,
    billing: Billing,
    retry: Retry,
    reference: Option<String>,
    details: Details<'b>,
    took: Option<Duration>,
}

/// The same with the keys and the words of the machine interface, in its order.
#[derive(Serialize)]
struct Machine<'e> {
    provider: &'e str,
    verdict: Option<&'static str>,
    refusal: Option<&'static str>,
    error: Option<&'static str>,
    code: Option<&'e str>,
    billing: &'static str,
    retry: &'static str,
    reference: Option<&'e str>,
    details: MachineDetails<'e>,
    simulated: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attempts: Vec<MachineAttempt<'e>>,
}

/// One of several attempts of a failover order.
#[derive(Serialize)]
struct MachineAttempt<'e> {
    provider: &'e str,
    class: &'static str,
    code: Option<&'e str>,
    billing: &'static str,
    retry: &'static str,
    reference: Option<&'e str>,
    took_ms: Option<u64>,
}

/// Verdict, refusal and error of the machine interface: the word of a class is one of them, the others are null.
pub(crate) fn machine_words(class: Class) -> [Option<&'static str>; 3] {
    let (verdict, refusal) = (class.verdict().map(Verdict::word), class.refusal().map(RefusalClass::word));
    let is_error = verdict.is_none() && refusal.is_none();
    [verdict, refusal, is_error.then_some(class.word())]
}

#[derive(Serialize)]
struct MachineDetails<'e> {
    sex: Option<Sex>,
    birth_date: Option<Date>,
    age: Option<u8>,
    address: Option<&'e str>,
    province: Option<&'e str>,
    city: Option<&'e str>,
    county: Option<&'e str>,
}

impl<'b> Ending<'b> {
    /// `None` for wrong use, which is no ending: nothing was sent.
    pub(crate) fn new(info: &'static Info, result: Result<&Outcome<'b>, &heyan_std::Error>) -> Option<Self> {
        let text = |text: &str| text.to_owned();
        Some(match result {
            Ok(outcome) => Self {
                info,
                class: policy::Ending::from(outcome).class(),
                code: outcome.code().map(|code| text(code.as_str())),
                billing: outcome.billing(),
                retry: outcome.retry(),
                reference: outcome.reference().map(|reference| text(reference.as_str())),
                details: *outcome.expose_details(),
                took: None,
            },
            Err(error) => Self {
                info,
                class: match error.class() {
                    Class::Encode if error.is_wrong_use() => return None,
                    // Something of this machine that no script can do anything about.
                    Class::Encode => Class::Channel,
                    class => class,
                },
                code: error.code().map(|code| text(code.as_str())),
                billing: error.billing(),
                retry: error.retry(),
                reference: error.reference().map(|reference| text(reference.as_str())),
                details: Details::default(),
                took: None,
            },
        })
    }

    /// The same of one attempt among several, without details. `None` for wrong use.
    pub(crate) fn of_attempt(line: &AttemptLine) -> Option<Self> {
        let text = |text: &str| text.to_owned();
        Some(Self {
            info: heyan::provider::by_slug(line.provider.as_str())?.info(),
            class: Some(line.ending.class()).filter(|class| *class != Class::Encode)?,
            code: line.code.as_ref().map(|code| text(code.as_str())),
            billing: line.ending.billing(),
            retry: line.ending.retry(),
            reference: line.reference.as_ref().map(|reference| text(reference.as_str())),
            details: Details::default(),
            took: Some(line.took),
        })
    }

    pub(crate) const fn info(&self) -> &'static Info {
        self.info
    }

    /// Drops what could be somebody's number, or is one of these names: a vendor can put anything anywhere, and nobody
    /// looks for a name where a county belongs.
    pub(crate) fn without(mut self, names: &[impl AsRef<str>]) -> Self {
        let harmless = |text: &str| !looks_personal(text) && !names.iter().any(|name| holds_name(text, name.as_ref()));
        self.code = self.code.filter(|text| harmless(text));
        self.reference = self.reference.filter(|text| harmless(text));
        let Details { address, province, city, county, .. } = &mut self.details;
        for place in [address, province, city, county] {
            *place = place.filter(|text| harmless(text));
        }
        self
    }

    pub(crate) const fn class(&self) -> Class {
        self.class
    }

    pub(crate) fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    pub(crate) fn reference(&self) -> Option<&str> {
        self.reference.as_deref()
    }

    pub(crate) const fn billing(&self) -> Billing {
        self.billing
    }

    pub(crate) const fn retry(&self) -> Retry {
        self.retry
    }

    pub(crate) const fn exit(&self) -> Exit {
        match self.class {
            Class::Match => Exit::Match,
            Class::Mismatch => Exit::Mismatch,
            Class::NoRecord => Exit::NoRecord,
            Class::Refused(_) => Exit::Refused,
            _ => Exit::Error,
        }
    }

    /// One object. More than one attempt is listed in it.
    pub(crate) fn print_json(&self, context: &Context, attempts: &[Self], out: &mut Out) -> io::Result<()> {
        let [verdict, refusal, error] = machine_words(self.class);
        let Details { sex, birth_date, age, address, province, city, county } = self.details;
        out.json(&Machine {
            provider: self.info.slug,
            verdict,
            refusal,
            error,
            code: self.code.as_deref(),
            billing: self.billing.word(),
            retry: self.retry.word(),
            reference: self.reference.as_deref(),
            details: MachineDetails { sex, birth_date, age, address, province, city, county },
            simulated: context.sandbox,
            attempts: if attempts.len() > 1 {
                attempts.iter().map(Self::machine_attempt).collect()
            } else {
                Vec::new()
            },
        })
    }

    fn machine_attempt(&self) -> MachineAttempt<'_> {
        MachineAttempt {
            provider: self.info.slug,
            class: self.class.word(),
            code: self.code.as_deref(),
            billing: self.billing.word(),
            retry: self.retry.word(),
            reference: self.reference.as_deref(),
            took_ms: self.took.map(|took| u64::try_from(took.as_millis()).unwrap_or(u64::MAX)),
        }
    }

    /// The verdict in words, what it cost, what to do next, what to quote; `asked` says about whom, or `None` for a
    /// reply that somebody pasted.
    pub(crate) fn print_text(&self, context: &Context, asked: Option<&str>, out: &mut Out) -> io::Result<()> {
        let words = context.words;
        let simulated = if context.sandbox { words.simulated() } else { "" };
        let headline = words.headline(self.class, self.info.checks_mobile());
        out.painted(self.paint(), &format!("{simulated}{headline}"))?;
        if context.sandbox {
            out.line(words.simulated_note())?;
        }
        if asked.is_none() {
            out.line(words.explained_note())?;
        }
        let mut entry = |label, text: &str| out.line(&format!("{}{}{text}", words.label(label), words.colon()));
        entry(Label::Cost, &format!("{simulated}{} ({})", words.billing(self.billing), self.billing.word()))?;
        entry(Label::Next, words.next(self.class, self.billing))?;
        if let Some(reference) = &self.reference {
            entry(Label::Reference, &format!("{reference}{}", words.quote_reference()))?;
        }
        let vendor = format!("{} ({})", self.info.slug, self.info.vendor);
        match asked {
            Some(asked) => entry(Label::Asked, &format!("{vendor}{}{asked}", words.comma()))?,
            None => entry(Label::Asked, &vendor)?,
        }
        if let Some(code) = &self.code {
            let meaning = Glossary::of(self.info.slug).and_then(|glossary| glossary.code(code));
            let meaning = meaning.map(|meaning| format!(" {}", context.lang.of(meaning))).unwrap_or_default();
            entry(Label::Code, &format!("{code}{meaning}"))?;
        }
        let details = self.details_text(context);
        if !details.is_empty() {
            entry(Label::Details, &details)?;
        }
        Ok(())
    }

    fn details_text(&self, context: &Context) -> String {
        let words = context.words;
        let Details { sex, birth_date, age, address, province, city, county } = self.details;
        let sex = sex.map(|sex| match sex {
            Sex::Male => words.male().to_owned(),
            Sex::Female => words.female().to_owned(),
        });
        let owned = |text: Option<&str>| text.map(str::to_owned);
        let details = [
            (Label::Sex, sex),
            (Label::BirthDate, birth_date.map(|date| date.to_string())),
            (Label::Age, age.map(|age| age.to_string())),
            (Label::Address, owned(address)),
            (Label::Province, owned(province)),
            (Label::City, owned(city)),
            (Label::County, owned(county)),
        ];
        let shown = details.into_iter().filter_map(|(label, value)| Some(format!("{} {}", words.label(label), value?)));
        shown.collect::<Vec<_>>().join(words.comma())
    }

    const fn paint(&self) -> Paint {
        match self.class {
            Class::Match => Paint::Green,
            Class::NoRecord | Class::Refused(RefusalClass::Busy | RefusalClass::Throttled) => Paint::Yellow,
            _ => Paint::Red,
        }
    }
}
