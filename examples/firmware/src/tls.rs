//! What TLS needs of a board: whom to believe, what day it is, randomness, and for rustls a heap.

use core::cell::RefCell;

use critical_section::Mutex;
use heyan_embedded::tls::{NoRandomness, Random as TlsRandom};

use crate::board::host;
use crate::random::{PredictableDemoRandom, Random};

/// rustls copies every record of data to its heap. With room for longer ones than this, a server could exhaust the heap;
/// handshakes of usual chains and all replies fit.
#[cfg(feature = "rustls")]
pub const RECEIVE_LEN: usize = 8 * 1024;
/// Room for every record: there is no heap that it could exhaust.
#[cfg(not(feature = "rustls"))]
pub const RECEIVE_LEN: usize = heyan_embedded::tls::embedded::RECEIVE_LEN;

/// The demo's randomness for TLS. Unfit for products, see [`PredictableDemoRandom`].
pub struct PredictableDemoTlsRandom(Mutex<RefCell<Option<PredictableDemoRandom>>>);

/// The only one: rustls wants it for ever.
pub static UNFIT_FOR_PRODUCTS: PredictableDemoTlsRandom = PredictableDemoTlsRandom(Mutex::new(RefCell::new(None)));

impl PredictableDemoTlsRandom {
    /// Starts it. Without, there is no randomness and no connection.
    pub fn start(&self, seed: u64) {
        critical_section::with(|section| {
            *self.0.borrow_ref_mut(section) = Some(PredictableDemoRandom::unfit_for_products(seed));
        });
    }
}

impl TlsRandom for PredictableDemoTlsRandom {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoRandomness> {
        critical_section::with(|section| {
            self.0.borrow_ref_mut(section).as_mut().ok_or(NoRandomness).map(|random| random.fill(bytes))
        })
    }
}

/// The clock that certificates are held against.
pub fn clock() -> Option<u64> {
    Some(host::unix_seconds())
}

/// A heap, and the most that was in use.
#[cfg(feature = "rustls")]
pub mod heap {
    use core::alloc::{GlobalAlloc, Layout};
    use core::ptr::addr_of_mut;
    use core::sync::atomic::{AtomicUsize, Ordering};

    use embedded_alloc::LlffHeap;

    /// Bytes of it.
    pub const LEN: usize = 16 * 1024;

    struct Heap {
        heap: LlffHeap,
        peak: AtomicUsize,
    }

    #[global_allocator]
    static HEAP: Heap = Heap { heap: LlffHeap::empty(), peak: AtomicUsize::new(0) };

    // SAFETY: every call goes on to an allocator, whose answers are handed on.
    unsafe impl GlobalAlloc for Heap {
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            // SAFETY: the caller's promise.
            let place = unsafe { self.heap.alloc(layout) };
            self.peak.fetch_max(self.heap.used(), Ordering::Relaxed);
            place
        }

        unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
            // SAFETY: the caller's promise.
            unsafe { self.heap.dealloc(place, layout) };
        }
    }

    /// Starts it. To be called once, before anything is allocated.
    pub fn start() {
        static mut MEMORY: [u8; LEN] = [0; LEN];
        // SAFETY: nothing else names this memory.
        unsafe { HEAP.heap.init(addr_of_mut!(MEMORY) as usize, LEN) };
    }

    /// Logs how much is in use, and the most that ever was.
    pub fn log() {
        let (used, peak) = (HEAP.heap.used(), HEAP.peak.load(Ordering::Relaxed));
        defmt::info!("heap: {=usize} bytes in use, {=usize} at most", used, peak);
    }
}
