//! What a resumed session needs: the last ticket of one server.

use core::cell::RefCell;
use core::fmt;

use critical_section::Mutex;
use rustls::NamedGroup;
use rustls::client::{ClientSessionStore, Tls12ClientSessionValue, Tls13ClientSessionValue};
use rustls::pki_types::ServerName;

/// One session of one server, for a ticket holds the server's certificates too: several would be several KiB of heap.
pub(super) struct Sessions(Mutex<RefCell<Option<Session>>>);

struct Session {
    server: ServerName<'static>,
    group: Option<NamedGroup>,
    tls12: Option<Tls12ClientSessionValue>,
    tls13: Option<Tls13ClientSessionValue>,
}

impl Sessions {
    pub(super) const fn new() -> Self {
        Self(Mutex::new(RefCell::new(None)))
    }

    /// Does something with the session of this server, if it is the one that is kept.
    fn with<R>(&self, server: &ServerName<'_>, work: impl FnOnce(&mut Session) -> Option<R>) -> Option<R> {
        critical_section::with(|section| match self.0.borrow(section).try_borrow_mut().ok()?.as_mut() {
            Some(session) if session.server == *server => work(session),
            _ => None,
        })
    }

    /// The same after making room for this server.
    fn keep(&self, server: ServerName<'static>, work: impl FnOnce(&mut Session)) {
        let old = critical_section::with(|section| {
            let Ok(mut kept) = self.0.borrow(section).try_borrow_mut() else { return None };
            let old = kept.take_if(|session| session.server != server);
            work(kept.get_or_insert_with(|| Session { server, group: None, tls12: None, tls13: None }));
            old
        });
        // Freed out here: it may take long.
        drop(old);
    }
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sessions(redacted)")
    }
}

impl ClientSessionStore for Sessions {
    fn set_kx_hint(&self, server: ServerName<'static>, group: NamedGroup) {
        self.keep(server, |session| session.group = Some(group));
    }

    fn kx_hint(&self, server: &ServerName<'_>) -> Option<NamedGroup> {
        self.with(server, |session| session.group)
    }

    fn set_tls12_session(&self, server: ServerName<'static>, value: Tls12ClientSessionValue) {
        self.keep(server, |session| session.tls12 = Some(value));
    }

    fn tls12_session(&self, server: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        self.with(server, |session| session.tls12.clone())
    }

    fn remove_tls12_session(&self, server: &ServerName<'static>) {
        self.with(server, |session| session.tls12.take());
    }

    fn insert_tls13_ticket(&self, server: ServerName<'static>, value: Tls13ClientSessionValue) {
        self.keep(server, |session| session.tls13 = Some(value));
    }

    fn take_tls13_ticket(&self, server: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        self.with(server, |session| session.tls13.take())
    }
}
