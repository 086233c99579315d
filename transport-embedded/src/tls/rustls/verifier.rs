//! The server's proof: the same check of the chain as without a heap, and the signatures by rustls itself.

use alloc::vec::Vec;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::time_provider::TimeProvider;
use rustls::{CertificateError, DigitallySignedStruct, Error, PeerMisbehaved, SignatureScheme};

use super::provider::VERIFICATION;
use crate::tls::chain::time;
use crate::tls::{Dates, Distrust, TlsError, Trust, chain};

/// Checks chain, dates and name. The module of rustls that its trait comes from is called `danger` because one could
/// also check nothing; this is the only implementation here, and it checks everything.
#[derive(Debug)]
pub(super) struct Verifier(pub(super) Trust<'static>);

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        chain::check(leaf, intermediates, name, self.0).map_err(told)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, leaf, signed, &VERIFICATION)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, leaf, signed, &VERIFICATION)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        VERIFICATION.supported_schemes()
    }
}

/// The clock that rustls asks for the age of tickets.
#[derive(Debug)]
pub(super) struct Now(pub(super) Dates);

impl TimeProvider for Now {
    fn current_time(&self) -> Option<UnixTime> {
        match self.0 {
            Dates::CheckedBy(now) => now().map(time),
            // Tickets then seem to be new, and a server that finds them too old shakes hands in full.
            Dates::UncheckedForWantOfAClock => Some(time(0)),
        }
    }
}

/// Tells rustls, which turns it into the alert for the server.
fn told(distrust: Distrust) -> Error {
    let certificate = match distrust {
        Distrust::WrongHost => CertificateError::NotValidForName,
        Distrust::UnknownIssuer => CertificateError::UnknownIssuer,
        Distrust::Expired => CertificateError::Expired,
        Distrust::NotYetValid => CertificateError::NotValidYet,
        Distrust::NotForServers => CertificateError::InvalidPurpose,
        Distrust::Signature => CertificateError::BadSignature,
        Distrust::Algorithm => CertificateError::ApplicationVerificationFailure,
        Distrust::Clock => return Error::FailedToGetCurrentTime,
        Distrust::NoCertificate => return Error::NoCertificatesPresented,
        Distrust::NoProof | Distrust::Malformed | Distrust::Anchors => CertificateError::BadEncoding,
    };
    Error::InvalidCertificate(certificate)
}

/// What rustls reports, in our words.
pub(super) fn translated<E>(error: &Error) -> TlsError<E> {
    TlsError::Untrusted(match error {
        Error::InvalidCertificate(certificate) => match certificate {
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => Distrust::WrongHost,
            CertificateError::UnknownIssuer => Distrust::UnknownIssuer,
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => Distrust::Expired,
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => Distrust::NotYetValid,
            CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
                Distrust::NotForServers
            }
            CertificateError::BadSignature => Distrust::Signature,
            CertificateError::ApplicationVerificationFailure
            | CertificateError::UnsupportedSignatureAlgorithmContext { .. }
            | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => Distrust::Algorithm,
            _ => Distrust::Malformed,
        },
        Error::NoCertificatesPresented => Distrust::NoCertificate,
        Error::PeerMisbehaved(
            PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme | PeerMisbehaved::SignedKxWithWrongAlgorithm,
        ) => Distrust::Algorithm,
        Error::FailedToGetCurrentTime => Distrust::Clock,
        Error::FailedToGetRandomBytes => return TlsError::Randomness,
        Error::AlertReceived(_) | Error::PeerIncompatible(_) => return TlsError::Declined,
        _ => return TlsError::Protocol,
    })
}
