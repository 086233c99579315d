//! Rows on their way: one thread reads, some ask, this one keeps and writes them in their order.
//!
//! ```text
//! reader ─ asked ─> workers ─┐
//!    └──── not to be asked ──┴─> keeper: ledger, then output
//! ```
//!
//! The reader never is more than [`WINDOW`] rows ahead of the output, so the memory does not depend on the file's size.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use heyan::Billing;
use heyan_std::Router;
use heyan_std::ledger::LedgerError;

use super::ask::{self, Halt, Rule, ask};
use super::job::{Ended, Job, Past};
use super::progress::Progress;
use super::sheet::{Outcome, Sheet, Shown};
use super::table::{Cells, Table};

/// Rows between the one that is read and the one that is written.
const WINDOW: u64 = 4096;
/// Most rows that are kept with one commit.
const GROUP: usize = 512;
/// How soon a reader that waits for room notices that it is over.
const GLANCE: Duration = Duration::from_millis(100);

/// A row that is to be asked.
struct Question {
    row: u64,
    line: u64,
    cells: Cells,
    shown: Shown,
}

/// A row that is not to be asked any more.
struct Answer {
    row: u64,
    line: u64,
    shown: Shown,
    outcome: Outcome,
    is_new: bool,
}

/// Why the rows did not come to an end.
#[derive(Debug)]
pub(super) enum Fault {
    Input(io::Error),
    Output(io::Error),
    Ledger(LedgerError),
    Halt(Halt),
}

/// What came of the rows.
#[derive(Default)]
pub(super) struct Tally {
    /// Finished rows: those that were finished before, too.
    pub(super) done: u64,
    /// Rows that this process asked for and finished.
    pub(super) asked: u64,
    /// Rows of the output.
    pub(super) written: u64,
    /// By the word of the ending.
    pub(super) endings: BTreeMap<&'static str, u64>,
    /// Rows that this process knows to be billed.
    billed: u64,
}

impl Tally {
    fn count(&mut self, answer: &Answer) {
        self.done += 1;
        let word = match &answer.outcome {
            Outcome::Bad(_) => "bad_row",
            Outcome::Ended(ended) => ended.class.word(),
        };
        *self.endings.entry(word).or_default() += 1;
        if answer.is_new {
            self.asked += 1;
            let is_billed = matches!(&answer.outcome, Outcome::Ended(ended) if ended.billing == Billing::Billed);
            self.billed += u64::from(is_billed);
        }
    }
}

/// The parts that the threads share.
pub(super) struct Flow<'f> {
    pub(super) router: &'f Router,
    pub(super) job: &'f Job,
    pub(super) rule: Rule,
    pub(super) reveal: bool,
    /// No new rows.
    pub(super) is_over: &'f AtomicBool,
    pub(super) window: Window,
    /// The first fault of a thread.
    pub(super) fault: Mutex<Option<Fault>>,
}

impl Flow<'_> {
    /// Runs until all rows are written, or nothing is under way any more. Rows that ended by then are kept.
    pub(super) fn run(
        &self,
        (table, past): (Table, Past),
        workers: u32,
        sheet: &mut Sheet,
        progress: &mut Progress,
        billed_before: u64,
    ) -> (Tally, Option<Fault>) {
        let (questions, inbox) = sync_channel(usize::try_from(workers).unwrap_or(1));
        let (answers, arrivals) = sync_channel(GROUP);
        let inbox = Mutex::new(inbox);
        let mut tally = Tally { billed: billed_before, ..Tally::default() };
        std::thread::scope(|scope| {
            let to_keeper = answers.clone();
            scope.spawn(move || self.read(table, past, &questions, &to_keeper));
            for _ in 0..workers {
                let (inbox, answers) = (&inbox, answers.clone());
                scope.spawn(move || self.work(inbox, &answers));
            }
            drop(answers);
            if let Err(fault) = self.keep(&arrivals, sheet, progress, &mut tally) {
                self.end(fault);
            }
            // Whoever still has an answer finds nobody here, and ends.
            drop(arrivals);
        });
        let fault = self.fault.lock().unwrap_or_else(PoisonError::into_inner).take();
        (tally, fault)
    }

    /// No new rows, because of this.
    fn end(&self, fault: Fault) {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(fault);
        self.is_over.store(true, Ordering::Relaxed);
        self.router.stop();
    }

    fn read(&self, mut table: Table, mut past: Past, questions: &SyncSender<Question>, answers: &SyncSender<Answer>) {
        let mut row = 0;
        loop {
            row += 1;
            if !self.window.wait(row, self.is_over) {
                return;
            }
            let next = match table.next() {
                Ok(Some(next)) => next,
                Ok(None) => return,
                Err(error) => return self.end(Fault::Input(error)),
            };
            let line = next.line;
            let old = match past.find(row) {
                Ok(old) => old,
                Err(error) => return self.end(Fault::Ledger(error)),
            };
            let (shown, outcome) = match next.cells {
                Err(word) => (Shown::default(), Some(Outcome::Bad(word))),
                Ok(cells) => {
                    let shown = ask::shown(&cells, self.reveal);
                    match (old, self.rule.subject(&cells)) {
                        (Some(old), _) => (shown, Some(Outcome::Ended(old))),
                        (None, Err(word)) => (shown, Some(Outcome::Bad(word))),
                        (None, Ok(_)) => {
                            if questions.send(Question { row, line, cells, shown }).is_err() {
                                return;
                            }
                            continue;
                        }
                    }
                }
            };
            let Some(outcome) = outcome else { continue };
            if answers.send(Answer { row, line, shown, outcome, is_new: false }).is_err() {
                return;
            }
        }
    }

    fn work(&self, inbox: &Mutex<Receiver<Question>>, answers: &SyncSender<Answer>) {
        loop {
            let question = inbox.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let Ok(Question { row, line, cells, shown }) = question else { return };
            // What is left in the queue when it is over is for the next time.
            if self.is_over.load(Ordering::Relaxed) {
                continue;
            }
            let outcome = match self.rule.subject(&cells) {
                Err(word) => Outcome::Bad(word),
                Ok(subject) => match ask(self.router, &subject, self.job.origin(row), self.is_over) {
                    Ok(ended) => Outcome::Ended(ended),
                    Err(halt) => {
                        self.end(Fault::Halt(halt));
                        continue;
                    }
                },
            };
            if answers.send(Answer { row, line, shown, outcome, is_new: true }).is_err() {
                return self.end(Fault::Halt(Halt::Stopped));
            }
        }
    }

    fn keep(
        &self,
        arrivals: &Receiver<Answer>,
        sheet: &mut Sheet,
        progress: &mut Progress,
        tally: &mut Tally,
    ) -> Result<(), Fault> {
        let mut early: HashMap<u64, Answer> = HashMap::new();
        while let Ok(first) = arrivals.recv() {
            let group: Vec<Answer> = std::iter::once(first).chain(arrivals.try_iter().take(GROUP)).collect();
            let fresh: Vec<(i64, Ended)> = group.iter().filter_map(|answer| self.fresh(answer)).collect();
            if !fresh.is_empty() {
                self.job.keep(fresh).map_err(Fault::Ledger)?;
            }
            for answer in group {
                tally.count(&answer);
                early.insert(answer.row, answer);
            }
            while let Some(answer) = early.remove(&(tally.written + 1)) {
                sheet.write(answer.row, answer.line, &answer.shown, &answer.outcome).map_err(Fault::Output)?;
                tally.written += 1;
            }
            self.window.moved(tally.written);
            progress.show(tally.done, tally.asked, tally.billed);
        }
        sheet.flush().map_err(Fault::Output)
    }

    /// What the ledger does not know yet.
    fn fresh(&self, answer: &Answer) -> Option<(i64, Ended)> {
        match &answer.outcome {
            Outcome::Ended(ended) if answer.is_new => Some((self.job.origin(answer.row), ended.clone())),
            _ => None,
        }
    }
}

/// How far the output is.
#[derive(Default)]
pub(super) struct Window {
    written: Mutex<u64>,
    moved: Condvar,
}

impl Window {
    /// Waits until this row may be read. `false`: it is over.
    fn wait(&self, row: u64, is_over: &AtomicBool) -> bool {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        while !is_over.load(Ordering::Relaxed) {
            if row <= written.saturating_add(WINDOW) {
                return true;
            }
            (written, _) = self.moved.wait_timeout(written, GLANCE).unwrap_or_else(PoisonError::into_inner);
        }
        false
    }

    fn moved(&self, written: u64) {
        *self.written.lock().unwrap_or_else(PoisonError::into_inner) = written;
        self.moved.notify_one();
    }
}
