//! What a whole verification costs on the device, by plain TCP and by TLS: first, over the kept connection, and with a
//! resumed session. The images are `verify` and `verify-tls` of tests/audit.

pub mod identity;
mod network;
pub mod server;

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use rustls::version::{TLS12, TLS13};

use crate::baseline::{Figures, from_text};
use crate::build::{COMPACT_SHA2, Image};
use crate::figures::INSTRUCTIONS;
use crate::kiosk::Anchor;
use crate::measure::{QEMU, missing};
use identity::{Identity, Leaf};
use network::Network;
use server::Server;

/// A verification over a connection that is there already may cost so much of one that begins with a handshake.
const KEPT_PERCENT_MAX: u64 = 3;

/// What is measured, with the features of the image and the version that the server speaks.
const CALLS: [(&str, &str, Option<&rustls::SupportedProtocolVersion>); 4] = [
    ("plain TCP", "network", None),
    ("embedded-tls, TLS 1.3", "network-embedded-tls", Some(&TLS13)),
    ("rustls, TLS 1.3", "network-rustls", Some(&TLS13)),
    ("rustls, TLS 1.2", "network-rustls", Some(&TLS12)),
];

/// No image takes longer between two words to the host.
const WITHIN: Duration = Duration::from_secs(60);

/// Adds the instructions of every call.
pub fn run(figures: &mut Figures) -> Result<()> {
    let identity = Identity::new()?;
    let anchor = Anchor::new(identity.anchor())?;
    for (how, features, version) in CALLS {
        let name = if version.is_some() { "verify-tls" } else { "verify" };
        let image = Image { package: "tests/audit", name, features, told: &[COMPACT_SHA2] }.build()?;
        let tls = version.map(|version| identity.speaks(version, Leaf::Good)).transpose()?;
        let (said, status) = converse(&image, Some(&anchor), Server::new(tls)?).with_context(|| how.to_owned())?;
        ensure!(status == 0, "{how}: the image ended with {status}: {said}");
        let measured = from_text(&said)?;
        figures.extend(measured.into_iter().map(|((unit, case), count)| ((unit, format!("{case}/{how}")), count)));
    }
    Ok(())
}

/// What is wrong about the calls, apart from a single figure.
pub fn dear(figures: &Figures) -> Vec<String> {
    let count = |case: String| figures.get(&(INSTRUCTIONS.to_owned(), case)).copied().unwrap_or_default();
    let mut wrong = Vec::new();
    for (how, _, version) in CALLS {
        let (first, kept) = (count(format!("verification, first/{how}")), count(format!("verification, kept/{how}")));
        if version.is_some() && kept * 100 >= first * KEPT_PERCENT_MAX {
            wrong.push(format!("{how}: {kept} instructions over a kept connection, {first} over a new one"));
        }
    }
    wrong
}

/// An image's exit status when it waited for the peer in vain, see `tests/audit/src/network.rs`.
pub const IN_VAIN: i32 = 105;

/// Runs an image in a network with this server, and returns what it said, and its exit status. Nobody does anything there but while the image
/// waits, so that what it counts does not depend on how fast anybody is.
pub fn converse(image: &Path, anchor: Option<&Anchor>, server: Server) -> Result<(String, i32)> {
    let mut network = Network::new(server)?;
    let mut qemu = Command::new(QEMU);
    qemu.args(["-machine", "mps2-an386", "-display", "none", "-monitor", "none", "-serial", "none"]);
    // An instruction takes a nanosecond, so counts are the same on every host.
    qemu.args(["-icount", "shift=0"]);
    let (to, from) = network.device();
    qemu.args(["-netdev", &format!("socket,id=board,udp={to},localaddr={from}"), "-net", "nic,netdev=board"]);
    let mut semihosting = "enable=on,target=native,arg=verify".to_owned();
    if let Some(anchor) = anchor {
        semihosting += &format!(",arg=anchor={}", anchor.path().display().to_string().replace(',', ",,"));
    }
    qemu.arg("-semihosting-config").arg(semihosting);
    qemu.arg("-kernel").arg(image);
    let child = qemu.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn();
    let mut qemu = Running(child.with_context(|| missing(QEMU))?);
    let mut host = qemu.0.stdin.take().context("no standard input")?;
    let device = BufReader::new(qemu.0.stdout.take().context("no standard output")?);
    let (sender, lines) = mpsc::channel();
    thread::spawn(move || device.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
    let mut said = String::new();
    loop {
        match lines.recv_timeout(WITHIN) {
            Ok(line) if line == "wait" => host.write_all(&[network.turn()?])?,
            Ok(line) => said += &(line + "\n"),
            Err(mpsc::RecvTimeoutError::Disconnected) => break,
            Err(mpsc::RecvTimeoutError::Timeout) => bail!("the image says nothing for {WITHIN:?}"),
        }
    }
    let status = qemu.0.wait()?.code().context("the emulator was killed")?;
    Ok((said, status))
}

/// An emulator that does not outlive its use.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::{CALLS, dear};
    use crate::baseline::Figures;
    use crate::figures::INSTRUCTIONS;

    #[test]
    fn a_kept_connection_must_be_cheap() {
        let figures = |kept: u64| -> Figures {
            let of = |what: &str, how: &str, count| ((INSTRUCTIONS.to_owned(), format!("{what}/{how}")), count);
            let both = |how| [of("verification, first", how, 1000), of("verification, kept", how, kept)];
            CALLS.iter().flat_map(|(how, ..)| both(how)).collect()
        };
        assert!(dear(&figures(29)).is_empty());
        assert_eq!(dear(&figures(30)).len(), 3);
        assert_eq!(dear(&Figures::new()).len(), 3);
    }
}
