#![no_std]
#![no_main]
//! The kiosk over TLS: by rustls with the feature of that name, else by embedded-tls.

use core::cell::RefCell;
use core::fmt::Debug;
use core::mem::MaybeUninit;

use embedded_nal::AddrType;
use heyan_embedded::blocking::Timer;
#[cfg(not(feature = "rustls"))]
use heyan_embedded::blocking::tls::embedded as tls;
#[cfg(feature = "rustls")]
use heyan_embedded::blocking::tls::rustls as tls;
use heyan_embedded::embedded_io::{ErrorType, Read, ReadReady, Write};
use heyan_embedded::heyan::{Buffer, Error, Inquiry};
use heyan_embedded::tls::{Dates, Trust};
use heyan_embedded::{Link, Watch, blocking};
use heyan_firmware::board::{clock, host, stack};
use heyan_firmware::ending::{self, Ending};
use heyan_firmware::kiosk::{BUFFER_LEN, Turns, await_address, deadlines, inquiry, leave, timer};
use heyan_firmware::net::{Memory, Network, Places};
use heyan_firmware::random::{PredictableDemoRandom, Random};
use heyan_firmware::request::Entered;
use heyan_firmware::tls::{RECEIVE_LEN, UNFIT_FOR_PRODUCTS};

/// Half of what holds every request in one record: the usual ones are shorter still, and a longer one takes two.
const SEND_LEN: usize = tls::SEND_LEN / 2;

/// Longest root certificate. Half of one with a key for RSA is the key, and its own signature.
const ANCHOR_LEN: usize = if cfg!(feature = "rsa") { 2048 } else { 1024 };

/// What TLS receives and sends through.
struct Records {
    receive: [u8; RECEIVE_LEN],
    send: [u8; SEND_LEN],
}

#[cortex_m_rt::entry]
fn main() -> ! {
    // cortex-m-rt makes these the function's own.
    static mut MEMORY: Memory = Memory::new();
    static mut PLACES: MaybeUninit<Places> = MaybeUninit::uninit();
    static mut BUFFER: Buffer<BUFFER_LEN> = Buffer::new();
    static mut RECORDS: Records = Records { receive: [0; RECEIVE_LEN], send: [0; SEND_LEN] };
    static mut ENTERED: [u8; 512] = [0; 512];
    static mut ANCHOR: [u8; ANCHOR_LEN] = [0; ANCHOR_LEN];
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
    match Network::start(MEMORY, Places::free(PLACES), &mut random) {
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
                turns.note(ending::show_error(&Error::Channel(error)));
                continue;
            }
        };
        let memory = tls::Memory { receive: &mut records.receive, send: &mut records.send };
        let host = first.endpoint().host();
        {
            #[cfg(feature = "rustls")]
            let mut opened = tls::open(stream, memory, host, &config, &watch);
            #[cfg(not(feature = "rustls"))]
            let mut opened = tls::open(stream, memory, host, trust, &UNFIT_FOR_PRODUCTS, &watch);
            // Used where it is, and dropped there: moved, its kilobyte would be on the stack twice.
            match &mut opened {
                Ok(link) => {
                    let next = |turns: &Turns| {
                        if turns.keep() && turns.goes_on() { inquiry(entered, random).ok() } else { None }
                    };
                    unanswered = ask(link, first, next, buffer, &watch, &mut turns);
                }
                Err(error) => turns.note(ending::show_error(&Error::Channel(*error))),
            }
        }
        turns.note_closed(network);
    }
    #[cfg(feature = "rustls")]
    heyan_firmware::tls::heap::log();
    turns.end()
}

/// Asks over one connection: for this person, and for the next ones while it is kept. What the gateway did not answer
/// because it had closed the kept connection comes back, to be asked once more over a fresh one.
#[inline(never)] // What it puts on the stack must not lie there during a handshake.
fn ask<'i, L, C>(
    link: &mut L,
    first: Inquiry<'i>,
    mut next: impl FnMut(&Turns) -> Option<Inquiry<'i>>,
    buffer: &mut Buffer<BUFFER_LEN>,
    watch: &Watch<C>,
    turns: &mut Turns,
) -> Option<Inquiry<'i>>
where
    L: Link,
    L::Channel: Read + ReadReady + Write,
    <L::Channel as ErrorType>::Error: Debug + defmt::Format,
    C: Timer,
{
    let mut asked = first;
    loop {
        let result = blocking::verify(link, &asked, buffer, watch);
        if result.is_err() && link.may_repeat() {
            return Some(asked);
        }
        turns.note(ending::show(&result));
        if !link.is_open() {
            return None;
        }
        asked = next(turns)?;
    }
}
