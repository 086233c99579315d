//! The tools that cargo can install, in the versions that the project was checked with.

use std::fs;

use crate::run::{Result, cargo, must, program, root};

/// Any 0.20: the format of deny.toml is the same in all of them.
const CARGO_DENY: &str = "0.20.2";

/// Any 0.6: its options are the same in all of them.
const CARGO_HACK: &str = "0.6.46";

/// Builds and names the fuzz targets.
const CARGO_FUZZ: &str = "0.13.2";

/// Installs all of them.
pub(crate) fn setup() -> Result {
    gungraun_runner()?;
    cargo_deny()?;
    cargo_hack()?;
    cargo_fuzz()
}

/// The program behind the gungraun library, which refuses to work with any other version than its own.
pub(crate) fn gungraun_runner() -> Result {
    let version = locked_version("gungraun")?;
    if installed("gungraun-runner").as_deref() == Some(version.as_str()) {
        return Ok(());
    }
    install("gungraun-runner", &version)
}

/// Checks licences, sources and duplicates.
pub(crate) fn cargo_deny() -> Result {
    release_of("cargo-deny", CARGO_DENY)
}

/// Builds with one combination of features after another.
pub(crate) fn cargo_hack() -> Result {
    release_of("cargo-hack", CARGO_HACK)
}

/// Installs `version`, unless there is one that differs in nothing but the last number.
fn release_of(name: &str, version: &str) -> Result {
    let release = |version: &str| version.rsplit_once('.').map(|(release, _)| release.to_owned());
    if installed(name).is_some_and(|found| release(&found) == release(version)) {
        return Ok(());
    }
    install(name, version)
}

/// Builds targets with libFuzzer and a sanitizer.
pub(crate) fn cargo_fuzz() -> Result {
    if installed("cargo-fuzz").as_deref() == Some(CARGO_FUZZ) {
        return Ok(());
    }
    install("cargo-fuzz", CARGO_FUZZ)
}

/// Valgrind comes from the system.
pub(crate) fn valgrind() -> Result {
    match program("valgrind").arg("--version").output() {
        Ok(output) if output.status.success() => Ok(()),
        _ => Err("valgrind is missing: install it (Debian and Ubuntu: apt-get install valgrind)".into()),
    }
}

fn install(name: &str, version: &str) -> Result {
    must(cargo(&["install", name, "--locked", "--version"]).arg(format!("={version}")))
}

/// The last word of what `--version` prints.
fn installed(name: &str) -> Option<String> {
    // cargo's own subcommands do not all know themselves by their whole name.
    let mut asked = name.strip_prefix("cargo-").map_or_else(|| program(name), |subcommand| cargo(&[subcommand]));
    let output = asked.arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.split_whitespace().last().map(str::to_owned)
}

fn locked_version(name: &str) -> Result<String> {
    let lock = fs::read_to_string(root().join("Cargo.lock")).map_err(|error| format!("Cargo.lock: {error}"))?;
    let entry = format!("name = \"{name}\"\nversion = \"");
    lock.split_once(&entry)
        .and_then(|(_, rest)| rest.split_once('"'))
        .map(|(version, _)| version.to_owned())
        .ok_or_else(|| format!("Cargo.lock has no {name}"))
}
