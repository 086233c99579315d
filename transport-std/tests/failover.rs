//! Two accounts of two providers, the first made to fail in every way in turn.
//!
//! Where the failure cost nothing the verdict comes from the second, within the time; where it did or may have, only if
//! the rule may pay twice. Attempts, prices and the ledger say what happened. A verdict of the first is final.
#![cfg(feature = "ledger")]

mod support;

use std::collections::BTreeSet;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use heyan::http::Fields;
use heyan::policy::{Class, Why};
use heyan::provider::{CHECKONE, IDCERT, IDENAUTHEN, SJSYS};
use heyan::{Billing, Consent, Provider, Subject, Verdict};
use heyan_sandbox::GATEWAY_CODES;
use heyan_std::ledger::{Filter, Ledger};
use heyan_std::{Config, OwnedCredentials, Routed, Router, RouterError, Verification};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use support::folder::Folder;
use support::routes::{DEADLINE, FAST, PRICE, account, classes, doing, gateway, nobody, saying};
use support::tls::{Authority, HOST, secure, shake_hands};
use support::{Act, MATCH, Peer, Stream, client, matching, plain, plain_for, reply, subject_for};

/// What a time-out is set to where one is waited for.
const SHORT: Duration = Duration::from_millis(150);
/// More than the buffers of two sockets hold.
const LONG: usize = 8 << 20;

/// One way in which the first account fails.
struct Way {
    name: &'static str,
    provider: &'static dyn Provider,
    /// The peer, if one is needed for as long as the test, and a client of the first account.
    failing: Box<dyn Fn() -> (Option<Peer>, Config)>,
    /// So many bytes are added to each request.
    extra: usize,
    class: &'static str,
    billing: Billing,
    /// Why the second account is not asked; `None` if it is.
    stops: Option<Why>,
}

impl Way {
    /// It costs nothing, and the other account is asked.
    fn free(name: &'static str, class: &'static str, failing: impl Fn() -> (Option<Peer>, Config) + 'static) -> Self {
        let failing = Box::new(failing);
        Self { name, provider: &IDCERT, failing, extra: 0, class, billing: Billing::Free, stops: None }
    }

    /// It was billed.
    fn billed(name: &'static str, class: &'static str, failing: impl Fn() -> (Option<Peer>, Config) + 'static) -> Self {
        let stops = Some(Why::MayBeBilled);
        Self { billing: Billing::Billed, stops, ..Self::free(name, class, failing) }
    }

    /// It may have been billed.
    fn unknown(
        name: &'static str,
        class: &'static str,
        failing: impl Fn() -> (Option<Peer>, Config) + 'static,
    ) -> Self {
        Self { billing: Billing::Unknown, ..Self::billed(name, class, failing) }
    }

    fn stopped_by(self, why: Why) -> Self {
        Self { stops: Some(why), ..self }
    }

    fn of(self, provider: &'static dyn Provider) -> Self {
        Self { provider, ..self }
    }

    fn with_extra(self, extra: usize) -> Self {
        Self { extra, ..self }
    }
}

fn refusals() -> Vec<Way> {
    let mut ways = Vec::new();
    let mut seen = BTreeSet::new();
    for code in GATEWAY_CODES {
        let (_peer, config) = doing(gateway(code.code));
        let class = support::verify(&client(config)).unwrap_err().class().word();
        // One of each class is enough: which code is which is tested elsewhere.
        if seen.insert(class) {
            ways.push(Way::free(code.code, class, || doing(gateway(code.code))));
        }
    }
    let said = |body: &'static str| move || saying("200 OK", body);
    let by_vendor = |body: &'static str| {
        move || {
            let (peer, _) = saying("200 OK", body);
            let config = plain_for(&SJSYS, peer.as_ref().unwrap().port);
            (peer, config)
        }
    };
    ways.extend([
        Way::billed("the vendor takes no such input", "bad_input", said(r#"{"status":"205"}"#)).stopped_by(Why::Final),
        Way::billed("the vendor is busy", "busy", said(r#"{"status":"9999"}"#)),
        Way::billed("the vendor says what nobody knows", "unrecognized", said(r#"{"status":"203"}"#)),
        Way::billed(
            "the vendor's limit for a person",
            "attempt_limit",
            by_vendor(r#"{"code":"10019","message":"x","data":null}"#),
        )
        .of(&SJSYS)
        .stopped_by(Why::AttemptLimit),
        // On a vendor's own platform no rule says what is charged.
        Way::unknown("the vendor's own platform", "configuration", || {
            let (peer, _) = saying("200 OK", r#"{"code":"10005","message":"x","data":null}"#);
            let port = peer.as_ref().unwrap().port;
            let key = OwnedCredentials::vendor_key("test-key-not-a-secret").unwrap();
            (peer, Config::new(&CHECKONE, key).insecure_http_base_url(&format!("http://127.0.0.1:{port}")).unwrap())
        })
        .of(&CHECKONE),
    ]);
    ways
}

/// A configuration whose host is looked up so.
fn looked_up(lookup: impl Fn() -> io::Result<Vec<std::net::SocketAddr>> + Send + Sync + 'static) -> Config {
    plain(1).insecure_http_base_url("http://nowhere.invalid").unwrap().resolve_with(move |_, _| lookup())
}

/// Connections are accepted by the system, and nobody ever speaks.
fn silent() -> u16 {
    // Leaked: it must listen for as long as the test.
    Box::leak(Box::new(TcpListener::bind(("127.0.0.1", 0)).unwrap())).local_addr().unwrap().port()
}

/// The peer has another certificate than it should.
fn with_certificate(theirs: &'static str, name: &'static str) -> impl Fn() -> (Option<Peer>, Config) {
    move || {
        let ours = Authority::new("ours");
        let authority = if theirs == "ours" { &ours } else { &Authority::new(theirs) };
        let peer = Peer::start_through(vec![vec![matching()]], shake_hands(authority.server(&[name], |_| {})));
        let config = secure(HOST, peer.port, ours.trust());
        (Some(peer), config)
    }
}

/// The peer speaks so instead of a handshake, and closes.
fn shaking_with(bytes: &'static [u8]) -> (Option<Peer>, Config) {
    let peer = Peer::start_through(vec![vec![]], move |mut socket| {
        socket.read_exact(&mut [0; 5])?;
        socket.write_all(bytes)?;
        Err(io::ErrorKind::ConnectionAborted.into())
    });
    let config = secure(HOST, peer.port, Authority::new("ours").trust());
    (Some(peer), config)
}

fn faults_before_the_request_left() -> Vec<Way> {
    vec![
        Way::free("no such host", "dns", || (None, looked_up(|| Err(io::ErrorKind::NotFound.into())))),
        Way::free("a host without an address", "dns", || (None, looked_up(|| Ok(Vec::new())))),
        Way::free("a name server that is silent", "timed_out", || {
            let config = looked_up(|| {
                // The silence is what is tried.
                std::thread::sleep(SHORT * 3);
                Ok(Vec::new())
            });
            (None, config.resolve_timeout(SHORT))
        }),
        Way::free("a port that nobody listens on", "connect", || (None, plain(nobody()))),
        Way::free("a stranger's certificate", "tls", with_certificate("theirs", HOST)),
        Way::free("another host's certificate", "tls", with_certificate("ours", "other.test")),
        Way::free("a handshake that is cut", "tls", || shaking_with(b"")),
        Way::free("a handshake that is none", "tls", || shaking_with(b"HTTP/1.1 400 Bad Request\r\n\r\n")),
        Way::free("a handshake that stalls", "timed_out", || {
            (None, secure(HOST, silent(), Authority::new("ours").trust()).connect_timeout(SHORT))
        }),
        Way::free("broken before the request had left", "channel", || {
            let (peer, _) = doing(Act::CloseWithin(1000));
            let config = plain_for(&CHECKONE, peer.as_ref().unwrap().port);
            (peer, config)
        })
        .of(&CHECKONE)
        .with_extra(LONG),
        Way::free("a peer that does not take the request", "timed_out", || {
            (None, plain_for(&CHECKONE, silent()).send_timeout(SHORT))
        })
        .of(&CHECKONE)
        .with_extra(LONG),
    ]
}

/// Reads through TLS, and speaks past it.
struct Forged(StreamOwned<ServerConnection, TcpStream>);

impl Read for Forged {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.0.read(into)
    }
}

impl Write for Forged {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.sock.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.sock.flush()
    }
}

impl Stream for Forged {}

fn forging(config: Arc<ServerConfig>) -> impl Fn(TcpStream) -> io::Result<Box<dyn Stream>> + Send + Sync + 'static {
    move |mut socket| {
        let mut session = ServerConnection::new(Arc::clone(&config)).map_err(io::Error::other)?;
        while session.is_handshaking() {
            session.complete_io(&mut socket)?;
        }
        Ok(Box::new(Forged(StreamOwned::new(session, socket))))
    }
}

fn faults_behind_the_request() -> Vec<Way> {
    vec![
        Way::unknown("silence", "timed_out", || {
            let (peer, config) = doing(Act::Silence);
            (peer, config.timeout(SHORT))
        }),
        Way::unknown("a reply that drips", "timed_out", || {
            let (peer, config) = doing(Act::Drip(reply("200 OK", "", &[b' '; 10_000])));
            (peer, config.timeout(SHORT))
        }),
        Way::unknown("reset", "channel", || doing(Act::CloseWithin(10))),
        Way::unknown("closed", "protocol", || doing(Act::ReplyAndClose(Vec::new()))),
        Way::unknown("no HTTP", "protocol", || doing(Act::ReplyAndClose(b"no HTTP\r\n\r\n".to_vec()))),
        Way::unknown("a reply that ends early", "protocol", || {
            let whole = reply("200 OK", "", MATCH);
            doing(Act::ReplyAndClose(whole[..whole.len() - 1].to_vec()))
        }),
        Way::unknown("a reply that is too long", "too_long", || saying("200 OK", &"x".repeat(70_000))),
        Way::unknown("a record that is none", "tls", || {
            let ours = Authority::new("ours");
            let forged = Act::Reply(b"\x17\x03\x03\0\x20heyan heyan heyan heyan heyan he".to_vec());
            let peer = Peer::start_through(vec![vec![forged]], forging(ours.server(&[HOST], |_| {})));
            let config = secure(HOST, peer.port, ours.trust());
            (Some(peer), config)
        }),
    ]
}

fn replies_without_a_verdict() -> Vec<Way> {
    let another = r#"{"status":"01","idCard":"110101190001010057"}"#;
    vec![
        Way::billed("a page", "not_json", || saying("200 OK", "<html>")),
        Way::billed("nested too deep", "too_deep", || {
            saying("200 OK", &format!(r#"{{"status":"01","x":{}{}}}"#, "[".repeat(20), "]".repeat(20)))
        }),
        Way::billed("nothing in it", "no_verdict", || saying("200 OK", "{}")),
        Way::billed("about somebody else", "echo_contradicts", move || saying("200 OK", another)),
        // The gateway charges for no status but 2xx.
        Way::free("a page with an error", "not_json", || saying("500 Oh", "<html>")),
        Way::free("a match with an error", "no_verdict", || saying("500 Oh", r#"{"status":"01"}"#)),
    ]
}

/// Whoever is asked second: another provider, which answers.
fn spare(provider: &'static dyn Provider) -> (Peer, Config) {
    let provider: &'static dyn Provider = if provider.info().checks_mobile() { &SJSYS } else { &IDENAUTHEN };
    let peer = Peer::start(vec![vec![Act::Reply(reply("200 OK", "", br#"{"respCode":"0000"}"#))]]);
    let config = plain_for(provider, peer.port);
    (peer, config)
}

/// Asks two accounts of which the first one fails, and holds everything that is said about it against the table.
fn plays(way: &Way, pays_twice: bool) {
    let name = way.name;
    let folder = Folder::new();
    let ledger = Ledger::open(folder.ledger()).unwrap();
    let (_peer, first) = (way.failing)();
    let (peer, second) = spare(way.provider);
    let rule = if pays_twice { FAST.may_pay_twice() } else { FAST };
    let router = Router::builder()
        .account(account(client(first), "main"))
        .account(account(client(second), "spare"))
        .retry(rule)
        .ledger(ledger.clone())
        .build()
        .unwrap();
    let extra = "x".repeat(way.extra);
    let fields = |_: &Subject<'_>, fields: &mut Fields<'_>| {
        if extra.is_empty() { Ok(()) } else { fields.add("extra", &extra) }
    };
    let person = subject_for(way.provider);
    let start = Instant::now();
    let routed = router.verify_with(&person, Consent::given(), &Verification::new().fields(&fields).origin(7));
    let took = start.elapsed();
    assert!(took < DEADLINE, "{name}: {took:?}");

    let stops = way.stops.filter(|why| !(pays_twice && *why == Why::MayBeBilled));
    match stops {
        None => {
            assert_eq!(classes(&routed), [way.class, "match"], "{name}");
            assert_eq!(routed.result.as_ref().unwrap().verdict(), Verdict::Match, "{name}");
        }
        Some(stopped) => {
            assert_eq!(classes(&routed), [way.class], "{name}");
            let Err(RouterError::Attempt { why, error }) = &routed.result else { panic!("{name}: {routed:?}") };
            assert_eq!((*why, error.billing()), (stopped, way.billing), "{name}");
        }
    }
    // Nobody who is not listed was asked, and nobody twice.
    assert_eq!(peer.accepted(), routed.attempts.len() - 1, "{name}");
    assert_eq!(peer.pending(), peer.accepted(), "{name}");
    is_listed(way, &routed, took);
    is_written_down(way, &routed, &ledger);
}

/// The attempts say who was asked, how it ended, what it cost and how long it took.
fn is_listed(way: &Way, routed: &Routed, took: Duration) {
    let name = way.name;
    let accounts = [("main", way.provider.info().slug), ("spare", IDENAUTHEN.info().slug)];
    let mut until = Duration::ZERO;
    for (line, (account, provider)) in routed.attempts.iter().zip(accounts) {
        assert_eq!((line.account.as_str(), line.provider.as_str(), line.price), (account, provider, PRICE), "{name}");
        assert!(line.began >= until, "{name}: one after the other");
        until = line.began + line.took;
        assert!(until <= took, "{name}");
    }
    assert_eq!(routed.attempts[0].ending.billing(), way.billing, "{name}");
    let cost = routed.cost();
    let verdicts = u32::from(routed.result.is_ok());
    let (billed, possibly) = (u32::from(way.billing == Billing::Billed), u32::from(way.billing == Billing::Unknown));
    assert_eq!((cost.billed, cost.possibly), (billed + verdicts, possibly), "{name}");
    let prices = (u64::from(PRICE) * u64::from(cost.billed), u64::from(PRICE) * u64::from(cost.possibly));
    assert_eq!((cost.micro_yuan, cost.possibly_micro_yuan), prices, "{name}");
}

/// Each attempt is written down as it is listed, as one verification of one person.
fn is_written_down(way: &Way, routed: &Routed, ledger: &Ledger) {
    let name = way.name;
    let entries = ledger.entries(&Filter::new()).unwrap();
    assert_eq!(entries.len(), routed.attempts.len(), "{name}");
    let person = ledger.person(subject_for(way.provider).id());
    for (number, (line, entry)) in (1..).zip(routed.attempts.iter().zip(&entries)) {
        assert_eq!(Some(entry.id), line.entry, "{name}");
        assert_eq!((entry.verification, entry.attempt, entry.origin), (entries[0].id, number, Some(7)), "{name}");
        assert_eq!(
            (&entry.provider, &entry.account, &entry.person),
            (&line.provider, &line.account, &person),
            "{name}"
        );
        let completed = entry.completed.as_ref().unwrap();
        assert_eq!((completed.class, completed.billing), (line.ending.class(), line.ending.billing()), "{name}");
        assert_eq!(completed.reference, line.reference, "{name}");
        assert_eq!(completed.code.as_deref(), line.code.as_ref().map(heyan::Token::as_str), "{name}");
    }
}

#[test]
fn a_refusal_of_the_gateway_or_the_vendor() {
    for way in refusals() {
        [false, true].into_iter().for_each(|pays_twice| plays(&way, pays_twice));
    }
}

#[test]
fn a_channel_that_fails_before_the_request_left() {
    for way in faults_before_the_request_left() {
        [false, true].into_iter().for_each(|pays_twice| plays(&way, pays_twice));
    }
}

#[test]
fn a_channel_that_fails_behind_the_request() {
    for way in faults_behind_the_request() {
        [false, true].into_iter().for_each(|pays_twice| plays(&way, pays_twice));
    }
}

#[test]
fn a_reply_without_a_verdict() {
    for way in replies_without_a_verdict() {
        [false, true].into_iter().for_each(|pays_twice| plays(&way, pays_twice));
    }
}

#[test]
fn every_way_to_fail_is_in_the_tables() {
    let tables =
        [refusals(), faults_before_the_request_left(), faults_behind_the_request(), replies_without_a_verdict()];
    let played: BTreeSet<&str> = tables.iter().flatten().map(|way| way.class).collect();
    let failures = Class::ALL.into_iter().filter(|class| class.verdict().is_none() && *class != Class::Encode);
    let all: BTreeSet<&str> = failures.map(Class::word).collect();
    assert_eq!(played, all);
}

/// The program's own mistake is the same one on every account, so it ends at the first, and nothing is sent.
#[test]
fn a_request_that_cannot_be_written() {
    let (peer, first) = doing(matching());
    let (other, second) = spare(&IDCERT);
    let router = Router::builder()
        .account(account(client(first), "main"))
        .account(account(client(second), "spare"))
        .retry(FAST.may_pay_twice())
        .build()
        .unwrap();
    let fields = |_: &Subject<'_>, fields: &mut Fields<'_>| fields.add("no name", "");
    let routed = router.verify_with(&subject_for(&IDCERT), Consent::given(), &Verification::new().fields(&fields));
    assert_eq!(classes(&routed), ["encode"]);
    assert!(matches!(routed.result, Err(RouterError::Attempt { why: Why::Final, .. })), "{routed:?}");
    assert_eq!((routed.billing(), peer.unwrap().accepted(), other.accepted()), (Billing::Free, 0, 0));
}

#[test]
fn a_verdict_is_final() {
    for (body, verdict) in [
        (r#"{"status":"01"}"#, Verdict::Match),
        (r#"{"status":"02"}"#, Verdict::Mismatch),
        (r#"{"status":"202"}"#, Verdict::NoRecord),
    ] {
        let (_peer, first) = saying("200 OK", body);
        let (other, second) = spare(&IDCERT);
        let router = Router::builder()
            .account(account(client(first), "main"))
            .account(account(client(second), "spare"))
            .retry(FAST.may_pay_twice())
            .build()
            .unwrap();
        let routed = router.verify(&subject_for(&IDCERT), Consent::given());
        assert_eq!(routed.result.as_ref().unwrap().verdict(), verdict);
        assert_eq!((routed.attempts.len(), other.accepted()), (1, 0));
        let cost = routed.cost();
        assert_eq!((cost.billed, cost.micro_yuan, routed.billing()), (1, PRICE.into(), Billing::Billed));
    }
}
