//! Is this the host that was asked for? `rustls-webpki` answers; this puts the question.

use core::time::Duration;

use heapless::Vec;
use rustls_pki_types::{CertificateDer, ServerName, TrustAnchor, UnixTime};
use webpki::{EndEntityCert, Error, KeyUsage, anchor_from_trusted_cert};

use super::{ANCHORS_MAX, Dates, Distrust, SUPPORTED, Trust};

/// How often another date is tried by a device without a clock. Each try meets one more bound of the chain's dates.
const DATES_MAX: usize = 8;

/// Checks the chain of `leaf` and that it is for `host`.
pub(crate) fn check(
    leaf: &CertificateDer<'_>,
    intermediates: &[CertificateDer<'_>],
    host: &ServerName<'_>,
    trust: Trust<'_>,
) -> Result<(), Distrust> {
    let ders = ders(trust);
    let mut anchors = Vec::new();
    fill(&mut anchors, &ders, trust)?;
    let leaf = EndEntityCert::try_from(leaf).map_err(distrust)?;
    // The cheap question first: the name costs no signature.
    leaf.verify_is_valid_for_subject_name(host).map_err(distrust)?;
    let at = |time| check_at(&leaf, intermediates, &anchors, time);
    match trust.dates {
        Dates::CheckedBy(now) => at(time(now().ok_or(Distrust::Clock)?)).map_err(distrust),
        Dates::UncheckedForWantOfAClock => some_date(at),
    }
}

#[inline(never)] // webpki hands the whole path out, which has to lie on the stack once and not in every caller.
fn check_at(
    leaf: &EndEntityCert<'_>,
    intermediates: &[CertificateDer<'_>],
    anchors: &[TrustAnchor<'_>],
    time: UnixTime,
) -> Result<(), Error> {
    leaf.verify_for_usage(SUPPORTED, anchors, intermediates, time, KeyUsage::server_auth(), None, None).map(drop)
}

/// Whether the anchors can be used at all.
#[cfg(feature = "rustls")]
pub(crate) fn check_anchors(trust: Trust<'_>) -> Result<(), Distrust> {
    let ders = ders(trust);
    let mut anchors = Vec::new();
    fill(&mut anchors, &ders, trust)
}

fn ders<'a>(trust: Trust<'a>) -> Vec<CertificateDer<'a>, ANCHORS_MAX> {
    trust.anchors.iter().map(|der| CertificateDer::from_slice(der)).take(ANCHORS_MAX).collect()
}

/// In place: there is room for all that there may be, and moving it takes as much stack again.
fn fill<'d>(
    anchors: &mut Vec<TrustAnchor<'d>, ANCHORS_MAX>,
    ders: &'d [CertificateDer<'_>],
    trust: Trust<'_>,
) -> Result<(), Distrust> {
    for der in ders {
        let anchor = anchor_from_trusted_cert(der).map_err(|_| Distrust::Anchors)?;
        anchors.push(anchor).map_err(|_| Distrust::Anchors)?;
    }
    if anchors.is_empty() || trust.anchors.len() > ANCHORS_MAX { Err(Distrust::Anchors) } else { Ok(()) }
}

/// Whether there is a date at which all else is right, found by going to the bound that a chain missed.
fn some_date(at: impl Fn(UnixTime) -> Result<(), Error>) -> Result<(), Distrust> {
    let mut date = time(0);
    for _ in 0..DATES_MAX {
        date = match at(date) {
            Ok(()) => return Ok(()),
            Err(Error::CertNotValidYet { not_before, .. }) => not_before,
            // Dates only go up: what is over by now has nothing in common with what began later.
            Err(error) => return Err(distrust(error)),
        };
    }
    Err(Distrust::NotYetValid)
}

pub(crate) const fn time(unix_seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(unix_seconds))
}

/// What webpki's error means to whoever must act.
#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
pub(crate) fn distrust(error: Error) -> Distrust {
    match error {
        Error::CertNotValidForName(_) => Distrust::WrongHost,
        Error::CertExpired { .. } => Distrust::Expired,
        Error::CertNotValidYet { .. } => Distrust::NotYetValid,
        Error::UnknownIssuer
        | Error::CaUsedAsEndEntity
        | Error::EndEntityUsedAsCa
        | Error::PathLenConstraintViolated => Distrust::UnknownIssuer,
        Error::NameConstraintViolation => Distrust::UnknownIssuer,
        Error::RequiredEkuNotFoundContext(_) => Distrust::NotForServers,
        Error::InvalidSignatureForPublicKey => Distrust::Signature,
        Error::UnsupportedSignatureAlgorithmContext(_) | Error::UnsupportedSignatureAlgorithmForPublicKeyContext(_) => {
            Distrust::Algorithm
        }
        _ => Distrust::Malformed,
    }
}
