//! What is kept of a batch in the ledger: which rows are finished, and how they ended. Nothing about anybody.

use std::collections::HashMap;
use std::ops::Range;

use heyan::Billing;
use heyan::policy::{AccountId, Class, Slug};
use heyan_std::ledger::rusqlite::{Connection, OptionalExtension, Row};
use heyan_std::ledger::{Ledger, LedgerError, PackageRow};

use crate::mask::looks_personal;

/// The tables. A row's `origin` is that of its entries in `attempt`: the job's number times 2^32, plus the row's.
const STEPS: &[&str] = &["
CREATE TABLE batch_job (
    id INTEGER PRIMARY KEY,
    fingerprint BLOB NOT NULL UNIQUE,   -- of the input's content and the settings, under the person key
    rows INTEGER NOT NULL,
    began_unix_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE batch_row (
    origin INTEGER PRIMARY KEY,
    class TEXT NOT NULL,
    billing TEXT NOT NULL,
    code TEXT,
    reference TEXT,
    provider TEXT
) STRICT;
"];

/// Of an attempt: the row is finished with it, unless its row in `batch_row` says more. Whatever has a verdict, or was
/// charged or may have been, and ended, is not asked again.
const FINISHES: &str = "class IS NOT NULL
    AND (class IN ('match', 'mismatch', 'no_record') OR coalesce(settled_billing, billing) <> 'free')";

/// Rows that are read at a time.
const PAGE: i64 = 1000;
/// Rows of a job have room for this many.
pub(super) const ROWS_MAX: u64 = 1 << 32;

/// How a row ended.
#[derive(Clone, Debug)]
pub(super) struct Ended {
    pub(super) class: Class,
    pub(super) billing: Billing,
    pub(super) code: Option<String>,
    pub(super) reference: Option<String>,
    pub(super) provider: Option<String>,
    /// The entry of its only attempt says the same, and [`FINISHES`] it.
    pub(super) is_in_entry: bool,
}

/// One input with its settings.
#[derive(Clone)]
pub(super) struct Job {
    ledger: Ledger,
    pub(super) id: i64,
}

impl Job {
    /// Finds the job that is known by this, or begins it.
    pub(super) fn open(ledger: Ledger, fingerprint: [u8; 32], rows: u64, unix_ms: u64) -> Result<Self, LedgerError> {
        ledger.extend("batch", STEPS)?;
        let (rows, unix_ms) = (i64::try_from(rows).unwrap_or(i64::MAX), i64::try_from(unix_ms).unwrap_or(i64::MAX));
        let id = ledger.write(move |connection| {
            connection.execute(
                "INSERT OR IGNORE INTO batch_job (fingerprint, rows, began_unix_ms) VALUES (?1, ?2, ?3)",
                (&fingerprint[..], rows, unix_ms),
            )?;
            let mut find = connection.prepare("SELECT id FROM batch_job WHERE fingerprint = ?1")?;
            Ok(find.query_row([&fingerprint[..]], |row| row.get(0))?)
        })?;
        Ok(Self { ledger, id })
    }

    /// The number that the entries of a row carry.
    pub(super) const fn origin(&self, row: u64) -> i64 {
        (self.id << 32) + row.cast_signed()
    }

    const fn origins(&self) -> Range<i64> {
        self.id << 32..(self.id + 1) << 32
    }

    /// Rows that ended free and without a verdict are to be asked again.
    pub(super) fn forget_free(&self) -> Result<(), LedgerError> {
        let Range { start, end } = self.origins();
        self.ledger.write(move |connection| {
            connection.execute(
                "DELETE FROM batch_row WHERE origin >= ?1 AND origin < ?2 AND billing = 'free'
                 AND class NOT IN ('match', 'mismatch', 'no_record')",
                (start, end),
            )?;
            Ok(())
        })
    }

    /// How many rows were begun and are not finished. Called before anything is asked: a process died over each.
    pub(super) fn broken_off(&self) -> Result<u64, LedgerError> {
        let Range { start, end } = self.origins();
        self.ledger.read(|connection| {
            let text = format!(
                "SELECT count(DISTINCT origin) FROM attempt AS open WHERE origin >= ?1 AND origin < ?2
                 AND class IS NULL AND coalesce(settled_billing, 'unknown') <> 'free'
                 AND NOT EXISTS (SELECT 1 FROM batch_row WHERE batch_row.origin = open.origin)
                 AND NOT EXISTS (SELECT 1 FROM attempt WHERE origin = open.origin AND {FINISHES})"
            );
            let count: i64 = connection.query_row(&text, (start, end), |row| row.get(0))?;
            Ok(count.cast_unsigned())
        })
    }

    /// How many calls to this provider were billed for this job, in all its processes, and how many may have been.
    pub(super) fn calls(&self, provider: &Slug) -> Result<(u64, u64), LedgerError> {
        self.ledger.flush()?;
        let Range { start, end } = self.origins();
        self.ledger.read(|connection| {
            let text = "SELECT count(*) FILTER (WHERE price = 'billed'), count(*) FILTER (WHERE price = 'unknown')
                 FROM (SELECT coalesce(settled_billing, billing, 'unknown') AS price FROM attempt
                     WHERE origin >= ?1 AND origin < ?2 AND provider = ?3)";
            Ok(connection.query_row(text, (start, end, provider.as_str()), |row| {
                let count = |column| row.get(column).map(i64::cast_unsigned);
                Ok((count(0)?, count(1)?))
            })?)
        })
    }

    /// What was bought for this account.
    pub(super) fn packages(&self, provider: &Slug, account: &AccountId) -> Result<Vec<PackageRow>, LedgerError> {
        self.ledger.packages(provider, account)
    }

    /// Returns when all that ended would survive a power cut.
    pub(super) fn flush(&self) -> Result<(), LedgerError> {
        self.ledger.flush()
    }

    /// Keeps rows that no entry tells, and returns when they would survive a power cut.
    pub(super) fn keep(&self, rows: Vec<(i64, Ended)>) -> Result<(), LedgerError> {
        self.ledger.write(move |connection| {
            let mut insert = connection.prepare_cached(
                "INSERT OR REPLACE INTO batch_row (origin, class, billing, code, reference, provider)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?;
            for (origin, Ended { class, billing, code, reference, provider, .. }) in &rows {
                insert.execute((origin, class.word(), billing.word(), code, reference, provider))?;
            }
            Ok(())
        })
    }

    /// The rows that are finished at this moment.
    pub(super) fn past(&self) -> Result<Past, LedgerError> {
        let Range { start, end } = self.origins();
        let last = self.ledger.read(|connection| {
            let mut last = connection.prepare(
                "SELECT max(origin) FROM (
                     SELECT max(origin) AS origin FROM batch_row WHERE origin >= ?1 AND origin < ?2
                     UNION ALL SELECT max(origin) FROM attempt WHERE origin >= ?1 AND origin < ?2)",
            )?;
            Ok(last.query_row((start, end), |row| row.get::<_, Option<i64>>(0)).optional()?.flatten())
        })?;
        Ok(Past { job: self.clone(), last, page: HashMap::new(), page_end: i64::MIN })
    }
}

/// Rows that were finished before, a page at a time.
pub(super) struct Past {
    job: Job,
    last: Option<i64>,
    page: HashMap<i64, Ended>,
    /// The first row behind the page.
    page_end: i64,
}

impl Past {
    /// How this row ended, if it did. Rows are asked for in their order.
    pub(super) fn find(&mut self, row: u64) -> Result<Option<Ended>, LedgerError> {
        let origin = self.job.origin(row);
        if self.last.is_none_or(|last| origin > last) {
            return Ok(None);
        }
        if origin >= self.page_end {
            self.page_end = origin.saturating_add(PAGE);
            let range = origin..self.page_end;
            self.page = self.job.ledger.read(|connection| page(connection, &range))?;
        }
        Ok(self.page.remove(&origin))
    }
}

fn page(connection: &Connection, origins: &Range<i64>) -> Result<HashMap<i64, Ended>, LedgerError> {
    let entries = format!(
        "SELECT origin, class, coalesce(settled_billing, billing), code, reference, provider FROM attempt
         WHERE origin >= ?1 AND origin < ?2 AND {FINISHES} ORDER BY id"
    );
    let rows = "SELECT origin, class, billing, code, reference, provider FROM batch_row
         WHERE origin >= ?1 AND origin < ?2";
    let mut page = HashMap::new();
    // Of several entries the last one counts, and a row that was kept knows of all of them.
    for text in [&entries, rows] {
        let mut select = connection.prepare_cached(text)?;
        let mut rows = select.query((origins.start, origins.end))?;
        while let Some(row) = rows.next()? {
            page.insert(row.get(0)?, ended(row)?);
        }
    }
    Ok(page)
}

fn ended(row: &Row<'_>) -> Result<Ended, LedgerError> {
    let (class, billing): (String, String) = (row.get(1)?, row.get(2)?);
    // An entry holds what the vendor sent.
    let harmless = |text: Option<String>| text.filter(|text| !looks_personal(text));
    Ok(Ended {
        class: Class::from_word(&class).ok_or(LedgerError::Damaged)?,
        billing: Billing::from_word(&billing).ok_or(LedgerError::Damaged)?,
        code: harmless(row.get(3)?),
        reference: harmless(row.get(4)?),
        provider: row.get(5)?,
        is_in_entry: true,
    })
}
