//! A copy of the devices' transport with faults in its drivers: what the audit must find.

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};

use crate::tree;

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

/// What the images for the audit are built from.
const SOURCES: [&str; 5] = ["Cargo.toml", "core", "transport-embedded", "examples/firmware", "tests/audit"];

/// Copies the sources to `folder` and puts the faults in.
pub fn lay(folder: &Path) -> Result<Faulty> {
    let mut places = Vec::new();
    tree::copy(&SOURCES, folder, &mut |file, bytes| {
        let Some((name, anchor, count)) = DRIVERS.iter().find(|(name, ..)| Path::new(name) == file) else {
            return Ok(bytes);
        };
        let before = places.len();
        let mut faulty = Vec::new();
        for line in String::from_utf8(bytes)?.lines() {
            faulty.push(line.to_owned());
            if line.trim() == *anchor {
                for fault in FAULTS {
                    faulty.push(fault.replace("COUNT", count));
                    places.push(format!("{name}:{}", faulty.len()));
                }
            }
        }
        ensure!(places.len() > before, "{name} has no line `{anchor}` any more: choose another one for the faults");
        Ok(faulty.join("\n").into_bytes())
    })?;
    let missing = DRIVERS.iter().find(|(name, ..)| !places.iter().any(|place| place.starts_with(name)));
    ensure!(missing.is_none(), "there is no such driver any more: {missing:?}");
    Ok(Faulty { audit: folder.join("tests/audit"), places })
}

#[cfg(test)]
mod tests {
    use std::{env, fs, process};

    use super::{DRIVERS, FAULTS, lay};

    #[test]
    fn every_fault_stands_where_it_is_said_to_stand() {
        let folder = env::temp_dir().join(format!("heyan-faults-{}", process::id()));
        // What an earlier copy left behind goes.
        fs::create_dir_all(folder.join("core/gone")).unwrap();
        let laid = lay(&folder).unwrap();
        assert!(laid.places.len() >= DRIVERS.len() * FAULTS.len());
        for place in &laid.places {
            let (file, line) = place.rsplit_once(':').unwrap();
            let text = fs::read_to_string(folder.join(file)).unwrap();
            assert!(text.lines().nth(line.parse::<usize>().unwrap() - 1).unwrap().contains("black_box"), "{place}");
        }
        let left = folder.join("core/gone").exists();
        fs::remove_dir_all(&folder).unwrap();
        assert!(!left);
    }
}
