//! The ledger: one SQLite file in which every attempt is written down before it leaves, and again when it ended.
//!
//! ```
//! use std::time::Duration;
//! use heyan::policy::{AccountId, Class, DailyLimit, Ending, Slug};
//! use heyan::{Billing, Date, IdNumber, Retry};
//! use heyan_std::ledger::{Begin, End, Filter, Ledger};
//!
//! # let folder = std::env::temp_dir().join(format!("heyan-ledger-doc-{}", std::process::id()));
//! # std::fs::create_dir_all(&folder)?;
//! let ledger = Ledger::open(folder.join("ledger.db"))?;
//! let person = ledger.person(&IdNumber::parse("11010119000101009X", Date::MAX)?);
//! let (provider, account) = (Slug::new("idcert").ok_or("slug")?, AccountId::new("main").ok_or("id")?);
//! let now = 1_795_305_600_000;
//!
//! // Returns when the entry would survive a power cut. Only then may the request leave.
//! let id = ledger.begin(Begin::new(provider, account, person, now).limit(Some(DailyLimit::new(5))))?;
//! // … the call …
//! ledger.end(id, End::new(Ending::new(Class::Match, Billing::Billed, Retry::Never), Duration::from_millis(310)));
//!
//! assert_eq!(ledger.entries(&Filter::new())?.len(), 1);
//! assert_eq!(ledger.counts(&Filter::new())?[0].counts.billed, 1);
//! # drop(ledger);
//! # std::fs::remove_dir_all(&folder)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What it promises
//!
//! - **No call without an entry.** [`Ledger::begin`] returns when its entry is on the drive (`synchronous=FULL`). An error
//!   means: do not call. What was begun and never completed, because the process or the power died, counts as possibly
//!   billed until somebody [settles](Ledger::settle) it.
//! - **Several processes may use one file**, of the same or of different programs, and the sqlite3 tool beside them.
//!   [The daily limit](Begin::limit) is counted in the transaction that writes the entry, so it holds for all together.
//! - **Cheap for many callers.** One thread writes; what is asked for while it writes goes into the next commit. Ends,
//!   for which nobody waits, gather for a millisecond.
//! - **No name and no number.** A person is a [tag](heyan::policy::PersonTag) under a key that lies in a file of its own
//!   (`….key`, mode 0600). Back it up apart from the ledger: without it tags cannot be made again; with both, a number
//!   can be found by trying all.
//!
//! # By hand
//!
//! ```sh
//! sqlite3 ledger.db "SELECT * FROM attempts WHERE billing = 'possibly billed'"
//! ```
//!
//! `attempts` and `packages` are views in local time; `attempt`, `package`, `alert` and `reconciliation` are the tables.
//! Copy a ledger that is in use with `.backup`, not with `cp`: part of it is in the file beside it that ends in `-wal`.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use heyan::policy::{AccountId, Alert, Package, PersonKey, PersonTag, Quota, Slug, Usage};
use heyan::{Billing, IdNumber};
use rusqlite::Connection;

mod entry;
mod error;
mod key;
mod package;
mod query;
mod schema;
mod writer;

pub use entry::{Begin, Completed, End, EntryId, Record, Settled, SettledBy};
pub use error::{LedgerError, LedgerFile};
pub use package::{PackageRow, RaisedAlert, Reconciliation};
pub use query::{AccountCounts, Counts, Filter};
/// The SQLite of [`Ledger::write`] and [`Ledger::read`].
pub use rusqlite;

use entry::Close;
use writer::{Closed, Job, Task, Troubles, ask};

/// How to open a ledger.
#[derive(Clone, Debug)]
#[must_use]
pub struct LedgerOptions {
    key_file: Option<PathBuf>,
    patience: Duration,
}

impl Default for LedgerOptions {
    fn default() -> Self {
        Self { key_file: None, patience: Duration::from_secs(5) }
    }
}

impl LedgerOptions {
    /// The key beside the ledger, in a file of the same name with `.key` behind it; 5 seconds of patience.
    pub fn new() -> Self {
        Self::default()
    }

    /// Keeps the person key in this file instead. Ledgers with the same key give a person the same tag.
    pub fn key_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.key_file = Some(path.into());
        self
    }

    /// How long to wait for another process that writes; then it is [`LedgerError::Busy`].
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Opens the ledger at `path`, or makes a new one, and a person key with it. New files are the owner's alone (mode
    /// 0600).
    ///
    /// # Errors
    /// [`LedgerError`]: the file cannot be opened, is no ledger or one of a newer version; the key is missing, damaged,
    /// another one, or readable for others.
    pub fn open(&self, path: impl AsRef<Path>) -> Result<Ledger, LedgerError> {
        let path = path.as_ref();
        let key_file = self.key_file.clone().unwrap_or_else(|| key::beside(path));
        let mut writer = schema::connect(path, self.patience)?;
        let key = schema::prepare_writer(&mut writer, self.patience, |connection| key::obtain(connection, &key_file))?;
        let reader = schema::connect(path, self.patience)?;
        schema::prepare_reader(&reader)?;

        let (jobs, inbox) = channel();
        let troubles = Arc::new(Troubles::default());
        let closed = Arc::new(Closed::default());
        let (told, handed) = (Arc::clone(&troubles), Arc::clone(&closed));
        let thread = std::thread::Builder::new()
            .name("heyan-ledger".to_owned())
            .spawn(move || writer::run(writer, &inbox, &told, &handed))
            .map_err(LedgerError::file(LedgerFile::Database))?;
        Ok(Ledger(Arc::new(Inner {
            key,
            key_file,
            reader: Mutex::new(reader),
            troubles,
            closed,
            thread: Thread { jobs: Some(jobs), handle: Some(thread) },
        })))
    }
}

/// An open ledger. A clone is one counter more; every thread may use the same one.
///
/// When the last clone is dropped, what was handed over is written before the drop returns.
#[derive(Clone)]
pub struct Ledger(Arc<Inner>);

struct Inner {
    key: PersonKey,
    key_file: PathBuf,
    reader: Mutex<Connection>,
    troubles: Arc<Troubles>,
    closed: Arc<Closed>,
    thread: Thread,
}

struct Thread {
    jobs: Option<Sender<Job>>,
    handle: Option<JoinHandle<()>>,
}

impl Drop for Thread {
    fn drop(&mut self) {
        drop(self.jobs.take());
        if let Some(handle) = self.handle.take() {
            // It panicked, or it is done. (A hook may hold the last clone: then this is that thread.)
            if handle.thread().id() != std::thread::current().id() {
                let _ = handle.join();
            }
        }
    }
}

impl Ledger {
    /// Opens the ledger at `path` with the default options, or makes a new one: see [`LedgerOptions::open`].
    ///
    /// # Errors
    /// As [`LedgerOptions::open`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self, LedgerError> {
        LedgerOptions::new().open(path)
    }

    /// Tells `hook`, as long as it lives, when ends could not be written: once until they can be again. It runs on the
    /// ledger's thread and must not wait for the ledger.
    pub fn watch(&self, hook: &Arc<dyn Fn(LedgerError) + Send + Sync>) {
        self.0.troubles.watch(hook);
    }

    /// Where the person key is: for a program that needs a secret of the ledger's for something of its own.
    #[must_use]
    pub fn key_file(&self) -> &Path {
        &self.0.key_file
    }

    /// The tag of the person with this number.
    #[must_use]
    pub fn person(&self, id: &IdNumber) -> PersonTag {
        self.0.key.tag(id)
    }

    /// Writes down that an attempt begins, and returns when the entry would survive a power cut.
    ///
    /// # Errors
    /// [`LedgerError`]: no call may be made. [`LedgerError::Limit`] when the person was asked for too often today.
    pub fn begin(&self, begin: Begin) -> Result<EntryId, LedgerError> {
        let mut ids = self.begin_many(vec![begin])?;
        ids.pop().unwrap_or(Err(LedgerError::Closed))
    }

    /// The same for several at once: one wait, and an answer for each, in their order.
    ///
    /// # Errors
    /// [`LedgerError`] when none was written.
    pub fn begin_many(&self, begins: Vec<Begin>) -> Result<Vec<Result<EntryId, LedgerError>>, LedgerError> {
        ask(self.jobs()?, |reply| Job::Begin(begins, reply))
    }

    /// Writes down how an attempt ended, and does not wait for it: should it get lost, the entry goes on to say
    /// "possibly billed". After a millisecond or two it survives the death of the process, and with the next entry, or
    /// [`flush`](Self::flush), a power cut. Ends that could not be written are tried again with what comes next; `flush`
    /// tells.
    pub fn end(&self, id: EntryId, end: End) {
        self.close(id, Close::End(end));
    }

    /// Takes back the entry of an attempt that was begun and whose request, as the caller knows for sure, never left.
    /// Nobody is waited for, as with [`end`](Self::end): should it get lost, the entry says "possibly billed".
    pub fn take_back(&self, id: EntryId) {
        self.close(id, Close::TakeBack);
    }

    fn close(&self, id: EntryId, close: Close) {
        // Without a thread there is nobody to write it; `begin` and `flush` say so.
        if self.0.closed.push(id, close) {
            let _ = self.jobs().map(|jobs| jobs.send(Job::Closed));
        }
    }

    /// Returns when everything handed over before is written.
    ///
    /// # Errors
    /// [`LedgerError`] of this writing, or the first of an [`end`](Self::end) that nobody was told of yet.
    pub fn flush(&self) -> Result<(), LedgerError> {
        ask(self.jobs()?, Job::Flush)?;
        self.0.troubles.take().map_or(Ok(()), Err)
    }

    /// The entries that are meant, in the order of their beginning.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn entries(&self, filter: &Filter) -> Result<Vec<Record>, LedgerError> {
        self.catch_up();
        self.read(|connection| query::entries(connection, filter))
    }

    /// One entry.
    ///
    /// # Errors
    /// [`LedgerError::Unknown`] if there is none with this id.
    pub fn entry(&self, id: EntryId) -> Result<Record, LedgerError> {
        self.catch_up();
        self.read(|connection| query::entry(connection, id))
    }

    /// Entries by account and price.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn counts(&self, filter: &Filter) -> Result<Vec<AccountCounts>, LedgerError> {
        self.catch_up();
        self.read(|connection| query::counts(connection, filter, None))
    }

    /// Entries by account, window and price. The console exports windows of ten minutes
    /// ([`CONSOLE_WINDOW`]); they begin at full tens of minutes. Windows without entries are left out.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn windows(&self, filter: &Filter, width: Duration) -> Result<Vec<AccountCounts>, LedgerError> {
        self.catch_up();
        self.read(|connection| query::counts(connection, filter, Some(width)))
    }

    /// The accounts that said on the day of `now_unix_ms` in China that they were asked for this person too often.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn barred(&self, person: &PersonTag, now_unix_ms: u64) -> Result<Vec<(Slug, AccountId)>, LedgerError> {
        self.read(|connection| query::barred(connection, person.expose_bytes(), entry::china_day(now_unix_ms)))
    }

    /// Whether any account said so of any person.
    pub(crate) fn is_any_barred(&self, now_unix_ms: u64) -> Result<bool, LedgerError> {
        self.read(|connection| query::is_any_barred(connection, entry::china_day(now_unix_ms)))
    }

    /// Says of an entry of unknown price what it cost. What was known stays.
    ///
    /// # Errors
    /// [`LedgerError::Unknown`] if there is no such entry, [`LedgerError::NothingToSettle`] if its price is known.
    pub fn settle(&self, id: EntryId, settled: Settled) -> Result<(), LedgerError> {
        self.write(move |connection| {
            if settled.billing == Billing::Unknown || query::entry(connection, id)?.billing() != Billing::Unknown {
                return Err(LedgerError::NothingToSettle);
            }
            let (word, by, at) = (settled.billing.word(), settled.by.word(), entry::to_sql(settled.at_unix_ms));
            connection.execute(
                "UPDATE attempt SET settled_billing = ?2, settled_by = ?3, settled_unix_ms = ?4 WHERE id = ?1",
                (id.0, word, by, at),
            )?;
            Ok(())
        })
    }

    /// Adds a package that was bought for an account, and returns its id. [`Package::used`] is what was used up of it
    /// besides the entries of this ledger. Alerts that the account is empty, low or refused are cleared.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn buy(&self, provider: &Slug, account: &AccountId, package: Package) -> Result<i64, LedgerError> {
        let (provider, account) = (provider.clone(), account.clone());
        self.write(move |connection| {
            for alert in [Alert::Low, Alert::Empty, Alert::Refused] {
                package::clear(connection, &provider, &account, alert.word(), package.bought_unix_ms)?;
            }
            package::add(connection, &provider, &account, &package)
        })
    }

    /// The packages of an account, by their expiry.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn packages(&self, provider: &Slug, account: &AccountId) -> Result<Vec<PackageRow>, LedgerError> {
        self.read(|connection| package::list(connection, provider, account))
    }

    /// Replaces what was used up of a package besides the entries of this ledger.
    ///
    /// # Errors
    /// [`LedgerError::Unknown`] if there is no such package.
    pub fn set_used_besides(&self, package: i64, used: Usage) -> Result<(), LedgerError> {
        self.write(move |connection| package::set_used_besides(connection, package, used))
    }

    /// What is left of an account's packages, counted from the entries: of every process that writes here. `N` packages
    /// are taken, those that expire last.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn quota<const N: usize>(&self, provider: &Slug, account: &AccountId) -> Result<Quota<N>, LedgerError> {
        self.quota_with_ids(provider, account).map(|(quota, _)| quota)
    }

    /// The same, with the ids of its packages in their order.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn quota_with_ids<const N: usize>(
        &self,
        provider: &Slug,
        account: &AccountId,
    ) -> Result<(Quota<N>, Vec<i64>), LedgerError> {
        self.catch_up();
        self.read(|connection| {
            let rows = package::list(connection, provider, account)?;
            let rows = rows.get(rows.len().saturating_sub(N)..).unwrap_or_default();
            let packages: Vec<_> = rows.iter().map(|row| row.package).collect();
            let raised = package::raised(connection, provider, account)?;
            let mut quota = Quota::restored(&packages, Usage::NONE, raised).map_err(|_| LedgerError::Damaged)?;
            // Before the first package was bought nothing can have been taken off it.
            let from = packages.iter().map(|package| package.bought_unix_ms).min().unwrap_or(u64::MAX);
            package::usage(connection, provider, account, from, |at, billing| quota.count(at, billing))?;
            Ok((quota, rows.iter().map(|row| row.id).collect()))
        })
    }

    /// Writes down that an alert is raised. `false`: it stands already, and nobody needs to be told again.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn raise(&self, provider: &Slug, account: &AccountId, alert: RaisedAlert) -> Result<bool, LedgerError> {
        let (provider, account) = (provider.clone(), account.clone());
        self.write(move |connection| package::raise(connection, &provider, &account, &alert))
    }

    /// Writes down that an alert does not hold any more, so that it can be raised again.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn clear(&self, provider: &Slug, account: &AccountId, kind: &str, now_unix_ms: u64) -> Result<(), LedgerError> {
        let (provider, account, kind) = (provider.clone(), account.clone(), kind.to_owned());
        self.write(move |connection| package::clear(connection, &provider, &account, &kind, now_unix_ms))
    }

    /// The alerts of an account that stand.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn alerts(&self, provider: &Slug, account: &AccountId) -> Result<Vec<RaisedAlert>, LedgerError> {
        self.read(|connection| package::standing(connection, provider, account))
    }

    /// Keeps comparisons with the console's export: all of them or none.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn add_reconciliations(&self, done: Vec<Reconciliation>) -> Result<(), LedgerError> {
        self.write(move |connection| done.iter().try_for_each(|done| package::add_reconciliation(connection, done)))
    }

    /// The comparisons that were kept, by their windows.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn reconciliations(&self, provider: &Slug, account: &AccountId) -> Result<Vec<Reconciliation>, LedgerError> {
        self.read(|connection| package::reconciliations(connection, provider, account))
    }

    /// Makes tables of the program's own in the same file, so that one transaction can write to both. `steps` are
    /// statements that each bring them from one version to the next, beginning with none: to change them, add a step.
    /// Give the tables names that begin with `name` and an underscore.
    ///
    /// # Errors
    /// [`LedgerError::ExtensionNewer`] if the file has seen more steps than the program knows.
    pub fn extend(&self, name: &'static str, steps: &'static [&'static str]) -> Result<(), LedgerError> {
        self.write(move |connection| schema::extend(connection, name, steps))
    }

    /// Writes with SQL of the program's own, in the next commit, and waits for it. `work` runs in a transaction and on
    /// the ledger's thread; if it fails, nothing of it is kept. It must neither begin nor end transactions, nor wait for
    /// the ledger.
    ///
    /// # Errors
    /// [`LedgerError`] of `work` or of the writing.
    pub fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, LedgerError> + Send + 'static,
    ) -> Result<T, LedgerError> {
        ask(self.jobs()?, |reply| Job::Run(Box::new(Task::new(work, reply))))
    }

    /// Reads with SQL of the program's own. The connection cannot write. An [`end`](Self::end) that was handed over
    /// before may not be there yet: [`flush`](Self::flush) first.
    ///
    /// # Errors
    /// [`LedgerError`] of `work`.
    pub fn read<T>(&self, work: impl FnOnce(&Connection) -> Result<T, LedgerError>) -> Result<T, LedgerError> {
        work(&self.0.reader.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Before reading: what this process knows, if it can be written now.
    fn catch_up(&self) {
        if self.0.closed.is_any() {
            let _ = self.jobs().and_then(|jobs| ask(jobs, Job::Flush));
        }
    }

    fn jobs(&self) -> Result<&Sender<Job>, LedgerError> {
        self.0.thread.jobs.as_ref().ok_or(LedgerError::Closed)
    }
}

/// The width of the windows in the console's export of usage.
pub const CONSOLE_WINDOW: Duration = Duration::from_secs(600);

impl fmt::Debug for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ledger").finish_non_exhaustive()
    }
}
