//! Who was asked for too often: tags, the table of a device, the vendor's own limit.

use std::collections::BTreeMap;

use heyan::policy::{AccountSet, AttemptLimit, Class, DailyLimit, Ending, LimitError, PersonKey, PersonTag};
use heyan::{Billing, Date, IdNumber, RefusalClass, Retry};
use proptest::prelude::*;

fn day(day: u8) -> Date {
    Date::new(2026, 11, day).unwrap()
}

fn person(number: u8) -> PersonTag {
    PersonTag::from_bytes([number; 16])
}

#[test]
fn a_tag_is_a_keyed_hash_of_the_number() {
    let key = PersonKey::new(std::array::from_fn(|at| at as u8));
    let id = |text| IdNumber::parse(text, Date::MAX).unwrap();
    // printf %s 11010119000101009X | openssl dgst -sha256 -mac HMAC -macopt hexkey:000102…1f
    assert_eq!(key.tag(&id("11010119000101009X")).expose_hex(), "6e752d80244fd306e048faace8d3d4bb");
    assert_eq!(key.tag(&id("11010119000101009x")), key.tag(&id("11010119000101009X")));
    assert_eq!(key.tag(&id("110101190001010057")).expose_hex(), "572a1745ae81f0e166550c7b7c4eb2f0");
    assert_ne!(PersonKey::new([1; 32]).tag(&id("11010119000101009X")), key.tag(&id("11010119000101009X")));
    let tag = key.tag(&id("11010119000101009X"));
    assert_eq!(PersonTag::from_bytes(*tag.expose_bytes()), tag);
    assert_eq!(PersonTag::from_bytes([0x0F; 16]).expose_hex().as_str(), "0f".repeat(16));
}

#[test]
fn a_limit_counts() {
    let limit = DailyLimit::new(3);
    for (used, allowed) in [(0, true), (2, true), (3, false), (300, false), (u32::MAX, false)] {
        assert_eq!(limit.allows(used).is_ok(), allowed, "{used}");
    }
    assert_eq!(DailyLimit::new(0).allows(0), Err(LimitError::Reached { per_day: 0 }));
    assert_eq!(
        AttemptLimit::<1>::new(DailyLimit::new(0)).take(&person(1), day(1)),
        Err(LimitError::Reached { per_day: 0 })
    );
    let mut most = AttemptLimit::<1>::new(DailyLimit::new(u8::MAX));
    for _ in 0..255 {
        assert_eq!(most.take(&person(1), day(1)), Ok(()));
    }
    assert_eq!(most.take(&person(1), day(1)), Err(LimitError::Reached { per_day: 255 }));
    for error in [LimitError::Full, LimitError::Reached { per_day: 3 }] {
        assert!(error.to_string().ends_with("nothing was sent"));
    }
}

#[test]
fn a_full_table_fails_closed_until_the_day_is_over() {
    let mut limit = AttemptLimit::<2>::new(DailyLimit::new(2));
    assert_eq!(limit.take(&person(1), day(1)), Ok(()));
    assert_eq!(limit.take(&person(2), day(1)), Ok(()));
    assert_eq!(limit.take(&person(3), day(1)), Err(LimitError::Full));
    assert_eq!(limit.take(&person(1), day(1)), Ok(()));
    assert_eq!(limit.take(&person(1), day(1)), Err(LimitError::Reached { per_day: 2 }));
    assert_eq!(limit.take(&person(3), day(2)), Ok(()));
    assert_eq!(limit.take(&person(4), day(2)), Ok(()));
    assert_eq!(limit.take(&person(1), day(2)), Err(LimitError::Full));
}

#[test]
fn a_person_takes_28_bytes() {
    let two = size_of::<AttemptLimit<66>>() - size_of::<AttemptLimit<64>>();
    assert_eq!(two, 2 * 28, "the documentation says so");
}

#[test]
fn a_clock_that_was_wrong_for_a_moment_forgets_nothing() {
    let mut limit = AttemptLimit::<3>::new(DailyLimit::new(1));
    assert_eq!(limit.take(&person(1), day(10)), Ok(()));
    for wrong in [day(9), Date::MAX] {
        assert_eq!(limit.take(&person(1), wrong), Ok(()));
        assert_eq!(limit.take(&person(1), day(10)), Err(LimitError::Reached { per_day: 1 }));
    }
    // When there is need, days of the future give way as those of the past do.
    assert_eq!(limit.take(&person(2), day(10)), Ok(()));
    assert_eq!(limit.take(&person(3), day(10)), Ok(()));
    assert_eq!(limit.take(&person(4), day(10)), Err(LimitError::Full));
    assert_eq!(limit.take(&person(1), day(10)), Err(LimitError::Reached { per_day: 1 }));
}

#[test]
fn the_vendor_s_limit_bars_an_account_for_the_day() {
    let mut limit = AttemptLimit::<2>::new(DailyLimit::new(9));
    limit.take(&person(1), day(1)).unwrap();
    for class in Class::ALL {
        if class != Class::Refused(RefusalClass::AttemptLimit) {
            limit.ended(&person(1), day(1), 2, Ending::new(class, Billing::Billed, Retry::Never)).unwrap();
        }
    }
    assert_eq!(limit.barred(&person(1), day(1)), AccountSet::EMPTY);
    let too_often = Ending::new(Class::Refused(RefusalClass::AttemptLimit), Billing::Billed, Retry::Never);
    assert_eq!(limit.ended(&person(1), day(1), 2, too_often), Ok(()));
    assert_eq!(limit.ended(&person(1), day(1), 0, too_often), Ok(()));
    assert_eq!(limit.barred(&person(1), day(1)), AccountSet::EMPTY.with(0).with(2));
    assert_eq!(limit.barred(&person(2), day(1)), AccountSet::EMPTY);
    assert_eq!(limit.barred(&person(1), day(2)), AccountSet::EMPTY);
    // Without a count before it, too, as long as there is room.
    assert_eq!(limit.ended(&person(2), day(1), 1, too_often), Ok(()));
    assert_eq!(limit.barred(&person(2), day(1)), AccountSet::EMPTY.with(1));
    assert_eq!(limit.ended(&person(3), day(1), 1, too_often), Err(LimitError::Full));
}

proptest! {
    #[test]
    fn nobody_is_asked_for_more_often_than_allowed(
        per_day in 1u8..4,
        events in proptest::collection::vec((0u8..6, 0u8..4), 1..80),
    ) {
        let mut limit = AttemptLimit::<4>::new(DailyLimit::new(per_day));
        let mut today = 1;
        let mut taken: BTreeMap<(u8, u8), u8> = BTreeMap::new();
        for (who, pass) in events {
            // Every fourth time a day passes.
            today = (today + u8::from(pass == 0)).min(28);
            let persons = taken.keys().filter(|(day, _)| *day == today).count();
            let used = taken.get(&(today, who)).copied().unwrap_or_default();
            let result = limit.take(&person(who), day(today));
            let expected = match (used, persons) {
                (0, 4) => Err(LimitError::Full),
                (used, _) if used >= per_day => Err(LimitError::Reached { per_day }),
                _ => Ok(()),
            };
            prop_assert_eq!(result, expected);
            if result.is_ok() {
                *taken.entry((today, who)).or_default() += 1;
            }
        }
    }
}
