//! The console's export of usage (使用明细): what the gateway charged, by windows of ten minutes.
//!
//! The document of `idcert` (read 2026-11) shows its columns: 流水编号, 处理时间, 备注, 消耗.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::ops::Range;
use std::path::Path;

use encoding_rs::GB18030;
use heyan_std::ledger::CONSOLE_WINDOW;

use super::{QuotaWrong, are_digits, china};

/// Far above a year's export, which has 52,560 windows of less than 100 bytes each.
const LENGTH_MAX: u64 = 64 * 1024 * 1024;

const SERIAL_HEAD: &str = "流水编号";
const TAKEN_OFF_A_PACKAGE: &str = "套餐包消耗";
const TIMES: &str = "次";

/// What the console charged in a window.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// One, unless several packages were charged in this window.
    pub(super) serials: Vec<String>,
    pub(super) window: Range<u64>,
    pub(super) calls: u64,
}

/// A line that cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bad {
    /// Which of the files, from 1.
    pub(crate) file: usize,
    /// From 1.
    pub(crate) line: usize,
    pub(crate) reason: Reason,
}

/// Why a line cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// There are not four fields.
    Fields,
    /// The serial number is not digits.
    Serial,
    /// The time is not a window of ten minutes.
    Window,
    /// The remark is another one than 套餐包消耗.
    Remark,
    /// The number of calls is not like 7次.
    Calls,
    /// The same serial number stands in another row with another content.
    Conflict,
    /// The window overlaps another one and is not the same.
    Overlap,
}

impl Reason {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Fields => "fields",
            Self::Serial => "serial",
            Self::Window => "window",
            Self::Remark => "remark",
            Self::Calls => "calls",
            Self::Conflict => "conflict",
            Self::Overlap => "overlap",
        }
    }
}

/// All rows of one or several exports.
#[derive(Debug, Default)]
pub(super) struct Export {
    /// By the beginning of their windows.
    rows: BTreeMap<u64, Row>,
    seen: BTreeMap<String, (Range<u64>, u64)>,
    pub(super) bad: Vec<Bad>,
    /// Rows that were left out because they stand there more than once.
    pub(super) repeated: u64,
    files: usize,
}

impl Export {
    /// Reads one more file.
    pub(super) fn read(&mut self, path: &Path) -> Result<(), QuotaWrong> {
        let unreadable =
            |error: std::io::Error| QuotaWrong::ExportUnreadable { path: path.to_owned(), kind: error.kind() };
        let mut bytes = Vec::new();
        File::open(path).and_then(|file| file.take(LENGTH_MAX + 1).read_to_end(&mut bytes)).map_err(unreadable)?;
        if u64::try_from(bytes.len()).is_ok_and(|length| length > LENGTH_MAX) {
            return Err(QuotaWrong::ExportTooLong(path.to_owned()));
        }
        // UTF-16, or an Excel workbook.
        if bytes.contains(&0) {
            return Err(QuotaWrong::ExportNoText(path.to_owned()));
        }
        self.add(&bytes);
        Ok(())
    }

    fn add(&mut self, bytes: &[u8]) {
        self.files += 1;
        for (at, line) in decoded(bytes).lines().enumerate() {
            if let Err(reason) = self.add_line(line) {
                self.bad.push(Bad { file: self.files, line: at + 1, reason });
            }
        }
    }

    fn add_line(&mut self, line: &str) -> Result<(), Reason> {
        if line.trim_ascii().is_empty() {
            return Ok(());
        }
        // In files with commas, tabs may stand behind numbers, against programs that round them.
        let fields = fields(line, ',').or_else(|| fields(line, '\t')).ok_or(Reason::Fields)?;
        let [serial, window, remark, calls] = fields;
        if serial == SERIAL_HEAD {
            return Ok(());
        }
        if !are_digits(serial) {
            return Err(Reason::Serial);
        }
        let window = self::window(window).ok_or(Reason::Window)?;
        if remark != TAKEN_OFF_A_PACKAGE {
            return Err(Reason::Remark);
        }
        let calls = self::calls(calls).ok_or(Reason::Calls)?;
        self.insert(serial.to_owned(), window, calls)
    }

    fn insert(&mut self, serial: String, window: Range<u64>, calls: u64) -> Result<(), Reason> {
        if let Some(seen) = self.seen.get(&serial) {
            if *seen != (window, calls) {
                return Err(Reason::Conflict);
            }
            self.repeated += 1;
            return Ok(());
        }
        let before = self.rows.range(..window.start).next_back();
        let after = self.rows.range(window.start + 1..window.end).next();
        if after.is_some() || before.is_some_and(|(_, row)| row.window.end > window.start) {
            return Err(Reason::Overlap);
        }
        self.seen.insert(serial.clone(), (window.clone(), calls));
        let row = self.rows.entry(window.start).or_insert(Row { serials: Vec::new(), window, calls: 0 });
        row.serials.push(serial);
        row.calls = row.calls.saturating_add(calls);
        Ok(())
    }

    /// By time.
    pub(super) fn rows(&self) -> impl Iterator<Item = &Row> {
        self.rows.values()
    }
}

/// UTF-8 from its first to its last byte, or GB 18030, which contains GBK: as the input of `heyan batch`.
fn decoded(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text.strip_prefix('\u{feff}').unwrap_or(text)),
        Err(_) => GB18030.decode(bytes).0,
    }
}

/// The four fields of a line, without quotes and white space around them.
fn fields(line: &str, separator: char) -> Option<[&str; 4]> {
    let mut fields = line.split(separator).map(|field| {
        let field = field.trim_ascii();
        let quoted = field.strip_prefix('"').and_then(|field| field.strip_suffix('"'));
        quoted.map_or(field, str::trim_ascii)
    });
    let four = [fields.next()?, fields.next()?, fields.next()?, fields.next()?];
    fields.all(str::is_empty).then_some(four)
}

fn window(text: &str) -> Option<Range<u64>> {
    let (from, until) = text.split_once(" - ")?;
    let window = china::parse(from)?..china::parse(until)?;
    let width = u64::try_from(CONSOLE_WINDOW.as_millis()).ok()?;
    (window.end.checked_sub(window.start) == Some(width)).then_some(window)
}

fn calls(field: &str) -> Option<u64> {
    let digits = field.strip_suffix(TIMES).unwrap_or(field).trim_ascii();
    digits.parse().ok().filter(|_| are_digits(digits))
}

#[cfg(test)]
mod tests {
    use super::{Bad, Export, Reason};

    fn read(bytes: &[u8]) -> Export {
        let mut export = Export::default();
        export.add(bytes);
        export
    }

    /// Serials, beginning, calls.
    fn found(export: &Export) -> Vec<(String, u64, u64)> {
        export.rows().map(|row| (row.serials.join("+"), row.window.start, row.calls)).collect()
    }

    const AT_10_50: u64 = 1_521_427_801_000;

    #[test]
    fn tabs_commas_both_encodings_and_quotes_mean_the_same() {
        let utf8 = "流水编号\t处理时间\t备注\t消耗\n\
                    455784350650\t2018-03-19 10:50:01 - 2018-03-19 11:00:01\t套餐包消耗\t7次\n\
                    455765670650\t2018-03-19 10:40:01 - 2018-03-19 10:50:01\t套餐包消耗\t6次\n";
        let mut gbk =
            b"\xc1\xf7\xcb\xae\xb1\xe0\xba\xc5,\xb4\xa6\xc0\xed\xca\xb1\xbc\xe4,\xb1\xb8\xd7\xa2,\xcf\xfb\xba\xc4\r\n"
                .to_vec();
        for (serial, time, calls) in [
            ("455784350650\t", "2018-03-19 10:50:01 - 2018-03-19 11:00:01", "7"),
            ("455765670650\t", "2018-03-19 10:40:01 - 2018-03-19 10:50:01", "6"),
        ] {
            gbk.extend(
                [serial.as_bytes(), b",", time.as_bytes(), b",\xcc\xd7\xb2\xcd\xb0\xfc\xcf\xfb\xba\xc4,"].concat(),
            );
            gbk.extend([calls.as_bytes(), b"\xb4\xce\r\n"].concat());
        }
        let quoted = "\u{feff}\"455784350650\",\"2018-03-19 10:50:01 - 2018-03-19 11:00:01\",\"套餐包消耗\",\"7次\",\n\n\
                      455765670650,2018-03-19 10:40:01 - 2018-03-19 10:50:01,套餐包消耗,6";
        let expected = [("455765670650".to_owned(), AT_10_50 - 600_000, 6), ("455784350650".to_owned(), AT_10_50, 7)];
        for bytes in [utf8.as_bytes(), &gbk, quoted.as_bytes()] {
            let export = read(bytes);
            assert_eq!((found(&export), export.bad), (expected.to_vec(), vec![]));
        }
    }

    #[test]
    fn a_serial_counts_once_and_two_packages_add_up() {
        let row = "1\t2018-03-19 10:50:01 - 2018-03-19 11:00:01\t套餐包消耗\t7次\n";
        let export = read(format!("{row}{row}{}", row.replacen('1', "2", 1)).as_bytes());
        assert_eq!((found(&export), export.repeated), (vec![("1+2".to_owned(), AT_10_50, 14)], 1));
    }

    #[test]
    fn what_cannot_be_used_is_named_by_its_line() {
        let good = "1\t2018-03-19 10:50:01 - 2018-03-19 11:00:01\t套餐包消耗\t7次";
        for (line, reason) in [
            ("共有15条, 每页显示: 10条", Reason::Fields),
            ("", Reason::Fields),
            (&good.replacen('1', "4.5E+11", 1), Reason::Serial),
            (&good.replacen("1\t", "2\t", 1).replace("11:00:01", "11:10:01"), Reason::Window),
            (&good.replace("2018-03-19 1", "2018/3/19 1"), Reason::Window),
            (&good.replace("套餐包消耗", "退款"), Reason::Remark),
            (&good.replace("7次", "七次"), Reason::Calls),
            (&good.replace("7次", "-7次"), Reason::Calls),
            (&good.replace("7次", "8次"), Reason::Conflict),
            (&good.replacen("1\t", "2\t", 1).replace(":01", ":02"), Reason::Overlap),
            (&good.replacen("1\t", "2\t", 1).replace(":01", ":00"), Reason::Overlap),
        ] {
            let export = read(format!("{good}\n{line}\n{good}").as_bytes());
            let bad = if line.is_empty() { vec![] } else { vec![Bad { file: 1, line: 2, reason }] };
            assert_eq!((export.bad, export.repeated), (bad, 1), "{line}");
        }
    }
}
