#![no_std]
#![no_main]
//! The kiosk over TLS: by rustls with the feature of that name, else by embedded-tls.

use core::cell::RefCell;

use embedded_nal::AddrType;
#[cfg(not(feature = "rustls"))]
use heyan_embedded::blocking::tls::embedded as tls;
#[cfg(feature = "rustls")]
use heyan_embedded::blocking::tls::rustls as tls;
use heyan_embedded::heyan::{Buffer, Error};
use heyan_embedded::tls::{Dates, Trust};
use heyan_embedded::{Link, Watch, blocking};
use heyan_firmware::board::{clock, host, stack};
use heyan_firmware::ending::{self, Ending};
use heyan_firmware::kiosk::{BUFFER_LEN, Turns, await_address, deadlines, inquiry, leave, timer};
use heyan_firmware::net::{Memory, Network, Places};
use heyan_firmware::random::{PredictableDemoRandom, Random};
use heyan_firmware::request::Entered;
use heyan_firmware::tls::{RECEIVE_LEN, UNFIT_FOR_PRODUCTS};

/// What TLS receives and sends through.
struct Records {
    receive: [u8; RECEIVE_LEN],
    send: [u8; tls::SEND_LEN],
}

#[cortex_m_rt::entry]
fn main() -> ! {
    // cortex-m-rt makes these the function's own.
    static mut MEMORY: Memory = Memory::new();
    static mut PLACES: Places = Places::new();
    static mut BUFFER: Buffer<BUFFER_LEN> = Buffer::new();
    static mut RECORDS: Records = Records { receive: [0; RECEIVE_LEN], send: [0; tls::SEND_LEN] };
    static mut ENTERED: [u8; 512] = [0; 512];
    static mut ANCHOR: [u8; 2048] = [0; 2048];
    static mut ANCHORS: [&[u8]; 1] = [&[]];

    stack::paint();
    #[cfg(feature = "rustls")]
    heyan_firmware::tls::heap::start();
    let Some(peripherals) = cortex_m::Peripherals::take() else { host::exit(103) };
    clock::start(peripherals.SYST);
    let entered = Entered::new(host::entered(ENTERED));
    let seed = host::unix_seconds();
    UNFIT_FOR_PRODUCTS.start(!seed);
    let mut random = PredictableDemoRandom::unfit_for_products(seed);
    defmt::info!("kiosk started");
    let Some(anchor) = host::read_file(entered.get("anchor").unwrap_or_default(), ANCHOR) else {
        leave(ending::show_wrong("anchor", &"no such file, or not a certificate"))
    };
    *ANCHORS = [anchor];
    let trust = Trust::new(ANCHORS, Dates::CheckedBy(heyan_firmware::tls::clock));
    match Network::start(MEMORY, PLACES, &mut random) {
        Ok(network) => leave(serve(&entered, &RefCell::new(network), &mut random, BUFFER, RECORDS, trust)),
        Err(error) => {
            defmt::error!("no network: {}", error);
            leave(Ending::Error)
        }
    }
}

fn serve(
    entered: &Entered<'_>,
    network: &RefCell<Network>,
    random: &mut impl Random,
    buffer: &mut Buffer<BUFFER_LEN>,
    records: &mut Records,
    trust: Trust<'static>,
) -> Ending {
    #[cfg(feature = "rustls")]
    let config = {
        static ALGORITHMS: tls::Algorithms = tls::Algorithms::new(&UNFIT_FOR_PRODUCTS);
        match tls::Config::new(&ALGORITHMS, trust) {
            Ok(config) => config,
            Err(_) => return ending::show_wrong("anchor", &"it is no certificate"),
        }
    };
    let timer = timer(network);
    await_address(network, &timer);
    let watch = Watch::new(timer, deadlines(entered));
    let mut turns = Turns::new(entered);
    let mut unanswered = None;
    while turns.goes_on() {
        let first = match unanswered.take().map_or_else(|| inquiry(entered, random), Ok) {
            Ok(inquiry) => inquiry,
            Err(ending) => {
                turns.note(ending);
                continue;
            }
        };
        let connected = blocking::resolve(network, first.endpoint(), AddrType::IPv4, &watch)
            .and_then(|address| blocking::connect(network, address, &watch));
        let stream = match connected {
            Ok(stream) => stream,
            Err(error) => {
                turns.note(ending::show(&Err(Error::Channel(error))));
                continue;
            }
        };
        let memory = tls::Memory { receive: &mut records.receive, send: &mut records.send };
        let host = first.endpoint().host();
        #[cfg(feature = "rustls")]
        let opened = tls::open(stream, memory, host, &config, &watch);
        #[cfg(not(feature = "rustls"))]
        let opened = tls::open(stream, memory, host, trust, &UNFIT_FOR_PRODUCTS, &watch);
        let mut link = match opened {
            Ok(link) => link,
            Err(error) => {
                turns.note(ending::show(&Err(Error::Channel(error))));
                turns.note_closed(network);
                continue;
            }
        };
        let mut next = Some(first);
        while let Some(inquiry) = next.take() {
            let result = blocking::verify(&mut link, &inquiry, buffer, &watch);
            if result.is_err() && link.may_repeat() {
                // The gateway had closed the kept connection: once more, over a fresh one.
                unanswered = Some(inquiry);
                break;
            }
            turns.note(ending::show(&result));
            if turns.keep() && turns.goes_on() && link.is_open() {
                next = heyan_firmware::kiosk::inquiry(entered, random).ok();
            }
        }
        drop(link);
        turns.note_closed(network);
    }
    #[cfg(feature = "rustls")]
    heyan_firmware::tls::heap::log();
    turns.end()
}
