//! One connection of the emulated network, as the program that QEMU starts for it: its standard input and output are the
//! device's side, a connection on loopback is the other.

use std::fs::File;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::os::fd::AsFd;
use std::thread;

use anyhow::Result;

/// Moves bytes until both sides have closed.
pub fn run(to: SocketAddr) -> Result<()> {
    let mut peer = TcpStream::connect(to)?;
    peer.set_nodelay(true)?;
    // QEMU's end of standard output is a TCP connection too, whose small pieces would wait for one another.
    let _ = TcpStream::from(io::stdout().as_fd().try_clone_to_owned()?).set_nodelay(true);
    let mut out = peer.try_clone()?;
    thread::spawn(move || {
        let _ = copy(&mut io::stdin().lock(), &mut out);
        let _ = out.shutdown(Shutdown::Write);
    });
    // Rust's own standard output would hand a reply on in two pieces, up to its last line feed and from there on, and
    // QEMU's TCP holds a second small piece back for 40 ms (Nagle).
    let mut device = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    // The end of the reply ends the program, and QEMU then ends the device's connection.
    copy(&mut peer, &mut device)?;
    Ok(())
}

/// Hands every piece on at once.
fn copy(from: &mut impl Read, to: &mut impl Write) -> io::Result<()> {
    let mut space = [0; 4096];
    loop {
        match from.read(&mut space)? {
            0 => return Ok(()),
            count => to.write_all(&space[..count])?,
        }
    }
}
