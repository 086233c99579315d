#![no_std]
#![no_main]
//! Negative controls: programs that can panic, which the audit must find.

#[path = "../controls.rs"]
mod controls;
#[path = "../tell.rs"]
mod tell;

#[cortex_m_rt::entry]
fn main() -> ! {
    controls::run();
    heyan_audit::board::exit(0)
}
