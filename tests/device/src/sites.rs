//! Where a panic could start in an image.
//!
//! An image without a call of the panic handler cannot panic. Where it has one, the search goes from the handler back
//! through the functions of Rust's own library to the first place outside of it: over the relocations that the linker left,
//! and the lines in the debug information.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use anyhow::{Result, ensure};

use crate::build::{Image, root};
use crate::elf::{Elf, Lines, Reference};

/// Places, as `crate-version/src/file.rs:line` for a dependency and as the path from the root for our own, and the
/// functions that hold them. A function of the library in a table of functions is `a table/function`; what has no line is
/// the function itself.
pub type Places = BTreeMap<String, BTreeSet<String>>;

/// What an image can panic for.
#[derive(Debug, Default)]
pub struct Sites {
    /// A check that failed: an index, an `unwrap`, an overflow.
    pub checks: Places,
    /// The heap is exhausted. Rust's library has no way to say so but to panic.
    pub heap: Places,
    /// An async function is polled again after it was ready, which nobody who polls may do.
    pub resumed: Places,
}

impl Sites {
    /// Whether the panic handler is not linked at all.
    pub fn is_none(&self) -> bool {
        self.checks.is_empty() && self.heap.is_empty() && self.resumed.is_empty()
    }
}

/// Builds the image and searches it.
pub fn find(image: &Image<'_>) -> Result<Sites> {
    let elf = Elf::read(&image.build_untangled()?)?;
    let references = elf.references()?;
    ensure!(
        references.iter().any(|reference| reference.to.name == "Reset" || reference.to.name.contains("main")),
        "no program"
    );
    let mut search = Search { lines: elf.lines()?, references, known: HashMap::new() };
    let of_heap = |name: &str| {
        let ends =
            ["alloc::alloc::handle_alloc_error", "alloc::raw_vec::handle_error", "alloc::raw_vec::capacity_overflow"];
        ends.contains(&name) || name.contains("alloc_error_handler")
    };
    let of_resumed = |name: &str| name.contains("_fn_resumed");
    let checks = search.places(|name| of_heap(name) || of_resumed(name))?;
    // A place that can fail a check as well is none of these.
    let only = |all: Places| all.into_iter().filter(|(place, _)| !checks.contains_key(place)).collect();
    let heap = only(search.places(of_resumed)?);
    let resumed = only(search.places(of_heap)?);
    Ok(Sites { checks, heap, resumed })
}

struct Search<'e> {
    lines: Lines<'e>,
    references: Vec<Reference>,
    known: HashMap<u64, Place>,
}

/// Where a line stands.
#[derive(Clone)]
pub enum Place {
    /// In `core`, `alloc` or the compiler's own functions, and not inlined anywhere else.
    Library,
    /// `crate/file:line`.
    Outside(String),
    Unknown,
}

impl Search<'_> {
    /// The places from which the panic handler can be reached without one of the functions left out.
    fn places(&mut self, left_out: impl Fn(&str) -> bool) -> Result<Places> {
        // Functions that end in a panic: the handler, and what leads to it within the library.
        let handler = |reference: &&Reference| reference.to.name.contains("rust_begin_unwind");
        let mut panicking: BTreeSet<u64> =
            self.references.iter().filter(handler).map(|reference| reference.to.address).collect();
        let mut found = Places::new();
        loop {
            let mut more = BTreeSet::new();
            for at in 0..self.references.len() {
                let Reference { at, to, from } = &self.references[at];
                if !panicking.contains(&to.address) || left_out(&to.name) {
                    continue;
                }
                let holder = from.as_ref().map_or_else(|| format!("a table/{}", to.name), |from| from.name.clone());
                let place = match self.known.get(at) {
                    Some(place) => place.clone(),
                    None => {
                        let place = place(&self.lines, *at)?;
                        self.known.insert(*at, place.clone());
                        place
                    }
                };
                match place {
                    Place::Library => more.extend(from.as_ref().map(|from| from.address)),
                    Place::Outside(place) => {
                        found.entry(place).or_default().insert(holder);
                    }
                    // The compiler's own glue, between the library and the allocator.
                    Place::Unknown if holder.starts_with("__rustc::") => {
                        more.extend(from.as_ref().map(|from| from.address))
                    }
                    Place::Unknown => {
                        found.entry(holder.clone()).or_default().insert(holder);
                    }
                }
            }
            let before = panicking.len();
            panicking.extend(more);
            if panicking.len() == before {
                return Ok(found);
            }
        }
    }
}

/// The line that an address comes from, outside of Rust's library if there is one.
pub fn place(lines: &Lines<'_>, at: u64) -> Result<Place> {
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
