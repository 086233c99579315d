//! What a client is told once: whom to ask, on whose account, by which way, how long to wait.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use heyan::provider::REPLY_LEN;
use heyan::{Endpoint, EndpointError, Provider};
use ureq::{Proxy, ProxyProtocol};

use crate::credentials::OwnedCredentials;
use crate::pool::Bounds;
use crate::resolver::{CachingResolver, Lookup};
use crate::trust::{Trust, TrustError};

/// Longest time-out; longer ones are cut to it.
const TIMEOUT_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// How to build a [`Client`](crate::Client). Everything but provider and credentials has a default that suits a server.
///
/// ```
/// use std::time::Duration;
/// use heyan_std::{Client, Config, OwnedCredentials, Trust};
/// use heyan::provider::CHECKONE;
///
/// let credentials = OwnedCredentials::app_key("203707100", "not-a-real-secret")?;
/// let config = Config::new(&CHECKONE, credentials)
///     .base_url("https://gateway.example.com/chinadatapay/1882")?
///     .timeout(Duration::from_secs(8))
///     .trust(Trust::webpki_roots());
/// let client = Client::new(config)?;
/// # let _ = client;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub struct Config {
    pub(crate) provider: &'static dyn Provider,
    pub(crate) credentials: OwnedCredentials,
    pub(crate) endpoint: Option<OwnEndpoint>,
    pub(crate) trust: Trust,
    pub(crate) timeout: Duration,
    pub(crate) resolve_timeout: Duration,
    pub(crate) connect_timeout: Duration,
    pub(crate) send_timeout: Duration,
    pub(crate) proxy: Option<Proxy>,
    pub(crate) bounds: Bounds,
    pub(crate) resolve_ttl: Duration,
    pub(crate) lookup: Box<Lookup>,
    pub(crate) reply_len_max: usize,
    pub(crate) may_log_wire: bool,
}

/// A base URL that was found to be one.
pub(crate) struct OwnEndpoint {
    url: String,
    is_secure: bool,
}

impl OwnEndpoint {
    /// The core's view of it.
    pub(crate) fn borrow(&self) -> Result<Endpoint<'_>, EndpointError> {
        if self.is_secure { Endpoint::parse(&self.url) } else { Endpoint::parse_insecure_http(&self.url) }
    }
}

impl Config {
    /// Asks `provider` at its own address, over https, on the account of `credentials`.
    pub fn new(provider: &'static dyn Provider, credentials: OwnedCredentials) -> Self {
        Self {
            provider,
            credentials,
            endpoint: None,
            trust: Trust::platform(),
            timeout: Duration::from_secs(20),
            resolve_timeout: Duration::from_secs(5),
            connect_timeout: Duration::from_secs(5),
            send_timeout: Duration::from_secs(5),
            proxy: None,
            bounds: Bounds { connections: 256, idle_connections: 256, idle_age: Duration::from_secs(15) },
            resolve_ttl: Duration::from_secs(60),
            lookup: CachingResolver::system(),
            reply_len_max: 64 * 1024,
            may_log_wire: false,
        }
    }

    /// Asks at `https://host[:port][/path]` instead. A path other than `/` replaces the provider's.
    ///
    /// # Errors
    /// As [`Endpoint::parse`]; [`EndpointError::Insecure`] for `http://`.
    pub fn base_url(mut self, url: &str) -> Result<Self, EndpointError> {
        Endpoint::parse(url)?;
        self.endpoint = Some(OwnEndpoint { url: url.to_owned(), is_secure: true });
        Ok(self)
    }

    /// Asks at `http://host[:port][/path]` instead, for tests on loopback: everybody on the way can read name, number
    /// and AppCode.
    ///
    /// # Errors
    /// As [`Endpoint::parse_insecure_http`].
    pub fn insecure_http_base_url(mut self, url: &str) -> Result<Self, EndpointError> {
        Endpoint::parse_insecure_http(url)?;
        self.endpoint = Some(OwnEndpoint { url: url.to_owned(), is_secure: false });
        Ok(self)
    }

    /// Whom to believe; [`Trust::platform`] unless said otherwise.
    pub fn trust(mut self, trust: Trust) -> Self {
        self.trust = trust;
        self
    }

    /// Longest time for a whole call, from its beginning to the last byte of the reply; 20 seconds. No other time-out
    /// extends it.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Longest time to ask for the host's addresses; 5 seconds.
    pub fn resolve_timeout(mut self, timeout: Duration) -> Self {
        self.resolve_timeout = timeout;
        self
    }

    /// Longest time to connect: TCP, proxy and TLS together; 5 seconds.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Longest time to send a request; 5 seconds.
    pub fn send_timeout(mut self, timeout: Duration) -> Self {
        self.send_timeout = timeout;
        self
    }

    /// Connects through the CONNECT proxy at `http://[user:password@]host[:port]` or `https://…`. It sees the
    /// endpoint's name, and nothing of what is said through TLS.
    ///
    /// # Errors
    /// [`ConfigError::Proxy`] when that is no such URL.
    pub fn proxy(mut self, url: &str) -> Result<Self, ConfigError> {
        self.proxy = Some(connect_proxy(Proxy::new(url).map_err(|_| ConfigError::Proxy)?)?);
        Ok(self)
    }

    /// Takes the proxy from `ALL_PROXY`, `HTTPS_PROXY` or `HTTP_PROXY` (in this order, upper case before lower case)
    /// and the hosts to reach without it from `NO_PROXY`. Without this call the environment changes nothing: it should
    /// not be able to lead credentials elsewhere unasked.
    ///
    /// # Errors
    /// [`ConfigError::Proxy`] when a variable is set, but to no URL of a CONNECT proxy: going without one then could be
    /// what the variable was to prevent.
    pub fn proxy_from_env(mut self) -> Result<Self, ConfigError> {
        const NAMES: [&str; 6] = ["ALL_PROXY", "all_proxy", "HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"];
        self.proxy = match Proxy::try_from_env() {
            Some(proxy) => Some(connect_proxy(proxy)?),
            None if NAMES.iter().any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty())) => {
                return Err(ConfigError::Proxy);
            }
            None => None,
        };
        Ok(self)
    }

    /// Most connections open at a time, in use or not; 256, and at least 1. A client has one host, so this is the bound
    /// for that host too. Every call needs one for itself: one call more waits until a connection is free, as long as
    /// it may take [to connect](Config::connect_timeout), and then fails with
    /// [`TimedOut`](heyan::ChannelFault::TimedOut) and unsent. Kept ones are some 80 KiB of memory each.
    pub fn connections(mut self, count: usize) -> Self {
        self.bounds.connections = count.max(1);
        self
    }

    /// Most connections kept open while nobody uses them; 256. With 0 every call connects anew. The one that was used
    /// last is used next, so that under less load the others grow [old](Config::idle_age).
    pub fn idle_connections(mut self, count: usize) -> Self {
        self.bounds.idle_connections = count;
        self
    }

    /// How long an unused connection may be kept, 15 seconds: older ones are closed by the next call. Keep it below the peer's own limit: a connection that the
    /// peer closes in the moment of its use makes a call fail, and nobody knows whether it was billed.
    pub fn idle_age(mut self, age: Duration) -> Self {
        self.bounds.idle_age = age;
        self
    }

    /// How long the host's addresses are kept; 60 seconds. They are asked for again at once when none of them takes a
    /// connection.
    pub fn resolve_ttl(mut self, ttl: Duration) -> Self {
        self.resolve_ttl = ttl;
        self
    }

    /// Asks `lookup` for the addresses of a host and a port instead of the operating system. It runs on a thread of its
    /// own, once for all callers that wait, and its answer is kept like any other. The certificate must name the host
    /// all the same.
    pub fn resolve_with(
        mut self,
        lookup: impl Fn(&str, u16) -> io::Result<Vec<SocketAddr>> + Send + Sync + 'static,
    ) -> Self {
        self.lookup = Box::new(lookup);
        self
    }

    /// Longest body of a reply in bytes, 64 KiB, and at least [`REPLY_LEN`]; longer ones are
    /// [`TooLong`](heyan::ProtocolError::TooLong), and so is a reply of which head and body together exceed this by more
    /// than 12 KiB. Every open connection has memory for that much.
    pub fn reply_len_max(mut self, bytes: usize) -> Self {
        self.reply_len_max = bytes.max(REPLY_LEN);
        self
    }

    /// Lets requests go out while ureq's `trace` level is on, where **names, numbers and credentials are written to the
    /// log**. For a debugging session with synthetic data.
    pub fn danger_allow_wire_logging(mut self) -> Self {
        self.may_log_wire = true;
        self
    }

    /// Checks the time-outs: zero would be over at once.
    pub(crate) fn checked(mut self) -> Result<Self, ConfigError> {
        for timeout in [&mut self.timeout, &mut self.resolve_timeout, &mut self.connect_timeout, &mut self.send_timeout]
        {
            *timeout = checked_timeout(*timeout).ok_or(ConfigError::Timeout)?;
        }
        self.bounds.idle_age = self.bounds.idle_age.min(TIMEOUT_MAX);
        Ok(self)
    }
}

/// A time-out that can be added to a moment.
pub(crate) fn checked_timeout(timeout: Duration) -> Option<Duration> {
    (!timeout.is_zero()).then_some(timeout.min(TIMEOUT_MAX))
}

fn connect_proxy(proxy: Proxy) -> Result<Proxy, ConfigError> {
    match proxy.protocol() {
        ProxyProtocol::Http | ProxyProtocol::Https => Ok(proxy),
        // ureq without its socks feature would pass over such a proxy and connect directly.
        _ => Err(ConfigError::Proxy),
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("provider", &self.provider.info().slug)
            .field("credentials", &self.credentials)
            .field("endpoint", &self.endpoint.as_ref().map(|endpoint| endpoint.url.as_str()))
            .field("trust", &self.trust)
            .field("timeout", &self.timeout)
            .field("proxy", &self.proxy.is_some())
            .finish_non_exhaustive()
    }
}

/// Why no client can be built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConfigError {
    /// The proxy is no `http://` or `https://` URL.
    Proxy,
    /// The trust anchors cannot be used.
    Trust(TrustError),
    /// A time-out is zero.
    Timeout,
    /// The endpoint is nothing that ureq could ask: see [`Endpoint`].
    Endpoint,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Proxy => {
                f.write_str("the proxy must be a URL that begins with http:// or https://; SOCKS is not served")
            }
            Self::Trust(error) => fmt::Display::fmt(error, f),
            Self::Timeout => f.write_str("a time-out is zero: give at least a millisecond"),
            Self::Endpoint => f.write_str("the base URL is not usable: write https://host or https://host:port"),
        }
    }
}

impl std::error::Error for ConfigError {}

impl From<TrustError> for ConfigError {
    fn from(error: TrustError) -> Self {
        Self::Trust(error)
    }
}
