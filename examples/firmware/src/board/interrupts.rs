//! The board's table of interrupts. Without one, cortex-m-rt reserves a kilobyte for the longest that there can be.

unsafe extern "C" {
    fn DefaultHandler();
}

/// QEMU's mps2-an386 has 32 lines. The program polls, so that none of them is ever switched on.
#[unsafe(link_section = ".vector_table.interrupts")]
#[unsafe(no_mangle)]
static __INTERRUPTS: [unsafe extern "C" fn(); 32] = [DefaultHandler; 32];
