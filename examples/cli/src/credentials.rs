//! Credentials: from the environment or from files that it names, never from arguments, which every user of the machine
//! can read.

use std::ffi::OsString;
use std::fs::File;
use std::io::Read;

use heyan::{AppCode, AppKey, CredentialError, VendorKey};
use heyan_std::OwnedCredentials;
use zeroize::Zeroizing;

use crate::target::Asked;
use crate::wrong::Wrong;

const APP_CODE: &str = "HEYAN_APPCODE";
const APP_KEY: &str = "HEYAN_APPKEY";
const APP_SECRET: &str = "HEYAN_APPSECRET";
const VENDOR_KEY: &str = "HEYAN_VENDOR_KEY";

/// Longest file in bytes. The longest credential has 128.
const FILE_MAX: u64 = 4096;

/// Credentials that are well-formed.
pub(crate) enum Found {
    AppCode(Zeroizing<String>),
    AppKey { key: Zeroizing<String>, secret: Zeroizing<String> },
    VendorKey(Zeroizing<String>),
}

impl Found {
    /// Looks for exactly one kind: among the provider's own variables (`HEYAN_APPCODE_IDCERT`), and where none of them is
    /// set, among those for all. A variable that is empty counts as not set.
    pub(crate) fn in_environment(provider: Asked) -> Result<Option<Self>, Wrong> {
        Self::look(provider.info().slug, |name| std::env::var_os(name))
    }

    fn look(slug: &str, variable: impl Fn(&str) -> Option<OsString>) -> Result<Option<Self>, Wrong> {
        let own = Self::look_behind(&format!("_{}", slug.to_ascii_uppercase()), &variable)?;
        if own.is_some() { Ok(own) } else { Self::look_behind("", &variable) }
    }

    fn look_behind(suffix: &str, variable: impl Fn(&str) -> Option<OsString>) -> Result<Option<Self>, Wrong> {
        let read = |name| secret(&format!("{name}{suffix}"), &variable);
        let half = |missing| Wrong::CredentialHalf { missing: format!("{missing}{suffix}") };
        let found = match (read(APP_CODE)?, read(APP_KEY)?, read(APP_SECRET)?, read(VENDOR_KEY)?) {
            (None, None, None, None) => return Ok(None),
            (Some(code), None, None, None) => {
                code.check(|text| AppCode::new(text).map(drop))?;
                Self::AppCode(code.text)
            }
            (None, Some(key), Some(secret), None) => {
                // Each beside a harmless partner, so that the message names the right variable.
                key.check(|text| AppKey::new(text, "-").map(drop))?;
                secret.check(|text| AppKey::new("-", text).map(drop))?;
                Self::AppKey { key: key.text, secret: secret.text }
            }
            (None, Some(_), None, None) => return Err(half(APP_SECRET)),
            (None, None, Some(_), None) => return Err(half(APP_KEY)),
            (None, None, None, Some(key)) => {
                key.check(|text| VendorKey::new(text).map(drop))?;
                Self::VendorKey(key.text)
            }
            _ => return Err(Wrong::CredentialsSeveral),
        };
        Ok(Some(found))
    }

    /// For a client.
    pub(crate) fn owned(&self) -> Result<OwnedCredentials, CredentialError> {
        match self {
            Self::AppCode(code) => OwnedCredentials::app_code(code.as_str()),
            Self::AppKey { key, secret } => OwnedCredentials::app_key(key.as_str(), secret.as_str()),
            Self::VendorKey(key) => OwnedCredentials::vendor_key(key.as_str()),
        }
    }
}

/// A text and the variable it came by.
struct Secret {
    variable: String,
    text: Zeroizing<String>,
}

impl Secret {
    fn check(&self, check: impl Fn(&str) -> Result<(), CredentialError>) -> Result<(), Wrong> {
        check(&self.text).map_err(|error| Wrong::Credential { variable: self.variable.clone(), error })
    }
}

fn secret(name: &str, variable: impl Fn(&str) -> Option<OsString>) -> Result<Option<Secret>, Wrong> {
    let set = |name: &str| variable(name).filter(|value| !value.is_empty());
    let file_variable = format!("{name}_FILE");
    match (set(name), set(&file_variable)) {
        (None, None) => Ok(None),
        (Some(_), Some(_)) => Err(Wrong::CredentialTwice(name.to_owned())),
        (Some(text), None) => {
            let text = text.into_string().map_err(|_| Wrong::CredentialNotUtf8(name.to_owned()))?;
            Ok(Some(Secret { variable: name.to_owned(), text: Zeroizing::new(text) }))
        }
        (None, Some(path)) => {
            let wrong =
                |error: std::io::Error| Wrong::CredentialFile { variable: file_variable.clone(), kind: error.kind() };
            let mut text = Zeroizing::new(String::with_capacity(usize::try_from(FILE_MAX).unwrap_or_default()));
            let file = File::open(path).map_err(wrong)?;
            file.take(FILE_MAX).read_to_string(&mut text).map_err(wrong)?;
            // Editors end a file with a line end; that one is not part of the credential.
            for end in ['\n', '\r'] {
                if text.ends_with(end) {
                    text.pop();
                }
            }
            Ok(Some(Secret { variable: file_variable, text }))
        }
    }
}

#[cfg(test)]
mod tests {
    use heyan::CredentialError;

    use super::Found;
    use crate::wrong::Wrong;

    fn look(pairs: &[(&str, &str)]) -> Result<Option<Found>, Wrong> {
        Found::look("idcert", |name| pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into()))
    }

    #[test]
    fn one_kind_counts() {
        assert!(matches!(look(&[]), Ok(None)));
        assert!(matches!(look(&[("HEYAN_APPCODE", "")]), Ok(None)));
        assert!(matches!(look(&[("HEYAN_APPCODE", "test")]), Ok(Some(Found::AppCode(_)))));
        let pair = [("HEYAN_APPKEY", "test"), ("HEYAN_APPSECRET", "test")];
        assert!(matches!(look(&pair), Ok(Some(Found::AppKey { .. }))));
        assert!(matches!(look(&[("HEYAN_VENDOR_KEY", "test")]), Ok(Some(Found::VendorKey(_)))));
        assert!(matches!(look(&pair[..1]), Err(Wrong::CredentialHalf { missing }) if missing == "HEYAN_APPSECRET"));
        assert!(matches!(look(&pair[1..]), Err(Wrong::CredentialHalf { missing }) if missing == "HEYAN_APPKEY"));
        assert!(matches!(look(&[pair[0], pair[1], ("HEYAN_APPCODE", "x")]), Err(Wrong::CredentialsSeveral)));
        let both = [("HEYAN_APPCODE", "test"), ("HEYAN_APPCODE_FILE", "/nowhere")];
        assert!(matches!(look(&both), Err(Wrong::CredentialTwice(variable)) if variable == "HEYAN_APPCODE"));
    }

    #[test]
    fn a_provider_s_own_take_the_place_of_those_for_all() {
        let all = [("HEYAN_APPKEY", "test"), ("HEYAN_APPSECRET", "test")];
        let is_code = |pairs: &[_], code: &str| matches!(look(pairs), Ok(Some(Found::AppCode(text))) if *text == code);
        assert!(is_code(&[all[0], all[1], ("HEYAN_APPCODE_IDCERT", "own")], "own"));
        assert!(is_code(&[("HEYAN_APPCODE", "all"), ("HEYAN_APPCODE_SFZ2", "other")], "all"));
        assert!(matches!(look(&[all[0], all[1], ("HEYAN_APPCODE_IDCERT", "")]), Ok(Some(Found::AppKey { .. }))));
        // Half of a pair of its own is not made whole by the other half of those for all.
        let half = look(&[("HEYAN_APPKEY_IDCERT", "own"), all[0], all[1]]);
        assert!(matches!(half, Err(Wrong::CredentialHalf { missing }) if missing == "HEYAN_APPSECRET_IDCERT"));
        let file = look(&[("HEYAN_APPCODE_IDCERT", "own"), ("HEYAN_APPCODE_IDCERT_FILE", "/nowhere")]);
        assert!(matches!(file, Err(Wrong::CredentialTwice(variable)) if variable == "HEYAN_APPCODE_IDCERT"));
    }

    #[test]
    fn line_breaks_are_no_part_of_a_credential() {
        for text in ["test\r\nX-Header: y", "test\n", " test", "密"] {
            let result = look(&[("HEYAN_APPCODE", text)]);
            assert!(matches!(result, Err(Wrong::Credential { error: CredentialError::Character { .. }, .. })));
        }
    }
}
