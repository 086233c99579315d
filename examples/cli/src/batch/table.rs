//! Rows of the input, one after the other: never more than one in memory.

use std::io::{self, BufRead};

use zeroize::Zeroizing;

use super::source::Format;
use super::wrong::BatchWrong;
use crate::wrong::Value;

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

/// What is read of a row.
#[derive(Default)]
pub(super) struct Cells {
    pub(super) name: Zeroizing<String>,
    pub(super) id: Zeroizing<String>,
    pub(super) mobile: Option<Zeroizing<String>>,
}

/// A row.
pub(super) struct Row {
    /// Where it begins in the file, from 1.
    pub(super) line: u64,
    /// Or the word for why there are none.
    pub(super) cells: Result<Cells, &'static str>,
}

/// Why there is no table.
pub(super) enum Unusable {
    Read(io::Error),
    Columns(BatchWrong),
}

/// The rows of a file.
pub(super) enum Table {
    Csv { reader: Box<csv::Reader<Text>>, record: csv::StringRecord, columns: Columns },
    JsonLines { reader: Text, line: u64, memory: Zeroizing<Vec<u8>> },
}

type Text = Box<dyn BufRead + Send>;

/// Where the values stand.
pub(super) struct Columns {
    name: usize,
    id: usize,
    mobile: Option<usize>,
}

impl Table {
    pub(super) fn new(text: impl BufRead + Send + 'static, format: Format) -> Result<Self, Unusable> {
        // Every row ends with a line end, the last one too: so its lines can be counted.
        let text: Text = Box::new(text.chain(&b"\n"[..]));
        if format == Format::JsonLines {
            return Ok(Self::JsonLines { reader: text, line: 0, memory: Zeroizing::default() });
        }
        // A row may have too few cells: it is reported, and the others are asked.
        let mut reader = csv::ReaderBuilder::new()
            .flexible(true)
            .has_headers(true)
            .terminator(csv::Terminator::Any(b'\n'))
            .from_reader(text);
        let header = reader.headers().map_err(|error| Unusable::Read(io_error(error)))?;
        let columns = Columns::find(header).map_err(Unusable::Columns)?;
        Ok(Self::Csv { reader: Box::new(reader), record: csv::StringRecord::new(), columns })
    }

    /// Whether rows may have a mobile number. JSON lines have no header to tell.
    pub(super) const fn has_mobile(&self) -> bool {
        match self {
            Self::Csv { columns, .. } => columns.mobile.is_some(),
            Self::JsonLines { .. } => true,
        }
    }

    /// The next row, `None` at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<Row>> {
        if !self.skip()? {
            return Ok(None);
        }
        Ok(Some(match self {
            Self::Csv { reader, record, columns } => {
                let text = |at| record.get(at).unwrap_or_default();
                let cell = |at| Zeroizing::new(text(at).strip_suffix('\r').unwrap_or(text(at)).to_owned());
                // The reader's own count of a row's first line is one of an empty line before it.
                let inner: u64 = record.iter().flat_map(str::bytes).filter(|byte| *byte == b'\n').map(|_| 1).sum();
                let cells = Cells { name: cell(columns.name), id: cell(columns.id), mobile: columns.mobile.map(cell) };
                Row { line: reader.position().line().saturating_sub(inner + 1), cells: Ok(cells) }
            }
            Self::JsonLines { line, memory, .. } => Row { line: *line, cells: object(memory) },
        }))
    }

    /// Goes to the next row. `false` at the end.
    pub(super) fn skip(&mut self) -> io::Result<bool> {
        match self {
            Self::Csv { reader, record, .. } => loop {
                let is_row = reader.read_record(record).map_err(io_error)?;
                // An empty line that ends with CR LF.
                if !is_row || record.len() != 1 || record.get(0) != Some("\r") {
                    return Ok(is_row);
                }
            },
            Self::JsonLines { reader, line, memory } => loop {
                memory.clear();
                *line += 1;
                if reader.read_until(b'\n', memory)? == 0 {
                    return Ok(false);
                }
                if !memory.trim_ascii().is_empty() {
                    return Ok(true);
                }
            },
        }
    }
}

impl Columns {
    fn find(header: &csv::StringRecord) -> Result<Self, BatchWrong> {
        let column = |value, names: &[&str]| {
            let mut found = (0..).zip(header).filter(|(_, text)| names.contains(&plain(text).as_str()));
            match (found.next(), found.next()) {
                (Some(_), Some(_)) => Err(BatchWrong::Column { value, twice: true }),
                (found, _) => Ok(found.map(|(at, _)| at)),
            }
        };
        let needed = |value, names| column(value, names)?.ok_or(BatchWrong::Column { value, twice: false });
        Ok(Self {
            name: needed(Value::Name, &NAMES)?,
            id: needed(Value::Id, &IDS)?,
            mobile: column(Value::Mobile, &MOBILES)?,
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

/// The text is UTF-8 after decoding and rows may have any length, so that only reading can fail.
fn io_error(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        _ => io::ErrorKind::InvalidData.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Row, Table, Unusable};
    use crate::batch::source::Format;

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
            assert!(matches!(Table::new(text.as_bytes(), Format::Csv), Err(Unusable::Columns(_))), "{text}");
        }
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
