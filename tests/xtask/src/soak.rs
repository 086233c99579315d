//! `cargo xtask soak`.

use clap::Args;

use crate::run::{Result, cargo, is_ci, must};
use crate::test::locked;

#[derive(Args)]
pub(crate) struct Options {
    /// How long.
    #[arg(long, value_name = "SECONDS", default_value_t = 600, value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,
    /// Threads that verify through the router.
    #[arg(long, value_name = "NUMBER", default_value_t = 32, value_parser = clap::value_parser!(u64).range(1..=256))]
    threads: u64,
}

pub(crate) fn run(options: &Options) -> Result {
    let (seconds, threads) = (options.seconds.to_string(), options.threads.to_string());
    let build = ["--release", "--package", "heyan-faults", "--bin", "soak"];
    let soak = ["--", "--seconds", &seconds, "--threads", &threads];
    must(cargo(&["run", "--quiet"]).args(locked(is_ci())).args(build).args(soak))
}
