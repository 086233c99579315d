//! How deep the stack went: it is painted at the start and searched for the lowest word that changed.

use core::arch::asm;
use core::ptr::{addr_of, read_volatile, write_volatile};

const PAINT: u32 = 0xC0DE_57AC;
/// Painting all 4 MiB would only take time.
const DEPTH: usize = 64 * 1024;

unsafe extern "C" {
    /// Lowest address of the stack, and the one above its highest, from the linker script.
    static _stack_end: u32;
    static _stack_start: u32;
}

fn bottom() -> usize {
    (addr_of!(_stack_end) as usize).max(addr_of!(_stack_start) as usize - DEPTH)
}

/// Paints what is free. Call it first.
#[inline(never)]
pub fn paint() {
    let pointer: usize;
    // SAFETY: copies a register.
    unsafe { asm!("mov {}, sp", out(reg) pointer, options(nomem, nostack, preserves_flags)) };
    for address in (bottom()..pointer - 64).step_by(4) {
        // SAFETY: between the linker script's end of the stack and the stack pointer there is nothing but free stack.
        unsafe { write_volatile(address as *mut u32, PAINT) };
    }
}

/// The most bytes that were in use since.
#[inline(never)]
pub fn deepest() -> usize {
    let top = addr_of!(_stack_start) as usize;
    let untouched = |address: &usize| {
        // SAFETY: the same memory.
        unsafe { read_volatile(*address as *const u32) == PAINT }
    };
    let free = (bottom()..top).step_by(4).take_while(untouched).count() * 4;
    top - bottom() - free
}
