//! TLS without an executor. What it checks, and what can go wrong, is said in [`tls`](crate::tls).

#[cfg(feature = "embedded-tls")]
pub mod embedded;
#[cfg(feature = "rustls")]
pub mod rustls;
#[cfg(feature = "embedded-tls")]
mod watched;
