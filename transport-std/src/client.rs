//! The client: one inquiry in, one outcome out.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use heyan::{Consent, EncodeError, Endpoint, ExtraFields, Inquiry, OwnedOutcome, Provider, Stamp, Subject};
use ureq::ProxyProtocol;
use ureq::http::Uri;
use ureq::http::uri::{Authority, Scheme};

use crate::config::{Config, ConfigError, OwnEndpoint, checked_timeout};
use crate::credentials::OwnedCredentials;
use crate::error::{Error, Stage};
use crate::exchange::{Memory, Talk, judge, talk};
use crate::link::{Deadline, Failure, Look};
use crate::logging;
use crate::opener::Opener;
use crate::pool::{Connection, Lease, Pool, PoolCounts, Want};
use crate::resolver::CachingResolver;

/// Asks one provider, blocking, over connections that are kept for the next call.
///
/// A clone is one counter more: it shares connections, addresses and credentials. Every thread may use the same one.
///
/// A call on a kept connection starts no thread, looks up no name and asks for no memory; over https for as much as the
/// encrypted request takes, and none that grows with the reply.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    provider: &'static dyn Provider,
    credentials: OwnedCredentials,
    endpoint: Option<OwnEndpoint>,
    opener: Opener,
    pool: Pool,
    timeout: Duration,
    send_timeout: Duration,
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
        let uri = Uri::builder().scheme(scheme).authority(authority).path_and_query("/").build();
        let uri = uri.map_err(|_| ConfigError::Endpoint)?;
        // A client that never speaks TLS must not fail for want of anchors.
        let is_proxy_secure = config.proxy.as_ref().is_some_and(|proxy| proxy.protocol() == ProxyProtocol::Https);
        let tls = if is_secure || is_proxy_secure { Some(config.trust.into_tls()?) } else { None };
        let resolver = CachingResolver::new(config.lookup, config.resolve_ttl);
        let timeouts = (config.resolve_timeout, config.connect_timeout);
        let opener = Opener::new(uri, resolver, tls, config.proxy, timeouts).ok_or(ConfigError::Endpoint)?;
        Ok(Self(Arc::new(Inner {
            provider: config.provider,
            credentials: config.credentials,
            endpoint: config.endpoint,
            opener,
            pool: Pool::new(config.bounds),
            timeout: config.timeout,
            send_timeout: config.send_timeout,
            reply_len_max: config.reply_len_max,
            may_log_wire: config.may_log_wire,
        })))
    }

    /// The provider that is asked.
    #[must_use]
    pub fn provider(&self) -> &'static dyn Provider {
        self.0.provider
    }

    /// Opens one connection, TLS included, and keeps it: the next call need not wait for that. It sends no request, so
    /// there is nothing to be billed. For a start with eight threads call it eight times; when
    /// [as many connections](crate::Config::idle_connections) are kept as may be, it does nothing.
    ///
    /// A connection that nobody uses is closed after [`Config::idle_age`](crate::Config::idle_age), by the peer perhaps
    /// sooner.
    ///
    /// # Errors
    /// [`Error`], always [`Free`](heyan::Billing::Free): the same that a call on a fresh connection would fail with.
    pub fn warm_up(&self) -> Result<(), Error> {
        let (start, this) = (Instant::now(), &*self.0);
        this.refuse_wire_logging()?;
        if !this.pool.has_room() {
            return Ok(());
        }
        let deadline = Deadline::new(start, this.timeout);
        let (mut lease, _) = this.lease(Want::Fresh, start, deadline)?;
        let link = this.opener.open(deadline).map_err(unsent)?;
        lease.opened();
        lease.keep(Connection { link, memory: this.memory() });
        Ok(())
    }

    /// How many connections there are and were. Takes a lock for a moment and asks nobody.
    #[must_use]
    pub fn pool(&self) -> PoolCounts {
        self.0.pool.counts()
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
        this.refuse_wire_logging()?;
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

        let patience = match call.timeout {
            None => this.timeout,
            // Zero is over at once.
            Some(timeout) => checked_timeout(timeout).unwrap_or_default().min(this.timeout),
        };
        let deadline = Deadline::new(start, patience);
        let mut attempt = this.attempt(&inquiry, call, Want::Any, (start, deadline));
        if attempt.may_repeat && deadline.left().is_ok() {
            attempt = this.attempt(&inquiry, call, Want::Fresh, (start, deadline));
        }
        attempt.result
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let uri = self.0.opener.uri();
        let (scheme, authority) = (uri.scheme_str().unwrap_or_default(), uri.authority().map(Authority::as_str));
        f.debug_struct("Client")
            .field("provider", &self.0.provider.info().slug)
            .field("credentials", &self.0.credentials)
            .field("endpoint", &format_args!("{scheme}://{}", authority.unwrap_or_default()))
            .finish_non_exhaustive()
    }
}

/// How an attempt ended.
struct Attempt {
    result: Result<OwnedOutcome, Error>,
    /// A kept connection broke before the request had left: a fresh one may do, and nothing can be billed twice.
    may_repeat: bool,
}

impl From<Error> for Attempt {
    fn from(error: Error) -> Self {
        Self { result: Err(error), may_repeat: false }
    }
}

impl Inner {
    fn own_endpoint(&self) -> Option<Endpoint<'_>> {
        // It was parsed when the client was built.
        self.endpoint.as_ref().and_then(|endpoint| endpoint.borrow().ok())
    }

    fn refuse_wire_logging(&self) -> Result<(), Error> {
        match logging::wire_target() {
            Some(target) if !self.may_log_wire => Err(Error::WireLogging { target }),
            _ => Ok(()),
        }
    }

    fn memory(&self) -> Memory {
        Memory::new(self.reply_len_max, self.provider.info().request_len_max())
    }

    /// A kept connection that can be used, or leave to open one.
    fn lease(&self, want: Want, start: Instant, deadline: Deadline) -> Result<(Lease<'_>, Option<Connection>), Error> {
        loop {
            let leased = self.pool.lease(want, start, || deadline.within(self.opener.connect_timeout()));
            let mut lease = leased.map_err(|fault| unsent(Failure::new(Stage::Connect, fault)))?;
            let Some(mut kept) = lease.take() else { return Ok((lease, None)) };
            if kept.link.look() == Look::Quiet {
                return Ok((lease, Some(kept)));
            }
            // The peer closed it while nobody used it, or sent what nobody asked for.
            lease.was_stale();
        }
    }

    /// Asks once.
    fn attempt(
        &self,
        inquiry: &Inquiry<'_>,
        call: &Call<'_>,
        want: Want,
        (start, deadline): (Instant, Deadline),
    ) -> Attempt {
        let (mut lease, kept) = match self.lease(want, start, deadline) {
            Ok(leased) => leased,
            Err(error) => return error.into(),
        };
        let (link, mut memory) = match kept {
            Some(Connection { link, memory }) => (Some(link), memory),
            None => (None, self.memory()),
        };
        let is_kept = link.is_some();
        // Only a caller's own fields can need more than what each connection has.
        let mut is_long = false;
        if call.fields.is_some()
            && let Err(EncodeError::Buffer { needed }) = inquiry.write(memory.open()).map(drop)
        {
            (memory, is_long) = (Memory::of(needed), true);
        }
        let request = match inquiry.write(memory.open()) {
            Ok(request) => request,
            Err(error) => {
                memory.wipe_all();
                if let Some(link) = link {
                    lease.keep(Connection { link, memory: self.memory() });
                }
                return Error::from(error).into();
            }
        };
        let mut link = match link.map_or_else(|| self.opener.open(deadline), Ok) {
            Ok(link) => link,
            Err(failure) => return unsent(failure).into(),
        };
        if !is_kept {
            lease.opened();
        }
        let Talk { result, used, keep_alive, broke_unsent } =
            talk(&mut *link, request, deadline, self.send_timeout, self.reply_len_max);
        let result = result.and_then(|response| Ok(inquiry.read(response)?.to_owned()));
        memory.wipe(used);
        if keep_alive {
            let memory = if is_long { self.memory() } else { memory };
            lease.keep(Connection { link, memory });
        }
        Attempt { result, may_repeat: is_kept && broke_unsent }
    }
}

/// For the caller, of what failed before a byte could leave.
fn unsent(failure: Failure) -> Error {
    judge(failure, false, false)
}

/// The clock's time and a random nonce.
fn stamp_now() -> Result<Stamp, Error> {
    let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_err(|_| Error::Clock)?;
    let unix_ms = u64::try_from(since_1970.as_millis()).map_err(|_| Error::Clock)?;
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(|_| Error::Randomness)?;
    Ok(Stamp::new(unix_ms, random))
}
