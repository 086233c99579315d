//! What a byte of a TLS script stands for. The seeds are written with it, by a program of its own.

/// What a byte stands for, modulo their number.
#[derive(Clone, Copy, Debug)]
#[repr(u8)]
pub enum Op {
    /// An empty EncryptedExtensions.
    Extensions,
    /// The gateway's certificate.
    Certificate,
    /// A certificate of another authority.
    StrangersCertificate,
    /// A certificate for another host.
    OthersCertificate,
    /// No certificate.
    NoCertificates,
    /// The proof that goes with the gateway's certificate.
    Verify,
    /// The proof of another key.
    StrangersVerify,
    /// A proof over something else.
    StaleVerify,
    /// The end of the handshake.
    Finished,
    /// One that does not fit.
    WrongFinished,
    /// A message in clear: kind, length, bytes.
    InClear,
    /// A record as it stands: kind, length, bytes.
    Record,
    /// An encrypted record: kind, length, bytes.
    Encrypted,
    /// An encrypted handshake message with a true length: kind, length, bytes.
    Message,
    /// An encrypted record with nothing inside.
    Nothing,
    /// What follows is said after the request.
    AfterTheRequest,
}

impl Op {
    /// All of them, in the order of their numbers.
    pub const ALL: [Op; 16] = [
        Op::Extensions,
        Op::Certificate,
        Op::StrangersCertificate,
        Op::OthersCertificate,
        Op::NoCertificates,
        Op::Verify,
        Op::StrangersVerify,
        Op::StaleVerify,
        Op::Finished,
        Op::WrongFinished,
        Op::InClear,
        Op::Record,
        Op::Encrypted,
        Op::Message,
        Op::Nothing,
        Op::AfterTheRequest,
    ];
}
