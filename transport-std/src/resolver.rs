//! Addresses of hosts, asked for once in a while instead of with every request.
//!
//! A lookup of the operating system cannot be given up, so it runs on a thread of its own: one for a host that is not
//! known, however many callers wait. A call on a kept connection asks for nothing.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

use crate::error::Stage;
use crate::link::{Failure, Fault, bare, carried};

/// Asks for the addresses of a host and a port.
pub(crate) type Lookup = dyn Fn(&str, u16) -> io::Result<Vec<SocketAddr>> + Send + Sync;

/// Hosts kept at a time: a client has one, and its proxy.
const HOSTS_MAX: usize = 8;
/// ureq's own limit of addresses for one host.
const ADDRESSES_MAX: usize = 16;

/// See the [module](self).
#[derive(Clone)]
pub(crate) struct CachingResolver(Arc<Shared>);

struct Shared {
    lookup: Box<Lookup>,
    ttl: Duration,
    hosts: Mutex<Vec<Host>>,
}

struct Host {
    name: String,
    port: u16,
    known: Option<(Instant, Arc<[SocketAddr]>)>,
    flight: Option<Arc<Flight>>,
}

/// A question that is under way.
struct Flight {
    answer: Mutex<Option<Result<Arc<[SocketAddr]>, io::ErrorKind>>>,
    landed: Condvar,
}

enum Found {
    Known(Arc<[SocketAddr]>),
    Asking(Arc<Flight>),
}

impl CachingResolver {
    /// A resolver that keeps addresses for `ttl`.
    pub(crate) fn new(lookup: Box<Lookup>, ttl: Duration) -> Self {
        Self(Arc::new(Shared { lookup, ttl, hosts: Mutex::new(Vec::new()) }))
    }

    /// The operating system's resolver.
    pub(crate) fn system() -> Box<Lookup> {
        Box::new(|host, port| (host, port).to_socket_addrs().map(Iterator::collect))
    }

    /// Forgets all addresses: none of them could be connected to, and there may be new ones.
    pub(crate) fn forget(&self) {
        for host in hold(&self.0.hosts).iter_mut() {
            host.known = None;
        }
    }

    /// The addresses of a host. One that is an address itself needs no lookup.
    ///
    /// # Errors
    /// [`Fault::TimedOut`] or [`Fault::Io`].
    pub(crate) fn addresses(
        &self,
        name: &str,
        port: u16,
        patience: Option<Duration>,
    ) -> Result<Arc<[SocketAddr]>, Fault> {
        if let Ok(address) = name.parse::<IpAddr>() {
            return Ok(Arc::new([SocketAddr::new(address, port)]));
        }
        match self.find(name, port)? {
            Found::Known(addresses) => Ok(addresses),
            Found::Asking(flight) => flight.wait(patience),
        }
    }

    /// Looks the host up among the known ones; starts to ask for it unless somebody does already.
    fn find(&self, name: &str, port: u16) -> Result<Found, Fault> {
        let mut hosts = hold(&self.0.hosts);
        let at = match hosts.iter().position(|host| host.name == name && host.port == port) {
            Some(at) => at,
            None => {
                if hosts.len() >= HOSTS_MAX {
                    hosts.remove(0);
                }
                hosts.push(Host { name: name.to_owned(), port, known: None, flight: None });
                hosts.len() - 1
            }
        };
        let Some(host) = hosts.get_mut(at) else { return Err(Fault::Io(io::ErrorKind::Other)) };
        if let Some((since, addresses)) = &host.known
            && since.elapsed() < self.0.ttl
        {
            return Ok(Found::Known(Arc::clone(addresses)));
        }
        if let Some(flight) = &host.flight {
            return Ok(Found::Asking(Arc::clone(flight)));
        }
        let flight = Arc::new(Flight { answer: Mutex::new(None), landed: Condvar::new() });
        let (shared, name, asked) = (Arc::clone(&self.0), name.to_owned(), Arc::clone(&flight));
        let ask = move || {
            // A lookup of the caller's own may panic; those who wait must hear of it all the same.
            let landing = Landing { shared: &shared, name: &name, port, flight: &asked, answer: None };
            landing.ask();
        };
        let thread = std::thread::Builder::new().name("heyan-resolve".to_owned()).spawn(ask);
        thread.map_err(|error| Fault::Io(error.kind()))?;
        host.flight = Some(Arc::clone(&flight));
        Ok(Found::Asking(flight))
    }
}

impl Flight {
    fn wait(&self, patience: Option<Duration>) -> Result<Arc<[SocketAddr]>, Fault> {
        let since = Instant::now();
        let mut answer = hold(&self.answer);
        loop {
            match &*answer {
                Some(Ok(addresses)) => return Ok(Arc::clone(addresses)),
                Some(Err(kind)) => return Err(Fault::Io(*kind)),
                None => {}
            }
            answer = match patience {
                None => self.landed.wait(answer).unwrap_or_else(PoisonError::into_inner),
                Some(patience) => {
                    let left = patience.checked_sub(since.elapsed()).filter(|left| !left.is_zero());
                    let left = left.ok_or(Fault::TimedOut)?;
                    self.landed.wait_timeout(answer, left).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }
}

/// Hands the answer to all who wait, whatever happens on the way.
struct Landing<'a> {
    shared: &'a Shared,
    name: &'a str,
    port: u16,
    flight: &'a Arc<Flight>,
    answer: Option<Result<Arc<[SocketAddr]>, io::ErrorKind>>,
}

impl Landing<'_> {
    fn ask(mut self) {
        self.answer = Some(match (self.shared.lookup)(self.name, self.port) {
            Ok(addresses) if addresses.is_empty() => Err(io::ErrorKind::NotFound),
            Ok(addresses) => Ok(addresses.into()),
            Err(error) => Err(error.kind()),
        });
    }
}

impl Drop for Landing<'_> {
    fn drop(&mut self) {
        let answer = self.answer.take().unwrap_or(Err(io::ErrorKind::Other));
        let mut hosts = hold(&self.shared.hosts);
        if let Some(host) = hosts.iter_mut().find(|host| host.name == self.name && host.port == self.port) {
            // Another flight may have taken over after this host was dropped from the list and came back.
            if host.flight.as_ref().is_some_and(|flight| Arc::ptr_eq(flight, self.flight)) {
                host.flight = None;
                if let Ok(addresses) = &answer {
                    host.known = Some((Instant::now(), Arc::clone(addresses)));
                }
            }
        }
        drop(hosts);
        *hold(&self.flight.answer) = Some(answer);
        self.flight.landed.notify_all();
    }
}

/// No code under these locks can panic half-way through a change, so a poisoned one is as good as any.
fn hold<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// ureq asks for the address of a proxy.
impl Resolver for CachingResolver {
    fn resolve(
        &self,
        uri: &Uri,
        _: &ureq::config::Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let mut resolved = self.empty();
        let (Some(host), Some(port)) = (uri.host(), port(uri)) else { return Err(ureq::Error::HostNotFound) };
        let patience = (!timeout.after.is_not_happening()).then_some(*timeout.after);
        let addresses = self.addresses(bare(host), port, patience);
        let addresses = addresses.map_err(|fault| carried(Failure::new(Stage::Resolve, fault)))?;
        for address in addresses.iter().take(ADDRESSES_MAX) {
            resolved.push(*address);
        }
        Ok(resolved)
    }
}

/// The port of a URL.
pub(crate) fn port(uri: &Uri) -> Option<u16> {
    uri.port_u16().or_else(|| match uri.scheme_str() {
        Some("https") => Some(443),
        Some("http") => Some(80),
        _ => None,
    })
}

impl fmt::Debug for CachingResolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CachingResolver")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;

    fn loopback(port: u16) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], port))
    }

    fn counting(ttl: Duration) -> (CachingResolver, Arc<AtomicUsize>) {
        let count = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&count);
        let lookup = move |host: &str, port| {
            counted.fetch_add(1, Ordering::SeqCst);
            if host == "nobody.test" { Err(io::ErrorKind::NotFound.into()) } else { Ok(vec![loopback(port)]) }
        };
        (CachingResolver::new(Box::new(lookup), ttl), count)
    }

    #[test]
    fn a_known_host_is_not_asked_for_again() {
        let (resolver, count) = counting(Duration::from_secs(60));
        for _ in 0..3 {
            assert_eq!(resolver.addresses("a.test", 1, None).ok().as_deref(), Some(&[loopback(1)][..]));
        }
        assert_eq!(count.load(Ordering::SeqCst), 1);
        resolver.forget();
        assert!(resolver.addresses("a.test", 1, None).is_ok());
        assert_eq!(count.load(Ordering::SeqCst), 2);
    }

    #[test]
    fn a_ttl_of_zero_and_a_failure_are_not_kept() {
        let (resolver, count) = counting(Duration::ZERO);
        assert!(resolver.addresses("a.test", 1, None).is_ok());
        assert!(resolver.addresses("a.test", 1, None).is_ok());
        assert_eq!(count.load(Ordering::SeqCst), 2);
        let (resolver, count) = counting(Duration::from_secs(60));
        for _ in 0..2 {
            let failure = resolver.addresses("nobody.test", 1, None);
            assert!(matches!(failure, Err(Fault::Io(io::ErrorKind::NotFound))));
        }
        assert_eq!(count.load(Ordering::SeqCst), 2);
    }

    #[test]
    fn the_number_of_hosts_is_bounded() {
        let (resolver, _) = counting(Duration::from_secs(60));
        for port in 1..100 {
            assert!(resolver.addresses("a.test", port, None).is_ok());
        }
        assert_eq!(hold(&resolver.0.hosts).len(), HOSTS_MAX);
    }

    #[test]
    fn waiting_ends_with_patience_and_one_question_serves_all() {
        let (release, released) = mpsc::channel::<()>();
        let released = Mutex::new(released);
        let count = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&count);
        let lookup = move |_: &str, port| {
            counted.fetch_add(1, Ordering::SeqCst);
            hold(&released).recv().map_err(|_| io::Error::from(io::ErrorKind::Other))?;
            Ok(vec![loopback(port)])
        };
        let resolver = CachingResolver::new(Box::new(lookup), Duration::from_secs(60));
        for _ in 0..3 {
            let failure = resolver.addresses("a.test", 1, Some(Duration::from_millis(5)));
            assert!(matches!(failure, Err(Fault::TimedOut)));
        }
        release.send(()).unwrap();
        assert!(resolver.addresses("a.test", 1, Some(Duration::from_secs(10))).is_ok());
        assert_eq!(count.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn a_lookup_that_panics_is_a_failure_for_those_who_wait() {
        let resolver = CachingResolver::new(Box::new(|_, _| panic!("a lookup of a test")), Duration::from_secs(60));
        assert!(matches!(resolver.addresses("a.test", 1, Some(Duration::from_secs(10))), Err(Fault::Io(_))));
    }
}
