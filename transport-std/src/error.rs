//! What can go wrong on a server, with nothing in it that ureq said: its own texts may hold the URL, and with it the
//! name and the number.

use std::fmt;
use std::io;

use heyan::policy::{Class, Ending};
use heyan::{Billing, ChannelError, Code, CredentialError, EncodeError, ProtocolError, Reference, Retry};

/// Why a verification came to no verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The inquiry failed: before, on or after its way to the peer.
    Inquiry(heyan::Error<ChannelSource>),
    /// The logger would write down names, numbers and credentials: this target of ureq logs what crosses the wire, and
    /// its `trace` level is on. Nothing was sent. Turn it off, or build the client with
    /// [`Config::danger_allow_wire_logging`](crate::Config::danger_allow_wire_logging).
    WireLogging {
        /// The log target whose `trace` level is on.
        target: &'static str,
    },
    /// The operating system gave no random bytes for the nonce of a signed request. Nothing was sent.
    Randomness,
    /// The system clock stands before 1970, so no request can be signed. Nothing was sent.
    Clock,
}

impl Error {
    /// What the failed attempt cost.
    #[must_use]
    pub const fn billing(&self) -> Billing {
        match self {
            Self::Inquiry(error) => error.billing(),
            _ => Billing::Free,
        }
    }

    /// What another attempt could achieve.
    #[must_use]
    pub const fn retry(&self) -> Retry {
        match self {
            Self::Inquiry(error) => error.retry(),
            _ => Retry::Never,
        }
    }

    /// What to quote to the vendor, where a reply came.
    #[must_use]
    pub const fn reference(&self) -> Option<&Reference> {
        match self {
            Self::Inquiry(error) => error.reference(),
            _ => None,
        }
    }

    /// The gateway's or the vendor's own code, where a reply had one.
    #[must_use]
    pub const fn code(&self) -> Option<&Code> {
        match self {
            Self::Inquiry(error) => error.code(),
            _ => None,
        }
    }

    /// The core's error, where it is one.
    #[must_use]
    pub const fn inquiry(&self) -> Option<&heyan::Error<ChannelSource>> {
        match self {
            Self::Inquiry(error) => Some(error),
            _ => None,
        }
    }

    /// What it ended in, as the rules around calls see it. Its [`word`](heyan::policy::Class::word) is for scripts.
    #[must_use]
    pub fn class(&self) -> Class {
        Ending::from(self).class()
    }

    /// Whether the program asked for something that cannot be sent: its integrator must act, nothing was sent, and the
    /// same call will fail again.
    #[must_use]
    pub const fn is_wrong_use(&self) -> bool {
        matches!(self, Self::Inquiry(heyan::Error::Encode(_)) | Self::WireLogging { .. })
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inquiry(error) => {
                fmt::Display::fmt(error, f)?;
                match error {
                    heyan::Error::Channel(ChannelError { source: Some(source), .. }) => write!(f, " ({source})"),
                    _ => Ok(()),
                }
            }
            Self::WireLogging { target } => write!(
                f,
                "the log level trace is on for {target}, which would write down names, numbers and credentials: \
                 turn it off for ureq and ureq_proto"
            ),
            Self::Randomness => f.write_str("the operating system gave no random bytes: nothing was sent"),
            Self::Clock => f.write_str("the system clock stands before 1970: set it; nothing was sent"),
        }
    }
}

impl std::error::Error for Error {}

/// For the rules around calls. What only a server can fail in is of class [`Encode`](Class::Encode): nothing was sent,
/// and the same call will fail again.
impl From<&Error> for Ending {
    fn from(error: &Error) -> Self {
        match error {
            Error::Inquiry(error) => Self::from(error),
            _ => Self::new(Class::Encode, error.billing(), error.retry()),
        }
    }
}

impl From<heyan::Error> for Error {
    fn from(error: heyan::Error) -> Self {
        Self::Inquiry(error.widen())
    }
}

impl From<EncodeError> for Error {
    fn from(error: EncodeError) -> Self {
        Self::Inquiry(error.into())
    }
}

impl From<ProtocolError> for Error {
    fn from(error: ProtocolError) -> Self {
        Self::Inquiry(error.into())
    }
}

impl From<CredentialError> for Error {
    /// The texts were checked when they came in, so this is only about a stamp that is missing.
    fn from(_: CredentialError) -> Self {
        EncodeError::Credentials.into()
    }
}

/// What a server knows about a failure of the channel: where it happened, and what the system said, without its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChannelSource {
    stage: Stage,
    cause: Option<Cause>,
}

impl ChannelSource {
    pub(crate) const fn new(stage: Stage, cause: Option<Cause>) -> Self {
        Self { stage, cause }
    }

    /// What was being done.
    #[must_use]
    pub const fn stage(&self) -> Stage {
        self.stage
    }

    /// What is known of the reason. `None` for a deadline that passed.
    #[must_use]
    pub const fn cause(&self) -> Option<Cause> {
        self.cause
    }
}

impl fmt::Display for ChannelSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.stage {
            Stage::Resolve => "while resolving the host name",
            Stage::Connect => "while connecting",
            Stage::Handshake => "in the TLS handshake",
            Stage::Send => "while sending",
            Stage::Receive => "while waiting for the reply",
        })?;
        match self.cause {
            Some(Cause::Io(kind)) => write!(f, ": {kind}"),
            Some(Cause::Tls(fault)) => write!(f, ": {fault}"),
            Some(Cause::Proxy) => f.write_str(": the proxy would not connect"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for ChannelSource {}

/// The steps of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stage {
    /// Asking for the host's addresses.
    Resolve,
    /// Opening a connection, through a proxy if there is one.
    Connect,
    /// Proving who the peer is.
    Handshake,
    /// Sending the request.
    Send,
    /// Waiting for the reply and reading it.
    Receive,
}

/// Why a step failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Cause {
    /// The operating system's kind of error.
    Io(io::ErrorKind),
    /// TLS.
    Tls(TlsFault),
    /// The proxy declined to connect, or did not answer as one.
    Proxy,
}

/// What TLS found wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TlsFault {
    /// The certificate is issued by nobody who is trusted.
    UnknownIssuer,
    /// The certificate is for another host.
    WrongHost,
    /// The certificate is no longer valid, or the clock is wrong.
    Expired,
    /// The certificate is not valid yet, or the clock is wrong.
    NotYetValid,
    /// The certificate was revoked.
    Revoked,
    /// The certificate has another fault, for example a purpose other than serving.
    Certificate,
    /// The peer ended TLS with an alert.
    Alert,
    /// The peer closed the connection in the handshake.
    Closed,
    /// What came is no TLS that this client speaks.
    Protocol,
}

impl fmt::Display for TlsFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnknownIssuer => "the certificate's issuer is not trusted",
            Self::WrongHost => "the certificate is for another host",
            Self::Expired => "the certificate has expired",
            Self::NotYetValid => "the certificate is not valid yet",
            Self::Revoked => "the certificate was revoked",
            Self::Certificate => "the certificate is not acceptable",
            Self::Alert => "the peer sent an alert",
            Self::Closed => "the peer closed the connection",
            Self::Protocol => "the peer does not speak the TLS of this client",
        })
    }
}

impl From<&rustls::Error> for TlsFault {
    fn from(error: &rustls::Error) -> Self {
        use rustls::CertificateError as Fault;
        match error {
            rustls::Error::InvalidCertificate(fault) => match fault {
                Fault::UnknownIssuer => Self::UnknownIssuer,
                Fault::NotValidForName | Fault::NotValidForNameContext { .. } => Self::WrongHost,
                Fault::Expired | Fault::ExpiredContext { .. } => Self::Expired,
                Fault::NotValidYet | Fault::NotValidYetContext { .. } => Self::NotYetValid,
                Fault::Revoked => Self::Revoked,
                _ => Self::Certificate,
            },
            rustls::Error::NoCertificatesPresented | rustls::Error::UnsupportedNameType => Self::Certificate,
            rustls::Error::AlertReceived(_) => Self::Alert,
            _ => Self::Protocol,
        }
    }
}
