//! Addresses written out. The parsers of `core::net` bring places that can panic into an image, and a kilobyte of flash.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use heyan::Endpoint;

/// The address, if the endpoint gives one instead of a name.
pub(crate) fn literal(endpoint: &Endpoint<'_>) -> Option<IpAddr> {
    let host = endpoint.host().as_bytes();
    if host.contains(&b':') { v6(host).map(IpAddr::V6) } else { v4(host).map(IpAddr::V4) }
}

/// Four decimal numbers (RFC 6943 §3.1.1, the strict form): no other radix, no zero in front, none left out.
fn v4(host: &[u8]) -> Option<Ipv4Addr> {
    let mut numbers = host.split(|byte| *byte == b'.');
    let mut octets = [0; 4];
    for octet in &mut octets {
        let digits = numbers.next()?;
        if !matches!(digits, [b'0'] | [b'1'..=b'9', ..]) {
            return None;
        }
        *octet = u8::try_from(number(digits, 10)?).ok()?;
    }
    if numbers.next().is_some() { None } else { Some(octets.into()) }
}

/// Eight groups, or `::` in the place of some: what [`Endpoint`] takes.
fn v6(host: &[u8]) -> Option<Ipv6Addr> {
    let mut groups = [0; 8];
    let gap = host.windows(2).position(|pair| pair == b"::");
    let (front, back) = gap.and_then(|at| host.split_at_checked(at)).unwrap_or((host, b""));
    fill(groups.iter_mut(), front.split(is_colon))?;
    fill(groups.iter_mut().rev(), back.get(2..).unwrap_or_default().rsplit(is_colon))?;
    Some(groups.into())
}

const fn is_colon(byte: &u8) -> bool {
    *byte == b':'
}

fn fill<'a>(places: impl Iterator<Item = &'a mut u16>, groups: impl Iterator<Item = &'a [u8]>) -> Option<()> {
    for (place, group) in places.zip(groups) {
        // Before or behind a `::` at the edge stands nothing, and behind one that is not there neither.
        if !group.is_empty() {
            *place = number(group, 16)?;
        }
    }
    Some(())
}

/// Up to four digits.
fn number(digits: &[u8], radix: u16) -> Option<u16> {
    digits.iter().try_fold(0_u16, |number, digit| {
        let digit = u16::try_from(char::from(*digit).to_digit(radix.into())?).ok()?;
        number.checked_mul(radix)?.checked_add(digit)
    })
}

#[cfg(test)]
mod tests {
    use std::format;
    use std::net::IpAddr;

    use heyan::Endpoint;

    use super::literal;

    #[test]
    fn reads_as_the_standard_library_does() {
        for host in [
            "127.0.0.1",
            "0.0.0.0",
            "255.255.255.255",
            "256.0.0.1",
            "1.2.3",
            "1.2.3.4.5",
            "01.2.3.4",
            "1.2.3.0x4",
            "1.2.3.a",
            "1000.2.3.4",
            "99999999.1.1.1",
            "gateway.example.com",
            "1",
            "[::]",
            "[::1]",
            "[1::]",
            "[fe80::1:2]",
            "[1:2:3:4:5:6:7:8]",
            "[1:2:3::5:6:7:8]",
            "[2001:DB8::a]",
            "[ffff::ffff]",
        ] {
            let url = format!("http://{host}");
            let endpoint = Endpoint::parse_insecure_http(&url).unwrap();
            let bare = host.trim_matches(['[', ']']);
            assert_eq!(literal(&endpoint), bare.parse::<IpAddr>().ok(), "{host}");
        }
    }
}
