//! Milliseconds since the start, by SysTick.

use core::sync::atomic::{AtomicU32, Ordering};
use core::time::Duration;

use cortex_m::peripheral::SYST;
use cortex_m::peripheral::syst::SystClkSource;
use cortex_m_rt::exception;

const CORE_HZ: u32 = 25_000_000;

static MILLIS: AtomicU32 = AtomicU32::new(0);

#[exception]
fn SysTick() {
    // Nobody else writes, so that a load and a store suffice, which also a Cortex-M0 has.
    MILLIS.store(MILLIS.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
}

/// Starts it.
pub fn start(mut timer: SYST) {
    timer.set_clock_source(SystClkSource::Core);
    timer.set_reload(CORE_HZ / 1000 - 1);
    timer.clear_current();
    timer.enable_counter();
    timer.enable_interrupt();
}

/// Milliseconds since the start. They begin anew after 49 days; a kiosk restarts every night.
pub fn millis() -> u32 {
    MILLIS.load(Ordering::Relaxed)
}

/// The same as a duration.
pub fn now() -> Duration {
    Duration::from_millis(u64::from(millis()))
}
