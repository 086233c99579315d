//! Plain connections: every provider, both transports, every fault, at every byte of the reply.

use std::time::Duration;

use heyan::{ChannelFault, ProtocolError, ReplyFault};
use heyan_conformance::oracle::{Meaning, meaning, parse};
use heyan_faults::{
    Act, Cell, Expect, Flag, HOLDER, ID, Lane, Lookup, Plan, STRANGER, Take, Transport, Turn, free, play, protocol,
    reply, unknown,
};

/// Everything that there is to pass.
const ALL: usize = usize::MAX;
/// What a busy machine needs to connect and to send; with less, a call could end before its reply could be late.
const SHORT_PATIENCE: Duration = Duration::from_secs(1);

#[test]
fn every_fault_of_a_plain_connection_ends_as_it_must() {
    play(&Transport::PLAIN, |lane| {
        connections_that_there_are_not(lane);
        requests_that_do_not_arrive(lane);
        requests_that_do_not_leave(lane);
        replies_that_end(lane);
        replies_that_take_time(lane);
        bytes_that_are_not_of_the_reply(lane);
        bytes_that_are_changed(lane);
    });
}

fn connections_that_there_are_not(lane: &mut Lane) {
    // Nobody listens at this port on the next loopback address.
    let mut nobody = lane.proxy.address();
    nobody.set_ip([127, 0, 0, 2].into());
    let mut talk = lane.talk(&[HOLDER]);
    talk.lookups = vec![Lookup::Found(vec![nobody])];
    let expect = vec![free(ChannelFault::Connect)];
    lane.cell("refused", Cell { name: "connect".into(), plans: Vec::new(), talk, expect, connections: Some(0) });

    // Accepted and ended at once. The request may leave in the moment before.
    let cut = Turn { request: Take::Unread(0), acts: vec![Act::Reset] };
    let faults = [free(ChannelFault::Connect), free(ChannelFault::Broken), unknown(ChannelFault::Broken)];
    let either = Expect::OneOf(faults.to_vec());
    let talk = lane.talk(&[HOLDER]);
    lane.cell("accepted and reset", Cell::once("connect", Plan::Turns(vec![cut]), talk, either));
}

/// The whole request leaves the client; what the gateway gets of it is not enough, or nobody answers.
fn requests_that_do_not_arrive(lane: &mut Lane) {
    let len = lane.heard.request.len();
    let line = lane.heard.request.iter().position(|byte| *byte == b'\r').unwrap_or_default();
    for at in [0, 1, line, line + 2, len / 2, len - 2, len - 1] {
        let lost = |act| Plan::Turns(vec![Turn { request: Take::Lost(at), acts: vec![act] }]);
        let name = format!("byte {at} of the request");
        let (cut, reset) = (protocol(ProtocolError::Closed), unknown(ChannelFault::Broken));
        let talk = lane.talk(&[HOLDER]);
        lane.cell("request lost, then cut", Cell::once(&name, lost(Act::Cut), talk, cut));
        let talk = lane.talk(&[HOLDER]);
        lane.cell("request lost, then reset", Cell::once(&name, lost(Act::Reset), talk, reset));
    }
}

/// The connection breaks before the client could hand over the last byte: that is free.
fn requests_that_do_not_leave(lane: &mut Lane) {
    if lane.transport.is_std() {
        // A server's socket takes a request of this size at once, so one is sent that no socket takes. A query has no
        // room for that.
        if lane.provider.info().method() == heyan::http::Method::Post {
            for at in [1, 100, lane.heard.request.len(), 4096, 100_000] {
                let plan = Plan::Turns(vec![Turn { request: Take::Unread(at), acts: vec![Act::Reset] }]);
                let mut talk = lane.talk(&[HOLDER]);
                talk.extra_len = 8 << 20;
                let name = format!("byte {at} of 8 MiB");
                lane.cell("reset while sending", Cell::once(name, plan, talk, free(ChannelFault::Broken)));
            }
        }
        return;
    }
    let len = lane.heard.request.len();
    for at in 0..=len {
        for (family, act) in [("reset while sending", Act::Reset), ("cut while sending", Act::Cut)] {
            let done = Flag::default();
            let acts = vec![act.clone(), Act::Tell(done.clone())];
            let mut talk = lane.talk(&[HOLDER]);
            talk.hold_back = Some((at, done));
            let expect = match act {
                Act::Reset if at < len => free(ChannelFault::Broken),
                Act::Reset => unknown(ChannelFault::Broken),
                // Who says nothing more may still hear: the rest leaves.
                _ => protocol(ProtocolError::Closed),
            };
            let plan = Plan::Turns(vec![Turn { request: Take::Unread(at), acts }]);
            lane.cell(family, Cell::once(format!("byte {at} of the request"), plan, talk, expect));
        }
    }
}

fn replies_that_end(lane: &mut Lane) {
    let len = lane.heard.reply.len();
    for at in 0..=len {
        let ends = |act| Plan::acts(vec![Act::Pass(0, at), act]);
        let name = format!("byte {at} of the reply");
        let cut = match at {
            0 => protocol(ProtocolError::Closed),
            _ if at < len => protocol(ProtocolError::Truncated),
            _ => Expect::Whole,
        };
        // A server calls both an early end; a device keeps what its channel says.
        let reset = match at {
            0 => unknown(ChannelFault::Broken),
            _ if at < len && lane.transport.is_std() => protocol(ProtocolError::Truncated),
            _ if at < len => unknown(ChannelFault::Broken),
            _ => Expect::Whole,
        };
        let talk = lane.talk(&[HOLDER]);
        lane.cell("reply cut", Cell::once(&name, ends(Act::Cut), talk, cut));
        let talk = lane.talk(&[HOLDER]);
        lane.cell("reply reset", Cell::once(&name, ends(Act::Reset), talk, reset));
    }
}

fn replies_that_take_time(lane: &mut Lane) {
    let (len, head) = (lane.heard.reply.len(), lane.head_len);
    for at in 0..=len {
        let pause = Act::Pause(Duration::from_micros(200));
        let plan = Plan::acts(vec![Act::Pass(0, at), pause, Act::Pass(at, ALL)]);
        let talk = lane.talk(&[HOLDER]);
        lane.cell("reply delayed", Cell::once(format!("byte {at} of the reply"), plan, talk, Expect::Whole));
    }
    // A server's clock cannot be told to go on, so its stalls are at the places that differ.
    let places = [0, 1, head - 1, head, head + 1, len - 1];
    let places = if lane.transport.is_std() { places.to_vec() } else { (0..len).collect() };
    for at in places {
        let mut talk = lane.talk(&[HOLDER]);
        talk.patience = SHORT_PATIENCE;
        let plan = Plan::acts(vec![Act::Pass(0, at), Act::Tell(talk.hours_pass.clone())]);
        let name = format!("byte {at} of the reply");
        lane.cell("reply stalled", Cell::once(name, plan, talk, unknown(ChannelFault::TimedOut)));
    }
    let drip = |pause| Plan::acts(vec![Act::Drip(0, ALL, pause)]);
    let talk = lane.talk(&[HOLDER]);
    lane.cell("reply drips in time", Cell::once("every byte", drip(Duration::ZERO), talk, Expect::Whole));
    let mut talk = lane.talk(&[HOLDER]);
    talk.patience = SHORT_PATIENCE;
    talk.time_per_read = Duration::from_secs(1);
    let late = unknown(ChannelFault::TimedOut);
    lane.cell("reply drips too slowly", Cell::once("every byte", drip(Duration::from_millis(5)), talk, late));
}

fn bytes_that_are_not_of_the_reply(lane: &mut Lane) {
    let (bytes, head) = (lane.heard.reply.clone(), lane.head_len);
    for garbage in [&b"\0"[..], b"\r\n", b" ", b"\x15\x03\x03\0\x02\x02\x28", b"SSH-2.0-x\r\n", b"{}"] {
        let plan = Plan::acts(vec![Act::Say(garbage.to_vec()), Act::Pass(0, ALL), Act::Cut]);
        let name = format!("`{}`", garbage.escape_ascii());
        let talk = lane.talk(&[HOLDER]);
        lane.cell("garbage before", Cell::once(name, plan, talk, protocol(ProtocolError::Head)));
    }
    for at in 0..=bytes.len() {
        // In front of it, a NUL belongs to nothing in a head, and to nothing in JSON; what it pushes out behind the
        // stated length cannot be read as part of the reply.
        let expect = match at {
            _ if at == bytes.len() => Expect::Whole,
            _ if at >= head => reply(ReplyFault::NotJson),
            _ if at > 0 && bytes[at - 1] == b'\r' => protocol(ProtocolError::LineEnding),
            // It makes a line of the empty one, so the head does not end.
            _ if at == head - 2 => protocol(ProtocolError::Truncated),
            _ => protocol(ProtocolError::Head),
        };
        let plan = Plan::acts(vec![Act::Pass(0, at), Act::Say(vec![0]), Act::Pass(at, ALL), Act::Cut]);
        let talk = lane.talk(&[HOLDER]);
        lane.cell("garbage within", Cell::once(format!("byte {at} of the reply"), plan, talk, expect));
    }
    for at in 0..bytes.len() {
        let plan = Plan::acts(vec![Act::Pass(0, at + 1), Act::Pass(at, ALL), Act::Cut]);
        let talk = lane.talk(&[HOLDER]);
        // A server's client has room for ten times the reply.
        let room = if lane.transport.is_std() { 64 * 1024 } else { lane.provider.info().buffer_len() };
        let expect = repeated(&bytes, head, at, room);
        lane.cell("byte repeated", Cell::once(format!("byte {at} of the reply"), plan, talk, expect));
    }
}

/// What a reply is worth in which a byte comes twice.
fn repeated(bytes: &[u8], head: usize, at: usize, room: usize) -> Expect {
    // The end of the line that the byte is in, and its beginning.
    let begin = bytes[..at].iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    let line = &bytes[begin..];
    let line = &line[..line.iter().position(|byte| *byte == b'\r').unwrap_or(line.len())];
    let place = at - begin;
    let colon = line.iter().position(|byte| *byte == b':').unwrap_or(line.len());
    let is_length = line.to_ascii_lowercase().starts_with(b"content-length:");
    match bytes[at] {
        // Behind the last byte of the body nothing is read.
        _ if at + 1 == bytes.len() => Expect::Whole,
        // The last byte of the text is pushed out of the stated length.
        _ if at + 1 >= head => reply(ReplyFault::NotJson),
        b'\r' | b'\n' => protocol(ProtocolError::LineEnding),
        // `HTTP/1.1 200`: up to the reason, every byte counts.
        _ if begin == 0 && place < 12 => protocol(ProtocolError::Head),
        _ if begin == 0 => Expect::Whole,
        b':' if is_length && place == colon => protocol(ProtocolError::ContentLength),
        // More is stated than comes, or than there is room for.
        b'0'..=b'9' if is_length => {
            let (before, behind) = (&line[colon + 1..=place], &line[place..]);
            let stated = String::from_utf8_lossy(&[before, behind].concat()).trim().parse().unwrap_or(usize::MAX);
            let is_too_long = head + 1 + stated > room;
            protocol(if is_too_long { ProtocolError::TooLong } else { ProtocolError::Truncated })
        }
        // Without a length, the body ends with the connection: all of it is there.
        _ => Expect::Whole,
    }
}

/// One bit of a byte is the other one. TLS protects every byte; here only the text's own rules do. So the values of the
/// members that decide are left alone: `1` and `3` differ in one bit, and both are verdicts.
fn bytes_that_are_changed(lane: &mut Lane) {
    let slug = lane.provider.info().slug;
    let bytes = lane.heard.reply.clone();
    let body = &bytes[lane.head_len..];
    let decisive = values_of(body, &["code", "result", "respCode", "status", "state", "ok", "match", "msg"]);
    for at in (0..body.len()).filter(|at| !decisive.iter().any(|range| range.contains(at))) {
        let bit = at % 8;
        let mut changed = body.to_vec();
        changed[at] ^= 1 << bit;
        // The second reader knows the vendors' documents and no line of heyan.
        let document = parse(&changed);
        let expect = match (&document, meaning(slug, 200, document.as_ref(), ID)) {
            (None, _) => reply(ReplyFault::NotJson),
            (Some(_), Meaning::Verdict(word)) => Expect::Verdict(word),
            (Some(_), _) => Expect::NoVerdict,
        };
        let from = lane.head_len;
        let changed_byte = vec![changed[at]];
        let plan = Plan::acts(vec![Act::Pass(0, from + at), Act::Say(changed_byte), Act::Pass(from + at + 1, ALL)]);
        let talk = lane.talk(&[HOLDER]);
        lane.cell("bit flipped", Cell::once(format!("bit {bit} of byte {at} of the body"), plan, talk, expect));
    }
}

/// Where the values of these members stand in a text without white space, for members that are no containers.
fn values_of(body: &[u8], names: &[&str]) -> Vec<std::ops::Range<usize>> {
    let text = String::from_utf8_lossy(body);
    let mut ranges = Vec::new();
    for name in names {
        let name = format!("\"{name}\":");
        if let Some(at) = text.find(&name) {
            let begin = at + name.len();
            let value = &body[begin..];
            let is_end = |byte: &u8| matches!(byte, b',' | b'}');
            ranges.push(begin..begin + value.iter().position(is_end).unwrap_or(value.len()));
        }
    }
    ranges
}

/// What a peer does between two calls, or behind a reply, must not become the next person's verdict.
#[test]
fn a_kept_connection_never_answers_for_another_call() {
    play(&Transport::PLAIN, |lane| {
        let talk = lane.talk(&[HOLDER, STRANGER, HOLDER]);
        let expect = vec![Expect::Whole; 3];
        let kept =
            Cell { name: "three calls".into(), plans: vec![Plan::faultless(3)], talk, expect, connections: Some(1) };
        lane.cell("kept", kept);
        replies_with_more_behind_them(lane);
        faults_while_idle(lane);
    });
}

fn replies_with_more_behind_them(lane: &mut Lane) {
    let (bytes, head) = (lane.heard.reply.clone(), lane.head_len);
    for (more, what) in [
        (&bytes[..], "the reply again"),
        (b"HTTP/1.1 ", "a part of a reply"),
        (b"\0", "a NUL"),
        (b"\r\n", "a line end"),
    ] {
        let together = vec![Act::Say([&bytes[..], more].concat())];
        let head_first =
            vec![Act::Pass(0, head), Act::Pause(Duration::from_millis(5)), Act::Say([&bytes[head..], more].concat())];
        for (how, acts) in [("at once", together), ("behind the body", head_first)] {
            let talk = lane.talk(&[HOLDER, STRANGER]);
            let plans = vec![Plan::acts(acts), Plan::faultless(1)];
            let expect = vec![Expect::Whole, Expect::Whole];
            let name = format!("{what}, {how}");
            lane.cell("more behind a reply", Cell { name, plans, talk, expect, connections: Some(2) });
        }
    }
}

fn faults_while_idle(lane: &mut Lane) {
    let again = lane.heard.reply.clone();
    let cases = [
        ("closed", Act::Cut),
        ("reset", Act::Reset),
        ("the last reply comes again", Act::Say(again)),
        ("a byte comes", Act::Say(vec![0])),
    ];
    for (name, act) in cases {
        let (go, done) = (Flag::default(), Flag::default());
        let then = vec![Act::Pass(0, ALL), Act::Await(go.clone()), act.clone(), Act::Tell(done.clone())];
        let strike = |number| {
            if number == 1 {
                go.raise();
                assert!(done.wait());
            }
        };
        let mut talk = lane.talk(&[HOLDER, STRANGER, HOLDER]);
        talk.between = &strike;
        let plans = vec![Plan::acts(then), Plan::faultless(2)];
        let expect = vec![Expect::Whole, Expect::Whole, Expect::Whole];
        lane.cell("while idle", Cell { name: name.into(), plans, talk, expect, connections: Some(2) });
    }
}
