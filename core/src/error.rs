//! What can go wrong, grouped by who must act.

use core::convert::Infallible;
use core::fmt;

use crate::outcome::{Billing, Code, Reference, Retry};

/// Why a verification came to no verdict. `C` is what a transport knows about its channel's failure.
///
/// Errors are grouped by who must act, those from before an inquiry included:
///
/// | error | who acts |
/// |---|---|
/// | [`IdNumberError`](crate::IdNumberError), [`NameError`](crate::NameError), [`MobileError`](crate::MobileError) | the person |
/// | [`EncodeError`], [`CredentialError`](crate::CredentialError), [`EndpointError`](crate::EndpointError) | the integrator |
/// | [`ChannelError`] | the network |
/// | [`ProtocolError`], [`ReplyError`] | the peer |
/// | [`Refusal`] | the owner of the account |
///
/// No error carries what the caller or the peer sent, apart from short codes ([`Code`]) and references ([`Reference`]).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Error<C = Infallible> {
    /// The request could not be built. Nothing was sent.
    Encode(EncodeError),
    /// The way to the peer failed.
    Channel(ChannelError<C>),
    /// What came back is no HTTP/1.1 reply that can be trusted.
    Protocol(ProtocolError),
    /// The reply is complete, but says nothing usable.
    Reply(ReplyError),
    /// The gateway or the vendor declined.
    Refused(Refusal),
}

impl<C> Error<C> {
    /// What the failed attempt cost.
    #[must_use]
    pub const fn billing(&self) -> Billing {
        match self {
            Self::Encode(_) => Billing::Free,
            Self::Channel(error) => error.billing(),
            Self::Protocol(error) => error.billing(),
            Self::Reply(error) => error.billing(),
            Self::Refused(refusal) => refusal.billing(),
        }
    }

    /// What another attempt could achieve.
    #[must_use]
    pub const fn retry(&self) -> Retry {
        match self {
            Self::Encode(_) => Retry::Never,
            Self::Channel(error) => error.retry(),
            Self::Protocol(error) => error.retry(),
            Self::Reply(error) => error.retry(),
            Self::Refused(refusal) => refusal.retry(),
        }
    }

    /// The gateway's or the vendor's own code, where a reply had one.
    #[must_use]
    pub const fn code(&self) -> Option<&Code> {
        match self {
            Self::Reply(error) => error.code(),
            Self::Refused(refusal) => refusal.code(),
            _ => None,
        }
    }

    /// What to quote to the vendor, where a reply came.
    #[must_use]
    pub const fn reference(&self) -> Option<&Reference> {
        match self {
            Self::Reply(error) => error.reference(),
            Self::Refused(refusal) => refusal.reference(),
            _ => None,
        }
    }
}

impl Error {
    /// The same error for a transport whose channel can fail.
    #[must_use]
    pub fn widen<C>(self) -> Error<C> {
        match self {
            Self::Encode(error) => Error::Encode(error),
            Self::Channel(ChannelError { source: Some(never), .. }) => match never {},
            Self::Channel(ChannelError { fault, sent, source: None }) => {
                Error::Channel(ChannelError { fault, sent, source: None })
            }
            Self::Protocol(error) => Error::Protocol(error),
            Self::Reply(error) => Error::Reply(error),
            Self::Refused(refusal) => Error::Refused(refusal),
        }
    }
}

impl<C> fmt::Display for Error<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Encode(error) => error.fmt(f),
            Self::Channel(error) => error.fmt(f),
            Self::Protocol(error) => error.fmt(f),
            Self::Reply(error) => error.fmt(f),
            Self::Refused(refusal) => refusal.fmt(f),
        }
    }
}

/// It prints as what it holds, so its source is that one's source: what the channel reported.
impl<C: core::error::Error + 'static> core::error::Error for Error<C> {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Channel(error) => error.source(),
            _ => None,
        }
    }
}

impl<C> From<EncodeError> for Error<C> {
    fn from(error: EncodeError) -> Self {
        Self::Encode(error)
    }
}

impl<C> From<ChannelError<C>> for Error<C> {
    fn from(error: ChannelError<C>) -> Self {
        Self::Channel(error)
    }
}

impl<C> From<ProtocolError> for Error<C> {
    fn from(error: ProtocolError) -> Self {
        Self::Protocol(error)
    }
}

impl<C> From<ReplyError> for Error<C> {
    fn from(error: ReplyError) -> Self {
        Self::Reply(error)
    }
}

impl<C> From<Refusal> for Error<C> {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// The request cannot be built from what the program gave. The integrator acts; nothing was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum EncodeError {
    /// The buffer cannot hold the request. [`Info::buffer_len`](crate::Info::buffer_len) always suffices.
    Buffer {
        /// Bytes that this request takes.
        needed: usize,
    },
    /// The provider checks three factors, and the subject has no mobile number.
    MobileMissing,
    /// The provider does not check mobile numbers: a match would say nothing about the one given.
    MobileNotChecked,
    /// The provider cannot be asked with this kind of credentials.
    Credentials,
    /// A vendor's own key goes to the vendor's own platform: its address must be given.
    EndpointMissing,
    /// A name of an extra field is empty, is one of the provider's own, or holds something other than ASCII letters,
    /// digits and `-._~`.
    FieldName,
    /// The caller's own function for extra fields gave up.
    Fields,
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Buffer { needed } => {
                write!(f, "the buffer is too small: this request takes {needed} bytes; the provider's buffer length always suffices")
            }
            Self::MobileMissing => f.write_str("this provider checks three factors: give the mobile number too"),
            Self::MobileNotChecked => {
                f.write_str("this provider does not check mobile numbers: leave it out or ask a three-factor provider")
            }
            Self::Credentials => {
                f.write_str("this provider takes an AppCode or an AppKey with its secret, not a vendor key")
            }
            Self::EndpointMissing => {
                f.write_str("a vendor key is for the vendor's own platform: give its base URL as the endpoint")
            }
            Self::FieldName => f.write_str(
                "the name of an extra field is empty, taken by the provider, or not made of ASCII letters, digits and -._~",
            ),
            Self::Fields => f.write_str("the function for extra fields gave up: see what it reported"),
        }
    }
}

impl core::error::Error for EncodeError {}

/// The channel failed: name resolution, connection, TLS, reading or writing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ChannelError<C> {
    /// What failed.
    pub fault: ChannelFault,
    /// Whether the last byte of the request had left. Then the call may have been billed.
    pub sent: bool,
    /// What the transport knows beyond that, free of personal data. It is the
    /// [`source`](core::error::Error::source) of this error where it is an error itself.
    pub source: Option<C>,
}

/// Where a channel failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum ChannelFault {
    /// The host has no address, or no name server answered.
    Dns,
    /// No connection: refused, unreachable, or a proxy would not.
    Connect,
    /// The peer did not prove that it is the host asked for, or TLS broke.
    Tls,
    /// A deadline passed.
    TimedOut,
    /// An established connection broke.
    Broken,
    /// The request must not go over the link that the program offered: the endpoint is https and the link is not secure, or
    /// the link is to another host. The integrator acts; nobody on the network did anything wrong.
    Link,
}

impl<C> ChannelError<C> {
    /// Free until the last byte of the request left, unknown from then on.
    #[must_use]
    pub const fn billing(&self) -> Billing {
        if self.sent { Billing::Unknown } else { Billing::Free }
    }

    /// A free failure may be tried again; a peer without proof of its identity is left for another provider; a program's
    /// mistake stays one.
    #[must_use]
    pub const fn retry(&self) -> Retry {
        match (self.sent, self.fault) {
            (true, _) | (false, ChannelFault::Link) => Retry::Never,
            (false, ChannelFault::Tls) => Retry::OtherProvider,
            (false, _) => Retry::SameProvider,
        }
    }
}

impl<C> fmt::Display for ChannelError<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.fault {
            ChannelFault::Dns => "the host name could not be resolved: check the name server and the endpoint",
            ChannelFault::Connect => "no connection to the host: check the network, the port and the proxy",
            ChannelFault::Tls if self.sent => "TLS broke under way",
            ChannelFault::Tls => {
                "the peer did not prove its identity: check the clock, the trust anchors and who answers"
            }
            ChannelFault::TimedOut => "the deadline passed without a whole reply",
            ChannelFault::Broken => "the connection broke",
            ChannelFault::Link => "the link is insecure or to another host: give one that suits the endpoint",
        })?;
        f.write_str(if self.sent {
            "; the request had left and may have been billed"
        } else {
            "; the request had not left"
        })
    }
}

impl<C: core::error::Error + 'static> core::error::Error for ChannelError<C> {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        self.source.as_ref().map(|source| source as _)
    }
}

/// The reply is not an HTTP/1.1 message that this client takes. The request had left: it may have been billed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum ProtocolError {
    /// The connection closed before the first byte of a reply.
    Closed,
    /// The connection closed inside the head or the body.
    Truncated,
    /// The reply does not fit into the buffer.
    TooLong,
    /// The status line or a header line is malformed (RFC 9112 §4, §5), folded lines included.
    Head,
    /// More than [`HEADERS_MAX`](crate::http::HEADERS_MAX) header lines.
    HeaderCount,
    /// A CR without LF, or an LF without CR, in the head or between chunks.
    LineEnding,
    /// `Content-Length` is malformed, repeated, or stands beside `Transfer-Encoding` (RFC 9112 §6.3).
    ContentLength,
    /// `Transfer-Encoding` is anything but a single `chunked`.
    TransferEncoding,
    /// The body is compressed, although no coding was offered.
    ContentEncoding,
    /// A chunk is malformed.
    Chunk,
    /// `101 Switching Protocols`, which nobody asked for.
    Upgrade,
}

impl ProtocolError {
    /// Always unknown: the request had left, and no complete reply says what it cost.
    #[must_use]
    pub const fn billing(self) -> Billing {
        Billing::Unknown
    }

    /// Always never: another attempt could be charged a second time.
    #[must_use]
    pub const fn retry(self) -> Retry {
        Retry::Never
    }
}

impl fmt::Display for ProtocolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Closed => "the peer closed the connection without a reply",
            Self::Truncated => "the reply ends early",
            Self::TooLong => "the reply is longer than the buffer",
            Self::Head => "the head of the reply is malformed",
            Self::HeaderCount => "the reply has too many header lines",
            Self::LineEnding => "the reply has a bare CR or LF",
            Self::ContentLength => "the reply's length is malformed, repeated or conflicting",
            Self::TransferEncoding => "the reply's transfer coding is not a single chunked",
            Self::ContentEncoding => "the reply is compressed, although no coding was offered",
            Self::Chunk => "a chunk of the reply is malformed",
            Self::Upgrade => "the peer switched protocols unasked",
        })?;
        f.write_str("; the call may have been billed")
    }
}

impl core::error::Error for ProtocolError {}

/// A complete reply without a verdict: why, what it cost, and what support staff need to find the call again.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Unanswered<W> {
    pub(crate) why: W,
    pub(crate) evidence: Evidence,
}

/// What is the same whatever the reason is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(crate) struct Evidence {
    pub(crate) status: u16,
    pub(crate) billing: Billing,
    pub(crate) retry: Retry,
    pub(crate) code: Option<Code>,
    pub(crate) reference: Option<Reference>,
}

impl<W> Unanswered<W> {
    /// The HTTP status, 100 to 999.
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.evidence.status
    }

    /// What the call cost, by its HTTP status.
    #[must_use]
    pub const fn billing(&self) -> Billing {
        self.evidence.billing
    }

    /// What another attempt could achieve.
    #[must_use]
    pub const fn retry(&self) -> Retry {
        self.evidence.retry
    }

    /// The gateway's or the vendor's own code, where the reply had one.
    #[must_use]
    pub const fn code(&self) -> Option<&Code> {
        self.evidence.code.as_ref()
    }

    /// What to quote to the vendor.
    #[must_use]
    pub const fn reference(&self) -> Option<&Reference> {
        self.evidence.reference.as_ref()
    }
}

/// The reply is complete, but gives no verdict that can be trusted.
pub type ReplyError = Unanswered<ReplyFault>;

/// The gateway or the vendor declined to answer. The owner of the account acts.
pub type Refusal = Unanswered<RefusalClass>;

/// What is wrong with a complete reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum ReplyFault {
    /// The body is no JSON object in UTF-8.
    NotJson,
    /// The body nests deeper than [`DEPTH_MAX`](crate::DEPTH_MAX).
    TooDeep,
    /// The field that carries the verdict is missing, `null`, repeated, of an unknown value, or contradicted by the
    /// HTTP status or another field.
    NoVerdict,
    /// The number that the reply is about is not the one that was sent.
    EchoContradicts,
}

impl ReplyError {
    /// What is wrong.
    #[must_use]
    pub const fn fault(&self) -> ReplyFault {
        self.why
    }
}

impl fmt::Display for ReplyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.why {
            ReplyFault::NotJson => "the reply is no JSON object in UTF-8",
            ReplyFault::TooDeep => "the reply nests too deep",
            ReplyFault::NoVerdict => "the reply carries no verdict",
            ReplyFault::EchoContradicts => "the reply is about another number than the one sent",
        })?;
        self.evidence.fmt(f)
    }
}

impl core::error::Error for ReplyError {}

/// Why a request was declined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum RefusalClass {
    /// AppCode, AppKey or signature are not accepted.
    Credentials,
    /// The package is used up.
    QuotaExhausted,
    /// The subscription has expired, is invalid, overdue or unavailable.
    Subscription,
    /// Too many requests at a time.
    Throttled,
    /// The same person was asked for too often. Never ask again today.
    AttemptLimit,
    /// The provider does not take the name, the number or the mobile number.
    BadInput,
    /// Busy, under maintenance, or its backend failed.
    Busy,
    /// Account, permission, gateway policy or the request itself.
    Configuration,
    /// A code that no document lists, or one whose meaning is no more than that something failed.
    Unrecognized,
}

impl RefusalClass {
    /// All classes, for tables and tests.
    pub const ALL: [Self; 9] = [
        Self::Credentials,
        Self::QuotaExhausted,
        Self::Subscription,
        Self::Throttled,
        Self::AttemptLimit,
        Self::BadInput,
        Self::Busy,
        Self::Configuration,
        Self::Unrecognized,
    ];

    /// The class in one lower-case word, as scripts see it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Credentials => "credentials",
            Self::QuotaExhausted => "quota_exhausted",
            Self::Subscription => "subscription",
            Self::Throttled => "throttled",
            Self::AttemptLimit => "attempt_limit",
            Self::BadInput => "bad_input",
            Self::Busy => "busy",
            Self::Configuration => "configuration",
            Self::Unrecognized => "unrecognized",
        }
    }

    /// What another attempt could achieve after a refusal of this class.
    #[must_use]
    pub const fn retry(self) -> Retry {
        match self {
            Self::AttemptLimit | Self::BadInput => Retry::Never,
            Self::Throttled | Self::Busy => Retry::SameProvider,
            Self::Credentials
            | Self::QuotaExhausted
            | Self::Subscription
            | Self::Configuration
            | Self::Unrecognized => Retry::OtherProvider,
        }
    }
}

impl Refusal {
    /// Why.
    #[must_use]
    pub const fn class(&self) -> RefusalClass {
        self.why
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.why {
            RefusalClass::Credentials => "the credentials are not accepted: check AppCode, AppKey and secret",
            RefusalClass::QuotaExhausted => "the package is used up: buy calls, then wait half a minute",
            RefusalClass::Subscription => "the subscription has expired or is not in order: see the account's console",
            RefusalClass::Throttled => "too many requests at a time: pause, then try again",
            RefusalClass::AttemptLimit => "the same person was asked for too often: do not try again today",
            RefusalClass::BadInput => "the provider does not take the name or the number as given",
            RefusalClass::Busy => "the provider is busy or under maintenance: try again later",
            RefusalClass::Configuration => "the account or the request is not set up for this call",
            RefusalClass::Unrecognized => "the provider declined without a known reason",
        })?;
        self.evidence.fmt(f)
    }
}

impl core::error::Error for Refusal {}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, " (HTTP status {}", self.status)?;
        if let Some(code) = &self.code {
            write!(f, ", code {code}")?;
        }
        f.write_str(")")?;
        if let Some(reference) = &self.reference {
            write!(f, "; quote {reference} to the vendor")?;
        }
        Ok(())
    }
}
