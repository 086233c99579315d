//! The person's agreement: the document of `idcert` (section 六) wants it shown and given before each verification.

use std::io::{self, IsTerminal, Write};

use heyan::Subject;

use crate::Context;
use crate::input::{Line, Lines};
use crate::output::error_line;
use crate::target::Asked;
use crate::wrong::Wrong;

/// `--consent` says it. Without it a terminal is asked; a script, which can have asked nobody, is refused.
pub(crate) fn obtain(context: &Context, stated: bool, subject: &Subject<'_>, providers: &[Asked]) -> Result<(), Wrong> {
    if stated {
        return Ok(());
    }
    let (stdin, mut stderr) = (io::stdin(), io::stderr());
    if !stdin.is_terminal() || !stderr.is_terminal() {
        return Err(Wrong::ConsentMissing);
    }
    let words = context.words;
    let vendors: Vec<&str> = providers.iter().map(|provider| provider.info().vendor).collect();
    let (name, id) = (subject.name().masked().to_string(), subject.id().masked().to_string());
    let mobile = subject.mobile().map(|mobile| mobile.masked().to_string());
    error_line(&words.authorisation(&name, &id, mobile.as_deref(), &vendors.join("、")));
    let asked = write!(stderr, "{}", words.consent_question()).and_then(|()| stderr.flush());
    let mut lines = Lines::new(stdin.lock());
    match asked.and_then(|()| lines.next()) {
        Ok(Line::Bytes(answer)) if is_yes(answer) => Ok(()),
        _ => Err(Wrong::ConsentDeclined),
    }
}

fn is_yes(answer: &[u8]) -> bool {
    matches!(answer.trim_ascii(), b"y" | b"Y" | b"yes" | b"YES" | b"Yes") || answer.trim_ascii() == "是".as_bytes()
}
