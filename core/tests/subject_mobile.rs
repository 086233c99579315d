//! Mobile numbers, and the subject that holds one.

use heyan::{Consent, Date, IdNumber, Mobile, MobileError, Name, Subject};

#[test]
fn only_mainland_numbers_parse() {
    for second in 0..10 {
        let text = format!("1{second}000000000");
        assert_eq!(Mobile::parse(&text).is_ok(), second >= 3, "{text}");
    }
    for (text, error) in [
        ("", MobileError::Length),
        ("1300000000", MobileError::Length),
        ("130000000000", MobileError::Length),
        (" 13000000000", MobileError::Length),
        ("一一一00", MobileError::Length),
        ("1300000000a", MobileError::Character),
        ("+8613000000", MobileError::Character),
        ("１３000000000", MobileError::Character),
        ("02000000000", MobileError::Prefix),
        ("12000000000", MobileError::Prefix),
    ] {
        assert_eq!(Mobile::parse(text), Err(error), "{text}");
    }
}

#[test]
fn input_is_read_as_people_type_it() {
    for text in [
        "13000000000",
        " 130 0000 0000 ",
        "130-0000-0000",
        "+8613000000000",
        "+86 130 0000 0000",
        "＋８６　１３０００００００００",
        "008613000000000",
        "86-13000000000",
        "\u{202D}13000000000\u{202C}",
    ] {
        assert_eq!(Mobile::from_input(text).unwrap().expose(), "13000000000", "{text}");
    }
    for (text, error) in [
        ("", MobileError::Length),
        ("+86", MobileError::Length),
        ("+86+8613000000", MobileError::Character),
        ("+85290000000", MobileError::Prefix),
        ("008513000000000", MobileError::Length),
        ("8513000000000", MobileError::Length),
        ("1300000000o", MobileError::Character),
        ("0086013000000000", MobileError::Length),
        ("8612000000000", MobileError::Prefix),
    ] {
        assert_eq!(Mobile::from_input(text), Err(error), "{text}");
    }
}

#[test]
fn a_subject_hands_out_what_it_was_given_and_prints_nothing() {
    let mobile = Mobile::parse("13000000000").unwrap();
    assert_eq!(mobile.masked().to_string(), "130****0000");
    assert_eq!(format!("{mobile:?}"), "Mobile(redacted)");

    let id = IdNumber::parse("11010119000101009X", Date::MAX).unwrap();
    let two_factors = Subject::new(Name::parse("李四").unwrap(), id.clone());
    assert_eq!(two_factors.mobile(), None);
    let three_factors = two_factors.clone().with_mobile(mobile.clone());
    assert_eq!(three_factors.name().expose_given(), "李四");
    assert_eq!(three_factors.id(), &id);
    assert_eq!(three_factors.mobile(), Some(&mobile));
    assert_ne!(two_factors, three_factors);
    for subject in [two_factors, three_factors] {
        assert_eq!(format!("{subject:?}"), "Subject(redacted)");
        assert_eq!(format!("{subject:#?}"), "Subject(redacted)");
    }
}

#[test]
fn errors_carry_no_input() {
    for text in ["1300000000", "1300000000a", "12000000000"] {
        let error = Mobile::parse(text).unwrap_err();
        assert!(!format!("{error} {error:?}").contains(&text[..4]));
    }
}

#[test]
fn consent_is_given_by_name() {
    assert_eq!(format!("{:?}", Consent::given()), "Consent(())");
}
