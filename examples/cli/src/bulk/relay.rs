//! Order among workers.

use std::sync::{Condvar, Mutex, PoisonError};

/// Something that workers get one after the other, in the order of their turns, whoever is ready first.
///
/// A worker waits, and holds one block meanwhile: so what is ready early takes no more memory.
pub(super) struct Relay<T> {
    state: Mutex<State<T>>,
    moved: Condvar,
}

struct State<T> {
    turn: u64,
    stopped: bool,
    baton: T,
}

impl<T> Relay<T> {
    pub(super) fn new(baton: T) -> Self {
        Self { state: Mutex::new(State { turn: 0, stopped: false, baton }), moved: Condvar::new() }
    }

    /// Waits for the turn and does the work, then it is the next one's turn. `None` if all was stopped.
    pub(super) fn in_turn<R>(&self, turn: u64, work: impl FnOnce(&mut T) -> R) -> Option<R> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let others = |state: &mut State<T>| state.turn != turn && !state.stopped;
        let mut state = self.moved.wait_while(state, others).unwrap_or_else(PoisonError::into_inner);
        if state.stopped {
            return None;
        }
        let done = work(&mut state.baton);
        state.turn += 1;
        drop(state);
        self.moved.notify_all();
        Some(done)
    }

    /// No more turns: who waits need not wait any longer.
    pub(super) fn stop(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).stopped = true;
        self.moved.notify_all();
    }
}
