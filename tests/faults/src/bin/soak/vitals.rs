//! What the process takes of its machine, second by second.

use std::fs;

use heyan_faults::descriptors;

/// What may be taken more in the end than in the beginning.
const SLACK: Vitals = Vitals { descriptors: 8, threads: 8, resident_kib: 8 * 1024 };
/// So much of the run is over before anything is compared: pools, caches and arenas fill up first.
const WARM_UP: f64 = 0.25;

/// What is taken at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Vitals {
    /// Descriptors that are open.
    pub(crate) descriptors: usize,
    /// Threads.
    pub(crate) threads: usize,
    /// Memory that is resident, in KiB.
    pub(crate) resident_kib: usize,
}

impl Vitals {
    pub(crate) fn now() -> Self {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or_default()
        };
        Self { descriptors: descriptors(), threads: field("Threads:"), resident_kib: field("VmRSS:") }
    }

    /// Each count of one and the other, as `choose` does.
    fn with(self, other: Self, choose: fn(usize, usize) -> usize) -> Self {
        Self {
            descriptors: choose(self.descriptors, other.descriptors),
            threads: choose(self.threads, other.threads),
            resident_kib: choose(self.resident_kib, other.resident_kib),
        }
    }
}

/// All moments of a run.
#[derive(Debug, Default)]
pub(crate) struct Course(Vec<Vitals>);

impl Course {
    pub(crate) fn note(&mut self) {
        self.0.push(Vitals::now());
    }

    pub(crate) fn peak(&self) -> Vitals {
        folded(&self.0, usize::max)
    }

    /// The most of each third of what follows the warm-up.
    pub(crate) fn most(&self) -> [Vitals; 3] {
        self.thirds(usize::max)
    }

    /// The least of them.
    pub(crate) fn least(&self) -> [Vitals; 3] {
        self.thirds(usize::min)
    }

    fn thirds(&self, choose: fn(usize, usize) -> usize) -> [Vitals; 3] {
        let warm = (self.0.len() as f64 * WARM_UP) as usize;
        let rest = self.0.get(warm..).unwrap_or_default();
        let third = rest.len().div_ceil(3).max(1);
        let mut thirds = rest.chunks(third).map(|third| folded(third, choose));
        std::array::from_fn(|_| thirds.next().unwrap_or_default())
    }

    /// What is taken all through the last third, and was never taken in the first, beyond the slack: connections and
    /// threads come and go, but what leaks does not go.
    pub(crate) fn growth(&self) -> Vec<String> {
        let ([first, _, _], [_, _, last]) = (self.most(), self.least());
        let mut found = Vec::new();
        for (what, first, last, slack) in [
            ("descriptors", first.descriptors, last.descriptors, SLACK.descriptors),
            ("threads", first.threads, last.threads, SLACK.threads),
            ("KiB of memory", first.resident_kib, last.resident_kib, SLACK.resident_kib),
        ] {
            if last > first + slack {
                found.push(format!(
                    "{what} grow: {first} at most in the first third, {last} at least in the last, {slack} allowed"
                ));
            }
        }
        found
    }
}

fn folded(all: &[Vitals], choose: fn(usize, usize) -> usize) -> Vitals {
    all.iter().copied().reduce(|one, other| one.with(other, choose)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{Course, Vitals};

    fn course(kib: impl Iterator<Item = usize>) -> Course {
        Course(kib.map(|resident_kib| Vitals { resident_kib, ..Vitals::default() }).collect())
    }

    #[test]
    fn what_grows_is_found_and_what_comes_and_goes_is_not() {
        assert!(course((0..100).map(|n| 50_000 + n % 7 * 9000)).growth().is_empty());
        // A warm-up is no leak.
        assert!(course((0..100).map(|n| 2000 * n.min(20))).growth().is_empty());
        assert_eq!(course((0..100).map(|n| 50_000 + 400 * n)).growth().len(), 1);
        assert!(course(std::iter::empty()).growth().is_empty());
    }
}
