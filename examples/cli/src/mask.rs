//! What may be printed of names and numbers that no type vouches for: what was typed, what a reply says.

/// Longest run of stars: an over-long text says no more by more of them.
const STARS_MAX: usize = 32;

/// The first character of a name, the others as stars: `张*`, `欧***`. A single character becomes a star.
pub(crate) fn name(name: &str) -> String {
    let mut characters = name.chars();
    match (characters.next(), characters.clone().next()) {
        (Some(first), Some(_)) => std::iter::once(first).chain(stars(characters.count())).collect(),
        (Some(_), None) => "*".to_owned(),
        _ => String::new(),
    }
}

/// What was typed or received where a number belongs, valid or not.
///
/// The first and the last four characters of 15 or more are kept if they are digits (the last may be `X`), with a star
/// for each other character. Anything else is all stars: it may be a name in the wrong place, or a number with so few
/// digits wrong that most of it would show.
pub(crate) fn number(text: &str) -> String {
    let count = text.chars().count();
    if text.is_ascii() && count >= 15 {
        let (head, rest) = text.split_at(4);
        let (middle, tail) = rest.split_at(rest.len() - 4);
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if digits(head) && digits(tail.trim_end_matches(['X', 'x'])) && !tail[..3].contains(['X', 'x']) {
            return head.chars().chain(stars(middle.len())).chain(tail.chars()).collect();
        }
    }
    stars(count).collect()
}

/// Whether a text holds what could be an identity number or a mobile number: 15 digits in a row, or 11 that begin as
/// mobile numbers do. Digits may be full-width, and spaces, hyphens and dots may stand between them.
pub(crate) fn looks_personal(text: &str) -> bool {
    // A request id has enough digits on both sides of its hyphens to be taken for a number now and then.
    let grouped = !is_uuid(text);
    let folded: String = text.chars().filter_map(|character| fold(character, grouped)).collect();
    folded.split(|character: char| !character.is_ascii_digit()).any(|run| {
        run.len() >= 15 || (run.len() == 11 && run.starts_with('1') && matches!(run.as_bytes()[1], b'3'..=b'9'))
    })
}

/// A digit of either width as ASCII; nothing for what people put between the digits of a number.
fn fold(character: char, grouped: bool) -> Option<char> {
    match character {
        '０'..='９' => char::from_u32(u32::from(character) - u32::from('０') + u32::from('0')),
        _ if grouped && (character.is_whitespace() || "-.·•‐‑‒–—－/\u{200B}\u{FEFF}".contains(character)) => {
            None
        }
        _ => Some(character),
    }
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// Whether `name` stands in a text. One character is too common to be looked for inside of longer ones.
pub(crate) fn holds_name(text: &str, name: &str) -> bool {
    text == name || (name.chars().count() > 1 && text.contains(name))
}

/// Whether a text is a number behind a mask: digits, `X` and stars, and nothing else.
pub(crate) fn is_masked_number(text: &str) -> bool {
    text.contains('*') && text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'X' | b'x' | b'*'))
}

fn stars(count: usize) -> impl Iterator<Item = char> {
    std::iter::repeat_n('*', count.min(STARS_MAX))
}

#[cfg(test)]
mod tests {
    use super::{looks_personal, name, number};

    #[test]
    fn names_keep_one_character() {
        assert_eq!(["张三", "欧阳小明", "张", "", "𠮷野"].map(name), ["张*", "欧***", "*", "", "𠮷*"]);
    }

    #[test]
    fn numbers_keep_eight_digits_or_nothing() {
        for (text, masked) in [
            ("11010119000101009X", "1101**********009X"),
            ("110101190001010058", "1101**********0058"),
            ("110101000101005", "1101*******1005"),
            ("11010119000101", "**************"),
            ("", ""),
            ("张三", "**"),
            ("Anne-Marie O'Neil", "*****************"),
            ("１１０１０１１９０００１０１００５７", "******************"),
            ("1101011900010100X7", "******************"),
            ("110101190001010057 ", "*******************"),
        ] {
            assert_eq!(number(text), masked, "{text}");
        }
        assert_eq!(number(&"1".repeat(1000)).len(), 40);
    }

    #[test]
    fn numbers_are_seen_in_texts() {
        for text in [
            "11010119000101009X",
            "a110101190001010057",
            "110101000101005",
            "tel 13000000000.",
            "1101 0119 0001 0100 9X",
            "１１０１０１１９０００１０１００９Ｘ",
            "110101-19000101-009X",
            "130-0000-0000",
        ] {
            assert!(looks_personal(text), "{text}");
        }
        for text in [
            "20211208013_9aph_5e91",
            "4XU29Z4D1704061618",
            "0000",
            "19000101",
            "130000000001",
            "",
            "01010119-0001-0100-9999-012345678901",
            "20261122205_0124_9980",
        ] {
            assert!(!looks_personal(text), "{text}");
        }
    }
}
