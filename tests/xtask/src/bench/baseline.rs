//! What was counted, what was counted when it was last blessed, and what it must never exceed.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use super::BASELINE;
use crate::run::Result;

/// What a count counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Unit {
    /// Instructions, by callgrind.
    Instructions,
    /// Blocks taken from the heap, by DHAT.
    Allocations,
    /// Bytes of stack down to the lowest byte written, by painting it.
    StackBytes,
}

impl Unit {
    const ALL: [Self; 3] = [Self::Instructions, Self::Allocations, Self::StackBytes];

    fn word(self) -> &'static str {
        match self {
            Self::Instructions => "instructions",
            Self::Allocations => "allocations",
            Self::StackBytes => "stack bytes",
        }
    }
}

/// Counts by unit and case. A case is named `what`, or `what/provider`.
#[derive(Default)]
pub(crate) struct Counts {
    counts: BTreeMap<(Unit, String), u64>,
    /// The line of the file that says which compiler built what was counted.
    compiler: String,
}

/// A bound on one case, or on a case with every provider.
struct Bound {
    unit: Unit,
    case: &'static str,
    most: u64,
    /// How many times the case does it.
    times: u64,
}

const fn bound(unit: Unit, case: &'static str, most: u64) -> Bound {
    Bound { unit, case, most, times: 1 }
}

const BOUNDS: &[Bound] = &[
    bound(Unit::Instructions, "id_parse", 250),
    Bound { times: 1000, ..bound(Unit::Instructions, "id_bulk_1000", 45) },
    Bound { times: 1000, ..bound(Unit::Instructions, "id_lines_1000", 55) },
    bound(Unit::Instructions, "request_appcode/sjsys", 1500),
    bound(Unit::Instructions, "reply/idcert", 4000),
    bound(Unit::Instructions, "reply/checkone", 3500),
    bound(Unit::StackBytes, "request_appcode", 1536),
    bound(Unit::StackBytes, "request_signed", 1536),
    bound(Unit::StackBytes, "reply", 1536),
];

/// A case, and one that does the same work and a twentieth more: in the other's place it must be refused.
const CONTROL: (&str, &str) = ("id_bulk_1000", "id_bulk_1000_slowed");

/// How far a count may be from the baseline, in percent, either way.
const TOLERANCE_PERCENT: u64 = 3;

impl Counts {
    pub(crate) fn insert(&mut self, unit: Unit, case: String, count: u64) {
        self.counts.insert((unit, case), count);
    }

    pub(crate) fn of(&self, unit: Unit, case: &str) -> Result<u64> {
        self.counts.get(&(unit, case.to_owned())).copied().ok_or_else(|| format!("no {} of {case}", unit.word()))
    }

    /// The most that a case takes with any provider.
    pub(crate) fn most(&self, unit: Unit, case: &str) -> Result<u64> {
        let counts = self.counts.iter().filter(|((u, name), _)| *u == unit && name.split('/').next() == Some(case));
        counts.map(|(_, count)| *count).max().ok_or_else(|| format!("no {} of {case}", unit.word()))
    }

    /// The providers that `case` was counted with.
    pub(crate) fn providers(&self, case: &str) -> impl Iterator<Item = &str> {
        self.counts.keys().filter_map(move |(unit, name)| match name.split_once('/') {
            Some((what, provider)) if *unit == Unit::Instructions && what == case => Some(provider),
            _ => None,
        })
    }

    pub(crate) fn check_bounds(&self) -> Result {
        let mut wrong = Vec::new();
        for bound in BOUNDS {
            let count = if bound.case.contains('/') {
                self.of(bound.unit, bound.case)?
            } else {
                self.most(bound.unit, bound.case)?
            };
            if count > bound.most * bound.times {
                let each = if bound.times == 1 { String::new() } else { format!(" over {} times", bound.times) };
                wrong.push(format!("{} takes {count} {}{each}, bound {}", bound.case, bound.unit.word(), bound.most));
            }
        }
        for ((unit, case), count) in &self.counts {
            if *unit == Unit::Allocations && *count != 0 {
                wrong.push(format!("{case} takes {count} blocks from the heap, bound 0"));
            }
        }
        if wrong.is_empty() { Ok(()) } else { Err(wrong.join("; ")) }
    }

    /// Takes the slowed case out of what was counted, and returns it all again as if that had been counted for the other.
    pub(crate) fn take_control(&mut self) -> Result<Self> {
        let (case, slowed) = CONTROL;
        let mut slower = Self { counts: self.counts.clone(), compiler: self.compiler.clone() };
        for unit in [Unit::Instructions, Unit::Allocations] {
            let count = self.of(unit, slowed)?;
            self.counts.remove(&(unit, slowed.to_owned()));
            slower.counts.remove(&(unit, slowed.to_owned()));
            slower.insert(unit, case.to_owned(), count);
        }
        Ok(slower)
    }

    /// Sees that these, which are slower by a twentieth in one case, are refused for that case, where `self` passed.
    pub(crate) fn check_control(&self, baseline: &Self, compiler: &str) -> Result {
        let case = CONTROL.0;
        match self.compare(baseline, compiler) {
            Err(why) if why.contains(&format!("{case}: ")) => Ok(()),
            Err(why) => Err(format!("refused, but not for {case}: {why}")),
            Ok(()) => Err(format!("{case} may be 5 % slower without being refused")),
        }
    }

    /// The bound on a case and how many times the case does it.
    pub(crate) fn bound_on(unit: Unit, case: &str) -> Result<(u64, u64)> {
        let bound = BOUNDS.iter().find(|bound| bound.unit == unit && bound.case == case);
        bound.map(|bound| (bound.most, bound.times)).ok_or_else(|| format!("no bound on {case}"))
    }

    pub(crate) fn compare(&self, baseline: &Self, compiler: &str) -> Result {
        let mut wrong = Vec::new();
        for ((unit, case), &count) in &self.counts {
            let Some(&before) = baseline.counts.get(&(*unit, case.clone())) else {
                wrong.push(format!("{case} ({}) is new", unit.word()));
                continue;
            };
            if count.abs_diff(before) * 100 > before * TOLERANCE_PERCENT {
                let change = (count as f64 - before as f64) * 100.0 / before.max(1) as f64;
                wrong.push(format!("{case}: {before} → {count} {} ({change:+.1} %)", unit.word()));
            }
        }
        for (unit, case) in baseline.counts.keys().filter(|key| !self.counts.contains_key(*key)) {
            wrong.push(format!("{case} ({}) was not counted", unit.word()));
        }
        if wrong.is_empty() {
            return Ok(());
        }
        let mut message = format!("more than {TOLERANCE_PERCENT} % from {BASELINE}:");
        for line in wrong {
            let _ = write!(message, "\n    {line}");
        }
        if baseline.compiler != compiler {
            let _ = write!(message, "\n    The baseline is of {}, this is {compiler}.", baseline.compiler);
        }
        message.push_str("\n    If the change is meant: cargo xtask bench --bless --write-readme");
        Err(message)
    }

    pub(crate) fn to_text(&self, compiler: &str) -> String {
        let mut text = format!(
            "# Written by `cargo xtask bench --bless`. A count that differs from it by more than {TOLERANCE_PERCENT} % \
             fails `cargo xtask bench`.\n# {compiler}\n"
        );
        for ((unit, case), count) in &self.counts {
            let _ = writeln!(text, "{}\t{case}\t{count}", unit.word());
        }
        text
    }

    pub(crate) fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path)
            .map_err(|error| format!("{BASELINE}: {error}; cargo xtask bench --bless writes one"))?;
        let mut all = Self::default();
        for line in text.lines() {
            if let Some(comment) = line.strip_prefix("# ") {
                // The last one.
                all.compiler = comment.to_owned();
                continue;
            }
            let fields: Vec<&str> = line.split('\t').collect();
            let read = || {
                let [unit, case, count] = fields[..] else { return None };
                let unit = Unit::ALL.into_iter().find(|known| known.word() == unit)?;
                Some((unit, case.to_owned(), count.parse().ok()?))
            };
            let (unit, case, count) = read().ok_or_else(|| format!("{BASELINE}: not unit, case, count: {line:?}"))?;
            all.insert(unit, case, count);
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::{Counts, Unit};

    fn counts(of: &[(Unit, &str, u64)]) -> Counts {
        let mut counts = Counts::default();
        for (unit, case, count) in of {
            counts.insert(*unit, (*case).to_owned(), *count);
        }
        counts
    }

    #[test]
    fn three_percent_either_way() {
        let before = counts(&[(Unit::Instructions, "a", 1000)]);
        for (count, fits) in [(969, false), (970, true), (1030, true), (1031, false)] {
            let now = counts(&[(Unit::Instructions, "a", count)]);
            assert_eq!(now.compare(&before, "").is_ok(), fits, "{count}");
        }
    }

    #[test]
    fn what_is_new_or_gone_does_not_fit() {
        let one = || counts(&[(Unit::Instructions, "a", 1)]);
        let other = counts(&[(Unit::Instructions, "b", 1)]);
        let message = one().compare(&other, "").unwrap_err();
        assert!(message.contains("a (instructions) is new") && message.contains("b (instructions) was not counted"));
        assert!(one().compare(&one(), "").is_ok());
    }

    #[test]
    fn an_allocation_is_out_of_bounds() {
        let mut all = counts(&[
            (Unit::Instructions, "id_parse", 250),
            (Unit::Instructions, "id_bulk_1000", 45_000),
            (Unit::Instructions, "id_lines_1000", 55_000),
            (Unit::Instructions, "request_appcode/sjsys", 1500),
            (Unit::Instructions, "reply/idcert", 4000),
            (Unit::Instructions, "reply/checkone", 3500),
            (Unit::StackBytes, "request_appcode/x", 1),
            (Unit::StackBytes, "request_signed/x", 1),
            (Unit::StackBytes, "reply/x", 1536),
            (Unit::StackBytes, "exchange/x", 1),
            (Unit::Allocations, "reply/x", 0),
        ]);
        assert_eq!(all.check_bounds(), Ok(()));
        all.insert(Unit::Allocations, "reply/x".to_owned(), 1);
        assert!(all.check_bounds().unwrap_err().contains("reply/x takes 1 blocks from the heap"));
        all.insert(Unit::StackBytes, "reply/y".to_owned(), 1537);
        assert!(all.check_bounds().unwrap_err().contains("reply takes 1537 stack bytes, bound 1536"));
    }

    #[test]
    fn a_slower_twin_takes_the_place_of_the_case() {
        let before = counts(&[(Unit::Instructions, "id_bulk_1000", 1000), (Unit::Allocations, "id_bulk_1000", 0)]);
        for (twin, refused) in [(1050, true), (1031, true), (1020, false), (940, true)] {
            let mut measured = counts(&[
                (Unit::Instructions, "id_bulk_1000", 1000),
                (Unit::Instructions, "id_bulk_1000_slowed", twin),
                (Unit::Allocations, "id_bulk_1000", 0),
                (Unit::Allocations, "id_bulk_1000_slowed", 0),
            ]);
            let slower = measured.take_control().unwrap();
            assert_eq!(measured.compare(&before, ""), Ok(()));
            assert_eq!(slower.check_control(&before, "").is_ok(), refused, "{twin}");
        }
        // What is refused for another reason shows nothing.
        let other = counts(&[(Unit::Instructions, "id_bulk_1000", 1000), (Unit::Instructions, "b", 1)]);
        assert!(other.check_control(&before, "").unwrap_err().contains("not for id_bulk_1000"));
    }

    #[test]
    fn the_file_holds_everything() {
        let path = std::env::temp_dir().join(format!("heyan-baseline-{}.tsv", std::process::id()));
        let before = counts(&[(Unit::Instructions, "a/x", 7), (Unit::StackBytes, "b", 9)]);
        std::fs::write(&path, before.to_text("rustc 1.0")).unwrap();
        let after = Counts::read(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        assert_eq!((after.counts, after.compiler.as_str()), (before.counts, "rustc 1.0"));
    }
}
