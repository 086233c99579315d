//! Numbers as the lines of a text.

#[cfg(target_pointer_width = "64")]
use super::lanes::{CHECKS, Desk, Passed};
#[cfg(target_pointer_width = "64")]
use super::words::{CHECKSUM_LEFT_MAX, Latest, latest, other_fault, what_is_left};
use super::{IdNumber, IdNumberError};
use crate::redact::redacted;
use crate::subject::Date;

/// The most bytes that a line of 18 characters can have.
const LINE_MAX: usize = 18 * 4;

/// The lines of a text, each with what [`IdNumber::parse`] finds wrong with it:
/// see [`IdNumber::check_lines`].
///
/// A line comes without its line end, LF or CR LF. It is the text's own bytes:
/// personal data. A line of more than 72 bytes is of the wrong length, as 18
/// characters of UTF-8 have no more; a shorter one that is not UTF-8 has a wrong
/// character.
#[derive(Clone)]
pub struct CheckedLines<'t> {
    text: &'t [u8],
    today: Date,
    #[cfg(target_pointer_width = "64")]
    latest: Latest,
}

redacted!(CheckedLines<'_>);

impl<'t> CheckedLines<'t> {
    pub(super) const fn new(text: &'t [u8], today: Date) -> Self {
        Self {
            text,
            today,
            #[cfg(target_pointer_width = "64")]
            latest: latest(today),
        }
    }

    /// Counts the lines that are left: several times as fast as going through
    /// them, and no slower for lists that are half invalid.
    #[must_use]
    pub fn tally(mut self) -> Tally {
        let mut tally = Tally::default();
        #[cfg(target_pointer_width = "64")]
        let mut passed = Passed::default();
        loop {
            #[cfg(target_pointer_width = "64")]
            {
                self.skip_blocks::<19>(b"\n", &mut passed, &mut tally);
                self.skip_blocks::<20>(b"\r\n", &mut passed, &mut tally);
                self.skip_row(b"\n", &mut tally);
                self.skip_row(b"\r\n", &mut tally);
            }
            match self.any() {
                Some((_, result)) => tally.add(result),
                None => {
                    #[cfg(target_pointer_width = "64")]
                    if !passed.is_empty() {
                        tally.take(&mut passed);
                    }
                    return tally;
                }
            }
        }
    }

    /// Counts and leaves behind the lines in front, as long as there are enough for a block that have 18 bytes and this line
    /// end; some in `passed`, some in `tally`.
    #[cfg(target_pointer_width = "64")]
    #[inline(always)]
    fn skip_blocks<const WIDTH: usize>(&mut self, end: &[u8], passed: &mut Passed, tally: &mut Tally) {
        // Made for the first block, as a short text has none.
        let mut desk = None;
        while let Some(lines) = self.text.as_chunks::<WIDTH>().0.first_chunk()
            // From the last one: behind a line of another length, none ends where it should.
            && lines.iter().rev().all(|line| line.ends_with(end))
        {
            if desk.get_or_insert_with(|| Desk::new(self.today)).count(lines, passed) {
                self.tally_apart(Desk::left_out(lines), tally);
            }
            if passed.is_full() {
                tally.take(passed);
            }
            self.text = self.text.get(lines.as_flattened().len()..).unwrap_or_default();
        }
    }

    /// Counts what stands between the line ends of a block: there may be several lines in one of its places.
    #[cfg(target_pointer_width = "64")]
    #[cold]
    fn tally_apart<const WIDTH: usize>(&self, lines: impl Iterator<Item = &'t [u8; WIDTH]>, tally: &mut Tally) {
        for line in lines {
            Self { text: line, ..*self }.for_each(|(_, result)| tally.add(result));
        }
    }

    /// Counts and leaves behind the lines in front that have 18 digits (the last may be X) and this line end: nearly all
    /// lines of nearly all lists.
    ///
    /// Their places follow from each other without looking for line ends, and whether the check character is wrong is
    /// added, not branched on: in a list that is half invalid, guessing it would take longer than computing it.
    #[cfg(target_pointer_width = "64")]
    #[inline(always)]
    fn skip_row<const END: usize>(&mut self, end: &[u8; END], tally: &mut Tally) {
        let (mut text, mut lines, mut valid) = (self.text, 0_u64, 0_u64);
        while let Some((number, behind)) = text.split_first_chunk()
            && let Some((line_end, rest)) = behind.split_first_chunk()
            && line_end == end
        {
            let left = what_is_left(number, self.latest);
            if left > CHECKSUM_LEFT_MAX {
                match other_fault(number, left, self.today) {
                    // It may be the end of a line.
                    Some(IdNumberError::Character) => break,
                    error => tally.count(error, 1),
                }
            } else {
                lines = lines.wrapping_add(1);
                valid = valid.wrapping_add(u64::from(left == 0));
            }
            text = rest;
        }
        self.text = text;
        tally.count(None, valid);
        tally.count(Some(IdNumberError::Checksum), lines.wrapping_sub(valid));
    }

    /// The next line, if it is one for [`skip_row`](Self::skip_row).
    #[cfg(target_pointer_width = "64")]
    #[inline(always)]
    fn usual(&mut self) -> Option<(&'t [u8], Result<(), IdNumberError>)> {
        let (number, behind) = self.text.split_first_chunk()?;
        let ([b'\n', rest @ ..] | [b'\r', b'\n', rest @ ..]) = behind else { return None };
        let result = match what_is_left(number, self.latest) {
            0 => Ok(()),
            1..=CHECKSUM_LEFT_MAX => Err(IdNumberError::Checksum),
            left => match other_fault(number, left, self.today)? {
                // It may be the end of a line.
                IdNumberError::Character => return None,
                error => Err(error),
            },
        };
        self.text = rest;
        Some((number, result))
    }

    /// The next line, whatever it is.
    #[cfg_attr(target_pointer_width = "64", cold)]
    fn any(&mut self) -> Option<(&'t [u8], Result<(), IdNumberError>)> {
        if self.text.is_empty() {
            return None;
        }
        let end = self.text.iter().position(|byte| *byte == b'\n');
        let line = match end.and_then(|end| self.text.split_at_checked(end)) {
            Some((line, behind)) => {
                self.text = behind.get(1..).unwrap_or_default();
                line.strip_suffix(b"\r").unwrap_or(line)
            }
            None => core::mem::take(&mut self.text),
        };
        if line.len() > LINE_MAX {
            return Some((line, Err(IdNumberError::Length)));
        }
        let text = core::str::from_utf8(line).map_err(|_| IdNumberError::Character);
        Some((line, text.and_then(|text| IdNumber::parse(text, self.today)).map(drop)))
    }
}

impl<'t> Iterator for CheckedLines<'t> {
    type Item = (&'t [u8], Result<(), IdNumberError>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        #[cfg(target_pointer_width = "64")]
        if let Some(usual) = self.usual() {
            return Some(usual);
        }
        self.any()
    }
}

/// How many numbers are valid, and how many are not, by reason.
///
/// ```
/// use heyan::{Date, IdNumber, IdNumberError};
///
/// let text = b"11010519491231002X\n110105194912310021\n11010519491231\n";
/// let tally = IdNumber::check_lines(text, Date::MAX).tally();
/// assert_eq!((tally.total(), tally.valid()), (3, 1));
/// assert_eq!(tally.of(IdNumberError::Checksum), 1);
/// assert_eq!(tally.of(IdNumberError::Length), 1);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Tally {
    valid: u64,
    /// In the order of the variants.
    invalid: [u64; 6],
}

impl Tally {
    /// How many there were.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.valid.wrapping_add(self.invalid())
    }

    /// How many of them are valid.
    #[must_use]
    pub const fn valid(&self) -> u64 {
        self.valid
    }

    /// How many are not, for whatever reason.
    #[must_use]
    pub fn invalid(&self) -> u64 {
        self.invalid.iter().fold(0, |sum, count| sum.wrapping_add(*count))
    }

    /// How many are invalid for this reason.
    #[must_use]
    pub fn of(&self, error: IdNumberError) -> u64 {
        self.invalid.get(error as usize).copied().unwrap_or_default()
    }

    /// Counts one more.
    pub fn add(&mut self, result: Result<(), IdNumberError>) {
        self.count(result.err(), 1);
    }

    /// Counts what the other one has counted.
    pub fn merge(&mut self, other: &Self) {
        self.valid = self.valid.wrapping_add(other.valid);
        for (sum, count) in self.invalid.iter_mut().zip(other.invalid) {
            *sum = sum.wrapping_add(count);
        }
    }

    /// Counts what was counted in blocks, which begin anew then.
    #[cfg(target_pointer_width = "64")]
    fn take(&mut self, passed: &mut Passed) {
        let (valid, failed) = core::mem::take(passed).sums();
        self.count(None, valid);
        for (error, more) in CHECKS.into_iter().zip(failed) {
            self.count(Some(error), more);
        }
    }

    fn count(&mut self, error: Option<IdNumberError>, more: u64) {
        let count = match error {
            None => Some(&mut self.valid),
            Some(error) => self.invalid.get_mut(error as usize),
        };
        if let Some(count) = count {
            *count = count.wrapping_add(more);
        }
    }
}
