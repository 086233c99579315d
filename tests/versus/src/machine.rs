//! What it was measured on.

use std::fs;
use std::process::Command;
use std::thread::available_parallelism;

/// The machine and the compiler, as `key` and words, in the order in which they are shown.
#[must_use]
pub fn describe() -> Vec<(String, String)> {
    let cores = available_parallelism().map_or(0, usize::from);
    [("cpu", processor()), ("cores", cores.to_string()), ("kernel", kernel()), ("rustc", compiler())]
        .map(|(key, words)| (key.to_owned(), words))
        .to_vec()
}

/// What the processor was built for: `x86-64-v3` when the compiler was told so.
#[must_use]
pub const fn build() -> &'static str {
    if cfg!(all(target_arch = "x86_64", target_feature = "avx2", target_feature = "bmi2")) {
        "x86-64-v3"
    } else {
        std::env::consts::ARCH
    }
}

fn processor() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = text.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    model.map_or_else(|| "unknown".to_owned(), |(_, name)| name.trim().to_owned())
}

fn kernel() -> String {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    // What follows the version names the machine's keeper.
    let version = release.trim().split('-').next().unwrap_or_default();
    format!("{} {version}", std::env::consts::OS)
}

fn compiler() -> String {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let said = Command::new(rustc).arg("--version").output().map(|output| output.stdout).unwrap_or_default();
    let said = String::from_utf8_lossy(&said);
    said.split_whitespace().nth(1).unwrap_or("unknown").to_owned()
}
