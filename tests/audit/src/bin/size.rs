#![no_std]
#![no_main]
//! One verification with the providers that `HEYAN_AUDIT_PROVIDER` named in the build, for its size.

use core::hint::black_box;

use heyan_audit::case;

#[path = "../halt.rs"]
mod halt;

#[cortex_m_rt::entry]
fn main() -> ! {
    if !case::PADDING.is_empty() {
        black_box(&case::PADDING);
    }
    let credentials = if cfg!(feature = "signature") && black_box(true) { case::signed() } else { case::app_code() };
    let Some(provider) = case::PROVIDERS.get(black_box(0)) else { heyan_audit::board::exit(5) };
    heyan_audit::board::exit(case::verify(*provider, credentials, black_box(b"")))
}
