//! All sentences for people, in both languages. A sentence that one of them lacks does not compile: either it is a method
//! of [`Words`], which both implement, or a [`Both`], or a match over [`Lang`].

mod en;
pub(crate) mod glossary;
pub(crate) mod help;
pub(crate) mod quota;
pub(crate) mod reason;
mod zh;

use std::io::ErrorKind;

use heyan::policy::Class;
use heyan::{Billing, Retry};
use heyan_std::ledger::LedgerError;

use crate::body::BodyKind;
use crate::usage::Usage;
use crate::wrong::{Value, Wrong};

/// A language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lang {
    Zh,
    En,
}

/// One short text in both languages.
#[derive(Clone, Copy)]
pub(crate) struct Both {
    pub(crate) zh: &'static str,
    pub(crate) en: &'static str,
}

/// A [`Both`] in one line of a table.
pub(crate) const fn both(zh: &'static str, en: &'static str) -> Both {
    Both { zh, en }
}

impl Lang {
    /// `--lang`, wherever it stands, else the environment: the messages of the argument parser need the language before
    /// it has parsed anything.
    pub(crate) fn detect(arguments: &[std::ffi::OsString], variable: impl Fn(&str) -> Option<String>) -> Self {
        let mut arguments = arguments.iter().filter_map(|argument| argument.to_str());
        while let Some(argument) = arguments.next() {
            let value = match argument.strip_prefix("--lang") {
                Some("") => arguments.next(),
                Some(value) => value.strip_prefix('='),
                None => None,
            };
            match value {
                Some("zh") => return Self::Zh,
                Some("en") => return Self::En,
                _ => {}
            }
        }
        // The first of these that is set decides, as POSIX has it (Base Definitions, section 8.2).
        let set = |name| variable(name).filter(|value| !value.is_empty());
        match set("LC_ALL").or_else(|| set("LC_MESSAGES")).or_else(|| set("LANG")) {
            Some(locale) if locale.starts_with("zh") => Self::Zh,
            _ => Self::En,
        }
    }

    pub(crate) fn words(self) -> &'static dyn Words {
        match self {
            Self::Zh => &zh::Chinese,
            Self::En => &en::English,
        }
    }

    pub(crate) const fn of(self, text: Both) -> &'static str {
        match self {
            Self::Zh => text.zh,
            Self::En => text.en,
        }
    }
}

/// A label in front of a value.
#[derive(Clone, Copy)]
pub(crate) enum Label {
    Asked,
    Cost,
    Next,
    Reference,
    Code,
    Details,
    Sex,
    BirthDate,
    Age,
    Address,
    Province,
    City,
    County,
    Fields,
    Headers,
    Body,
}

/// The sentences.
pub(crate) trait Words: Sync {
    /// What is wrong and what to do, in one sentence.
    fn wrong(&self, wrong: &Wrong) -> String;
    fn usage(&self, usage: &Usage) -> String;
    fn value(&self, value: Value) -> &'static str;

    /// In front of everything that a simulation says.
    fn simulated(&self) -> &'static str;
    fn simulated_note(&self) -> &'static str;
    /// A command that asks nobody was given `--sandbox`.
    fn sandbox_idle(&self) -> &'static str;

    fn headline(&self, class: Class, mobile: bool) -> &'static str;
    fn billing(&self, billing: Billing) -> &'static str;
    fn next(&self, class: Class, billing: Billing) -> &'static str;
    fn label(&self, label: Label) -> &'static str;
    /// Between a label and its value.
    fn colon(&self) -> &'static str;
    /// Between two details.
    fn comma(&self) -> &'static str;
    fn male(&self) -> &'static str;
    fn female(&self) -> &'static str;
    fn quote_reference(&self) -> &'static str;

    /// An ending that is followed by another attempt.
    fn attempt(&self, provider: &str, ending: &str, billing: Billing, next: &str) -> String;
    fn last_attempt(&self, provider: &str, ending: &str, billing: Billing, retry: Retry) -> String;

    /// What the person must have seen and agreed to.
    fn authorisation(&self, name: &str, id: &str, mobile: Option<&str>, vendors: &str) -> String;
    fn consent_question(&self) -> &'static str;

    fn valid(&self) -> &'static str;
    fn invalid(&self) -> &'static str;
    /// Of the words of `reason`.
    fn reason(&self, reason: &str) -> &'static str;
    fn type_numbers(&self) -> &'static str;

    /// Under the headline of a reply that somebody pasted.
    fn explained_note(&self) -> &'static str;
    fn body(&self, kind: BodyKind) -> &'static str;
    fn hidden(&self, characters: usize) -> String;
    fn unknown_field(&self) -> &'static str;
    fn nested(&self) -> &'static str;
    fn gateway_code(&self) -> &'static str;
    fn gateway_message(&self) -> &'static str;
    fn gateway_request_id(&self) -> &'static str;

    fn masked_request(&self) -> &'static str;
    fn unsigned_request(&self) -> &'static str;

    fn providers_head(&self) -> [&'static str; 7];
    fn factors(&self, mobile: bool) -> &'static str;
    fn price(&self) -> &'static str;

    fn output_failed(&self, kind: ErrorKind) -> String;
    fn sandbox_failed(&self, reason: &str) -> String;
    fn ledger_failed(&self, error: &LedgerError) -> String;
    fn nobody_to_ask(&self) -> &'static str;
    fn no_clock(&self) -> &'static str;
    fn no_randomness(&self) -> &'static str;
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::Lang;

    fn detect(arguments: &[&str], environment: &[(&str, &str)]) -> Lang {
        let arguments: Vec<OsString> = arguments.iter().map(OsString::from).collect();
        let variable =
            |name: &str| environment.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        Lang::detect(&arguments, variable)
    }

    #[test]
    fn the_argument_wins_then_the_environment() {
        assert_eq!(detect(&["check", "--lang", "zh"], &[("LANG", "en_US.UTF-8")]), Lang::Zh);
        assert_eq!(detect(&["--lang=en"], &[("LC_ALL", "zh_CN.UTF-8")]), Lang::En);
        assert_eq!(detect(&[], &[("LANG", "zh_CN.UTF-8")]), Lang::Zh);
        assert_eq!(detect(&[], &[("LC_ALL", "C"), ("LANG", "zh_CN.UTF-8")]), Lang::En);
        assert_eq!(detect(&[], &[("LC_ALL", ""), ("LANG", "zh_TW")]), Lang::Zh);
        assert_eq!(detect(&["--lang", "fr"], &[]), Lang::En);
    }
}
