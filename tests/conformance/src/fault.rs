//! What is wrong with a fixture.

use std::fmt;
use std::path::{Path, PathBuf};

/// A fixture that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FixtureError {
    path: PathBuf,
    line: usize,
    what: String,
}

impl FixtureError {
    /// `line` counts from 1; 0 is the file as a whole.
    pub(crate) fn new(path: &Path, line: usize, what: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, what: what.into() }
    }
}

impl fmt::Display for FixtureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path.display(), self.line, self.what)
    }
}

impl std::error::Error for FixtureError {}
