//! Every ending as words on the screen and as an exit status.

use core::fmt::Debug;

use heyan_embedded::heyan::{Billing, Error, OwnedOutcome, Verdict};

use crate::board::host;

/// The exit status of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, defmt::Format)]
#[repr(u8)]
pub enum Ending {
    /// 一致.
    Match = 0,
    /// 不一致.
    Mismatch = 1,
    /// 库无.
    NoRecord = 2,
    /// The gateway or the vendor declined.
    Refused = 3,
    /// There is no verdict: the network, the peer, or what was entered.
    Error = 4,
}

/// Shows a verdict or an error, with what it cost.
pub fn show<C: Debug + defmt::Format>(result: &Result<OwnedOutcome, Error<C>>) -> Ending {
    match result {
        Ok(outcome) => {
            defmt::info!("verified: {}", outcome);
            let (ending, words) = match outcome.verdict() {
                Verdict::Match => (Ending::Match, "一致: name and number belong together"),
                Verdict::Mismatch => (Ending::Mismatch, "不一致: they do not belong together"),
                Verdict::NoRecord => (Ending::NoRecord, "库无: the register cannot say; please show your papers"),
            };
            host::show(&[words, " [", outcome.billing().word(), "]"]);
            ending
        }
        Err(error) => show_error(error),
    }
}

/// Shows why there is no verdict, with what it cost.
pub fn show_error<C: Debug + defmt::Format>(error: &Error<C>) -> Ending {
    defmt::warn!("no verdict: {}, {}, {}", error, error.billing(), error.retry());
    let (billing, retry) = (error.billing().word(), error.retry().word());
    // What the owner of the account or the technician must know; the person at the kiosk is told to wait.
    #[cfg(feature = "all")]
    host::show_fmt(format_args!("无法核验: {error} [{billing}, retry {retry}]"));
    #[cfg(not(feature = "all"))]
    host::show(&["无法核验 [", billing, ", retry ", retry, "]"]);
    if matches!(error, Error::Refused(_)) { Ending::Refused } else { Ending::Error }
}

/// Says what is wrong with what was entered. Nothing was sent.
pub fn show_wrong(what: &str, why: &dyn core::fmt::Display) -> Ending {
    defmt::warn!("not taken: {=str}", what);
    #[cfg(feature = "all")]
    host::show_fmt(format_args!("请检查输入 {what}: {why} [{}]", Billing::Free.word()));
    #[cfg(not(feature = "all"))]
    {
        let _ = why;
        host::show(&["请检查输入 ", what, " [", Billing::Free.word(), "]"]);
    }
    Ending::Error
}
