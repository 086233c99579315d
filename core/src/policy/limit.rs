//! How often a person may be asked for on one day.

use core::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::ending::{Class, Ending};
use super::route::AccountSet;
use crate::error::RefusalClass;
use crate::redact::redacted;
use crate::subject::{Date, IdNumber};

redacted!(PersonKey, PersonTag);

/// The secret behind [`PersonTag`]s: 32 random bytes that are kept. Whoever has it can find the number behind a tag by
/// trying all numbers; with another one, tags made before mean nothing.
pub struct PersonKey([u8; 32]);

impl PersonKey {
    /// Takes 32 bytes of a random number generator.
    #[must_use]
    pub const fn new(secret: [u8; 32]) -> Self {
        Self(secret)
    }

    /// The tag of this person.
    #[must_use]
    pub fn tag(&self, id: &IdNumber) -> PersonTag {
        let mut tag = [0; 16];
        // HMAC takes keys of any length.
        if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) {
            mac.update(id.expose().as_bytes());
            for (place, byte) in tag.iter_mut().zip(mac.finalize().into_bytes()) {
                *place = byte;
            }
        }
        PersonTag(tag)
    }
}

impl Drop for PersonKey {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl ZeroizeOnDrop for PersonKey {}

/// Stands for a person in counts and ledgers: the first 16 bytes of the HMAC-SHA256 of the 18 characters of the number,
/// under a [`PersonKey`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PersonTag([u8; 16]);

impl PersonTag {
    /// A tag that was stored.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The bytes, to be stored.
    #[must_use]
    pub const fn expose_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// The bytes as 32 lower-case hexadecimal digits.
    #[must_use]
    pub fn expose_hex(&self) -> heapless::String<32> {
        let mut hex = heapless::String::new();
        for nibble in self.0.iter().flat_map(|byte| [byte >> 4, byte & 0x0f]) {
            // Sixteen bytes are 32 digits: each has its place.
            let _ = hex.push(char::from_digit(nibble.into(), 16).unwrap_or('0'));
        }
        hex
    }
}

/// Why a person is not asked for. It costs nothing: no call was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum LimitError {
    /// The person was asked for as often as one may be in a day.
    Reached {
        /// The limit.
        per_day: u8,
    },
    /// So many persons were asked for today that no other can be counted.
    Full,
}

impl fmt::Display for LimitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reached { per_day } => {
                write!(f, "this person was asked for {per_day} times today: try again tomorrow; nothing was sent")
            }
            Self::Full => f.write_str("too many persons today to count another: raise the capacity; nothing was sent"),
        }
    }
}

impl core::error::Error for LimitError {}

/// At most so many verifications for each person and day.
///
/// A day is the caller's, a [`Date`] in China as a rule. Vendors count too, but only say so when it was too often.
///
/// ```
/// use heyan::policy::{DailyLimit, LimitError};
///
/// // A server counts in its database, in the transaction that writes the first entry of a verification.
/// let used_today = 3;
/// assert_eq!(DailyLimit::new(3).allows(used_today), Err(LimitError::Reached { per_day: 3 }));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct DailyLimit {
    per_day: u8,
}

impl DailyLimit {
    /// At most `per_day`; 0 allows none.
    #[must_use]
    pub const fn new(per_day: u8) -> Self {
        Self { per_day }
    }

    /// Whether another verification is allowed after `used` ones today.
    ///
    /// # Errors
    /// [`LimitError::Reached`].
    pub const fn allows(self, used: u32) -> Result<(), LimitError> {
        if used < self.per_day as u32 { Ok(()) } else { Err(LimitError::Reached { per_day: self.per_day }) }
    }
}

/// Counts verifications for at most `N` persons a day: for a device. 28 bytes each.
///
/// It lives in memory. After a restart it is filled again from today's entries of a ledger: [`take`](Self::take) for
/// each that is the first attempt of its verification, [`ended`](Self::ended) for each.
///
/// ```
/// use heyan::policy::{AttemptLimit, DailyLimit, LimitError, PersonKey};
/// use heyan::{Date, IdNumber};
///
/// let key = PersonKey::new([7; 32]); // of a random number generator, kept
/// let today = Date::new(2026, 11, 22).ok_or("no date")?;
/// let person = key.tag(&IdNumber::parse("11010119000101009X", today)?);
///
/// let mut limit = AttemptLimit::<64>::new(DailyLimit::new(1));
/// assert_eq!(limit.take(&person, today), Ok(()));
/// assert_eq!(limit.take(&person, today), Err(LimitError::Reached { per_day: 1 }));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct AttemptLimit<const N: usize> {
    limit: DailyLimit,
    rows: heapless::Vec<Row, N>,
}

/// One person on one day.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
struct Row {
    person: PersonTag,
    day: Date,
    used: u8,
    barred: AccountSet,
}

impl<const N: usize> AttemptLimit<N> {
    /// Nobody was asked for yet.
    #[must_use]
    pub const fn new(limit: DailyLimit) -> Self {
        Self { limit, rows: heapless::Vec::new() }
    }

    /// Asks whether this person may be asked for, and counts it: once for each verification, before its first attempt.
    ///
    /// # Errors
    /// [`LimitError`]. Nothing was counted then.
    pub fn take(&mut self, person: &PersonTag, today: Date) -> Result<(), LimitError> {
        let limit = self.limit;
        let row = self.row(person, today)?;
        limit.allows(row.used.into())?;
        row.used = row.used.saturating_add(1);
        Ok(())
    }

    /// Notes how a call for this person on this account ended: after the vendor's own limit, the account is barred for
    /// this person and day.
    ///
    /// # Errors
    /// [`LimitError::Full`] if it was the vendor's limit and cannot be noted, which cannot be where
    /// [`take`](Self::take) counted the person on the same day.
    pub fn ended(&mut self, person: &PersonTag, today: Date, account: usize, ending: Ending) -> Result<(), LimitError> {
        if ending.class() == Class::Refused(RefusalClass::AttemptLimit) {
            let row = self.row(person, today)?;
            row.barred = row.barred.with(account);
        }
        Ok(())
    }

    /// The accounts that may not be asked for this person any more today: for
    /// [`Attempts::without`](super::Attempts::without).
    #[must_use]
    pub fn barred(&self, person: &PersonTag, today: Date) -> AccountSet {
        let row = self.rows.iter().find(|row| row.is(person, today));
        row.map_or(AccountSet::EMPTY, |row| row.barred)
    }

    /// The person's row of this day, a new one if need be. Rows of other days give way, the oldest first, but not
    /// before there is need: a clock that was wrong for a moment must not forget what was counted.
    fn row(&mut self, person: &PersonTag, today: Date) -> Result<&mut Row, LimitError> {
        let at = match self.rows.iter().position(|row| row.is(person, today)) {
            Some(at) => at,
            None => {
                let row = Row { person: *person, day: today, used: 0, barred: AccountSet::EMPTY };
                self.insert(row)?
            }
        };
        self.rows.get_mut(at).ok_or(LimitError::Full)
    }

    fn insert(&mut self, row: Row) -> Result<usize, LimitError> {
        let Err(row) = self.rows.push(row) else { return Ok(self.rows.len().saturating_sub(1)) };
        let others = self.rows.iter().enumerate().filter(|(_, other)| other.day != row.day);
        let (at, _) = others.min_by_key(|(_, other)| other.day).ok_or(LimitError::Full)?;
        if let Some(place) = self.rows.get_mut(at) {
            *place = row;
        }
        Ok(at)
    }
}

impl Row {
    fn is(&self, person: &PersonTag, day: Date) -> bool {
        self.day == day && self.person == *person
    }
}
