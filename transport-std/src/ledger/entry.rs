//! What is written down of an attempt, and what is read back.

use std::time::Duration;

use heyan::policy::{AccountId, Class, DailyLimit, Ending, PersonTag, Slug};
use heyan::{Billing, Code, OwnedOutcome, Reference};
use rusqlite::{Connection, Row};

use super::error::LedgerError;
use crate::error::Error;

const DAY_MS: u64 = 24 * 60 * 60 * 1000;
/// China's clock is eight hours ahead of UTC all year.
const CHINA_AHEAD_MS: u64 = 8 * 60 * 60 * 1000;

/// An attempt in a ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryId(pub(super) i64);

impl EntryId {
    /// An id that was stored elsewhere.
    #[must_use]
    pub const fn new(id: i64) -> Self {
        Self(id)
    }

    /// The `id` in the table.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }
}

/// An attempt that is about to be made.
#[derive(Clone, Debug)]
#[must_use]
pub struct Begin {
    provider: Slug,
    account: AccountId,
    person: PersonTag,
    began_unix_ms: u64,
    attempt: u8,
    first: Option<EntryId>,
    origin: Option<i64>,
    limit: Option<DailyLimit>,
}

impl Begin {
    /// The first attempt of a verification, at `now_unix_ms`, milliseconds since 1970-01-01T00:00:00Z.
    pub const fn new(provider: Slug, account: AccountId, person: PersonTag, now_unix_ms: u64) -> Self {
        Self {
            provider,
            account,
            person,
            began_unix_ms: now_unix_ms,
            attempt: 1,
            first: None,
            origin: None,
            limit: None,
        }
    }

    /// It is the `attempt`th attempt of a verification, counted from 1, whose first is `first`.
    pub const fn after(mut self, first: EntryId, attempt: u8) -> Self {
        self.first = Some(first);
        self.attempt = attempt;
        self
    }

    /// A number of the program's own that says what this is for, for example its row in a table of
    /// [the program's own](super::Ledger::extend).
    pub const fn origin(mut self, origin: Option<i64>) -> Self {
        self.origin = origin;
        self
    }

    /// Begins only if the person was not asked for as often as this today: the day in China, over all accounts.
    ///
    /// Verifications are counted, by their first attempts: those after it are let through, so that a verification that
    /// began can end.
    pub const fn limit(mut self, limit: Option<DailyLimit>) -> Self {
        self.limit = limit;
        self
    }

    /// Whether it is counted how often the person was asked for.
    pub(super) const fn is_limited(&self) -> bool {
        self.limit.is_some() && self.first.is_none()
    }

    pub(super) fn write(&self, connection: &Connection) -> Result<EntryId, LedgerError> {
        let day = china_day(self.began_unix_ms);
        let person = &self.person.expose_bytes()[..];
        if let (Some(limit), None) = (self.limit, self.first) {
            let mut count = connection.prepare_cached(
                "SELECT count(*) FROM attempt WHERE person = ?1 AND china_day = ?2 AND verification IS NULL",
            )?;
            limit.allows(count.query_row((person, day), |row| row.get(0))?)?;
        }
        let mut insert = connection.prepare_cached(
            "INSERT INTO attempt (verification, attempt_no, began_unix_ms, china_day, provider, account, person, origin)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?;
        let id = insert.insert((
            self.first.map(|first| first.0),
            self.attempt,
            to_sql(self.began_unix_ms),
            day,
            self.provider.as_str(),
            self.account.as_str(),
            person,
            self.origin,
        ))?;
        Ok(EntryId(id))
    }
}

/// How an attempt ended.
#[derive(Clone, Debug)]
#[must_use]
pub struct End {
    ending: Ending,
    code: Option<Code>,
    reference: Option<Reference>,
    took: Duration,
}

impl End {
    /// With nothing but the ending itself.
    pub const fn new(ending: Ending, took: Duration) -> Self {
        Self { ending, code: None, reference: None, took }
    }

    /// The end of a call by a [`Client`](crate::Client).
    pub fn of(result: &Result<OwnedOutcome, Error>, took: Duration) -> Self {
        let (code, reference) = match result {
            Ok(outcome) => (outcome.code(), outcome.reference()),
            Err(error) => (error.code(), error.reference()),
        };
        Self { ending: Ending::of(result), code: code.cloned(), reference: reference.cloned(), took }
    }

    /// Adds the vendor's or the gateway's code.
    pub fn code(mut self, code: Option<Code>) -> Self {
        self.code = code;
        self
    }

    /// Adds what to quote to the vendor.
    pub fn reference(mut self, reference: Option<Reference>) -> Self {
        self.reference = reference;
        self
    }

    fn write(&self, connection: &Connection, id: EntryId) -> Result<(), LedgerError> {
        let mut update = connection.prepare_cached(
            "UPDATE attempt SET took_ms = ?2, class = ?3, billing = ?4, code = ?5, reference = ?6 WHERE id = ?1",
        )?;
        let changed = update.execute((
            id.0,
            i64::try_from(self.took.as_millis()).unwrap_or(i64::MAX),
            self.ending.class().word(),
            self.ending.billing().word(),
            self.code.as_ref().map(Code::as_str),
            self.reference.as_ref().map(Reference::as_str),
        ))?;
        if changed == 1 { Ok(()) } else { Err(LedgerError::Unknown) }
    }
}

/// What becomes of an entry after its beginning.
pub(super) enum Close {
    End(End),
    /// Its request never left.
    TakeBack,
}

impl Close {
    pub(super) fn write(&self, connection: &Connection, id: EntryId) -> Result<(), LedgerError> {
        match self {
            Self::End(end) => end.write(connection, id),
            Self::TakeBack => {
                let mut delete = connection.prepare_cached("DELETE FROM attempt WHERE id = ?1 AND class IS NULL")?;
                if delete.execute([id.0])? == 1 { Ok(()) } else { Err(LedgerError::Unknown) }
            }
        }
    }
}

/// An attempt as it is written down.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Record {
    /// Its id.
    pub id: EntryId,
    /// Id of the first attempt of the same verification; its own if it is that.
    pub verification: EntryId,
    /// Its place in the verification, from 1.
    pub attempt: u8,
    /// When it began, in milliseconds since 1970-01-01T00:00:00Z.
    pub began_unix_ms: u64,
    /// The provider's slug.
    pub provider: Slug,
    /// The operator's name of the account.
    pub account: AccountId,
    /// Stands for the person.
    pub person: PersonTag,
    /// See [`Begin::origin`].
    pub origin: Option<i64>,
    /// How it ended. `None`: the process died, or it is still under way.
    pub completed: Option<Completed>,
    /// What it was found out to have cost, where it was not known.
    pub settled: Option<Settled>,
}

impl Record {
    /// What it cost, as far as it is known by now. [`Billing::Unknown`]: possibly billed.
    #[must_use]
    pub fn billing(&self) -> Billing {
        match (&self.settled, &self.completed) {
            (Some(settled), _) => settled.billing,
            (None, Some(completed)) => completed.billing,
            (None, None) => Billing::Unknown,
        }
    }
}

/// The end of an attempt as it is written down.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Completed {
    /// What it ended in.
    pub class: Class,
    /// What it cost by its reply.
    pub billing: Billing,
    /// The vendor's or the gateway's code.
    pub code: Option<String>,
    /// What to quote to the vendor.
    pub reference: Option<Reference>,
    /// How long it took, in whole milliseconds.
    pub took: Duration,
}

/// What somebody found out about an attempt of unknown price. What was known before stays beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Settled {
    /// Billed or free.
    pub billing: Billing,
    /// How it was found out.
    pub by: SettledBy,
    /// When, in milliseconds since 1970-01-01T00:00:00Z.
    pub at_unix_ms: u64,
}

impl Settled {
    /// It cost this, found out in this way at this time.
    #[must_use]
    pub const fn new(billing: Billing, by: SettledBy, at_unix_ms: u64) -> Self {
        Self { billing, by, at_unix_ms }
    }
}

/// How the price of an attempt was found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SettledBy {
    /// Somebody looked it up.
    Hand,
    /// By comparison with the console's export.
    Reconciled,
}

impl SettledBy {
    /// `hand` or `reconciled`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Hand => "hand",
            Self::Reconciled => "reconciled",
        }
    }
}

/// The columns that [`record`] reads, in its order.
pub(super) const COLUMNS: &str = "id, coalesce(verification, id), attempt_no, began_unix_ms, provider, account, person, \
     origin, class, billing, code, reference, took_ms, settled_billing, settled_by, settled_unix_ms";

pub(super) fn record(row: &Row<'_>) -> Result<Record, LedgerError> {
    let completed = match row.get::<_, Option<String>>(8)? {
        None => None,
        Some(class) => Some(Completed {
            class: Class::from_word(&class).ok_or(LedgerError::Damaged)?,
            billing: billing(&row.get::<_, String>(9)?)?,
            code: row.get(10)?,
            reference: row.get::<_, Option<String>>(11)?.as_deref().and_then(Reference::new),
            took: Duration::from_millis(from_sql(row.get(12)?)?),
        }),
    };
    let settled = match row.get::<_, Option<String>>(13)? {
        None => None,
        Some(word) => Some(Settled {
            billing: billing(&word)?,
            by: match row.get::<_, String>(14)?.as_str() {
                "hand" => SettledBy::Hand,
                "reconciled" => SettledBy::Reconciled,
                _ => return Err(LedgerError::Damaged),
            },
            at_unix_ms: from_sql(row.get(15)?)?,
        }),
    };
    Ok(Record {
        id: EntryId(row.get(0)?),
        verification: EntryId(row.get(1)?),
        attempt: row.get(2)?,
        began_unix_ms: from_sql(row.get(3)?)?,
        provider: token(row, 4)?,
        account: token(row, 5)?,
        person: PersonTag::from_bytes(row.get(6)?),
        origin: row.get(7)?,
        completed,
        settled,
    })
}

/// The provider's or the account's name in this column.
pub(super) fn token(row: &Row<'_>, column: usize) -> Result<Slug, LedgerError> {
    Slug::new(&row.get::<_, String>(column)?).ok_or(LedgerError::Damaged)
}

pub(super) fn billing(word: &str) -> Result<Billing, LedgerError> {
    Billing::from_word(word).ok_or(LedgerError::Damaged)
}

/// Days since 1970-01-01 in China.
pub(super) fn china_day(unix_ms: u64) -> i64 {
    to_sql(unix_ms.saturating_add(CHINA_AHEAD_MS) / DAY_MS)
}

/// SQLite's integers are signed.
pub(super) fn to_sql(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

pub(super) fn from_sql(value: i64) -> Result<u64, LedgerError> {
    u64::try_from(value).map_err(|_| LedgerError::Damaged)
}
