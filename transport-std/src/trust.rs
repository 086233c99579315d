//! Whom a client believes: the trust anchors of TLS.

use std::fmt;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

use crate::link::provider;

/// The anchors that a server's certificate must lead to. There is no way to do without.
///
/// ```
/// use heyan_std::{Trust, TrustError};
/// assert_eq!(Trust::only_pem(b"no certificate").err(), Some(TrustError::NoCertificate));
/// let default = Trust::platform();
/// # let _ = default;
/// ```
#[derive(Clone)]
pub struct Trust {
    base: Base,
    anchors: Vec<CertificateDer<'static>>,
}

#[derive(Clone, Copy)]
enum Base {
    Platform,
    WebpkiRoots,
    Nothing,
}

/// Why anchors cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TrustError {
    /// The PEM text holds no `CERTIFICATE` section.
    NoCertificate,
    /// The PEM text is malformed.
    Pem,
    /// The certificate at this place, counted from 0, is no X.509 certificate that can serve as an anchor.
    Certificate {
        /// Which one.
        at: usize,
    },
    /// The platform's anchors cannot be read, or there are none: a container without CA certificates, for example.
    Platform,
}

impl fmt::Display for TrustError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCertificate => {
                f.write_str("the trust anchor file has no section -----BEGIN CERTIFICATE-----: give PEM, not DER")
            }
            Self::Pem => f.write_str("the trust anchor file is malformed PEM"),
            Self::Certificate { at } => {
                write!(f, "certificate {} of the trust anchor file is not usable as an anchor", at.saturating_add(1))
            }
            Self::Platform => f.write_str(
                "the system's trust anchors cannot be read: install its CA certificates, or use the built-in or own ones",
            ),
        }
    }
}

impl std::error::Error for TrustError {}

impl Trust {
    /// The anchors of the operating system, judged as it wants them to be. The default.
    #[must_use]
    pub const fn platform() -> Self {
        Self { base: Base::Platform, anchors: Vec::new() }
    }

    /// Mozilla's anchors, compiled in: the same on every machine, as old as the build.
    #[must_use]
    pub const fn webpki_roots() -> Self {
        Self { base: Base::WebpkiRoots, anchors: Vec::new() }
    }

    /// The certificates of this PEM text and no others.
    ///
    /// # Errors
    /// [`TrustError`] says what is wrong with the text.
    pub fn only_pem(pem: &[u8]) -> Result<Self, TrustError> {
        Self { base: Base::Nothing, anchors: Vec::new() }.and_pem(pem)
    }

    /// The certificates of this PEM text too, for example that of an inspecting proxy.
    ///
    /// # Errors
    /// [`TrustError`] says what is wrong with the text.
    pub fn and_pem(mut self, pem: &[u8]) -> Result<Self, TrustError> {
        let before = self.anchors.len();
        for (at, certificate) in CertificateDer::pem_slice_iter(pem).enumerate() {
            let certificate = certificate.map_err(|_| TrustError::Pem)?;
            RootCertStore::empty().add(certificate.clone()).map_err(|_| TrustError::Certificate { at })?;
            self.anchors.push(certificate);
        }
        if self.anchors.len() == before { Err(TrustError::NoCertificate) } else { Ok(self) }
    }

    /// TLS 1.2 and 1.3 with ring, for clients that show no certificate of their own.
    pub(crate) fn into_tls(self) -> Result<Arc<ClientConfig>, TrustError> {
        let ring = Arc::new(provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&ring))
            .with_safe_default_protocol_versions()
            .map_err(|_| TrustError::Platform)?;
        let builder = match self.base {
            Base::Platform => {
                let verifier = rustls_platform_verifier::Verifier::new_with_extra_roots(self.anchors, ring)
                    .map_err(|_| TrustError::Platform)?;
                // "Dangerous" is what rustls calls any verifier that is not its own. This one judges by the
                // platform's rules and never less.
                builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier))
            }
            Base::WebpkiRoots | Base::Nothing => {
                let mut roots = RootCertStore::empty();
                if matches!(self.base, Base::WebpkiRoots) {
                    roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
                }
                for (at, anchor) in self.anchors.into_iter().enumerate() {
                    roots.add(anchor).map_err(|_| TrustError::Certificate { at })?;
                }
                builder.with_root_certificates(roots)
            }
        };
        Ok(Arc::new(builder.with_no_client_auth()))
    }
}

impl Default for Trust {
    fn default() -> Self {
        Self::platform()
    }
}

impl fmt::Debug for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let base = match self.base {
            Base::Platform => "platform",
            Base::WebpkiRoots => "webpki-roots",
            Base::Nothing => "nothing",
        };
        write!(f, "Trust({base} and {} more)", self.anchors.len())
    }
}
