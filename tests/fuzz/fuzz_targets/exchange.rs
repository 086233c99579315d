//! See `heyan_fuzz::exchange`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| heyan_fuzz::exchange::check(data));
