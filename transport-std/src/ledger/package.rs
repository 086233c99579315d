//! Packages of calls, alerts that were raised, comparisons with the console's export.

use std::ops::Range;

use heyan::Billing;
use heyan::policy::{AccountId, Alert, Alerts, Package, Slug, Usage};
use rusqlite::Connection;

use super::entry::{billing, from_sql, to_sql};
use super::error::LedgerError;

/// A package as it is written down: without what entries used of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PackageRow {
    /// Its `id` in the table.
    pub id: i64,
    /// The package. [`Package::used`] holds what was used up besides the entries of this ledger, and nothing else.
    pub package: Package,
}

/// An alert that was raised and not cleared.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RaisedAlert {
    /// What it is, for example [`Alert::word`](heyan::policy::Alert::word).
    pub kind: String,
    /// The package that it is about; 0 if it is about the account.
    pub package: i64,
    /// When, in milliseconds since 1970-01-01T00:00:00Z.
    pub raised_unix_ms: u64,
}

impl RaisedAlert {
    /// An alert of this kind, raised at this time; about a package by its id, or 0 for the account.
    #[must_use]
    pub fn new(kind: &str, package: i64, raised_unix_ms: u64) -> Self {
        Self { kind: kind.to_owned(), package, raised_unix_ms }
    }
}

/// A comparison with a row of the console's export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reconciliation {
    /// The provider's slug.
    pub provider: Slug,
    /// The operator's name of the account.
    pub account: AccountId,
    /// The row's window, in milliseconds since 1970-01-01T00:00:00Z.
    pub window: Range<u64>,
    /// Calls by the console's count (消耗 N次).
    pub console_calls: u64,
    /// Entries that were billed, by the ledger, when it was compared.
    pub ledger_billed: u64,
    /// Entries that may have been.
    pub ledger_possibly: u64,
    /// The console's serial number of the row (流水编号).
    pub console_serial: Option<String>,
    /// When it was compared.
    pub done_unix_ms: u64,
}

pub(super) fn add(
    connection: &Connection,
    provider: &Slug,
    account: &AccountId,
    package: &Package,
) -> Result<i64, LedgerError> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO package (provider, account, calls, price_micro_yuan, bought_unix_ms, expires_unix_ms,
            billed_besides, possibly_besides) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?;
    Ok(insert.insert((
        provider.as_str(),
        account.as_str(),
        package.calls,
        to_sql(package.price),
        to_sql(package.bought_unix_ms),
        to_sql(package.expires_unix_ms),
        package.used.billed,
        package.used.possibly,
    ))?)
}

pub(super) fn set_used_besides(connection: &Connection, id: i64, used: Usage) -> Result<(), LedgerError> {
    let changed = connection.execute(
        "UPDATE package SET billed_besides = ?2, possibly_besides = ?3 WHERE id = ?1",
        (id, used.billed, used.possibly),
    )?;
    if changed == 1 { Ok(()) } else { Err(LedgerError::Unknown) }
}

/// In the order of their expiry.
pub(super) fn list(
    connection: &Connection,
    provider: &Slug,
    account: &AccountId,
) -> Result<Vec<PackageRow>, LedgerError> {
    let mut select = connection.prepare_cached(
        "SELECT id, calls, price_micro_yuan, bought_unix_ms, expires_unix_ms, billed_besides, possibly_besides,
            EXISTS (SELECT 1 FROM alert WHERE alert.package = package.id AND kind = 'expiring'
                AND cleared_unix_ms IS NULL)
         FROM package WHERE provider = ?1 AND account = ?2 ORDER BY expires_unix_ms, id",
    )?;
    let mut rows = select.query((provider.as_str(), account.as_str()))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let (price, bought, expires) = (row.get(2)?, row.get(3)?, row.get(4)?);
        let mut package = Package::new(row.get(1)?, from_sql(price)?, from_sql(bought)?, from_sql(expires)?);
        package.used = Usage { billed: row.get(5)?, possibly: row.get(6)? };
        package.expiry_raised = row.get(7)?;
        found.push(PackageRow { id: row.get(0)?, package });
    }
    Ok(found)
}

/// When each attempt of this account began and what it cost, in order, free ones left out.
pub(super) fn usage(
    connection: &Connection,
    provider: &Slug,
    account: &AccountId,
    from_unix_ms: u64,
    mut each: impl FnMut(u64, Billing),
) -> Result<(), LedgerError> {
    let mut select = connection.prepare_cached(
        "SELECT began_unix_ms, coalesce(settled_billing, billing, 'unknown') FROM attempt
         WHERE began_unix_ms >= ?3 AND provider = ?1 AND account = ?2 ORDER BY began_unix_ms, id",
    )?;
    let mut rows = select.query((provider.as_str(), account.as_str(), to_sql(from_unix_ms)))?;
    while let Some(row) = rows.next()? {
        match billing(row.get_ref(1)?.as_str().map_err(|_| LedgerError::Damaged)?)? {
            Billing::Free => {}
            price => each(from_sql(row.get(0)?)?, price),
        }
    }
    Ok(())
}

/// `true` if it was not standing.
pub(super) fn raise(
    connection: &Connection,
    provider: &Slug,
    account: &AccountId,
    alert: &RaisedAlert,
) -> Result<bool, LedgerError> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO alert (provider, account, kind, package, raised_unix_ms) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT DO NOTHING",
    )?;
    let at = to_sql(alert.raised_unix_ms);
    Ok(insert.execute((provider.as_str(), account.as_str(), &alert.kind, alert.package, at))? == 1)
}

pub(super) fn clear(
    connection: &Connection,
    provider: &Slug,
    account: &AccountId,
    kind: &str,
    now_unix_ms: u64,
) -> Result<(), LedgerError> {
    connection.execute(
        "UPDATE alert SET cleared_unix_ms = ?4
         WHERE provider = ?1 AND account = ?2 AND kind = ?3 AND cleared_unix_ms IS NULL",
        (provider.as_str(), account.as_str(), kind, to_sql(now_unix_ms)),
    )?;
    Ok(())
}

pub(super) fn standing(
    connection: &Connection,
    provider: &Slug,
    account: &AccountId,
) -> Result<Vec<RaisedAlert>, LedgerError> {
    let mut select = connection.prepare_cached(
        "SELECT kind, package, raised_unix_ms FROM alert
         WHERE provider = ?1 AND account = ?2 AND cleared_unix_ms IS NULL ORDER BY raised_unix_ms, id",
    )?;
    let mut rows = select.query((provider.as_str(), account.as_str()))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let raised_unix_ms = from_sql(row.get(2)?)?;
        found.push(RaisedAlert { kind: row.get(0)?, package: row.get(1)?, raised_unix_ms });
    }
    Ok(found)
}

/// The alerts about the account itself, as a [`Quota`](heyan::policy::Quota) remembers them.
pub(super) fn raised(connection: &Connection, provider: &Slug, account: &AccountId) -> Result<Alerts, LedgerError> {
    let standing = standing(connection, provider, account)?;
    let is_standing = |alert: Alert| standing.iter().any(|raised| raised.package == 0 && raised.kind == alert.word());
    let singles = (0..8).map(|place| 1 << place);
    let bits = singles.filter(|bit| Alerts::from_bits(*bit).iter().any(is_standing)).fold(0, |bits, bit| bits | bit);
    Ok(Alerts::from_bits(bits))
}

pub(super) fn add_reconciliation(connection: &Connection, done: &Reconciliation) -> Result<(), LedgerError> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO reconciliation (provider, account, from_unix_ms, until_unix_ms, console_calls, ledger_billed,
            ledger_possibly, console_serial, done_unix_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?;
    insert.execute((
        done.provider.as_str(),
        done.account.as_str(),
        to_sql(done.window.start),
        to_sql(done.window.end),
        to_sql(done.console_calls),
        to_sql(done.ledger_billed),
        to_sql(done.ledger_possibly),
        &done.console_serial,
        to_sql(done.done_unix_ms),
    ))?;
    Ok(())
}

pub(super) fn reconciliations(
    connection: &Connection,
    provider: &Slug,
    account: &AccountId,
) -> Result<Vec<Reconciliation>, LedgerError> {
    let mut select = connection.prepare_cached(
        "SELECT from_unix_ms, until_unix_ms, console_calls, ledger_billed, ledger_possibly, console_serial, done_unix_ms
         FROM reconciliation WHERE provider = ?1 AND account = ?2 ORDER BY from_unix_ms, id",
    )?;
    let mut rows = select.query((provider.as_str(), account.as_str()))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(Reconciliation {
            provider: provider.clone(),
            account: account.clone(),
            window: from_sql(row.get(0)?)?..from_sql(row.get(1)?)?,
            console_calls: from_sql(row.get(2)?)?,
            ledger_billed: from_sql(row.get(3)?)?,
            ledger_possibly: from_sql(row.get(4)?)?,
            console_serial: row.get(5)?,
            done_unix_ms: from_sql(row.get(6)?)?,
        });
    }
    Ok(found)
}
