//! Wrong use and bad input: what ends with exit status 64, before anything was sent.
//!
//! None of these carries what was typed, apart from names of options, variables and files: a number that was put in the
//! wrong place must not be printed by the message about it.

use std::io::ErrorKind;
use std::path::PathBuf;

use heyan::{CredentialError, EndpointError, IdNumberError, MobileError, NameError};
use heyan_std::ledger::LedgerError;

use crate::batch::BatchWrong;
use crate::quota::QuotaWrong;
use crate::usage::Usage;

/// A value about the person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Name,
    Id,
    Mobile,
}

impl Value {
    /// The option that takes it.
    pub(crate) const fn option(self) -> &'static str {
        match self {
            Self::Name => "--name",
            Self::Id => "--id",
            Self::Mobile => "--mobile",
        }
    }
}

/// Why nothing was done.
#[derive(Debug)]
pub(crate) enum Wrong {
    /// The command line as such.
    Usage(Usage),
    /// No provider has this slug.
    UnknownProvider,
    /// The failover order names a provider twice.
    ProviderTwice(&'static str),
    /// A value is not UTF-8.
    NotUtf8(Value),
    /// Standard input ended before the line of this value, or could not be read.
    StdinEnded(Value),
    /// The line of this value is longer than any such value.
    LineTooLong(Value),
    Name(NameError),
    /// `lenient_helps`: without white space and full-width digits it would be valid.
    Id {
        error: IdNumberError,
        lenient_helps: bool,
    },
    Mobile(MobileError),
    /// The provider checks three factors, and there is no mobile number.
    MobileMissing(&'static str),
    /// The provider does not look at mobile numbers.
    MobileNotChecked(&'static str),
    /// No credentials in the environment.
    CredentialsMissing,
    /// More than one kind of credentials in the environment.
    CredentialsSeveral,
    /// One half of AppKey and AppSecret.
    CredentialHalf {
        missing: String,
    },
    /// Both `VARIABLE` and `VARIABLE_FILE`.
    CredentialTwice(String),
    /// The value is not UTF-8.
    CredentialNotUtf8(String),
    /// The file that the variable names cannot be read, or is far too long.
    CredentialFile {
        variable: String,
        kind: ErrorKind,
    },
    /// The value is no credential.
    Credential {
        variable: String,
        error: CredentialError,
    },
    /// The provider has no platform that takes vendor keys.
    VendorKeyNotTaken(&'static str),
    /// A vendor key without the address of the vendor's platform.
    VendorKeyNeedsAddress,
    BaseUrl(EndpointError),
    /// `--insecure-http` with an https address.
    InsecureNotNeeded,
    /// One path for several providers.
    BaseUrlPath,
    CaUnreadable {
        path: PathBuf,
        kind: ErrorKind,
    },
    CaInvalid(PathBuf),
    Timeout,
    /// `heyan batch`.
    Batch(BatchWrong),
    /// The file of `--ledger` cannot be used.
    Ledger(LedgerError),
    /// A script without `--consent`.
    ConsentMissing,
    /// A person who did not say yes.
    ConsentDeclined,
    /// `--sandbox` with an option that leads elsewhere.
    SandboxWith(&'static str),
    /// `heyan check` without a number.
    NoNumbers,
    /// The file of `heyan check --file` cannot be read, or not to its end.
    NumbersUnreadable {
        path: PathBuf,
        kind: ErrorKind,
    },
    Status,
    /// The `--header` with this position, from 1.
    Header(usize),
    ReplyTooLong,
    StdinUnreadable(ErrorKind),
    Timestamp,
    Nonce,
    /// `--timestamp` or `--nonce` with credentials that sign nothing.
    NothingSigned,
    /// `heyan sandbox --json`.
    NoJson,
    /// `heyan sandbox --listen` with an address that other machines reach.
    Exposed,
    /// `heyan quota`.
    Quota(QuotaWrong),
    /// Whatever a library refuses before it sends, which the checks above should have found.
    Refused(String),
}
