//! What is wrong with a batch before anything is sent.

use std::io::ErrorKind;
use std::path::PathBuf;

use crate::wrong::{Value, Wrong};

/// Why a batch was not begun.
#[derive(Debug)]
pub(crate) enum BatchWrong {
    /// Without `--consent`: nobody can be asked for so many.
    Consent,
    /// The input cannot be read.
    Input { path: PathBuf, kind: ErrorKind },
    /// The output cannot be written.
    Output { path: PathBuf, kind: ErrorKind },
    /// Input and output are the same file.
    SameFile,
    /// `--format` is neither, or the name of the file does not tell.
    Format,
    /// `--encoding` is none that is known.
    Encoding,
    /// No column, or more than one, has this value.
    Column { value: Value, twice: bool },
    /// The row that begins in this line is longer than a row may be.
    RowTooLong { line: u64 },
    /// Some of the providers check the mobile number, this one does not.
    Factors(&'static str),
    /// The option takes a whole number from 1 to this.
    Number { option: &'static str, max: u32 },
    /// Another batch runs on this ledger, or writes this output.
    Running(PathBuf),
}

impl From<BatchWrong> for Wrong {
    fn from(wrong: BatchWrong) -> Self {
        Self::Batch(wrong)
    }
}
