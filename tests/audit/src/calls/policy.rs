//! The rules around calls.
//!
//! What holds a `Duration` is not shown by `Debug`: Rust's own way of writing one holds a place that can panic.

use core::fmt::Debug;
use core::hint::black_box;
use core::time::Duration;

use heyan::policy::{
    Account, AccountId, AccountSet, Accounts, Alert, Alerts, AttemptLimit, Attempts, Class, DailyLimit, Ending, Entry,
    HealthRule, Move, Order, Package, PersonKey, PersonTag, Quota, Retries, RetryRule, Slug, Usage,
};
use heyan::provider::{IDCERT, SJSYS};
use heyan::{Billing, Date, EncodeError, Error, IdNumber, Reference, Retry};

use super::words::{show, shown};
use super::{subject, take, text};

pub(super) fn calls() {
    endings();
    retries();
    routes();
    quotas();
    limits();
    entries();
}

/// An ending that could be any.
fn ending() -> Ending {
    let class = Class::ALL.get(black_box(3)).copied().unwrap_or(Class::Encode);
    Ending::new(class, black_box(Billing::Free), black_box(Retry::SameProvider))
}

/// A moment that could be any.
fn now() -> Duration {
    Duration::from_millis(black_box(7))
}

fn endings() {
    let ending = ending();
    take((ending.class().word(), ending.class().refusal(), ending.billing(), ending.retry(), ending.verdict()));
    take(shown(&ending.class()));
    take(show(&ending as &dyn Debug));
    take(Class::from_word(text()));
    take(Ending::from(&black_box(Error::<()>::Encode(EncodeError::Fields))));
}

fn rule() -> RetryRule {
    RetryRule::new(black_box(3), now()).with_pauses(now(), now()).may_pay_twice()
}

fn retries() {
    let rule = rule();
    take((rule.attempts(), rule.within()));
    let mut retries = Retries::new(rule);
    if let Err(why) = retries.begin(now()) {
        take(shown(&why));
    }
    take(retries.ended(now(), black_box(7), ending()));
}

fn routes() {
    let mut accounts = Accounts::<4>::new(black_box(Order::CheapestFirst), HealthRule::DEFAULT);
    for info in [IDCERT.info(), SJSYS.info()] {
        match Account::new(info, text(), black_box(1)) {
            Ok(account) => {
                take((account.provider(), account.id(), account.checks_mobile(), account.price()));
                take(accounts.add(account));
            }
            Err(error) => take(shown(&error)),
        }
    }
    let index = black_box(1);
    take(accounts.account(index));
    take(accounts.standing(index, now()));
    accounts.standings(now()).for_each(take);
    accounts.take_out(index, heyan::RefusalClass::Credentials);
    accounts.readmit(index);
    let barred = AccountSet::EMPTY.with(index);
    take(barred.contains(index));
    let _ = subject::person(|person| {
        let mut attempts = Attempts::<3>::new(rule(), person).without(barred);
        // One call is under way when the next is asked for.
        for _ in 0..black_box(9) {
            take(attempts.foresee(&accounts, now()));
            match attempts.next(&mut accounts, now()) {
                Move::Call { .. } if black_box(true) => attempts.ended(&mut accounts, now(), black_box(7), ending()),
                other => take(other),
            }
        }
        take(attempts.lines());
        take(attempts.verdict());
    });
}

fn quotas() {
    let now = black_box(1_795_276_800_000);
    let package = Package::new(black_box(100), black_box(1), now, black_box(1_800_000_000_000));
    take((package.left(), package.price_per_call()));
    let mut quota = Quota::<3>::new();
    for _ in 0..black_box(4) {
        if let Err(error) = quota.buy(package, now) {
            take(shown(&error));
        }
    }
    take(quota.ended(now, ending()));
    quota.count(now, black_box(Billing::Unknown));
    take(quota.settle(black_box(Billing::Free)));
    let alerts: Alerts = quota.check(now);
    take((alerts.is_empty(), alerts.bits(), Alerts::from_bits(black_box(7)).contains(black_box(Alert::Low))));
    alerts.iter().for_each(|alert| take(alert.word()));
    take(quota.refused());
    quota.readmit();
    take(quota.left(now));
    take(quota.runs_out(now, black_box(10)));
    take((quota.elsewhere().sum(), quota.used(), quota.raised()));
    take(Quota::<2>::restored(quota.packages(), Usage::NONE, alerts).is_ok());
    take(show(&quota as &dyn Debug));
}

fn limits() {
    let Ok(id) = IdNumber::parse(text(), Date::MAX) else { return };
    let person = PersonKey::new(black_box([7; 32])).tag(&id);
    take(person.expose_bytes());
    take(person.expose_hex());
    let limit = DailyLimit::new(black_box(3));
    take(limit.allows(black_box(2)));
    let mut table = AttemptLimit::<3>::new(limit);
    for number in 0..black_box(5) {
        if let Err(error) = table.take(&PersonTag::from_bytes([number; 16]), black_box(Date::MAX)) {
            take(shown(&error));
        }
    }
    take(table.ended(&person, black_box(Date::MAX), black_box(1), ending()));
    take(table.barred(&person, black_box(Date::MAX)));
    take(show(&table as &dyn Debug));
}

fn entries() {
    let (Some(provider), Some(account)) = (Slug::new(text()), AccountId::new(text())) else { return };
    let person = PersonTag::from_bytes(black_box([7; 16]));
    let entry = Entry::began(provider, account, black_box(1), person, black_box(7));
    take(entry.encode());
    let entry = entry.completed(ending(), Reference::new(text()).as_ref(), now());
    match Entry::decode(&black_box(entry.encode())) {
        Ok(entry) => {
            take((entry.began_unix_ms(), entry.provider(), entry.account(), entry.attempt(), entry.person()));
            take((entry.ending(), entry.billing(), entry.reference(), entry.took()));
            take(show(&entry as &dyn Debug));
        }
        Err(error) => take(shown(&error)),
    }
}
