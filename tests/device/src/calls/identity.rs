//! The gateway's certificates, made anew at each start: good ones, and those that no device should believe.

use std::sync::Arc;

use anyhow::Result;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose, date_time_ymd,
};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, SupportedProtocolVersion};

/// What is special about a server's certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leaf {
    /// Nothing.
    Good,
    /// It ran out before the images' today.
    Expired,
    /// It is another host's, which calls itself by the vendor's name where nobody looks any more (RFC 6125 §6.4.4).
    OtherHost,
    /// It names the host where it belongs, and only there.
    NoCommonName,
    /// An authority that nobody trusts signed it.
    OtherAuthority,
    /// Somebody signed it who has a certificate of the authority's, but is none himself.
    ByNoAuthority,
}

/// An authority for the vendor's host: as the sandbox's, whose server cannot be asked without a network.
pub struct Identity(CertifiedIssuer<'static, KeyPair>);

impl Identity {
    pub fn new() -> Result<Self> {
        let mut params = params("authority", Vec::new())?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        Ok(Self(CertifiedIssuer::self_signed(params, KeyPair::generate()?)?))
    }

    /// The authority's certificate, in DER.
    pub fn anchor(&self) -> &[u8] {
        self.0.der()
    }

    /// A server that speaks this version and no other, with such a certificate.
    pub fn speaks(&self, version: &'static SupportedProtocolVersion, leaf: Leaf) -> Result<Arc<ServerConfig>> {
        let host = heyan::provider::IDCERT.info().host;
        let (common, other) = (if leaf == Leaf::NoCommonName { "gateway" } else { host }, "gateway.test");
        let mut params = params(common, vec![if leaf == Leaf::OtherHost { other } else { host }.to_owned()])?;
        if leaf == Leaf::Expired {
            params.not_after = date_time_ymd(2020, 12, 31);
        }
        let key = KeyPair::generate()?;
        let mut chain: Vec<CertificateDer<'static>> = Vec::new();
        if leaf == Leaf::ByNoAuthority {
            let somebody = self::params(other, vec![other.to_owned()])?;
            let somebody = CertifiedIssuer::signed_by(somebody, KeyPair::generate()?, &self.0)?;
            chain.extend([params.signed_by(&key, &somebody)?.der().clone(), somebody.der().clone()]);
        } else if leaf == Leaf::OtherAuthority {
            let authority = Self::new()?.0;
            chain.extend([params.signed_by(&key, &authority)?.der().clone(), authority.der().clone()]);
        } else {
            chain.extend([params.signed_by(&key, &self.0)?.der().clone(), self.0.der().clone()]);
        }
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(&[version])?
            .with_no_client_auth()
            .with_single_cert(chain, PrivatePkcs8KeyDer::from(key.serialize_der()).into())?;
        Ok(Arc::new(config))
    }
}

/// Valid whatever the image takes for today.
fn params(common: &str, names: Vec<String>) -> Result<CertificateParams> {
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name.push(DnType::CommonName, common);
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2049, 12, 31);
    Ok(params)
}
