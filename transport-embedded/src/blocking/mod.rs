//! The same without an executor: over `embedded-io`, and `embedded-nal` with `nb`.
//!
//! A blocking channel ends its own waits. [`Stream`], over an `embedded-nal` stack, does it by [`Watch::wait`], and so
//! can every other: between two looks at the network it calls that, which lets the board feed its watchdog and says when
//! the deadline of the stage has passed. A channel that waits by itself is only watched between its calls.
//!
//! A channel also says, by [`ReadReady`](embedded_io::ReadReady), whether reading would not have to wait: then a kept
//! connection was closed by its peer, or is out of step, and is not used again. One that cannot know says `false`.
//!
//! ```
//! use core::cell::Cell;
//! use core::ops::ControlFlow;
//! use core::time::Duration;
//! use heyan_embedded::blocking::timer;
//! use heyan_embedded::{Deadlines, Stage, Watch};
//!
//! let ticks = Cell::new(0); // a SysTick handler counts them
//! let watch = Watch::new(
//!     timer(|| Duration::from_millis(ticks.get()), || {
//!         ticks.set(ticks.get() + 1000); // feed the watchdog, let the stack work
//!         ControlFlow::Continue(())      // Break: the person pressed "cancel"
//!     }),
//!     Deadlines::DEFAULT,
//! );
//! watch.enter(Stage::Connect);
//! let mut waits = 0;
//! while watch.wait().is_ok() {
//!     waits += 1;
//! }
//! assert_eq!(waits, 4); // 5 s to connect
//! ```

mod driver;
#[cfg(feature = "ledger")]
mod ledger;
mod nal;
#[cfg(feature = "ledger")]
mod router;
#[cfg(any(feature = "embedded-tls", feature = "rustls"))]
pub mod tls;

use core::fmt;
use core::ops::ControlFlow;
use core::time::Duration;

use crate::time::{Clock, TimedOut, Watch};

pub use driver::{exchange, verify, verify_kept};
#[cfg(feature = "ledger")]
pub use ledger::{Entries, FlashLedger};
pub use nal::{Stream, StreamError, connect, resolve};
#[cfg(feature = "ledger")]
pub use router::Router;

/// A clock, and what a board does while it waits for the network.
pub trait Timer: Clock {
    /// Called between two looks at the network: feed the watchdog, let the stack work, sleep until an interrupt.
    /// [`ControlFlow::Break`] gives up at once, which ends like a deadline.
    fn idle(&self) -> ControlFlow<()>;
}

impl<T: Timer + ?Sized> Timer for &T {
    fn idle(&self) -> ControlFlow<()> {
        T::idle(self)
    }
}

/// A [`Timer`] of two closures, the time and what to do while waiting.
///
/// A board without any clock gives a `now` that returns zero for ever and an `idle` that counts its calls and breaks.
pub const fn timer<N, I>(now: N, idle: I) -> FnTimer<N, I>
where
    N: Fn() -> Duration,
    I: Fn() -> ControlFlow<()>,
{
    FnTimer { now, idle }
}

/// What [`timer`] makes.
#[derive(Clone, Copy)]
pub struct FnTimer<N, I> {
    now: N,
    idle: I,
}

impl<N: Fn() -> Duration, I> Clock for FnTimer<N, I> {
    fn now(&self) -> Duration {
        (self.now)()
    }
}

impl<N: Fn() -> Duration, I: Fn() -> ControlFlow<()>> Timer for FnTimer<N, I> {
    fn idle(&self) -> ControlFlow<()> {
        (self.idle)()
    }
}

impl<N, I> fmt::Debug for FnTimer<N, I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FnTimer")
    }
}

impl<T: Timer> Watch<T> {
    /// Waits a little: once around the loop of a blocking channel.
    ///
    /// # Errors
    /// [`TimedOut`] when the deadline of the stage has passed or [`Timer::idle`] gave up.
    pub fn wait(&self) -> Result<(), TimedOut> {
        if self.clock().idle().is_break() {
            return Err(TimedOut);
        }
        self.deadline().map(drop)
    }

    /// Does `work` if there is time left. Work that blocks is the channel's to end.
    pub(crate) fn in_time<R>(&self, work: impl FnOnce() -> R) -> Result<R, TimedOut> {
        self.deadline()?;
        Ok(work())
    }
}
