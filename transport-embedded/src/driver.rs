//! The async loop around an exchange. `blocking/driver.rs` is its twin; a test compares the two on every reply.

use core::future::poll_fn;
use core::pin::pin;
use core::task::Poll;

use embedded_io_async::{ErrorType, Read, Write};
use heyan::{ChannelError, Endpoint, Error, Exchange, Inquiry, OwnedOutcome, Step};

use crate::call::{admit, broken, conclude, failed, note};
use crate::link::Link;
use crate::time::{Stage, Timer, Watch};

/// Asks `inquiry` over `link` and says what came of it.
///
/// The request is written into `buffer` and the reply is read over it; the provider's
/// [`buffer_len`](heyan::Info::buffer_len) always suffices. Whatever happens, nothing of it is left there afterwards,
/// unless the future is dropped before its end: then wipe it ([`heyan::wipe`]).
///
/// # Errors
/// [`Error`], whose [`billing`](Error::billing) says what it cost. A link that is not secure enough for the endpoint, or
/// that was made for another host, is refused with [`ChannelFault::Link`] before anything is sent; one that is not open
/// any more, and one that was kept and is not quiet, with [`ChannelFault::Broken`].
pub async fn verify<L, T>(
    link: &mut L,
    inquiry: &Inquiry<'_>,
    buffer: &mut [u8],
    watch: &Watch<T>,
) -> Result<OwnedOutcome, Error<<L::Channel as ErrorType>::Error>>
where
    L: Link,
    L::Channel: Read + Write,
    T: Timer,
{
    let result = attempt(link, inquiry, buffer, watch).await;
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
pub async fn verify_kept<L, T>(
    kept: &mut Option<L>,
    mut connect: impl AsyncFnMut(&mut Option<L>) -> Result<(), ChannelError<<L::Channel as ErrorType>::Error>>,
    inquiry: &Inquiry<'_>,
    buffer: &mut [u8],
    watch: &Watch<T>,
) -> Result<OwnedOutcome, Error<<L::Channel as ErrorType>::Error>>
where
    L: Link,
    L::Channel: Read + Write,
    T: Timer,
{
    let mut result = Err(Error::Channel(broken(false)));
    for _ in 0..2 {
        if !kept.as_ref().is_some_and(Link::is_open)
            && let Err(error) = connect(kept).await
        {
            result = Err(Error::Channel(error));
            break;
        }
        let Some(link) = kept else { break };
        result = attempt(link, inquiry, buffer, watch).await;
        if !link.may_repeat() {
            break;
        }
    }
    watch.end();
    heyan::wipe(buffer);
    result
}

async fn attempt<L, T>(
    link: &mut L,
    inquiry: &Inquiry<'_>,
    buffer: &mut [u8],
    watch: &Watch<T>,
) -> Result<OwnedOutcome, Error<<L::Channel as ErrorType>::Error>>
where
    L: Link,
    L::Channel: Read + Write,
    T: Timer,
{
    let mut bytes = Exchange::new(inquiry.write(buffer)?);
    exchange(link, inquiry.endpoint(), &mut bytes, watch).await.map_err(Error::Channel)?;
    conclude(inquiry, bytes)
}

/// Moves the bytes of one exchange, and leaves reading the reply, wiping the buffer and [`Watch::end`] to the caller.
///
/// `endpoint` is the inquiry's: where the request is meant to go.
///
/// # Errors
/// [`ChannelError`]. A reply that is no reply is not an error here: [`Exchange::finish`] tells.
pub async fn exchange<L, T>(
    link: &mut L,
    endpoint: &Endpoint<'_>,
    exchange: &mut Exchange<'_>,
    watch: &Watch<T>,
) -> Result<(), ChannelError<<L::Channel as ErrorType>::Error>>
where
    L: Link,
    L::Channel: Read + Write,
    T: Timer,
{
    admit(link, endpoint)?;
    let line = link.line();
    watch.enter(Stage::Send);
    let result = if line.kept && !is_quiet(&mut line.channel).await {
        Err(broken(false))
    } else {
        drive(&mut line.channel, exchange, watch).await
    };
    note(link, exchange, result)
}

/// Whether nothing came over an idle channel: no byte, no end, no failure. A reply to nothing would be taken for the next
/// person's.
async fn is_quiet<C: Read>(channel: &mut C) -> bool {
    let mut byte = [0];
    let mut read = pin!(channel.read(&mut byte));
    // Asked once. Whoever does not know at once has nothing.
    poll_fn(|context| Poll::Ready(read.as_mut().poll(context).is_pending())).await
}

async fn drive<C, T>(
    channel: &mut C,
    exchange: &mut Exchange<'_>,
    watch: &Watch<T>,
) -> Result<(), ChannelError<C::Error>>
where
    C: Read + Write,
    T: Timer,
{
    let mut sent = false;
    loop {
        match exchange.step() {
            Step::Send(bytes) => {
                match watch.within(channel.write(bytes)).await.map_err(|late| late.into_error(sent))? {
                    Ok(0) => return Err(broken(sent)),
                    Ok(count) => exchange.sent(count),
                    Err(error) => return Err(failed(error, sent)),
                }
                sent = exchange.is_sent();
                if sent {
                    let flushed = watch.within(channel.flush()).await.map_err(|late| late.into_error(sent))?;
                    flushed.map_err(|error| failed(error, sent))?;
                    watch.enter(Stage::FirstByte);
                }
            }
            Step::Receive(space) => {
                let count = watch.within(channel.read(space)).await.map_err(|late| late.into_error(sent))?;
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
