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
fn reuse_survives_load() {
    const THREADS: usize = 8;
    const CALLS: usize = 25;
    let peer = Peer::start((0..THREADS).map(|_| (0..THREADS * CALLS).map(|_| matching()).collect()).collect());
    let client = client(plain(peer.port));
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for _ in 0..CALLS {
                    assert_eq!(verify(&client).unwrap().verdict(), Verdict::Match);
                }
            });
        }
    });
    let counts = client.pool();
    assert!(counts.opened <= THREADS as u64, "{counts:?}");
    assert_eq!(peer.accepted() as u64, counts.opened);
    assert_eq!((counts.idle as u64, counts.in_use, counts.closed), (counts.opened, 0, 0));
    assert_eq!(counts.opened + counts.reused, (THREADS * CALLS) as u64);
    assert_eq!(peer.pending(), THREADS * CALLS);
}

#[test]
fn calls_beyond_the_bound_wait_for_a_connection() {
    let peer = Peer::start(vec![(0..20).map(|_| matching()).collect()]);
    let client = client(plain(peer.port).connections(1));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..5 {
                    assert_eq!(verify(&client).unwrap().verdict(), Verdict::Match);
                }
            });
        }
    });
    assert_eq!((client.pool().opened, peer.accepted()), (1, 1));
}

#[test]
fn a_call_that_gets_no_connection_in_time_is_free() {
    let peer = Peer::start(vec![vec![Act::Silence]]);
    let config = plain(peer.port).connections(1).connect_timeout(Duration::from_millis(50));
    let client = client(config.timeout(Duration::from_millis(1500)));
    std::thread::scope(|scope| {
        let first = scope.spawn(|| verify(&client).unwrap_err());
        peer.request();
        assert_eq!(client.pool().in_use, 1);
        let error = verify(&client).unwrap_err();
        assert_eq!((error.class(), error.billing()), (Class::TimedOut, heyan::Billing::Free));
        assert!(error.to_string().contains("while connecting"), "{error}");
        assert_eq!(first.join().unwrap().billing(), heyan::Billing::Unknown);
    });
    let counts = client.pool();
    assert_eq!((counts.opened, counts.closed, counts.in_use, counts.idle), (1, 1, 0, 0));
}

#[test]
fn the_surplus_is_closed() {
    let peer = Peer::start(vec![vec![matching()], vec![matching()]]);
    let client = client(plain(peer.port).idle_connections(1));
    let barrier = std::sync::Barrier::new(2);
    let meet = |_: &heyan::Subject<'_>, _: &mut heyan::http::Fields<'_>| {
        barrier.wait();
        Ok(())
    };
    // Both have leave to open a connection when they write their requests.
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let call = heyan_std::Call::new().fields(&meet);
                client.verify_with(&support::subject(), heyan::Consent::given(), &call).unwrap()
            });
        }
    });
    let counts = client.pool();
    assert_eq!((counts.opened, counts.idle, counts.closed), (2, 1, 1));
}

#[test]
fn an_old_connection_is_not_used() {
    let peer = Peer::start(vec![vec![matching(), matching()], vec![matching()]]);
    let client = client(plain(peer.port).idle_age(Duration::ZERO));
    for _ in 0..2 {
        assert_eq!(verify(&client).unwrap().verdict(), Verdict::Match);
    }
    let counts = client.pool();
    assert_eq!((counts.opened, counts.reused, counts.closed, peer.accepted()), (2, 0, 1, 2));
}

#[test]
fn a_warm_up_connects_and_sends_nothing() {
    let peer = Peer::start(vec![vec![matching()], vec![]]);
    let client = client(plain(peer.port).idle_connections(2));
    for expected in [1, 2, 2] {
        client.warm_up().unwrap();
        assert_eq!(client.pool().idle, expected);
    }
    assert_eq!(peer.pending(), 0);
    drop(peer);

    let dead = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
    let error = support::client(plain(dead)).warm_up().unwrap_err();
    assert_eq!((error.class(), error.billing()), (Class::Connect, heyan::Billing::Free));
    assert_eq!(support::client(plain(dead).idle_connections(0)).warm_up(), Ok(()), "nothing would be kept");
}

#[test]
fn a_call_takes_what_was_warmed_up() {
    let peer = Peer::start(vec![vec![matching()]]);
    let client = client(plain(peer.port));
    client.warm_up().unwrap();
    assert_eq!(verify(&client).unwrap().verdict(), Verdict::Match);
    let counts = client.pool();
    assert_eq!((counts.opened, counts.reused, peer.accepted()), (1, 1, 1));
}
