//! Rows that were begun and are not asked yet: as few as keep the workers busy while the next ones are begun.
//!
//! Beginning waits for the drive, once for all rows that are begun together. When the process dies, all of them are possibly
//! billed, asked or not. So there are as many as the workers take in [`AHEAD`], or in twice the time that beginning takes, and
//! the next ones are begun when three quarters of them are left: hundreds where a call takes microseconds, a single one where it
//! takes long.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What is begun at a time should be asked in so long, unless beginning takes longer.
const AHEAD: Duration = Duration::from_millis(4);
/// Most rows that are begun at a time.
const AHEAD_MAX: usize = 1024;

/// Most rows that a worker takes at a time: they wait behind each other's calls.
const SHARE_MAX: usize = 8;

pub(super) struct Queue<T> {
    state: Mutex<State<T>>,
    /// For the one who adds.
    wanted: Condvar,
    /// For those who take.
    added: Condvar,
    workers: usize,
}

struct State<T> {
    waiting: VecDeque<T>,
    /// How many are added at a time.
    count: usize,
    /// Rows that were asked since.
    asked: usize,
    since: Instant,
    /// When more were wanted last, and how long it takes by now until they are there.
    wanted_at: Instant,
    takes: Duration,
    /// Workers that have nothing to do.
    idle: usize,
    is_closed: bool,
}

impl<T> Queue<T> {
    /// For so many workers.
    pub(super) fn new(workers: usize) -> Self {
        let state = State {
            waiting: VecDeque::new(),
            count: 1,
            asked: 0,
            since: Instant::now(),
            wanted_at: Instant::now(),
            takes: Duration::ZERO,
            idle: 0,
            is_closed: false,
        };
        Self { state: Mutex::new(state), wanted: Condvar::new(), added: Condvar::new(), workers }
    }

    /// Waits until more are wanted, and says how many. `None`: it was closed.
    pub(super) fn room(&self) -> Option<usize> {
        let mut state = self.state();
        while !state.is_closed && !state.is_wanting() {
            state = self.wanted.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.adapt(self.workers);
        state.wanted_at = Instant::now();
        (!state.is_closed).then_some(state.count)
    }

    pub(super) fn add(&self, more: Vec<T>) {
        let mut state = self.state();
        state.takes = (state.takes * 3 + state.wanted_at.elapsed()) / 4;
        state.waiting.extend(more);
        drop(state);
        self.added.notify_all();
    }

    /// Waits for some, after so many were asked. `None`: it was closed, and nothing is left.
    pub(super) fn take(&self, asked: usize) -> Option<Vec<T>> {
        let mut state = self.state();
        state.asked += asked;
        while state.waiting.is_empty() && !state.is_closed {
            state.idle += 1;
            self.wanted.notify_one();
            state = self.added.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.idle -= 1;
        }
        let share = (state.waiting.len() / (self.workers * 2)).clamp(1, SHARE_MAX).min(state.waiting.len());
        let taken: Vec<T> = state.waiting.drain(..share).collect();
        if state.is_wanting() {
            self.wanted.notify_one();
        }
        (!taken.is_empty()).then_some(taken)
    }

    /// Nothing is added any more.
    pub(super) fn close(&self) {
        self.state().is_closed = true;
        self.wanted.notify_all();
        self.added.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> State<T> {
    /// As many as are asked meanwhile, and twice as many if that leaves all workers without work.
    fn adapt(&mut self, workers: usize) {
        let most = (self.count * 2).min(AHEAD_MAX);
        let is_starving = self.idle == workers && self.asked > 0;
        let elapsed = self.since.elapsed();
        let ahead = AHEAD.max(self.takes * 2);
        if elapsed >= ahead {
            let share = u128::try_from(self.asked).unwrap_or(u128::MAX).saturating_mul(ahead.as_nanos());
            let count = usize::try_from(share / elapsed.as_nanos().max(1)).unwrap_or(usize::MAX);
            self.count = count.clamp(1, most);
            (self.asked, self.since) = (0, Instant::now());
        }
        if is_starving {
            self.count = most;
        }
    }

    fn is_wanting(&self) -> bool {
        if self.count > 1 { self.waiting.len() <= self.count * 3 / 4 } else { self.waiting.is_empty() && self.idle > 0 }
    }
}
