//! What the images have in common: the kiosk's network with the traits of `embedded-nal-async`, something that polls, and
//! how they say what came of it.

#![no_std]

pub mod with_heyan;
pub mod with_reqwless;

use core::cell::RefCell;
use core::future::Future;
use core::pin::pin;
use core::task::{Context, Poll, Waker};

use cortex_m_semihosting::hprintln;
use heyan_audit::network;
use heyan_embedded::blocking::Timer;
use heyan_firmware::board::{host, stack};
use heyan_firmware::net::{Memory, Network, Places};
use heyan_firmware::request::Entered;

/// Where both ask.
pub const HOST: &str = "idcert.market.alicloudapi.com";
/// Whom both ask about: nobody.
pub const NAME: &str = "张三";
/// His number.
pub const NUMBER: &str = "110101190001010057";
/// What both pay with.
pub const APP_CODE: &str = "test-appcode-not-a-secret-000000";
/// Room for a request, and for a reply.
pub const BUFFER_LEN: usize = heyan_embedded::heyan::provider::IDCERT.info().buffer_len();

/// What is counted: a verification over a connection that is made for it, and the next one over the same.
pub const CALLS: [&str; 2] = ["verification, first", "verification, kept"];

/// 2026-11-01T08:00:00Z.
pub const NOW: u64 = 1_793_520_000;
/// Longest root certificate.
pub const ANCHOR_LEN: usize = 1024;

/// What TLS receives and sends through.
#[cfg(feature = "tls")]
pub struct Records {
    /// Holds every record.
    pub receive: [u8; heyan_embedded::tls::embedded::RECEIVE_LEN],
    /// Holds every request.
    pub send: [u8; heyan_embedded::tls::embedded::SEND_LEN],
}

#[cfg(feature = "tls")]
impl Records {
    /// Nothing yet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            receive: [0; heyan_embedded::tls::embedded::RECEIVE_LEN],
            send: [0; heyan_embedded::tls::embedded::SEND_LEN],
        }
    }
}

#[cfg(feature = "tls")]
impl Default for Records {
    fn default() -> Self {
        Self::new()
    }
}

/// The root certificate that the image was started with; empty without one.
pub fn anchor(space: &'static mut [u8]) -> &'static [u8] {
    let mut words = [0; 256];
    let path = Entered::new(host::entered(&mut words)).get("anchor");
    path.and_then(|path| host::read_file(path, space)).unwrap_or_default()
}

/// What the gateway said, in the words of both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// 一致.
    Match,
    /// 不一致.
    Mismatch,
    /// 库无.
    NoRecord,
}

/// Paints the stack and starts the network.
pub fn start(memory: &'static mut Memory, places: &'static mut Places) -> RefCell<Network> {
    stack::paint();
    network::start(memory, places)
}

/// Runs a future on the network: while it is not ready, the host has its turn, which is not counted.
pub fn block_on<F: Future>(network: &RefCell<Network>, future: F) -> F::Output {
    let timer = network::timer(network);
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
        let _ = timer.idle();
    }
}

/// Counts one verification, and tells what came of it.
pub async fn count(what: &str, work: impl Future<Output = Option<Verdict>>) {
    let before = network::ticks();
    let ending = work.await;
    network::report(what, before);
    tell(ending);
}

/// Tells what came of a verification, for the host to hear.
pub fn tell(ending: Option<Verdict>) {
    let word = match ending {
        Some(Verdict::Match) => "match",
        Some(Verdict::Mismatch) => "mismatch",
        Some(Verdict::NoRecord) => "no record",
        None => "error",
    };
    hprintln!("ending\t{}", word);
}

/// Tells how deep the stack was, and ends.
pub fn end() -> ! {
    hprintln!("stack bytes\tall\t{}", stack::deepest());
    heyan_audit::board::exit(0)
}
