//! A calendar date: the day of birth inside an identity number, and "today".

use core::fmt;

/// Seconds in a day; Unix time knows no leap seconds.
const SECONDS_PER_DAY: i64 = 86_400;

/// China Standard Time is UTC+8 all year, in every province.
const CHINA_OFFSET_SECONDS: i64 = 8 * 3_600;

/// Days of a 400-year cycle, after which the Gregorian calendar repeats.
const DAYS_PER_ERA: i64 = 146_097;

/// Days from 0000-03-01 to 1970-01-01.
const UNIX_EPOCH_FROM_MARCH_ZERO: i64 = 719_468;

/// A day of the Gregorian calendar, from 0001-01-01 to 9999-12-31.
///
/// Dates order as time does and print as `YYYY-MM-DD`. A date alone says
/// nothing about a person, so it can be printed; whoever holds a date of birth
/// decides who may see it.
///
/// ```
/// use heyan::Date;
///
/// let leap_day = Date::new(2024, 2, 29).ok_or("no such day")?;
/// assert_eq!(leap_day.year(), 2024);
/// assert!(leap_day < Date::MAX);
/// assert_eq!(Date::new(1900, 2, 29), None);
/// # Ok::<(), &str>(())
/// ```
// The fields stand in the order of their weight: the derived `Ord` is time's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl Date {
    /// The last date there is, 9999-12-31.
    ///
    /// A device without a clock passes it as "today": every day of birth then
    /// counts as past, and nothing else changes.
    pub const MAX: Self = Self { year: 9999, month: 12, day: 31 };

    /// The date, if the calendar has it: `year` 1 to 9999, `month` 1 to 12,
    /// `day` from 1 to the month's length in that year.
    #[must_use]
    pub const fn new(year: u16, month: u8, day: u8) -> Option<Self> {
        if year == 0 || year > 9999 || day == 0 || day > days_in_month(year, month) {
            return None;
        }
        Some(Self { year, month, day })
    }

    /// The date in China at a Unix time in seconds (UTC, as clocks count).
    ///
    /// This is the "today" which decides whether a day of birth lies in the
    /// future: China Standard Time is UTC+8 in all provinces, without daylight
    /// saving, so the date changes at 16:00 UTC. For other time zones add the
    /// offset and use [`from_unix_days`](Self::from_unix_days).
    ///
    /// `None` if the time lies outside the years 1 to 9999.
    ///
    /// ```
    /// use heyan::Date;
    ///
    /// assert_eq!(Date::from_unix_seconds(57_599), Date::new(1970, 1, 1));
    /// assert_eq!(Date::from_unix_seconds(57_600), Date::new(1970, 1, 2));
    /// ```
    #[must_use]
    pub const fn from_unix_seconds(seconds: i64) -> Option<Self> {
        match seconds.checked_add(CHINA_OFFSET_SECONDS) {
            Some(local) => Self::from_unix_days(local.div_euclid(SECONDS_PER_DAY)),
            None => None,
        }
    }

    /// The date `days` after 1970-01-01 (before it if negative).
    ///
    /// `None` if it lies outside the years 1 to 9999.
    #[must_use]
    pub const fn from_unix_days(days: i64) -> Option<Self> {
        // Counted from a 1 March, a leap day is the last day of its year and
        // the lengths of months follow a straight line: (153 m + 2) / 5.
        let Some(days) = days.checked_add(UNIX_EPOCH_FROM_MARCH_ZERO) else {
            return None;
        };
        // Far outside any year that fits; keeps what follows free of overflow.
        if days < 0 || days > 10_000 * 366 {
            return None;
        }
        let era = days.div_euclid(DAYS_PER_ERA);
        let day_of_era = days.rem_euclid(DAYS_PER_ERA);
        let leap_days = (day_of_era / 1_460).wrapping_sub(day_of_era / 36_524).wrapping_add(day_of_era / 146_096);
        let year_of_era = day_of_era.wrapping_sub(leap_days) / 365;
        let before_year = year_of_era.wrapping_mul(365).wrapping_add(year_of_era / 4).wrapping_sub(year_of_era / 100);
        let day_of_year = day_of_era.wrapping_sub(before_year);
        let march_month = day_of_year.wrapping_mul(5).wrapping_add(2) / 153;
        let before_month = march_month.wrapping_mul(153).wrapping_add(2) / 5;
        let day = day_of_year.wrapping_sub(before_month).wrapping_add(1);
        let (month, next_year) =
            if march_month < 10 { (march_month.wrapping_add(3), 0) } else { (march_month.wrapping_sub(9), 1) };
        let year = era.wrapping_mul(400).wrapping_add(year_of_era).wrapping_add(next_year);
        if year > 9999 {
            return None;
        }
        // The values are small by construction, so the casts keep them.
        Self::new(year as u16, month as u8, day as u8)
    }

    /// Reads `YYYYMMDD`, eight ASCII digits, as replies of `idenauthen` and the
    /// identity number write it. `None` if it is anything else.
    #[must_use]
    pub const fn parse_compact(text: &str) -> Option<Self> {
        match text.as_bytes() {
            &[y1, y2, y3, y4, m1, m2, d1, d2] => Self::from_ascii([y1, y2, y3, y4, m1, m2, d1, d2]),
            _ => None,
        }
    }

    /// Reads `YYYY-MM-DD`, digits and ASCII hyphens (ISO 8601), as replies of
    /// `idcert` write it. `None` if it is anything else.
    #[must_use]
    pub const fn parse_iso(text: &str) -> Option<Self> {
        match text.as_bytes() {
            &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] => Self::from_ascii([y1, y2, y3, y4, m1, m2, d1, d2]),
            _ => None,
        }
    }

    /// The year, 1 to 9999.
    #[must_use]
    pub const fn year(self) -> u16 {
        self.year
    }

    /// The month, 1 to 12.
    #[must_use]
    pub const fn month(self) -> u8 {
        self.month
    }

    /// The day of the month, 1 to 31.
    #[must_use]
    pub const fn day(self) -> u8 {
        self.day
    }

    /// The date which eight ASCII digits `YYYYMMDD` spell.
    pub(super) const fn from_ascii(digits: [u8; 8]) -> Option<Self> {
        let mut number = 0_u32;
        let mut rest = digits.as_slice();
        while let [digit, behind @ ..] = rest {
            if !digit.is_ascii_digit() {
                return None;
            }
            number = number.wrapping_mul(10).wrapping_add((*digit & 0xF) as u32);
            rest = behind;
        }
        // Four digits fit, and so do two.
        Self::new((number / 10_000) as u16, (number / 100 % 100) as u8, (number % 100) as u8)
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// As it prints: `"YYYY-MM-DD"`.
#[cfg(feature = "serde")]
impl serde::Serialize for Date {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The number of days in a month, 0 if there is no such month.
const fn days_in_month(year: u16, month: u8) -> u8 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        // Odd months have 31 days until July, even ones from August (8) on.
        1..=12 => 30 | ((month ^ (month >> 3)) & 1),
        _ => 0,
    }
}

pub(super) const fn is_leap(year: u16) -> bool {
    // Of the multiples of 4, those of 25 are those of 100, and those of 16 and 25 those of 400.
    year.is_multiple_of(4) && (!year.is_multiple_of(25) || year.is_multiple_of(16))
}
