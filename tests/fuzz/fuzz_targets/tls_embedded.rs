//! See `heyan_fuzz::tls_embedded`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| heyan_fuzz::tls_embedded::check(data));
