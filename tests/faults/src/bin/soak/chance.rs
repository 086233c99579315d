//! Random numbers that come again with the same seed.

/// `SplitMix64`, by Steele, Lea and Flood: enough to spread faults and people.
#[derive(Clone, Debug)]
pub(crate) struct Chance(u64);

impl Chance {
    /// One stream of many: each thread and each proxy has its own.
    pub(crate) fn new(seed: u64, stream: u64) -> Self {
        let mut chance = Self(seed ^ stream.wrapping_mul(0xA076_1D64_78BD_642F));
        chance.next();
        chance
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// From 0 to one less than `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        // Far below the range of a word, so the remainder favours nothing that could be noticed.
        (self.next() % bound.max(1) as u64) as usize
    }

    /// So often of a hundred thousand.
    pub(crate) fn strikes(&mut self, of_100_000: usize) -> bool {
        self.below(100_000) < of_100_000
    }

    pub(crate) fn one_of<T: Copy>(&mut self, all: &[T]) -> Option<T> {
        all.get(self.below(all.len())).copied()
    }
}
