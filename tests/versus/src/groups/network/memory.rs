//! What heyan's client holds for the threads that use it.

use super::callers::{ADDRESS, World, sees_match, subject};
use crate::growth::{Column, Counter, Growth, Point};
use crate::text;

/// A thread that verifies has a connection for itself, which is kept for its next call.
pub(crate) static CONNECTIONS: Growth = Growth {
    key: "connections",
    axis: text("threads, a kept connection each", "线程数，每个线程一个保持的连接"),
    columns: &[
        Column { key: "http", head: text("heap of the client, http, bytes", "客户端堆内存，http，字节") },
        Column { key: "https", head: text("heap of the client, https, bytes", "客户端堆内存，https，字节") },
    ],
    bounds: &[],
    time: None,
    heap: Some(|counter| {
        let worlds = [("http", World::new(false)), ("https", World::new(true))];
        let each = |count| worlds.iter().map(move |(key, world)| Point::new(count, key, held(counter, world, count)));
        [0, 1, 8, 64].into_iter().flat_map(each).collect()
    }),
};

/// Bytes of heap that a client holds with so many connections, each of which served one verification.
fn held(counter: Counter, world: &World, connections: usize) -> f64 {
    let mut kept = None;
    let heap = counter(&mut || {
        // By address: a name is looked up on a thread of its own, whose heap is not counted.
        let client = world.client(ADDRESS);
        for _ in 0..connections {
            client.warm_up().expect("a connection");
            // It goes to the connection that came back last. With the reply come the tickets of TLS.
            assert!(sees_match(&client, &subject()), "not a match");
        }
        kept = Some(client);
    });
    let counts = kept.expect("a client").pool();
    assert_eq!((counts.idle, counts.reused), (connections, connections as u64), "one call on each connection");
    heap.held as f64
}
