//! What answers the device: a gateway that knows one reply, by plain TCP or by TLS.

use std::io::{Read, Write};
use std::sync::Arc;

use anyhow::{Context, Result};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, KeyUsagePurpose, date_time_ymd};
use rustls::crypto::ring;
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::{ServerConfig, ServerConnection, SupportedProtocolVersion};

#[path = "../../../audit/src/reply.rs"]
mod reply;

/// A server of one kind.
#[derive(Clone)]
pub enum Server {
    /// Everybody on the way can read.
    Plain,
    /// By TLS.
    Tls(Arc<ServerConfig>),
}

/// One connection of it, without any network.
pub struct Session {
    tls: Option<ServerConnection>,
    request: Vec<u8>,
    to_send: Vec<u8>,
}

impl Server {
    /// A connection that just began.
    pub fn session(&self) -> Result<Session> {
        let tls = match self {
            Self::Plain => None,
            Self::Tls(config) => Some(ServerConnection::new(Arc::clone(config))?),
        };
        Ok(Session { tls, request: Vec::new(), to_send: Vec::new() })
    }
}

impl Session {
    /// Takes what arrived.
    pub fn receive(&mut self, mut bytes: &[u8]) -> Result<()> {
        match &mut self.tls {
            None => self.request.extend(bytes),
            Some(tls) => {
                while !bytes.is_empty() {
                    tls.read_tls(&mut bytes)?;
                    let state = tls.process_new_packets()?;
                    let mut plain = vec![0; state.plaintext_bytes_to_read()];
                    tls.reader().read_exact(&mut plain)?;
                    self.request.extend(plain);
                }
            }
        }
        // The request has no body.
        while let Some(end) = self.request.windows(4).position(|window| window == b"\r\n\r\n") {
            self.request.drain(..end + 4);
            let mut space = [0; 1024];
            let body = reply::body("idcert").context("no reply")?;
            let reply = reply::message(body, &mut space).context("the reply is too long")?;
            match &mut self.tls {
                None => self.to_send.extend(reply),
                Some(tls) => tls.writer().write_all(reply)?,
            }
        }
        while let Some(tls) = self.tls.as_mut().filter(|tls| tls.wants_write()) {
            tls.write_tls(&mut self.to_send)?;
        }
        Ok(())
    }

    /// What is to be sent and was not yet.
    pub fn outgoing(&mut self) -> &mut Vec<u8> {
        &mut self.to_send
    }
}

/// A certificate for the vendor's host under an authority of its own, made anew at each start: as the sandbox's, whose
/// server cannot be asked without a network.
pub struct Identity {
    authority: CertifiedIssuer<'static, KeyPair>,
    leaf: rcgen::Certificate,
    key: KeyPair,
}

impl Identity {
    pub fn new() -> Result<Self> {
        let mut params = params(Vec::new())?;
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
        let key = KeyPair::generate()?;
        let leaf = self::params(vec![heyan::provider::IDCERT.info().host.to_owned()])?.signed_by(&key, &authority)?;
        Ok(Self { authority, leaf, key })
    }

    /// The authority's certificate, in DER.
    pub fn anchor(&self) -> &[u8] {
        self.authority.der()
    }

    /// A server that speaks this version and no other.
    pub fn speaks(&self, version: &'static SupportedProtocolVersion) -> Result<Arc<ServerConfig>> {
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(&[version])?
            .with_no_client_auth()
            .with_single_cert(
                vec![self.leaf.der().clone(), self.authority.der().clone()],
                PrivatePkcs8KeyDer::from(self.key.serialize_der()).into(),
            )?;
        Ok(Arc::new(config))
    }
}

/// Valid whatever the image takes for today.
fn params(names: Vec<String>) -> Result<CertificateParams> {
    let mut params = CertificateParams::new(names)?;
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2049, 12, 31);
    Ok(params)
}
