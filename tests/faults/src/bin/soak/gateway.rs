//! The way to one account: a proxy that breaks some exchanges in a hundred, and a book of what it did to each call.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use heyan::Billing;
use heyan::policy::Ending;
use heyan_faults::{Act, Note, Plan, Proxy, Take, Turn};

use crate::chance::Chance;

/// Of 100,000 exchanges, so many go wrong by themselves, for each percent of faults that is asked for.
const EXCHANGES: usize = 850;
/// Of 100,000 lookups of a host, so many find nothing. There is one for nearly every call.
const LOOKUPS: usize = 50;
/// Of 100,000 connections, so many are refused, and so many reset as soon as they are there. Some hundred exchanges share
/// one.
const CONNECTIONS: usize = 5_000;
/// Longest head and body of a sandbox's reply, roughly. What happens behind its end happens to an idle connection.
const REPLY_LEN: usize = 700;
/// No request and no head of a reply is shorter.
const HEAD_LEN: usize = 100;
/// Most exchanges over one connection.
const TURNS: usize = 400;
/// The parameter in which each call carries its number.
pub(crate) const CALL: &str = "call";

/// What may happen to one exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Fault {
    /// Nothing.
    None,
    /// The request is lost on the way and the connection ends.
    LostThenCut,
    /// The same, and it is reset.
    LostThenReset,
    /// Something in front of the gateway refuses, in the gateway's words; the request gets no further.
    Busy,
    /// The same, with a page of its own and status 500.
    ServerError,
    /// The reply ends at a random byte.
    Cut,
    /// The connection is reset there.
    Reset,
    /// Nothing more comes from there on.
    Stall,
    /// It pauses there, not for long.
    Late,
    /// It comes byte by byte.
    Drip,
    /// A byte that belongs to nothing comes in front of it.
    GarbageBefore,
    /// The same, within.
    GarbageWithin,
    /// Another text comes instead of it, with status 200.
    OtherText,
    /// A part of it comes again behind it.
    MoreBehind,
    /// It is whole, and the connection ends behind it.
    StaleCut,
    /// It is whole, and the connection is reset behind it.
    StaleReset,
}

const FAULTS: [Fault; 15] = [
    Fault::LostThenCut,
    Fault::LostThenReset,
    Fault::Busy,
    Fault::ServerError,
    Fault::Cut,
    Fault::Reset,
    Fault::Stall,
    Fault::Late,
    Fault::Drip,
    Fault::GarbageBefore,
    Fault::GarbageWithin,
    Fault::OtherText,
    Fault::MoreBehind,
    Fault::StaleCut,
    Fault::StaleReset,
];

/// What must come of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Must {
    /// A verdict.
    Verdict,
    /// A failure that cost nothing.
    FailFree,
    /// A failure that was billed.
    FailBilled,
    /// A failure of which nobody knows whether it was billed.
    FailUnknown,
}

impl Must {
    pub(crate) fn is_met(self, ending: Ending) -> bool {
        match (self, ending.verdict(), ending.billing()) {
            (Self::Verdict, Some(_), _)
            | (Self::FailFree, None, Billing::Free)
            | (Self::FailBilled, None, Billing::Billed)
            | (Self::FailUnknown, None, Billing::Unknown) => true,
            (Self::Verdict | Self::FailFree | Self::FailBilled | Self::FailUnknown, _, _) => false,
        }
    }
}

/// One exchange of a call, as the proxy saw it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Exchange {
    pub(crate) fault: Fault,
    pub(crate) must: Must,
    /// The gateway answered with a 2xx, which it bills.
    pub(crate) is_billed: bool,
}

/// Locks that the calls are spread over; `Default` is for no longer array.
const SHARDS: usize = 32;

type Shard = Mutex<HashMap<u64, Vec<Exchange>>>;

/// What happened, by call and in sum. All ways share one.
#[derive(Debug, Default)]
pub(crate) struct Log {
    calls: [Shard; SHARDS],
    faults: Mutex<HashMap<Fault, u64>>,
    pub(crate) exchanges: AtomicU64,
    pub(crate) lookups_failed: AtomicU64,
    /// Connections that were reset when they were made: a request may be in there.
    pub(crate) shut: AtomicU64,
}

impl Log {
    fn shard(&self, call: u64) -> MutexGuard<'_, HashMap<u64, Vec<Exchange>>> {
        let shard = &self.calls[call as usize % SHARDS];
        shard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, call: u64, exchange: Exchange) {
        self.exchanges.fetch_add(1, Ordering::Relaxed);
        if exchange.fault != Fault::None {
            *self.faults.lock().unwrap_or_else(PoisonError::into_inner).entry(exchange.fault).or_default() += 1;
        }
        self.shard(call).entry(call).or_default().push(exchange);
    }

    /// What was done to this call. It is forgotten.
    pub(crate) fn take(&self, call: u64) -> Vec<Exchange> {
        self.shard(call).remove(&call).unwrap_or_default()
    }

    /// Exchanges that belong to no call that ended.
    pub(crate) fn left_over(&self) -> usize {
        (0..SHARDS as u64).map(|shard| self.shard(shard).values().map(Vec::len).sum::<usize>()).sum()
    }

    /// What went wrong with exchanges, and how often.
    pub(crate) fn faults(&self) -> Vec<(Fault, u64)> {
        let mut faults: Vec<_> =
            self.faults.lock().unwrap_or_else(PoisonError::into_inner).iter().map(|(f, n)| (*f, *n)).collect();
        faults.sort_unstable();
        faults
    }

    /// Every fault there was, but for connections that were refused, of which only their callers know.
    pub(crate) fn sum(&self) -> u64 {
        let load = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let exchanges: u64 = self.faults().iter().map(|(_, count)| count).sum();
        exchanges + load(&self.lookups_failed) + load(&self.shut)
    }

    /// Faults whose victims the proxy does not know: whoever uses the connection next.
    pub(crate) fn nameless(&self) -> u64 {
        let is_stale = |fault: &Fault| matches!(fault, Fault::StaleCut | Fault::StaleReset | Fault::MoreBehind);
        let stale: u64 = self.faults().iter().filter(|(fault, _)| is_stale(fault)).map(|(_, count)| count).sum();
        stale + self.shut.load(Ordering::Relaxed)
    }
}

/// A proxy that breaks things by chance.
pub(crate) fn start(server: SocketAddr, mut chance: Chance, percent: usize, log: &Arc<Log>) -> io::Result<Proxy> {
    let log = Arc::clone(log);
    Proxy::start_with(server, move || Some(plan(&mut chance, percent, &log)))
}

/// What a lookup of the proxy's name says.
pub(crate) fn look_up(address: SocketAddr, chance: &mut Chance, log: &Log) -> io::Result<Vec<SocketAddr>> {
    if chance.strikes(LOOKUPS) {
        log.lookups_failed.fetch_add(1, Ordering::Relaxed);
        return Err(io::ErrorKind::NotFound.into());
    }
    if chance.strikes(CONNECTIONS) {
        // Nobody listens at this port on the next loopback address. Who has a connection already does not notice.
        return Ok(vec![SocketAddr::from(([127, 0, 0, 2], address.port()))]);
    }
    Ok(vec![address])
}

fn plan(chance: &mut Chance, percent: usize, log: &Arc<Log>) -> Plan {
    if chance.strikes(CONNECTIONS) {
        log.shut.fetch_add(1, Ordering::Relaxed);
        return Plan::Turns(vec![Turn { request: Take::Unread(0), acts: vec![Act::Reset] }]);
    }
    let whole = Turn { request: Take::Whole, acts: vec![noted(log, Fault::None, 0), Act::Pass(0, usize::MAX)] };
    let mut turns = Vec::new();
    while turns.len() < TURNS {
        if !chance.strikes(EXCHANGES * percent) {
            turns.push(whole.clone());
            continue;
        }
        let fault = chance.one_of(&FAULTS).unwrap_or(Fault::Cut);
        turns.push(turn(fault, chance.below(REPLY_LEN), log));
        if !matches!(fault, Fault::Late | Fault::Drip) {
            return Plan::Turns(turns);
        }
    }
    turns.push(turn(Fault::StaleCut, 0, log));
    Plan::Turns(turns)
}

fn turn(fault: Fault, at: usize, log: &Arc<Log>) -> Turn {
    let all = usize::MAX;
    let at = if let Fault::LostThenCut | Fault::LostThenReset | Fault::Stall = fault { at % HEAD_LEN } else { at };
    let request = match fault {
        Fault::LostThenCut | Fault::LostThenReset => Take::Lost(at),
        Fault::Busy | Fault::ServerError => Take::Lost(0),
        _ => Take::Whole,
    };
    let mut acts = vec![noted(log, fault, at)];
    acts.extend(match fault {
        Fault::None => vec![Act::Pass(0, all)],
        Fault::LostThenCut => vec![Act::Cut],
        Fault::LostThenReset => vec![Act::Reset],
        Fault::Busy => vec![Act::Say(said("503 Busy", "X-Ca-Error-Code: X503BZ\r\n", "")), Act::Cut],
        Fault::ServerError => vec![Act::Say(said("500 Oh", "", "<html>")), Act::Cut],
        Fault::Cut => vec![Act::Pass(0, at), Act::Cut],
        Fault::Reset => vec![Act::Pass(0, at), Act::Reset],
        Fault::Stall => vec![Act::Pass(0, at)],
        Fault::Late => vec![Act::Pass(0, at), Act::Pause(Duration::from_millis(20)), Act::Pass(at, all)],
        Fault::Drip => vec![Act::Drip(0, all, Duration::ZERO)],
        Fault::GarbageBefore => vec![Act::Say(vec![0]), Act::Pass(0, all), Act::Cut],
        Fault::GarbageWithin => vec![Act::Pass(0, at), Act::Say(vec![0]), Act::Pass(at, all), Act::Cut],
        Fault::OtherText => vec![Act::Say(said("200 OK", "", "<html>")), Act::Cut],
        Fault::MoreBehind => vec![Act::Pass(0, all), Act::Pass(0, at.max(1)), Act::Cut],
        Fault::StaleCut => vec![Act::Pass(0, all), Act::Cut],
        Fault::StaleReset => vec![Act::Pass(0, all), Act::Reset],
    });
    Turn { request, acts }
}

fn said(status: &str, headers: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

/// Writes down what is done to a call in front of doing it.
fn noted(log: &Arc<Log>, fault: Fault, at: usize) -> Act {
    let log = Arc::clone(log);
    Act::Note(Note::new(move |request, reply| {
        let must = must(fault, at, reply);
        let fault = match fault {
            Fault::Cut | Fault::GarbageWithin if must == Must::Verdict => Fault::StaleCut,
            Fault::Reset if must == Must::Verdict => Fault::StaleReset,
            fault => fault,
        };
        let is_billed = reply.starts_with(b"HTTP/1.1 2");
        // A request without a number would be one that no caller made.
        log.note(number(request).unwrap_or(u64::MAX), Exchange { fault, must, is_billed });
    }))
}

fn must(fault: Fault, at: usize, reply: &[u8]) -> Must {
    let head = reply.windows(4).position(|end| end == b"\r\n\r\n").map_or(0, |end| end + 4);
    match fault {
        Fault::LostThenCut | Fault::LostThenReset | Fault::GarbageBefore => Must::FailUnknown,
        Fault::Busy | Fault::ServerError => Must::FailFree,
        Fault::OtherText => Must::FailBilled,
        Fault::Cut | Fault::Reset | Fault::Stall if at < reply.len() => Must::FailUnknown,
        Fault::GarbageWithin if at < head => Must::FailUnknown,
        // It pushes the last byte of the text out of the stated length.
        Fault::GarbageWithin if at < reply.len() => Must::FailBilled,
        _ => Must::Verdict,
    }
}

/// The number of the call that a request belongs to.
fn number(request: &[u8]) -> Option<u64> {
    let name = format!("{CALL}=");
    let at = request.windows(name.len()).position(|place| place == name.as_bytes())? + name.len();
    let digits = request.get(at..)?.iter().take_while(|byte| byte.is_ascii_digit());
    digits.fold(None, |number: Option<u64>, digit| Some(number.unwrap_or(0) * 10 + u64::from(digit - b'0')))
}
