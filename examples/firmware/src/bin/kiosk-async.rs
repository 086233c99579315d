#![no_std]
#![no_main]
//! The kiosk as two tasks of embassy's executor: one serves people, one moves the network's frames. Over plain TCP, as
//! `kiosk`.

use core::cell::RefCell;
use core::mem::MaybeUninit;

use embassy_executor::Executor;
use embedded_nal::AddrType;
use heyan_embedded::heyan::Buffer;
use heyan_embedded::{Insecure, Watch, connect, resolve, verify_kept};
use heyan_firmware::asynchronous::{self, Alarms, Stack};
use heyan_firmware::ending;
use heyan_firmware::kiosk::{BUFFER_LEN, Turns, deadlines, inquiry, leave, network, start};
use heyan_firmware::net::{Memory, Network, Places};
use heyan_firmware::random::PredictableDemoRandom;
use heyan_firmware::request::Entered;

#[cortex_m_rt::entry]
fn main() -> ! {
    // cortex-m-rt makes these the function's own.
    static mut MEMORY: Memory = Memory::new();
    static mut PLACES: MaybeUninit<Places> = MaybeUninit::uninit();
    static mut BUFFER: Buffer<BUFFER_LEN> = Buffer::new();
    static mut ENTERED: [u8; 512] = [0; 512];
    static mut NETWORK: Option<RefCell<Network>> = None;
    static mut EXECUTOR: Option<Executor> = None;

    let (entered, mut random) = start(ENTERED);
    let network = NETWORK.insert(RefCell::new(network(MEMORY, Places::free(PLACES), &mut random)));
    asynchronous::run(EXECUTOR.insert(Executor::new()), network, serve(entered, network, random, BUFFER))
}

#[embassy_executor::task]
async fn serve(
    entered: Entered<'static>,
    network: &'static RefCell<Network>,
    mut random: PredictableDemoRandom,
    buffer: &'static mut Buffer<BUFFER_LEN>,
) {
    asynchronous::await_address(network).await;
    let stack = Stack(network);
    let watch = Watch::new(Alarms, deadlines(&entered));
    let mut turns = Turns::new(&entered);
    let mut kept = None;
    while turns.goes_on() {
        let ending = match inquiry(&entered, &mut random) {
            Ok(inquiry) => {
                let connect = async |kept: &mut Option<_>| {
                    // The old connection goes before a new one comes: there is one socket.
                    *kept = None;
                    let address = resolve(&stack, inquiry.endpoint(), AddrType::IPv4, &watch).await?;
                    *kept = Some(Insecure::plain_text(connect(&stack, address, &watch).await?));
                    Ok(())
                };
                ending::show(&verify_kept(&mut kept, connect, &inquiry, buffer, &watch).await)
            }
            Err(ending) => ending,
        };
        turns.note(ending);
        if !turns.keep() {
            kept = None;
            turns.note_closed(network);
        }
    }
    leave(turns.end())
}
