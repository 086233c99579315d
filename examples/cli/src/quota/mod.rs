//! `heyan quota`: what is left of the packages in a ledger, and whether the console counts the same. It asks nobody.
//!
//! ```text
//! show ─ counts, what is left, forecast        add ─ a package that was bought
//! reconcile ─ the comparison        export ─ the console's file        china ─ its clock
//! ```

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use heyan::policy::{AccountId, Slug};
use heyan_std::ledger::{Ledger, LedgerError, LedgerFile};

use crate::accounts::{self, ACCOUNT, SIMULATED};
use crate::output::{Exit, Out, Stop};
use crate::usage::Usage;
use crate::words::quota as words;
use crate::wrong::Wrong;
use crate::{Context, args, input, target};

mod add;
mod china;
mod export;
mod reconcile;
mod show;

pub(crate) use export::{Bad, Reason};
pub(crate) use reconcile::{Meaning, Summary};
use show::Shown;
pub(crate) use show::{Rate, yuan};

/// Why nothing was done.
#[derive(Debug)]
pub(crate) enum QuotaWrong {
    /// Not like an account's name.
    Account,
    Calls,
    Price,
    /// No date.
    Expires,
    /// No date, or one after today.
    Bought,
    /// The package expires before it was bought.
    ExpiresFirst,
    /// No number, or more than the package has.
    Used,
    PerDay,
    ExportUnreadable {
        path: PathBuf,
        kind: ErrorKind,
    },
    ExportTooLong(PathBuf),
    /// UTF-16 or a workbook.
    ExportNoText(PathBuf),
    /// No row can be used; the first that cannot, if there is one.
    ExportEmpty(Option<Bad>),
}

impl From<QuotaWrong> for Stop {
    fn from(wrong: QuotaWrong) -> Self {
        Wrong::Quota(wrong).into()
    }
}

/// An account of a ledger.
#[derive(Clone)]
struct Account {
    provider: Slug,
    name: AccountId,
}

impl Account {
    fn named(arguments: &args::Account) -> Result<Self, Stop> {
        let slug = target::provider(&arguments.provider)?.info().slug;
        let provider = Slug::new(slug).ok_or(Wrong::UnknownProvider)?;
        let name = arguments.account.as_deref().unwrap_or(ACCOUNT);
        let name = AccountId::new(name).ok_or(QuotaWrong::Account)?;
        Ok(Self { provider, name })
    }

    /// Whether its entries are those of `--sandbox`.
    fn is_simulated(&self) -> bool {
        self.name.as_str() == SIMULATED
    }
}

pub(crate) fn run(context: &Context, arguments: &args::Quota, out: &mut Out) -> Result<Exit, Stop> {
    let Some(path) = &arguments.ledger else {
        return Err(Wrong::Usage(Usage::Missing("--ledger <FILE>".to_owned())).into());
    };
    let exit = match &arguments.command {
        None => show::run(context, path, arguments.per_day.as_deref(), out),
        Some(_) if arguments.per_day.is_some() => Err(Wrong::Usage(Usage::Conflict("--per-day <N>".to_owned())).into()),
        Some(args::QuotaCommand::Add(arguments)) => add::run(context, path, arguments, out),
        Some(args::QuotaCommand::Reconcile(arguments)) => reconcile::run(context, path, arguments, out),
    }?;
    out.finish().map_err(Stop::output(exit))?;
    Ok(exit)
}

/// Whether it is nothing but digits, and some.
fn are_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A ledger that is there already: a wrong path must not make a new one.
fn existing(path: &Path) -> Result<Ledger, Stop> {
    let missing = |error: std::io::Error| LedgerError::File { file: LedgerFile::Database, kind: error.kind() };
    std::fs::metadata(path).map_err(|error| Wrong::Ledger(missing(error)))?;
    Ok(accounts::ledger(path)?)
}

fn now(context: &Context) -> Result<u64, Stop> {
    input::unix_ms().ok_or_else(|| Stop::Failed(context.words.no_clock().to_owned()))
}

/// For `map_err`.
fn failed(context: &Context) -> impl Fn(LedgerError) -> Stop {
    let lang = context.lang;
    move |error| Stop::Failed(words::ledger_failed(lang, &error))
}
