//! `cargo xtask fuzz`.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::{env, fs, thread};

use clap::Args;

use crate::run::{Result, Steps, cargo, must, output, program, root, typed};
use crate::tools;

#[derive(Args)]
pub(crate) struct Options {
    /// Time for each target; two run at a time.
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,
    /// The targets to run; all without one.
    #[arg(value_parser = TARGETS)]
    targets: Vec<String>,
}

/// Every target, those that take longest to get anywhere first. `control` runs before them.
const TARGETS: [&str; 9] =
    ["tls_rustls", "tls_embedded", "exchange", "reader", "json", "csv", "gateway", "input", "id_number"];
/// The target with a mistake in it, which must be found within the time that the others have.
const CONTROL: &str = "control";
const FUZZ: &str = "tests/fuzz";
/// The only machines that sanitizers and these tests run on.
const TRIPLE: &str = "x86_64-unknown-linux-gnu";
/// Most lines of what a target said that are shown.
const WORDS_MAX: usize = 30;
/// Seconds for one input: then it hangs.
const HANGS: u64 = 25;

pub(crate) fn run(options: &Options) -> Result {
    let mut steps = Steps::default();
    let mut ready = true;
    let mut prepare = |name: &str, work: &dyn Fn() -> Result| {
        if ready {
            steps.step(name, || {
                let done = work();
                ready = done.is_ok();
                done
            });
        }
    };
    prepare("cargo-fuzz is there", &tools::cargo_fuzz);
    prepare("a C++ compiler is there", &compiler);
    prepare("seeds", &seeds);
    prepare("build", &build);
    if !ready {
        return steps.finish();
    }
    steps.step("control: a planted mistake is found", || control(options.seconds));
    let targets: Vec<&str> = match options.targets.as_slice() {
        [] => TARGETS.to_vec(),
        some => some.iter().map(String::as_str).collect(),
    };
    for (target, ended) in two_at_a_time(&targets, options.seconds) {
        steps.step(&format!("{target}: {ended}"), || ended.judged(target));
    }
    steps.finish()
}

/// libFuzzer is C++; the `cc` crate calls what `CXX` names, or `c++`.
fn compiler() -> Result {
    let compiler = env::var_os("CXX").unwrap_or_else(|| "c++".into());
    output(program(compiler).arg("--version"))
        .map(drop)
        .map_err(|why| format!("to install one: apt-get install g++ (Debian, Ubuntu) ({why})"))
}

fn target_dir() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from).join("fuzz")
}

fn seeds() -> Result {
    let manifest = format!("{FUZZ}/seeds/Cargo.toml");
    must(cargo(&["run", "--quiet", "--locked", "--manifest-path", &manifest, "--target-dir"]).arg(target_dir()))
}

fn build() -> Result {
    // Sanitizers are not for everybody to use yet; this compiler has them all the same.
    must(cargo(&["fuzz", "build", "--fuzz-dir", FUZZ, "--target-dir"]).arg(target_dir()).env("RUSTC_BOOTSTRAP", "1"))
}

/// How a target ended.
struct Ended {
    success: bool,
    executions: u64,
    coverage: u64,
    /// The input that broke it.
    reproducer: Option<String>,
    /// What it said when it broke, or why it could not be started.
    words: String,
}

impl std::fmt::Display for Ended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} executions, {} edges covered", self.executions, self.coverage)
    }
}

impl Ended {
    fn judged(&self, target: &str) -> Result {
        let again = |input: &str| {
            let mut again = cargo(&["fuzz", "run", "--fuzz-dir", FUZZ, target, input]);
            typed(again.env("RUSTC_BOOTSTRAP", "1"))
        };
        match &self.reproducer {
            Some(input) => Err(format!("it broke at {input}; again: {}\n{}", again(input), self.words)),
            None if !self.success => Err(format!("it failed\n{}", self.words)),
            None if self.executions == 0 => Err(format!("it executed nothing\n{}", self.words)),
            None => Ok(()),
        }
    }
}

fn two_at_a_time<'t>(targets: &[&'t str], seconds: u64) -> Vec<(&'t str, Ended)> {
    let queue = Mutex::new(targets.iter().copied());
    let ended = Mutex::new(Vec::new());
    let next = || queue.lock().ok().and_then(|mut queue| queue.next());
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(target) = next() {
                    let result = fuzz(target, seconds);
                    eprintln!("{target}: {result}");
                    if let Ok(mut ended) = ended.lock() {
                        ended.push((target, result));
                    }
                }
            });
        }
    });
    ended.into_inner().unwrap_or_default()
}

fn fuzz(target: &str, seconds: u64) -> Ended {
    let folder = |name: &str| root().join(FUZZ).join(name).join(target);
    let (corpus, artifacts) = (folder("corpus"), folder("artifacts"));
    let mut command = Command::new(target_dir().join(TRIPLE).join("release").join(target));
    command
        .arg(&corpus)
        .arg(format!("-artifact_prefix={}/", artifacts.display()))
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-timeout={HANGS}"))
        .args(["-rss_limit_mb=2048", "-max_len=4096", "-print_final_stats=1"])
        // The command that shows it again shows the stack too.
        .env("RUST_BACKTRACE", "0")
        .current_dir(root())
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    eprintln!("$ {}", typed(&command));
    let ready = has_seeds(&corpus).and_then(|()| fs::create_dir_all(&artifacts).map_err(|error| error.to_string()));
    let output = ready.and_then(|()| command.output().map_err(|error| error.to_string()));
    match output {
        Ok(output) => read(output.status.success(), &String::from_utf8_lossy(&output.stderr)),
        Err(why) => Ended { success: false, executions: 0, coverage: 0, reproducer: None, words: why },
    }
}

fn has_seeds(corpus: &Path) -> Result {
    match fs::read_dir(corpus).map(Iterator::count) {
        Ok(1..) => Ok(()),
        _ => Err(format!("{} has no seeds: {FUZZ}/seeds must write some", corpus.display())),
    }
}

/// What libFuzzer prints.
fn read(success: bool, text: &str) -> Ended {
    let last = |word: &str| {
        let behind = text.rsplit_once(word).map(|(_, behind)| behind.trim_start());
        behind.and_then(|behind| behind.split_whitespace().next()?.parse().ok()).unwrap_or_default()
    };
    let reproducer = text.rsplit_once("Test unit written to ").and_then(|(_, behind)| behind.lines().next());
    // From the panic on, without the pictures of the stack; without a panic, the end.
    let said = text.find("panicked at").and_then(|at| text.get(at..)).unwrap_or(text);
    let lines: Vec<&str> = said.lines().filter(|line| !line.starts_with('#') && !line.starts_with("    #")).collect();
    let least = if said.len() < text.len() { 0 } else { lines.len().saturating_sub(WORDS_MAX) };
    let words = lines.into_iter().skip(least).take(WORDS_MAX).collect::<Vec<_>>().join("\n");
    Ended {
        success,
        executions: last("stat::number_of_executed_units:"),
        coverage: last(" cov:"),
        reproducer: reproducer.map(str::to_owned),
        words,
    }
}

/// A reader that takes one thing for another must be told from the right one, or agreement means nothing.
fn control(seconds: u64) -> Result {
    let ended = fuzz(CONTROL, seconds);
    eprintln!("{ended}");
    let Some(input) = &ended.reproducer else {
        return Err(format!("the planted mistake was not found in {seconds} s: {ended}\n{}", ended.words));
    };
    // It is no finding.
    fs::remove_file(input).map_err(|error| format!("{input}: {error}"))?;
    let is_told = ended.words.contains("but the second reader sees no verdict");
    if is_told { Ok(()) } else { Err(format!("it broke at something else\n{}", ended.words)) }
}
