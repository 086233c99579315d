//! Something that happens once, and that others wait for.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

/// An event. Clones are the same event.
#[derive(Clone, Debug, Default)]
pub struct Flag(Arc<(Mutex<bool>, Condvar)>);

impl Flag {
    /// It happened.
    pub fn raise(&self) {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.0.1.notify_all();
    }

    /// Whether it happened.
    #[must_use]
    pub fn is_up(&self) -> bool {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until it happens, but not for ever: `false` if it did not.
    #[must_use]
    pub fn wait(&self) -> bool {
        let up = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.0.1.wait_timeout_while(up, PATIENCE, |up| !*up);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

/// Ends a test that hangs; nothing that works takes so long.
pub const PATIENCE: Duration = Duration::from_secs(20);
