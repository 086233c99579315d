//! The tables, and how a file becomes a ledger.

use std::fs::OpenOptions;
use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::error::{LedgerError, LedgerFile};

/// Version of the tables, in `user_version`.
pub(super) const VERSION: i64 = 1;
/// "heyn": tells a ledger from another program's database.
const APPLICATION_ID: i64 = 0x6865_796e;

/// What version 1 is made of. The names are an interface: people read them with the `sqlite3` tool.
const TABLES: &str = "
CREATE TABLE ledger_key (fingerprint BLOB NOT NULL) STRICT;

CREATE TABLE ledger_extension (name TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT;

CREATE TABLE attempt (
    id INTEGER PRIMARY KEY,
    verification INTEGER,               -- id of the first attempt for the same inquiry; null: this one
    attempt_no INTEGER NOT NULL,        -- 1 is the first
    began_unix_ms INTEGER NOT NULL,
    china_day INTEGER NOT NULL,         -- days since 1970-01-01, at UTC+8
    provider TEXT NOT NULL,
    account TEXT NOT NULL,
    person BLOB NOT NULL,               -- stands for the number; means nothing without the person key
    origin INTEGER,                     -- the program's own: what this was for
    took_ms INTEGER,                    -- from here on null: not completed
    class TEXT,
    billing TEXT CHECK (billing IN ('billed', 'free', 'unknown')),
    code TEXT,
    reference TEXT,
    settled_unix_ms INTEGER,            -- from here on null: nobody looked into the console
    settled_billing TEXT CHECK (settled_billing IN ('billed', 'free')),
    settled_by TEXT CHECK (settled_by IN ('hand', 'reconciled'))
) STRICT;
CREATE INDEX attempt_by_time ON attempt (began_unix_ms);
CREATE INDEX attempt_by_origin ON attempt (origin) WHERE origin IS NOT NULL;
CREATE INDEX attempt_unsettled ON attempt (provider, account, began_unix_ms)
    WHERE coalesce(settled_billing, billing, 'unknown') = 'unknown';

CREATE TABLE package (
    id INTEGER PRIMARY KEY,
    provider TEXT NOT NULL,
    account TEXT NOT NULL,
    calls INTEGER NOT NULL,
    price_micro_yuan INTEGER NOT NULL,
    bought_unix_ms INTEGER NOT NULL,
    expires_unix_ms INTEGER NOT NULL,
    billed_besides INTEGER NOT NULL DEFAULT 0,   -- used up without an entry here, for example before the ledger began
    possibly_besides INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX package_by_account ON package (provider, account, expires_unix_ms);

CREATE TABLE alert (
    id INTEGER PRIMARY KEY,
    provider TEXT NOT NULL,
    account TEXT NOT NULL,
    kind TEXT NOT NULL,
    package INTEGER NOT NULL DEFAULT 0,          -- 0: about the account
    raised_unix_ms INTEGER NOT NULL,
    cleared_unix_ms INTEGER
) STRICT;
CREATE UNIQUE INDEX alert_standing ON alert (provider, account, kind, package) WHERE cleared_unix_ms IS NULL;

CREATE TABLE reconciliation (
    id INTEGER PRIMARY KEY,
    provider TEXT NOT NULL,
    account TEXT NOT NULL,
    from_unix_ms INTEGER NOT NULL,
    until_unix_ms INTEGER NOT NULL,
    console_calls INTEGER NOT NULL,
    ledger_billed INTEGER NOT NULL,
    ledger_possibly INTEGER NOT NULL,
    console_serial TEXT,
    done_unix_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX reconciliation_by_account ON reconciliation (provider, account, from_unix_ms);

CREATE VIEW attempts AS SELECT
    id,
    coalesce(verification, id) AS verification,
    attempt_no,
    strftime('%Y-%m-%d %H:%M:%f', began_unix_ms / 1000.0, 'unixepoch', 'localtime') AS began_local,
    provider,
    account,
    coalesce(class, 'not completed') AS class,
    CASE coalesce(settled_billing, billing, 'unknown') WHEN 'unknown' THEN 'possibly billed'
        ELSE coalesce(settled_billing, billing) END AS billing,
    settled_by,
    code,
    reference,
    took_ms,
    lower(hex(person)) AS person,
    origin
FROM attempt;

CREATE VIEW packages AS SELECT
    id, provider, account, calls,
    price_micro_yuan / 1000000.0 AS price_yuan,
    strftime('%Y-%m-%d %H:%M:%S', bought_unix_ms / 1000, 'unixepoch', 'localtime') AS bought_local,
    strftime('%Y-%m-%d %H:%M:%S', expires_unix_ms / 1000, 'unixepoch', 'localtime') AS expires_local,
    billed_besides, possibly_besides
FROM package;
";

/// Finds persons that an account said it was asked for too often.
const BARRED: &str =
    "CREATE INDEX IF NOT EXISTS attempt_barred ON attempt (china_day, person) WHERE class = 'attempt_limit'";

/// Makes the index with which a daily limit is counted, when somebody counts for the first time. Tags are random, so
/// that each entry changes another page of it, which costs more than everything else about an entry.
pub(super) fn index_persons(connection: &Connection) -> Result<(), LedgerError> {
    let mut find =
        connection.prepare_cached("SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'attempt_by_person')")?;
    if !find.query_row((), |row| row.get::<_, bool>(0))? {
        connection.execute_batch("CREATE INDEX attempt_by_person ON attempt (person, china_day)")?;
    }
    Ok(())
}

/// Opens the file, or makes it, readable for its owner only.
pub(super) fn connect(path: &Path, patience: Duration) -> Result<Connection, LedgerError> {
    create(path)?;
    // A URI could say what the path does not, for example that nothing is locked.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(patience)?;
    // Else a statement is compiled again whenever a value is bound that might suit another index.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(connection)
}

fn create(path: &Path) -> Result<(), LedgerError> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop).map_err(LedgerError::file(LedgerFile::Database))
}

/// Makes the connection one for writing: what a commit returned from survives a power cut. `first` runs in the
/// transaction that makes or checks the tables.
pub(super) fn prepare_writer<T>(
    connection: &mut Connection,
    patience: Duration,
    first: impl FnOnce(&Connection) -> Result<T, LedgerError>,
) -> Result<T, LedgerError> {
    // In one transaction, which sees one state: another process may be making the tables.
    check_kind(&*connection.transaction()?)?;
    keep_wal(connection, patience)?;
    survive_power_cut(connection, true)?;
    // 16 MiB of log: taking it over into the file waits for the drive twice, however much is in it.
    connection.pragma_update(None, "wal_autocheckpoint", 4000)?;
    // macOS: fsync alone leaves the data in the drive's memory.
    connection.pragma_update(None, "fullfsync", true)?;
    connection.pragma_update(None, "checkpoint_fullfsync", true)?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    migrate(&transaction)?;
    transaction.execute_batch(BARRED)?;
    let result = first(&transaction)?;
    transaction.commit()?;
    Ok(result)
}

/// Whether commits from now on survive a power cut; the death of the process they survive anyway. One that does takes
/// those before it along.
pub(super) fn survive_power_cut(connection: &Connection, is_wanted: bool) -> Result<(), LedgerError> {
    // SQLite does this when it compiles the statement: a compiled one would change nothing.
    Ok(connection.pragma_update(None, "synchronous", if is_wanted { "FULL" } else { "NORMAL" })?)
}

/// Changes nothing, by writing: its commit takes those before it to the drive.
pub(super) fn touch(connection: &Connection) -> Result<(), LedgerError> {
    connection.execute("UPDATE ledger_key SET fingerprint = fingerprint", ())?;
    Ok(())
}

/// Makes the connection one that can only read.
pub(super) fn prepare_reader(connection: &Connection) -> Result<(), LedgerError> {
    Ok(connection.pragma_update(None, "query_only", true)?)
}

/// SQLite does not wait for others in all the ways in which this can be busy.
fn keep_wal(connection: &Connection, patience: Duration) -> Result<(), LedgerError> {
    let start = Instant::now();
    loop {
        let mode = connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get::<_, String>(0));
        match mode.map_err(LedgerError::from) {
            Ok(mode) if mode == "wal" => return Ok(()),
            Ok(_) => return Err(LedgerError::NoWal),
            Err(LedgerError::Busy) if start.elapsed() < patience => std::thread::sleep(Duration::from_millis(5)),
            Err(error) => return Err(error),
        }
    }
}

/// Before anything is written: whose file is it?
fn check_kind(connection: &Connection) -> Result<i64, LedgerError> {
    let pragma = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let (id, version) = (pragma("application_id")?, pragma("user_version")?);
    let is_empty = connection.query_row("SELECT count(*) = 0 FROM sqlite_schema", (), |row| row.get::<_, bool>(0))?;
    match (id, version) {
        (0, 0) if is_empty => Ok(0),
        (APPLICATION_ID, VERSION) => Ok(VERSION),
        (APPLICATION_ID, found) if found > VERSION => Err(LedgerError::Newer { found, known: VERSION }),
        _ => Err(LedgerError::Foreign),
    }
}

fn migrate(connection: &Connection) -> Result<(), LedgerError> {
    // Again, under the lock: another process may have been first.
    if check_kind(connection)? == VERSION {
        return Ok(());
    }
    connection.execute_batch(TABLES)?;
    connection.pragma_update(None, "application_id", APPLICATION_ID)?;
    Ok(connection.pragma_update(None, "user_version", VERSION)?)
}

/// Brings the tables of a program's own up to date.
pub(super) fn extend(connection: &Connection, name: &str, steps: &[&str]) -> Result<(), LedgerError> {
    let known = u32::try_from(steps.len()).unwrap_or(u32::MAX);
    let mut find = connection.prepare("SELECT version FROM ledger_extension WHERE name = ?1")?;
    let found = match find.query_row([name], |row| row.get::<_, u32>(0)) {
        Err(rusqlite::Error::QueryReturnedNoRows) => 0,
        found => found?,
    };
    if found > known {
        return Err(LedgerError::ExtensionNewer { found, known });
    }
    for step in steps.iter().skip(usize::try_from(found).unwrap_or(usize::MAX)) {
        connection.execute_batch(step)?;
    }
    connection.execute("INSERT OR REPLACE INTO ledger_extension (name, version) VALUES (?1, ?2)", (name, known))?;
    Ok(())
}
