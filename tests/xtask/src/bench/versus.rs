//! Runs tests/versus, which times heyan beside other crates, and measures what grows.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use super::measure::{executable, plain};
use crate::outside::own_folder;
use crate::run::{Result, Steps, cargo, must, output, program, root};

const MANIFEST: &str = "tests/versus/Cargo.toml";

/// What is built with which flags of the compiler. With some only the groups are measured that they change, and the rest
/// is not built.
const BUILDS: [(&str, &str, &[&str]); 2] =
    [("x86-64", "", &[]), ("x86-64-v3", "-C target-cpu=x86-64-v3", &["--no-default-features"])];

/// glibc 2.36 unmaps the stack of a thread that ended, and may read there afterwards, in `pthread_detach`. Whoever starts a
/// thread for each request, as ureq does for its time-outs, then dies once in a million threads or so. Kept stacks
/// cost the contender nothing, and let it live: twenty times what glibc keeps by itself.
const KEEP_STACKS: &str = "glibc.pthread.stack_cache_size=838860800";

/// Everyone's answers, and the pages.
pub(super) fn quick(steps: &mut Steps) {
    steps.step("the same answers", || must(own_folder(&mut cargo(&["test", "--locked", "--manifest-path", MANIFEST]))));
}

/// Times, and draws what was measured.
pub(super) fn full(steps: &mut Steps) {
    steps.step("times", || {
        let mut drawing = None;
        let mut results = Vec::new();
        for (name, flags, features) in BUILDS {
            let versus = build("heyan-versus", name, flags, features)?;
            results.push(measure(name, program(&versus).arg("measure"))?);
            drawing.get_or_insert(versus);
        }
        // The allocator that counts is a program's own: none in which something is timed.
        let (name, flags, features) = BUILDS[0];
        results.push(measure("heap", &mut program(build("heyan-versus-heap", name, flags, features)?))?);
        let drawing = drawing.ok_or("nothing was built")?;
        must(program(drawing).arg("draw").args(results))
    });
}

/// Builds a program as cargo does without settings, and says where it is.
fn build(bin: &str, name: &str, flags: &str, features: &[&str]) -> Result<PathBuf> {
    let folder = target().join(name);
    let mut build = plain(cargo(&["build", "--release", "--locked", "--manifest-path", MANIFEST]));
    build.args(["--bin", bin, "--message-format", "json-render-diagnostics"]).args(features);
    build.env("CARGO_TARGET_DIR", &folder).env("RUSTFLAGS", flags);
    executable(&output(&mut build)?).ok_or_else(|| format!("cargo does not say where it put {bin}"))
}

/// Runs what measures, and says where the results are.
fn measure(name: &str, versus: &mut Command) -> Result<PathBuf> {
    // What was built is still on its way to the disk, and would be so while something is timed.
    must(&mut program("sync"))?;
    let results = target().join(format!("{name}.tsv"));
    let text = output(versus.env("GLIBC_TUNABLES", KEEP_STACKS))?;
    fs::write(&results, text).map_err(|error| format!("{}: {error}", results.display()))?;
    Ok(results)
}

/// Where it is built: a folder for each kind of flags, so that none has to build again what another one built.
fn target() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    target.join("versus")
}
