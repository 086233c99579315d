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
use heyan_embedded::tls::Trust;
use heyan_embedded::{Link, Watch, blocking};
use heyan_firmware::ending::{self, Ending};
use heyan_firmware::kiosk::{BUFFER_LEN, Turns, await_address, deadlines, inquiry, leave, network, start, timer};
use heyan_firmware::net::{Memory, Network, Places};
use heyan_firmware::random::Random;
use heyan_firmware::request::Entered;
use heyan_firmware::tls::{ANCHOR_LEN, Records, UNFIT_FOR_PRODUCTS};

#[cortex_m_rt::entry]
fn main() -> ! {
    // cortex-m-rt makes these the function's own.
    static mut MEMORY: Memory = Memory::new();
    static mut PLACES: MaybeUninit<Places> = MaybeUninit::uninit();
    static mut BUFFER: Buffer<BUFFER_LEN> = Buffer::new();
    static mut RECORDS: Records = Records::new();
    static mut ENTERED: [u8; 512] = [0; 512];
    static mut ANCHOR: [u8; ANCHOR_LEN] = [0; ANCHOR_LEN];
    static mut ANCHORS: [&[u8]; 1] = [&[]];

    let (entered, mut random) = start(ENTERED);
    let trust = heyan_firmware::tls::start(&entered, ANCHOR, ANCHORS);
    let network = network(MEMORY, Places::free(PLACES), &mut random);
    leave(serve(&entered, &RefCell::new(network), &mut random, BUFFER, RECORDS, trust))
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
        let memory = records.memory();
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
