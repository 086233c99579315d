//! TLS 1.3 without a heap, by `embedded-tls` 0.19; its blocking twin is in [`blocking::tls`](crate::blocking::tls).
//!
//! A gateway that speaks only TLS 1.2 is refused with [`TlsError::Declined`] or [`TlsError::Protocol`]: that takes the
//! feature `rustls`.
//!
//! # What stands around `embedded-tls`
//!
//! By itself, 0.19 finishes a handshake in which the server showed no certificate, or did not prove to have its key; it
//! takes handshake messages and alerts in clear after they should have been encrypted, and panics at some of them. So:
//!
//! * beneath it, a gate lets only records through that may come at that moment, and none that is too short to be one;
//! * in it, a verifier of ours asks `rustls-webpki` about the chain, and keeps book of what was really proven, in which
//!   order;
//! * above it, no channel is handed out unless that book says that a certificate was verified, and then its proof.
//!
//! What cannot be mended from outside: after the handshake, the server itself, and nobody else, can make 0.19 panic by a
//! message that no client asked for (a `CertificateRequest`, say), and end the connection by a `KeyUpdate`. No gateway
//! sends either within a few requests; a device that must not reset even then takes the feature `rustls`.

mod asynch;
mod gate;
mod verifier;

use embedded_io::ErrorKind;
use embedded_tls::TlsConfig;
use rustls_pki_types::ServerName;

pub use asynch::{Tls, open};

pub(crate) use gate::Gate;
pub(crate) use verifier::Verifier;

pub use super::Memory;
use super::TlsError;

/// Bytes of a receive buffer that holds every record: 16 KiB and what encryption adds. With less, down to 1 KiB, a server
/// that sends longer records ends in [`TlsError::Buffers`]; its certificates come in one, and take 2 to 5 KiB.
pub const RECEIVE_LEN: usize = 16_640;
/// Bytes of a send buffer that holds every provider's request in one record.
pub const SEND_LEN: usize = 2_048;
pub(crate) fn config<'a>(host: &'a str, name: &ServerName<'_>) -> TlsConfig<'a> {
    let config = TlsConfig::new();
    // RFC 6066 §3: an address is no server name.
    let config = if matches!(name, ServerName::DnsName(_)) { config.with_server_name(host) } else { config };
    if cfg!(feature = "rsa") { config.enable_rsa_signatures() } else { config }
}

/// What `embedded-tls` reports, in our words. It keeps only the kind of a channel's failure.
pub(crate) fn translated(error: embedded_tls::TlsError) -> TlsError<ErrorKind> {
    use embedded_tls::TlsError as Theirs;
    match error {
        Theirs::Io(ErrorKind::TimedOut) => TlsError::TimedOut,
        // The gate's word for a record that must not come.
        Theirs::Io(ErrorKind::InvalidData) => TlsError::Protocol,
        Theirs::Io(kind) => TlsError::Channel(kind),
        Theirs::IoError => TlsError::Truncated,
        Theirs::ConnectionClosed | Theirs::MissingHandshake => TlsError::Closed,
        Theirs::HandshakeAborted(..) => TlsError::Declined,
        Theirs::InsufficientSpace | Theirs::OutOfMemory => TlsError::Buffers,
        _ => TlsError::Protocol,
    }
}

/// What a handshake was worth.
pub(crate) fn judged(
    result: Result<(), embedded_tls::TlsError>,
    verifier: &Verifier<'_, impl super::Random>,
) -> Result<(), TlsError<ErrorKind>> {
    if verifier.lacks_randomness() {
        return Err(TlsError::Randomness);
    }
    match (result, verifier.proof()) {
        (Ok(()), Ok(())) => Ok(()),
        // embedded-tls is content, and should not be.
        (Ok(()), Err(distrust)) => Err(TlsError::Untrusted(distrust)),
        (Err(_), Err(distrust)) if verifier.refused() => Err(TlsError::Untrusted(distrust)),
        (Err(error), _) => Err(translated(error)),
    }
}
