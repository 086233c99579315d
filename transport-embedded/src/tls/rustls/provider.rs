//! What this build can do, for rustls: a `CryptoProvider` of RustCrypto's parts, so that flash holds nothing else.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;

use aes_gcm::Aes128Gcm;
use rustls::crypto::tls12::PrfUsingHmac;
use rustls::crypto::tls13::HkdfUsingHmac;
use rustls::crypto::{
    CipherSuiteCommon, CryptoProvider, KeyExchangeAlgorithm, KeyProvider, SupportedKxGroup, WebPkiSupportedAlgorithms,
};
use rustls::pki_types::PrivateKeyDer;
use rustls::sign::SigningKey;
use rustls::{CipherSuite, Error, SignatureScheme, SupportedCipherSuite, Tls12CipherSuite, Tls13CipherSuite};

use super::aead::{Tls12Gcm, Tls13};
use super::groups::{P256, Source};
use super::hash::{HMAC_SHA256, SHA256};
use crate::tls::algorithms::EcdsaP256;
use crate::tls::{Random, SUPPORTED};

/// Records that one key of AES-GCM may encrypt (RFC 8446 §5.5).
const GCM_LIMIT: u64 = 1 << 24;

/// The device's randomness and what is made with it. It lives in a `static`, for rustls asks for that:
///
/// ```
/// use heyan_embedded::tls::rustls::Algorithms;
/// use heyan_embedded::tls::{NoRandomness, Random};
///
/// struct Trng; // the board's hardware generator
/// impl Random for Trng {
///     fn fill(&self, bytes: &mut [u8]) -> Result<(), NoRandomness> {
///         // read the peripheral; a failed self-test must not pass for randomness
///         Err(NoRandomness)
///     }
/// }
///
/// static TRNG: Trng = Trng;
/// static ALGORITHMS: Algorithms = Algorithms::new(&TRNG);
/// # let _ = &ALGORITHMS;
/// ```
pub struct Algorithms {
    random: Source,
    p256: P256,
    #[cfg(feature = "x25519")]
    x25519: super::groups::X25519,
}

impl Algorithms {
    /// With this randomness.
    #[must_use]
    pub const fn new(random: &'static (dyn Random + Sync)) -> Self {
        let random = Source(random);
        Self {
            random,
            p256: P256(random),
            #[cfg(feature = "x25519")]
            x25519: super::groups::X25519(random),
        }
    }

    pub(super) fn provider(&'static self) -> CryptoProvider {
        let kx_groups: [&'static dyn SupportedKxGroup; _] = [
            #[cfg(feature = "x25519")]
            &self.x25519,
            &self.p256,
        ];
        CryptoProvider {
            cipher_suites: SUITES.to_vec(),
            kx_groups: Vec::from(kx_groups),
            signature_verification_algorithms: VERIFICATION,
            secure_random: &self.random,
            key_provider: &NoKeys,
        }
    }
}

impl fmt::Debug for Algorithms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Algorithms")
    }
}

/// What a server may sign its handshake with, best first. TLS 1.2 and 1.3 share this table; rustls leaves PKCS#1 out of 1.3.
pub(super) const VERIFICATION: WebPkiSupportedAlgorithms = WebPkiSupportedAlgorithms {
    all: SUPPORTED,
    mapping: &[
        (SignatureScheme::ECDSA_NISTP256_SHA256, &[&EcdsaP256]),
        #[cfg(feature = "p384")]
        (SignatureScheme::ECDSA_NISTP384_SHA384, &[&crate::tls::algorithms::EcdsaP384]),
        #[cfg(feature = "rsa")]
        (SignatureScheme::RSA_PSS_SHA256, &[&crate::tls::rsa::PSS_SHA256]),
        #[cfg(feature = "rsa")]
        (SignatureScheme::RSA_PSS_SHA384, &[&crate::tls::rsa::PSS_SHA384]),
        #[cfg(feature = "rsa")]
        (SignatureScheme::RSA_PSS_SHA512, &[&crate::tls::rsa::PSS_SHA512]),
        #[cfg(feature = "rsa")]
        (SignatureScheme::RSA_PKCS1_SHA256, &[&crate::tls::rsa::PKCS1_SHA256]),
        #[cfg(feature = "rsa")]
        (SignatureScheme::RSA_PKCS1_SHA384, &[&crate::tls::rsa::PKCS1_SHA384]),
        #[cfg(feature = "rsa")]
        (SignatureScheme::RSA_PKCS1_SHA512, &[&crate::tls::rsa::PKCS1_SHA512]),
    ],
};

const ECDSA: &[SignatureScheme] = &[SignatureScheme::ECDSA_NISTP256_SHA256, SignatureScheme::ECDSA_NISTP384_SHA384];
#[cfg(feature = "rsa")]
const RSA: &[SignatureScheme] = &[
    SignatureScheme::RSA_PSS_SHA256,
    SignatureScheme::RSA_PSS_SHA384,
    SignatureScheme::RSA_PSS_SHA512,
    SignatureScheme::RSA_PKCS1_SHA256,
    SignatureScheme::RSA_PKCS1_SHA384,
    SignatureScheme::RSA_PKCS1_SHA512,
];

/// All suites have forward secrecy and an AEAD. AES-128 first: gateways without a preference then choose the one that is
/// in every build.
static SUITES: &[SupportedCipherSuite] = &[
    SupportedCipherSuite::Tls13(&Tls13CipherSuite {
        common: sha256(CipherSuite::TLS13_AES_128_GCM_SHA256, GCM_LIMIT),
        hkdf_provider: &HkdfUsingHmac(&HMAC_SHA256),
        aead_alg: &Tls13::<Aes128Gcm>(PhantomData),
        quic: None,
    }),
    #[cfg(feature = "aes-256")]
    SupportedCipherSuite::Tls13(&Tls13CipherSuite {
        common: sha384(CipherSuite::TLS13_AES_256_GCM_SHA384),
        hkdf_provider: &HkdfUsingHmac(&super::hash::HMAC_SHA384),
        aead_alg: &Tls13::<aes_gcm::Aes256Gcm>(PhantomData),
        quic: None,
    }),
    #[cfg(feature = "chacha20")]
    SupportedCipherSuite::Tls13(&Tls13CipherSuite {
        common: sha256(CipherSuite::TLS13_CHACHA20_POLY1305_SHA256, u64::MAX),
        hkdf_provider: &HkdfUsingHmac(&HMAC_SHA256),
        aead_alg: &Tls13::<chacha20poly1305::ChaCha20Poly1305>(PhantomData),
        quic: None,
    }),
    SupportedCipherSuite::Tls12(&gcm128(CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, ECDSA)),
    #[cfg(feature = "rsa")]
    SupportedCipherSuite::Tls12(&gcm128(CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, RSA)),
    #[cfg(feature = "aes-256")]
    SupportedCipherSuite::Tls12(&gcm256(CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, ECDSA)),
    #[cfg(all(feature = "aes-256", feature = "rsa"))]
    SupportedCipherSuite::Tls12(&gcm256(CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, RSA)),
    #[cfg(feature = "chacha20")]
    SupportedCipherSuite::Tls12(&chacha(CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, ECDSA)),
    #[cfg(all(feature = "chacha20", feature = "rsa"))]
    SupportedCipherSuite::Tls12(&chacha(CipherSuite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256, RSA)),
];

static PRF_SHA256: PrfUsingHmac<'static> = PrfUsingHmac(&HMAC_SHA256);
#[cfg(feature = "aes-256")]
static PRF_SHA384: PrfUsingHmac<'static> = PrfUsingHmac(&super::hash::HMAC_SHA384);

const fn sha256(suite: CipherSuite, confidentiality_limit: u64) -> CipherSuiteCommon {
    CipherSuiteCommon { suite, hash_provider: &SHA256, confidentiality_limit }
}

#[cfg(feature = "aes-256")]
const fn sha384(suite: CipherSuite) -> CipherSuiteCommon {
    CipherSuiteCommon { suite, hash_provider: &super::hash::SHA384, confidentiality_limit: GCM_LIMIT }
}

const fn gcm128(suite: CipherSuite, sign: &'static [SignatureScheme]) -> Tls12CipherSuite {
    Tls12CipherSuite {
        common: sha256(suite, GCM_LIMIT),
        prf_provider: &PRF_SHA256,
        kx: KeyExchangeAlgorithm::ECDHE,
        sign,
        aead_alg: &Tls12Gcm::<Aes128Gcm>(PhantomData),
    }
}

#[cfg(feature = "aes-256")]
const fn gcm256(suite: CipherSuite, sign: &'static [SignatureScheme]) -> Tls12CipherSuite {
    Tls12CipherSuite {
        common: sha384(suite),
        prf_provider: &PRF_SHA384,
        kx: KeyExchangeAlgorithm::ECDHE,
        sign,
        aead_alg: &Tls12Gcm::<aes_gcm::Aes256Gcm>(PhantomData),
    }
}

#[cfg(feature = "chacha20")]
const fn chacha(suite: CipherSuite, sign: &'static [SignatureScheme]) -> Tls12CipherSuite {
    Tls12CipherSuite {
        common: sha256(suite, u64::MAX),
        prf_provider: &PRF_SHA256,
        kx: KeyExchangeAlgorithm::ECDHE,
        sign,
        aead_alg: &super::aead::Tls12Chacha,
    }
}

/// The device authenticates itself by its AppCode, never by a certificate.
#[derive(Debug)]
struct NoKeys;

impl KeyProvider for NoKeys {
    fn load_private_key(&self, _: PrivateKeyDer<'static>) -> Result<Arc<dyn SigningKey>, Error> {
        Err(Error::General("this build has no keys of clients".into()))
    }
}
