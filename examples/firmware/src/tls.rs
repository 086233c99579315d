//! What TLS needs of a board: whom to believe, what day it is, randomness, and for rustls a heap.

use core::cell::RefCell;

use critical_section::Mutex;
use heyan_embedded::tls::{Dates, Memory, NoRandomness, Random as TlsRandom, Trust};

use crate::board::host;
use crate::random::{PredictableDemoRandom, Random};
use crate::request::Entered;
use crate::{ending, kiosk};

/// rustls copies every record of data to its heap. With room for longer ones than this, a server could exhaust the heap;
/// handshakes of usual chains and all replies fit.
#[cfg(feature = "rustls")]
pub const RECEIVE_LEN: usize = 8 * 1024;
/// Room for every record: there is no heap that it could exhaust.
#[cfg(not(feature = "rustls"))]
pub const RECEIVE_LEN: usize = heyan_embedded::tls::embedded::RECEIVE_LEN;

/// Half of what holds every request in one record: the usual ones are shorter still, and a longer one takes two.
const SEND_LEN: usize = 1024;

/// Longest root certificate. Half of one with a key for RSA is the key, and its own signature.
pub const ANCHOR_LEN: usize = if cfg!(feature = "rsa") { 2048 } else { 1024 };

/// What TLS receives and sends through.
pub struct Records {
    receive: [u8; RECEIVE_LEN],
    send: [u8; SEND_LEN],
}

impl Records {
    /// All zero, so that it takes no flash.
    #[must_use]
    pub const fn new() -> Self {
        Self { receive: [0; RECEIVE_LEN], send: [0; SEND_LEN] }
    }

    /// For one connection.
    pub fn memory(&mut self) -> Memory<'_> {
        Memory { receive: &mut self.receive, send: &mut self.send }
    }
}

impl Default for Records {
    fn default() -> Self {
        Self::new()
    }
}

/// Starts what TLS needs, and says whom to believe. To be called once, before anything else of TLS; without a root
/// certificate it leaves the program.
pub fn start(
    entered: &Entered<'_>,
    space: &'static mut [u8; ANCHOR_LEN],
    anchors: &'static mut [&'static [u8]; 1],
) -> Trust<'static> {
    #[cfg(feature = "rustls")]
    heap::start();
    UNFIT_FOR_PRODUCTS.start(!host::unix_seconds());
    let Some(anchor) = host::read_file(entered.get("anchor").unwrap_or_default(), space) else {
        kiosk::leave(ending::show_wrong("anchor", &"no such file, or not a certificate"))
    };
    *anchors = [anchor];
    Trust::new(anchors, Dates::CheckedBy(clock))
}

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
