//! How many calls are left, and who should know.

use core::fmt;
use core::time::Duration;

use super::ending::Ending;
use crate::outcome::Billing;
use crate::subject::Date;

/// How long after buying an AppCode takes to work: "开通完成后，请稍等 30 秒" (the document of `idcert`, read 2026-11).
pub const APP_CODE_READY_AFTER: Duration = Duration::from_secs(30);

/// A package of calls, as vendors sell them. Times in milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Package {
    /// Calls in it.
    pub calls: u32,
    /// What it cost, in millionths of a yuan.
    pub price: u64,
    /// When it was bought.
    pub bought_unix_ms: u64,
    /// From when on it cannot be used any more.
    pub expires_unix_ms: u64,
    /// Calls that were billed.
    pub billed: u32,
    /// Calls that may have been billed: nobody knows.
    pub possibly: u32,
    /// Whether [`Alert::Expiring`] was raised for it.
    pub expiry_raised: bool,
}

impl Package {
    /// An unused package.
    #[must_use]
    pub const fn new(calls: u32, price: u64, bought_unix_ms: u64, expires_unix_ms: u64) -> Self {
        Self { calls, price, bought_unix_ms, expires_unix_ms, billed: 0, possibly: 0, expiry_raised: false }
    }

    /// Calls left, what may have been billed counted as billed.
    #[must_use]
    pub const fn left(&self) -> u32 {
        self.calls.saturating_sub(self.billed).saturating_sub(self.possibly)
    }
}

/// Something that the owner of the account should know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Alert {
    /// A fifth or less is left of all packages that have not expired.
    Low,
    /// A package with calls left expires within seven days.
    Expiring,
    /// No calls are left.
    Empty,
    /// The gateway said that the package is used up, or that the subscription is not in order.
    Refused,
}

/// A set of alerts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Alerts(u8);

impl Alerts {
    /// No alert.
    pub const NONE: Self = Self(0);

    /// Whether this one is in it.
    #[must_use]
    pub const fn contains(self, alert: Alert) -> bool {
        let _ = alert;
        todo!()
    }

    /// All that are in it.
    pub fn iter(self) -> impl Iterator<Item = Alert> {
        let _ = self.0;
        core::iter::empty()
    }

    /// As one byte, to be stored.
    #[must_use]
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Out of a stored byte; bits without a meaning are dropped.
    #[must_use]
    pub const fn from_bits(bits: u8) -> Self {
        Self(bits)
    }
}

/// What is left of an account's packages at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Left {
    /// Calls of all packages that have not expired, used or not.
    pub total: u32,
    /// Calls left, what may have been billed counted as billed.
    pub calls: u32,
    /// Calls that may have been billed.
    pub possibly: u32,
}

/// Why packages cannot be counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum QuotaError {
    /// There is no room for another package.
    Full,
}

impl fmt::Display for QuotaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("there is no room for another package: raise the capacity")
    }
}

impl core::error::Error for QuotaError {}

/// The packages of one account, at most `N`, and what was used of them.
#[derive(Clone, Debug)]
pub struct Quota<const N: usize> {
    packages: heapless::Vec<Package, N>,
    raised: Alerts,
}

impl<const N: usize> Quota<N> {
    /// No package yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { packages: heapless::Vec::new(), raised: Alerts::NONE }
    }

    /// What was stored: packages with what was used of them, the calls that no package covered, and the alerts that
    /// were raised.
    ///
    /// # Errors
    /// [`QuotaError::Full`].
    pub fn restored(packages: &[Package], raised: Alerts) -> Result<Self, QuotaError> {
        let _ = (packages, raised);
        todo!()
    }

    /// Adds a package that was bought. Alerts that no longer hold can be raised again.
    ///
    /// # Errors
    /// [`QuotaError::Full`], with all packages in use. One that has expired or is used up makes room.
    pub fn buy(&mut self, package: Package, now_unix_ms: u64) -> Result<(), QuotaError> {
        let _ = (package, now_unix_ms);
        todo!()
    }

    /// Counts an attempt, and returns the alerts that are new.
    pub fn ended(&mut self, now_unix_ms: u64, ending: Ending) -> Alerts {
        let _ = (now_unix_ms, ending);
        todo!()
    }

    /// Counts one call by its price: for a ledger that is read again.
    pub fn count(&mut self, now_unix_ms: u64, billing: Billing) {
        let _ = (now_unix_ms, billing);
        todo!()
    }

    /// Says of one call that may have been billed what it was, after a look into the console. `false` if there was none.
    pub fn settle(&mut self, billed: bool) -> bool {
        let _ = billed;
        todo!()
    }

    /// The alerts that are new now: time passes, packages expire.
    pub fn check(&mut self, now_unix_ms: u64) -> Alerts {
        let _ = now_unix_ms;
        todo!()
    }

    /// What is left.
    #[must_use]
    pub fn left(&self, now_unix_ms: u64) -> Left {
        let _ = now_unix_ms;
        todo!()
    }

    /// The day in China on which the last call is used up or expires, at so many calls a day. `None` if none is left,
    /// or if it is beyond the year 9999.
    #[must_use]
    pub fn runs_out(&self, now_unix_ms: u64, calls_per_day: u32) -> Option<Date> {
        let _ = (now_unix_ms, calls_per_day);
        todo!()
    }

    /// The packages, in the order in which they are used.
    #[must_use]
    pub fn packages(&self) -> &[Package] {
        &self.packages
    }

    /// The alerts that were raised, to be stored.
    #[must_use]
    pub const fn raised(&self) -> Alerts {
        self.raised
    }
}

impl<const N: usize> Default for Quota<N> {
    fn default() -> Self {
        Self::new()
    }
}
