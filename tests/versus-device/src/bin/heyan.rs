#![no_std]
#![no_main]
//! One verification after another with heyan, over plain TCP.

use embedded_nal::AddrType;
use heyan_embedded::heyan::{Buffer, Endpoint};
use heyan_embedded::{Deadlines, Insecure, Watch, connect, resolve, verify_kept};
use heyan_firmware::asynchronous::{Alarms, Stack};
use heyan_firmware::net::{Memory, Places};
use heyan_versus_device::with_heyan::{inquiry, verdict};
use heyan_versus_device::{BUFFER_LEN, CALLS, block_on, count, end, start};

#[cortex_m_rt::entry]
fn main() -> ! {
    // cortex-m-rt makes these the function's own.
    static mut MEMORY: Memory = Memory::new();
    static mut PLACES: Places = Places::new();
    static mut BUFFER: Buffer<BUFFER_LEN> = Buffer::new();

    let network = start(MEMORY, PLACES);
    block_on(&network, serve(&Stack(&network), BUFFER));
    end()
}

async fn serve(stack: &Stack<'_>, buffer: &mut Buffer<BUFFER_LEN>) {
    let watch = Watch::new(Alarms, Deadlines::DEFAULT);
    let mut kept = None;
    for what in CALLS {
        let call = async {
            let inquiry = inquiry()?;
            let inquiry = inquiry.at(Endpoint::parse_insecure_http("http://idcert.market.alicloudapi.com").ok()?);
            let connect = async |kept: &mut Option<_>| {
                *kept = None;
                let address = resolve(stack, inquiry.endpoint(), AddrType::IPv4, &watch).await?;
                *kept = Some(Insecure::plain_text(connect(stack, address, &watch).await?));
                Ok(())
            };
            let outcome = verify_kept(&mut kept, connect, &inquiry, buffer, &watch).await;
            outcome.ok().map(|outcome| verdict(&outcome))
        };
        count(what, call).await;
    }
}
