//! `cargo xtask device` and `cargo xtask firmware`: what needs a bare-metal target and an emulator. The work is done by the
//! program in tests/device, which is only built when it is needed.

use std::env;

use clap::Args;

use crate::outside::{TARGET, own_folder};
use crate::run::{Result, Steps, cargo, must, program};
use crate::test::make_usable;

#[derive(Args)]
pub(crate) struct Options {
    /// Install the target and the emulator where they are missing.
    #[arg(long)]
    setup: bool,
    /// One of the checks with its options, as `figures --bless`; `--help` lists them. None runs all of them.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

#[derive(Args)]
pub(crate) struct FirmwareOptions {
    /// Install the target and the emulator where they are missing.
    #[arg(long)]
    setup: bool,
    /// What the kiosk is told: `--name`, `--id`, `--mobile`, `--provider`; `--help` shows more.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

const QEMU: &str = "qemu-system-arm";
const QEMU_PACKAGE: [&str; 4] = ["install", "-y", "--no-install-recommends", "qemu-system-arm"];

pub(crate) fn run(options: &Options) -> Result {
    prepare(options.setup)?;
    if !options.arguments.is_empty() {
        return start(&options.arguments);
    }
    let mut steps = Steps::default();
    for (name, check) in [
        ("no panic in the core and the transport", "panics"),
        ("every documented reply on the device", "conformance"),
        ("flash, RAM, stack and instructions", "figures"),
        ("beside reqwless and serde-json-core", "versus"),
        ("a kiosk in the emulator", "scenarios"),
        ("TLS servers and a kiosk in the emulator", "tls"),
    ] {
        steps.step(name, || start(&[check.to_owned()]));
    }
    steps.finish()
}

pub(crate) fn firmware(options: &FirmwareOptions) -> Result {
    prepare(options.setup)?;
    let mut arguments = vec!["kiosk".to_owned()];
    arguments.extend_from_slice(&options.arguments);
    start(&arguments)
}

/// Sees that the target and the emulator are there, or says what installs them.
fn prepare(setup: bool) -> Result {
    make_usable(TARGET, !setup)?;
    if is_there() {
        return Ok(());
    }
    let line = format!("apt-get {}", QEMU_PACKAGE.join(" "));
    if !setup {
        return Err(format!(
            "{QEMU} is missing; to install it: {line} (Debian, Ubuntu), or cargo xtask firmware --setup"
        ));
    }
    must(program("apt-get").arg("update"))?;
    must(program("apt-get").args(QEMU_PACKAGE))?;
    if is_there() { Ok(()) } else { Err(format!("{QEMU} is still missing after {line}")) }
}

fn is_there() -> bool {
    program(QEMU).arg("--version").output().is_ok_and(|output| output.status.success())
}

fn start(arguments: &[String]) -> Result {
    let mut run = cargo(&["run", "--quiet", "--locked", "--manifest-path", "tests/device/Cargo.toml"]);
    own_folder(&mut run);
    // The tool starts cargo itself; what this cargo was told about its own packages must not reach it.
    for (name, _) in env::vars_os() {
        if name.to_string_lossy().starts_with("CARGO_PKG_") || name == "CARGO_MANIFEST_DIR" {
            run.env_remove(name);
        }
    }
    must(run.arg("--").args(arguments))
}
