//! What keyboards, input methods and the clipboard add to a row of digits.

use crate::bytes::wipe;
use crate::text::is_white_space;

/// The ASCII reading of a typed text of at most `N` characters, wiped when
/// dropped.
///
/// Full-width forms (U+FF01 to U+FF5E) become ASCII; white space, hyphens and
/// invisible characters are dropped wherever they stand.
pub(super) struct Typed<const N: usize> {
    text: [u8; N],
    characters: usize,
    ascii: bool,
}

/// The text is longer than there is room for, or has other characters.
pub(super) struct Unfit {
    /// How many characters there are, without those dropped.
    pub(super) characters: usize,
}

impl<const N: usize> Typed<N> {
    pub(super) fn read(text: &str) -> Self {
        let mut typed = Self { text: [0; N], characters: 0, ascii: true };
        for character in text.chars().filter(|character| !is_separator(*character)) {
            if let Some(place) = typed.text.get_mut(typed.characters) {
                match u8::try_from(half_width(character)) {
                    Ok(byte) if byte.is_ascii() => *place = byte,
                    _ => typed.ascii = false,
                }
            }
            typed.characters = typed.characters.saturating_add(1);
        }
        typed
    }

    pub(super) fn as_str(&self) -> Result<&str, Unfit> {
        let unfit = Unfit { characters: self.characters };
        match self.text.get(..self.characters).map(core::str::from_utf8) {
            Some(Ok(text)) if self.ascii => Ok(text),
            _ => Err(unfit),
        }
    }
}

impl<const N: usize> Drop for Typed<N> {
    fn drop(&mut self) {
        wipe(&mut self.text);
    }
}

/// Characters that show nothing or change how others are shown: control
/// characters (C0, DEL, C1), line and paragraph separators, text direction
/// marks, zero-width characters, the byte order mark, tags.
pub(super) fn is_invisible(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{00AD}'
                | '\u{061C}'
                | '\u{180E}'
                | '\u{200B}'..='\u{200F}'
                | '\u{2028}'..='\u{202E}'
                | '\u{2060}'..='\u{206F}'
                | '\u{FEFF}'
                | '\u{FFF9}'..='\u{FFFB}'
                | '\u{E0000}'..='\u{E007F}'
        )
}

/// What groups digits without being one.
fn is_separator(character: char) -> bool {
    is_white_space(character)
        || is_invisible(character)
        || matches!(character, '-' | '\u{2010}'..='\u{2015}' | '\u{FF0D}')
}

/// The ASCII form of a full-width character, any other as it is.
const fn half_width(character: char) -> u32 {
    let code = character as u32;
    match code {
        // The block repeats '!' to '~' in order.
        0xFF01..=0xFF5E => code.wrapping_sub(0xFF01 - 0x21),
        _ => code,
    }
}
