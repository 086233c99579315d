//! What a whole verification costs on the device, by plain TCP and by TLS: first, over the kept connection, and with a
//! resumed session. The images are `verify` and `verify-tls` of tests/audit.

mod network;
mod server;

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use rustls::version::{TLS12, TLS13};

use crate::build::Image;
use crate::figures::{Figures, INSTRUCTIONS, from_text};
use crate::kiosk::Anchor;
use crate::measure::{QEMU, missing};
use network::Network;
use server::{Identity, Server};

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
        // SHA-2 as the kiosk has it, see examples/firmware/.cargo/config.toml.
        let told = [("CARGO_ENCODED_RUSTFLAGS", "--cfg\u{1f}sha2_backend_soft=\"compact\"")];
        let image = Image { package: "tests/audit", name, features, told: &told }.build()?;
        let server = match version {
            Some(version) => Server::Tls(identity.speaks(version)?),
            None => Server::Plain,
        };
        let measured = measure(&image, &anchor, server).with_context(|| how.to_owned())?;
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

fn measure(image: &Path, anchor: &Anchor, server: Server) -> Result<Figures> {
    let mut network = Network::new(server)?;
    let mut qemu = Command::new(QEMU);
    qemu.args(["-machine", "mps2-an386", "-display", "none", "-monitor", "none", "-serial", "none"]);
    // An instruction takes a nanosecond, so counts are the same on every host.
    qemu.args(["-icount", "shift=0"]);
    let (to, from) = network.device();
    qemu.args(["-netdev", &format!("socket,id=board,udp={to},localaddr={from}"), "-net", "nic,netdev=board"]);
    let anchor = anchor.path().display().to_string().replace(',', ",,");
    qemu.arg("-semihosting-config").arg(format!("enable=on,target=native,arg=verify,arg=anchor={anchor}"));
    qemu.arg("-kernel").arg(image);
    let child = qemu.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn();
    let mut qemu = Running(child.with_context(|| missing(QEMU))?);
    let mut host = qemu.0.stdin.take().context("no standard input")?;
    let device = BufReader::new(qemu.0.stdout.take().context("no standard output")?);
    let (said, lines) = mpsc::channel();
    thread::spawn(move || device.lines().map_while(Result::ok).try_for_each(|line| said.send(line)));
    let mut figures = Figures::new();
    loop {
        match lines.recv_timeout(WITHIN) {
            Ok(line) if line == "wait" => host.write_all(&[network.turn()?])?,
            Ok(line) => figures.extend(from_text(&line)?),
            Err(mpsc::RecvTimeoutError::Disconnected) => break,
            Err(mpsc::RecvTimeoutError::Timeout) => bail!("the image says nothing for {WITHIN:?}"),
        }
    }
    let status = qemu.0.wait()?;
    ensure!(status.success(), "the image {} ended with {status}", image.display());
    Ok(figures)
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
    use crate::figures::{Figures, INSTRUCTIONS};

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
