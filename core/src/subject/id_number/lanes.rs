//! Which of many numbers are valid, and what is wrong with those that are not: the same as [`words`](super::words) says of
//! each, without a branch, for 16 or 32 numbers at once.
//!
//! A block of numbers is turned on its side: its first column holds the first character of every number, and so on. Then
//! one loop runs down the columns, a number in each step, on nothing but single bytes ([`lane`](super::lane)). Compilers make
//! vector instructions of both, and of the loop, as many numbers at a time as a register has bytes.

use super::IdNumberError;
use super::lane::{Day, Number};
use super::words::{is_valid, latest};
use crate::subject::Date;

/// Numbers in a block: as many as the widest registers that compilers use by themselves have bytes.
const BLOCK: usize = 32;

/// One byte for each number of a block.
type Lanes = [u8; BLOCK];

/// Whether each number is valid. Both slices have the same length.
pub(super) fn check(numbers: &[[u8; 18]], today: Date, valid: &mut [bool]) {
    let (blocks, rest) = numbers.as_chunks();
    let (valid_blocks, valid_rest) = valid.as_chunks_mut();
    // Made for the first block, as a short list has none.
    let mut desk = None;
    for (numbers, valid) in blocks.iter().zip(valid_blocks) {
        desk.get_or_insert_with(|| Desk::new(today)).check(numbers, valid);
    }
    let latest = latest(today);
    for (number, valid) in rest.iter().zip(valid_rest) {
        *valid = is_valid(number, latest);
    }
}

/// How many of the numbers are valid.
pub(super) fn count(numbers: &[[u8; 18]], today: Date) -> usize {
    let (blocks, rest) = numbers.as_chunks();
    let mut desk = None;
    let in_blocks = blocks.iter().fold(0_usize, |all, numbers| {
        let mut valid = [false; BLOCK];
        desk.get_or_insert_with(|| Desk::new(today)).check(numbers, &mut valid);
        all.wrapping_add(valid.iter().filter(|valid| **valid).count())
    });
    let latest = latest(today);
    in_blocks.wrapping_add(rest.iter().filter(|number| is_valid(number, latest)).count())
}

/// Where blocks are checked, one after the other: numbers of 18 characters, each with a line end behind it if `WIDTH` is more.
pub(super) struct Desk<const WIDTH: usize> {
    today: Day,
    /// Room for a block and for what becomes of it, made once for many blocks.
    sheets: [[Lanes; WIDTH]; 2],
}

impl<const WIDTH: usize> Desk<WIDTH> {
    pub(super) const fn new(today: Date) -> Self {
        Self { today: Day::of(today), sheets: [[[0; BLOCK]; WIDTH]; 2] }
    }

    /// Whether each number is valid.
    #[inline(never)]
    fn check(&mut self, numbers: &[[u8; WIDTH]; BLOCK], valid: &mut [bool; BLOCK]) {
        let mut faults = [0; BLOCK];
        let today = self.today;
        for (fault, number) in faults.iter_mut().zip(self.numbers(numbers)) {
            *fault = number.any_fault(today);
        }
        // As the lanes have them: numbers of the first half and of the second by turns.
        let (first, second) = valid.split_at_mut(BLOCK / 2);
        for (([one, other], first), second) in faults.as_chunks().0.iter().zip(first).zip(second) {
            *first = *one == 0;
            *second = *other == 0;
        }
    }

    /// Counts the lines, and says whether some are left out: a byte among their 18 is no printable ASCII, so that it may be
    /// a line end, or part of a longer character.
    #[inline(never)]
    pub(super) fn count(&mut self, lines: &[[u8; WIDTH]; BLOCK], passed: &mut Passed) -> bool {
        passed.blocks = passed.blocks.wrapping_add(1);
        let (today, mut unprintable) = (self.today, 0);
        let [printable, characters, region, calendar, past, from_1800, all] = &mut passed.lanes;
        let dates = calendar.iter_mut().zip(past).zip(from_1800);
        let counts = printable.iter_mut().zip(characters).zip(region).zip(dates).zip(all);
        for (counts, number) in counts.zip(self.numbers(lines)) {
            let ((((printable, characters), region), ((calendar, past), from_1800)), all) = counts;
            let (birth, fault) = (number.birth(), number.unprintable());
            unprintable |= fault;
            let mut so_far = 0;
            let mut pass = |lane: &mut u8, fault| {
                so_far |= fault;
                *lane = lane.wrapping_add(u8::from(so_far == 0));
            };
            pass(printable, fault);
            pass(characters, number.characters());
            pass(region, number.region());
            pass(calendar, birth.calendar());
            // A birth before 1800 may lie after today, too, and that is said of it.
            pass(past, birth.after(today));
            pass(from_1800, birth.before_1800());
            pass(all, number.checksum());
        }
        unprintable != 0
    }

    /// The lines that [`count`](Self::count) leaves out.
    pub(super) fn left_out(lines: &[[u8; WIDTH]; BLOCK]) -> impl Iterator<Item = &[u8; WIDTH]> {
        lines.iter().filter(|line| line.first_chunk().is_some_and(|number| Number(*number).unprintable() != 0))
    }

    /// The numbers, in the order of the lanes.
    #[inline(always)]
    fn numbers(&mut self, rows: &[[u8; WIDTH]; BLOCK]) -> impl Iterator<Item = Number> {
        let columns = turn(rows, &mut self.sheets);
        (0..BLOCK).map(|lane| {
            let character = |column: &Lanes| column.get(lane).copied().unwrap_or_default();
            Number(columns.first_chunk().map_or([0; 18], |columns| columns.each_ref().map(character)))
        })
    }
}

/// How many lines passed one check after another, apart for each lane.
#[derive(Default)]
pub(super) struct Passed {
    /// That all characters are printable, and then the [`CHECKS`].
    lanes: [Lanes; 1 + CHECKS.len()],
    /// What no lane is above.
    blocks: u8,
}

/// What a line that does not pass has, in the order in which that is looked for.
pub(super) const CHECKS: [IdNumberError; 6] = [
    IdNumberError::Character,
    IdNumberError::Region,
    IdNumberError::BirthDate,
    IdNumberError::BirthDateInFuture,
    IdNumberError::BirthDate,
    IdNumberError::Checksum,
];

impl Passed {
    /// Whether nothing was counted.
    pub(super) const fn is_empty(&self) -> bool {
        self.blocks == 0
    }

    /// Whether another block might be too much for a lane.
    pub(super) const fn is_full(&self) -> bool {
        self.blocks == u8::MAX
    }

    /// How many passed all, and how many did not pass each one.
    pub(super) fn sums(&self) -> (u64, [u64; CHECKS.len()]) {
        let sum = |lanes: &Lanes| lanes.iter().fold(0_u64, |sum, lane| sum.wrapping_add(u64::from(*lane)));
        let [mut before, after @ ..] = self.lanes.each_ref().map(sum);
        let failed = after.map(|after| core::mem::replace(&mut before, after).wrapping_sub(after));
        (before, failed)
    }
}

// ---- rows to columns ----

/// The columns of the rows, in one of the sheets. In each column, rows of the first half and of the second stand by turns.
///
/// It is done as with a deck of cards that is cut and riffled: every cut at the middle makes the highest bit of a byte's
/// place the lowest. Five of them bring the five bits of a row's number behind the column's. Two cuts are one step where
/// it can be done with pairs of bytes: compilers know vector instructions for four streams of those, but not of bytes.
#[inline(always)]
fn turn<'s, const WIDTH: usize>(
    rows: &[[u8; WIDTH]; BLOCK],
    [one, other]: &'s mut [[Lanes; WIDTH]; 2],
) -> &'s [Lanes; WIDTH] {
    let (first, second) = rows.as_flattened().split_at(rows.as_flattened().len() / 2);
    for ((riffled, first), second) in one.as_flattened_mut().as_chunks_mut().0.iter_mut().zip(first).zip(second) {
        *riffled = [*first, *second];
    }
    riffle_twice(one.as_flattened(), other.as_flattened_mut());
    riffle_twice(other.as_flattened(), one.as_flattened_mut());
    one
}

/// Two cuts at once: a pair of bytes from each quarter in turn.
#[inline(always)]
fn riffle_twice(from: &[u8], to: &mut [u8]) {
    let pairs = from.as_chunks::<2>().0;
    let (half, other) = pairs.split_at(pairs.len() / 2);
    let (a, b) = half.split_at(half.len() / 2);
    let (c, d) = other.split_at(half.len() / 2);
    let riffled = to.as_chunks_mut::<2>().0.as_chunks_mut().0;
    for ((((riffled, a), b), c), d) in riffled.iter_mut().zip(a).zip(b).zip(c).zip(d) {
        *riffled = [*a, *b, *c, *d];
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    /// Each byte of a block comes to its column, and to the lane of its row.
    #[test]
    fn rows_become_columns() {
        fn of<const WIDTH: usize>() {
            let rows: [[u8; WIDTH]; BLOCK] =
                core::array::from_fn(|row| core::array::from_fn(|at| (row * 7 + at * 41) as u8));
            let mut sheets = [[[0; BLOCK]; WIDTH]; 2];
            for (at, column) in turn(&rows, &mut sheets).iter().enumerate() {
                for (lane, byte) in column.iter().enumerate() {
                    assert_eq!(*byte, rows[lane / 2 + lane % 2 * (BLOCK / 2)][at], "lane {lane} of column {at}");
                }
            }
        }
        of::<18>();
        of::<19>();
        of::<20>();
    }

    /// All numbers that the test of the words tries, in every place of a block, with several days as today.
    #[test]
    fn lanes_and_words_agree() {
        let mut numbers: Vec<[u8; 18]> = Vec::new();
        super::super::words::tests::each_case(|number| numbers.push(*number));
        // So many that every block holds others than the last time.
        for (shift, today) in [
            (0, Date::new(2026, 11, 21)),
            (1, Date::new(1904, 2, 29)),
            (7, Date::new(1800, 1, 1)),
            (30, Some(Date::MAX)),
        ] {
            let today = today.unwrap();
            let numbers = &numbers[shift..];
            let mut valid = std::vec![false; numbers.len()];
            check(numbers, today, &mut valid);
            for (number, valid) in numbers.iter().zip(&valid) {
                assert_eq!(*valid, is_valid(number, latest(today)), "{number:?} {today}");
            }
            assert_eq!(count(numbers, today), valid.iter().filter(|valid| **valid).count());
        }
    }
}
