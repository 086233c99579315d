#![no_std]
#![no_main]
//! Counts the instructions of whole verifications over TLS, on the network of the kiosk: by rustls with the feature of
//! that name, else by embedded-tls.

use core::cell::RefCell;

use embedded_nal::AddrType;
use heyan_audit::{board, case, network};
#[cfg(not(feature = "network-rustls"))]
use heyan_embedded::blocking::tls::embedded as tls;
#[cfg(feature = "network-rustls")]
use heyan_embedded::blocking::tls::rustls as tls;
use heyan_embedded::blocking::{self, Timer};
use heyan_embedded::heyan::provider::IDCERT;
use heyan_embedded::heyan::{Buffer, Inquiry, Verdict};
use heyan_embedded::tls::{Dates, Trust};
use heyan_embedded::{Deadlines, Link, Watch};
use heyan_firmware::board::host;
use heyan_firmware::net::{Memory, Network, Places};
use heyan_firmware::request::Entered;
use heyan_firmware::tls::UNFIT_FOR_PRODUCTS;

/// 2026-11-01T08:00:00Z.
const NOW: u64 = 1_793_520_000;

/// Room for a usual chain of certificates.
const RECEIVE_LEN: usize = 8 * 1024;

#[cortex_m_rt::entry]
fn main() -> ! {
    // cortex-m-rt makes these the function's own.
    static mut MEMORY: Memory = Memory::new();
    static mut PLACES: Places = Places::new();
    static mut ENTERED: [u8; 256] = [0; 256];
    static mut ANCHOR: [u8; 2048] = [0; 2048];
    static mut ANCHORS: [&[u8]; 1] = [&[]];

    #[cfg(feature = "network-rustls")]
    heyan_firmware::tls::heap::start();
    UNFIT_FOR_PRODUCTS.start(network::SEED);
    let anchor = Entered::new(host::entered(ENTERED)).get("anchor").unwrap_or_default();
    let Some(anchor) = host::read_file(anchor, ANCHOR) else { board::exit(3) };
    *ANCHORS = [anchor];
    let trust = Trust::new(ANCHORS, Dates::CheckedBy(|| Some(NOW)));
    let network = network::start(MEMORY, PLACES);
    let watch = Watch::new(network::timer(&network), Deadlines::DEFAULT);
    verify(&network, &watch, trust);
    board::exit(0)
}

fn verify(network: &RefCell<Network>, watch: &Watch<impl Timer>, trust: Trust<'static>) {
    #[cfg(feature = "network-rustls")]
    let config = {
        static ALGORITHMS: tls::Algorithms = tls::Algorithms::new(&UNFIT_FOR_PRODUCTS);
        let Ok(config) = tls::Config::new(&ALGORITHMS, trust) else { board::exit(3) };
        config
    };
    let (mut receive, mut send) = ([0; RECEIVE_LEN], [0; tls::SEND_LEN]);
    // rustls keeps a ticket, so that its second handshake is a short one.
    let all = [
        ["handshake", "verification, first", "verification, kept"],
        ["handshake, resumed", "verification, resumed", ""],
    ];
    for [handshake, first, kept] in all.into_iter().take(if cfg!(feature = "network-rustls") { 2 } else { 1 }) {
        let before = network::ticks();
        let inquiry = inquiry();
        let address = blocking::resolve(network, inquiry.endpoint(), AddrType::IPv4, watch);
        let Ok(stream) = address.and_then(|address| blocking::connect(network, address, watch)) else { board::exit(5) };
        let memory = tls::Memory { receive: &mut receive, send: &mut send };
        let host = inquiry.endpoint().host();
        let connected = network::ticks();
        #[cfg(feature = "network-rustls")]
        let opened = tls::open(stream, memory, host, &config, watch);
        #[cfg(not(feature = "network-rustls"))]
        let opened = tls::open(stream, memory, host, trust, &UNFIT_FOR_PRODUCTS, watch);
        let Ok(mut link) = opened else { board::exit(6) };
        network::report(handshake, connected);
        ask(&mut link, &inquiry, watch);
        network::report(first, before);
        if !kept.is_empty() {
            let before = network::ticks();
            ask(&mut link, &self::inquiry(), watch);
            network::report(kept, before);
        }
    }
}

fn inquiry() -> Inquiry<'static> {
    let Some(inquiry) = case::inquiry(&IDCERT, case::app_code()) else { board::exit(3) };
    inquiry
}

fn ask<L: Link>(link: &mut L, inquiry: &Inquiry<'_>, watch: &Watch<impl Timer>)
where
    L::Channel:
        heyan_embedded::embedded_io::Read + heyan_embedded::embedded_io::ReadReady + heyan_embedded::embedded_io::Write,
{
    let mut buffer = Buffer::<{ IDCERT.info().buffer_len() }>::new();
    let result = blocking::verify(link, inquiry, &mut buffer, watch);
    if !result.is_ok_and(|outcome| outcome.verdict() == Verdict::Match) {
        board::exit(4);
    }
}
