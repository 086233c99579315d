//! Servers that are in order, by rustls and OpenSSL, are believed by both kinds of TLS in both twins.

mod support;

use std::sync::Arc;

use heyan::{ChannelFault, Error, Verdict};
use heyan_embedded::tls::{Dates, TlsError, Trust};
use heyan_peers::{Authority, DAY, GATEWAY, Must, OpenSsl, changed, closing_gateway, gateway, leaf, server_config};
use rcgen::ExtendedKeyUsagePurpose::ServerAuth;
use rustls::version::{TLS12, TLS13};
use support::tls::{ALGORITHMS, Client, Socket, call, call_and_wait, call_with, leak, trust};

#[test]
fn a_leaf_and_one_through_an_intermediate_are_believed() {
    let root = Authority::root("Root");
    let intermediate = root.below("Intermediate");
    for identity in [root.issue(&leaf(GATEWAY)), intermediate.issue_with_chain(&leaf(GATEWAY))] {
        for client in Client::ALL {
            let (address, peer) = gateway(server_config(&identity, &[&TLS13]), 1);
            let ended = call(client, address, trust(root.der()), 3);
            assert!(ended.iter().all(|end| end.as_ref().unwrap().verdict() == Verdict::Match), "{client:?}: {ended:?}");
            assert_eq!(ended.len(), 3);
            let seen = peer.join().unwrap();
            assert_eq!(support::count_requests(&seen[0].request), 3, "one connection for three people");
        }
    }
}

#[test]
fn p384_is_believed() {
    let root = Authority::p384("Root 384");
    let identity = root.issue(&leaf(GATEWAY));
    for client in Client::ALL {
        let (address, peer) = gateway(server_config(&identity, &[&TLS13]), 1);
        let ended = call(client, address, trust(root.der()), 1);
        assert!(ended[0].is_ok(), "{client:?}: {ended:?}");
        peer.join().unwrap();
    }
}

#[test]
fn tls_1_2_is_spoken_by_rustls_and_cleanly_refused_by_the_other() {
    let root = Authority::root("Root");
    let identity = root.issue(&leaf(GATEWAY));
    for client in Client::ALL {
        let (address, peer) = gateway(server_config(&identity, &[&TLS12]), 1);
        let ended = call(client, address, trust(root.der()), 2);
        let seen = peer.join().unwrap();
        if Client::RUSTLS.contains(&client) {
            assert!(ended.len() == 2 && ended.iter().all(Result::is_ok), "{client:?}: {ended:?}");
        } else {
            let Err(Error::Channel(error)) = &ended[0] else { panic!("{ended:?}") };
            assert_eq!((error.fault, error.sent), (ChannelFault::Tls, false));
            assert!(matches!(error.source, Some(TlsError::Declined | TlsError::Protocol)), "{error:?}");
            assert!(seen[0].request.is_empty());
        }
    }
}

#[test]
fn every_suite_and_group_of_rustls_works() {
    use rustls::crypto::ring::{cipher_suite, default_provider, kx_group};
    let root = Authority::root("Root");
    let identity = root.issue(&leaf(GATEWAY));
    let suites = [
        cipher_suite::TLS13_AES_128_GCM_SHA256,
        cipher_suite::TLS13_AES_256_GCM_SHA384,
        cipher_suite::TLS13_CHACHA20_POLY1305_SHA256,
        cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
        cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
        cipher_suite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    ];
    for suite in suites {
        for group in [kx_group::X25519, kx_group::SECP256R1] {
            let provider = rustls::crypto::CryptoProvider {
                cipher_suites: vec![suite],
                kx_groups: vec![group],
                ..default_provider()
            };
            let config = rustls::ServerConfig::builder_with_provider(Arc::new(provider))
                .with_protocol_versions(&[suite.version()])
                .unwrap()
                .with_no_client_auth()
                .with_single_cert(identity.chain.clone(), identity.key.clone_key())
                .unwrap();
            let (address, peer) = gateway(Arc::new(config), 1);
            let ended = call(Client::RustlsBlocking, address, trust(root.der()), 2);
            assert!(ended.len() == 2 && ended.iter().all(Result::is_ok), "{suite:?} {group:?}: {ended:?}");
            peer.join().unwrap();
        }
    }
}

#[test]
fn a_session_is_resumed() {
    let root = Authority::root("Root");
    let identity = root.issue(&leaf(GATEWAY));
    for version in [&TLS13, &TLS12] {
        let (address, peer) = gateway(server_config(&identity, &[version]), 4);
        for client in Client::RUSTLS {
            let trust = trust(root.der());
            let config = heyan_embedded::tls::rustls::Config::new(&ALGORITHMS, trust).unwrap();
            for _ in 0..2 {
                let ended = call_with(client, Socket::connect(address), trust, &config, 1);
                assert!(ended[0].is_ok(), "{ended:?}");
            }
        }
        let seen: Vec<bool> = peer.join().unwrap().iter().map(|seen| seen.resumed).collect();
        assert_eq!(seen, [false, true, false, true], "{version:?}");
    }
}

#[test]
fn a_device_without_a_clock_takes_any_date_and_checks_the_rest() {
    let root = Authority::root("Root");
    let old = changed(GATEWAY, -300 * DAY, -200 * DAY, ServerAuth);
    let stranger = Authority::root("Stranger");
    for client in Client::ALL {
        let dates = Dates::UncheckedForWantOfAClock;
        for (identity, believed) in
            [(root.issue(&old), true), (root.issue(&leaf("other.test")), false), (stranger.issue(&old), false)]
        {
            let (address, peer) = gateway(server_config(&identity, &[&TLS13]), 1);
            let ended = call(client, address, Trust::new(leak(root.der()), dates), 1);
            assert_eq!(ended[0].is_ok(), believed, "{client:?}: {ended:?}");
            assert_eq!(peer.join().unwrap()[0].request.is_empty(), !believed);
        }
    }
}

#[test]
fn a_connection_that_the_gateway_closed_meanwhile_is_not_used() {
    let root = Authority::root("Root");
    let identity = root.issue(&leaf(GATEWAY));
    for client in Client::ALL {
        let (address, peer) = closing_gateway(server_config(&identity, &[&TLS13]));
        let trust = trust(root.der());
        let config = heyan_embedded::tls::rustls::Config::new(&ALGORITHMS, trust).unwrap();
        let (mut peer, mut seen) = (Some(peer), Vec::new());
        let ended = call_and_wait(client, Socket::connect(address), trust, &config, 2, || {
            seen = peer.take().unwrap().join().unwrap().request;
        });
        assert!(ended[0].is_ok(), "{client:?}: {ended:?}");
        let Err(Error::Channel(error)) = &ended[1] else { panic!("{client:?}: {ended:?}") };
        assert_eq!(
            (error.fault, error.sent, error.source.is_none()),
            (ChannelFault::Broken, false, true),
            "{client:?}"
        );
        assert_eq!(support::count_requests(&seen), 1, "{client:?}");
    }
}

/// By rustls, and by real OpenSSL if it is there: RSA and ECDSA chains, with and without an intermediate, TLS 1.2 and 1.3.
#[test]
fn servers_that_are_in_order_are_believed() {
    let Some(openssl) = OpenSsl::find() else { return };
    for case in heyan_peers::accepted(&Arc::new(openssl)) {
        for client in Client::ALL {
            let peer = case.start();
            let ended = call(client, peer.address, trust(&case.root), 1).remove(0);
            let must = case.must(client.tls()) == Must::Believe;
            assert_eq!(ended.is_ok(), must, "{}, {client:?}: {ended:?}", case.what);
            assert_eq!(support::count_requests(&peer.finish()), usize::from(must), "{}, {client:?}", case.what);
        }
    }
}

#[test]
fn longer_keys_are_believed() {
    let Some(openssl) = OpenSsl::find() else { return };
    let pki = openssl.pki("rsa:3072", "rsa:3072", "-sha256");
    for version in ["-tls1_2", "-tls1_3"] {
        for client in Client::RUSTLS {
            let peer = openssl.serve(&pki, &[version]);
            let ended = call(client, peer.address(), trust(&pki.root), 1).remove(0);
            assert!(ended.is_ok(), "{version}, {client:?}: {ended:?}");
            assert_eq!(support::count_requests(&peer.finish()), 1);
        }
    }
}
