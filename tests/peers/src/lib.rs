//! TLS servers that tests shake hands with, on loopback: [gateways](gateway()) by rustls and by [OpenSSL](OpenSsl) that are
//! in order, a [player](tls13) that says what no honest server says, and the [matrix](matrix()) of all of them with what
//! a client must make of each. Clients are not here: the host's tests bring theirs, and the emulated device is one.

mod cases;
mod gateway;
mod openssl;
mod pki;
pub mod tls13;

pub use cases::{Case, Must, Running, Tls, accepted, certificates, matrix, player, proofs, weak};
pub use gateway::{Seen, closing_gateway, gateway, server_config};
pub use openssl::{OpenSsl, Peer, Pki};
pub use pki::{Authority, DAY, Identity, changed, leaf, now};

/// The host that every server here claims to be: one that a provider names, so that a kiosk asks it without being told.
pub const GATEWAY: &str = heyan::provider::IDCERT.info().host;

/// A gateway's reply with this verdict code (`01` match, `02` mismatch, `202` no record) that keeps the connection.
#[must_use]
pub fn reply(status: &str) -> Vec<u8> {
    let body = format!(r#"{{"status":"{status}","idCard":"11*****009X","traceId":"20211208013_9aph_5e91"}}"#);
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

/// Whole requests in these bytes; all of them are GETs.
#[must_use]
pub fn count_requests(bytes: &[u8]) -> usize {
    bytes.windows(4).filter(|window| window == b"\r\n\r\n").count()
}
