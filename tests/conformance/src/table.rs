//! Many replies of one shape.

use std::path::Path;

use crate::fault::FixtureError;
use crate::fixture::{Fixture, KEYS, build, label};
use crate::lines::Lines;

pub(crate) fn read(path: &Path) -> Result<Vec<Fixture>, FixtureError> {
    let text = std::fs::read_to_string(path).map_err(|error| FixtureError::new(path, 0, error.to_string()))?;
    let mut rows = text.lines().enumerate().map(|(at, line)| (at.saturating_add(1), line)).peekable();
    let mut source = Vec::new();
    while let Some((_, line)) = rows.next_if(|(_, line)| line.starts_with('#')) {
        source.push(line.trim_start_matches(['#', ' ']));
    }
    let mut common = Lines::new(path);
    common.set(0, "source", &source.join(" "));
    while let Some((number, line)) = rows.next_if(|(_, line)| !line.contains('\t')) {
        common.push(number, line.as_bytes())?;
    }
    let known: Vec<&str> = KEYS.iter().copied().chain(["documented", "body"]).collect();
    common.only(&known)?;
    let documented: Option<usize> = common.number("documented")?;
    let body = common.one("body")?.unwrap_or_default().to_owned();
    let Some((_, columns)) = rows.next() else { return Err(FixtureError::new(path, 0, "no line of columns")) };
    let columns: Vec<&str> = columns.split('\t').collect();

    let mut fixtures = Vec::new();
    for (number, line) in rows {
        let cells: Vec<&str> = line.split('\t').collect();
        if cells.len() != columns.len() {
            return Err(FixtureError::new(path, number, format!("{} columns, not {}", cells.len(), columns.len())));
        }
        let row: Vec<(&str, &str)> = columns.iter().copied().zip(cells).collect();
        fixtures.push(fixture(path, number, &common, &body, &row)?);
    }
    match documented {
        None if path.ends_with("codes.tsv") => {
            Err(FixtureError::new(path, 0, "no `documented`: how many rows has the source?"))
        }
        Some(documented) if documented != fixtures.len() => {
            Err(FixtureError::new(path, 0, format!("{} rows, but the source has {documented}", fixtures.len())))
        }
        _ => Ok(fixtures),
    }
}

fn fixture(
    path: &Path,
    number: usize,
    common: &Lines<'_>,
    body: &str,
    row: &[(&str, &str)],
) -> Result<Fixture, FixtureError> {
    let filled = |template: &str| {
        row.iter().fold(template.to_owned(), |text, (column, cell)| text.replace(&format!("{{{column}}}"), cell))
    };
    let mut lines = common.map(|value| match std::str::from_utf8(value) {
        Ok(text) => filled(text).into_bytes(),
        Err(_) => value.to_vec(),
    });
    let cell = |wanted: &str| row.iter().find(|(column, _)| *column == wanted).map(|(_, cell)| *cell);
    for (column, cell) in row.iter().filter(|(column, _)| KEYS.contains(column) && *column != "source") {
        lines.set(number, column, cell);
    }
    // What is kept of a code that is longer than a code may be.
    if let Some(kept) = cell("kept") {
        lines.set(number, "code", kept);
    }
    let code = cell("code").ok_or_else(|| FixtureError::new(path, number, "no column `code`"))?;
    let message = cell("message").unwrap_or_default();
    build(format!("{} {code} {message}", label(path)), &lines, filled(body).into_bytes())
}
