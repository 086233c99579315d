//! The connections that ureq works on: TCP by ureq, TLS and the watch over what leaves by this crate.
//!
//! ```text
//! CONNECT proxy, if one is configured ─▶ TCP ─▶ TLS ─▶ watch
//!             (ureq)                   (ureq)  (tls)  (watch)
//! ```

mod tls;
mod watch;

pub(crate) use tls::TlsConnector;
pub(crate) use watch::WatchConnector;
