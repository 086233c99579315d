//! The async half.

use core::hint::black_box;

use heyan::{Exchange, Inquiry};
use heyan_embedded::embedded_nal::AddrType;
use heyan_embedded::{Insecure, Secure, connect, exchange, resolve, verify, verify_kept};

use super::peer::{Modem, Stack, block_on};
use super::{ending, failure, inquiry, shown, take, watch};

pub(super) fn calls() {
    inquiry(|inquiry| block_on(verifications(inquiry)));
}

async fn verifications(inquiry: &Inquiry<'_>) {
    let watch = watch();
    let mut buffer = [0; 2048];

    // Name, connection, verification.
    match resolve::<_, _, heyan_embedded::embedded_io::ErrorKind>(
        &Stack,
        inquiry.endpoint(),
        black_box(AddrType::Either),
        &watch,
    )
    .await
    {
        Ok(address) => match connect(&Stack, address, &watch).await {
            Ok(channel) => {
                let mut link = Insecure::plain_text(channel);
                ending(verify(&mut link, inquiry, black_box(&mut buffer), &watch).await);
            }
            Err(error) => take(shown(&error)),
        },
        Err(error) => take(shown(&error)),
    }

    // A modem that does TLS, kept.
    let mut kept = black_box(None);
    let fresh = async |slot: &mut Option<Secure<Modem>>| {
        *slot = Some(Secure::vouch(Modem));
        if black_box(true) { Ok(()) } else { Err(heyan_embedded::TimedOut.into_error(false)) }
    };
    ending(verify_kept(&mut kept, fresh, inquiry, black_box(&mut buffer), &watch).await);

    // Only the bytes.
    match inquiry.write(&mut buffer) {
        Ok(request) => {
            let mut bytes = Exchange::new(request);
            let mut link = Secure::vouch(Modem);
            match exchange(&mut link, inquiry.endpoint(), &mut bytes, &watch).await {
                Ok(()) => take(bytes.finish().is_ok()),
                Err(error) => failure(&heyan::Error::Channel(error)),
            }
        }
        Err(error) => take(shown(&error)),
    }
    take(watch.within(async { black_box(1) }).await);
}
