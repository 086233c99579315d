//! How a client comes to a connection: it looks the host up, connects, goes through a proxy if there is one, and has the
//! peer prove who it is.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::ClientConfig;
use ureq::config::Config as Settings;
use ureq::http::Uri;
use ureq::http::uri::Scheme;
use ureq::unversioned::resolver::Resolver;
use ureq::unversioned::transport::time::{Duration as NextDuration, Instant as NextInstant};
use ureq::unversioned::transport::{ConnectProxyConnector, ConnectionDetails, Connector, NextTimeout, Transport};
use ureq::{Agent, Proxy, Timeout};

use crate::error::{Stage, TlsFault};
use crate::link::{Buffered, Deadline, Failure, Fault, Link, Secured, Socket, Tunnel, bare, carried, failure};
use crate::resolver::{CachingResolver, port};

/// ureq asks for a connection to a proxy by this.
type Dial = dyn Fn(&ConnectionDetails<'_>) -> Result<Box<dyn Transport>, ureq::Error> + Send + Sync;

/// Opens connections to one endpoint.
pub(crate) struct Opener {
    uri: Uri,
    port: u16,
    resolver: CachingResolver,
    /// A client that only speaks plain http has none.
    tls: Option<Arc<ClientConfig>>,
    resolve_timeout: Duration,
    connect_timeout: Duration,
    proxy: Option<Proxied>,
}

/// What ureq needs to know to ask a proxy.
struct Proxied {
    settings: Settings,
    dial: Arc<Dial>,
}

impl Opener {
    /// For `uri`, which has a scheme and a host. `None` when it has not.
    pub(crate) fn new(
        uri: Uri,
        resolver: CachingResolver,
        tls: Option<Arc<ClientConfig>>,
        proxy: Option<Proxy>,
        (resolve_timeout, connect_timeout): (Duration, Duration),
    ) -> Option<Self> {
        let port = port(&uri)?;
        uri.host()?;
        // The environment may name hosts to reach without it.
        let proxy = proxy.filter(|proxy| !proxy.is_no_proxy(&uri)).map(|proxy| Proxied {
            // An empty user agent: ureq leaves the field out.
            settings: Agent::config_builder().proxy(Some(proxy)).user_agent("").build(),
            dial: dialler(tls.clone()),
        });
        Some(Self { uri, port, resolver, tls, resolve_timeout, connect_timeout, proxy })
    }

    /// The endpoint, as `scheme://authority/`.
    pub(crate) const fn uri(&self) -> &Uri {
        &self.uri
    }

    /// How long a caller may wait for a connection, beside the time to ask for addresses.
    pub(crate) const fn connect_timeout(&self) -> Duration {
        self.connect_timeout
    }

    /// Opens one. When nobody answered at the known addresses, they are asked for again the next time.
    pub(crate) fn open(&self, deadline: Deadline) -> Result<Box<dyn Link>, Failure> {
        let opened = match &self.proxy {
            Some(proxied) => self.through(proxied, deadline.within(self.connect_timeout)),
            None => self.directly(deadline),
        };
        if let Err(Failure { stage: Stage::Connect | Stage::Handshake, fault: Fault::TimedOut | Fault::Io(_) }) = opened
        {
            self.resolver.forget();
        }
        opened
    }

    fn host(&self) -> &str {
        bare(self.uri.host().unwrap_or_default())
    }

    fn directly(&self, deadline: Deadline) -> Result<Box<dyn Link>, Failure> {
        let resolved = deadline
            .within(self.resolve_timeout)
            .left()
            .and_then(|patience| self.resolver.addresses(self.host(), self.port, Some(patience)));
        let addresses = resolved.map_err(|fault| Failure::new(Stage::Resolve, fault))?;
        let deadline = deadline.within(self.connect_timeout);
        let socket = Socket::connect(&addresses, deadline).map_err(|fault| Failure::new(Stage::Connect, fault))?;
        self.secure(socket, deadline)
    }

    fn through(&self, proxied: &Proxied, deadline: Deadline) -> Result<Box<dyn Link>, Failure> {
        let after = deadline.left().map_err(|fault| Failure::new(Stage::Connect, fault))?;
        let details = ConnectionDetails {
            uri: &self.uri,
            // The proxy looks the host up.
            addrs: self.resolver.empty(),
            config: &proxied.settings,
            request_level: false,
            resolver: &self.resolver,
            now: NextInstant::now(),
            timeout: NextTimeout {
                after: NextDuration::Exact(after),
                reason: Timeout::Connect,
                ..NextTimeout::default()
            },
            current_time: Arc::new(NextInstant::now),
            run_connector: Arc::clone(&proxied.dial),
            // ureq's agent can end connections of other threads; there is none.
            register_shutdown: Arc::new(|_| Ok(())),
        };
        let connected = ConnectProxyConnector::default().connect(&details, None::<()>);
        let transport = match connected.map_err(failure)? {
            Some(transport) => transport,
            None => return Err(Failure::new(Stage::Connect, Fault::Proxy)),
        };
        let tunnel = Tunnel::new(Box::new(transport)).map_err(|fault| Failure::new(Stage::Connect, fault))?;
        self.secure(tunnel, deadline)
    }

    /// TLS over it, unless the endpoint is one of plain http.
    fn secure(&self, link: impl Link, deadline: Deadline) -> Result<Box<dyn Link>, Failure> {
        if self.uri.scheme() == Some(&Scheme::HTTP) {
            return Ok(Box::new(link));
        }
        // A client for https has settings for it. If it had none, nothing may leave in clear.
        let secured = match &self.tls {
            Some(tls) => Secured::new(tls, self.host(), link, deadline),
            None => Err(Fault::Tls(TlsFault::Protocol)),
        };
        Ok(Box::new(secured.map_err(|fault| Failure::new(Stage::Handshake, fault))?))
    }
}

impl fmt::Debug for Opener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Opener")
    }
}

/// Connects to a proxy, in the same way as to an endpoint.
fn dialler(tls: Option<Arc<ClientConfig>>) -> Arc<Dial> {
    Arc::new(move |details| {
        let deadline = Deadline::new(Instant::now(), *details.timeout.after);
        let socket = Socket::connect(&details.addrs, deadline);
        let socket = socket.map_err(|fault| carried(Failure::new(Stage::Connect, fault)))?;
        let link: Box<dyn Link> = match &tls {
            Some(tls) if details.needs_tls() => {
                let secured = Secured::new(tls, details.uri.host().unwrap_or_default(), socket, deadline);
                Box::new(secured.map_err(|fault| carried(Failure::new(Stage::Handshake, fault)))?)
            }
            _ => Box::new(socket),
        };
        Ok(Box::new(Buffered::new(link, deadline)))
    })
}
