//! How an attempt ended, in three bytes.

use core::fmt;

use crate::error::{ChannelFault, Error, ProtocolError, RefusalClass, ReplyFault};
use crate::outcome::{Billing, Outcome, OwnedOutcome, Retry, Verdict};

/// What an attempt ended in, of every party: the register, the gateway, the peer, the network, the program itself.
///
/// Its [`word`](Self::word)s are an interface: scripts, ledgers and logs hold them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Class {
    /// A verdict: the person is who they say.
    Match,
    /// A verdict: they are not.
    Mismatch,
    /// A verdict: the register cannot say.
    NoRecord,
    /// The gateway or the vendor declined.
    Refused(RefusalClass),
    /// The reply is no JSON object in UTF-8.
    NotJson,
    /// The reply nests too deep.
    TooDeep,
    /// The reply carries no verdict that can be trusted.
    NoVerdict,
    /// The reply is about another number.
    EchoContradicts,
    /// What came back is no HTTP/1.1 reply that can be trusted.
    Protocol,
    /// The reply is longer than the buffer.
    TooLong,
    /// The host's name was not resolved.
    Dns,
    /// No connection.
    Connect,
    /// The peer did not prove that it is the host, or TLS broke.
    Tls,
    /// A deadline passed.
    TimedOut,
    /// The connection broke, or the way to the peer failed in another way.
    Channel,
    /// The program asked for what cannot be sent. Nothing was.
    Encode,
}

impl Class {
    /// All classes, for tables and tests. A class keeps its place: new ones come last.
    pub const ALL: [Self; 24] = [
        Self::Match,
        Self::Mismatch,
        Self::NoRecord,
        Self::Refused(RefusalClass::Credentials),
        Self::Refused(RefusalClass::QuotaExhausted),
        Self::Refused(RefusalClass::Subscription),
        Self::Refused(RefusalClass::Throttled),
        Self::Refused(RefusalClass::AttemptLimit),
        Self::Refused(RefusalClass::BadInput),
        Self::Refused(RefusalClass::Busy),
        Self::Refused(RefusalClass::Configuration),
        Self::Refused(RefusalClass::Unrecognized),
        Self::NotJson,
        Self::TooDeep,
        Self::NoVerdict,
        Self::EchoContradicts,
        Self::Protocol,
        Self::TooLong,
        Self::Dns,
        Self::Connect,
        Self::Tls,
        Self::TimedOut,
        Self::Channel,
        Self::Encode,
    ];

    /// The class in one lower-case word: that of the verdict, of the refusal, or `not_json`, `too_deep`, `no_verdict`,
    /// `echo_contradicts`, `protocol`, `too_long`, `dns`, `connect`, `tls`, `timed_out`, `channel`, `encode`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Match => Verdict::Match.word(),
            Self::Mismatch => Verdict::Mismatch.word(),
            Self::NoRecord => Verdict::NoRecord.word(),
            Self::Refused(class) => class.word(),
            Self::NotJson => "not_json",
            Self::TooDeep => "too_deep",
            Self::NoVerdict => "no_verdict",
            Self::EchoContradicts => "echo_contradicts",
            Self::Protocol => "protocol",
            Self::TooLong => "too_long",
            Self::Dns => "dns",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::TimedOut => "timed_out",
            Self::Channel => "channel",
            Self::Encode => "encode",
        }
    }

    /// The class with this [`word`](Self::word).
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.word() == word)
    }

    /// The verdict, where it is one.
    #[must_use]
    pub const fn verdict(self) -> Option<Verdict> {
        match self {
            Self::Match => Some(Verdict::Match),
            Self::Mismatch => Some(Verdict::Mismatch),
            Self::NoRecord => Some(Verdict::NoRecord),
            _ => None,
        }
    }

    /// Why the gateway or the vendor declined, where one did.
    #[must_use]
    pub const fn refusal(self) -> Option<RefusalClass> {
        match self {
            Self::Refused(class) => Some(class),
            _ => None,
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// As its [`word`](Class::word).
#[cfg(feature = "serde")]
impl serde::Serialize for Class {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}

/// How an attempt ended: all that the rules around calls look at. It holds nothing personal.
///
/// ```
/// use heyan::policy::{Class, Ending};
/// use heyan::{Billing, ChannelError, ChannelFault, Error, Retry};
///
/// let error = Error::<()>::from(ChannelError { fault: ChannelFault::TimedOut, sent: true, source: None });
/// let ending = Ending::from(&error);
/// assert_eq!(ending, Ending::new(Class::TimedOut, Billing::Unknown, Retry::Never));
/// assert_eq!(ending.class().word(), "timed_out");
/// assert_eq!(ending.verdict(), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[must_use]
pub struct Ending {
    class: Class,
    billing: Billing,
    retry: Retry,
}

impl Ending {
    /// An ending of a transport of one's own, or out of a ledger. Advice that cannot be is dropped: after a verdict and
    /// after an ending of unknown price it is [`Retry::Never`], whatever was given.
    pub const fn new(class: Class, billing: Billing, retry: Retry) -> Self {
        let retry = match (class.verdict(), billing) {
            (Some(_), _) | (_, Billing::Unknown) => Retry::Never,
            _ => retry,
        };
        Self { class, billing, retry }
    }

    /// The ending of a call, whatever its result.
    ///
    /// ```
    /// use heyan::policy::{Class, Ending};
    /// use heyan::{EncodeError, Error, OwnedOutcome};
    ///
    /// let result: Result<OwnedOutcome, Error> = Err(EncodeError::MobileMissing.into());
    /// assert_eq!(Ending::of(&result).class(), Class::Encode);
    /// ```
    pub fn of<'r, T, E>(result: &'r Result<T, E>) -> Self
    where
        Self: From<&'r T> + From<&'r E>,
    {
        match result {
            Ok(outcome) => Self::from(outcome),
            Err(error) => Self::from(error),
        }
    }

    /// What it was.
    #[must_use]
    pub const fn class(self) -> Class {
        self.class
    }

    /// What it cost.
    #[must_use]
    pub const fn billing(self) -> Billing {
        self.billing
    }

    /// What another attempt could achieve.
    #[must_use]
    pub const fn retry(self) -> Retry {
        self.retry
    }

    /// The verdict, if it came to one.
    #[must_use]
    pub const fn verdict(self) -> Option<Verdict> {
        self.class.verdict()
    }

    const fn of_verdict(verdict: Verdict, billing: Billing) -> Self {
        let class = match verdict {
            Verdict::Match => Class::Match,
            Verdict::Mismatch => Class::Mismatch,
            Verdict::NoRecord => Class::NoRecord,
        };
        Self::new(class, billing, Retry::Never)
    }
}

impl From<&Outcome<'_>> for Ending {
    fn from(outcome: &Outcome<'_>) -> Self {
        Self::of_verdict(outcome.verdict(), outcome.billing())
    }
}

impl From<&OwnedOutcome> for Ending {
    fn from(outcome: &OwnedOutcome) -> Self {
        Self::of_verdict(outcome.verdict(), outcome.billing())
    }
}

impl<C> From<&Error<C>> for Ending {
    fn from(error: &Error<C>) -> Self {
        let class = match error {
            Error::Encode(_) => Class::Encode,
            Error::Channel(error) => match error.fault {
                ChannelFault::Dns => Class::Dns,
                ChannelFault::Connect => Class::Connect,
                ChannelFault::Tls => Class::Tls,
                ChannelFault::TimedOut => Class::TimedOut,
                ChannelFault::Broken => Class::Channel,
                ChannelFault::Link => Class::Encode,
            },
            Error::Protocol(ProtocolError::TooLong) => Class::TooLong,
            Error::Protocol(_) => Class::Protocol,
            Error::Reply(error) => match error.fault() {
                ReplyFault::NotJson => Class::NotJson,
                ReplyFault::TooDeep => Class::TooDeep,
                ReplyFault::NoVerdict => Class::NoVerdict,
                ReplyFault::EchoContradicts => Class::EchoContradicts,
            },
            Error::Refused(refusal) => Class::Refused(refusal.class()),
        };
        Self::new(class, error.billing(), error.retry())
    }
}
