//! TLS without a heap.

use core::fmt::Debug;

use heyan_embedded::blocking;
use heyan_embedded::tls::Memory;
use heyan_embedded::tls::embedded::{RECEIVE_LEN, SEND_LEN, open};
use heyan_embedded::verify;

use super::peer::{Modem, block_on};
use super::tls::{NOISE, trust};
use super::{ending, inquiry, show, shown, take, text, watch};

pub(super) fn calls() {
    let mut buffer = [0; 2048];
    let (mut receive, mut send) = ([0; RECEIVE_LEN], [0; SEND_LEN]);
    let watch = watch();
    let memory = Memory { receive: &mut receive, send: &mut send };
    block_on(async {
        match open(Modem, memory, text(), trust(), &NOISE, &watch).await {
            Ok(mut link) => {
                inquiry(|inquiry| block_on(async { ending(verify(&mut link, inquiry, &mut buffer, &watch).await) }));
                take(show(link.channel() as &dyn Debug));
                take(link.into_channel().close().await);
            }
            Err(error) => take(shown(&error)),
        }
    });
    let memory = Memory { receive: &mut receive, send: &mut send };
    match blocking::tls::embedded::open(Modem, memory, text(), trust(), &NOISE, &watch) {
        Ok(mut link) => {
            inquiry(|inquiry| ending(blocking::verify(&mut link, inquiry, &mut buffer, &watch)));
            take(show(link.channel() as &dyn Debug));
            take(link.into_channel().close());
        }
        Err(error) => take(shown(&error)),
    }
}
