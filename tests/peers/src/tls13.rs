//! A TLS 1.3 server that does what no honest one does: it can leave out messages, reorder them, sign wrongly, and send
//! whatever it likes under the right keys.

use std::io::{Read, Write};
use std::net::TcpStream;

use aes_gcm::aead::{AeadInOut, KeyInit};
use hmac::{Hmac, Mac};
use rustls::SignatureScheme;
use rustls::pki_types::CertificateDer;
use sha2::{Digest, Sha256};

use crate::Identity;

/// What the server sends after its hello, each under the keys of the handshake unless said otherwise.
#[derive(Clone, Debug)]
pub enum Say {
    /// None of them.
    EncryptedExtensions,
    /// The chain of the n-th identity.
    Certificate(usize),
    /// A message for certificates, with none in it.
    NoCertificates,
    /// Signed with the key of the n-th identity, over all that was said so far.
    CertificateVerify(usize),
    /// Signed over something else.
    StaleVerify(usize),
    /// The right signature under the name of another scheme.
    MisnamedVerify(usize, u16),
    /// What ends the handshake.
    Finished,
    /// The same, of the right length.
    WrongFinished,
    /// A message of this type in clear.
    InClear(u8, Vec<u8>),
    /// A record of this type as it stands.
    Record(u8, Vec<u8>),
    /// This, encrypted, with its inner type.
    Encrypted(u8, Vec<u8>),
    /// A plaintext without even a type.
    EncryptedNothing,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Heard {
    /// Application data that the client sent, decrypted.
    pub request: Vec<u8>,
    /// Whether the client finished the handshake.
    pub finished: bool,
}

type Secret = [u8; 32];

fn mac(key: &[u8], parts: &[&[u8]]) -> Secret {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key).unwrap();
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

/// HKDF-Expand-Label (RFC 8446 §7.1) for at most one block.
fn expand<const N: usize>(secret: &Secret, label: &str, context: &[u8]) -> [u8; N] {
    let label = format!("tls13 {label}");
    let mut info = u16::try_from(N).unwrap().to_be_bytes().to_vec();
    info.push(u8::try_from(label.len()).unwrap());
    info.extend_from_slice(label.as_bytes());
    info.push(u8::try_from(context.len()).unwrap());
    info.extend_from_slice(context);
    mac(secret, &[&info, &[1]])[..N].try_into().unwrap()
}

struct Keys {
    cipher: aes_gcm::Aes128Gcm,
    iv: [u8; 12],
    seq: u64,
}

impl Keys {
    fn new(secret: &Secret) -> Self {
        let key: [u8; 16] = expand(secret, "key", b"");
        Self { cipher: aes_gcm::Aes128Gcm::new_from_slice(&key).unwrap(), iv: expand(secret, "iv", b""), seq: 0 }
    }

    fn nonce(&self) -> [u8; 12] {
        let mut nonce = self.iv;
        nonce[4..].iter_mut().zip(self.seq.to_be_bytes()).for_each(|(byte, seq)| *byte ^= seq);
        nonce
    }

    fn seal(&mut self, mut text: Vec<u8>) -> Vec<u8> {
        let [high, low] = u16::try_from(text.len() + 16).unwrap().to_be_bytes();
        let header = [23, 3, 3, high, low];
        let tag =
            self.cipher.encrypt_inout_detached(&self.nonce().into(), &header, text.as_mut_slice().into()).unwrap();
        self.seq += 1;
        [&header[..], &text, &tag].concat()
    }

    fn open(&mut self, header: &[u8], record: &[u8]) -> Option<Vec<u8>> {
        let (text, tag) = record.split_at(record.len().checked_sub(16)?);
        let (mut text, tag): (_, [u8; 16]) = (text.to_vec(), tag.try_into().unwrap());
        let opened =
            self.cipher.decrypt_inout_detached(&self.nonce().into(), header, text.as_mut_slice().into(), &tag.into());
        opened.ok()?;
        self.seq += 1;
        Some(text)
    }
}

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let [_, len @ ..] = u32::try_from(body.len()).unwrap().to_be_bytes();
    [&[kind][..], &len, body].concat()
}

/// What the server speaks over.
pub trait Socket: Read + Write {
    /// Says that nothing more comes: FIN.
    fn end(&mut self);
}

impl Socket for TcpStream {
    fn end(&mut self) {
        let _ = self.shutdown(std::net::Shutdown::Write);
    }
}

fn read_record(socket: &mut impl Read) -> Option<([u8; 5], Vec<u8>)> {
    let mut header = [0; 5];
    socket.read_exact(&mut header).ok()?;
    let mut body = vec![0; usize::from(u16::from_be_bytes([header[3], header[4]]))];
    socket.read_exact(&mut body).ok()?;
    Some((header, body))
}

/// The session id and the key share of a ClientHello, and the group of the share.
fn parse_hello(hello: &[u8]) -> (Vec<u8>, u16, Vec<u8>) {
    let number = |at: usize| usize::from(u16::from_be_bytes([hello[at], hello[at + 1]]));
    let mut at = 4 + 2 + 32;
    let session = hello[at + 1..=at + usize::from(hello[at])].to_vec();
    at += 1 + session.len();
    at += 2 + number(at);
    at += 1 + usize::from(hello[at]);
    at += 2;
    while at < hello.len() {
        let (kind, len) = (number(at), number(at + 2));
        if kind == 51 {
            let share = at + 4 + 2;
            let len = number(share + 2);
            return (session, u16::try_from(number(share)).unwrap(), hello[share + 4..share + 4 + len].to_vec());
        }
        at += 4 + len;
    }
    panic!("no key share");
}

fn exchange(group: u16, peer: &[u8]) -> (Vec<u8>, Vec<u8>) {
    match group {
        0x17 => {
            let secret = p256::SecretKey::from_slice(&[7; 32]).unwrap();
            let peer = p256::PublicKey::from_sec1_bytes(peer).unwrap();
            let shared = p256::ecdh::diffie_hellman(secret.to_nonzero_scalar(), peer.as_affine());
            (p256::Sec1Point::from(secret.public_key()).as_bytes().to_vec(), shared.raw_secret_bytes().to_vec())
        }
        0x1d => {
            let secret = x25519_dalek::StaticSecret::from([7; 32]);
            let peer: [u8; 32] = peer.try_into().unwrap();
            let shared = secret.diffie_hellman(&peer.into());
            (x25519_dalek::PublicKey::from(&secret).as_bytes().to_vec(), shared.as_bytes().to_vec())
        }
        group => panic!("group {group:#x}"),
    }
}

fn sign(identity: &Identity, message: &[u8]) -> Vec<u8> {
    let key = rustls::crypto::ring::sign::any_supported_type(&identity.key).unwrap();
    key.choose_scheme(&[SignatureScheme::ECDSA_NISTP256_SHA256]).unwrap().sign(message).unwrap()
}

fn certificate(chain: &[CertificateDer<'_>]) -> Vec<u8> {
    let len24 = |len: usize| u32::try_from(len).unwrap().to_be_bytes()[1..].to_vec();
    let entries: Vec<u8> = chain.iter().flat_map(|der| [&len24(der.len())[..], der, &[0, 0]].concat()).collect();
    message(11, &[&[0][..], &len24(entries.len()), &entries].concat())
}

fn verify_message(identity: &Identity, scheme: u16, hash: &[u8]) -> Vec<u8> {
    let signed = [&[b' '; 64][..], b"TLS 1.3, server CertificateVerify\0", hash].concat();
    let signature = sign(identity, &signed);
    let len = u16::try_from(signature.len()).unwrap().to_be_bytes();
    message(15, &[&scheme.to_be_bytes()[..], &len, &signature].concat())
}

/// Plays this part to one client, and then answers its request, if one comes, with `reply`.
#[must_use]
pub fn play(mut socket: impl Socket, identities: &[Identity], part: &[Say], after: &[Say], reply: &[u8]) -> Heard {
    let mut heard = Heard::default();
    let Some((_, hello)) = read_record(&mut socket) else { return heard };
    let (session, group, share) = parse_hello(&hello);
    let (public, shared) = exchange(group, &share);
    let mut transcript = Sha256::new().chain_update(&hello);

    let share = [&group.to_be_bytes()[..], &u16::try_from(public.len()).unwrap().to_be_bytes(), &public].concat();
    let extensions =
        [&[0, 43, 0, 2, 3, 4, 0, 51][..], &u16::try_from(share.len()).unwrap().to_be_bytes(), &share].concat();
    let server_hello = message(
        2,
        &[
            &[3, 3][..],
            &[0x5A; 32],
            &[u8::try_from(session.len()).unwrap()],
            &session,
            &[0x13, 1, 0],
            &u16::try_from(extensions.len()).unwrap().to_be_bytes(),
            &extensions,
        ]
        .concat(),
    );
    transcript.update(&server_hello);
    let clear =
        |kind: u8, body: &[u8]| [&[kind, 3, 3][..], &u16::try_from(body.len()).unwrap().to_be_bytes(), body].concat();
    if socket.write_all(&clear(22, &server_hello)).is_err() {
        return heard;
    }

    // RFC 8446 §7.1.
    let empty: [u8; 32] = Sha256::digest(b"").into();
    let early = mac(&[0; 32], &[&[0; 32]]);
    let handshake = mac(&expand::<32>(&early, "derived", &empty), &[&shared]);
    let so_far: Secret = transcript.clone().finalize().into();
    let (client_secret, server_secret): (Secret, Secret) =
        (expand(&handshake, "c hs traffic", &so_far), expand(&handshake, "s hs traffic", &so_far));
    let (mut reading, mut writing) = (Keys::new(&client_secret), Keys::new(&server_secret));
    let stale: Secret = transcript.clone().finalize().into();

    for say in part {
        let now: Secret = transcript.clone().finalize().into();
        let said = match say {
            Say::EncryptedExtensions => message(8, &[0, 0]),
            Say::Certificate(of) => certificate(&identities[*of].chain),
            Say::NoCertificates => certificate(&[]),
            Say::CertificateVerify(of) => verify_message(&identities[*of], 0x0403, &now),
            Say::StaleVerify(of) => verify_message(&identities[*of], 0x0403, &stale),
            Say::MisnamedVerify(of, scheme) => verify_message(&identities[*of], *scheme, &now),
            Say::Finished => message(20, &mac(&expand::<32>(&server_secret, "finished", b""), &[&now])),
            Say::WrongFinished => message(20, &[0x55; 32]),
            other => {
                let record = raw(other, &mut writing);
                if let Say::InClear(kind, body) = other {
                    transcript.update(message(*kind, body));
                }
                if socket.write_all(&record).is_err() {
                    return heard;
                }
                continue;
            }
        };
        transcript.update(&said);
        let record = writing.seal([&said[..], &[22]].concat());
        if socket.write_all(&record).is_err() {
            return heard;
        }
    }

    let master = mac(&expand::<32>(&handshake, "derived", &empty), &[&[0; 32]]);
    let so_far: Secret = transcript.finalize().into();
    let mut client_data = Keys::new(&expand(&master, "c ap traffic", &so_far));
    let mut server_data = Keys::new(&expand(&master, "s ap traffic", &so_far));
    let mut after_said = false;
    while let Some((header, body)) = read_record(&mut socket) {
        match header[0] {
            23 if !heard.finished => {
                let Some(text) = reading.open(&header, &body) else { break };
                heard.finished = text.first() == Some(&20);
                if !heard.finished {
                    break; // an alert, encrypted
                }
            }
            23 => match client_data.open(&header, &body) {
                Some(mut text) if text.last() == Some(&23) => {
                    text.pop();
                    heard.request.extend_from_slice(&text);
                    if heard.request.ends_with(b"\r\n\r\n") {
                        if !after_said {
                            after_said = true;
                            for say in after {
                                let record = raw(say, &mut server_data);
                                if socket.write_all(&record).is_err() {
                                    return heard;
                                }
                            }
                        }
                        if !reply.is_empty() {
                            let _ = socket.write_all(&server_data.seal([reply, &[23]].concat()));
                        }
                        socket.end();
                    }
                }
                _ => break,
            },
            _ => {}
        }
    }
    heard
}

fn raw(say: &Say, keys: &mut Keys) -> Vec<u8> {
    let clear =
        |kind: u8, body: &[u8]| [&[kind, 3, 3][..], &u16::try_from(body.len()).unwrap().to_be_bytes(), body].concat();
    match say {
        Say::InClear(kind, body) => clear(22, &message(*kind, body)),
        Say::Record(kind, body) => clear(*kind, body),
        Say::Encrypted(kind, body) => keys.seal([&body[..], &[*kind]].concat()),
        Say::EncryptedNothing => keys.seal(Vec::new()),
        other => panic!("{other:?} belongs to the handshake"),
    }
}
