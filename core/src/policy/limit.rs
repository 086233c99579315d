//! How often a person may be asked for on one day.

use core::fmt;
use core::num::NonZeroU8;

use zeroize::{Zeroize, ZeroizeOnDrop};

use super::ending::Ending;
use super::route::AccountSet;
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
        let _ = (self.0, id);
        todo!()
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
        todo!()
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct DailyLimit(NonZeroU8);

impl DailyLimit {
    /// At most `per_day`.
    #[must_use]
    pub const fn new(per_day: NonZeroU8) -> Self {
        Self(per_day)
    }

    /// Whether another verification is allowed after `used` ones today. A server that counts in its database asks this,
    /// in the transaction that counts.
    ///
    /// # Errors
    /// [`LimitError::Reached`].
    pub const fn allows(self, used: u32) -> Result<(), LimitError> {
        let _ = (used, self.0);
        todo!()
    }
}

/// Counts verifications for at most `N` persons a day: for a device.
#[derive(Clone, Debug)]
pub struct AttemptLimit<const N: usize> {
    limit: DailyLimit,
}

impl<const N: usize> AttemptLimit<N> {
    /// Nobody was asked for yet.
    #[must_use]
    pub const fn new(limit: DailyLimit) -> Self {
        Self { limit }
    }

    /// Asks whether this person may be asked for, and counts it. Persons of other days give way.
    ///
    /// # Errors
    /// [`LimitError`].
    pub fn take(&mut self, person: &PersonTag, today: Date) -> Result<(), LimitError> {
        let _ = (person, today, self.limit);
        todo!()
    }

    /// Notes how a call for this person on this account ended: after the vendor's own limit, the account is barred for
    /// this person and day.
    ///
    /// # Errors
    /// [`LimitError::Full`] if it was the vendor's limit and cannot be noted: the person was not counted by
    /// [`take`](Self::take).
    pub fn ended(&mut self, person: &PersonTag, today: Date, account: usize, ending: Ending) -> Result<(), LimitError> {
        let _ = (person, today, account, ending);
        todo!()
    }

    /// The accounts that may not be asked for this person any more today.
    #[must_use]
    pub fn barred(&self, person: &PersonTag, today: Date) -> AccountSet {
        let _ = (person, today);
        todo!()
    }
}
