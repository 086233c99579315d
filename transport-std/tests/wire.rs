//! What crosses the wire is what the core wrote.

mod support;

use heyan::policy::Class;
use heyan::provider::ALL;
use heyan::{AppCode, AppKey, Consent, Credentials, Endpoint, Inquiry, Provider, Stamp, VendorKey, Verdict};
use heyan_std::{Call, Config, OwnedCredentials};
use support::{APP_CODE, Act, PATIENCE, Peer, client, plain, plain_for, subject_for, verify};

const NONCE: &str = "787dd0c2-7bd8-41cd-9c19-62c05ea524a2";

fn stamp() -> Stamp {
    Stamp::with_nonce(1_646_365_291_734, NONCE).unwrap()
}

/// The core's own bytes for the same inquiry.
fn golden(provider: &'static dyn Provider, credentials: Credentials<'_>, url: &str, extra: bool) -> Vec<u8> {
    let inquiry = Inquiry::new(provider, subject_for(provider), Consent::given(), credentials)
        .unwrap()
        .at(Endpoint::parse_insecure_http(url).unwrap());
    let inquiry = if extra { inquiry.with_fields(&|_, fields| fields.add("appid", "a b/测")) } else { inquiry };
    let mut buffer = vec![0; 4096];
    inquiry.write(&mut buffer).unwrap().expose().bytes.to_vec()
}

/// What arrived from a client with these credentials.
fn captured(provider: &'static dyn Provider, credentials: OwnedCredentials, extra: bool) -> (Vec<u8>, String) {
    let peer = Peer::start(vec![vec![Act::ReplyAndClose(support::reply("200 OK", "", b"{}"))]]);
    let url = format!("http://127.0.0.1:{}", peer.port);
    let config = Config::new(provider, credentials).insecure_http_base_url(&url).unwrap().timeout(PATIENCE);
    let call = Call::new().stamp(stamp());
    let call = if extra { call.fields(&|_, fields| fields.add("appid", "a b/测")) } else { call };
    let error = client(config).verify_with(&subject_for(provider), Consent::given(), &call).unwrap_err();
    assert_eq!(error.class(), Class::NoVerdict);
    (peer.request(), url)
}

#[test]
fn every_request_arrives_byte_for_byte() {
    for provider in ALL.iter().copied() {
        for extra in [false, true] {
            let (bytes, url) = captured(provider, OwnedCredentials::app_code(APP_CODE).unwrap(), extra);
            let code = Credentials::AppCode(AppCode::new(APP_CODE).unwrap());
            assert_eq!(bytes, golden(provider, code, &url, extra), "{}", bytes.escape_ascii());

            let (bytes, url) = captured(provider, OwnedCredentials::app_key("key", "test-secret").unwrap(), extra);
            let signed = Credentials::Signed(AppKey::new("key", "test-secret").unwrap(), stamp());
            assert_eq!(bytes, golden(provider, signed, &url, extra), "{}", bytes.escape_ascii());
            assert!(!bytes.windows(11).any(|part| part == b"test-secret"));

            if provider.info().vendor_key_parameter.is_some() {
                let (bytes, url) = captured(provider, OwnedCredentials::vendor_key("test+key").unwrap(), extra);
                let vendor = Credentials::VendorKey(VendorKey::new("test+key").unwrap());
                assert_eq!(bytes, golden(provider, vendor, &url, extra), "{}", bytes.escape_ascii());
            }
        }
    }
}

#[test]
fn every_attempt_has_a_stamp_of_its_own() {
    let peer = Peer::start(vec![vec![support::matching(), support::matching()]]);
    let credentials = OwnedCredentials::app_key("key", "test-secret").unwrap();
    let url = format!("http://127.0.0.1:{}", peer.port);
    let config = Config::new(&heyan::provider::IDCERT, credentials).insecure_http_base_url(&url).unwrap();
    let client = client(config);
    let mut nonces = Vec::new();
    for _ in 0..2 {
        assert_eq!(verify(&client).unwrap().verdict(), Verdict::Match);
        let request = String::from_utf8(peer.request()).unwrap();
        let field = |name: &str| request.lines().find_map(|line| line.strip_prefix(name)).unwrap().to_owned();
        let sent_ms: u64 = field("x-ca-timestamp: ").parse().unwrap();
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis();
        assert!(now - u128::from(sent_ms) < PATIENCE.as_millis());
        nonces.push(field("x-ca-nonce: "));
    }
    assert_ne!(nonces[0], nonces[1]);
}

#[test]
fn fields_longer_than_any_buffer_arrive_too() {
    let peer = Peer::start(vec![vec![Act::Reply(support::reply("200 OK", "", b"{}"))]]);
    let value = "x".repeat(40_000);
    let fields = |_: &heyan::Subject<'_>, fields: &mut heyan::http::Fields<'_>| fields.add("extra", &value);
    let provider = &heyan::provider::CHECKONE;
    let call = Call::new().fields(&fields);
    let client = client(plain_for(provider, peer.port));
    assert_eq!(
        client.verify_with(&subject_for(provider), Consent::given(), &call).unwrap_err().class(),
        Class::NoVerdict
    );
    assert!(peer.request().ends_with(value.as_bytes()));
}

#[test]
fn a_query_longer_than_any_buffer_arrives_too() {
    let peer = Peer::start(vec![vec![support::matching(), support::matching()]]);
    let value = "x".repeat(100_000);
    let fields = |_: &heyan::Subject<'_>, fields: &mut heyan::http::Fields<'_>| fields.add("extra", &value);
    let call = Call::new().fields(&fields);
    let client = client(plain(peer.port));
    for _ in 0..2 {
        let outcome = client.verify_with(&support::subject(), Consent::given(), &call).unwrap();
        assert_eq!(outcome.verdict(), Verdict::Match);
        let request = peer.request();
        assert!(request.windows(value.len()).any(|part| part == value.as_bytes()));
    }
    assert_eq!(peer.accepted(), 1);
}

#[test]
fn clients_and_their_parts_cross_threads() {
    fn shared<T: Send + Sync + 'static>() {}
    shared::<heyan_std::Client>();
    shared::<Config>();
    shared::<OwnedCredentials>();
    shared::<heyan_std::Trust>();
    shared::<heyan_std::Error>();
}
