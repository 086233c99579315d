//! `heyan providers`: the table.

use std::io;

use heyan::{Info, provider};
use serde::Serialize;

use crate::Context;
use crate::output::{Exit, Out, Stop};

#[derive(Serialize)]
struct Machine {
    provider: &'static str,
    vendor: &'static str,
    factors: &'static [&'static str],
    method: &'static str,
    host: &'static str,
    path: &'static str,
    /// By HTTP status, from and to.
    billed_status: [u16; 2],
    takes_vendor_key: bool,
    product_page: &'static str,
}

pub(crate) fn run(context: &Context, out: &mut Out) -> Result<Exit, Stop> {
    let infos = provider::ALL.iter().map(|provider| provider.info());
    let printed = if context.json { print_json(infos, out) } else { print_text(context, infos, out) };
    printed.and_then(|()| out.finish()).map_err(Stop::output(Exit::Match))?;
    Ok(Exit::Match)
}

fn print_json(mut infos: impl Iterator<Item = &'static Info>, out: &mut Out) -> io::Result<()> {
    infos.try_for_each(|info| {
        out.json(&Machine {
            provider: info.slug,
            vendor: info.vendor,
            factors: if info.checks_mobile() { &["name", "id", "mobile"] } else { &["name", "id"] },
            method: info.method().as_str(),
            host: info.host,
            path: info.path,
            billed_status: [200, 299],
            takes_vendor_key: info.vendor_key_parameter.is_some(),
            product_page: info.product_page,
        })
    })
}

fn print_text(context: &Context, infos: impl Iterator<Item = &'static Info>, out: &mut Out) -> io::Result<()> {
    let words = context.words;
    let head = words.providers_head().map(str::to_owned);
    let rows = infos.map(|info| {
        [
            info.slug.to_owned(),
            info.vendor.to_owned(),
            words.factors(info.checks_mobile()).to_owned(),
            info.method().as_str().to_owned(),
            format!("{}{}", info.host, info.path),
            words.price().to_owned(),
            info.product_page.to_owned(),
        ]
    });
    let rows: Vec<[String; 7]> = std::iter::once(head).chain(rows).collect();
    let widths: [usize; 7] =
        std::array::from_fn(|column| rows.iter().map(|row| columns(&row[column])).max().unwrap_or_default());
    for row in &rows {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell}{}", " ".repeat(width - columns(cell))));
        out.line(cells.collect::<Vec<_>>().join("  ").trim_end())?;
    }
    Ok(())
}

/// Columns on a terminal: Chinese characters and full-width punctuation take two.
fn columns(text: &str) -> usize {
    let wide = |character: char| matches!(character, '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}' | '\u{fe30}'..='\u{fe4f}' | '\u{ff00}'..='\u{ff60}' | '\u{20000}'..='\u{3fffd}');
    text.chars().map(|character| if wide(character) { 2 } else { 1 }).sum()
}
