//! What a subscriber of `tracing` gets to see of verifications.

mod support;

use std::fmt::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use heyan::Consent;
use heyan::policy::RetryRule;
use heyan::provider::SJSYS;
use heyan_std::{Config, OwnedCredentials, RoutedAccount, Router};
use support::{Act, Peer, client, plain_for, reply, subject_for};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// Writes down everything.
#[derive(Clone, Default)]
struct Memory(Arc<Mutex<String>>);

struct Line<'a>(&'a mut String);

impl Visit for Line<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        write!(self.0, " {field}={value:?}").unwrap();
    }
}

impl Memory {
    fn line(&self, what: &str, fill: impl FnOnce(&mut Line<'_>)) {
        let mut text = self.0.lock().unwrap();
        text.push_str(what);
        fill(&mut Line(&mut text));
        text.push('\n');
    }
}

impl Subscriber for Memory {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        self.line(&format!("span {}", span.metadata().name()), |line| span.record(line));
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        self.line("record", |line| values.record(line));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let metadata = event.metadata();
        self.line(&format!("event {} {}", metadata.level(), metadata.target()), |line| event.record(line));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

const SECRET: &str = "test-secret-of-an-appkey";

#[test]
fn metrics_name_accounts_and_nobody_else() {
    let person = subject_for(&SJSYS);
    let gateway = format!(
        "X-Ca-Error-Code: A400IS\r\nX-Ca-Error-Message: Invalid Signature, Server StringToSign:{}{}\r\n",
        support::ID,
        support::NAME
    );
    let declines = Peer::start(vec![vec![Act::Reply(reply("400 Bad Request", &gateway, b""))]]);
    let echo = format!(r#"{{"code":"10000","data":{{"state":"1"}},"seqNo":"{}"}}"#, support::MOBILE);
    let answers = Peer::start(vec![vec![Act::Reply(reply("200 OK", "", echo.as_bytes()))]]);
    let signed = OwnedCredentials::app_key("key", SECRET).unwrap();
    let signed =
        Config::new(&SJSYS, signed).insecure_http_base_url(&format!("http://127.0.0.1:{}", declines.port)).unwrap();
    let builder = Router::builder()
        .account(RoutedAccount::new(client(signed), "first", 1).unwrap())
        .account(RoutedAccount::new(client(plain_for(&SJSYS, answers.port)), "second", 1).unwrap())
        .retry(RetryRule::new(3, Duration::from_secs(20)).may_pay_twice());
    #[cfg(feature = "ledger")]
    let folder = support::folder::Folder::new();
    #[cfg(feature = "ledger")]
    let (builder, tag) = {
        let ledger = heyan_std::ledger::Ledger::open(folder.ledger()).unwrap();
        let tag = ledger.person(person.id()).expose_hex();
        (builder.ledger(ledger), tag)
    };
    let router = builder.build().unwrap();

    let memory = Memory::default();
    let routed = tracing::subscriber::with_default(memory.clone(), || {
        let routed = router.verify(&person, Consent::given());
        // The printed forms of everything that comes back must be as clean.
        tracing::error!(?routed, ?router, "printed");
        routed
    });
    assert!(routed.result.is_ok(), "{routed:?}");
    assert_eq!(routed.attempts.len(), 2);
    let text = memory.0.lock().unwrap();
    let slug = SJSYS.info().slug;
    for expected in [
        "span verify\n".to_owned(),
        format!("provider=\"{slug}\" account=\"first\" class="),
        format!("provider=\"{slug}\" account=\"second\" class=\"match\" billing=\"billed\" took_ms="),
        "record attempts=2\nrecord class=\"match\"\nrecord billing=\"billed\"\n".to_owned(),
    ] {
        assert!(text.contains(&expected), "{expected} in {text}");
    }
    let secrets = [support::NAME, support::ID, support::MOBILE, support::APP_CODE, SECRET, "1101011900010100"];
    for secret in secrets {
        let percent: String = secret.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let bytes = secret.bytes().map(|byte| byte.to_string()).collect::<Vec<_>>().join(", ");
        for form in [secret, &percent, &bytes] {
            assert!(!text.contains(form), "{form} in {text}");
        }
    }
    #[cfg(feature = "ledger")]
    assert!(!text.contains(tag.as_str()));
}
