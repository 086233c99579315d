//! The log: defmt's frames on the board's first serial line. The messages themselves stay in the image's debug information
//! on the host; what crosses the line are their numbers and values.

use core::cell::UnsafeCell;
use core::ptr::{read_volatile, write_volatile};
use core::sync::atomic::{AtomicBool, Ordering};

use critical_section::RestoreState;

/// CMSDK APB UART 0.
const UART: usize = 0x4000_4000;
const DATA: *mut u32 = UART as *mut u32;
const STATE: *const u32 = (UART + 0x4) as *const u32;
const CONTROL: *mut u32 = (UART + 0x8) as *mut u32;
const BAUD_DIVIDER: *mut u32 = (UART + 0x10) as *mut u32;

fn send(bytes: &[u8]) {
    // SAFETY: registers of a device that only this module uses. Setting it up again does not disturb it.
    unsafe {
        write_volatile(BAUD_DIVIDER, 16);
        write_volatile(CONTROL, 1);
        for byte in bytes {
            while read_volatile(STATE) & 1 != 0 {}
            write_volatile(DATA, u32::from(*byte));
        }
    }
}

#[defmt::global_logger]
struct Logger;

struct Shared {
    taken: AtomicBool,
    restore: UnsafeCell<RestoreState>,
    encoder: UnsafeCell<defmt::Encoder>,
}

// SAFETY: the cells are only used between `acquire` and `release`, with interrupts off on the only core.
unsafe impl Sync for Shared {}

static SHARED: Shared = Shared {
    taken: AtomicBool::new(false),
    restore: UnsafeCell::new(RestoreState::invalid()),
    encoder: UnsafeCell::new(defmt::Encoder::new()),
};

// SAFETY: `acquire` starts a critical section, which `release` ends, so nothing comes between the pieces of a frame.
unsafe impl defmt::Logger for Logger {
    fn acquire() {
        // SAFETY: `release` is the end of it.
        let restore = unsafe { critical_section::acquire() };
        if SHARED.taken.load(Ordering::Relaxed) {
            // A `Format` that logs: defmt forbids it, and the encoder is in use.
            super::host::exit(102);
        }
        SHARED.taken.store(true, Ordering::Relaxed);
        // SAFETY: see `Shared`.
        unsafe {
            *SHARED.restore.get() = restore;
            (*SHARED.encoder.get()).start_frame(send);
        }
    }

    unsafe fn flush() {}

    unsafe fn release() {
        // SAFETY: see `Shared`; the section began in `acquire`.
        unsafe {
            (*SHARED.encoder.get()).end_frame(send);
            SHARED.taken.store(false, Ordering::Relaxed);
            critical_section::release(*SHARED.restore.get());
        }
    }

    unsafe fn write(bytes: &[u8]) {
        // SAFETY: see `Shared`.
        unsafe { (*SHARED.encoder.get()).write(bytes, send) };
    }
}

defmt::timestamp!("{=u32:ms}", super::clock::millis());
