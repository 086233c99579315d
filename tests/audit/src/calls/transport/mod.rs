//! Calls of every public function of the devices' transport, over a network and a board that could answer anything.

mod asynch;
mod blocking;
#[cfg(feature = "embedded-tls")]
mod embedded_tls;
mod ledger;
mod peer;
#[cfg(feature = "rustls")]
mod rustls;
#[cfg(feature = "tls")]
mod tls;

use core::fmt::{Debug, Display};
use core::hint::black_box;
use core::time::Duration;

use heyan::{ChannelError, Error, Inquiry, OwnedOutcome, provider};
use heyan_embedded::embedded_io::ErrorKind;
use heyan_embedded::{Deadlines, Insecure, Link, Secure, Stage, TimedOut, Watch};

use super::request;
use super::words::{show, shown};
use super::{take, text};
use peer::{Board, Modem};

/// Everything without TLS.
pub fn plain() {
    links();
    deadlines();
    asynch::calls();
    blocking::calls();
    ledger::calls();
}

/// TLS of the kind whose feature is on.
#[cfg(feature = "tls")]
pub fn over_tls() {
    tls::words();
    #[cfg(feature = "embedded-tls")]
    embedded_tls::calls();
    #[cfg(feature = "rustls")]
    rustls::calls();
}

fn links() {
    let mut secure = Secure::vouch(Modem).for_host(text());
    take((secure.is_open(), secure.may_repeat()));
    take(secure.channel());
    take(show(&secure as &dyn Debug));
    take(secure.into_channel());
    let mut insecure = Insecure::plain_text(Modem);
    take((insecure.is_open(), insecure.may_repeat()));
    take(insecure.channel());
    take(show(&insecure as &dyn Debug));
    take(insecure.into_channel());
}

fn deadlines() {
    let watch = watch();
    watch.begin();
    watch.enter(black_box(Stage::Receive));
    take((watch.stage(), watch.deadline(), watch.wait()));
    take(watch.clock());
    watch.end();
    take(show(&watch as &dyn Debug));
    take(show(&black_box(Deadlines::default()) as &dyn Debug));
    take(show(&black_box(Stage::Idle) as &dyn Debug));
    let late: ChannelError<ErrorKind> = black_box(TimedOut).into_error(black_box(true));
    take(shown(&late));
}

/// A watch with deadlines that could be any.
fn watch() -> Watch<Board> {
    let some = black_box(Duration::from_secs(1));
    Watch::new(Board, black_box(Deadlines { connect: some, handshake: some, first_byte: some, call: some }))
}

/// An inquiry that could be any.
fn inquiry(to: impl FnOnce(&Inquiry<'_>)) {
    if let Some(provider) = provider::by_slug(text()) {
        let _ = request::inquiry(provider, to);
    }
}

fn ending<E: Display + Debug>(result: Result<OwnedOutcome, Error<E>>) {
    match result {
        Ok(outcome) => take(outcome.verdict()),
        Err(error) => failure(&error),
    }
}

fn failure<E: Display + Debug>(error: &Error<E>) {
    take((error.billing(), error.retry()));
    take(shown(error));
}
