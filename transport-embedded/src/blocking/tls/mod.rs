//! TLS without an executor. What it checks, and what can go wrong, is said in [`tls`](crate::tls).

#[cfg(feature = "embedded-tls")]
pub mod embedded;
#[cfg(all(feature = "rustls", target_has_atomic = "ptr"))]
pub mod rustls;
#[cfg(feature = "embedded-tls")]
mod watched;
