//! `figures`: flash, RAM, stack, heap and instructions against bounds and baseline.

use anyhow::{Context, Result, bail, ensure};
use clap::ValueEnum;

use crate::baseline::{Baseline, Figures, Keep, differences};
use crate::build::{COMPACT_SHA2, Image};
use crate::elf::Elf;
use crate::kiosk::Variant;
use crate::{calls, measure, memory, shares, table};

#[derive(clap::Args)]
pub struct Options {
    #[command(flatten)]
    keep: Keep,
    /// Say whose the flash of an image is, one provider without signature, and name its largest functions and constants.
    #[arg(long)]
    symbols: bool,
}

pub const FLASH: &str = "flash bytes";
pub const RAM: &str = "static RAM bytes";

pub const STACK: &str = "stack bytes";
pub const HEAP: &str = "heap bytes";
pub const INSTRUCTIONS: &str = "instructions";
pub const RAM_AND_STACK: &str = "static RAM and stack bytes";

const BASELINE: Baseline = Baseline { path: "tests/audit/baseline.tsv", command: "cargo xtask device figures" };

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
    if options.keep.write_readme && !options.keep.bless {
        return table::write(&BASELINE.read()?);
    }
    let mut figures = Figures::new();
    sizes(&mut figures, options.symbols)?;
    figures.extend(measure::run("")?);
    sees_five_percent(&figures)?;
    calls::run(&mut figures)?;
    memory::run(&mut figures)?;
    add_stack(&mut figures);
    for ((unit, case), count) in &figures {
        println!("{unit}\t{case}\t{count}");
    }
    let mut wrong = beyond_bounds(&figures);
    wrong.extend(calls::dear(&figures));
    if options.keep.bless {
        BASELINE.write(&figures)?;
    } else {
        wrong.extend(differences(&figures, &BASELINE.read()?));
    }
    if options.keep.write_readme {
        table::write(&BASELINE.read()?)?;
    } else if let Err(why) = table::check(&BASELINE.read()?) {
        wrong.push(why.to_string());
    }
    if wrong.is_empty() {
        return Ok(());
    }
    bail!("{}\nIf a difference is meant: cargo xtask device figures --bless --write-readme", wrong.join("\n"))
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

/// The negative control: a core that takes 5 % more instructions, and one that takes 5 % more flash, go the way of every
/// figure and must be refused.
fn sees_five_percent(figures: &Figures) -> Result<()> {
    let slow: Figures = measure::run("slow")?.into_iter().filter(|((unit, _), _)| unit == INSTRUCTIONS).collect();
    refused("5 % more instructions", slow, figures)?;
    let key = (FLASH.to_owned(), "core, one provider/idcert".to_owned());
    let flash = *figures.get(&key).context("one provider was not measured")?;
    let padding = flash.div_ceil(20).to_string();
    let told = [("HEYAN_AUDIT_PROVIDER", "idcert"), ("HEYAN_AUDIT_PADDING", padding.as_str())];
    let padded = Image { package: "tests/audit", name: "size", features: "", told: &told }.build()?;
    let empty = size("empty", "", "idcert")?.0;
    let padded = Elf::read(&padded)?.size()?.flash.saturating_sub(empty);
    refused("5 % more flash", [(key, padded)].into(), figures)
}

fn refused(what: &str, of: Figures, figures: &Figures) -> Result<()> {
    ensure!(!of.is_empty(), "the check is blind: nothing has {what}");
    let count = of.len();
    for (key, count) in of {
        let mut all = figures.clone();
        all.insert(key.clone(), count);
        let found = differences(&all, figures);
        ensure!(
            matches!(&found[..], [one] if one.contains(&key.1)),
            "the check is blind for {what}: {} is {count} and passes: {found:?}",
            key.1
        );
    }
    println!("control, {what}: each of {count} figures is refused, as it must be");
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
        told.push(COMPACT_SHA2);
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

#[cfg(test)]
mod tests {
    use super::{Figures, RAM, RAM_AND_STACK, STACK, add_stack, beyond_bounds};

    fn figures(of: &[(&str, &str, u64)]) -> Figures {
        of.iter().map(|(unit, case, count)| (((*unit).to_owned(), (*case).to_owned()), *count)).collect()
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
}
