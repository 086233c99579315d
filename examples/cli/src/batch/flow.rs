//! Rows on their way: one thread reads and begins, some ask, this one writes the answers in their order.
//!
//! ```text
//! reader ─ rows whose entries are on the drive ─> workers ─┐
//!    └──── rows that are not to be asked ──────────────────┴─> keeper: output
//! ```
//!
//! The reader never is more than [`WINDOW`] rows ahead of the output, so the memory does not depend on the file's size.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use heyan::{Billing, Subject};
use heyan_cli::table::{Cells, Row, Table, Unusable};
use heyan_std::ledger::LedgerError;
use heyan_std::{Begun, Router, Verification};

use super::ask::{self, Halt, Rule, ask};
use super::bill::Bill;
use super::job::{Ended, Job, Past};
use super::progress::Progress;
use super::queue::Queue;
use super::sheet::{Outcome, Sheet, Shown};

/// Rows between the one that is read and the one that is written.
const WINDOW: u64 = 4096;
/// How soon a reader that waits for room notices that it is over.
const GLANCE: Duration = Duration::from_millis(100);

/// A row that is to be asked.
struct Question {
    row: u64,
    line: u64,
    cells: Cells,
    /// Its entry, unless it is made when the row's turn has come.
    begun: Option<Begun>,
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

impl From<Unusable> for Fault {
    /// Of a row that was no fault when the rows were counted: the file has changed.
    fn from(unusable: Unusable) -> Self {
        Self::Input(match unusable {
            Unusable::Read(error) => error,
            _ => io::ErrorKind::InvalidData.into(),
        })
    }
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
    /// What the calls cost, those of earlier processes too.
    pub(super) bill: Bill,
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
            if let Outcome::Ended(Ended { billing: Billing::Billed, provider, .. }) = &answer.outcome {
                self.bill.add(provider.as_deref());
            }
        }
    }
}

/// The parts that the threads share.
pub(super) struct Flow<'f> {
    pub(super) router: &'f Router,
    pub(super) job: &'f Job,
    pub(super) rule: Rule,
    pub(super) reveal: bool,
    /// Whether many rows are begun at a time, because none of them waits for its turn.
    pub(super) begins_ahead: bool,
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
        before: Bill,
    ) -> (Tally, Option<Fault>) {
        let workers = usize::try_from(workers).unwrap_or(1);
        let queue = Queue::new(workers);
        let (answers, arrivals) = sync_channel(workers);
        let mut tally = Tally { bill: before, ..Tally::default() };
        std::thread::scope(|scope| {
            let (queue, to_keeper) = (&queue, answers.clone());
            scope.spawn(move || {
                self.note(self.read(table, past, queue, &to_keeper));
                queue.close();
            });
            for _ in 0..workers {
                let answers = answers.clone();
                scope.spawn(move || {
                    self.note(self.work(queue, &answers));
                    if self.is_over.load(Ordering::Relaxed) {
                        queue.close();
                    }
                });
            }
            drop(answers);
            self.note(self.keep(&arrivals, sheet, progress, &mut tally));
            // Whoever still has an answer finds nobody here, and ends.
            drop(arrivals);
        });
        let fault = self.fault.lock().unwrap_or_else(PoisonError::into_inner).take();
        (tally, fault)
    }

    /// No new rows, if this is a fault.
    fn note(&self, result: Result<(), Fault>) {
        let Err(fault) = result else { return };
        self.fault.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(fault);
        self.is_over.store(true, Ordering::Relaxed);
        self.router.stop();
    }

    fn read(
        &self,
        mut table: Table,
        mut past: Past,
        queue: &Queue<Question>,
        answers: &SyncSender<Vec<Answer>>,
    ) -> Result<(), Fault> {
        let mut row = 0;
        while let Some(count) = queue.room() {
            let (mut questions, mut done) = (Vec::with_capacity(count), Vec::new());
            let mut is_end = false;
            while questions.len() < count && done.len() < count && !is_end {
                // What would have to be written for there to be room may be held here.
                let holds_any = !(questions.is_empty() && done.is_empty());
                if holds_any && !self.window.has_room(row + 1) {
                    break;
                }
                if !self.window.wait(row + 1, self.is_over) {
                    return Ok(());
                }
                match table.next()? {
                    None => is_end = true,
                    Some(next) => {
                        row += 1;
                        let old = past.find(row).map_err(Fault::Ledger)?;
                        match self.sort(row, next, old) {
                            Ok(question) => questions.push(question),
                            Err(answer) => done.push(answer),
                        }
                    }
                }
            }
            if !done.is_empty() {
                send(answers, done)?;
            }
            if self.begins_ahead {
                self.begin(&mut questions)?;
            }
            queue.add(questions);
            if is_end {
                break;
            }
        }
        Ok(())
    }

    /// What is known of a row without asking, if anything.
    fn sort(&self, row: u64, next: Row, old: Option<Ended>) -> Result<Question, Answer> {
        let Row { line, cells } = next;
        let answer = |shown, outcome| Answer { row, line, shown, outcome, is_new: false };
        let cells = match cells {
            Ok(cells) => cells,
            Err(word) => return Err(answer(Shown::default(), Outcome::Bad(word))),
        };
        match (old, self.rule.subject(&cells)) {
            (Some(old), _) => Err(answer(ask::shown(&cells, self.reveal), Outcome::Ended(old))),
            (None, Err(word)) => Err(answer(ask::shown(&cells, self.reveal), Outcome::Bad(word))),
            (None, Ok(_)) => Ok(Question { row, line, cells, begun: None }),
        }
    }

    /// Has the entries of these rows written down, and returns when they would survive a power cut.
    fn begin(&self, questions: &mut [Question]) -> Result<(), Fault> {
        let verifications: Vec<(Subject<'_>, Verification<'_>)> = questions
            .iter()
            // They were sorted by this.
            .filter_map(|question| Some((self.rule.subject(&question.cells).ok()?, self.job.origin(question.row))))
            .map(|(subject, origin)| (subject, Verification::new().origin(origin)))
            .collect();
        if verifications.is_empty() {
            return Ok(());
        }
        let begun = self.router.begin_many(&verifications).map_err(|error| Fault::Halt(error.into()))?;
        for (question, begun) in questions.iter_mut().zip(begun) {
            question.begun = Some(begun);
        }
        Ok(())
    }

    fn work(&self, queue: &Queue<Question>, answers: &SyncSender<Vec<Answer>>) -> Result<(), Fault> {
        let mut asked = 0;
        while let Some(questions) = queue.take(asked) {
            asked = questions.len();
            let mut done = Vec::with_capacity(questions.len());
            for question in questions {
                // What is left when it is over is for the next time; its entries are taken back.
                if self.is_over.load(Ordering::Relaxed) {
                    break;
                }
                let Question { row, line, cells, begun } = question;
                let outcome = match self.rule.subject(&cells) {
                    Err(word) => Outcome::Bad(word),
                    Ok(subject) => match ask(self.router, begun, (&subject, self.job.origin(row)), self.is_over) {
                        Ok(ended) => Outcome::Ended(ended),
                        Err(halt) => {
                            self.note(Err(Fault::Halt(halt)));
                            break;
                        }
                    },
                };
                done.push(Answer { row, line, shown: ask::shown(&cells, self.reveal), outcome, is_new: true });
            }
            send(answers, done)?;
        }
        Ok(())
    }

    fn keep(
        &self,
        arrivals: &Receiver<Vec<Answer>>,
        sheet: &mut Sheet,
        progress: &mut Progress,
        tally: &mut Tally,
    ) -> Result<(), Fault> {
        // The first one is of the row that is to be written next.
        let mut early: VecDeque<Option<Answer>> = VecDeque::new();
        while let Ok(first) = arrivals.recv() {
            let group: Vec<Answer> = std::iter::once(first).chain(arrivals.try_iter()).flatten().collect();
            let fresh: Vec<(i64, Ended)> = group.iter().filter_map(|answer| self.fresh(answer)).collect();
            if !fresh.is_empty() {
                self.job.keep(fresh).map_err(Fault::Ledger)?;
            }
            for answer in group {
                tally.count(&answer);
                let place = usize::try_from(answer.row.saturating_sub(tally.written + 1)).unwrap_or_default();
                if early.len() <= place {
                    early.resize_with(place + 1, || None);
                }
                if let Some(free) = early.get_mut(place) {
                    *free = Some(answer);
                }
                while let Some(answer) = early.pop_front_if(|first| first.is_some()).flatten() {
                    sheet.write(answer.row, answer.line, &answer.shown, &answer.outcome).map_err(Fault::Output)?;
                    tally.written += 1;
                }
            }
            self.window.moved(tally.written);
            progress.show(tally.done, tally.asked, &tally.bill);
        }
        sheet.flush().map_err(Fault::Output)
    }

    /// What no entry tells.
    fn fresh(&self, answer: &Answer) -> Option<(i64, Ended)> {
        match &answer.outcome {
            Outcome::Ended(ended) if answer.is_new && !ended.is_in_entry => {
                Some((self.job.origin(answer.row), ended.clone()))
            }
            _ => None,
        }
    }
}

fn send(answers: &SyncSender<Vec<Answer>>, done: Vec<Answer>) -> Result<(), Fault> {
    answers.send(done).map_err(|_| Fault::Halt(Halt::Stopped))
}

/// How far the output is.
#[derive(Default)]
pub(super) struct Window {
    written: Mutex<u64>,
    moved: Condvar,
}

impl Window {
    /// Whether this row may be read without waiting.
    fn has_room(&self, row: u64) -> bool {
        row <= self.written.lock().unwrap_or_else(PoisonError::into_inner).saturating_add(WINDOW)
    }

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
