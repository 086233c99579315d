//! Deadlines. Time is the caller's: this crate has no clock of its own.

use core::cell::Cell;
use core::fmt;
use core::future::poll_fn;
use core::pin::pin;
use core::task::Poll;
use core::time::Duration;

use heyan::{ChannelError, ChannelFault};

/// A clock that only goes forward, from any origin: a tick counter, `embassy_time::Instant`, `SysTick`.
///
/// It measures how long something takes. Which day it is, which TLS wants to know, is another question: see the `tls`
/// module of the feature in use.
pub trait Clock {
    /// Time since the origin. A clock that stands still disables all deadlines.
    fn now(&self) -> Duration;
}

impl<C: Clock + ?Sized> Clock for &C {
    fn now(&self) -> Duration {
        C::now(self)
    }
}

/// How long each stage of a call may take.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Deadlines {
    /// Resolving the host and connecting, together.
    pub connect: Duration,
    /// The TLS handshake. On a microcontroller, its own arithmetic takes seconds of that.
    pub handshake: Duration,
    /// From the last byte of the request to the first byte of the reply.
    pub first_byte: Duration,
    /// Everything, from the start of the call.
    pub call: Duration,
}

impl Deadlines {
    /// 5 s to connect, 15 s to shake hands, 10 s to the first byte, 30 s in all. The vendors answer in about one second;
    /// a person at a kiosk walks away after half a minute.
    pub const DEFAULT: Self = Self {
        connect: Duration::from_secs(5),
        handshake: Duration::from_secs(15),
        first_byte: Duration::from_secs(10),
        call: Duration::from_secs(30),
    };
}

impl Default for Deadlines {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// `Duration` has a `Debug` that brings places which can panic into an image.
pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

impl fmt::Debug for Deadlines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Deadlines(connect {} ms, handshake {} ms, first byte {} ms, call {} ms)",
            millis(self.connect),
            millis(self.handshake),
            millis(self.first_byte),
            millis(self.call),
        )
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for Deadlines {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(
            f,
            "Deadlines(connect {=u64} ms, handshake {=u64} ms, first byte {=u64} ms, call {=u64} ms)",
            millis(self.connect),
            millis(self.handshake),
            millis(self.first_byte),
            millis(self.call),
        );
    }
}

/// What a call is busy with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Stage {
    /// Nothing: no call is under way. Closing a connection falls in here.
    Idle,
    /// Resolving the host and connecting.
    Connect,
    /// The TLS handshake.
    Handshake,
    /// Writing the request.
    Send,
    /// Waiting for the first byte of the reply.
    FirstByte,
    /// Reading the rest of it.
    Receive,
}

/// A deadline passed, or whoever waits gave up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct TimedOut;

impl TimedOut {
    /// The same for whoever asked for a verification.
    #[must_use]
    pub const fn into_error<E>(self, sent: bool) -> ChannelError<E> {
        ChannelError { fault: ChannelFault::TimedOut, sent, source: None }
    }
}

/// Watches over the deadlines of one call after another.
///
/// It is shared by reference: a channel that waits for the network asks it how long. A call begins by itself with the
/// first thing done after the last call ended, and ends when [`verify`](crate::verify) returns or connecting fails.
///
/// ```
/// use core::time::Duration;
/// use heyan_embedded::{Clock, Deadlines, Stage, Watch};
///
/// struct Ticks; // of the board
/// impl Clock for Ticks {
///     fn now(&self) -> Duration { Duration::from_millis(1234) }
/// }
///
/// static DEADLINES: Deadlines = Deadlines { first_byte: Duration::from_secs(6), ..Deadlines::DEFAULT };
/// let watch = Watch::new(Ticks, DEADLINES);
/// assert_eq!(watch.stage(), Stage::Idle);
/// ```
pub struct Watch<C> {
    clock: C,
    deadlines: Deadlines,
    stage: Cell<Stage>,
    call_began: Cell<Duration>,
    stage_began: Cell<Duration>,
    /// Whoever reads must not wait at all.
    #[cfg(feature = "embedded-tls")]
    at_once: Cell<bool>,
}

impl<C> Watch<C> {
    /// The clock, or what else this watch asks.
    pub const fn clock(&self) -> &C {
        &self.clock
    }

    /// What the call is busy with.
    pub const fn stage(&self) -> Stage {
        self.stage.get()
    }

    /// Does `work` that must not wait for a peer: a channel that would have to reports that it timed out.
    #[cfg(feature = "embedded-tls")]
    pub(crate) fn at_once<R>(&self, work: impl FnOnce() -> R) -> R {
        self.at_once.set(true);
        let result = work();
        self.at_once.set(false);
        result
    }

    #[cfg(feature = "embedded-tls")]
    pub(crate) const fn is_at_once(&self) -> bool {
        self.at_once.get()
    }
}

impl<C: Clock> Watch<C> {
    /// Watches with this clock. Nothing runs yet.
    pub const fn new(clock: C, deadlines: Deadlines) -> Self {
        Self {
            clock,
            deadlines,
            stage: Cell::new(Stage::Idle),
            call_began: Cell::new(Duration::ZERO),
            // Never: a channel that is used before any call has all the time.
            stage_began: Cell::new(Duration::MAX),
            #[cfg(feature = "embedded-tls")]
            at_once: Cell::new(false),
        }
    }

    /// The call is over. What is still done, such as saying goodbye, may take as long as connecting.
    pub fn end(&self) {
        self.stage.set(Stage::Idle);
        self.stage_began.set(self.clock.now());
    }

    /// Begins a call now. Only needed after connecting ahead of time, while the person still types: without it, the
    /// typing counts.
    pub fn begin(&self) {
        self.stage.set(Stage::Idle);
        self.enter(Stage::Connect);
    }

    /// The call goes on to another stage, whose own deadline begins. A call begins if none is under way.
    pub fn enter(&self, stage: Stage) {
        let now = self.clock.now();
        if self.stage.replace(stage) == Stage::Idle {
            self.call_began.set(now);
        }
        self.stage_began.set(now);
    }

    /// When the call must give up, on its clock: at the stage's deadline or the whole call's, whichever is earlier.
    ///
    /// # Errors
    /// [`TimedOut`] when that has passed.
    pub fn deadline(&self) -> Result<Duration, TimedOut> {
        let mut call_ends = self.call_began.get().saturating_add(self.deadlines.call);
        let of_stage = match self.stage.get() {
            Stage::Idle => {
                call_ends = Duration::MAX;
                self.deadlines.connect
            }
            Stage::Connect => self.deadlines.connect,
            Stage::Handshake => self.deadlines.handshake,
            Stage::FirstByte => self.deadlines.first_byte,
            Stage::Send | Stage::Receive => self.deadlines.call,
        };
        let ends = call_ends.min(self.stage_began.get().saturating_add(of_stage));
        if self.clock.now() < ends { Ok(ends) } else { Err(TimedOut) }
    }
}

impl<C> fmt::Debug for Watch<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch").field("stage", &self.stage.get()).finish_non_exhaustive()
    }
}

/// A clock that can wake a task: `embassy_time::Timer::at`, for instance.
pub trait Timer: Clock {
    /// Is ready once [`Clock::now`] reached `at`. It is dropped when what it guards was ready first.
    fn until(&self, at: Duration) -> impl Future<Output = ()>;
}

impl<T: Timer + ?Sized> Timer for &T {
    fn until(&self, at: Duration) -> impl Future<Output = ()> {
        T::until(self, at)
    }
}

impl<T: Timer> Watch<T> {
    /// Awaits `work`, but not beyond the deadline of the stage; then `work` is dropped.
    ///
    /// # Errors
    /// [`TimedOut`].
    pub async fn within<F: Future>(&self, work: F) -> Result<F::Output, TimedOut> {
        let at = self.deadline()?;
        if at == Duration::MAX {
            return Ok(work.await);
        }
        let mut work = pin!(work);
        let mut alarm = pin!(self.clock.until(at));
        poll_fn(|context| match work.as_mut().poll(context) {
            Poll::Ready(output) => Poll::Ready(Ok(output)),
            Poll::Pending => alarm.as_mut().poll(context).map(|()| Err(TimedOut)),
        })
        .await
    }
}
