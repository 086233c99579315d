//! Tables in the READMEs, between markers. `tests/device` includes this file too.

use std::fs;
use std::path::Path;

/// The lines between which a table stands: `<!-- NAME:begin -->` and `<!-- NAME:end -->`.
fn markers(name: &str) -> (String, String) {
    (format!("<!-- {name}:begin -->\n"), format!("<!-- {name}:end -->\n"))
}

/// Replaces what stands between the markers.
pub(crate) fn write(path: &Path, name: &str, table: &str) -> Result<(), String> {
    let text = read(path)?;
    let (before, _, after) = parts(name, &text).ok_or_else(|| missing(path, name))?;
    fs::write(path, format!("{before}{table}{after}")).map_err(|error| format!("{}: {error}", path.display()))
}

/// Says whether it is what stands between the markers, and if not, which command writes it.
pub(crate) fn check(path: &Path, name: &str, table: &str, command: &str) -> Result<(), String> {
    if parts(name, &read(path)?).ok_or_else(|| missing(path, name))?.1 == table {
        return Ok(());
    }
    Err(format!("the table in {} is not the baseline's: {command}", path.display()))
}

/// A line of a table: what was measured, and the bound if there is one.
pub(crate) fn row(title: &str, unit: &str, count: u64, bound: Option<u64>) -> String {
    let beside = match bound {
        None => "| |".to_owned(),
        Some(0) => "0 | |".to_owned(),
        Some(bound) => format!("{} | {} % |", grouped(bound), (count * 100).div_ceil(bound)),
    };
    format!("| {title} | {unit} | {} | {beside}\n", grouped(count))
}

/// With a comma between thousands.
pub(crate) fn grouped(count: u64) -> String {
    if count < 1000 { count.to_string() } else { format!("{},{:03}", grouped(count / 1000), count % 1000) }
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}

/// Up to and with the first marker, between the two, and from the second one on.
fn parts<'t>(name: &str, text: &'t str) -> Option<(&'t str, &'t str, &'t str)> {
    let (begin, end) = markers(name);
    let from = text.find(&begin)? + begin.len();
    let to = from + text.get(from..)?.find(&end)?;
    Some((text.get(..from)?, text.get(from..to)?, text.get(to..)?))
}

fn missing(path: &Path, name: &str) -> String {
    let (begin, end) = markers(name);
    format!("{} has no line {:?} with a line {:?} after it", path.display(), begin.trim(), end.trim())
}

#[cfg(test)]
mod tests {
    use std::{env, fs, process};

    use super::{check, grouped, parts, row, write};

    #[test]
    fn what_was_written_is_found_and_nothing_else() {
        let path = env::temp_dir().join(format!("heyan-readme-{}-{}.md", env!("CARGO_PKG_NAME"), process::id()));
        fs::write(&path, "a\n<!-- x:begin -->\nold\n<!-- x:end -->\nb\n").unwrap();
        assert!(check(&path, "x", "new\n", "write it").unwrap_err().contains("write it"));
        write(&path, "x", "new\n").unwrap();
        assert_eq!(check(&path, "x", "new\n", ""), Ok(()));
        assert!(check(&path, "y", "new\n", "").unwrap_err().contains("y:begin"));
        let text = fs::read_to_string(&path).unwrap();
        fs::remove_file(&path).unwrap();
        assert_eq!(text, "a\n<!-- x:begin -->\nnew\n<!-- x:end -->\nb\n");
    }

    #[test]
    fn groups_thousands() {
        for (count, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_002_003, "1,002,003")] {
            assert_eq!(grouped(count), text);
        }
    }

    #[test]
    fn shows_bounds_where_there_are_any() {
        assert_eq!(row("a", "u", 1501, Some(3000)), "| a | u | 1,501 | 3,000 | 51 % |\n");
        assert_eq!(row("a", "u", 0, Some(0)), "| a | u | 0 | 0 | |\n");
        assert_eq!(row("a", "u", 7, None), "| a | u | 7 | | |\n");
    }

    #[test]
    fn finds_the_markers() {
        let text = "a\n<!-- bench:begin -->\nb\n<!-- bench:end -->\nc\n";
        assert_eq!(parts("bench", text), Some(("a\n<!-- bench:begin -->\n", "b\n", "<!-- bench:end -->\nc\n")));
        assert_eq!(parts("bench", "<!-- bench:end -->\n<!-- bench:begin -->\n"), None);
        assert_eq!(parts("device", text), None);
    }
}
