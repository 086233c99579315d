//! The panic audit: an image of everything that is public is searched for places where a panic could start. Such a place
//! must be in a dependency, and listed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};

use crate::build::{Image, root, target_folder};
use crate::faulty;
use crate::sites::{self, Places, Sites};

const LIST: &str = "tests/audit/panics.tsv";
const AUDIT: &str = "tests/audit";

/// Features of the image that would panic, each in its own way.
const CONTROLS: [&str; 4] = ["index", "slice", "unwrap", "division"];

/// The devices' transport without TLS, and over each kind of it: image and features.
const TRANSPORT: (&str, &str) = ("panic-transport", "transport");
const TLS: [(&str, &str); 2] = [("panic-tls", "embedded-tls"), ("panic-tls", "rustls")];

pub fn run() -> Result<()> {
    for feature in CONTROLS {
        let found = find(AUDIT, "control", feature)?.checks;
        ensure!(
            found.keys().any(|place| place.contains("controls.rs")),
            "the audit is blind: the control with a faulty {feature} shows {:?}",
            found.keys()
        );
        println!("control {feature}: found, as it must be");
    }
    let calls = root().join(AUDIT).join("src/calls");
    all_called("core/src", &calls, &["transport"])?;
    all_called("transport-embedded/src", &calls.join("transport"), &[])?;

    let found = find(AUDIT, "panic-without-reply", "")?;
    ensure!(found.is_none(), "everything in the core but the reading of replies must be free of panics: {found:#?}");
    println!("the core but for the reading of replies: the panic handler is not linked");

    let list = List::read()?;
    let mut seen = list.places_of(&find(AUDIT, "panic-with-reply", "")?)?;
    println!("the core with the reading of replies: {} places in dependencies, listed in {LIST}", seen.len());

    finds_faults()?;
    let found = find(AUDIT, TRANSPORT.0, TRANSPORT.1)?;
    seen.extend(list.places_of(&found)?);
    println!("the devices' transport: no other place{}", resumed(&found));
    for (name, features) in TLS {
        let found = find(AUDIT, name, features)?;
        list.crates_of(features, &found)?;
        println!(
            "the devices' transport over {features}: {} places, in dependencies, as {LIST} counts them{}",
            found.checks.len(),
            resumed(&found)
        );
        if !found.heap.is_empty() {
            println!("  and {} places where the heap can be exhausted", found.heap.len());
        }
    }
    let gone: Vec<_> = list.places.iter().filter(|place| !seen.contains(*place)).collect();
    ensure!(gone.is_empty(), "{LIST} lists what is no longer there, so take it out: {gone:#?}");
    Ok(())
}

fn find(package: &str, name: &str, features: &str) -> Result<Sites> {
    sites::find(&Image { package, name, features, told: &[] })
}

fn resumed(found: &Sites) -> String {
    match found.resumed.len() {
        0 => String::new(),
        count => format!(", and {count} async functions that must not be polled after their end"),
    }
}

/// Puts faults into the drivers, which the audit must find where they are, also among those of dependencies.
fn finds_faults() -> Result<()> {
    let faulty = faulty::lay(&target_folder().join("faults"))?;
    let audit = faulty.audit.to_string_lossy().into_owned();
    let mut found = BTreeSet::new();
    for (name, features) in [TRANSPORT].into_iter().chain(TLS) {
        let sites = find(&audit, name, features)?.checks;
        let of_image: BTreeSet<_> =
            faulty.places.iter().filter(|fault| sites.keys().any(|place| place.ends_with(*fault))).collect();
        ensure!(!of_image.is_empty(), "the audit is blind for faults in {name} with {features}");
        println!("{} faults in the drivers of {features}: found, as they must be", of_image.len());
        found.extend(of_image);
    }
    let missed: Vec<_> = faulty.places.iter().filter(|fault| !found.contains(fault)).collect();
    ensure!(missed.is_empty(), "the audit is blind for faults here: {missed:#?}");
    Ok(())
}

/// A public function that no image calls would pass unseen. Its name must stand in the calls; names are shared by so many
/// types that this can miss one, but not a new one.
fn all_called(source: &str, calls: &Path, but: &[&str]) -> Result<()> {
    let mut text = String::new();
    for file in files(calls, but)? {
        text += &fs::read_to_string(&file).with_context(|| file.display().to_string())?;
    }
    let mut missing = BTreeSet::new();
    for file in files(&root().join(source), &[])? {
        let source = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
        for line in source.lines().map(str::trim_start) {
            let public = ["pub fn ", "pub const fn ", "pub async fn "];
            let Some(name) = public.iter().find_map(|words| line.strip_prefix(words)) else { continue };
            let name: String = name.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            let is_call = |at: usize| {
                let in_word = |c: char| c.is_alphanumeric() || c == '_';
                let behind = &text[at + name.len()..];
                !text[..at].ends_with(in_word) && (behind.starts_with('(') || behind.starts_with("::<"))
            };
            if !text.match_indices(&name).any(|(at, _)| is_call(at)) {
                missing.insert(format!("{name} in {}", file.display()));
            }
        }
    }
    ensure!(missing.is_empty(), "{} calls everything public but {missing:#?}", calls.display());
    Ok(())
}

/// All files below a folder, but for some of its own folders.
fn files(folder: &Path, but: &[&str]) -> Result<Vec<PathBuf>> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let entry = entry?;
        if but.iter().any(|name| entry.file_name() == *name) {
            continue;
        }
        let path = entry.path();
        if path.is_dir() { all.extend(files(&path, &[])?) } else { all.push(path) }
    }
    Ok(all)
}

/// What may be found. Every entry has its reason.
struct List {
    /// Places in dependencies of the core.
    places: BTreeSet<String>,
    /// Kind of TLS, what can fail, and crate, to the number of places. They are too many to be told one by one.
    crates: BTreeMap<(String, String, String), usize>,
}

impl List {
    fn read() -> Result<Self> {
        let text = fs::read_to_string(root().join(LIST)).context(LIST)?;
        let mut list = Self { places: BTreeSet::new(), crates: BTreeMap::new() };
        for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let fields: Vec<&str> = line.split('\t').collect();
            ensure!(fields.last().is_some_and(|reason| !reason.trim().is_empty()), "{LIST}: no reason: {line:?}");
            match fields[..] {
                [place, _] => drop(list.places.insert(place.to_owned())),
                [tls, what, name, count, _] => {
                    let count = count.parse().with_context(|| format!("{LIST}: {line:?}"))?;
                    list.crates.insert((tls.to_owned(), what.to_owned(), name.to_owned()), count);
                }
                _ => bail!("{LIST}: neither place and reason, nor TLS, what, crate, count and reason: {line:?}"),
            }
        }
        Ok(list)
    }

    /// Holds each place against the list, and says which of it were seen.
    fn places_of(&self, found: &Sites) -> Result<BTreeSet<String>> {
        ensure!(found.heap.is_empty(), "there must be no heap: {:#?}", found.heap);
        let new: Vec<_> = found.checks.iter().filter(|(place, _)| !self.places.contains(*place)).collect();
        ensure!(new.is_empty(), "these places can panic, and {LIST} does not list them: {new:#?}");
        Ok(found.checks.keys().cloned().collect())
    }

    /// Holds the number of places in each crate against the list. A check of our own that can fail is in no list.
    fn crates_of(&self, tls: &str, found: &Sites) -> Result<()> {
        let own = |place: &&String| !place.split('/').next().is_some_and(is_dependency);
        let ours: Vec<_> = found.checks.keys().filter(own).collect();
        ensure!(ours.is_empty(), "these places of our own, or of nobody knows whom, can panic: {ours:#?}");
        let mut counted = BTreeMap::new();
        for (what, places) in [("check", &found.checks), ("heap", &found.heap)] {
            for place in places.keys().filter(|place| !self.places.contains(*place)) {
                let name = place.split('/').next().unwrap_or_default();
                *counted.entry((tls.to_owned(), what.to_owned(), name.to_owned())).or_insert(0) += 1;
            }
        }
        let listed = self.crates.iter().filter(|((of, ..), _)| of == tls);
        let listed: BTreeMap<_, _> = listed.map(|(key, count)| (key.clone(), *count)).collect();
        let mut wrong = Vec::new();
        for key in counted.keys().chain(listed.keys()).collect::<BTreeSet<_>>() {
            let (now, allowed) = (counted.get(key).copied().unwrap_or(0), listed.get(key).copied().unwrap_or(0));
            if now != allowed {
                let places: Places = if now > allowed { of_crate(found, &key.2) } else { Places::new() };
                wrong.push(format!("{}\t{}\t{}\t{now}, {LIST} says {allowed} {places:#?}", key.0, key.1, key.2));
            }
        }
        ensure!(wrong.is_empty(), "places where a panic could start; a count may only fall:\n{}", wrong.join("\n"));
        Ok(())
    }
}

fn of_crate(found: &Sites, name: &str) -> Places {
    let all = found.checks.iter().chain(&found.heap);
    all.filter(|(place, _)| place.split('/').next() == Some(name)).map(|(a, b)| (a.clone(), b.clone())).collect()
}

/// `rustls-0.23.46`: the registry's folders end in a version, ours do not.
fn is_dependency(folder: &str) -> bool {
    folder.rsplit_once('-').is_some_and(|(_, version)| version.starts_with(|c: char| c.is_ascii_digit()))
}
