//! QEMU's mps2-an386: a Cortex-M4 at 25 MHz with a LAN9118 for Ethernet.

pub mod clock;
pub mod ethernet;
pub mod host;
mod interrupts;
mod log;
pub mod stack;

/// What happens at a panic: the exit status says so, and with the feature `all` the screen says where. (The texts that a
/// panic brings along are six kilobytes, which are left out when nothing reads them.)
#[panic_handler]
fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
    #[cfg(feature = "all")]
    if let Some(place) = info.location() {
        host::show_fmt(format_args!("panic at {place}"));
    }
    let _ = info;
    host::exit(101)
}
