//! What a call on a kept connection costs beside the exchange itself: no thread, no lookup, no memory. One test: it
//! counts the threads of its process.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use allocation_counter::measure;
use heyan::Verdict;
use heyan_std::{Client, Config};
use rustls::version;
use support::tls::{Authority, HOST, secure, shake_hands};
use support::{Act, MATCH, Peer, client, plain, reply, verify};

const CALLS: u64 = 5;

/// As many replies of the same kind as one test asks for: to warm up, and to be counted.
fn replies(fields: &str, body_len: usize) -> Vec<Act> {
    let mut body = MATCH.to_vec();
    body.resize(body_len.max(body.len()), b' ');
    (0..=CALLS).map(|_| Act::Reply(reply("200 OK", fields, &body))).collect()
}

/// Threads that the standard library started in this process, this one's own included: they are numbered.
fn threads() -> u64 {
    let id = std::thread::spawn(|| std::thread::current().id()).join().unwrap();
    format!("{id:?}").trim_start_matches("ThreadId(").trim_end_matches(')').parse().unwrap()
}

/// Allocations and bytes of all calls but the first.
fn calls(client: &Client) -> (u64, u64) {
    assert_eq!(verify(client).unwrap().verdict(), Verdict::Match);
    let before = threads();
    let counted = measure(|| {
        for _ in 0..CALLS {
            assert_eq!(verify(client).unwrap().verdict(), Verdict::Match);
        }
    });
    assert_eq!(threads() - before, 1, "only the one that asks for its number");
    assert_eq!(client.pool().opened, 1);
    (counted.count_total, counted.bytes_total)
}

#[test]
fn a_call_on_a_kept_connection_asks_for_nothing() {
    assert_eq!(measure(|| drop(std::hint::black_box(vec![0_u8; 9]))).count_total, 1, "the counter counts");
    let lookups = Arc::new(AtomicUsize::new(0));
    let counting = |config: Config| {
        let counted = Arc::clone(&lookups);
        client(config.resolve_with(move |_, port| {
            counted.fetch_add(1, Ordering::SeqCst);
            Ok(vec![([127, 0, 0, 1], port).into()])
        }))
    };
    let many: String = (0..25).map(|at| format!("X-Field-{at}: {}\r\n", "value ".repeat(at))).collect();
    for (fields, body_len) in [("", 0), ("", 60_000), (&*many, 0)] {
        let peer = Peer::start(vec![replies(fields, body_len)]);
        let url = format!("http://{HOST}:{}", peer.port);
        let client = counting(plain(peer.port).insecure_http_base_url(&url).unwrap());
        assert_eq!(calls(&client), (0, 0), "over http, body of {body_len} bytes, fields of {}", fields.len());
    }
    assert_eq!(lookups.swap(0, Ordering::SeqCst), 3, "one for each client");

    // Over https rustls makes a copy of the encrypted request, and of each record of the reply it copies one byte, in
    // turns into the same few places.
    let authority = Authority::new("ours");
    let mut opened = 0;
    for version in [&version::TLS12, &version::TLS13] {
        let mut over_tls = |body_len: usize| {
            opened += 1;
            let server = authority.server_of(&[HOST], |_| {}, &[version]);
            let peer = Peer::start_through(vec![replies("", body_len)], shake_hands(server));
            calls(&counting(secure(HOST, peer.port, authority.trust())))
        };
        let (short, records) = (over_tls(0), over_tls(60_000));
        println!("{CALLS} calls over {version:?}: {short:?}, {records:?} allocations and bytes");
        assert_eq!(over_tls(8_000), short, "one record, as short as it is or longer");
        assert_eq!(short.0, 2 * CALLS, "one for the request and one for the reply");
        assert_eq!(records, (short.0 + 3 * CALLS, short.1 + 3 * CALLS), "a byte for each of three more records");
    }
    assert_eq!(lookups.load(Ordering::SeqCst), opened);
}
