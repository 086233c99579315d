//! Reading the ledger.

use core::fmt;

use embedded_storage_async::nor_flash::NorFlash;
use heyan::Billing;
use heyan::policy::Entry;

use super::slots::Aligned;
use super::{FlashLedger, LedgerError};

/// What a ledger holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct Counts {
    /// Entries that can be read.
    pub entries: u32,
    /// Those of them of unknown price: only begun, or ended without saying.
    pub possibly_billed: u32,
    /// Numbers that gave way to newer ones, in the ledger's whole life.
    pub overwritten: u32,
    /// Numbers between the oldest and the newest under which nothing can be read: writing them down failed, and no
    /// request left; or the flash is worn.
    pub unreadable: u32,
}

/// The entries of a ledger, the oldest first: a loop around [`next`](Self::next).
pub struct Entries<'l, S> {
    ledger: &'l mut FlashLedger<S>,
    number: u32,
    counts: Counts,
}

impl<'l, S: NorFlash> Entries<'l, S> {
    pub(super) fn new(ledger: &'l mut FlashLedger<S>) -> Self {
        let number = ledger.first();
        Self { ledger, number, counts: Counts { overwritten: number, ..Counts::default() } }
    }

    /// The next entry and its number, `None` behind the newest. What cannot be read is passed over and counted.
    ///
    /// # Errors
    /// [`LedgerError::Flash`]. Asked again, it goes on behind the entry that failed.
    pub async fn next(&mut self) -> Result<Option<(u32, Entry)>, LedgerError<S::Error>> {
        while self.number < self.ledger.next {
            let number = self.number;
            self.number = number.saturating_add(1);
            let mut bytes = Aligned([0; Entry::LEN]);
            self.ledger.flash.read(self.ledger.entry_at(number), &mut bytes.0).await?;
            let Ok(entry) = Entry::decode(&bytes.0) else {
                self.counts.unreadable = self.counts.unreadable.saturating_add(1);
                continue;
            };
            self.counts.entries = self.counts.entries.saturating_add(1);
            let is_possible = u32::from(entry.billing() == Billing::Unknown);
            self.counts.possibly_billed = self.counts.possibly_billed.saturating_add(is_possible);
            return Ok(Some((number, entry)));
        }
        Ok(None)
    }
}

impl<S> Entries<'_, S> {
    /// What was counted so far: of the whole ledger, once [`next`](Self::next) returned `None`.
    #[must_use]
    pub const fn counts(&self) -> Counts {
        self.counts
    }
}

impl<S> fmt::Debug for Entries<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entries").field("counts", &self.counts).finish_non_exhaustive()
    }
}
