//! Starting a sandbox, and the handle to a running one.

use crate::gateway::{ErrorStyle, Keys, Nonces};
use crate::providers::Provider;
use crate::record::RecordedRequest;
use crate::report::{Counts, Report};
use crate::server;
use crate::state::{Clock, State, system_clock};
use crate::tls;
use crate::{APP_CODE, APP_KEY, APP_SECRET};
use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::BuildHasher;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use tokio::net::TcpListener;
use tokio::runtime;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

/// How a sandbox is to be. Made by [`Sandbox::builder`].
pub struct Builder {
    listen: SocketAddr,
    https: bool,
    threads: usize,
    style: ErrorStyle,
    quotas: [Option<u64>; 5],
    app_code: String,
    app_key: String,
    app_secret: String,
    vendor_key: Option<String>,
    clock: Clock,
    record: bool,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            https: false,
            threads: thread::available_parallelism().map_or(2, |count| count.get().min(4)),
            style: ErrorStyle::default(),
            quotas: [None; 5],
            app_code: APP_CODE.to_owned(),
            app_key: APP_KEY.to_owned(),
            app_secret: APP_SECRET.to_owned(),
            vendor_key: None,
            clock: Box::new(system_clock),
            record: false,
        }
    }
}

impl Builder {
    /// Where to listen. Default: `127.0.0.1` on a free port.
    #[must_use]
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.listen = address;
        self
    }

    /// TLS 1.2 and 1.3 under a certificate authority made at the start, instead of plain http. Default: plain.
    #[must_use]
    pub fn https(mut self, https: bool) -> Self {
        self.https = https;
        self
    }

    /// Worker threads; at least 1. Default: one for each core, 4 at most.
    #[must_use]
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = threads.max(1);
        self
    }

    /// Which generation of the gateway answers. Default: the newer, with codes.
    #[must_use]
    pub fn error_style(mut self, style: ErrorStyle) -> Self {
        self.style = style;
        self
    }

    /// So many billed calls for each vendor, then `403`. Default: `None`, no end.
    #[must_use]
    pub fn quota(mut self, calls: Option<u64>) -> Self {
        self.quotas = [calls; 5];
        self
    }

    /// So many billed calls for this vendor.
    #[must_use]
    pub fn quota_of(mut self, provider: Provider, calls: Option<u64>) -> Self {
        self.quotas[provider.index()] = calls;
        self
    }

    /// The one `AppCode` that the gateway knows. Default: [`APP_CODE`].
    #[must_use]
    pub fn app_code(mut self, app_code: impl Into<String>) -> Self {
        self.app_code = app_code.into();
        self
    }

    /// The one `AppKey` that the gateway knows, and its secret. Default: [`APP_KEY`] and [`APP_SECRET`].
    #[must_use]
    pub fn app_key(mut self, app_key: impl Into<String>, app_secret: impl Into<String>) -> Self {
        self.app_key = app_key.into();
        self.app_secret = app_secret.into();
        self
    }

    /// Plays the vendor's own platform for the two vendors that have one: no gateway, and this key in the parameter
    /// `key` instead of an authorization. Default: `None`, the gateway for all.
    #[must_use]
    pub fn vendor_key(mut self, key: Option<String>) -> Self {
        self.vendor_key = key;
        self
    }

    /// What time it is, in Unix milliseconds. Default: the system's clock.
    #[must_use]
    pub fn clock(mut self, clock: impl Fn() -> u64 + Send + Sync + 'static) -> Self {
        self.clock = Box::new(clock);
        self
    }

    /// Keeps every request for [`Sandbox::requests`]. Default: off, so that a million requests need no more memory than
    /// one.
    #[must_use]
    pub fn record(mut self, record: bool) -> Self {
        self.record = record;
        self
    }

    /// Starts it. When this returns, connections are accepted.
    ///
    /// # Errors
    /// The address cannot be listened on, no thread can be started, or (https) no key can be made.
    pub fn start(self) -> io::Result<Sandbox> {
        let identity = if self.https { Some(tls::identity()?) } else { None };
        let acceptor = identity.as_ref().map(|identity| TlsAcceptor::from(Arc::clone(&identity.config)));
        let listener = std::net::TcpListener::bind(self.listen)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let state = Arc::new(State {
            keys: Keys {
                app_code: self.app_code,
                app_key: self.app_key,
                app_secret: self.app_secret,
                vendor_key: self.vendor_key,
                nonces: Nonces::new(),
            },
            style: self.style,
            quotas: self.quotas,
            clock: self.clock,
            counts: Counts::default(),
            seed: RandomState::new().hash_one(address),
            records: self.record.then(Mutex::default),
            askers: Mutex::default(),
        });
        let runtime = runtime::Builder::new_multi_thread()
            .worker_threads(self.threads)
            .thread_name("heyan-sandbox-worker")
            .enable_all()
            .build()?;
        let listener = {
            let _context = runtime.enter();
            TcpListener::from_std(listener)?
        };
        let (stop, stopped) = watch::channel(false);
        let shared = Arc::clone(&state);
        // The runtime lives and dies on this thread: a runtime dropped on a caller's own async thread would panic.
        let thread = thread::Builder::new().name("heyan-sandbox".to_owned()).spawn(move || {
            runtime.block_on(server::run(listener, acceptor, shared, stopped));
            runtime.shutdown_background();
        })?;
        let (ca_pem, ca_der) = identity.map(|identity| (identity.ca_pem, identity.ca_der)).unzip();
        Ok(Sandbox { address, ca_pem, ca_der, state, stop, thread: Some(thread) })
    }
}

/// A running sandbox. Dropping it stops it: idle connections close, replies under way get half a second.
pub struct Sandbox {
    address: SocketAddr,
    ca_pem: Option<String>,
    ca_der: Option<Vec<u8>>,
    state: Arc<State>,
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl Sandbox {
    /// A sandbox to be configured.
    #[must_use]
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Scheme, address and port, without a slash behind: `http://127.0.0.1:49152`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}://{}", if self.ca_pem.is_some() { "https" } else { "http" }, self.address)
    }

    /// The certificate of the authority to trust, in PEM; `None` for plain http.
    #[must_use]
    pub fn ca_pem(&self) -> Option<&str> {
        self.ca_pem.as_deref()
    }

    /// The certificate of the authority to trust, in DER; `None` for plain http.
    #[must_use]
    pub fn ca_der(&self) -> Option<&[u8]> {
        self.ca_der.as_deref()
    }

    /// The counts so far. A call is counted before its reply leaves, so a client that has the reply finds it here.
    #[must_use]
    pub fn report(&self) -> Report {
        self.state.counts.report()
    }

    /// Every request so far that was HTTP, in order of arrival; empty without [`Builder::record`].
    #[must_use]
    pub fn requests(&self) -> Vec<RecordedRequest> {
        let records = self.state.records.as_ref();
        records.map(|records| records.lock().unwrap_or_else(PoisonError::into_inner).clone()).unwrap_or_default()
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        // Whoever listens is told; nobody listens once the thread has ended.
        self.stop.send_replace(true);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox").field("url", &self.url()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").field("listen", &self.listen).field("https", &self.https).finish_non_exhaustive()
    }
}
