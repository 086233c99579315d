//! `cargo xtask bench`: count, compare, and show.

mod baseline;
pub(crate) mod measure;
mod table;
mod versus;

use std::fs;

use clap::Args;

use crate::run::{Result, Steps, root};
use crate::{batch, readme, tools, wc};

#[derive(Args)]
pub(crate) struct Options {
    /// Write what was counted into the baseline instead of comparing with it. Bounds hold all the same. No times.
    #[arg(long, conflicts_with_all = ["check", "quick"])]
    bless: bool,
    /// Write the baseline's table between the markers of README.md and README.zh-CN.md. No times.
    #[arg(long, conflicts_with_all = ["check", "quick"])]
    write_readme: bool,
    /// Only count, and fail as well when the table in a README is not the baseline's. CI runs this.
    #[arg(long)]
    check: bool,
    /// Only see that everyone who is timed gives the same answers, and that what the READMEs show was measured. CI runs
    /// this, too.
    #[arg(long, conflicts_with = "check")]
    quick: bool,
}

const BASELINE: &str = "tests/bench/baseline.tsv";

pub(crate) fn run(options: &Options) -> Result {
    let mut steps = Steps::default();
    if !options.quick {
        count(options, &mut steps)?;
    }
    if options.quick {
        versus::quick(&mut steps);
    } else if !(options.check || options.bless || options.write_readme) {
        versus::full(&mut steps);
        steps.step("long lists beside wc", || show("wc", wc::HEADS, &wc::measure(&wc::Options::default())?));
        steps.step("batches", || show("batch", batch::HEADS, &batch::measure(&batch::Options::default())?));
    }
    steps.finish()
}

/// Writes a table, which differs by its head alone, into the READMEs.
fn show(name: &str, heads: [&str; 2], rows: &str) -> Result {
    for ((readme, _), head) in table::READMES.into_iter().zip(heads) {
        readme::write(&root().join(readme), name, &format!("{head}{rows}"))?;
    }
    Ok(())
}

fn count(options: &Options, steps: &mut Steps) -> Result {
    if cfg!(not(all(target_arch = "x86_64", target_os = "linux"))) {
        return Err("the baseline was counted on x86-64 Linux: counts from elsewhere cannot be compared with it".into());
    }
    tools::valgrind()?;
    tools::gungraun_runner()?;
    let mut measured = measure::all()?;
    let slower = measured.take_control()?;
    println!("{}", table::english(&measured)?);

    steps.step("bounds", || measured.check_bounds());
    let path = root().join(BASELINE);
    if options.bless {
        steps.step("baseline written", || {
            fs::write(&path, measured.to_text(&measure::compiler()?)).map_err(|error| format!("{BASELINE}: {error}"))
        });
    } else {
        steps.step("baseline", || measured.compare(&baseline::Counts::read(&path)?, &measure::compiler()?));
        steps.step("what is 5 % slower is refused", || {
            slower.check_control(&baseline::Counts::read(&path)?, &measure::compiler()?)
        });
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
    Ok(())
}
