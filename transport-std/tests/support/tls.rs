//! Certificates and peers for tests of TLS.

use std::io::{self, Read, Write};
use std::sync::Arc;

use heyan::provider::IDCERT;
use heyan_std::{Config, Trust};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, date_time_ymd,
};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned, SupportedProtocolVersion};

use super::{PATIENCE, Stream, credentials};

pub(crate) const HOST: &str = "peer.test";

/// A certification authority of a test.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(crate) fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    pub(crate) fn trust(&self) -> Trust {
        Trust::only_pem(self.pem().as_bytes()).unwrap()
    }

    /// A server with a certificate for these names, after `change`.
    pub(crate) fn server(&self, names: &[&str], change: impl FnOnce(&mut CertificateParams)) -> Arc<ServerConfig> {
        self.server_of(names, change, rustls::DEFAULT_VERSIONS)
    }

    /// The same for these versions of TLS.
    pub(crate) fn server_of(
        &self,
        names: &[&str],
        change: impl FnOnce(&mut CertificateParams),
        versions: &[&'static SupportedProtocolVersion],
    ) -> Arc<ServerConfig> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2400, 1, 1);
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let ring = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(ring)
            .with_protocol_versions(versions)
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        Arc::new(config)
    }
}

/// What a [`Peer`](super::Peer) speaks through.
pub(crate) fn shake_hands<S: Read + Write + Send + 'static>(
    config: Arc<ServerConfig>,
) -> impl Fn(S) -> io::Result<Box<dyn Stream>> + Send + Sync + 'static {
    move |mut socket| {
        let mut session = ServerConnection::new(Arc::clone(&config)).map_err(io::Error::other)?;
        while session.is_handshaking() {
            session.complete_io(&mut socket)?;
        }
        Ok(Box::new(Speaking(StreamOwned::new(session, socket))))
    }
}

/// A connection behind its handshake.
pub(crate) struct Speaking<S: Read + Write>(pub(crate) StreamOwned<ServerConnection, S>);

impl<S: Read + Write> Read for Speaking<S> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.0.read(into)
    }
}

impl<S: Read + Write> Write for Speaking<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl<S: Read + Write + Send> Stream for Speaking<S> {}

/// A configuration for a peer that speaks TLS on this port, as `host`.
pub(crate) fn secure(host: &str, port: u16, trust: Trust) -> Config {
    Config::new(&IDCERT, credentials())
        .base_url(&format!("https://{host}:{port}"))
        .unwrap()
        .resolve_with(|_, port| Ok(vec![([127, 0, 0, 1], port).into()]))
        .trust(trust)
        .timeout(PATIENCE)
}
