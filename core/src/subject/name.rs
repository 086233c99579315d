//! Names as registers hold them.

use core::{error, fmt, fmt::Write, str::Chars};

use super::input::is_invisible;
use crate::redact::redacted;
use crate::text::{is_white_space, next_char};

/// The dot between the parts of a transcribed name (间隔号), U+00B7.
const MIDDLE_DOT: char = '·';

/// A person's name, borrowed from the caller's text.
///
/// It has 1 to [`MAX_CHARS`](Self::MAX_CHARS) characters, none of them masked,
/// invisible or damaged. Which characters names are made of is left to the
/// registers: names in Latin letters, spaces inside and rare characters pass.
///
/// Keyboards write the middle dot of names such as 阿依·古丽 in many ways, and
/// registers compare exactly. So `•` (U+2022), `・` (U+30FB), `．` (U+FF0E) and
/// `‧` (U+2027) count as `·` (U+00B7), in everything but
/// [`expose_given`](Self::expose_given): in comparisons, in what is shown and in what is
/// sent.
///
/// ```
/// use heyan::Name;
///
/// let name = Name::from_input("　阿依•古丽 ")?;
/// assert_eq!(name, Name::parse("阿依·古丽")?);
/// assert_eq!(name.expose().to_string(), "阿依·古丽");
/// assert_eq!(name.masked().to_string(), "阿****");
/// assert_eq!(format!("{name:?}"), "Name(redacted)");
/// # Ok::<(), heyan::NameError>(())
/// ```
#[derive(Clone, Copy)]
pub struct Name<'a> {
    given: &'a str,
    /// Nothing in `given` is written in another way than the register's.
    plain: bool,
}

redacted!(Name<'_>);

impl<'a> Name<'a> {
    /// The most characters a name may have: what the document of `sfz2` allows
    /// in its parameter `xm`. The others state no limit.
    pub const MAX_CHARS: usize = 50;

    /// The most bytes that [`expose`](Self::expose) and [`expose_chars`](Self::expose_chars)
    /// yield in UTF-8.
    pub const MAX_BYTES: usize = Self::MAX_CHARS * 4;

    /// Reads a name exactly as it stands in `text`.
    ///
    /// # Errors
    ///
    /// [`NameError::Empty`], else [`NameError::OuterSpace`], else the first of
    /// the others from the left.
    pub fn parse(text: &'a str) -> Result<Self, NameError> {
        let mut chars = text.chars();
        let (mut count, mut plain, mut fault, mut outer) = (0_usize, true, None, false);
        while let Some(character) = next_char(&mut chars) {
            // Of the first character, and in the end of the last.
            outer = is_white_space(character);
            if outer && count == 0 {
                break;
            }
            count = count.saturating_add(1);
            plain &= character == normal(character);
            fault = fault.or(match character {
                _ if count > Self::MAX_CHARS => Some(NameError::TooLong),
                '*' | '＊' => Some(NameError::Masked),
                char::REPLACEMENT_CHARACTER => Some(NameError::Damaged),
                _ if is_invisible(character) => Some(NameError::Invisible),
                _ => None,
            });
        }
        match fault {
            _ if outer => Err(NameError::OuterSpace),
            _ if count == 0 => Err(NameError::Empty),
            Some(fault) => Err(fault),
            None => Ok(Self { given: text, plain }),
        }
    }

    /// Reads a name as people type or paste it: white space around it (also the
    /// ideographic space U+3000) is left out, then [`parse`](Self::parse).
    ///
    /// # Errors
    ///
    /// As [`parse`](Self::parse), but never [`NameError::OuterSpace`].
    pub fn from_input(text: &'a str) -> Result<Self, NameError> {
        Self::parse(text.trim_matches(is_white_space))
    }

    /// The characters in clear, each middle dot as `·`: personal data.
    pub fn expose_chars(&self) -> impl Iterator<Item = char> + Clone + use<'a> {
        Normal(self.given.chars())
    }

    /// The name in clear, each middle dot as `·`: personal data.
    #[must_use]
    pub fn expose(&self) -> impl fmt::Display + use<'a> {
        let chars = self.expose_chars();
        fmt::from_fn(move |f| chars.clone().try_for_each(|character| f.write_char(character)))
    }

    /// The text given to `parse`, in clear, with its own middle dots.
    #[must_use]
    pub const fn expose_given(&self) -> &'a str {
        self.given
    }

    /// The first character, and a `*` for each further one; of a name of one
    /// character only the `*`. For screens and receipts.
    #[must_use]
    pub fn masked(&self) -> impl fmt::Display + use<'a> {
        let mut chars = self.expose_chars();
        let first = chars.next();
        fmt::from_fn(move |f| {
            let mut rest = chars.clone().peekable();
            match first {
                Some(first) if rest.peek().is_some() => f.write_char(first)?,
                _ => f.write_char('*')?,
            }
            rest.try_for_each(|_| f.write_char('*'))
        })
    }

    /// The name as one piece of text, if it is already written as registers do:
    /// the fast way for the writer of requests.
    pub(crate) const fn plain(&self) -> Option<&'a str> {
        if self.plain { Some(self.given) } else { None }
    }

    /// Whether the name occurs in `text`, with any of the middle dots.
    pub(super) fn appears_in(&self, text: &str) -> bool {
        // Most names have no ASCII character, and most texts that this is asked about nothing else. It saves time only.
        if cfg!(target_pointer_width = "64") && text.is_ascii() && self.given.bytes().any(|byte| !byte.is_ascii()) {
            return false;
        }
        let mut rest = Normal(text.chars());
        loop {
            let mut here = rest.clone();
            if self.expose_chars().all(|character| here.next() == Some(character)) {
                return true;
            }
            if rest.next().is_none() {
                return false;
            }
        }
    }
}

impl PartialEq for Name<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.expose_chars().eq(other.expose_chars())
    }
}

impl Eq for Name<'_> {}

/// Characters as registers write them.
#[derive(Clone)]
struct Normal<'a>(Chars<'a>);

impl Iterator for Normal<'_> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        next_char(&mut self.0).map(normal)
    }
}

/// The character as registers write it.
const fn normal(character: char) -> char {
    match character {
        '\u{2022}' | '\u{30FB}' | '\u{FF0E}' | '\u{2027}' => MIDDLE_DOT,
        _ => character,
    }
}

/// What is wrong with a name. It carries nothing of the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum NameError {
    /// There is no character.
    Empty,
    /// There is white space before or after the name.
    OuterSpace,
    /// There are more than [`Name::MAX_CHARS`] characters.
    TooLong,
    /// There is a `*` or `＊`: the name was masked for display. Vendors refuse
    /// it, or answer with made-up data (`sfz2`).
    Masked,
    /// There is a control character, a line separator, a text direction mark or
    /// a zero-width character, which nobody sees and no register has.
    Invisible,
    /// There is a U+FFFD: an earlier conversion of the text lost a character.
    Damaged,
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "name is empty: enter it",
            Self::OuterSpace => "name has white space around it: remove it",
            Self::TooLong => "name has more than 50 characters: enter the name alone",
            Self::Masked => "name is masked by a star: enter it in full",
            Self::Invisible => "name has an invisible character: type it instead of pasting it",
            Self::Damaged => "name lost a character when its encoding was converted: enter it again, or read the source as it is encoded",
        })
    }
}

impl error::Error for NameError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_names_need_no_rewriting() {
        for text in ["张三", "阿依·古丽", "JOHN SMITH", "𠮷田", "O'Brien-Li."] {
            assert_eq!(Name::parse(text).unwrap().plain(), Some(text));
        }
        for text in ["阿依•古丽", "阿依・古丽", "阿依．古丽", "阿依‧古丽"] {
            assert_eq!(Name::parse(text).unwrap().plain(), None);
        }
    }
}
