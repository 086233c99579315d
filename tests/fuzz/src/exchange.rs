//! Replies as bytes, in any pieces: the same result, within the buffer, without a panic.
//!
//! The first byte names the provider, the second the pieces of the third way of splitting; the rest is what the peer sends
//! before it closes.

use heyan::{Exchange, ProtocolError, Step};
use heyan_conformance::Observed;

use crate::asked::{BUFFER_LEN, assert_redacted, inquiry, provider};

/// What came of the bytes: of reading them as HTTP, and then as a reply.
#[derive(Debug, PartialEq)]
struct Read {
    http: Result<(u16, Vec<u8>), ProtocolError>,
    reply: Option<Observed>,
    /// Whether the connection may be kept: only if nothing is left over.
    keeps: bool,
}

/// Any bytes.
pub fn check(data: &[u8]) {
    let [which, pieces, reply @ ..] = data else { return };
    let whole = read(*which, reply, |_| usize::MAX);
    let bytes = read(*which, reply, |_| 1);
    assert_eq!(whole, bytes, "at once, and byte by byte");
    let mut state = u32::from(*pieces);
    let some = read(*which, reply, |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        1 + (state >> 16) as usize % 40
    });
    assert_eq!(whole, some, "at once, and in pieces");
}

fn read(which: u8, mut reply: &[u8], mut piece: impl FnMut(usize) -> usize) -> Read {
    let provider = provider(which);
    let inquiry = inquiry(provider);
    let mut buffer = [0; BUFFER_LEN];
    let buffer = &mut buffer[..provider.info().buffer_len()];
    let buffer_len = buffer.len();
    let mut exchange = Exchange::new(inquiry.write(buffer).unwrap());
    let mut steps = 0;
    loop {
        steps += 1;
        assert!(steps <= 2 * BUFFER_LEN + reply.len(), "it goes on for ever");
        match exchange.step() {
            Step::Send(bytes) => {
                let len = bytes.len();
                exchange.sent(len);
            }
            Step::Receive(space) => {
                assert!(!space.is_empty() && space.len() <= buffer_len);
                let count = piece(steps).min(space.len()).min(reply.len());
                let (now, later) = reply.split_at(count);
                space[..count].copy_from_slice(now);
                reply = later;
                exchange.received(count);
            }
            Step::Done => break,
        }
    }
    assert_redacted(provider, &format!("{exchange:?}"));
    let keeps = exchange.keep_alive() && reply.is_empty();
    let (http, reply) = match exchange.finish() {
        Err(error) => (Err(error), None),
        Ok(response) => {
            let http = (response.status(), response.expose_body().to_vec());
            (Ok(http), Some(Observed::of(&inquiry.read(response))))
        }
    };
    Read { http, reply, keeps }
}
