//! `heyan check`: the offline check of numbers. No network, no account.

use std::ffi::OsString;
use std::io::{self, IsTerminal};

use heyan::{Date, IdNumber, IdNumberError, Sex};
use serde::Serialize;

use crate::input::{Line, Lines, today};
use crate::output::{Exit, Out, Paint, Stop, printable, tell};
use crate::wrong::Wrong;
use crate::{Context, args, bulk, mask};

/// One number, with the keys of the machine interface.
#[derive(Serialize)]
struct Machine<'n> {
    id: &'n str,
    valid: bool,
    reason: Option<&'static str>,
    normalized: Option<&'n str>,
    birth_date: Option<Date>,
    sex: Option<Sex>,
    region_code: Option<&'n str>,
}

pub(crate) fn run(context: &Context, arguments: &args::Check, out: &mut Out) -> Result<Exit, Stop> {
    if arguments.file.is_some() || arguments.summary {
        let file = arguments.file.as_deref().filter(|path| *path != "-");
        if file.is_none() {
            tell_terminal(context);
        }
        let options = bulk::Options { lenient: arguments.lenient, summary: arguments.summary };
        return bulk::run(context, file, options, out);
    }
    let today = today();
    let mut checked = 0_u64;
    let mut invalid = 0_u64;
    let mut check = |text: Option<&str>| {
        let number = text.ok_or(IdNumberError::Character).and_then(|text| {
            if arguments.lenient { IdNumber::from_input(text, today) } else { IdNumber::parse(text, today) }
        });
        checked += 1;
        invalid += u64::from(number.is_err());
        // Who has closed the output has not seen all: only an invalid number is a fact by then.
        let so_far = if invalid > 0 { Exit::Mismatch } else { Exit::Error };
        print(context, text, number, out).map_err(Stop::output(so_far))
    };

    let from_stdin = arguments.ids.is_empty() || arguments.ids == [OsString::from("-")];
    if from_stdin {
        tell_terminal(context);
        let mut lines = Lines::new(io::stdin().lock());
        loop {
            let line = lines.next().map_err(|error| Wrong::StdinUnreadable(error.kind()))?;
            match line {
                Line::End => break,
                Line::Bytes(bytes) => check(std::str::from_utf8(bytes).ok())?,
                // Too long to be shown, and no number anyway.
                Line::TooLong => check(Some(OVERLONG))?,
            }
        }
    } else {
        arguments.ids.iter().try_for_each(|id| check(id.to_str()))?;
    }
    let exit = if invalid > 0 { Exit::Mismatch } else { Exit::Match };
    out.finish().map_err(Stop::output(exit))?;
    if checked == 0 {
        // Nothing at all is not "all valid": whatever was to deliver numbers has failed.
        return Err(Wrong::NoNumbers.into());
    }
    Ok(exit)
}

/// Whoever types has to know what.
fn tell_terminal(context: &Context) {
    if io::stdin().is_terminal() {
        tell(context.words.type_numbers());
    }
}

/// Stands for a line that is too long to be kept.
const OVERLONG: &str = "****************************************";

/// `text` is `None` where the input is not UTF-8.
fn print(
    context: &Context,
    text: Option<&str>,
    number: Result<IdNumber, IdNumberError>,
    out: &mut Out,
) -> io::Result<()> {
    let words = context.words;
    let shown = match text {
        Some(text) if context.reveal => text.to_owned(),
        Some(text) => mask::number(text),
        None => "?".to_owned(),
    };
    let number = match number {
        Ok(number) => number,
        Err(error) if context.json => {
            return out.json(&Machine {
                id: &shown,
                valid: false,
                reason: Some(error.reason()),
                normalized: None,
                birth_date: None,
                sex: None,
                region_code: None,
            });
        }
        Err(error) => {
            let line =
                format!("{}  {}{}{}", printable(&shown), words.invalid(), words.colon(), words.reason(error.reason()));
            return out.painted(Paint::Red, &line);
        }
    };
    let (sex, region) = (number.sex(), number.region_code());
    if context.json {
        return out.json(&Machine {
            id: &shown,
            valid: true,
            reason: None,
            normalized: context.reveal.then(|| number.expose()),
            birth_date: Some(number.birth_date()),
            sex: Some(sex),
            region_code: Some(region.as_str()),
        });
    }
    let sex = match sex {
        Sex::Male => words.male(),
        Sex::Female => words.female(),
    };
    let normalized = Some(number.expose()).filter(|normalized| context.reveal && text != Some(*normalized));
    let normalized = normalized.map(|normalized| format!("  = {normalized}")).unwrap_or_default();
    let shown = printable(&shown);
    out.line(&format!("{shown}  {}  {}  {sex}  {region}{normalized}", words.valid(), number.birth_date()))
}
