//! A processor for every worker, and at once.
//!
//! A new thread may begin on the processor of the one that made it, behind it, although another processor does nothing:
//! Linux does so in virtual machines whose processors sleep. It comes away when the system balances the load, a few
//! milliseconds later, and a million lines are checked by then. So a worker that begins there moves itself.

#[cfg(target_os = "linux")]
use nix::{
    sched::{sched_getaffinity, sched_getcpu, sched_setaffinity},
    unistd::Pid,
};

/// The processor that the first worker runs on.
#[derive(Clone, Copy)]
pub(super) struct Origin {
    #[cfg(target_os = "linux")]
    processor: Option<usize>,
}

impl Origin {
    /// Where this thread runs.
    pub(super) fn here() -> Self {
        Self {
            #[cfg(target_os = "linux")]
            processor: sched_getcpu().ok(),
        }
    }

    /// Moves this thread to another processor if it runs there. It is free to be moved again, to wherever it may run.
    ///
    /// Where that is not to be had, such as with a single processor, all stays as it is: slower, and right.
    #[cfg(target_os = "linux")]
    pub(super) fn leave(self) {
        const THIS_THREAD: Pid = Pid::from_raw(0);
        let Some(processor) = self.processor.filter(|processor| sched_getcpu() == Ok(*processor)) else { return };
        let Ok(all) = sched_getaffinity(THIS_THREAD) else { return };
        let mut others = all;
        if others.unset(processor).is_ok() && sched_setaffinity(THIS_THREAD, &others).is_ok() {
            let _ = sched_setaffinity(THIS_THREAD, &all);
        }
    }

    #[cfg(not(target_os = "linux"))]
    pub(super) fn leave(self) {}
}
