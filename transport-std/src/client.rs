//! The client: one inquiry in, one outcome out.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use heyan::{
    ChannelError, ChannelFault, Consent, Endpoint, ExtraFields, Inquiry, OwnedOutcome, Provider, Response, Stamp,
    Subject,
};
use ureq::http::uri::{Authority, Scheme};
use ureq::unversioned::transport::{ConnectProxyConnector, Connector, TcpConnector};
use ureq::{Agent, ProxyProtocol};

use crate::config::{Config, ConfigError, OwnEndpoint, checked_timeout};
use crate::credentials::OwnedCredentials;
use crate::error::{Cause, Error, judge};
use crate::logging;
use crate::progress::{self, Ending};
use crate::resolver::CachingResolver;
use crate::transport::{TlsConnector, WatchConnector};
use crate::wire::{Body, BodyError, Framing, Written, check_head};

/// Longest head of a reply in bytes. The gateway's are of 1 to 2 KiB.
const HEAD_MAX: usize = 12 * 1024;
/// What ureq reads into and writes from, for each connection. A head must fit, and so must a GET's target.
const BUFFER_LEN: usize = 16 * 1024;

/// Asks one provider, blocking, over connections that are kept for the next call.
///
/// A clone is one counter more: it shares connections, addresses and credentials. Every thread may use the same one.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    provider: &'static dyn Provider,
    credentials: OwnedCredentials,
    endpoint: Option<OwnEndpoint>,
    scheme: Scheme,
    authority: Authority,
    agent: Agent,
    resolver: CachingResolver,
    timeout: Duration,
    reply_len_max: usize,
    may_log_wire: bool,
}

/// What is particular to one call.
#[derive(Clone, Copy, Default)]
#[must_use]
pub struct Call<'a> {
    fields: Option<ExtraFields<'a>>,
    stamp: Option<Stamp>,
    timeout: Option<Duration>,
}

impl<'a> Call<'a> {
    /// Nothing particular.
    pub const fn new() -> Self {
        Self { fields: None, stamp: None, timeout: None }
    }

    /// Adds the fields that `fields` writes to the request. It may be called more than once for one request.
    pub const fn fields(mut self, fields: ExtraFields<'a>) -> Self {
        self.fields = Some(fields);
        self
    }

    /// Signs with this moment and nonce instead of the clock's and a random one, for tests: a gateway takes a nonce
    /// once.
    pub const fn stamp(mut self, stamp: Stamp) -> Self {
        self.stamp = Some(stamp);
        self
    }

    /// Gives up after this time, if the client would not sooner.
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }
}

impl fmt::Debug for Call<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("fields", &self.fields.is_some())
            .field("stamp", &self.stamp)
            .field("timeout", &self.timeout)
            .finish()
    }
}

impl Client {
    /// Builds a client. Nothing is sent and no name is resolved yet.
    ///
    /// # Errors
    /// [`ConfigError`] when the configuration cannot work.
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        let config = config.checked()?;
        let (is_secure, authority) = match &config.endpoint {
            Some(endpoint) => {
                let endpoint = endpoint.borrow().map_err(|_| ConfigError::Endpoint)?;
                (endpoint.is_secure(), endpoint.authority())
            }
            None => (true, config.provider.info().host),
        };
        let scheme = if is_secure { Scheme::HTTPS } else { Scheme::HTTP };
        let authority: Authority = authority.parse().map_err(|_| ConfigError::Endpoint)?;
        // A client that never speaks TLS must not fail for want of anchors.
        let is_proxy_secure = config.proxy.as_ref().is_some_and(|proxy| proxy.protocol() == ProxyProtocol::Https);
        let tls = if is_secure || is_proxy_secure { Some(config.trust.into_tls()?) } else { None };
        let resolver = CachingResolver::new(config.lookup, config.resolve_ttl);
        let connector =
            ().chain(ConnectProxyConnector::default())
                .chain(TcpConnector::default())
                .chain(TlsConnector(tls))
                .chain(WatchConnector { endpoint: authority.clone() });
        let settings = Agent::config_builder()
            .http_status_as_error(false)
            .https_only(is_secure)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(config.proxy)
            .no_delay(true)
            // Nothing that the core did not write; see `WatchConnector`, which would refuse it.
            .user_agent("")
            .accept("")
            .accept_encoding("")
            .timeout_global(Some(config.timeout))
            .timeout_per_call(Some(config.timeout))
            .timeout_resolve(Some(config.resolve_timeout))
            .timeout_connect(Some(config.connect_timeout))
            .timeout_send_request(Some(config.send_timeout))
            .timeout_send_body(Some(config.send_timeout))
            .timeout_recv_response(Some(config.timeout))
            .timeout_recv_body(Some(config.timeout))
            .max_response_header_size(HEAD_MAX)
            .input_buffer_size(BUFFER_LEN)
            .output_buffer_size(BUFFER_LEN)
            .max_idle_connections(config.idle_connections)
            .max_idle_connections_per_host(config.idle_connections)
            .max_idle_age(config.idle_age)
            .build();
        Ok(Self(Arc::new(Inner {
            provider: config.provider,
            credentials: config.credentials,
            endpoint: config.endpoint,
            scheme,
            authority,
            agent: Agent::with_parts(settings, connector, resolver.clone()),
            resolver,
            timeout: config.timeout,
            reply_len_max: config.reply_len_max,
            may_log_wire: config.may_log_wire,
        })))
    }

    /// The provider that is asked.
    #[must_use]
    pub fn provider(&self) -> &'static dyn Provider {
        self.0.provider
    }

    /// Asks about `subject`, who agreed to it.
    ///
    /// # Errors
    /// [`Error`] says what it cost and whether another attempt may help. Nothing is tried again by itself, except once
    /// on a fresh connection when a kept one broke before the request had left.
    pub fn verify(&self, subject: &Subject<'_>, consent: Consent) -> Result<OwnedOutcome, Error> {
        self.verify_with(subject, consent, &Call::new())
    }

    /// The same with something particular.
    ///
    /// # Errors
    /// As [`Client::verify`].
    #[expect(clippy::needless_pass_by_value, reason = "a consent is used up")]
    pub fn verify_with(&self, subject: &Subject<'_>, consent: Consent, call: &Call<'_>) -> Result<OwnedOutcome, Error> {
        self.ask(subject, &consent, call)
    }

    /// One attempt of a verification that the person agreed to: further ones are for the same agreement.
    pub(crate) fn ask(&self, subject: &Subject<'_>, _: &Consent, call: &Call<'_>) -> Result<OwnedOutcome, Error> {
        let start = Instant::now();
        let this = &*self.0;
        if !this.may_log_wire
            && let Some(target) = logging::wire_target()
        {
            return Err(Error::WireLogging { target });
        }
        let stamp = match call.stamp {
            Some(stamp) => Some(stamp),
            None if this.credentials.is_signed() => Some(stamp_now()?),
            None => None,
        };
        let credentials = this.credentials.borrow(stamp)?;
        let mut inquiry = Inquiry::new(this.provider, subject.clone(), Consent::given(), credentials)?;
        if let Some(endpoint) = this.own_endpoint() {
            inquiry = inquiry.at(endpoint);
        }
        if let Some(fields) = call.fields {
            inquiry = inquiry.with_fields(fields);
        }
        let request = Written::new(&inquiry)?.ok_or(Error::Library)?;

        let mut attempt = this.attempt(&inquiry, &request, call.timeout);
        if attempt.may_repeat {
            let patience = call.timeout.unwrap_or(this.timeout).min(this.timeout);
            if let Some(left) = patience.checked_sub(start.elapsed()).filter(|left| !left.is_zero()) {
                attempt = this.attempt(&inquiry, &request, Some(left));
            }
        }
        attempt.result
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("provider", &self.0.provider.info().slug)
            .field("credentials", &self.0.credentials)
            .field("endpoint", &format_args!("{}://{}", self.0.scheme, self.0.authority))
            .finish_non_exhaustive()
    }
}

/// How an attempt ended.
struct Attempt {
    result: Result<OwnedOutcome, Error>,
    /// A kept connection broke before the request had left: a fresh one may do, and nothing can be billed twice.
    may_repeat: bool,
}

impl From<Result<OwnedOutcome, Error>> for Attempt {
    fn from(result: Result<OwnedOutcome, Error>) -> Self {
        Self { result, may_repeat: false }
    }
}

impl Inner {
    fn own_endpoint(&self) -> Option<Endpoint<'_>> {
        // It was parsed when the client was built.
        self.endpoint.as_ref().and_then(|endpoint| endpoint.borrow().ok())
    }

    fn attempt(&self, inquiry: &Inquiry<'_>, request: &Written, timeout: Option<Duration>) -> Attempt {
        let Some(head) = request.head(&self.scheme, &self.authority) else { return Err(Error::Library).into() };
        let guard = progress::start(request.bytes().clone());
        let replied = if request.body().is_empty() {
            self.run(head, timeout)
        } else {
            self.run(head.map(|()| request.body()), timeout)
        };
        let replied = match replied {
            Ok(replied) => replied,
            Err(error) => return self.failed(&error, guard),
        };
        let (head, body) = replied.into_parts();
        let framing = match check_head(&head, self.reply_len_max) {
            Ok(framing) => framing,
            Err(fault) => return Err(fault.into()).into(),
        };
        let mut memory = Body::new(self.reply_len_max);
        let body = match memory.read(body.into_reader()) {
            Ok(body) => body,
            Err(BodyError::TooLong) => return Err(heyan::ProtocolError::TooLong.into()).into(),
            Err(BodyError::Read(error)) => return self.failed(&error, guard),
        };
        let ending = guard.finish().and_then(|progress| progress.ending);
        let is_cut = match framing {
            Framing::UntilClose => matches!(ending, Some(Ending::Broken(_))),
            // ureq takes the last chunk for the end, even if the connection closes before the line that follows it.
            Framing::Marked => ending.is_some(),
        };
        if is_cut {
            return Err(heyan::ProtocolError::Truncated.into()).into();
        }
        let Some(mut response) = Response::new(head.status.as_u16(), body) else {
            return Err(heyan::ProtocolError::Head.into()).into();
        };
        for (name, value) in &head.headers {
            response = response.header(name.as_str(), value.as_bytes());
        }
        inquiry.read(response).map(|outcome| outcome.to_owned()).map_err(Error::from).into()
    }

    fn run<B: ureq::AsSendBody>(
        &self,
        request: ureq::http::Request<B>,
        timeout: Option<Duration>,
    ) -> Result<ureq::http::Response<ureq::Body>, ureq::Error> {
        let request = match timeout {
            None => request,
            Some(timeout) => {
                let timeout = checked_timeout(timeout).ok_or(ureq::Error::Timeout(ureq::Timeout::Global))?;
                let timeout = timeout.min(self.timeout);
                self.agent.configure_request(request).timeout_global(Some(timeout)).build()
            }
        };
        self.agent.run(request)
    }

    fn failed(&self, error: &ureq::Error, guard: progress::Guard) -> Attempt {
        let Some(progress) = guard.finish() else { return Err(Error::Library).into() };
        let error = judge(error, &progress);
        let mut may_repeat = false;
        if let Error::Inquiry(heyan::Error::Channel(ChannelError { fault, sent: false, source })) = &error {
            let is_broken = matches!(fault, ChannelFault::Broken | ChannelFault::Tls);
            may_repeat = is_broken && !progress.is_fresh && progress.stage == crate::error::Stage::Send;
            let is_unreachable = *fault == ChannelFault::Connect || *fault == ChannelFault::TimedOut;
            let by_proxy = source.is_some_and(|source| source.cause() == Some(Cause::Proxy));
            if is_unreachable && !by_proxy {
                self.resolver.forget();
            }
        }
        Attempt { result: Err(error), may_repeat }
    }
}

/// The clock's time and a random nonce.
fn stamp_now() -> Result<Stamp, Error> {
    let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_err(|_| Error::Clock)?;
    let unix_ms = u64::try_from(since_1970.as_millis()).map_err(|_| Error::Clock)?;
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(|_| Error::Randomness)?;
    Ok(Stamp::new(unix_ms, random))
}
