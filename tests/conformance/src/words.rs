//! What came of reading a reply, in words, without a heap: the image that reads the fixtures on a device includes this
//! file too.

use heyan::{Billing, Code, Echo, Error, Outcome, ReplyFault, Retry, Sex};

/// The ending, the code that was kept, the price, and the advice.
pub(crate) fn ending<'r>(result: &'r Result<Outcome<'_>, Error>) -> (&'static str, Option<&'r Code>, Billing, Retry) {
    match result {
        Ok(outcome) => (outcome.verdict().word(), outcome.code(), outcome.billing(), outcome.retry()),
        Err(error) => {
            let (word, code) = match error {
                Error::Refused(refusal) => (refusal.class().word(), refusal.code()),
                Error::Reply(error) => (fault(error.fault()), error.code()),
                Error::Protocol(_) => ("protocol", None),
                _ => ("other", None),
            };
            (word, code, error.billing(), error.retry())
        }
    }
}

/// A sum of bytes that are compared without being sent: FNV-1a of 64 bits.
#[must_use]
pub fn sum(bytes: &[u8]) -> u64 {
    let prime = 0x0100_0000_01b3;
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |sum: u64, byte| (sum ^ u64::from(*byte)).wrapping_mul(prime))
}

/// The echo of a verdict.
pub(crate) const fn echo(echo: Echo) -> &'static str {
    match echo {
        Echo::Agrees => "agrees",
        Echo::Absent => "absent",
    }
}

/// The sex in the details of a verdict.
pub(crate) const fn sex(sex: Sex) -> &'static str {
    match sex {
        Sex::Male => "male",
        Sex::Female => "female",
    }
}

const fn fault(fault: ReplyFault) -> &'static str {
    match fault {
        ReplyFault::NotJson => "not_json",
        ReplyFault::TooDeep => "too_deep",
        ReplyFault::NoVerdict => "no_verdict",
        ReplyFault::EchoContradicts => "echo_contradicts",
        _ => "other",
    }
}
