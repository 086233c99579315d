//! Whom to ask, and where: checked before anything is sent.

use std::fs;
use std::path::Path;
use std::time::Duration;

use heyan::{Endpoint, Provider, Subject};
use heyan_std::Trust;

use crate::args;
use crate::credentials::Found;
use crate::wrong::Wrong;

pub(crate) type Asked = &'static dyn Provider;

/// Deadline of one attempt, unless told otherwise: the client's own.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(20);

/// The provider with this slug.
pub(crate) fn provider(slug: &str) -> Result<Asked, Wrong> {
    heyan::provider::by_slug(slug).ok_or(Wrong::UnknownProvider)
}

/// A failover order.
pub(crate) fn providers(slugs: &[String]) -> Result<Vec<Asked>, Wrong> {
    let mut providers: Vec<Asked> = Vec::with_capacity(slugs.len());
    for slug in slugs {
        let provider = provider(slug)?;
        let slug = provider.info().slug;
        if providers.iter().any(|known| known.info().slug == slug) {
            return Err(Wrong::ProviderTwice(slug));
        }
        providers.push(provider);
    }
    Ok(providers)
}

/// The factors must be the same everywhere: a failover from three factors to two would weaken the check unseen.
pub(crate) fn factors(provider: Asked, subject: &Subject<'_>) -> Result<(), Wrong> {
    let info = provider.info();
    match (info.checks_mobile(), subject.mobile()) {
        (true, None) => Err(Wrong::MobileMissing(info.slug)),
        (false, Some(_)) => Err(Wrong::MobileNotChecked(info.slug)),
        _ => Ok(()),
    }
}

/// The credentials must be of a kind that the provider takes, and a vendor's own key must not go to the gateway.
pub(crate) fn accepts(provider: Asked, credentials: &Found, has_address: bool) -> Result<(), Wrong> {
    let info = provider.info();
    match credentials {
        Found::VendorKey(_) if info.vendor_key_parameter.is_none() => Err(Wrong::VendorKeyNotTaken(info.slug)),
        Found::VendorKey(_) if !has_address => Err(Wrong::VendorKeyNeedsAddress),
        _ => Ok(()),
    }
}

/// The sandbox is asked instead of anybody else.
pub(crate) fn only_sandbox(network: &args::Network) -> Result<(), Wrong> {
    let given = [(network.address.base_url.is_some(), "--base-url"), (network.ca.is_some(), "--ca")];
    match given.into_iter().find(|(given, _)| *given) {
        Some((_, option)) => Err(Wrong::SandboxWith(option)),
        None => Ok(()),
    }
}

/// The address given, if one was.
pub(crate) fn address(address: &args::Address, providers: usize) -> Result<Option<Endpoint<'_>>, Wrong> {
    let Some(url) = &address.base_url else { return Ok(None) };
    let endpoint = match Endpoint::parse(url) {
        Ok(_) if address.insecure_http => return Err(Wrong::InsecureNotNeeded),
        Err(heyan::EndpointError::Insecure) if address.insecure_http => Endpoint::parse_insecure_http(url),
        parsed => parsed,
    };
    let endpoint = endpoint.map_err(Wrong::BaseUrl)?;
    if providers > 1 && endpoint.path().is_some() {
        return Err(Wrong::BaseUrlPath);
    }
    Ok(Some(endpoint))
}

/// The system's trust anchors, and one more if a file was given.
pub(crate) fn trust(ca: Option<&Path>) -> Result<Trust, Wrong> {
    let trust = Trust::platform();
    let Some(path) = ca else { return Ok(trust) };
    let pem = fs::read(path).map_err(|error| Wrong::CaUnreadable { path: path.to_owned(), kind: error.kind() })?;
    trust.and_pem(&pem).map_err(|_| Wrong::CaInvalid(path.to_owned()))
}

/// Seconds, with or without a fraction.
pub(crate) fn timeout(seconds: &str) -> Result<Duration, Wrong> {
    let number: f64 = seconds.parse().map_err(|_| Wrong::Timeout)?;
    let duration = Duration::try_from_secs_f64(number).map_err(|_| Wrong::Timeout)?;
    if duration.is_zero() || duration > Duration::from_secs(3600) { Err(Wrong::Timeout) } else { Ok(duration) }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::timeout;

    #[test]
    fn seconds_may_have_fractions() {
        assert_eq!(timeout("0.5").unwrap(), Duration::from_millis(500));
        assert_eq!(timeout("3600").unwrap(), Duration::from_secs(3600));
        for wrong in ["", "0", "-1", "nan", "inf", "1e300", "3600.1", "5s", "1e-12"] {
            assert!(timeout(wrong).is_err(), "{wrong}");
        }
    }
}
