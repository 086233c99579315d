//! Resident identity numbers (GB 11643-1999): address code, date of birth,
//! sequence code, check character.

use core::fmt;

use zeroize::Zeroize;

use super::{
    date::Date,
    input::{Typed, Unfit},
};
use crate::redact::redacted;
use crate::text::count_chars;

mod check;
mod error;

use check::Latest;
pub use error::{BulkLengthError, IdNumberError};

/// A valid identity number: 18 characters, digits but for a last `X`.
///
/// It exists only if the number passed the check, and is wiped when dropped.
/// `Debug` shows nothing of it; reading it takes [`expose`](Self::expose) or
/// [`masked`](Self::masked).
///
/// # What is checked
///
/// | part | rule |
/// |---|---|
/// | length | 18 characters, or the 15 of before 1999 |
/// | characters | digits; the 18th may be `X` or `x` |
/// | region | the first two digits are a province (GB/T 2260) or 81, 82, 83; after a 9, digits 2 and 3 are a province |
/// | date of birth | exists in the calendar, from 1800-01-01 to the day given as `today` |
/// | check character | ISO 7064 MOD 11-2 |
///
/// Counties are not checked, as real holders carry codes that no list has.
/// White space and full-width digits are refused by [`parse`](Self::parse) and
/// understood by [`from_input`](Self::from_input). `x` becomes `X`. A number of
/// 15 digits becomes one of 18: born in 19.., check character computed; only
/// residents ever had one, so it begins with a province.
///
/// That a number is valid does not say that it was issued: ask a provider.
///
/// ```
/// use heyan::{Date, IdNumber, Sex};
///
/// // The example of GB 11643-1999. A device without a clock passes `Date::MAX`.
/// let id = IdNumber::parse("11010519491231002X", Date::MAX)?;
/// assert_eq!(id.masked().to_string(), "1101**********002X");
/// assert_eq!(id.birth_date().to_string(), "1949-12-31");
/// assert_eq!(id.sex(), Sex::Female);
/// assert_eq!(format!("{id:?}"), "IdNumber(redacted)");
/// # Ok::<(), heyan::IdNumberError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct IdNumber([u8; 18]);

redacted!(IdNumber);

impl IdNumber {
    /// Characters of every identity number, all of them ASCII.
    pub const LEN: usize = 18;

    /// Reads a number exactly as it stands in `text`; see the type for what is
    /// checked.
    ///
    /// `today` is the last day that counts as a date of birth, in China:
    /// [`Date::from_unix_seconds`]. Without a clock pass [`Date::MAX`].
    ///
    /// # Errors
    ///
    /// The first part that is wrong, in the order of [`IdNumberError`]: a number
    /// with a letter inside and a wrong check character has a wrong character.
    pub fn parse(text: &str, today: Date) -> Result<Self, IdNumberError> {
        match text.as_bytes().try_into() {
            Ok(number) if check::is_valid(number, Latest::new(today)) => Ok(Self::from_valid(number)),
            Ok(number) => Err(explain(text, number, today)),
            Err(_) => Self::parse_old(text, today),
        }
    }

    /// Reads a number as people type or paste it.
    ///
    /// Before the check of [`parse`](Self::parse), full-width digits and letters
    /// become ASCII, and these are dropped wherever they stand: white space of
    /// any kind (also U+3000), hyphens (`-`, U+2010 to U+2015, U+FF0D), and
    /// invisible characters that copying brings along (byte order mark,
    /// zero-width and text direction marks).
    ///
    /// # Errors
    ///
    /// As [`parse`](Self::parse), of what is left.
    ///
    /// ```
    /// use heyan::{Date, IdNumber};
    ///
    /// let typed = IdNumber::from_input(" 110105 19491231 ００２ｘ\n", Date::MAX)?;
    /// assert_eq!(typed, IdNumber::parse("11010519491231002X", Date::MAX)?);
    /// # Ok::<(), heyan::IdNumberError>(())
    /// ```
    pub fn from_input(text: &str, today: Date) -> Result<Self, IdNumberError> {
        match Typed::<18>::read(text).as_str() {
            Ok(text) => Self::parse(text, today),
            Err(Unfit { characters: 15 | 18 }) => Err(IdNumberError::Character),
            Err(Unfit { .. }) => Err(IdNumberError::Length),
        }
    }

    /// Reads a number whose check character may be wrong; everything else is
    /// checked as [`parse`](Self::parse) does, and the character must be a
    /// digit, `X` or `x`.
    ///
    /// Vendors' documents show sample numbers of this kind, and their test
    /// systems answer to them. For a person's number use `parse`: a wrong check
    /// character means that the number was mistyped.
    ///
    /// # Errors
    ///
    /// As [`parse`](Self::parse), but never [`IdNumberError::Checksum`].
    pub fn with_unverified_checksum(text: &str, today: Date) -> Result<Self, IdNumberError> {
        let Ok(&number) = <&[u8; 18]>::try_from(text.as_bytes()) else {
            return Self::parse_old(text, today);
        };
        let [body @ .., last] = number;
        if !matches!(last, b'0'..=b'9' | b'X' | b'x') {
            return Err(explain(text, &number, today));
        }
        let mut corrected = complete(body);
        let valid = check::is_valid(&corrected, Latest::new(today));
        corrected.zeroize();
        if valid { Ok(Self::from_valid(&number)) } else { Err(explain(text, &number, today)) }
    }

    /// Checks many numbers of 18 bytes: `valid[i]` tells whether
    /// [`parse`](Self::parse) would take `numbers[i]`.
    ///
    /// It is the check of `parse`, for lists: no allocation, no lookup table,
    /// fewer than 70 instructions a number on x86-64. Numbers of 15 digits do
    /// not fit here; they need [`parse`](Self::parse).
    ///
    /// # Errors
    ///
    /// [`BulkLengthError`] if the slices differ in length. Nothing is checked
    /// then and `valid` is as before.
    ///
    /// ```
    /// use heyan::{Date, IdNumber};
    ///
    /// let numbers = [*b"11010519491231002X", *b"110105194912310021"];
    /// let mut valid = [false; 2];
    /// IdNumber::check_bulk(&numbers, Date::MAX, &mut valid)?;
    /// assert_eq!(valid, [true, false]);
    /// # Ok::<(), heyan::subject::BulkLengthError>(())
    /// ```
    pub fn check_bulk(numbers: &[[u8; 18]], today: Date, valid: &mut [bool]) -> Result<(), BulkLengthError> {
        if numbers.len() != valid.len() {
            return Err(BulkLengthError { numbers: numbers.len(), results: valid.len() });
        }
        let latest = Latest::new(today);
        for (number, valid) in numbers.iter().zip(valid) {
            *valid = check::is_valid(number, latest);
        }
        Ok(())
    }

    /// How many of the numbers [`check_bulk`](Self::check_bulk) would call valid.
    #[must_use]
    pub fn count_valid(numbers: &[[u8; 18]], today: Date) -> usize {
        let latest = Latest::new(today);
        numbers.iter().filter(|number| check::is_valid(number, latest)).count()
    }

    /// The 18 characters in clear: personal data.
    #[must_use]
    pub fn expose(&self) -> &str {
        // Every byte passed the check as ASCII, so the default is never taken.
        core::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The first and last four characters with ten `*` between, such as
    /// `1101**********0057`, for screens and receipts.
    #[must_use]
    pub fn masked(&self) -> impl fmt::Display + use<> {
        let [a, b, c, d, .., w, x, y, z] = self.0;
        fmt::from_fn(move |f| {
            let ends = [[a, b, c, d], [w, x, y, z]];
            let [head, tail] = ends.each_ref().map(|end| core::str::from_utf8(end));
            write!(f, "{}**********{}", head.unwrap_or_default(), tail.unwrap_or_default())
        })
    }

    /// The date of birth, characters 7 to 14.
    #[must_use]
    pub fn birth_date(&self) -> Date {
        let [_, _, _, _, _, _, date @ .., _, _, _, _] = self.0;
        // The check let only dates of the calendar pass.
        Date::from_ascii(date).unwrap_or(Date::MAX)
    }

    /// The sex that the 17th digit encodes: odd for male, even for female.
    #[must_use]
    pub fn sex(&self) -> Sex {
        let [.., sequence, _] = self.0;
        // ASCII digits are odd and even as their values are.
        if sequence % 2 == 1 { Sex::Male } else { Sex::Female }
    }

    /// The first six characters: where the number was first registered.
    #[must_use]
    pub fn region_code(&self) -> RegionCode {
        let [code @ .., _, _, _, _, _, _, _, _, _, _, _, _] = self.0;
        RegionCode(code)
    }

    /// Which document carries the number, as its first digit tells.
    #[must_use]
    pub fn kind(&self) -> IdKind {
        match self.0 {
            [b'9', ..] => IdKind::ForeignPermanentResident,
            [b'8', ..] => IdKind::HkMacauTaiwanPermit,
            _ => IdKind::Resident,
        }
    }

    /// The age on `date` in full years (周岁), 0 before birth, at most 255.
    ///
    /// A year is full when the birthday begins. Who was born on 29 February
    /// turns a year older on 1 March in years without that day.
    #[must_use]
    pub fn age_on(&self, date: Date) -> u8 {
        let birth = self.birth_date();
        let had_birthday = (date.month(), date.day()) >= (birth.month(), birth.day());
        let years = date.year().saturating_sub(birth.year()).saturating_sub(u16::from(!had_birthday));
        u8::try_from(years).unwrap_or(u8::MAX)
    }

    pub(crate) const fn as_bytes(&self) -> &[u8; 18] {
        &self.0
    }

    /// Takes a number that passed the check, with `x` or `X`.
    fn from_valid(number: &[u8; 18]) -> Self {
        let mut number = Self(*number);
        let [.., last] = &mut number.0;
        last.make_ascii_uppercase();
        number
    }

    /// Reads a text that has not 18 bytes: 15 digits, or an error.
    #[cold]
    fn parse_old(text: &str, today: Date) -> Result<Self, IdNumberError> {
        let digits = match <&[u8; 15]>::try_from(text.as_bytes()) {
            Ok(digits) if digits.iter().all(u8::is_ascii_digit) => digits,
            _ => return Err(length_or_character(text)),
        };
        // Neither permits (2018) nor foreigners' cards (2023) had this form.
        if matches!(digits, [b'8' | b'9', ..]) {
            return Err(IdNumberError::Region);
        }
        let [r1, r2, r3, r4, r5, r6, y1, y2, m1, m2, d1, d2, s1, s2, s3] = *digits;
        let mut number = complete([r1, r2, r3, r4, r5, r6, b'1', b'9', y1, y2, m1, m2, d1, d2, s1, s2, s3]);
        // Digits and X are text, so the default is never taken, and it is of the length that does not come here again.
        let result = Self::parse(core::str::from_utf8(&number).unwrap_or("000000000000000000"), today);
        number.zeroize();
        result
    }
}

impl Drop for IdNumber {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// The 17 digits with their check character (ISO 7064 MOD 11-2).
fn complete(body: [u8; 17]) -> [u8; 18] {
    // Horner's rule: each step doubles the weight of all digits before.
    let sum = body.iter().fold(0_u8, |sum, digit| (sum.wrapping_add(digit & 0xF) % 11).wrapping_mul(2));
    // With the character's own value the sum shall leave 1.
    let check = match 12_u8.wrapping_sub(sum % 11) % 11 {
        10 => b'X',
        digit => b'0'.wrapping_add(digit),
    };
    let mut number = [check; 18];
    let [digits @ .., _] = &mut number;
    *digits = body;
    number
}

/// Why 18 bytes did not pass the check.
#[cold]
fn explain(text: &str, number: &[u8; 18], today: Date) -> IdNumberError {
    if text.is_ascii() { explain_ascii(number, today) } else { length_or_character(text) }
}

/// Why a text that is no row of 15 or 18 ASCII characters is no number.
fn length_or_character(text: &str) -> IdNumberError {
    match count_chars(text) {
        15 | 18 => IdNumberError::Character,
        _ => IdNumberError::Length,
    }
}

/// Why 18 ASCII characters did not pass the check.
fn explain_ascii(number: &[u8; 18], today: Date) -> IdNumberError {
    let [r1, r2, r3, _, _, _, date @ .., _, _, _, last] = *number;
    let [body @ .., _] = number;
    if !body.iter().all(u8::is_ascii_digit) || !matches!(last, b'0'..=b'9' | b'X' | b'x') {
        return IdNumberError::Character;
    }
    let two_digits = |tens: u8, ones: u8| (tens & 0xF).wrapping_mul(10).wrapping_add(ones & 0xF);
    let known = if r1 == b'9' {
        // Permits begin with 8 and are no provinces.
        r2 != b'8' && check::is_province_or_permit(two_digits(r2, r3))
    } else {
        check::is_province_or_permit(two_digits(r1, r2))
    };
    if !known {
        return IdNumberError::Region;
    }
    match Date::from_ascii(date) {
        Some(birth) if birth.year() >= 1800 && birth <= today => IdNumberError::Checksum,
        Some(birth) if birth > today => IdNumberError::BirthDateInFuture,
        _ => IdNumberError::BirthDate,
    }
}

/// The administrative region in an identity number: six digits.
///
/// For residents it is a code of GB/T 2260, possibly a former one: province,
/// city, county of the first registration, which need be neither the place of
/// birth nor that of residence. For permits it is 810000, 820000 or 830000.
/// A number of a foreign permanent resident has here a 9, the two digits of the
/// province that issued the card, and the three digits of the nationality
/// (GB/T 2659, the numeric codes of ISO 3166-1).
///
/// Alone it says nothing about a person, so it can be printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RegionCode([u8; 6]);

impl RegionCode {
    /// The six digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Six checked digits, so the default is never taken.
        core::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for RegionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for RegionCode {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "{=str}", self.as_str());
    }
}

/// The sex recorded in an identity number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "lowercase"))]
pub enum Sex {
    /// 男: the 17th digit is odd.
    Male,
    /// 女: the 17th digit is even.
    Female,
}

/// The document that carries an identity number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum IdKind {
    /// 居民身份证: a resident's identity card.
    Resident,
    /// 港澳台居民居住证: the residence permit for residents of Hong Kong (81),
    /// Macau (82) and Taiwan (83), since 2018.
    HkMacauTaiwanPermit,
    /// 外国人永久居留身份证: the card of a foreign permanent resident, in the
    /// form with 18 characters, since 2023.
    ForeignPermanentResident,
}
