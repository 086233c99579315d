//! The gateway: it judges a request before any vendor sees it.
//!
//! In this order: target, method, host and route, body with its type and encoding, authorization, required parameters;
//! then, in `state`, what was bought. The first thing that is wrong is the answer.

mod auth;
mod fault;
mod nonces;
mod params;
pub mod signature;
mod tables;

pub(crate) use auth::{Keys, would_be_string};
pub use fault::ErrorStyle;
pub(crate) use fault::{Fault, GatewayError, signature_message};
pub(crate) use nonces::Nonces;
pub(crate) use params::Params;
pub use tables::{CLASSIC_ERRORS, ClassicError, GATEWAY_CODES, GatewayCode};

use crate::providers::Provider;
use crate::request::Request;
use params::{Place, decode, first};

/// A request that may go on to the vendor.
pub(crate) struct Admitted<'r> {
    pub(crate) provider: Provider,
    pub(crate) params: Params<'r>,
    /// Whether it reached the vendor's own platform, which has no gateway in front.
    pub(crate) own_platform: bool,
}

impl Admitted<'_> {
    pub(crate) fn param(&self, name: &str) -> Option<&str> {
        first(&self.params, name)
    }
}

/// A refusal, and whose API it was if that was clear.
pub(crate) struct Refused {
    pub(crate) provider: Option<Provider>,
    pub(crate) fault: Fault,
}

/// Judges everything about a request except what was bought.
pub(crate) fn judge<'r>(request: &'r Request<'_>, keys: &Keys, now_ms: u64) -> Result<Admitted<'r>, Refused> {
    let nobodys = |fault| Refused { provider: None, fault };
    let query = decode(request.query().as_bytes(), Place::Query).map_err(nobodys)?;
    let provider = route(request, &query).map_err(nobodys)?;
    let refused = |fault| Refused { provider: Some(provider), fault };
    let params = parameters(request, provider, &query).map_err(refused)?;
    let own_platform = keys.vendor_key.is_some() && provider.wire().takes_key;
    if !own_platform {
        auth::authorize(request, &query, &params, keys, now_ms).map_err(refused)?;
        required(provider, &params, &query).map_err(refused)?;
    }
    Ok(Admitted { provider, params, own_platform })
}

/// Whose API it is: by the host if it is a vendor's, else by the path; method and path together make an API.
fn route(request: &Request<'_>, query: &Params<'_>) -> Result<Provider, Fault> {
    const METHODS: [&str; 7] = ["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"];
    if !METHODS.contains(&request.method) {
        return Err(Fault::UnsupportedMethod(request.method.to_owned()));
    }
    let host = match (request.count("host"), request.header("host")) {
        (1, Some(host)) => std::str::from_utf8(host).map_err(|_| Fault::BadHeader("Host".into(), "not text"))?,
        (0, _) | (_, None) => return Err(Fault::MissingHeader("Host")),
        _ => return Err(Fault::BadHeader("Host".into(), "repeated")),
    };
    let path = request.path();
    let by_host = Provider::ALL.into_iter().find(|provider| {
        let rest = host.get(..provider.host().len()).filter(|name| name.eq_ignore_ascii_case(provider.host()));
        rest.is_some() && is_port(&host[provider.host().len()..])
    });
    let provider = match by_host {
        Some(provider) if provider.paths().contains(&path) => provider,
        Some(_) => return Err(Fault::NotFound),
        None if !is_address(host) => return Err(Fault::UnknownDomain(host.to_owned())),
        None => by_path(path, query).ok_or(Fault::NotFound)?,
    };
    if request.method == provider.method() { Ok(provider) } else { Err(Fault::NotFound) }
}

/// Two vendors share `/idcard`: the names of the parameters tell them apart. A request with neither's goes to the first.
fn by_path(path: &str, query: &Params<'_>) -> Option<Provider> {
    let names = |provider: Provider| {
        first(query, provider.name_parameter()).is_some() || first(query, provider.id_parameter()).is_some()
    };
    let mut candidates = Provider::ALL.into_iter().filter(|provider| provider.paths().contains(&path));
    let first = candidates.next()?;
    match candidates.next() {
        Some(second) if names(second) && !names(first) => Some(second),
        _ => Some(first),
    }
}

/// Whether `rest` of a `Host` is nothing or a port.
fn is_port(rest: &str) -> bool {
    rest.is_empty() || rest.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok())
}

/// Whether a `Host` is `localhost` or an address, with or without a port: not a name that the gateway would have to know.
fn is_address(host: &str) -> bool {
    use std::net::{IpAddr, Ipv6Addr, SocketAddr};
    host.strip_prefix("localhost").is_some_and(is_port)
        || host.parse::<SocketAddr>().is_ok()
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_ipv4())
        || host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'))
            .is_some_and(|host| host.parse::<Ipv6Addr>().is_ok())
}

/// The parameters from where this API takes them.
fn parameters<'r>(request: &'r Request<'_>, provider: Provider, query: &Params<'r>) -> Result<Params<'r>, Fault> {
    if !provider.wire().form {
        return if request.body.is_empty() { Ok(query.clone()) } else { Err(Fault::BadBody("a GET carries none")) };
    }
    form_type(request)?;
    if request.body.is_empty() {
        return Err(Fault::EmptyBody);
    }
    decode(&request.body, Place::Body)
}

/// A form body is `application/x-www-form-urlencoded`, and UTF-8 if it says a character set.
fn form_type(request: &Request<'_>) -> Result<(), Fault> {
    let given = String::from_utf8_lossy(request.header("content-type").unwrap_or_default());
    let bad = || Fault::BadContentType(given.chars().filter(|c| !c.is_control()).take(100).collect());
    if request.count("content-type") != 1 {
        return Err(bad());
    }
    let (media, rest) = given.split_once(';').map_or((given.as_ref(), ""), |(media, rest)| (media, rest.trim()));
    let utf8 = rest.is_empty()
        || rest.split_once('=').is_some_and(|(name, value)| {
            name.eq_ignore_ascii_case("charset") && value.trim_matches('"').eq_ignore_ascii_case("utf-8")
        });
    if media.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded") && utf8 { Ok(()) } else { Err(bad()) }
}

/// The gateway's own check of 必选 (required) parameters.
fn required(provider: Provider, params: &Params<'_>, query: &Params<'_>) -> Result<(), Fault> {
    let wire = provider.wire();
    if !wire.required_by_gateway {
        return Ok(());
    }
    for name in [wire.id, wire.name] {
        if first(params, name).is_none() {
            return Err(if wire.form && first(query, name).is_some() {
                Fault::WrongPlace(name)
            } else {
                Fault::MissingParameter(name)
            });
        }
    }
    Ok(())
}

/// Spreads a counter over 64 bits, one to one (the finaliser of `SplitMix64`).
pub(crate) fn mix(counter: u64) -> u64 {
    let mut value = counter.wrapping_add(0x9e37_79b9_7f4a_7c15);
    value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::{is_address, is_port};

    #[test]
    fn hosts_are_told_apart() {
        for good in ["localhost", "localhost:80", "127.0.0.1", "127.0.0.1:8443", "[::1]", "[::1]:80", "10.0.2.2:80"] {
            assert!(is_address(good), "{good}");
        }
        for bad in ["", "example.com", "localhost.example.com", "localhost:", "localhost:99999", "::1"] {
            assert!(!is_address(bad), "{bad}");
        }
        assert!(is_port("") && is_port(":443") && !is_port(":x") && !is_port(".evil.example"));
    }
}
