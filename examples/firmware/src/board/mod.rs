//! QEMU's mps2-an386: a Cortex-M4 at 25 MHz with a LAN9118 for Ethernet.

pub mod clock;
pub mod ethernet;
pub mod host;
mod log;
pub mod stack;

/// What happens at a panic. None is known; see the panic audit of the core.
#[panic_handler]
fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
    let line = info.location().map_or(0, core::panic::Location::line);
    let file = info.location().map_or("", core::panic::Location::file);
    host::show(format_args!("panic at {file}:{line}"));
    host::exit(101)
}
