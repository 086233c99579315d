//! Runs at the same time: each has its own network and its own peer.

use std::sync::Mutex;
use std::thread;

/// Does the jobs, one more at a time than there are cores, because some of them wait; results are in the order of the jobs.
pub fn each<J: Send, R: Send>(jobs: Vec<J>, work: impl Fn(&J) -> R + Sync) -> Vec<(J, R)> {
    let count = jobs.len();
    let next = Mutex::new(jobs.into_iter().enumerate());
    let done = Mutex::new(Vec::with_capacity(count));
    let at_once = thread::available_parallelism().map_or(2, usize::from) + 1;
    thread::scope(|scope| {
        for _ in 0..at_once {
            scope.spawn(|| {
                loop {
                    let Some((number, job)) = next.lock().ok().and_then(|mut next| next.next()) else { return };
                    let result = work(&job);
                    if let Ok(mut done) = done.lock() {
                        done.push((number, (job, result)));
                    }
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_default();
    done.sort_by_key(|(number, _)| *number);
    done.into_iter().map(|(_, pair)| pair).collect()
}
