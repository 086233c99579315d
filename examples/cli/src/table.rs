//! Rows of a CSV or JSON lines file, one after the other: never more than one in memory, and never more of one than
//! [`ROW_MAX`].
//!
//! ```
//! use heyan_cli::table::{Format, Table};
//!
//! let mut table = Table::new("姓名,身份证号\n张三,11010119000101009X\n".as_bytes(), Format::Csv)?;
//! let row = table.next()?.ok_or("no row")?;
//! assert_eq!((row.line, row.cells?.name.as_str()), (2, "张三"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::fmt;
use std::io::{self, BufRead, BufReader, Read};

use encoding_rs::Encoding;
use encoding_rs_io::DecodeReaderBytesBuilder;
use zeroize::Zeroizing;

/// Longest row in bytes of UTF-8, without quotes and separators. The longest cell of a spreadsheet has 32,767 characters,
/// the longest row of use some 300 bytes. A quote that is never closed makes the rest of a file one row.
pub const ROW_MAX: usize = 64 * 1024;
/// Most columns of a row.
pub const COLUMNS_MAX: usize = 4096;

/// Names of columns, without case, spaces and underscores.
const NAMES: [&str; 5] = ["姓名", "名字", "name", "fullname", "realname"];
const IDS: [&str; 11] = [
    "身份证号",
    "身份证号码",
    "身份证",
    "证件号码",
    "证件号",
    "公民身份号码",
    "id",
    "idnumber",
    "idcard",
    "idno",
    "idcardno",
];
const MOBILES: [&str; 8] = ["手机号", "手机", "手机号码", "电话", "联系电话", "mobile", "phone", "phonenumber"];

/// How rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// RFC 4180, with the names of the columns in the first row. Lines end with LF or CR LF.
    Csv,
    /// One JSON object a line.
    JsonLines,
}

/// What is read of a row.
#[derive(Default)]
pub struct Cells {
    /// The name; empty if there is none.
    pub name: Zeroizing<String>,
    /// The identity number; empty if there is none.
    pub id: Zeroizing<String>,
    /// The mobile number, if there may be one.
    pub mobile: Option<Zeroizing<String>>,
}

impl fmt::Debug for Cells {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cells(redacted)")
    }
}

/// A row.
#[derive(Debug)]
pub struct Row {
    /// Where it begins in the file, from 1.
    pub line: u64,
    /// Or the word for why there are none.
    pub cells: Result<Cells, &'static str>,
}

/// A column that a person is read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Column {
    Name,
    Id,
    Mobile,
}

/// Why there is no table, or no further row.
#[derive(Debug)]
pub enum Unusable {
    /// It cannot be read.
    Read(io::Error),
    /// The row that begins in this line, from 1, is longer than [`ROW_MAX`] or has more columns than [`COLUMNS_MAX`].
    TooLong {
        /// The line.
        line: u64,
    },
    /// The first row names no such column, or more than one.
    Column {
        /// Which.
        column: Column,
        /// More than one.
        twice: bool,
    },
}

impl From<io::Error> for Unusable {
    fn from(error: io::Error) -> Self {
        Self::Read(error)
    }
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(error) => write!(f, "{}", error.kind()),
            Self::TooLong { line } => {
                write!(f, "line {line}: the row is longer than {ROW_MAX} bytes or {COLUMNS_MAX} columns")
            }
            Self::Column { column, twice: true } => write!(f, "more than one column for {column:?}"),
            Self::Column { column, twice: false } => write!(f, "no column for {column:?}"),
        }
    }
}

impl std::error::Error for Unusable {}

/// The rows of a file.
pub struct Table(Kind);

enum Kind {
    Csv(Csv),
    JsonLines { text: Text, line: u64, row: Zeroizing<Vec<u8>> },
}

type Text = Box<dyn BufRead + Send>;

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Table").finish_non_exhaustive()
    }
}

impl Table {
    /// The rows of bytes in this encoding. A byte order mark at their beginning is left out, and wins over it.
    ///
    /// # Errors
    /// As [`Table::new`].
    pub fn encoded(
        bytes: impl Read + Send + 'static,
        encoding: &'static Encoding,
        format: Format,
    ) -> Result<Self, Unusable> {
        let mut builder = DecodeReaderBytesBuilder::new();
        builder.encoding(Some(encoding)).bom_override(true).strip_bom(true);
        Self::new(BufReader::new(builder.build(bytes)), format)
    }

    /// The rows of a text in UTF-8.
    ///
    /// # Errors
    /// [`Unusable`]: the first row cannot be read, or does not name the columns.
    pub fn new(text: impl BufRead + Send + 'static, format: Format) -> Result<Self, Unusable> {
        // Every row ends with a line end, the last one too: so its lines can be counted.
        let text: Text = Box::new(text.chain(&b"\n"[..]));
        Ok(Self(match format {
            Format::JsonLines => {
                Kind::JsonLines { text, line: 0, row: Zeroizing::new(Vec::with_capacity(ROW_MAX + 2)) }
            }
            Format::Csv => Kind::Csv(Csv::new(text)?),
        }))
    }

    /// Whether rows may have a mobile number. JSON lines have no header to tell.
    #[must_use]
    pub const fn has_mobile(&self) -> bool {
        match &self.0 {
            Kind::Csv(csv) => csv.columns.mobile.is_some(),
            Kind::JsonLines { .. } => true,
        }
    }

    /// The next row, `None` at the end.
    ///
    /// # Errors
    /// [`Unusable::Read`], [`Unusable::TooLong`]. There are no rows behind it.
    #[expect(clippy::should_implement_trait, reason = "an iterator would go on after an error")]
    pub fn next(&mut self) -> Result<Option<Row>, Unusable> {
        if !self.skip()? {
            return Ok(None);
        }
        Ok(Some(match &self.0 {
            Kind::Csv(csv) => Row { line: csv.line, cells: Ok(csv.cells()) },
            Kind::JsonLines { line, row, .. } => Row { line: *line, cells: object(row) },
        }))
    }

    /// Goes to the next row. `false` at the end.
    ///
    /// # Errors
    /// As [`Table::next`].
    pub fn skip(&mut self) -> Result<bool, Unusable> {
        match &mut self.0 {
            Kind::Csv(csv) => csv.advance(),
            Kind::JsonLines { text, line, row } => loop {
                row.clear();
                *line += 1;
                let limit = u64::try_from(ROW_MAX + 2).unwrap_or(u64::MAX);
                if text.by_ref().take(limit).read_until(b'\n', row)? == 0 {
                    return Ok(false);
                }
                if row.len() > ROW_MAX && row.trim_ascii_end().len() > ROW_MAX {
                    return Err(Unusable::TooLong { line: *line });
                }
                if !row.trim_ascii().is_empty() {
                    return Ok(true);
                }
            },
        }
    }
}

/// Rows by `csv-core`, in memory of a fixed size: what reads into memory of its own takes a row of any length.
struct Csv {
    text: Text,
    reader: Box<csv_core::Reader>,
    /// The cells of a row, one behind the other, and where each ends.
    row: Zeroizing<Vec<u8>>,
    ends: Vec<usize>,
    count: usize,
    /// Where the row begins.
    line: u64,
    columns: Columns,
}

/// Where the values stand.
#[derive(Default)]
struct Columns {
    name: usize,
    id: usize,
    mobile: Option<usize>,
}

impl Csv {
    fn new(text: Text) -> Result<Self, Unusable> {
        let reader = csv_core::ReaderBuilder::new().terminator(csv_core::Terminator::Any(b'\n')).build();
        let mut csv = Self {
            text,
            reader: Box::new(reader),
            // It says that there is no room left before it knows that none is needed.
            row: Zeroizing::new(vec![0; ROW_MAX + 1]),
            ends: vec![0; COLUMNS_MAX + 1],
            count: 0,
            line: 0,
            columns: Columns::default(),
        };
        csv.advance()?;
        csv.columns = csv.find_columns()?;
        Ok(csv)
    }

    fn advance(&mut self) -> Result<bool, Unusable> {
        loop {
            let is_row = self.read()?;
            // An empty line that ends with CR LF.
            if !is_row || self.count != 1 || self.cell(0) != b"\r" {
                return Ok(is_row);
            }
        }
    }

    fn read(&mut self) -> Result<bool, Unusable> {
        let (mut len, mut count) = (0, 0);
        loop {
            let input = match self.text.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                input => input?,
            };
            let row = self.row.get_mut(len..).unwrap_or_default();
            let ends = self.ends.get_mut(count..).unwrap_or_default();
            let (result, read, written, ended) = self.reader.read_record(input, row, ends);
            // A quote that is open at the end swallowed the last line end.
            let is_ended = !input.is_empty();
            self.text.consume(read);
            len += written;
            count += ended;
            let inner = self.row.iter().take(len).filter(|byte| **byte == b'\n').count();
            // The reader counts line ends; that of the row itself comes last.
            let begins = |own: u64| self.reader.line().saturating_sub(u64::try_from(inner).unwrap_or(u64::MAX) + own);
            match result {
                csv_core::ReadRecordResult::InputEmpty => {}
                csv_core::ReadRecordResult::OutputFull | csv_core::ReadRecordResult::OutputEndsFull => {
                    return Err(Unusable::TooLong { line: begins(0) });
                }
                csv_core::ReadRecordResult::Record => {
                    self.line = begins(is_ended.into());
                    self.count = count;
                    return Ok(true);
                }
                csv_core::ReadRecordResult::End => {
                    self.count = 0;
                    return Ok(false);
                }
            }
        }
    }

    /// A cell, empty beyond the last one: a row may have too few, so that it is reported and the others are asked.
    fn cell(&self, at: usize) -> &[u8] {
        let end = |at: usize| self.ends.get(..self.count).and_then(|ends| ends.get(at)).copied();
        let Some(end_here) = end(at) else { return b"" };
        let start = at.checked_sub(1).and_then(end).unwrap_or(0);
        self.row.get(start..end_here).unwrap_or_default()
    }

    fn text(&self, at: usize) -> Zeroizing<String> {
        let cell = self.cell(at);
        let cell = cell.strip_suffix(b"\r").unwrap_or(cell);
        Zeroizing::new(String::from_utf8_lossy(cell).into_owned())
    }

    fn cells(&self) -> Cells {
        let Columns { name, id, mobile } = self.columns;
        Cells { name: self.text(name), id: self.text(id), mobile: mobile.map(|mobile| self.text(mobile)) }
    }

    fn find_columns(&self) -> Result<Columns, Unusable> {
        let header: Vec<String> = (0..self.count).map(|at| plain(&self.text(at))).collect();
        let find = |column, names: &[&str]| {
            let mut found = (0..).zip(&header).filter(|(_, text)| names.contains(&text.as_str()));
            match (found.next(), found.next()) {
                (Some(_), Some(_)) => Err(Unusable::Column { column, twice: true }),
                (found, _) => Ok(found.map(|(at, _)| at)),
            }
        };
        let needed = |column, names| find(column, names)?.ok_or(Unusable::Column { column, twice: false });
        Ok(Columns {
            name: needed(Column::Name, &NAMES)?,
            id: needed(Column::Id, &IDS)?,
            mobile: find(Column::Mobile, &MOBILES)?,
        })
    }
}

/// A column's name as the tables above have it.
fn plain(text: &str) -> String {
    let kept = text.chars().filter(|character| !character.is_whitespace() && !"_-\u{FEFF}".contains(*character));
    kept.flat_map(char::to_lowercase).collect()
}

/// The values of an object. Numbers are taken for their digits.
fn object(line: &[u8]) -> Result<Cells, &'static str> {
    let Ok(serde_json::Value::Object(members)) = serde_json::from_slice(line) else { return Err("not_an_object") };
    let mut cells = Cells::default();
    for (key, value) in members {
        let text = match value {
            serde_json::Value::String(text) => text,
            serde_json::Value::Number(number) => number.to_string(),
            serde_json::Value::Null => continue,
            _ => String::new(),
        };
        let (key, text) = (plain(&key), Zeroizing::new(text));
        if NAMES.contains(&key.as_str()) {
            cells.name = text;
        } else if IDS.contains(&key.as_str()) {
            cells.id = text;
        } else if MOBILES.contains(&key.as_str()) {
            cells.mobile = Some(text);
        }
    }
    Ok(cells)
}

#[cfg(test)]
mod tests {
    use super::{Format, ROW_MAX, Row, Table, Unusable};

    fn rows(text: &'static str, format: Format) -> Vec<(u64, Result<[String; 3], &'static str>)> {
        let Ok(mut table) = Table::new(text.as_bytes(), format) else { panic!("no table") };
        let mut rows = Vec::new();
        while let Some(Row { line, cells }) = table.next().unwrap() {
            let cells = cells.map(|cells| {
                let mobile = cells.mobile.as_ref().map(|mobile| mobile.to_string()).unwrap_or_default();
                [cells.name.to_string(), cells.id.to_string(), mobile]
            });
            rows.push((line, cells));
        }
        rows
    }

    #[test]
    fn columns_are_found_by_name() {
        let text = "no,ID_Number,手机 号,Name\r\n1,a,b,c\r\n\r\n\n2,\"d\ne\"\n3,f,g,\"h\"\r\n4,j,k,l";
        let row = |cells: [&str; 3]| Ok(cells.map(str::to_owned));
        let expected = [
            (2, row(["c", "a", "b"])),
            (5, row(["", "d\ne", ""])),
            (7, row(["h", "f", "g"])),
            (8, row(["l", "j", "k"])),
        ];
        assert_eq!(rows(text, Format::Csv), expected);
        for text in ["name,phone\n", "", "name,id,身份证\n"] {
            assert!(matches!(Table::new(text.as_bytes(), Format::Csv), Err(Unusable::Column { .. })), "{text}");
        }
    }

    #[test]
    fn a_quote_that_stays_open_begins_where_it_does() {
        let found: Vec<u64> = rows("name,id\na,b\n\"c\nd\n", Format::Csv).iter().map(|(line, _)| *line).collect();
        assert_eq!(found, [2, 3]);
    }

    #[test]
    fn a_row_without_an_end_takes_no_memory_without_one() {
        let open_quote = format!("name,id\na,b\n\"{}", "c\n".repeat(ROW_MAX));
        let wide = format!("name,id\na,b\nc{}\n", ",".repeat(ROW_MAX));
        let object = format!("{{}}\n{{}}\n[{}", " ".repeat(ROW_MAX) + "1");
        for (text, format) in [(open_quote, Format::Csv), (wide, Format::Csv), (object, Format::JsonLines)] {
            let mut table = Table::new(std::io::Cursor::new(text), format).unwrap();
            while table.next().map(|row| assert!(row.is_some())).is_ok() {}
            // Nothing is behind it but what the rest is taken for.
            let mut fresh = table;
            assert!(!matches!(fresh.skip(), Err(Unusable::Read(_))));
        }
        let long = format!("name,id\n{},b\n", "c".repeat(ROW_MAX - 1));
        assert!(Table::new(std::io::Cursor::new(long), Format::Csv).unwrap().next().unwrap().is_some());
        let longer = format!("name,id\n\n\"\n{}\"\n", "c".repeat(ROW_MAX));
        let error = Table::new(std::io::Cursor::new(longer), Format::Csv).unwrap().next().unwrap_err();
        assert!(matches!(error, Unusable::TooLong { line: 3 }), "{error}");
    }

    #[test]
    fn a_line_is_an_object() {
        let text = "{\"姓名\":\"a\",\"id\":1,\"phone\":null}\n\n[]\n{\n{\"mobile\":13000000000}";
        let row = |cells: [&str; 3]| Ok(cells.map(str::to_owned));
        let expected = [
            (1, row(["a", "1", ""])),
            (3, Err("not_an_object")),
            (4, Err("not_an_object")),
            (5, row(["", "", "13000000000"])),
        ];
        assert_eq!(rows(text, Format::JsonLines), expected);
    }
}
