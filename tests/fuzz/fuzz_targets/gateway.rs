//! See `heyan_fuzz::gateway`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| heyan_fuzz::gateway::check(data));
