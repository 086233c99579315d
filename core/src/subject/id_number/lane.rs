//! What is wrong with one number of many that are checked at once: nothing but steps on single bytes, without a branch, so
//! that a loop over many numbers becomes vector instructions (see [`lanes`](super::lanes)).
//!
//! A fault is a byte that is 0 if there is none. Where a number has several, the ones behind the first may be nonsense:
//! something that is no digit is no month either.

use crate::subject::Date;

/// Characters as they stand in a row.
pub(super) struct Number(pub(super) [u8; 18]);

impl Number {
    /// All faults, in one byte.
    #[inline(always)]
    pub(super) fn any_fault(&self, today: Day) -> u8 {
        let birth = self.birth();
        self.characters()
            | self.region()
            | birth.calendar()
            | birth.before_1800()
            | birth.after(today)
            | self.checksum()
    }

    /// The least and the greatest of some characters.
    #[inline(always)]
    fn extremes(characters: &[u8]) -> (u8, u8) {
        characters.iter().fold((0xFF, 0), |(least, greatest), one| (least.min(*one), greatest.max(*one)))
    }

    /// A character is no printable ASCII.
    #[inline(always)]
    pub(super) fn unprintable(&self) -> u8 {
        let (least, greatest) = Self::extremes(&self.0);
        b' '.saturating_sub(least) | greatest.saturating_sub(b'~')
    }

    /// A character is no digit, nor an X or x at the end.
    #[inline(always)]
    pub(super) fn characters(&self) -> u8 {
        let [digits @ .., last] = self.0;
        let (least, greatest) = Self::extremes(&digits);
        let last_digit = last.wrapping_sub(b'0').saturating_sub(9) & !is_x(last);
        b'0'.saturating_sub(least) | greatest.saturating_sub(b'9') | last_digit
    }

    /// The first two digits are no province nor 81, 82, 83, nor do a 9 and a province begin the number; see
    /// [`is_province_or_permit`](super::rules::is_province_or_permit).
    #[inline(always)]
    pub(super) fn region(&self) -> u8 {
        let [a, b, c, ..] = self.0;
        let first = nibbles(a, b);
        let province = choose(all_bits(a == b'9'), nibbles(b, c), first);
        // 0 from `low` to `high`.
        let within = |code: u8, low: u8, high: u8| code.wrapping_sub(low).saturating_sub(high.wrapping_sub(low));
        within(province, 0x11, 0x15)
            .min(within(province, 0x21, 0x23))
            .min(within(province, 0x31, 0x37))
            .min(within(province, 0x41, 0x46))
            .min(within(province, 0x50, 0x54))
            .min(within(province, 0x61, 0x65))
            .min(within(province, 0x71, 0x71))
            .min(within(first, 0x81, 0x83))
    }

    /// The date of birth.
    #[inline(always)]
    pub(super) const fn birth(&self) -> Day {
        let [_, _, _, _, _, _, y1, y2, y3, y4, m1, m2, d1, d2, ..] = self.0;
        Day { century: nibbles(y1, y2), year: nibbles(y3, y4), month: nibbles(m1, m2), day: nibbles(d1, d2) }
    }

    /// The check character does not fit (ISO 7064 MOD 11-2).
    #[inline(always)]
    pub(super) fn checksum(&self) -> u8 {
        /// What both sums are too great by, as they are of characters.
        const OF_ZEROS: (u8, u8) = Number([b'0'; 18]).sums(b'0');
        let [.., last] = self.0;
        let (added, subtracted) = self.sums(choose(is_x(last), b'0' + 10, last));
        not_one(added.wrapping_sub(OF_ZEROS.0), subtracted.wrapping_sub(OF_ZEROS.1))
    }

    /// The weighted sum of the characters, with this one as the last, as the difference of two that fit in a byte: at most
    /// 244 and 225 more than of zeros.
    ///
    /// The weight of a digit is 2 to the power of its distance from the end, and 2^10 leaves 1 over 11: so digits 11 to
    /// 18 weigh as much as digits 1 to 8, which are -4, -2, -1, 5, -3, 4, 2, 1. Those of digits 9 and 10 are -5 and 3.
    #[inline(always)]
    const fn sums(&self, h2: u8) -> (u8, u8) {
        let [a, b, c, d, e, f, g, h, fifth, third, a2, b2, c2, d2, e2, f2, g2, _] = self.0;
        let (a, b, c, d) = (a.wrapping_add(a2), b.wrapping_add(b2), c.wrapping_add(c2), d.wrapping_add(d2));
        let (e, f, g, h) = (e.wrapping_add(e2), f.wrapping_add(f2), g.wrapping_add(g2), h.wrapping_add(h2));
        let (four, two, one) = (f.wrapping_add(d), g.wrapping_add(third), h.wrapping_add(d).wrapping_add(third));
        let added = binary(four, two, one);
        let (four, two, one) = (a.wrapping_add(fifth), b.wrapping_add(e), c.wrapping_add(e).wrapping_add(fifth));
        (added, binary(four, two, one))
    }
}

/// Not 0 if the difference of the sums, at most 244 and 225, leaves something else than 1 over 11.
#[inline(always)]
fn not_one(added: u8, subtracted: u8) -> u8 {
    /// `sum` or that less `multiple`, whichever is not below zero and less.
    #[inline(always)]
    fn reduced(sum: u8, multiple: u8) -> u8 {
        sum.min(sum.wrapping_sub(multiple))
    }
    // A byte that wraps around is 256 too great, of which 3 is left. (For a difference of 0 that makes 253, which leaves 0.)
    let wrapped = all_bits(added <= subtracted) & 3;
    let sum = added.wrapping_sub(subtracted).wrapping_sub(wrapped);
    let sum = reduced(reduced(reduced(reduced(sum, 176), 88), 44), 22);
    all_bits((sum != 1) & (sum != 12))
}

/// Four times the first, twice the second, and the third.
#[inline(always)]
const fn binary(four: u8, two: u8, one: u8) -> u8 {
    let two = four.wrapping_add(four).wrapping_add(two);
    two.wrapping_add(two).wrapping_add(one)
}

/// A day, each part as two nibbles, `0x12` for 12: they order as numbers do.
#[derive(Clone, Copy)]
pub(super) struct Day {
    century: u8,
    year: u8,
    month: u8,
    day: u8,
}

impl Day {
    pub(super) const fn of(date: Date) -> Self {
        const fn of(number: u16) -> u8 {
            (((number / 10) << 4) | (number % 10)) as u8
        }
        let (month, day) = (of(date.month() as u16), of(date.day() as u16));
        Self { century: of(date.year() / 100), year: of(date.year() % 100), month, day }
    }

    /// The calendar has no such day.
    #[inline(always)]
    pub(super) fn calendar(&self) -> u8 {
        let Self { century, year, month, day } = *self;
        // The last two bits and the lowest of the tens tell whether 4 divides it; for a year ..00, the century is asked.
        let by_four = choose(all_bits(year == 0), century, year) & 0x13;
        let leap_year = by_four.min(by_four ^ 0x12) == 0;
        // Odd months have 31 days until July, even ones from August on. (Signed, as vectors compare.)
        let long = (month ^ all_bits(month as i8 > 7)) & 1;
        let days = choose(all_bits(month == 2), 0x28_u8.wrapping_sub(all_bits(leap_year)), long.wrapping_add(0x30));
        // From 1, so that 0 is far too great.
        month.wrapping_sub(1).saturating_sub(0x11) | day.wrapping_sub(1).saturating_sub(days.wrapping_sub(1))
    }

    /// The year is below 1800.
    #[inline(always)]
    pub(super) const fn before_1800(&self) -> u8 {
        0x18_u8.saturating_sub(self.century)
    }

    /// The date, if it is one, lies after today.
    #[inline(always)]
    pub(super) const fn after(&self, today: Self) -> u8 {
        let day = self.day.saturating_sub(today.day);
        let month = self.month.saturating_sub(today.month) | all_bits(self.month == today.month) & day;
        let year = self.year.saturating_sub(today.year) | all_bits(self.year == today.year) & month;
        self.century.saturating_sub(today.century) | all_bits(self.century == today.century) & year
    }
}

/// Two digits as two nibbles.
#[inline(always)]
const fn nibbles(tens: u8, ones: u8) -> u8 {
    // The shift loses the upper half of an ASCII digit.
    (tens << 4).wrapping_add(ones).wrapping_sub(b'0')
}

#[inline(always)]
const fn is_x(character: u8) -> u8 {
    all_bits(character & 0xDF == b'X')
}

/// A condition as vectors have it.
#[inline(always)]
const fn all_bits(condition: bool) -> u8 {
    if condition { 0xFF } else { 0 }
}

/// `one` where the mask has bits, otherwise `other`.
#[inline(always)]
const fn choose(mask: u8, one: u8, other: u8) -> u8 {
    one & mask | other & !mask
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::subject::id_number::rules;

    #[test]
    fn provinces_are_those_of_the_rules() {
        for code in 0..100 {
            let region = |text: std::string::String| Number(text.as_bytes().try_into().unwrap()).region() == 0;
            let known = rules::is_province_or_permit(code);
            assert_eq!(region(std::format!("{code:02}0000000000000000")), known || code == 95, "{code}");
            assert_eq!(region(std::format!("9{code:02}000000000000000")), known && code < 80, "9{code}");
        }
    }

    /// The remainder 1 is told from the others, for all that digits can add up to.
    #[test]
    fn every_difference_has_its_remainder() {
        let zeros = Number([b'0'; 18]).sums(b'0');
        let (added, subtracted) = Number([b'9'; 18]).sums(b'0' + 10);
        assert_eq!((added.wrapping_sub(zeros.0), subtracted.wrapping_sub(zeros.1)), (244, 225));
        for (added, subtracted) in (0..=244).flat_map(|added| (0..=225).map(move |subtracted| (added, subtracted))) {
            let remainder = (i32::from(added) - i32::from(subtracted)).rem_euclid(11);
            assert_eq!(not_one(added, subtracted) == 0, remainder == 1, "{added} - {subtracted}");
        }
    }
}
