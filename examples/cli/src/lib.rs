//! What the `heyan` command reads, as far as others need it: `tests/fuzz` throws files at it.

pub mod table;
