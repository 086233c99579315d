//! Linker script and relocations for the images, and the provider that the size image is built with. Told so, it is padded:
//! the check of its size must see that.

use std::path::Path;
use std::{env, fs};

fn main() {
    let here = env::var("CARGO_MANIFEST_DIR").expect("cargo sets it");
    println!("cargo:rerun-if-changed=memory.x");
    println!("cargo:rustc-link-search={here}");
    println!("cargo:rustc-link-arg-bins=-Tlink.x");
    // The audit finds the calls of panicking functions by their relocations.
    println!("cargo:rustc-link-arg-bins=--emit-relocs");

    // The log of the kiosk's board.
    if env::var_os("CARGO_FEATURE_NETWORK").is_some() {
        println!("cargo:rustc-link-arg-bins=-Tdefmt.x");
    }

    println!("cargo:rerun-if-env-changed=HEYAN_AUDIT_PROVIDER");
    let slug = env::var("HEYAN_AUDIT_PROVIDER").unwrap_or_else(|_| "idcert".to_owned());
    let provider = match slug.as_str() {
        "all" => "&[&dyn Provider] = heyan::provider::ALL".to_owned(),
        slug => format!("&[&dyn Provider; 1] = &[&heyan::provider::{}]", slug.to_uppercase()),
    };
    println!("cargo:rerun-if-env-changed=HEYAN_AUDIT_PADDING");
    let padding = env::var("HEYAN_AUDIT_PADDING").unwrap_or_else(|_| "0".to_owned());
    let code = format!(
        "/// The providers linked.\npub static PROVIDERS: {provider};\n\
         /// Flash that is there for nothing.\npub static PADDING: [u8; {padding}] = [0x5A; {padding}];\n"
    );
    fs::write(Path::new(&env::var("OUT_DIR").expect("cargo sets it")).join("providers.rs"), code)
        .expect("OUT_DIR can be written");
}
