//! How the caller proves who pays: AppCode, AppKey with a signature, or a vendor's own key.

pub(crate) mod sign;

use core::fmt;

use crate::redact::redacted;

/// Longest AppCode or vendor key in bytes. Real ones have 32.
pub const CODE_MAX: usize = 64;
/// Longest AppKey in bytes. Real ones have 8 to 24.
pub const APP_KEY_MAX: usize = 64;
/// Longest AppSecret in bytes. Real ones have 32.
pub const APP_SECRET_MAX: usize = 128;

/// Why a text is no credential. It never holds the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum CredentialError {
    /// There is no text.
    Empty,
    /// More bytes than the constants of this module allow.
    TooLong,
    /// The byte at this offset is white space, a control character or not ASCII. A line break here would let whoever
    /// fills in the setting write header lines of their own.
    Character {
        /// Offset in bytes.
        at: usize,
    },
    /// A nonce that is no UUID of 36 characters.
    Nonce,
}

impl fmt::Display for CredentialError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the credential is empty: copy it from the provider's console"),
            Self::TooLong => f.write_str("the credential is too long: copy it from the provider's console"),
            Self::Character { at } => write!(
                f,
                "the credential holds white space, a line break or a character outside ASCII at byte {at}: copy it again"
            ),
            Self::Nonce => f.write_str("the nonce is no UUID: 36 characters, 8-4-4-4-12 hexadecimal digits"),
        }
    }
}

impl core::error::Error for CredentialError {}

fn checked(text: &str, max: usize) -> Result<&str, CredentialError> {
    if text.is_empty() {
        return Err(CredentialError::Empty);
    }
    if let Some(at) = text.bytes().position(|b| !b.is_ascii_graphic()) {
        return Err(CredentialError::Character { at });
    }
    if text.len() > max { Err(CredentialError::TooLong) } else { Ok(text) }
}

redacted!(AppCode<'_>, AppKey<'_>, VendorKey<'_>, Credentials<'_>);

/// The AppCode of a purchase: one secret, sent with every request.
///
/// ```
/// use heyan::{AppCode, CredentialError};
/// assert!(AppCode::new("not-a-real-appcode").is_ok());
/// assert_eq!(AppCode::new("two\r\nlines"), Err(CredentialError::Character { at: 3 }));
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct AppCode<'a>(&'a str);

impl<'a> AppCode<'a> {
    /// Takes 1 to [`CODE_MAX`] visible ASCII characters.
    ///
    /// # Errors
    /// [`CredentialError`] says what is wrong with the text.
    pub fn new(text: &'a str) -> Result<Self, CredentialError> {
        checked(text, CODE_MAX).map(Self)
    }

    /// The secret itself.
    #[must_use]
    pub const fn expose(&self) -> &'a str {
        self.0
    }
}

/// The AppKey of an application and its AppSecret. The secret signs each request (HMAC-SHA256) and never crosses the
/// wire, so this is the safer choice.
///
/// ```
/// use heyan::{AppKey, Credentials, Stamp};
///
/// let key = AppKey::new("204000000", "not-a-real-secret")?;
/// // Milliseconds since 1970 from the clock, 16 bytes from the random number generator.
/// let credentials = Credentials::Signed(key, Stamp::new(1_795_000_000_000, [7; 16]));
/// # let _ = credentials;
/// # Ok::<(), heyan::CredentialError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct AppKey<'a> {
    key: &'a str,
    secret: &'a str,
    signer: sign::Signer,
}

impl<'a> AppKey<'a> {
    /// Takes 1 to [`APP_KEY_MAX`] and 1 to [`APP_SECRET_MAX`] visible ASCII characters.
    ///
    /// # Errors
    /// [`CredentialError`] says what is wrong with either text.
    pub fn new(key: &'a str, secret: &'a str) -> Result<Self, CredentialError> {
        let (key, secret) = (checked(key, APP_KEY_MAX)?, checked(secret, APP_SECRET_MAX)?);
        Ok(Self { key, secret, signer: sign::Signer::new() })
    }

    pub(crate) const fn signer(&self) -> sign::Signer {
        self.signer
    }

    /// The key, which is sent.
    #[must_use]
    pub const fn expose_key(&self) -> &'a str {
        self.key
    }

    /// The secret, which is not.
    #[must_use]
    pub const fn expose_secret(&self) -> &'a str {
        self.secret
    }
}

/// The key that vendor 数据宝 hands out for its own platform ("您申请的 API 的 key 值"), sent as a parameter.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct VendorKey<'a>(&'a str);

impl<'a> VendorKey<'a> {
    /// Takes 1 to [`CODE_MAX`] visible ASCII characters.
    ///
    /// # Errors
    /// [`CredentialError`] says what is wrong with the text.
    pub fn new(text: &'a str) -> Result<Self, CredentialError> {
        checked(text, CODE_MAX).map(Self)
    }

    /// The secret itself.
    #[must_use]
    pub const fn expose(&self) -> &'a str {
        self.0
    }
}

/// The moment and the nonce of one signed request: the core has neither clock nor randomness.
///
/// The gateway refuses a timestamp that is more than 15 minutes off, and a nonce that it saw within 15 minutes ("Use
/// digest authentication" of its documentation, read 2026-11): make a new stamp for every attempt
/// after one that could have reached it, see [`Inquiry::restamp`](crate::Inquiry::restamp).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// As bytes: of a `u64` everything that holds a stamp would be aligned to 8, and have copies of its own on a
    /// processor of 32 bits.
    unix_ms: [u8; 8],
    /// The same in decimal, in the end of it.
    timestamp: [u8; 20],
    nonce: [u8; 36],
}

impl Stamp {
    /// A stamp for `unix_ms` milliseconds since 1970-01-01T00:00:00Z, with 16 random bytes as the nonce, which is
    /// written as a version 4 UUID (RFC 9562 §5.4).
    #[must_use]
    pub fn new(unix_ms: u64, mut random: [u8; 16]) -> Self {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        if let Some(version) = random.get_mut(6) {
            *version = *version & 0x0f | 0x40;
        }
        if let Some(variant) = random.get_mut(8) {
            *variant = *variant & 0x3f | 0x80;
        }
        let digit = |nibble: u8| HEX.get(usize::from(nibble & 0x0f)).copied().unwrap_or(b'0');
        let mut digits = random.iter().flat_map(|byte| [digit(byte >> 4), digit(*byte)]);
        let mut nonce = [b'-'; 36];
        for (at, place) in nonce.iter_mut().enumerate() {
            if !matches!(at, 8 | 13 | 18 | 23) {
                *place = digits.next().unwrap_or(b'0');
            }
        }
        Self { unix_ms: unix_ms.to_ne_bytes(), timestamp: decimal(unix_ms), nonce }
    }

    /// A stamp with a given nonce: a UUID of 36 characters, in either case.
    ///
    /// # Errors
    /// [`CredentialError::Nonce`] when it is not one.
    pub fn with_nonce(unix_ms: u64, nonce: &str) -> Result<Self, CredentialError> {
        let well_formed = nonce.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        });
        match nonce.as_bytes().try_into() {
            Ok(nonce) if well_formed => Ok(Self { unix_ms: unix_ms.to_ne_bytes(), timestamp: decimal(unix_ms), nonce }),
            _ => Err(CredentialError::Nonce),
        }
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn unix_ms(&self) -> u64 {
        u64::from_ne_bytes(self.unix_ms)
    }

    /// The moment in decimal.
    pub(crate) fn timestamp(&self) -> &str {
        let start = self.timestamp.iter().take_while(|digit| **digit == b' ').count();
        self.timestamp.get(start..).and_then(|digits| core::str::from_utf8(digits).ok()).unwrap_or("")
    }

    /// The nonce, 36 characters.
    #[must_use]
    pub fn nonce(&self) -> &str {
        // Only ASCII is ever stored, so the fallback is never taken.
        core::str::from_utf8(&self.nonce).unwrap_or("")
    }
}

impl fmt::Debug for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Stamp({}, {})", self.timestamp(), self.nonce())
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for Stamp {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "Stamp({=str}, {=str})", self.timestamp(), self.nonce());
    }
}

/// `number` in decimal behind spaces. It is done where a stamp is made, because on a small processor dividing 64 bits
/// is a kilobyte, which a program without signatures has no use for.
fn decimal(mut number: u64) -> [u8; 20] {
    let mut digits = [b' '; 20];
    for place in digits.iter_mut().rev() {
        // A remainder of ten fits.
        *place = b'0' | u8::try_from(number % 10).unwrap_or(0);
        number /= 10;
        if number == 0 {
            break;
        }
    }
    digits
}

/// What a request is authorised with.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Credentials<'a> {
    /// `Authorization: APPCODE …`. Every provider takes it.
    AppCode(AppCode<'a>),
    /// `X-Ca-*` headers with an HMAC-SHA256 signature. Every provider takes it.
    Signed(AppKey<'a>, Stamp),
    /// A parameter of the vendor's own platform: for the providers whose [`Info`](crate::Info) names one, at an
    /// endpoint that the caller gives.
    VendorKey(VendorKey<'a>),
}
