//! `cargo xtask audit`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use clap::Args;

use crate::outside;
use crate::run::{Result, Steps, cargo, must, output, root};
use crate::tools;

#[derive(Args)]
pub(crate) struct Options {
    /// Look for known vulnerabilities as well. Fetches the RustSec advisory database with git.
    #[arg(long)]
    advisories: bool,
}

const CORE: &str = "tests/xtask/core-dependencies.tsv";

pub(crate) fn run(options: &Options) -> Result {
    let mut steps = Steps::default();
    steps.step("cargo-deny is there", tools::cargo_deny);
    steps.step("licences, sources, duplicates", || must(&mut outside::cargo_deny(&[])));
    outside::deny(&mut steps);
    steps.step("the core's dependencies", core_dependencies);
    if options.advisories {
        steps.step("advisories", || must(&mut cargo(&["deny", "--all-features", "check", "advisories"])));
    } else {
        steps.skip("advisories", "they need a database from the network: cargo xtask audit --advisories");
    }
    steps.finish()
}

/// Holds `cargo tree` against the list: what a firmware builds, and what its maker has to read.
fn core_dependencies() -> Result {
    let text = fs::read_to_string(root().join(CORE)).map_err(|error| format!("{CORE}: {error}"))?;
    let mut listed: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        match line.split('\t').collect::<Vec<_>>()[..] {
            [when, name, why] if !why.is_empty() => listed.entry(when).or_default().insert(name.to_owned()),
            _ => return Err(format!("{CORE}: not `always|features`, name and reason between tabs: {line:?}")),
        };
    }
    let always = listed.remove("always").unwrap_or_default();
    let with_features: BTreeSet<String> = &always | &listed.remove("features").unwrap_or_default();
    if let Some(other) = listed.keys().next() {
        return Err(format!("{CORE}: {other:?} is neither `always` nor `features`"));
    }
    let mut wrong = Vec::new();
    for (listed, features) in [(always, "--no-default-features"), (with_features, "--all-features")] {
        let tree = ["tree", "--package", "heyan", "--edges", "normal", "--prefix", "none", "--format", "{p}", features];
        let tree = output(&mut cargo(&tree))?;
        let built: BTreeSet<String> = tree
            .lines()
            .filter_map(|line| line.split(' ').next())
            .filter(|name| *name != "heyan")
            .map(str::to_owned)
            .collect();
        wrong.extend(built.difference(&listed).map(|name| format!("{name} is new ({features})")));
        wrong.extend(listed.difference(&built).map(|name| format!("{name} is gone ({features})")));
        eprintln!("{} crates below the core with {features}", built.len());
    }
    if wrong.is_empty() { Ok(()) } else { Err(format!("{CORE} does not fit: {}", wrong.join(", "))) }
}
