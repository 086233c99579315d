//! The ledger as a file: what survives, what is refused, what several processes see.
#![cfg(feature = "ledger")]

mod support;

use std::path::Path;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use heyan::policy::{AccountId, Alert, Class, DailyLimit, Ending, LimitError, Package, PersonTag, Slug, Usage};
use heyan::{Billing, Code, Date, IdNumber, Reference, RefusalClass, Retry};
use heyan_std::ledger::rusqlite::{Connection, TransactionBehavior};
use heyan_std::ledger::{
    Begin, CONSOLE_WINDOW, End, EntryId, Filter, Ledger, LedgerError, LedgerOptions, RaisedAlert, Reconciliation,
    Settled, SettledBy,
};
use support::folder::{Folder, child, told, wait_for};

/// 2026-11-22, midnight in China.
const MIDNIGHT: u64 = 1_795_276_800_000;
const MINUTE: u64 = 60_000;

fn slug(text: &str) -> Slug {
    Slug::new(text).unwrap()
}

fn person(number: u8) -> PersonTag {
    PersonTag::from_bytes([number; 16])
}

fn begin_at(now: u64) -> Begin {
    Begin::new(slug("idcert"), slug("main"), person(1), now)
}

fn end(class: Class, billing: Billing) -> End {
    End::new(Ending::new(class, billing, Retry::Never), Duration::from_millis(310))
}

fn matched() -> End {
    end(Class::Match, Billing::Billed)
}

/// Another program's connection.
fn connect(path: &Path) -> Connection {
    let connection = Connection::open(path).unwrap();
    connection.busy_timeout(Duration::from_secs(5)).unwrap();
    connection
}

#[test]
fn an_entry_is_there_before_and_complete_after() {
    let folder = Folder::new();
    let ledger = Ledger::open(folder.ledger()).unwrap();
    let id = ledger.begin(begin_at(MIDNIGHT).origin(Some(7))).unwrap();
    // As another process sees it.
    let other = connect(&folder.ledger());
    let view = |id: EntryId| {
        let text = "SELECT class, billing, provider || '/' || account FROM attempts WHERE id = ?1";
        other
            .query_row(text, [id.get()], |row| {
                Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?))
            })
            .unwrap()
    };
    assert_eq!(view(id), ("not completed".into(), "possibly billed".into(), "idcert/main".into()));
    assert_eq!(ledger.entry(id).unwrap().billing(), Billing::Unknown);

    let reference = Reference::new("20211208013_9aph_5e91");
    ledger.end(id, matched().code(Code::new("01")).reference(reference.clone()));
    ledger.flush().unwrap();
    assert_eq!(view(id), ("match".into(), "billed".into(), "idcert/main".into()));
    let entry = ledger.entry(id).unwrap();
    let completed = entry.completed.clone().unwrap();
    assert_eq!((completed.class, completed.billing), (Class::Match, Billing::Billed));
    assert_eq!((completed.code.as_deref(), completed.reference), (Some("01"), reference));
    assert_eq!(completed.took, Duration::from_millis(310));
    assert_eq!((entry.verification, entry.attempt, entry.origin), (id, 1, Some(7)));
    assert_eq!((entry.began_unix_ms, entry.person), (MIDNIGHT, person(1)));

    let second = ledger.begin(begin_at(MIDNIGHT + 1).after(id, 2)).unwrap();
    let entry = ledger.entry(second).unwrap();
    assert_eq!((entry.verification, entry.attempt), (id, 2));
    assert_eq!(ledger.entry(EntryId::new(99)).err(), Some(LedgerError::Unknown));
}

#[test]
fn ends_are_read_by_who_handed_them_over_and_survive_closing() {
    let folder = Folder::new();
    let ledger = Ledger::open(folder.ledger()).unwrap();
    let ids: Vec<_> = (0..100).map(|n| ledger.begin(begin_at(MIDNIGHT + n)).unwrap()).collect();
    ids.iter().for_each(|id| ledger.end(*id, matched()));
    assert_eq!(ledger.counts(&Filter::new()).unwrap()[0].counts.billed, 100);
    let id = ledger.begin(begin_at(MIDNIGHT)).unwrap();
    ledger.end(id, matched());
    drop(ledger);
    let ledger = Ledger::open(folder.ledger()).unwrap();
    assert_eq!(ledger.counts(&Filter::new()).unwrap()[0].counts.billed, 101);
}

#[test]
fn what_never_left_is_taken_back() {
    let folder = Folder::new();
    let ledger = Ledger::open(folder.ledger()).unwrap();
    let limited = || begin_at(MIDNIGHT).limit(Some(DailyLimit::new(2)));
    let begun = ledger.begin_many(vec![limited(), limited(), limited()]).unwrap();
    assert!(matches!(begun[..], [Ok(_), Ok(_), Err(LedgerError::Limit(_))]));
    ledger.take_back(begun[1].unwrap());
    assert_eq!(ledger.entries(&Filter::new()).unwrap().len(), 1);
    // It is not counted, and what ended stays.
    ledger.begin(limited()).unwrap();
    ledger.end(begun[0].unwrap(), matched());
    ledger.take_back(begun[0].unwrap());
    assert_eq!(ledger.flush().err(), Some(LedgerError::Unknown));
    assert_eq!(ledger.counts(&Filter::new()).unwrap()[0].counts.billed, 1);
}

#[cfg(unix)]
#[test]
fn files_are_the_owners_alone() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let folder = Folder::new();
    let ledger = Ledger::open(folder.ledger()).unwrap();
    ledger.begin(begin_at(MIDNIGHT)).unwrap();
    let mut seen = 0;
    for file in std::fs::read_dir(folder.ledger().parent().unwrap()).unwrap() {
        let file = file.unwrap();
        assert_eq!(file.metadata().unwrap().mode() & 0o777, 0o600, "{:?}", file.file_name());
        seen += 1;
    }
    // The ledger, its log, the log's index, the key.
    assert_eq!(seen, 4);
    drop(ledger);
    let key = folder.ledger().with_extension("db.key");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o640)).unwrap();
    assert_eq!(Ledger::open(folder.ledger()).err(), Some(LedgerError::KeyReadable));
}

#[test]
fn the_person_key_is_kept_and_nothing_of_a_person_is() {
    let folder = Folder::new();
    let id = IdNumber::parse(support::ID, Date::MAX).unwrap();
    let ledger = Ledger::open(folder.ledger()).unwrap();
    let tag = ledger.person(&id);
    ledger.begin(Begin::new(slug("idcert"), slug("main"), tag, MIDNIGHT)).unwrap();
    assert_eq!(ledger.key_file(), folder.ledger().with_extension("db.key"));
    let key = std::fs::read(ledger.key_file()).unwrap();
    assert_eq!(key.len(), 65);
    drop(ledger);
    assert!(folder.holds(tag.expose_bytes()));
    assert!(!folder.holds(support::ID.as_bytes()));
    let database = std::fs::read(folder.ledger()).unwrap();
    let digits = String::from_utf8(key).unwrap();
    let secret: Vec<u8> = (0..32).map(|at| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).unwrap()).collect();
    assert!(!database.windows(32).any(|window| window == secret));

    let again = Ledger::open(folder.ledger()).unwrap();
    assert_eq!(again.person(&id), tag);
    drop(again);

    // Elsewhere, another one is made, and it is not that ledger's.
    let other = Folder::new();
    let elsewhere = LedgerOptions::new().key_file(other.ledger().with_extension("key"));
    let own = elsewhere.open(other.ledger()).unwrap();
    assert_ne!(own.person(&id), tag);
    drop(own);
    assert_eq!(elsewhere.open(folder.ledger()).err(), Some(LedgerError::KeyDiffers));
    let nowhere = LedgerOptions::new().key_file(other.ledger().with_extension("none"));
    assert_eq!(nowhere.open(folder.ledger()).err(), Some(LedgerError::KeyMissing));
    std::fs::write(folder.ledger().with_extension("db.key"), "not a key").unwrap();
    assert_eq!(Ledger::open(folder.ledger()).err(), Some(LedgerError::KeyMalformed));
}

#[test]
fn other_files_are_left_alone() {
    let folder = Folder::new();
    std::fs::write(folder.ledger(), "name,id\nnot a database, though it is long enough to be looked at\n").unwrap();
    assert_eq!(Ledger::open(folder.ledger()).err(), Some(LedgerError::Foreign));

    let folder = Folder::new();
    connect(&folder.ledger()).execute_batch("CREATE TABLE other (x)").unwrap();
    assert_eq!(Ledger::open(folder.ledger()).err(), Some(LedgerError::Foreign));

    let folder = Folder::new();
    drop(Ledger::open(folder.ledger()).unwrap());
    connect(&folder.ledger()).execute_batch("PRAGMA user_version = 2").unwrap();
    assert_eq!(Ledger::open(folder.ledger()).err(), Some(LedgerError::Newer { found: 2, known: 1 }));

    let missing = folder.ledger().join("no").join("folder.db");
    assert!(matches!(Ledger::open(missing).err(), Some(LedgerError::File { .. })));
}

#[test]
fn a_person_is_asked_for_so_often_a_day() {
    let folder = Folder::new();
    let ledger = Ledger::open(folder.ledger()).unwrap();
    let limited = |now| begin_at(now).limit(Some(DailyLimit::new(2)));
    let first = ledger.begin(limited(MIDNIGHT)).unwrap();
    // Further attempts of a verification that began are let through, and not counted.
    ledger.begin(limited(MIDNIGHT + 1).after(first, 2)).unwrap();
    let last = limited(MIDNIGHT + 24 * 60 * MINUTE - 1);
    ledger.begin(last.clone()).unwrap();
    let reached = Some(LedgerError::Limit(LimitError::Reached { per_day: 2 }));
    assert_eq!(ledger.begin(last.clone()).err(), reached);
    // Another day, another person.
    ledger.begin(limited(MIDNIGHT - 1)).unwrap();
    ledger.begin(limited(MIDNIGHT + 24 * 60 * MINUTE)).unwrap();
    let other = Begin::new(slug("idcert"), slug("main"), person(2), MIDNIGHT).limit(Some(DailyLimit::new(2)));
    // One that is refused takes nothing from those beside it.
    let answers = ledger.begin_many(vec![other.clone(), last, other.clone(), other]).unwrap();
    let refused: Vec<_> = answers.iter().map(|answer| answer.err()).collect();
    assert_eq!(refused, [None, reached, None, reached]);
    assert_eq!(ledger.entries(&Filter::new()).unwrap().len(), 7);
}

#[test]
fn accounts_that_know_a_person_too_well_are_barred_for_the_day() {
    let folder = Folder::new();
    let ledger = Ledger::open(folder.ledger()).unwrap();
    let id = ledger.begin(begin_at(MIDNIGHT)).unwrap();
    ledger.end(id, end(Class::Refused(RefusalClass::AttemptLimit), Billing::Free));
    ledger.flush().unwrap();
    let barred = |who, now| ledger.barred(&person(who), now).unwrap();
    assert_eq!(barred(1, MIDNIGHT + MINUTE), [(slug("idcert"), slug("main"))]);
    assert_eq!(barred(1, MIDNIGHT + 24 * 60 * MINUTE), []);
    assert_eq!(barred(2, MIDNIGHT), []);
}

#[test]
fn entries_are_counted_by_account_price_and_window() {
    let folder = Folder::new();
    let ledger = Ledger::open(folder.ledger()).unwrap();
    let write = |provider: &str, minute: u64, how: Option<End>| {
        let id = ledger.begin(Begin::new(slug(provider), slug("main"), person(1), MIDNIGHT + minute * MINUTE)).unwrap();
        how.into_iter().for_each(|how| ledger.end(id, how));
        id
    };
    write("idcert", 9, Some(matched()));
    write("idcert", 10, Some(end(Class::NoRecord, Billing::Billed)));
    let lost = write("idcert", 19, Some(end(Class::TimedOut, Billing::Unknown)));
    let open = write("idcert", 20, None);
    write("sfz2", 10, Some(end(Class::Refused(RefusalClass::Busy), Billing::Free)));

    let counts = |filter: &Filter| -> Vec<_> {
        let found = ledger.counts(filter).unwrap();
        let of = |row: &heyan_std::ledger::AccountCounts| {
            let counts = row.counts;
            (row.provider.to_string(), counts.billed, counts.free, counts.possibly, counts.open)
        };
        found.iter().map(of).collect()
    };
    assert_eq!(counts(&Filter::new()), [("idcert".into(), 2, 0, 2, 1), ("sfz2".into(), 0, 1, 0, 0)]);
    let window = Filter::new().window(MIDNIGHT + 10 * MINUTE..MIDNIGHT + 20 * MINUTE);
    assert_eq!(counts(&window.clone().provider(slug("idcert"))), [("idcert".into(), 1, 0, 1, 0)]);
    assert_eq!(counts(&window.account(slug("other"))), []);

    let windows = ledger.windows(&Filter::new().provider(slug("idcert")), CONSOLE_WINDOW).unwrap();
    let rows: Vec<_> =
        windows.iter().map(|row| (row.from_unix_ms - MIDNIGHT, row.counts.billed, row.counts.possibly)).collect();
    assert_eq!(rows, [(0, 1, 0), (10 * MINUTE, 1, 1), (20 * MINUTE, 0, 1)]);
    let days = ledger.windows(&Filter::new(), Duration::from_secs(24 * 60 * 60)).unwrap();
    assert_eq!(days.iter().map(|row| row.from_unix_ms).collect::<Vec<_>>(), [MIDNIGHT, MIDNIGHT]);

    let ids = |filter: Filter| -> Vec<_> { ledger.entries(&filter).unwrap().iter().map(|entry| entry.id).collect() };
    assert_eq!(ids(Filter::new().open()), [open]);
    assert_eq!(ids(Filter::new().possibly_billed()), [lost, open]);
    assert_eq!(ids(Filter::new().possibly_billed().limit(1)), [lost]);

    // Settling says what it was, and keeps what was known.
    let by_hand = |billing| Settled::new(billing, SettledBy::Hand, MIDNIGHT + 60 * MINUTE);
    ledger.settle(lost, by_hand(Billing::Billed)).unwrap();
    ledger.settle(open, Settled::new(Billing::Free, SettledBy::Reconciled, MIDNIGHT)).unwrap();
    let entry = ledger.entry(lost).unwrap();
    assert_eq!(entry.billing(), Billing::Billed);
    assert_eq!(entry.completed.as_ref().map(|completed| completed.billing), Some(Billing::Unknown));
    assert_eq!(entry.settled, Some(by_hand(Billing::Billed)));
    assert_eq!(ledger.entry(open).unwrap().settled.map(|settled| settled.by), Some(SettledBy::Reconciled));
    assert_eq!(counts(&Filter::new().provider(slug("idcert"))), [("idcert".into(), 3, 1, 0, 0)]);
    assert_eq!(ids(Filter::new().possibly_billed()), []);
    for id in [lost, open] {
        assert_eq!(ledger.settle(id, by_hand(Billing::Free)).err(), Some(LedgerError::NothingToSettle));
    }
    assert_eq!(ledger.settle(EntryId::new(99), by_hand(Billing::Free)).err(), Some(LedgerError::Unknown));
}

#[test]
fn packages_are_counted_from_the_entries() {
    let folder = Folder::new();
    let ledger = Ledger::open(folder.ledger()).unwrap();
    let (provider, account) = (slug("idcert"), slug("main"));
    let day = 24 * 60 * MINUTE;
    // Before anything was bought: of no package.
    let id = ledger.begin(begin_at(MIDNIGHT - 1)).unwrap();
    ledger.end(id, matched());
    let mut small = Package::new(10, 4_000_000, MIDNIGHT, MIDNIGHT + 30 * day);
    small.used = Usage { billed: 2, possibly: 0 };
    let first = ledger.buy(&provider, &account, small).unwrap();
    ledger.buy(&provider, &account, Package::new(100, 38_000_000, MIDNIGHT, MIDNIGHT + 365 * day)).unwrap();
    for (minute, how) in [
        (1, Some(matched())),
        (2, None),
        (3, Some(end(Class::Refused(RefusalClass::Busy), Billing::Free))),
        (4, Some(end(Class::TimedOut, Billing::Unknown))),
    ] {
        let id = ledger.begin(begin_at(MIDNIGHT + minute * MINUTE)).unwrap();
        how.into_iter().for_each(|how| ledger.end(id, how));
    }
    let quota = ledger.quota::<4>(&provider, &account).unwrap();
    assert_eq!(quota.packages()[0].used, Usage { billed: 3, possibly: 2 });
    let left = quota.left(MIDNIGHT + 5 * MINUTE);
    assert_eq!((left.total, left.calls, left.possibly), (110, 105, 2));

    ledger.set_used_besides(first, Usage { billed: 0, possibly: 1 }).unwrap();
    let rows = ledger.packages(&provider, &account).unwrap();
    assert_eq!((rows[0].id, rows[0].package.used), (first, Usage { billed: 0, possibly: 1 }));
    assert_eq!(ledger.quota::<4>(&provider, &account).unwrap().left(MIDNIGHT).calls, 106);
    assert_eq!(ledger.set_used_besides(99, Usage::NONE).err(), Some(LedgerError::Unknown));
    assert!(ledger.packages(&provider, &slug("other")).unwrap().is_empty());
}

#[test]
fn an_alert_stands_until_it_is_cleared() {
    let folder = Folder::new();
    let ledger = Ledger::open(folder.ledger()).unwrap();
    let (provider, account): (Slug, AccountId) = (slug("idcert"), slug("main"));
    let low = || RaisedAlert::new(Alert::Low.word(), 0, MIDNIGHT);
    assert!(ledger.raise(&provider, &account, low()).unwrap());
    assert!(!ledger.raise(&provider, &account, low()).unwrap());
    assert!(ledger.raise(&provider, &slug("other"), low()).unwrap());
    assert_eq!(ledger.alerts(&provider, &account).unwrap(), [low()]);
    assert!(ledger.quota::<4>(&provider, &account).unwrap().raised().contains(Alert::Low));
    // Buying clears what it mends.
    let package = Package::new(10, 1, MIDNIGHT, MIDNIGHT + MINUTE);
    let id = ledger.buy(&provider, &account, package).unwrap();
    assert!(ledger.alerts(&provider, &account).unwrap().is_empty());
    let expiring = RaisedAlert::new(Alert::Expiring.word(), id, MIDNIGHT);
    assert!(ledger.raise(&provider, &account, expiring).unwrap());
    assert!(ledger.packages(&provider, &account).unwrap()[0].package.expiry_raised);
    ledger.clear(&provider, &account, Alert::Expiring.word(), MIDNIGHT).unwrap();
    assert!(!ledger.packages(&provider, &account).unwrap()[0].package.expiry_raised);
}

#[test]
fn comparisons_with_the_console_are_kept() {
    let folder = Folder::new();
    let ledger = Ledger::open(folder.ledger()).unwrap();
    let row = Reconciliation {
        provider: slug("idcert"),
        account: slug("main"),
        window: MIDNIGHT..MIDNIGHT + 10 * MINUTE,
        console_calls: 12,
        ledger_billed: 11,
        ledger_possibly: 1,
        console_serial: Some("serial-1".to_owned()),
        done_unix_ms: MIDNIGHT + 60 * MINUTE,
    };
    let next = Reconciliation { window: MIDNIGHT + 10 * MINUTE..MIDNIGHT + 20 * MINUTE, ..row.clone() };
    ledger.add_reconciliations(vec![next.clone(), row.clone()]).unwrap();
    assert_eq!(ledger.reconciliations(&slug("idcert"), &slug("main")).unwrap(), [row, next]);
    assert!(ledger.reconciliations(&slug("sfz2"), &slug("main")).unwrap().is_empty());
}

#[test]
fn a_program_keeps_tables_of_its_own_beside() {
    let folder = Folder::new();
    let ledger = Ledger::open(folder.ledger()).unwrap();
    const STEPS: &[&str] = &["CREATE TABLE batch_row (id INTEGER PRIMARY KEY)", "ALTER TABLE batch_row ADD name TEXT"];
    ledger.extend("batch", &STEPS[..1]).unwrap();
    ledger.extend("batch", &STEPS[..1]).unwrap();
    ledger.extend("batch", STEPS).unwrap();
    let older = ledger.extend("batch", &STEPS[..1]).err();
    assert_eq!(older, Some(LedgerError::ExtensionNewer { found: 2, known: 1 }));

    let count = || {
        ledger.read(|reader| Ok(reader.query_row("SELECT count(*) FROM batch_row", (), |row| row.get::<_, u32>(0))?))
    };
    ledger.write(|writer| Ok(writer.execute("INSERT INTO batch_row (name) VALUES ('a')", ())?)).unwrap();
    // What fails leaves nothing behind, and nobody else suffers.
    let failed = ledger.write(|writer| {
        writer.execute("INSERT INTO batch_row (name) VALUES ('b')", ())?;
        writer.execute("INSERT INTO batch_row (no_such_column) VALUES (1)", ()).map_err(LedgerError::from)
    });
    assert!(matches!(failed, Err(LedgerError::Storage { .. })));
    assert_eq!(count().unwrap(), 1);
    ledger.begin(begin_at(MIDNIGHT)).unwrap();
    // A reader cannot write.
    assert!(ledger.read(|reader| Ok(reader.execute("DELETE FROM batch_row", ())?)).is_err());
}

#[test]
fn without_an_entry_there_is_no_permission_and_an_end_waits() {
    let folder = Folder::new();
    let ledger = LedgerOptions::new().patience(Duration::from_millis(20)).open(folder.ledger()).unwrap();
    let (tell, told) = mpsc::channel();
    let hook: Arc<dyn Fn(LedgerError) + Send + Sync> = Arc::new(move |error| tell.send(error).unwrap());
    ledger.watch(&hook);
    let id = ledger.begin(begin_at(MIDNIGHT)).unwrap();

    let mut other = connect(&folder.ledger());
    let lock = other.transaction_with_behavior(TransactionBehavior::Immediate).unwrap();
    assert_eq!(ledger.begin(begin_at(MIDNIGHT)).err(), Some(LedgerError::Busy));
    ledger.end(id, matched());
    assert_eq!(told.recv_timeout(support::PATIENCE).unwrap(), LedgerError::Busy);
    assert_eq!(ledger.flush().err(), Some(LedgerError::Busy));
    lock.rollback().unwrap();

    // Nothing is lost, and nobody was told twice.
    while ledger.flush().is_err() {}
    assert_eq!(ledger.entry(id).unwrap().billing(), Billing::Billed);
    assert_eq!(told.try_iter().count(), 0);
    assert_eq!(ledger.entries(&Filter::new()).unwrap().len(), 1);

    // An end for an entry that is not there is told, and spoils nothing.
    ledger.end(EntryId::new(99), matched());
    assert_eq!(ledger.flush().err(), Some(LedgerError::Unknown));
    assert_eq!(ledger.flush(), Ok(()));
}

#[test]
fn many_threads_share_commits() {
    let folder = Folder::new();
    let ledger = Ledger::open(folder.ledger()).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..16 {
            let ledger = ledger.clone();
            scope.spawn(move || {
                for n in 0..50 {
                    let begin = Begin::new(slug("idcert"), slug("main"), person(thread), MIDNIGHT + n);
                    let id = ledger.begin(begin.origin(Some(i64::from(thread)))).unwrap();
                    assert_eq!(ledger.entry(id).unwrap().person, person(thread));
                    ledger.end(id, matched());
                }
            });
        }
    });
    assert_eq!(ledger.counts(&Filter::new()).unwrap()[0].counts.billed, 800);
    assert_eq!(ledger.entries(&Filter::new().origins(3..5)).unwrap().len(), 100);
}

/// Begins as often as it is let, 400 times, and ends what it began.
fn compete(path: &str) -> usize {
    let ledger = Ledger::open(path).unwrap();
    let ids: Vec<_> = (0..400)
        .filter_map(|n| {
            let limit = (n % 2 == 0).then(|| DailyLimit::new(250));
            let who = if limit.is_some() { 1 } else { 2 };
            let begin = Begin::new(slug("idcert"), slug("main"), person(who), MIDNIGHT).limit(limit);
            match ledger.begin(begin) {
                Err(LedgerError::Limit(_)) => None,
                id => Some(id.unwrap()),
            }
        })
        .collect();
    ids.iter().for_each(|id| ledger.end(*id, matched()));
    ledger.flush().unwrap();
    ids.len()
}

#[test]
#[ignore = "the other process of the test below"]
fn other_process() {
    if let Some(path) = told() {
        println!("ready");
        compete(&path);
    }
}

#[test]
fn two_processes_write_at_once_and_share_the_limit() {
    let folder = Folder::new();
    let path = folder.ledger().to_str().unwrap().to_owned();
    // Both find no ledger, and one makes it.
    let mut other = child("other_process", &path);
    wait_for(&mut other, "ready");
    compete(&path);
    assert!(other.wait().unwrap().success());
    let ledger = Ledger::open(&path).unwrap();
    let entries = ledger.entries(&Filter::new()).unwrap();
    let of = |who| entries.iter().filter(|entry| entry.person == person(who)).count();
    assert_eq!((of(1), of(2)), (250, 400));
    assert_eq!(ledger.counts(&Filter::new()).unwrap()[0].counts.billed, 650);
}

#[test]
#[ignore = "the process that is killed in the test below"]
fn victim() {
    if let Some(path) = told() {
        let ledger = Ledger::open(path).unwrap();
        ledger.begin(begin_at(MIDNIGHT)).unwrap();
        println!("begun");
        loop {
            std::thread::park();
        }
    }
}

#[test]
fn a_process_that_is_killed_leaves_a_begun_entry() {
    let folder = Folder::new();
    let mut victim = child("victim", folder.ledger().to_str().unwrap());
    wait_for(&mut victim, "begun");
    victim.kill().unwrap();
    victim.wait().unwrap();
    let ledger = Ledger::open(folder.ledger()).unwrap();
    let entries = ledger.entries(&Filter::new().open()).unwrap();
    assert_eq!(entries.len(), 1);
    assert_eq!((entries[0].billing(), &entries[0].completed), (Billing::Unknown, &None));
}

/// How many calls a second have both entries written: `cargo test --release -p heyan-std --features ledger --test
/// ledger -- --ignored --exact throughput --nocapture`. The folder is in the target directory, so it is that drive's.
#[test]
#[ignore = "a measurement"]
fn throughput() {
    for threads in [1, 8, 64] {
        let folder = Folder::new();
        let ledger = Ledger::open(folder.ledger()).unwrap();
        let start = std::time::Instant::now();
        let per_thread: u64 = 4000 / (threads + 4);
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    for n in 0..per_thread {
                        ledger.end(ledger.begin(begin_at(MIDNIGHT + n)).unwrap(), matched());
                    }
                });
            }
        });
        ledger.flush().unwrap();
        let calls = threads * per_thread;
        let seconds = start.elapsed().as_secs_f64();
        println!(
            "{threads} threads: {:.0} calls/s, {:.2} ms each",
            calls as f64 / seconds,
            1e3 * seconds * threads as f64 / calls as f64
        );
    }
}
