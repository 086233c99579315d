//! `cargo xtask batch`: what a batch takes as it gets more rows.

use std::env;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::process::{self, Stdio};
use std::time::{Duration, Instant};

use clap::Args;

use crate::bench::measure;
use crate::peak::peak_kib;
use crate::readme::grouped;
use crate::run::{Result, program, typed};

#[derive(Args)]
pub(crate) struct Options {
    /// How many rows a file has; several make several files.
    #[arg(default_values_t = ROWS, value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    rows: Vec<u64>,
}

/// How often the process is asked for its memory.
const EVERY: Duration = Duration::from_millis(5);

const ROWS: [u64; 3] = [10_000, 100_000, 1_000_000];

impl Default for Options {
    fn default() -> Self {
        Self { rows: ROWS.to_vec() }
    }
}

/// Of the table, in English and in Chinese.
pub(crate) const HEADS: [&str; 2] = [
    "| rows | seconds | rows a second | peak memory |\n|---:|---:|---:|---:|\n",
    "| 行数 | 秒 | 每秒行数 | 内存峰值 |\n|---:|---:|---:|---:|\n",
];

pub(crate) fn run(options: &Options) -> Result {
    println!("\n{}{}", HEADS[0], measure(options)?);
    Ok(())
}

/// The rows of the table.
pub(crate) fn measure(options: &Options) -> Result<String> {
    let heyan = measure::built(&["build", "--release", "--package", "heyan-cli", "--bin", "heyan"])?;
    let folder = env::temp_dir().join(format!("heyan-batch-{}", process::id()));
    let mut table = String::new();
    for &rows in &options.rows {
        let done = fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()));
        let done = done.and_then(|()| run_one(&heyan, &folder, rows));
        // The ledger of one file knows nothing of the next.
        let _ = fs::remove_dir_all(&folder);
        table += &done?;
    }
    Ok(table)
}

/// A row of the table.
fn run_one(heyan: &Path, folder: &Path, rows: u64) -> Result<String> {
    let (input, output) = (folder.join("people.csv"), folder.join("verdicts.csv"));
    write(&input, rows).map_err(|error| format!("{}: {error}", input.display()))?;
    let mut command = program(heyan);
    command.args(["--sandbox", "batch", "--consent", "--json", "--provider", "idcert", "--input"]).arg(&input);
    command.arg("--output").arg(&output);
    eprintln!("$ {}", typed(&command));
    let started = Instant::now();
    let mut child =
        command.stdout(Stdio::piped()).spawn().map_err(|error| format!("heyan cannot be started: {error}"))?;
    let peak = peak_kib(&mut child, EVERY)?;
    let took = started.elapsed();
    let said = child.wait_with_output().map_err(|error| error.to_string())?.stdout;
    let summary: serde_json::Value = serde_json::from_slice(&said).map_err(|error| error.to_string())?;
    if summary["complete"] != true || summary["billed"] != rows {
        return Err(format!("not all rows were asked once: {summary}"));
    }
    let rate = grouped((rows as f64 / took.as_secs_f64()) as u64);
    let peak = peak.map_or_else(|| "not known here".to_owned(), |kib| format!("{:.1} MiB", kib as f64 / 1024.0));
    Ok(format!("| {} | {:.2} | {rate} | {peak} |\n", grouped(rows), took.as_secs_f64()))
}

/// Numbers of nobody: valid, all different, births before 1905.
fn write(path: &Path, rows: u64) -> io::Result<()> {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let mut file = BufWriter::new(File::create(path)?);
    writeln!(file, "name,id")?;
    for row in 0..rows {
        let (order, day, month, year) =
            (100 + row % 900, 1 + row / 900 % 28, 1 + row / 25_200 % 12, 1850 + row / 302_400);
        let digits = format!("110101{year}{month:02}{day:02}{order}");
        let sum: u32 = digits.bytes().zip(WEIGHTS).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
        let check = "10X98765432".chars().nth(usize::try_from(sum % 11).unwrap_or_default()).unwrap_or_default();
        writeln!(file, "张三,{digits}{check}")?;
    }
    file.flush()
}
