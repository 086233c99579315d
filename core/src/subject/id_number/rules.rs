//! The rules for 18 bytes, one after the other: what is wrong with a number.

use super::IdNumberError;
use crate::subject::Date;

/// The first part that is wrong, in the order of [`IdNumberError`]; `None` for a valid number. A check character `x`
/// counts as `X`.
pub(super) fn fault(number: &[u8; 18], today: Date) -> Option<IdNumberError> {
    let [r1, r2, r3, _, _, _, date @ .., _, _, _, last] = number;
    let [digits @ .., _] = number;
    if !digits.iter().all(u8::is_ascii_digit) || !matches!(last, b'0'..=b'9' | b'X' | b'x') {
        return Some(IdNumberError::Character);
    }
    // A foreign permanent resident's card (2023 form) is a 9, the province that issued it, and the country's three
    // digits (GB/T 2659). Permits begin with 8 and are no provinces.
    let (tens, ones) = if *r1 == b'9' { (r2, r3) } else { (r1, r2) };
    let code = (tens & 0xF).wrapping_mul(10).wrapping_add(ones & 0xF);
    if !is_province_or_permit(code) || (*r1 == b'9' && *r2 == b'8') {
        return Some(IdNumberError::Region);
    }
    match Date::from_ascii(*date) {
        Some(birth) if birth > today => Some(IdNumberError::BirthDateInFuture),
        Some(birth) if birth.year() >= 1800 => {
            (check_character(digits) != last.to_ascii_uppercase()).then_some(IdNumberError::Checksum)
        }
        _ => Some(IdNumberError::BirthDate),
    }
}

/// Whether there is none: what [`words`](super::words) says on larger processors.
#[cfg(not(target_pointer_width = "64"))]
pub(super) fn is_valid(number: &[u8; 18], latest: Date) -> bool {
    fault(number, latest).is_none()
}

/// The day up to which births count as past, as [`is_valid`] takes it.
#[cfg(not(target_pointer_width = "64"))]
pub(super) const fn latest(today: Date) -> Date {
    today
}

/// Whether each number is valid: what [`lanes`](super::lanes) says on larger processors.
#[cfg(not(target_pointer_width = "64"))]
pub(super) fn check(numbers: &[[u8; 18]], today: Date, valid: &mut [bool]) {
    for (number, valid) in numbers.iter().zip(valid) {
        *valid = is_valid(number, today);
    }
}

/// How many of the numbers are valid, likewise.
#[cfg(not(target_pointer_width = "64"))]
pub(super) fn count(numbers: &[[u8; 18]], today: Date) -> usize {
    numbers.iter().filter(|number| is_valid(number, today)).count()
}

/// The first two digits that the check knows: the provinces of GB/T 2260, and
/// 81, 82 and 83 for the residence permits of Hong Kong, Macau and Taiwan.
/// Counties are not checked: real holders carry codes that no list has.
pub(super) const fn is_province_or_permit(code: u8) -> bool {
    matches!(
        code,
        11..=15 | 21..=23 | 31..=37 | 41..=46 | 50..=54 | 61..=65 | 71 | 81..=83
    )
}

/// The check character of 17 digits (ISO 7064 MOD 11-2).
pub(super) fn check_character(digits: &[u8; 17]) -> u8 {
    // Horner's rule: each step doubles the weight of all digits before. The sum of 17 digits has 22 bits.
    let sum = digits.iter().fold(0_u32, |sum, digit| sum.wrapping_add(u32::from(digit & 0xF)).wrapping_mul(2));
    // With the character's own value the sum shall leave 1.
    match 12_u32.wrapping_sub(sum % 11) % 11 {
        10 => b'X',
        digit => b'0'.wrapping_add(digit as u8),
    }
}
