//! The sums in the end: what the callers know, what the ledger says, what the gateway billed.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use heyan::policy::{AccountId, Slug};
use heyan_sandbox::{Provider, Report};
use heyan_std::ledger::{Counts, Filter, Ledger, LedgerError};

use crate::callers::{Tally, Wrong};
use crate::gateway::Log;
use crate::{ACCOUNT, CALLS, now_ms};

/// What the ledger holds.
#[derive(Debug, Default)]
pub(crate) struct Entries {
    /// All accounts together.
    pub(crate) sum: Counts,
    accounts: Vec<(Slug, Counts)>,
    attempts: BTreeMap<(String, String), u64>,
    /// Calls of each account's package that are left.
    left: Vec<u32>,
}

impl Entries {
    pub(crate) fn read(ledger: &Ledger) -> Result<Self, LedgerError> {
        ledger.flush()?;
        let mut entries = Self::default();
        for row in ledger.counts(&Filter::new())? {
            entries.sum.billed += row.counts.billed;
            entries.sum.free += row.counts.free;
            entries.sum.possibly += row.counts.possibly;
            entries.sum.open += row.counts.open;
            let account = AccountId::new(ACCOUNT).ok_or(LedgerError::Unknown)?;
            entries.left.push(ledger.quota::<1>(&row.provider, &account)?.left(now_ms()).calls);
            entries.accounts.push((row.provider, row.counts));
        }
        entries.attempts = ledger.read(|connection| {
            let mut select = connection
                .prepare("SELECT coalesce(class, '-'), coalesce(billing, '-'), count(*) FROM attempt GROUP BY 1, 2")?;
            let rows =
                select.query_map([], |row| Ok(((row.get(0)?, row.get(1)?), row.get::<_, i64>(2)?.unsigned_abs())))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })?;
        Ok(entries)
    }

    pub(crate) fn count(&self) -> u64 {
        self.sum.billed + self.sum.free + self.sum.possibly
    }
}

/// Holds them against each other.
pub(crate) fn balance(tally: &mut Tally, entries: &Entries, report: &Report, log: &Log) {
    let mut wrong = Wrong::default();
    let mut must = |is_so: bool, words: String| {
        if !is_so {
            wrong.add(words);
        }
    };
    let (verdicts, failures) = (tally.verdicts, tally.failures);
    must(
        tally.begun == verdicts + failures,
        format!("{} calls, {verdicts} verdicts and {failures} failures: some ended in nothing", tally.begun),
    );
    let lines: u64 = tally.attempts.values().sum();
    must(lines == entries.count(), format!("{lines} attempts, {} entries in the ledger", entries.count()));
    must(entries.sum.open == 0, format!("{} entries were never completed", entries.sum.open));
    let listed: BTreeMap<_, _> =
        tally.attempts.iter().map(|((class, billing), n)| (((*class).to_owned(), (*billing).to_owned()), *n)).collect();
    must(listed == entries.attempts, format!("attempts {listed:?}, entries {:?}", entries.attempts));
    must(
        report.requests <= entries.count(),
        format!("{} requests reached the gateway, {} have an entry", report.requests, entries.count()),
    );
    for ((slug, counts), left) in entries.accounts.iter().zip(&entries.left) {
        let billed = Provider::ALL.into_iter().find(|one| one.slug() == slug.as_str()).map(|one| report.of(one).billed);
        let billed = billed.unwrap_or_default();
        let most = counts.billed + counts.possibly;
        must(
            (counts.billed..=most).contains(&billed),
            format!("{slug}: the gateway billed {billed}, the ledger says {} to {most}", counts.billed),
        );
        must(
            u64::from(CALLS - left) >= billed,
            format!("{slug}: {left} of {CALLS} calls are said to be left, {billed} were billed"),
        );
    }
    must(
        report.billed() >= verdicts,
        format!("{verdicts} verdicts, of which the gateway billed {} at most", report.billed()),
    );
    let nameless = log.nameless();
    must(
        tally.nameless <= nameless,
        format!("{} failures that only {nameless} faults of idle connections could explain", tally.nameless),
    );
    must(log.left_over() == 0, format!("{} exchanges of no call", log.left_over()));
    must(log.exchanges.load(Ordering::Relaxed) > 0, "no request was made".to_owned());
    tally.wrong.merge(wrong);
}
