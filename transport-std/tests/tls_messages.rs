//! TLS, broken at each message of the handshake, which only a server with the right keys can do: those of the matrix that
//! devices meet too, and an honest one with one message changed.

mod support;

use std::time::Duration;

use base64ct::{Base64, Encoding};
use heyan::{Billing, ChannelError, ChannelFault, OwnedOutcome, Retry, Verdict};
use heyan_peers::tls13::Say::{
    self, Certificate, CertificateVerify, Encrypted, EncryptedExtensions, Finished, InClear,
};
use heyan_peers::{Authority, GATEWAY, Must, Tls, certificates, leaf, player, proofs, reply};
use heyan_std::{Config, Error, Trust};
use support::tls::secure;
use support::{client, verify};

/// How long a handshake that stalls is waited for. Others take as long as they take.
const SHORT: Duration = Duration::from_millis(300);

/// A configuration that believes in this authority alone.
fn believing(root: &[u8], port: u16) -> Config {
    let pem = format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", Base64::encode_string(root));
    secure(GATEWAY, port, Trust::only_pem(pem.as_bytes()).unwrap())
}

/// The fault, if nothing of the request had left, with the price and the advice that go with that.
fn free_fault(result: Result<OwnedOutcome, Error>, what: &str) -> ChannelFault {
    let error = result.expect_err(what);
    let Some(heyan::Error::Channel(ChannelError { fault, sent: false, .. })) = error.inquiry() else {
        panic!("{what}: {error:?}")
    };
    let advice = if *fault == ChannelFault::Tls { Retry::OtherProvider } else { Retry::SameProvider };
    assert_eq!((error.billing(), error.retry()), (Billing::Free, advice), "{what}");
    *fault
}

#[test]
fn servers_that_prove_nothing_hear_nothing() {
    let mut refused = 0;
    for case in certificates().into_iter().chain(proofs()) {
        let Must::Refuse(_) = case.must(Tls::Rustls) else { continue };
        let running = case.start();
        let result = verify(&client(believing(&case.root, running.address.port())));
        assert_eq!(free_fault(result, &case.what), ChannelFault::Tls, "{}", case.what);
        assert!(running.finish().is_empty(), "{}", case.what);
        refused += 1;
    }
    assert!(refused > 20, "{refused}");
}

#[test]
fn a_handshake_that_breaks_at_any_message_is_free() {
    let root = Authority::root("Root");
    let identities = vec![root.issue(&leaf(GATEWAY))];
    let honest = [EncryptedExtensions, Certificate(0), CertificateVerify(0), Finished];
    let ask = |part: Vec<Say>, patience: Option<Duration>| {
        let (address, thread) = player(identities.clone(), part, Vec::new(), reply("01"));
        let config = believing(root.der(), address.port());
        let config = match patience {
            Some(patience) => config.connect_timeout(patience),
            None => config,
        };
        let result = verify(&client(config));
        (result, thread.join().unwrap().request)
    };
    let (result, request) = ask(honest.to_vec(), None);
    assert_eq!(result.unwrap().verdict(), Verdict::Match);
    assert!(!request.is_empty());

    // What each message is on the wire: RFC 8446, section 4.
    let types = [8, 11, 15, 20];
    for (at, message_type) in types.into_iter().enumerate() {
        let (before, behind) = (&honest[..at], &honest[at + 1..]);
        let with = |instead: &[Say]| [before, instead, behind].concat();
        let broken = [
            ("garbled", with(&[Encrypted(22, vec![message_type, 0, 0, 4, 1, 2, 3, 4])])),
            ("empty", with(&[Encrypted(22, vec![message_type, 0, 0, 0])])),
            ("in clear", with(&[InClear(message_type, vec![0, 0])])),
            ("an alert", with(&[Encrypted(21, vec![2, 40])])),
        ];
        for (how, part) in broken {
            let what = format!("message {at} {how}");
            let (result, request) = ask(part, None);
            assert_eq!(free_fault(result, &what), ChannelFault::Tls, "{what}");
            assert!(request.is_empty(), "{what}");
        }
        // The last one twice is none of the handshake any more, and without the last one it stalls.
        if let [next, rest @ ..] = behind {
            for (how, part) in [
                ("twice", [before, &honest[at..=at], &honest[at..]].concat()),
                ("late", [before, std::slice::from_ref(next), &honest[at..=at], rest].concat()),
                ("missing", [before, behind].concat()),
            ] {
                let what = format!("message {at} {how}");
                let (result, request) = ask(part, None);
                assert_eq!(free_fault(result, &what), ChannelFault::Tls, "{what}");
                assert!(request.is_empty(), "{what}");
            }
        }
        let (result, request) = ask(before.to_vec(), Some(SHORT));
        assert_eq!(free_fault(result, "stalled"), ChannelFault::TimedOut, "message {at} stalled");
        assert!(request.is_empty());
    }
}
