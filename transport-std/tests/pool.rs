//! Connections and addresses are kept and shared.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use heyan::Verdict;
use heyan::policy::Class;
use support::{Act, MATCH, Peer, client, matching, plain, reply, verify};

#[test]
fn two_calls_and_a_clone_use_one_connection_and_one_lookup() {
    let peer = Peer::start(vec![vec![matching(), matching(), matching()]]);
    let lookups = Arc::new(AtomicUsize::new(0));
    let (counted, port) = (Arc::clone(&lookups), peer.port);
    let config = plain(peer.port).insecure_http_base_url(&format!("http://peer.test:{port}")).unwrap().resolve_with(
        move |host, port| {
            assert_eq!(host, "peer.test");
            counted.fetch_add(1, Ordering::SeqCst);
            Ok(vec![([127, 0, 0, 1], port).into()])
        },
    );
    let client = client(config);
    let clone = client.clone();
    for client in [&client, &client, &clone] {
        assert_eq!(verify(client).unwrap().verdict(), Verdict::Match);
    }
    assert_eq!((peer.accepted(), lookups.load(Ordering::SeqCst)), (1, 1));
}

#[test]
fn a_kept_host_is_not_looked_up_even_for_new_connections() {
    let script = (0..4).map(|_| vec![Act::ReplyAndClose(reply("200 OK", "Connection: close\r\n", MATCH))]).collect();
    let peer = Peer::start(script);
    let lookups = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&lookups);
    let config = plain(peer.port)
        .insecure_http_base_url(&format!("http://peer.test:{}", peer.port))
        .unwrap()
        .resolve_with(move |_, port| {
            counted.fetch_add(1, Ordering::SeqCst);
            Ok(vec![([127, 0, 0, 1], port).into()])
        });
    let client = client(config);
    for _ in 0..4 {
        assert_eq!(verify(&client).unwrap().verdict(), Verdict::Match);
    }
    assert_eq!((peer.accepted(), lookups.load(Ordering::SeqCst)), (4, 1));
}

#[test]
fn a_connection_that_the_peer_closed_while_it_was_kept_is_replaced_unseen() {
    let peer = Peer::start(vec![vec![Act::ReplyAndClose(reply("200 OK", "", MATCH))], vec![matching()]]);
    let client = client(plain(peer.port));
    assert_eq!(verify(&client).unwrap().verdict(), Verdict::Match);
    peer.wait_closed();
    assert_eq!(verify(&client).unwrap().verdict(), Verdict::Match);
    peer.request();
    peer.request();
    assert_eq!((peer.pending(), peer.accepted()), (0, 2), "each request once");
}

#[test]
fn bytes_beyond_a_reply_end_the_connection() {
    let mut long = reply("200 OK", "", MATCH);
    long.extend_from_slice(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
    let peer = Peer::start(vec![vec![Act::Reply(long)], vec![matching()]]);
    let client = client(plain(peer.port));
    for _ in 0..2 {
        assert_eq!(verify(&client).unwrap().verdict(), Verdict::Match);
    }
    assert_eq!(peer.accepted(), 2);
}

#[test]
fn nothing_is_kept_when_that_is_asked_for() {
    let peer = Peer::start(vec![vec![matching()], vec![matching()]]);
    let client = client(plain(peer.port).idle_connections(0));
    for _ in 0..2 {
        assert_eq!(verify(&client).unwrap().verdict(), Verdict::Match);
    }
    assert_eq!(peer.accepted(), 2);
}

#[test]
fn a_call_with_a_time_out_of_its_own_uses_the_same_connections() {
    let peer = Peer::start(vec![vec![matching(), matching()]]);
    let client = client(plain(peer.port));
    let call = heyan_std::Call::new().timeout(Duration::from_secs(3));
    assert_eq!(verify(&client).unwrap().verdict(), Verdict::Match);
    let outcome = client.verify_with(&support::subject(), heyan::Consent::given(), &call).unwrap();
    assert_eq!(outcome.verdict(), Verdict::Match);
    assert_eq!(peer.accepted(), 1);
}

#[test]
fn addresses_that_nobody_answers_at_are_asked_for_again() {
    let peer = Peer::start(vec![vec![matching()]]);
    let dead = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap();
    let lookups = Arc::new(AtomicUsize::new(0));
    let (counted, port) = (Arc::clone(&lookups), peer.port);
    let config = plain(peer.port).insecure_http_base_url(&format!("http://peer.test:{port}")).unwrap().resolve_with(
        move |_, port| {
            let first = counted.fetch_add(1, Ordering::SeqCst) == 0;
            Ok(vec![if first { dead } else { ([127, 0, 0, 1], port).into() }])
        },
    );
    let client = client(config);
    assert_eq!(verify(&client).unwrap_err().class(), Class::Connect);
    assert_eq!(verify(&client).unwrap().verdict(), Verdict::Match);
}

#[test]
fn eight_threads_share_a_client() {
    let script = (0..8).map(|_| (0..40).map(|_| matching()).collect()).collect();
    let peer = Peer::start(script);
    let client = client(plain(peer.port));
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..5 {
                    assert_eq!(verify(&client).unwrap().verdict(), Verdict::Match);
                }
            });
        }
    });
    assert!(peer.accepted() <= 8);
    assert_eq!(peer.pending(), 40);
}
