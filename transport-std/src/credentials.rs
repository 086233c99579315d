//! Credentials that a long-lived client keeps: owned, wiped, never printed.

use std::env::VarError;
use std::fmt;
use std::sync::Arc;

use heyan::{AppCode, AppKey, CredentialError, Credentials, Stamp, VendorKey};
use zeroize::Zeroizing;

/// Environment variable that holds an AppCode.
pub const ENV_APP_CODE: &str = "HEYAN_APPCODE";
/// Environment variable that holds an AppKey. Its secret is in [`ENV_APP_SECRET`].
pub const ENV_APP_KEY: &str = "HEYAN_APPKEY";
/// Environment variable that holds the secret of the AppKey in [`ENV_APP_KEY`].
pub const ENV_APP_SECRET: &str = "HEYAN_APPSECRET";
/// Environment variable that holds a vendor's own key.
pub const ENV_VENDOR_KEY: &str = "HEYAN_VENDOR_KEY";

/// What every request of a client is authorised with.
///
/// The texts are checked when they come in and wiped when the last clone is dropped; a clone shares them and copies
/// nothing. `Debug` shows none of it.
///
/// ```
/// use heyan_std::OwnedCredentials;
/// let credentials = OwnedCredentials::app_code("not-a-real-appcode")?;
/// assert_eq!(format!("{credentials:?}"), "OwnedCredentials(AppCode, redacted)");
/// assert!(OwnedCredentials::app_code("two\nlines").is_err());
/// # Ok::<(), heyan::CredentialError>(())
/// ```
#[derive(Clone)]
pub struct OwnedCredentials(Arc<Kind>);

enum Kind {
    AppCode(Zeroizing<String>),
    AppKey { key: Zeroizing<String>, secret: Zeroizing<String> },
    VendorKey(Zeroizing<String>),
}

impl OwnedCredentials {
    /// The AppCode of a purchase.
    ///
    /// # Errors
    /// As [`AppCode::new`].
    pub fn app_code(text: impl Into<String>) -> Result<Self, CredentialError> {
        let text = Zeroizing::new(text.into());
        AppCode::new(&text)?;
        Ok(Self(Arc::new(Kind::AppCode(text))))
    }

    /// An AppKey and its AppSecret. The secret signs and never crosses the wire, so prefer it to an AppCode.
    ///
    /// # Errors
    /// As [`AppKey::new`].
    pub fn app_key(key: impl Into<String>, secret: impl Into<String>) -> Result<Self, CredentialError> {
        let (key, secret) = (Zeroizing::new(key.into()), Zeroizing::new(secret.into()));
        AppKey::new(&key, &secret)?;
        Ok(Self(Arc::new(Kind::AppKey { key, secret })))
    }

    /// A vendor's own key, for the vendor's own platform: the client needs a base URL too.
    ///
    /// # Errors
    /// As [`VendorKey::new`].
    pub fn vendor_key(text: impl Into<String>) -> Result<Self, CredentialError> {
        let text = Zeroizing::new(text.into());
        VendorKey::new(&text)?;
        Ok(Self(Arc::new(Kind::VendorKey(text))))
    }

    /// Takes them from the environment: [`ENV_APP_CODE`], or [`ENV_APP_KEY`] with [`ENV_APP_SECRET`], or
    /// [`ENV_VENDOR_KEY`]. A variable that is set but empty counts as not set, as container tools leave them behind.
    ///
    /// The environment itself keeps its copy, which other programs of the same user may read.
    ///
    /// # Errors
    /// [`EnvError`] when there are none, several, half of a pair, or one that is no credential.
    pub fn from_env() -> Result<Self, EnvError> {
        Self::from_lookup(|name| std::env::var(name))
    }

    fn from_lookup(lookup: impl Fn(&str) -> Result<String, VarError>) -> Result<Self, EnvError> {
        let read = |name| match lookup(name) {
            Ok(text) if text.is_empty() => Ok(None),
            Ok(text) => Ok(Some(Zeroizing::new(text))),
            Err(VarError::NotPresent) => Ok(None),
            Err(VarError::NotUnicode(_)) => {
                // An offset of zero: what is wrong is the whole text, and none of it may be shown.
                Err(EnvError::Invalid { variable: name, error: CredentialError::Character { at: 0 } })
            }
        };
        let (code, key, secret, vendor) =
            (read(ENV_APP_CODE)?, read(ENV_APP_KEY)?, read(ENV_APP_SECRET)?, read(ENV_VENDOR_KEY)?);
        let invalid = |variable| move |error| EnvError::Invalid { variable, error };
        match (code, key, secret, vendor) {
            (None, None, None, None) => Err(EnvError::Missing),
            (Some(code), None, None, None) => {
                AppCode::new(&code).map_err(invalid(ENV_APP_CODE))?;
                Ok(Self(Arc::new(Kind::AppCode(code))))
            }
            (None, Some(key), Some(secret), None) => {
                // Each against a harmless partner, so that the error names the right variable.
                AppKey::new(&key, "-").map_err(invalid(ENV_APP_KEY))?;
                AppKey::new("-", &secret).map_err(invalid(ENV_APP_SECRET))?;
                Ok(Self(Arc::new(Kind::AppKey { key, secret })))
            }
            (None, Some(_), None, None) => Err(EnvError::Incomplete { missing: ENV_APP_SECRET }),
            (None, None, Some(_), None) => Err(EnvError::Incomplete { missing: ENV_APP_KEY }),
            (None, None, None, Some(vendor)) => {
                VendorKey::new(&vendor).map_err(invalid(ENV_VENDOR_KEY))?;
                Ok(Self(Arc::new(Kind::VendorKey(vendor))))
            }
            _ => Err(EnvError::Several),
        }
    }

    /// Whether a request needs a [`Stamp`].
    pub(crate) fn is_signed(&self) -> bool {
        matches!(*self.0, Kind::AppKey { .. })
    }

    /// The core's view of them. `stamp` is used by signed requests only and must be there for those.
    pub(crate) fn borrow(&self, stamp: Option<Stamp>) -> Result<Credentials<'_>, CredentialError> {
        Ok(match &*self.0 {
            Kind::AppCode(text) => Credentials::AppCode(AppCode::new(text)?),
            Kind::AppKey { key, secret } => {
                Credentials::Signed(AppKey::new(key, secret)?, stamp.ok_or(CredentialError::Nonce)?)
            }
            Kind::VendorKey(text) => Credentials::VendorKey(VendorKey::new(text)?),
        })
    }
}

impl fmt::Debug for OwnedCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match *self.0 {
            Kind::AppCode(_) => "OwnedCredentials(AppCode, redacted)",
            Kind::AppKey { .. } => "OwnedCredentials(AppKey, redacted)",
            Kind::VendorKey(_) => "OwnedCredentials(VendorKey, redacted)",
        })
    }
}

/// Why the environment holds no usable credentials. It never holds their text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EnvError {
    /// None of the variables is set.
    Missing,
    /// More than one kind is set, and guessing could charge the wrong account.
    Several,
    /// One half of an AppKey and its secret is missing.
    Incomplete {
        /// The variable that is not set.
        missing: &'static str,
    },
    /// A variable holds no credential.
    Invalid {
        /// The variable.
        variable: &'static str,
        /// What is wrong with its text.
        error: CredentialError,
    },
}

impl fmt::Display for EnvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => write!(
                f,
                "no credentials: set {ENV_APP_CODE}, or {ENV_APP_KEY} and {ENV_APP_SECRET}, or {ENV_VENDOR_KEY}"
            ),
            Self::Several => write!(
                f,
                "more than one kind of credentials is set: keep {ENV_APP_CODE}, or {ENV_APP_KEY} and {ENV_APP_SECRET}, \
                 or {ENV_VENDOR_KEY}, and unset the others"
            ),
            Self::Incomplete { missing } => write!(f, "{missing} is not set: an AppKey needs its AppSecret"),
            Self::Invalid { variable, error } => write!(f, "{variable}: {error}"),
        }
    }
}

impl std::error::Error for EnvError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(pairs: &[(&str, &str)]) -> Result<OwnedCredentials, EnvError> {
        OwnedCredentials::from_lookup(|name| {
            let found = pairs.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| (*value).to_owned()).ok_or(VarError::NotPresent)
        })
    }

    #[test]
    fn the_environment_decides_only_when_it_is_unambiguous() {
        let code = (ENV_APP_CODE, "test-appcode-not-a-secret");
        let key = (ENV_APP_KEY, "test-key");
        let secret = (ENV_APP_SECRET, "test-secret");
        let vendor = (ENV_VENDOR_KEY, "test-vendor-key");
        assert_eq!(from(&[]).err(), Some(EnvError::Missing));
        assert_eq!(from(&[(ENV_APP_CODE, "")]).err(), Some(EnvError::Missing));
        assert!(matches!(*from(&[code]).unwrap().0, Kind::AppCode(_)));
        assert!(matches!(*from(&[key, secret]).unwrap().0, Kind::AppKey { .. }));
        assert!(matches!(*from(&[vendor, (ENV_APP_KEY, "")]).unwrap().0, Kind::VendorKey(_)));
        assert_eq!(from(&[key]).err(), Some(EnvError::Incomplete { missing: ENV_APP_SECRET }));
        assert_eq!(from(&[secret]).err(), Some(EnvError::Incomplete { missing: ENV_APP_KEY }));
        assert_eq!(from(&[code, vendor]).err(), Some(EnvError::Several));
        assert_eq!(from(&[code, key]).err(), Some(EnvError::Several));
        assert_eq!(from(&[code, key, secret, vendor]).err(), Some(EnvError::Several));
        let broken = CredentialError::Character { at: 4 };
        let wrong = |variable| Some(EnvError::Invalid { variable, error: broken });
        assert_eq!(from(&[(ENV_APP_CODE, "test\r\nX: y")]).err(), wrong(ENV_APP_CODE));
        assert_eq!(from(&[(ENV_APP_KEY, "test x"), secret]).err(), wrong(ENV_APP_KEY));
        assert_eq!(from(&[key, (ENV_APP_SECRET, "test x")]).err(), wrong(ENV_APP_SECRET));
        assert_eq!(from(&[(ENV_VENDOR_KEY, "test x")]).err(), wrong(ENV_VENDOR_KEY));
    }

    #[test]
    fn nothing_is_printed() {
        for credentials in [
            from(&[(ENV_APP_CODE, "test-appcode-not-a-secret")]).unwrap(),
            from(&[(ENV_APP_KEY, "test-appcode-not-a-secret"), (ENV_APP_SECRET, "test-appcode-not-a-secret")]).unwrap(),
            from(&[(ENV_VENDOR_KEY, "test-appcode-not-a-secret")]).unwrap(),
        ] {
            assert!(!format!("{credentials:?}").contains("test"));
        }
    }
}
