//! A kiosk in QEMU, in a network with nothing but a name server and one peer.

use std::env;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::cable::{self, Cable, End};
use crate::log::Log;
use crate::measure::{QEMU, missing};

/// What the device is connected to.
#[derive(Clone, Copy, Debug)]
pub enum Wire {
    /// To a network where this address is reachable at this port of the peer's, and nothing else at all.
    Peer(SocketAddr, u16),
    /// To a network in which nobody is at the peer's address.
    NoRoute,
    /// As `Peer`, and the cable is pulled when the device has sent so many pieces of a request.
    Pulled(SocketAddr, u16, u32),
    /// To nothing.
    Cut,
}

/// How a run ended.
#[derive(Debug)]
pub struct Run {
    /// The emulator's exit status, which is the kiosk's.
    pub status: i32,
    /// What the screen showed.
    pub screen: String,
    /// What the log said.
    pub log: Vec<String>,
}

/// No run takes longer, not even one that waits for a peer in vain.
const WITHIN: Duration = Duration::from_secs(60);

/// Runs the image with what somebody enters, to its end.
pub fn run(image: &Path, entered: &[String], wire: Wire, live: bool) -> Result<Run> {
    let log = Log::start(image, live)?;
    // For each connection QEMU starts a program, and closes every file in it that could be open: with the limit of some
    // machines that takes a quarter of a second.
    let mut qemu = Command::new("sh");
    qemu.args(["-c", "ulimit -n 256; exec \"$0\" \"$@\"", QEMU]);
    qemu.args(["-machine", "mps2-an386", "-display", "none", "-monitor", "none"]);
    qemu.arg("-serial").arg(format!("tcp:{}", log.address));
    let mut cable = None;
    match wire {
        Wire::Cut => {
            qemu.args(["-nic", "none"]);
        }
        Wire::NoRoute => network(&mut qemu, cable.insert(Cable::new(None, false)?), None)?,
        Wire::Peer(peer, port) => network(&mut qemu, cable.insert(Cable::new(None, true)?), Some((peer, port)))?,
        Wire::Pulled(peer, port, after) => {
            network(&mut qemu, cable.insert(Cable::new(Some(after), true)?), Some((peer, port)))?;
        }
    }
    let mut semihosting = "enable=on,target=native,arg=kiosk".to_owned();
    for word in entered {
        semihosting += &format!(",arg={}", word.replace(',', ",,"));
    }
    qemu.arg("-semihosting-config").arg(semihosting).arg("-kernel").arg(image);
    let child = qemu.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let output = finish(child.context("sh cannot be started")?)?;
    let screen = String::from_utf8_lossy(&output.stdout).into_owned();
    let status = output.status.code().context("the emulator was killed")?;
    ensure!(status != 127, missing(QEMU));
    if status > 4 {
        bail!("the emulator ended with {status}: {screen}{}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(Run { status, screen, log: log.lines()? })
}

/// The board at one end of the cable, and at the other QEMU's own network, which gives an address and moves TCP.
fn network(qemu: &mut Command, cable: &Cable, peer: Option<(SocketAddr, u16)>) -> Result<()> {
    let mut lan = "user,id=lan,restrict=on".to_owned();
    if let Some((peer, port)) = peer {
        let relay = env::current_exe()?;
        let relay = relay.to_string_lossy().replace(',', ",,");
        lan += &format!(",guestfwd=tcp:{}:{port}-cmd:{relay} relay {peer}", cable::PEER);
    }
    let end = |name: &str, end: End| {
        let [plug, socket] = [end.plug, end.socket].map(|path| path.to_string_lossy().replace(',', ",,"));
        format!("dgram,id={name},local.type=unix,local.path={plug},remote.type=unix,remote.path={socket}")
    };
    qemu.arg("-netdev").arg(end("board", cable.device())).args(["-net", "nic,netdev=board"]);
    qemu.arg("-netdev").arg(lan).arg("-netdev").arg(end("cable", cable.network()));
    qemu.args(["-netdev", "hubport,id=one,hubid=0,netdev=lan", "-netdev", "hubport,id=other,hubid=0,netdev=cable"]);
    Ok(())
}

fn finish(mut child: Child) -> Result<std::process::Output> {
    let until = Instant::now() + WITHIN;
    while child.try_wait()?.is_none() {
        if Instant::now() > until {
            child.kill()?;
            let output = child.wait_with_output()?;
            bail!("no end after {WITHIN:?}: {}", String::from_utf8_lossy(&output.stdout));
        }
        // There is no call that waits with a deadline.
        thread::sleep(Duration::from_millis(5));
    }
    Ok(child.wait_with_output()?)
}
