//! The files that show what was measured: results, READMEs and pictures.

use std::fs;
use std::path::{Path, PathBuf};

use crate::results::Results;
use crate::{Language, groups, plot, readme, table};

const READMES: [(&str, Language); 2] = [("README.md", Language::English), ("README.zh-CN.md", Language::Chinese)];

type Draw = fn(&Results, Language) -> String;

/// The names of the markers, and what stands between them.
const TABLES: [(&str, Draw); 2] = [("versus", table::versus), ("growth", table::growth)];

/// The file of results.
#[must_use]
pub fn results() -> PathBuf {
    root().join("tests/versus/results.tsv")
}

/// Writes all of them.
///
/// # Errors
/// The file that cannot be written, or has no markers.
pub fn write(results: &Results) -> Result<(), String> {
    put(&self::results(), &results.to_text())?;
    for (file, language) in READMES {
        for (name, draw) in TABLES {
            readme::write(&root().join(file), name, &draw(results, language))?;
        }
    }
    for group in groups::ALL {
        put(&root().join(table::picture(group)), &plot::picture(results, group))?;
    }
    Ok(())
}

/// Sees that what they show is what the file of results says.
///
/// # Errors
/// The file that shows something else.
pub fn check(results: &Results) -> Result<(), String> {
    for (file, language) in READMES {
        for (name, draw) in TABLES {
            readme::check(&root().join(file), name, &draw(results, language), "cargo xtask bench")?;
        }
    }
    for group in groups::ALL {
        let path = root().join(table::picture(group));
        let drawn = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        if drawn != plot::picture(results, group) {
            return Err(format!("{} does not show the results: cargo xtask bench", path.display()));
        }
    }
    Ok(())
}

fn put(path: &Path, text: &str) -> Result<(), String> {
    let folder = path.parent().unwrap_or(path);
    let written = fs::create_dir_all(folder).and_then(|()| fs::write(path, text));
    written.map_err(|error| format!("{}: {error}", path.display()))
}

/// The root of the repository.
fn root() -> PathBuf {
    // Cargo and `cargo xtask bench` set it; the one of the build would be wrong in a tree that was moved.
    let own =
        std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    own.join("../..")
}
