//! TLS: who must prove to be the gateway, to whom, and what can go wrong.
//!
//! | module | feature | protocols | memory | keys of the server |
//! |---|---|---|---|---|
//! | `tls::embedded` | `embedded-tls` | TLS 1.3 | the caller's buffers only | ECDSA P-256, more by features |
//! | `tls::rustls` | `rustls` | TLS 1.3 and 1.2 | the caller's buffers and a heap | the same |
//!
//! Features that both share, each paid for in flash: `rsa` (RSA of 2048 to 4096 bits, PKCS#1 v1.5 and PSS) and `p384`
//! (ECDSA P-384). Of `rustls` alone: `aes-256`, `chacha20`, `x25519`. A gateway whose certificate hangs on an RSA
//! authority, as most do, takes `rsa`.
//!
//! # What is checked
//!
//! The chain up to one of the caller's anchors, dates, name constraints, that every issuer is an authority and the leaf
//! may serve TLS, by `rustls-webpki`; the host name; and that the server holds the leaf's key. Nothing turns any of it
//! off. SHA-1, RSA below 2048 bits and TLS below 1.2 have no code here that could accept them. Revocation is not checked:
//! neither crate fetches anything by itself.

mod algorithms;
mod chain;
#[cfg(feature = "embedded-tls")]
pub mod embedded;
#[cfg(feature = "rsa")]
mod rsa;
#[cfg(all(feature = "rustls", target_has_atomic = "ptr"))]
pub mod rustls;

use core::fmt;

use embedded_io::ErrorKind;
use heyan::ChannelError;
use rustls_pki_types::ServerName;

use crate::call::failed;
use crate::link::Secure;

use algorithms::SUPPORTED;

/// Most anchors that a [`Trust`] may list.
pub const ANCHORS_MAX: usize = 8;

/// Whom the device believes.
#[derive(Clone, Copy, Debug)]
pub struct Trust<'a> {
    anchors: &'a [&'a [u8]],
    dates: Dates,
}

impl<'a> Trust<'a> {
    /// Believes chains that end in one of these certificates of authorities, each one in DER, at most [`ANCHORS_MAX`].
    ///
    /// With none, or with one that is no certificate, every handshake fails with [`Distrust::Anchors`].
    #[must_use]
    pub const fn new(anchors: &'a [&'a [u8]], dates: Dates) -> Self {
        Self { anchors, dates }
    }
}

/// Where the date comes from against which certificates are checked.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Dates {
    /// Seconds since 1970-01-01 00:00 UTC, `None` while the clock is not set: then every handshake fails. The clock must
    /// be right within the hours that a young certificate has lived, and must not be set by anybody on the way: NTP
    /// without authentication is such a somebody.
    CheckedBy(fn() -> Option<u64>),
    /// The device has no clock. What is checked instead is that the dates of all certificates of a chain have a moment
    /// in common. An expired certificate, whose key may have been stolen since, is taken for good.
    UncheckedForWantOfAClock,
}

/// Randomness for keys: a hardware generator, or a generator that one seeds.
///
/// Whoever can guess these bytes reads the identity number. A counter, the time, an unconnected ADC pin or a constant is
/// no source.
pub trait Random {
    /// Fills `bytes`.
    ///
    /// # Errors
    /// [`NoRandomness`] when the source is not ready or failed its self-test.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoRandomness>;
}

impl<R: Random + ?Sized> Random for &R {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoRandomness> {
        R::fill(self, bytes)
    }
}

/// The source of randomness gave none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct NoRandomness;

impl fmt::Display for NoRandomness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the source of randomness gave none")
    }
}

impl core::error::Error for NoRandomness {}

/// What opening a connection ends in: a link over `L`, or why there is none; `E` is the channel's own error.
pub type Opened<L, E> = Result<Secure<L>, ChannelError<TlsError<E>>>;

/// The two buffers of a connection.
pub struct Memory<'m> {
    /// What comes: `RECEIVE_LEN` bytes of the module in use hold every record. At least 1 KiB.
    pub receive: &'m mut [u8],
    /// What goes: `SEND_LEN` bytes hold every provider's request in one record. At least 1 KiB.
    pub send: &'m mut [u8],
}

impl Memory<'_> {
    /// Least bytes of either buffer.
    pub const MIN_LEN: usize = 1_024;

    pub(crate) const fn is_enough(&self) -> bool {
        self.receive.len() >= Self::MIN_LEN && self.send.len() >= Self::MIN_LEN
    }
}

impl fmt::Debug for Memory<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Memory({}, {}, redacted)", self.receive.len(), self.send.len())
    }
}

/// Why TLS failed. `E` is what the channel beneath knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum TlsError<E> {
    /// The channel beneath failed.
    Channel(E),
    /// The deadline of the handshake passed.
    TimedOut,
    /// The connection ended without TLS having said so: what came may have been cut short.
    Truncated,
    /// The server is not known to be the host that was asked for.
    Untrusted(Distrust),
    /// The server declined: it has no protocol, cipher, group or signature in common with this build, or it wants a
    /// client certificate.
    Declined,
    /// What came is no TLS, is forged, or breaks the protocol.
    Protocol,
    /// A record or a flight of the server's does not fit into [`Memory::receive`], or one of the buffers is shorter than
    /// [`Memory::MIN_LEN`]. It says nothing about who the server is.
    Buffers,
    /// [`Random`] gave nothing.
    Randomness,
    /// The host is neither a name nor an address.
    Host,
    /// The connection is not open any more.
    Closed,
}

/// Why a server is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Distrust {
    /// It showed no certificate.
    NoCertificate,
    /// It did not prove, or not at the right moment, that it has the key of its certificate.
    NoProof,
    /// The certificate is not for this host.
    WrongHost,
    /// The chain ends in no anchor, or an issuer is no authority.
    UnknownIssuer,
    /// A certificate has expired.
    Expired,
    /// A certificate is not valid yet; more often, the device's clock is wrong.
    NotYetValid,
    /// The certificate is not for servers.
    NotForServers,
    /// A signature is wrong.
    Signature,
    /// A key or signature of a kind that this build does not take: SHA-1, RSA below 2048 bits, or a feature that is off.
    Algorithm,
    /// A certificate is malformed or breaks a rule.
    Malformed,
    /// The device's clock is not set.
    Clock,
    /// The anchors are none, too many, or not certificates.
    Anchors,
}

impl Distrust {
    const fn text(self) -> &'static str {
        match self {
            Self::NoCertificate => "the server showed no certificate",
            Self::NoProof => "the server did not prove to hold the key of its certificate",
            Self::WrongHost => "the server's certificate is for another host",
            Self::UnknownIssuer => "no trust anchor vouches for the server: check the anchors",
            Self::Expired => "the server's certificate has expired: check the clock",
            Self::NotYetValid => "the server's certificate is not valid yet: check the clock",
            Self::NotForServers => "the server's certificate is not for servers",
            Self::Signature => "a signature of the server is wrong",
            Self::Algorithm => "the server uses a key or signature that this build does not take: check the features",
            Self::Malformed => "the server's certificate is malformed",
            Self::Clock => "the device's clock is not set",
            Self::Anchors => "the trust anchors are none, too many or no certificates",
        }
    }
}

impl fmt::Display for Distrust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl core::error::Error for Distrust {}

impl<E: fmt::Display> fmt::Display for TlsError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Channel(error) => return error.fmt(f),
            Self::TimedOut => "the deadline of the TLS handshake passed",
            Self::Truncated => "the connection ended without TLS having said so",
            Self::Untrusted(distrust) => distrust.text(),
            Self::Declined => {
                "the server declined: it has no TLS version, cipher or signature in common with this build"
            }
            Self::Protocol => "what came is no TLS or is forged",
            Self::Buffers => {
                "what the server sends does not fit into the buffer for receiving, or a buffer is below the minimum"
            }
            Self::Randomness => "the source of randomness gave none",
            Self::Host => "the host is neither a name nor an address",
            Self::Closed => "the TLS connection is not open any more",
        })
    }
}

impl<E: fmt::Debug + fmt::Display> core::error::Error for TlsError<E> {}

impl<E: embedded_io::Error> embedded_io::Error for TlsError<E> {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Channel(error) => error.kind(),
            Self::TimedOut => ErrorKind::TimedOut,
            Self::Truncated => ErrorKind::ConnectionReset,
            Self::Closed => ErrorKind::NotConnected,
            Self::Untrusted(_) | Self::Declined | Self::Protocol | Self::Buffers | Self::Randomness | Self::Host => {
                ErrorKind::InvalidData
            }
        }
    }
}

/// Nothing of a request has left when a handshake fails.
pub(crate) fn refused<E: embedded_io::Error>(error: TlsError<E>) -> ChannelError<TlsError<E>> {
    failed(error, false)
}

pub(crate) fn server_name<E>(host: &str) -> Result<ServerName<'_>, TlsError<E>> {
    ServerName::try_from(host).map_err(|_| TlsError::Host)
}
