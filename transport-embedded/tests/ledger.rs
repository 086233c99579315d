//! The ledger on a flash whose power fails on every word and every erase.

mod support;

use std::pin::pin;
use std::task::{Context, Waker};
use std::time::Duration;

use heyan::policy::{AccountId, Class, Ending, Entry, PersonTag, Slug};
use heyan::{Billing, Reference, Retry};
use heyan_embedded::{AlwaysReady, Begun, Counts, FlashLedger, LedgerError, blocking};
use support::block_on;
use support::flash::{Flash, FlashFailure, Torn};

/// 4 pages of 512 bytes, 3 entries each.
type Small = Flash<4, 512>;
const PAGES: u32 = 4;
const PER_PAGE: u32 = 3;
const ALL: std::ops::Range<u32> = 0..PAGES * 512;

fn begun(number: u32) -> Entry {
    let (provider, account) = (Slug::new("idcert").unwrap(), AccountId::new("main").unwrap());
    Entry::began(provider, account, 1, PersonTag::from_bytes([7; 16]), 1_795_305_600_000 + u64::from(number))
}

fn ending(number: u32) -> Ending {
    let class = [Class::Match, Class::Mismatch, Class::NoRecord][number as usize % 3];
    Ending::new(class, Billing::Billed, Retry::Never)
}

fn ended(number: u32) -> Entry {
    begun(number).completed(ending(number), reference(number).as_ref(), took(number))
}

fn reference(number: u32) -> Option<Reference> {
    Reference::new(&format!("20211208013-{number}"))
}

fn took(number: u32) -> Duration {
    Duration::from_millis(u64::from(number) + 100)
}

fn open(flash: Small) -> Result<FlashLedger<Small>, LedgerError<FlashFailure>> {
    block_on(FlashLedger::open(flash, ALL))
}

fn entries(ledger: &mut FlashLedger<Small>) -> (Vec<(u32, Entry)>, Counts) {
    block_on(async {
        let (mut all, mut entries) = (Vec::new(), ledger.entries());
        while let Some(found) = entries.next().await.unwrap() {
            all.push(found);
        }
        (all, entries.counts())
    })
}

/// The number that the next entry will have.
fn next(counts: Counts) -> u32 {
    counts.overwritten + counts.entries + counts.unreadable
}

/// What somebody asked for, and what of it they were promised.
#[derive(Debug, Default)]
struct History {
    asked: Vec<u32>,
    begun: Vec<u32>,
    ended: Vec<u32>,
}

impl History {
    /// Begins `count` attempts and ends them: at once, behind the next one, or never.
    fn goes_on(&mut self, ledger: &mut FlashLedger<Small>, count: u32) -> Result<(), LedgerError<FlashFailure>> {
        let mut number = next(block_on(ledger.counts())?);
        block_on(async {
            let mut late: Option<Begun> = None;
            for _ in 0..count {
                self.asked.push(number);
                let begun = ledger.begin(begun(number)).await?;
                assert_eq!(begun.number(), number);
                self.begun.push(number);
                let end = match number % 4 {
                    0 | 1 => Some(begun),
                    2 => late.replace(begun),
                    _ => late.take(),
                };
                if let Some(begun) = end {
                    let number = begun.number();
                    let entry = ledger.end(begun, ending(number), reference(number).as_ref(), took(number)).await?;
                    assert_eq!(entry, ended(number));
                    self.ended.push(number);
                }
                number += 1;
            }
            Ok(())
        })
    }

    /// All that was promised and has not given way is there as promised; all that is there was asked for; all is
    /// counted.
    fn check(&self, ledger: &mut FlashLedger<Small>, what: &str) -> Counts {
        let (found, counts) = entries(ledger);
        let numbers: Vec<u32> = found.iter().map(|(number, _)| *number).collect();
        assert!(numbers.is_sorted_by(|one, other| one < other), "{what}: {numbers:?}");
        let oldest = (next(counts) / PER_PAGE + 1).saturating_sub(PAGES) * PER_PAGE;
        assert_eq!(counts.overwritten, oldest, "{what}");
        for number in self.begun.iter().filter(|number| **number >= oldest) {
            assert!(numbers.contains(number), "{what}: {number} is missing in {numbers:?} of {self:?}");
        }
        for (number, entry) in &found {
            assert!(*number >= oldest && self.asked.contains(number), "{what}: {number} was never begun");
            if self.ended.contains(number) {
                assert_eq!(*entry, ended(*number), "{what}");
            } else if *entry != ended(*number) {
                assert_eq!(*entry, begun(*number), "{what}");
            }
        }
        let unknown = found.iter().filter(|(_, entry)| entry.ending().is_none()).count();
        assert_eq!((counts.entries as usize, counts.possibly_billed as usize), (found.len(), unknown), "{what}");
        counts
    }
}

#[test]
fn an_entry_is_found_again_as_it_was_written() {
    let mut ledger = open(Small::new(4)).unwrap();
    assert_eq!(block_on(ledger.counts()).unwrap(), Counts::default());
    let mut history = History::default();
    history.goes_on(&mut ledger, 5).unwrap();
    history.check(&mut ledger, "before");
    let mut ledger = open(ledger.into_flash().again()).unwrap();
    let counts = history.check(&mut ledger, "after");
    assert_eq!((counts.entries, counts.possibly_billed, counts.unreadable), (5, 1, 0));
}

#[test]
fn the_oldest_give_way() {
    let (mut ledger, mut history) = (open(Small::new(4)).unwrap(), History::default());
    for count in 1..=100 {
        history.goes_on(&mut ledger, 1).unwrap();
        let counts = history.check(&mut ledger, "full");
        assert_eq!((next(counts), counts.unreadable), (count, 0));
        assert!(counts.entries >= count.min(PER_PAGE * (PAGES - 1)), "{counts:?}");
    }
    assert_eq!(ledger.into_flash().erases.len(), 34);
}

/// Each step of writing 20 entries, which goes around the ring, with every way in which it can be torn.
fn cuts() -> Vec<(usize, Torn)> {
    let whole = {
        let mut ledger = open(Small::new(4)).unwrap();
        History::default().goes_on(&mut ledger, 20).unwrap();
        ledger.into_flash()
    };
    assert_eq!(whole.erases.len(), 7);
    let torn = |step: usize| Torn::all(0x9E37_79B9_7F4A_7C15 ^ (step as u64) << 17);
    let cuts = (0..whole.steps).flat_map(|step| torn(step).map(|torn| (step, torn)));
    let cuts: Vec<_> = cuts.filter(|(step, torn)| whole.erases.contains(step) || torn.fits_a_word()).collect();
    assert!(cuts.len() > 3_000, "{}", cuts.len());
    cuts
}

#[test]
fn every_cut_leaves_what_was_promised() {
    let (mut whole_beginnings, mut torn_beginnings) = (0, 0);
    for (step, torn) in cuts() {
        let what = format!("step {step}, {torn:?}");
        let (mut ledger, mut history) = (open(Small::new(4).cut_at(step, torn)).unwrap(), History::default());
        let result = history.goes_on(&mut ledger, 20);
        assert_eq!(result, Err(LedgerError::Flash(FlashFailure::NoPower)), "{what}");
        let mut ledger = open(ledger.into_flash().again()).unwrap_or_else(|error| panic!("{what}: {error}"));
        let counts = history.check(&mut ledger, &what);
        // Only the entry on which the power failed may be there and unreadable.
        let asked = history.asked.len() as u32;
        assert!(counts.unreadable <= 1 && [asked - 1, asked].contains(&next(counts)), "{what}: {counts:?}");
        if history.begun.len() < history.asked.len() {
            whole_beginnings += u32::from(next(counts) == asked && counts.unreadable == 0);
            torn_beginnings += counts.unreadable;
        }

        // The ring goes on working, around and around.
        history.goes_on(&mut ledger, 14).unwrap_or_else(|error| panic!("{what}: {error}"));
        let mut ledger = open(ledger.into_flash().again()).unwrap();
        assert_eq!(history.check(&mut ledger, &what).unreadable, 0, "{what}");
    }
    assert!(whole_beginnings > 12 && torn_beginnings > 1000, "{whole_beginnings}, {torn_beginnings}");
}

#[test]
fn a_second_cut_after_the_first_leaves_it_too() {
    let cuts = cuts();
    for &(step, torn) in cuts.iter().step_by(97) {
        for &(second, then) in cuts.iter().take(600).step_by(11) {
            let what = format!("step {step}, {torn:?}, then step {second}, {then:?}");
            let (mut ledger, mut history) = (open(Small::new(4).cut_at(step, torn)).unwrap(), History::default());
            history.goes_on(&mut ledger, 20).unwrap_err();
            let mut ledger = open(ledger.into_flash().again().cut_at(second, then)).unwrap();
            history.goes_on(&mut ledger, 20).unwrap_err();
            let mut ledger = open(ledger.into_flash().again()).unwrap_or_else(|error| panic!("{what}: {error}"));
            history.check(&mut ledger, &what);
        }
    }
}

#[test]
fn a_driver_that_fails_once_costs_one_entry() {
    for (step, torn) in cuts().into_iter().step_by(5) {
        let what = format!("step {step}, {torn:?}");
        let (mut ledger, mut history) = (open(Small::new(4).failing_at(step, torn)).unwrap(), History::default());
        history.goes_on(&mut ledger, 20).unwrap_err();
        let before = history.check(&mut ledger, &what);
        // The same number is not given twice, and nobody who looks at the flash sees anything else.
        history.goes_on(&mut ledger, 2).unwrap_or_else(|error| panic!("{what}: {error}"));
        let after = history.check(&mut ledger, &what);
        assert_eq!(next(after), next(before) + 2, "{what}");
        let mut ledger = open(ledger.into_flash().again()).unwrap();
        assert_eq!(history.check(&mut ledger, &what), after, "{what}");
    }
}

#[test]
fn a_dropped_beginning_is_begun_anew() {
    for before in 0..7 {
        for polls in 0..3 {
            let (mut ledger, mut history) = (open(Small::new(4)).unwrap(), History::default());
            history.goes_on(&mut ledger, before).unwrap();
            {
                let mut begin = pin!(ledger.begin(begun(before)));
                for _ in 0..polls {
                    let polled = begin.as_mut().poll(&mut Context::from_waker(Waker::noop()));
                    if polled.is_ready() {
                        history.asked.push(before);
                    }
                }
            }
            history.goes_on(&mut ledger, 7).unwrap();
            history.check(&mut ledger, "dropped");
            let mut ledger = open(ledger.into_flash().again()).unwrap();
            history.check(&mut ledger, "dropped and opened");
        }
    }
}

#[test]
fn a_damaged_entry_is_passed_over_and_counted() {
    let (mut ledger, mut history) = (open(Small::new(4)).unwrap(), History::default());
    history.goes_on(&mut ledger, 10).unwrap();
    let whole = ledger.into_flash();
    let (mut unreadable, mut reopened) = (0, 0);
    // Any byte may be hit.
    for at in 0..whole.bytes.len() {
        for mask in [0x01, 0xFF] {
            let mut flash = whole.again();
            flash.bytes[at] ^= mask;
            let mut ledger = open(flash).unwrap_or_else(|error| panic!("{at}: {error}"));
            let (found, counts) = entries(&mut ledger);
            for (number, entry) in found {
                assert!(entry == ended(number) || entry == begun(number), "{at}: {entry:?}");
            }
            unreadable += counts.unreadable;
            reopened += u32::from(next(counts) == 10);
            let _ = block_on(ledger.begin(begun(99))).unwrap_or_else(|error| panic!("{at}: {error}"));
        }
    }
    assert!(unreadable > 500 && reopened > 3_000, "{unreadable}, {reopened}");
}

#[test]
fn an_end_that_comes_too_late_is_refused() {
    let mut ledger = open(Small::new(4)).unwrap();
    block_on(async {
        let mut under_way = Vec::new();
        for number in 0..PER_PAGE * PAGES {
            under_way.push(ledger.begin(begun(number)).await.unwrap());
        }
        // The first page will be erased for the next entry, so nothing is written there any more.
        for (number, begun) in (0..).zip(under_way) {
            let result = ledger.end(begun, ending(number), reference(number).as_ref(), took(number)).await;
            assert_eq!(result, if number < PER_PAGE { Err(LedgerError::TooLate) } else { Ok(ended(number)) });
        }
    });
    let (found, _) = entries(&mut ledger);
    assert_eq!(found.len() as u32, PER_PAGE * (PAGES - 1));
    assert!(found.iter().all(|(number, entry)| *entry == ended(*number)), "{found:?}");
}

#[test]
fn words_of_all_sizes_do() {
    fn around<const WORD: usize, const PAGE: usize>(per_page: u32) {
        let range = 0..2 * PAGE as u32;
        let mut ledger = block_on(FlashLedger::open(Flash::<WORD, PAGE>::new(2), range.clone())).unwrap();
        block_on(async {
            for number in 0..100 {
                let begun = ledger.begin(begun(number)).await.unwrap();
                ledger.end(begun, ending(number), reference(number).as_ref(), took(number)).await.unwrap();
            }
            let mut ledger = FlashLedger::open(ledger.into_flash().again(), range).await.unwrap();
            let counts = ledger.counts().await.unwrap();
            assert_eq!((next(counts), counts.possibly_billed, counts.unreadable), (100, 0, 0));
            assert_eq!(counts.overwritten, (100 / per_page).saturating_sub(1) * per_page);
        });
    }
    around::<1, 256>(1);
    around::<4, 4096>(30);
    around::<8, 2048>(15);
    around::<16, 8192>(56);
    around::<32, 8192>(51);
    around::<64, 256>(1);
}

#[test]
fn a_range_where_no_ledger_can_be_is_refused() {
    for (start, end) in [(0, 512), (256, 1280), (0, 2000), (4, 2048), (0, 4096), (1024, 0), (2048, 2048), (0, u32::MAX)]
    {
        let error = block_on(FlashLedger::open(Small::new(4), start..end)).map(drop);
        assert_eq!(error, Err(LedgerError::Range), "{start}..{end}");
        let error = block_on(FlashLedger::format(Small::new(4), start..end)).map(drop);
        assert_eq!(error, Err(LedgerError::Range), "{start}..{end}");
    }
}

#[test]
fn what_is_no_ledger_is_not_read_or_erased() {
    let mut random = 0x1234_5678_9ABC_DEF1_u64;
    for _ in 0..200 {
        let mut flash = Small::new(4);
        for byte in &mut flash.bytes {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            *byte = (random >> 24) as u8;
        }
        assert_eq!(open(flash.clone()).map(drop), Err(LedgerError::Foreign));
        let mut ledger = block_on(FlashLedger::format(flash, ALL)).unwrap();
        let mut history = History::default();
        history.goes_on(&mut ledger, 5).unwrap();
        history.check(&mut ledger, "formatted");
    }
    // A ledger that went around in another range.
    let mut ledger = block_on(FlashLedger::open(Small::new(4), 0..1024)).unwrap();
    block_on(async {
        for number in 0..7 {
            let _ = ledger.begin(begun(number)).await.unwrap();
        }
    });
    assert_eq!(open(ledger.into_flash().again()).map(drop), Err(LedgerError::Foreign));
}

#[test]
fn the_blocking_twin_does_the_same() {
    for (step, torn) in cuts().into_iter().step_by(19) {
        let (mut ledger, mut history) = (open(Small::new(4).cut_at(step, torn)).unwrap(), History::default());
        history.goes_on(&mut ledger, 20).unwrap_err();
        let mut twin = blocking::FlashLedger::open(Small::new(4).cut_at(step, torn), ALL).unwrap();
        let result = (|| {
            let mut late = None;
            for number in 0..20 {
                let begun = twin.begin(begun(number))?;
                let end = match number % 4 {
                    0 | 1 => Some(begun),
                    2 => late.replace(begun),
                    _ => late.take(),
                };
                if let Some(begun) = end {
                    let number = begun.number();
                    twin.end(begun, ending(number), reference(number).as_ref(), took(number))?;
                }
            }
            Ok(())
        })();
        assert_eq!(result, Err(LedgerError::Flash(FlashFailure::NoPower)));
        let (flash, twin) = (ledger.into_flash(), twin.into_flash());
        assert!(flash.bytes == twin.bytes && flash.steps == twin.steps, "step {step}, {torn:?}");
        let mut ledger = open(flash.again()).unwrap();
        let mut twin = blocking::FlashLedger::open(twin.again(), ALL).unwrap();
        assert_eq!(twin.counts(), Ok(block_on(ledger.counts()).unwrap()));
        let mut all = twin.entries();
        let found: Vec<_> = all.by_ref().map(Result::unwrap).collect();
        assert_eq!((found, all.counts()), entries(&mut ledger));
    }
    let formatted = blocking::FlashLedger::format(Small::new(4), ALL).unwrap().into_flash();
    let ready = block_on(FlashLedger::format(AlwaysReady(Small::new(4)), ALL)).unwrap().into_flash().0;
    assert!(formatted.bytes == ready.bytes && formatted.erases == ready.erases);
}
