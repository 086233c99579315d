//! How often an account may be asked.

use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Hands out turns with equal distances between them.
pub(super) struct Pace {
    distance: Duration,
    /// The earliest turn that nobody has yet, on the router's clock.
    next: Mutex<Duration>,
}

impl Pace {
    pub(super) fn new(per_second: NonZeroU32) -> Self {
        Self { distance: Duration::from_secs(1) / per_second.get(), next: Mutex::new(Duration::ZERO) }
    }

    /// When the caller may go: now at the earliest. Turns that nobody asked for are not saved up.
    pub(super) fn turn(&self, now: Duration) -> Duration {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let turn = now.max(*next);
        *next = turn.saturating_add(self.distance);
        turn
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;
    use std::time::Duration;

    use super::Pace;

    #[test]
    fn turns_keep_their_distance_and_are_not_saved_up() {
        let pace = Pace::new(NonZeroU32::new(10).unwrap());
        let turns = [0, 0, 0, 1000, 1000].map(|now| pace.turn(Duration::from_millis(now)).as_millis());
        assert_eq!(turns, [0, 100, 200, 1000, 1100]);
    }
}
