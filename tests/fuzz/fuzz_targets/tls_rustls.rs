//! See `heyan_fuzz::tls_rustls`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| heyan_fuzz::tls_rustls::check(data));
