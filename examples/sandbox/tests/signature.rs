//! `X-Ca-*` signatures, made here with the sandbox's own signer, which the published examples vouch for.

mod common;

use common::{ID, Reply, Request};
use heyan_sandbox::signature::{SignedParts, sign, string_to_sign};
use heyan_sandbox::{APP_KEY, APP_SECRET, ErrorStyle, Provider, Sandbox};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

const NOW: u64 = 1_900_000_000_000;
const MINUTE: u64 = 60_000;

/// A sandbox whose clock the test sets.
fn sandbox(style: ErrorStyle) -> (Sandbox, Arc<AtomicU64>) {
    let clock = Arc::new(AtomicU64::new(NOW));
    let read = Arc::clone(&clock);
    let sandbox = Sandbox::builder().error_style(style).clock(move || read.load(Ordering::Relaxed)).start().unwrap();
    (sandbox, clock)
}

/// A request signed with `secret`.
fn signed(provider: Provider, name: &str, timestamp: u64, nonce: &str, secret: &str) -> Request {
    let mut request =
        Request::new(provider, name, ID).with("Authorization", None).with("Accept", Some("application/json"));
    let timestamp = timestamp.to_string();
    let mut parameters = vec![(provider.id_parameter(), ID), (provider.name_parameter(), name)];
    if let Some(mobile) = provider.mobile_parameter() {
        parameters.push((mobile, common::MOBILE));
    }
    let content_type =
        request.headers.iter().find(|(name, _)| name == "Content-Type").map_or("", |(_, value)| value).to_owned();
    let string = string_to_sign(&SignedParts {
        method: provider.method(),
        accept: "application/json",
        content_type: &content_type,
        headers: vec![
            ("x-ca-key", APP_KEY),
            ("x-ca-nonce", nonce),
            ("x-ca-timestamp", &timestamp),
            ("x-ca-signature-method", "HmacSHA256"),
        ],
        path: provider.path(),
        parameters,
        ..SignedParts::default()
    });
    for (name, value) in [
        ("x-ca-key", APP_KEY),
        ("x-ca-nonce", nonce),
        ("x-ca-timestamp", &timestamp),
        ("x-ca-signature-method", "HmacSHA256"),
        ("x-ca-signature-headers", "x-ca-key,x-ca-nonce,x-ca-signature-method,x-ca-timestamp"),
        ("x-ca-signature", &sign(secret, &string)),
    ] {
        request = request.with(name, Some(value));
    }
    request
}

fn right(nonce: &str) -> Request {
    signed(Provider::Idcert, "张三", NOW, nonce, APP_SECRET)
}

#[track_caller]
fn refused(sandbox: &Sandbox, request: &Request, code: &str) -> Reply {
    let reply = request.send(sandbox);
    assert_eq!(
        reply.code(),
        code,
        "{} {}",
        reply.status,
        String::from_utf8_lossy(reply.header("X-Ca-Error-Message").unwrap_or_default())
    );
    assert_eq!(sandbox.report().billed(), 0);
    reply
}

#[test]
fn a_right_signature_is_let_in_at_every_vendor() {
    let (sandbox, _) = sandbox(ErrorStyle::Code);
    for (index, provider) in Provider::ALL.into_iter().enumerate() {
        let reply = signed(provider, "张三", NOW, &format!("nonce-{index}"), APP_SECRET).send(&sandbox);
        assert_eq!(reply.status, 200, "{} {}", provider.slug(), reply.message());
    }
}

#[test]
fn timestamps_are_good_for_fifteen_minutes_either_way() {
    let (sandbox, clock) = sandbox(ErrorStyle::Code);
    for (offset, nonce) in [(15 * MINUTE, "late"), (0, "now")] {
        clock.store(NOW + offset, Ordering::Relaxed);
        assert_eq!(right(nonce).send(&sandbox).status, 200);
    }
    clock.store(NOW - 15 * MINUTE, Ordering::Relaxed);
    assert_eq!(right("early").send(&sandbox).status, 200);
    for clock_at in [NOW + 15 * MINUTE + 1, NOW - 15 * MINUTE - 1] {
        clock.store(clock_at, Ordering::Relaxed);
        let reply = right("out").send(&sandbox);
        assert_eq!((reply.status, reply.code().as_str()), (403, "S403TE"));
    }
}

#[test]
fn a_nonce_is_good_once_in_fifteen_minutes() {
    let (sandbox, clock) = sandbox(ErrorStyle::Code);
    assert_eq!(right("nonce").send(&sandbox).status, 200);
    assert_eq!(right("nonce").send(&sandbox).code(), "S403NU");
    assert_eq!(right("other").send(&sandbox).status, 200);
    clock.store(NOW + 31 * MINUTE, Ordering::Relaxed);
    let later = signed(Provider::Idcert, "张三", NOW + 31 * MINUTE, "nonce", APP_SECRET);
    assert_eq!(later.send(&sandbox).status, 200);
    // A wrong signature uses no nonce up.
    let forged = signed(Provider::Idcert, "张三", NOW + 31 * MINUTE, "third", "wrong");
    assert_eq!(forged.send(&sandbox).code(), "A403IS");
    let third = signed(Provider::Idcert, "张三", NOW + 31 * MINUTE, "third", APP_SECRET);
    assert_eq!(third.send(&sandbox).status, 200);
}

#[test]
fn a_wrong_signature_gets_the_string_to_sign_in_clear() {
    let (sandbox, _) = sandbox(ErrorStyle::Code);
    let request = signed(Provider::Idcert, "张三", NOW, "n", "wrong");
    let reply = refused(&sandbox, &request, "A403IS");
    let expected = format!(
        "Invalid Signature, Server StringToSign:`GET#application/json####x-ca-key:{APP_KEY}#x-ca-nonce:n#\
         x-ca-signature-method:HmacSHA256#x-ca-timestamp:{NOW}#/idcard?idCard={ID}&name=张三`"
    );
    assert_eq!(reply.header("X-Ca-Error-Message"), Some(expected.as_bytes()), "{}", reply.message());
    let form = signed(Provider::Checkone, "张三", NOW, "n", "wrong");
    let reply = refused(&sandbox, &form, "A403IS");
    assert!(
        reply.message().contains("POST#application/json##application/x-www-form-urlencoded; charset=UTF-8##x-ca-key")
    );
    assert!(reply.message().ends_with(&format!("/chinadatapay/1882?idcard={ID}&name=张三`")), "{}", reply.message());
}

#[test]
fn every_signed_part_is_checked() {
    let (sandbox, _) = sandbox(ErrorStyle::Code);
    for (name, value) in [
        ("Accept", Some("*/*")),
        ("Accept", None),
        ("Content-Type", Some("text/plain")),
        ("Date", Some("Thu, 01 Jan 1970 00:00:00 GMT")),
        ("x-ca-nonce", Some("other")),
        ("x-ca-signature-headers", Some("x-ca-key,x-ca-nonce,x-ca-timestamp")),
        ("x-ca-signature-headers", None),
        ("x-ca-signature", Some("AAAA")),
    ] {
        refused(&sandbox, &right("n").with(name, value), "A403IS");
    }
    let mut other = right("n");
    other.target = other.target.replace(ID, "11010119000101009X");
    refused(&sandbox, &other, "A403IS");
    let mut more = right("n");
    more.target.push_str("&more=1");
    refused(&sandbox, &more, "A403IS");
}

#[test]
fn every_header_is_asked_for() {
    let (sandbox, _) = sandbox(ErrorStyle::Code);
    for (name, value, code) in [
        ("x-ca-key", None, "A400IK"),
        ("x-ca-key", Some("stranger"), "A400IK"),
        ("x-ca-signature", None, "I400MH"),
        ("x-ca-signature", Some(""), "I400MH"),
        ("x-ca-timestamp", None, "I400MH"),
        ("x-ca-timestamp", Some("soon"), "I400HD"),
        ("x-ca-timestamp", Some("1900000000"), "S403TE"), // seconds
        ("x-ca-nonce", None, "I400NC"),
        ("x-ca-signature-method", Some("HmacSHA1"), "I400HD"),
        ("x-ca-signature-headers", Some("x-ca-key,x-ca-signature"), "I400HD"),
        ("x-ca-signature-headers", Some("x-ca-key,x-ca-absent"), "I400HD"),
        ("Content-MD5", Some("AAAAAAAAAAAAAAAAAAAAAA=="), "I400I5"),
    ] {
        refused(&sandbox, &right("n").with(name, value), code);
    }
    let mut twice = right("n");
    twice.headers.push(("X-Ca-Nonce".into(), "n".into()));
    refused(&sandbox, &twice, "I400HD");
}

#[test]
fn classic_instances_say_it_in_words() {
    let (sandbox, clock) = sandbox(ErrorStyle::Classic);
    for (request, status, message) in [
        (right("n").with("x-ca-key", Some("stranger")), 400, "Invalid AppKey"),
        (right("n").with("x-ca-signature", None), 401, "Empty Signature"),
        (right("n").with("x-ca-timestamp", Some("soon")), 400, "Invalid Timestamp"),
    ] {
        let reply = request.send(&sandbox);
        assert_eq!((reply.status, reply.message().as_str(), reply.code().as_str()), (status, message, ""));
    }
    let wrong = signed(Provider::Sfz2, "张三", NOW, "n", "wrong").send(&sandbox);
    assert_eq!(wrong.status, 400);
    assert!(
        wrong.message().starts_with("Invalid Signature, Server StringToSign:`GET#")
            && wrong.message().contains("xm=张三")
    );
    assert_eq!(right("n").send(&sandbox).status, 200);
    assert_eq!(right("n").send(&sandbox).message(), "Nonce Used");
    clock.store(NOW + 16 * MINUTE, Ordering::Relaxed);
    assert_eq!(right("m").send(&sandbox).message(), "Timestamp Expired");
}
