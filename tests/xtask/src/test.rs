//! `cargo xtask test`.

use std::io::Write;
use std::process::Stdio;
use std::{env, fs, process};

use clap::Args;

use crate::run::{Result, Steps, cargo, is_ci, must, output, program};

#[derive(Args)]
pub(crate) struct Options {
    /// Fail where something cannot be checked on this machine, as CI does.
    #[arg(long)]
    pub(crate) strict: bool,
    /// Do not try to install a missing target.
    #[arg(long)]
    pub(crate) offline: bool,
}

/// The core's features in every combination.
const FEATURES: [&str; 4] = ["", "defmt", "serde", "defmt,serde"];

/// Cortex-M4 and M7; Cortex-M0, which has no atomic read-modify-write and so shows what needs one.
const TARGETS: [&str; 2] = ["thumbv7em-none-eabi", "thumbv6m-none-eabi"];

/// What must build without an operating system: package and features.
const BARE_METAL: [(&str, &str); 4] =
    [("heyan", ""), ("heyan", "defmt,serde"), ("heyan-embedded", ""), ("heyan-embedded", "ledger")];

pub(crate) fn run(options: &Options) -> Result {
    let strict = options.strict || is_ci();
    let mut steps = Steps::default();
    steps.step("all tests", || must(cargo(&["test", "--no-fail-fast"]).args(locked(strict))));
    // Ignored, so that it does not hold up whoever runs `cargo test`: it takes a minute.
    steps.step("a batch that is killed fifty times", || {
        let test = ["test", "--package", "heyan-cli", "--test", "cli"];
        must(cargo(&test).args(locked(strict)).args(["--", "--ignored", "--nocapture", "fifty_kills"]))
    });
    for features in FEATURES {
        // On its own: together with the other crates it would get the features that those ask for.
        let name = format!("core with {}", if features.is_empty() { "no feature" } else { features });
        steps.step(&name, || {
            must(cargo(&["test", "--no-fail-fast", "--package", "heyan", "--features", features]).args(locked(strict)))
        });
    }
    steps.step("TLS on devices", || {
        must(cargo(&["test", "--no-fail-fast", "--package", "heyan-embedded", "--all-features"]).args(locked(strict)))
    });
    // On its own: its features of heyan-embedded would be everybody's.
    steps.step("a network that breaks", || {
        must(cargo(&["test", "--no-fail-fast", "--package", "heyan-faults"]).args(locked(strict)))
    });
    if let Err(why) = output(program("openssl").arg("version")) {
        let why = format!("its servers are a peer to TLS on devices; to install it: apt-get install openssl ({why})");
        if strict {
            steps.step("against OpenSSL", || Err(why));
        } else {
            steps.skip("against OpenSSL", &why);
        }
    }
    for target in TARGETS {
        if !usable_or_noted(&mut steps, target, strict, options.offline) {
            continue;
        }
        for (package, features) in BARE_METAL {
            let with = if features.is_empty() { String::new() } else { format!(" with {features}") };
            steps.step(&format!("{package}{with} for {target}"), || {
                let build = ["build", "--lib", "--package", package, "--target", target, "--features", features];
                must(cargo(&build).args(locked(strict)))
            });
        }
    }
    steps.finish()
}

/// Cargo's argument that keeps it from changing `Cargo.lock`.
pub(crate) fn locked(strict: bool) -> Option<&'static str> {
    strict.then_some("--locked")
}

/// Whether there is anything to build for `target`; if not, the steps say so.
pub(crate) fn usable_or_noted(steps: &mut Steps, target: &str, strict: bool, offline: bool) -> bool {
    let Err(why) = make_usable(target, offline) else { return true };
    let name = format!("builds for {target}");
    if strict {
        steps.step(&name, || Err(why));
    } else {
        steps.skip(&name, &why);
    }
    false
}

/// Has a look, installs what is missing, has another look.
pub(crate) fn make_usable(target: &str, offline: bool) -> Result {
    if is_usable(target)? {
        return Ok(());
    }
    if !offline {
        // Its own words about a missing network or a missing rustup help more than ours; the second look decides.
        let _ = must(program("rustup").args(["target", "add", target]));
        if is_usable(target)? {
            return Ok(());
        }
    }
    Err(format!("this compiler has no library for it; to install it: rustup target add {target}"))
}

/// Compiles for it. Asking rustup would miss targets that came another way, and those of another compiler release.
fn is_usable(target: &str) -> Result<bool> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let probe = env::temp_dir().join(format!("heyan-probe-{target}-{}.rmeta", process::id()));
    let failed = |error: std::io::Error| format!("rustc: {error}");
    let mut child = program(rustc)
        .args(["--edition", "2024", "--crate-name", "probe", "--crate-type", "rlib", "--emit", "metadata"])
        .args(["--target", target, "-o"])
        .arg(&probe)
        .arg("-")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(failed)?;
    if let Some(mut source) = child.stdin.take() {
        // A compiler that gives up early closes the pipe: its exit status tells.
        let _ = source.write_all(b"#![no_std]\npub fn probe() -> Option<u8> { None }\n");
    }
    let status = child.wait().map_err(failed)?;
    let _ = fs::remove_file(probe);
    Ok(status.success())
}
