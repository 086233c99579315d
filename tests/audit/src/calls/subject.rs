//! Who is verified.

use core::fmt::{Debug, Display};
use core::hint::black_box;

use heyan::subject::{BulkLengthError, RegionCode, Tally};
use heyan::{Date, IdNumber, IdNumberError, Mobile, Name, Subject};

use super::words::{show, shown};
use super::{take, text};

pub(super) fn calls() {
    dates();
    numbers();
    names();
    let _ = person(|subject| {
        take(subject.name());
        take(subject.id());
        take(subject.mobile());
        take(subject.clone() == *subject);
        take(show(subject as &dyn Debug));
    });
}

/// Hands a person over that could be anybody.
pub(super) fn person(to: impl FnOnce(&Subject<'_>)) -> Option<()> {
    let id = IdNumber::parse(text(), Date::MAX).ok()?;
    let mut subject = Subject::new(Name::parse(text()).ok()?, id);
    if black_box(true) {
        subject = subject.with_mobile(Mobile::parse(text()).ok()?);
    }
    to(&subject);
    Some(())
}

fn dates() {
    let (year, month, day) = black_box((2026, 11, 1));
    take(Date::new(year, month, day));
    take(Date::from_unix_seconds(black_box(0)));
    take(Date::from_unix_days(black_box(0)));
    take(Date::parse_compact(text()));
    if let Some(date) = Date::parse_iso(text()) {
        take((date.year(), date.month(), date.day()));
        take(shown(&date));
        take(date.cmp(&black_box(Date::MAX)));
    }
}

fn numbers() {
    for parsed in [
        IdNumber::parse(text(), black_box(Date::MAX)),
        IdNumber::from_input(text(), black_box(Date::MAX)),
        IdNumber::with_unverified_checksum(text(), black_box(Date::MAX)),
    ] {
        match parsed {
            Ok(id) => number(&id),
            Err(error) => {
                take(error.reason());
                take(shown(&error));
            }
        }
    }
    let numbers = black_box(&[[b'1'; 18]; 3][..]);
    let mut valid = [false; 4];
    if let Err(error) = IdNumber::check_bulk(numbers, Date::MAX, black_box(&mut valid)) {
        let BulkLengthError { numbers, results, .. } = error;
        take((numbers, results));
        take(shown(&error));
    }
    take(IdNumber::count_valid(numbers, Date::MAX));
    let mut tally = Tally::default();
    let lines = || IdNumber::check_lines(text().as_bytes(), black_box(Date::MAX));
    for (line, result) in lines() {
        take(line);
        tally.add(result);
    }
    tally.merge(&lines().tally());
    take((tally.total(), tally.valid(), tally.invalid(), tally.of(black_box(IdNumberError::Length))));
    take(show(&lines() as &dyn Debug));
    take(show(&tally as &dyn Debug));
}

fn number(id: &IdNumber) {
    take(id.expose());
    take(show(&id.masked() as &dyn Display));
    take((id.birth_date(), id.sex(), id.kind(), id.age_on(black_box(Date::MAX))));
    let region: RegionCode = id.region_code();
    take(region.as_str());
    take(shown(&region));
    take(show(id as &dyn Debug));
    take(id.clone() == *id);
}

fn names() {
    for parsed in [Name::parse(text()), Name::from_input(text())] {
        match parsed {
            Ok(name) => {
                take(name.expose_chars().count());
                take(show(&name.expose() as &dyn Display));
                take(name.expose_given());
                take(show(&name.masked() as &dyn Display));
                take(show(&name as &dyn Debug));
                take(name == black_box(name));
            }
            Err(error) => take(shown(&error)),
        }
    }
    for parsed in [Mobile::parse(text()), Mobile::from_input(text())] {
        match parsed {
            Ok(mobile) => {
                take(mobile.expose());
                take(show(&mobile.masked() as &dyn Display));
                take(show(&mobile as &dyn Debug));
                take(mobile.clone() == mobile);
            }
            Err(error) => take(shown(&error)),
        }
    }
}
