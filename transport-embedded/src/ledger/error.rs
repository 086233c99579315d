//! Why the ledger cannot be used.

use core::fmt;

/// Why the ledger cannot be opened, read or written. `E` is the flash driver's error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum LedgerError<E> {
    /// The flash failed.
    Flash(E),
    /// The range is not two whole pages or more of this flash.
    Range,
    /// What stands in the range is something else, or a ledger of another range.
    Foreign,
    /// The attempt's entry gave way to newer ones before the attempt ended.
    TooLate,
    /// All 2³² - 1 numbers of entries are used up.
    Numbers,
}

impl<E: fmt::Debug> fmt::Display for LedgerError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flash(error) => write!(f, "the ledger's flash failed: {error:?}"),
            Self::Range => f.write_str("the ledger's range is not two whole pages or more of this flash"),
            Self::Foreign => {
                f.write_str("the ledger's range holds something else, or a ledger of another range: format it")
            }
            Self::TooLate => f.write_str("the entry gave way to newer ones before its attempt ended"),
            Self::Numbers => f.write_str("the ledger has no number left for another entry: format it"),
        }
    }
}

impl<E: fmt::Debug> core::error::Error for LedgerError<E> {}

impl<E> From<E> for LedgerError<E> {
    fn from(error: E) -> Self {
        Self::Flash(error)
    }
}
