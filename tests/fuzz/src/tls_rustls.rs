//! A device's TLS by rustls against a peer that says anything, at every stage: see [`script`](crate::script) for how the
//! bytes are read.

use heyan::{Error, OwnedOutcome};
use heyan_embedded::blocking::{self, tls::rustls::open};
use heyan_embedded::tls::Memory;
use heyan_embedded::tls::rustls::{Algorithms, Config, RECEIVE_LEN, SEND_LEN};

use crate::tls::{DICE, HOST, Pipe, check_with, gateway_inquiry, reset_dice, trust, watch};

static ALGORITHMS: Algorithms = Algorithms::new(&DICE);

/// Any bytes.
pub fn check(data: &[u8]) {
    check_with(data, true, call);
}

fn call(channel: Pipe) -> Result<OwnedOutcome, Error> {
    reset_dice();
    let config = Config::new(&ALGORITHMS, trust()).expect("an anchor");
    let (mut receive, mut send) = (vec![0; RECEIVE_LEN], vec![0; SEND_LEN]);
    let watch = watch();
    let memory = Memory { receive: &mut receive, send: &mut send };
    let mut link = open(channel, memory, HOST, &config, &watch).map_err(crate::tls::plain_channel)?;
    let mut buffer = [0; crate::asked::BUFFER_LEN];
    blocking::verify(&mut link, &gateway_inquiry(), &mut buffer, &watch).map_err(crate::tls::plain)
}
