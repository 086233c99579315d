//! Decryption in place: the data of a record stays where it came in, and rustls is shown one byte of it.
//!
//! rustls decrypts a record in the buffer that it is given, and then copies what came out into memory of its own, as long
//! as the record (0.23: "for forwards compatibility; to support in-place decryption in the future"). So replies would take
//! memory that grows with them, and copies of them would be freed without being wiped. Here rustls's own algorithms do
//! what they always do. Behind them the place of the data is noted, and what is handed on to rustls is its first byte:
//! enough to say "data came", and all other messages of TLS go their way untouched.

use std::cell::Cell;
use std::sync::LazyLock;

use rustls::crypto::cipher::{
    AeadKey, InboundOpaqueMessage, InboundPlainMessage, Iv, KeyBlockShape, MessageDecrypter, MessageEncrypter,
    Tls12AeadAlgorithm, Tls13AeadAlgorithm, UnsupportedOperationError,
};
use rustls::crypto::{CryptoProvider, ring};
use rustls::{
    CipherSuiteCommon, ConnectionTrafficSecrets, ContentType, Error, SupportedCipherSuite, Tls12CipherSuite,
    Tls13CipherSuite,
};

/// Where data stands: address and length in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) address: usize,
    pub(super) len: usize,
}

thread_local! {
    /// A decrypter cannot reach the connection that it works for. But it works while that one processes a record, on the
    /// same thread, and for one record of data at a time.
    static PLACE: Cell<Option<Place>> = const { Cell::new(None) };
}

/// Where the data stands that was decrypted last on this thread.
pub(super) fn place() -> Option<Place> {
    PLACE.take()
}

/// ring's algorithms, decrypting in place.
pub(crate) fn provider() -> CryptoProvider {
    // rustls asks for suites that live as long as the program.
    static SUITES: LazyLock<Vec<SupportedCipherSuite>> =
        LazyLock::new(|| ring::default_provider().cipher_suites.into_iter().map(in_place).collect());
    CryptoProvider { cipher_suites: SUITES.clone(), ..ring::default_provider() }
}

fn in_place(suite: SupportedCipherSuite) -> SupportedCipherSuite {
    match suite {
        SupportedCipherSuite::Tls12(suite) => SupportedCipherSuite::Tls12(leak(Tls12CipherSuite {
            common: copy(&suite.common),
            prf_provider: suite.prf_provider,
            kx: suite.kx,
            sign: suite.sign,
            aead_alg: leak(InPlace(suite.aead_alg)),
        })),
        SupportedCipherSuite::Tls13(suite) => SupportedCipherSuite::Tls13(leak(Tls13CipherSuite {
            common: copy(&suite.common),
            hkdf_provider: suite.hkdf_provider,
            aead_alg: leak(InPlace(suite.aead_alg)),
            quic: suite.quic,
        })),
    }
}

fn leak<T>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}

const fn copy(common: &CipherSuiteCommon) -> CipherSuiteCommon {
    CipherSuiteCommon {
        suite: common.suite,
        hash_provider: common.hash_provider,
        confidentiality_limit: common.confidentiality_limit,
    }
}

/// An algorithm, or a decrypter, whose data stays in its place.
struct InPlace<A>(A);

impl Tls13AeadAlgorithm for InPlace<&'static dyn Tls13AeadAlgorithm> {
    fn encrypter(&self, key: AeadKey, iv: Iv) -> Box<dyn MessageEncrypter> {
        self.0.encrypter(key, iv)
    }

    fn decrypter(&self, key: AeadKey, iv: Iv) -> Box<dyn MessageDecrypter> {
        Box::new(InPlace(self.0.decrypter(key, iv)))
    }

    fn key_len(&self) -> usize {
        self.0.key_len()
    }

    fn extract_keys(&self, key: AeadKey, iv: Iv) -> Result<ConnectionTrafficSecrets, UnsupportedOperationError> {
        self.0.extract_keys(key, iv)
    }

    fn fips(&self) -> bool {
        self.0.fips()
    }
}

impl Tls12AeadAlgorithm for InPlace<&'static dyn Tls12AeadAlgorithm> {
    fn encrypter(&self, key: AeadKey, iv: &[u8], extra: &[u8]) -> Box<dyn MessageEncrypter> {
        self.0.encrypter(key, iv, extra)
    }

    fn decrypter(&self, key: AeadKey, iv: &[u8]) -> Box<dyn MessageDecrypter> {
        Box::new(InPlace(self.0.decrypter(key, iv)))
    }

    fn key_block_shape(&self) -> KeyBlockShape {
        self.0.key_block_shape()
    }

    fn extract_keys(
        &self,
        key: AeadKey,
        iv: &[u8],
        explicit: &[u8],
    ) -> Result<ConnectionTrafficSecrets, UnsupportedOperationError> {
        self.0.extract_keys(key, iv, explicit)
    }

    fn fips(&self) -> bool {
        self.0.fips()
    }
}

impl MessageDecrypter for InPlace<Box<dyn MessageDecrypter>> {
    fn decrypt<'a>(
        &mut self,
        record: InboundOpaqueMessage<'a>,
        sequence: u64,
    ) -> Result<InboundPlainMessage<'a>, Error> {
        let mut plain = self.0.decrypt(record, sequence)?;
        // An empty record stays one: rustls counts those in a row, and refuses too many.
        if plain.typ == ContentType::ApplicationData
            && let Some(first) = plain.payload.get(..1)
        {
            PLACE.set(Some(Place { address: plain.payload.as_ptr().addr(), len: plain.payload.len() }));
            plain.payload = first;
        }
        Ok(plain)
    }
}
