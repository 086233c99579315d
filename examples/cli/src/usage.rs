//! What the argument parser objects to, without the values it objects to: they may be names and numbers.

use clap::error::{ContextKind, ContextValue, ErrorKind};

/// An objection.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Usage {
    /// No such command.
    Command,
    /// No such option; its name, if it looks like one.
    Option(Option<String>),
    /// A value that belongs to no option.
    Stray,
    /// These are missing.
    Missing(String),
    /// The option has no value.
    NoValue(String),
    /// The option's value is of the wrong kind.
    Value(String),
    /// The option stands twice, or beside one that excludes it.
    Conflict(String),
    /// Something is not UTF-8.
    NotUtf8,
    /// Anything else.
    Other,
}

impl Usage {
    pub(crate) fn of(error: &clap::Error) -> Self {
        let argument = || match error.get(ContextKind::InvalidArg) {
            Some(ContextValue::String(name)) => name.clone(),
            Some(ContextValue::Strings(names)) => names.join(", "),
            _ => String::new(),
        };
        match error.kind() {
            ErrorKind::InvalidSubcommand | ErrorKind::MissingSubcommand => Self::Command,
            ErrorKind::UnknownArgument => {
                let name = argument();
                if !name.starts_with('-') {
                    Self::Stray
                } else {
                    Self::Option(Some(name).filter(|name| is_option(name)))
                }
            }
            ErrorKind::MissingRequiredArgument => Self::Missing(argument()),
            // clap says "invalid" of an option at the end of the line, with an empty value.
            ErrorKind::InvalidValue if matches!(error.get(ContextKind::InvalidValue), Some(ContextValue::String(value)) if value.is_empty()) => {
                Self::NoValue(argument())
            }
            ErrorKind::InvalidValue
            | ErrorKind::ValueValidation
            | ErrorKind::TooManyValues
            | ErrorKind::TooFewValues
            | ErrorKind::WrongNumberOfValues => Self::Value(argument()),
            ErrorKind::NoEquals => Self::NoValue(argument()),
            ErrorKind::ArgumentConflict => Self::Conflict(argument()),
            ErrorKind::InvalidUtf8 => Self::NotUtf8,
            _ => Self::Other,
        }
    }
}

/// `--like-this`, and no longer than such names are.
fn is_option(name: &str) -> bool {
    name.len() <= 20
        && name.strip_prefix("--").is_some_and(|name| name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'))
}
