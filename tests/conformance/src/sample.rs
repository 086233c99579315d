//! One request that a document shows.

use std::path::Path;

use crate::fault::FixtureError;
use crate::fixture::{Asked, label, split};

/// One request that a document shows, and whether it is the one that is written.
///
/// A file `NAME.request` has the keys `source`, `note` and `asked` of a reply, and `method`, `target`, `content-type` as
/// the request has them, `expect` as in [`Expected`]; behind `---` stands the body.
#[derive(Clone, Debug)]
pub struct Sample {
    /// Folder and file.
    pub name: String,
    /// Where the request comes from.
    pub source: String,
    /// Who is asked for.
    pub asked: Asked,
    /// What must come of it.
    pub expected: Expected,
    /// `GET` or `POST`.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// `Content-Type`, if there is a body.
    pub content_type: Option<String>,
    /// The body, empty for GET.
    pub body: Vec<u8>,
}

/// What must come of a sample request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    /// `same`: it is written as the document shows it.
    Same,
    /// `name`: the name is refused before a call.
    Name,
    /// `id_number REASON`: the number is refused before a call, for that reason.
    IdNumber(String),
    /// `inquiry`: the provider cannot be asked like that.
    Inquiry,
}

pub(crate) fn read(path: &Path) -> Result<Sample, FixtureError> {
    let (lines, body) = split(path)?;
    lines.only(&["source", "note", "asked", "expect", "method", "target", "content-type"])?;
    let expected = match lines.required("expect")?.split_once(' ') {
        Some(("id_number", reason)) => Expected::IdNumber(reason.to_owned()),
        None if lines.required("expect")? == "same" => Expected::Same,
        None if lines.required("expect")? == "name" => Expected::Name,
        None if lines.required("expect")? == "inquiry" => Expected::Inquiry,
        _ => return Err(FixtureError::new(path, 0, "`expect` is none of the known words")),
    };
    Ok(Sample {
        name: label(path),
        source: lines.required("source")?.to_owned(),
        asked: Asked::parse(&lines)?,
        expected,
        method: lines.required("method")?.to_owned(),
        target: lines.required("target")?.to_owned(),
        content_type: lines.one("content-type")?.map(str::to_owned),
        body,
    })
}
