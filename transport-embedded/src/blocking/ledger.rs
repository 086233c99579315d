//! The ledger over a driver that blocks: the async one's code, over futures that are ready at once.

use core::fmt;
use core::ops::Range;
use core::time::Duration;

use embedded_storage::nor_flash::NorFlash;
use heyan::Reference;
use heyan::policy::{Ending, Entry};

use crate::ledger::{self, AlwaysReady, Begun, Counts, LedgerError, at_once};

/// Every attempt, written down before it leaves and again when it ended: [the ledger](crate::FlashLedger) over a driver
/// with the blocking traits of `embedded-storage`. What that one says of sizes and power cuts holds here.
///
/// ```
/// use core::time::Duration;
/// use embedded_storage::nor_flash::NorFlash;
/// use heyan::policy::{Class, Ending, Entry};
/// use heyan::{Billing, Retry};
/// use heyan_embedded::blocking::FlashLedger;
/// use heyan_embedded::{LedgerError, embedded_storage};
///
/// fn write_down<S: NorFlash>(flash: S, entry: Entry) -> Result<u32, LedgerError<S::Error>> {
///     let mut ledger = FlashLedger::open(flash, 0x0010_0000..0x0010_4000)?;
///     let begun = ledger.begin(entry)?; // now the request may leave
///     let ending = Ending::new(Class::Match, Billing::Billed, Retry::Never);
///     ledger.end(begun, ending, None, Duration::from_millis(840))?;
///     Ok(ledger.counts()?.possibly_billed)
/// }
/// ```
pub struct FlashLedger<S>(pub(super) ledger::FlashLedger<AlwaysReady<S>>);

impl<S: NorFlash> FlashLedger<S> {
    /// As [`FlashLedger::open`](crate::FlashLedger::open).
    ///
    /// # Errors
    /// The same.
    pub fn open(flash: S, range: Range<u32>) -> Result<Self, LedgerError<S::Error>> {
        at_once(ledger::FlashLedger::open(AlwaysReady(flash), range)).map(Self)
    }

    /// As [`FlashLedger::format`](crate::FlashLedger::format).
    ///
    /// # Errors
    /// The same.
    pub fn format(flash: S, range: Range<u32>) -> Result<Self, LedgerError<S::Error>> {
        at_once(ledger::FlashLedger::format(AlwaysReady(flash), range)).map(Self)
    }

    /// As [`FlashLedger::begin`](crate::FlashLedger::begin): when this returns, the request may leave.
    ///
    /// # Errors
    /// The same.
    pub fn begin(&mut self, entry: Entry) -> Result<Begun, LedgerError<S::Error>> {
        at_once(self.0.begin(entry))
    }

    /// As [`FlashLedger::end`](crate::FlashLedger::end).
    ///
    /// # Errors
    /// The same.
    pub fn end(
        &mut self,
        begun: Begun,
        ending: Ending,
        reference: Option<&Reference>,
        took: Duration,
    ) -> Result<Entry, LedgerError<S::Error>> {
        at_once(self.0.end(begun, ending, reference, took))
    }

    /// The entries, the oldest first. Each look at them reads the flash.
    pub fn entries(&mut self) -> Entries<'_, S> {
        Entries(self.0.entries())
    }

    /// As [`FlashLedger::counts`](crate::FlashLedger::counts).
    ///
    /// # Errors
    /// The same.
    pub fn counts(&mut self) -> Result<Counts, LedgerError<S::Error>> {
        at_once(self.0.counts())
    }
}

impl<S> FlashLedger<S> {
    /// Gives the flash back.
    pub fn into_flash(self) -> S {
        self.0.into_flash().0
    }
}

impl<S> fmt::Debug for FlashLedger<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(feature = "defmt")]
impl<S> defmt::Format for FlashLedger<S> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::Format::format(&self.0, f);
    }
}

/// The entries of a ledger, the oldest first: an iterator, and counts.
pub struct Entries<'l, S>(ledger::Entries<'l, AlwaysReady<S>>);

impl<S> Entries<'_, S> {
    /// What was counted so far: of the whole ledger, once the iterator ended.
    #[must_use]
    pub const fn counts(&self) -> Counts {
        self.0.counts()
    }
}

impl<S: NorFlash> Iterator for Entries<'_, S> {
    type Item = Result<(u32, Entry), LedgerError<S::Error>>;

    fn next(&mut self) -> Option<Self::Item> {
        at_once(self.0.next()).transpose()
    }
}

impl<S> fmt::Debug for Entries<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
