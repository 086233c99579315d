//! Certificates, made anew for each test, around the time at which they are made: an emulated device has the host's clock.

use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, SignatureAlgorithm, date_time_ymd,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::GATEWAY;

/// Seconds of a day.
pub const DAY: i64 = 24 * 60 * 60;

/// Seconds since 1970-01-01 00:00 UTC.
#[must_use]
pub fn now() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs()
}

/// An authority, of the root or below it.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A chain with the key of its leaf.
pub struct Identity {
    /// The leaf, and what it hangs on.
    pub chain: Vec<CertificateDer<'static>>,
    /// The leaf's key.
    pub key: PrivateKeyDer<'static>,
}

impl Clone for Identity {
    fn clone(&self) -> Self {
        Self { chain: self.chain.clone(), key: self.key.clone_key() }
    }
}

/// Valid from and until so many seconds from now.
fn valid(mut params: CertificateParams, from: i64, until: i64) -> CertificateParams {
    let at = |offset: i64| date_time_ymd(1970, 1, 1) + Duration::from_secs(now().saturating_add_signed(offset));
    (params.not_before, params.not_after) = (at(from), at(until));
    params
}

fn authority(name: &str) -> CertificateParams {
    let mut params = valid(CertificateParams::new(Vec::new()).unwrap(), -300 * DAY, 60 * DAY);
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params
}

/// A leaf for a server of this name.
#[must_use]
pub fn leaf(name: &str) -> CertificateParams {
    changed(name, -300 * DAY, 60 * DAY, ExtendedKeyUsagePurpose::ServerAuth)
}

/// A leaf of this name, valid from and until so many seconds from now, for this purpose.
#[must_use]
pub fn changed(name: &str, from: i64, until: i64, purpose: ExtendedKeyUsagePurpose) -> CertificateParams {
    let mut params = valid(CertificateParams::new(vec![name.to_owned()]).unwrap(), from, until);
    params.extended_key_usages = vec![purpose];
    params
}

impl Authority {
    /// A root with a P-256 key.
    #[must_use]
    pub fn root(name: &str) -> Self {
        Self::root_with(name, &PKCS_ECDSA_P256_SHA256)
    }

    fn root_with(name: &str, algorithm: &'static SignatureAlgorithm) -> Self {
        let key = KeyPair::generate_for(algorithm).unwrap();
        Self(CertifiedIssuer::self_signed(authority(name), key).unwrap())
    }

    /// A root with a P-384 key.
    #[must_use]
    pub fn p384(name: &str) -> Self {
        Self::root_with(name, &PKCS_ECDSA_P384_SHA384)
    }

    /// An authority below this one.
    #[must_use]
    pub fn below(&self, name: &str) -> Self {
        Self(CertifiedIssuer::signed_by(authority(name), KeyPair::generate().unwrap(), &self.0).unwrap())
    }

    /// An issuer that is no authority: an ordinary leaf that signs nevertheless.
    #[must_use]
    pub fn forger(&self) -> Self {
        Self(CertifiedIssuer::signed_by(leaf(GATEWAY), KeyPair::generate().unwrap(), &self.0).unwrap())
    }

    /// Its certificate.
    #[must_use]
    pub fn der(&self) -> &CertificateDer<'static> {
        self.0.der()
    }

    /// A leaf under it.
    #[must_use]
    pub fn issue(&self, params: &CertificateParams) -> Identity {
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        Identity { chain: vec![certificate.der().clone()], key: PrivateKeyDer::try_from(key.serialize_der()).unwrap() }
    }

    /// A leaf whose chain names this authority too.
    #[must_use]
    pub fn issue_with_chain(&self, params: &CertificateParams) -> Identity {
        let mut identity = self.issue(params);
        identity.chain.push(self.der().clone());
        identity
    }
}
