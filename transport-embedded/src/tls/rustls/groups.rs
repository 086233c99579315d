//! Key exchange on P-256 and, by a feature, X25519.

use alloc::boxed::Box;
use core::fmt;

use rustls::crypto::{ActiveKeyExchange, GetRandomFailed, SecureRandom, SharedSecret, SupportedKxGroup};
use rustls::{Error, NamedGroup, PeerMisbehaved};
use zeroize::Zeroizing;

use crate::tls::Random;

const KEY_LEN: usize = 32;
/// How often another secret is drawn when one is no scalar of P-256, which happens once in 2³².
const DRAWS_MAX: usize = 8;

/// The device's randomness, for rustls.
#[derive(Clone, Copy)]
pub(super) struct Source(pub(super) &'static (dyn Random + Sync));

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Source")
    }
}

impl SecureRandom for Source {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), GetRandomFailed> {
        self.0.fill(bytes).map_err(|_| GetRandomFailed)
    }
}

impl Source {
    fn secret(&self) -> Result<Zeroizing<[u8; KEY_LEN]>, Error> {
        let mut secret = Zeroizing::new([0; KEY_LEN]);
        self.0.fill(secret.as_mut()).map_err(|_| Error::FailedToGetRandomBytes)?;
        Ok(secret)
    }
}

#[derive(Debug)]
pub(super) struct P256(pub(super) Source);

impl SupportedKxGroup for P256 {
    fn start(&self) -> Result<Box<dyn ActiveKeyExchange>, Error> {
        for _ in 0..DRAWS_MAX {
            if let Ok(secret) = p256::SecretKey::from_slice(self.0.secret()?.as_ref()) {
                let public = p256::Sec1Point::from(secret.public_key());
                return Ok(Box::new(P256Exchange { secret, public }));
            }
        }
        Err(Error::FailedToGetRandomBytes)
    }

    fn name(&self) -> NamedGroup {
        NamedGroup::secp256r1
    }
}

struct P256Exchange {
    secret: p256::SecretKey,
    public: p256::Sec1Point,
}

impl ActiveKeyExchange for P256Exchange {
    fn complete(self: Box<Self>, peer: &[u8]) -> Result<SharedSecret, Error> {
        // RFC 8446 §4.2.8.2: uncompressed only. That the point is on the curve is checked below.
        let ([4, ..], 65) = (peer, peer.len()) else { return Err(PeerMisbehaved::InvalidKeyShare.into()) };
        let peer = p256::PublicKey::from_sec1_bytes(peer).map_err(|_| PeerMisbehaved::InvalidKeyShare)?;
        let shared = p256::ecdh::diffie_hellman(self.secret.to_nonzero_scalar(), peer.as_affine());
        Ok(SharedSecret::from(shared.raw_secret_bytes().as_slice()))
    }

    fn pub_key(&self) -> &[u8] {
        self.public.as_bytes()
    }

    fn group(&self) -> NamedGroup {
        NamedGroup::secp256r1
    }
}

#[cfg(feature = "x25519")]
#[derive(Debug)]
pub(super) struct X25519(pub(super) Source);

#[cfg(feature = "x25519")]
impl SupportedKxGroup for X25519 {
    fn start(&self) -> Result<Box<dyn ActiveKeyExchange>, Error> {
        let secret = x25519_dalek::StaticSecret::from(*self.0.secret()?);
        let public = x25519_dalek::PublicKey::from(&secret);
        Ok(Box::new(X25519Exchange { secret, public }))
    }

    fn name(&self) -> NamedGroup {
        NamedGroup::X25519
    }
}

#[cfg(feature = "x25519")]
struct X25519Exchange {
    secret: x25519_dalek::StaticSecret,
    public: x25519_dalek::PublicKey,
}

#[cfg(feature = "x25519")]
impl ActiveKeyExchange for X25519Exchange {
    fn complete(self: Box<Self>, peer: &[u8]) -> Result<SharedSecret, Error> {
        let peer: [u8; KEY_LEN] = peer.try_into().map_err(|_| PeerMisbehaved::InvalidKeyShare)?;
        let shared = self.secret.diffie_hellman(&x25519_dalek::PublicKey::from(peer));
        // RFC 8446 §7.4.2: a result of zero says that the peer chose a point of small order.
        if !shared.was_contributory() {
            return Err(PeerMisbehaved::InvalidKeyShare.into());
        }
        Ok(SharedSecret::from(shared.as_bytes().as_slice()))
    }

    fn pub_key(&self) -> &[u8] {
        self.public.as_bytes()
    }

    fn group(&self) -> NamedGroup {
        NamedGroup::X25519
    }
}
