//! SHA-2 and HMAC behind the traits of rustls.

use alloc::boxed::Box;
use core::marker::PhantomData;

use hmac::digest::OutputSizeUser;
use hmac::digest::array::typenum::Unsigned;
use hmac::{Hmac, KeyInit, Mac};
use rustls::crypto::hash::{Context, Hash, HashAlgorithm, Output};
use rustls::crypto::hmac::{Hmac as RustlsHmac, Key, Tag};
use sha2::{Digest, Sha256};

pub(super) static SHA256: Sha2<Sha256> = Sha2(HashAlgorithm::SHA256, PhantomData);
pub(super) static HMAC_SHA256: HmacSha2<Hmac<Sha256>> = HmacSha2(PhantomData);
#[cfg(feature = "aes-256")]
pub(super) static SHA384: Sha2<sha2::Sha384> = Sha2(HashAlgorithm::SHA384, PhantomData);
#[cfg(feature = "aes-256")]
pub(super) static HMAC_SHA384: HmacSha2<Hmac<sha2::Sha384>> = HmacSha2(PhantomData);

pub(super) struct Sha2<D>(HashAlgorithm, PhantomData<D>);

impl<D: Digest + Clone + Send + Sync + 'static> Hash for Sha2<D> {
    fn start(&self) -> Box<dyn Context> {
        Box::new(State(D::new()))
    }

    fn hash(&self, data: &[u8]) -> Output {
        Output::new(&D::digest(data))
    }

    fn output_len(&self) -> usize {
        <D as OutputSizeUser>::OutputSize::USIZE
    }

    fn algorithm(&self) -> HashAlgorithm {
        self.0
    }
}

struct State<D>(D);

impl<D: Digest + Clone + Send + Sync + 'static> Context for State<D> {
    fn fork_finish(&self) -> Output {
        Output::new(&self.0.clone().finalize())
    }

    fn fork(&self) -> Box<dyn Context> {
        Box::new(Self(self.0.clone()))
    }

    fn finish(self: Box<Self>) -> Output {
        Output::new(&self.0.finalize())
    }

    fn update(&mut self, data: &[u8]) {
        self.0.update(data);
    }
}

pub(super) struct HmacSha2<M>(PhantomData<M>);

impl<M: Mac + KeyInit + Clone + Send + Sync + 'static> RustlsHmac for HmacSha2<M> {
    fn with_key(&self, key: &[u8]) -> Box<dyn Key> {
        // HMAC takes keys of any length, so this is always `Some`.
        Box::new(MacKey(<M as KeyInit>::new_from_slice(key).ok()))
    }

    fn hash_output_len(&self) -> usize {
        M::OutputSize::USIZE
    }
}

struct MacKey<M>(Option<M>);

impl<M: Mac + Clone + Send + Sync + 'static> Key for MacKey<M> {
    fn sign_concat(&self, first: &[u8], middle: &[&[u8]], last: &[u8]) -> Tag {
        let Some(mut mac) = self.0.clone() else { return Tag::new(&[]) };
        mac.update(first);
        for part in middle {
            mac.update(part);
        }
        mac.update(last);
        Tag::new(&mac.finalize().into_bytes())
    }

    fn tag_len(&self) -> usize {
        M::OutputSize::USIZE
    }
}
