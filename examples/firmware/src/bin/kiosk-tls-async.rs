#![no_std]
#![no_main]
#![allow(clippy::too_many_arguments, reason = "cortex-m-rt makes arguments of main's statics")]
//! The kiosk over TLS as two tasks of embassy's executor: one serves people, one moves the network's frames. TLS is by
//! rustls with the feature of that name, else by embedded-tls, as in `kiosk-tls`.

use core::cell::RefCell;
use core::mem::MaybeUninit;

use embassy_executor::Executor;
use embedded_nal::AddrType;
use heyan_embedded::heyan::{Buffer, Error};
use heyan_embedded::tls::Trust;
#[cfg(not(feature = "rustls"))]
use heyan_embedded::tls::embedded as tls;
#[cfg(feature = "rustls")]
use heyan_embedded::tls::rustls as tls;
use heyan_embedded::{Link, Watch, connect, resolve, verify};
use heyan_firmware::asynchronous::{self, Alarms, Stack};
use heyan_firmware::ending;
use heyan_firmware::kiosk::{BUFFER_LEN, Turns, deadlines, inquiry, leave, network, start};
use heyan_firmware::net::{Memory, Network, Places};
use heyan_firmware::random::PredictableDemoRandom;
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
    static mut NETWORK: Option<RefCell<Network>> = None;
    static mut EXECUTOR: Option<Executor> = None;

    let (entered, mut random) = start(ENTERED);
    let trust = heyan_firmware::tls::start(&entered, ANCHOR, ANCHORS);
    let network = NETWORK.insert(RefCell::new(network(MEMORY, Places::free(PLACES), &mut random)));
    let serve = serve(entered, network, random, BUFFER, RECORDS, trust);
    asynchronous::run(EXECUTOR.insert(Executor::new()), network, serve)
}

#[embassy_executor::task]
async fn serve(
    entered: Entered<'static>,
    network: &'static RefCell<Network>,
    mut random: PredictableDemoRandom,
    buffer: &'static mut Buffer<BUFFER_LEN>,
    records: &'static mut Records,
    trust: Trust<'static>,
) {
    #[cfg(feature = "rustls")]
    let config = {
        static ALGORITHMS: tls::Algorithms = tls::Algorithms::new(&UNFIT_FOR_PRODUCTS);
        match tls::Config::new(&ALGORITHMS, trust) {
            Ok(config) => config,
            Err(_) => leave(ending::show_wrong("anchor", &"it is no certificate")),
        }
    };
    asynchronous::await_address(network).await;
    let stack = Stack(network);
    let watch = Watch::new(Alarms, deadlines(&entered));
    let mut turns = Turns::new(&entered);
    let mut unanswered = None;
    while turns.goes_on() {
        let first = match unanswered.take().map_or_else(|| inquiry(&entered, &mut random), Ok) {
            Ok(inquiry) => inquiry,
            Err(ending) => {
                turns.note(ending);
                continue;
            }
        };
        let connected = match resolve(&stack, first.endpoint(), AddrType::IPv4, &watch).await {
            Ok(address) => connect(&stack, address, &watch).await,
            Err(error) => Err(error),
        };
        let connection = match connected {
            Ok(connection) => connection,
            Err(error) => {
                turns.note(ending::show(&Err(Error::Channel(error))));
                continue;
            }
        };
        let memory = records.memory();
        let host = first.endpoint().host();
        #[cfg(feature = "rustls")]
        let opened = tls::open(connection, memory, host, &config, &watch).await;
        #[cfg(not(feature = "rustls"))]
        let opened = tls::open(connection, memory, host, trust, &UNFIT_FOR_PRODUCTS, &watch).await;
        let mut link = match opened {
            Ok(link) => link,
            Err(error) => {
                turns.note(ending::show(&Err(Error::Channel(error))));
                turns.note_closed(network);
                continue;
            }
        };
        let mut next = Some(first);
        while let Some(asked) = next.take() {
            let result = verify(&mut link, &asked, buffer, &watch).await;
            if result.is_err() && link.may_repeat() {
                // The gateway had closed the kept connection: once more, over a fresh one.
                unanswered = Some(asked);
                break;
            }
            turns.note(ending::show(&result));
            if turns.keep() && turns.goes_on() && link.is_open() {
                next = inquiry(&entered, &mut random).ok();
            }
        }
        drop(link);
        turns.note_closed(network);
    }
    #[cfg(feature = "rustls")]
    heyan_firmware::tls::heap::log();
    leave(turns.end())
}
