//! What is kept of a batch in the ledger: which rows are finished, and how they ended. Nothing about anybody.

use std::collections::HashMap;
use std::ops::Range;

use heyan::Billing;
use heyan::policy::Class;
use heyan_std::ledger::rusqlite::{Connection, OptionalExtension, Row};
use heyan_std::ledger::{Ledger, LedgerError};

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
}

/// Calls of a job, as the ledger has them.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Calls {
    pub(super) billed: u64,
    pub(super) possibly_billed: u64,
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

    /// Takes over what an earlier process got to know and could not keep as a row: calls whose reply is in the ledger.
    /// Whatever was charged, or may have been, and ended, is not asked again.
    pub(super) fn recover(&self) -> Result<(), LedgerError> {
        let Range { start, end } = self.origins();
        self.ledger.write(move |connection| {
            connection.execute(
                "INSERT OR IGNORE INTO batch_row (origin, class, billing, code, reference, provider)
                 SELECT origin, class, coalesce(settled_billing, billing), code, reference, provider FROM attempt
                 WHERE origin >= ?1 AND origin < ?2 AND class IS NOT NULL
                     AND (class IN ('match', 'mismatch', 'no_record') OR coalesce(settled_billing, billing) <> 'free')
                 ORDER BY id DESC",
                (start, end),
            )?;
            Ok(())
        })
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
            let count: i64 = connection.query_row(
                "SELECT count(DISTINCT origin) FROM attempt WHERE origin >= ?1 AND origin < ?2 AND class IS NULL
                 AND coalesce(settled_billing, 'unknown') <> 'free'
                 AND origin NOT IN (SELECT origin FROM batch_row)",
                (start, end),
                |row| row.get(0),
            )?;
            Ok(count.cast_unsigned())
        })
    }

    /// What the calls for this job cost, in all its processes.
    pub(super) fn calls(&self) -> Result<Calls, LedgerError> {
        self.ledger.flush()?;
        let Range { start, end } = self.origins();
        self.ledger.read(|connection| {
            let count = |billing: &str| -> Result<u64, LedgerError> {
                let count: i64 = connection.query_row(
                    "SELECT count(*) FROM attempt WHERE origin >= ?1 AND origin < ?2
                     AND coalesce(settled_billing, billing, 'unknown') = ?3",
                    (start, end, billing),
                    |row| row.get(0),
                )?;
                Ok(count.cast_unsigned())
            };
            Ok(Calls { billed: count("billed")?, possibly_billed: count("unknown")? })
        })
    }

    /// Keeps rows, and returns when they would survive a power cut.
    pub(super) fn keep(&self, rows: Vec<(i64, Ended)>) -> Result<(), LedgerError> {
        self.ledger.write(move |connection| {
            let mut insert = connection.prepare_cached(
                "INSERT OR REPLACE INTO batch_row (origin, class, billing, code, reference, provider)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?;
            for (origin, Ended { class, billing, code, reference, provider }) in &rows {
                insert.execute((origin, class.word(), billing.word(), code, reference, provider))?;
            }
            Ok(())
        })
    }

    /// The rows that are finished at this moment.
    pub(super) fn past(&self) -> Result<Past, LedgerError> {
        let Range { start, end } = self.origins();
        let last = self.ledger.read(|connection| {
            let mut last =
                connection.prepare("SELECT max(origin) FROM batch_row WHERE origin >= ?1 AND origin < ?2")?;
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
    let mut select = connection.prepare_cached(
        "SELECT origin, class, billing, code, reference, provider FROM batch_row WHERE origin >= ?1 AND origin < ?2",
    )?;
    let mut rows = select.query((origins.start, origins.end))?;
    let mut page = HashMap::new();
    while let Some(row) = rows.next()? {
        page.insert(row.get(0)?, ended(row)?);
    }
    Ok(page)
}

fn ended(row: &Row<'_>) -> Result<Ended, LedgerError> {
    let (class, billing): (String, String) = (row.get(1)?, row.get(2)?);
    // A row that was recovered holds what the vendor sent.
    let harmless = |text: Option<String>| text.filter(|text| !looks_personal(text));
    Ok(Ended {
        class: Class::from_word(&class).ok_or(LedgerError::Damaged)?,
        billing: Billing::from_word(&billing).ok_or(LedgerError::Damaged)?,
        code: harmless(row.get(3)?),
        reference: harmless(row.get(4)?),
        provider: row.get(5)?,
    })
}
