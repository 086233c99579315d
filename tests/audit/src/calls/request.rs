//! Who pays, where it goes, and the request.

use core::fmt::Debug;
use core::hint::black_box;

use heyan::http::Fields;
use heyan::provider::{Factor, Finding, Placement, Reply};
use heyan::{
    AppCode, AppKey, Buffer, Consent, Credentials, EncodeError, Endpoint, Info, Inquiry, Provider, ReplyFault, Request,
    Stamp, Subject, VendorKey,
};

use super::subject::person;
use super::words::{show, shown};
use super::{take, text};

pub(super) fn calls() {
    information();
    endpoints();
    let _ = inquiry(black_box(&Own as &dyn Provider), |inquiry| {
        take(inquiry.provider().info());
        take(inquiry.endpoint().authority());
        take(show(inquiry as &dyn Debug));
        let mut buffer = Buffer::<2048>::default();
        match inquiry.write(black_box(&mut buffer)) {
            Ok(request) => view(&request),
            Err(error) => take(shown(&error)),
        }
        buffer.wipe();
        heyan::wipe(black_box(&mut buffer));
        take(show(&buffer as &dyn Debug));
    });
}

/// Hands an inquiry over that could be any.
pub(super) fn inquiry(provider: &dyn Provider, to: impl FnOnce(&Inquiry<'_>)) -> Option<()> {
    let credentials = credentials()?;
    take(show(&credentials as &dyn Debug));
    person(|subject| match Inquiry::new(provider, subject.clone(), Consent::given(), credentials) {
        Ok(mut inquiry) => {
            if let Ok(endpoint) = Endpoint::parse(text()) {
                inquiry = inquiry.at(endpoint);
            }
            if black_box(true) {
                inquiry = inquiry.with_fields(&extra);
            }
            inquiry.restamp(Stamp::new(black_box(2), black_box([8; 16])));
            to(&inquiry);
        }
        Err(error) => take(shown(&error)),
    })
}

fn extra(subject: &Subject<'_>, fields: &mut Fields<'_>) -> Result<(), EncodeError> {
    fields.add(text(), subject.id().expose())
}

fn credentials() -> Option<Credentials<'static>> {
    match black_box(1) {
        0 => match AppCode::new(text()) {
            Ok(code) => {
                take(code.expose());
                Some(Credentials::AppCode(code))
            }
            Err(error) => {
                take(shown(&error));
                None
            }
        },
        1 => {
            let key = AppKey::new(text(), text()).ok()?;
            take((key.expose_key(), key.expose_secret()));
            let stamp = Stamp::new(black_box(1_700_000_000_000), black_box([7; 16]));
            let stamp = Stamp::with_nonce(black_box(1), text()).unwrap_or(stamp);
            take((stamp.unix_ms(), stamp.nonce()));
            take(show(&stamp as &dyn Debug));
            Some(Credentials::Signed(key, stamp))
        }
        _ => {
            let key = VendorKey::new(text()).ok()?;
            take(key.expose());
            Some(Credentials::VendorKey(key))
        }
    }
}

fn information() {
    let parameters: &[(&str, Factor)] = &[("name", Factor::Name)];
    let placement = if black_box(true) { Placement::Form } else { Placement::Query };
    let info = Info::new(text(), text(), text(), text(), placement, black_box(parameters));
    let info = info.with_vendor_key(text()).with_product_page(text());
    take((info.method().as_str(), info.request_len_max(), info.buffer_len(), info.checks_mobile()));
    take(show(&info as &dyn Debug));
}

fn endpoints() {
    for parsed in [Endpoint::parse(text()), Endpoint::parse_insecure_http(text())] {
        match parsed {
            Ok(endpoint) => {
                take((endpoint.is_secure(), endpoint.authority(), endpoint.host(), endpoint.port(), endpoint.path()));
                take(show(&endpoint as &dyn Debug));
            }
            Err(error) => take(shown(&error)),
        }
    }
}

fn view(request: &Request<'_>) {
    take(request.len());
    let view = request.expose();
    take((view.bytes, view.method.as_str(), view.target, view.body));
    for header in view.headers() {
        take(header);
    }
    take(show(request as &dyn Debug));
}

/// A provider that reads no reply, so that no reader is linked.
struct Own;

static OWN: Info =
    Info::new("own", "", "own.example.com", "/", Placement::Form, &[("n", Factor::Name), ("m", Factor::Mobile)]);

impl Provider for Own {
    fn info(&self) -> &'static Info {
        black_box(&OWN)
    }

    fn interpret<'b>(&self, _: &Reply<'_, 'b>) -> Result<Finding<'b>, ReplyFault> {
        Err(ReplyFault::NoVerdict)
    }
}
