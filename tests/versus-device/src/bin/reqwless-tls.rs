#![no_std]
#![no_main]
//! One verification after another with reqwless and serde-json-core, over embedded-tls.

use heyan_audit::network;
use heyan_firmware::asynchronous::Stack;
use heyan_firmware::net::{Memory, Places};
use heyan_versus_device::with_reqwless::serve;
use heyan_versus_device::{ANCHOR_LEN, BUFFER_LEN, Records, anchor, block_on, end, start};
use reqwless::client::{HttpClient, TlsConfig, TlsVerify};

#[cortex_m_rt::entry]
fn main() -> ! {
    // cortex-m-rt makes these the function's own.
    static mut MEMORY: Memory = Memory::new();
    static mut PLACES: Places = Places::new();
    static mut BUFFER: [u8; BUFFER_LEN] = [0; BUFFER_LEN];
    static mut RECORDS: Records = Records::new();
    static mut ANCHOR: [u8; ANCHOR_LEN] = [0; ANCHOR_LEN];

    let anchor = anchor(ANCHOR);
    let network = start(MEMORY, PLACES);
    let stack = Stack(&network);
    let client = if anchor.is_empty() {
        HttpClient::new(&stack, &stack)
    } else {
        let verify = TlsVerify::Certificate { ca: anchor, cert: None, key: None };
        let config = TlsConfig::new(network::SEED, &mut RECORDS.receive, &mut RECORDS.send, verify);
        HttpClient::new_with_tls(&stack, &stack, config)
    };
    block_on(&network, serve(client, "https://idcert.market.alicloudapi.com", None, BUFFER));
    end()
}
