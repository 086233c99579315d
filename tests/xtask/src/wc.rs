//! `cargo xtask wc`: the check of long lists beside the program that only counts their lines.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use clap::Args;
use serde_json::Value;

use crate::bench::measure;
use crate::peak::peak_kib;
use crate::readme::grouped;
use crate::run::{Result, program, typed};

#[derive(Args)]
pub(crate) struct Options {
    /// How many lines a file has; several make several files.
    #[arg(default_values_t = LINES)]
    lines: Vec<u64>,
    /// How often each program runs.
    #[arg(long, default_value_t = ROUNDS, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
}

const LINES: [u64; 3] = [100_000, 1_000_000, 10_000_000];
/// Enough for a ratio that stays.
const ROUNDS: u32 = 41;

/// In percent of the speed of `wc -l`.
const LEAST: f64 = 50.0;

impl Default for Options {
    fn default() -> Self {
        Self { lines: LINES.to_vec(), rounds: ROUNDS }
    }
}

/// Of the table, in English and in Chinese.
pub(crate) const HEADS: [&str; 2] = [
    "| lines | `wc -l` | `heyan check --summary` | of its speed | million lines a second | peak memory |\n\
     |---:|---:|---:|---:|---:|---:|\n",
    "| 行数 | `wc -l` | `heyan check --summary` | 相对速度 | 每秒百万行 | 内存峰值 |\n\
     |---:|---:|---:|---:|---:|---:|\n",
];

pub(crate) fn run(options: &Options) -> Result {
    println!("\n{}{}", HEADS[0], measure(options)?);
    Ok(())
}

/// The rows of the table.
pub(crate) fn measure(options: &Options) -> Result<String> {
    let numbers = measure::helper()?;
    let heyan = measure::built(&["build", "--release", "--package", "heyan-cli", "--bin", "heyan"])?;
    let mut rows = String::new();
    for &lines in &options.lines {
        let file = Numbers::new(&numbers, lines)?;
        let race = Race { heyan: &heyan, file: &file.0, lines };
        rows += &race.run(options.rounds)?;
    }
    Ok(rows)
}

/// A file of numbers that goes away again.
struct Numbers(PathBuf);

impl Numbers {
    fn new(program_of_numbers: &Path, lines: u64) -> Result<Self> {
        let path = std::env::temp_dir().join(format!("heyan-numbers-{}-{lines}", std::process::id()));
        let file = Self(path);
        let written = File::create(&file.0).map_err(|error| format!("{}: {error}", file.0.display()))?;
        let mut command = program(program_of_numbers);
        command.args(["numbers", &lines.to_string()]).stdout(written);
        eprintln!("$ {} > {}", typed(&command), file.0.display());
        match command.status() {
            Ok(status) if status.success() => Ok(file),
            other => Err(format!("{} cannot be written: {other:?}", file.0.display())),
        }
    }
}

impl Drop for Numbers {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// Two programs that count the lines of a file.
struct Race<'r> {
    heyan: &'r Path,
    file: &'r Path,
    lines: u64,
}

impl Race<'_> {
    fn wc(&self) -> Command {
        let mut command = program("wc");
        command.arg("-l").arg(self.file);
        command
    }

    fn heyan(&self) -> Command {
        let mut command = program(self.heyan);
        command.args(["check", "--json", "--summary", "--file"]).arg(self.file);
        command
    }

    /// A row of the table.
    fn run(&self, rounds: u32) -> Result<String> {
        eprintln!("$ {}\n$ {}", typed(&self.wc()), typed(&self.heyan()));
        // Once in advance, so that the file is in memory, and to see that they count the same.
        let (_, text) = timed(self.wc())?;
        self.expect(text.split_whitespace().next().and_then(|count| count.parse().ok()), "wc")?;
        let (_, text) = timed(self.heyan())?;
        let summary: Value = serde_json::from_str(&text).map_err(|error| format!("heyan's summary: {error}"))?;
        self.expect(summary["lines"].as_u64(), "heyan")?;
        if summary["valid"].as_u64() != Some(self.lines.div_ceil(2)) {
            return Err(format!("every other number is valid, but heyan says {text}"));
        }
        let (mut wc, mut heyan) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            wc.push(timed(self.wc())?.0);
            heyan.push(timed(self.heyan())?.0);
        }
        // What the machine does besides hits both halves of a pair.
        let mut ratios: Vec<f64> =
            wc.iter().zip(&heyan).map(|(wc, heyan)| wc.as_secs_f64() / heyan.as_secs_f64()).collect();
        ratios.sort_by(f64::total_cmp);
        let percent = 100.0 * ratios[ratios.len() / 2];
        if percent < LEAST {
            return Err(format!("{} lines: {percent:.0} % of the speed of wc -l, and {LEAST} % are due", self.lines));
        }
        let (wc, heyan) = (median(wc), median(heyan));
        Ok(format!(
            "| {} | {:.1} ms | {:.1} ms | {percent:.0} % | {:.0} | {:.1} MiB |\n",
            grouped(self.lines),
            wc.as_secs_f64() * 1e3,
            heyan.as_secs_f64() * 1e3,
            self.lines as f64 / heyan.as_secs_f64() / 1e6,
            self.peak_kib()? as f64 / 1024.0,
        ))
    }

    fn expect(&self, counted: Option<u64>, by: &str) -> Result {
        match counted {
            Some(lines) if lines == self.lines => Ok(()),
            _ => Err(format!("{by} counts {counted:?} lines of {}", self.lines)),
        }
    }

    /// The most memory that heyan was seen to have resident, in a run of its own.
    fn peak_kib(&self) -> Result<u64> {
        let mut child = self.heyan().stdout(Stdio::null()).spawn().map_err(|error| error.to_string())?;
        // One that checks 100,000 lines takes 2 ms.
        Ok(peak_kib(&mut child, Duration::from_micros(200))?.unwrap_or_default())
    }
}

/// Wall clock from the start of the process to its end, and what it wrote.
fn timed(mut command: Command) -> Result<(Duration, String)> {
    let start = Instant::now();
    let output = command.stderr(Stdio::inherit()).output().map_err(|error| format!("{}: {error}", typed(&command)))?;
    let took = start.elapsed();
    // 1: some numbers are invalid.
    match output.status.code() {
        Some(0 | 1) => Ok((took, String::from_utf8_lossy(&output.stdout).into_owned())),
        _ => Err(format!("{} ended with {}", typed(&command), output.status)),
    }
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}
