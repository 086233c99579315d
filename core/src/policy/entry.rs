//! What is written down of an attempt.

use core::fmt;
use core::time::Duration;

use super::ending::{Class, Ending};
use super::limit::PersonTag;
use super::retry::millis;
use super::route::{AccountId, Slug};
use crate::outcome::{Billing, Reference, Retry};

/// One attempt in a ledger. It holds no name and no number: [`PersonTag`] stands for the person.
///
/// It is written twice: before the request leaves, and again when the attempt ended. What was begun and never
/// completed, because the power failed, stands for a call that may have been billed.
///
/// # Encoding
///
/// [`LEN`](Self::LEN) bytes in two halves of 64, each with its own CRC-32. The second half of an entry that is only
/// begun is all ones, as erased flash is: completing an entry writes the second half and leaves the first as it is.
///
/// ```
/// use core::time::Duration;
/// use heyan::policy::{AccountId, Class, Ending, Entry, PersonTag, Slug};
/// use heyan::{Billing, Reference, Retry};
///
/// let (provider, account) = (Slug::new("idcert").ok_or("slug")?, AccountId::new("main").ok_or("name")?);
/// let person = PersonTag::from_bytes([7; 16]); // of a `PersonKey`
/// let begun = Entry::began(provider, account, 1, person, 1_795_305_600_000);
/// assert_eq!(Entry::decode(&begun.encode())?.billing(), Billing::Unknown);
///
/// let ending = Ending::new(Class::Match, Billing::Billed, Retry::Never);
/// let entry = begun.completed(ending, Reference::new("3C07F9DB").as_ref(), Duration::from_millis(840));
/// assert_eq!(Entry::decode(&entry.encode())?, entry);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Entry {
    began_unix_ms: u64,
    provider: Slug,
    account: AccountId,
    attempt: u8,
    person: PersonTag,
    completed: Option<Completed>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
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
        let took_ms = u32::try_from(millis(took)).unwrap_or(u32::MAX);
        Self { completed: Some(Completed { ending, reference: reference.cloned(), took_ms }), ..self }
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
        let mut bytes = [0xFF; Self::LEN];
        let mut out = Writer(&mut bytes);
        out.half(|out| {
            out.put(&[VERSION, self.attempt]);
            out.put(&self.began_unix_ms.to_le_bytes());
            out.put(self.person.expose_bytes());
            out.token::<16>(self.provider.as_str());
            out.token::<16>(self.account.as_str());
        });
        if let Some(Completed { ending, reference, took_ms }) = &self.completed {
            out.half(|out| {
                let class = Class::ALL.iter().position(|class| *class == ending.class());
                let class = class.and_then(|at| u8::try_from(at).ok()).unwrap_or(u8::MAX);
                out.put(&[class, billing_code(ending.billing()), retry_code(ending.retry())]);
                out.put(&took_ms.to_le_bytes());
                out.token::<48>(reference.as_ref().map_or("", Reference::as_str));
            });
        }
        bytes
    }

    /// Decodes it. A second half that is damaged, because the power failed while it was written, is as good as none:
    /// the attempt is begun, and may have been billed.
    ///
    /// # Errors
    /// [`EntryError`]: nothing is written here, another version, or damage to the first half.
    pub fn decode(bytes: &[u8; Self::LEN]) -> Result<Self, EntryError> {
        let (begun, completed) = bytes.split_at_checked(Self::HALF).ok_or(EntryError::Damaged)?;
        if bytes.iter().all(|byte| *byte == 0xFF) {
            return Err(EntryError::Erased);
        }
        let mut fields = Reader::of_half(begun).ok_or(EntryError::Damaged)?;
        let version = fields.byte().ok_or(EntryError::Damaged)?;
        if version != VERSION {
            return Err(EntryError::Version(version));
        }
        let entry = Self::decode_begun(fields).ok_or(EntryError::Damaged)?;
        Ok(Self { completed: Reader::of_half(completed).and_then(decode_completed), ..entry })
    }

    fn decode_begun(mut fields: Reader<'_>) -> Option<Self> {
        let attempt = fields.byte()?;
        let now_unix_ms = u64::from_le_bytes(fields.take()?);
        let person = PersonTag::from_bytes(fields.take()?);
        let provider = Slug::new(fields.token::<16>()?)?;
        let account = AccountId::new(fields.token::<16>()?)?;
        Some(Self::began(provider, account, attempt, person, now_unix_ms))
    }
}

/// The layout of both halves. Any change to it, and to the order of [`Class::ALL`], is another version.
const VERSION: u8 = 1;

/// Length of a half's fields; its checksum follows.
const FIELDS: usize = Entry::HALF - 4;

fn decode_completed(mut fields: Reader<'_>) -> Option<Completed> {
    let class = *Class::ALL.get(usize::from(fields.byte()?))?;
    let billing = fields.byte()?;
    let billing = BILLINGS.into_iter().find(|known| billing_code(*known) == billing)?;
    let retry = fields.byte()?;
    let retry = RETRIES.into_iter().find(|known| retry_code(*known) == retry)?;
    let took_ms = u32::from_le_bytes(fields.take()?);
    let reference = match fields.token::<48>()? {
        "" => None,
        text => Some(Reference::new(text)?),
    };
    Some(Completed { ending: Ending::new(class, billing, retry), reference, took_ms })
}

const BILLINGS: [Billing; 3] = [Billing::Billed, Billing::Free, Billing::Unknown];
const RETRIES: [Retry; 3] = [Retry::Never, Retry::SameProvider, Retry::OtherProvider];

const fn billing_code(billing: Billing) -> u8 {
    match billing {
        Billing::Billed => 0,
        Billing::Free => 1,
        Billing::Unknown => 2,
    }
}

const fn retry_code(retry: Retry) -> u8 {
    match retry {
        Retry::Never => 0,
        Retry::SameProvider => 1,
        Retry::OtherProvider => 2,
    }
}

/// What is still to be written.
struct Writer<'b>(&'b mut [u8]);

impl Writer<'_> {
    /// Writes a half: fields, zeros up to the checksum, the checksum.
    fn half(&mut self, write: impl FnOnce(&mut Writer<'_>)) {
        let Some((half, rest)) = core::mem::take(&mut self.0).split_at_mut_checked(Entry::HALF) else { return };
        self.0 = rest;
        let Some((fields, checksum)) = half.split_at_mut_checked(FIELDS) else { return };
        let mut out = Writer(fields);
        write(&mut out);
        out.0.fill(0);
        Writer(checksum).put(&crc32(fields).to_le_bytes());
    }

    fn put(&mut self, bytes: &[u8]) {
        if let Some((place, rest)) = core::mem::take(&mut self.0).split_at_mut_checked(bytes.len()) {
            place.copy_from_slice(bytes);
            self.0 = rest;
        }
    }

    /// A text with zeros up to `N` bytes.
    fn token<const N: usize>(&mut self, text: &str) {
        let mut field = [0; N];
        Writer(&mut field).put(text.as_bytes());
        self.put(&field);
    }
}

/// What is still to be read.
struct Reader<'b>(&'b [u8]);

impl<'b> Reader<'b> {
    /// The fields of a half whose checksum holds.
    fn of_half(half: &'b [u8]) -> Option<Self> {
        let (fields, checksum) = half.split_at_checked(FIELDS)?;
        (*checksum == crc32(fields).to_le_bytes()).then_some(Self(fields))
    }

    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (bytes, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*bytes)
    }

    fn byte(&mut self) -> Option<u8> {
        let [byte] = self.take()?;
        Some(byte)
    }

    /// The text in front of the zeros.
    fn token<const N: usize>(&mut self) -> Option<&'b str> {
        let (field, rest) = self.0.split_at_checked(N)?;
        self.0 = rest;
        let len = field.iter().position(|byte| *byte == 0).unwrap_or(N);
        core::str::from_utf8(field.get(..len)?).ok()
    }
}

/// CRC-32 as in IEEE 802.3 and zlib: polynomial 0x04C11DB7, reflected. Bit by bit, because a table is a kilobyte.
fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 };
        }
    }
    !crc
}

/// Why bytes are no entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum EntryError {
    /// All ones: erased flash.
    Erased,
    /// The entry is whole, but its layout is another version's.
    Version(u8),
    /// The checksum or a field of the first half does not hold.
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
