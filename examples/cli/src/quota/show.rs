//! What is left, and until when.

use std::io;
use std::path::Path;

use heyan::Date;
use heyan::policy::{Alert, Alerts, Left, Package, Quota, Slug, Usage};
use heyan_std::ledger::{Counts, Filter, Ledger, LedgerError};
use serde::Serialize;

use super::china::{self, DAY_MS};
use super::{Account, QuotaWrong};
use crate::Context;
use crate::output::{Exit, Out, Stop};
use crate::words::quota as words;

/// As many packages of an account are counted: those that expire last. The console of a big customer lists 187 (document
/// of `idcert`, read 2026-11).
const PACKAGES: usize = 256;
/// The rate for the forecast is taken from so many days.
const RATE_DAYS: u64 = 7;

/// What is shown of an account.
pub(super) struct Shown {
    account: Account,
    now: u64,
    packages: Vec<(i64, Package)>,
    counts: Counts,
    left: Left,
    rate: Rate,
    runs_out: Option<Date>,
    alerts: Vec<String>,
}

/// Calls a day.
#[derive(Clone, Copy)]
pub(crate) struct Rate {
    pub(crate) per_day: u32,
    /// Days of the ledger that it was taken from; 0: it was given.
    pub(crate) from_days: u64,
}

#[derive(Serialize)]
struct Machine<'s> {
    provider: &'s str,
    account: &'s str,
    simulated: bool,
    billed: u64,
    possibly_billed: u64,
    not_completed: u64,
    free: u64,
    /// Of packages that have not expired.
    total: u32,
    left: u32,
    left_at_most: u32,
    per_day: u32,
    runs_out: Option<String>,
    alerts: &'s [String],
    packages: Vec<MachinePackage>,
}

#[derive(Serialize)]
struct MachinePackage {
    id: i64,
    calls: u32,
    price_yuan: String,
    bought: String,
    expires: String,
    expired: bool,
    billed: u32,
    possibly_billed: u32,
    left: u32,
}

pub(super) fn run(context: &Context, path: &Path, per_day: Option<&str>, out: &mut Out) -> Result<Exit, Stop> {
    let now = super::now(context)?;
    let per_day = per_day.map(|text| text.parse().ok().filter(|count| *count > 0).ok_or(QuotaWrong::PerDay));
    let per_day = per_day.transpose()?;
    let ledger = super::existing(path)?;
    let shown = accounts(&ledger).and_then(|accounts| {
        accounts.iter().map(|account| Shown::of(&ledger, account, now, per_day)).collect::<Result<Vec<_>, _>>()
    });
    print(context, &shown.map_err(super::failed(context))?, out).map_err(Stop::output(Exit::Match))?;
    Ok(Exit::Match)
}

/// Those with an entry or a package.
fn accounts(ledger: &Ledger) -> Result<Vec<Account>, LedgerError> {
    ledger.read(|connection| {
        let mut select = connection.prepare(
            "SELECT provider, account FROM attempt UNION SELECT provider, account FROM package ORDER BY provider, account",
        )?;
        let mut rows = select.query(())?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let token = |column| Slug::new(&row.get::<_, String>(column)?).ok_or(LedgerError::Damaged);
            found.push(Account { provider: token(0)?, name: token(1)? });
        }
        Ok(found)
    })
}

impl Shown {
    pub(super) fn of(ledger: &Ledger, account: &Account, now: u64, per_day: Option<u32>) -> Result<Self, LedgerError> {
        let (provider, name) = (&account.provider, &account.name);
        let filter = || Filter::new().provider(provider.clone()).account(name.clone());
        let (quota, ids) = ledger.quota_with_ids::<PACKAGES>(provider, name)?;
        let rate = match per_day {
            Some(per_day) => Rate { per_day, from_days: 0 },
            None => rate(ledger, &filter, now)?,
        };
        Ok(Self {
            account: account.clone(),
            now,
            packages: ids.into_iter().zip(quota.packages().iter().copied()).collect(),
            counts: ledger.counts(&filter())?.first().map(|found| found.counts).unwrap_or_default(),
            left: quota.left(now),
            runs_out: quota.runs_out(now, rate.per_day),
            rate,
            alerts: alerts(ledger, account, quota.packages(), now)?,
        })
    }
}

/// Of the last days, what may have been billed counted as billed, rounded up. A ledger that is younger has fewer of them.
fn rate(ledger: &Ledger, filter: &impl Fn() -> Filter, now: u64) -> Result<Rate, LedgerError> {
    let first = ledger.entries(&filter().limit(1))?.first().map_or(now, |entry| entry.began_unix_ms);
    let from_days = now.saturating_sub(first).div_ceil(DAY_MS).clamp(1, RATE_DAYS);
    let from = now.saturating_sub(from_days * DAY_MS);
    let counts = ledger.counts(&filter().window(from..now.saturating_add(1)))?;
    let calls: u64 = counts.iter().map(|found| found.counts.billed.saturating_add(found.counts.possibly)).sum();
    Ok(Rate { per_day: u32::try_from(calls.div_ceil(from_days)).unwrap_or(u32::MAX), from_days })
}

/// Those whose reason holds now, and those that only a reply can raise and a purchase clear.
fn alerts(ledger: &Ledger, account: &Account, packages: &[Package], now: u64) -> Result<Vec<String>, LedgerError> {
    let unraised: Vec<Package> = packages.iter().map(|package| Package { expiry_raised: false, ..*package }).collect();
    let mut quota =
        Quota::<PACKAGES>::restored(&unraised, Usage::NONE, Alerts::NONE).map_err(|_| LedgerError::Damaged)?;
    let mut alerts: Vec<String> = quota.check(now).iter().map(|alert| alert.word().to_owned()).collect();
    let by_count = [Alert::Low, Alert::Expiring, Alert::Empty].map(Alert::word);
    for raised in ledger.alerts(&account.provider, &account.name)? {
        if !by_count.contains(&raised.kind.as_str()) && !alerts.contains(&raised.kind) {
            alerts.push(raised.kind);
        }
    }
    Ok(alerts)
}

pub(super) fn print(context: &Context, accounts: &[Shown], out: &mut Out) -> io::Result<()> {
    if accounts.is_empty() && !context.json {
        return out.line(words::empty_ledger(context.lang));
    }
    accounts.iter().try_for_each(
        |shown| {
            if context.json { print_json(shown, out) } else { print_text(context, shown, out) }
        },
    )
}

fn print_json(shown: &Shown, out: &mut Out) -> io::Result<()> {
    let packages = shown.packages.iter().map(|(id, package)| MachinePackage {
        id: *id,
        calls: package.calls,
        price_yuan: yuan(package.price),
        bought: china::date(package.bought_unix_ms).to_string(),
        expires: china::date(package.expires_unix_ms).to_string(),
        expired: package.expires_unix_ms <= shown.now,
        billed: package.used.billed,
        possibly_billed: package.used.possibly,
        left: package.left(),
    });
    out.json(&Machine {
        provider: shown.account.provider.as_str(),
        account: shown.account.name.as_str(),
        simulated: shown.account.is_simulated(),
        billed: shown.counts.billed,
        possibly_billed: shown.counts.possibly,
        not_completed: shown.counts.open,
        free: shown.counts.free,
        total: shown.left.total,
        left: shown.left.calls,
        left_at_most: shown.left.calls.saturating_add(shown.left.possibly),
        per_day: shown.rate.per_day,
        runs_out: shown.runs_out.map(|date| date.to_string()),
        alerts: &shown.alerts,
        packages: packages.collect(),
    })
}

fn print_text(context: &Context, shown: &Shown, out: &mut Out) -> io::Result<()> {
    let lang = context.lang;
    let simulated = if shown.account.is_simulated() { context.words.simulated() } else { "" };
    out.line(&format!("{simulated}{} / {}", shown.account.provider, shown.account.name))?;
    out.line(&words::counts(lang, &shown.counts))?;
    if shown.packages.is_empty() {
        return out.line(words::no_package(lang));
    }
    for (id, package) in &shown.packages {
        let expires = china::date(package.expires_unix_ms);
        let has_expired = package.expires_unix_ms <= shown.now;
        out.line(&words::package(lang, *id, package, &yuan(package.price), expires, has_expired))?;
    }
    out.line(&words::left(lang, shown.left))?;
    out.line(&words::forecast(lang, shown.runs_out, shown.rate))?;
    for alert in &shown.alerts {
        out.line(&words::alert(lang, alert))?;
    }
    Ok(())
}

/// Without needless zeros: `38`, `38.5`.
pub(crate) fn yuan(micro: u64) -> String {
    let text = format!("{}.{:06}", micro / 1_000_000, micro % 1_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
