//! AES-GCM and ChaCha20-Poly1305 behind the traits of rustls, as RFC 8446 §5.2, RFC 5288 and RFC 7905 use them.

use alloc::boxed::Box;
use core::marker::PhantomData;

use aes_gcm::aead::array::typenum::{U12, U16};
use aes_gcm::aead::{AeadCore, AeadInOut, KeyInit, KeySizeUser};
use rustls::crypto::cipher::{
    AeadKey, InboundOpaqueMessage, InboundPlainMessage, Iv, KeyBlockShape, MessageDecrypter, MessageEncrypter,
    NONCE_LEN, Nonce, OutboundOpaqueMessage, OutboundPlainMessage, PrefixedPayload, Tls12AeadAlgorithm,
    Tls13AeadAlgorithm, UnsupportedOperationError, make_tls12_aad, make_tls13_aad,
};
use rustls::{ConnectionTrafficSecrets, ContentType, Error, ProtocolVersion};

const TAG_LEN: usize = 16;
/// Longest record in clear (RFC 8446 §5.1, RFC 5246 §6.2.1).
const PLAIN_MAX: usize = 1 << 14;
/// What AES-GCM of TLS 1.2 takes from the key block and what it sends with each record (RFC 5288 §3).
const SALT_LEN: usize = 4;
const EXPLICIT_LEN: usize = 8;

/// A cipher with the nonce and the tag of TLS.
pub(super) trait Cipher:
    AeadInOut + AeadCore<NonceSize = U12, TagSize = U16> + KeyInit + KeySizeUser + Send + Sync + 'static
{
}

impl<C: AeadInOut + AeadCore<NonceSize = U12, TagSize = U16> + KeyInit + KeySizeUser + Send + Sync + 'static> Cipher
    for C
{
}

/// A key, or none when its length was wrong, which the shapes below rule out; then nothing is encrypted.
struct Keyed<C>(Option<C>);

impl<C: Cipher> Keyed<C> {
    fn new(key: &AeadKey) -> Self {
        Self(C::new_from_slice(key.as_ref()).ok())
    }

    fn seal(&self, nonce: [u8; NONCE_LEN], aad: &[u8], text: &mut [u8]) -> Result<[u8; TAG_LEN], Error> {
        let cipher = self.0.as_ref().ok_or(Error::EncryptError)?;
        let tag = cipher.encrypt_inout_detached(&nonce.into(), aad, text.into());
        tag.map(Into::into).map_err(|_| Error::EncryptError)
    }

    /// Decrypts what stands before the tag, and says how long that is.
    fn open(&self, nonce: [u8; NONCE_LEN], aad: &[u8], text: &mut [u8]) -> Result<usize, Error> {
        let cipher = self.0.as_ref().ok_or(Error::DecryptError)?;
        let (text, tag) = text.split_last_chunk_mut::<TAG_LEN>().ok_or(Error::DecryptError)?;
        let opened = cipher.decrypt_inout_detached(&nonce.into(), aad, (&mut *text).into(), &(*tag).into());
        opened.map_err(|_| Error::DecryptError)?;
        if text.len() > PLAIN_MAX.saturating_add(1) { Err(Error::PeerSentOversizedRecord) } else { Ok(text.len()) }
    }
}

/// The cipher of a TLS 1.3 suite.
pub(super) struct Tls13<C>(pub(super) PhantomData<C>);

impl<C: Cipher> Tls13AeadAlgorithm for Tls13<C> {
    fn encrypter(&self, key: AeadKey, iv: Iv) -> Box<dyn MessageEncrypter> {
        Box::new(Direction13 { cipher: Keyed::<C>::new(&key), iv })
    }

    fn decrypter(&self, key: AeadKey, iv: Iv) -> Box<dyn MessageDecrypter> {
        Box::new(Direction13 { cipher: Keyed::<C>::new(&key), iv })
    }

    fn key_len(&self) -> usize {
        C::key_size()
    }

    fn extract_keys(&self, _: AeadKey, _: Iv) -> Result<ConnectionTrafficSecrets, UnsupportedOperationError> {
        Err(UnsupportedOperationError)
    }
}

struct Direction13<C> {
    cipher: Keyed<C>,
    iv: Iv,
}

impl<C: Cipher> MessageEncrypter for Direction13<C> {
    fn encrypt(&mut self, message: OutboundPlainMessage<'_>, seq: u64) -> Result<OutboundOpaqueMessage, Error> {
        let len = self.encrypted_payload_len(message.payload.len());
        let mut payload = PrefixedPayload::with_capacity(len);
        payload.extend_from_chunks(&message.payload);
        payload.extend_from_slice(&message.typ.to_array());
        let tag = self.cipher.seal(Nonce::new(&self.iv, seq).0, &make_tls13_aad(len), payload.as_mut())?;
        payload.extend_from_slice(&tag);
        Ok(OutboundOpaqueMessage::new(ContentType::ApplicationData, ProtocolVersion::TLSv1_2, payload))
    }

    fn encrypted_payload_len(&self, len: usize) -> usize {
        len.saturating_add(1).saturating_add(TAG_LEN)
    }
}

impl<C: Cipher> MessageDecrypter for Direction13<C> {
    fn decrypt<'a>(
        &mut self,
        mut message: InboundOpaqueMessage<'a>,
        seq: u64,
    ) -> Result<InboundPlainMessage<'a>, Error> {
        let aad = make_tls13_aad(message.payload.len());
        let len = self.cipher.open(Nonce::new(&self.iv, seq).0, &aad, &mut message.payload)?;
        message.payload.truncate(len);
        message.into_tls13_unpadded_message()
    }
}

/// AES-GCM in TLS 1.2: half of the nonce travels with the record.
pub(super) struct Tls12Gcm<C>(pub(super) PhantomData<C>);

impl<C: Cipher> Tls12AeadAlgorithm for Tls12Gcm<C> {
    fn encrypter(&self, key: AeadKey, salt: &[u8], explicit: &[u8]) -> Box<dyn MessageEncrypter> {
        let mut iv = [0; NONCE_LEN];
        for (place, byte) in iv.iter_mut().zip(salt.iter().take(SALT_LEN).chain(explicit)) {
            *place = *byte;
        }
        Box::new(Direction12Gcm { cipher: Keyed::<C>::new(&key), iv })
    }

    fn decrypter(&self, key: AeadKey, salt: &[u8]) -> Box<dyn MessageDecrypter> {
        let mut iv = [0; NONCE_LEN];
        for (place, byte) in iv.iter_mut().zip(salt.iter().take(SALT_LEN)) {
            *place = *byte;
        }
        Box::new(Direction12Gcm { cipher: Keyed::<C>::new(&key), iv })
    }

    fn key_block_shape(&self) -> KeyBlockShape {
        KeyBlockShape { enc_key_len: C::key_size(), fixed_iv_len: SALT_LEN, explicit_nonce_len: EXPLICIT_LEN }
    }

    fn extract_keys(
        &self,
        _: AeadKey,
        _: &[u8],
        _: &[u8],
    ) -> Result<ConnectionTrafficSecrets, UnsupportedOperationError> {
        Err(UnsupportedOperationError)
    }
}

struct Direction12Gcm<C> {
    cipher: Keyed<C>,
    /// The salt, then for what is sent the explicit nonce that the sequence number is added to.
    iv: [u8; NONCE_LEN],
}

impl<C: Cipher> MessageEncrypter for Direction12Gcm<C> {
    fn encrypt(&mut self, message: OutboundPlainMessage<'_>, seq: u64) -> Result<OutboundOpaqueMessage, Error> {
        let nonce = Nonce::new(&Iv::new(self.iv), seq).0;
        let aad = make_tls12_aad(seq, message.typ, message.version, message.payload.len());
        let mut payload = PrefixedPayload::with_capacity(self.encrypted_payload_len(message.payload.len()));
        let [_, _, _, _, explicit @ ..] = nonce;
        payload.extend_from_slice(&explicit);
        payload.extend_from_chunks(&message.payload);
        let (_, text) = payload.as_mut().split_at_mut_checked(EXPLICIT_LEN).ok_or(Error::EncryptError)?;
        let tag = self.cipher.seal(nonce, &aad, text)?;
        payload.extend_from_slice(&tag);
        Ok(OutboundOpaqueMessage::new(message.typ, message.version, payload))
    }

    fn encrypted_payload_len(&self, len: usize) -> usize {
        len.saturating_add(EXPLICIT_LEN).saturating_add(TAG_LEN)
    }
}

impl<C: Cipher> MessageDecrypter for Direction12Gcm<C> {
    fn decrypt<'a>(
        &mut self,
        mut message: InboundOpaqueMessage<'a>,
        seq: u64,
    ) -> Result<InboundPlainMessage<'a>, Error> {
        let Some(len) = message.payload.len().checked_sub(EXPLICIT_LEN.saturating_add(TAG_LEN)) else {
            return Err(Error::DecryptError);
        };
        let aad = make_tls12_aad(seq, message.typ, message.version, len);
        let (explicit, text) = message.payload.split_at_mut_checked(EXPLICIT_LEN).ok_or(Error::DecryptError)?;
        let mut nonce = self.iv;
        for (place, byte) in nonce.iter_mut().skip(SALT_LEN).zip(&*explicit) {
            *place = *byte;
        }
        let len = self.cipher.open(nonce, &aad, text)?;
        if len > PLAIN_MAX {
            return Err(Error::PeerSentOversizedRecord);
        }
        Ok(message.into_plain_message_range(EXPLICIT_LEN..EXPLICIT_LEN.saturating_add(len)))
    }
}

/// ChaCha20-Poly1305 in TLS 1.2: the nonce is made as in TLS 1.3.
#[cfg(feature = "chacha20")]
pub(super) struct Tls12Chacha;

#[cfg(feature = "chacha20")]
impl Tls12AeadAlgorithm for Tls12Chacha {
    fn encrypter(&self, key: AeadKey, iv: &[u8], _: &[u8]) -> Box<dyn MessageEncrypter> {
        Box::new(Direction12Chacha::new(&key, iv))
    }

    fn decrypter(&self, key: AeadKey, iv: &[u8]) -> Box<dyn MessageDecrypter> {
        Box::new(Direction12Chacha::new(&key, iv))
    }

    fn key_block_shape(&self) -> KeyBlockShape {
        KeyBlockShape { enc_key_len: 32, fixed_iv_len: NONCE_LEN, explicit_nonce_len: 0 }
    }

    fn extract_keys(
        &self,
        _: AeadKey,
        _: &[u8],
        _: &[u8],
    ) -> Result<ConnectionTrafficSecrets, UnsupportedOperationError> {
        Err(UnsupportedOperationError)
    }
}

#[cfg(feature = "chacha20")]
struct Direction12Chacha {
    cipher: Keyed<chacha20poly1305::ChaCha20Poly1305>,
    iv: Iv,
}

#[cfg(feature = "chacha20")]
impl Direction12Chacha {
    fn new(key: &AeadKey, iv: &[u8]) -> Self {
        let iv: [u8; NONCE_LEN] = iv.try_into().unwrap_or_default();
        Self { cipher: Keyed::new(key), iv: Iv::new(iv) }
    }
}

#[cfg(feature = "chacha20")]
impl MessageEncrypter for Direction12Chacha {
    fn encrypt(&mut self, message: OutboundPlainMessage<'_>, seq: u64) -> Result<OutboundOpaqueMessage, Error> {
        let aad = make_tls12_aad(seq, message.typ, message.version, message.payload.len());
        let mut payload = PrefixedPayload::with_capacity(self.encrypted_payload_len(message.payload.len()));
        payload.extend_from_chunks(&message.payload);
        let tag = self.cipher.seal(Nonce::new(&self.iv, seq).0, &aad, payload.as_mut())?;
        payload.extend_from_slice(&tag);
        Ok(OutboundOpaqueMessage::new(message.typ, message.version, payload))
    }

    fn encrypted_payload_len(&self, len: usize) -> usize {
        len.saturating_add(TAG_LEN)
    }
}

#[cfg(feature = "chacha20")]
impl MessageDecrypter for Direction12Chacha {
    fn decrypt<'a>(
        &mut self,
        mut message: InboundOpaqueMessage<'a>,
        seq: u64,
    ) -> Result<InboundPlainMessage<'a>, Error> {
        let len = message.payload.len().checked_sub(TAG_LEN).ok_or(Error::DecryptError)?;
        let aad = make_tls12_aad(seq, message.typ, message.version, len);
        let len = self.cipher.open(Nonce::new(&self.iv, seq).0, &aad, &mut message.payload)?;
        if len > PLAIN_MAX {
            return Err(Error::PeerSentOversizedRecord);
        }
        message.payload.truncate(len);
        Ok(message.into_plain_message())
    }
}
