//! The panic audit.
//!
//! An image without a call of the panic handler cannot panic. Where it has one, the audit goes from the handler back
//! through the functions of Rust's own library to the first place outside of it: that is where a panic could start. Such
//! a place must be in a dependency, and listed with the reason why it is never reached.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};

use crate::build::{Image, root};
use crate::elf::{Elf, Lines};

const LIST: &str = "tests/audit/panics.tsv";

/// Images that would panic, each in its own way, and what the audit must say of them.
const CONTROLS: [(&str, &str); 4] =
    [("index", "controls.rs"), ("slice", "controls.rs"), ("unwrap", "controls.rs"), ("division", "controls.rs")];

pub fn run() -> Result<()> {
    for (feature, file) in CONTROLS {
        let found = sites("control", feature)?;
        ensure!(
            found.keys().any(|place| place.contains(file)),
            "the audit is blind: the control with a faulty {feature} shows {:?}",
            found.keys()
        );
        println!("control {feature}: found, as it must be");
    }

    all_called()?;
    let found = sites("panic-without-reply", "")?;
    ensure!(found.is_empty(), "everything but the reading of replies must be free of panics: {}", shown(&found));
    println!("everything but the reading of replies: the panic handler is not linked");

    let found = sites("panic-with-reply", "")?;
    let listed = listed()?;
    let new: BTreeMap<_, _> = found.iter().filter(|(place, _)| !listed.contains(*place)).collect();
    let gone: Vec<_> = listed.iter().filter(|place| !found.contains_key(*place)).collect();
    ensure!(new.is_empty(), "these places can panic, and {LIST} does not list them: {new:#?}");
    ensure!(gone.is_empty(), "{LIST} lists what is no longer there, so take it out: {gone:#?}");
    println!("the reading of replies: {} places in dependencies, all of them listed in {LIST}", found.len());
    Ok(())
}

/// A public function that no image calls would pass unseen. Its name must stand in the calls; names are shared by so many
/// types that this can miss one, but not a new one.
fn all_called() -> Result<()> {
    let mut calls = String::new();
    for file in files(&root().join("tests/audit/src/calls"))? {
        calls += &fs::read_to_string(&file).with_context(|| file.display().to_string())?;
    }
    let mut missing = BTreeSet::new();
    for file in files(&root().join("core/src"))? {
        let text = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
        for line in text.lines().map(str::trim_start) {
            let Some(name) = line.strip_prefix("pub fn ").or_else(|| line.strip_prefix("pub const fn ")) else {
                continue;
            };
            let name: String = name.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            let is_call = |at: usize| {
                let in_word = |c: char| c.is_alphanumeric() || c == '_';
                let behind = &calls[at + name.len()..];
                !calls[..at].ends_with(in_word) && (behind.starts_with('(') || behind.starts_with("::<"))
            };
            if !calls.match_indices(&name).any(|(at, _)| is_call(at)) {
                missing.insert(format!("{name} in {}", file.display()));
            }
        }
    }
    ensure!(missing.is_empty(), "tests/audit/src/calls calls everything public but {missing:#?}");
    Ok(())
}

/// All files below a folder.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.is_dir() { all.extend(files(&path)?) } else { all.push(path) }
    }
    Ok(all)
}

fn shown(found: &BTreeMap<String, BTreeSet<String>>) -> String {
    format!("{found:#?}")
}

/// The places outside of Rust's library where a panic can start, and the functions that hold them.
fn sites(name: &str, features: &str) -> Result<BTreeMap<String, BTreeSet<String>>> {
    let image = Elf::read(&Image { package: "tests/audit", name, features, told: &[] }.build()?)?;
    let lines = image.lines()?;
    let references = image.references()?;
    ensure!(references.iter().any(|reference| reference.to == "Reset" || reference.to.contains("main")), "no program");
    // Functions that end in a panic: the handler, and what leads to it within the library.
    let mut panicking: BTreeSet<&str> =
        references.iter().map(|reference| &*reference.to).filter(|name| name.contains("rust_begin_unwind")).collect();
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    loop {
        let known = panicking.clone();
        for reference in references.iter().filter(|reference| known.contains(&*reference.to)) {
            let holder = reference.from.as_deref().unwrap_or("a constant");
            match place(&lines, reference.at)? {
                Place::Library => {
                    panicking.insert(holder);
                }
                Place::Outside(place) => {
                    found.entry(place).or_default().insert(holder.to_owned());
                }
                Place::Unknown => {
                    found.entry(format!("no line known in {holder}")).or_default().insert(holder.to_owned());
                }
            }
        }
        if panicking.len() == known.len() {
            return Ok(found);
        }
    }
}

enum Place {
    /// In `core`, `alloc` or the compiler's own functions, and not inlined anywhere else.
    Library,
    /// `crate/file:line`.
    Outside(String),
    Unknown,
}

fn place(lines: &Lines<'_>, at: u64) -> Result<Place> {
    let mut frames = lines.find_frames(at).skip_all_loads()?;
    let mut any = false;
    while let Some(frame) = frames.next()? {
        let Some(location) = frame.location else { continue };
        let Some(file) = location.file else { continue };
        any = true;
        if !file.starts_with("/rustc/") {
            // The line of a merged call is not known; the function is.
            let line = match location.line {
                Some(line) if line != 0 => line.to_string(),
                _ => "?".to_owned(),
            };
            return Ok(Place::Outside(format!("{}:{line}", short(file))));
        }
    }
    Ok(if any { Place::Library } else { Place::Unknown })
}

/// `serde-json-core-0.7.0/src/de/mod.rs` for a file of the registry, the path from the root for one of ours.
fn short(file: &str) -> String {
    let parts: Vec<&str> = file.split('/').collect();
    if let Some(at) = parts.iter().position(|part| *part == "registry") {
        // registry/src/index/crate-version/…
        return parts.get(at + 3..).unwrap_or_default().join("/");
    }
    let root = root();
    file.strip_prefix(&*root.to_string_lossy()).unwrap_or(file).trim_start_matches('/').to_owned()
}

/// What the list allows. Every entry has its reason.
fn listed() -> Result<BTreeSet<String>> {
    let text = fs::read_to_string(root().join(LIST)).context(LIST)?;
    let mut all = BTreeSet::new();
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        match line.split_once('\t') {
            Some((place, reason)) if !reason.trim().is_empty() => all.insert(place.to_owned()),
            _ => bail!("{LIST}: not a place and a reason between tabs: {line:?}"),
        };
    }
    Ok(all)
}
