#![no_std]
#![no_main]
//! The kiosk over plain TCP, which everybody on the way can read: for a closed network, and to see what everything but
//! TLS costs.

use core::cell::RefCell;
use core::mem::MaybeUninit;

use embedded_nal::AddrType;
use heyan_embedded::heyan::Buffer;
use heyan_embedded::{Insecure, Watch, blocking};
use heyan_firmware::ending::{self, Ending};
use heyan_firmware::kiosk::{BUFFER_LEN, Turns, await_address, deadlines, inquiry, leave, network, start, timer};
use heyan_firmware::net::{Memory, Network, Places};
use heyan_firmware::random::Random;
use heyan_firmware::request::Entered;

#[cortex_m_rt::entry]
fn main() -> ! {
    // cortex-m-rt makes these the function's own.
    static mut MEMORY: Memory = Memory::new();
    static mut PLACES: MaybeUninit<Places> = MaybeUninit::uninit();
    static mut BUFFER: Buffer<BUFFER_LEN> = Buffer::new();
    static mut ENTERED: [u8; 512] = [0; 512];

    let (entered, mut random) = start(ENTERED);
    let network = network(MEMORY, Places::free(PLACES), &mut random);
    leave(serve(&entered, &RefCell::new(network), &mut random, BUFFER))
}

fn serve(
    entered: &Entered<'_>,
    network: &RefCell<Network>,
    random: &mut impl Random,
    buffer: &mut Buffer<BUFFER_LEN>,
) -> Ending {
    let timer = timer(network);
    await_address(network, &timer);
    let watch = Watch::new(timer, deadlines(entered));
    let mut turns = Turns::new(entered);
    let mut kept = None;
    while turns.goes_on() {
        let ending = match inquiry(entered, random) {
            Ok(inquiry) => {
                let connect = |kept: &mut Option<_>| {
                    // The old connection goes before a new one comes: there is one socket.
                    *kept = None;
                    let address = blocking::resolve(network, inquiry.endpoint(), AddrType::IPv4, &watch)?;
                    *kept = Some(Insecure::plain_text(blocking::connect(network, address, &watch)?));
                    Ok(())
                };
                ending::show(&blocking::verify_kept(&mut kept, connect, &inquiry, buffer, &watch))
            }
            Err(ending) => ending,
        };
        turns.note(ending);
        if !turns.keep() {
            kept = None;
            turns.note_closed(network);
        }
    }
    turns.end()
}
