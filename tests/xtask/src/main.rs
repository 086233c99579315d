//! `cargo xtask`: the project's own tool. It runs what the README and CI name, and nothing they could not run by hand:
//! every command is printed before it starts.

mod audit;
mod batch;
mod bench;
mod device;
mod fuzz;
mod hack;
mod lint;
mod outside;
mod peak;
mod privacy;
mod promises;
mod readme;
mod run;
mod soak;
mod test;
mod tools;
mod wc;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The project's own tool.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Pass all tests, and set up what they need.
    ///
    /// Runs the unit, integration and documentation tests of every crate that builds for this machine, the core's tests
    /// with each combination of its features, all transports over a network that breaks at every place, and builds what
    /// must run without an operating system for thumbv7em-none-eabi and thumbv6m-none-eabi.
    ///
    /// Whether those two targets are there is found out by compiling for them. If one is not, `rustup target add` is
    /// tried. If that fails as well, the builds for it are SKIPPED, which the last lines say with the command that is
    /// missing; with --strict, or with CI set in the environment, they FAIL instead.
    Test(test::Options),

    /// Count instructions, heap allocations and stack bytes, and time heyan beside what one would take instead.
    ///
    /// Counts are taken under valgrind. Fails when one is beyond its bound, differs from tests/bench/baseline.tsv by more
    /// than 3 % either way, or anything is allocated; a case that is slower by 5 % on purpose must be refused. A count that
    /// fell is committed with --bless, so that it cannot rise again unseen.
    ///
    /// Times are taken in turns, in one process, of everyone who gave the same answers, in a build without flags for the
    /// processor and in one for x86-64-v3. Then come what `wc` and `batch` time. Tables and pictures of the READMEs are drawn
    /// from all of it. Fails when a ratio is beyond its bound. Keep the machine quiet meanwhile.
    ///
    /// Needs x86-64 Linux and valgrind (Debian: apt-get install valgrind). Installs gungraun-runner, by cargo, in the
    /// version of the gungraun library.
    Bench(bench::Options),

    /// Formatting, clippy, rustdoc, privacy and promises: everything that reads the source without running it.
    ///
    /// Also of the workspaces outside the main one, in tests/device, tests/versus, tests/audit and examples/firmware, each with the
    /// features that are built, for the device's target. A target that is missing is handled as by `test`.
    ///
    /// Promises: every test and command that SECURITY.md, DESIGN.md and the READMEs name for what they promise is there.
    Lint(lint::Options),

    /// Clippy on the core and the devices' transport without an operating system, features alone, in pairs and together.
    ///
    /// For a Cortex-M0, a Cortex-M4 without and with floating point, and a RISC-V without atomics. The feature rustls
    /// needs compare-and-swap: where there is none it must refuse to build, and say why. Installs cargo-hack, by cargo.
    /// A target that is missing is handled as by `test`; to install one: rustup target add.
    Hack(test::Options),

    /// See that no identity or mobile number in the tree can be a living person's.
    ///
    /// Every run of 18 characters or 15 digits that reads as a resident identity number must show a birth before 1905,
    /// and every mobile number must be 130 0000 0xxx. Whatever else stands in the tree is listed with its source in
    /// tests/xtask/allowed-numbers.tsv.
    Privacy,

    /// Licences, sources and duplicates of all dependencies (a deny.toml in each workspace), and the core's dependencies by name.
    ///
    /// Installs cargo-deny, by cargo. The core's dependencies are listed with their reasons in
    /// tests/xtask/core-dependencies.tsv; one more, or one less, fails.
    Audit(audit::Options),

    /// Throw changed replies, heads, numbers, names, files and handshakes at the code, and see that it holds.
    ///
    /// Each target runs for a minute unless told otherwise, two at a time, from seeds that are made of the fixtures of the
    /// conformance tests; what it finds of interest stays in tests/fuzz/corpus for the next time. Before that, a target
    /// with a planted mistake must break. What breaks is kept in tests/fuzz/artifacts, and the command that shows it again
    /// is printed.
    ///
    /// Needs x86-64 Linux and a C++ compiler (Debian: apt-get install g++). Installs cargo-fuzz, by cargo. Builds with the
    /// address sanitizer of the stable compiler, by RUSTC_BOOTSTRAP=1.
    Fuzz(fuzz::Options),

    /// Verify at full speed for ten minutes while one exchange in a hundred breaks: nothing is lost, wrong or left over.
    ///
    /// Many threads verify people whose verdict is known beforehand, through the server's router with a ledger and three
    /// accounts, over a network that refuses, resets, cuts, delays, garbles and goes stale by chance; others use the
    /// devices' client, and TLS. Every ending is held against what the network did to that call, the ledger against what
    /// the gateway billed, and descriptors, threads and memory against what they were. Built with optimisation. Linux.
    Soak(soak::Options),

    /// How many rows a second `heyan batch` verifies, and how much memory it takes.
    ///
    /// Writes CSV files of numbers that nobody has, and verifies each in a release build against the sandbox in the same
    /// process, whose work and memory count as well. Everything is removed again.
    Batch(batch::Options),

    /// On a Cortex-M4: what can panic, what it costs, and a kiosk that everything happens to.
    ///
    /// Builds images for thumbv7em-none-eabi and runs them in QEMU (qemu-system-arm). `panics` shows that the core and
    /// the devices' transport cannot panic, `figures` holds flash, RAM, stack and instructions against bounds and
    /// tests/audit/baseline.tsv, `conformance` reads every fixture of the conformance tests, `versus` holds heyan against
    /// reqwless with serde-json-core, `scenarios` lets a kiosk meet every kind of ending, `tls` every kind of TLS server.
    /// Without one of these words all of them run.
    Device(device::Options),

    /// Verify a person on an emulated kiosk, against the sandbox, in a closed network.
    ///
    /// Shows what the kiosk logs and what its screen says. The exit status is 0 when that worked, whatever the verdict is.
    Firmware(device::FirmwareOptions),

    /// Time `heyan check --summary` beside `wc -l`, on files of identity numbers.
    ///
    /// For each count of lines it makes a file of that many numbers, half of them valid, and lets both count them in turn;
    /// they must count the same, and heyan must have half the speed at least. Prints medians, their ratio, and the most
    /// memory that heyan had in use. Wall clocks of busy machines differ: repeat it, and trust the ratio. Needs Linux, GNU
    /// wc, and 19 bytes of disk for each line.
    Wc(wc::Options),

    /// Install the tools that bench, hack, audit and fuzz need. They do so themselves; this is for doing it in advance.
    Setup,
}

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Test(options) => test::run(&options),
        Command::Bench(options) => bench::run(&options),
        Command::Hack(options) => hack::run(&options),
        Command::Lint(options) => lint::run(&options),
        Command::Privacy => privacy::run(),
        Command::Audit(options) => audit::run(&options),
        Command::Fuzz(options) => fuzz::run(&options),
        Command::Soak(options) => soak::run(&options),
        Command::Batch(options) => batch::run(&options),
        Command::Device(options) => device::run(&options),
        Command::Firmware(options) => device::firmware(&options),
        Command::Wc(options) => wc::run(&options),
        Command::Setup => tools::setup(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("\nFAILED: {failure}");
            ExitCode::FAILURE
        }
    }
}
