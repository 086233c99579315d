//! How a call ended, in the same words for both transports.

use std::fmt;

use heyan::{Billing, ChannelFault, Error, OwnedOutcome, ProtocolError, RefusalClass, ReplyFault, Retry};

/// How a call ended.
#[derive(Clone, Debug)]
pub struct Ended {
    /// The verdict with all that came with it, or what kind of failure it was.
    pub result: Result<OwnedOutcome, Failure>,
    /// What it cost, as the client says.
    pub billing: Billing,
    /// What the client advises.
    pub retry: Retry,
}

/// A failure, without what only one of the transports knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The channel failed; whether the request had left.
    Channel(ChannelFault, bool),
    /// No HTTP that can be trusted.
    Protocol(ProtocolError),
    /// A reply without a verdict.
    Reply(ReplyFault),
    /// The gateway or the vendor declined.
    Refused(RefusalClass),
    /// The program asked for what cannot be.
    WrongUse,
}

impl Ended {
    /// A verdict.
    pub(crate) fn verdict(outcome: OwnedOutcome) -> Self {
        Self { billing: outcome.billing(), retry: outcome.retry(), result: Ok(outcome) }
    }

    /// A failure of the core's, over any channel.
    pub(crate) fn failed<C>(error: &Error<C>) -> Self {
        let failure = match error {
            Error::Channel(error) => Failure::Channel(error.fault, error.sent),
            Error::Protocol(error) => Failure::Protocol(*error),
            Error::Reply(error) => Failure::Reply(error.fault()),
            Error::Refused(refusal) => Failure::Refused(refusal.class()),
            _ => Failure::WrongUse,
        };
        Self { result: Err(failure), billing: error.billing(), retry: error.retry() }
    }

    /// Whether it is a verdict.
    #[must_use]
    pub const fn is_verdict(&self) -> bool {
        self.result.is_ok()
    }
}

/// What must come of a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expect {
    /// What the same call ends in without any fault: the same verdict, price, echo and details.
    Whole,
    /// This verdict, by its word, whatever else the reply says.
    Verdict(&'static str),
    /// This failure, at the price that goes with it.
    Fails(Failure),
    /// Anything but a verdict.
    NoVerdict,
    /// Any of these, where what happens first is not for the test to say.
    OneOf(Vec<Expect>),
}

/// The channel failed before the last byte of the request had left.
#[must_use]
pub const fn free(fault: ChannelFault) -> Expect {
    Expect::Fails(Failure::Channel(fault, false))
}

/// The channel failed after that.
#[must_use]
pub const fn unknown(fault: ChannelFault) -> Expect {
    Expect::Fails(Failure::Channel(fault, true))
}

/// The peer broke HTTP.
#[must_use]
pub const fn protocol(error: ProtocolError) -> Expect {
    Expect::Fails(Failure::Protocol(error))
}

/// The reply was whole and says nothing.
#[must_use]
pub const fn reply(fault: ReplyFault) -> Expect {
    Expect::Fails(Failure::Reply(fault))
}

impl Expect {
    /// Whether `ended` is that; `whole` is how the call ends without a fault.
    #[must_use]
    pub fn is_met(&self, ended: &Ended, whole: &OwnedOutcome) -> bool {
        match (self, &ended.result) {
            (Self::Whole, Ok(outcome)) => alike(outcome, whole),
            (Self::Fails(expected), Err(failure)) => {
                expected == failure && (ended.billing, ended.retry) == expected.price()
            }
            (Self::Verdict(word), Ok(outcome)) => outcome.verdict().word() == *word,
            (Self::NoVerdict, Err(_)) => true,
            (Self::OneOf(any), _) => any.iter().any(|one| one.is_met(ended, whole)),
            _ => false,
        }
    }
}

/// The same but for the reference, which is another one for each call.
fn alike(one: &OwnedOutcome, other: &OwnedOutcome) -> bool {
    one.verdict() == other.verdict()
        && (one.billing(), one.echo()) == (other.billing(), other.echo())
        && one.code() == other.code()
        && one.expose_details() == other.expose_details()
}

impl Failure {
    /// Free until the last byte of the request left, unknown from then on, unless a whole reply with status 200 came:
    /// then it was billed. The advice follows from that.
    const fn price(self) -> (Billing, Retry) {
        match self {
            Self::Channel(ChannelFault::Tls, false) => (Billing::Free, Retry::OtherProvider),
            Self::Channel(_, false) => (Billing::Free, Retry::SameProvider),
            Self::Channel(_, true) | Self::Protocol(_) => (Billing::Unknown, Retry::Never),
            Self::Reply(_) => (Billing::Billed, Retry::OtherProvider),
            Self::Refused(_) | Self::WrongUse => (Billing::Free, Retry::Never),
        }
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.result {
            Ok(outcome) => write!(f, "verdict {}, {:?}", outcome.verdict(), outcome.echo())?,
            Err(failure) => write!(f, "{failure:?}")?,
        }
        write!(f, ", billing {}, retry {}", self.billing, self.retry)
    }
}
