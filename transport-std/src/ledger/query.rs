//! Reading the ledger: entries, counts, the ten-minute windows of the console's export.

use std::ops::Range;
use std::time::Duration;

use heyan::Billing;
use heyan::policy::{AccountId, Slug};
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use super::entry::{COLUMNS, EntryId, Record, billing, from_sql, record, to_sql, token};
use super::error::LedgerError;

/// Which entries are meant. All of them, unless narrowed down.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Filter {
    window: Option<Range<u64>>,
    provider: Option<Slug>,
    account: Option<AccountId>,
    only: Option<&'static str>,
    origins: Option<Range<i64>>,
    limit: Option<u32>,
}

impl Filter {
    /// All entries.
    pub fn new() -> Self {
        Self::default()
    }

    /// Those that began at or after the range's start and before its end, in milliseconds since 1970-01-01T00:00:00Z.
    pub fn window(mut self, unix_ms: Range<u64>) -> Self {
        self.window = Some(unix_ms);
        self
    }

    /// Those of this provider.
    pub fn provider(mut self, provider: Slug) -> Self {
        self.provider = Some(provider);
        self
    }

    /// Those of this account. Two providers may have accounts of one name.
    pub fn account(mut self, account: AccountId) -> Self {
        self.account = Some(account);
        self
    }

    /// Those that were begun and never completed. Some of them may be under way.
    pub fn open(mut self) -> Self {
        self.only = Some("class IS NULL AND settled_billing IS NULL");
        self
    }

    /// Those of which nobody knows whether they were billed, the open ones included.
    pub fn possibly_billed(mut self) -> Self {
        self.only = Some("coalesce(settled_billing, billing, 'unknown') = 'unknown'");
        self
    }

    /// Those whose [origin](super::Begin::origin) is in this range.
    pub fn origins(mut self, origins: Range<i64>) -> Self {
        self.origins = Some(origins);
        self
    }

    /// At most so many: the first ones.
    pub fn limit(mut self, count: u32) -> Self {
        self.limit = Some(count);
        self
    }

    /// The condition and its values. Values never stand in the text.
    fn condition(&self) -> (String, Vec<Value>) {
        let mut terms = vec!["TRUE".to_owned()];
        let mut values = Vec::new();
        let mut term = |text: &str, found: Vec<Value>| {
            terms.push(text.to_owned());
            values.extend(found);
        };
        if let Some(Range { start, end }) = self.window {
            term("began_unix_ms >= ? AND began_unix_ms < ?", vec![to_sql(start).into(), to_sql(end).into()]);
        }
        if let Some(provider) = &self.provider {
            term("provider = ?", vec![provider.as_str().to_owned().into()]);
        }
        if let Some(account) = &self.account {
            term("account = ?", vec![account.as_str().to_owned().into()]);
        }
        if let Some(Range { start, end }) = self.origins {
            term("origin >= ? AND origin < ?", vec![start.into(), end.into()]);
        }
        if let Some(only) = self.only {
            term(only, Vec::new());
        }
        (terms.join(" AND "), values)
    }
}

/// Entries by what they cost, as far as it is known by now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// They were billed.
    pub billed: u64,
    /// They were not.
    pub free: u64,
    /// Nobody knows.
    pub possibly: u64,
    /// Those among [`possibly`](Self::possibly) that were never completed.
    pub open: u64,
}

impl Counts {
    fn add(&mut self, billing: Billing, count: u64, open: u64) {
        let place = match billing {
            Billing::Billed => &mut self.billed,
            Billing::Free => &mut self.free,
            Billing::Unknown => &mut self.possibly,
        };
        *place = place.saturating_add(count);
        self.open = self.open.saturating_add(open);
    }
}

/// The counts of one account.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AccountCounts {
    /// The provider's slug.
    pub provider: Slug,
    /// The operator's name of the account.
    pub account: AccountId,
    /// When the window of these counts begins, in milliseconds since 1970-01-01T00:00:00Z; 0 for one that has no windows.
    pub from_unix_ms: u64,
    /// Its entries.
    pub counts: Counts,
}

pub(super) fn entries(connection: &Connection, filter: &Filter) -> Result<Vec<Record>, LedgerError> {
    let (condition, mut values) = filter.condition();
    values.push(filter.limit.map_or(-1, i64::from).into());
    let text = format!("SELECT {COLUMNS} FROM attempt WHERE {condition} ORDER BY began_unix_ms, id LIMIT ?");
    let mut select = connection.prepare_cached(&text)?;
    let mut rows = select.query(params_from_iter(values))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(record(row)?);
    }
    Ok(found)
}

pub(super) fn entry(connection: &Connection, id: EntryId) -> Result<Record, LedgerError> {
    let mut select = connection.prepare_cached(&format!("SELECT {COLUMNS} FROM attempt WHERE id = ?1"))?;
    let mut rows = select.query([id.0])?;
    rows.next()?.map_or(Err(LedgerError::Unknown), record)
}

/// Counts for each account and window, in this order. Windows begin at multiples of `width` in China's time, as the
/// console's do; one without entries is left out. With no width there is one, at 0.
pub(super) fn counts(
    connection: &Connection,
    filter: &Filter,
    width: Option<Duration>,
) -> Result<Vec<AccountCounts>, LedgerError> {
    let (condition, values) = filter.condition();
    let from = match width.map(|width| width.as_millis().max(1)) {
        None => "0".to_owned(),
        // China's clock is eight hours ahead: windows of days begin at its midnight.
        Some(ms) => format!("max(0, (began_unix_ms + 28800000) / {ms} * {ms} - 28800000)"),
    };
    let text = format!(
        "SELECT provider, account, {from} AS begins, coalesce(settled_billing, billing, 'unknown') AS price, count(*),
            sum(class IS NULL AND settled_billing IS NULL)
         FROM attempt WHERE {condition} GROUP BY provider, account, begins, price ORDER BY provider, account, begins"
    );
    let mut select = connection.prepare_cached(&text)?;
    let mut rows = select.query(params_from_iter(values))?;
    let mut found: Vec<AccountCounts> = Vec::new();
    while let Some(row) = rows.next()? {
        let (provider, account) = (token(row, 0)?, token(row, 1)?);
        let from_unix_ms = from_sql(row.get(2)?)?;
        let price = billing(&row.get::<_, String>(3)?)?;
        let (count, open) = (from_sql(row.get(4)?)?, from_sql(row.get(5)?)?);
        let is_new = found.last().is_none_or(|last| {
            (&last.provider, &last.account, last.from_unix_ms) != (&provider, &account, from_unix_ms)
        });
        if is_new {
            found.push(AccountCounts { provider, account, from_unix_ms, counts: Counts::default() });
        }
        if let Some(last) = found.last_mut() {
            last.counts.add(price, count, open);
        }
    }
    Ok(found)
}

/// Whether any account said so of any person on this day: hardly ever, and asked once for many persons.
pub(super) fn is_any_barred(connection: &Connection, china_day: i64) -> Result<bool, LedgerError> {
    let mut select = connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM attempt WHERE china_day = ?1 AND class = 'attempt_limit')")?;
    Ok(select.query_row([china_day], |row| row.get(0))?)
}

/// The accounts that said on this day that they were asked for this person too often.
pub(super) fn barred(
    connection: &Connection,
    person: &[u8; 16],
    china_day: i64,
) -> Result<Vec<(Slug, AccountId)>, LedgerError> {
    let mut select = connection.prepare_cached(
        "SELECT DISTINCT provider, account FROM attempt
         WHERE person = ?1 AND china_day = ?2 AND class = 'attempt_limit'",
    )?;
    let mut rows = select.query((&person[..], china_day))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push((token(row, 0)?, token(row, 1)?));
    }
    Ok(found)
}
