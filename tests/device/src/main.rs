//! The host's side of heyan on a device: what is linked into an image and what it costs, and a kiosk in an emulator.

mod baseline;
mod build;
mod cable;
mod calls;
mod careless;
mod conformance;
mod elf;
mod emulator;
mod faulty;
mod figures;
mod kiosk;
mod log;
mod matrix;
mod measure;
mod memory;
mod panics;
mod parallel;
#[path = "../../xtask/src/readme.rs"]
mod readme;
mod relay;
mod scenarios;
mod shares;
mod sites;
mod table;
mod tree;
mod versus;

use std::net::SocketAddr;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Audits and runs heyan's images for a Cortex-M4.
#[derive(Parser)]
#[command(name = "cargo xtask device")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Show that the core and the devices' transport cannot panic: find every place in images of all their public
    /// functions that could, and hold them against tests/audit/panics.tsv.
    Panics,
    /// Measure flash, RAM, stack and instructions, and hold them against bounds and tests/audit/baseline.tsv.
    Figures(figures::Options),
    /// Read every fixture of the conformance tests on the emulated device, and see that it ends as the fixture says.
    Conformance,
    /// Hold heyan against reqwless with serde-json-core: what the same verification costs, and what each notices.
    Versus(baseline::Keep),
    /// Verify a person on the emulated device.
    Kiosk(kiosk::Options),
    /// Let everything happen to the kiosk that can happen, and see that it ends as it must.
    Scenarios(scenarios::Options),
    /// Have the kiosk meet TLS servers, those in order and every kind of hostile one, and a careless kiosk the hostile ones.
    Tls(matrix::Options),
    /// Move the bytes of one connection; QEMU starts it.
    #[command(hide = true)]
    Relay { to: SocketAddr },
}

fn main() -> Result<()> {
    match Arguments::parse().command {
        Command::Panics => panics::run(),
        Command::Figures(options) => figures::run(&options),
        Command::Conformance => conformance::run(),
        Command::Versus(options) => versus::run(&options),
        Command::Kiosk(options) => kiosk::run(&options),
        Command::Scenarios(options) => scenarios::run(&options),
        Command::Tls(options) => matrix::run(&options),
        Command::Relay { to } => relay::run(to),
    }
}
