//! Which account is asked: order, failover, breakers, accounts out of service; and a simulation of many verifications
//! at once over the same accounts, with time, endings and losses at random.

use std::time::Duration;

use heyan::policy::{
    Account, AccountError, AccountSet, Accounts, Attempts, Class, Ending, HealthRule, Move, Order, RetryRule, Standing,
    Why,
};
use heyan::provider::{CHECKONE, Factor, IDCERT, IDENAUTHEN, Info, Placement, SFZ2, SJSYS};
use heyan::{Billing, Date, IdNumber, Mobile, Name, Provider, RefusalClass, Retry, Subject};
use proptest::prelude::*;

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn subject(has_mobile: bool) -> Subject<'static> {
    let id = IdNumber::parse("11010119000101009X", Date::MAX).unwrap();
    let subject = Subject::new(Name::parse("张三").unwrap(), id);
    if has_mobile { subject.with_mobile(Mobile::parse("13000000000").unwrap()) } else { subject }
}

const RULE: HealthRule = HealthRule { failures: 3, pause: ms(30_000), trial: ms(60_000), throttled: ms(1_000) };

fn listed(order: Order, list: &[(&dyn Provider, u32)]) -> Accounts<8> {
    let mut accounts = Accounts::new(order, RULE);
    for (at, (provider, price)) in list.iter().enumerate() {
        let account = Account::new(provider.info(), &format!("account-{at}"), *price).unwrap();
        assert_eq!(accounts.add(account), Ok(at));
    }
    accounts
}

fn refused(class: RefusalClass) -> Ending {
    Ending::new(Class::Refused(class), Billing::Free, class.retry())
}

const MATCH: Ending = Ending::new(Class::Match, Billing::Billed, Retry::Never);
const UNREACHABLE: Ending = Ending::new(Class::Connect, Billing::Free, Retry::SameProvider);
const LOST: Ending = Ending::new(Class::TimedOut, Billing::Unknown, Retry::Never);
const WIDE: RetryRule = RetryRule::new(8, ms(100_000)).with_pauses(ms(200), ms(5_000));

/// Runs one verification on its own and answers each call by `end`: what was called, and why it was over.
fn run<const A: usize>(
    accounts: &mut Accounts<A>,
    rule: RetryRule,
    has_mobile: bool,
    now: &mut Duration,
    mut end: impl FnMut(usize) -> Ending,
) -> (Vec<usize>, Why) {
    let mut attempts = Attempts::<8>::new(rule, &subject(has_mobile));
    let mut called = Vec::new();
    loop {
        match attempts.next(accounts, *now) {
            Move::Call { account } => {
                called.push(account);
                *now += ms(10);
                attempts.ended(accounts, *now, 0, end(account));
            }
            Move::Wait { until } => {
                assert!(until > *now);
                *now = until;
            }
            Move::Done(why) => {
                assert_eq!(attempts.lines().iter().map(|line| line.account).collect::<Vec<_>>(), called);
                assert_eq!(attempts.next(accounts, *now), Move::Done(why));
                return (called, why);
            }
        }
    }
}

#[test]
fn the_first_or_the_cheapest_comes_first() {
    let list: [(&dyn Provider, u32); 4] = [(&CHECKONE, 400), (&IDCERT, 300), (&SFZ2, 300), (&IDENAUTHEN, 500)];
    let unrecognized = |_| refused(RefusalClass::Unrecognized);
    let order = |order| run(&mut listed(order, &list), WIDE, false, &mut ms(0), unrecognized);
    assert_eq!(order(Order::AsListed), (vec![0, 1, 2, 3], Why::NoAccount));
    assert_eq!(order(Order::CheapestFirst), (vec![1, 2, 0, 3], Why::NoAccount));
}

#[test]
fn two_factors_and_three_do_not_mix() {
    let list: [(&dyn Provider, u32); 3] = [(&SJSYS, 1), (&CHECKONE, 2), (&SJSYS, 3)];
    let run = |has_mobile| run(&mut listed(Order::AsListed, &list), WIDE, has_mobile, &mut ms(0), |_| MATCH);
    assert_eq!(run(false), (vec![1], Why::Verdict));
    assert_eq!(run(true), (vec![0], Why::Verdict));
    let mut only_two = listed(Order::AsListed, &list[1..2]);
    assert_eq!(self::run(&mut only_two, WIDE, true, &mut ms(0), |_| MATCH), (vec![], Why::NoAccount));
}

#[test]
fn a_failure_that_was_free_goes_to_the_next_at_once_and_back_after_a_pause() {
    let mut accounts = listed(Order::AsListed, &[(&CHECKONE, 1), (&IDCERT, 1)]);
    let mut attempts = Attempts::<4>::new(WIDE, &subject(false));
    assert_eq!(attempts.next(&mut accounts, ms(0)), Move::Call { account: 0 });
    attempts.ended(&mut accounts, ms(5), 0, UNREACHABLE);
    assert_eq!(attempts.next(&mut accounts, ms(5)), Move::Call { account: 1 });
    attempts.ended(&mut accounts, ms(10), 0, refused(RefusalClass::Busy));
    assert_eq!(attempts.next(&mut accounts, ms(10)), Move::Wait { until: ms(210) });
    assert_eq!(attempts.next(&mut accounts, ms(210)), Move::Call { account: 0 });
    attempts.ended(&mut accounts, ms(215), 0, MATCH);
    assert_eq!(attempts.next(&mut accounts, ms(215)), Move::Done(Why::Verdict));
    assert_eq!(attempts.verdict(), Some(heyan::Verdict::Match));
    let lines: Vec<_> =
        attempts.lines().iter().map(|line| (line.account, line.started, line.took, line.ending)).collect();
    assert_eq!(
        lines,
        [(0, ms(0), ms(5), UNREACHABLE), (1, ms(5), ms(5), refused(RefusalClass::Busy)), (0, ms(210), ms(5), MATCH)]
    );
}

#[test]
fn a_fault_of_the_account_leaves_its_provider_s_other_account() {
    let list: [(&dyn Provider, u32); 3] = [(&CHECKONE, 1), (&CHECKONE, 2), (&IDCERT, 3)];
    for (class, called) in [
        (RefusalClass::Credentials, vec![0, 1, 2]),
        (RefusalClass::QuotaExhausted, vec![0, 1, 2]),
        (RefusalClass::Subscription, vec![0, 1, 2]),
        (RefusalClass::Configuration, vec![0, 1, 2]),
        (RefusalClass::Unrecognized, vec![0, 2]),
    ] {
        let result = run(&mut listed(Order::AsListed, &list), WIDE, false, &mut ms(0), |_| refused(class));
        assert_eq!(result, (called, Why::NoAccount), "{class}");
    }
}

#[test]
fn what_may_have_been_billed_ends_it() {
    let list: [(&dyn Provider, u32); 2] = [(&CHECKONE, 1), (&IDCERT, 1)];
    let no_verdict = Ending::new(Class::NoVerdict, Billing::Billed, Retry::OtherProvider);
    for ending in [LOST, no_verdict] {
        let end = |account| if account == 0 { ending } else { MATCH };
        let result = run(&mut listed(Order::AsListed, &list), WIDE, false, &mut ms(0), end);
        assert_eq!(result, (vec![0], Why::MayBeBilled));
        let result = run(&mut listed(Order::AsListed, &list), WIDE.may_pay_twice(), false, &mut ms(0), end);
        assert_eq!(result, (vec![0, 1], Why::Verdict));
    }
    let result = run(&mut listed(Order::AsListed, &list), WIDE.may_pay_twice(), false, &mut ms(0), |_| {
        refused(RefusalClass::AttemptLimit)
    });
    assert_eq!(result, (vec![0], Why::AttemptLimit));
}

#[test]
fn as_many_attempts_as_rule_and_lines_allow() {
    let busy = |_| refused(RefusalClass::Busy);
    let mut accounts = Accounts::<1>::new(Order::AsListed, HealthRule { failures: 200, ..RULE });
    accounts.add(Account::new(CHECKONE.info(), "main", 1).unwrap()).unwrap();
    assert_eq!(run(&mut accounts, RetryRule::DEFAULT, false, &mut ms(0), busy), (vec![0; 3], Why::Attempts));
    assert_eq!(run(&mut accounts, RetryRule::ONCE, false, &mut ms(0), busy), (vec![0], Why::Attempts));
    let many = RetryRule::new(200, ms(100_000)).with_pauses(ms(1), ms(1));
    assert_eq!(run(&mut accounts, many, false, &mut ms(0), busy), (vec![0; 8], Why::Attempts));
    // Six pauses of 200 ms and seven calls of 10 ms are within 1290 ms.
    let short = RetryRule::new(200, ms(1290)).with_pauses(ms(200), ms(200));
    assert_eq!(run(&mut accounts, short, false, &mut ms(0), busy), (vec![0; 7], Why::Time));
}

#[test]
fn a_breaker_opens_tries_once_and_closes() {
    let mut accounts = listed(Order::AsListed, &[(&CHECKONE, 1)]);
    let mut now = ms(0);
    let standing = |accounts: &Accounts<8>, now| accounts.standing(0, now).unwrap();
    for _ in 0..2 {
        run(&mut accounts, RetryRule::ONCE, false, &mut now, |_| UNREACHABLE);
    }
    // Not in a row: a refused name shows that the account works.
    run(&mut accounts, RetryRule::ONCE, false, &mut now, |_| refused(RefusalClass::BadInput));
    for _ in 0..3 {
        assert_eq!(standing(&accounts, now), Standing::InService);
        run(&mut accounts, RetryRule::ONCE, false, &mut now, |_| UNREACHABLE);
    }
    let until = now + RULE.pause;
    assert_eq!(standing(&accounts, now), Standing::Open { until });
    let hasty = RetryRule::new(1, ms(1_000));
    assert_eq!(run(&mut accounts, hasty, false, &mut now, |_| MATCH), (vec![], Why::NoAccount));
    // Who has the time waits for it.
    let mut patient = Attempts::<4>::new(WIDE, &subject(false));
    assert_eq!(patient.next(&mut accounts, now), Move::Wait { until });

    // One of many tries.
    let mut others: Vec<_> = (0..5).map(|_| Attempts::<4>::new(RetryRule::DEFAULT, &subject(false))).collect();
    assert_eq!(patient.next(&mut accounts, until), Move::Call { account: 0 });
    let trial_ends = until + RULE.trial;
    for other in &mut others {
        assert_eq!(other.next(&mut accounts, until), Move::Done(Why::NoAccount));
    }
    assert_eq!(standing(&accounts, until), Standing::Trial { until: trial_ends });

    // It fails: open for another pause.
    patient.ended(&mut accounts, until + ms(100), 0, refused(RefusalClass::Busy));
    let until = until + ms(100) + RULE.pause;
    assert_eq!(standing(&accounts, until - ms(1)), Standing::Open { until });
    let mut now = until;
    assert_eq!(run(&mut accounts, RetryRule::ONCE, false, &mut now, |_| MATCH), (vec![0], Why::Verdict));
    assert_eq!(standing(&accounts, now), Standing::InService);
    let mut others: Vec<_> = (0..5).map(|_| Attempts::<4>::new(RetryRule::DEFAULT, &subject(false))).collect();
    assert!(others.iter_mut().all(|other| other.next(&mut accounts, now) == Move::Call { account: 0 }));
}

/// An account whose breaker just opened, and when it may be tried.
fn opened() -> (Accounts<8>, Duration) {
    let mut accounts = listed(Order::AsListed, &[(&CHECKONE, 1)]);
    let mut now = ms(0);
    for _ in 0..RULE.failures {
        run(&mut accounts, RetryRule::ONCE, false, &mut now, |_| UNREACHABLE);
    }
    (accounts, now + RULE.pause)
}

fn called(accounts: &mut Accounts<8>, now: Duration) -> Option<Attempts<4>> {
    let mut attempts = Attempts::<4>::new(RetryRule::ONCE, &subject(false));
    (attempts.next(accounts, now) == Move::Call { account: 0 }).then_some(attempts)
}

#[test]
fn a_trial_that_is_lost_locks_nobody_out() {
    let (mut accounts, now) = opened();
    let mut lost = called(&mut accounts, now).unwrap();
    assert!(called(&mut accounts, now + RULE.trial - ms(1)).is_none());
    let now = now + RULE.trial;
    let mut second = called(&mut accounts, now).unwrap();
    // Bad news of the one given up changes nothing for the second.
    lost.ended(&mut accounts, now, 0, LOST);
    assert_eq!(accounts.standing(0, now), Some(Standing::Trial { until: now + RULE.trial }));
    assert!(called(&mut accounts, now).is_none());
    second.ended(&mut accounts, now, 0, MATCH);
    assert_eq!(accounts.standing(0, now), Some(Standing::InService));

    // Good news is good news, however late; the second one's failure is then one of a new row.
    let (mut accounts, now) = opened();
    let mut lost = called(&mut accounts, now).unwrap();
    let now = now + RULE.trial;
    let mut second = called(&mut accounts, now).unwrap();
    lost.ended(&mut accounts, now, 0, MATCH);
    assert_eq!(accounts.standing(0, now), Some(Standing::InService));
    second.ended(&mut accounts, now, 0, LOST);
    assert_eq!(accounts.standing(0, now), Some(Standing::InService));
}

#[test]
fn calls_that_left_before_a_breaker_opened_do_not_hold_it_open() {
    let mut accounts = listed(Order::AsListed, &[(&CHECKONE, 1)]);
    let mut calls: Vec<_> = (0..9).map(|_| called(&mut accounts, ms(0)).unwrap()).collect();
    for (at, call) in calls.iter_mut().take(8).enumerate() {
        call.ended(&mut accounts, ms(100 * at as u64), 0, LOST);
    }
    let until = ms(200) + RULE.pause;
    assert_eq!(accounts.standing(0, ms(800)), Some(Standing::Open { until }));
    let mut trial = called(&mut accounts, until).unwrap();
    calls[8].ended(&mut accounts, until, 0, LOST);
    assert_eq!(accounts.standing(0, until), Some(Standing::Trial { until: until + RULE.trial }));
    trial.ended(&mut accounts, until, 0, MATCH);
    assert_eq!(accounts.standing(0, until), Some(Standing::InService));
}

#[test]
fn a_trial_that_says_nothing_gives_way_to_another() {
    for ending in [
        Ending::new(Class::Encode, Billing::Free, Retry::Never),
        // The operating system gave no random bytes.
        Ending::new(Class::Channel, Billing::Free, Retry::Never),
    ] {
        let (mut accounts, now) = opened();
        called(&mut accounts, now).unwrap().ended(&mut accounts, now, 0, ending);
        assert!(called(&mut accounts, now).is_some());
        assert!(called(&mut accounts, now).is_none());
    }
    // Neither do they count while all is well.
    let mut accounts = listed(Order::AsListed, &[(&CHECKONE, 1)]);
    for _ in 0..9 {
        let ending = Ending::new(Class::Encode, Billing::Free, Retry::Never);
        called(&mut accounts, ms(0)).unwrap().ended(&mut accounts, ms(0), 0, ending);
    }
    assert_eq!(accounts.standing(0, ms(0)), Some(Standing::InService));
}

#[test]
fn throttling_is_a_pause_for_all() {
    let mut accounts = listed(Order::AsListed, &[(&CHECKONE, 1)]);
    for _ in 0..9 {
        let mut attempts = Attempts::<4>::new(WIDE, &subject(false));
        assert_eq!(attempts.next(&mut accounts, ms(0)), Move::Call { account: 0 });
        attempts.ended(&mut accounts, ms(10), 0, refused(RefusalClass::Throttled));
        assert_eq!(attempts.next(&mut accounts, ms(10)), Move::Wait { until: ms(1010) });
        assert_eq!(accounts.standing(0, ms(1009)), Some(Standing::Throttled { until: ms(1010) }));
        assert!(called(&mut accounts, ms(1009)).is_none());
        accounts.readmit(0);
    }
    // A trial that is throttled is over, too.
    let (mut accounts, now) = opened();
    called(&mut accounts, now).unwrap().ended(&mut accounts, now, 0, refused(RefusalClass::Throttled));
    assert!(called(&mut accounts, now + RULE.throttled - ms(1)).is_none());
    assert!(called(&mut accounts, now + RULE.throttled).is_some());
    assert!(called(&mut accounts, now + RULE.throttled).is_none());
}

#[test]
fn an_account_out_of_service_is_left_alone_until_it_is_readmitted() {
    for class in [RefusalClass::Credentials, RefusalClass::QuotaExhausted, RefusalClass::Subscription] {
        let mut accounts = listed(Order::AsListed, &[(&CHECKONE, 1), (&IDCERT, 2)]);
        let mut now = ms(0);
        let mut under_way = called(&mut accounts, now).unwrap();
        let end = |account| if account == 0 { refused(class) } else { MATCH };
        assert_eq!(run(&mut accounts, WIDE, false, &mut now, end), (vec![0, 1], Why::Verdict));
        assert_eq!(run(&mut accounts, WIDE, false, &mut now, end), (vec![1], Why::Verdict));
        assert_eq!(accounts.standing(0, now + ms(u64::MAX / 2)), Some(Standing::OutOfService(class)));

        // The owner takes the other one out, too: then the reasons are there to be listed.
        accounts.take_out(1, RefusalClass::Subscription);
        assert_eq!(run(&mut accounts, WIDE, false, &mut now, end), (vec![], Why::NoAccount));
        let listed: Vec<_> = accounts.standings(now).map(|(account, why)| (account.id().to_string(), why)).collect();
        assert_eq!(
            listed,
            [
                ("account-0".to_owned(), Standing::OutOfService(class)),
                ("account-1".to_owned(), Standing::OutOfService(RefusalClass::Subscription))
            ]
        );

        // What left before says nothing about the account that was put in order.
        accounts.readmit(0);
        under_way.ended(&mut accounts, now, 0, refused(class));
        assert_eq!(run(&mut accounts, WIDE, false, &mut now, |_| MATCH), (vec![0], Why::Verdict));
    }
    let mut accounts = listed(Order::AsListed, &[(&CHECKONE, 1)]);
    accounts.take_out(7, RefusalClass::Credentials);
    accounts.readmit(7);
    assert_eq!(accounts.standing(7, ms(0)), None);
    assert_eq!(accounts.account(7), None);
}

#[test]
fn barred_accounts_are_left_out() {
    let mut accounts = listed(Order::AsListed, &[(&CHECKONE, 1), (&IDCERT, 2), (&SFZ2, 3)]);
    let barred = AccountSet::EMPTY.with(0).with(2).with(32).with(usize::MAX);
    assert_eq!([0, 1, 2, 31, 32, usize::MAX].map(|at| barred.contains(at)), [true, false, true, false, false, false]);
    let mut attempts = Attempts::<4>::new(WIDE, &subject(false)).without(barred);
    assert_eq!(attempts.next(&mut accounts, ms(0)), Move::Call { account: 1 });
    attempts.ended(&mut accounts, ms(0), 0, refused(RefusalClass::Unrecognized));
    assert_eq!(attempts.next(&mut accounts, ms(0)), Move::Done(Why::NoAccount));
    let all = AccountSet::EMPTY.with(31);
    assert!(all.contains(31) && !all.contains(30));
}

#[test]
fn a_call_that_is_not_reported_is_followed_by_none() {
    let mut accounts = listed(Order::AsListed, &[(&CHECKONE, 1)]);
    let mut attempts = Attempts::<4>::new(WIDE.may_pay_twice(), &subject(false));
    assert_eq!(attempts.next(&mut accounts, ms(0)), Move::Call { account: 0 });
    assert_eq!(attempts.next(&mut accounts, ms(1)), Move::Done(Why::Unreported));
    assert!(attempts.lines().is_empty());
    attempts.ended(&mut accounts, ms(2), 0, MATCH);
    assert_eq!(attempts.next(&mut accounts, ms(3)), Move::Done(Why::Verdict));
    // A report without a call is none.
    attempts.ended(&mut accounts, ms(2), 0, UNREACHABLE);
    assert_eq!((attempts.lines().len(), attempts.verdict()), (1, Some(heyan::Verdict::Match)));
}

#[test]
fn accounts_have_short_names_and_a_place() {
    static LONG: Info =
        Info::new("a-name-of-17-byte", "x", "example.com", "/", Placement::Query, &[("n", Factor::Name)]);
    assert_eq!(Account::new(&LONG, "main", 1), Err(AccountError::Slug));
    assert_eq!(Account::new(CHECKONE.info(), "", 1), Err(AccountError::Id));
    assert_eq!(Account::new(CHECKONE.info(), "a name of two words", 1), Err(AccountError::Id));
    let account = Account::new(CHECKONE.info(), "main", 7).unwrap();
    assert_eq!((account.provider().as_str(), account.id().as_str(), account.price()), ("checkone", "main", 7));
    assert!(!account.checks_mobile());
    let mut accounts = Accounts::<1>::new(Order::AsListed, RULE);
    assert_eq!(accounts.add(account.clone()), Ok(0));
    assert_eq!(accounts.add(account.clone()), Err(AccountError::Full));
    assert_eq!(accounts.account(0), Some(&account));
    for error in [AccountError::Slug, AccountError::Id, AccountError::Full] {
        assert!(!error.to_string().is_empty());
    }
}

// The simulation.

/// What happens next in it.
#[derive(Clone, Debug)]
enum Event {
    /// Time passes.
    Sleep(u64),
    /// This verification asks for its next move.
    Next(usize),
    /// This verification's call ends, if it has one.
    Ended(usize, Ending, u32),
    /// The thread of this verification dies, with its call. Another one takes its place.
    Die(usize),
    /// The owner of this account puts it in order.
    Readmit(usize),
}

const VERIFICATIONS: usize = 6;
const ACCOUNTS: usize = 4;
const BUDGET: usize = 4;

fn any_ending() -> impl Strategy<Value = Ending> {
    let billings = [Billing::Billed, Billing::Free, Billing::Free, Billing::Unknown];
    let retries = [Retry::Never, Retry::SameProvider, Retry::OtherProvider];
    let any = (0..Class::ALL.len(), 0..4usize, 0..3usize)
        .prop_map(move |(class, billing, retry)| Ending::new(Class::ALL[class], billings[billing], retries[retry]));
    // What keeps a verification going is rarer than what ends it, so it gets its share.
    prop_oneof![2 => any, 3 => Just(UNREACHABLE), 1 => Just(refused(RefusalClass::Busy)), 1 => Just(MATCH)]
}

fn any_event() -> impl Strategy<Value = Event> {
    prop_oneof![
        3 => prop_oneof![0u64..300, 0u64..40_000].prop_map(Event::Sleep),
        8 => (0..VERIFICATIONS).prop_map(Event::Next),
        6 => (0..VERIFICATIONS, any_ending(), any::<u32>())
            .prop_map(|(at, ending, random)| Event::Ended(at, ending, random)),
        1 => (0..VERIFICATIONS).prop_map(Event::Die),
        1 => (0..ACCOUNTS).prop_map(Event::Readmit),
    ]
}

/// What the account must do, told by whole calls instead of by epochs.
#[derive(Default)]
struct Modelled {
    out: bool,
    /// Calls begun before this are of another time.
    readmitted: u64,
    /// Failures in a row, of calls since the last change.
    failures: u8,
    /// Since when calls count: a change of the breaker's state.
    changed: u64,
    open_until: Option<Duration>,
    /// The call that tries, and when it is given up.
    trial: Option<(u64, Duration)>,
    throttled_until: Duration,
}

impl Modelled {
    fn may_be_called(&self, now: Duration) -> bool {
        !self.out
            && now >= self.throttled_until
            && self.open_until.is_none_or(|until| now >= until)
            && self.trial.is_none_or(|(_, until)| now >= until)
    }

    fn called(&mut self, call: u64, now: Duration) {
        if self.open_until.take().is_some() || self.trial.is_some() {
            self.trial = Some((call, now + RULE.trial));
            self.changed = call;
        }
    }

    fn close(&mut self) {
        (self.failures, self.open_until, self.trial) = (0, None, None);
    }

    fn open(&mut self, calls: u64, until: Duration) {
        (self.failures, self.open_until, self.trial, self.changed) = (0, Some(until), None, calls + 1);
    }

    /// `calls` is the last call made by anybody.
    fn ended(&mut self, call: u64, calls: u64, now: Duration, ending: Ending) {
        if call < self.readmitted {
            return;
        }
        let counts = call >= self.changed;
        let tries = self.trial.is_some_and(|(trial, _)| trial == call);
        match ending.class() {
            Class::Match | Class::Mismatch | Class::NoRecord => self.close(),
            Class::Refused(RefusalClass::BadInput | RefusalClass::AttemptLimit) => self.close(),
            Class::Refused(RefusalClass::Credentials | RefusalClass::QuotaExhausted | RefusalClass::Subscription) => {
                self.out = true;
                self.close();
            }
            Class::Refused(RefusalClass::Throttled) => {
                self.throttled_until = self.throttled_until.max(now + RULE.throttled);
                if tries {
                    self.open(calls, now);
                }
            }
            class if class == Class::Encode || (ending.billing(), ending.retry()) == (Billing::Free, Retry::Never) => {
                if tries {
                    self.open(calls, now);
                }
            }
            _ if !counts => {}
            _ => {
                self.failures += 1;
                if tries || self.failures >= RULE.failures {
                    self.open(calls, now + RULE.pause);
                }
            }
        }
    }
}

struct Simulated {
    attempts: Attempts<BUDGET>,
    has_mobile: bool,
    pays_twice: bool,
    first_asked: Option<Duration>,
    call: Option<(u64, usize)>,
    endings: Vec<Ending>,
}

const WITHIN: Duration = ms(20_000);

impl Simulated {
    fn new(number: usize) -> Self {
        let (has_mobile, pays_twice) = (number.is_multiple_of(2), number.is_multiple_of(3));
        let rule = RetryRule::new(9, WITHIN).with_pauses(ms(100), ms(900));
        let rule = if pays_twice { rule.may_pay_twice() } else { rule };
        let attempts = Attempts::new(rule, &subject(has_mobile));
        Self { attempts, has_mobile, pays_twice, first_asked: None, call: None, endings: Vec::new() }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn any_history_of_many_at_once_keeps_the_rules(events in proptest::collection::vec(any_event(), 1..150)) {
        let mut accounts = Accounts::<ACCOUNTS>::new(Order::CheapestFirst, RULE);
        let list: [(&dyn Provider, u32); ACCOUNTS] = [(&CHECKONE, 3), (&SJSYS, 2), (&CHECKONE, 1), (&SJSYS, 1)];
        for (provider, price) in list {
            accounts.add(Account::new(provider.info(), "a", price).unwrap()).unwrap();
        }
        let mut modelled: [Modelled; ACCOUNTS] = Default::default();
        let mut running: Vec<_> = (0..VERIFICATIONS).map(Simulated::new).collect();
        let mut started = VERIFICATIONS;
        let mut now = ms(1);
        let mut calls = 0u64;
        for event in events {
            match event {
                Event::Sleep(time) => now += ms(time),
                Event::Readmit(account) => {
                    accounts.readmit(account);
                    modelled[account] =
                        Modelled { readmitted: calls + 1, changed: calls + 1, ..Modelled::default() };
                }
                Event::Die(at) => {
                    running[at] = Simulated::new(started);
                    started += 1;
                }
                Event::Ended(at, ending, random) => {
                    let one = &mut running[at];
                    one.attempts.ended(&mut accounts, now, random, ending);
                    if let Some((call, account)) = one.call.take() {
                        modelled[account].ended(call, calls, now, ending);
                        one.endings.push(ending);
                    }
                    prop_assert_eq!(one.attempts.lines().len(), one.endings.len());
                    prop_assert_eq!(one.attempts.verdict(), one.endings.last().and_then(|ending| ending.verdict()));
                }
                Event::Next(at) => {
                    let one = &mut running[at];
                    let first = *one.first_asked.get_or_insert(now);
                    let may_be_called: Vec<bool> = modelled.iter().map(|account| account.may_be_called(now)).collect();
                    let suits = |account: usize| list[account].0.info().checks_mobile() == one.has_mobile;
                    match one.attempts.next(&mut accounts, now) {
                        Move::Call { account } => {
                            prop_assert!(one.call.is_none());
                            for ending in &one.endings {
                                prop_assert_eq!(ending.verdict(), None);
                                prop_assert_ne!(ending.class(), Class::Refused(RefusalClass::AttemptLimit));
                                prop_assert_ne!(ending.class(), Class::Refused(RefusalClass::BadInput));
                                prop_assert!(one.pays_twice || ending.billing() == Billing::Free);
                            }
                            prop_assert!(one.endings.len() < BUDGET);
                            prop_assert!(now - first <= WITHIN);
                            prop_assert!(suits(account));
                            prop_assert!(may_be_called[account], "account {account} is called although it must not be");
                            calls += 1;
                            modelled[account].called(calls, now);
                            one.call = Some((calls, account));
                        }
                        Move::Wait { until } => {
                            prop_assert!(now < until && until - first <= WITHIN);
                            // Nobody waits while an account that was not asked yet could be.
                            for account in (0..ACCOUNTS).filter(|account| suits(*account) && may_be_called[*account]) {
                                let asked = one.attempts.lines().iter().any(|line| {
                                    line.account == account
                                        || list[line.account].0.info().slug == list[account].0.info().slug
                                            && line.ending.retry() != Retry::SameProvider
                                });
                                prop_assert!(asked, "account {account} is free, and nobody asks");
                            }
                        }
                        Move::Done(why) => match why {
                            Why::Verdict => prop_assert!(one.endings.last().unwrap().verdict().is_some()),
                            Why::Unreported => prop_assert!(one.call.is_some()),
                            Why::Attempts => prop_assert_eq!(one.endings.len(), BUDGET),
                            Why::MayBeBilled => prop_assert!(
                                !one.pays_twice && one.endings.last().unwrap().billing() != Billing::Free
                            ),
                            Why::NoAccount if one.endings.is_empty() => {
                                // Then it says why of each that suits.
                                for account in (0..ACCOUNTS).filter(|account| suits(*account)) {
                                    prop_assert!(!may_be_called[account]);
                                    let standing = accounts.standing(account, now).unwrap();
                                    prop_assert_ne!(standing, Standing::InService);
                                    prop_assert_eq!(
                                        matches!(standing, Standing::OutOfService(_)), modelled[account].out
                                    );
                                }
                            }
                            Why::NoAccount | Why::Final | Why::AttemptLimit | Why::Time => {
                                prop_assert!(one.endings.last().is_none_or(|ending| ending.verdict().is_none()));
                            }
                            other => prop_assert!(false, "{other:?}"),
                        },
                    }
                }
            }
        }
    }
}
