//! The host behind the emulator, by Arm's semihosting: it plays the screen, the keyboard and the clock on the wall.

use core::fmt;

use cortex_m_semihosting::{hio, syscall, syscall1};

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
    let status = unsafe { syscall(SYS_GET_CMDLINE, &mut block) };
    let length = if status == 0 { block.length.min(space.len()) } else { 0 };
    let text = space.get(..length).unwrap_or_default();
    core::str::from_utf8(text).unwrap_or_default().trim_end_matches('\0')
}

/// Seconds since 1970-01-01T00:00:00Z by the host's clock; a board has a battery-backed clock or asks a time server.
pub fn unix_seconds() -> u64 {
    // SAFETY: the operation takes no argument.
    let seconds = unsafe { syscall1(SYS_TIME, 0) };
    seconds as u64
}

/// Writes a line on the screen.
pub fn show(line: fmt::Arguments<'_>) {
    use fmt::Write;
    if let Ok(mut screen) = hio::hstdout() {
        let _ = writeln!(screen, "{line}");
    }
}
