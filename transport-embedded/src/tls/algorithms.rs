//! Verification of signatures, as `rustls-webpki` asks for it. Nothing here handles a secret.

#[cfg(feature = "embedded-tls")]
#[cfg(not(feature = "rustls"))]
// The one that embedded-tls brings already: a second generation would cost its flash again.
use p256_013 as p256;

use p256::ecdsa::signature::Verifier as _;
use rustls_pki_types::{AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm, alg_id};

/// All signatures that certificates may have.
pub(crate) static SUPPORTED: &[&dyn SignatureVerificationAlgorithm] = &[
    &EcdsaP256,
    #[cfg(feature = "p384")]
    &EcdsaP384,
    #[cfg(feature = "rsa")]
    &super::rsa::PKCS1_SHA256,
    #[cfg(feature = "rsa")]
    &super::rsa::PKCS1_SHA384,
    #[cfg(feature = "rsa")]
    &super::rsa::PKCS1_SHA512,
    #[cfg(feature = "rsa")]
    &super::rsa::PSS_SHA256,
    #[cfg(feature = "rsa")]
    &super::rsa::PSS_SHA384,
    #[cfg(feature = "rsa")]
    &super::rsa::PSS_SHA512,
];

/// ECDSA on P-256 with SHA-256.
#[derive(Debug)]
pub(crate) struct EcdsaP256;

impl SignatureVerificationAlgorithm for EcdsaP256 {
    fn verify_signature(&self, key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), InvalidSignature> {
        let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(key).map_err(|_| InvalidSignature)?;
        let signature = p256::ecdsa::Signature::from_der(signature).map_err(|_| InvalidSignature)?;
        key.verify(message, &signature).map_err(|_| InvalidSignature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::ECDSA_P256
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::ECDSA_SHA256
    }
}

/// ECDSA on P-384 with SHA-384.
#[cfg(feature = "p384")]
#[derive(Debug)]
pub(crate) struct EcdsaP384;

#[cfg(feature = "p384")]
impl SignatureVerificationAlgorithm for EcdsaP384 {
    fn verify_signature(&self, key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), InvalidSignature> {
        use p384::ecdsa::signature::Verifier as _;
        let key = p384::ecdsa::VerifyingKey::from_sec1_bytes(key).map_err(|_| InvalidSignature)?;
        let signature = p384::ecdsa::Signature::from_der(signature).map_err(|_| InvalidSignature)?;
        key.verify(message, &signature).map_err(|_| InvalidSignature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::ECDSA_P384
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::ECDSA_SHA384
    }
}
