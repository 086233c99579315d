//! `heyan`: real-name verification from the command line.
//!
//! ```text
//! args ─ what can be typed         words ─ all sentences, in two languages
//! input, credentials, target ─ what is checked before anything is sent      accounts ─ the router over them
//! verify check explain request providers sandbox ─ one file per command     batch quota ─ a folder each
//! bulk ─ `check` of long lists
//! ending ─ how a verification ended, as JSON and as text        output ─ the two streams
//! ```
//!
//! No logger is installed, so that nothing below can write down what crosses the wire.

mod accounts;
mod args;
mod batch;
mod body;
mod bulk;
mod check;
mod consent;
mod credentials;
mod ending;
mod explain;
mod input;
mod mask;
mod output;
mod providers;
mod quota;
mod request;
mod sandbox;
mod target;
mod usage;
mod verify;
mod words;
mod wrong;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser};

use args::{Cli, Command};
use output::{Exit, Out, Stop, tell};
use usage::Usage;
use words::{Lang, Words};
use wrong::Wrong;

/// What every command knows.
struct Context {
    lang: Lang,
    words: &'static dyn Words,
    json: bool,
    reveal: bool,
    sandbox: bool,
}

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let lang = Lang::detect(arguments.get(1..).unwrap_or_default(), |name| std::env::var(name).ok());
    let words = lang.words();
    let exit = match run(arguments, lang) {
        Ok(exit) => exit,
        Err(Stop::Wrong(wrong)) => {
            tell(&words.wrong(&wrong));
            Exit::WrongUse
        }
        Err(Stop::Failed(sentence)) => {
            tell(&sentence);
            Exit::Error
        }
        // Whoever read the output has had enough of it.
        Err(Stop::Output { error, exit }) if error.kind() == std::io::ErrorKind::BrokenPipe => exit,
        Err(Stop::Output { error, .. }) => {
            tell(&words.output_failed(error.kind()));
            Exit::Error
        }
    };
    exit.into()
}

fn run(arguments: Vec<OsString>, lang: Lang) -> Result<Exit, Stop> {
    // To put the texts of help in takes longer than to parse: only who gets to see them waits for that.
    let cli = match Cli::try_parse_from(&arguments) {
        Ok(cli) => cli,
        Err(_) => {
            let parser = words::help::localised(Cli::command(), lang);
            match parser.try_get_matches_from(arguments).and_then(|matches| Cli::from_arg_matches(&matches)) {
                Ok(cli) => cli,
                Err(error) => return objection(&error),
            }
        }
    };
    let global = cli.global;
    let context =
        Context { lang, words: lang.words(), json: global.json, reveal: global.reveal, sandbox: global.sandbox };
    let mut out = Out::stdout();
    if context.sandbox && !matches!(cli.command, Command::Verify(_) | Command::Batch(_) | Command::Explain(_)) {
        tell(context.words.sandbox_idle());
    }
    match &cli.command {
        Command::Verify(arguments) => verify::run(&context, arguments, &mut out),
        Command::Batch(arguments) => batch::run(&context, arguments, &mut out),
        Command::Check(arguments) => check::run(&context, arguments, &mut out),
        Command::Explain(arguments) => explain::run(&context, arguments, &mut out),
        Command::Request(arguments) => request::run(&context, arguments, &mut out),
        Command::Providers => providers::run(&context, &mut out),
        Command::Quota(arguments) => quota::run(&context, arguments, &mut out),
        Command::Sandbox(arguments) => sandbox::run(&context, arguments),
    }
}

/// Help and version, which are no errors, and errors without the values that they are about.
fn objection(error: &clap::Error) -> Result<Exit, Stop> {
    use clap::error::ErrorKind;
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            let mut out = Out::stdout();
            out.line(error.render().to_string().trim_end()).map_err(Stop::output(Exit::Match))?;
            out.finish().map_err(Stop::output(Exit::Match))?;
            Ok(Exit::Match)
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            output::error_line(error.render().to_string().trim_end());
            Ok(Exit::WrongUse)
        }
        _ => Err(Wrong::Usage(Usage::of(error)).into()),
    }
}
