//! QEMU's mps2-an386, as far as measuring needs it: words to the host, an exit status, a clock, the depth of the stack.

use core::arch::asm;
use core::ptr::{addr_of, read_volatile, write_volatile};
use core::sync::atomic::{AtomicUsize, Ordering};

/// Ends the emulator with this exit status, by SYS_EXIT_EXTENDED of Arm's semihosting.
pub fn exit(status: u8) -> ! {
    const SYS_EXIT_EXTENDED: usize = 0x20;
    const APPLICATION_EXIT: usize = 0x2_0026;
    let block = [APPLICATION_EXIT, usize::from(status)];
    loop {
        // SAFETY: the operation reads the two words of the block, and does not come back.
        unsafe { cortex_m_semihosting::syscall(SYS_EXIT_EXTENDED, &block) };
    }
}

/// Reads the emulator's standard input, by Arm's semihosting: halts until there is something, and says how many bytes; none
/// at the end.
pub fn read_input(space: &mut [u8]) -> usize {
    const SYS_OPEN: usize = 0x01;
    const SYS_READ: usize = 0x06;
    const READ_BINARY: usize = 1;
    const NAME: &[u8] = b"/dev/stdin\0";
    static FILE: AtomicUsize = AtomicUsize::new(usize::MAX);
    let mut file = FILE.load(Ordering::Relaxed);
    if file == usize::MAX {
        let block = [NAME.as_ptr() as usize, READ_BINARY, NAME.len() - 1];
        // SAFETY: the host reads the name, which ends in a zero.
        file = unsafe { cortex_m_semihosting::syscall(SYS_OPEN, &block) };
        FILE.store(file, Ordering::Relaxed);
    }
    let block = [file, space.as_mut_ptr() as usize, space.len()];
    // SAFETY: the host writes at most as many bytes as there is space for, and says how many it did not write.
    let unread = unsafe { cortex_m_semihosting::syscall(SYS_READ, &block) };
    space.len().saturating_sub(unread)
}

/// Ticks of 25 MHz since the start, from the board's free-running counter. With `-icount shift=0`, where an instruction
/// takes one nanosecond, a tick is [`INSTRUCTIONS_PER_TICK`] instructions.
pub fn ticks() -> u32 {
    const FPGAIO_COUNTER: *const u32 = 0x4002_8018 as *const u32;
    // SAFETY: a register of the board that can be read at any time and has no effect.
    unsafe { read_volatile(FPGAIO_COUNTER) }
}

/// See [`ticks`].
pub const INSTRUCTIONS_PER_TICK: u32 = 40;

/// How deep below itself [`stack_of`] can see.
const DEPTH: usize = 32 * 1024;
const PAINT: u32 = 0xC0DE_57AC;

unsafe extern "C" {
    /// The lowest address of the stack, from the linker script.
    static _stack_end: u32;
}

fn stack_pointer() -> usize {
    let pointer: usize;
    // SAFETY: copies a register.
    unsafe { asm!("mov {}, sp", out(reg) pointer, options(nomem, nostack, preserves_flags)) };
    pointer
}

/// Bytes of stack that `work` takes at its deepest point: the memory below is painted first, and searched afterwards for
/// the lowest word that changed.
#[inline(never)]
pub fn stack_of(work: fn()) -> usize {
    let top = stack_pointer();
    let bottom = (top - DEPTH).max(addr_of!(_stack_end) as usize);
    // What stands right below belongs to the call that paints.
    for address in (bottom..top - 64).step_by(4) {
        // SAFETY: between the linker script's end of the stack and the stack pointer there is nothing but free stack.
        unsafe { write_volatile(address as *mut u32, PAINT) };
    }
    work();
    let untouched = |address: &usize| {
        // SAFETY: the same memory.
        unsafe { read_volatile(*address as *const u32) == PAINT }
    };
    let free = (bottom..top).step_by(4).take_while(untouched).count() * 4;
    top - bottom - free
}

/// What is written here goes nowhere, but is not left out of the image.
pub struct Screen;

impl core::fmt::Write for Screen {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        core::hint::black_box(text);
        Ok(())
    }
}
