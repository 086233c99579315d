//! NOR flash whose power fails: bits only go from 1 to 0, words are written whole, an erase sets a page to ones, and
//! what is cut off leaves behind whatever the contract of `embedded-storage` allows.

use embedded_storage::nor_flash::{ErrorType, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash};
use heyan_embedded::{embedded_storage, embedded_storage_async};

use super::yield_once;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FlashFailure {
    /// This and everything after it fails until the flash is powered again.
    NoPower,
    /// The arguments are none that a driver takes.
    Misuse,
}

impl NorFlashError for FlashFailure {
    fn kind(&self) -> NorFlashErrorKind {
        NorFlashErrorKind::Other
    }
}

/// What the word or page looks like on which the power failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Torn {
    /// As before.
    Untouched,
    /// As it was meant to be; only nobody was told.
    Done,
    /// Each bit that was to change has changed or has not, at random from this seed.
    Bits(u64),
    /// An erase: the first half is done. A word: its first half.
    FirstHalf,
    /// The other half.
    SecondHalf,
    /// An erase that spares the first word.
    AllButFirst,
    /// An erase that spares the last word.
    AllButLast,
    /// An erase of the two outermost words.
    Outermost,
}

impl Torn {
    pub(crate) fn all(seed: u64) -> [Self; 9] {
        [
            Self::Untouched,
            Self::Done,
            Self::Bits(seed),
            Self::Bits(!seed),
            Self::FirstHalf,
            Self::SecondHalf,
            Self::AllButFirst,
            Self::AllButLast,
            Self::Outermost,
        ]
    }

    /// Whether it is more than another name for one of the others where a single word is written.
    pub(crate) fn fits_a_word(self) -> bool {
        !matches!(self, Self::AllButFirst | Self::AllButLast | Self::Outermost)
    }

    fn changes(self, at: usize, len: usize, word: usize, random: &mut u64) -> u8 {
        let is = match self {
            Self::Untouched => false,
            Self::Done => true,
            Self::Bits(_) => {
                *random ^= *random << 13;
                *random ^= *random >> 7;
                *random ^= *random << 17;
                return (*random >> 24) as u8;
            }
            Self::FirstHalf => at < len / 2,
            Self::SecondHalf => at >= len / 2,
            Self::AllButFirst => at >= word,
            Self::AllButLast => at < len - word,
            Self::Outermost => at < word || at >= len - word,
        };
        if is { 0xFF } else { 0 }
    }
}

/// Pages of `PAGE` bytes, words of `WORD`.
#[derive(Clone, Debug)]
pub(crate) struct Flash<const WORD: usize, const PAGE: usize> {
    pub(crate) bytes: Vec<u8>,
    /// Words written and pages erased.
    pub(crate) steps: usize,
    /// Which of the steps were erases.
    pub(crate) erases: Vec<usize>,
    /// On which step the power fails, and how.
    pub(crate) cut: Option<(usize, Torn)>,
    /// The power is back at once: only that step failed.
    pub(crate) heals: bool,
    is_dead: bool,
}

impl<const WORD: usize, const PAGE: usize> Flash<WORD, PAGE> {
    pub(crate) fn new(pages: usize) -> Self {
        Self { bytes: vec![0xFF; pages * PAGE], steps: 0, erases: Vec::new(), cut: None, heals: false, is_dead: false }
    }

    pub(crate) fn cut_at(mut self, step: usize, torn: Torn) -> Self {
        self.cut = Some((step, torn));
        self
    }

    pub(crate) fn failing_at(self, step: usize, torn: Torn) -> Self {
        Self { heals: true, ..self.cut_at(step, torn) }
    }

    /// The same flash, powered again.
    pub(crate) fn again(&self) -> Self {
        Self { bytes: self.bytes.clone(), steps: 0, erases: Vec::new(), cut: None, heals: false, is_dead: false }
    }

    /// Turns `at..` into what `meant` says, or into what is left of that when the power fails here.
    fn step(&mut self, at: usize, meant: &[u8]) -> Result<(), FlashFailure> {
        if self.is_dead {
            return Err(FlashFailure::NoPower);
        }
        let torn = self.cut.filter(|(step, _)| *step == self.steps).map(|(_, torn)| torn);
        self.steps += 1;
        let mut random = match torn {
            Some(Torn::Bits(seed)) => seed | 1,
            _ => 1,
        };
        let len = meant.len();
        for (index, meant) in meant.iter().enumerate() {
            let changes = torn.unwrap_or(Torn::Done).changes(index, len, WORD, &mut random);
            let byte = &mut self.bytes[at + index];
            *byte = *byte & !changes | *meant & changes;
        }
        self.is_dead = torn.is_some() && !self.heals;
        if torn.is_some() { Err(FlashFailure::NoPower) } else { Ok(()) }
    }
}

impl<const WORD: usize, const PAGE: usize> ErrorType for Flash<WORD, PAGE> {
    type Error = FlashFailure;
}

impl<const WORD: usize, const PAGE: usize> ReadNorFlash for Flash<WORD, PAGE> {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), FlashFailure> {
        if self.is_dead {
            return Err(FlashFailure::NoPower);
        }
        let at = offset as usize;
        bytes.copy_from_slice(self.bytes.get(at..at + bytes.len()).ok_or(FlashFailure::Misuse)?);
        Ok(())
    }

    fn capacity(&self) -> usize {
        self.bytes.len()
    }
}

impl<const WORD: usize, const PAGE: usize> NorFlash for Flash<WORD, PAGE> {
    const WRITE_SIZE: usize = WORD;
    const ERASE_SIZE: usize = PAGE;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), FlashFailure> {
        let (from, to) = (from as usize, to as usize);
        if from > to || to > self.bytes.len() || !from.is_multiple_of(PAGE) || !to.is_multiple_of(PAGE) {
            return Err(FlashFailure::Misuse);
        }
        (from..to).step_by(PAGE).try_for_each(|page| {
            self.erases.push(self.steps);
            self.step(page, &[0xFF; PAGE])
        })
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), FlashFailure> {
        let offset = offset as usize;
        if !offset.is_multiple_of(WORD) || !bytes.len().is_multiple_of(WORD) || offset + bytes.len() > self.bytes.len()
        {
            return Err(FlashFailure::Misuse);
        }
        for (index, word) in bytes.chunks(WORD).enumerate() {
            let at = offset + index * WORD;
            let old = &self.bytes[at..at + WORD];
            assert!(old.iter().all(|byte| *byte == 0xFF), "word {at:#x} written over");
            self.step(at, word)?;
        }
        Ok(())
    }
}

/// The same, not ready the first time it is asked.
impl<const WORD: usize, const PAGE: usize> embedded_storage_async::nor_flash::ReadNorFlash for Flash<WORD, PAGE> {
    const READ_SIZE: usize = 1;

    async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), FlashFailure> {
        yield_once().await;
        ReadNorFlash::read(self, offset, bytes)
    }

    fn capacity(&self) -> usize {
        self.bytes.len()
    }
}

impl<const WORD: usize, const PAGE: usize> embedded_storage_async::nor_flash::NorFlash for Flash<WORD, PAGE> {
    const WRITE_SIZE: usize = WORD;
    const ERASE_SIZE: usize = PAGE;

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), FlashFailure> {
        yield_once().await;
        NorFlash::erase(self, from, to)
    }

    async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), FlashFailure> {
        yield_once().await;
        NorFlash::write(self, offset, bytes)
    }
}
