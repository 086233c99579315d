//! Threads that ask without a router: the devices' client, and TLS, whose exchanges a proxy cannot read.

use std::sync::atomic::{AtomicBool, Ordering};

use heyan::Provider;
use heyan::provider::{IDCERT, IDENAUTHEN, SFZ2};
use heyan_faults::{
    Act, Cell, Expect, HOLDER, Lane, Place, Plan, RecordFault, Records, STRANGER, Tally, Transport, Turn,
};

use crate::chance::Chance;

/// How many calls a conversation has; one of them goes wrong.
const CALLS: usize = 100;
/// Every way that is tried besides the router's.
const WAYS: [Transport; 4] =
    [Transport::EmbeddedHttp, Transport::EmbeddedRustls, Transport::StdHttps, Transport::EmbeddedTls];

/// Opens the way with this number, for a thread of its own.
pub(crate) fn open(number: usize) -> Lane {
    let transport = WAYS[number % WAYS.len()];
    let providers: [&'static dyn Provider; 3] = [&IDCERT, &SFZ2, &IDENAUTHEN];
    Lane::open(providers[number % providers.len()], transport)
}

/// One conversation after the other until it is over.
pub(crate) fn work(mut lane: Lane, mut chance: Chance, over: &AtomicBool) -> Tally {
    while !over.load(Ordering::Relaxed) {
        let calls = 2 * CALLS - chance.below(2 * CALLS);
        let mut names: Vec<&str> = (0..calls).map(|_| [HOLDER, STRANGER][chance.below(2)]).collect();
        let at = chance.below(calls);
        // The reply whose length is known.
        names[at] = HOLDER;
        let (plan, expect) =
            if lane.transport.is_secure() { records(&lane, &mut chance, at) } else { turns(&lane, &mut chance, at) };
        let rest = calls - at - 1;
        let more = if lane.transport.is_secure() {
            Plan::record(usize::MAX, RecordFault::None)
        } else {
            Plan::faultless(rest)
        };
        let mut expects = vec![Expect::Whole; calls];
        expects[at] = expect;
        let talk = lane.talk(&names);
        let name = format!("call {at} of {calls}");
        lane.cell("conversation", Cell { name, plans: vec![plan, more], talk, expect: expects, connections: None });
    }
    lane.close()
}

fn turns(lane: &Lane, chance: &mut Chance, at: usize) -> (Plan, Expect) {
    let len = lane.heard.reply.len();
    let place = chance.below(len);
    let (acts, expect) = match chance.below(5) {
        0 => (vec![Act::Pass(0, place), Act::Cut], Expect::NoVerdict),
        1 => (vec![Act::Pass(0, place), Act::Reset], Expect::NoVerdict),
        2 => (vec![Act::Say(vec![0]), Act::Pass(0, len), Act::Cut], Expect::NoVerdict),
        3 => (vec![Act::Pass(0, place), Act::Say(vec![0]), Act::Pass(place, len), Act::Cut], Expect::NoVerdict),
        _ => (vec![Act::Pass(0, len), Act::Pass(0, 1 + place), Act::Cut], Expect::Whole),
    };
    let mut turns: Vec<Turn> = (0..at).map(|_| Turn::faultless()).collect();
    turns.push(Turn { request: heyan_faults::Take::Whole, acts });
    (Plan::Turns(turns), expect)
}

fn records(lane: &Lane, chance: &mut Chance, at: usize) -> (Plan, Expect) {
    // Everything up to the first reply, then one record for each.
    let number = lane.heard.records.len() - 1 + at;
    let place = Place::Front(6 + chance.below(200));
    let (fault, then_cut) = match chance.below(5) {
        0 => (RecordFault::Cut(place), false),
        1 => (RecordFault::Reset(place), false),
        2 => (RecordFault::Flip(place, 3), true),
        3 => (RecordFault::Garbage(vec![0; 7]), true),
        _ => (RecordFault::Missing, true),
    };
    let records = Records { at: number, fault, then_cut, done: heyan_faults::Flag::default(), drip: None };
    (Plan::Records(records), Expect::NoVerdict)
}
