//! What a logger gets to see. One test: there is one logger for a process.

mod support;

use std::sync::Mutex;

use base64ct::{Base64, Encoding};
use heyan::policy::Class;
use heyan::{Billing, Consent, Verdict};
use heyan_std::{Client, Error, OwnedCredentials};
use log::{Level, LevelFilter, Log, Metadata, Record};
use support::tls::{Authority, HOST, secure, shake_hands};
use support::{Act, MATCH, Peer, client, matching, plain, plain_for, reply, verify};

/// Writes down everything but `trace` of the targets that are muted.
struct Memory {
    text: Mutex<String>,
    muted: Mutex<Vec<&'static str>>,
}

static MEMORY: Memory = Memory { text: Mutex::new(String::new()), muted: Mutex::new(Vec::new()) };

impl Log for Memory {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.level() < Level::Trace || !self.muted.lock().unwrap().contains(&metadata.target())
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            let line = format!("{} {} {}\n", record.level(), record.target(), record.args());
            self.text.lock().unwrap().push_str(&line);
        }
    }

    fn flush(&self) {}
}

fn mute(targets: &[&'static str]) {
    *MEMORY.muted.lock().unwrap() = targets.to_vec();
}

fn take() -> String {
    std::mem::take(&mut *MEMORY.text.lock().unwrap())
}

const SECRET: &str = "test-secret-of-an-appkey";

/// Everything that must not be written down, in the forms in which it crosses the wire or could be printed.
fn finds(log: &str) -> Vec<String> {
    let mut forms = Vec::new();
    for text in [support::NAME, support::ID, support::MOBILE, support::APP_CODE, SECRET] {
        let percent: String = text.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let pairs: Vec<String> = text.bytes().map(|byte| format!("{byte:02x}")).collect();
        let rows: String = pairs.chunks(2).map(|pair| pair.concat() + " ").collect();
        forms.extend([text.to_owned(), percent, pairs.concat(), rows.trim_end().to_owned()]);
        forms.push(Base64::encode_string(text.as_bytes()).trim_end_matches('=').to_owned());
    }
    // ureq's own rows hold 16 bytes, so that longer texts are cut: a part that fits is looked for too.
    forms.extend(["idCard=", "%E5%BC%A0", "1101011900010", "appcode-not", "secret-of"].map(str::to_owned));
    let lower = log.to_lowercase();
    forms.into_iter().filter(|form| lower.contains(&form.to_lowercase())).collect()
}

/// Calls of every kind: GET and POST, plain and through TLS, AppCode and signature, replies and errors that hold the
/// person.
fn talk(configure: impl Fn(heyan_std::Config) -> heyan_std::Config) -> Vec<Result<heyan::OwnedOutcome, Error>> {
    let mut results = Vec::new();
    let authority = Authority::new("ours");
    let echo = format!(r#"{{"status":"01","msg":"{}","idCard":"{}"}}"#, support::NAME, support::ID);
    let message =
        format!("X-Ca-Error-Message: Invalid Signature, Server StringToSign:`{}{}`\r\n", support::ID, support::NAME);
    let away = format!("Location: http://127.0.0.1:1/?idCard={}\r\n", support::ID);
    let acts = || {
        vec![
            matching(),
            Act::Reply(reply("200 OK", "", echo.as_bytes())),
            Act::Reply(reply("400 Bad Request", &message, b"")),
            Act::Reply(reply("302 Found", &away, b"")),
            Act::ReplyAndClose(reply("200 OK", "", &MATCH[..20])),
        ]
    };
    let plain_peer = Peer::start(vec![acts()]);
    let tls_peer = Peer::start_through(vec![acts()], shake_hands(authority.server(&[HOST], |_| {})));
    let clients: Vec<Client> = [plain(plain_peer.port), secure(HOST, tls_peer.port, authority.trust())]
        .into_iter()
        .map(|config| client(configure(config)))
        .collect();
    for client in &clients {
        for _ in 0..5 {
            results.push(verify(client));
        }
    }
    let sjsys = &heyan::provider::SJSYS;
    let peer =
        Peer::start(vec![vec![Act::Reply(reply("200 OK", "", b"{\"code\":\"10000\",\"data\":{\"state\":\"1\"}}"))]]);
    let signed = heyan_std::Config::new(sjsys, OwnedCredentials::app_key("key", SECRET).unwrap())
        .insecure_http_base_url(&format!("http://127.0.0.1:{}", peer.port))
        .unwrap();
    results.push(client(configure(signed)).verify(&support::subject_for(sjsys), Consent::given()));
    // Nobody there, and a subject that cannot be asked for.
    results.push(verify(&client(configure(plain(1)))));
    results.push(verify(&client(configure(plain_for(sjsys, 1)))));
    results
}

#[test]
fn nothing_personal_is_logged() {
    log::set_logger(&MEMORY).unwrap();

    // Debug and below: everything goes out, nothing personal is written down.
    log::set_max_level(LevelFilter::Debug);
    let results = talk(|config| config);
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 5);
    for result in &results {
        log::info!("{result:?}");
        if let Err(error) = result {
            log::warn!("{error}");
        }
    }
    let log = take();
    assert!(log.contains("DEBUG rustls"), "the logger was not asked at all");
    assert_eq!(finds(&log), Vec::<String>::new(), "{log}");

    // Everything on: nothing goes out at all.
    log::set_max_level(LevelFilter::Trace);
    let unheard = Peer::start(vec![vec![matching()]]);
    for (muted, target) in [
        (&[][..], "ureq_proto::util"),
        (&["ureq_proto::util"][..], "ureq::util"),
        (&["ureq_proto::util", "ureq::util"][..], "ureq_proto"),
        (&["ureq_proto::util", "ureq::util", "ureq_proto"][..], "ureq"),
    ] {
        mute(muted);
        let error = verify(&client(plain(unheard.port))).unwrap_err();
        assert_eq!(error, Error::WireLogging { target });
        assert_eq!((error.billing(), error.class(), error.is_wrong_use()), (Billing::Free, Class::Encode, true));
        assert!(error.to_string().contains(target));
    }
    assert_eq!(unheard.accepted(), 0);
    take();

    // Every other target at trace, rustls and this crate included: allowed, and still clean.
    mute(&["ureq_proto::util", "ureq::util", "ureq_proto", "ureq"]);
    let results = talk(|config| config);
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 5);
    let log = take();
    assert!(log.contains("TRACE rustls"), "{log}");
    assert_eq!(finds(&log), Vec::<String>::new(), "{log}");

    // With the opt-in requests go out, and ureq has nothing to write down: it only opens connections.
    mute(&[]);
    let peer = Peer::start(vec![vec![matching()], vec![matching()]]);
    let outspoken = client(plain(peer.port).danger_allow_wire_logging());
    assert_eq!(verify(&outspoken).unwrap().verdict(), Verdict::Match);
    assert_eq!(finds(&take()), Vec::<String>::new());

    // The control: the same search finds what ureq writes down of a request of its own, and why there is a guard.
    let request = String::from_utf8(peer.request()).unwrap();
    let target = request.split(' ').nth(1).unwrap();
    ureq::get(format!("http://127.0.0.1:{}{target}", peer.port)).call().unwrap();
    let found = finds(&take());
    assert!(found.iter().any(|form| form == "idCard="), "{found:?}");
    assert!(found.iter().any(|form| form == support::ID), "{found:?}");
}
