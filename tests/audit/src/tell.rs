//! What happens at a panic in the images that are searched for panics: the reason is looked at. Where nobody does, the
//! compiler makes one function of all that differ in nothing else, and no search could tell them apart.

#[panic_handler]
fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
    core::hint::black_box((info.location(), info.message()));
    heyan_audit::board::exit(101)
}
