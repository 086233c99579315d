//! `cargo xtask privacy`: no number in the tree can be a living person's.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use crate::run::{Result, output, program, root};

const ALLOWED: &str = "tests/xtask/allowed-numbers.tsv";

/// Nobody born before this year is alive, so any number with an earlier birth date will do for a test.
const BORN_BEFORE: u32 = 1905;

pub(crate) fn run() -> Result {
    let allowed = Allowed::read()?;
    let mut used = BTreeSet::new();
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut command = program("git");
    command.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    for path in output(&mut command)?.split_terminator('\0') {
        // A file that was removed and not committed yet is listed as well.
        let Ok(bytes) = fs::read(root().join(path)) else { continue };
        if path == ALLOWED || bytes.contains(&0) {
            continue;
        }
        for (at, line) in String::from_utf8_lossy(&bytes).lines().enumerate() {
            for number in personal(line) {
                if let Some(entry) = allowed.entry(path, number) {
                    used.insert(entry);
                } else {
                    found.entry(number.to_owned()).or_default().push(format!("{path}:{}", at + 1));
                }
            }
        }
    }
    for (number, places) in &found {
        eprintln!("{number} could be somebody's: {}", places.join(", "));
    }
    if !found.is_empty() {
        return Err(format!(
            "{} numbers are neither synthetic nor listed with their source in {ALLOWED}. A synthetic one shows a birth \
             before {BORN_BEFORE} (110101190001010057) or is the mobile number 13000000000",
            found.len()
        ));
    }
    let stale: Vec<&str> =
        allowed.0.iter().filter(|entry| !used.contains(entry.as_str())).map(String::as_str).collect();
    if stale.is_empty() {
        Ok(())
    } else {
        Err(format!("{ALLOWED} lists what is not in the tree: {}", stale.join(", ")))
    }
}

/// Numbers, and paths of files any number of which is allowed.
struct Allowed(BTreeSet<String>);

impl Allowed {
    fn read() -> Result<Self> {
        let text = fs::read_to_string(root().join(ALLOWED)).map_err(|error| format!("{ALLOWED}: {error}"))?;
        let mut entries = BTreeSet::new();
        for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            match line.split_once('\t') {
                Some((entry, source)) if !source.trim().is_empty() => entries.insert(entry.to_owned()),
                _ => return Err(format!("{ALLOWED}: no source is given, behind a tab, for {line:?}")),
            };
        }
        Ok(Self(entries))
    }

    fn entry(&self, path: &str, number: &str) -> Option<&str> {
        self.0.get(path).or_else(|| self.0.get(number)).map(String::as_str)
    }
}

/// The numbers in a line that could be a living person's.
fn personal(line: &str) -> impl Iterator<Item = &str> {
    numbers(line).filter(|number| match number.len() {
        18 => is_recent(&number[..2], &number[6..14]),
        15 => is_recent(&number[..2], &format!("19{}", &number[6..12])),
        11 => is_mobile(number),
        _ => false,
    })
}

/// Runs of digits, with the X behind 17 of them. Those beside a hexadecimal letter are parts of hashes.
fn numbers(line: &str) -> impl Iterator<Item = &str> {
    let mut end = 0;
    std::iter::from_fn(move || {
        let start = end + line[end..].find(|c: char| c.is_ascii_digit())?;
        end = line[start..].find(|c: char| !c.is_ascii_digit()).map_or(line.len(), |length| start + length);
        if end - start == 17 && line[end..].starts_with(['X', 'x']) {
            end += 1;
        }
        let hexadecimal = |c: char| c.is_ascii_hexdigit();
        let alone = !line[..start].ends_with(hexadecimal) && !line[end..].starts_with(hexadecimal);
        Some(if alone { &line[start..end] } else { "" })
    })
}

/// Whether this is a known province and a calendar date on which somebody alive can have been born. The check character
/// does not count: a number with a typing error in it was somebody's before.
fn is_recent(province: &str, date: &str) -> bool {
    let number = |digits: &str| digits.parse::<u32>().unwrap_or(0);
    let (year, month, day) = (number(&date[..4]), number(&date[4..6]), number(&date[6..]));
    let known =
        matches!(number(province), 11..=15 | 21..=23 | 31..=37 | 41..=46 | 50..=54 | 61..=65 | 71 | 81..=83 | 91..=99);
    known && (BORN_BEFORE..=2100).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day)
}

fn is_mobile(number: &str) -> bool {
    let assigned = number.starts_with('1') && !number[1..].starts_with(['0', '1', '2']);
    assigned && !number.starts_with("13000000")
}

#[cfg(test)]
mod tests {
    use super::personal;

    fn found(line: &str) -> Vec<&str> {
        personal(line).collect()
    }

    #[test]
    fn finds_what_could_be_somebodys() {
        for number in [
            concat!("11010519", "8001010010"),
            concat!("11010519", "491231002X"),
            concat!("11010519", "491231002x"),
            concat!("1101058", "00101001"),
            concat!("138", "12345678"),
        ] {
            for line in [
                number.to_owned(),
                format!("idcard={number}&name="),
                format!("\"{number}\""),
                format!("a line with {number}, and more"),
                format!("\\n{number}\\n"),
                format!("全{number}全"),
            ] {
                assert_eq!(found(&line), [number], "{line}");
            }
        }
    }

    #[test]
    fn passes_the_rest() {
        for line in [
            "110101190001010057 11010119000101009X 110101000101005",
            "13000000000, 1646365291734, 100000000000000000",
            // No calendar date; no province; a longer number; a hash.
            "110105198013010010 000105198001010010 1101051980010100100 a1101051980010100b",
        ] {
            assert_eq!(found(line), Vec::<&str>::new(), "{line}");
        }
    }
}
