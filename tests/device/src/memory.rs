//! What a kiosk takes of the device's memory while it verifies: it says so itself, at the end of its log.

use anyhow::{Context, Result, ensure};
use clap::ValueEnum;
use heyan_sandbox::{APP_KEY, APP_SECRET};

use crate::baseline::Figures;
use crate::emulator::{self, Wire};
use crate::figures::{HEAP, STACK};
use crate::kiosk::Variant;

/// Adds the deepest stack of every kiosk and the fullest heap of those that have one. A run differs from the next by a
/// few bytes of heap, which are those of the server's certificates.
pub fn run(figures: &mut Figures) -> Result<()> {
    for variant in Variant::value_variants() {
        let (sandbox, words, _anchor) = variant.sandbox("idcert")?;
        // A signed request takes more than one with an AppCode. The second handshake resumes the session of the first,
        // where there is such a thing.
        let mut entered = ["name=张三", "id=11010119000101009X", "times=2"].map(String::from).to_vec();
        entered.extend([format!("appkey={APP_KEY}"), format!("appsecret={APP_SECRET}")]);
        entered.extend(words);
        let image = variant.image().build()?;
        let run = emulator::run(&image, &entered, Wire::Peer(sandbox.address(), variant.port()), false)?;
        ensure!(run.status == 0, "{variant:?} ended with {}: {}", run.status, run.screen);
        let log = run.log.join("\n");
        let stack =
            between(&log, ", stack ", " bytes").with_context(|| format!("{variant:?} tells no stack: {log}"))?;
        figures.insert((STACK.to_owned(), format!("kiosk, {}", variant.words())), stack);
        if let Some(heap) = between(&log, "bytes in use, ", " at most") {
            figures.insert((HEAP.to_owned(), format!("kiosk, {}", variant.words())), heap);
        }
    }
    Ok(())
}

/// The number between these words.
fn between(text: &str, before: &str, after: &str) -> Option<u64> {
    let (_, from) = text.split_once(before)?;
    let (number, _) = from.split_once(after)?;
    number.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::between;

    #[test]
    fn a_log_tells_both() {
        let log = "heap: 1752 bytes in use, 5324 at most\ndone: Match, stack 19592 bytes";
        assert_eq!(between(log, "bytes in use, ", " at most"), Some(5324));
        assert_eq!(between(log, ", stack ", " bytes"), Some(19592));
        assert_eq!(between(log, "flash ", " bytes"), None);
    }
}
