//! Searches in text. Those of `str` take any pattern, and bring kilobytes of code and places that can panic into an
//! image that searches for one character.

use core::str::Chars;

/// What stands before and behind the first `separator`, which is ASCII.
pub(crate) fn split_once(text: &str, separator: u8) -> Option<(&str, &str)> {
    let at = text.bytes().position(|byte| byte == separator)?;
    let (before, rest) = text.split_at_checked(at)?;
    Some((before, rest.get(1..)?))
}

/// The same for the last `separator`.
pub(crate) fn rsplit_once(text: &str, separator: u8) -> Option<(&str, &str)> {
    let at = text.bytes().rposition(|byte| byte == separator)?;
    let (before, rest) = text.split_at_checked(at)?;
    Some((before, rest.get(1..)?))
}

/// The first of `lines` that `fits` with; each ends in a line feed. A list of texts would take a third more flash, for
/// their addresses.
#[cfg_attr(target_pointer_width = "64", inline(always))]
#[cfg_attr(not(target_pointer_width = "64"), inline(never))]
pub(crate) fn find_line(lines: &'static str, fits: &dyn Fn(&str) -> bool) -> Option<&'static str> {
    let mut rest = lines;
    while let Some((line, behind)) = split_once(rest, b'\n') {
        if fits(line) {
            return Some(line);
        }
        rest = behind;
    }
    None
}

/// Whether the texts are equal but for the case of ASCII letters. Out of line on a device.
#[cfg_attr(target_pointer_width = "64", inline(always))]
#[cfg_attr(not(target_pointer_width = "64"), inline(never))]
pub(crate) fn same(one: &[u8], other: &[u8]) -> bool {
    one.eq_ignore_ascii_case(other)
}

/// `text` without the spaces and tabs around it, which are no part of a field's value (RFC 9110 §5.6.3). Out of line on a
/// device.
#[cfg_attr(not(target_pointer_width = "64"), inline(never))]
pub(crate) fn trim(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', inner @ ..] | [inner @ .., b' ' | b'\t'] = text {
        text = inner;
    }
    text
}

/// Whether `byte` occurs in `text`.
#[expect(clippy::manual_contains, reason = "`contains` is made for longer texts, and takes 150 bytes more")]
pub(crate) fn has(text: &[u8], byte: u8) -> bool {
    text.iter().any(|other| *other == byte)
}

/// Whether `phrase` occurs in `text`. Out of line on a device.
#[cfg_attr(not(target_pointer_width = "64"), inline(never))]
pub(crate) fn contains(text: &[u8], phrase: &[u8]) -> bool {
    let mut rest = text;
    while !rest.starts_with(phrase) {
        match rest {
            [_, behind @ ..] => rest = behind,
            [] => return false,
        }
    }
    true
}

/// The next character. Out of line on a device, where reading UTF-8 is a hundred bytes wherever it is inlined.
#[cfg_attr(not(target_pointer_width = "64"), inline(never))]
pub(crate) fn next_char(chars: &mut Chars<'_>) -> Option<char> {
    chars.next()
}

/// As `char::is_whitespace`, without its table of 256 bytes.
pub(crate) const fn is_white_space(character: char) -> bool {
    matches!(
        character,
        '\t'..='\r'
            | ' '
            | '\u{85}'
            | '\u{A0}'
            | '\u{1680}'
            | '\u{2000}'..='\u{200A}'
            | '\u{2028}'
            | '\u{2029}'
            | '\u{202F}'
            | '\u{205F}'
            | '\u{3000}'
    )
}

/// How many characters `text` has: as many as bytes that do not continue one. (`chars().count()` is made for longer
/// texts.)
pub(crate) fn count_chars(text: &str) -> usize {
    text.bytes().filter(|byte| byte & 0xC0 != 0x80).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_like_str() {
        for text in ["", ":", "a:", ":b", "a:b:c", "路:径", "none"] {
            assert_eq!(split_once(text, b':'), text.split_once(':'), "{text}");
            assert_eq!(rsplit_once(text, b':'), text.rsplit_once(':'), "{text}");
        }
    }

    #[test]
    fn white_space_is_unicodes() {
        for character in '\0'..=char::MAX {
            assert_eq!(is_white_space(character), character.is_whitespace(), "{character:?}");
        }
    }

    #[test]
    fn trims_spaces_and_tabs() {
        for text in ["", " ", "a", " a", "a\t", "\t \r\n a b \u{c} ", "\0", "\0路 "] {
            let trimmed = text.trim_matches([' ', '\t']);
            assert_eq!(trim(text.as_bytes()), trimmed.as_bytes(), "{text:?}");
        }
    }

    #[test]
    fn counts_like_str() {
        for text in ["", "a", "·", "路径", "a𠮷b"] {
            assert_eq!(count_chars(text), text.chars().count(), "{text}");
        }
    }

    #[test]
    fn contains_like_str() {
        for (text, phrase) in [("", ""), ("", "a"), ("a", ""), ("banana", "nan"), ("banana", "nab"), ("路径", "径")]
        {
            assert_eq!(contains(text.as_bytes(), phrase.as_bytes()), text.contains(phrase), "{text} {phrase}");
        }
    }
}
