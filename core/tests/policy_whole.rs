//! The rules together: routes, retries, packages and a ledger's entries over a gateway that counts for itself, through
//! random histories in simulated time. Calls of several verifications are under way at once, replies get lost, and the
//! power fails.

use std::time::Duration;

use heyan::policy::{
    Account, Accounts, Alerts, Attempts, Class, Ending, Entry, HealthRule, Move, Order, Package, PersonTag, Quota,
    RetryRule, Usage,
};
use heyan::provider::{CHECKONE, IDCERT, SFZ2};
use heyan::{Billing, Date, IdNumber, Name, Provider, RefusalClass, Retry, Subject, Verdict};
use proptest::prelude::*;

const ACCOUNTS: usize = 3;
const VERIFICATIONS: usize = 4;
const BUDGET: usize = 4;
/// 2026-11-22, when the simulation begins.
const START: u64 = 1_795_276_800_000;
const YEAR: u64 = 365 * 24 * 60 * 60 * 1000;
const RULE: HealthRule = HealthRule {
    failures: 3,
    pause: Duration::from_secs(30),
    trial: Duration::from_secs(60),
    throttled: Duration::from_secs(1),
};
const RETRY: RetryRule = RetryRule::new(4, Duration::from_secs(60));

/// What becomes of a request.
#[derive(Clone, Copy, Debug)]
enum Fate {
    /// The register's answer comes back.
    Answered,
    /// The gateway does not hear of it, and the client knows that.
    NotSent,
    /// The gateway does not hear of it, and the client cannot know that.
    LostOnTheWay,
    /// The gateway answers and bills, and nothing comes back.
    ReplyLost,
    /// What comes back is no answer, and billed.
    Garbled,
    /// The gateway is busy.
    Busy,
}

#[derive(Clone, Debug)]
enum Event {
    Sleep(u64),
    /// This verification asks for its next move.
    Next(usize, Fate),
    /// This verification's call ends, if it has one.
    End(usize, u32),
    /// A package is bought for this account, and it is put in order.
    Buy(usize, u32),
    /// Everything that is not written down is forgotten.
    PowerCut,
}

fn any_event() -> impl Strategy<Value = Event> {
    let fate = prop_oneof![
        4 => Just(Fate::Answered),
        2 => Just(Fate::NotSent),
        1 => Just(Fate::LostOnTheWay),
        1 => Just(Fate::ReplyLost),
        1 => Just(Fate::Garbled),
        2 => Just(Fate::Busy),
    ];
    prop_oneof![
        3 => prop_oneof![0u64..300, 0u64..40_000].prop_map(Event::Sleep),
        9 => (0..VERIFICATIONS, fate).prop_map(|(at, fate)| Event::Next(at, fate)),
        7 => (0..VERIFICATIONS, any::<u32>()).prop_map(|(at, random)| Event::End(at, random)),
        1 => (0..ACCOUNTS, 1u32..6).prop_map(|(account, calls)| Event::Buy(account, calls)),
        1 => Just(Event::PowerCut),
    ]
}

/// What the vendor knows of an account.
#[derive(Clone, Copy, Default)]
struct Gateway {
    left: u32,
    billed: u32,
}

impl Gateway {
    /// Judges a request: what the client learns of it.
    fn hears(&mut self, fate: Fate, truth: Verdict) -> Ending {
        let refused = |class: RefusalClass| Ending::new(Class::Refused(class), Billing::Free, class.retry());
        match fate {
            Fate::NotSent => return Ending::new(Class::Connect, Billing::Free, Retry::SameProvider),
            Fate::LostOnTheWay => return Ending::new(Class::TimedOut, Billing::Unknown, Retry::Never),
            Fate::Busy => return refused(RefusalClass::Busy),
            Fate::Answered | Fate::ReplyLost | Fate::Garbled => {}
        }
        if self.left == 0 {
            let is_heard = !matches!(fate, Fate::ReplyLost);
            let lost = Ending::new(Class::TimedOut, Billing::Unknown, Retry::Never);
            return if is_heard { refused(RefusalClass::QuotaExhausted) } else { lost };
        }
        (self.left, self.billed) = (self.left - 1, self.billed + 1);
        match fate {
            Fate::ReplyLost => Ending::new(Class::TimedOut, Billing::Unknown, Retry::Never),
            Fate::Garbled => Ending::new(Class::NoVerdict, Billing::Billed, Retry::OtherProvider),
            _ => {
                let class = match truth {
                    Verdict::Match => Class::Match,
                    Verdict::Mismatch => Class::Mismatch,
                    Verdict::NoRecord => Class::NoRecord,
                };
                Ending::new(class, Billing::Billed, Retry::Never)
            }
        }
    }
}

/// A call that is under way: its place in the ledger, and what its client will learn.
#[derive(Clone, Copy)]
struct Call {
    account: usize,
    entry: usize,
    ending: Ending,
    /// Packages that were bought before it left: what it learns says nothing about later ones.
    packages: usize,
}

struct Verification {
    attempts: Attempts<BUDGET>,
    truth: Verdict,
    endings: Vec<Ending>,
    call: Option<Call>,
}

fn subject() -> Subject<'static> {
    let id = IdNumber::parse("11010119000101009X", Date::MAX).unwrap();
    Subject::new(Name::parse("张三").unwrap(), id)
}

impl Verification {
    fn new(number: usize) -> Self {
        let truth = [Verdict::Match, Verdict::Mismatch, Verdict::NoRecord][number % 3];
        Self { attempts: Attempts::new(RETRY, &subject()), truth, endings: Vec::new(), call: None }
    }
}

/// The program, its ledger and the gateway.
struct World {
    now: u64,
    accounts: Accounts<ACCOUNTS>,
    quotas: Vec<Quota<64>>,
    packages: Vec<Vec<Package>>,
    /// As they stand in a device's flash or a server's file.
    ledger: Vec<[u8; Entry::LEN]>,
    gateways: [Gateway; ACCOUNTS],
    /// Since it was last put in order, the gateway said to this program that the account is empty.
    is_empty: [bool; ACCOUNTS],
    running: Vec<Verification>,
    started: usize,
    /// Requests that may have left, by account.
    left: [usize; ACCOUNTS],
}

fn providers() -> [&'static dyn Provider; ACCOUNTS] {
    [&CHECKONE, &IDCERT, &SFZ2]
}

fn fresh_accounts() -> Accounts<ACCOUNTS> {
    let mut accounts = Accounts::new(Order::AsListed, RULE);
    for provider in providers() {
        accounts.add(Account::new(provider.info(), "main", 1).unwrap()).unwrap();
    }
    accounts
}

impl World {
    fn new() -> Self {
        let mut world = Self {
            now: START,
            accounts: fresh_accounts(),
            quotas: vec![Quota::new(); ACCOUNTS],
            packages: vec![Vec::new(); ACCOUNTS],
            ledger: Vec::new(),
            gateways: [Gateway::default(); ACCOUNTS],
            is_empty: [false; ACCOUNTS],
            running: (0..VERIFICATIONS).map(Verification::new).collect(),
            started: VERIFICATIONS,
            left: [0; ACCOUNTS],
        };
        (0..ACCOUNTS).for_each(|account| world.buy(account, 4));
        world
    }

    fn clock(&self) -> Duration {
        Duration::from_millis(self.now - START)
    }

    fn buy(&mut self, account: usize, calls: u32) {
        let package = Package::new(calls, 1, self.now, self.now + YEAR);
        if self.quotas[account].buy(package, self.now).is_ok() {
            self.packages[account].push(package);
            self.gateways[account].left += calls;
            self.accounts.readmit(account);
            self.is_empty[account] = false;
        }
    }

    /// An entry, then the count, then the request: in this order.
    fn call(&mut self, at: usize, account: usize, fate: Fate) {
        let known = self.accounts.account(account).unwrap();
        let attempt = u8::try_from(self.running[at].endings.len() + 1).unwrap();
        let person = PersonTag::from_bytes([at as u8; 16]);
        let entry = Entry::began(known.provider().clone(), known.id().clone(), attempt, person, self.now);
        self.ledger.push(entry.encode());
        self.quotas[account].count(self.now, Billing::Unknown);
        self.left[account] += 1;
        let ending = self.gateways[account].hears(fate, self.running[at].truth);
        let (entry, packages) = (self.ledger.len() - 1, self.packages[account].len());
        self.running[at].call = Some(Call { account, entry, ending, packages });
    }

    fn ended(&mut self, at: usize, random: u32) {
        let Some(Call { account, entry, ending, packages }) = self.running[at].call.take() else { return };
        let clock = self.clock();
        let begun = Entry::decode(&self.ledger[entry]).unwrap();
        self.ledger[entry] = begun.completed(ending, None, Duration::from_millis(10)).encode();
        self.quotas[account].settle(ending.billing());
        let one = &mut self.running[at];
        one.attempts.ended(&mut self.accounts, clock, random, ending);
        one.endings.push(ending);
        let is_news = packages == self.packages[account].len();
        if is_news && ending.class() == Class::Refused(RefusalClass::QuotaExhausted) {
            self.is_empty[account] = true;
        }
    }

    /// What is left is what is written down: packages and entries.
    fn restart(&mut self) {
        self.accounts = fresh_accounts();
        self.is_empty = [false; ACCOUNTS];
        for account in 0..ACCOUNTS {
            let restored = Quota::restored(&self.packages[account], Usage::NONE, Alerts::NONE);
            self.quotas[account] = restored.unwrap();
        }
        for entry in self.ledger.iter().map(|bytes| Entry::decode(bytes).unwrap()) {
            let account = account_of(&entry);
            self.quotas[account].count(entry.began_unix_ms(), entry.billing());
        }
        for one in &mut self.running {
            *one = Verification::new(self.started);
            self.started += 1;
        }
    }

    /// Every request that left has an entry, and the entries say what was billed.
    fn is_written_down(&self) -> Result<(), TestCaseError> {
        for account in 0..ACCOUNTS {
            let all = self.ledger.iter().map(|bytes| Entry::decode(bytes).unwrap());
            let billings: Vec<Billing> =
                all.filter(|entry| account_of(entry) == account).map(|entry| entry.billing()).collect();
            prop_assert_eq!(billings.len(), self.left[account]);
            let of = |price| billings.iter().filter(|billing| **billing == price).count() as u32;
            let used = Usage { billed: of(Billing::Billed), possibly: of(Billing::Unknown) };
            prop_assert_eq!(self.quotas[account].used(), used);
        }
        Ok(())
    }
}

fn account_of(entry: &Entry) -> usize {
    providers().iter().position(|provider| provider.info().slug == entry.provider().as_str()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn any_history_keeps_the_promises(events in proptest::collection::vec(any_event(), 1..200)) {
        let mut world = World::new();
        for event in events {
            match event {
                Event::Sleep(time) => world.now += time,
                Event::Buy(account, calls) => world.buy(account, calls),
                Event::PowerCut => {
                    world.is_written_down()?;
                    world.restart();
                }
                Event::End(at, random) => world.ended(at, random),
                Event::Next(at, fate) => {
                    let clock = world.clock();
                    let is_finished = match world.running[at].attempts.next(&mut world.accounts, clock) {
                        Move::Call { account } => {
                            // No attempt after a verdict, nor after what may have been billed.
                            for ending in &world.running[at].endings {
                                prop_assert_eq!(ending.verdict(), None);
                                prop_assert_eq!(ending.billing(), Billing::Free);
                            }
                            prop_assert!(!world.is_empty[account], "an account out of quota is called");
                            world.call(at, account, fate);
                            false
                        }
                        Move::Wait { .. } => false,
                        Move::Done(_) => world.running[at].call.is_none(),
                    };
                    if is_finished {
                        world.running[at] = Verification::new(world.started);
                        world.started += 1;
                    }
                }
            }
            for one in &world.running {
                // A verdict is the register's answer to this person, and nothing else becomes one.
                let answered = one.endings.last().and_then(|ending| ending.verdict());
                prop_assert_eq!(one.attempts.verdict(), answered);
                prop_assert!(answered.is_none_or(|verdict| verdict == one.truth));
            }
            for (quota, gateway) in world.quotas.iter().zip(world.gateways) {
                // The count never falls below what the gateway billed.
                let used = quota.used();
                prop_assert!((used.billed..=used.sum()).contains(&gateway.billed));
                prop_assert!(quota.left(world.now).calls <= gateway.left);
            }
        }
        world.is_written_down()?;
    }
}
