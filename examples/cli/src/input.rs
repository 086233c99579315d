//! Who is asked about, from arguments and standard input, checked before anything else happens.

use std::ffi::OsStr;
use std::io::{self, BufRead, IsTerminal, Read, Write};
use std::time::{SystemTime, UNIX_EPOCH};

use heyan::{Date, IdNumber, IdNumberError, Mobile, MobileError, Name, NameError, Subject};
use zeroize::Zeroizing;

use crate::args;
use crate::words::Words;
use crate::wrong::{Value, Wrong};

/// Longest line of standard input in bytes. The longest name has 200.
pub(crate) const LINE_MAX: usize = 4096;

/// The texts that a [`Subject`] borrows from. Wiped when dropped.
pub(crate) struct Person {
    name: Zeroizing<String>,
    id: Zeroizing<String>,
    mobile: Option<Zeroizing<String>>,
}

impl Person {
    /// Reads name, number and mobile number in this order, so that lines of standard input need no labels.
    pub(crate) fn read(person: &args::Person, words: &dyn Words) -> Result<Self, Wrong> {
        Ok(Self {
            name: text(&person.name, Value::Name, words)?,
            id: text(&person.id, Value::Id, words)?,
            mobile: person.mobile.as_deref().map(|mobile| text(mobile, Value::Mobile, words)).transpose()?,
        })
    }

    /// The person, if all values are valid.
    pub(crate) fn subject(&self, lenient: bool) -> Result<Subject<'_>, Wrong> {
        let (reader, today) = (Reader { lenient }, today());
        let name = reader.name(&self.name).map_err(Wrong::Name)?;
        let id = reader.id(&self.id, today).map_err(|error| Wrong::Id {
            error,
            lenient_helps: !lenient && IdNumber::from_input(&self.id, today).is_ok(),
        })?;
        let subject = Subject::new(name, id);
        let Some(mobile) = &self.mobile else { return Ok(subject) };
        Ok(subject.with_mobile(reader.mobile(mobile).map_err(Wrong::Mobile)?))
    }
}

/// How values about a person are read: as they must be sent, or with `--lenient` as people type them.
#[derive(Clone, Copy)]
pub(crate) struct Reader {
    pub(crate) lenient: bool,
}

impl Reader {
    pub(crate) fn name(self, text: &str) -> Result<Name<'_>, NameError> {
        if self.lenient { Name::from_input(text) } else { Name::parse(text) }
    }

    pub(crate) fn id(self, text: &str, today: Date) -> Result<IdNumber, IdNumberError> {
        if self.lenient { IdNumber::from_input(text, today) } else { IdNumber::parse(text, today) }
    }

    pub(crate) fn mobile(self, text: &str) -> Result<Mobile, MobileError> {
        if self.lenient { Mobile::from_input(text) } else { Mobile::parse(text) }
    }
}

fn text(given: &OsStr, value: Value, words: &dyn Words) -> Result<Zeroizing<String>, Wrong> {
    if given != "-" {
        let text = given.to_str().ok_or(Wrong::NotUtf8(value))?;
        return Ok(Zeroizing::new(text.to_owned()));
    }
    let stdin = io::stdin();
    if stdin.is_terminal() {
        // Whoever types has to know what; if standard error is closed, there is nobody to tell.
        let _ = write!(io::stderr(), "{}{}", words.value(value), words.colon());
    }
    let mut lines = Lines::new(stdin.lock());
    match lines.next().map_err(|_| Wrong::StdinEnded(value))? {
        Line::End => Err(Wrong::StdinEnded(value)),
        Line::TooLong => Err(Wrong::LineTooLong(value)),
        Line::Bytes(bytes) => {
            let text = std::str::from_utf8(bytes).map_err(|_| Wrong::NotUtf8(value))?;
            Ok(Zeroizing::new(text.to_owned()))
        }
    }
}

/// One line of input.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line<'l> {
    /// Without its LF or CR LF.
    Bytes(&'l [u8]),
    /// Longer than any value; the whole line was read and forgotten.
    TooLong,
    End,
}

/// Lines, one after the other in the same memory, which is wiped at the end.
pub(crate) struct Lines<R> {
    input: R,
    memory: Zeroizing<Vec<u8>>,
}

impl<R: BufRead> Lines<R> {
    pub(crate) fn new(input: R) -> Self {
        // Made large enough at once: a vector that grows leaves copies behind.
        Self { input, memory: Zeroizing::new(Vec::with_capacity(LINE_MAX + 2)) }
    }

    pub(crate) fn next(&mut self) -> io::Result<Line<'_>> {
        self.memory.clear();
        let limit = u64::try_from(LINE_MAX + 2).unwrap_or(u64::MAX);
        match self.input.by_ref().take(limit).read_until(b'\n', &mut self.memory)? {
            0 => Ok(Line::End),
            length if length == LINE_MAX + 2 && self.memory.last() != Some(&b'\n') => self.skip(),
            _ => {
                let line = self.memory.strip_suffix(b"\n").map(|line| line.strip_suffix(b"\r").unwrap_or(line));
                Ok(Line::Bytes(line.unwrap_or(&self.memory)))
            }
        }
    }

    /// Reads on to the end of a line that is too long.
    fn skip(&mut self) -> io::Result<Line<'_>> {
        loop {
            let rest = self.input.fill_buf()?;
            let (used, ended) = match rest.iter().position(|byte| *byte == b'\n') {
                Some(end) => (end + 1, true),
                None => (rest.len(), rest.is_empty()),
            };
            self.input.consume(used);
            if ended {
                return Ok(Line::TooLong);
            }
        }
    }
}

/// Milliseconds since 1970-01-01T00:00:00Z. `None`: the clock stands before that.
pub(crate) fn unix_ms() -> Option<u64> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    u64::try_from(since.as_millis()).ok()
}

/// The day in China. A clock that stands outside the calendar, or where nobody set it, lets every date of birth pass, as a
/// device without one does.
pub(crate) fn today() -> Date {
    let seconds = unix_ms().and_then(|now| i64::try_from(now / 1000).ok());
    seconds.and_then(Date::from_unix_seconds).unwrap_or(Date::MAX)
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::{LINE_MAX, Line, Lines};

    #[test]
    fn lines_end_in_any_way_and_are_bounded() {
        let long = "x".repeat(LINE_MAX * 3);
        let input = format!("a\r\n\n{long}\nb\r\r\nlast");
        let mut lines = Lines::new(BufReader::with_capacity(7, input.as_bytes()));
        let bytes = |text: &'static str| Line::Bytes(text.as_bytes());
        for expected in [bytes("a"), bytes(""), Line::TooLong, bytes("b\r"), bytes("last"), Line::End, Line::End] {
            assert_eq!(lines.next().unwrap(), expected);
        }
    }
}
