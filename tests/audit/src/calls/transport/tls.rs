//! What both kinds of TLS share.

use core::fmt::Debug;
use core::hint::black_box;

use heyan_embedded::embedded_io::{Error as _, ErrorKind};
use heyan_embedded::tls::{Dates, Distrust, Memory, NoRandomness, Random, TlsError, Trust};

use super::super::words::{show, shown};
use super::take;

/// A source of randomness.
pub(super) struct Noise;

/// The only one: rustls wants it for ever.
pub(super) static NOISE: Noise = Noise;

impl Random for Noise {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoRandomness> {
        bytes.fill(black_box(7));
        if black_box(true) { Ok(()) } else { Err(NoRandomness) }
    }
}

/// Anchors and a clock that could be any.
pub(super) fn trust() -> Trust<'static> {
    static ANCHORS: &[&[u8]] = &[&[0x30]];
    let clock: fn() -> Option<u64> = || black_box(Some(1));
    let dates = if black_box(true) { Dates::CheckedBy(clock) } else { Dates::UncheckedForWantOfAClock };
    let trust = Trust::new(black_box(ANCHORS), dates);
    take(show(&trust as &dyn Debug));
    trust
}

pub(super) fn words() {
    take(shown(&black_box(NoRandomness)));
    take(shown(&black_box(Distrust::NoCertificate)));
    let error = black_box(TlsError::Channel(ErrorKind::Other));
    take(error.kind());
    take(shown(&error));
    let memory = Memory { receive: black_box(&mut []), send: black_box(&mut []) };
    take(show(&memory as &dyn Debug));
}
