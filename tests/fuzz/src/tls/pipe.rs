//! A connection inside the process. Where both ends wait for each other, it has ended: nobody can wait for ever.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use heyan_embedded::embedded_io::{ErrorKind, ErrorType, ReadReady};

use super::Socket;

/// One end.
pub(crate) struct Pipe {
    line: Arc<Line>,
    /// Which end.
    end: usize,
    /// Most bytes that a read gives.
    piece: usize,
}

#[derive(Default)]
struct Line {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// What each end has not read yet.
    unread: [VecDeque<u8>; 2],
    /// Which end says nothing more.
    ended: [bool; 2],
    /// Which end waits.
    waits: [bool; 2],
}

impl Pipe {
    /// Two ends.
    pub(crate) fn pair() -> (Self, Self) {
        let line = Arc::new(Line::default());
        let other = Arc::clone(&line);
        (Self { line, end: 0, piece: usize::MAX }, Self { line: other, end: 1, piece: usize::MAX })
    }

    /// One end, the other of which has said all that it says.
    pub(crate) fn canned(bytes: Vec<u8>, piece: usize) -> Self {
        let state = State { unread: [bytes.into(), VecDeque::new()], ended: [false, true], waits: [false; 2] };
        Self { line: Arc::new(Line { state: Mutex::new(state), changed: Condvar::new() }), end: 0, piece }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.line.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fetch(&self, space: &mut [u8]) -> usize {
        let other = 1 - self.end;
        let mut state = self.state();
        loop {
            if !state.unread[self.end].is_empty() {
                let count = space.len().min(self.piece).min(state.unread[self.end].len());
                for (place, byte) in space.iter_mut().zip(state.unread[self.end].drain(..count)) {
                    *place = byte;
                }
                return count;
            }
            let stuck = state.waits[other] && state.unread[other].is_empty();
            if stuck {
                state.ended = [true, true];
                self.line.changed.notify_all();
            }
            if state.ended[other] {
                return 0;
            }
            state.waits[self.end] = true;
            state = self.line.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.waits[self.end] = false;
        }
    }

    fn put(&self, bytes: &[u8]) -> bool {
        let mut state = self.state();
        if state.ended[self.end] {
            return false;
        }
        state.unread[1 - self.end].extend(bytes);
        self.line.changed.notify_all();
        true
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        self.state().ended[self.end] = true;
        self.line.changed.notify_all();
    }
}

impl ErrorType for Pipe {
    type Error = ErrorKind;
}

impl heyan_embedded::embedded_io::Read for Pipe {
    fn read(&mut self, space: &mut [u8]) -> Result<usize, ErrorKind> {
        Ok(self.fetch(space))
    }
}

impl ReadReady for Pipe {
    fn read_ready(&mut self) -> Result<bool, ErrorKind> {
        let state = self.state();
        Ok(!state.unread[self.end].is_empty() || state.ended[1 - self.end])
    }
}

impl heyan_embedded::embedded_io::Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, ErrorKind> {
        if self.put(bytes) { Ok(bytes.len()) } else { Err(ErrorKind::BrokenPipe) }
    }

    fn flush(&mut self) -> Result<(), ErrorKind> {
        Ok(())
    }
}

impl Read for Pipe {
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        Ok(self.fetch(space))
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.put(bytes) { Ok(bytes.len()) } else { Err(io::ErrorKind::BrokenPipe.into()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Socket for Pipe {
    fn end(&mut self) {
        self.state().ended[self.end] = true;
        self.line.changed.notify_all();
    }
}
