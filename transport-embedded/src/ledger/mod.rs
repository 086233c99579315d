//! What was tried and what it may have cost, in a ring of NOR flash.

mod entries;
mod error;
mod ready;
mod slots;

use core::fmt;
use core::ops::Range;
use core::time::Duration;

use embedded_storage_async::nor_flash::NorFlash;
use heyan::Reference;
use heyan::policy::{Ending, Entry};

pub use entries::{Counts, Entries};
pub use error::LedgerError;
pub use ready::AlwaysReady;
pub(crate) use ready::at_once;

use slots::{Aligned, Flash, Ring};

/// Every attempt, written down before it leaves and again when it ended; the newest ones, as many as there is room for.
///
/// An entry takes 136 bytes (144 on a flash with words of 16, 160 with 32), so a page of 4096 bytes holds 30. When the
/// ring is full the oldest page gives way: of `n` pages, at least the entries of `n - 1` are always there. All pages are
/// erased equally often, once in so many attempts as they hold together. No word is written twice.
///
/// # When the power fails
///
/// It may fail at any time, also in the middle of a word or of an erase. An entry whose [`begin`](Self::begin) had
/// returned is found again. One whose [`end`](Self::end) had not returned may be found as only begun: that attempt may
/// have been billed. One whose `begin` had not returned is there or is not; its request had not left.
///
/// # Drivers
///
/// Words of up to 64 bytes that divide 64, and pages that hold an entry, or it does not compile. [`AlwaysReady`] makes
/// one of these of a driver that blocks.
///
/// ```
/// use core::time::Duration;
/// use embedded_storage_async::nor_flash::NorFlash;
/// use heyan::policy::{AccountId, Class, Ending, Entry, PersonTag, Slug};
/// use heyan::{Billing, Retry};
/// use heyan_embedded::{FlashLedger, LedgerError, embedded_storage_async};
///
/// async fn write_down<S: NorFlash>(flash: S, entry: Entry) -> Result<u32, LedgerError<S::Error>> {
///     let mut ledger = FlashLedger::open(flash, 0x0010_0000..0x0010_4000).await?;
///     let begun = ledger.begin(entry).await?; // now the request may leave
///     let ending = Ending::new(Class::Match, Billing::Billed, Retry::Never);
///     ledger.end(begun, ending, None, Duration::from_millis(840)).await?;
///
///     let mut entries = ledger.entries();
///     while let Some((number, entry)) = entries.next().await? {
///         let _ = (number, entry.account(), entry.billing());
///     }
///     Ok(entries.counts().possibly_billed)
/// }
/// ```
pub struct FlashLedger<S> {
    flash: S,
    ring: Ring,
    next: u32,
}

/// An attempt that was begun and is to be ended.
#[derive(Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[must_use = "an attempt that is not ended stays written down as possibly billed"]
pub struct Begun {
    number: u32,
    entry: Entry,
}

impl Begun {
    /// The entry's number. Entries of a ledger are numbered from 0, and none has a number that another one had.
    #[must_use]
    pub const fn number(&self) -> u32 {
        self.number
    }

    /// What was written down.
    #[must_use]
    pub const fn entry(&self) -> &Entry {
        &self.entry
    }
}

impl<S: NorFlash> FlashLedger<S> {
    /// Opens the ledger in `range` of this flash, in bytes: at least two pages
    /// ([`ERASE_SIZE`](NorFlash::ERASE_SIZE)), from the start of one to the end of one. A range that is erased is a
    /// ledger without entries. Of each entry some bytes are read; nothing is written.
    ///
    /// # Errors
    /// [`LedgerError::Range`], [`LedgerError::Flash`]. [`LedgerError::Foreign`] when something else stands there: see
    /// [`format`](Self::format).
    pub async fn open(flash: S, range: Range<u32>) -> Result<Self, LedgerError<S::Error>> {
        let ring = Ring::new(&flash, &range).ok_or(LedgerError::Range)?;
        let mut ledger = Self { flash, ring, next: 0 };
        let mut newest = None;
        for place in 0..ring.slots::<S>() {
            let mut head = Aligned(slots::head(0));
            let Some(bytes) = head.0.get_mut(..Flash::<S>::HEAD) else { continue };
            ledger.flash.read(ring.slot::<S>(place), bytes).await?;
            let Some(number) = slots::number(bytes) else { continue };
            if ring.slot::<S>(number) != ring.slot::<S>(place) {
                return Err(LedgerError::Foreign);
            }
            newest = newest.max(Some(number));
        }
        match newest {
            Some(newest) => {
                ledger.next = newest.saturating_add(1);
                // Behind the newest, beginnings that were cut off: no word is written twice. A page is erased anyway.
                while !slots::begins_page::<S>(ledger.next) && !ledger.is_blank(ledger.next).await? {
                    ledger.next = ledger.next.saturating_add(1);
                }
            }
            // Nothing yet, but perhaps the very first beginning, which was cut off. Do not erase somebody else's data.
            None => {
                for place in 1..ring.slots::<S>() {
                    if !ledger.is_blank(place).await? {
                        return Err(LedgerError::Foreign);
                    }
                }
            }
        }
        Ok(ledger)
    }

    /// Erases `range` and opens it: a ledger without entries, whatever stood there. It is to be repeated until it
    /// succeeds; in between, parts of what stood there may be found.
    ///
    /// # Errors
    /// [`LedgerError::Range`], [`LedgerError::Flash`].
    pub async fn format(mut flash: S, range: Range<u32>) -> Result<Self, LedgerError<S::Error>> {
        let ring = Ring::new(&flash, &range).ok_or(LedgerError::Range)?;
        flash.erase(range.start, range.end).await?;
        Ok(Self { flash, ring, next: 0 })
    }

    /// Writes down an attempt that is about to begin. When this returns it is on the flash, and the request may leave;
    /// after an error, it must not.
    ///
    /// # Errors
    /// [`LedgerError::Flash`]; [`LedgerError::Numbers`] after 2³² - 1 entries. The entry may be there or not.
    pub async fn begin(&mut self, entry: Entry) -> Result<Begun, LedgerError<S::Error>> {
        let number = self.next;
        let next = number.checked_add(1).ok_or(LedgerError::Numbers)?;
        if slots::begins_page::<S>(number) {
            // Also if it looks blank: an erase may have been cut off.
            let page = self.ring.page::<S>(number);
            self.flash.erase(page, page.saturating_add(Flash::<S>::PAGE)).await?;
        }
        // Also if it fails, or the future is dropped: no word is written twice.
        self.next = next;
        let head = slots::head(number);
        let encoded = entry.encode();
        let mut bytes = Aligned([0xFF; 2 * Entry::HALF]);
        let words = head.iter().take(Flash::<S>::HEAD).chain(encoded.iter().take(Entry::HALF));
        bytes.0.iter_mut().zip(words).for_each(|(place, byte)| *place = *byte);
        let bytes = bytes.0.get(..Flash::<S>::BEGIN).unwrap_or_default();
        self.flash.write(self.ring.slot::<S>(number), bytes).await?;
        Ok(Begun { number, entry })
    }

    /// Writes down how an attempt ended, and returns the whole entry. `took` is cut to whole milliseconds. Attempts may
    /// end in another order than they began.
    ///
    /// # Errors
    /// [`LedgerError::Flash`]: the entry stays one that may have been billed. [`LedgerError::TooLate`]: the entry gave
    /// way already.
    pub async fn end(
        &mut self,
        begun: Begun,
        ending: Ending,
        reference: Option<&Reference>,
        took: Duration,
    ) -> Result<Entry, LedgerError<S::Error>> {
        let Begun { number, entry } = begun;
        if !(self.first()..self.next).contains(&number) {
            return Err(LedgerError::TooLate);
        }
        let entry = entry.completed(ending, reference, took);
        let bytes = Aligned(entry.encode());
        let second = bytes.0.get(Entry::HALF..).unwrap_or_default();
        self.flash.write(self.entry_at(number).saturating_add(Entry::HALF as u32), second).await?;
        Ok(entry)
    }

    /// The entries, the oldest first. Each look at them reads the flash.
    pub fn entries(&mut self) -> Entries<'_, S> {
        Entries::new(self)
    }

    /// How many entries there are, may have been billed, gave way and cannot be read. Reads them all.
    ///
    /// # Errors
    /// [`LedgerError::Flash`].
    pub async fn counts(&mut self) -> Result<Counts, LedgerError<S::Error>> {
        let mut entries = self.entries();
        while entries.next().await?.is_some() {}
        Ok(entries.counts())
    }

    /// The oldest number that has not given way.
    fn first(&self) -> u32 {
        self.ring.first::<S>(self.next)
    }

    fn entry_at(&self, number: u32) -> u32 {
        self.ring.slot::<S>(number).saturating_add(Flash::<S>::HEAD as u32)
    }

    /// Whether nothing was ever written in this number's slot, not even in part.
    async fn is_blank(&mut self, number: u32) -> Result<bool, S::Error> {
        let mut bytes = Aligned([0; Entry::HALF + Entry::LEN]);
        let Some(bytes) = bytes.0.get_mut(..Flash::<S>::BEGIN.saturating_add(Entry::HALF)) else { return Ok(false) };
        self.flash.read(self.ring.slot::<S>(number), bytes).await?;
        Ok(bytes.iter().all(|byte| *byte == 0xFF))
    }
}

impl<S> FlashLedger<S> {
    /// Gives the flash back.
    pub fn into_flash(self) -> S {
        self.flash
    }
}

impl<S> fmt::Debug for FlashLedger<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FlashLedger").field("next", &self.next).finish_non_exhaustive()
    }
}

#[cfg(feature = "defmt")]
impl<S> defmt::Format for FlashLedger<S> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "FlashLedger(next {=u32})", self.next);
    }
}
