//! One verification as a device does it, from the text of the card to the verdict: what the sizes, the stack and the
//! counts are of.

use core::hint::black_box;

use heyan::{
    AppCode, AppKey, Consent, Credentials, Date, Error, Exchange, IdNumber, Inquiry, Mobile, Name, Provider, Response,
    Stamp, Step, Subject, Verdict,
};

include!(concat!(env!("OUT_DIR"), "/providers.rs"));

/// Day on which all numbers are judged.
pub const TODAY: Date = Date::new(2026, 11, 1).unwrap();
/// Checksum correct, born on 1900-01-01: nobody's.
pub const NUMBER: &str = "110101190001010057";

/// The AppCode of a purchase has 32 characters.
///
/// # Panics
/// Never: the text is an AppCode.
#[must_use]
pub fn app_code() -> Credentials<'static> {
    let Ok(code) = AppCode::new(black_box("test-appcode-not-a-secret-000000")) else { crate::board::exit(102) };
    Credentials::AppCode(code)
}

/// An AppKey has 8 characters, its AppSecret 32.
#[must_use]
pub fn signed() -> Credentials<'static> {
    let Ok(key) = AppKey::new(black_box("12345678"), black_box("test-appsecret-not-a-secret-0000")) else {
        crate::board::exit(102)
    };
    Credentials::Signed(key, Stamp::new(black_box(1_700_000_000_000), black_box([7; 16])))
}

/// An inquiry about nobody.
#[must_use]
pub fn inquiry(provider: &'static dyn Provider, credentials: Credentials<'static>) -> Option<Inquiry<'static>> {
    let id = IdNumber::parse(black_box(NUMBER), TODAY).ok()?;
    let mut subject = Subject::new(Name::parse(black_box("张三")).ok()?, id);
    if provider.info().checks_mobile() {
        subject = subject.with_mobile(Mobile::parse(black_box("13000000000")).ok()?);
    }
    Inquiry::new(provider, subject, Consent::given(), credentials).ok()
}

/// Writes the request, moves the bytes, and returns the reply. `reply` is what the peer sends, in one piece.
///
/// # Errors
/// As the core's.
pub fn exchange<'b>(inquiry: &Inquiry<'_>, buffer: &'b mut [u8], reply: &[u8]) -> Result<Response<'b>, Error> {
    let mut exchange = Exchange::new(inquiry.write(buffer)?);
    let mut unread = reply;
    loop {
        match exchange.step() {
            Step::Send(bytes) => {
                let count = black_box(bytes).len();
                exchange.sent(count);
            }
            Step::Receive(space) => {
                let count = space.len().min(unread.len());
                let (now, later) = unread.split_at_checked(count).unwrap_or_default();
                for (to, from) in space.iter_mut().zip(now) {
                    *to = *from;
                }
                unread = later;
                exchange.received(count);
            }
            Step::Done => return Ok(exchange.finish()?),
        }
    }
}

/// All of it, as an exit status.
pub fn verify(provider: &'static dyn Provider, credentials: Credentials<'static>, reply: &[u8]) -> u8 {
    let mut buffer = heyan::Buffer::<2048>::new();
    let Some(inquiry) = inquiry(provider, credentials) else { return 5 };
    let read = exchange(&inquiry, &mut buffer, reply).and_then(|response| inquiry.read(response));
    match read {
        Ok(outcome) => match outcome.verdict() {
            Verdict::Match => 0,
            Verdict::Mismatch => 1,
            Verdict::NoRecord => 2,
        },
        Err(error) => {
            #[cfg(feature = "messages")]
            {
                use core::fmt::Write;
                let _ = write!(crate::board::Screen, "{error}");
            }
            let _ = black_box((error.billing(), error.retry()));
            4
        }
    }
}
