//! What the READMEs show, in their language.

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::contest::{Bound, Group, Unit};
use crate::growth::Growth;
use crate::readme::grouped;
use crate::results::{Results, Row};
use crate::stats::honest;
use crate::{Language, Text, groups};

/// The machine, and every group with its picture and its table.
#[must_use]
pub fn versus(results: &Results, language: Language) -> String {
    let mut page = machine(results, language);
    for group in groups::ALL {
        if results.group(group.key).next().is_some() {
            let _ = write!(page, "\n**{}**\n\n", group.title.in_language(language));
            let _ = writeln!(page, "![{}]({})\n", group.title.in_language(language), picture(group));
            page += &times(results, group, language);
        }
    }
    page
}

/// A table for everything that grows.
#[must_use]
pub fn growth(results: &Results, language: Language) -> String {
    let mut page = String::new();
    for growth in groups::GROWTH {
        if results.growth.iter().any(|(key, _)| key == growth.key) {
            if !page.is_empty() {
                page.push('\n');
            }
            page += &grown(results, growth, language);
        }
    }
    page
}

/// Where a group's picture is, from the root.
#[must_use]
pub fn picture(group: &Group) -> String {
    format!("tests/versus/pictures/{}.svg", group.key)
}

/// The contenders' rows that were measured, in the order of the table: build by build.
#[must_use]
pub fn ordered<'r>(results: &'r Results, group: &Group) -> Vec<(&'static str, Text, &'r Row)> {
    let mut builds: Vec<&str> = Vec::new();
    for row in results.group(group.key) {
        if !builds.contains(&row.build.as_str()) {
            builds.push(&row.build);
        }
    }
    builds.sort_by_key(|build| build.contains('-'));
    let mut ordered = Vec::new();
    for build in builds {
        for contender in group.contenders {
            // Of a build with flags, those that something is claimed of.
            let claimed = |bound: &Bound| bound.build == build && [bound.slower, bound.faster].contains(&contender.key);
            if build.contains('-') && !group.bounds.iter().any(claimed) {
                continue;
            }
            let of = |row: &&Row| row.build == build && row.contender == contender.key;
            ordered.extend(results.group(group.key).find(of).map(|row| (contender.name.en, contender.note, row)));
        }
    }
    ordered
}

fn machine(results: &Results, language: Language) -> String {
    let of = |wanted: &str| {
        results.machine.iter().find(|(key, _)| key == wanted).map_or("?", |(_, words)| words.as_str()).to_owned()
    };
    let (cpu, cores, kernel, rustc) = (of("cpu"), of("cores"), of("kernel"), of("rustc"));
    match language {
        Language::English => format!("{cpu}, {cores} cores, {kernel}, rustc {rustc}.\n"),
        Language::Chinese => format!("{cpu}，{cores} 核，{kernel}，rustc {rustc}。\n"),
    }
}

fn times(results: &Results, group: &Group, language: Language) -> String {
    let head = match group.unit {
        Unit::Nanoseconds(each) => match language {
            Language::English => format!("ns per {}", each.en),
            Language::Chinese => format!("每{}纳秒", each.zh),
        },
        Unit::PerSecond(each) => match language {
            Language::English => format!("{} per second", each.en),
            Language::Chinese => format!("每秒{}", each.zh),
        },
    };
    let (quarters, times, what) = match language {
        Language::English => ("middle half", "time, heyan = 1", ""),
        Language::Chinese => ("中间一半", "耗时（heyan = 1）", ""),
    };
    let mut table = format!("| | {head} | {quarters} | {times} | {what} |\n|---|---:|---:|---:|---|\n");
    for (name, note, row) in ordered(results, group) {
        let (low, high) = (row.nanoseconds.low, row.nanoseconds.high);
        let ends = match group.unit {
            Unit::Nanoseconds(_) => (low, high),
            Unit::PerSecond(_) => (1e9 / high, 1e9 / low),
        };
        let _ = writeln!(
            table,
            "| {name}{} | {} | {}–{} | {} | {} |",
            built(row),
            honest(shown(group.unit, row)),
            honest(ends.0),
            honest(ends.1),
            honest(row.ratio.median),
            note.in_language(language),
        );
    }
    table
}

/// What the table shows of a row.
#[must_use]
pub fn shown(unit: Unit, row: &Row) -> f64 {
    match unit {
        Unit::Nanoseconds(_) => row.nanoseconds.median,
        Unit::PerSecond(_) => 1e9 / row.nanoseconds.median,
    }
}

/// What stands behind a name when it was built for more than the plain architecture.
#[must_use]
pub fn built(row: &Row) -> String {
    if row.build.contains('-') { format!(", {}", row.build) } else { String::new() }
}

fn grown(results: &Results, growth: &Growth, language: Language) -> String {
    let points = || results.growth.iter().filter(|(key, _)| key == growth.key).map(|(_, point)| point);
    let mut table = format!("| {} |", growth.axis.in_language(language));
    for column in growth.columns {
        let _ = write!(table, " {} |", column.head.in_language(language));
    }
    let _ = writeln!(table, "\n|---:|{}", "---:|".repeat(growth.columns.len()));
    let rows: BTreeSet<u64> = points().map(|point| point.at).collect();
    for at in rows {
        let _ = write!(table, "| {} |", grouped(at));
        for column in growth.columns {
            let value = points().find(|point| point.at == at && point.column == column.key);
            let _ = write!(table, " {} |", value.map_or_else(String::new, |point| counted(point.value)));
        }
        table.push('\n');
    }
    table
}

/// A count is exact, a time is not.
fn counted(value: f64) -> String {
    if value.fract() == 0.0 && value >= 0.0 { grouped(value as u64) } else { honest(value) }
}

#[cfg(test)]
mod tests {
    use super::{growth, ordered, versus};
    use crate::Language;
    use crate::growth::Point;
    use crate::results::{Results, Row};
    use crate::stats::Spread;

    fn results() -> Results {
        let row = |build: &str, contender: &str, nanoseconds: f64| Row {
            group: "numbers".to_owned(),
            build: build.to_owned(),
            contender: contender.to_owned(),
            nanoseconds: Spread { low: nanoseconds, median: nanoseconds, high: nanoseconds },
            ratio: Spread { low: 1.0, median: nanoseconds / 4.0, high: 1.0 },
        };
        let point = |column: &str, value| Point { at: 2_048, column: column.to_owned(), value };
        Results {
            machine: vec![("cpu".to_owned(), "a processor".to_owned())],
            rows: vec![
                row("x86-64-v3", "cinv", 70.0),
                row("x86-64-v3", "heyan", 3.0),
                row("x86_64", "cinv", 72.0),
                row("x86_64", "heyan", 4.0),
            ],
            growth: vec![
                ("reply-length".to_owned(), point("ns", 3_437.838)),
                ("reply-length".to_owned(), point("heap", 0.0)),
            ],
        }
    }

    #[test]
    fn rows_stand_in_the_groups_order_and_builds_behind_each_other() {
        let results = results();
        let rows = ordered(&results, crate::groups::ALL[0]);
        let rows: Vec<_> = rows.iter().map(|(.., row)| (row.build.as_str(), row.contender.as_str())).collect();
        assert_eq!(rows, [("x86_64", "heyan"), ("x86_64", "cinv"), ("x86-64-v3", "heyan")]);
    }

    #[test]
    fn the_tables_say_what_was_measured() {
        let page = versus(&results(), Language::English);
        assert!(page.starts_with("a processor, "));
        assert!(page.contains("| `cinv` | 72 | 72–72 | 18.0 | date, "), "{page}");
        assert!(versus(&results(), Language::Chinese).contains("每个号码纳秒"));
        assert!(growth(&results(), Language::English).contains("| 2,048 | 3,400 | 0 |"));
    }
}
