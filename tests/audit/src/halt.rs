//! What happens at a panic: exit status 101.

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    heyan_audit::board::exit(101)
}
