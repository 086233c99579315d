//! `heyan batch`: many verifications from a file into a file, never paying for a row twice.
//!
//! ```text
//! source: the input                  job ─ what the ledger keeps of it          sheet: the output
//! ask ─ one row                      flow, queue ─ all rows                     lock, progress, words, wrong
//! ```
//!
//! Everything that may be wrong is found before the first row is asked. A row is finished when its ending is on the drive;
//! whoever starts the same again gets the finished rows from there.

mod ask;
mod bill;
mod flow;
mod job;
mod lock;
mod progress;
mod queue;
mod sheet;
mod source;
mod words;
mod wrong;

use std::collections::BTreeMap;
use std::fs;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use heyan::policy::{AccountError, AccountId, RetryRule, Slug};
use heyan_cli::table::Format;
use heyan_sandbox::Sandbox;
use heyan_std::Router;
use heyan_std::ledger::{LedgerError, LedgerFile};
use serde::Serialize;
use zeroize::Zeroizing;

use crate::accounts::{self, Accounts, refused};
use crate::input::Reader;
use crate::output::{Exit, Out, Stop, tell};
use crate::quota::yuan;
use crate::target::{self, Asked};
use crate::words::reason;
use crate::wrong::Wrong;
use crate::{Context, args, input};
use ask::{Halt, Rule};
use bill::Bill;
use flow::{Fault, Flow, Tally, Window};
use job::Job;
use progress::Progress;
use sheet::Sheet;
use source::Source;
pub(crate) use words::wrong as wrong_words;
pub(crate) use wrong::BatchWrong;

/// Attempts for a row, if its order is not longer: nobody waits for it, so pauses cost nothing.
const ATTEMPTS: usize = 3;
const WORKERS_MAX: u32 = 256;
const RATE_MAX: u32 = 10_000;

/// How it came out, for scripts.
#[derive(Serialize)]
struct Summary<'s> {
    complete: bool,
    job: i64,
    rows: u64,
    finished: u64,
    asked: u64,
    endings: &'s BTreeMap<&'static str, u64>,
    billed: u64,
    /// Null if nobody said what the calls cost.
    billed_yuan: Option<String>,
    possibly_billed: u64,
    simulated: bool,
}

pub(crate) fn run(context: &Context, arguments: &args::Batch, out: &mut Out) -> Result<Exit, Stop> {
    let plan = Plan::new(context, arguments)?;
    // Before the ledger is touched, and until the end.
    let _lock = lock::locked(&lock::beside(&plan.ledger, ".lock")).map_err(Wrong::from)?;
    let mut sheet = Sheet::begin(&arguments.output, plan.output_format, context.reveal).map_err(Wrong::from)?;
    let rows = plan.source.count()?;
    let (job, ledger) = plan.job(context, arguments, rows)?;
    let (router, _sandbox) = plan.router(context, arguments, ledger)?;

    let is_over = Arc::new(AtomicBool::new(false));
    let _on_signal = stop_on_signal(&router, &is_over);
    let failed = |error: LedgerError| Stop::Failed(context.words.ledger_failed(&error));
    let broken_off = job.broken_off().map_err(failed)?;
    if broken_off > 0 {
        tell(&words::broken_off(context.lang, broken_off));
    }
    let slugs = plan.slugs()?;
    let account = if context.sandbox { accounts::SIMULATED } else { accounts::ACCOUNT };
    let account = AccountId::new(account).ok_or_else(|| refused(AccountError::Id))?;
    let bill = || Bill::read(&job, &slugs, &account, input::unix_ms().unwrap_or_default());
    let before = bill().map_err(failed)?;
    let flow = Flow {
        router: &router,
        job: &job,
        rule: Rule { reader: Reader { lenient: arguments.lenient }, mobile: plan.mobile, today: input::today() },
        reveal: context.reveal,
        begins_ahead: plan.rate.is_none(),
        is_over: &is_over,
        window: Window::default(),
        fault: Mutex::new(None),
    };
    let mut progress = Progress::new(context.lang, rows);
    let input = (plan.source.table()?, job.past().map_err(failed)?);
    let headed = sheet.head().map_err(Fault::Output);
    let (tally, fault) = match headed {
        Ok(()) => flow.run(input, plan.workers, &mut sheet, &mut progress, before.clone()),
        Err(fault) => (Tally::default(), Some(fault)),
    };
    progress.finish();
    let fault = fault.or_else(|| {
        if tally.written < rows && is_over.load(Ordering::Relaxed) {
            return Some(Fault::Halt(Halt::Stopped));
        }
        let is_same = tally.written == rows && plan.source.is_unchanged();
        if !is_same {
            return Some(Fault::Input(std::io::ErrorKind::InvalidData.into()));
        }
        None
    });
    // A finished output must not know of rows that would be asked again.
    let fault = fault.or_else(|| job.flush().err().map(Fault::Ledger));
    let fault = fault.or_else(|| sheet.finish().err().map(Fault::Output));
    if let Some(fault) = &fault {
        tell(&words::fault(context.lang, fault));
    }
    // The rows are kept; only the sum may be missing.
    let bill = bill().unwrap_or(before);
    conclude(context, &Conclusion { job: &job, rows, tally: &tally, bill: &bill, complete: fault.is_none() }, out)
}

/// What is told at the end.
struct Conclusion<'c> {
    job: &'c Job,
    rows: u64,
    tally: &'c Tally,
    bill: &'c Bill,
    complete: bool,
}

fn conclude(context: &Context, conclusion: &Conclusion<'_>, out: &mut Out) -> Result<Exit, Stop> {
    let Conclusion { job, rows, tally, bill, complete } = *conclusion;
    let verdicts: u64 = ["match", "mismatch", "no_record"].iter().filter_map(|word| tally.endings.get(word)).sum();
    let exit = if complete && verdicts == rows { Exit::Match } else { Exit::Error };
    let printed = if context.json {
        out.json(&Summary {
            complete,
            job: job.id,
            rows,
            finished: tally.done,
            asked: tally.asked,
            endings: &tally.endings,
            billed: bill.billed(),
            billed_yuan: bill.micro_yuan().map(yuan),
            possibly_billed: bill.possibly,
            simulated: context.sandbox,
        })
    } else {
        let simulated = if context.sandbox { context.words.simulated() } else { "" };
        let summary = words::summary(context.lang, rows, tally, tally.done - verdicts, bill);
        out.line(&format!("{simulated}{summary}"))
    };
    printed.and_then(|()| out.finish()).map_err(Stop::output(exit))?;
    Ok(exit)
}

/// What was asked for, checked as far as it can be without writing anything.
struct Plan {
    providers: Vec<Asked>,
    accounts: Accounts,
    source: Source,
    output_format: Format,
    ledger: PathBuf,
    mobile: bool,
    workers: u32,
    rate: Option<NonZeroU32>,
    timeout: Option<Duration>,
}

impl Plan {
    fn new(context: &Context, arguments: &args::Batch) -> Result<Self, Wrong> {
        let providers = target::providers(&arguments.provider)?;
        if context.sandbox {
            target::only_sandbox(&arguments.network)?;
        }
        let address = target::address(&arguments.network.address, providers.len())?;
        let mobile = providers.iter().any(|provider| provider.info().checks_mobile());
        if let Some(two) = providers.iter().find(|provider| mobile && !provider.info().checks_mobile()) {
            return Err(BatchWrong::Factors(two.info().slug).into());
        }
        let timeout = arguments.network.timeout.as_deref().map(target::timeout).transpose()?;
        let workers = number("--workers", arguments.workers.as_deref(), WORKERS_MAX)?.map_or(8, NonZeroU32::get);
        let rate = number("--rate", arguments.rate.as_deref(), RATE_MAX)?;
        if !arguments.consent {
            return Err(BatchWrong::Consent.into());
        }
        let format = source::format(arguments.format.as_deref(), &arguments.input)?;
        let output_format = source::format(arguments.format.as_deref(), &arguments.output)?;
        let source = Source::open(&arguments.input, format, arguments.encoding.as_deref())?;
        let is_same = |(one, other): (PathBuf, PathBuf)| one == other;
        if fs::canonicalize(&arguments.input).ok().zip(fs::canonicalize(&arguments.output).ok()).is_some_and(is_same) {
            return Err(BatchWrong::SameFile.into());
        }
        let has_mobile = source.table()?.has_mobile();
        if mobile && !has_mobile {
            return Err(BatchWrong::Column { value: crate::wrong::Value::Mobile, twice: false }.into());
        }
        if has_mobile && !mobile && format == Format::Csv {
            tell(words::mobile_unused(context.lang));
        }
        let ledger = arguments.ledger.clone().unwrap_or_else(|| lock::beside(&arguments.output, ".ledger"));
        let accounts = Accounts::find(context, &providers, address.is_some())?;
        Ok(Self { providers, accounts, source, output_format, ledger, mobile, workers, rate, timeout })
    }

    /// The providers, as the ledger knows them.
    fn slugs(&self) -> Result<Vec<Slug>, Wrong> {
        let slug = |asked: &Asked| Slug::new(asked.info().slug);
        let slugs: Option<Vec<Slug>> = self.providers.iter().map(slug).collect();
        slugs.ok_or_else(|| refused(AccountError::Slug))
    }

    /// The job in its ledger.
    fn job(
        &self,
        context: &Context,
        arguments: &args::Batch,
        rows: u64,
    ) -> Result<(Job, heyan_std::ledger::Ledger), Stop> {
        if rows >= job::ROWS_MAX {
            return Err(Wrong::from(BatchWrong::Number { option: "--input", max: u32::MAX }).into());
        }
        let ledger = accounts::ledger(&self.ledger)?;
        let key = fs::read(ledger.key_file()).map(Zeroizing::new);
        let unreadable = |error: std::io::Error| LedgerError::File { file: LedgerFile::Key, kind: error.kind() };
        let key = key.map_err(|error| Wrong::Ledger(unreadable(error)))?;
        let slugs: Vec<&str> = self.providers.iter().map(|provider| provider.info().slug).collect();
        let at = arguments.network.address.base_url.as_deref().unwrap_or_default();
        let settings = format!("{} {at} {} {}", slugs.join(","), arguments.lenient, context.sandbox);
        let now = input::unix_ms().unwrap_or_default();
        let prepare = || {
            let job = Job::open(ledger.clone(), self.source.fingerprint(&key, &settings), rows, now)?;
            if arguments.retry_free {
                job.forget_free()?;
            }
            Ok(job)
        };
        let job = prepare().map_err(Wrong::Ledger)?;
        Ok((job, ledger))
    }

    /// Whom to ask. A sandbox lives as long as it is kept.
    fn router(
        &self,
        context: &Context,
        arguments: &args::Batch,
        ledger: heyan_std::ledger::Ledger,
    ) -> Result<(Router, Option<Sandbox>), Stop> {
        let attempts = u8::try_from(self.providers.len().max(ATTEMPTS)).unwrap_or(u8::MAX);
        // With a rate, each attempt may have to wait behind one of every other worker.
        let turn = self.rate.map_or(Duration::ZERO, |rate| Duration::from_secs(1) * self.workers / rate.get());
        let whole = (self.timeout.unwrap_or(target::TIMEOUT) + turn).saturating_mul(attempts.into());
        let (sandbox, base_url, trust) = if context.sandbox {
            let (sandbox, trust) = accounts::sandbox(context)?;
            let url = sandbox.url();
            (Some(sandbox), Some(url), trust)
        } else {
            let network = &arguments.network;
            (None, network.address.base_url.clone(), target::trust(network.ca.as_deref())?)
        };
        let router = self.accounts.router(context, base_url.as_deref(), &trust, self.timeout, self.rate)?;
        let lang = context.lang;
        let router = router
            .retry(RetryRule::new(attempts, whole))
            .deadline(whole)
            .ledger(ledger)
            .on_alert(move |alert| tell(&reason::alert(lang, alert)))
            .build()
            .map_err(refused)?;
        Ok((router, sandbox))
    }
}

/// A whole number from 1 to `max`, if one was given.
fn number(option: &'static str, text: Option<&str>, max: u32) -> Result<Option<NonZeroU32>, BatchWrong> {
    let Some(text) = text else { return Ok(None) };
    let number = text.parse().ok().filter(|number: &NonZeroU32| number.get() <= max);
    number.map(Some).ok_or(BatchWrong::Number { option, max })
}

/// Ctrl-C and a polite kill: no new rows. Without a handler they end the process at once, which costs nothing but the
/// sentence at the end. The handler lives on; it must not keep the router and its ledger when they are done with.
fn stop_on_signal(router: &Router, is_over: &Arc<AtomicBool>) -> OnSignal {
    let held = Arc::new(Mutex::new(Some(router.clone())));
    let (seen, is_over) = (Arc::clone(&held), Arc::clone(is_over));
    let _ = ctrlc::set_handler(move || {
        is_over.store(true, Ordering::Relaxed);
        if let Some(router) = &*seen.lock().unwrap_or_else(PoisonError::into_inner) {
            router.stop();
        }
    });
    OnSignal(held)
}

/// The router that a signal stops, until this is dropped.
struct OnSignal(Arc<Mutex<Option<Router>>>);

impl Drop for OnSignal {
    fn drop(&mut self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}
