//! Files for `heyan batch`: whatever is in them, rows are read without a panic, in bounded memory, and the same however
//! many bytes come at a time.
//!
//! The first byte says the format and the encoding, the second how many bytes come at a time. The rest is the file.

use std::io::{self, Read};

use encoding_rs::{GB18030, GBK, UTF_8, UTF_16LE};
use heyan_cli::table::{COLUMNS_MAX, Format, ROW_MAX, Row, Table, Unusable};

/// Any bytes.
pub fn check(data: &[u8]) {
    let [which, pace, rest @ ..] = data else { return };
    let format = if which & 1 == 0 { Format::Csv } else { Format::JsonLines };
    let encoding = [UTF_8, GBK, GB18030, UTF_16LE][usize::from(which >> 1 & 3)];
    let whole = read(Table::encoded(io::Cursor::new(rest.to_vec()), encoding, format));
    let (text, ..) = encoding.decode(rest);
    let slow = Slow { rest: text.as_bytes().to_vec(), at: 0, pace: usize::from(*pace) + 1 };
    let pieces = read(Table::new(io::BufReader::new(slow), format));
    assert_eq!(whole, pieces, "the same, however it comes");

    let lines = u64::try_from(text.split('\n').count()).unwrap();
    let mut before = 0;
    for (line, _) in &whole.rows {
        assert!(*line > before && *line <= lines, "line {line} of {lines} behind {before}");
        before = *line;
    }
    match format {
        Format::Csv => compare_csv(&text, &whole),
        Format::JsonLines => compare_lines(&text, &whole),
    }
}

/// Bytes that come some at a time.
struct Slow {
    rest: Vec<u8>,
    at: usize,
    pace: usize,
}

impl Read for Slow {
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        let count = (self.rest.len() - self.at).min(self.pace).min(space.len());
        space[..count].copy_from_slice(&self.rest[self.at..self.at + count]);
        self.at += count;
        Ok(count)
    }
}

/// What came of a file.
#[derive(Debug, Default, PartialEq)]
struct Found {
    rows: Vec<(u64, Result<[String; 3], &'static str>)>,
    end: Option<String>,
    is_too_long: bool,
    has_mobile: bool,
}

fn read(table: Result<Table, Unusable>) -> Found {
    let mut found = Found::default();
    let note = |found: &mut Found, error: Unusable| {
        assert!(!matches!(error, Unusable::Read(_)), "memory can be read");
        found.is_too_long = matches!(error, Unusable::TooLong { .. });
        found.end = Some(error.to_string());
    };
    let mut table = match table {
        Ok(table) => table,
        Err(error) => {
            note(&mut found, error);
            return found;
        }
    };
    found.has_mobile = table.has_mobile();
    loop {
        match table.next() {
            Ok(None) => return found,
            Ok(Some(Row { line, cells })) => {
                let cells = cells.map(|cells| {
                    let mobile = cells.mobile.as_ref().map(|mobile| mobile.to_string()).unwrap_or_default();
                    [cells.name.to_string(), cells.id.to_string(), mobile]
                });
                // Bytes that are no text become characters of three bytes.
                assert!(cells.iter().flatten().all(|cell| cell.len() <= 3 * ROW_MAX));
                found.rows.push((line, cells));
            }
            Err(error) => {
                note(&mut found, error);
                return found;
            }
        }
    }
}

/// A file without quotes is lines, and lines are cells between commas.
fn compare_csv(text: &str, found: &Found) {
    if text.contains('"') || found.is_too_long {
        return;
    }
    let is_row = |line: &&str| !line.is_empty() && *line != "\r";
    let mut lines = text.split('\n').filter(is_row);
    let Some(_) = lines.next() else { return assert!(found.end.is_some()) };
    if found.end.is_some() {
        return assert!(found.rows.is_empty(), "the header is what is wrong");
    }
    let lines: Vec<&str> = lines.collect();
    assert_eq!(lines.len(), found.rows.len());
    for (line, (_, cells)) in lines.iter().zip(&found.rows) {
        let there: Vec<&str> = line.split(',').map(|cell| cell.strip_suffix('\r').unwrap_or(cell)).collect();
        assert!(there.len() <= COLUMNS_MAX);
        for cell in cells.as_ref().unwrap() {
            assert!(cell.is_empty() || there.contains(&cell.as_str()), "a cell that is not in its line");
        }
    }
}

/// Each line that is not blank is a row, with the values that another reader finds.
fn compare_lines(text: &str, found: &Found) {
    let rows = found.rows.iter().map(|(line, cells)| (*line, cells.is_ok()));
    let lines = (1..).zip(text.split('\n')).filter(|(_, line)| !line.as_bytes().trim_ascii().is_empty());
    let expected = lines.map(|(at, line)| (at, line.starts_with('{') && serde_json::from_str::<Object>(line).is_ok()));
    for ((line, is_object), (at, is_expected)) in rows.zip(expected) {
        assert_eq!(line, at);
        assert!(is_object || !is_expected, "line {line} is an object");
    }
}

type Object = std::collections::BTreeMap<String, serde_json::Value>;
