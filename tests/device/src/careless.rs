//! The negative control: the same kiosk, but built from copies of the sources in which TLS believes everybody. What the
//! project ships has no switch for that, so the copies are changed as a text.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use heyan_peers::Tls;

use crate::build::{root, target_folder};
use crate::kiosk::Variant;

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
    for source in SOURCES {
        copy_changed(&root(), Path::new(source), &copy, &changes)?;
    }
    let package = copy.join("examples/firmware");
    let mut image = variant.image();
    image.package = package.to_str().context("the folder for images has no name in UTF-8")?;
    image.build_as(&name)
}

/// Copies a file or a folder. What would not change stays as it is, so that cargo does not build it again.
fn copy_changed(from: &Path, what: &Path, to: &Path, changes: &[Change]) -> Result<()> {
    let source = from.join(what);
    if source.is_dir() {
        // What an earlier copy has and the source has no more.
        for entry in fs::read_dir(to.join(what)).into_iter().flatten() {
            let entry = entry?;
            if entry.file_name() == "target" || source.join(entry.file_name()).exists() {
                continue;
            }
            if entry.file_type()?.is_dir() { fs::remove_dir_all(entry.path())? } else { fs::remove_file(entry.path())? }
        }
        for entry in fs::read_dir(&source)? {
            let name = entry?.file_name();
            if name != "target" {
                copy_changed(from, &what.join(name), to, changes)?;
            }
        }
        return Ok(());
    }
    let mut bytes = fs::read(&source).with_context(|| source.display().to_string())?;
    for (_, before, after) in changes.iter().filter(|(file, ..)| Path::new(file) == what) {
        let text = String::from_utf8(bytes)?;
        let found = text.matches(before).count();
        ensure!(
            found == 1,
            "{} has changed: what the negative control leaves out stands there {found} times",
            what.display()
        );
        bytes = text.replace(before, after).into_bytes();
    }
    if fs::read(to.join(what)).ok().as_ref() != Some(&bytes) {
        fs::create_dir_all(to.join(what).parent().unwrap_or(to))?;
        fs::write(to.join(what), bytes)?;
    }
    Ok(())
}
