//! See `heyan_fuzz::id_number`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| heyan_fuzz::id_number::check(data));
