//! Where on the flash the entry with this number stands.
//!
//! ```text
//! page 0                       page 1                       …  of `pages`
//! ┌──────┬──────┬─────┬───┐    ┌──────┬──────┬─────┬───┐
//! │  0   │  1   │  …  │ / │    │  n   │ n+1  │  …  │ / │       one slot for each number, then from page 0 on again
//! └──────┴──────┴─────┴───┘    └──────┴──────┴─────┴───┘
//!
//! ┌────────────────┬───────────────────┬────────────────┐
//! │ number         │ first half of the │ second half,   │       a slot
//! │ its complement │ entry: it begins  │ how it ended   │
//! └────────────────┴───────────────────┴────────────────┘
//!  └───── written in one go ──────────┘ └─ later, once ─┘
//! ```
//!
//! The number decides on the place, so no table is kept that could be lost. It is written with its complement: of each pair
//! of bits exactly one is programmed. A write that was cut off leaves some pair with both bits erased, and so does an
//! erase; neither can turn one number into another.

use core::num::NonZeroU32;
use core::ops::Range;

use embedded_storage_async::nor_flash::NorFlash;
use heyan::policy::Entry;

/// What drivers that copy by DMA want of memory.
#[repr(C, align(4))]
pub(super) struct Aligned<const N: usize>(pub(super) [u8; N]);

/// The longest head: a number in a word as long as half an entry.
const HEAD_MAX: usize = Entry::HALF;

/// A slot's head, padded with what erased flash holds.
pub(super) const fn head(number: u32) -> [u8; HEAD_MAX] {
    let mut head = [0xFF; HEAD_MAX];
    if let Some((first, rest)) = head.split_first_chunk_mut() {
        *first = number.to_le_bytes();
        if let Some(second) = rest.first_chunk_mut() {
            *second = (!number).to_le_bytes();
        }
    }
    head
}

/// The number in a head, if it was written to its end.
pub(super) fn number(head: &[u8]) -> Option<u32> {
    let (first, rest) = head.split_first_chunk()?;
    let number = u32::from_le_bytes(*first);
    (u32::from_le_bytes(*rest.first_chunk()?) == !number).then_some(number)
}

/// What is the same for all ledgers on a flash of this kind. One where no ledger can be does not compile.
pub(super) struct Flash<S>(core::marker::PhantomData<S>);

impl<S: NorFlash> Flash<S> {
    /// What is read and written is a multiple of this.
    const WORD: usize = {
        let word = if S::READ_SIZE > S::WRITE_SIZE { S::READ_SIZE } else { S::WRITE_SIZE };
        assert!(Entry::HALF.is_multiple_of(S::READ_SIZE), "words of the flash do not divide half an entry");
        assert!(Entry::HALF.is_multiple_of(S::WRITE_SIZE), "words of the flash do not divide half an entry");
        word
    };
    /// Length of a slot's head.
    pub(super) const HEAD: usize = if Self::WORD > 8 { Self::WORD } else { 8 };
    /// Length of what is written when an attempt begins.
    pub(super) const BEGIN: usize = Self::HEAD + Entry::HALF;
    const SLOT: usize = Self::HEAD + Entry::LEN;
    /// Slots of a page; what is left of it stays erased.
    pub(super) const PER_PAGE: NonZeroU32 = match NonZeroU32::new((S::ERASE_SIZE / Self::SLOT) as u32) {
        Some(slots) => slots,
        None => panic!("a page of the flash holds no entry"),
    };
    pub(super) const PAGE: u32 = {
        assert!(S::ERASE_SIZE <= u32::MAX as usize, "a page of the flash is longer than its addresses");
        S::ERASE_SIZE as u32
    };
}

/// Where the ledger is.
#[derive(Clone, Copy)]
pub(super) struct Ring {
    pub(super) start: u32,
    pub(super) pages: NonZeroU32,
}

impl Ring {
    /// `None`: the range is not two whole pages or more of this flash.
    pub(super) fn new<S: NorFlash>(flash: &S, range: &Range<u32>) -> Option<Self> {
        let page = NonZeroU32::new(Flash::<S>::PAGE)?;
        let is_whole = range.start % page == 0 && range.end % page == 0;
        let is_there = usize::try_from(range.end).is_ok_and(|end| end <= flash.capacity());
        let pages = NonZeroU32::new(range.end.saturating_sub(range.start) / page)?;
        (is_whole && is_there && pages.get() >= 2).then_some(Self { start: range.start, pages })
    }

    /// Address of the page with this number's slot.
    pub(super) fn page<S: NorFlash>(self, number: u32) -> u32 {
        let page = number / Flash::<S>::PER_PAGE % self.pages;
        // In the flash, so below 2³².
        self.start.saturating_add(page.saturating_mul(Flash::<S>::PAGE))
    }

    /// Address of this number's slot.
    pub(super) fn slot<S: NorFlash>(self, number: u32) -> u32 {
        let slot = number % Flash::<S>::PER_PAGE;
        self.page::<S>(number).saturating_add(slot.saturating_mul(Flash::<S>::SLOT as u32))
    }

    /// The first number of the oldest page that is left when `next` is the next number.
    pub(super) fn first<S: NorFlash>(self, next: u32) -> u32 {
        // The page of `next` takes the place of another one, whether it was erased for that already or will be.
        let newest = next / Flash::<S>::PER_PAGE;
        newest.saturating_add(1).saturating_sub(self.pages.get()).saturating_mul(Flash::<S>::PER_PAGE.get())
    }

    /// How many slots there are.
    pub(super) fn slots<S: NorFlash>(self) -> u32 {
        self.pages.get().saturating_mul(Flash::<S>::PER_PAGE.get())
    }
}

/// Whether a number is the first one of its page.
pub(super) fn begins_page<S: NorFlash>(number: u32) -> bool {
    number % Flash::<S>::PER_PAGE == 0
}
