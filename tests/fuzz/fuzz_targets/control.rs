//! See `heyan_fuzz::control`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| heyan_fuzz::control::check(data));
