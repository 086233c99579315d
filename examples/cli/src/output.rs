//! The two streams and the exit status. Nothing here panics when a stream is closed.

use std::io::{self, BufWriter, IsTerminal, Stdout, Write};
use std::process::ExitCode;

use serde::Serialize;

use crate::wrong::Wrong;

/// The exit status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    Match = 0,
    Mismatch = 1,
    NoRecord = 2,
    Refused = 3,
    Error = 4,
    /// `EX_USAGE` of `sysexits.h`.
    WrongUse = 64,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command ended early.
#[derive(Debug)]
pub(crate) enum Stop {
    /// Wrong use or bad input; nothing was sent.
    Wrong(Wrong),
    /// Something of this machine failed; one sentence about it.
    Failed(String),
    /// Standard output failed; the exit status if that was its reader's wish.
    Output { error: io::Error, exit: Exit },
}

impl Stop {
    /// For `map_err`.
    pub(crate) fn output(exit: Exit) -> impl Fn(io::Error) -> Self {
        move |error| Self::Output { error, exit }
    }
}

impl From<Wrong> for Stop {
    fn from(wrong: Wrong) -> Self {
        Self::Wrong(wrong)
    }
}

/// What a headline is painted in, on a terminal.
#[derive(Clone, Copy)]
pub(crate) enum Paint {
    Green,
    Yellow,
    Red,
}

/// Standard output.
pub(crate) struct Out {
    /// Not locked: several threads write to it in turn.
    stream: BufWriter<Stdout>,
    is_terminal: bool,
    colour: bool,
}

impl Out {
    pub(crate) fn stdout() -> Self {
        let stdout = io::stdout();
        // https://no-color.org: any value that is not empty.
        let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
            || std::env::var_os("TERM").is_some_and(|value| value == "dumb");
        let is_terminal = stdout.is_terminal();
        Self { stream: BufWriter::new(stdout), is_terminal, colour: is_terminal && !unwanted }
    }

    pub(crate) fn line(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.stream, "{text}")
    }

    pub(crate) fn painted(&mut self, paint: Paint, text: &str) -> io::Result<()> {
        if !self.colour {
            return self.line(text);
        }
        let code = match paint {
            Paint::Green => "1;32",
            Paint::Yellow => "1;33",
            Paint::Red => "1;31",
        };
        writeln!(self.stream, "\x1b[{code}m{text}\x1b[0m")
    }

    /// One object on one line.
    pub(crate) fn json(&mut self, value: &impl Serialize) -> io::Result<()> {
        serde_json::to_writer(&mut self.stream, value)?;
        writeln!(self.stream)
    }

    /// Exactly these bytes; for people, with a line end behind.
    pub(crate) fn message(&mut self, message: &str) -> io::Result<()> {
        self.stream.write_all(message.as_bytes())?;
        if self.is_terminal { writeln!(self.stream) } else { Ok(()) }
    }

    /// For text that is put together elsewhere.
    pub(crate) fn stream(&mut self) -> &mut (impl Write + Send + use<>) {
        &mut self.stream
    }

    /// Everything must have gone out before the exit status says so.
    pub(crate) fn finish(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

/// Without control characters, which a terminal would obey: they could paint over a line, or hide it.
pub(crate) fn printable(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { '\u{fffd}' } else { character }).collect()
}

/// A line on standard error. If that is closed, there is nobody to tell.
pub(crate) fn error_line(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// A sentence on standard error.
pub(crate) fn tell(sentence: &str) {
    error_line(&format!("heyan: {sentence}"));
}
