#![no_std]
#![no_main]
//! Counts the instructions of whole verifications over plain TCP, on the network of the kiosk.

use heyan_audit::{board, case, network};
use heyan_embedded::heyan::provider::IDCERT;
use heyan_embedded::heyan::{Buffer, Endpoint, Verdict};
use heyan_embedded::{Deadlines, Insecure, Watch, blocking};
use heyan_firmware::net::{Memory, Places};

#[cortex_m_rt::entry]
fn main() -> ! {
    // cortex-m-rt makes these the function's own.
    static mut MEMORY: Memory = Memory::new();
    static mut PLACES: Places = Places::new();
    static mut BUFFER: Buffer<{ IDCERT.info().buffer_len() }> = Buffer::new();

    let network = network::start(MEMORY, PLACES);
    let watch = Watch::new(network::timer(&network), Deadlines::DEFAULT);
    let mut kept = None;
    for what in ["verification, first", "verification, kept"] {
        let before = network::ticks();
        let Some(inquiry) = case::inquiry(&IDCERT, case::app_code()) else { board::exit(3) };
        let Ok(endpoint) = Endpoint::parse_insecure_http("http://idcert.market.alicloudapi.com") else {
            board::exit(3)
        };
        let inquiry = inquiry.at(endpoint);
        let connect = |kept: &mut Option<_>| {
            let address = blocking::resolve(&network, inquiry.endpoint(), embedded_nal::AddrType::IPv4, &watch)?;
            *kept = Some(Insecure::plain_text(blocking::connect(&network, address, &watch)?));
            Ok(())
        };
        let result = blocking::verify_kept(&mut kept, connect, &inquiry, BUFFER, &watch);
        if !result.is_ok_and(|outcome| outcome.verdict() == Verdict::Match) {
            board::exit(4);
        }
        network::report(what, before);
    }
    board::exit(0)
}
