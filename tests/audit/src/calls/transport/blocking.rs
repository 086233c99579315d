//! The blocking half.

use core::cell::RefCell;
use core::fmt::Debug;
use core::hint::black_box;
use core::ops::ControlFlow;
use core::time::Duration;

use heyan::{Exchange, Inquiry};
use heyan_embedded::blocking::{StreamError, Timer, connect, exchange, resolve, timer, verify, verify_kept};
use heyan_embedded::embedded_io::Error as _;
use heyan_embedded::embedded_nal::AddrType;
use heyan_embedded::{Clock, Insecure, Secure};

use super::peer::{Modem, Stack, StackError};
use super::{ending, failure, inquiry, show, shown, take, watch};

pub(super) fn calls() {
    let board = timer(|| black_box(Duration::ZERO), || black_box(ControlFlow::Continue(())));
    take((board.now(), board.idle()));
    take(show(&board as &dyn Debug));
    inquiry(verifications);
    let error = black_box(StreamError::Stack(StackError));
    take(error.kind());
    take(shown(&error));
}

fn verifications(inquiry: &Inquiry<'_>) {
    let watch = watch();
    let mut buffer = [0; 2048];

    // Name, connection, verification.
    let stack = RefCell::new(Stack);
    match resolve(&stack, inquiry.endpoint(), black_box(AddrType::Either), &watch) {
        Ok(address) => match connect(&stack, address, &watch) {
            Ok(channel) => {
                take(show(&channel as &dyn Debug));
                let mut link = Insecure::plain_text(channel);
                ending(verify(&mut link, inquiry, black_box(&mut buffer), &watch));
            }
            Err(error) => take(shown(&error)),
        },
        Err(error) => failure(&heyan::Error::<StreamError<StackError>>::Channel(error)),
    }

    // A modem that does TLS, kept.
    let mut kept = black_box(None);
    let fresh = |slot: &mut Option<Secure<Modem>>| {
        *slot = Some(Secure::vouch(Modem));
        if black_box(true) { Ok(()) } else { Err(heyan_embedded::TimedOut.into_error(false)) }
    };
    ending(verify_kept(&mut kept, fresh, inquiry, black_box(&mut buffer), &watch));

    // Only the bytes.
    match inquiry.write(&mut buffer) {
        Ok(request) => {
            let mut bytes = Exchange::new(request);
            let mut link = Secure::vouch(Modem);
            match exchange(&mut link, inquiry.endpoint(), &mut bytes, &watch) {
                Ok(()) => take(bytes.finish().is_ok()),
                Err(error) => failure(&heyan::Error::Channel(error)),
            }
        }
        Err(error) => take(shown(&error)),
    }
}
