//! Names: what is refused, how middle dots are written, what is shown.

use heyan::{Name, NameError};

#[test]
fn names_that_registers_hold_pass() {
    for text in ["王", "张三", "欧阳 娜娜", "阿依·古丽", "JOHN SMITH", "𠮷田", "O'Brien", "㐀", "\u{E82C}"]
    {
        let name = Name::parse(text).unwrap();
        assert_eq!(name.expose_given(), text);
        assert_eq!(name.expose().to_string(), text);
    }
}

#[test]
fn faults() {
    let long = "王".repeat(51);
    for (text, error) in [
        ("", NameError::Empty),
        (" 张三", NameError::OuterSpace),
        ("张三\u{3000}", NameError::OuterSpace),
        ("张三\n", NameError::OuterSpace),
        (" ", NameError::OuterSpace),
        (long.as_str(), NameError::TooLong),
        ("张*", NameError::Masked),
        ("＊三", NameError::Masked),
        ("张\u{0}三", NameError::Invisible),
        ("张\t三", NameError::Invisible),
        ("张\u{7F}三", NameError::Invisible),
        ("张\u{85}三", NameError::Invisible),
        ("张\u{2028}三", NameError::Invisible),
        ("张\u{202E}三", NameError::Invisible),
        ("张\u{2066}三", NameError::Invisible),
        ("张\u{200B}三", NameError::Invisible),
        ("\u{FEFF}张三", NameError::Invisible),
        ("张三\u{200F}", NameError::Invisible),
        ("张\u{FFFD}", NameError::Damaged),
    ] {
        assert_eq!(Name::parse(text), Err(error), "{text:?}");
    }
}

#[test]
fn fifty_characters_are_the_most() {
    let text = "𠮷".repeat(Name::MAX_CHARS);
    let name = Name::parse(&text).unwrap();
    assert_eq!(name.expose_chars().count(), 50);
    assert_eq!(name.expose().to_string().len(), Name::MAX_BYTES);
}

#[test]
fn input_loses_outer_space_only() {
    let name = Name::from_input("\u{3000} JOHN SMITH\t\r\n").unwrap();
    assert_eq!(name.expose_given(), "JOHN SMITH");
    assert_eq!(Name::from_input(" \u{3000}\n"), Err(NameError::Empty));
    assert_eq!(Name::from_input(" 张* "), Err(NameError::Masked));
}

#[test]
fn middle_dots_are_one() {
    let register = Name::parse("阿依·古丽").unwrap();
    for dot in ['\u{B7}', '\u{2022}', '\u{30FB}', '\u{FF0E}', '\u{2027}'] {
        let text = format!("阿依{dot}古丽");
        let name = Name::parse(&text).unwrap();
        assert_eq!(name, register);
        assert_eq!(name.expose().to_string(), "阿依·古丽");
        assert_eq!(name.expose_chars().collect::<String>(), "阿依·古丽");
        assert_eq!(name.expose_given(), text);
    }
    assert_ne!(Name::parse("阿依.古丽").unwrap(), register);
    assert_ne!(Name::parse("阿依").unwrap(), register);
}

#[test]
fn masked_shows_the_first_character() {
    for (text, masked) in [("王", "*"), ("张三", "张*"), ("阿依•古丽", "阿****"), ("𠮷田", "𠮷*")] {
        let name = Name::parse(text).unwrap();
        // Twice: what is displayed can be displayed again.
        let shown = name.masked();
        assert_eq!((shown.to_string(), shown.to_string()), (masked.to_owned(), masked.to_owned()));
    }
}

#[test]
fn nothing_of_the_name_is_printed() {
    assert_eq!(format!("{:?}", Name::parse("张三").unwrap()), "Name(redacted)");
    for text in ["", " 张三", "张*", "张\u{0}", "张\u{FFFD}"] {
        let error = Name::parse(text).unwrap_err();
        assert!(!format!("{error} {error:?}").contains(['张', '三']));
    }
}
