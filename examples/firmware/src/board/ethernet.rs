//! The LAN9118 Ethernet controller, polled, as a device for smoltcp. Frames are copied between its FIFOs and two buffers.

use core::ptr::{read_volatile, write_volatile};

use smoltcp::phy::{self, DeviceCapabilities, Medium};
use smoltcp::time::Instant;

/// Where the board has it.
const BASE: usize = 0x4020_0000;

/// Registers by their offset, in the words of the data sheet.
#[derive(Clone, Copy)]
#[repr(usize)]
enum Register {
    RxDataFifo = 0x00,
    TxDataFifo = 0x20,
    RxStatusFifo = 0x40,
    TxStatusFifo = 0x48,
    ByteTest = 0x64,
    RxConfig = 0x6C,
    TxConfig = 0x70,
    HardwareConfig = 0x74,
    RxDatapathControl = 0x78,
    RxFifoInformation = 0x7C,
    TxFifoInformation = 0x80,
    MacCommand = 0xA4,
    MacData = 0xA8,
}

/// Registers of the MAC, behind the two registers above.
const MAC_CONTROL: u32 = 1;
const MAC_ADDRESS_HIGH: u32 = 2;
const MAC_ADDRESS_LOW: u32 = 3;

/// Longest frame with its check sum, in whole words.
const FRAME_LEN: usize = 1520;

fn get(register: Register) -> u32 {
    // SAFETY: a register of a device that only this module uses.
    unsafe { read_volatile((BASE + register as usize) as *const u32) }
}

fn set(register: Register, value: u32) {
    // SAFETY: the same.
    unsafe { write_volatile((BASE + register as usize) as *mut u32, value) };
}

fn mac(command: u32) {
    set(Register::MacCommand, 1 << 31 | command);
    while get(Register::MacCommand) & 1 << 31 != 0 {}
}

fn set_mac(register: u32, value: u32) {
    set(Register::MacData, value);
    mac(register);
}

/// The controller and its two frame buffers.
pub struct Ethernet {
    received: [u8; FRAME_LEN],
    to_send: [u8; FRAME_LEN],
}

/// There is no such controller where one should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, defmt::Format)]
pub struct NotFound;

impl Ethernet {
    /// A controller that was not started. There must be one value of it.
    #[must_use]
    pub const fn new() -> Self {
        Self { received: [0; FRAME_LEN], to_send: [0; FRAME_LEN] }
    }

    /// Resets and starts it with this hardware address.
    ///
    /// # Errors
    /// [`NotFound`] when it does not answer.
    pub fn start(&mut self, [a, b, c, d, e, f]: [u8; 6]) -> Result<(), NotFound> {
        if get(Register::ByteTest) != 0x8765_4321 {
            return Err(NotFound);
        }
        set(Register::HardwareConfig, 1);
        if (0..1_000_000).all(|_| get(Register::HardwareConfig) & 1 != 0) {
            return Err(NotFound);
        }
        // 5 KiB of the FIFO memory for sending, and a bit that must be set.
        set(Register::HardwareConfig, 1 << 20 | 5 << 16);
        set(Register::RxConfig, 0);
        set_mac(MAC_ADDRESS_LOW, u32::from_le_bytes([a, b, c, d]));
        set_mac(MAC_ADDRESS_HIGH, u32::from_le_bytes([e, f, 0, 0]));
        // Full duplex, transmitter, receiver.
        set_mac(MAC_CONTROL, 1 << 20 | 1 << 3 | 1 << 2);
        set(Register::TxConfig, 1 << 2 | 1 << 1);
        Ok(())
    }

    /// The next good frame, without its check sum.
    fn receive_frame(&mut self) -> Option<usize> {
        while get(Register::RxFifoInformation) >> 16 & 0xFF != 0 {
            let status = get(Register::RxStatusFifo);
            let length = (status >> 16 & 0x3FFF) as usize;
            let is_faulty = status & 1 << 15 != 0 || !(18..=FRAME_LEN).contains(&length);
            if is_faulty && length > 12 {
                set(Register::RxDatapathControl, 1 << 31);
                while get(Register::RxDatapathControl) & 1 << 31 != 0 {}
                continue;
            }
            for place in self.received.as_chunks_mut().0.iter_mut().take(length.div_ceil(4)) {
                *place = get(Register::RxDataFifo).to_le_bytes();
            }
            if !is_faulty {
                return length.checked_sub(4);
            }
        }
        None
    }

    fn has_room() -> bool {
        get(Register::TxFifoInformation) & 0xFFFF >= FRAME_LEN as u32 + 16
    }
}

impl Default for Ethernet {
    fn default() -> Self {
        Self::new()
    }
}

/// A received frame.
pub struct Received<'a>(&'a [u8]);

/// Room for a frame.
pub struct Room<'a>(&'a mut [u8]);

impl phy::Device for Ethernet {
    type RxToken<'a> = Received<'a>;
    type TxToken<'a> = Room<'a>;

    fn receive(&mut self, _: Instant) -> Option<(Received<'_>, Room<'_>)> {
        // What is received may have to be answered.
        if !Self::has_room() {
            return None;
        }
        let length = self.receive_frame()?;
        Some((Received(self.received.get(..length)?), Room(&mut self.to_send)))
    }

    fn transmit(&mut self, _: Instant) -> Option<Room<'_>> {
        Self::has_room().then_some(Room(&mut self.to_send))
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ethernet;
        capabilities.max_transmission_unit = 1514;
        capabilities.max_burst_size = Some(1);
        capabilities
    }
}

impl phy::RxToken for Received<'_> {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, read: F) -> R {
        read(self.0)
    }
}

impl phy::TxToken for Room<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, length: usize, write: F) -> R {
        let frame = self.0.get_mut(..length).unwrap_or_default();
        let result = write(frame);
        // Old results would fill their FIFO.
        while get(Register::TxFifoInformation) >> 16 & 0xFF != 0 {
            get(Register::TxStatusFifo);
        }
        // First and last segment of the frame, and its length.
        set(Register::TxDataFifo, 1 << 13 | 1 << 12 | length as u32);
        set(Register::TxDataFifo, (length as u32) << 16 | length as u32);
        let (words, rest) = frame.as_chunks();
        for word in words {
            set(Register::TxDataFifo, u32::from_le_bytes(*word));
        }
        if !rest.is_empty() {
            let mut word = [0; 4];
            word.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
            set(Register::TxDataFifo, u32::from_le_bytes(word));
        }
        result
    }
}
