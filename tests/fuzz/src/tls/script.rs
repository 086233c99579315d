//! What the peer of the TLS targets does, out of bytes.
//!
//! An even first byte: no server at all. The second byte is how many bytes come at a time, 0 for all, and the rest is what
//! comes.
//!
//! An odd first byte: a server with keys. Each further byte is something that it says behind its hello, as [`Op`] lists
//! them; some take a kind, a length and so many bytes. From [`Op::AfterTheRequest`] on, it is said once the request came.

use heyan_peers::tls13::Say;

use super::op::Op;

/// Most things that a server says: what it could say for hours is of no more interest.
const SAYS_MAX: usize = 12;

/// A peer.
#[derive(Debug)]
pub(crate) enum Script {
    Bytes(Vec<u8>, usize),
    Part { part: Vec<Say>, after: Vec<Say> },
}

impl Script {
    /// Reads any bytes. Without `unasked_messages`, nothing of a handshake is said after the request.
    pub(crate) fn read(data: &[u8], unasked_messages: bool) -> Self {
        let (how, rest) = data.split_first().unwrap_or((&0, &[]));
        if how % 2 == 0 {
            let (piece, bytes) = rest.split_first().unwrap_or((&0, &[]));
            return Self::Bytes(bytes.to_vec(), if *piece == 0 { usize::MAX } else { usize::from(*piece) });
        }
        let (mut part, mut after, mut is_after) = (Vec::new(), Vec::new(), false);
        let mut rest = rest.iter().copied();
        while let Some(byte) = rest.next() {
            if part.len() + after.len() == SAYS_MAX {
                break;
            }
            let op = Op::ALL[usize::from(byte) % Op::ALL.len()];
            let mut args = || {
                let kind = rest.next().unwrap_or_default();
                let len = rest.next().unwrap_or_default();
                (kind, rest.by_ref().take(usize::from(len)).collect::<Vec<_>>())
            };
            let say = match op {
                Op::AfterTheRequest => {
                    is_after = true;
                    continue;
                }
                Op::InClear => {
                    let (kind, bytes) = args();
                    Say::InClear(kind, bytes)
                }
                Op::Record => {
                    let (kind, bytes) = args();
                    Say::Record(kind, bytes)
                }
                Op::Encrypted => {
                    let (kind, bytes) = args();
                    Say::Encrypted(kind, bytes)
                }
                Op::Message => {
                    let (kind, bytes) = args();
                    Say::Encrypted(22, [&[kind, 0, 0, bytes.len() as u8][..], &bytes].concat())
                }
                Op::Nothing => Say::EncryptedNothing,
                _ if is_after => continue,
                Op::Extensions => Say::EncryptedExtensions,
                Op::Certificate => Say::Certificate(0),
                Op::StrangersCertificate => Say::Certificate(1),
                Op::OthersCertificate => Say::Certificate(2),
                Op::NoCertificates => Say::NoCertificates,
                Op::Verify => Say::CertificateVerify(0),
                Op::StrangersVerify => Say::CertificateVerify(1),
                Op::StaleVerify => Say::StaleVerify(0),
                Op::Finished => Say::Finished,
                Op::WrongFinished => Say::WrongFinished,
            };
            if !is_after {
                part.push(say);
            } else if unasked_messages || !matches!(say, Say::Encrypted(22, _)) {
                after.push(say);
            }
        }
        Self::Part { part, after }
    }
}

/// Whether it is proven that this is the gateway, in the order that it takes, whatever else is said. The extensions, which
/// prove nothing, may be missing: embedded-tls does not mind.
pub(crate) fn proves(part: &[Say]) -> bool {
    let mut proven = 0;
    for say in part {
        proven = match (proven, say) {
            (0, Say::Certificate(0)) => 1,
            (1, Say::CertificateVerify(0)) => 2,
            (2, Say::Finished) => 3,
            (proven, _) => proven,
        };
    }
    proven == 3
}
