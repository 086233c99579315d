//! Flash whose driver blocks, and how the same code serves those who have no executor.

use core::pin::pin;
use core::task::{Context, Poll, Waker};

use embedded_storage::nor_flash as blocking;
use embedded_storage_async::nor_flash as asynch;

/// A driver that blocks, as one whose futures are ready at once: most drivers of a chip's own flash block.
///
/// ```
/// use embedded_storage::nor_flash::NorFlash;
/// use heyan_embedded::{AlwaysReady, FlashLedger, LedgerError, embedded_storage};
///
/// async fn open<S: NorFlash>(flash: S) -> Result<FlashLedger<AlwaysReady<S>>, LedgerError<S::Error>> {
///     FlashLedger::open(AlwaysReady(flash), 0x0010_0000..0x0010_4000).await
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct AlwaysReady<S>(pub S);

impl<S: blocking::ErrorType> blocking::ErrorType for AlwaysReady<S> {
    type Error = S::Error;
}

impl<S: blocking::ReadNorFlash> asynch::ReadNorFlash for AlwaysReady<S> {
    const READ_SIZE: usize = S::READ_SIZE;

    async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), S::Error> {
        self.0.read(offset, bytes)
    }

    fn capacity(&self) -> usize {
        self.0.capacity()
    }
}

impl<S: blocking::NorFlash> asynch::NorFlash for AlwaysReady<S> {
    const WRITE_SIZE: usize = S::WRITE_SIZE;
    const ERASE_SIZE: usize = S::ERASE_SIZE;

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), S::Error> {
        self.0.erase(from, to)
    }

    async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), S::Error> {
        self.0.write(offset, bytes)
    }
}

/// What comes of `work` that only awaits what is ready at once: it is polled one time.
///
/// Nobody would wake it, so work that waited after all would be asked again and again.
pub(crate) fn at_once<F: Future>(work: F) -> F::Output {
    let mut work = pin!(work);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = work.as_mut().poll(&mut context) {
            return output;
        }
    }
}
