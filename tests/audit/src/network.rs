//! What the images that verify over a network share: a network in which everything has its turn, and a count that leaves
//! the waiting out.
//!
//! Where the kiosk waits, the device says `wait` to the host and halts. The host takes the frames that were sent, answers
//! them, and says how many frames that makes; the device goes on when they are in the network controller. So what is
//! counted does not depend on how fast anybody is. Driver, network stack and all that stands on them are the kiosk's.

use core::cell::RefCell;
use core::ops::ControlFlow;
use core::ptr::read_volatile;
use core::sync::atomic::{AtomicU32, Ordering};

use cortex_m_semihosting::hprintln;
use heyan_embedded::blocking::{self, Timer};
use heyan_firmware::board::clock;
use heyan_firmware::net::{Memory, Network, Places};
use heyan_firmware::random::PredictableDemoRandom;

use crate::board;

/// The same numbers in every run, so that the same bytes are sent.
pub const SEED: u64 = 1;

/// So often in a row the host may have nothing for a device that waits; afterwards something is wrong.
const TURNS_WITHOUT_FRAMES_MAX: u32 = 100;

/// Ticks that were spent waiting.
static WAITED: AtomicU32 = AtomicU32::new(0);

/// Ticks since the start without those spent waiting, see [`board::ticks`].
pub fn ticks() -> u32 {
    board::ticks().wrapping_sub(WAITED.load(Ordering::Relaxed))
}

/// Prints the instructions since `before`, and says what time it is afterwards: printing is not counted.
pub fn report(what: &str, before: u32) {
    let from = board::ticks();
    let ticks = ticks().wrapping_sub(before);
    hprintln!("instructions\t{}\t{}", what, u64::from(ticks) * u64::from(board::INSTRUCTIONS_PER_TICK));
    leave_out_since(from);
}

/// The clock and the network, with an address.
pub fn start(memory: &'static mut Memory, places: &'static mut Places) -> RefCell<Network> {
    let Some(peripherals) = cortex_m::Peripherals::take() else { board::exit(103) };
    clock::start(peripherals.SYST);
    let mut random = PredictableDemoRandom::unfit_for_products(SEED);
    let Ok(network) = Network::start(memory, places, &mut random) else { board::exit(104) };
    let network = RefCell::new(network);
    let timer = timer(&network);
    while !network.borrow().has_address() {
        let _ = timer.idle();
    }
    drop(timer);
    network
}

/// As the kiosk's timer, which polls while it waits; here nothing is to be seen before the host's turn is over.
pub fn timer(network: &RefCell<Network>) -> impl Timer + '_ {
    blocking::timer(clock::now, || {
        wait();
        if let Ok(mut network) = network.try_borrow_mut() {
            network.poll();
        }
        ControlFlow::Continue(())
    })
}

fn wait() {
    static IN_VAIN: AtomicU32 = AtomicU32::new(0);
    let from = board::ticks();
    hprintln!("wait");
    let frames = host_sent();
    let in_vain = if frames == 0 { IN_VAIN.load(Ordering::Relaxed) + 1 } else { 0 };
    if in_vain > TURNS_WITHOUT_FRAMES_MAX {
        board::exit(105);
    }
    IN_VAIN.store(in_vain, Ordering::Relaxed);
    while frames_there() < u32::from(frames) {}
    leave_out_since(from);
}

fn leave_out_since(from: u32) {
    let waited = board::ticks().wrapping_sub(from);
    WAITED.store(WAITED.load(Ordering::Relaxed).wrapping_add(waited), Ordering::Relaxed);
}

/// Halts until the host has sent so many frames.
fn host_sent() -> u8 {
    let mut count = [0];
    if board::read_input(&mut count) == 1 { count[0] } else { board::exit(106) }
}

/// Frames in the network controller that nobody has read yet.
fn frames_there() -> u32 {
    const LAN9118_RX_FIFO_INF: *const u32 = 0x4020_007C as *const u32;
    // SAFETY: a register that can be read at any time and has no effect.
    unsafe { read_volatile(LAN9118_RX_FIFO_INF) >> 16 & 0xFF }
}
