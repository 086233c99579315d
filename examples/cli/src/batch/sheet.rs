//! The output: a row for each row of the input, in its order, complete or not there.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use heyan_cli::table::Format;
use serde::Serialize;

use super::job::Ended;
use super::lock;
use super::wrong::BatchWrong;
use crate::ending::machine_words;

/// What may be shown of the person.
#[derive(Clone, Default)]
pub(super) struct Shown {
    /// With `--reveal`.
    pub(super) name: Option<String>,
    /// Masked, or in clear with `--reveal`.
    pub(super) id: String,
    /// With `--reveal`.
    pub(super) mobile: Option<String>,
}

/// How it came out for a row.
pub(super) enum Outcome {
    Ended(Ended),
    /// The word for what is wrong with it. Nobody was asked.
    Bad(&'static str),
}

/// One row of the output.
#[derive(Serialize)]
struct Line<'l> {
    row: u64,
    line: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'l str>,
    id: &'l str,
    #[serde(skip_serializing_if = "Option::is_none")]
    mobile: Option<&'l str>,
    verdict: Option<&'l str>,
    refusal: Option<&'l str>,
    error: Option<&'l str>,
    reason: Option<&'l str>,
    code: Option<&'l str>,
    billing: &'l str,
    reference: Option<&'l str>,
    provider: Option<&'l str>,
}

/// The file that becomes the output.
pub(super) struct Sheet {
    writer: Writer,
    part: PathBuf,
    output: PathBuf,
    reveal: bool,
}

enum Writer {
    Csv(Box<csv::Writer<BufWriter<File>>>),
    JsonLines(BufWriter<File>),
}

impl Sheet {
    /// Begins it as `OUTPUT.part`; nobody else writes there meanwhile.
    pub(super) fn begin(output: &Path, format: Format, reveal: bool) -> Result<Self, BatchWrong> {
        let part = lock::beside(output, ".part");
        let file = lock::locked(&part)?;
        file.set_len(0).map_err(|error| BatchWrong::Output { path: part.clone(), kind: error.kind() })?;
        let file = BufWriter::new(file);
        let writer = match format {
            Format::Csv => Writer::Csv(Box::new(csv::WriterBuilder::new().has_headers(false).from_writer(file))),
            Format::JsonLines => Writer::JsonLines(file),
        };
        Ok(Self { writer, part, output: output.to_owned(), reveal })
    }

    /// The names of the columns. Lines of JSON name their own.
    pub(super) fn head(&mut self) -> io::Result<()> {
        let Writer::Csv(writer) = &mut self.writer else { return Ok(()) };
        let (name, mobile) = if self.reveal { (Some("name"), Some("mobile")) } else { (None, None) };
        let rest = ["verdict", "refusal", "error", "reason", "code", "billing", "reference", "provider"];
        let columns = ["row", "line"].into_iter().chain(name).chain(["id"]).chain(mobile).chain(rest);
        Ok(writer.write_record(columns)?)
    }

    pub(super) fn write(&mut self, row: u64, line: u64, shown: &Shown, outcome: &Outcome) -> io::Result<()> {
        let empty = || self.reveal.then_some("");
        let base = Line {
            row,
            line,
            name: shown.name.as_deref().or(empty()),
            id: &shown.id,
            mobile: shown.mobile.as_deref().or(empty()),
            verdict: None,
            refusal: None,
            error: None,
            reason: None,
            code: None,
            billing: "free",
            reference: None,
            provider: None,
        };
        let line = match outcome {
            Outcome::Bad(reason) => Line { error: Some("bad_row"), reason: Some(reason), ..base },
            Outcome::Ended(ended) => {
                let [verdict, refusal, error] = machine_words(ended.class);
                Line {
                    verdict,
                    refusal,
                    error,
                    code: ended.code.as_deref(),
                    billing: ended.billing.word(),
                    reference: ended.reference.as_deref(),
                    provider: ended.provider.as_deref(),
                    ..base
                }
            }
        };
        match &mut self.writer {
            Writer::Csv(writer) => Ok(writer.serialize(&line)?),
            Writer::JsonLines(writer) => {
                serde_json::to_writer(&mut *writer, &line)?;
                writeln!(writer)
            }
        }
    }

    /// What was written so far, for those who look on.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        match &mut self.writer {
            Writer::Csv(writer) => writer.flush(),
            Writer::JsonLines(writer) => writer.flush(),
        }
    }

    /// Gives it its name, when all of it is on the drive.
    pub(super) fn finish(mut self) -> io::Result<()> {
        self.flush()?;
        let file = match self.writer {
            Writer::Csv(writer) => writer.into_inner().map_err(csv::IntoInnerError::into_error)?,
            Writer::JsonLines(writer) => writer,
        };
        let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.sync_all()?;
        fs::rename(&self.part, &self.output)?;
        // The name is part of the folder. Windows cannot open one, and does not need to.
        #[cfg(unix)]
        {
            let folder = self.output.parent().filter(|folder| !folder.as_os_str().is_empty());
            File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
        }
        Ok(())
    }
}
