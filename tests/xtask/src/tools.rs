//! The tools that cargo can install, in the versions that the project was checked with.

use std::fs;

use crate::run::{Result, cargo, must, program, root};

/// Any 0.20: the format of deny.toml is the same in all of them.
const CARGO_DENY: &str = "0.20.2";

/// Installs all of them.
pub(crate) fn setup() -> Result {
    gungraun_runner()?;
    cargo_deny()
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
    let release = |version: &str| version.rsplit_once('.').map(|(release, _)| release.to_owned());
    if installed("cargo-deny").is_some_and(|version| release(&version) == release(CARGO_DENY)) {
        return Ok(());
    }
    install("cargo-deny", CARGO_DENY)
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
    let output = program(name).arg("--version").output().ok()?;
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
