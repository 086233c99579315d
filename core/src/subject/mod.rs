//! Who is verified: [`Subject`], and what it is made of.
//!
//! A value of these types proves that its text passed the check: an
//! [`IdNumber`] has a valid check character, a [`Name`] holds no masked or
//! invisible character, a [`Mobile`] is a mainland number. Each has a strict
//! `parse` for data and a `from_input` for what people type or paste.
//!
//! `Debug` and `defmt::Format` show the name of the type only, and there is no
//! `Display`: reading takes `expose`, or `masked` for screens. Owned data is
//! wiped when dropped. Errors say what is wrong and carry nothing of the input.

use crate::redact::redacted;
use crate::text;

mod date;
mod id_number;
mod input;
mod mobile;
mod name;

pub use date::Date;
pub use id_number::{BulkLengthError, CheckedLines, IdKind, IdNumber, IdNumberError, RegionCode, Sex, Tally};
pub use mobile::{Mobile, MobileError};
pub use name::{Name, NameError};

/// The person to verify: a name, an identity number and, for providers that
/// check three factors, a mobile number.
///
/// ```
/// use heyan::{Date, IdNumber, Mobile, Name, Subject};
///
/// let id = IdNumber::parse("110101190001010057", Date::MAX)?;
/// let subject = Subject::new(Name::parse("张三")?, id).with_mobile(Mobile::parse("13000000000")?);
/// assert_eq!(subject.name().masked().to_string(), "张*");
/// assert_eq!(format!("{subject:?}"), "Subject(redacted)");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Subject<'a> {
    name: Name<'a>,
    id: IdNumber,
    mobile: Option<Mobile>,
}

redacted!(Subject<'_>);

impl<'a> Subject<'a> {
    /// A person with two factors: name and identity number.
    #[must_use]
    pub const fn new(name: Name<'a>, id: IdNumber) -> Self {
        Self { name, id, mobile: None }
    }

    /// Adds the third factor: the mobile number registered to the person.
    #[must_use]
    pub fn with_mobile(self, mobile: Mobile) -> Self {
        Self { mobile: Some(mobile), ..self }
    }

    /// The name.
    #[must_use]
    pub const fn name(&self) -> &Name<'a> {
        &self.name
    }

    /// The identity number.
    #[must_use]
    pub const fn id(&self) -> &IdNumber {
        &self.id
    }

    /// The mobile number, if one was given.
    #[must_use]
    pub const fn mobile(&self) -> Option<&Mobile> {
        self.mobile.as_ref()
    }

    /// Whether the name, the identity number or the mobile number occurs in
    /// `text`, so that what a vendor sent back is withheld where it would be
    /// printed.
    ///
    /// 17 digits of the identity number suffice: without its check character,
    /// or with another, it is as personal.
    pub(crate) fn appears_in(&self, text: &str) -> bool {
        let [digits @ .., _] = self.id.as_bytes();
        contains(text, digits)
            || self.mobile.as_ref().is_some_and(|mobile| contains(text, mobile.as_bytes()))
            || self.name.appears_in(text)
    }
}

/// Whether the bytes occur in `text`. (Of a length that is known a comparison is
/// no call: [`text::contains`](crate::text::contains) would cost every reply
/// some 130 instructions more.)
fn contains<const N: usize>(text: &str, wanted: &[u8; N]) -> bool {
    if cfg!(not(target_pointer_width = "64")) {
        return text::contains(text.as_bytes(), wanted);
    }
    let mut rest = text.as_bytes();
    while let Some((window, _)) = rest.split_first_chunk::<N>() {
        // One comparison decides mostly.
        if window.first_chunk::<8>() == wanted.first_chunk() && window == wanted {
            return true;
        }
        rest = rest.get(1..).unwrap_or_default();
    }
    false
}

/// The person's agreement to one verification.
///
/// Before each verification the person must be shown what is sent to whom and
/// for what purpose, and agree; the document of `idcert` gives a model of
/// the authorisation (个人信息授权书, section 六). Building this value says that it
/// happened. Every inquiry consumes one, and it cannot be copied: one agreement,
/// one verification.
///
/// ```
/// use heyan::Consent;
///
/// // In the handler of the button 同意, and nowhere else:
/// let consent = Consent::given();
/// # drop(consent);
/// ```
#[derive(Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[must_use = "an agreement is for one verification: pass it to the inquiry"]
pub struct Consent(());

impl Consent {
    /// States that the person saw the authorisation and agreed to it.
    pub const fn given() -> Self {
        Self(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(name: &str) -> Subject<'_> {
        let id = IdNumber::parse("11010119000101009X", Date::MAX).unwrap();
        Subject::new(Name::parse(name).unwrap(), id).with_mobile(Mobile::parse("13000000000").unwrap())
    }

    #[test]
    fn each_factor_is_found_anywhere() {
        let subject = subject("阿·依");
        for text in [
            "11010119000101009X",
            "seq-11010119000101009x-1",
            "11010119000101009",
            "a13000000000",
            "阿·依",
            "<阿•依>",
            "阿阿．依",
        ] {
            assert!(subject.appears_in(text), "missed in {text}");
        }
    }

    #[test]
    fn what_is_not_personal_stays() {
        let subject = subject("阿·依");
        for text in ["", "4XU29Z4D1704061618", "1101011900010100", "1300000000", "阿·", "依", "阿依", "阿 · 依"]
        {
            assert!(!subject.appears_in(text), "found in {text}");
        }
    }

    #[test]
    fn a_missing_mobile_is_found_nowhere() {
        let id = IdNumber::parse("110101190001010057", Date::MAX).unwrap();
        let subject = Subject::new(Name::parse("张三").unwrap(), id);
        assert!(!subject.appears_in("13000000000"));
        assert!(subject.appears_in("x张三"));
    }
}
