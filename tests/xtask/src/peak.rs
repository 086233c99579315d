//! How much memory a program takes.

use std::process::Child;
use std::time::Duration;
use std::{fs, thread};

use crate::run::Result;

/// Waits for the end, and says how much memory was resident at most, in KiB; `None` where the system does not tell. Linux
/// keeps the maximum itself, and forgets it when the process ends: so it is asked `every` so often.
pub(crate) fn peak_kib(child: &mut Child, every: Duration) -> Result<Option<u64>> {
    let status = format!("/proc/{}/status", child.id());
    let mut peak = None;
    while child.try_wait().map_err(|error| error.to_string())?.is_none() {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        peak = line.and_then(|line| line.split_whitespace().next()?.parse().ok()).or(peak);
        thread::sleep(every);
    }
    Ok(peak)
}
