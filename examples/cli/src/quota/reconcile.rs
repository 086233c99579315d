//! `heyan quota reconcile`: the ledger against the console's export, window by window.
//!
//! In each window the console must have counted at least what was billed by the ledger and at most that and what may have
//! been. A window without a row in the export, between others, counts as one without a call.

use std::ops::Range;
use std::path::Path;

use heyan::Billing;
use heyan_std::ledger::{
    CONSOLE_WINDOW, Counts, EntryId, Filter, Ledger, LedgerError, Reconciliation, Settled, SettledBy,
};
use serde::Serialize;

use super::china::Time;
use super::export::Export;
use super::{Account, Bad, QuotaWrong};
use crate::output::{Exit, Out, Paint, Stop, tell};
use crate::words::quota as words;
use crate::{Context, args};

/// An entry that began in the last so many milliseconds of the export may be counted in the window behind it.
const MARGIN_MS: u64 = 60_000;

/// What a difference may mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// Together with the window before or behind, it agrees.
    Neighbour,
    /// The console counted calls that the ledger does not know.
    Besides,
    /// The console counted fewer than were billed.
    Fewer,
    /// The console has no row for a window with billed calls.
    NoRow,
}

impl Meaning {
    const fn word(self) -> &'static str {
        match self {
            Self::Neighbour => "neighbour",
            Self::Besides => "calls_besides_ledger",
            Self::Fewer => "console_counted_fewer",
            Self::NoRow => "no_row_in_export",
        }
    }
}

/// A window of both.
struct Window {
    range: Range<u64>,
    serials: Vec<String>,
    console: u64,
    counts: Counts,
    meaning: Option<Meaning>,
    /// What the possibly billed ones cost, where the sum says so.
    decided: Option<Billing>,
    settled: u64,
}

impl Window {
    fn new(range: Range<u64>, serials: Vec<String>, console: u64, counts: Counts) -> Self {
        Self { range, serials, console, counts, meaning: None, decided: None, settled: 0 }
    }

    const fn differs(&self) -> bool {
        self.meaning.is_some()
    }
}

/// What a comparison came to.
pub(crate) struct Summary {
    pub(crate) windows: usize,
    pub(crate) differ: usize,
    pub(crate) bad: usize,
    pub(crate) repeated: u64,
    pub(crate) console: u64,
    pub(crate) billed: u64,
    pub(crate) possibly: u64,
    /// Entries that can be settled.
    pub(crate) decided: u64,
    pub(crate) settled: u64,
    /// Billed or possibly billed entries outside of the export's time.
    pub(crate) outside: u64,
}

#[derive(Serialize)]
struct MachineWindow<'w> {
    kind: &'static str,
    from: String,
    until: String,
    serials: &'w [String],
    console: u64,
    billed: u64,
    possibly_billed: u64,
    agrees: bool,
    meaning: Option<&'static str>,
    decides: Option<&'static str>,
    settled: u64,
}

#[derive(Serialize)]
struct MachineBad {
    kind: &'static str,
    file: usize,
    line: usize,
    reason: &'static str,
}

#[derive(Serialize)]
struct MachineSummary<'s> {
    kind: &'static str,
    provider: &'s str,
    account: &'s str,
    agrees: bool,
    windows: usize,
    differ: usize,
    bad_rows: usize,
    repeated_rows: u64,
    console: u64,
    billed: u64,
    possibly_billed: u64,
    decided: u64,
    settled: u64,
    outside_of_export: u64,
}

pub(super) fn run(
    context: &Context,
    path: &Path,
    arguments: &args::QuotaReconcile,
    out: &mut Out,
) -> Result<Exit, Stop> {
    let now = super::now(context)?;
    let account = Account::named(&arguments.account)?;
    let mut export = Export::default();
    arguments.exports.iter().try_for_each(|path| export.read(path))?;
    let (Some(first), Some(last)) = (export.rows().next(), export.rows().last()) else {
        return Err(QuotaWrong::ExportEmpty(export.bad.first().copied()).into());
    };
    let covered = first.window.start..last.window.end;
    let ledger = super::existing(path)?;

    let failed = super::failed(context);
    let mut windows = windows(&ledger, &account, &export).map_err(&failed)?;
    judge(&mut windows);
    if export.bad.is_empty() {
        decide(&mut windows);
    }
    keep(&ledger, &account, &windows, now).map_err(&failed)?;
    let mut decided = 0;
    for window in &mut windows {
        let Some(billing) = window.decided else { continue };
        let entries = undecided(&ledger, &account, &window.range, covered.end, billing).map_err(&failed)?;
        decided += u64::try_from(entries.len()).unwrap_or(u64::MAX);
        if entries.is_empty() {
            window.decided = None;
        }
        if arguments.settle {
            window.settled = settle(&ledger, &entries, billing, now).map_err(&failed)?;
        }
    }
    let outside = outside(&ledger, &account, &covered).map_err(&failed)?;

    let summary = Summary {
        windows: windows.len(),
        differ: windows.iter().filter(|window| window.differs()).count(),
        bad: export.bad.len(),
        repeated: export.repeated,
        console: windows.iter().map(|window| window.console).sum(),
        billed: windows.iter().map(|window| window.counts.billed).sum(),
        possibly: windows.iter().map(|window| window.counts.possibly).sum(),
        decided,
        settled: windows.iter().map(|window| window.settled).sum(),
        outside,
    };
    let exit = if summary.differ + summary.bad > 0 { Exit::Mismatch } else { Exit::Match };
    let printed = if context.json {
        print_json(&account, &windows, &export.bad, &summary, out)
    } else {
        print_text(context, &windows, &export.bad, &summary, out)
    };
    printed.map_err(Stop::output(exit))?;
    if arguments.settle && !export.bad.is_empty() {
        tell(words::nothing_settled(context.lang));
    }
    Ok(exit)
}

fn filter(account: &Account, window: &Range<u64>) -> Filter {
    Filter::new().provider(account.provider.clone()).account(account.name.clone()).window(window.clone())
}

fn counts(ledger: &Ledger, account: &Account, window: &Range<u64>) -> Result<Counts, LedgerError> {
    Ok(ledger.counts(&filter(account, window))?.first().map(|found| found.counts).unwrap_or_default())
}

/// Those of the export and, between them, those in which only the ledger has calls. By time.
///
/// The console's windows begin a second after those of [`Ledger::windows`], so each is counted by its own bounds.
fn windows(ledger: &Ledger, account: &Account, export: &Export) -> Result<Vec<Window>, LedgerError> {
    let width = u64::try_from(CONSOLE_WINDOW.as_millis()).unwrap_or(u64::MAX);
    let mut windows: Vec<Window> = Vec::new();
    for row in export.rows() {
        let mut from = windows.last().map_or(row.window.start, |last| last.range.end);
        // Of a long time without calls one look is enough.
        if has_calls(&counts(ledger, account, &(from..row.window.start))?) {
            while from < row.window.start {
                let gap = from..from.saturating_add(width).min(row.window.start);
                from = gap.end;
                let found = counts(ledger, account, &gap)?;
                if has_calls(&found) {
                    windows.push(Window::new(gap, Vec::new(), 0, found));
                }
            }
        }
        let found = counts(ledger, account, &row.window)?;
        windows.push(Window::new(row.window.clone(), row.serials.clone(), row.calls, found));
    }
    Ok(windows)
}

const fn has_calls(counts: &Counts) -> bool {
    counts.billed > 0 || counts.possibly > 0
}

fn agrees<'w>(windows: impl IntoIterator<Item = &'w Window>) -> bool {
    let (mut console, mut billed, mut possibly) = (0, 0, 0);
    for window in windows {
        console += window.console;
        billed += window.counts.billed;
        possibly += window.counts.possibly;
    }
    billed <= console && console <= billed + possibly
}

fn judge(windows: &mut [Window]) {
    for window in windows.iter_mut().filter(|window| !agrees([&**window])) {
        let more = window.console > window.counts.billed;
        window.meaning = Some(match window.serials.is_empty() {
            _ if more => Meaning::Besides,
            true => Meaning::NoRow,
            false => Meaning::Fewer,
        });
    }
    let mut at = 0;
    while let Some([one, other]) = windows.get_mut(at..).and_then(|rest| rest.first_chunk_mut()) {
        let touch = one.range.end == other.range.start;
        if touch && one.differs() && other.differs() && agrees([&*one, &*other]) {
            one.meaning = Some(Meaning::Neighbour);
            other.meaning = Some(Meaning::Neighbour);
            // Each window makes up for one other.
            at += 1;
        }
        at += 1;
    }
}

/// What the sums say of the possibly billed ones. Next to a window that differs they say nothing: what is missing here may
/// be there.
fn decide(windows: &mut [Window]) {
    let differ: Vec<(Range<u64>, bool)> =
        windows.iter().map(|window| (window.range.clone(), window.differs())).collect();
    for (at, window) in windows.iter_mut().enumerate() {
        let beside = [at.checked_sub(1), Some(at), Some(at + 1)];
        let is_clear = beside
            .into_iter()
            .flatten()
            .filter_map(|at| differ.get(at))
            .all(|(range, differs)| !differs || range.end < window.range.start || range.start > window.range.end);
        let Counts { billed, possibly, .. } = window.counts;
        if is_clear && possibly > 0 {
            window.decided = match window.console.checked_sub(billed) {
                Some(0) => Some(Billing::Free),
                Some(rest) if rest == possibly => Some(Billing::Billed),
                _ => None,
            };
        }
    }
}

/// The entries that a window decides about.
fn undecided(
    ledger: &Ledger,
    account: &Account,
    window: &Range<u64>,
    covered_until: u64,
    billing: Billing,
) -> Result<Vec<EntryId>, LedgerError> {
    let last = covered_until.saturating_sub(MARGIN_MS);
    let entries = ledger.entries(&filter(account, window).possibly_billed())?;
    let sure = entries.iter().filter(|entry| billing == Billing::Billed || entry.began_unix_ms < last);
    Ok(sure.map(|entry| entry.id).collect())
}

fn settle(ledger: &Ledger, entries: &[EntryId], billing: Billing, now: u64) -> Result<u64, LedgerError> {
    let mut settled = 0;
    for entry in entries {
        match ledger.settle(*entry, Settled::new(billing, SettledBy::Reconciled, now)) {
            Ok(()) => settled += 1,
            // Another process was first.
            Err(LedgerError::NothingToSettle) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(settled)
}

/// Keeps what was compared, unless the same is kept already.
fn keep(ledger: &Ledger, account: &Account, windows: &[Window], now: u64) -> Result<(), LedgerError> {
    let kept = ledger.reconciliations(&account.provider, &account.name)?;
    let compared = windows.iter().filter(|window| !window.serials.is_empty()).filter_map(|window| {
        let done = Reconciliation {
            provider: account.provider.clone(),
            account: account.name.clone(),
            window: window.range.clone(),
            console_calls: window.console,
            ledger_billed: window.counts.billed,
            ledger_possibly: window.counts.possibly,
            console_serial: Some(window.serials.join("+")),
            done_unix_ms: now,
        };
        let is_same = |kept: &Reconciliation| Reconciliation { done_unix_ms: now, ..kept.clone() } == done;
        let from = kept.partition_point(|kept| kept.window.start < done.window.start);
        let same_start = kept.iter().skip(from).take_while(|kept| kept.window.start == done.window.start);
        let is_kept = same_start.into_iter().any(is_same);
        (!is_kept).then_some(done)
    });
    let fresh: Vec<Reconciliation> = compared.collect();
    if fresh.is_empty() { Ok(()) } else { ledger.add_reconciliations(fresh) }
}

fn outside(ledger: &Ledger, account: &Account, covered: &Range<u64>) -> Result<u64, LedgerError> {
    [0..covered.start, covered.end..u64::MAX].iter().try_fold(0, |sum, range| {
        let found = counts(ledger, account, range)?;
        Ok(sum + found.billed + found.possibly)
    })
}

fn print_json(
    account: &Account,
    windows: &[Window],
    bad: &[Bad],
    summary: &Summary,
    out: &mut Out,
) -> std::io::Result<()> {
    for bad in bad {
        out.json(&MachineBad { kind: "bad_row", file: bad.file, line: bad.line, reason: bad.reason.word() })?;
    }
    for window in windows {
        out.json(&MachineWindow {
            kind: "window",
            from: Time(window.range.start).rfc3339(),
            until: Time(window.range.end).rfc3339(),
            serials: &window.serials,
            console: window.console,
            billed: window.counts.billed,
            possibly_billed: window.counts.possibly,
            agrees: !window.differs(),
            meaning: window.meaning.map(Meaning::word),
            decides: window.decided.map(Billing::word),
            settled: window.settled,
        })?;
    }
    out.json(&MachineSummary {
        kind: "summary",
        provider: account.provider.as_str(),
        account: account.name.as_str(),
        agrees: summary.differ + summary.bad == 0,
        windows: summary.windows,
        differ: summary.differ,
        bad_rows: summary.bad,
        repeated_rows: summary.repeated,
        console: summary.console,
        billed: summary.billed,
        possibly_billed: summary.possibly,
        decided: summary.decided,
        settled: summary.settled,
        outside_of_export: summary.outside,
    })
}

fn print_text(
    context: &Context,
    windows: &[Window],
    bad: &[Bad],
    summary: &Summary,
    out: &mut Out,
) -> std::io::Result<()> {
    let lang = context.lang;
    let agrees = summary.differ + summary.bad == 0;
    out.painted(if agrees { Paint::Green } else { Paint::Red }, &words::summary(lang, summary))?;
    for bad in bad {
        out.line(&words::bad_row(lang, *bad))?;
    }
    for window in windows {
        if let Some(meaning) = window.meaning {
            let span = format!("{} - {}", Time(window.range.start), Time(window.range.end));
            out.line(&words::difference(lang, &span, window.console, &window.counts, meaning))?;
        }
    }
    if summary.decided > 0 {
        out.line(&words::decided(lang, summary))?;
    }
    if summary.outside > 0 {
        out.line(&words::outside(lang, summary.outside))?;
    }
    Ok(())
}
