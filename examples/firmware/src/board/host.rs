//! The host behind the emulator, by Arm's semihosting: it plays the screen, the keyboard and the clock on the wall.

#[cfg(feature = "all")]
use core::fmt;

use cortex_m_semihosting::{hio, syscall, syscall1};

const SYS_OPEN: usize = 0x01;
const SYS_READ: usize = 0x06;
const SYS_TIME: usize = 0x11;
const SYS_GET_CMDLINE: usize = 0x15;
const SYS_EXIT_EXTENDED: usize = 0x20;

/// Ends the emulator with this exit status.
pub fn exit(status: u8) -> ! {
    const APPLICATION_EXIT: usize = 0x2_0026;
    let block = [APPLICATION_EXIT, usize::from(status)];
    loop {
        // SAFETY: the operation reads the two words of the block, and does not come back.
        unsafe { syscall(SYS_EXIT_EXTENDED, &block) };
    }
}

/// What somebody entered: the words of QEMU's `-semihosting-config arg=…`, with one space between two.
pub fn entered(space: &mut [u8]) -> &str {
    #[repr(C)]
    struct Block {
        text: *mut u8,
        length: usize,
    }
    let mut block = Block { text: space.as_mut_ptr(), length: space.len() };
    // SAFETY: the host writes at most `length` bytes to `text`, and the length to `length`.
    let status = unsafe { syscall1(SYS_GET_CMDLINE, (&raw mut block) as usize) };
    let length = if status == 0 { block.length.min(space.len()) } else { 0 };
    let text = space.get(..length).unwrap_or_default();
    core::str::from_utf8(text).unwrap_or_default().trim_end_matches('\0')
}

/// Reads a file of the host's: it plays the part of the flash that a factory writes settings to. `None` when there is none,
/// or it does not fit.
pub fn read_file<'s>(path: &str, space: &'s mut [u8]) -> Option<&'s [u8]> {
    const READ_BINARY: usize = 1;
    let mut name = [0_u8; 128];
    name.get_mut(..path.len())?.copy_from_slice(path.as_bytes());
    // One zero is left behind the name.
    if path.len() == name.len() {
        return None;
    }
    let block = [name.as_ptr() as usize, READ_BINARY, path.len()];
    // SAFETY: the host reads the name, which ends in a zero.
    let file = unsafe { syscall(SYS_OPEN, &block) };
    if file == usize::MAX {
        return None;
    }
    let block = [file, space.as_mut_ptr() as usize, space.len()];
    // SAFETY: the host writes at most as many bytes as there is space for, and says how many it did not write.
    let unread = unsafe { syscall(SYS_READ, &block) };
    match space.len().checked_sub(unread)? {
        0 => None,
        length if length == space.len() => None,
        length => space.get(..length),
    }
}

/// Seconds since 1970-01-01T00:00:00Z by the host's clock; a board has a battery-backed clock or asks a time server.
pub fn unix_seconds() -> u64 {
    // SAFETY: the operation takes no argument.
    let seconds = unsafe { syscall1(SYS_TIME, 0) };
    seconds as u64
}

/// Writes a line on the screen.
pub fn show(pieces: &[&str]) {
    if let Ok(mut screen) = hio::hstdout() {
        for piece in pieces {
            let _ = screen.write_all(piece.as_bytes());
        }
        let _ = screen.write_all(b"\n");
    }
}

/// The same with values in it: the machinery for that is two kilobytes.
#[cfg(feature = "all")]
pub fn show_fmt(line: fmt::Arguments<'_>) {
    use fmt::Write;
    if let Ok(mut screen) = hio::hstdout() {
        let _ = writeln!(screen, "{line}");
    }
}
