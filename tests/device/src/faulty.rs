//! A copy of the devices' transport with faults in its drivers: what the audit must find.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::build::root;

/// Behind which line of a driver the faults stand, and what that line has just counted.
const DRIVERS: [(&str, &str, &str); 5] = [
    ("transport-embedded/src/driver.rs", "if watch.stage() == Stage::FirstByte {", "count"),
    ("transport-embedded/src/blocking/driver.rs", "if watch.stage() == Stage::FirstByte {", "count"),
    (
        "transport-embedded/src/tls/rustls/asynch.rs",
        "let count = self.channel.read(self.engine.space()).await.map_err(TlsError::Channel)?;",
        "count",
    ),
    (
        "transport-embedded/src/blocking/tls/rustls.rs",
        "let count = self.channel.read(self.engine.space()).map_err(TlsError::Channel)?;",
        "count",
    ),
    ("transport-embedded/src/tls/embedded/gate.rs", "let room = self.records.room().min(space.len());", "room"),
];

/// What a careless line would look like: an index, an `unwrap`, a division.
const FAULTS: [&str; 3] = [
    "core::hint::black_box([0_u8; 4][core::hint::black_box(COUNT)]);",
    "core::hint::black_box(core::hint::black_box(Some(COUNT)).unwrap());",
    "core::hint::black_box(7 / core::hint::black_box(COUNT));",
];

/// The copy.
pub struct Faulty {
    /// `tests/audit` in it.
    pub audit: PathBuf,
    /// Every fault, as `transport-embedded/src/driver.rs:145`.
    pub places: Vec<String>,
}

/// Lays the whole tree anew in `folder`, by links but for what differs or builds.
pub fn lay(folder: &Path) -> Result<Faulty> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| folder.display().to_string())?;
    }
    link_all_but(&root(), folder, &["transport-embedded", "tests", "target", ".git"])?;
    link_all_but(&root().join("tests"), &folder.join("tests"), &["audit"])?;
    copy(&root().join("transport-embedded"), &folder.join("transport-embedded"))?;
    let audit = folder.join("tests/audit");
    copy(&root().join("tests/audit"), &audit)?;
    let mut places = Vec::new();
    for (file, anchor, count) in DRIVERS {
        let path = folder.join(file);
        let text = fs::read_to_string(&path).with_context(|| file.to_owned())?;
        let before = places.len();
        let mut faulty = Vec::new();
        for line in text.lines() {
            faulty.push(line.to_owned());
            if line.trim() == anchor {
                for fault in FAULTS {
                    faulty.push(fault.replace("COUNT", count));
                    places.push(format!("{file}:{}", faulty.len()));
                }
            }
        }
        ensure!(places.len() > before, "{file} has no line `{anchor}` any more: choose another one for the faults");
        fs::write(&path, faulty.join("\n"))?;
    }
    Ok(Faulty { audit, places })
}

fn link_all_but(from: &Path, to: &Path, but: &[&str]) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        if !but.iter().any(|name| entry.file_name() == *name) {
            symlink(entry.path(), to.join(entry.file_name()))?;
        }
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (path, to) = (entry.path(), to.join(entry.file_name()));
        match path.is_dir() {
            true if entry.file_name() == "target" => {}
            true => copy(&path, &to)?,
            false => drop(fs::copy(&path, &to)?),
        }
    }
    Ok(())
}
