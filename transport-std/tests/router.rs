//! The router: accounts that come and go, packages, time, limits, and the ledger behind all of it.
#![cfg(feature = "ledger")]

mod support;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use heyan::policy::{Alert, DailyLimit, HealthRule, LimitError, Order, Package, RetryRule, Standing, Why};
use heyan::provider::{CHECKONE, IDCERT, SFZ2, SJSYS};
use heyan::{Billing, Consent, Date, IdNumber, Name, Provider, RefusalClass, Subject, Verdict};
use heyan_sandbox::Sandbox;
use heyan_std::ledger::rusqlite::Connection;
use heyan_std::ledger::{Filter, Ledger, LedgerError, LedgerOptions};
use heyan_std::{
    BuildError, Client, Routed, RoutedAccount, Router, RouterAlert, RouterBuilder, RouterError, Verification,
};
use support::folder::{Folder, child, told};
use support::routes::{FAST, account, classes, doing, gateway, nobody, saying};
use support::{Act, PATIENCE, Peer, client, matching, plain, plain_for, reply, subject, subject_for};

fn at(sandbox: &Sandbox, provider: &'static dyn Provider) -> Client {
    client(plain_for(provider, sandbox.address().port()))
}

fn routed(router: &Router) -> Routed {
    router.verify(&subject(), Consent::given())
}

/// What the hook was told.
#[derive(Clone, Default)]
struct Alerts(Arc<Mutex<Vec<RouterAlert>>>);

impl Alerts {
    fn hear(&self, builder: RouterBuilder) -> RouterBuilder {
        let all = Arc::clone(&self.0);
        builder.on_alert(move |alert| all.lock().unwrap().push(alert.clone()))
    }

    fn take(&self) -> Vec<RouterAlert> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

fn now() -> u64 {
    let since_1970 = std::time::SystemTime::now().duration_since(std::time::SystemTime::UNIX_EPOCH).unwrap();
    u64::try_from(since_1970.as_millis()).unwrap()
}

#[test]
fn the_vendors_limit_for_a_person_ends_it_and_bars_the_account_for_the_day() {
    let folder = Folder::new();
    let ledger = Ledger::open(folder.ledger()).unwrap();
    let sandbox = Sandbox::builder().start().unwrap();
    let (peer, _) = saying("200 OK", r#"{"code":"10019","message":"x","data":null}"#);
    let strict = client(plain_for(&SJSYS, peer.as_ref().unwrap().port));
    let router = Router::builder()
        .account(account(strict, "main"))
        .account(account(at(&sandbox, &SJSYS), "spare"))
        .account(account(at(&sandbox, &IDCERT), "two-factor"))
        .retry(FAST.may_pay_twice())
        .ledger(ledger)
        .build()
        .unwrap();
    let person = subject_for(&SJSYS);
    let routed = router.verify(&person, Consent::given());
    let Err(RouterError::Attempt { why, .. }) = routed.result else { panic!() };
    assert_eq!((why, routed.attempts.len()), (Why::AttemptLimit, 1));
    // The next verification of this person today goes to another account, and with a mobile number to no other kind.
    let routed = router.verify(&person, Consent::given());
    assert_eq!(routed.attempts.len(), 1);
    assert_eq!((routed.attempts[0].account.as_str(), routed.result.is_ok()), ("spare", true));
}

#[test]
fn an_account_without_calls_is_taken_out_and_told_once() {
    let sandbox = Sandbox::builder().quota_of(heyan_sandbox::Provider::Idcert, Some(2)).start().unwrap();
    let alerts = Alerts::default();
    let builder = Router::builder()
        .account(account(at(&sandbox, &IDCERT), "main"))
        .account(account(at(&sandbox, &SFZ2), "spare"))
        .retry(FAST);
    let router = alerts.hear(builder).build().unwrap();
    let verdicts = (0..5).map(|_| routed(&router)).inspect(|routed| assert!(routed.result.is_ok()));
    let attempts: Vec<_> = verdicts.map(|routed| routed.attempts.len()).collect();
    // The third finds the package empty; those after it do not ask in vain.
    assert_eq!(attempts, [1, 1, 2, 1, 1]);
    let standing = router.standings()[0].1;
    assert_eq!(standing, Standing::OutOfService(RefusalClass::QuotaExhausted));
    let told = alerts.take();
    assert_eq!(told.len(), 1, "{told:?}");
    let RouterAlert::OutOfService { account, reason } = &told[0] else { panic!("{told:?}") };
    assert_eq!((account.to_string().as_str(), *reason), ("idcert/main", RefusalClass::QuotaExhausted));
    // After it was put in order it is asked again, and told again.
    assert_eq!(router.readmit("idcert", "main"), Ok(true));
    assert_eq!(routed(&router).attempts.len(), 2);
    assert_eq!(alerts.take().len(), 1);
    assert_eq!(router.readmit("idcert", "other"), Ok(false));
}

#[test]
fn packages_run_low_and_out_once_for_all_processes() {
    let folder = Folder::new();
    let ledger = Ledger::open(folder.ledger()).unwrap();
    let sandbox = Sandbox::builder().start().unwrap();
    let now = now();
    let week = 7 * 24 * 60 * 60 * 1000;
    let client = at(&sandbox, &IDCERT);
    let name = RoutedAccount::new(client.clone(), "main", 1).unwrap();
    let (provider, id) = (heyan::policy::Slug::new("idcert").unwrap(), heyan::policy::AccountId::new("main").unwrap());
    let mut bought = Package::new(10, 1, now, now + week - 1000);
    bought.used.billed = 5;
    let package = ledger.buy(&provider, &id, bought).unwrap();
    let alerts = Alerts::default();
    let build = || alerts.hear(Router::builder().account(name.clone()).ledger(ledger.clone())).build().unwrap();
    let kinds = |alerts: &Alerts| -> Vec<Alert> {
        let alert = |alert: RouterAlert| match alert {
            RouterAlert::Quota { alert, .. } => alert,
            other => panic!("{other:?}"),
        };
        alerts.take().into_iter().map(alert).collect()
    };
    let router = build();
    assert_eq!(kinds(&alerts), [Alert::Expiring]);
    let left = |router: &Router| router.left("idcert", "main").unwrap().calls;
    assert_eq!(left(&router), 5);
    for (calls, expected) in [(4, &[][..]), (3, &[]), (2, &[Alert::Low]), (1, &[]), (0, &[Alert::Empty]), (0, &[])] {
        assert!(routed(&router).result.is_ok());
        assert_eq!((left(&router), &*kinds(&alerts)), (calls, expected));
    }
    // Another router, as after a start or in another process, knows what is left and what was told.
    let other = build();
    assert_eq!((left(&other), kinds(&alerts)), (0, vec![]));
    // What was bought elsewhere is known after a recount, and can run low again.
    ledger.buy(&provider, &id, Package::new(5, 1, now, now + 10 * week)).unwrap();
    other.recount().unwrap();
    let alerted: Vec<_> = (0..5).flat_map(|_| (routed(&other), kinds(&alerts)).1).collect();
    assert_eq!(alerted, [Alert::Low, Alert::Empty]);
    assert_eq!(ledger.alerts(&provider, &id).unwrap().iter().filter(|alert| alert.package == package).count(), 1);
}

#[test]
fn an_account_that_does_not_answer_is_left_alone_and_tried_again() {
    let sandbox = Sandbox::builder().start().unwrap();
    let broken: Vec<_> = (0..3).map(|_| vec![Act::Reply(reply("500 Oh", "", b"<html>"))]).collect();
    let healed = vec![matching(), matching()];
    let peer = Peer::start(broken.into_iter().chain([healed]).collect());
    let alerts = Alerts::default();
    let health = HealthRule { failures: 2, pause: Duration::from_millis(200), ..HealthRule::DEFAULT };
    let first = client(plain(peer.port).idle_connections(0));
    let builder = Router::builder().account(account(first, "main")).retry(FAST).health(health);
    let router = alerts.hear(builder).build().unwrap();
    // Two attempts fail, then the pause begins; the third is its trial and fails too.
    let start = Instant::now();
    assert_eq!(classes(&routed(&router)), ["not_json", "not_json", "not_json"]);
    assert!(start.elapsed() >= Duration::from_millis(200));
    assert!(matches!(router.standings()[0].1, Standing::Open { .. }));
    let told = alerts.take();
    assert!(matches!(&told[..], [RouterAlert::NotAnswering { .. }]), "{told:?}");
    // The next verification waits for the next trial, which works.
    assert_eq!(classes(&routed(&router)), ["match"]);
    assert_eq!(router.standings()[0].1, Standing::InService);
    let told = alerts.take();
    assert!(matches!(&told[..], [RouterAlert::AnswersAgain { .. }]), "{told:?}");

    // With another account nobody waits: it is asked in the meantime.
    let dead = client(plain(nobody()));
    let health = HealthRule { failures: 1, pause: Duration::from_secs(3600), ..HealthRule::DEFAULT };
    let router = Router::builder()
        .account(account(dead, "main"))
        .account(account(at(&sandbox, &SFZ2), "spare"))
        .retry(FAST)
        .health(health)
        .build()
        .unwrap();
    assert_eq!(classes(&routed(&router)), ["connect", "match"]);
    assert_eq!(classes(&routed(&router)), ["match"]);
}

#[test]
fn the_same_account_is_asked_again_after_a_pause() {
    let sandbox = Sandbox::builder().start().unwrap();
    let router = Router::builder().account(account(at(&sandbox, &IDCERT), "main")).retry(FAST).build().unwrap();
    let id = IdNumber::parse(support::ID, Date::MAX).unwrap();
    let busy_twice = Subject::new(Name::parse("先忙·2").unwrap(), id);
    let routed = router.verify(&busy_twice, Consent::given());
    assert_eq!(classes(&routed), ["busy", "busy", "match"]);
    assert_eq!(routed.cost().billed, 1);
    assert!(routed.attempts[2].began >= routed.attempts[1].began + routed.attempts[1].took);
}

#[test]
fn an_attempt_gets_what_is_left_of_the_time() {
    let deadline = Duration::from_secs(2);
    let (_silent, first) = doing(Act::Silence);
    let (_mute, second) = doing(Act::Silence);
    let (peer, third) = doing(matching());
    let accounts = [first.timeout(Duration::from_secs(1)), second, third];
    let builder = accounts
        .into_iter()
        .zip(["a", "b", "c"])
        .fold(Router::builder(), |builder, (config, id)| builder.account(account(client(config), id)));
    let router = builder.retry(FAST.may_pay_twice()).deadline(deadline).build().unwrap();
    let start = Instant::now();
    let routed = routed(&router);
    assert!(start.elapsed() < PATIENCE, "{routed:?}");
    assert_eq!(classes(&routed), ["timed_out", "timed_out"]);
    assert!(routed.attempts[1].took < Duration::from_millis(1600), "{routed:?}");
    assert!(matches!(routed.result, Err(RouterError::Attempt { why: Why::Time, .. })));
    assert_eq!((routed.cost().possibly, routed.billing()), (2, Billing::Unknown));
    // Without time for a reply no request leaves.
    assert_eq!(peer.unwrap().accepted(), 0);
}

#[test]
fn stopping_ends_all_waiting() {
    let (peer, first) = doing(gateway("X503BZ"));
    let hour = Duration::from_secs(3600);
    let rule = RetryRule::new(3, 4 * hour).with_pauses(hour, hour);
    let router = Router::builder().account(account(client(first), "main")).retry(rule).build().unwrap();
    let waiting = router.clone();
    let thread = std::thread::spawn(move || routed(&waiting));
    peer.as_ref().unwrap().request();
    router.stop();
    let stopped = thread.join().unwrap();
    assert!(matches!(stopped.result, Err(RouterError::Stopped)));
    assert_eq!(classes(&stopped), ["busy"]);
    let late = routed(&router);
    assert!(late.attempts.is_empty());
    assert!(matches!(late.result, Err(RouterError::Stopped)));
}

#[test]
fn the_cheapest_that_takes_the_person_is_asked() {
    let sandbox = Sandbox::builder().start().unwrap();
    let priced = |provider, id, price| RoutedAccount::new(at(&sandbox, provider), id, price).unwrap();
    let router = Router::builder()
        .account(priced(&IDCERT, "dear", 500_000))
        .account(priced(&SJSYS, "three", 100_000))
        .account(priced(&CHECKONE, "cheap", 200_000))
        .order(Order::CheapestFirst)
        .build()
        .unwrap();
    let asked = |subject: &Subject<'_>| {
        let routed = router.verify(subject, Consent::given());
        assert!(routed.result.is_ok());
        routed.attempts[0].account.to_string()
    };
    assert_eq!(asked(&subject()), "cheap");
    assert_eq!(asked(&subject_for(&SJSYS)), "three");
    let two_factors = Router::builder().account(priced(&IDCERT, "main", 1)).build().unwrap();
    let none = two_factors.verify(&subject_for(&SJSYS), Consent::given());
    assert!(matches!(none.result, Err(RouterError::NoAccount)));
    assert_eq!((none.billing(), none.attempts.len()), (Billing::Free, 0));
}

#[test]
fn a_router_that_cannot_work_is_not_built() {
    let main = || account(client(plain(1)), "main");
    let built = |builder: RouterBuilder| builder.build().err();
    assert_eq!(built(Router::builder()), Some(BuildError::NoAccount));
    assert_eq!(built(Router::builder().account(main()).account(main())), Some(BuildError::SameAccount));
    let many = (0..33).map(|n| account(client(plain(1)), &n.to_string()));
    assert_eq!(built(many.fold(Router::builder(), RouterBuilder::account)), Some(BuildError::TooManyAccounts));
    let packages = std::iter::repeat_n(Package::new(1, 1, 0, 1), 17);
    assert_eq!(built(Router::builder().account(main().packages(packages))), Some(BuildError::TooManyPackages));
    assert_eq!(built(Router::builder().account(main()).deadline(Duration::ZERO)), Some(BuildError::Deadline));
    let limited = Router::builder().account(main()).daily_limit(DailyLimit::new(1));
    assert_eq!(built(limited), Some(BuildError::LimitWithoutLedger));
    assert!(RoutedAccount::new(client(plain(1)), "no spaces", 1).is_err());
}

/// Keeps others from writing.
fn lock(path: &std::path::Path) -> Connection {
    let connection = Connection::open(path).unwrap();
    connection.execute_batch("BEGIN IMMEDIATE").unwrap();
    connection
}

#[test]
fn without_an_entry_no_call_is_made() {
    let folder = Folder::new();
    let ledger = LedgerOptions::new().patience(Duration::from_millis(10)).open(folder.ledger()).unwrap();
    let (peer, config) = doing(matching());
    let alerts = Alerts::default();
    let builder = Router::builder().account(account(client(config), "main")).ledger(ledger.clone());
    let router = alerts.hear(builder).build().unwrap();
    let other = lock(&folder.ledger());
    for _ in 0..2 {
        let routed = routed(&router);
        assert!(matches!(routed.result, Err(RouterError::Ledger(LedgerError::Busy))));
        assert_eq!((routed.attempts.len(), routed.billing()), (0, Billing::Free));
    }
    assert_eq!(alerts.take(), [RouterAlert::Ledger(LedgerError::Busy)]);
    assert_eq!(peer.unwrap().accepted(), 0);
    drop(other);
    assert!(ledger.entries(&Filter::new()).unwrap().is_empty());
}

#[test]
fn a_verdict_is_returned_though_its_end_cannot_be_written() {
    let folder = Folder::new();
    let ledger = LedgerOptions::new().patience(Duration::from_millis(10)).open(folder.ledger()).unwrap();
    let (_peer, config) = doing(matching());
    let (tell, told) = std::sync::mpsc::channel();
    let router = Router::builder()
        .account(account(client(config), "main"))
        .ledger(ledger.clone())
        .on_alert(move |alert| tell.send(alert.clone()).unwrap())
        .build()
        .unwrap();
    // Extra fields are asked for when the request is written: between the two entries.
    let held = Mutex::new(None);
    let fields = |_: &Subject<'_>, _: &mut heyan::http::Fields<'_>| {
        held.lock().unwrap().get_or_insert_with(|| lock(&folder.ledger()));
        Ok(())
    };
    let routed = router.verify_with(&subject(), Consent::given(), &Verification::new().fields(&fields).origin(3));
    assert_eq!(routed.result.unwrap().verdict(), Verdict::Match);
    assert_eq!(told.recv_timeout(PATIENCE).unwrap(), RouterAlert::Ledger(LedgerError::Busy));
    let open = ledger.entries(&Filter::new().open()).unwrap();
    assert_eq!((open.len(), open[0].origin), (1, Some(3)));
    drop(held);
    while ledger.flush().is_err() {}
    assert!(ledger.entries(&Filter::new().open()).unwrap().is_empty());
}

#[test]
fn a_person_is_verified_so_often_a_day() {
    let folder = Folder::new();
    let ledger = Ledger::open(folder.ledger()).unwrap();
    let sandbox = Sandbox::builder().start().unwrap();
    let router = Router::builder()
        .account(account(client(plain(nobody())), "dead"))
        .account(account(at(&sandbox, &IDCERT), "main"))
        .retry(FAST)
        .ledger(ledger)
        .daily_limit(DailyLimit::new(2))
        .build()
        .unwrap();
    // Two attempts each, and one verification each.
    for _ in 0..2 {
        assert_eq!(classes(&routed(&router)), ["connect", "match"]);
    }
    let third = routed(&router);
    assert!(matches!(third.result, Err(RouterError::Limit(LimitError::Reached { per_day: 2 }))));
    assert_eq!((third.attempts.len(), sandbox.report().requests), (0, 2));
}

#[test]
fn verifications_that_are_begun_together_have_their_entries_first() {
    let folder = Folder::new();
    let ledger = Ledger::open(folder.ledger()).unwrap();
    let sandbox = Sandbox::builder().start().unwrap();
    let router = Router::builder()
        .account(account(at(&sandbox, &IDCERT), "main"))
        .ledger(ledger.clone())
        .daily_limit(DailyLimit::new(3))
        .build()
        .unwrap();
    let all: Vec<_> = (1..=4).map(|origin| (subject(), Verification::new().origin(origin))).collect();
    let mut begun = router.begin_many(&all).unwrap().into_iter();
    assert_eq!((ledger.entries(&Filter::new().open()).unwrap().len(), sandbox.report().requests), (3, 0));
    let mut verify =
        |subject: &Subject<'_>, with| router.verify_begun(begun.next().unwrap(), subject, Consent::given(), with);
    assert_eq!(classes(&verify(&all[0].0, &all[0].1)), ["match"]);
    // Of another person it is not: that entry is taken back, and counts no more.
    let id = IdNumber::parse("110101190001010057", Date::MAX).unwrap();
    assert_eq!(verify(&Subject::new(Name::parse("李四").unwrap(), id), &all[1].1).attempts.len(), 1);
    // Begun, and never made.
    let third = begun.next().unwrap();
    drop(third);
    let limited = router.verify_begun(begun.next().unwrap(), &all[3].0, Consent::given(), &all[3].1);
    assert!(matches!(limited.result, Err(RouterError::Limit(LimitError::Reached { per_day: 3 }))));
    ledger.flush().unwrap();
    let entries = ledger.entries(&Filter::new()).unwrap();
    assert_eq!(entries.iter().map(|entry| entry.origin).collect::<Vec<_>>(), [Some(1), Some(2)]);
    assert!(entries.iter().all(|entry| entry.completed.is_some()));
    assert_ne!(entries[0].person, entries[1].person);
    assert_eq!(sandbox.report().requests, 2);
}

#[test]
fn an_account_that_was_foreseen_and_is_gone_is_not_asked() {
    let folder = Folder::new();
    let ledger = Ledger::open(folder.ledger()).unwrap();
    let (empty, full) = (Sandbox::builder().quota(Some(0)).start().unwrap(), Sandbox::builder().start().unwrap());
    let router = Router::builder()
        .account(account(at(&empty, &IDCERT), "main"))
        .account(account(at(&full, &SFZ2), "spare"))
        .ledger(ledger.clone())
        .build()
        .unwrap();
    let all = [(subject(), Verification::new()), (subject(), Verification::new())];
    let tried: Vec<_> = router
        .begin_many(&all)
        .unwrap()
        .into_iter()
        .zip(&all)
        .map(|(begun, (subject, with))| router.verify_begun(begun, subject, Consent::given(), with))
        .map(|routed| routed.attempts.iter().map(|line| line.account.to_string()).collect::<Vec<_>>())
        .collect();
    assert_eq!(tried, [vec!["main", "spare"], vec!["spare"]]);
    assert_eq!((ledger.entries(&Filter::new()).unwrap().len(), empty.report().requests), (3, 1));
}

#[test]
fn every_request_has_an_entry_and_no_billed_one_is_missing() {
    let folder = Folder::new();
    let ledger = Ledger::open(folder.ledger()).unwrap();
    let sandbox = Sandbox::builder().start().unwrap();
    let short = |provider| client(plain_for(provider, sandbox.address().port()).timeout(Duration::from_millis(500)));
    let router = Router::builder()
        .account(account(short(&IDCERT), "main"))
        .account(account(short(&SFZ2), "spare"))
        .retry(FAST)
        // One account that is asked in vain on purpose must stay in service.
        .health(HealthRule { failures: u8::MAX, throttled: Duration::from_millis(2), ..HealthRule::DEFAULT })
        .ledger(ledger.clone())
        .build()
        .unwrap();
    let lines = AtomicUsize::new(0);
    let names =
        ["张三", "判·不一致", "判·库无", "断前", "断体", "空体", "网关·X503BZ", "网关·T429ID", "静默·体", "复位"];
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let (router, lines) = (&router, &lines);
            scope.spawn(move || {
                for n in 0..20 {
                    // Few that are waited for in vain.
                    let name = if n % 10 == 8 && thread > 0 { names[0] } else { names[n % 10] };
                    let id = IdNumber::parse(support::ID, Date::MAX).unwrap();
                    let routed = router.verify(&Subject::new(Name::parse(name).unwrap(), id), Consent::given());
                    lines.fetch_add(routed.attempts.len(), Ordering::Relaxed);
                }
            });
        }
    });
    let report = sandbox.report();
    let counts = ledger.counts(&Filter::new()).unwrap();
    let entries = ledger.entries(&Filter::new()).unwrap();
    assert_eq!(entries.len(), lines.into_inner());
    assert_eq!(u64::try_from(entries.len()).unwrap(), report.requests);
    for (row, provider) in counts.iter().zip([heyan_sandbox::Provider::Idcert, heyan_sandbox::Provider::Sfz2]) {
        assert_eq!(row.provider.as_str(), provider.slug());
        let billed = report.of(provider).billed;
        let counted = row.counts.billed..=row.counts.billed + row.counts.possibly;
        assert!(counted.contains(&billed), "{billed} {:?}", row.counts);
        assert_eq!(row.counts.open, 0);
    }
    assert!(counts[0].counts.possibly > 0);
    // What the files hold of the people.
    assert!(!folder.holds(support::ID.as_bytes()) && !folder.holds("张三".as_bytes()));
    assert!(!folder.holds("断前".as_bytes()) && !folder.holds(support::APP_CODE.as_bytes()));
}

#[test]
#[ignore = "the process that is killed in the test below"]
fn caller() {
    let Some(told) = told() else { return };
    let (port, path) = told.split_once(' ').unwrap();
    let ledger = Ledger::open(path).unwrap();
    let config = plain(port.parse().unwrap()).timeout(Duration::from_secs(3600));
    let router = Router::builder()
        .account(account(client(config), "main"))
        .retry(RetryRule::new(1, Duration::from_secs(3600)))
        .ledger(ledger)
        .build()
        .unwrap();
    let _ = routed(&router);
}

#[test]
fn a_process_that_is_killed_in_a_call_leaves_it_possibly_billed() {
    let folder = Folder::new();
    let (peer, _) = doing(Act::Silence);
    let peer = peer.unwrap();
    let mut caller = child("caller", &format!("{} {}", peer.port, folder.ledger().to_str().unwrap()));
    peer.request();
    caller.kill().unwrap();
    caller.wait().unwrap();
    let ledger = Ledger::open(folder.ledger()).unwrap();
    let entries = ledger.entries(&Filter::new().open()).unwrap();
    assert_eq!(entries.len(), 1);
    assert_eq!((entries[0].billing(), entries[0].account.as_str()), (Billing::Unknown, "main"));
}
