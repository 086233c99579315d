//! Connections that wait for their next call.
//!
//! Of those that came back last one is taken first: under less load the others grow old and are closed. Nothing waits
//! under the lock, and no connection is opened, closed or looked at under it.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::exchange::Memory;
use crate::link::{Deadline, Fault, Link};

/// How many connections a client has and had: see [`Client::pool`](crate::Client::pool).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PoolCounts {
    /// Connections that wait for their next call. One that the peer has closed meanwhile, or that is too old, counts
    /// until a call would take it.
    pub idle: usize,
    /// Connections that a call uses or opens at this moment.
    pub in_use: usize,
    /// Connections that were opened since the client was built.
    pub opened: u64,
    /// Calls that found a kept connection.
    pub reused: u64,
    /// Connections that were closed again, by whichever side.
    pub closed: u64,
}

/// What [`Config`](crate::Config) says about connections.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) connections: usize,
    pub(crate) idle_connections: usize,
    pub(crate) idle_age: Duration,
}

/// See the [module](self).
pub(crate) struct Pool {
    bounds: Bounds,
    state: Mutex<State>,
    freed: Condvar,
}

#[derive(Default)]
struct State {
    /// The oldest first.
    idle: Vec<Kept>,
    /// Leases that are out.
    leases: usize,
    /// Callers that wait for one.
    waiting: usize,
    opened: u64,
    reused: u64,
    closed: u64,
}

struct Kept {
    connection: Connection,
    since: Instant,
    /// Whose call it served last.
    thread: usize,
}

/// How many connections, from the one that came back last, are looked through for the thread's own.
const NEAR: usize = 16;

impl State {
    /// Takes a kept connection: the one that this thread had last, if it is near, and else the one that came back last.
    ///
    /// Two threads that swap connections make the system wake the peer's threads on the other processor. On two
    /// processors that doubled what a call costs.
    fn pick(&mut self) -> Option<Kept> {
        let thread = this_thread();
        let own = self.idle.iter().rev().take(NEAR).position(|kept| kept.thread == thread);
        let at = self.idle.len().checked_sub(own.unwrap_or(0).saturating_add(1))?;
        Some(self.idle.remove(at))
    }
}

/// A number that no other living thread has.
fn this_thread() -> usize {
    thread_local!(static MARK: u8 = const { 0 });
    MARK.with(|mark| std::ptr::from_ref(mark).addr())
}

/// A connection, and the memory that its requests and replies stand in.
pub(crate) struct Connection {
    pub(crate) link: Box<dyn Link>,
    pub(crate) memory: Memory,
}

/// What a caller wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Want {
    /// A kept connection if there is one.
    Any,
    /// Leave to open one.
    Fresh,
}

impl Pool {
    pub(crate) fn new(bounds: Bounds) -> Self {
        Self { bounds, state: Mutex::default(), freed: Condvar::new() }
    }

    /// Whether one more connection could be opened and kept.
    pub(crate) fn has_room(&self) -> bool {
        let state = self.hold();
        let idle = state.idle.len();
        idle < self.bounds.idle_connections && state.leases + idle < self.bounds.connections
    }

    pub(crate) fn counts(&self) -> PoolCounts {
        let state = self.hold();
        let State { leases: in_use, opened, reused, closed, .. } = *state;
        PoolCounts { idle: state.idle.len(), in_use, opened, reused, closed }
    }

    /// A kept connection, or leave to open one. While as many are open as may be, it waits until the moment that
    /// `patience` says when it is asked first.
    ///
    /// # Errors
    /// [`Fault::TimedOut`].
    pub(crate) fn lease(&self, want: Want, now: Instant, patience: impl Fn() -> Deadline) -> Result<Lease<'_>, Fault> {
        // Dropped, and with it closed, after the lock.
        let mut old = Vec::new();
        let mut deadline = None;
        let mut state = self.hold();
        loop {
            if let Some(oldest) = state.idle.first() {
                let is_old = |kept: &Kept| now.saturating_duration_since(kept.since) > self.bounds.idle_age;
                if is_old(oldest) {
                    let count = state.idle.partition_point(is_old);
                    old.extend(state.idle.drain(..count));
                    state.closed += count as u64;
                }
            }
            if want == Want::Any
                && let Some(kept) = state.pick()
            {
                state.leases += 1;
                state.reused += 1;
                return Ok(Lease { pool: self, kept: Some(kept.connection), is_open: true });
            }
            if state.leases + state.idle.len() >= self.bounds.connections && !state.idle.is_empty() {
                old.push(state.idle.remove(0));
                state.closed += 1;
            }
            if state.leases + state.idle.len() < self.bounds.connections {
                state.leases += 1;
                return Ok(Lease { pool: self, kept: None, is_open: false });
            }
            let left = deadline.get_or_insert_with(&patience).left()?;
            state.waiting += 1;
            state = self.freed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
            state.waiting -= 1;
        }
    }

    /// Takes the end of a lease, and what is kept of it.
    fn end(&self, connection: Option<Connection>, was_open: bool) {
        let mut surplus = None;
        let mut state = self.hold();
        state.leases -= 1;
        match connection {
            Some(connection) if self.bounds.idle_connections > 0 => {
                if state.idle.len() >= self.bounds.idle_connections {
                    surplus = Some(state.idle.remove(0));
                    state.closed += 1;
                }
                state.idle.push(Kept { connection, since: Instant::now(), thread: this_thread() });
            }
            _ => state.closed += u64::from(was_open),
        }
        let is_awaited = state.waiting > 0;
        drop(state);
        if is_awaited {
            self.freed.notify_one();
        }
        drop(surplus);
    }

    /// No code under this lock can panic half-way through a change, so a poisoned one is as good as any.
    fn hold(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right to one connection. Dropped, it closes what it stands for.
pub(crate) struct Lease<'p> {
    pool: &'p Pool,
    kept: Option<Connection>,
    is_open: bool,
}

impl Lease<'_> {
    /// The kept connection, if it was one.
    pub(crate) fn take(&mut self) -> Option<Connection> {
        self.kept.take()
    }

    /// Notes that a connection was opened.
    pub(crate) fn opened(&mut self) {
        self.is_open = true;
        self.pool.hold().opened += 1;
    }

    /// Takes it back that a kept connection was found: it was of no use.
    pub(crate) fn was_stale(&mut self) {
        self.pool.hold().reused -= 1;
    }

    /// Gives the connection back for the next call.
    pub(crate) fn keep(mut self, connection: Connection) {
        self.kept = Some(connection);
        self.pool.end(self.kept.take(), true);
        std::mem::forget(self);
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        self.pool.end(None, self.is_open);
    }
}
