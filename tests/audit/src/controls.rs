//! What a careless line would look like. Each is a feature, so that each is found alone.

use core::hint::black_box;

/// Does what the feature says.
pub fn run() {
    let numbers: &[u8] = black_box(&[1, 2, 3]);
    if cfg!(feature = "index") {
        black_box(numbers[black_box(1)]);
    }
    if cfg!(feature = "slice") {
        black_box(&numbers[black_box(1)..black_box(2)]);
    }
    if cfg!(feature = "unwrap") {
        black_box(numbers.first().copied().unwrap());
    }
    if cfg!(feature = "division") {
        black_box(1 / black_box(numbers.len()));
    }
}
