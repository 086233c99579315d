//! Running the measuring image in the emulator.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::baseline::{Figures, from_text};
use crate::build::Image;

/// The emulator, and what installs it.
pub const QEMU: &str = "qemu-system-arm";

/// Instructions and stack of every case. With the feature `slow`, everything is done 5 % more often than is said.
pub fn run(features: &str) -> Result<Figures> {
    let image = Image { package: "tests/audit", name: "measure", features, told: &[] }.build()?;
    let mut qemu = Command::new(QEMU);
    qemu.args(["-machine", "mps2-an386", "-display", "none", "-monitor", "none", "-serial", "none"]);
    // An instruction takes a nanosecond, so counts are the same on every host.
    qemu.args(["-icount", "shift=0", "-semihosting-config", "enable=on,target=native", "-kernel"]).arg(image);
    let run = qemu.stdin(Stdio::null()).output().with_context(|| missing(QEMU))?;
    let text = String::from_utf8_lossy(&run.stdout);
    ensure!(run.status.success(), "the measuring image ended with {}: {text}{:?}", run.status, run.stderr);
    from_text(&text)
}

/// What to say when it cannot be started.
pub fn missing(program: &str) -> String {
    format!(
        "{program} cannot be started; to install it on Debian and Ubuntu: \
             apt-get install --no-install-recommends qemu-system-arm"
    )
}
