//! TLS: trusted through the sandbox's own authority, and through nothing else.

mod common;

use common::{ID, Reply, Request};
use heyan_sandbox::{Provider, Sandbox};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned, SupportedProtocolVersion};
use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

/// A TLS connection that trusts `anchor`, to the server named `name`.
fn connect(
    sandbox: &Sandbox,
    anchor: CertificateDer<'_>,
    name: &str,
    version: &'static SupportedProtocolVersion,
) -> StreamOwned<ClientConnection, TcpStream> {
    let mut roots = RootCertStore::empty();
    roots.add(anchor.into_owned()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[version])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(name.to_owned()).unwrap();
    StreamOwned::new(ClientConnection::new(Arc::new(config), name).unwrap(), common::connect(sandbox))
}

fn anchor(sandbox: &Sandbox) -> CertificateDer<'_> {
    CertificateDer::from(sandbox.ca_der().unwrap())
}

fn exchange(mut stream: StreamOwned<ClientConnection, TcpStream>, bytes: &[u8]) -> (Vec<u8>, io::Result<usize>) {
    stream.write_all(bytes).unwrap();
    let mut raw = Vec::new();
    let end = stream.read_to_end(&mut raw);
    (raw, end)
}

fn sandbox() -> Sandbox {
    Sandbox::builder().https(true).threads(2).start().unwrap()
}

#[test]
fn every_name_of_the_certificate_works_in_both_versions() {
    let sandbox = sandbox();
    assert!(sandbox.url().starts_with("https://127.0.0.1:"));
    let names = ["localhost", "127.0.0.1", "::1"].into_iter().chain(Provider::ALL.map(Provider::host));
    for name in names {
        for version in [&TLS12, &TLS13] {
            let (raw, end) = exchange(
                connect(&sandbox, anchor(&sandbox), name, version),
                &Request::new(Provider::Idcert, "张三", ID).bytes(true),
            );
            assert!(end.is_ok(), "ends with close_notify");
            assert_eq!(Reply::parse(raw).json()["status"], "01");
        }
    }
}

#[test]
fn pem_and_der_are_the_same_certificate() {
    let sandbox = sandbox();
    let pem = CertificateDer::from_pem_slice(sandbox.ca_pem().unwrap().as_bytes()).unwrap();
    assert_eq!(pem, anchor(&sandbox));
    let plain = common::sandbox();
    assert_eq!((plain.ca_pem(), plain.ca_der()), (None, None));
}

#[test]
fn nothing_else_is_trusted() {
    let (sandbox, other) = (sandbox(), sandbox());
    for (anchor, name) in [(anchor(&other), "localhost"), (anchor(&sandbox), "example.com")] {
        let error = connect(&sandbox, anchor, name, &TLS13).write_all(b"GET").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidData, "{error}");
    }
    assert_eq!(sandbox.report().requests, 0);
}

#[test]
fn a_broken_line_is_told_from_an_end() {
    let sandbox = sandbox();
    let ask = |name: &str| {
        exchange(
            connect(&sandbox, anchor(&sandbox), "localhost", &TLS13),
            &Request::new(Provider::Idcert, name, ID).bytes(false),
        )
    };
    for name in ["断前", "断头", "断体", "断块尾"] {
        let (_, end) = ask(name);
        assert_eq!(end.unwrap_err().kind(), ErrorKind::UnexpectedEof, "{name}: no close_notify");
    }
    let (raw, end) = ask("关闭");
    assert!(end.is_ok());
    assert_eq!(Reply::parse(raw).json()["status"], "01");
    let (_, end) = ask("复位");
    assert_eq!(end.unwrap_err().kind(), ErrorKind::ConnectionReset);
}

#[test]
fn plain_http_to_it_is_no_tls() {
    let sandbox = sandbox();
    let mut stream = common::connect(&sandbox);
    stream.write_all(&Request::new(Provider::Idcert, "张三", ID).bytes(true)).unwrap();
    let mut raw = Vec::new();
    let _ = stream.read_to_end(&mut raw);
    assert!(!raw.starts_with(b"HTTP"));
    assert_eq!(sandbox.report().requests, 0);
}
