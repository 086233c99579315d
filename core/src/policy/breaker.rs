//! Whether an account answers at all.

use core::time::Duration;

use crate::error::RefusalClass;

/// When an account is left alone, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct HealthRule {
    /// After so many failures in a row it is left alone. 0 counts as 1.
    pub failures: u8,
    /// For so long; then one call tries whether it works again.
    pub pause: Duration,
    /// How long that one call may take before it counts as lost and another may try: longer than a call's deadline.
    pub trial: Duration,
    /// For so long it is left alone after it said that there were too many requests at a time.
    pub throttled: Duration,
}

impl HealthRule {
    /// Five failures, 30 s, 60 s for the trial, 1 s after throttling.
    pub const DEFAULT: Self = Self {
        failures: 5,
        pause: Duration::from_secs(30),
        trial: Duration::from_secs(60),
        throttled: Duration::from_secs(1),
    };
}

/// Whether an account takes calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Standing {
    /// It does.
    InService,
    /// It did not answer several times in a row; at `until`, one call tries again.
    Open {
        /// On the clock that the accounts are told.
        until: Duration,
    },
    /// One call is trying. If it is not reported until then, another one may.
    Trial {
        /// On the clock that the accounts are told.
        until: Duration,
    },
    /// There were too many requests at a time.
    Throttled {
        /// On the clock that the accounts are told.
        until: Duration,
    },
    /// Its credentials, its package or its subscription are not in order. Nobody asks until
    /// [`readmit`](super::Accounts::readmit).
    OutOfService(RefusalClass),
}
