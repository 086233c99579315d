//! See `heyan_fuzz::json`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| heyan_fuzz::json::check(data));
