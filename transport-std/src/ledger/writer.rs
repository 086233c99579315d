//! The thread that writes: what many callers ask for goes into one commit, and each waits for that one.
//!
//! A commit that survives a power cut costs milliseconds, however much is in it. While one is under way the next group
//! gathers, so that the cost is shared by all who call at the same time and nobody waits for company.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, TryRecvError};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use rusqlite::{Connection, TransactionBehavior};

use super::entry::{Begin, Close, EntryId};
use super::error::LedgerError;
use super::schema;

/// Most jobs in one commit: more would let the first ones wait for too long.
const GROUP_MAX: usize = 512;
/// How long ends wait for others to share their commit with.
const LINGER: Duration = Duration::from_millis(1);
/// How long until ends that could not be written are tried again, if nothing else is to be written.
const AGAIN_AFTER: Duration = Duration::from_secs(1);
/// Most ends that wait for a ledger that does not take them. Beyond it the oldest is given up: it stays "possibly billed".
const ENDS_MAX: usize = 100_000;

/// Told when an end could not be written.
pub(super) type TroubleHook = dyn Fn(LedgerError) + Send + Sync;

type Reply<T> = SyncSender<Result<T, LedgerError>>;
type Begun = Vec<Result<EntryId, LedgerError>>;

/// Something to be written.
pub(super) enum Job {
    /// Attempts that wait for permission to leave.
    Begin(Vec<Begin>, Reply<Begun>),
    /// There are entries to be closed where there were none. Nobody waits.
    Closed,
    /// Anything else. What it wrote is kept if it says so.
    Run(Box<dyn Run>),
    /// Answers when all before it is written.
    Flush(Reply<()>),
}

/// Entries that are to be closed. Nobody waits for it, so the writer is told of the first only.
#[derive(Default)]
pub(super) struct Closed {
    handed: Mutex<Vec<(EntryId, Close)>>,
    /// Those that were handed over and are not written yet.
    unwritten: AtomicUsize,
}

impl Closed {
    /// `true`: the writer has to be told.
    pub(super) fn push(&self, id: EntryId, close: Close) -> bool {
        self.unwritten.fetch_add(1, Ordering::AcqRel);
        let mut handed = self.handed.lock().unwrap_or_else(PoisonError::into_inner);
        handed.push((id, close));
        handed.len() == 1
    }

    /// Whether any is not written yet.
    pub(super) fn is_any(&self) -> bool {
        self.unwritten.load(Ordering::Acquire) > 0
    }

    fn take(&self) -> Vec<(EntryId, Close)> {
        std::mem::take(&mut *self.handed.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A job with a result of any type.
pub(super) trait Run: Send {
    /// Writes, and keeps the result.
    fn run(&mut self, connection: &Connection) -> Result<(), LedgerError>;
    /// Hands the result out, or the error with which the group ended.
    fn answer(self: Box<Self>, committed: Result<(), LedgerError>);
}

/// See [`Run`].
pub(super) struct Task<F, T> {
    work: Option<F>,
    result: Option<Result<T, LedgerError>>,
    reply: Reply<T>,
}

impl<F, T> Task<F, T> {
    pub(super) fn new(work: F, reply: Reply<T>) -> Self {
        Self { work: Some(work), result: None, reply }
    }
}

impl<F, T> Run for Task<F, T>
where
    F: FnOnce(&Connection) -> Result<T, LedgerError> + Send,
    T: Send,
{
    fn run(&mut self, connection: &Connection) -> Result<(), LedgerError> {
        let Some(work) = self.work.take() else { return Ok(()) };
        let result = work(connection);
        let outcome = result.as_ref().map(drop).map_err(|error| *error);
        self.result = Some(result);
        outcome
    }

    fn answer(self: Box<Self>, committed: Result<(), LedgerError>) {
        let result = match (committed, self.result) {
            // A failure of its own says more than that of the group.
            (_, Some(Err(error))) => Err(error),
            (Err(error), _) => Err(error),
            (Ok(()), Some(result)) => result,
            (Ok(()), None) => Err(LedgerError::Closed),
        };
        let _ = self.reply.send(result);
    }
}

/// Who is told about ends that could not be written.
#[derive(Default)]
pub(super) struct Troubles {
    hooks: Mutex<Vec<Weak<TroubleHook>>>,
    /// The first since somebody asked.
    first: Mutex<Option<LedgerError>>,
}

impl Troubles {
    /// As long as the hook lives.
    pub(super) fn watch(&self, hook: &Arc<TroubleHook>) {
        let mut hooks = self.hooks.lock().unwrap_or_else(PoisonError::into_inner);
        hooks.retain(|hook| hook.strong_count() > 0);
        hooks.push(Arc::downgrade(hook));
    }

    pub(super) fn take(&self) -> Option<LedgerError> {
        self.first.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn tell(&self, error: LedgerError) {
        self.first.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        let hooks: Vec<_> = {
            let hooks = self.hooks.lock().unwrap_or_else(PoisonError::into_inner);
            hooks.iter().filter_map(Weak::upgrade).collect()
        };
        for hook in hooks {
            hook(error);
        }
    }
}

/// Runs until every sender is gone, then writes what is left.
pub(super) fn run(mut connection: Connection, jobs: &Receiver<Job>, troubles: &Troubles, closed: &Closed) {
    let mut late = VecDeque::new();
    let mut is_adrift = false;
    loop {
        let first = if late.is_empty() {
            jobs.recv().map_err(|_| RecvTimeoutError::Disconnected)
        } else {
            jobs.recv_timeout(AGAIN_AFTER)
        };
        let is_over = matches!(first, Err(RecvTimeoutError::Disconnected));
        let mut group: Vec<Job> = first.into_iter().collect();
        let until = Instant::now() + LINGER;
        while matches!(group.last(), Some(Job::Closed)) {
            match jobs.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(job) => group.push(job),
                Err(_) => break,
            }
        }
        while group.len() < GROUP_MAX {
            match jobs.try_recv() {
                Ok(job) => group.push(job),
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => break,
            }
        }
        if !group.is_empty() || !late.is_empty() {
            let was_late = !late.is_empty();
            late.extend(closed.take());
            let done = Group::new(group, &mut late, was_late, &mut is_adrift).write(&mut connection, troubles);
            closed.unwritten.fetch_sub(done, Ordering::AcqRel);
        }
        if is_over {
            return;
        }
    }
}

/// The jobs of one commit.
struct Group<'a> {
    begins: Vec<(Vec<Begin>, Reply<Begun>, Begun)>,
    runs: Vec<Box<dyn Run>>,
    flushes: Vec<Reply<()>>,
    /// Ends, those of groups before this one first.
    ends: &'a mut VecDeque<(EntryId, Close)>,
    was_late: bool,
    /// Whether the operating system has what the drive has not.
    is_adrift: &'a mut bool,
}

impl<'a> Group<'a> {
    fn new(jobs: Vec<Job>, ends: &'a mut VecDeque<(EntryId, Close)>, was_late: bool, is_adrift: &'a mut bool) -> Self {
        let mut group = Self { begins: Vec::new(), runs: Vec::new(), flushes: Vec::new(), ends, was_late, is_adrift };
        for job in jobs {
            match job {
                Job::Begin(begins, reply) => group.begins.push((begins, reply, Vec::new())),
                Job::Closed => {}
                Job::Run(run) => group.runs.push(run),
                Job::Flush(reply) => group.flushes.push(reply),
            }
        }
        group
    }

    /// Writes all of it and answers. Returns how many ends are done with.
    fn write(mut self, connection: &mut Connection, troubles: &Troubles) -> usize {
        let committed = self.commit(connection);
        let waiting = self.ends.len();
        let trouble = match committed {
            Ok(trouble) => {
                self.ends.clear();
                trouble
            }
            // They are tried again with the next group; it is told once.
            Err(error) => (!self.ends.is_empty() && !self.was_late).then_some(error),
        };
        let excess = self.ends.len().saturating_sub(ENDS_MAX);
        self.ends.drain(..excess);
        // Before the answers: who flushes and then asks must find it.
        if let Some(error) = trouble {
            troubles.tell(error);
        }
        let committed = committed.map(drop);
        for (begins, reply, ids) in self.begins {
            let answer = match committed {
                Ok(()) => ids,
                Err(error) => begins.iter().map(|_| Err(error)).collect(),
            };
            let _ = reply.send(Ok(answer));
        }
        for run in self.runs {
            run.answer(committed);
        }
        for reply in self.flushes {
            let _ = reply.send(committed);
        }
        waiting.saturating_sub(self.ends.len())
    }

    /// Writes all of it, and returns the first failure of a single end.
    fn commit(&mut self, connection: &mut Connection) -> Result<Option<LedgerError>, LedgerError> {
        // Ends alone are given to the operating system, which outlives this process, and come to the drive with what
        // is waited for next.
        let is_waited_for = !(self.begins.is_empty() && self.runs.is_empty() && self.flushes.is_empty());
        let is_nothing = self.ends.is_empty() && self.begins.is_empty() && self.runs.is_empty();
        if is_nothing && !(is_waited_for && *self.is_adrift) {
            return Ok(None);
        }
        schema::survive_power_cut(connection, is_waited_for)?;
        let mut transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut trouble = None;
        for (id, end) in self.ends.iter() {
            match end.write(&transaction, *id) {
                Ok(()) => {}
                // There is no such entry: trying again would not help, and the others must not suffer.
                Err(error @ LedgerError::Unknown) => trouble = trouble.or(Some(error)),
                Err(error) => return Err(error),
            }
        }
        if self.begins.iter().flat_map(|(begins, _, _)| begins).any(Begin::is_limited) {
            schema::index_persons(&transaction)?;
        }
        for (begins, _, ids) in &mut self.begins {
            ids.reserve_exact(begins.len());
            for begin in begins.iter() {
                match begin.write(&transaction) {
                    // After any other failure SQLite may have rolled the transaction back.
                    Err(error) if !matches!(error, LedgerError::Limit(_)) => return Err(error),
                    result => ids.push(result),
                }
            }
        }
        for run in &mut self.runs {
            // Dropped without a commit it undoes what was written in it.
            let savepoint = transaction.savepoint()?;
            if run.run(&savepoint).is_ok() {
                savepoint.commit()?;
            }
        }
        if is_nothing {
            schema::touch(&transaction)?;
        }
        transaction.commit()?;
        *self.is_adrift = !is_waited_for;
        Ok(trouble)
    }
}

/// Hands a job over, and waits for its answer.
pub(super) fn ask<T>(jobs: &Sender<Job>, job: impl FnOnce(Reply<T>) -> Job) -> Result<T, LedgerError> {
    let (reply, answer) = std::sync::mpsc::sync_channel(1);
    jobs.send(job(reply)).map_err(|_| LedgerError::Closed)?;
    answer.recv().map_err(|_| LedgerError::Closed)?
}
