//! A device's TLS by embedded-tls against a peer that says anything, at every stage but one: see
//! [`script`](crate::script) for how the bytes are read.
//!
//! Behind the handshake the gateway itself, and nobody else, can make embedded-tls 0.19 panic by a handshake message that
//! nobody asked for, as the documentation of `heyan_embedded::tls::embedded` says: none are sent there.

use heyan::{Error, OwnedOutcome};
use heyan_embedded::blocking::{self, tls::embedded::open};
use heyan_embedded::tls::Memory;
use heyan_embedded::tls::embedded::{RECEIVE_LEN, SEND_LEN};

use crate::tls::{DICE, HOST, Pipe, check_with, gateway_inquiry, reset_dice, trust, watch};

/// Any bytes.
pub fn check(data: &[u8]) {
    check_with(data, false, call);
}

fn call(channel: Pipe) -> Result<OwnedOutcome, Error> {
    reset_dice();
    let (mut receive, mut send) = (vec![0; RECEIVE_LEN], vec![0; SEND_LEN]);
    let watch = watch();
    let memory = Memory { receive: &mut receive, send: &mut send };
    let mut link = open(channel, memory, HOST, trust(), &DICE, &watch).map_err(crate::tls::plain_channel)?;
    let mut buffer = [0; crate::asked::BUFFER_LEN];
    blocking::verify(&mut link, &gateway_inquiry(), &mut buffer, &watch).map_err(crate::tls::plain)
}
