//! The negative control: the same kiosk, but built from copies of the sources in which TLS believes everybody. What the
//! project ships has no switch for that, so the copies are changed as a text.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use heyan_peers::Tls;

use crate::build::target_folder;
use crate::kiosk::Variant;
use crate::tree;

/// A file, a line in it that checks something, and what stands there instead.
type Change = (&'static str, &'static str, &'static str);

/// Chains, dates and names: both kinds of TLS ask the same function.
const CHAIN: Change = (
    "transport-embedded/src/tls/chain.rs",
    "    let ders = ders(trust);\n    let mut anchors = Vec::new();\n    fill(&mut anchors, &ders, trust)?;\n    let leaf",
    "    if true {\n        return Ok(());\n    }\n    let ders = ders(trust);\n    let mut anchors = Vec::new();\n    fill(&mut anchors, &ders, trust)?;\n    let leaf",
);

/// The proof that the server has the key of its certificate.
const RUSTLS: [Change; 3] = [
    CHAIN,
    (
        "transport-embedded/src/tls/rustls/verifier.rs",
        "        verify_tls12_signature(message, leaf, signed, &VERIFICATION)\n",
        "        verify_tls12_signature(message, leaf, signed, &VERIFICATION).or(Ok(HandshakeSignatureValid::assertion()))\n",
    ),
    (
        "transport-embedded/src/tls/rustls/verifier.rs",
        "        verify_tls13_signature(message, leaf, signed, &VERIFICATION)\n",
        "        verify_tls13_signature(message, leaf, signed, &VERIFICATION).or(Ok(HandshakeSignatureValid::assertion()))\n",
    ),
];

/// The same, and the book of what was proven.
const EMBEDDED: [Change; 3] = [
    CHAIN,
    (
        "transport-embedded/src/tls/embedded/verifier.rs",
        "        let good = result.is_ok();\n",
        "        let good = true;\n",
    ),
    (
        "transport-embedded/src/tls/embedded/mod.rs",
        "        (Ok(()), Err(distrust)) => Err(TlsError::Untrusted(distrust)),\n",
        "        (Ok(()), Err(_)) => Ok(()),\n",
    ),
];

/// What the kiosk is built from.
const SOURCES: [&str; 4] = ["Cargo.toml", "core", "transport-embedded", "examples/firmware"];

/// Builds the careless twin of a kiosk and says where it is.
pub fn build(variant: Variant, tls: Tls) -> Result<PathBuf> {
    let changes = match tls {
        Tls::Rustls => RUSTLS,
        Tls::Embedded => EMBEDDED,
    };
    let name = format!("careless-{variant:?}");
    let copy = target_folder().join(&name);
    tree::copy(&SOURCES, &copy, &mut |file, bytes| changed(file, bytes, &changes))?;
    let package = copy.join("examples/firmware");
    let mut image = variant.image();
    image.package = package.to_str().context("the folder for images has no name in UTF-8")?;
    image.build_as(&name)
}

/// The text of a file with its changes.
fn changed(file: &Path, bytes: Vec<u8>, changes: &[Change]) -> Result<Vec<u8>> {
    let mut bytes = bytes;
    for (_, before, after) in changes.iter().filter(|(of, ..)| Path::new(of) == file) {
        let text = String::from_utf8(bytes)?;
        let found = text.matches(before).count();
        ensure!(
            found == 1,
            "{} has changed: what the negative control leaves out stands there {found} times",
            file.display()
        );
        bytes = text.replace(before, after).into_bytes();
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::{EMBEDDED, RUSTLS, changed};
    use crate::build::root;

    /// Without an hour of building, whether every line that is left out is still there.
    #[test]
    fn every_change_fits() {
        for change in RUSTLS.into_iter().chain(EMBEDDED) {
            let path = root().join(change.0);
            let source = std::fs::read(&path).unwrap();
            let careless = changed(change.0.as_ref(), source.clone(), &[change]).unwrap();
            assert_ne!(careless, source, "{change:?}");
            assert!(changed(change.0.as_ref(), careless[..change.1.len()].to_vec(), &[change]).is_err());
        }
    }
}
