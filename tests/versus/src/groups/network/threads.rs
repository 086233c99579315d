//! Whole verifications as there are more threads: how many a second, and how long the slowest take.
//!
//! Rates are taken with clients and server on one processor. With more of them it is the system that decides who has to be
//! woken on which, and with one thread that makes a factor of five, for anybody, from one minute to the next.

use std::thread;
use std::time::Duration;

use super::callers::{Crew, Seen, World};
use crate::contest::Mode;
use crate::growth::{Below, Column, Growth, Point};
use crate::{same, text};

/// Verifications a second over plain http.
pub(crate) static BY_THREADS: Growth = Growth {
    key: "threads",
    axis: text("threads, http, verifications per second on one processor", "线程数，http，单处理器每秒核验次数"),
    columns: PLAIN,
    bounds: &[],
    time: Some(|mode| rates(mode, false)),
    heap: None,
};

/// Verifications a second over https.
pub(crate) static BY_THREADS_TLS: Growth = Growth {
    key: "threads-https",
    axis: text("threads, https, verifications per second on one processor", "线程数，https，单处理器每秒核验次数"),
    columns: SECURE,
    bounds: &[],
    time: Some(|mode| rates(mode, true)),
    heap: None,
};

/// How long the slowest of a hundred take when there are many threads, over plain http.
pub(crate) static LATENCY: Growth = Growth {
    key: "latency",
    axis: text("threads, http, 99th percentile in µs", "线程数，http，第 99 百分位，微秒"),
    columns: PLAIN,
    bounds: BELOW_REQWEST,
    time: Some(|mode| measure(mode, false, MOST, p99, ROUNDS_OF_SLOWEST)),
    heap: None,
};

/// The same over https.
pub(crate) static LATENCY_TLS: Growth = Growth {
    key: "latency-https",
    axis: text("threads, https, 99th percentile in µs", "线程数，https，第 99 百分位，微秒"),
    columns: SECURE,
    bounds: BELOW_REQWEST,
    time: Some(|mode| measure(mode, true, MOST, p99, ROUNDS_OF_SLOWEST)),
    heap: None,
};

const BELOW_REQWEST: &[Below] =
    &[Below { less: "heyan", more: "reqwest" }, Below { less: "heyan", more: "reqwest-async" }];

const MOST: usize = 64;
const THREADS: [usize; 3] = [1, 8, MOST];

const ROUNDS: usize = 5;
/// The slowest of a hundred differ more from round to round than all of them do.
const ROUNDS_OF_SLOWEST: usize = 15;

const HEYAN: Column = Column { key: "heyan", head: same("heyan") };
const UREQ: Column = Column { key: "ureq", head: same("`ureq`") };
const REQWEST: Column = Column { key: "reqwest", head: same("`reqwest`, blocking") };
const REQWEST_ASYNC: Column = Column { key: "reqwest-async", head: same("`reqwest`") };
const ATTOHTTPC: Column = Column { key: "attohttpc", head: same("`attohttpc`") };
const MINREQ: Column = Column { key: "minreq", head: same("`minreq`") };
const RAW: Column = Column { key: "raw", head: same("`TcpStream`") };

const PLAIN: &[Column] = &[HEYAN, UREQ, REQWEST, REQWEST_ASYNC, ATTOHTTPC, MINREQ, RAW];
const SECURE: &[Column] = &[HEYAN, UREQ, REQWEST, REQWEST_ASYNC, ATTOHTTPC, RAW];

/// A thread's processors are those of the threads that it starts, server and runtimes included; whoever called keeps all.
fn rates(mode: Mode, secure: bool) -> Vec<Point> {
    let measured = thread::spawn(move || {
        let processor = core_affinity::get_core_ids().and_then(|all| all.first().copied()).expect("a processor");
        assert!(core_affinity::set_for_current(processor), "the system lets nobody choose a processor");
        THREADS.into_iter().flat_map(|threads| measure(mode, secure, threads, rate, ROUNDS)).collect()
    });
    measured.join().expect("everybody answers")
}

const fn rate(seen: &Seen) -> f64 {
    seen.rate
}

const fn p99(seen: &Seen) -> f64 {
    seen.p99_us
}

/// By everybody in turns; medians of so many rounds.
fn measure(mode: Mode, secure: bool, threads: usize, value: fn(&Seen) -> f64, rounds: usize) -> Vec<Point> {
    let columns = if secure { SECURE } else { PLAIN };
    let world: &'static World = Box::leak(Box::new(World::new(secure)));
    let mut crews: Vec<(&str, Crew, Vec<f64>)> =
        columns.iter().map(|column| (column.key, Crew::new(world, column.key, threads), Vec::new())).collect();
    let turn = Duration::from_millis(mode.choose(300, 1) as u64);
    for round in 0..mode.choose(rounds, 1) {
        // As in the groups: each has each predecessor in turn.
        let count = crews.len();
        for at in 0..count {
            let (_, crew, values) = &mut crews[(at + round) % count];
            values.push(value(&crew.watch(turn)));
        }
    }
    let point = |(key, _, mut values): (&str, Crew, Vec<f64>)| {
        values.sort_by(f64::total_cmp);
        Point::new(threads, key, values[values.len() / 2].round())
    };
    crews.into_iter().map(point).collect()
}
