#![no_std]
#![no_main]
//! One verification after another with reqwless and serde-json-core, over plain TCP.

use heyan_firmware::asynchronous::Stack;
use heyan_firmware::net::{Memory, Places};
use heyan_versus_device::with_reqwless::serve;
use heyan_versus_device::{BUFFER_LEN, block_on, end, start};
use reqwless::client::HttpClient;

#[cortex_m_rt::entry]
fn main() -> ! {
    // cortex-m-rt makes these the function's own.
    static mut MEMORY: Memory = Memory::new();
    static mut PLACES: Places = Places::new();
    static mut BUFFER: [u8; BUFFER_LEN] = [0; BUFFER_LEN];
    // Without, reqwless hands the network a piece of a header line at a time.
    static mut SEND: [u8; 512] = [0; 512];

    let network = start(MEMORY, PLACES);
    let stack = Stack(&network);
    let client = HttpClient::new(&stack, &stack);
    block_on(&network, serve(client, "http://idcert.market.alicloudapi.com", Some(SEND), BUFFER));
    end()
}
