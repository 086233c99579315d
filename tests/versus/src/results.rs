//! The file of what was measured: lines of fields between tabs.
//!
//! | line | fields |
//! |---|---|
//! | `machine` | key, words |
//! | `time` | group, build, contender, nanoseconds for one (lower quartile, median, upper quartile), ratio to heyan (the same) |
//! | `growth` | group, column, how much, value |

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use crate::contest::Group;
use crate::growth::{Growth, Point};
use crate::stats::Spread;

/// One contender's time.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The group's key.
    pub group: String,
    /// The build, as [`machine::build`](crate::machine::build) names it.
    pub build: String,
    /// The contender's key.
    pub contender: String,
    /// Nanoseconds for one operation.
    pub nanoseconds: Spread,
    /// Times as long as heyan took in the same round.
    pub ratio: Spread,
}

/// Everything that was measured.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Results {
    /// What it was measured on, as [`machine::describe`](crate::machine::describe) gives it.
    pub machine: Vec<(String, String)>,
    /// Times.
    pub rows: Vec<Row>,
    /// What grows, by the key of its [`Growth`].
    pub growth: Vec<(String, Point)>,
}

const HEAD: &str = "# Written by `cargo xtask bench`, which draws the tables and pictures from it.\n";

impl Results {
    /// Those of one group, in the order in which they were measured.
    pub fn group(&self, key: &str) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(move |row| row.group == key)
    }

    /// Says which bounds of a group are missed.
    ///
    /// # Errors
    /// When one is, or was not measured.
    pub fn check_bounds(&self, group: &Group) -> Result<(), String> {
        let rows: BTreeMap<_, _> =
            self.group(group.key).map(|row| ((row.build.as_str(), row.contender.as_str()), row)).collect();
        let wrong: Vec<String> = group.bounds.iter().filter_map(|bound| bound.check(&rows).err()).collect();
        if wrong.is_empty() { Ok(()) } else { Err(wrong.join("; ")) }
    }

    /// Says which bounds of what grows are missed.
    ///
    /// # Errors
    /// When one is, or was not measured.
    pub fn check_growth(&self, growth: &Growth) -> Result<(), String> {
        let points: Vec<&Point> =
            self.growth.iter().filter(|(key, _)| key == growth.key).map(|(_, point)| point).collect();
        let wrong: Vec<String> = growth.bounds.iter().filter_map(|bound| bound.check(&points).err()).collect();
        if wrong.is_empty() { Ok(()) } else { Err(format!("{}: {}", growth.key, wrong.join("; "))) }
    }

    /// Puts what was measured anew in the place of what was measured before: a group of a build, or a column of
    /// what grows, at a time. The machine is that of the newer.
    pub fn replace_with(&mut self, newer: Self) {
        self.rows.retain(|old| !newer.rows.iter().any(|new| (&new.group, &new.build) == (&old.group, &old.build)));
        let is_newer =
            |old: &(String, Point)| newer.growth.iter().any(|new| (&new.0, &new.1.column) == (&old.0, &old.1.column));
        self.growth.retain(|old| !is_newer(old));
        self.rows.extend(newer.rows);
        self.growth.extend(newer.growth);
        self.machine = newer.machine;
    }

    /// Adds what was measured of what grows.
    pub fn add(&mut self, growth: &Growth, points: Vec<Point>) {
        self.growth.extend(points.into_iter().map(|point| (growth.key.to_owned(), point)));
    }

    /// The file.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = HEAD.to_owned();
        for (key, words) in &self.machine {
            let _ = writeln!(text, "machine\t{key}\t{words}");
        }
        for Row { group, build, contender, nanoseconds, ratio } in &self.rows {
            let _ = writeln!(text, "time\t{group}\t{build}\t{contender}\t{}\t{}", fields(nanoseconds), fields(ratio));
        }
        for (group, Point { at, column, value }) in &self.growth {
            let _ = writeln!(text, "growth\t{group}\t{column}\t{at}\t{value}");
        }
        text
    }

    /// Reads the file's text.
    ///
    /// # Errors
    /// The line that cannot be read.
    pub fn of_text(text: &str) -> Result<Self, String> {
        let mut results = Self::default();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            results.read_line(line).ok_or_else(|| format!("not a line of results: {line:?}"))?;
        }
        Ok(results)
    }

    fn read_line(&mut self, line: &str) -> Option<()> {
        match line.split('\t').collect::<Vec<_>>()[..] {
            ["machine", key, words] => self.machine.push((key.to_owned(), words.to_owned())),
            ["time", group, build, contender, low, median, high, ratio_low, ratio_median, ratio_high] => {
                self.rows.push(Row {
                    group: group.to_owned(),
                    build: build.to_owned(),
                    contender: contender.to_owned(),
                    nanoseconds: spread(low, median, high)?,
                    ratio: spread(ratio_low, ratio_median, ratio_high)?,
                });
            }
            ["growth", group, column, at, value] => {
                let point = Point { at: at.parse().ok()?, column: column.to_owned(), value: value.parse().ok()? };
                self.growth.push((group.to_owned(), point));
            }
            _ => return None,
        }
        Some(())
    }

    /// Reads the file.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub fn read(path: &Path) -> Result<Self, String> {
        let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        Self::of_text(&text).map_err(|why| format!("{}: {why}", path.display()))
    }
}

fn fields(spread: &Spread) -> String {
    format!("{:.4}\t{:.4}\t{:.4}", spread.low, spread.median, spread.high)
}

fn spread(low: &str, median: &str, high: &str) -> Option<Spread> {
    Some(Spread { low: low.parse().ok()?, median: median.parse().ok()?, high: high.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::{Results, Row};
    use crate::growth::Point;
    use crate::stats::Spread;

    fn row(group: &str, build: &str, median: f64) -> Row {
        let spread = Spread { low: 0.5, median, high: 2.5 };
        let (group, build, contender) = (group.to_owned(), build.to_owned(), "heyan".to_owned());
        Row { group, build, contender, nanoseconds: spread, ratio: spread }
    }

    fn point(column: &str) -> Point {
        Point { at: 8, column: column.to_owned(), value: 0.25 }
    }

    #[test]
    fn the_file_holds_everything() {
        let results = Results {
            machine: vec![("cpu".to_owned(), "a processor".to_owned())],
            rows: vec![row("numbers", "x86_64", 1.5), row("numbers", "x86-64-v3", 1.25)],
            growth: vec![("threads".to_owned(), point("ns"))],
        };
        assert_eq!(Results::of_text(&results.to_text()), Ok(results));
        assert!(Results::of_text("time\tnumbers\n").unwrap_err().contains("numbers"));
    }

    #[test]
    fn newer_ones_take_the_place() {
        let mut results = Results {
            rows: vec![row("a", "x86_64", 1.0), row("a", "x86-64-v3", 1.0), row("b", "x86_64", 1.0)],
            growth: vec![
                ("rows".to_owned(), point("ns")),
                ("rows".to_owned(), point("bytes")),
                ("threads".to_owned(), point("bytes")),
            ],
            ..Results::default()
        };
        results.replace_with(Results {
            rows: vec![row("a", "x86_64", 2.0)],
            growth: vec![("rows".to_owned(), Point { value: 0.5, ..point("bytes") })],
            ..Results::default()
        });
        assert_eq!(results.rows, [row("a", "x86-64-v3", 1.0), row("b", "x86_64", 1.0), row("a", "x86_64", 2.0)]);
        let newer = Point { value: 0.5, ..point("bytes") };
        let (rows, threads) = ("rows".to_owned(), "threads".to_owned());
        assert_eq!(results.growth, [(rows.clone(), point("ns")), (threads, point("bytes")), (rows, newer)]);
    }
}
