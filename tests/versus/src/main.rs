//! What `cargo xtask bench` runs.
//!
//! `heyan-versus measure [--quick] [GROUP…]` measures the groups and what grows, all of them unless some are named, and
//! prints the results. A build for x86-64-v3 measures only the groups for which that makes a difference. What is measured
//! of the heap comes from heyan-versus-heap. `heyan-versus draw RESULTS…` puts them all into results.tsv in the place of
//! the older ones, draws tables and pictures from it, and holds the groups against their bounds.

use std::env;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use heyan_versus::contest::{Contest, Mode};
use heyan_versus::growth::Growth;
use heyan_versus::results::Results;
use heyan_versus::{groups, machine, pages};

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments[..] {
        ["measure", "--quick", ref wanted @ ..] => measure(Mode::Quick, wanted),
        ["measure", ref wanted @ ..] => measure(Mode::Full, wanted),
        ["draw", ref files @ ..] if !files.is_empty() => draw(files),
        _ => Err("usage: heyan-versus measure [--quick] [GROUP…] | heyan-versus draw RESULTS…".to_owned()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

fn measure(mode: Mode, wanted: &[&str]) -> Result<(), String> {
    let is_wanted = |key| wanted.is_empty() || wanted.contains(&key);
    let plain = !machine::build().contains('-');
    let known = |key: &&str| {
        let grows = |growth: &&Growth| growth.key == *key && growth.time.is_some();
        groups::ALL.iter().any(|group| group.key == *key) || groups::GROWTH.iter().any(grows)
    };
    if let Some(unknown) = wanted.iter().find(|key| !known(key)) {
        return Err(format!("there is no group {unknown}"));
    }
    let mut results = Results { machine: machine::describe(), ..Results::default() };
    for group in groups::ALL.iter().filter(|group| is_wanted(group.key) && (plain || group.with_v3)) {
        eprintln!("{}, {}", group.key, machine::build());
        results.rows.extend(Contest::new(group, mode).run());
    }
    for growth in groups::GROWTH.iter().filter(|growth| is_wanted(growth.key) && plain) {
        let Some(measure) = growth.time else { continue };
        eprintln!("{}, {}", growth.key, machine::build());
        results.add(growth, measure(mode));
    }
    io::stdout().write_all(results.to_text().as_bytes()).map_err(|error| error.to_string())
}

fn draw(files: &[&str]) -> Result<(), String> {
    let mut results = Results::read(&pages::results()).unwrap_or_default();
    for file in files {
        results.replace_with(Results::read(Path::new(file))?);
    }
    pages::write(&results)?;
    let groups = groups::ALL.iter().map(|group| results.check_bounds(group));
    let growth = groups::GROWTH.iter().map(|growth| results.check_growth(growth));
    let missed: Vec<String> = groups.chain(growth).filter_map(Result::err).collect();
    if missed.is_empty() { Ok(()) } else { Err(missed.join("\n")) }
}
