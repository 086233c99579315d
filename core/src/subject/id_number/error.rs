//! What can be wrong with a number, and with a list of them.

use core::{error, fmt};

/// What is wrong with an identity number. It carries nothing of the number.
///
/// The variants stand in the order in which they are looked for; the first that
/// applies is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum IdNumberError {
    /// The text has neither 18 nor 15 characters (not bytes).
    Length,
    /// A character is no ASCII digit, nor an `X` or `x` at the end of 18.
    Character,
    /// The first digits name no province and no permit.
    Region,
    /// The calendar has no such date of birth, or it lies before 1800.
    BirthDate,
    /// The date of birth lies after the day given as today.
    BirthDateInFuture,
    /// The check character does not fit the other 17.
    Checksum,
}

impl IdNumberError {
    /// One word for machines: `length`, `character`, `region`, `birth_date`
    /// (also for a date in the future) or `checksum`.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Length => "length",
            Self::Character => "character",
            Self::Region => "region",
            Self::BirthDate | Self::BirthDateInFuture => "birth_date",
            Self::Checksum => "checksum",
        }
    }
}

impl fmt::Display for IdNumberError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Length => "identity number has neither 18 nor 15 characters: enter all of them, without spaces",
            Self::Character => "identity number has a character that is no digit (only the 18th may be X): enter digits 0 to 9",
            Self::Region => "identity number begins with no known province: check the first digits",
            Self::BirthDate => "identity number has a date of birth that does not exist or lies before 1800: check digits 7 to 14",
            Self::BirthDateInFuture => "identity number has a date of birth in the future: check digits 7 to 14, and the clock",
            Self::Checksum => "identity number does not fit its check character: a digit is wrong or two are swapped, compare all of them",
        })
    }
}

impl error::Error for IdNumberError {}

/// The two slices given to [`IdNumber::check_bulk`](super::IdNumber::check_bulk) differ in length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct BulkLengthError {
    /// How many numbers there are.
    pub numbers: usize,
    /// How many results there is room for.
    pub results: usize,
}

impl fmt::Display for BulkLengthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} identity numbers but room for {} results: pass slices of one length", self.numbers, self.results)
    }
}

impl error::Error for BulkLengthError {}
