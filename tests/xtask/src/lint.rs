//! `cargo xtask lint`.

use clap::Args;

use crate::run::{Result, Steps, cargo, is_ci, must};
use crate::{outside, privacy, promises};

#[derive(Args)]
pub(crate) struct Options {
    /// Fail where the target of the device is missing on this machine, as CI does.
    #[arg(long)]
    strict: bool,
}

pub(crate) fn run(options: &Options) -> Result {
    let mut steps = Steps::default();
    steps.step("formatting", || must(&mut cargo(&["fmt", "--all", "--check"])));
    for (name, what) in [
        ("clippy, everything with all features", &["--all-targets", "--all-features"][..]),
        // What only one feature uses is dead code without it.
        ("clippy, core without features", &["--package", "heyan", "--all-targets"][..]),
        ("clippy, the network that breaks", &["--package", "heyan-faults", "--all-targets"][..]),
        ("clippy, instruction counts", &["--package", "heyan-bench", "--bench", "instructions"][..]),
    ] {
        steps.step(name, || must(cargo(&["clippy", "--quiet"]).args(what).args(["--", "--deny", "warnings"])));
    }
    outside::lint(&mut steps, options.strict || is_ci());
    // Libraries only: the command's binary has the core's name, and its pages would be written over the core's.
    steps.step("rustdoc", || {
        let doc = ["doc", "--quiet", "--no-deps", "--all-features"];
        must(cargo(&doc).env("RUSTDOCFLAGS", "--deny warnings"))
    });
    steps.step("privacy", privacy::run);
    steps.step("promises", promises::run);
    steps.finish()
}
