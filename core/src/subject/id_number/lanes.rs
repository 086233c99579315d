//! Which of many numbers are valid: the same as [`words`](super::words) says of each, without a branch, in steps that a
//! compiler does for four or eight numbers at once.
//!
//! A block of numbers is laid out by its parts, each a column of 32-bit words; then plain loops run down the columns.
//!
//! ```text
//!   1  1  0  1  0  1  1  9  0  0  0  1  0  1  0  0  5  7
//!  └─ region ─┘└rest┘└── year ──┘└─ day ────┘└── end ───┘   the first character is the lowest byte
//! ```
//!
//! Two digits are kept as two nibbles, `0x12` for 12: they order as numbers do. What is rare (29 February and later, a
//! number of the form 9…) is left to [`is_valid`].

use super::words::{ASCII_ZEROS, Latest, chunk, is_valid};
use crate::subject::Date;

/// Numbers in a block: enough for the columns to be worth it, and few enough for a stack.
const BLOCK: usize = 32;

/// Whether each number is valid. Both slices have the same length.
pub(super) fn check(numbers: &[[u8; 18]], today: Date, valid: &mut [bool]) {
    let latest = super::words::latest(today);
    let day = key(nibbles_of(today));
    let (blocks, rest) = numbers.as_chunks();
    let (valid_blocks, valid_rest) = valid.as_chunks_mut();
    for (numbers, valid) in blocks.iter().zip(valid_blocks) {
        check_block(numbers, latest, day, valid);
    }
    for (number, valid) in rest.iter().zip(valid_rest) {
        *valid = is_valid(number, latest);
    }
}

/// How many of the numbers are valid.
pub(super) fn count(numbers: &[[u8; 18]], today: Date) -> usize {
    let mut valid = [false; BLOCK];
    let mut all = 0_usize;
    for numbers in numbers.chunks(BLOCK) {
        let valid = valid.get_mut(..numbers.len()).unwrap_or_default();
        check(numbers, today, valid);
        all = all.wrapping_add(valid.iter().filter(|valid| **valid).count());
    }
    all
}

#[inline(never)]
fn check_block(numbers: &[[u8; 18]; BLOCK], latest: Latest, today: u32, valid: &mut [bool; BLOCK]) {
    let region = column(numbers, |number| u32::from_le_bytes(chunk(number, 0)));
    let rest = column(numbers, |number| u32::from(u16::from_le_bytes(chunk(number, 4))));
    let year = column(numbers, |number| u32::from_le_bytes(chunk(number, 6)));
    let day = column(numbers, |number| u32::from_le_bytes(chunk(number, 10)));
    let end = column(numbers, |number| u32::from_le_bytes(chunk(number, 14)));

    let mut faults = [0_u8; BLOCK];
    let mut rare = [0_u8; BLOCK];
    let mut provinces = [0_u8; BLOCK];
    let results = faults.iter_mut().zip(&mut rare).zip(&mut provinces);
    let columns = region.iter().zip(&rest).zip(&year).zip(&day).zip(&end);
    for (((fault, rare), province), ((((region, rest), year), day), end)) in results.zip(columns) {
        let number = Number::of(*region, *rest, *year, *day, *end);
        *fault = u8::from(number.digits | number.check_character() | number.date(today) != 0);
        *rare = u8::from(number.is_late_in_february());
        *province = nibbles(number.region) as u8;
    }

    // Down a column of bytes, for sixteen numbers at once.
    let mut any = 0;
    for (((valid, fault), rare), province) in valid.iter_mut().zip(&faults).zip(&mut rare).zip(&provinces) {
        *valid = is_known(*province) & (*fault == 0);
        *rare |= u8::from(*province >= 0x90);
        any |= *rare;
    }
    if any != 0 {
        check_rare(numbers, latest, &rare, valid);
    }
}

#[cold]
#[inline(never)]
fn check_rare(numbers: &[[u8; 18]; BLOCK], latest: Latest, rare: &[u8; BLOCK], valid: &mut [bool; BLOCK]) {
    for ((number, valid), _) in numbers.iter().zip(valid).zip(rare).filter(|(_, rare)| **rare != 0) {
        *valid = is_valid(number, latest);
    }
}

/// One part of each number. (`map` would make a column of addresses first.)
#[inline(always)]
fn column(numbers: &[[u8; 18]; BLOCK], part: impl Fn(&[u8; 18]) -> u32) -> [u32; BLOCK] {
    core::array::from_fn(|at| numbers.get(at).map_or(0, &part))
}

/// The parts of one number, '0' subtracted from each byte. If a byte was no digit, everything but `digits` may be nonsense.
struct Number {
    /// Digits 1 to 4.
    region: u32,
    /// Digits 5 and 6.
    rest: u32,
    /// Digits 7 to 10.
    year: u32,
    /// Digits 11 to 14, month and day.
    day: u32,
    /// Digits 15 to 17 and the check character, 10 for X.
    end: u32,
    /// Not 0 if a byte was no digit, nor an X or x at the end.
    digits: u32,
}

const ZEROS: u32 = ASCII_ZEROS as u32;

impl Number {
    #[inline(always)]
    fn of(region: u32, rest: u32, year: u32, day: u32, end: u32) -> Self {
        // All bits when the last character is an X, or an x.
        let x = if end & 0xDF00_0000 == u32::from_le_bytes(*b"\0\0\0X") { u32::MAX } else { 0 };
        let [region, rest, year, day] = [region ^ ZEROS, rest ^ (ZEROS >> 16), year ^ ZEROS, day ^ ZEROS];
        let end = (end ^ ZEROS) & !(x << 24);
        let digits = over_nine(region) | over_nine(rest) | over_nine(year) | over_nine(day) | over_nine(end);
        Self { region, rest, year, day, end: end | x & (10 << 24), digits: digits & 0x8080_8080 }
    }

    /// Not 0 if the check character (ISO 7064 MOD 11-2) does not fit.
    ///
    /// The weight of a digit is 2 to the power of its distance from the end, and 2^10 leaves 1 over 11: so digits 11 to
    /// 18 weigh as much as digits 1 to 8, and digits 9 and 10 weigh four times as much as digits 1 and 2.
    #[inline(always)]
    fn check_character(&self) -> u32 {
        let first = self.region.wrapping_add(self.day).wrapping_add((self.year >> 14) & 0x3C3C);
        let second = self.rest.wrapping_add(self.year << 16).wrapping_add(self.end);
        // Sixteen is what the first four digits weigh more than the next four; the pairs of each sum are 4 and 1.
        let pairs = (pairs(first) << 4).wrapping_add(pairs(second));
        let sum = ((pairs & 0xFFF) << 2).wrapping_add(pairs >> 16 & 0xFFF);
        // 5958 is 65536/11, rounded up: the product's lower half is remainder/11 of 65536, and at most 2456 more.
        sum.wrapping_mul(5958).wrapping_sub(5000) & 0xF000
    }

    /// Not 0 if the calendar has no such day, or it lies before 1800 or after `today`; all days of February up to 31 pass.
    #[inline(always)]
    fn date(&self, today: u32) -> u32 {
        const FIRST: u32 = key((0, 0x18));
        /// What month and day may be more than 1, so that another one sets the highest bit of their half.
        const LIMITS: u32 = (0x7FFF - 0x11) | (0x7FFF - 0x2F) << 16;
        let (day, year) = (nibbles(self.day), nibbles(self.year));
        let birth = key((day, year));
        let outside = (today.wrapping_sub(birth) | birth.wrapping_sub(FIRST)) & 0x8000_0000;
        // Odd months have 31 days until July, even ones from August on; 10 to 12 have their tens in bit 4.
        let has_31_days = (day << 16 ^ day << 13 ^ day << 12) & 0x1_0000;
        let from_1 = day.wrapping_sub(0x0001_0001);
        outside | (from_1 | from_1.wrapping_sub(has_31_days).wrapping_add(LIMITS)) & 0x8000_8000
    }

    /// 29, 30 or 31 February.
    #[inline(always)]
    fn is_late_in_february(&self) -> bool {
        let day = nibbles(self.day);
        day == 0x29_0002 || day & !0x1_0000 == 0x30_0002
    }
}

/// The highest bit of a byte is set if it is above 9. Going up from the lowest byte, the first one above 9 meets no carry
/// from below, so it is seen for certain.
#[inline(always)]
const fn over_nine(bytes: u32) -> u32 {
    bytes.wrapping_add(0x7676_7676) | bytes
}

/// Each two digits as two nibbles, in the lower and in the upper half.
#[inline(always)]
const fn nibbles(digits: u32) -> u32 {
    (digits << 4 | digits >> 8) & 0x00FF_00FF
}

/// Each two bytes, the first of them twice.
#[inline(always)]
const fn pairs(bytes: u32) -> u32 {
    (bytes << 1).wrapping_add(bytes >> 8) & 0x00FF_00FF
}

/// A number that orders as dates do, below 2^28: from the nibbles of month and day, and those of the year.
#[inline(always)]
const fn key((day, year): (u32, u32)) -> u32 {
    year << 19 | year >> 5 & (0xFF << 11) | day << 6 & (0x1F << 6) | day >> 16
}

/// The nibbles of month and day, and those of the year.
const fn nibbles_of(date: Date) -> (u32, u32) {
    const fn of(number: u16) -> u32 {
        ((number / 10) << 4 | number % 10) as u32
    }
    let (month, day) = (of(date.month() as u16), of(date.day() as u16));
    (day << 16 | month, of(date.year() % 100) << 16 | of(date.year() / 100))
}

/// Whether the two nibbles are a province or 81, 82, 83; see [`is_province_or_permit`](super::rules::is_province_or_permit).
#[inline(always)]
const fn is_known(code: u8) -> bool {
    /// Whether it is from `low` to `high`.
    const fn within(code: u8, low: u8, high: u8) -> bool {
        code.wrapping_sub(low) <= high.wrapping_sub(low)
    }
    within(code, 0x11, 0x15)
        | within(code, 0x21, 0x23)
        | within(code, 0x31, 0x37)
        | within(code, 0x41, 0x46)
        | within(code, 0x50, 0x54)
        | within(code, 0x61, 0x65)
        | (code == 0x71)
        | within(code, 0x81, 0x83)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::subject::id_number::rules;
    use std::vec::Vec;

    #[test]
    fn provinces_are_those_of_the_rules() {
        for code in 0..100 {
            assert_eq!(is_known(code / 10 << 4 | code % 10), rules::is_province_or_permit(code), "{code}");
        }
    }

    /// The remainder 1 is told from the others, for every sum that digits can have.
    #[test]
    fn every_sum_has_its_remainder() {
        let fits = |sum: u32| sum.wrapping_mul(5958).wrapping_sub(5000) & 0xF000 == 0;
        let greatest = 4 * (16 * 3 * (9 + 9 + 36) + 3 * 18) + 16 * 3 * 18 + 2 * 18 + 19;
        for sum in 0..=greatest {
            assert_eq!(fits(sum), sum % 11 == 1, "{sum}");
        }
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
            let latest = super::super::words::latest(today);
            for (number, valid) in numbers.iter().zip(&valid) {
                assert_eq!(*valid, is_valid(number, latest), "{number:?} {today}");
            }
            assert_eq!(count(numbers, today), valid.iter().filter(|valid| **valid).count());
        }
    }
}
