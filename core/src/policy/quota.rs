//! How many calls are left, and who should know.

use core::fmt;
use core::time::Duration;

use super::ending::{Class, Ending};
use crate::error::RefusalClass;
use crate::outcome::Billing;
use crate::subject::Date;

/// How long after buying an AppCode takes to work: "开通完成后, 请稍等 30 秒" (the document of `idcert`, read 2026-11).
pub const APP_CODE_READY_AFTER: Duration = Duration::from_secs(30);

/// [`Alert::Low`] is raised when one of so many calls is left: a fifth (the documents of `idenauthen` and `idcert`:
/// "剩余大概 20%", "不足 20%", read 2026-11).
const LOW_ONE_IN: u64 = 5;

/// [`Alert::Expiring`] is raised so long before: the earlier end of the "6~7 天" in the document of `idenauthen`, read
/// 2026-11.
const EXPIRING_MS: u64 = 7 * DAY_MS;

const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// A package of calls, as vendors sell them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Package {
    /// Calls in it.
    pub calls: u32,
    /// What it cost, in millionths of a yuan.
    pub price: u64,
    /// When it was bought, in milliseconds since 1970-01-01T00:00:00Z.
    pub bought_unix_ms: u64,
    /// From when on it cannot be used any more, in milliseconds since 1970-01-01T00:00:00Z.
    pub expires_unix_ms: u64,
    /// What was used of it.
    pub used: Usage,
    /// Whether [`Alert::Expiring`] was raised for it.
    pub expiry_raised: bool,
}

impl Package {
    /// An unused package.
    #[must_use]
    pub const fn new(calls: u32, price: u64, bought_unix_ms: u64, expires_unix_ms: u64) -> Self {
        Self { calls, price, bought_unix_ms, expires_unix_ms, used: Usage::NONE, expiry_raised: false }
    }

    /// Calls left, what may have been billed counted as billed.
    #[must_use]
    pub const fn left(&self) -> u32 {
        self.calls.saturating_sub(self.used.sum())
    }

    /// Price of one call in millionths of a yuan, rounded up: what an [`Account`](super::Account) is ordered by. Of a
    /// package without calls it is [`u32::MAX`].
    #[must_use]
    pub fn price_per_call(&self) -> u32 {
        let calls = u64::from(self.calls);
        let price = self.price.saturating_add(calls.saturating_sub(1)).checked_div(calls);
        price.and_then(|price| u32::try_from(price).ok()).unwrap_or(u32::MAX)
    }

    const fn is_usable(&self, now_unix_ms: u64) -> bool {
        now_unix_ms < self.expires_unix_ms && self.left() > 0
    }
}

/// Calls that were used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Usage {
    /// They were billed.
    pub billed: u32,
    /// They may have been billed: no reply says so.
    pub possibly: u32,
}

impl Usage {
    /// No call.
    pub const NONE: Self = Self { billed: 0, possibly: 0 };

    /// Both together: the most that can have been billed.
    #[must_use]
    pub const fn sum(self) -> u32 {
        self.billed.saturating_add(self.possibly)
    }

    const fn plus(self, other: Self) -> Self {
        Self {
            billed: self.billed.saturating_add(other.billed),
            possibly: self.possibly.saturating_add(other.possibly),
        }
    }
}

/// Something that the owner of the account should know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Alert {
    /// A fifth or less is left of all packages that have not expired, taken together ("该接口总套餐包剩余量非单一套餐包",
    /// the document of `idenauthen`, read 2026-11).
    Low,
    /// A package with calls left expires within seven days.
    Expiring,
    /// No calls are left.
    Empty,
    /// The gateway said that the package is used up, or that the subscription is not in order.
    Refused,
}

impl Alert {
    const ALL: [Self; 4] = [Self::Low, Self::Expiring, Self::Empty, Self::Refused];

    /// `low`, `expiring`, `empty` or `refused`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Expiring => "expiring",
            Self::Empty => "empty",
            Self::Refused => "refused",
        }
    }

    const fn bit(self) -> u8 {
        match self {
            Self::Low => 1,
            Self::Expiring => 2,
            Self::Empty => 4,
            Self::Refused => 8,
        }
    }
}

/// A set of alerts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Alerts(u8);

impl Alerts {
    /// No alert.
    pub const NONE: Self = Self(0);

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether this one is in it.
    #[must_use]
    pub const fn contains(self, alert: Alert) -> bool {
        self.0 & alert.bit() != 0
    }

    /// All that are in it.
    pub fn iter(self) -> impl Iterator<Item = Alert> {
        Alert::ALL.into_iter().filter(move |alert| self.contains(*alert))
    }

    /// As one byte, to be stored.
    #[must_use]
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Out of a stored byte. Bits without a meaning are dropped.
    #[must_use]
    pub const fn from_bits(bits: u8) -> Self {
        Self(bits & 0b1111)
    }
}

/// What is left of an account's packages at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Left {
    /// Calls of all packages that have not expired, used or not.
    pub total: u32,
    /// Calls left of them, what may have been billed counted as billed.
    pub calls: u32,
    /// Calls that may have been billed: up to so many more can be left.
    pub possibly: u32,
}

impl Left {
    const fn is_low(self) -> bool {
        self.total > 0 && (self.calls as u64).saturating_mul(LOW_ONE_IN) <= self.total as u64
    }
}

/// Why a package cannot be counted.
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
///
/// The gateway tells nobody how many calls are left, so they are counted here: what was billed as billed, what may have
/// been billed apart. What is left is what is left if all of it was billed.
///
/// ```
/// use heyan::policy::{Alert, Class, Ending, Package, Quota};
/// use heyan::{Billing, Date, Retry};
///
/// let now = 1_795_305_600_000; // 2026-11-22 in China
/// let day = 86_400_000;
/// let mut quota = Quota::<4>::new();
/// quota.buy(Package::new(100, 38_000_000, now, now + 365 * day), now)?; // 38 yuan
///
/// let verdict = Ending::new(Class::Match, Billing::Billed, Retry::Never);
/// let alerts: Vec<_> = (0..80).flat_map(|_| quota.ended(now, verdict).iter().collect::<Vec<_>>()).collect();
/// assert_eq!(alerts, [Alert::Low]);
/// assert_eq!(quota.left(now).calls, 20);
/// assert_eq!(quota.runs_out(now, 10), Date::new(2026, 11, 24));
/// # Ok::<(), heyan::policy::QuotaError>(())
/// ```
#[derive(Clone, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Quota<const N: usize> {
    packages: heapless::Vec<Package, N>,
    elsewhere: Usage,
    raised: Alerts,
}

impl<const N: usize> Quota<N> {
    /// No package yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { packages: heapless::Vec::new(), elsewhere: Usage::NONE, raised: Alerts::NONE }
    }

    /// What was stored: the [`packages`](Self::packages), the usage [`elsewhere`](Self::elsewhere) and the alerts that
    /// were [`raised`](Self::raised).
    ///
    /// # Errors
    /// [`QuotaError::Full`].
    pub fn restored(packages: &[Package], elsewhere: Usage, raised: Alerts) -> Result<Self, QuotaError> {
        let packages = heapless::Vec::from_slice(packages).map_err(|_| QuotaError::Full)?;
        Ok(Self { packages, elsewhere, raised })
    }

    /// Adds a package that was bought, and takes [`Alert::Refused`] back. Other alerts are taken back where they hold
    /// no longer. What was taken back can be raised again.
    ///
    /// # Errors
    /// [`QuotaError::Full`] if all packages can still be used; one that has expired makes room.
    pub fn buy(&mut self, package: Package, now_unix_ms: u64) -> Result<(), QuotaError> {
        if self.packages.push(package).is_err() {
            let expired = self.packages.iter_mut().find(|old| old.expires_unix_ms <= now_unix_ms);
            let old = expired.ok_or(QuotaError::Full)?;
            self.elsewhere = self.elsewhere.plus(old.used);
            *old = package;
        }
        self.raised = Alerts(self.raised.0 & self.standing(now_unix_ms).0);
        Ok(())
    }

    /// Takes [`Alert::Refused`] back: the subscription is in order again without a new package.
    pub fn readmit(&mut self) {
        self.raised.0 &= !Alert::Refused.bit();
    }

    /// Counts an attempt that ended, and returns the alerts that are new with it.
    pub fn ended(&mut self, now_unix_ms: u64, ending: Ending) -> Alerts {
        self.count(now_unix_ms, ending.billing());
        let mut alerts = self.check(now_unix_ms);
        if matches!(ending.class(), Class::Refused(RefusalClass::QuotaExhausted | RefusalClass::Subscription)) {
            alerts.0 |= self.refused().0;
        }
        alerts
    }

    /// The gateway said that the package is used up, or that the subscription is not in order: [`Alert::Refused`], if
    /// it is new. [`ended`](Self::ended) sees to it by itself.
    pub fn refused(&mut self) -> Alerts {
        let alerts = Alerts(Alert::Refused.bit() & !self.raised.0);
        self.raised.0 |= alerts.0;
        alerts
    }

    /// Counts one call by its price, on the package that expires first, and raises nothing.
    ///
    /// Who writes an attempt down before it leaves counts it as [`Billing::Unknown`] then, [settles](Self::settle) it
    /// when it ended, and [checks](Self::check).
    pub fn count(&mut self, now_unix_ms: u64, billing: Billing) {
        let usable = self.packages.iter_mut().filter(|package| package.is_usable(now_unix_ms));
        let package = usable.min_by_key(|package| package.expires_unix_ms);
        let used = package.map_or(&mut self.elsewhere, |package| &mut package.used);
        match billing {
            Billing::Billed => used.billed = used.billed.saturating_add(1),
            Billing::Unknown => used.possibly = used.possibly.saturating_add(1),
            Billing::Free => {}
        }
    }

    /// Says of one call that may have been billed what it was, after its reply or after a look into the console.
    /// `false` if there was none.
    pub fn settle(&mut self, billing: Billing) -> bool {
        // Which one it was is not known. A free one is taken off what expires first, where it makes the least difference, and
        // above all off what no package covered; a billed one is kept by what expires last. So what is left can only be
        // more than it seems.
        let packages = self.packages.iter_mut().map(|package| (package.expires_unix_ms, &mut package.used));
        let open = [(0, &mut self.elsewhere)].into_iter().chain(packages).filter(|(_, used)| used.possibly > 0);
        let found = match billing {
            Billing::Billed => open.max_by_key(|(expires, _)| *expires),
            Billing::Free | Billing::Unknown => open.min_by_key(|(expires, _)| *expires),
        };
        let Some((_, used)) = found else { return false };
        match billing {
            Billing::Unknown => return true,
            Billing::Billed => used.billed = used.billed.saturating_add(1),
            Billing::Free => {}
        }
        used.possibly = used.possibly.saturating_sub(1);
        true
    }

    /// The alerts that are new now, each of them once: time passes, packages expire.
    pub fn check(&mut self, now_unix_ms: u64) -> Alerts {
        let standing = self.standing(now_unix_ms);
        let mut alerts = Alerts(standing.0 & !self.raised.0);
        self.raised.0 |= alerts.0;
        for package in &mut self.packages {
            let is_close = package.expires_unix_ms.saturating_sub(now_unix_ms) <= EXPIRING_MS;
            if is_close && package.is_usable(now_unix_ms) && !package.expiry_raised {
                package.expiry_raised = true;
                alerts.0 |= Alert::Expiring.bit();
            }
        }
        alerts
    }

    /// What is left.
    #[must_use]
    pub fn left(&self, now_unix_ms: u64) -> Left {
        let mut left = Left { total: 0, calls: 0, possibly: 0 };
        for package in self.packages.iter().filter(|package| now_unix_ms < package.expires_unix_ms) {
            left.total = left.total.saturating_add(package.calls);
            left.calls = left.calls.saturating_add(package.left());
            left.possibly = left.possibly.saturating_add(package.used.possibly);
        }
        left
    }

    /// The day in China on which no call is left, at so many calls a day: the last one was used, or the last package
    /// expired. `None` if none is left now, or if it is beyond the year 9999.
    #[must_use]
    pub fn runs_out(&self, now_unix_ms: u64, calls_per_day: u32) -> Option<Date> {
        let mut at = now_unix_ms;
        let mut last = None;
        loop {
            // By rounds instead of a sort: there are a handful.
            let usable = self.packages.iter().enumerate().filter(|(_, package)| package.is_usable(now_unix_ms));
            let by_expiry = usable.map(|(index, package)| ((package.expires_unix_ms, index), package.left()));
            let Some((key, left)) = by_expiry.filter(|(key, _)| last < Some(*key)).min() else { break };
            let takes = u64::from(left).saturating_mul(DAY_MS).checked_div(calls_per_day.into()).unwrap_or(u64::MAX);
            // What is left when it expires is lost.
            at = at.saturating_add(takes).min(key.0);
            last = Some(key);
        }
        if at == now_unix_ms {
            return None;
        }
        Date::from_unix_seconds(i64::try_from(at / 1000).ok()?)
    }

    /// The packages, to be stored. Of those with calls left, the one that expires first is used first.
    #[must_use]
    pub fn packages(&self) -> &[Package] {
        &self.packages
    }

    /// Calls that no package covered, and those of packages that made room for others.
    #[must_use]
    pub const fn elsewhere(&self) -> Usage {
        self.elsewhere
    }

    /// All calls that were ever counted.
    #[must_use]
    pub fn used(&self) -> Usage {
        self.packages.iter().fold(self.elsewhere, |sum, package| sum.plus(package.used))
    }

    /// The alerts that were raised and still stand, to be stored. [`Alert::Expiring`] is in
    /// [`Package::expiry_raised`] instead.
    #[must_use]
    pub const fn raised(&self) -> Alerts {
        self.raised
    }

    /// The alerts whose reason holds by the count.
    fn standing(&self, now_unix_ms: u64) -> Alerts {
        let left = self.left(now_unix_ms);
        let low = if left.is_low() { Alert::Low.bit() } else { 0 };
        let empty = if left.calls == 0 && !self.packages.is_empty() { Alert::Empty.bit() } else { 0 };
        Alerts(low | empty)
    }
}

impl<const N: usize> Default for Quota<N> {
    fn default() -> Self {
        Self::new()
    }
}
