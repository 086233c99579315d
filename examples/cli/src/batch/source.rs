//! The input file: its format, its encoding, and what it is known by.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};

use encoding_rs::{Encoding, GB18030, UTF_8};
use heyan_cli::table::{Column, Format, Table, Unusable};
use sha2::{Digest, Sha256};

use super::wrong::BatchWrong;
use crate::wrong::{Value, Wrong};

/// What `--format` says, else the ending of the file's name.
pub(super) fn format(option: Option<&str>, path: &Path) -> Result<Format, BatchWrong> {
    let ending = path.extension().and_then(|ending| ending.to_str()).map(str::to_ascii_lowercase);
    match option.or(ending.as_deref()) {
        Some("csv" | "txt") => Ok(Format::Csv),
        Some("jsonl" | "ndjson" | "json") => Ok(Format::JsonLines),
        _ => Err(BatchWrong::Format),
    }
}

/// The file, read once to know it.
pub(super) struct Source {
    path: PathBuf,
    pub(super) format: Format,
    pub(super) encoding: &'static Encoding,
    content: [u8; 32],
}

impl Source {
    /// Text that is UTF-8 from its first to its last byte is taken for that, any other for GB 18030, which contains GBK
    /// and GB 2312. A byte order mark wins over both.
    pub(super) fn open(path: &Path, format: Format, encoding: Option<&str>) -> Result<Self, Wrong> {
        let encoding = match encoding {
            Some(label) => Some(Encoding::for_label(label.as_bytes()).ok_or(BatchWrong::Encoding)?),
            None => None,
        };
        let (content, is_utf8) = look(path).map_err(|error| unreadable(path, &error))?;
        let encoding = encoding.unwrap_or(if is_utf8 { UTF_8 } else { GB18030 });
        Ok(Self { path: path.to_owned(), format, encoding, content })
    }

    /// The rows, from the first.
    pub(super) fn table(&self) -> Result<Table, Wrong> {
        let mut file = File::open(&self.path).map_err(|error| unreadable(&self.path, &error))?;
        file.rewind().map_err(|error| unreadable(&self.path, &error))?;
        Table::encoded(file, self.encoding, self.format).map_err(|error| self.unusable(error))
    }

    fn unusable(&self, error: Unusable) -> Wrong {
        match error {
            Unusable::Read(error) => unreadable(&self.path, &error),
            Unusable::TooLong { line } => BatchWrong::RowTooLong { line }.into(),
            Unusable::Column { column, twice } => {
                let value = match column {
                    Column::Name => Value::Name,
                    Column::Id => Value::Id,
                    Column::Mobile => Value::Mobile,
                };
                BatchWrong::Column { value, twice }.into()
            }
        }
    }

    /// How many rows there are.
    pub(super) fn count(&self) -> Result<u64, Wrong> {
        let mut table = self.table()?;
        let mut rows = 0;
        while table.skip().map_err(|error| self.unusable(error))? {
            rows += 1;
        }
        Ok(rows)
    }

    /// What a job is known by: the content, and the settings that say what is asked of whom. `key` is secret, because a
    /// short file could be found again by trying all that it may say.
    pub(super) fn fingerprint(&self, key: &[u8], settings: &str) -> [u8; 32] {
        let format = match self.format {
            Format::Csv => "csv",
            Format::JsonLines => "jsonl",
        };
        let text = format!("{format} {} {settings}", self.encoding.name());
        let parts = [b"heyan batch 1".as_slice(), key, &self.content, text.as_bytes()];
        let digest = parts.iter().fold(Sha256::new(), |digest, part| {
            digest.chain_update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes()).chain_update(part)
        });
        digest.finalize().into()
    }

    /// Whether the file still says what it said at first.
    pub(super) fn is_unchanged(&self) -> bool {
        look(&self.path).is_ok_and(|(content, _)| content == self.content)
    }
}

fn unreadable(path: &Path, error: &io::Error) -> Wrong {
    BatchWrong::Input { path: path.to_owned(), kind: error.kind() }.into()
}

/// The hash of the content, and whether all of it is UTF-8.
fn look(path: &Path) -> io::Result<([u8; 32], bool)> {
    let mut file = File::open(path)?;
    let mut digest = Sha256::new();
    let mut memory = vec![0; 64 * 1024];
    let (mut kept, mut is_utf8) = (0, true);
    loop {
        let count = match file.read(memory.get_mut(kept..).unwrap_or_default()) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            count => count?,
        };
        let end = kept + count;
        let fresh = memory.get(kept..end).unwrap_or_default();
        digest.update(fresh);
        if count == 0 {
            return Ok((digest.finalize().into(), is_utf8 && kept == 0));
        }
        let seen = memory.get(..end).unwrap_or_default();
        let valid = match std::str::from_utf8(seen) {
            Ok(_) => end,
            // A character may go on in the next piece.
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            Err(_) => {
                is_utf8 = false;
                end
            }
        };
        memory.copy_within(valid..end, 0);
        kept = end - valid;
    }
}
