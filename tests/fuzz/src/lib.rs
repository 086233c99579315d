//! What the fuzz targets check: one module for each, with a function `check` that takes any bytes and panics when
//! something is wrong with what heyan makes of them.
//!
//! Each module's documentation says how it reads its bytes. The seeds are made of the fixtures of the conformance tests:
//! `seeds/`.
//!
//! A new target is one module here, three lines in `fuzz_targets/`, a `[[bin]]` in `Cargo.toml`, its seeds, and its name in
//! `tests/xtask/src/fuzz.rs`. A target without seeds, or one that executes nothing, fails.
#![forbid(unsafe_code)]

mod asked;
pub mod control;
pub mod csv;
pub mod exchange;
pub mod gateway;
pub mod id_number;
pub mod input;
pub mod json;
pub mod reader;
mod tls;
pub mod tls_embedded;
pub mod tls_rustls;

pub use tls::{op, script};
