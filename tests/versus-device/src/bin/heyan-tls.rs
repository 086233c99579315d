#![no_std]
#![no_main]
//! One verification after another with heyan, over embedded-tls.

use core::cell::RefCell;

use embedded_nal::AddrType;
use heyan_audit::network;
use heyan_embedded::heyan::Buffer;
use heyan_embedded::tls::{Dates, Trust, embedded as tls};
use heyan_embedded::{Deadlines, Watch, connect, resolve, verify};
use heyan_firmware::asynchronous::{Alarms, Stack};
use heyan_firmware::net::{Memory, NetError, Network, Places};
use heyan_firmware::tls::UNFIT_FOR_PRODUCTS;
use heyan_versus_device::with_heyan::{inquiry, verdict};
use heyan_versus_device::{ANCHOR_LEN, BUFFER_LEN, CALLS, NOW, Records, anchor, block_on, count, end, start};

#[cortex_m_rt::entry]
fn main() -> ! {
    // cortex-m-rt makes these the function's own.
    static mut MEMORY: Memory = Memory::new();
    static mut PLACES: Places = Places::new();
    static mut BUFFER: Buffer<BUFFER_LEN> = Buffer::new();
    static mut RECORDS: Records = Records::new();
    static mut ANCHOR: [u8; ANCHOR_LEN] = [0; ANCHOR_LEN];
    static mut ANCHORS: [&[u8]; 1] = [&[]];

    UNFIT_FOR_PRODUCTS.start(network::SEED);
    *ANCHORS = [anchor(ANCHOR)];
    let trust = Trust::new(ANCHORS, Dates::CheckedBy(|| Some(NOW)));
    let network = start(MEMORY, PLACES);
    block_on(&network, serve(&network, BUFFER, RECORDS, trust));
    end()
}

async fn serve(
    network: &RefCell<Network>,
    buffer: &mut Buffer<BUFFER_LEN>,
    records: &mut Records,
    trust: Trust<'static>,
) {
    let stack = Stack(network);
    let watch = Watch::new(Alarms, Deadlines::DEFAULT);
    let memory = tls::Memory { receive: &mut records.receive, send: &mut records.send };
    let (mut link, mut memory) = (None, Some(memory));
    for what in CALLS {
        let call = async {
            let inquiry = inquiry()?;
            if let Some(memory) = memory.take() {
                let address = resolve::<_, _, NetError>(&stack, inquiry.endpoint(), AddrType::IPv4, &watch).await;
                let connection = connect(&stack, address.ok()?, &watch).await.ok()?;
                let host = inquiry.endpoint().host();
                link = tls::open(connection, memory, host, trust, &UNFIT_FOR_PRODUCTS, &watch).await.ok();
            }
            let outcome = verify(link.as_mut()?, &inquiry, buffer, &watch).await;
            outcome.ok().map(|outcome| verdict(&outcome))
        };
        count(what, call).await;
    }
}
