//! Numbers, half of them valid.

use std::hint::black_box;
use std::ops::Range;

use heyan::IdNumber;

use crate::TODAY;

/// Where the numbers of the batch are from.
const REGIONS: [u32; 8] = [110_101, 130_102, 210_202, 310_104, 320_505, 440_106, 510_107, 650_102];

/// How many numbers the batch holds. The counts are given for each of them.
const COUNT: usize = 1000;

/// `count` numbers of 18 characters, every other one with a typing error: one digit replaced by another.
///
/// Regions, birth dates and sequence numbers are drawn by a fixed generator, so that the rare paths (the check character X,
/// the end of a month) come up as often as they do in a queue of people.
#[must_use]
pub fn numbers(count: usize, regions: &[u32], births: Range<u16>) -> Vec<[u8; 18]> {
    let mut draw = Generator(0x5EED);
    let mut number = |at| {
        let number = draw.number(regions, &births);
        if at % 2 == 0 { number } else { draw.spoil(number) }
    };
    (0..count).map(&mut number).collect()
}

/// `IdNumber::check_bulk` over a thousand of them.
pub struct Numbers {
    numbers: Vec<[u8; 18]>,
    valid: Vec<bool>,
}

impl Numbers {
    /// Draws them.
    ///
    /// # Panics
    /// When it is not just the unspoilt half that is valid.
    #[must_use]
    pub fn new() -> &'static mut Self {
        let case =
            Box::leak(Box::new(Self { numbers: numbers(COUNT, &REGIONS, 1900..1905), valid: vec![false; COUNT] }));
        assert!(case.run(), "as many verdicts as numbers");
        assert!(case.valid.iter().enumerate().all(|(at, &valid)| valid == (at % 2 == 0)), "every other one is valid");
        case.valid.fill(false);
        case
    }

    /// Checks all of them, and says whether that worked.
    pub fn run(&mut self) -> bool {
        IdNumber::check_bulk(black_box(&self.numbers), black_box(TODAY), black_box(&mut self.valid)).is_ok()
    }

    /// The same, but slower by a twentieth, which are checked once more.
    pub fn run_slowed(&mut self) -> bool {
        let twice = COUNT / 20;
        let (numbers, valid) = (&self.numbers[..twice], &mut self.valid[..twice]);
        IdNumber::check_bulk(black_box(numbers), black_box(TODAY), black_box(valid)).is_ok() && self.run()
    }
}

/// `CheckedLines::tally` over a thousand of them, as lines of a text.
pub struct Lines(Vec<u8>);

impl Lines {
    /// Draws them.
    ///
    /// # Panics
    /// When it is not just the unspoilt half that is valid.
    #[must_use]
    pub fn new() -> &'static mut Self {
        let case = Box::leak(Box::new(Self(lines(COUNT))));
        assert_eq!(case.run(), COUNT as u64 / 2, "every other one is valid");
        case
    }

    /// Checks all of them, and says how many are valid.
    pub fn run(&mut self) -> u64 {
        IdNumber::check_lines(black_box(&self.0), black_box(TODAY)).tally().valid()
    }
}

/// The batch's [`numbers`], but `count` of them, as lines of a text.
#[must_use]
pub fn lines(count: usize) -> Vec<u8> {
    numbers(count, &REGIONS, 1900..1905).iter().flat_map(|number| number.iter().copied().chain([b'\n'])).collect()
}

/// A linear congruential generator (Knuth's MMIX constants): the same numbers on every machine.
struct Generator(u64);

impl Generator {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn number(&mut self, regions: &[u32], births: &Range<u16>) -> [u8; 18] {
        const DAYS: [u64; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
        let region = regions[self.below(regions.len() as u64) as usize];
        let year = u64::from(births.start) + self.below(births.len() as u64);
        let month = self.below(12);
        let day = 1 + self.below(DAYS[month as usize]);
        let text = format!("{region}{year}{:02}{day:02}{:03}", month + 1, self.below(1000));
        let mut number = [0; 18];
        number[..17].copy_from_slice(text.as_bytes());
        number[17] = check_character(&number);
        number
    }

    fn spoil(&mut self, mut number: [u8; 18]) -> [u8; 18] {
        let at = self.below(17) as usize;
        let digit = number[at] - b'0';
        number[at] = b'0' + (digit + 1 + self.below(9) as u8) % 10;
        number
    }
}

/// ISO 7064 MOD 11-2, by its definition.
fn check_character(number: &[u8; 18]) -> u8 {
    let folded = number[..17].iter().fold(0, |sum, digit| (sum + u32::from(digit - b'0')) * 2 % 11);
    b"10X98765432"[folded as usize]
}
