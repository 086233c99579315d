//! Dates and times of China's clock, which the console's export and its packages use: UTC+8 all year.

use std::fmt;

use heyan::Date;

pub(super) const DAY_MS: u64 = 24 * 60 * 60 * 1000;
const AHEAD_SECONDS: i64 = 8 * 60 * 60;

/// When this day begins, in milliseconds since 1970-01-01T00:00:00Z. `None`: before that.
pub(super) fn midnight(date: Date) -> Option<u64> {
    at(date, 0)
}

/// Reads `2018-03-19 10:50:01`.
pub(super) fn parse(text: &str) -> Option<u64> {
    let (date, time) = text.split_once(' ')?;
    let &[h1, h2, b':', m1, m2, b':', s1, s2] = time.as_bytes() else { return None };
    let number = |tens: u8, ones: u8, below: i64| {
        let both = tens.is_ascii_digit() && ones.is_ascii_digit();
        let number = i64::from(tens.wrapping_sub(b'0')) * 10 + i64::from(ones.wrapping_sub(b'0'));
        (both && number < below).then_some(number)
    };
    let (hours, minutes, seconds) = (number(h1, h2, 24)?, number(m1, m2, 60)?, number(s1, s2, 60)?);
    at(Date::parse_iso(date)?, (hours * 60 + minutes) * 60 + seconds)
}

fn at(date: Date, second_of_day: i64) -> Option<u64> {
    // Years from a 1 March, so that a leap day is the last of its year.
    let (year, month, day) = (i64::from(date.year()), i64::from(date.month()), i64::from(date.day()));
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    let days = year * 365 + leap_days + (153 * month + 2) / 5 + day - 1 - 719_468;
    u64::try_from((days * 86_400 + second_of_day - AHEAD_SECONDS) * 1000).ok()
}

/// The date in China.
pub(super) fn date(unix_ms: u64) -> Date {
    i64::try_from(unix_ms / 1000).ok().and_then(Date::from_unix_seconds).unwrap_or(Date::MAX)
}

/// Prints as `2018-03-19 10:50:01`.
#[derive(Clone, Copy)]
pub(super) struct Time(pub(super) u64);

impl Time {
    /// As RFC 3339 has it.
    pub(super) fn rfc3339(self) -> String {
        self.to_string().replacen(' ', "T", 1) + "+08:00"
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let second = (self.0 / 1000 + AHEAD_SECONDS.unsigned_abs()) % 86_400;
        write!(f, "{} {:02}:{:02}:{:02}", date(self.0), second / 3600, second / 60 % 60, second % 60)
    }
}

#[cfg(test)]
mod tests {
    use heyan::Date;

    use super::{DAY_MS, Time, date, midnight, parse};

    #[test]
    fn every_day_begins_where_the_date_says_so() {
        // 1970-01-02 is the first day that begins after 1970-01-01T00:00:00Z in China.
        let first = DAY_MS - 8 * 3_600_000;
        for day in 0..400 * 366 {
            let begins = first + day * DAY_MS;
            assert_eq!(midnight(date(begins)), Some(begins));
        }
        assert_eq!(midnight(Date::new(1970, 1, 1).unwrap()), None);
    }

    #[test]
    fn times_are_read_as_they_are_printed() {
        // `date -d '2018-03-19 10:50:01 +08:00' +%s`
        assert_eq!(parse("2018-03-19 10:50:01"), Some(1_521_427_801_000));
        assert_eq!(Time(1_521_427_801_000).to_string(), "2018-03-19 10:50:01");
        assert_eq!(Time(1_521_427_801_000).rfc3339(), "2018-03-19T10:50:01+08:00");
        for wrong in
            ["2018-03-19", "2018-02-30 10:50:01", "2018-03-19 24:00:00", "2018-03-19 1:50:01", "2018-03-19 10:6a:01"]
        {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
