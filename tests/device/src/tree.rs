//! Copies of the sources that are changed as a text, to see whether a check notices: what the project ships has no switch
//! for that.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::build::root;

/// What a file says instead: from its path in the tree and its text.
pub type Change<'c> = &'c mut dyn FnMut(&Path, Vec<u8>) -> Result<Vec<u8>>;

/// Copies files and folders of the tree. What would not change stays as it is, so that cargo does not build it again.
pub fn copy(sources: &[&str], to: &Path, change: Change<'_>) -> Result<()> {
    sources.iter().try_for_each(|source| copy_one(&root(), Path::new(source), to, change))
}

fn copy_one(from: &Path, what: &Path, to: &Path, change: Change<'_>) -> Result<()> {
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
                copy_one(from, &what.join(name), to, change)?;
            }
        }
        return Ok(());
    }
    let bytes = change(what, fs::read(&source).with_context(|| source.display().to_string())?)?;
    if fs::read(to.join(what)).ok().as_ref() != Some(&bytes) {
        fs::create_dir_all(to.join(what).parent().unwrap_or(to))?;
        fs::write(to.join(what), bytes)?;
    }
    Ok(())
}
