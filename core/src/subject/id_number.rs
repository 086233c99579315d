//! Resident identity numbers (GB 11643-1999): address code, date of birth,
//! sequence code, check character.

use core::fmt;

use super::{
    date::Date,
    input::{Typed, Unfit},
};
use crate::bytes::wipe;
use crate::redact::redacted;
use crate::text::count_chars;

mod error;
#[cfg(target_pointer_width = "64")]
mod lane;
#[cfg(target_pointer_width = "64")]
mod lanes;
mod lines;
mod rules;
#[cfg(target_pointer_width = "64")]
mod words;

pub use error::{BulkLengthError, IdNumberError};
pub use lines::{CheckedLines, Tally};
#[cfg(not(target_pointer_width = "64"))]
use rules::{self as lanes, is_valid, latest};
#[cfg(target_pointer_width = "64")]
use words::{is_valid, latest};

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
            // On processors of 32 bits that would be the same rules twice.
            Ok(number) if cfg!(target_pointer_width = "64") && is_valid(number, latest(today)) => {
                Ok(Self::from_valid(*number))
            }
            _ => Self::by_rules(text, today, true),
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
        Self::by_rules(text, today, false)
    }

    /// Checks many numbers of 18 bytes: `valid[i]` tells whether
    /// [`parse`](Self::parse) would take `numbers[i]`.
    ///
    /// It is the check of `parse`, for lists: no allocation, no lookup table,
    /// about 40 instructions a number on x86-64, half of that where the compiler
    /// may use AVX2 (32 numbers at a time; fewer at the end take longer). Numbers of 15 digits do not fit here; they need
    /// [`parse`](Self::parse).
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
        lanes::check(numbers, today, valid);
        Ok(())
    }

    /// How many of the numbers [`check_bulk`](Self::check_bulk) would call valid.
    #[must_use]
    pub fn count_valid(numbers: &[[u8; 18]], today: Date) -> usize {
        lanes::count(numbers, today)
    }

    /// Checks a text with one number a line, such as a file or a part of it:
    /// what [`parse`](Self::parse) says of each line, in their order.
    ///
    /// Lines end in LF or CR LF, the last one may end with the text. Every line
    /// counts, an empty one is of the wrong length; a byte order mark in front
    /// of the first number is for the caller to drop. To count alone, use
    /// [`tally`](CheckedLines::tally).
    ///
    /// ```
    /// use heyan::{Date, IdNumber, IdNumberError};
    ///
    /// let text = b"11010519491231002X\r\n\n110105194912310021";
    /// let results: Vec<_> = IdNumber::check_lines(text, Date::MAX).map(|(_, result)| result).collect();
    /// assert_eq!(results, [Ok(()), Err(IdNumberError::Length), Err(IdNumberError::Checksum)]);
    /// ```
    #[must_use]
    pub const fn check_lines(text: &[u8], today: Date) -> CheckedLines<'_> {
        CheckedLines::new(text, today)
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
    fn from_valid(number: [u8; 18]) -> Self {
        let mut number = Self(number);
        let [.., last] = &mut number.0;
        last.make_ascii_uppercase();
        number
    }

    /// Reads any text, rule by rule. Where `checksum` is false, any check character will do.
    #[cfg_attr(target_pointer_width = "64", cold)]
    fn by_rules(text: &str, today: Date, checksum: bool) -> Result<Self, IdNumberError> {
        let mut number = *b"......19..........";
        let old = match text.as_bytes() {
            &[r1, r2, r3, r4, r5, r6, ref behind @ ..] if let Ok(behind) = <&[u8; 9]>::try_from(behind) => {
                let [region @ .., _, _, _, _, _, _, _, _, _, _, _, _] = &mut number;
                *region = [r1, r2, r3, r4, r5, r6];
                let [_, _, _, _, _, _, _, _, rest @ .., _] = &mut number;
                *rest = *behind;
                let [body @ .., last] = &mut number;
                *last = rules::check_character(body);
                true
            }
            all => {
                let Ok(all) = all.try_into() else { return Err(length_or_character(text)) };
                number = all;
                false
            }
        };
        let result = match rules::fault(&number, today) {
            // It may have fewer characters than bytes.
            Some(IdNumberError::Character) => Err(length_or_character(text)),
            // Neither permits (2018) nor foreigners' cards (2023) had 15 digits.
            _ if old && matches!(number, [b'8' | b'9', ..]) => Err(IdNumberError::Region),
            Some(fault) if checksum || fault != IdNumberError::Checksum => Err(fault),
            _ => Ok(Self::from_valid(number)),
        };
        wipe(&mut number);
        result
    }
}

impl Drop for IdNumber {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

/// Why a text that is no row of 15 or 18 ASCII characters is no number.
fn length_or_character(text: &str) -> IdNumberError {
    match count_chars(text) {
        15 | 18 => IdNumberError::Character,
        _ => IdNumberError::Length,
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
