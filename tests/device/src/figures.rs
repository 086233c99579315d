//! `figures`: flash, RAM, stack, heap and instructions against bounds and baseline.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;

use anyhow::{Context, Result, bail};
use clap::ValueEnum;

use crate::build::{Image, root};
use crate::elf::Elf;
use crate::kiosk::Variant;
use crate::{calls, measure, memory, shares, table};

#[derive(clap::Args)]
pub struct Options {
    /// Write what was measured into the baseline instead of comparing with it. Bounds hold all the same.
    #[arg(long)]
    bless: bool,
    /// Write the baseline's table between the markers of README.md and README.zh-CN.md. Measures nothing, unless it is
    /// given with --bless.
    #[arg(long)]
    write_readme: bool,
    /// Say whose the flash of an image is, one provider without signature, and name its largest functions and constants.
    #[arg(long)]
    symbols: bool,
}

/// Unit and case to count.
pub type Figures = BTreeMap<(String, String), u64>;

pub const FLASH: &str = "flash bytes";
pub const RAM: &str = "static RAM bytes";

pub const STACK: &str = "stack bytes";
pub const HEAP: &str = "heap bytes";
pub const INSTRUCTIONS: &str = "instructions";
pub const RAM_AND_STACK: &str = "static RAM and stack bytes";

const BASELINE: &str = "tests/audit/baseline.tsv";

/// How far a figure may be from the baseline, in percent, either way.
const TOLERANCE_PERCENT: u64 = 3;

/// What no case whose name begins so may exceed; of several that fit, the longest counts. Where what was aimed at is not
/// reached, it stands behind the bound.
const BOUNDS: [(&str, &str, u64); 18] = [
    (FLASH, "core, one provider/", 18_400), // 16 KiB; `figures --symbols` shows what takes it, tests/audit/README.md why
    (FLASH, "core, all providers, signed", 39_700), // with messages; 40 KiB were to hold without
    (FLASH, "core, all providers, signed, compact SHA-256", 28_200),
    (FLASH, "kiosk, plain TCP, lean", 64 * 1024),
    (FLASH, "kiosk, embedded-tls", 162 * 1024), // with RSA, all providers and their words
    (FLASH, "kiosk, embedded-tls, lean", 160 * 1024),
    // The connection is one future of all its stages, and the executor's task holds it.
    (FLASH, "kiosk, embedded-tls, async", 172 * 1024),
    (FLASH, "kiosk, rustls", 384 * 1024),
    (RAM, "core", 0),
    (RAM, "kiosk, plain TCP", 16 * 1024),
    (RAM_AND_STACK, "kiosk, embedded-tls", 48 * 1024),
    (RAM_AND_STACK, "kiosk, embedded-tls, async", 64 * 1024),
    (STACK, "kiosk", 20 * 1024),
    (STACK, "kiosk, embedded-tls, async", 28 * 1024),
    (HEAP, "kiosk", 16 * 1024),
    (STACK, "build and read", 1536),
    (STACK, "request", 1536),
    (STACK, "reply", 1536),
];

pub fn run(options: &Options) -> Result<()> {
    if options.write_readme && !options.bless {
        return table::write(&baseline()?);
    }
    let mut figures = Figures::new();
    sizes(&mut figures, options.symbols)?;
    measure::run(&mut figures)?;
    calls::run(&mut figures)?;
    memory::run(&mut figures)?;
    add_stack(&mut figures);
    for ((unit, case), count) in &figures {
        println!("{unit}\t{case}\t{count}");
    }
    let mut wrong = beyond_bounds(&figures);
    wrong.extend(calls::dear(&figures));
    let path = root().join(BASELINE);
    if options.bless {
        fs::write(&path, to_text(&figures)).context(BASELINE)?;
    } else {
        wrong.extend(differences(&figures, &baseline()?));
    }
    if options.write_readme {
        table::write(&baseline()?)?;
    } else if let Err(why) = table::check(&baseline()?) {
        wrong.push(why.to_string());
    }
    if wrong.is_empty() {
        return Ok(());
    }
    bail!("{}\nIf a difference is meant: cargo xtask device figures --bless --write-readme", wrong.join("\n"))
}

fn baseline() -> Result<Figures> {
    from_text(&fs::read_to_string(root().join(BASELINE)).context(BASELINE)?)
}

/// The core's share: an image that verifies, less one that does nothing.
fn sizes(figures: &mut Figures, symbols: bool) -> Result<()> {
    let empty = size("empty", "", "idcert")?.0;
    let mut note = |case: String, (flash, ram): (u64, u64)| {
        figures.insert((FLASH.to_owned(), case.clone()), flash.saturating_sub(empty));
        figures.insert((RAM.to_owned(), case), ram);
    };
    for provider in heyan::provider::ALL {
        let slug = provider.info().slug;
        note(format!("core, one provider/{slug}"), size("size", "", slug)?);
    }
    note("core, one provider, signed/idcert".into(), size("size", "signature", "idcert")?);
    note("core, one provider, messages/idcert".into(), size("size", "messages", "idcert")?);
    note("core, all providers".into(), size("size", "", "all")?);
    note("core, all providers, signed".into(), size("size", "signature", "all")?);
    note("core, all providers, signed, compact SHA-256".into(), size("size", "signature,compact", "all")?);
    note("core, all providers, signed, messages".into(), size("size", "signature,messages", "all")?);
    // Whole images: core, network, log, and everything that a board needs.
    for variant in Variant::value_variants() {
        let size = Elf::read(&variant.image().build()?)?.size()?;
        let case = format!("kiosk, {}", variant.words());
        figures.insert((FLASH.to_owned(), case.clone()), size.flash);
        figures.insert((RAM.to_owned(), case), size.ram);
    }
    if symbols {
        let image =
            Image { package: "tests/audit", name: "size", features: "", told: &[("HEYAN_AUDIT_PROVIDER", "idcert")] };
        let image = Elf::read(&image.build()?)?;
        for (bytes, whose) in shares::of(&image)? {
            println!("{bytes:>6} {whose}");
        }
        println!();
        for (bytes, name) in image.largest(40)? {
            println!("{bytes:>6} {name}");
        }
    }
    Ok(())
}

/// Adds all that a kiosk takes of the RAM, where both parts of it were measured.
fn add_stack(figures: &mut Figures) {
    let of = |unit: &str, case: &str| figures.get(&(unit.to_owned(), case.to_owned())).copied();
    let cases = figures.keys().filter(|(unit, case)| unit == STACK && case.starts_with("kiosk"));
    let sums: Vec<_> = cases
        .filter_map(|(_, case)| {
            let sum = of(RAM, case)? + of(STACK, case)?;
            Some(((RAM_AND_STACK.to_owned(), case.clone()), sum))
        })
        .collect();
    figures.extend(sums);
}

/// Flash and static RAM.
fn size(name: &str, features: &str, provider: &str) -> Result<(u64, u64)> {
    let compact = features.ends_with(",compact");
    let features = features.trim_end_matches(",compact");
    let mut told = vec![("HEYAN_AUDIT_PROVIDER", provider)];
    if compact {
        told.push(("CARGO_ENCODED_RUSTFLAGS", "--cfg=sha2_backend_soft=\"compact\""));
    }
    let size = Elf::read(&Image { package: "tests/audit", name, features, told: &told }.build()?)?.size()?;
    Ok((size.flash, size.ram))
}

fn beyond_bounds(figures: &Figures) -> Vec<String> {
    let mut wrong = Vec::new();
    for ((unit, case), count) in figures {
        if let Some(most) = bound(unit, case).filter(|most| count > most) {
            wrong.push(format!("{case} takes {count} {unit}, bound {most}"));
        }
    }
    wrong
}

/// What a case may not exceed.
pub fn bound(unit: &str, case: &str) -> Option<u64> {
    let of_case = BOUNDS.iter().filter(|(of, beginning, _)| *of == unit && case.starts_with(beginning));
    of_case.max_by_key(|(_, beginning, _)| beginning.len()).map(|(.., most)| *most)
}

fn differences(figures: &Figures, before: &Figures) -> Vec<String> {
    let mut wrong = Vec::new();
    for ((unit, case), count) in figures {
        match before.get(&(unit.clone(), case.clone())) {
            None => wrong.push(format!("{case} ({unit}) is new")),
            Some(old) if count.abs_diff(*old) * 100 > old * TOLERANCE_PERCENT => {
                wrong.push(format!("{case}: {old} → {count} {unit}"));
            }
            Some(_) => {}
        }
    }
    let gone = before.keys().filter(|key| !figures.contains_key(*key));
    wrong.extend(gone.map(|(unit, case)| format!("{case} ({unit}) was not measured")));
    wrong
}

fn to_text(figures: &Figures) -> String {
    let mut text = format!(
        "# Written by `cargo xtask device figures --bless`. A figure that differs from it by more than \
         {TOLERANCE_PERCENT} % fails `cargo xtask device figures`.\n"
    );
    for ((unit, case), count) in figures {
        let _ = writeln!(text, "{unit}\t{case}\t{count}");
    }
    text
}

/// Lines of unit, case and count.
pub fn from_text(text: &str) -> Result<Figures> {
    let mut figures = Figures::new();
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let [unit, case, count] = line.split('\t').collect::<Vec<_>>()[..] else { bail!("no figure: {line:?}") };
        figures.insert((unit.to_owned(), case.to_owned()), count.parse().with_context(|| line.to_owned())?);
    }
    Ok(figures)
}

#[cfg(test)]
mod tests {
    use super::{Figures, RAM, RAM_AND_STACK, STACK, add_stack, beyond_bounds, differences, from_text, to_text};

    fn figures(of: &[(&str, &str, u64)]) -> Figures {
        of.iter().map(|(unit, case, count)| (((*unit).to_owned(), (*case).to_owned()), *count)).collect()
    }

    #[test]
    fn three_percent_either_way() {
        let before = figures(&[("u", "a", 1000)]);
        for (count, fits) in [(969, false), (970, true), (1030, true), (1031, false)] {
            assert_eq!(differences(&figures(&[("u", "a", count)]), &before).is_empty(), fits, "{count}");
        }
        assert_eq!(differences(&figures(&[("u", "b", 1)]), &before).len(), 2);
    }

    #[test]
    fn bounds_hold() {
        assert!(beyond_bounds(&figures(&[("stack bytes", "reply/x", 1536)])).is_empty());
        assert_eq!(
            beyond_bounds(&figures(&[("stack bytes", "reply/x", 1537), ("static RAM bytes", "core, y", 1)])).len(),
            2
        );
    }

    #[test]
    fn stack_counts_as_ram() {
        let mut all =
            figures(&[(RAM, "kiosk, x", 30), (STACK, "kiosk, x", 9), (RAM, "kiosk, y", 5), (STACK, "reply/x", 2)]);
        add_stack(&mut all);
        let sums = figures(&[(RAM_AND_STACK, "kiosk, x", 39)]);
        assert_eq!(all.into_iter().filter(|((unit, _), _)| unit == RAM_AND_STACK).collect::<Figures>(), sums);
    }

    #[test]
    fn the_file_holds_everything() {
        let all = figures(&[("u", "a, b/c", 7), ("v", "d", 9)]);
        assert_eq!(from_text(&to_text(&all)).unwrap(), all);
    }
}
