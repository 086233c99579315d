//! The workspaces beside the main one, whose dependencies are none of those who build the libraries. They are held to the
//! same: format, clippy, licences.

use std::env;
use std::process::Command;

use crate::run::{Result, Steps, cargo, must, root};
use crate::test::usable_or_noted;

struct Workspace {
    /// The folder, from the root.
    folder: &'static str,
    /// What it is built for; none for this machine.
    target: Option<&'static str>,
    /// cargo's arguments for the combinations of features that are built, of all programs unless one is named.
    features: &'static [&'static [&'static str]],
}

/// A Cortex-M4.
pub(crate) const TARGET: &str = "thumbv7em-none-eabi";

const ALL: [Workspace; 6] = [
    Workspace { folder: "tests/device", target: None, features: &[&[]] },
    Workspace { folder: "tests/versus", target: None, features: &[&[], &["--no-default-features"]] },
    Workspace { folder: "tests/fuzz", target: None, features: &[&["--workspace"]] },
    Workspace {
        folder: "tests/audit",
        target: Some(TARGET),
        features: &[
            &[],
            &["--features", "transport"],
            &["--features", "embedded-tls"],
            &["--features", "rustls"],
            // The kiosk's library has a panic handler, as the other programs have.
            &["--bin", "verify", "--features", "network"],
            &["--bin", "verify-tls", "--features", "network-embedded-tls"],
            &["--bin", "verify-tls", "--features", "network-rustls"],
        ],
    },
    Workspace { folder: "tests/versus-device", target: Some(TARGET), features: &[&[], &["--features", "tls"]] },
    Workspace {
        folder: "examples/firmware",
        target: Some(TARGET),
        features: &[
            &["--no-default-features"],
            &[],
            &["--features", "async"],
            &["--features", "embedded-tls"],
            &["--features", "rustls"],
            &["--all-features"],
        ],
    },
];

/// What reads their sources.
pub(crate) fn lint(steps: &mut Steps, strict: bool) {
    for Workspace { folder, .. } in &ALL {
        steps.step(&format!("formatting, {folder}"), || {
            must(cargo(&["fmt", "--check", "--manifest-path"]).arg(manifest(folder)))
        });
    }
    let usable = usable_or_noted(steps, TARGET, strict, false);
    for Workspace { folder, target, features } in &ALL {
        if target.is_some() && !usable {
            continue;
        }
        steps.step(&format!("clippy, {folder}, each of its builds"), || {
            features.iter().try_for_each(|features| clippy(folder, *target, features))
        });
    }
}

fn clippy(folder: &str, target: Option<&str>, features: &[&str]) -> Result {
    let mut clippy = cargo(&["clippy", "--quiet", "--locked", "--manifest-path"]);
    clippy.arg(manifest(folder));
    match target {
        // A bare-metal target has no test harness.
        Some(target) if features.contains(&"--bin") => clippy.args(["--lib", "--target", target]),
        Some(target) => clippy.args(["--lib", "--bins", "--target", target]),
        None => clippy.arg("--all-targets"),
    };
    must(own_folder(&mut clippy).args(features).args(["--", "--deny", "warnings"]))
}

/// Licences, sources and duplicates, by the deny.toml of each.
pub(crate) fn deny(steps: &mut Steps) {
    for Workspace { folder, .. } in &ALL {
        steps.step(&format!("licences, sources, duplicates, {folder}"), || {
            must(&mut cargo_deny(&["--locked", "--manifest-path", &manifest(folder)]))
        });
    }
}

/// cargo-deny on one workspace. An exception that nothing needs any more is a failure, too.
pub(crate) fn cargo_deny(of: &[&str]) -> Command {
    let mut deny = cargo(&["deny", "--all-features"]);
    deny.args(of).args(["check", "--deny", "warnings", "bans", "licenses", "sources"]);
    deny
}

fn manifest(folder: &str) -> String {
    format!("{folder}/Cargo.toml")
}

/// All of them build into one folder, beside the main workspace's own.
pub(crate) fn own_folder(cargo: &mut Command) -> &mut Command {
    if env::var_os("CARGO_TARGET_DIR").is_none() {
        cargo.env("CARGO_TARGET_DIR", root().join("target/device"));
    }
    cargo
}
