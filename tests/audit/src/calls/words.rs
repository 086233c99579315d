//! What errors and endings say, on a screen and in a log.

use core::convert::Infallible;
use core::fmt::{self, Debug, Display, Write};
use core::hint::black_box;

use heyan::{
    Billing, ChannelError, ChannelFault, Code, CredentialError, EncodeError, EndpointError, Error, IdNumberError,
    MobileError, NameError, ProtocolError, RefusalClass, ReplyFault, Retry, Verdict,
};

use super::{take, text};

pub(super) fn calls() {
    take(shown(black_box(&EncodeError::Buffer { needed: 1 })));
    take(shown(black_box(&CredentialError::Character { at: 1 })));
    take(shown(black_box(&EndpointError::Host)));
    take(shown(black_box(&IdNumberError::Length)));
    take(shown(black_box(&NameError::Empty)));
    take(shown(black_box(&MobileError::Length)));
    take(shown(black_box(&ProtocolError::Closed)));
    take(show(black_box(&ReplyFault::NotJson) as &dyn Debug));

    let protocol = black_box(ProtocolError::Head);
    take((protocol.billing(), protocol.retry()));
    let channel =
        ChannelError { fault: black_box(ChannelFault::Tls), sent: black_box(true), source: None::<Infallible> };
    take((channel.billing(), channel.retry()));
    take(shown(&channel));
    let error: Error = black_box(Error::Channel(channel));
    take((error.billing(), error.retry(), error.reference()));
    take(shown(&error));
    take(shown(&error.widen::<u8>()));
    take(shown(&Error::<u8>::from(protocol)));
    take(shown(&Error::<u8>::from(black_box(EncodeError::Fields))));

    for class in RefusalClass::ALL {
        take((class.word(), class.retry()));
    }
    take(black_box(Verdict::Match).word());
    take((black_box(Billing::Free).word(), Billing::from_word(text())));
    take(black_box(Retry::Never).word());
    if let Some(code) = Code::new(text()) {
        take(code.as_str());
        take(shown(&code));
    }
}

/// Writes both ways.
pub(super) fn shown<T: Display + Debug>(value: &T) -> bool {
    show(value as &dyn Display) & show(value as &dyn Debug)
}

/// Something that can be written.
pub(super) trait Writes {
    fn write(&self, to: &mut Screen) -> fmt::Result;
}

impl Writes for &dyn Display {
    fn write(&self, to: &mut Screen) -> fmt::Result {
        write!(to, "{self}")
    }
}

impl Writes for &dyn Debug {
    fn write(&self, to: &mut Screen) -> fmt::Result {
        write!(to, "{self:?}")
    }
}

pub(super) fn show(value: impl Writes) -> bool {
    value.write(&mut Screen).is_ok()
}

/// A screen that nobody looks at.
pub(super) struct Screen;

impl Write for Screen {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if black_box(text).is_empty() { Err(fmt::Error) } else { Ok(()) }
    }
}
