//! What is said of a list: the lines that are invalid, and the sum. No number is printed.

use std::io;

use heyan::IdNumberError;
use heyan::subject::Tally;
use serde::Serialize;

use crate::Context;
use crate::output::Out;
use crate::words::{Both, both};

/// By reason, in the order in which the reasons are looked for.
const ERRORS: [IdNumberError; 6] = [
    IdNumberError::Length,
    IdNumberError::Character,
    IdNumberError::Region,
    IdNumberError::BirthDate,
    IdNumberError::BirthDateInFuture,
    IdNumberError::Checksum,
];

/// One invalid line, with the keys of the machine interface.
#[derive(Serialize)]
struct MachineLine {
    kind: &'static str,
    line: u64,
    valid: bool,
    reason: &'static str,
}

#[derive(Serialize)]
struct MachineSummary {
    kind: &'static str,
    lines: u64,
    valid: u64,
    invalid: u64,
    reasons: MachineReasons,
}

#[derive(Serialize)]
struct MachineReasons {
    length: u64,
    character: u64,
    region: u64,
    birth_date: u64,
    checksum: u64,
}

const LINE: Both = both("第 ", "line ");
const LINE_BEHIND: Both = both(" 行", "");

/// What stands before and behind the number of an invalid line: there may be millions of them.
pub(super) struct Phrases(Vec<(IdNumberError, [String; 2])>);

impl Phrases {
    pub(super) fn new(context: &Context) -> Self {
        let phrase = |error: IdNumberError| {
            let reason = error.reason();
            if context.json {
                // The serialiser's own text, cut where the number of the line stands: it is the only digit.
                let line = MachineLine { kind: "line", line: 0, valid: false, reason };
                let object = serde_json::to_string(&line).unwrap_or_default();
                let (before, behind) = object.split_once('0').unwrap_or_default();
                return [before.to_owned(), format!("{behind}\n")];
            }
            let words = context.words;
            let (before, behind) = (context.lang.of(LINE), context.lang.of(LINE_BEHIND));
            [before.to_owned(), format!("{behind}{}{}\n", words.colon(), words.reason(reason))]
        };
        Self(ERRORS.iter().map(|error| (*error, phrase(*error))).collect())
    }

    /// Appends what is said of an invalid line.
    pub(super) fn write(&self, text: &mut Vec<u8>, line: u64, error: IdNumberError) {
        let Some((_, [before, behind])) = self.0.iter().find(|(known, _)| *known == error) else { return };
        text.extend_from_slice(before.as_bytes());
        write_decimal(text, line);
        text.extend_from_slice(behind.as_bytes());
    }
}

/// `write!` would take as long as the check of ten numbers.
fn write_decimal(text: &mut Vec<u8>, mut number: u64) {
    let mut digits = [0; 20];
    let mut begin = digits.len();
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
        begin -= 1;
        if number == 0 {
            break;
        }
    }
    text.extend(digits.iter().skip(begin));
}

/// The last line, or the only one.
pub(super) fn summary(context: &Context, tally: &Tally, out: &mut Out) -> io::Result<()> {
    let birth_date = tally.of(IdNumberError::BirthDate) + tally.of(IdNumberError::BirthDateInFuture);
    let reasons = MachineReasons {
        length: tally.of(IdNumberError::Length),
        character: tally.of(IdNumberError::Character),
        region: tally.of(IdNumberError::Region),
        birth_date,
        checksum: tally.of(IdNumberError::Checksum),
    };
    let (lines, valid, invalid) = (tally.total(), tally.valid(), tally.invalid());
    if context.json {
        return out.json(&MachineSummary { kind: "summary", lines, valid, invalid, reasons });
    }
    let words = context.words;
    let (yes, no) = (words.valid(), words.invalid());
    match context.lang {
        crate::words::Lang::Zh => out.line(&format!("共 {lines} 行：{yes} {valid}，{no} {invalid}"))?,
        crate::words::Lang::En => out.line(&format!("{lines} lines: {valid} {yes}, {invalid} {no}"))?,
    }
    let counts = [
        ("length", reasons.length),
        ("character", reasons.character),
        ("region", reasons.region),
        ("birth_date", reasons.birth_date),
        ("checksum", reasons.checksum),
    ];
    for (reason, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
        out.line(&format!("  {}{}{count}", words.reason(reason), words.colon()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::write_decimal;

    #[test]
    fn decimals() {
        for number in [0, 7, 10, 100, 1_234_567_890, u64::MAX] {
            let mut text = b"line ".to_vec();
            write_decimal(&mut text, number);
            assert_eq!(text, format!("line {number}").into_bytes());
        }
    }
}
