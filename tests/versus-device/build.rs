//! Linker scripts for the images.

use std::env;

fn main() {
    println!("cargo:rerun-if-changed=memory.x");
    println!("cargo:rustc-link-search={}", env::var("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    println!("cargo:rustc-link-arg-bins=-Tlink.x");
    // The log of the kiosk's board.
    println!("cargo:rustc-link-arg-bins=-Tdefmt.x");
}
