//! The `key: value` lines that all fixtures begin with.

use std::path::Path;

use crate::fault::FixtureError;

/// The lines in front of a body or a table. Values are bytes, because header lines are.
pub(crate) struct Lines<'a> {
    path: &'a Path,
    lines: Vec<(usize, String, Vec<u8>)>,
}

impl<'a> Lines<'a> {
    pub(crate) const fn new(path: &'a Path) -> Self {
        Self { path, lines: Vec::new() }
    }

    pub(crate) fn path(&self) -> &'a Path {
        self.path
    }

    /// Takes a line, or says that it is none.
    pub(crate) fn push(&mut self, number: usize, line: &[u8]) -> Result<(), FixtureError> {
        let colon = line.iter().position(|byte| *byte == b':');
        let Some((key, value)) = colon.and_then(|at| line.split_at_checked(at)) else {
            return Err(FixtureError::new(self.path, number, "neither `key: value` nor `---`"));
        };
        let key = std::str::from_utf8(key).map_err(|_| FixtureError::new(self.path, number, "a key in no UTF-8"))?;
        let value = value.strip_prefix(b": ").or(value.strip_prefix(b":")).unwrap_or_default();
        self.lines.push((number, key.to_owned(), value.to_vec()));
        Ok(())
    }

    /// Replaces the lines of this key by one.
    pub(crate) fn set(&mut self, number: usize, key: &str, value: &str) {
        self.lines.retain(|(_, known, _)| known != key);
        self.lines.push((number, key.to_owned(), value.as_bytes().to_vec()));
    }

    /// The same lines with `fill` applied to every value.
    pub(crate) fn map(&self, fill: impl Fn(&[u8]) -> Vec<u8>) -> Self {
        let lines = self.lines.iter().map(|(number, key, value)| (*number, key.clone(), fill(value))).collect();
        Self { path: self.path, lines }
    }

    /// All values of a key that may be repeated.
    pub(crate) fn all(&self, key: &str) -> impl Iterator<Item = &[u8]> {
        self.lines.iter().filter(move |(_, known, _)| known == key).map(|(_, _, value)| value.as_slice())
    }

    /// The value of a key that may stand there once.
    pub(crate) fn one(&self, key: &str) -> Result<Option<&str>, FixtureError> {
        let mut found = self.lines.iter().filter(|(_, known, _)| known == key);
        let Some((number, _, value)) = found.next() else { return Ok(None) };
        if let Some((number, ..)) = found.next() {
            return Err(FixtureError::new(self.path, *number, format!("a second `{key}`")));
        }
        let text = std::str::from_utf8(value)
            .map_err(|_| FixtureError::new(self.path, *number, format!("`{key}` is no UTF-8")))?;
        Ok(Some(text))
    }

    /// The value of a key that must stand there once.
    pub(crate) fn required(&self, key: &str) -> Result<&str, FixtureError> {
        self.one(key)?.ok_or_else(|| FixtureError::new(self.path, 0, format!("no `{key}`")))
    }

    /// The value of a key that is a number.
    pub(crate) fn number<N: std::str::FromStr>(&self, key: &str) -> Result<Option<N>, FixtureError> {
        let Some(text) = self.one(key)? else { return Ok(None) };
        match text.parse() {
            Ok(number) => Ok(Some(number)),
            Err(_) => Err(FixtureError::new(self.path, 0, format!("`{key}` is no number: {text}"))),
        }
    }

    /// Refuses a key that nobody reads: a misspelt expectation would expect nothing.
    pub(crate) fn only(&self, known: &[&str]) -> Result<(), FixtureError> {
        match self.lines.iter().find(|(_, key, _)| !known.contains(&key.as_str())) {
            Some((number, key, _)) => Err(FixtureError::new(self.path, *number, format!("unknown key `{key}`"))),
            None => Ok(()),
        }
    }
}
