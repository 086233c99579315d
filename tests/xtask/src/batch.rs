//! `cargo xtask batch`.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};
use std::{env, process, thread};

use clap::Args;

use crate::run::{Result, cargo, must, typed};

#[derive(Args)]
pub(crate) struct Options {
    /// Rows of the file.
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    rows: u64,
}

/// How often the process is asked for its memory. Its system keeps the peak.
const EVERY: Duration = Duration::from_millis(20);

pub(crate) fn run(options: &Options) -> Result {
    must(&mut cargo(&["build", "--release", "--package", "heyan-cli"]))?;
    let folder = env::temp_dir().join(format!("heyan-batch-{}", process::id()));
    let done = fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()));
    let done = done.and_then(|()| measure(&folder, options.rows));
    let _ = fs::remove_dir_all(&folder);
    done
}

fn measure(folder: &Path, rows: u64) -> Result {
    let (input, output) = (folder.join("people.csv"), folder.join("verdicts.csv"));
    write(&input, rows).map_err(|error| format!("{}: {error}", input.display()))?;
    let mut command = cargo(&["run", "--release", "--quiet", "--package", "heyan-cli", "--", "--sandbox", "batch"]);
    command.args(["--consent", "--json", "--provider", "idcert", "--input"]).arg(&input).arg("--output").arg(&output);
    eprintln!("$ {}", typed(&command));
    let started = Instant::now();
    let mut child =
        command.stdout(Stdio::piped()).spawn().map_err(|error| format!("cargo cannot be started: {error}"))?;
    let peak = peak(&mut child).map_err(|error| error.to_string())?;
    let took = started.elapsed();
    let said = child.wait_with_output().map_err(|error| error.to_string())?.stdout;
    let summary: serde_json::Value = serde_json::from_slice(&said).map_err(|error| error.to_string())?;
    if summary["complete"] != true || summary["billed"] != rows {
        return Err(format!("not all rows were asked once: {summary}"));
    }
    #[expect(clippy::cast_precision_loss, reason = "for people")]
    let rate = rows as f64 / took.as_secs_f64();
    let peak = peak.map_or_else(|| "not known here".to_owned(), |kib| format!("{} MiB", kib.div_ceil(1024)));
    println!(
        "{rows} rows in {:.1} s: {rate:.0} rows/s; peak of memory, the sandbox included: {peak}",
        took.as_secs_f64()
    );
    Ok(())
}

/// Waits for the end, and says how much memory was used at most, in KiB. Linux tells.
fn peak(child: &mut Child) -> io::Result<Option<u64>> {
    let status = format!("/proc/{}/status", child.id());
    let mut peak = None;
    while child.try_wait()?.is_none() {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        // The last one counts: cargo becomes the command.
        peak = line.and_then(|line| line.split_whitespace().next()?.parse().ok()).or(peak);
        thread::sleep(EVERY);
    }
    Ok(peak)
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
