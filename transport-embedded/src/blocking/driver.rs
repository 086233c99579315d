//! The blocking loop around an exchange, twin of the async one at the root.

use embedded_io::{ErrorType, Read, ReadReady, Write};
use heyan::{ChannelError, Endpoint, Error, Exchange, Inquiry, OwnedOutcome, Step};

use super::Timer;
use crate::call::{admit, broken, conclude, failed, note};
use crate::link::Link;
use crate::time::{Stage, Watch};

/// Asks `inquiry` over `link` and says what came of it.
///
/// The request is written into `buffer` and the reply is read over it; the provider's
/// [`buffer_len`](heyan::Info::buffer_len) always suffices. Whatever happens, nothing of it is left there afterwards.
///
/// # Errors
/// [`Error`], whose [`billing`](Error::billing) says what it cost. A link that is not secure enough for the endpoint, or
/// that was made for another host, is refused with [`ChannelFault::Link`] before anything is sent; one that is not open
/// any more, and one that was kept and is not quiet, with [`ChannelFault::Broken`].
pub fn verify<L, T>(
    link: &mut L,
    inquiry: &Inquiry<'_>,
    buffer: &mut [u8],
    watch: &Watch<T>,
) -> Result<OwnedOutcome, Error<<L::Channel as ErrorType>::Error>>
where
    L: Link,
    L::Channel: Read + ReadReady + Write,
    T: Timer,
{
    let result = attempt(link, inquiry, buffer, watch);
    watch.end();
    heyan::wipe(buffer);
    result
}

/// Asks `inquiry` over the link that is kept in `kept`, or over a fresh one.
///
/// `connect` is called when `kept` has no link that is open, and must put one there. It finds the old one in the slot:
/// to drop it first, for a stack with a single socket, or to open it again.
///
/// A kept connection which the peer closed while it was idle, or on which it said something unasked, is not used. It is
/// replaced, once, and so is one that turns out to be dead before the last byte of the request left, and the request is
/// repeated; see [`Link::may_repeat`]. Nothing else is ever repeated.
///
/// # Errors
/// As [`verify`], and what `connect` returns.
pub fn verify_kept<L, T>(
    kept: &mut Option<L>,
    mut connect: impl FnMut(&mut Option<L>) -> Result<(), ChannelError<<L::Channel as ErrorType>::Error>>,
    inquiry: &Inquiry<'_>,
    buffer: &mut [u8],
    watch: &Watch<T>,
) -> Result<OwnedOutcome, Error<<L::Channel as ErrorType>::Error>>
where
    L: Link,
    L::Channel: Read + ReadReady + Write,
    T: Timer,
{
    let mut result = Err(Error::Channel(broken(false)));
    for _ in 0..2 {
        if !kept.as_ref().is_some_and(Link::is_open)
            && let Err(error) = connect(kept)
        {
            result = Err(Error::Channel(error));
            break;
        }
        let Some(link) = kept else { break };
        result = attempt(link, inquiry, buffer, watch);
        if !link.may_repeat() {
            break;
        }
    }
    watch.end();
    heyan::wipe(buffer);
    result
}

#[inline(never)] // What it puts on the stack must not lie there while a connection is opened.
fn attempt<L, T>(
    link: &mut L,
    inquiry: &Inquiry<'_>,
    buffer: &mut [u8],
    watch: &Watch<T>,
) -> Result<OwnedOutcome, Error<<L::Channel as ErrorType>::Error>>
where
    L: Link,
    L::Channel: Read + ReadReady + Write,
    T: Timer,
{
    let mut bytes = Exchange::new(inquiry.write(buffer)?);
    exchange(link, inquiry.endpoint(), &mut bytes, watch).map_err(Error::Channel)?;
    conclude(inquiry, bytes)
}

/// Moves the bytes of one exchange, and leaves reading the reply, wiping the buffer and [`Watch::end`] to the caller.
///
/// `endpoint` is the inquiry's: where the request is meant to go.
///
/// # Errors
/// [`ChannelError`]. A reply that is no reply is not an error here: [`Exchange::finish`] tells.
pub fn exchange<L, T>(
    link: &mut L,
    endpoint: &Endpoint<'_>,
    exchange: &mut Exchange<'_>,
    watch: &Watch<T>,
) -> Result<(), ChannelError<<L::Channel as ErrorType>::Error>>
where
    L: Link,
    L::Channel: Read + ReadReady + Write,
    T: Timer,
{
    admit(link, endpoint)?;
    let line = link.line();
    watch.enter(Stage::Send);
    // No byte, no end, no failure came while it was idle. A reply to nothing would be taken for the next person's.
    let is_quiet = !line.kept || matches!(line.channel.read_ready(), Ok(false));
    let result = if is_quiet { drive(&mut line.channel, exchange, watch) } else { Err(broken(false)) };
    note(link, exchange, result)
}

fn drive<C, T>(channel: &mut C, exchange: &mut Exchange<'_>, watch: &Watch<T>) -> Result<(), ChannelError<C::Error>>
where
    C: Read + Write,
    T: Timer,
{
    let mut sent = false;
    loop {
        match exchange.step() {
            Step::Send(bytes) => {
                match watch.in_time(|| channel.write(bytes)).map_err(|late| late.into_error(sent))? {
                    Ok(0) => return Err(broken(sent)),
                    Ok(count) => exchange.sent(count),
                    Err(error) => return Err(failed(error, sent)),
                }
                sent = exchange.is_sent();
                if sent {
                    let flushed = watch.in_time(|| channel.flush()).map_err(|late| late.into_error(sent))?;
                    flushed.map_err(|error| failed(error, sent))?;
                    watch.enter(Stage::FirstByte);
                }
            }
            Step::Receive(space) => {
                let count = watch.in_time(|| channel.read(space)).map_err(|late| late.into_error(sent))?;
                let count = count.map_err(|error| failed(error, sent))?;
                if watch.stage() == Stage::FirstByte {
                    watch.enter(Stage::Receive);
                }
                exchange.received(count);
            }
            Step::Done => return Ok(()),
        }
    }
}

#[cfg(doc)]
use heyan::ChannelFault;
