//! Who may carry a request: a channel that is known to be secure, or one that is called insecure.

use core::fmt;

use heapless::String;
use heyan::http::AUTHORITY_MAX;
use heyan::{ChannelError, ChannelFault, Endpoint};

/// A host name, as long as an endpoint may have one.
pub(crate) type Host = String<AUTHORITY_MAX>;

/// A channel to one host over which nobody on the way can read or answer.
///
/// There are two ways to make one. The TLS modules of this crate do, and then it carries requests to the host whose
/// certificate was verified and to no other. And [`Secure::vouch`] does, for a modem or a secure element that speaks TLS
/// by itself: then the caller answers for it.
pub struct Secure<T> {
    line: Line<T>,
    host: Option<Host>,
}

/// A channel that everybody on the way can read and answer: for tests, and for a gateway inside the device.
///
/// It carries requests to endpoints that were made by [`Endpoint::parse_insecure_http`], and refuses all others with
/// [`ChannelFault::Link`].
pub struct Insecure<T>(Line<T>);

/// [`Secure`] or [`Insecure`]: what [`verify`](crate::verify) takes. There are no others.
pub trait Link: sealed::Sealed {
    /// What carries the bytes.
    type Channel;

    /// Whether another request may be sent: the last reply was complete, and the peer said that it keeps the connection.
    fn is_open(&self) -> bool;

    /// Whether the failure of the last request may be answered by the same request over a fresh connection.
    ///
    /// True only when this connection was kept from an earlier request, and the peer had closed it or said something
    /// unasked, or it broke before the last byte of the new request had left. A peer closes a connection that was idle for
    /// long, and notices nothing of what was sent meanwhile; what did not leave whole cannot have been billed.
    fn may_repeat(&self) -> bool;

    #[doc(hidden)]
    fn line(&mut self) -> &mut Line<Self::Channel>;

    /// Refuses a request that must not go this way.
    #[doc(hidden)]
    fn admit<E>(&self, endpoint: &Endpoint<'_>) -> Result<(), ChannelError<E>>;
}

mod sealed {
    pub trait Sealed {}
    impl<T> Sealed for super::Secure<T> {}
    impl<T> Sealed for super::Insecure<T> {}
}

/// A channel and how far it can still be used.
#[derive(Clone, Copy, Debug)]
pub struct Line<T> {
    pub(crate) channel: T,
    pub(crate) open: bool,
    /// A request was answered before.
    pub(crate) kept: bool,
    pub(crate) may_repeat: bool,
}

impl<T> Line<T> {
    const fn new(channel: T) -> Self {
        Self { channel, open: true, kept: false, may_repeat: false }
    }
}

impl<T> Secure<T> {
    /// Takes the caller's word that `channel` is secure: that it speaks TLS, verified the certificate of exactly this
    /// host against trust anchors and the date, and fails otherwise.
    ///
    /// This is for modems and secure elements that do TLS. Whether their firmware verifies is theirs and the caller's
    /// affair; many do not unless told to.
    pub const fn vouch(channel: T) -> Self {
        Self { line: Line::new(channel), host: None }
    }

    /// Takes the word of this crate's TLS.
    #[cfg(any(feature = "embedded-tls", feature = "rustls"))]
    pub(crate) fn proven(channel: T, host: &str) -> Self {
        // At once, not by way of `for_host`: a connection takes kilobytes, and every move of it as much stack.
        Self { line: Line::new(channel), host: Some(own(host)) }
    }

    /// Also refuses requests to any other host, by [`ChannelFault::Link`], as channels from this crate's TLS do. A host longer than an endpoint can
    /// name leads to no request at all.
    #[must_use]
    pub fn for_host(mut self, host: &str) -> Self {
        self.host = Some(own(host));
        self
    }

    /// The channel.
    pub const fn channel(&mut self) -> &mut T {
        &mut self.line.channel
    }

    /// The channel, for closing it or for taking its memory back.
    pub fn into_channel(self) -> T {
        self.line.channel
    }
}

fn own(host: &str) -> Host {
    let mut own = Host::new();
    // An empty name is no endpoint's: what cannot be compared must not pass.
    let _ = own.push_str(host);
    own
}

impl<T> Insecure<T> {
    /// Calls `channel` what it is.
    pub const fn plain_text(channel: T) -> Self {
        Self(Line::new(channel))
    }

    /// The channel.
    pub const fn channel(&mut self) -> &mut T {
        &mut self.0.channel
    }

    /// The channel, for closing it.
    pub fn into_channel(self) -> T {
        self.0.channel
    }
}

/// The request is not for this link.
const fn unsuited<E>() -> ChannelError<E> {
    ChannelError { fault: ChannelFault::Link, sent: false, source: None }
}

impl<T> Link for Secure<T> {
    type Channel = T;

    fn is_open(&self) -> bool {
        self.line.open
    }

    fn may_repeat(&self) -> bool {
        self.line.may_repeat
    }

    fn line(&mut self) -> &mut Line<T> {
        &mut self.line
    }

    fn admit<E>(&self, endpoint: &Endpoint<'_>) -> Result<(), ChannelError<E>> {
        match &self.host {
            Some(host) if !host.eq_ignore_ascii_case(endpoint.host()) => Err(unsuited()),
            _ => Ok(()),
        }
    }
}

impl<T> Link for Insecure<T> {
    type Channel = T;

    fn is_open(&self) -> bool {
        self.0.open
    }

    fn may_repeat(&self) -> bool {
        self.0.may_repeat
    }

    fn line(&mut self) -> &mut Line<T> {
        &mut self.0
    }

    fn admit<E>(&self, endpoint: &Endpoint<'_>) -> Result<(), ChannelError<E>> {
        if endpoint.is_secure() { Err(unsuited()) } else { Ok(()) }
    }
}

impl<T> fmt::Debug for Secure<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secure").field("open", &self.line.open).finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for Insecure<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Insecure").field("open", &self.0.open).finish_non_exhaustive()
    }
}

#[cfg(feature = "defmt")]
impl<T> defmt::Format for Secure<T> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "Secure(open: {=bool})", self.line.open);
    }
}

#[cfg(feature = "defmt")]
impl<T> defmt::Format for Insecure<T> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "Insecure(open: {=bool})", self.0.open);
    }
}
