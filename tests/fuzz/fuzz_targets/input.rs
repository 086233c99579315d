//! See `heyan_fuzz::input`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| heyan_fuzz::input::check(data));
