//! `cargo xtask bench`: measure, compare, and show.

mod baseline;
mod measure;
mod table;

use std::fs;

use clap::Args;

use crate::run::{Result, Steps, root};
use crate::tools;

#[derive(Args)]
pub(crate) struct Options {
    /// Write what was measured into the baseline instead of comparing with it. Bounds hold all the same.
    #[arg(long, conflicts_with = "check")]
    bless: bool,
    /// Write the baseline's table between the markers of README.md and README.zh-CN.md.
    #[arg(long, conflicts_with = "check")]
    write_readme: bool,
    /// Fail as well when the table in a README is not the baseline's. This is what CI runs.
    #[arg(long)]
    check: bool,
}

const BASELINE: &str = "tests/bench/baseline.tsv";

pub(crate) fn run(options: &Options) -> Result {
    if cfg!(not(all(target_arch = "x86_64", target_os = "linux"))) {
        return Err("the baseline was counted on x86-64 Linux: counts from elsewhere cannot be compared with it".into());
    }
    tools::valgrind()?;
    tools::gungraun_runner()?;
    let measured = measure::all()?;
    println!("{}", table::english(&measured)?);

    let mut steps = Steps::default();
    steps.step("bounds", || measured.check_bounds());
    let path = root().join(BASELINE);
    if options.bless {
        steps.step("baseline written", || {
            fs::write(&path, measured.to_text(&measure::compiler()?)).map_err(|error| format!("{BASELINE}: {error}"))
        });
    } else {
        steps.step("baseline", || measured.compare(&baseline::Counts::read(&path)?, &measure::compiler()?));
    }
    for (readme, draw) in table::READMES {
        if options.write_readme {
            steps.step(&format!("table in {readme} written"), || {
                table::write(readme, &draw(&baseline::Counts::read(&path)?)?)
            });
        } else if options.check {
            steps.step(&format!("table in {readme}"), || table::check(readme, &draw(&baseline::Counts::read(&path)?)?));
        }
    }
    steps.finish()
}
