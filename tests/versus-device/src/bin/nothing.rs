#![no_std]
#![no_main]
//! Everything that both stand on, and neither of them: finds the host, connects, sends a line and reads what comes.

use core::net::SocketAddr;

use embedded_nal::AddrType;
use embedded_nal_async::{Dns, TcpConnect};
use heyan_embedded::embedded_io_async::{Read, Write};
use heyan_firmware::asynchronous::Stack;
use heyan_firmware::net::{Memory, NetError, Places};
use heyan_versus_device::{BUFFER_LEN, HOST, Verdict, block_on, count, end, start};

#[cortex_m_rt::entry]
fn main() -> ! {
    // cortex-m-rt makes these the function's own.
    static mut MEMORY: Memory = Memory::new();
    static mut PLACES: Places = Places::new();
    static mut BUFFER: [u8; BUFFER_LEN] = [0; BUFFER_LEN];

    let network = start(MEMORY, PLACES);
    let stack = Stack(&network);
    block_on(&network, count("nothing", async { send(&stack, BUFFER).await.ok() }));
    end()
}

async fn send(stack: &Stack<'_>, buffer: &mut [u8]) -> Result<Verdict, NetError> {
    let address = stack.get_host_by_name(HOST, AddrType::IPv4).await?;
    let mut connection = stack.connect(SocketAddr::new(address, 80)).await?;
    connection.write(b"\r\n\r\n").await?;
    connection.read(buffer).await?;
    Ok(Verdict::Match)
}
