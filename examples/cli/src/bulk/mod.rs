//! `heyan check --file`: a list of numbers, one a line, checked by all processors in memory that does not grow with it.
//!
//! ```text
//! source ─ the list in blocks of whole lines, for whoever asks next
//! relay ─ whose turn it is to number the lines of a block, and to write      report ─ what is written
//! spread ─ a processor for every worker, and at once
//! ```

mod relay;
mod report;
mod source;
mod spread;
#[cfg(test)]
mod tests;

use std::io::{self, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use heyan::subject::Tally;
use heyan::{Date, IdNumber, IdNumberError};

use crate::Context;
use crate::input::{LINE_MAX, today};
use crate::output::{Exit, Out, Stop};
use crate::wrong::Wrong;
use relay::Relay;
use report::Phrases;
use source::{BLOCK, Buffer, Source};

/// How to go about it.
#[derive(Clone, Copy)]
pub(crate) struct Options {
    /// White space, hyphens and full-width characters are allowed.
    pub(crate) lenient: bool,
    /// The sum only.
    pub(crate) summary: bool,
}

/// Bytes of a line that a strict check looks at: 18 characters have no more. So much of the next block is read twice.
const STRICT_LINE_MAX: usize = 72;

/// Checks the file, or standard input where there is none.
pub(crate) fn run(context: &Context, file: Option<&Path>, options: Options, out: &mut Out) -> Result<Exit, Stop> {
    let unreadable = |error: io::Error| match file {
        Some(path) => Wrong::NumbersUnreadable { path: path.to_owned(), kind: error.kind() },
        None => Wrong::StdinUnreadable(error.kind()),
    };
    let line_max = if options.lenient { LINE_MAX } else { STRICT_LINE_MAX };
    let source = match file {
        Some(path) => Source::open(path, BLOCK, line_max).map_err(unreadable)?,
        None => Source::stream(io::stdin(), BLOCK, line_max),
    };
    let workers = match source.workers_max() {
        // Asking the system reads four files and takes as long as checking 5,000 lines.
        1 => 1,
        most => thread::available_parallelism().map_or(1, Into::into).min(most),
    };
    let listing = (!options.summary).then(|| Listing::new(Phrases::new(context), out.stream()));
    let job = Job::new(source, today(), options.lenient, listing);
    let tally = job.run(workers).map_err(|failure| match failure {
        Failure::Unreadable(error) => unreadable(error).into(),
        // Only invalid lines are written: one was found by then.
        Failure::Unwritable(error) => Stop::Output { error, exit: Exit::Mismatch },
    })?;
    if tally.total() == 0 {
        return Err(Wrong::NoNumbers.into());
    }
    let exit = if tally.invalid() > 0 { Exit::Mismatch } else { Exit::Match };
    report::summary(context, &tally, out).and_then(|()| out.finish()).map_err(Stop::output(exit))?;
    Ok(exit)
}

/// What the workers share.
struct Job<W> {
    source: Source,
    today: Date,
    lenient: bool,
    listing: Option<Listing<W>>,
    stopped: AtomicBool,
    failure: Mutex<Option<Failure>>,
}

/// Invalid lines are to be written.
struct Listing<W> {
    phrases: Phrases,
    /// How many lines there are in the blocks before.
    numbering: Relay<u64>,
    writing: Relay<W>,
}

/// Why there is no result.
#[derive(Debug)]
enum Failure {
    Unreadable(io::Error),
    Unwritable(io::Error),
}

impl<W> Listing<W> {
    fn new(phrases: Phrases, writer: W) -> Self {
        Self { phrases, numbering: Relay::new(0), writing: Relay::new(writer) }
    }
}

impl<W: Write + Send> Job<W> {
    fn new(source: Source, today: Date, lenient: bool, listing: Option<Listing<W>>) -> Self {
        Self { source, today, lenient, listing, stopped: AtomicBool::new(false), failure: Mutex::new(None) }
    }

    fn run(self, workers: usize) -> Result<Tally, Failure> {
        let job = &self;
        // Here, and not by each worker: while one thread asks the system for memory, the others wait with theirs.
        let mut buffer = self.source.buffer();
        let buffers: Vec<_> = (1..workers).map(|_| self.source.buffer()).collect();
        let origin = spread::Origin::here();
        let sum = thread::scope(|scope| {
            let work = |mut buffer: Buffer| {
                scope.spawn(move || {
                    origin.leave();
                    job.work(&mut buffer)
                })
            };
            let others: Vec<_> = buffers.into_iter().map(work).collect();
            if !others.is_empty() {
                // Whoever has begun here gets away from here.
                thread::yield_now();
            }
            let mut sum = self.work(&mut buffer);
            for other in others {
                sum.merge(&other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            }
            sum
        });
        match self.failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
            Some(failure) => Err(failure),
            None => Ok(sum),
        }
    }

    /// One worker, until the list ends or somebody fails. What it has counted then is worth nothing.
    fn work(&self, buffer: &mut [u8]) -> Tally {
        let _guard = StopWhenPanicking(self);
        let mut tally = Tally::default();
        if let Err(failure) = self.check_blocks(buffer, &mut tally) {
            self.failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(failure);
            self.stop();
        }
        tally
    }

    fn check_blocks(&self, buffer: &mut [u8], tally: &mut Tally) -> Result<(), Failure> {
        let (mut faults, mut text) = (Vec::new(), Vec::new());
        while !self.stopped.load(Ordering::Relaxed)
            && let Some(block) = self.source.next(buffer).map_err(Failure::Unreadable)?
        {
            let lines = IdNumber::check_lines(block.lines, self.today);
            let Some(listing) = &self.listing else {
                if self.lenient {
                    lines.for_each(|(line, result)| tally.add(self.leniently(line, result)));
                } else {
                    tally.merge(&lines.tally());
                }
                continue;
            };
            let mut count = 0;
            for (line, result) in lines {
                count += 1;
                let result = if self.lenient { self.leniently(line, result) } else { result };
                tally.add(result);
                if let Err(error) = result {
                    faults.push((count, error));
                }
            }
            let before = listing.numbering.in_turn(block.index, |lines| {
                *lines += count;
                *lines - count
            });
            let Some(before) = before else { break };
            for (line, error) in faults.drain(..) {
                listing.phrases.write(&mut text, before + line, error);
            }
            let Some(written) = listing.writing.in_turn(block.index, |writer| writer.write_all(&text)) else { break };
            written.map_err(Failure::Unwritable)?;
            text.clear();
        }
        Ok(())
    }

    /// What the lenient check says of a line that the strict one refuses.
    fn leniently(&self, line: &[u8], strict: Result<(), IdNumberError>) -> Result<(), IdNumberError> {
        if strict.is_ok() {
            return strict;
        }
        if line.len() > LINE_MAX {
            return Err(IdNumberError::Length);
        }
        let text = std::str::from_utf8(line).map_err(|_| IdNumberError::Character)?;
        IdNumber::from_input(text, self.today).map(drop)
    }
}

impl<W> Job<W> {
    fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
        if let Some(listing) = &self.listing {
            listing.numbering.stop();
            listing.writing.stop();
        }
    }
}

/// A worker that panics never takes its turn, and nobody shall wait for it.
struct StopWhenPanicking<'j, W>(&'j Job<W>);

impl<W> Drop for StopWhenPanicking<'_, W> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.stop();
        }
    }
}
