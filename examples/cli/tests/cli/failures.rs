//! `heyan verify` without a usable answer: the word, the price, and that nobody is asked twice.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use heyan_sandbox::{Provider, Sandbox};

use crate::run::{DUMMY, ID, PERSON, Run, Trap, heyan};

const ORDER: [&str; 7] = ["verify", "--consent", "--json", "--provider", "idcert", "--provider", "sfz2"];

fn failed(run: &Run, error: &str, billing: &str) {
    let json = run.json();
    assert_eq!((run.status, &json["error"], &json["billing"]), (4, &error.into(), &billing.into()), "{}", run.stderr);
    assert_eq!((&json["verdict"], &json["refusal"]), (&().into(), &().into()));
}

#[test]
fn a_silent_peer_costs_no_more_than_the_deadline() {
    // Connections are accepted by the system, and never answered by anybody.
    let silent = Trap::new();
    let run = heyan(ORDER).and(PERSON).and(["--timeout", "0.4", "--insecure-http", "--base-url", &silent.url("http")]);
    let start = Instant::now();
    let run = run.env(DUMMY).run();
    assert!(start.elapsed() < Duration::from_secs(5));
    failed(&run, "timed_out", "unknown");
    // It may have been charged, so the second provider was left alone.
    assert_eq!(run.json()["provider"], "idcert");
    assert_eq!(run.json()["retry"], "never");
}

#[test]
fn a_closed_port_is_free() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("http://{closed}");
    let run = heyan(ORDER).and(PERSON).and(["--insecure-http", "--base-url", &url]).env(DUMMY).run();
    failed(&run, "connect", "free");
    // Free, so both were tried.
    assert_eq!(run.json()["provider"], "sfz2");
    assert_eq!(run.stderr.lines().count(), 2);
}

#[test]
fn a_stranger_s_certificate_is_refused_before_anything_is_sent() {
    let sandbox = Sandbox::builder().https(true).record(true).start().unwrap();
    let run = heyan(ORDER).and(PERSON).and(["--base-url", &sandbox.url()]).env(DUMMY).run();
    failed(&run, "tls", "free");
    assert!(sandbox.requests().is_empty());
}

#[test]
fn unusable_replies_have_their_words() {
    let sandbox = Sandbox::builder().start().unwrap();
    for (name, error, billing) in [
        ("错回", "echo_contradicts", "billed"),
        ("缺判", "no_verdict", "billed"),
        ("坏文", "not_json", "billed"),
        ("过深·9", "too_deep", "billed"),
        ("断体", "protocol", "unknown"),
        ("静默·体", "timed_out", "unknown"),
    ] {
        let run = heyan(["verify", "--consent", "--json", "--provider", "idcert", "--timeout", "1"]);
        let run =
            run.and(["--name", name, "--id", ID, "--insecure-http", "--base-url", &sandbox.url()]).env(DUMMY).run();
        failed(&run, error, billing);
        let details = run.json()["details"].as_object().unwrap().values().filter(|value| !value.is_null()).count();
        assert_eq!(details, 0);
    }
}

#[test]
fn nobody_else_is_asked_after_a_call_that_may_have_been_charged() {
    let sandbox = Sandbox::builder().start().unwrap();
    let run =
        heyan(ORDER).and(["--name", "断头", "--id", ID, "--insecure-http", "--base-url", &sandbox.url()]).env(DUMMY);
    failed(&run.run(), "protocol", "unknown");
    let sfz2 = sandbox.report().of(Provider::Sfz2);
    assert_eq!(sfz2.billed + sfz2.free, 0);
}
