#![no_std]
#![no_main]
//! The image of [`heyan_audit::calls::transport::over_tls`].

#[path = "../tell.rs"]
mod tell;

#[cortex_m_rt::entry]
fn main() -> ! {
    heyan_audit::calls::transport::over_tls();
    heyan_audit::board::exit(0)
}
