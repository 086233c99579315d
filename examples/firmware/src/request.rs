//! What somebody entered: words of the form `what=value`, separated by spaces.
//!
//! | word | meaning | default |
//! |---|---|---|
//! | `name=` | the person's name | must be given |
//! | `id=` | the identity number | must be given |
//! | `mobile=` | the mobile number, for providers with three factors | none |
//! | `provider=` | whom to ask | `idcert` |
//! | `appcode=` | the AppCode | must be given, or the next two |
//! | `appkey=`, `appsecret=` | an AppKey and its secret: the request is signed | |
//! | `insecure-url=` | an `http://` address to ask at, which everybody on the way can read | the provider's own, by TLS |
//! | `anchor=` | a file with a root certificate (DER), with TLS | must be given |
//! | `times=` | how often in a row | 1 |
//! | `keep=yes` | over one connection | a connection each |
//! | `first-byte-ms=` | how long to wait for a reply | 10000 |

/// What somebody entered. It holds personal data and secrets, so nothing prints it.
#[derive(Clone, Copy)]
pub struct Entered<'a> {
    words: &'a str,
}

impl<'a> Entered<'a> {
    /// Takes the words.
    #[must_use]
    pub const fn new(words: &'a str) -> Self {
        Self { words }
    }

    /// The value of a word.
    #[must_use]
    pub fn get(&self, what: &str) -> Option<&'a str> {
        self.words.split_ascii_whitespace().find_map(|word| {
            let (name, value) = word.split_at_checked(what.len())?;
            if name == what { value.strip_prefix('=') } else { None }
        })
    }

    /// The value of a word as a number.
    #[must_use]
    pub fn number(&self, what: &str, default: u32) -> u32 {
        self.get(what).and_then(|value| value.parse().ok()).unwrap_or(default)
    }
}
