//! What can go wrong with a ledger. No text of SQLite's, no statement and no value is in it.

use std::fmt;
use std::io;

use heyan::policy::LimitError;
use rusqlite::ErrorCode;

/// Why the ledger did not do what it was asked.
///
/// From [`Ledger::begin`](super::Ledger::begin) each of them means that no call may be made: nothing was sent, nothing
/// was charged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LedgerError {
    /// A file could not be made, read or written.
    File {
        /// Which one.
        file: LedgerFile,
        /// The operating system's kind of error.
        kind: io::ErrorKind,
    },
    /// The file is no ledger: another program's database, or no database.
    Foreign,
    /// The ledger was written by a newer version of this crate.
    Newer {
        /// Version of its tables.
        found: i64,
        /// Newest version that this crate knows.
        known: i64,
    },
    /// Tables of the program's own in this ledger are newer than it knows: see [`Ledger::extend`](super::Ledger::extend).
    ExtensionNewer {
        /// Version of its tables.
        found: u32,
        /// Newest version that the program knows.
        known: u32,
    },
    /// The file is where SQLite cannot keep a write-ahead log, for example on a network drive.
    NoWal,
    /// The person key is missing, though the ledger has entries that were made with it.
    KeyMissing,
    /// The person key is another one than the entries were made with.
    KeyDiffers,
    /// The person key's file is not 64 hexadecimal digits.
    KeyMalformed,
    /// Others than the owner may read the person key's file.
    KeyReadable,
    /// The operating system gave no random bytes for a new person key.
    Randomness,
    /// Another process kept the ledger locked for longer than the patience.
    Busy,
    /// The disk is full.
    Full,
    /// SQLite reports another failure.
    Storage {
        /// SQLite's extended result code: <https://www.sqlite.org/rescode.html>.
        code: i32,
    },
    /// A value in the ledger is none that this crate writes.
    Damaged,
    /// There is no such entry or package.
    Unknown,
    /// The entry's price is known already: there is nothing to settle.
    NothingToSettle,
    /// The person was asked for too often today.
    Limit(LimitError),
    /// The ledger was closed, or its writing thread is gone.
    Closed,
}

/// The files of a ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LedgerFile {
    /// The database.
    Database,
    /// The person key.
    Key,
}

impl fmt::Display for LedgerFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Database => "the ledger",
            Self::Key => "the person key",
        })
    }
}

impl LedgerError {
    pub(crate) fn file(file: LedgerFile) -> impl Fn(io::Error) -> Self {
        move |error| Self::File { file, kind: error.kind() }
    }
}

impl fmt::Display for LedgerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { file, kind } => write!(f, "{file}: {kind}"),
            Self::Foreign => f.write_str("the file is not a ledger: give another path"),
            Self::Newer { found, known } => {
                write!(f, "the ledger has version {found}, this program knows {known}: use a newer program")
            }
            Self::ExtensionNewer { found, known } => {
                write!(f, "tables in the ledger have version {found}, this program knows {known}: use a newer program")
            }
            Self::NoWal => f.write_str("the ledger must be on a local drive: SQLite cannot keep its log there"),
            Self::KeyMissing => f.write_str(
                "the person key of this ledger is missing: restore it, or begin a new ledger; without it nobody can \
                 tell how often a person was asked for",
            ),
            Self::KeyDiffers => f.write_str("the person key is not the one that this ledger was written with"),
            Self::KeyMalformed => f.write_str("the person key's file does not hold 64 hexadecimal digits"),
            Self::KeyReadable => {
                f.write_str("others may read the person key's file: take the right from them (chmod 600)")
            }
            Self::Randomness => f.write_str("the operating system gave no random bytes for a person key"),
            Self::Busy => f.write_str("another process keeps the ledger locked"),
            Self::Full => f.write_str("the disk with the ledger is full"),
            Self::Storage { code } => write!(f, "SQLite reports code {code} for the ledger"),
            Self::Damaged => f.write_str("the ledger holds a value that this program does not know"),
            Self::Unknown => f.write_str("there is no such entry in the ledger"),
            Self::NothingToSettle => f.write_str("the price of this entry is known already"),
            Self::Limit(error) => fmt::Display::fmt(error, f),
            Self::Closed => f.write_str("the ledger is closed"),
        }
    }
}

impl std::error::Error for LedgerError {}

impl From<LimitError> for LedgerError {
    fn from(error: LimitError) -> Self {
        Self::Limit(error)
    }
}

/// SQLite's error without its text, which may hold a statement.
impl From<rusqlite::Error> for LedgerError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error() {
            Some(error) => match error.code {
                ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Self::Busy,
                ErrorCode::DiskFull => Self::Full,
                ErrorCode::NotADatabase => Self::Foreign,
                _ => Self::Storage { code: error.extended_code },
            },
            None if matches!(error, rusqlite::Error::QueryReturnedNoRows) => Self::Unknown,
            None => Self::Damaged,
        }
    }
}
