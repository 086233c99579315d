//! TLS, broken at every record of a connection: every provider, every TLS of both transports.

use std::time::Duration;

use Place::{Back, Front};
use heyan::{ChannelFault, ProtocolError};
use heyan_faults::{
    Cell, Expect, Failure, Flag, HOLDER, Lane, Place, Plan, RecordFault, Records, STRANGER, Transport, free, play,
    protocol, unknown,
};

#[test]
fn every_broken_record_ends_as_it_must() {
    play(&Transport::SECURE, |lane| {
        let records = lane.heard.records.clone();
        // The server's hello, the old boxes' record, its certificate and proof; then tickets and the reply.
        assert!(lane.heard.handshake >= 3 && records.len() > lane.heard.handshake, "{records:?}");
        for at in 0..records.len() {
            records_that_end(lane, at);
            records_that_are_changed(lane, at);
            records_in_disorder(lane, at);
        }
        connections_that_drip(lane);
    });
}

/// What a connection is in the midst of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Handshake,
    /// The handshake is done and the request is on its way; nothing of the reply is there.
    Between,
    Reply,
}

fn stage(lane: &Lane, at: usize) -> Stage {
    match at {
        _ if at < lane.heard.handshake => Stage::Handshake,
        _ if at + 1 < lane.heard.records.len() => Stage::Between,
        _ => Stage::Reply,
    }
}

/// The connection ends without TLS having said so.
fn cut(lane: &Lane, at: usize) -> Expect {
    match (lane.transport.is_std(), stage(lane, at)) {
        // A server says where it broke, a device what its channel said.
        (true, Stage::Handshake) => free(ChannelFault::Tls),
        (true, _) => protocol(ProtocolError::Closed),
        (false, Stage::Handshake) => free(ChannelFault::Broken),
        (false, _) => unknown(ChannelFault::Broken),
    }
}

fn reset(lane: &Lane, at: usize) -> Expect {
    match (lane.transport.is_std(), stage(lane, at)) {
        (true, Stage::Handshake) => free(ChannelFault::Tls),
        (false, Stage::Handshake) => free(ChannelFault::Broken),
        // The tickets answer the client's end of the handshake, which the request follows: it may not have left yet.
        (_, Stage::Between) => Expect::OneOf(vec![free(ChannelFault::Broken), unknown(ChannelFault::Broken)]),
        (_, Stage::Reply) => unknown(ChannelFault::Broken),
    }
}

/// What came is not what the server sent.
fn forged(lane: &Lane, at: usize) -> Expect {
    if stage(lane, at) == Stage::Handshake { free(ChannelFault::Tls) } else { unknown(ChannelFault::Tls) }
}

fn either(one: Expect, other: Expect) -> Expect {
    if one == other { one } else { Expect::OneOf(vec![one, other]) }
}

fn played(lane: &mut Lane, family: &'static str, name: &str, records: Records, expect: Expect) {
    let mut talk = lane.talk(&[HOLDER]);
    if let RecordFault::Stall(_) = records.fault {
        // What a busy machine needs to connect and to shake hands; with less, a call could end before anything is late.
        talk.patience = Duration::from_millis(1500);
        talk.hours_pass = records.done.clone();
    }
    let name = format!("{name} of record {}", records.at);
    lane.cell(family, Cell::once(name, Plan::Records(records), talk, expect));
}

fn record(at: usize, fault: RecordFault) -> Records {
    Records { at, fault, then_cut: false, done: Flag::default(), drip: None }
}

fn records_that_end(lane: &mut Lane, at: usize) {
    let len = lane.heard.records[at].1;
    let end = Back(0);
    for place in [Front(0), Front(1), Front(4), Front(5), Front(len / 2), Back(1), end] {
        let is_whole = place == end;
        if is_whole && stage(lane, at) != Stage::Reply {
            // That is the beginning of the next one.
            continue;
        }
        let name = format!("{place:?}");
        // The last record of the reply is all that a verdict takes: its length is stated in HTTP.
        let of = |expect| if is_whole { Expect::Whole } else { expect };
        let expect = of(cut(lane, at));
        played(lane, "record cut", &name, record(at, RecordFault::Cut(place)), expect);
        let expect = of(reset(lane, at));
        played(lane, "record reset", &name, record(at, RecordFault::Reset(place)), expect);
        if [Front(len / 2), end].contains(&place) {
            let sent = stage(lane, at) != Stage::Handshake;
            let expect = of(Expect::Fails(Failure::Channel(ChannelFault::TimedOut, sent)));
            played(lane, "record stalled", &name, record(at, RecordFault::Stall(place)), expect);
        }
    }
}

/// The record that TLS 1.3 sends for the sake of old boxes on the way, in which nothing is said.
const CHANGE_CIPHER_SPEC: u8 = 20;

fn records_that_are_changed(lane: &mut Lane, at: usize) {
    let (kind, len) = lane.heard.records[at];
    let places = match kind {
        CHANGE_CIPHER_SPEC => [0, 1, 2, 3, 4, 5].map(Front).to_vec(),
        _ => [0, 1, 2, 3, 4, 5, 6, 9, len / 2].map(Front).into_iter().chain([Back(17), Back(1)]).collect(),
    };
    for place in places {
        for bit in [0, 7] {
            let mut records = record(at, RecordFault::Flip(place, bit));
            // With another length, a client may wait for what never comes.
            records.then_cut = matches!(place, Front(3 | 4));
            let expect = match place {
                Front(3 | 4) => either(forged(lane, at), cut(lane, at)),
                // RFC 8446 §5.1: the version means nothing and must be ignored. Who does not do so refuses.
                Front(1 | 2) => either(forged(lane, at), Expect::Whole),
                // §5: whatever is in there, a client may drop it.
                _ if kind == CHANGE_CIPHER_SPEC => either(forged(lane, at), Expect::Whole),
                // §5.2: what kind it is stands inside, encrypted; outside it only says that it is encrypted.
                Front(0) if at > 0 => either(forged(lane, at), Expect::Whole),
                _ => forged(lane, at),
            };
            played(lane, "bit flipped", &format!("bit {bit} of {place:?}"), records, expect);
        }
    }
}

fn records_in_disorder(lane: &mut Lane, at: usize) {
    for garbage in
        [&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], b"\0", b"\x17\x03\x03\0\x20heyan heyan heyan heyan heyan heyan"]
    {
        let name = format!("`{}` in front", garbage.escape_ascii());
        let mut records = record(at, RecordFault::Garbage(garbage.to_vec()));
        records.then_cut = true;
        let expect = forged(lane, at);
        played(lane, "garbage", &name, records, expect);
    }
    let mut missing = record(at, RecordFault::Missing);
    missing.then_cut = true;
    let expect = cut(lane, at);
    played(lane, "record missing", "all", missing, expect);
    let twice = match stage(lane, at) {
        // One more of those may be dropped.
        _ if lane.heard.records[at].0 == CHANGE_CIPHER_SPEC => either(forged(lane, at), Expect::Whole),
        // The second one may be read before the request left, or behind it.
        Stage::Handshake => either(free(ChannelFault::Tls), unknown(ChannelFault::Tls)),
        Stage::Between => unknown(ChannelFault::Tls),
        // It is noticed if it comes in the moment in which the first one is read.
        Stage::Reply => either(Expect::Whole, unknown(ChannelFault::Tls)),
    };
    played(lane, "record twice", "all", record(at, RecordFault::Twice), twice);
}

fn connections_that_drip(lane: &mut Lane) {
    let drip = |pause| Records { drip: Some(pause), ..record(usize::MAX, RecordFault::None) };
    played(lane, "drips in time", "every byte", drip(Duration::ZERO), Expect::Whole);
    let mut talk = lane.talk(&[HOLDER]);
    talk.patience = Duration::from_millis(150);
    talk.time_per_read = Duration::from_secs(1);
    let plan = Plan::Records(drip(Duration::from_millis(1)));
    let late = Cell::once("every byte", plan, talk, free(ChannelFault::TimedOut));
    lane.cell("drips too slowly", Cell { connections: None, ..late });
}

#[test]
fn a_kept_connection_over_tls_is_kept_and_replaced() {
    play(&Transport::SECURE, |lane| {
        let whole = || Plan::record(usize::MAX, RecordFault::None);
        let cell = Cell {
            name: "three calls".into(),
            plans: vec![whole()],
            talk: lane.talk(&[HOLDER, STRANGER, HOLDER]),
            expect: vec![Expect::Whole; 3],
            connections: Some(1),
        };
        lane.cell("kept", cell);
        // The last record of the first reply comes again while nobody asks, or the server leaves behind it.
        let last = lane.heard.records.len() - 1;
        for (name, then_cut) in [("the last record comes again", false), ("closed", true)] {
            let go = Flag::default();
            let fault = if then_cut { RecordFault::None } else { RecordFault::TwiceAfter(go.clone()) };
            let records = Records { then_cut, ..record(last, fault) };
            let done = records.done.clone();
            let between = |number| {
                if number == 1 {
                    go.raise();
                    assert!(done.wait());
                }
            };
            let mut talk = lane.talk(&[HOLDER, STRANGER]);
            talk.between = &between;
            let plans = vec![Plan::Records(records), whole()];
            let expect = vec![Expect::Whole, Expect::Whole];
            lane.cell("while idle", Cell { name: name.into(), plans, talk, expect, connections: Some(2) });
        }
    });
}
