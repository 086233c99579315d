//! What both TLS targets share: the peer, the channel to it, and what must not come of it.

pub mod op;
mod pipe;
pub mod script;

use std::ops::ControlFlow;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use heyan::provider::IDCERT;
use heyan::{Billing, ChannelError, Error, Inquiry, OwnedOutcome, Verdict};
use heyan_embedded::blocking::{Timer, timer};
use heyan_embedded::tls::{Dates, NoRandomness, Random, Trust};
use heyan_embedded::{Deadlines, Watch};
use heyan_peers::tls13::{Heard, Socket, play};
use heyan_peers::{Authority, GATEWAY, Identity, leaf, now};

pub(crate) use pipe::Pipe;
use script::Script;

/// Whom the client wants.
pub(crate) const HOST: &str = GATEWAY;
const REPLY: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 38\r\n\r\n{\"status\":\"01\",\"idCard\":\"11*****009X\"}";

/// The gateway, a stranger under another authority, and the authority that the client believes.
struct World {
    identities: Vec<Identity>,
    anchors: &'static [&'static [u8]],
}

fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| {
        let (root, stranger) = (Authority::root("Root"), Authority::root("Stranger"));
        let der: &'static [u8] = Box::leak(root.der().to_vec().into_boxed_slice());
        World {
            identities: vec![
                root.issue(&leaf(GATEWAY)),
                stranger.issue(&leaf(GATEWAY)),
                root.issue(&leaf("other.test")),
            ],
            anchors: Box::leak(Box::new([der])),
        }
    })
}

pub(crate) fn trust() -> Trust<'static> {
    Trust::new(world().anchors, Dates::CheckedBy(|| Some(now())))
}

pub(crate) fn gateway_inquiry() -> Inquiry<'static> {
    crate::asked::inquiry(&IDCERT)
}

/// No clock is needed: a pipe on which nothing can come any more has ended.
pub(crate) fn watch() -> Watch<impl Timer> {
    Watch::new(timer(|| Duration::ZERO, || ControlFlow::Continue(())), Deadlines::DEFAULT)
}

/// The same numbers in each run, so that an input does the same each time.
pub(crate) struct Dice(AtomicU64);

pub(crate) static DICE: Dice = Dice(AtomicU64::new(0));

pub(crate) fn reset_dice() {
    DICE.0.store(2026, Ordering::Relaxed);
}

impl Random for Dice {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoRandomness> {
        for byte in bytes {
            // SplitMix64.
            let mut number = self.0.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::Relaxed);
            number = (number ^ (number >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            number = (number ^ (number >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            *byte = (number >> 56) as u8;
        }
        Ok(())
    }
}

pub(crate) fn plain_channel<E>(error: ChannelError<E>) -> Error {
    Error::Channel(ChannelError { fault: error.fault, sent: error.sent, source: None })
}

pub(crate) fn plain<E>(error: Error<E>) -> Error {
    match error {
        Error::Channel(error) => plain_channel(error),
        Error::Encode(error) => Error::Encode(error),
        Error::Protocol(error) => Error::Protocol(error),
        Error::Reply(error) => Error::Reply(error),
        Error::Refused(error) => Error::Refused(error),
        _ => panic!("a new kind of error"),
    }
}

/// Lets `call` meet the peer that `data` describes.
pub(crate) fn check_with(data: &[u8], unasked_messages: bool, call: impl FnOnce(Pipe) -> Result<OwnedOutcome, Error>) {
    match Script::read(data, unasked_messages) {
        Script::Bytes(bytes, piece) => {
            let result = call(Pipe::canned(bytes, piece));
            // Nobody can have proven anything.
            match result {
                Err(Error::Channel(error)) => assert!(!error.sent && error.billing() == Billing::Free),
                other => panic!("{other:?} of a peer without keys"),
            }
        }
        Script::Part { part, after } => {
            let is_proven = script::proves(&part);
            let (ours, theirs) = Pipe::pair();
            let (result, heard) = std::thread::scope(|scope| {
                let peer = scope.spawn(|| play(theirs, &world().identities, &part, &after, REPLY));
                let result = call(ours);
                (result, peer.join().expect("the peer works"))
            });
            judge(&result, &heard, is_proven, after.is_empty());
        }
    }
}

fn judge(result: &Result<OwnedOutcome, Error>, heard: &Heard, is_proven: bool, is_quiet: bool) {
    let sent = heard.finished && !heard.request.is_empty();
    assert!(is_proven || heard.request.is_empty(), "a request for somebody who proved nothing");
    match result {
        Ok(outcome) => {
            assert!(is_proven && sent, "a verdict of somebody who proved nothing");
            assert!(!is_quiet || outcome.verdict() == Verdict::Match);
        }
        Err(error) => assert!(!sent || error.billing() != Billing::Free, "{error:?}, but the request arrived"),
    }
}
