//! The host's side of heyan on a device: what is linked into an image and what it costs, and a kiosk in an emulator.

mod build;
mod elf;
mod figures;
mod measure;
mod panics;

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
    /// Show that the core cannot panic: find every place in an image of all its public functions that could, and hold
    /// them against tests/audit/panics.tsv.
    Panics,
    /// Measure flash, RAM, stack and instructions, and hold them against bounds and tests/audit/baseline.tsv.
    Figures(figures::Options),
}

fn main() -> Result<()> {
    match Arguments::parse().command {
        Command::Panics => panics::run(),
        Command::Figures(options) => figures::run(&options),
    }
}
