//! Mobile numbers of mainland China.

use core::{error, fmt};

use super::input::Typed;
use crate::bytes::wipe;
use crate::redact::redacted;
use crate::text::count_chars;

/// A mobile number of mainland China: 11 digits, the first 1, the second 3 to 9.
///
/// Which of these prefixes operators use changes often, so no more is checked.
/// It is wiped when dropped, and `Debug` shows nothing of it.
///
/// ```
/// use heyan::Mobile;
///
/// let mobile = Mobile::from_input("+86 130-0000-0000")?;
/// assert_eq!(mobile, Mobile::parse("13000000000")?);
/// assert_eq!(mobile.masked().to_string(), "130****0000");
/// # Ok::<(), heyan::MobileError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Mobile([u8; 11]);

redacted!(Mobile);

impl Mobile {
    /// Digits of every mobile number.
    pub const LEN: usize = 11;

    /// Reads a number exactly as it stands in `text`: 11 ASCII digits.
    ///
    /// # Errors
    ///
    /// The first that applies, in the order of [`MobileError`].
    pub fn parse(text: &str) -> Result<Self, MobileError> {
        let number: &[u8; 11] = match text.as_bytes().try_into() {
            Ok(number) => number,
            // 11 characters of more than 11 bytes have the length, but are no digits.
            Err(_) if count_chars(text) == Self::LEN => return Err(MobileError::Character),
            Err(_) => return Err(MobileError::Length),
        };
        if !text.is_ascii() && count_chars(text) != Self::LEN {
            return Err(MobileError::Length);
        }
        if !number.iter().all(u8::is_ascii_digit) {
            return Err(MobileError::Character);
        }
        match number {
            [b'1', b'3'..=b'9', ..] => Ok(Self(*number)),
            _ => Err(MobileError::Prefix),
        }
    }

    /// Reads a number as people type or paste it.
    ///
    /// Before the check of [`parse`](Self::parse), full-width digits become
    /// ASCII; white space, hyphens and invisible characters are dropped wherever
    /// they stand, as [`IdNumber::from_input`](super::IdNumber::from_input) does;
    /// and so is China's country code, written `+86`, `0086` or `86`.
    ///
    /// # Errors
    ///
    /// As [`parse`](Self::parse), of what is left. Another country code, such as
    /// `+852` of Hong Kong, is [`MobileError::Prefix`].
    pub fn from_input(text: &str) -> Result<Self, MobileError> {
        // Room for "0086" or "+86" before the number.
        let typed = Typed::<15>::read(text);
        let text = typed.as_str().map_err(|unfit| match unfit.characters {
            ..=15 => MobileError::Character,
            _ => MobileError::Length,
        })?;
        if let Some(international) = text.strip_prefix('+') {
            return match international.strip_prefix("86") {
                Some(number) => Self::parse(number),
                None => Err(MobileError::Prefix),
            };
        }
        let country = match text.len() {
            15 => "0086",
            13 => "86",
            _ => "",
        };
        Self::parse(text.strip_prefix(country).unwrap_or(text))
    }

    /// The 11 digits in clear: personal data.
    #[must_use]
    pub fn expose(&self) -> &str {
        // Every byte is an ASCII digit, so the default is never taken.
        core::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The first three and the last four digits with four `*` between, such as
    /// `130****0000`, for screens and receipts.
    #[must_use]
    pub fn masked(&self) -> impl fmt::Display + use<> {
        let [a, b, c, .., w, x, y, z] = self.0;
        let masked = [a, b, c, b'*', b'*', b'*', b'*', w, x, y, z];
        fmt::from_fn(move |f| f.pad(core::str::from_utf8(&masked).unwrap_or_default()))
    }

    pub(crate) const fn as_bytes(&self) -> &[u8; 11] {
        &self.0
    }
}

impl Drop for Mobile {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

/// What is wrong with a mobile number. It carries nothing of the number.
///
/// The variants stand in the order in which they are looked for; the first that
/// applies is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum MobileError {
    /// The text has not 11 characters.
    Length,
    /// A character is no ASCII digit.
    Character,
    /// The number does not begin with 13 to 19, or has another country's code.
    Prefix,
}

impl fmt::Display for MobileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Length => "mobile number has not 11 digits: enter all of them",
            Self::Character => "mobile number has a character that is no digit: enter digits 0 to 9",
            Self::Prefix => "mobile number is none of mainland China: it must begin with 13 to 19",
        })
    }
}

impl error::Error for MobileError {}
