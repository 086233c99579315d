//! Accounts for tests of the router.

use std::time::Duration;

use heyan::policy::RetryRule;
use heyan_std::{Client, Config, Routed, RoutedAccount};

use super::{Act, Peer, plain, reply};

/// Longest time for a verification in these tests; no pause of the rule comes near it.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);
pub(crate) const FAST: RetryRule =
    RetryRule::new(3, DEADLINE).with_pauses(Duration::from_millis(1), Duration::from_millis(5));
/// What a call costs on every account here, in millionths of a yuan.
pub(crate) const PRICE: u32 = 300_000;

pub(crate) fn account(client: Client, id: &str) -> RoutedAccount {
    RoutedAccount::new(client, id, PRICE).unwrap()
}

pub(crate) fn classes(routed: &Routed) -> Vec<&'static str> {
    routed.attempts.iter().map(|line| line.ending.class().word()).collect()
}

/// What the gateway says with this code of its own.
pub(crate) fn gateway(code: &str) -> Act {
    let headers = format!("X-Ca-Error-Code: {code}\r\n");
    Act::Reply(reply(&format!("{} Declined", &code[1..4]), &headers, b""))
}

/// A peer that does this with its one request, and a configuration for it.
pub(crate) fn doing(act: Act) -> (Option<Peer>, Config) {
    let peer = Peer::start(vec![vec![act]]);
    let config = plain(peer.port);
    (Some(peer), config)
}

/// A peer that answers with this status and body.
pub(crate) fn saying(status: &str, body: &str) -> (Option<Peer>, Config) {
    doing(Act::Reply(reply(status, "", body.as_bytes())))
}

/// A port at which nobody listens.
pub(crate) fn nobody() -> u16 {
    std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}
