//! Figures in a file of the tree, and whether what was measured is still that.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;

use anyhow::{Context, Result, bail};

use crate::build::root;

/// Unit and case to count.
pub type Figures = BTreeMap<(String, String), u64>;

/// What becomes of the figures.
#[derive(clap::Args)]
pub struct Keep {
    /// Write what was measured into the baseline instead of comparing with it. Bounds hold all the same.
    #[arg(long)]
    pub bless: bool,
    /// Write the baseline's table between the markers of README.md and README.zh-CN.md. Measures nothing, unless it is
    /// given with --bless.
    #[arg(long)]
    pub write_readme: bool,
}

/// How far a figure may be from the baseline, in percent, either way.
pub const TOLERANCE_PERCENT: u64 = 3;

/// Such a file, and the command that compares with it.
#[derive(Clone, Copy)]
pub struct Baseline {
    /// From the root.
    pub path: &'static str,
    /// Without `--bless`.
    pub command: &'static str,
}

impl Baseline {
    /// What it says.
    pub fn read(self) -> Result<Figures> {
        from_text(&fs::read_to_string(root().join(self.path)).context(self.path)?)
    }

    /// Replaces it.
    pub fn write(self, figures: &Figures) -> Result<()> {
        let mut text = format!(
            "# Written by `{0} --bless`. A figure that differs from it by more than {TOLERANCE_PERCENT} % fails `{0}`.\n",
            self.command
        );
        text += &to_text(figures);
        fs::write(root().join(self.path), text).context(self.path)
    }
}

/// What is otherwise than in the baseline.
pub fn differences(figures: &Figures, before: &Figures) -> Vec<String> {
    let mut wrong = Vec::new();
    for ((unit, case), count) in figures {
        match before.get(&(unit.clone(), case.clone())) {
            None => wrong.push(format!("{case} ({unit}) is new")),
            Some(old) if count.abs_diff(*old) * 100 > old * TOLERANCE_PERCENT => {
                wrong.push(format!("{case}: {old} → {count} {unit}"));
            }
            Some(_) => {}
        }
    }
    let gone = before.keys().filter(|key| !figures.contains_key(*key));
    wrong.extend(gone.map(|(unit, case)| format!("{case} ({unit}) was not measured")));
    wrong
}

fn to_text(figures: &Figures) -> String {
    figures.iter().fold(String::new(), |mut text, ((unit, case), count)| {
        let _ = writeln!(text, "{unit}\t{case}\t{count}");
        text
    })
}

/// Lines of unit, case and count.
pub fn from_text(text: &str) -> Result<Figures> {
    let mut figures = Figures::new();
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let [unit, case, count] = line.split('\t').collect::<Vec<_>>()[..] else { bail!("no figure: {line:?}") };
        figures.insert((unit.to_owned(), case.to_owned()), count.parse().with_context(|| line.to_owned())?);
    }
    Ok(figures)
}

#[cfg(test)]
mod tests {
    use super::{Figures, differences, from_text, to_text};

    fn figures(of: &[(&str, &str, u64)]) -> Figures {
        of.iter().map(|(unit, case, count)| (((*unit).to_owned(), (*case).to_owned()), *count)).collect()
    }

    #[test]
    fn three_percent_either_way() {
        let before = figures(&[("u", "a", 1000)]);
        for (count, fits) in [(969, false), (970, true), (1030, true), (1031, false)] {
            assert_eq!(differences(&figures(&[("u", "a", count)]), &before).is_empty(), fits, "{count}");
        }
        assert_eq!(differences(&figures(&[("u", "b", 1)]), &before).len(), 2);
    }

    /// Of every figure that is in the tree: one that is 5 % more is refused, whatever its size.
    #[test]
    fn five_percent_more_is_refused_for_every_figure() {
        for path in ["tests/audit/baseline.tsv", "tests/versus-device/baseline.tsv"] {
            let before = super::Baseline { path, command: "" }.read().unwrap();
            assert!(differences(&before, &before).is_empty());
            for key in before.keys() {
                let mut now = before.clone();
                now.entry(key.clone()).and_modify(|count| *count += 1 + *count / 20);
                assert_eq!(differences(&now, &before).len(), 1, "{key:?}");
            }
        }
    }

    #[test]
    fn the_file_holds_everything() {
        let all = figures(&[("u", "a, b/c", 7), ("v", "d", 9)]);
        assert_eq!(from_text(&to_text(&all)).unwrap(), all);
    }
}
