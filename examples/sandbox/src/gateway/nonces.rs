//! Which nonces were used lately.

use std::collections::HashSet;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::{Mutex, PoisonError};

/// How long a nonce stays used, and how far a timestamp may be from the clock: 15 minutes (gateway's signature guide).
pub(crate) const WINDOW_MS: u64 = 15 * 60 * 1000;

/// So many nonces are kept per window at most, 16 bytes each: a long batch keeps its memory. Beyond that the older half is
/// forgotten early, which makes the sandbox milder, never stricter.
const MOST: usize = 2_000_000;

/// The nonces of the current window and of the one before.
pub(crate) struct Nonces {
    hashers: [RandomState; 2],
    windows: Mutex<Windows>,
}

#[derive(Default)]
struct Windows {
    started_ms: u64,
    current: HashSet<u128>,
    previous: HashSet<u128>,
}

impl Nonces {
    pub(crate) fn new() -> Self {
        Self { hashers: [RandomState::new(), RandomState::new()], windows: Mutex::default() }
    }

    /// Whether `nonce` is new within the window; it is used from now on.
    pub(crate) fn is_new(&self, nonce: &str, now_ms: u64) -> bool {
        let [high, low] = self.hashers.each_ref().map(|hasher| u128::from(hasher.hash_one(nonce)));
        let hash = high << 64 | low;
        // The sets are valid whatever a panicking thread was doing.
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        let age = now_ms.saturating_sub(windows.started_ms);
        if age >= WINDOW_MS || windows.current.len() >= MOST {
            let full = std::mem::take(&mut windows.current);
            windows.previous = if age >= 2 * WINDOW_MS { HashSet::new() } else { full };
            windows.started_ms = now_ms;
        }
        !windows.previous.contains(&hash) && windows.current.insert(hash)
    }
}

#[cfg(test)]
mod tests {
    use super::{Nonces, WINDOW_MS};

    #[test]
    fn a_nonce_works_once_per_window() {
        let nonces = Nonces::new();
        let start = 1_700_000_000_000;
        assert!(nonces.is_new("a", start));
        assert!(!nonces.is_new("a", start + 1));
        assert!(nonces.is_new("b", start + WINDOW_MS - 1));
        // The set turned over, and still knows what is younger than the window.
        assert!(nonces.is_new("c", start + WINDOW_MS));
        assert!(!nonces.is_new("b", start + WINDOW_MS + 1));
        assert!(nonces.is_new("a", start + 4 * WINDOW_MS));
    }
}
