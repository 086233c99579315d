//! Dates: the calendar, both ways of writing, Unix time.

use heyan::Date;

fn date(year: u16, month: u8, day: u8) -> Date {
    Date::new(year, month, day).unwrap()
}

#[test]
fn the_calendar_is_gregorian() {
    for (year, leap) in [(1600, true), (1700, false), (1900, false), (1904, true), (2000, true), (2023, false)] {
        assert_eq!(Date::new(year, 2, 29).is_some(), leap, "{year}");
    }
    let lengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    for (month, length) in (1..).zip(lengths) {
        for day in 0..=255 {
            assert_eq!(Date::new(1901, month, day).is_some(), (1..=length).contains(&day), "{month}-{day}");
        }
    }
    for month in (0..=255).filter(|month| !(1..=12).contains(month)) {
        assert!((0..=255).all(|day| Date::new(1904, month, day).is_none()), "month {month}");
    }
    assert_eq!(Date::new(0, 1, 1), None);
    assert_eq!(Date::new(10_000, 1, 1), None);
    assert_eq!(Date::new(9999, 12, 31), Some(Date::MAX));
}

#[test]
fn dates_order_as_time_does() {
    let mut dates = [date(1905, 1, 1), date(1904, 12, 31), date(1904, 2, 29), date(1904, 3, 1)];
    dates.sort();
    assert_eq!(dates.map(|date| date.to_string()), ["1904-02-29", "1904-03-01", "1904-12-31", "1905-01-01"]);
    assert_eq!((dates[0].year(), dates[0].month(), dates[0].day()), (1904, 2, 29));
    assert_eq!(date(7, 1, 2).to_string(), "0007-01-02");
}

#[test]
fn days_since_1970_follow_one_another() {
    let first = -719_162;
    let mut expected = (1_u16, 1_u8, 1_u8);
    let mut days = first;
    while let Some(date) = Date::from_unix_days(days) {
        assert_eq!((date.year(), date.month(), date.day()), expected, "day {days}");
        let (year, month, day) = expected;
        expected = if Date::new(year, month, day + 1).is_some() {
            (year, month, day + 1)
        } else if month < 12 {
            (year, month + 1, 1)
        } else {
            (year + 1, 1, 1)
        };
        days += 1;
    }
    assert_eq!(expected, (10_000, 1, 1));
    assert_eq!(Date::from_unix_days(0), Date::new(1970, 1, 1));
    for outside in [first - 1, days, i64::MIN, i64::MAX] {
        assert_eq!(Date::from_unix_days(outside), None);
    }
}

#[test]
fn unix_seconds_are_read_in_china() {
    for (seconds, expected) in [
        (0, date(1970, 1, 1)),
        (57_599, date(1970, 1, 1)),
        (57_600, date(1970, 1, 2)),
        (-28_801, date(1969, 12, 31)),
        (-28_800, date(1970, 1, 1)),
        // 2026-11-21T15:59:59Z and the next second.
        (1_795_276_799, date(2026, 11, 21)),
        (1_795_276_800, date(2026, 11, 22)),
    ] {
        assert_eq!(Date::from_unix_seconds(seconds), Some(expected), "{seconds}");
    }
    assert_eq!(Date::from_unix_seconds(i64::MAX), None);
    assert_eq!(Date::from_unix_seconds(i64::MIN), None);
}

#[test]
fn both_ways_of_writing() {
    assert_eq!(Date::parse_compact("19000101"), Date::new(1900, 1, 1));
    assert_eq!(Date::parse_iso("1904-02-29"), Date::new(1904, 2, 29));
    for text in ["", "1900011", "190001011", "19000230", "19001301", "19****16", "1900０101", "1900-101", "00000101"] {
        assert_eq!(Date::parse_compact(text), None, "{text}");
    }
    for text in ["", "1900-1-1", "1900-02-30", "1900/01/01", "1900-01-01 ", "19000101", "+900-01-01", "1900-0１-1"] {
        assert_eq!(Date::parse_iso(text), None, "{text}");
    }
}

#[test]
fn a_date_can_be_a_constant() {
    const FIRST: Option<Date> = Date::new(1, 1, 1);
    assert_eq!(FIRST.unwrap().to_string(), "0001-01-01");
}
