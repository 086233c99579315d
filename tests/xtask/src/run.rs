//! Starting other programs, and telling what became of each step.

use std::env;
use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What failed, in words for whoever typed the command.
pub(crate) type Result<T = ()> = std::result::Result<T, String>;

/// The root of the workspace.
pub(crate) fn root() -> PathBuf {
    // Cargo sets it when it runs this tool; the one of the build would be wrong in a tree that was moved.
    let own =
        env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    own.join("../..").canonicalize().unwrap_or(own)
}

/// Whether a machine without anybody watching runs this.
pub(crate) fn is_ci() -> bool {
    env::var_os("CI").is_some_and(|value| !value.is_empty() && value != "false")
}

/// A program in the workspace's root.
pub(crate) fn program(name: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(name);
    command.current_dir(root()).stdin(Stdio::null());
    command
}

/// Cargo, the one that runs this tool.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut command = program(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments);
    command
}

/// A command as one would type it.
pub(crate) fn typed(command: &Command) -> String {
    let mut words = Vec::new();
    for (name, value) in command.get_envs() {
        if let Some(value) = value {
            words.push(format!("{}={}", name.display(), quoted(value)));
        }
    }
    let name = PathBuf::from(command.get_program());
    words.push(quoted(name.file_name().unwrap_or(name.as_os_str())));
    words.extend(command.get_args().map(quoted));
    words.join(" ")
}

fn quoted(word: &OsStr) -> String {
    let word = word.to_string_lossy();
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=./,:+@".contains(c);
    if !word.is_empty() && word.chars().all(plain) { word.into_owned() } else { format!("'{word}'") }
}

/// Runs a command, which must succeed.
pub(crate) fn must(command: &mut Command) -> Result {
    eprintln!("$ {}", typed(command));
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{} ended with {status}", typed(command))),
        Err(error) => Err(format!("{} cannot be started: {error}", typed(command))),
    }
}

/// Runs a command, which must succeed, and returns what it wrote to its standard output.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    eprintln!("$ {}", typed(command));
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("{} cannot be started: {error}", typed(command)))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        Ok(text)
    } else {
        // What it has to say may be in there.
        eprint!("{text}");
        Err(format!("{} ended with {}", typed(command), output.status))
    }
}

/// The steps of a command: all of them run, whatever became of those before.
#[derive(Default)]
pub(crate) struct Steps(Vec<Step>);

struct Step {
    name: String,
    took: Duration,
    end: End,
}

enum End {
    Passed,
    Failed(String),
    Skipped(String),
}

impl Steps {
    pub(crate) fn step(&mut self, name: &str, work: impl FnOnce() -> Result) {
        eprintln!("\n== {name}");
        let start = Instant::now();
        let end = match work() {
            Ok(()) => End::Passed,
            Err(why) => End::Failed(why),
        };
        self.0.push(Step { name: name.to_owned(), took: start.elapsed(), end });
    }

    /// Notes what was not done. It is not counted as passed.
    pub(crate) fn skip(&mut self, name: &str, why: &str) {
        self.0.push(Step { name: name.to_owned(), took: Duration::ZERO, end: End::Skipped(why.to_owned()) });
    }

    /// Prints one line for each step.
    pub(crate) fn finish(self) -> Result {
        eprintln!();
        let (mut failed, mut skipped) = (0, 0);
        for step in &self.0 {
            let (word, why) = match &step.end {
                End::Passed => ("passed ", ""),
                End::Failed(why) => ("FAILED ", why.as_str()),
                End::Skipped(why) => ("SKIPPED", why.as_str()),
            };
            let separator = if why.is_empty() { "" } else { ": " };
            eprintln!("{word} {:>6.1} s  {}{separator}{why}", step.took.as_secs_f64(), step.name);
            failed += usize::from(matches!(step.end, End::Failed(_)));
            skipped += usize::from(matches!(step.end, End::Skipped(_)));
        }
        if skipped != 0 {
            eprintln!("\n{skipped} of {} steps were SKIPPED: what they check is not known.", self.0.len());
        }
        if failed == 0 { Ok(()) } else { Err(format!("{failed} of {} steps", self.0.len())) }
    }
}
