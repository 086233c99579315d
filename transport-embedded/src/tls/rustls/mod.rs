//! TLS 1.3 and 1.2 by `rustls` 0.23, with a heap; its blocking twin is in [`blocking::tls`](crate::blocking::tls).
//!
//! rustls runs without I/O and without `std` here, over a provider of cryptography that holds nothing but what the
//! features ask for: P-256, ECDSA and AES-128-GCM always. It needs `alloc` and atomics for `Arc`, which ARMv6-M and RISC-V
//! without the A extension do not have.
//!
//! The last ticket of the last server is kept in [`Config`]: a connection that was lost is opened again without
//! certificates and signatures. The chain was checked when the ticket was made; it is not checked again until the server
//! asks for a whole handshake, which the gateway does after some hours.
//!
//! ```no_run
//! use core::time::Duration;
//! use heyan::provider::IDCERT;
//! use heyan_embedded::blocking::{self, tls::rustls::open};
//! use heyan_embedded::tls::rustls::{Algorithms, Config, RECEIVE_LEN, SEND_LEN};
//! use heyan_embedded::tls::{Dates, Memory, Trust};
//! # use heyan_embedded::tls::{NoRandomness, Random};
//! # struct Trng;
//! # impl Random for Trng { fn fill(&self, _: &mut [u8]) -> Result<(), NoRandomness> { Err(NoRandomness) } }
//! # static TRNG: Trng = Trng;
//! # static ROOT: &[u8] = &[];
//! # fn rtc() -> Option<u64> { None }
//! # fn people() -> Option<heyan::Inquiry<'static>> { None }
//! # fn tcp() -> Result<Tcp, Box<dyn std::error::Error>> { Err("no network".into()) }
//! # struct Tcp;
//! # impl embedded_io::ErrorType for Tcp { type Error = embedded_io::ErrorKind; }
//! # impl embedded_io::ReadReady for Tcp { fn read_ready(&mut self) -> Result<bool, Self::Error> { Ok(false) } }
//! # impl embedded_io::Read for Tcp { fn read(&mut self, _: &mut [u8]) -> Result<usize, Self::Error> { Ok(0) } }
//! # impl embedded_io::Write for Tcp { fn write(&mut self, b: &[u8]) -> Result<usize, Self::Error> { Ok(b.len()) }
//! #     fn flush(&mut self) -> Result<(), Self::Error> { Ok(()) } }
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let timer = blocking::timer(|| Duration::ZERO, || core::ops::ControlFlow::Continue(()));
//! # let watch = heyan_embedded::Watch::new(timer, heyan_embedded::Deadlines::DEFAULT);
//! use heyan_embedded::Link;
//!
//! static ALGORITHMS: Algorithms = Algorithms::new(&TRNG);
//! static ANCHORS: &[&[u8]] = &[ROOT]; // include_bytes!("root.der")
//!
//! let config = Config::new(&ALGORITHMS, Trust::new(ANCHORS, Dates::CheckedBy(rtc)))?;
//! let (mut receive, mut send) = ([0; RECEIVE_LEN], [0; SEND_LEN]);
//! let mut buffer = heyan::Buffer::<{ IDCERT.info().buffer_len() }>::new();
//! let mut unanswered = None;
//! loop {
//!     // One connection for as many people as the gateway keeps it open for.
//!     let memory = Memory { receive: &mut receive, send: &mut send };
//!     let mut link = open(tcp()?, memory, IDCERT.info().host, &config, &watch)?;
//!     while link.is_open() {
//!         let Some(inquiry) = unanswered.take().or_else(people) else { return Ok(()) };
//!         match blocking::verify(&mut link, &inquiry, &mut buffer, &watch) {
//!             Ok(outcome) => println!("{:?}", outcome.verdict()),
//!             // The gateway had closed the kept connection: once more, over a fresh one.
//!             Err(_) if link.may_repeat() => unanswered = Some(inquiry),
//!             Err(error) => println!("{error}"),
//!         }
//!     }
//! }
//! # }
//! ```

mod aead;
mod asynch;
mod engine;
mod groups;
mod hash;
mod provider;
mod sessions;
mod verifier;

use alloc::sync::Arc;
use core::fmt;

use rustls::ClientConfig;
use rustls::client::{Resumption, UnbufferedClientConnection};

pub use super::Memory;
pub use asynch::{Tls, open};
pub use provider::Algorithms;

pub(crate) use engine::{Engine, Next, Wish};

use super::{TlsError, Trust, chain, server_name};
use crate::tls::Distrust;
use verifier::{Now, Verifier, translated};

/// Bytes of a receive buffer that holds every record of both versions. With less, a server whose longest flight of
/// certificates does not fit ends in [`TlsError::Buffers`]; most need 4 to 6 KiB.
pub const RECEIVE_LEN: usize = 18_437;
/// Bytes of a send buffer that holds every provider's request in one record.
pub const SEND_LEN: usize = 2_048;

/// What all connections of a device have in common. A clone is one counter more.
#[derive(Clone)]
pub struct Config(Arc<ClientConfig>);

impl Config {
    /// With the device's algorithms and the servers it believes.
    ///
    /// # Errors
    /// [`Distrust::Anchors`] when the anchors are none, too many or no certificates.
    pub fn new(algorithms: &'static Algorithms, trust: Trust<'static>) -> Result<Self, Distrust> {
        chain::check_anchors(trust)?;
        let config = ClientConfig::builder_with_details(Arc::new(algorithms.provider()), Arc::new(Now(trust.dates)))
            .with_safe_default_protocol_versions()
            // Suites and groups of both versions are always there.
            .map_err(|_| Distrust::Algorithm)?
            // Not for checking less: for checking the same as without a heap, and with dates as the device can.
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Verifier(trust)))
            .with_no_client_auth();
        let mut config = config;
        config.resumption = Resumption::store(Arc::new(sessions::Sessions::new()));
        Ok(Self(Arc::new(config)))
    }

    #[inline(never)] // rustls makes a connection from parts of the same size, none of which is needed after.
    pub(crate) fn engine<'m, E>(&self, host: &str, memory: Memory<'m>) -> Result<Engine<'m>, TlsError<E>> {
        if !memory.is_enough() {
            return Err(TlsError::Buffers);
        }
        let name = server_name(host)?.to_owned();
        let connection =
            UnbufferedClientConnection::new(Arc::clone(&self.0), name).map_err(|error| translated(&error))?;
        Ok(Engine::new(connection, memory))
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Config")
    }
}
