//! TLS with a heap.

use core::alloc::{GlobalAlloc, Layout};
use core::fmt::Debug;
use core::hint::black_box;

// Its critical section is linked with it.
use cortex_m as _;
use heyan_embedded::blocking;
use heyan_embedded::tls::Memory;
use heyan_embedded::tls::rustls::{Algorithms, Config, RECEIVE_LEN, SEND_LEN, open};
use heyan_embedded::verify;

use super::peer::{Modem, block_on};
use super::tls::{NOISE, trust};
use super::{ending, inquiry, show, shown, take, text, watch};

/// A heap of which nobody knows whether it is full.
struct Heap;

#[global_allocator]
static HEAP: Heap = Heap;

// SAFETY: it never gives any memory.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        black_box(layout);
        black_box(core::ptr::null_mut())
    }

    unsafe fn dealloc(&self, place: *mut u8, _: Layout) {
        black_box(place);
    }
}

pub(super) fn calls() {
    static ALGORITHMS: Algorithms = Algorithms::new(&NOISE);
    let config = match Config::new(black_box(&ALGORITHMS), trust()) {
        Ok(config) => config,
        Err(error) => return take(shown(&error)),
    };
    take(show(&config as &dyn Debug));
    take(show(&ALGORITHMS as &dyn Debug));
    let config = black_box(config.clone());
    let mut buffer = [0; 2048];
    let (mut receive, mut send) = ([0; RECEIVE_LEN], [0; SEND_LEN]);
    let watch = watch();
    let memory = Memory { receive: &mut receive, send: &mut send };
    block_on(async {
        match open(Modem, memory, text(), &config, &watch).await {
            Ok(mut link) => {
                inquiry(|inquiry| block_on(async { ending(verify(&mut link, inquiry, &mut buffer, &watch).await) }));
                take(show(link.channel() as &dyn Debug));
                take(link.channel().close().await);
                take(link.into_channel().into_parts());
            }
            Err(error) => take(shown(&error)),
        }
    });
    let memory = Memory { receive: &mut receive, send: &mut send };
    match blocking::tls::rustls::open(Modem, memory, text(), &config, &watch) {
        Ok(mut link) => {
            inquiry(|inquiry| ending(blocking::verify(&mut link, inquiry, &mut buffer, &watch)));
            take(show(link.channel() as &dyn Debug));
            take(link.channel().close());
            take(link.into_channel().into_parts());
        }
        Err(error) => take(shown(&error)),
    }
}
