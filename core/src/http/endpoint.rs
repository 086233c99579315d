//! Where a request goes: scheme, host, port and path.

use core::fmt;

use crate::text::{rsplit_once, split_once};

/// Longest `host` or `host:port` in bytes. The providers' own have at most 33.
pub const AUTHORITY_MAX: usize = 128;
/// Longest path in bytes. The providers' own have at most 28.
pub const PATH_MAX: usize = 64;

/// Where requests go instead of the provider's own address.
///
/// ```
/// use heyan::http::{Endpoint, EndpointError};
/// let moved = Endpoint::parse("https://gateway.example.com:8443/communication/personal/10101")?;
/// assert_eq!(moved.authority(), "gateway.example.com:8443");
/// assert_eq!(Endpoint::parse("http://gateway.example.com"), Err(EndpointError::Insecure));
/// # Ok::<(), EndpointError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Endpoint<'a> {
    secure: bool,
    authority: &'a str,
    path: Option<&'a str>,
}

/// Why a text is no endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum EndpointError {
    /// Neither `https://` nor `http://` in front, in lower case.
    Scheme,
    /// `http://`, which shows name, number and AppCode to everybody on the way.
    Insecure,
    /// The host is missing, longer than [`AUTHORITY_MAX`], or no host name, IPv4 or bracketed IPv6 address.
    Host,
    /// The port is not 1 to 65535.
    Port,
    /// The path is longer than [`PATH_MAX`] or holds something that RFC 3986 §3.3 does not allow; a query is none of
    /// it.
    Path,
}

impl fmt::Display for EndpointError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Scheme => "the base URL must begin with https://",
            Self::Insecure => "the base URL is plain http, which everybody on the way can read: use https://",
            Self::Host => "the base URL names no valid host: write https://host or https://host:port",
            Self::Port => "the port of the base URL is not a number from 1 to 65535",
            Self::Path => "the path of the base URL is too long or holds characters that a path cannot hold",
        })
    }
}

impl core::error::Error for EndpointError {}

impl fmt::Debug for Endpoint<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.secure { "https" } else { "http" };
        write!(f, "Endpoint({scheme}://{}{})", self.authority, self.path.unwrap_or_default())
    }
}

impl<'a> Endpoint<'a> {
    /// Reads `https://host[:port][/path]`, the scheme in lower case. A path other than `/` replaces the provider's; it
    /// is sent, and signed, as it stands.
    ///
    /// # Errors
    /// [`EndpointError`], [`EndpointError::Insecure`] for `http://` among them.
    pub fn parse(url: &'a str) -> Result<Self, EndpointError> {
        match url.strip_prefix("https://") {
            Some(rest) => Self::after_scheme(true, rest),
            None if url.starts_with("http://") => Err(EndpointError::Insecure),
            None => Err(EndpointError::Scheme),
        }
    }

    /// Reads `http://host[:port][/path]`: for tests on loopback. Everybody on the way can read name, number and
    /// AppCode.
    ///
    /// # Errors
    /// [`EndpointError`], [`EndpointError::Scheme`] for `https://` among them.
    pub fn parse_insecure_http(url: &'a str) -> Result<Self, EndpointError> {
        let rest = url.strip_prefix("http://").ok_or(EndpointError::Scheme)?;
        Self::after_scheme(false, rest)
    }

    pub(crate) const fn provider(host: &'a str) -> Self {
        Self { secure: true, authority: host, path: None }
    }

    fn after_scheme(secure: bool, rest: &'a str) -> Result<Self, EndpointError> {
        let at = rest.bytes().position(|byte| matches!(byte, b'/' | b'?' | b'#')).unwrap_or(rest.len());
        let (authority, path) = rest.split_at_checked(at).unwrap_or((rest, ""));
        check_authority(authority)?;
        check_path(path)?;
        Ok(Self { secure, authority, path: if matches!(path, "" | "/") { None } else { Some(path) } })
    }

    /// Whether the scheme is https.
    #[must_use]
    pub const fn is_secure(&self) -> bool {
        self.secure
    }

    /// `host` or `host:port`, as the `Host` header says it.
    #[must_use]
    pub const fn authority(&self) -> &'a str {
        self.authority
    }

    /// The host without port and brackets: what to resolve, and what a certificate must name.
    #[must_use]
    pub fn host(&self) -> &'a str {
        match self.authority.strip_prefix('[').and_then(|rest| split_once(rest, b']')) {
            Some((address, _)) => address,
            None => split_once(self.authority, b':').map_or(self.authority, |(host, _)| host),
        }
    }

    /// The port: the one given, else 443 for https and 80 for http.
    #[must_use]
    pub fn port(&self) -> u16 {
        let default = if self.secure { 443 } else { 80 };
        let after_host = rsplit_once(self.authority, b']').map_or(self.authority, |(_, rest)| rest);
        rsplit_once(after_host, b':').and_then(|(_, port)| port.parse().ok()).unwrap_or(default)
    }

    /// The path that replaces the provider's, if one was given.
    #[must_use]
    pub const fn path(&self) -> Option<&'a str> {
        self.path
    }
}

fn check_authority(authority: &str) -> Result<(), EndpointError> {
    // User name and password in front of a host would be taken for its port.
    if authority.len() > AUTHORITY_MAX || authority.bytes().any(|byte| byte == b'@') {
        return Err(EndpointError::Host);
    }
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (address, rest) = split_once(rest, b']').ok_or(EndpointError::Host)?;
            check_ipv6(address)?;
            let port = match rest {
                "" => None,
                rest => Some(rest.strip_prefix(':').ok_or(EndpointError::Host)?),
            };
            (None, port)
        }
        None => match split_once(authority, b':') {
            Some((host, port)) => (Some(host), Some(port)),
            None => (Some(authority), None),
        },
    };
    if let Some(host) = host {
        let letters = |label: &[u8]| !label.is_empty() && label.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'-');
        if !host.as_bytes().split(|byte| *byte == b'.').all(letters) {
            return Err(EndpointError::Host);
        }
    }
    match port {
        None => Ok(()),
        Some(port) if port.bytes().all(|b| b.is_ascii_digit()) => match port.parse::<u16>() {
            Ok(1..) => Ok(()),
            _ => Err(EndpointError::Port),
        },
        Some(_) => Err(EndpointError::Port),
    }
}

/// Takes the first two forms of RFC 4291 §2.2: eight groups, or `::` in the place of some. (Parsing an `Ipv6Addr` would
/// bring places that can panic.)
fn check_ipv6(address: &str) -> Result<(), EndpointError> {
    let address = address.as_bytes();
    let gap = address.windows(2).position(|pair| pair == b"::");
    let complete = match gap.and_then(|at| address.split_at_checked(at)) {
        None => count_groups(address) == Some(8),
        Some((front, behind)) => {
            let back = behind.get(2..).unwrap_or_default();
            let shown = |part| count_groups(part).unwrap_or(8);
            shown(front).saturating_add(shown(back)) < 8
        }
    };
    if complete { Ok(()) } else { Err(EndpointError::Host) }
}

/// How many groups of hexadecimal digits there are, or `None` when one is none.
fn count_groups(part: &[u8]) -> Option<usize> {
    if part.is_empty() {
        return Some(0);
    }
    let is_group = |group: &[u8]| matches!(group.len(), 1..=4) && group.iter().all(u8::is_ascii_hexdigit);
    part.split(|byte| *byte == b':').try_fold(
        0_usize,
        |count, group| {
            if is_group(group) { count.checked_add(1) } else { None }
        },
    )
}

fn check_path(path: &str) -> Result<(), EndpointError> {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"/-._~!$&'()*+,;=:@%".contains(&b);
    let is_escape = |behind: &[u8]| matches!(behind, [h, l, ..] if h.is_ascii_hexdigit() && l.is_ascii_hexdigit());
    let mut escapes = path.as_bytes().split(|byte| *byte == b'%').skip(1);
    if path.len() <= PATH_MAX && path.bytes().all(allowed) && escapes.all(is_escape) {
        Ok(())
    } else {
        Err(EndpointError::Path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_hosts_ports_and_paths() {
        let plain = Endpoint::parse("https://idcert.market.alicloudapi.com").unwrap();
        assert_eq!((plain.host(), plain.port(), plain.path()), ("idcert.market.alicloudapi.com", 443, None));
        let full = Endpoint::parse("https://127.0.0.1:8443/a/b").unwrap();
        assert_eq!((full.host(), full.port(), full.path()), ("127.0.0.1", 8443, Some("/a/b")));
        let six = Endpoint::parse_insecure_http("http://[::1]:8080/").unwrap();
        assert_eq!((six.host(), six.port(), six.path(), six.is_secure()), ("::1", 8080, None, false));
        assert_eq!(Endpoint::parse("https://[::1]").unwrap().port(), 443);
        assert_eq!(Endpoint::parse("https://host/a%2Fb%e4").unwrap().path(), Some("/a%2Fb%e4"));
        for address in ["::", "1::", "::2", "fe80::1:2", "1:2:3:4:5:6:7:8", "1:2:3::5:6:7:8", "2001:DB8::a"] {
            assert_eq!(Endpoint::parse(&std::format!("https://[{address}]")).map(|e| e.port()), Ok(443), "{address}");
        }
    }

    #[test]
    fn refuses_the_rest() {
        for (url, error) in [
            ("", EndpointError::Scheme),
            ("ftp://host", EndpointError::Scheme),
            ("HTTPS://host", EndpointError::Scheme),
            ("http://host", EndpointError::Insecure),
            ("https://", EndpointError::Host),
            ("https:///path", EndpointError::Host),
            ("https://user@host", EndpointError::Host),
            ("https://user:word@host:1", EndpointError::Host),
            ("https://a..b", EndpointError::Host),
            ("https://host name", EndpointError::Host),
            ("https://host\r\nX: y", EndpointError::Host),
            ("https://[::1", EndpointError::Host),
            ("https://[::1]8", EndpointError::Host),
            ("https://[host]", EndpointError::Host),
            ("https://[]", EndpointError::Host),
            ("https://[:]", EndpointError::Host),
            ("https://[:::]", EndpointError::Host),
            ("https://[1::2::3]", EndpointError::Host),
            ("https://[1:2:3:4:5:6:7]", EndpointError::Host),
            ("https://[1:2:3:4:5:6:7:8:9]", EndpointError::Host),
            ("https://[1:2:3:4::5:6:7:8]", EndpointError::Host),
            ("https://[12345::]", EndpointError::Host),
            ("https://[1:]", EndpointError::Host),
            ("https://host:", EndpointError::Port),
            ("https://host:0", EndpointError::Port),
            ("https://host:65536", EndpointError::Port),
            ("https://host:+1", EndpointError::Port),
            ("https://host/a?b", EndpointError::Path),
            ("https://host?b", EndpointError::Path),
            ("https://host/#f", EndpointError::Path),
            ("https://host/a b", EndpointError::Path),
            ("https://host/路", EndpointError::Path),
            ("https://host/%", EndpointError::Path),
            ("https://host/%4", EndpointError::Path),
            ("https://host/%41%4g", EndpointError::Path),
        ] {
            assert_eq!(Endpoint::parse(url), Err(error), "{url}");
        }
        assert_eq!(Endpoint::parse_insecure_http("https://host"), Err(EndpointError::Scheme));
    }
}
