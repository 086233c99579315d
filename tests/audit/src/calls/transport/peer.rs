//! A board, a network stack, a channel and a flash, whose every answer the compiler knows nothing about.

use core::future::poll_fn;
use core::hint::black_box;
use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use core::ops::ControlFlow;
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use core::time::Duration;

use heyan_embedded::embedded_io::{ErrorKind, ErrorType};
use heyan_embedded::embedded_nal::{self, AddrType, TcpClientStack, TcpError, TcpErrorKind, nb};
use heyan_embedded::embedded_storage::nor_flash::{self, NorFlashErrorKind};
use heyan_embedded::{
    Clock, Timer, blocking, embedded_io, embedded_io_async, embedded_nal_async, embedded_storage_async,
};

/// Asks until there is an answer.
pub(super) fn block_on<F: Future>(work: F) -> F::Output {
    let mut work = pin!(work);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = work.as_mut().poll(&mut context) {
            return output;
        }
    }
}

/// Gives way some times.
async fn at_some_time() {
    poll_fn(|_| if black_box(true) { Poll::Ready(()) } else { Poll::Pending }).await;
}

/// A clock.
#[derive(Debug)]
pub(super) struct Board;

impl Clock for Board {
    fn now(&self) -> Duration {
        black_box(Duration::from_millis(1))
    }
}

impl Timer for Board {
    async fn until(&self, at: Duration) {
        black_box(at);
        at_some_time().await;
    }
}

impl blocking::Timer for Board {
    fn idle(&self) -> ControlFlow<()> {
        black_box(ControlFlow::Continue(()))
    }
}

/// A channel.
pub(super) struct Modem;

fn count(of: usize) -> Result<usize, ErrorKind> {
    black_box(if black_box(true) { Ok(of) } else { Err(ErrorKind::TimedOut) })
}

impl ErrorType for Modem {
    type Error = ErrorKind;
}

impl embedded_io::Read for Modem {
    fn read(&mut self, space: &mut [u8]) -> Result<usize, ErrorKind> {
        space.fill(black_box(b'\r'));
        count(space.len())
    }
}

impl embedded_io::ReadReady for Modem {
    fn read_ready(&mut self) -> Result<bool, ErrorKind> {
        count(0).map(|_| black_box(false))
    }
}

impl embedded_io::Write for Modem {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, ErrorKind> {
        count(black_box(bytes).len())
    }

    fn flush(&mut self) -> Result<(), ErrorKind> {
        count(0).map(drop)
    }
}

impl embedded_io_async::Read for Modem {
    async fn read(&mut self, space: &mut [u8]) -> Result<usize, ErrorKind> {
        at_some_time().await;
        embedded_io::Read::read(self, space)
    }
}

impl embedded_io_async::Write for Modem {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, ErrorKind> {
        at_some_time().await;
        embedded_io::Write::write(self, bytes)
    }

    async fn flush(&mut self) -> Result<(), ErrorKind> {
        at_some_time().await;
        embedded_io::Write::flush(self)
    }
}

/// A network stack.
pub(super) struct Stack;

/// Its error.
#[derive(Debug)]
pub(super) struct StackError;

impl TcpError for StackError {
    fn kind(&self) -> TcpErrorKind {
        black_box(TcpErrorKind::PipeClosed)
    }
}

fn answer<T>(value: T) -> nb::Result<T, StackError> {
    match black_box(0) {
        0 => Ok(black_box(value)),
        1 => Err(nb::Error::WouldBlock),
        _ => Err(nb::Error::Other(StackError)),
    }
}

fn address() -> IpAddr {
    black_box(IpAddr::V4(Ipv4Addr::LOCALHOST))
}

impl embedded_nal::Dns for Stack {
    type Error = StackError;

    fn get_host_by_name(&mut self, host: &str, addresses: AddrType) -> nb::Result<IpAddr, StackError> {
        black_box((host, addresses));
        answer(address())
    }

    fn get_host_by_address(&mut self, _: IpAddr, _: &mut [u8]) -> nb::Result<usize, StackError> {
        answer(0)
    }
}

impl TcpClientStack for Stack {
    type TcpSocket = u8;
    type Error = StackError;

    fn socket(&mut self) -> Result<u8, StackError> {
        black_box(Ok(1))
    }

    fn connect(&mut self, _: &mut u8, to: SocketAddr) -> nb::Result<(), StackError> {
        black_box(to);
        answer(())
    }

    fn send(&mut self, _: &mut u8, bytes: &[u8]) -> nb::Result<usize, StackError> {
        answer(black_box(bytes).len())
    }

    fn receive(&mut self, _: &mut u8, space: &mut [u8]) -> nb::Result<usize, StackError> {
        space.fill(black_box(b'\n'));
        answer(space.len())
    }

    fn close(&mut self, _: u8) -> Result<(), StackError> {
        black_box(Ok(()))
    }
}

impl embedded_nal_async::Dns for Stack {
    type Error = StackError;

    async fn get_host_by_name(&self, host: &str, addresses: AddrType) -> Result<IpAddr, StackError> {
        black_box((host, addresses));
        at_some_time().await;
        if black_box(true) { Ok(address()) } else { Err(StackError) }
    }

    async fn get_host_by_address(&self, _: IpAddr, _: &mut [u8]) -> Result<usize, StackError> {
        Err(StackError)
    }
}

impl embedded_nal_async::TcpConnect for Stack {
    type Error = ErrorKind;
    type Connection<'a> = Modem;

    async fn connect(&self, to: SocketAddr) -> Result<Modem, ErrorKind> {
        black_box(to);
        at_some_time().await;
        count(0).map(|_| Modem)
    }
}

/// A flash.
pub(super) struct Chip;

fn done() -> Result<(), NorFlashErrorKind> {
    black_box(if black_box(true) { Ok(()) } else { Err(NorFlashErrorKind::Other) })
}

impl nor_flash::ErrorType for Chip {
    type Error = NorFlashErrorKind;
}

impl nor_flash::ReadNorFlash for Chip {
    const READ_SIZE: usize = 4;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), NorFlashErrorKind> {
        bytes.fill(black_box(offset as u8));
        done()
    }

    fn capacity(&self) -> usize {
        black_box(1 << 20)
    }
}

impl nor_flash::NorFlash for Chip {
    const WRITE_SIZE: usize = 4;
    const ERASE_SIZE: usize = 4096;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), NorFlashErrorKind> {
        black_box((from, to));
        done()
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), NorFlashErrorKind> {
        black_box((offset, bytes));
        done()
    }
}

impl embedded_storage_async::nor_flash::ReadNorFlash for Chip {
    const READ_SIZE: usize = 4;

    async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), NorFlashErrorKind> {
        at_some_time().await;
        nor_flash::ReadNorFlash::read(self, offset, bytes)
    }

    fn capacity(&self) -> usize {
        nor_flash::ReadNorFlash::capacity(self)
    }
}

impl embedded_storage_async::nor_flash::NorFlash for Chip {
    const WRITE_SIZE: usize = 4;
    const ERASE_SIZE: usize = 4096;

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), NorFlashErrorKind> {
        at_some_time().await;
        nor_flash::NorFlash::erase(self, from, to)
    }

    async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), NorFlashErrorKind> {
        at_some_time().await;
        nor_flash::NorFlash::write(self, offset, bytes)
    }
}
