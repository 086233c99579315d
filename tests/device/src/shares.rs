//! Whose an image's flash is: every instruction belongs to whoever wrote the line, wherever it was inlined, and what
//! Rust's library brings along to whoever called it.

use std::collections::BTreeMap;

use anyhow::Result;

use crate::elf::Elf;
use crate::sites::{Place, place};

/// Group and bytes, the largest first.
pub fn of(image: &Elf) -> Result<Vec<(u64, String)>> {
    let lines = image.lines()?;
    let mut shares: BTreeMap<String, u64> = BTreeMap::new();
    let mut code = 0;
    for (start, (size, name)) in image.functions()? {
        code += size;
        // Instructions have two bytes or four; the second half of a long one has the line of the first.
        for at in (start..start + size).step_by(2) {
            let whose = match place(&lines, at)? {
                Place::Outside(place) => whose(&place),
                Place::Library | Place::Unknown if is_memory(&name) => "memcpy, memset, memcmp".to_owned(),
                Place::Library | Place::Unknown => "Rust's library, in functions of its own".to_owned(),
            };
            *shares.entry(whose).or_default() += 2;
        }
    }
    let constants: u64 = image
        .constants()?
        .iter()
        .map(|(size, name)| {
            let tables = name.starts_with("httparse::");
            if tables {
                *shares.entry("httparse".to_owned()).or_default() += size;
            }
            if tables { *size } else { 0 }
        })
        .sum();
    let (vectors, rest) = image.stored()?;
    *shares.entry("vector table".to_owned()).or_default() += vectors;
    *shares.entry("constants: texts and tables".to_owned()).or_default() += rest.saturating_sub(code + constants);
    let mut shares: Vec<(u64, String)> = shares.into_iter().map(|(whose, bytes)| (bytes, whose)).collect();
    shares.sort_by(|one, other| other.cmp(one));
    Ok(shares)
}

/// `heyan, http` for `core/src/http/request.rs:12`, the crate for one of the registry.
fn whose(place: &str) -> String {
    let file = place.rsplit_once(':').map_or(place, |(file, _)| file);
    if let Some(own) = file.strip_prefix("core/src/") {
        let part = own.split('/').next().unwrap_or(own);
        return format!("heyan, {}", part.trim_end_matches(".rs"));
    }
    if file.starts_with("tests/") || file.starts_with("examples/") {
        return "the program itself".to_owned();
    }
    let package = file.split('/').next().unwrap_or(file);
    package.rsplit_once('-').map_or(package, |(name, _)| name).to_owned()
}

fn is_memory(name: &str) -> bool {
    name.contains("compiler_builtins::mem") || name.starts_with("__aeabi_mem") || name.starts_with("mem")
}

#[cfg(test)]
mod tests {
    use super::whose;

    #[test]
    fn lines_belong_to_parts_and_crates() {
        for (place, expected) in [
            ("core/src/http/request.rs:12", "heyan, http"),
            ("core/src/text.rs:?", "heyan, text"),
            ("tests/audit/src/case.rs:1", "the program itself"),
            ("serde-json-core-0.7.0/src/de/mod.rs:230", "serde-json-core"),
        ] {
            assert_eq!(whose(place), expected);
        }
    }
}
