//! The ledger and the router, both twins.
//!
//! What holds a `Duration` is not shown by `Debug`: Rust's own way of writing one holds a place that can panic.

use core::fmt::Debug;
use core::hint::black_box;
use core::ops::Range;
use core::time::Duration;

use heyan::policy::{
    Account, AccountId, Accounts, Attempts, Class, Ending, Entry, HealthRule, Order, PersonTag, RetryRule, Slug,
};
use heyan::provider::{IDCERT, SJSYS};
use heyan::{Billing, Error, OwnedOutcome, Reference, Retry};
use heyan_embedded::embedded_io::ErrorKind;
use heyan_embedded::embedded_storage::nor_flash::NorFlashErrorKind;
use heyan_embedded::{
    AlwaysReady, Begun, Counts, FlashLedger, LedgerError, Routed, Router, Secure, TimedOut, blocking, verify,
};

use super::peer::{Board, Chip, Modem, block_on};
use super::{inquiry, show, shown, take, text, watch};
use crate::calls::subject;

type Failure = LedgerError<NorFlashErrorKind>;

pub(super) fn calls() {
    take(shown(black_box(&Failure::Range)));
    if let Err(error) = block_on(asynch()).and_then(|()| waits()) {
        take(shown(&error));
    }
}

/// A place that could be any.
fn range() -> Range<u32> {
    black_box(0..8192)
}

fn entry() -> Option<Entry> {
    let person = PersonTag::from_bytes(black_box([7; 16]));
    Some(Entry::began(Slug::new(text())?, AccountId::new(text())?, black_box(1), person, black_box(7)))
}

/// An end that could be any.
fn end() -> (Ending, Option<Reference>, Duration) {
    let ending = Ending::new(black_box(Class::Encode), black_box(Billing::Free), black_box(Retry::Never));
    (ending, Reference::new(text()), Duration::from_millis(black_box(7)))
}

fn begun(begun: &Begun) {
    take(begun.number());
    take(begun.entry().attempt());
    take(show(begun as &dyn Debug));
}

fn counted(counts: Counts) {
    take(show(&counts as &dyn Debug));
}

async fn asynch() -> Result<(), Failure> {
    let mut ledger = FlashLedger::open(Chip, range()).await?;
    let (Some(one), Some(other)) = (entry(), entry()) else { return Ok(()) };
    let (one, other) = (ledger.begin(one).await?, ledger.begin(other).await?);
    begun(&one);
    let (ending, reference, took) = end();
    take(ledger.end(other, ending, reference.as_ref(), took).await.is_ok());
    take(ledger.end(one, ending, reference.as_ref(), took).await.is_ok());
    let mut entries = ledger.entries();
    while let Some((number, entry)) = entries.next().await? {
        take((number, entry.attempt()));
    }
    take(show(&entries as &dyn Debug));
    counted(entries.counts());
    counted(ledger.counts().await?);
    take(show(&ledger as &dyn Debug));
    let ledger = FlashLedger::format(AlwaysReady(ledger.into_flash()), range()).await?;

    let mut router = Router::new(accounts(), ledger, Board, || black_box(7));
    take(show(&router as &dyn Debug));
    if let Some(attempts) = attempts() {
        let person = PersonTag::from_bytes(black_box([7; 16]));
        let routed = router.verify(attempts, person, black_box(7), async |account| {
            let mut link = Secure::vouch(Modem);
            let mut result = cut_short(account);
            inquiry(|inquiry| result = block_on(verify(&mut link, inquiry, &mut [0; 2048], &watch())));
            result
        });
        ended(&routed.await);
    }
    Ok(())
}

fn waits() -> Result<(), Failure> {
    let mut ledger = blocking::FlashLedger::open(Chip, range())?;
    let (Some(one), Some(other)) = (entry(), entry()) else { return Ok(()) };
    let (one, other) = (ledger.begin(one)?, ledger.begin(other)?);
    begun(&one);
    let (ending, reference, took) = end();
    take(ledger.end(other, ending, reference.as_ref(), took).is_ok());
    take(ledger.end(one, ending, reference.as_ref(), took).is_ok());
    let mut entries = ledger.entries();
    for found in entries.by_ref() {
        let (number, entry) = found?;
        take((number, entry.attempt()));
    }
    take(show(&entries as &dyn Debug));
    counted(entries.counts());
    counted(ledger.counts()?);
    take(show(&ledger as &dyn Debug));
    let ledger = blocking::FlashLedger::format(ledger.into_flash(), range())?;

    let mut router = blocking::Router::new(accounts(), ledger, Board, || black_box(7));
    take(show(&router as &dyn Debug));
    if let Some(attempts) = attempts() {
        let person = PersonTag::from_bytes(black_box([7; 16]));
        let routed = router.verify(attempts, person, black_box(7), |account| {
            let mut link = Secure::vouch(Modem);
            let mut result = cut_short(account);
            inquiry(|inquiry| result = blocking::verify(&mut link, inquiry, &mut [0; 2048], &watch()));
            result
        });
        ended(&routed);
    }
    Ok(())
}

fn cut_short(account: usize) -> Result<OwnedOutcome, Error<ErrorKind>> {
    Err(Error::Channel(TimedOut.into_error(black_box(account) == 1)))
}

fn accounts() -> Accounts<2> {
    let mut accounts = Accounts::new(black_box(Order::CheapestFirst), HealthRule::DEFAULT);
    for info in [IDCERT.info(), SJSYS.info()] {
        if let Ok(account) = Account::new(info, text(), black_box(1)) {
            take(accounts.add(account).is_ok());
        }
    }
    accounts
}

fn attempts() -> Option<Attempts<3>> {
    let mut attempts = None;
    let rule = RetryRule::new(black_box(3), Duration::from_millis(black_box(7)));
    let _ = subject::person(|person| attempts = Some(Attempts::new(rule, person)));
    attempts
}

fn ended(routed: &Routed<3, ErrorKind, NorFlashErrorKind>) {
    match &routed.result {
        Ok(outcome) => take(outcome.verdict()),
        Err(error) => take(shown(error)),
    }
    routed.lines.iter().for_each(|line| take((line.entry, line.attempt)));
    if let Some(error) = &routed.unwritten {
        take(shown(error));
    }
}
