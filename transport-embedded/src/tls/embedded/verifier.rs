//! Verifies the server, and keeps book of what was proven: `embedded-tls` does not.

use embedded_tls::{
    Aes128GcmSha256, CertificateEntryRef, CertificateRef, CertificateVerifyRef, CryptoProvider, CryptoRngCore,
    SignatureScheme, TlsError, TlsVerifier,
};
use heapless::Vec;
use p256_013::ecdsa::signature::rand_core;
use rustls_pki_types::{CertificateDer, ServerName, SignatureVerificationAlgorithm, SubjectPublicKeyInfoDer};
use sha2_010::{Digest, Sha256};
use webpki::{RawPublicKeyEntity, anchor_from_trusted_cert};

use crate::tls::algorithms::EcdsaP256;
#[cfg(feature = "p384")]
use crate::tls::algorithms::EcdsaP384;
use crate::tls::{Distrust, Random, Trust, chain};

/// Longest chain that a server may send, the leaf included. The authority's own certificate need not be sent.
const CHAIN_MAX: usize = 6;
/// Longest public key with what DER puts around it: RSA of 4096 bits takes 550 bytes, P-384 takes 120.
const KEY_MAX: usize = if cfg!(feature = "rsa") { 560 } else { 128 };
/// What a server signs, before the hash (RFC 8446 §4.4.3).
const CONTEXT: &[u8; 34] = b"TLS 1.3, server CertificateVerify\0";
const HASH_LEN: usize = 32;

/// The verifier, and the other things that `embedded-tls` asks its caller for.
pub(crate) struct Verifier<'a, R> {
    name: &'a ServerName<'a>,
    trust: Trust<'a>,
    random: Source<'a, R>,
    state: State,
    /// The key of a certificate whose chain is good, and what the message that its owner must sign ends with. They stand
    /// here and not in the state: moved along with that, a key would be on the stack several times.
    key: Vec<u8, KEY_MAX>,
    hash: [u8; HASH_LEN],
}

#[derive(Clone, Copy)]
enum State {
    /// No certificate came.
    Nothing,
    /// The certificate's chain is good; its key stands in the verifier.
    Certificate,
    /// The server signed.
    Proven,
    Refused(Distrust),
}

impl<'a, R: Random> Verifier<'a, R> {
    pub(crate) const fn new(name: &'a ServerName<'a>, trust: Trust<'a>, random: &'a R) -> Self {
        let random = Source { random, failed: false };
        Self { name, trust, random, state: State::Nothing, key: Vec::new(), hash: [0; HASH_LEN] }
    }

    /// Whether the server proved who it is.
    pub(crate) const fn proof(&self) -> Result<(), Distrust> {
        match self.state {
            State::Proven => Ok(()),
            State::Nothing => Err(Distrust::NoCertificate),
            State::Certificate => Err(Distrust::NoProof),
            State::Refused(distrust) => Err(distrust),
        }
    }

    /// Whether this verifier ended the handshake.
    pub(crate) const fn refused(&self) -> bool {
        matches!(self.state, State::Refused(_))
    }

    pub(crate) const fn lacks_randomness(&self) -> bool {
        self.random.failed
    }

    #[inline(never)] // Nor is what the other messages take on the stack then.
    fn certificate(&mut self, shown: &CertificateRef<'_>) -> Result<State, Distrust> {
        let State::Nothing = self.state else { return Err(Distrust::NoProof) };
        let mut chain: Vec<CertificateDer<'_>, CHAIN_MAX> = Vec::new();
        for entry in &shown.entries {
            let CertificateEntryRef::X509(der) = entry else { return Err(Distrust::Malformed) };
            chain.push(CertificateDer::from_slice(der)).map_err(|_| Distrust::Malformed)?;
        }
        let (leaf, intermediates) = chain.split_first().ok_or(Distrust::NoCertificate)?;
        chain::check(leaf, intermediates, self.name, self.trust)?;
        note_public_key(leaf, &mut self.key).ok_or(Distrust::Malformed)?;
        Ok(State::Certificate)
    }

    #[inline(never)]
    fn signature(&self, shown: &CertificateVerifyRef<'_>) -> Result<State, Distrust> {
        let State::Certificate = self.state else { return Err(Distrust::NoProof) };
        let algorithm = algorithm(shown.signature_scheme).ok_or(Distrust::Algorithm)?;
        let mut message: Vec<u8, { 64 + CONTEXT.len() + HASH_LEN }> = Vec::new();
        let written = message
            .resize(64, b' ')
            .and_then(|()| message.extend_from_slice(CONTEXT))
            .and_then(|()| message.extend_from_slice(&self.hash));
        written.map_err(|_| Distrust::NoProof)?;
        let key = SubjectPublicKeyInfoDer::from(self.key.as_slice());
        let key = RawPublicKeyEntity::try_from(&key).map_err(chain::distrust)?;
        key.verify_signature(algorithm, &message, shown.signature).map_err(chain::distrust)?;
        Ok(State::Proven)
    }

    fn note(&mut self, result: Result<State, Distrust>, error: TlsError) -> Result<(), TlsError> {
        let good = result.is_ok();
        self.state = result.unwrap_or_else(State::Refused);
        if good { Ok(()) } else { Err(error) }
    }
}

impl<R: Random> TlsVerifier<Aes128GcmSha256> for Verifier<'_, R> {
    fn set_hostname_verification(&mut self, _: &str) -> Result<(), TlsError> {
        // The name stands since this verifier was made.
        Ok(())
    }

    fn verify_certificate(&mut self, transcript: &Sha256, shown: CertificateRef<'_>) -> Result<(), TlsError> {
        let result = self.certificate(&shown);
        self.hash = transcript.clone().finalize().into();
        self.note(result, TlsError::InvalidCertificate)
    }

    fn verify_signature(&mut self, shown: CertificateVerifyRef<'_>) -> Result<(), TlsError> {
        let result = self.signature(&shown);
        self.note(result, TlsError::InvalidSignature)
    }
}

impl<R: Random> CryptoProvider for Verifier<'_, R> {
    type CipherSuite = Aes128GcmSha256;
    type Signature = [u8; 0];

    fn rng(&mut self) -> impl CryptoRngCore {
        &mut self.random
    }

    fn verifier(&mut self) -> Result<&mut impl TlsVerifier<Aes128GcmSha256>, TlsError> {
        Ok(self)
    }
}

/// Writes the public key of a certificate, in the DER form that can be read by itself. It outlives the record that brought
/// the certificate, and is a quarter of its length.
fn note_public_key(leaf: &CertificateDer<'_>, key: &mut Vec<u8, KEY_MAX>) -> Option<()> {
    // Only taken apart, not trusted: without a heap, webpki gives out a key no other way.
    let parts = anchor_from_trusted_cert(leaf).ok()?;
    let contents = parts.subject_public_key_info.as_ref();
    key.clear();
    // SEQUENCE, with the shortest length that fits (X.690 §10.1).
    match u16::try_from(contents.len()).ok()?.to_be_bytes() {
        [0, len @ ..=0x7f] => key.extend_from_slice(&[0x30, len]),
        [0, len] => key.extend_from_slice(&[0x30, 0x81, len]),
        [high, low] => key.extend_from_slice(&[0x30, 0x82, high, low]),
    }
    .ok()?;
    key.extend_from_slice(contents).ok()
}

/// What TLS 1.3 allows of what this build can do: no PKCS#1 v1.5 (RFC 8446 §4.2.3).
fn algorithm(scheme: SignatureScheme) -> Option<&'static dyn SignatureVerificationAlgorithm> {
    match scheme {
        SignatureScheme::EcdsaSecp256r1Sha256 => Some(&EcdsaP256),
        #[cfg(feature = "p384")]
        SignatureScheme::EcdsaSecp384r1Sha384 => Some(&EcdsaP384),
        #[cfg(feature = "rsa")]
        SignatureScheme::RsaPssRsaeSha256 => Some(&crate::tls::rsa::PSS_SHA256),
        #[cfg(feature = "rsa")]
        SignatureScheme::RsaPssRsaeSha384 => Some(&crate::tls::rsa::PSS_SHA384),
        #[cfg(feature = "rsa")]
        SignatureScheme::RsaPssRsaeSha512 => Some(&crate::tls::rsa::PSS_SHA512),
        _ => None,
    }
}

/// The caller's randomness behind the trait of `embedded-tls`, which cannot fail: a failure is noted, and whoever opens
/// the connection asks for it before anything worth a secret is sent.
struct Source<'a, R> {
    random: &'a R,
    failed: bool,
}

impl<R: Random> rand_core::RngCore for Source<'_, R> {
    fn next_u32(&mut self) -> u32 {
        let mut bytes = [0; 4];
        self.fill_bytes(&mut bytes);
        u32::from_le_bytes(bytes)
    }

    fn next_u64(&mut self) -> u64 {
        let mut bytes = [0; 8];
        self.fill_bytes(&mut bytes);
        u64::from_le_bytes(bytes)
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        if self.random.fill(bytes).is_err() {
            self.failed = true;
            // No zeros: they are no key, and another would be asked for without end.
            bytes.fill(1);
        }
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), rand_core::Error> {
        self.fill_bytes(bytes);
        Ok(())
    }
}

impl<R: Random> rand_core::CryptoRng for Source<'_, R> {}
