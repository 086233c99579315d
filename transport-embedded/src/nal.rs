//! Names and connections over a stack with the traits of `embedded-nal-async`.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use embedded_nal::AddrType;
use embedded_nal_async::{Dns, TcpConnect};
use heyan::{ChannelError, ChannelFault, Endpoint};

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

/// The address, if the endpoint gives one instead of a name.
///
/// What is between brackets was checked when the [`Endpoint`] was made, so little is left to do here: the parser of the
/// standard library would take 1.5 KB of flash in every image, for something that gateways do not have.
pub(crate) fn literal(endpoint: &Endpoint<'_>) -> Option<IpAddr> {
    let host = endpoint.host().as_bytes();
    if host.contains(&b':') { ipv6(host).map(IpAddr::V6) } else { ipv4(host).map(IpAddr::V4) }
}

/// Four numbers without leading zeros, which some take for octal.
fn ipv4(host: &[u8]) -> Option<Ipv4Addr> {
    let mut octets = [0; 4];
    let mut parts = host.split(|byte| *byte == b'.');
    for octet in &mut octets {
        let part = parts.next()?;
        if part.len() > 1 && part.starts_with(b"0") {
            return None;
        }
        *octet = u8::try_from(number(part, 10)?).ok()?;
    }
    if parts.next().is_none() { Some(octets.into()) } else { None }
}

/// Eight groups, or fewer around a `::`.
fn ipv6(host: &[u8]) -> Option<Ipv6Addr> {
    let mut groups = [0; 8];
    let gap = host.windows(2).position(|pair| pair == b"::").unwrap_or(host.len());
    let (front, behind) = host.split_at_checked(gap)?;
    let mut slots = groups.iter_mut();
    for part in front.split(is_colon).filter(|part| !part.is_empty()) {
        *slots.next()? = number(part, 16)?;
    }
    for part in behind.rsplit(is_colon).filter(|part| !part.is_empty()) {
        *slots.next_back()? = number(part, 16)?;
    }
    Some(groups.into())
}

fn is_colon(byte: &u8) -> bool {
    *byte == b':'
}

fn number(digits: &[u8], radix: u16) -> Option<u16> {
    if !matches!(digits.len(), 1..=4) {
        return None;
    }
    digits.iter().try_fold(0_u16, |number, digit| {
        let digit = u16::try_from(char::from(*digit).to_digit(radix.into())?).ok()?;
        number.checked_mul(radix)?.checked_add(digit)
    })
}

pub(crate) const fn no_address<E>() -> ChannelError<E> {
    ChannelError { fault: ChannelFault::Dns, sent: false, source: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_what_the_standard_library_takes_them_for() {
        let hosts = [
            "0.0.0.0",
            "192.0.2.1",
            "255.255.255.255",
            "256.0.0.1",
            "1.2.3",
            "1.2.3.4.5",
            "1.2.3.04",
            "1.2.3.0000",
            "1.2.3.a",
            "10",
            "host",
            "a.b.c.d",
            "1.2.3.4a",
            "0x1.2.3.4",
            "1.2.3.00",
            "1.2.3.99999",
        ];
        for host in hosts {
            let url = std::format!("https://{host}");
            assert_eq!(literal(&Endpoint::parse(&url).unwrap()), host.parse().ok(), "{host}");
        }
        let addresses = [
            "::",
            "::1",
            "1::",
            "2001:db8::1",
            "1:2:3:4:5:6:7:8",
            "1:2:3::5:6:7:8",
            "FE80::0a:B",
            "ffff::ffff:0:1",
            "1:0::0:0:8",
            "::2:3:4:5:6:7:8",
            "1:2:3:4:5:6:7::",
        ];
        for address in addresses {
            let url = std::format!("https://[{address}]");
            assert_eq!(literal(&Endpoint::parse(&url).unwrap()), Some(address.parse().unwrap()), "{address}");
        }
    }
}
