//! Whole verifications over loopback: request out, reply in, verdict.
//!
//! All ask one server of this process, which answers at once and whose work is the same for everybody. All send the same
//! request line, fields and body; the libraries add fields of their own. All read the reply as JSON to a verdict.

mod callers;
mod memory;
mod server;
mod threads;

use crate::contest::{Bound, Contender, Contest, Group, Unit};
use crate::{same, text};

pub(super) use callers::provide_tls;
use callers::{Crew, World};
pub(crate) use memory::CONNECTIONS;
pub(crate) use threads::{BY_THREADS, BY_THREADS_TLS, LATENCY, LATENCY_TLS};

/// Threads of the two groups.
const THREADS: usize = 8;

const VERIFICATIONS: Unit = Unit::PerSecond(text("verifications", "次核验"));

/// Over plain http, eight threads.
pub(crate) static HTTP: Group = Group {
    key: "http",
    title: text(
        "Verifications over http on loopback by 8 threads, with time-outs",
        "8 个线程经回环地址以 http 核验，均设超时",
    ),
    unit: VERIFICATIONS,
    contenders: &[HEYAN, UREQ, REQWEST, REQWEST_ASYNC, ATTOHTTPC, MINREQ, RAW],
    bounds: &[
        Bound { slower: "ureq", faster: "heyan", least: 6.0, build: "x86_64" },
        Bound { slower: "raw", faster: "heyan", least: 0.8, build: "x86_64" },
    ],
    with_v3: false,
    prepare: |contest| prepare(contest, HTTP.contenders, false),
};

/// Over https, eight threads. Without `minreq`, which trusts the roots that are built into it and no other, so that it cannot
/// be shown a server of one's own.
pub(crate) static HTTPS: Group = Group {
    key: "https",
    title: text(
        "Verifications over https on loopback by 8 threads, with time-outs",
        "8 个线程经回环地址以 https 核验，均设超时",
    ),
    unit: VERIFICATIONS,
    contenders: &[HEYAN, UREQ, REQWEST, REQWEST_ASYNC, ATTOHTTPC, RAW],
    bounds: &[
        Bound { slower: "ureq", faster: "heyan", least: 6.0, build: "x86_64" },
        Bound { slower: "reqwest", faster: "heyan", least: 1.0, build: "x86_64" },
        Bound { slower: "reqwest-async", faster: "heyan", least: 1.0, build: "x86_64" },
        Bound { slower: "raw", faster: "heyan", least: 0.8, build: "x86_64" },
    ],
    with_v3: false,
    prepare: |contest| prepare(contest, HTTPS.contenders, true),
};

const HEYAN: Contender = Contender {
    key: "heyan",
    name: same("heyan: `heyan_std::Client`"),
    note: text("one client for all threads, every time-out on", "所有线程共用一个客户端，超时全开"),
};
const UREQ: Contender = Contender {
    key: "ureq",
    name: same("`ureq`"),
    note: text(
        "one agent with a global time-out: a thread for each request",
        "一个带全局超时的 agent：每个请求一个线程",
    ),
};
const REQWEST: Contender = Contender {
    key: "reqwest",
    name: same("`reqwest`, blocking"),
    note: text("one client with a time-out", "一个带超时的客户端"),
};
const REQWEST_ASYNC: Contender = Contender {
    key: "reqwest-async",
    name: same("`reqwest`"),
    note: text("as many tasks as threads, on tokio", "在 tokio 上，任务数与线程数相同"),
};
const ATTOHTTPC: Contender = Contender {
    key: "attohttpc",
    name: same("`attohttpc`"),
    note: text("a connection for each request", "每个请求一个连接"),
};
const MINREQ: Contender = Contender {
    key: "minreq",
    name: same("`minreq`"),
    note: text("a connection for each request", "每个请求一个连接"),
};
const RAW: Contender = Contender {
    key: "raw",
    name: same("`TcpStream` and `httparse`"),
    note: text(
        "a kept connection and a written request for each thread, no time-out: the limit",
        "每个线程一个保持的连接和写好的请求，无超时：极限",
    ),
};

fn prepare(contest: &mut Contest, contenders: &[Contender], secure: bool) {
    let world: &'static World = Box::leak(Box::new(World::new(secure)));
    let calls = contest.mode().choose(100, 2);
    for contender in contenders {
        let mut crew = Crew::new(world, contender.key, THREADS);
        let answer = vec![u8::from(crew.run(1))];
        contest.enter(contender.key, answer, THREADS * calls, move || assert!(crew.run(calls)));
    }
}
