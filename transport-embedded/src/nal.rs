//! Names and connections over a stack with the traits of `embedded-nal-async`.

use core::net::SocketAddr;

use embedded_nal::AddrType;
use embedded_nal_async::{Dns, TcpConnect};
use heyan::{ChannelError, ChannelFault, Endpoint};

use crate::literal::literal;
use crate::time::{Stage, Timer, Watch};

/// Finds the address of an endpoint. One that is an address already needs no name server.
///
/// `addresses` is what the device can reach: [`AddrType::IPv4`] on most of them.
///
/// # Errors
/// [`ChannelFault::Dns`] when there is none, [`ChannelFault::TimedOut`] after [`Deadlines::connect`]. Nothing was sent.
///
/// [`Deadlines::connect`]: crate::Deadlines::connect
pub async fn resolve<D, T, E>(
    dns: &D,
    endpoint: &Endpoint<'_>,
    addresses: AddrType,
    watch: &Watch<T>,
) -> Result<SocketAddr, ChannelError<E>>
where
    D: Dns,
    T: Timer,
{
    watch.enter(Stage::Connect);
    let found = match literal(endpoint) {
        Some(address) => Ok(address),
        None => match watch.within(dns.get_host_by_name(endpoint.host(), addresses)).await {
            Ok(Ok(address)) => Ok(address),
            Ok(Err(_)) => Err(no_address()),
            Err(late) => Err(late.into_error(false)),
        },
    };
    match found {
        Ok(address) => Ok(SocketAddr::new(address, endpoint.port())),
        Err(error) => {
            watch.end();
            Err(error)
        }
    }
}

/// Connects to `address`. What comes back carries plain text: hand it to TLS, or call it [`Insecure`](crate::Insecure).
///
/// # Errors
/// [`ChannelFault::Connect`] with what the stack says, [`ChannelFault::TimedOut`] after [`Deadlines::connect`], name
/// resolution included. Nothing was sent.
///
/// [`Deadlines::connect`]: crate::Deadlines::connect
pub async fn connect<'s, S, T>(
    stack: &'s S,
    address: SocketAddr,
    watch: &Watch<T>,
) -> Result<S::Connection<'s>, ChannelError<S::Error>>
where
    S: TcpConnect,
    T: Timer,
{
    if watch.stage() != Stage::Connect {
        watch.enter(Stage::Connect);
    }
    let connected = match watch.within(stack.connect(address)).await {
        Ok(Ok(connection)) => return Ok(connection),
        Ok(Err(error)) => Err(ChannelError { fault: ChannelFault::Connect, sent: false, source: Some(error) }),
        Err(late) => Err(late.into_error(false)),
    };
    watch.end();
    connected
}

pub(crate) const fn no_address<E>() -> ChannelError<E> {
    ChannelError { fault: ChannelFault::Dns, sent: false, source: None }
}
