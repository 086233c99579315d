//! What a call does before and after its bytes move: the same for the async loop and the blocking one.

use embedded_io::ErrorKind;
use heyan::{ChannelError, ChannelFault, Endpoint, Error, Exchange, Inquiry, OwnedOutcome};

use crate::link::Link;

/// Opens `link` for one request, or says why not.
pub(crate) fn admit<L: Link, E>(link: &mut L, endpoint: &Endpoint<'_>) -> Result<(), ChannelError<E>> {
    link.admit(endpoint)?;
    let line = link.line();
    if !line.open {
        return Err(broken(false));
    }
    // Whoever drops the future of an unfinished call leaves a line that nobody can use again.
    line.open = false;
    line.may_repeat = false;
    Ok(())
}

/// Notes what an exchange leaves behind.
pub(crate) fn note<L: Link, E>(
    link: &mut L,
    exchange: &Exchange<'_>,
    result: Result<(), ChannelError<E>>,
) -> Result<(), ChannelError<E>> {
    let line = link.line();
    match &result {
        Ok(()) => {
            line.open = exchange.keep_alive();
            line.kept = true;
        }
        Err(error) => line.may_repeat = line.kept && !error.sent && error.fault == ChannelFault::Broken,
    }
    result
}

/// Reads the reply and takes what it says out of the buffer.
pub(crate) fn conclude<E>(inquiry: &Inquiry<'_>, exchange: Exchange<'_>) -> Result<OwnedOutcome, Error<E>> {
    let outcome = inquiry.read(exchange.finish()?).map_err(Error::widen)?;
    Ok(outcome.to_owned())
}

/// The connection is gone, and nobody says more.
pub(crate) const fn broken<E>(sent: bool) -> ChannelError<E> {
    ChannelError { fault: ChannelFault::Broken, sent, source: None }
}

/// What a channel reported. Channels of this crate, and those of others that want to be understood, report a deadline as
/// [`ErrorKind::TimedOut`] and a failure of TLS as [`ErrorKind::InvalidData`].
pub(crate) fn failed<E: embedded_io::Error>(source: E, sent: bool) -> ChannelError<E> {
    let fault = match source.kind() {
        ErrorKind::TimedOut => ChannelFault::TimedOut,
        ErrorKind::InvalidData => ChannelFault::Tls,
        _ => ChannelFault::Broken,
    };
    ChannelError { fault, sent, source: Some(source) }
}
