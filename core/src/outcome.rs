//! What a verification ends in: the verdict, its price and what may be done next.

use core::fmt;

use crate::bytes::wipe;
use crate::error::RefusalClass;
use crate::redact::redacted;
use crate::subject::{Date, Sex};

/// What the register says about the person who was asked for.
///
/// Exhaustive on purpose: a `match` over a verdict must name all three, so that "no record" cannot slip into the arm of
/// "mismatch". Everything that is not one of these is an [`Error`](crate::Error).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[must_use]
pub enum Verdict {
    /// 一致: the name, the number and, with three factors, the mobile number belong together.
    Match,
    /// 不一致: they do not.
    Mismatch,
    /// 库无: the register has no usable record. It says nothing against the person: the vendors list moves between
    /// households, serving soldiers, changed names and expired cards among the reasons.
    NoRecord,
}

impl Verdict {
    /// `match`, `mismatch` or `no_record`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Match => "match",
            Self::Mismatch => "mismatch",
            Self::NoRecord => "no_record",
        }
    }
}

/// Whether the account was charged for an ending.
///
/// The gateway charges by HTTP status: 200 to 299 costs one call of the package, every other status costs nothing
/// (the document of `sfz2`, "次数扣减规则", read 2026-11).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum Billing {
    /// One call was taken off the package.
    Billed,
    /// Nothing was charged.
    Free,
    /// The request left, and no reply says what it cost. Count it as possibly billed.
    Unknown,
}

impl Billing {
    /// `billed`, `free` or `unknown`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Billed => "billed",
            Self::Free => "free",
            Self::Unknown => "unknown",
        }
    }

    /// The price with this [`word`](Self::word).
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Billed, Self::Free, Self::Unknown].into_iter().find(|billing| billing.word() == word)
    }

    /// The gateway's rule for a complete reply with this HTTP status.
    pub(crate) const fn of_status(status: u16) -> Self {
        if matches!(status, 200..=299) { Self::Billed } else { Self::Free }
    }
}

/// What another attempt could achieve. After an ending whose price is unknown it is always [`Retry::Never`]: advice must not
/// charge twice without anybody knowing. After one that was charged and gave no verdict, another provider costs again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum Retry {
    /// Nothing: a verdict stands, the input is wrong, or the first attempt may have been billed.
    Never,
    /// The same provider may answer after a pause.
    SameProvider,
    /// This account will not answer; another provider may.
    OtherProvider,
}

impl Retry {
    /// `never`, `same_provider` or `other_provider`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::SameProvider => "same_provider",
            Self::OtherProvider => "other_provider",
        }
    }
}

macro_rules! display_word {
    ($($name:ty),*) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.word())
            }
        }
    )*};
}

display_word!(Verdict, Billing, Retry, RefusalClass);

/// What the reply says of the number it is about.
///
/// A number that contradicts the one sent is no echo but an error,
/// [`ReplyFault::EchoContradicts`](crate::ReplyFault::EchoContradicts): then the verdict is about somebody else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum Echo {
    /// The reply names no number, or nobody said which one was sent.
    Absent,
    /// What the echoed number shows before its first and behind its last `*` agrees with the number sent; without a
    /// `*`, all of it.
    Agrees,
}

/// What a vendor adds about the person. All of it is optional, none of it decides anything.
///
/// A value that the vendor masked (`*`), left empty or did not send is `None`. So is a text that is longer than the
/// constants below or that holds a JSON escape: neither occurs in a vendor's document.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Details<'b> {
    /// Sex as the vendor states it.
    pub sex: Option<Sex>,
    /// Date of birth as the vendor states it.
    pub birth_date: Option<Date>,
    /// Age in full years as the vendor states it.
    pub age: Option<u8>,
    /// Place of the number's region code in one text.
    pub address: Option<&'b str>,
    /// Province of the region code.
    pub province: Option<&'b str>,
    /// City or prefecture of the region code.
    pub city: Option<&'b str>,
    /// County or district of the region code.
    pub county: Option<&'b str>,
}

redacted!(Details<'_>);

/// Longest [`Details::address`] in UTF-8 bytes: 64 Chinese characters.
pub const ADDRESS_MAX: usize = 192;
/// Longest province, city or county in UTF-8 bytes: 21 Chinese characters; the longest name in GB/T 2260 has 15.
pub const PLACE_MAX: usize = 64;

/// A short text that identifies something to support staff: ASCII letters, digits and a few marks, at most `N` bytes.
///
/// The bound and the character set keep free text, and with it personal data, out of what may be printed.
///
/// ```
/// use heyan::Reference;
///
/// assert_eq!(Reference::new("20211208013_9aph_5e91").map(|r| r.to_string()).as_deref(), Some("20211208013_9aph_5e91"));
/// assert_eq!(Reference::new("two words"), None);
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Token<const N: usize>(heapless::String<N, u8>);

/// The vendor's or the gateway's own code, for example `0008`, `SYSTEM_042` or `B403MQ`; for a gateway that only sends
/// a message, the documented beginning of that message, for example `Quota Exhausted`.
pub type Code = Token<40>;

/// What to quote when asking the vendor: its `seqNo` or `traceId`, else the gateway's request id.
pub type Reference = Token<REFERENCE_MAX>;

/// Longest [`Reference`] in bytes.
pub(crate) const REFERENCE_MAX: usize = 48;

impl<const N: usize> Token<N> {
    /// Takes a text of 1 to `N` ASCII letters, digits and ``-_.:``; anything else is no token.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        if is_token(text) { Self::of_checked(text) } else { None }
    }

    /// Takes a token, or a text of our own tables, which may hold spaces.
    pub(crate) fn of_checked(text: &str) -> Option<Self> {
        let mut token = heapless::String::new();
        token.push_str(text).ok()?;
        Some(Self(token))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

/// Whether `text` is made as a [`Token`], whatever its length is.
pub(crate) fn is_token(text: &str) -> bool {
    // A table is looked up faster than ranges are compared, and faster yet to the end, whatever is found on the way. A
    // device has no room for it.
    #[cfg(target_pointer_width = "64")]
    let fit = text.bytes().fold(true, |fit, byte| fit & matches!(IN_TOKENS.get(usize::from(byte)), Some(true)));
    #[cfg(not(target_pointer_width = "64"))]
    let fit = text.bytes().all(is_in_tokens);
    fit && !text.is_empty()
}

#[cfg(target_pointer_width = "64")]
static IN_TOKENS: [bool; 256] = {
    let mut table = [false; 256];
    let mut rest = table.as_mut_slice();
    let mut byte = 0_u8;
    while let [fits, behind @ ..] = rest {
        *fits = is_in_tokens(byte);
        rest = behind;
        byte = byte.wrapping_add(1);
    }
    table
};

const fn is_in_tokens(byte: u8) -> bool {
    matches!(byte, b'0'..=b':' | b'A'..=b'Z' | b'a'..=b'z' | b'-' | b'.' | b'_')
}

impl<const N: usize> AsRef<str> for Token<N> {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl<const N: usize> fmt::Display for Token<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl<const N: usize> fmt::Debug for Token<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // There is nothing to escape in a token. (`Debug` of `str` would bring Unicode's tables along.)
        write!(f, "\"{}\"", self.as_str())
    }
}

#[cfg(feature = "defmt")]
impl<const N: usize> defmt::Format for Token<N> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "{=str}", self.as_str());
    }
}

#[cfg(feature = "serde")]
impl<const N: usize> serde::Serialize for Token<N> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// A verification that came to a verdict. Its details borrow from the buffer that holds the reply.
///
/// With the feature `serde` it is written as one object, details in clear: `verdict`, `billing` and `echo` as one word,
/// `code` and `reference` as text or `null`, `details` as an object with the fields of [`Details`], the date of birth
/// as `YYYY-MM-DD`. Where that may not be read by everybody, write its parts.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[must_use]
pub struct Outcome<'b> {
    pub(crate) verdict: Verdict,
    pub(crate) billing: Billing,
    pub(crate) code: Option<Code>,
    pub(crate) reference: Option<Reference>,
    pub(crate) echo: Echo,
    pub(crate) details: Details<'b>,
}

impl<'b> Outcome<'b> {
    /// What the register says.
    pub const fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// What it cost.
    #[must_use]
    pub const fn billing(&self) -> Billing {
        self.billing
    }

    /// Always [`Retry::Never`]: a verdict is final.
    #[must_use]
    pub const fn retry(&self) -> Retry {
        Retry::Never
    }

    /// The vendor's code that carried the verdict.
    #[must_use]
    pub const fn code(&self) -> Option<&Code> {
        self.code.as_ref()
    }

    /// What to quote to the vendor about this call.
    #[must_use]
    pub const fn reference(&self) -> Option<&Reference> {
        self.reference.as_ref()
    }

    /// Whether the reply named the number it is about.
    #[must_use]
    pub const fn echo(&self) -> Echo {
        self.echo
    }

    /// What the vendor added. Personal data: `expose` says that the caller means to see it.
    #[must_use]
    pub const fn expose_details(&self) -> &Details<'b> {
        &self.details
    }

    /// Copies everything out of the buffer, still without a heap.
    pub fn to_owned(&self) -> OwnedOutcome {
        OwnedOutcome {
            address: self.details.address.and_then(Copied::of),
            province: self.details.province.and_then(Copied::of),
            city: self.details.city.and_then(Copied::of),
            county: self.details.county.and_then(Copied::of),
            outcome: Outcome {
                verdict: self.verdict,
                billing: self.billing,
                code: self.code.clone(),
                reference: self.reference.clone(),
                echo: self.echo,
                details: Details {
                    sex: self.details.sex,
                    birth_date: self.details.birth_date,
                    age: self.details.age,
                    ..Details::default()
                },
            },
        }
    }
}

/// An [`Outcome`] that outlives the buffer. The copied texts are wiped when it is dropped.
#[derive(Clone, PartialEq, Eq)]
#[must_use]
pub struct OwnedOutcome {
    outcome: Outcome<'static>,
    address: Option<Copied<ADDRESS_MAX>>,
    province: Option<Copied<PLACE_MAX>>,
    city: Option<Copied<PLACE_MAX>>,
    county: Option<Copied<PLACE_MAX>>,
}

impl OwnedOutcome {
    /// The same outcome with its details borrowed from `self`.
    pub fn borrow(&self) -> Outcome<'_> {
        Outcome { details: self.expose_details(), ..self.outcome.clone() }
    }

    /// See [`Outcome::verdict`].
    pub const fn verdict(&self) -> Verdict {
        self.outcome.verdict
    }

    /// See [`Outcome::billing`].
    #[must_use]
    pub const fn billing(&self) -> Billing {
        self.outcome.billing
    }

    /// See [`Outcome::retry`].
    #[must_use]
    pub const fn retry(&self) -> Retry {
        Retry::Never
    }

    /// See [`Outcome::code`].
    #[must_use]
    pub const fn code(&self) -> Option<&Code> {
        self.outcome.code.as_ref()
    }

    /// See [`Outcome::reference`].
    #[must_use]
    pub const fn reference(&self) -> Option<&Reference> {
        self.outcome.reference.as_ref()
    }

    /// See [`Outcome::echo`].
    #[must_use]
    pub const fn echo(&self) -> Echo {
        self.outcome.echo
    }

    /// See [`Outcome::expose_details`].
    #[must_use]
    pub fn expose_details(&self) -> Details<'_> {
        Details {
            address: self.address.as_ref().map(Copied::as_str),
            province: self.province.as_ref().map(Copied::as_str),
            city: self.city.as_ref().map(Copied::as_str),
            county: self.county.as_ref().map(Copied::as_str),
            ..self.outcome.details
        }
    }
}

impl fmt::Debug for OwnedOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.outcome, f)
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for OwnedOutcome {
    fn format(&self, f: defmt::Formatter<'_>) {
        // Not by calling `format`: for a derived `Format` that is unreachable.
        defmt::write!(f, "{}", self.outcome);
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for OwnedOutcome {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.borrow().serialize(serializer)
    }
}

/// A text that was copied out of a reply, wiped where it stands when it is dropped. As bytes, because a
/// `heapless::String` hands them out only by value: what is wiped then is a copy, and the text stays.
#[derive(Clone, PartialEq, Eq)]
struct Copied<const N: usize>(heapless::Vec<u8, N, u8>);

impl<const N: usize> Copied<N> {
    fn of(text: &str) -> Option<Self> {
        heapless::Vec::from_slice(text.as_bytes()).ok().map(Self)
    }

    fn as_str(&self) -> &str {
        // It was text, so the fallback is never taken.
        core::str::from_utf8(&self.0).unwrap_or_default()
    }

    fn wipe(&mut self) {
        wipe(&mut self.0);
    }
}

impl<const N: usize> Drop for Copied<N> {
    fn drop(&mut self) {
        self.wipe();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_wiped_in_its_own_place() {
        let mut copied = Copied::<PLACE_MAX>::of("东城区").unwrap();
        assert_eq!(copied.as_str(), "东城区");
        copied.wipe();
        assert_eq!(&*copied.0, [0; 9]);
    }

    #[test]
    fn a_copy_takes_what_fits() {
        assert_eq!(Copied::<3>::of("区").as_ref().map(Copied::as_str), Some("区"));
        assert!(Copied::<3>::of("城区").is_none());
    }
}
