//! `cargo xtask hack`: the libraries for devices, for each kind of processor, with the features alone, in pairs and all
//! together. A feature that only compiles beside another one would be found by whoever asks for it alone.

use serde_json::Value;

use crate::run::{Result, Steps, cargo, is_ci, must, output, typed};
use crate::test::{Options, locked, usable_or_noted};
use crate::tools;

struct Target {
    name: &'static str,
    /// rustls counts references by compare-and-swap. Without, its feature is left out, and must refuse to build.
    compare_and_swap: bool,
}

/// Cortex-M0; Cortex-M4 and M7 without and with their floating-point registers; ESP32-C3 and its like.
const TARGETS: [Target; 4] = [
    Target { name: "thumbv6m-none-eabi", compare_and_swap: false },
    Target { name: "thumbv7em-none-eabi", compare_and_swap: true },
    Target { name: "thumbv7em-none-eabihf", compare_and_swap: true },
    Target { name: "riscv32imc-unknown-none-elf", compare_and_swap: false },
];

const PACKAGES: [&str; 2] = [CORE, EMBEDDED];
const CORE: &str = "heyan";
const EMBEDDED: &str = "heyan-embedded";

const RUSTLS: &str = "rustls";
/// What whoever asks for it nevertheless must read.
const REFUSAL: &str = "the feature `rustls` needs compare-and-swap, which this target does not have";

pub(crate) fn run(options: &Options) -> Result {
    let strict = options.strict || is_ci();
    let mut steps = Steps::default();
    steps.step("cargo-hack is there", tools::cargo_hack);
    for target in &TARGETS {
        if !usable_or_noted(&mut steps, target.name, strict, options.offline) {
            continue;
        }
        for package in PACKAGES {
            let left_out = (package == EMBEDDED && !target.compare_and_swap).then_some(RUSTLS);
            let but = left_out.map_or_else(String::new, |feature| format!(" but {feature}"));
            steps.step(&format!("{package} for {}, features alone and in pairs{but}", target.name), || {
                pairs(package, target.name, left_out)
            });
            steps.step(&format!("{package} for {}, all features{but}", target.name), || {
                together(package, target.name, left_out, strict)
            });
        }
        if !target.compare_and_swap {
            steps.step(&format!("{EMBEDDED} for {} refuses {RUSTLS}", target.name), || refuses(target.name));
        }
    }
    steps.finish()
}

fn pairs(package: &str, target: &str, left_out: Option<&str>) -> Result {
    let mut hack = cargo(&["hack", "clippy", "--quiet", "--keep-going", "--lib", "--package", package]);
    hack.args(["--feature-powerset", "--depth", "2", "--target", target]);
    if let Some(feature) = left_out {
        hack.args(["--exclude-features", feature]);
    }
    must(hack.args(["--", "--deny", "warnings"]))
}

fn together(package: &str, target: &str, left_out: Option<&str>, strict: bool) -> Result {
    let mut features = features(package)?;
    features.retain(|feature| Some(feature.as_str()) != left_out);
    let clippy = ["clippy", "--quiet", "--lib", "--package", package, "--target", target, "--features"];
    must(cargo(&clippy).arg(features.join(",")).args(locked(strict)).args(["--", "--deny", "warnings"]))
}

/// The names of a package's features, from its manifest.
fn features(package: &str) -> Result<Vec<String>> {
    let metadata = output(&mut cargo(&["metadata", "--no-deps", "--format-version", "1"]))?;
    let metadata: Value = serde_json::from_str(&metadata).map_err(|error| format!("cargo metadata: {error}"))?;
    let packages = metadata["packages"].as_array().into_iter().flatten();
    let features = packages.filter(|found| found["name"] == package).find_map(|found| found["features"].as_object());
    Ok(features.ok_or_else(|| format!("cargo metadata knows no features of {package}"))?.keys().cloned().collect())
}

/// It must not build, and for no other reason than the one that it gives.
fn refuses(target: &str) -> Result {
    let mut check = cargo(&["check", "--quiet", "--lib", "--package", EMBEDDED, "--features", RUSTLS]);
    check.args(["--target", target, "--message-format", "short"]);
    eprintln!("$ {}", typed(&check));
    let checked = check.output().map_err(|error| format!("{} cannot be started: {error}", typed(&check)))?;
    let said = String::from_utf8_lossy(&checked.stderr);
    if checked.status.success() {
        return Err(format!("{target} has compare-and-swap by now: say so in tests/xtask/src/hack.rs"));
    }
    let errors: Vec<&str> = said.lines().filter(|line| line.contains("error")).collect();
    match errors[..] {
        // The second one is cargo's own, about the first.
        [first, _] if first.contains(REFUSAL) => Ok(()),
        _ => Err(format!("the only error must be that {REFUSAL}, but they are: {said}")),
    }
}
