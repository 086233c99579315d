//! The router over scripted accounts: what follows what, and that every attempt is written down.

mod support;

use std::cell::Cell;
use std::ops::ControlFlow;
use std::time::Duration;

use heyan::policy::{
    Account, Accounts, Attempts, Class, Ending, Entry, HealthRule, Order, PersonKey, PersonTag, Quota, RetryRule,
    Standing, Why,
};
use heyan::provider::{CHECKONE, IDCERT};
use heyan::{
    Billing, ChannelError, ChannelFault, Date, EncodeError, Error, IdNumber, Name, OwnedOutcome, RefusalClass, Subject,
    Verdict,
};
use heyan_embedded::{Clock, FlashLedger, LedgerError, Routed, Router, RouterError, Secure, Timer, blocking, verify};
use support::flash::{Flash, FlashFailure, Torn};
use support::{Async, BUFFER_LEN, Failure, Fate, Script, block_on, inquiry, reply, watch};

type Small = Flash<4, 512>;
type Result = std::result::Result<OwnedOutcome, Error<Failure>>;

const BEGAN: u64 = 1_795_305_600_000;

/// A clock that stands still, but for waiting: then it goes on by milliseconds.
#[derive(Debug, Default)]
struct Waits {
    now: Cell<Duration>,
    /// So often, somebody waits on.
    patience: Cell<Option<u32>>,
}

impl Clock for &Waits {
    fn now(&self) -> Duration {
        self.now.get()
    }
}

impl Timer for &Waits {
    async fn until(&self, at: Duration) {
        while self.now() < at {
            support::yield_once().await;
            self.now.set(self.now() + Duration::from_millis(1));
        }
    }
}

impl blocking::Timer for &Waits {
    fn idle(&self) -> ControlFlow<()> {
        if let Some(left) = self.patience.get() {
            assert_ne!(left, 0, "asked again");
            self.patience.set(Some(left - 1));
            if left == 1 {
                return ControlFlow::Break(());
            }
        }
        self.now.set(self.now() + Duration::from_millis(1));
        ControlFlow::Continue(())
    }
}

type Tested<'t> = Router<Small, &'t Waits, fn() -> u32, 2>;

type Twin<'t> = blocking::Router<Small, &'t Waits, fn() -> u32, 2>;

fn accounts() -> Accounts<2> {
    let mut accounts = Accounts::new(Order::AsListed, HealthRule::DEFAULT);
    accounts.add(Account::new(CHECKONE.info(), "main", 300_000).unwrap()).unwrap();
    accounts.add(Account::new(IDCERT.info(), "spare", 450_000).unwrap()).unwrap();
    accounts
}

fn router(flash: Small, waits: &Waits) -> Tested<'_> {
    let ledger = block_on(FlashLedger::open(flash, 0..2048)).unwrap();
    Router::new(accounts(), ledger, waits, || 0x5EED)
}

fn twin(flash: Small, waits: &Waits) -> Twin<'_> {
    blocking::Router::new(accounts(), blocking::FlashLedger::open(flash, 0..2048).unwrap(), waits, || 0x5EED)
}

fn subject() -> (PersonTag, Subject<'static>) {
    let id = IdNumber::parse("11010119000101009X", Date::MAX).unwrap();
    (PersonKey::new([7; 32]).tag(&id), Subject::new(Name::parse("张三").unwrap(), id))
}

fn run(
    router: &mut Tested<'_>,
    rule: RetryRule,
    mut call: impl AsyncFnMut(usize) -> Result,
) -> Routed<3, Failure, FlashFailure> {
    let (person, subject) = subject();
    block_on(router.verify(Attempts::new(rule, &subject), person, BEGAN, &mut call))
}

fn run_twin(
    router: &mut Twin<'_>,
    rule: RetryRule,
    call: impl FnMut(usize) -> Result,
) -> Routed<3, Failure, FlashFailure> {
    let (person, subject) = subject();
    router.verify(Attempts::new(rule, &subject), person, BEGAN, call)
}

/// One call by the crate's own `verify`, over a channel that answers this.
async fn ask(reply: &[u8], fate: Fate) -> Result {
    let mut link = Secure::vouch(Async(Script::new(reply, usize::MAX, fate)));
    verify(&mut link, &inquiry(), &mut [0; BUFFER_LEN], &watch()).await
}

fn ask_twin(reply: &[u8], fate: Fate) -> Result {
    let mut link = Secure::vouch(Script::new(reply, usize::MAX, fate));
    blocking::verify(&mut link, &inquiry(), &mut [0; BUFFER_LEN], &watch())
}

fn not_connected(fault: ChannelFault) -> Error<Failure> {
    Error::Channel(ChannelError { fault, sent: false, source: None })
}

fn entries(router: &mut Tested<'_>) -> Vec<(u32, Entry)> {
    block_on(async {
        let (mut all, mut entries) = (Vec::new(), router.ledger.entries());
        while let Some(found) = entries.next().await.unwrap() {
            all.push(found);
        }
        all
    })
}

/// Each line has its entry, with the same ending; there are no others.
fn check_entries(router: &mut Tested<'_>, routed: &Routed<3, Failure, FlashFailure>) {
    let entries = entries(router);
    assert_eq!(entries.len(), routed.lines.len());
    for (index, ((number, entry), line)) in entries.iter().zip(&routed.lines).enumerate() {
        assert_eq!(*number, line.entry);
        assert_eq!(entry.ending(), Some(line.attempt.ending));
        assert_eq!(usize::from(entry.attempt()), index + 1);
        let account = router.accounts.account(line.attempt.account).unwrap();
        assert_eq!((entry.provider(), entry.account()), (account.provider(), account.id()));
        assert!(entry.began_unix_ms() >= BEGAN);
    }
}

fn refused(code: &str) -> Vec<u8> {
    format!("HTTP/1.1 403 Forbidden\r\nX-Ca-Error-Code: {code}\r\nContent-Length: 0\r\n\r\n").into_bytes()
}

/// Every way in which the first account may fail, with what costs nothing first.
fn failures() -> Vec<(Vec<u8>, Fate, Option<ChannelFault>)> {
    let ends = Fate::ReadEnds(0);
    let mut all: Vec<_> = [ChannelFault::Dns, ChannelFault::Connect, ChannelFault::Tls]
        .into_iter()
        .map(|fault| (Vec::new(), Fate::Fine, Some(fault)))
        .collect();
    all.push((Vec::new(), Fate::WriteFails(0, embedded_io::ErrorKind::ConnectionReset), None));
    all.push((Vec::new(), Fate::WriteFails(9, embedded_io::ErrorKind::TimedOut), None));
    for code in ["A400AC", "B403MQ", "B403ME", "T429ID", "A403AC", "D503BB", "Z000ZZ"] {
        all.push((refused(code), Fate::Fine, None));
    }
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(99), "]".repeat(99));
    let bodies = [
        "{}",
        "not json",
        &deep,
        r#"{"status":"01","idCard":"99*****0001"}"#,
        r#"{"status":"205"}"#,
        r#"{"status":"77"}"#,
    ];
    for body in bodies {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        all.push((head.into_bytes(), Fate::Fine, None));
    }
    all.push((b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n".to_vec(), Fate::Fine, None));
    all.push((b"220 smtp.example.com ESMTP\r\n\r\n".to_vec(), Fate::Fine, None));
    all.push((Vec::new(), ends, None));
    all
}

#[test]
fn the_second_account_answers_where_the_rules_allow_it() {
    let (mut answered, mut stopped, mut classes) = (0, 0, Vec::new());
    for (bytes, fate, fault) in failures() {
        for rule in [RetryRule::DEFAULT, RetryRule::DEFAULT.may_pay_twice()] {
            let waits = Waits::default();
            let mut router = router(Small::new(4), &waits);
            let routed = run(&mut router, rule, async |account| match (account, fault) {
                (0, Some(fault)) => Err(not_connected(fault)),
                (0, None) => ask(&bytes, fate).await,
                _ => ask(&reply("01"), Fate::Fine).await,
            });
            check_entries(&mut router, &routed);
            assert!(routed.unwritten.is_none());
            let first = routed.lines[0].attempt.ending;
            assert!(first.verdict().is_none());
            classes.push(first.class());
            match &routed.result {
                Ok(outcome) => {
                    assert_eq!(outcome.verdict(), Verdict::Match);
                    assert_eq!(routed.lines.last().map(|line| line.attempt.account), Some(1));
                    assert_eq!(entries(&mut router).last().unwrap().1.reference(), outcome.reference());
                    answered += 1;
                }
                Err(RouterError::Call { error, why }) => {
                    assert_eq!(Ending::from(error), routed.lines.last().unwrap().attempt.ending);
                    // Nothing is asked on behind a charge, unless somebody allowed it, and nothing that nobody can answer.
                    let is_right = match why {
                        Why::MayBeBilled => first.billing() != Billing::Free,
                        Why::Final => first.class() == Class::Refused(RefusalClass::BadInput),
                        _ => false,
                    };
                    assert!(is_right, "{first:?}: {why}");
                    stopped += 1;
                }
                Err(error) => panic!("{error}"),
            }
        }
    }
    let missing: Vec<_> = Class::ALL.into_iter().filter(|class| !classes.contains(class)).collect();
    // This provider counts no attempts; the core tests that class, and tests below the others.
    let limit = Class::Refused(RefusalClass::AttemptLimit);
    assert_eq!(missing, [Class::Match, Class::Mismatch, Class::NoRecord, limit, Class::Encode]);
    assert_eq!((answered, stopped), (32, 10));
}

#[test]
fn a_verdict_is_final() {
    for (status, verdict) in [("01", Verdict::Match), ("02", Verdict::Mismatch), ("202", Verdict::NoRecord)] {
        let waits = Waits::default();
        let mut router = router(Small::new(4), &waits);
        let routed = run(&mut router, RetryRule::DEFAULT.may_pay_twice(), async |account| {
            assert_eq!(account, 0);
            ask(&reply(status), Fate::Fine).await
        });
        check_entries(&mut router, &routed);
        assert_eq!(routed.lines.len(), 1);
        assert_eq!(routed.result.unwrap().verdict(), verdict);
    }
}

#[test]
fn the_same_account_is_asked_again_after_a_pause() {
    let waits = Waits::default();
    let mut router = router(Small::new(4), &waits);
    let asked = Cell::new(0);
    let routed = run(&mut router, RetryRule::DEFAULT, async |account| {
        asked.set(asked.get() + 1);
        assert_eq!(account, [0, 1, 0][asked.get() - 1]);
        Err(not_connected(ChannelFault::Connect))
    });
    check_entries(&mut router, &routed);
    assert_eq!(routed.lines.len(), 3);
    assert!(waits.now.get() >= Duration::from_millis(200));
    assert_eq!(entries(&mut router)[2].1.began_unix_ms(), BEGAN + waits.now.get().as_millis() as u64);
    assert!(matches!(routed.result, Err(RouterError::Call { why: Why::Attempts, .. })));
}

#[test]
fn nothing_is_asked_that_cannot_be_written_down() {
    let waits = Waits::default();
    // The beginning of the first attempt; then one of those after it.
    let steps = {
        let mut router = router(Small::new(4), &waits);
        let _ = run(&mut router, RetryRule::ONCE, async |_| ask(&reply("01"), Fate::Fine).await);
        router.ledger.into_flash().steps
    };
    let (mut refused, mut unwritten) = (0, 0);
    for step in 0..steps {
        let mut router = router(Small::new(4).cut_at(step, Torn::Untouched), &waits);
        let asked = Cell::new(0);
        let routed = run(&mut router, RetryRule::ONCE, async |_| {
            asked.set(asked.get() + 1);
            ask(&reply("01"), Fate::Fine).await
        });
        match routed.result {
            Ok(_) => {
                // The call was made and paid for: its verdict stands, and its entry waits for somebody to settle it.
                assert_eq!((asked.get(), routed.lines.len()), (1, 1));
                assert_eq!(routed.unwritten, Some(LedgerError::Flash(FlashFailure::NoPower)));
                unwritten += 1;
            }
            Err(RouterError::Ledger(LedgerError::Flash(FlashFailure::NoPower))) => {
                assert_eq!((asked.get(), routed.lines.len()), (0, 0));
                assert_eq!(router.accounts.standing(0, Duration::ZERO), Some(Standing::InService));
                refused += 1;
            }
            Err(error) => panic!("{error}"),
        }
    }
    assert!(refused > 15 && unwritten > 15, "{refused}, {unwritten}");
}

#[test]
fn without_an_account_nothing_is_asked_or_written() {
    let waits = Waits::default();
    let mut router = router(Small::new(4), &waits);
    for account in 0..2 {
        router.accounts.take_out(account, RefusalClass::QuotaExhausted);
    }
    let routed = run(&mut router, RetryRule::DEFAULT, async |_| Err(EncodeError::MobileMissing.into()));
    check_entries(&mut router, &routed);
    assert!(matches!(routed.result, Err(RouterError::NoAttempt(Why::NoAccount))));
    // What cannot be sent is an attempt, free and final.
    router.accounts.readmit(0);
    let routed = run(&mut router, RetryRule::DEFAULT, async |_| Err(EncodeError::MobileMissing.into()));
    check_entries(&mut router, &routed);
    assert_eq!(routed.lines[0].attempt.ending.class(), Class::Encode);
}

/// All that can be seen of a router that made one verification after the other.
fn seen(all: &[Routed<3, Failure, FlashFailure>], accounts: &Accounts<2>, flash: &Small, waits: &Waits) -> String {
    let standings = [0, 1].map(|account| accounts.standing(account, waits.now.get()));
    format!("{all:#?} {standings:?} {waits:?} {flash:?}")
}

#[test]
fn both_twins_do_the_same_in_every_history() {
    let (mut histories, mut verdicts, mut pauses, mut cuts) = (0, 0, 0, 0);
    let failures = failures();
    for (first, (bytes, fate, fault)) in failures.iter().enumerate() {
        // The second account fails in another way, or does not; power fails somewhere, or does not.
        for second in [None, Some(&failures[(first * 7 + 3) % failures.len()])] {
            for rule in [RetryRule::DEFAULT, RetryRule::DEFAULT.may_pay_twice(), RetryRule::ONCE] {
                for cut in [None, Some(first * 3), Some(20 + first), Some(100 + first)] {
                    let flash = || cut.map_or(Small::new(4), |step| Small::new(4).failing_at(step, Torn::FirstHalf));
                    let script = |account: usize| match (account, second) {
                        (0, _) => (bytes.clone(), *fate, *fault),
                        (_, Some(failure)) => failure.clone(),
                        (_, None) => (reply("01"), Fate::Fine, None),
                    };
                    // Three persons, one after the other, so that accounts are taken out and rest.
                    let waits = Waits::default();
                    let mut router = router(flash(), &waits);
                    let one = [(); 3].map(|()| {
                        run(&mut router, rule, async |account| match script(account) {
                            (.., Some(fault)) => Err(not_connected(fault)),
                            (bytes, fate, None) => ask(&bytes, fate).await,
                        })
                    });
                    let one_seen = seen(&one, &router.accounts, &router.ledger.into_flash(), &waits);
                    pauses += u32::from(waits.now.get() > Duration::ZERO);
                    let waits = Waits::default();
                    let mut twin = twin(flash(), &waits);
                    let other = [(); 3].map(|()| {
                        run_twin(&mut twin, rule, |account| match script(account) {
                            (.., Some(fault)) => Err(not_connected(fault)),
                            (bytes, fate, None) => ask_twin(&bytes, fate),
                        })
                    });
                    assert_eq!(one_seen, seen(&other, &twin.accounts, &twin.ledger.into_flash(), &waits));
                    let verdict = |routed: &Routed<3, _, _>| routed.result.as_ref().ok().map(OwnedOutcome::verdict);
                    assert_eq!(one.each_ref().map(verdict), other.each_ref().map(verdict));
                    histories += 1;
                    verdicts += one.iter().filter_map(verdict).count();
                    let is_cut = |routed: &&Routed<3, _, _>| {
                        routed.unwritten.is_some() || matches!(routed.result, Err(RouterError::Ledger(_)))
                    };
                    cuts += one.iter().filter(is_cut).count();
                }
            }
        }
    }
    assert!(histories > 400 && verdicts > 300 && pauses > 50 && cuts > 200, "{histories} {verdicts} {pauses} {cuts}");
}

#[test]
fn who_gives_up_during_a_pause_ends_the_verification() {
    let waits = Waits::default();
    waits.patience.set(Some(5));
    let mut twin = twin(Small::new(4), &waits);
    let routed = run_twin(&mut twin, RetryRule::DEFAULT, |_| Err(not_connected(ChannelFault::Connect)));
    assert!(matches!(routed.result, Err(RouterError::Call { why: Why::Time, .. })), "{routed:?}");
    assert_eq!((routed.lines.len(), waits.patience.get()), (2, Some(0)));
    let found: Vec<_> = twin.ledger.entries().map(std::result::Result::unwrap).collect();
    assert!(found.len() == 2 && found.iter().all(|(_, entry)| entry.billing() == Billing::Free));
}

#[test]
fn packages_are_counted_from_lines_and_after_a_restart_from_entries() {
    let package = heyan::policy::Package::new(100, 1, 0, u64::MAX);
    let mut quota = Quota::<1>::new();
    quota.buy(package, BEGAN).unwrap();
    let waits = Waits::default();
    let mut router = router(Small::new(4), &waits);
    for status in ["01", "02", "205", "202"] {
        let routed = run(&mut router, RetryRule::ONCE, async |_| ask(&reply(status), Fate::Fine).await);
        for line in &routed.lines {
            assert!(quota.ended(BEGAN, line.attempt.ending).is_empty());
        }
    }
    let mut again = Quota::<1>::new();
    again.buy(package, BEGAN).unwrap();
    for (_, entry) in entries(&mut router) {
        again.count(entry.began_unix_ms(), entry.billing());
    }
    assert_eq!((again.used(), again.used().sum()), (quota.used(), 4));
}
