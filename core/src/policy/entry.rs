//! What is written down of an attempt.

use core::fmt;
use core::time::Duration;

use super::ending::Ending;
use super::limit::PersonTag;
use super::route::{AccountId, Slug};
use crate::outcome::{Billing, Reference};

/// One attempt in a ledger. It holds no name and no number: [`PersonTag`] stands for the person.
///
/// It is written twice: before the request leaves, and again when the attempt ended. What was begun and never
/// completed, because the power failed, stands for a call that may have been billed.
///
/// # Encoding
///
/// [`LEN`](Self::LEN) bytes in two halves of 64, each with its own CRC-32. The second half of an entry that is only
/// begun is all ones, as erased flash is: completing an entry writes the second half and leaves the first as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    began_unix_ms: u64,
    provider: Slug,
    account: AccountId,
    attempt: u8,
    person: PersonTag,
    completed: Option<Completed>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Completed {
    ending: Ending,
    reference: Option<Reference>,
    took_ms: u32,
}

impl Entry {
    /// Length of an encoded entry in bytes.
    pub const LEN: usize = 128;
    /// Length of each half.
    pub const HALF: usize = 64;

    /// An attempt that is about to begin at `now_unix_ms`; `attempt` counts from 1 within its verification.
    #[must_use]
    pub const fn began(provider: Slug, account: AccountId, attempt: u8, person: PersonTag, now_unix_ms: u64) -> Self {
        Self { began_unix_ms: now_unix_ms, provider, account, attempt, person, completed: None }
    }

    /// The same attempt, ended. `took` is cut to whole milliseconds, 49 days at most.
    #[must_use]
    pub fn completed(self, ending: Ending, reference: Option<&Reference>, took: Duration) -> Self {
        let _ = (ending, reference, took);
        todo!()
    }

    /// When it began, in milliseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn began_unix_ms(&self) -> u64 {
        self.began_unix_ms
    }

    /// The provider's slug.
    #[must_use]
    pub const fn provider(&self) -> &Slug {
        &self.provider
    }

    /// The account's name.
    #[must_use]
    pub const fn account(&self) -> &AccountId {
        &self.account
    }

    /// The place of this attempt in its verification, from 1.
    #[must_use]
    pub const fn attempt(&self) -> u8 {
        self.attempt
    }

    /// Who was asked for.
    #[must_use]
    pub const fn person(&self) -> &PersonTag {
        &self.person
    }

    /// How it ended, if that is known.
    #[must_use]
    pub fn ending(&self) -> Option<Ending> {
        self.completed.as_ref().map(|completed| completed.ending)
    }

    /// What it cost: unknown for one that is only begun.
    #[must_use]
    pub fn billing(&self) -> Billing {
        self.ending().map_or(Billing::Unknown, Ending::billing)
    }

    /// What to quote to the vendor.
    #[must_use]
    pub fn reference(&self) -> Option<&Reference> {
        self.completed.as_ref().and_then(|completed| completed.reference.as_ref())
    }

    /// How long it took, in whole milliseconds.
    #[must_use]
    pub fn took(&self) -> Option<Duration> {
        self.completed.as_ref().map(|completed| Duration::from_millis(completed.took_ms.into()))
    }

    /// Encodes it.
    #[must_use]
    pub fn encode(&self) -> [u8; Self::LEN] {
        todo!()
    }

    /// Decodes it. A second half that is damaged, because the power failed while it was written, is as good as none:
    /// the entry is begun.
    ///
    /// # Errors
    /// [`EntryError`]: nothing is written here, another version, or damage.
    pub fn decode(bytes: &[u8; Self::LEN]) -> Result<Self, EntryError> {
        let _ = bytes;
        todo!()
    }
}

/// Why bytes are no entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum EntryError {
    /// All ones: erased flash.
    Erased,
    /// Written by another version of this crate.
    Version(u8),
    /// The checksum or a field does not hold.
    Damaged,
}

impl fmt::Display for EntryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Erased => f.write_str("there is no entry: the bytes are all ones"),
            Self::Version(version) => write!(f, "the entry has version {version}, which this program does not know"),
            Self::Damaged => f.write_str("the entry is damaged"),
        }
    }
}

impl core::error::Error for EntryError {}
