//! `heyan quota`: what is left, and whether the console counts the same.

use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use heyan::policy::{AccountId, Class, Ending, Package, Slug};
use heyan::{Billing, Date, IdNumber, Retry};
use heyan_std::ledger::{Begin, End, EntryId, Filter, Ledger, RaisedAlert, SettledBy};
use serde_json::{Value, json};

use crate::run::{Heyan, ID, PERSON, Run, heyan};

/// A folder with a ledger in it, gone when the test is.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("heyan-cli-quota-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn file(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }

    fn ledger(&self) -> Ledger {
        Ledger::open(self.file("ledger.db")).unwrap()
    }

    fn quota<'a>(&self, rest: &[&str]) -> Heyan<'a> {
        heyan(["quota", "--ledger", &self.file("ledger.db")]).and(rest.iter().copied())
    }

    /// `reconcile` with an export of these bytes.
    fn reconcile(&self, export: &[u8], rest: &[&str]) -> Run {
        let path = self.file("export.txt");
        std::fs::write(&path, export).unwrap();
        self.quota(&["reconcile", "--provider", "idcert", "--account", "main", &path]).and(rest.iter().copied()).run()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn main_account() -> (Slug, AccountId) {
    (Slug::new("idcert").unwrap(), AccountId::new("main").unwrap())
}

/// An entry; without a price one that was never completed.
fn enter(ledger: &Ledger, at: u64, billing: Option<Billing>) -> EntryId {
    let (provider, account) = main_account();
    let person = ledger.person(&IdNumber::parse(ID, Date::MAX).unwrap());
    let id = ledger.begin(Begin::new(provider, account, person, at)).unwrap();
    if let Some(billing) = billing {
        ledger.end(id, End::new(Ending::new(Class::Match, billing, Retry::Never), Duration::from_millis(300)));
    }
    id
}

fn now() -> u64 {
    u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

fn lines(run: &Run) -> Vec<Value> {
    run.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

const DAY: u64 = 86_400_000;
const MINUTE: u64 = 60_000;
/// 2018-03-19 10:00:01 in China.
const TEN: u64 = 1_521_424_801_000;

/// A row of the vendor's document, of the window that begins so many minutes after ten.
fn row(serial: u64, minutes: u64, calls: u64) -> String {
    let clock = |minutes: u64| format!("2018-03-19 {:02}:{:02}:01", 10 + minutes / 60, minutes % 60);
    format!("{serial}\t{} - {}\t套餐包消耗\t{calls}次\n", clock(minutes), clock(minutes + 10))
}

#[test]
fn what_is_left_is_counted_and_forecast() {
    let folder = Folder::new("show");
    let ledger = folder.ledger();
    let (provider, account) = main_account();
    let now = now();
    let midnight = (now + 8 * 3_600_000) / DAY * DAY - 8 * 3_600_000;
    ledger.buy(&provider, &account, Package::new(50, 38_500_000, now - 40 * DAY, now - 30 * DAY)).unwrap();
    ledger.buy(&provider, &account, Package::new(100, 38_000_000, now - 20 * DAY, midnight + 365 * DAY)).unwrap();
    // Before the last seven days: counts, but not for the rate.
    for _ in 0..20 {
        enter(&ledger, now - 10 * DAY, Some(Billing::Billed));
    }
    for _ in 0..69 {
        enter(&ledger, now - DAY, Some(Billing::Billed));
    }
    enter(&ledger, now - DAY, Some(Billing::Free));
    enter(&ledger, now - DAY, None);
    ledger.raise(&provider, &account, RaisedAlert::new("refused", 0, now)).unwrap();
    drop(ledger);

    let date = |unix_ms: u64| Date::from_unix_seconds(i64::try_from(unix_ms / 1000).unwrap()).unwrap().to_string();
    let run = folder.quota(&["--json"]).run();
    let expected = json!({
        "provider": "idcert", "account": "main", "simulated": false,
        "billed": 89, "possibly_billed": 1, "not_completed": 1, "free": 1,
        "total": 100, "left": 10, "left_at_most": 11,
        // 70 in seven days.
        "per_day": 10, "runs_out": date(now + DAY), "alerts": ["low", "refused"],
        "packages": [
            {"id": 1, "calls": 50, "price_yuan": "38.5", "bought": date(now - 40 * DAY), "expires": date(now - 30 * DAY),
             "expired": true, "billed": 0, "possibly_billed": 0, "left": 50},
            {"id": 2, "calls": 100, "price_yuan": "38", "bought": date(now - 20 * DAY), "expires": date(midnight + 365 * DAY),
             "expired": false, "billed": 89, "possibly_billed": 1, "left": 10},
        ],
    });
    assert_eq!((run.status, run.json()), (0, expected), "{}", run.stderr);

    let given = folder.quota(&["--json", "--per-day", "5"]).run().json();
    assert_eq!((&given["per_day"], &given["runs_out"]), (&5.into(), &date(now + 2 * DAY).into()));
    let english = folder.quota(&[]).run().stdout;
    for part in ["idcert / main", "89 billed, 1 possibly billed", "10 of 100; 11 if none", "last 7 days", "(low)"] {
        assert!(english.contains(part), "{part}: {english}");
    }
    let chinese = folder.quota(&["--lang", "zh"]).run().stdout;
    for part in ["已计费 89 次，可能计费 1 次", "剩余：10/100 次", "最近 7 天", "（refused）"] {
        assert!(chinese.contains(part), "{part}: {chinese}");
    }
}

#[test]
fn a_package_is_added_and_the_sandbox_s_calls_come_off_it() {
    let folder = Folder::new("add");
    let add = |rest: &[&str]| {
        folder
            .quota(&["add", "--provider", "idcert", "--account", "simulated", "--price", "38.5"])
            .and(rest.iter().copied())
    };
    let run = add(&["--calls", "10", "--expires", "2099-05-25", "--used", "3", "--json"]).run();
    let json = run.json();
    assert_eq!((run.status, &json["left"], &json["runs_out"]), (0, &7.into(), &"2099-05-25".into()));
    let package = &json["packages"][0];
    assert_eq!((&package["expires"], &package["price_yuan"]), (&"2099-05-25".into(), &"38.5".into()));

    let verify = heyan(["--sandbox", "verify", "--consent", "--provider", "idcert"]).and(PERSON);
    assert_eq!(verify.and(["--ledger", &folder.file("ledger.db")]).run().status, 0);
    let json = folder.quota(&["--json"]).run().json();
    assert_eq!((&json["simulated"], &json["billed"], &json["left"]), (&true.into(), &1.into(), &6.into()));
    assert!(folder.quota(&[]).run().stdout.starts_with("SIMULATED: idcert / simulated\n"));

    // A package makes up for what the gateway refused.
    let (provider, account) = (Slug::new("idcert").unwrap(), AccountId::new("simulated").unwrap());
    folder.ledger().raise(&provider, &account, RaisedAlert::new("refused", 0, now())).unwrap();
    assert_eq!(folder.quota(&["--json"]).run().json()["alerts"], json!(["refused"]));
    let run = add(&["--calls", "5", "--expires", "2098-05-25", "--bought", "2026-01-01", "--json"]).run();
    assert_eq!((&run.json()["alerts"], &run.json()["total"]), (&json!([]), &15.into()));
}

#[test]
fn windows_that_agree_settle_what_was_not_known() {
    let folder = Folder::new("settle");
    let ledger = folder.ledger();
    // 10:00 to 10:30. In the second window one was charged, in the third none was.
    enter(&ledger, TEN, Some(Billing::Billed));
    enter(&ledger, TEN + 9 * MINUTE, Some(Billing::Free));
    let charged = [enter(&ledger, TEN + 10 * MINUTE, None), enter(&ledger, TEN + 19 * MINUTE, Some(Billing::Unknown))];
    enter(&ledger, TEN + 20 * MINUTE, Some(Billing::Billed));
    let free = enter(&ledger, TEN + 21 * MINUTE, None);
    // At the end of the export: the console may count it later.
    let late = enter(&ledger, TEN + 30 * MINUTE - 1, None);
    enter(&ledger, TEN + 50 * MINUTE, Some(Billing::Billed));
    drop(ledger);

    // The document's order: the last window first. One row twice.
    let export =
        format!("流水编号\t处理时间\t备注\t消耗\n{}{}{}{}", row(3, 20, 1), row(2, 10, 2), row(2, 10, 2), row(1, 0, 1));
    let run = folder.reconcile(export.as_bytes(), &["--json"]);
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
    let found = lines(&run);
    let window = json!({
        "kind": "window", "from": "2018-03-19T10:10:01+08:00", "until": "2018-03-19T10:20:01+08:00", "serials": ["2"],
        "console": 2, "billed": 0, "possibly_billed": 2, "agrees": true, "meaning": null, "decides": "billed", "settled": 0,
    });
    assert_eq!(found[1], window);
    let summary = json!({
        "kind": "summary", "provider": "idcert", "account": "main", "agrees": true, "windows": 3, "differ": 0, "bad_rows": 0,
        "repeated_rows": 1, "console": 4, "billed": 2, "possibly_billed": 4, "decided": 3, "settled": 0,
        "outside_of_export": 1,
    });
    assert_eq!(found[3], summary);
    let prices = |ids: &[EntryId]| {
        let ledger = folder.ledger();
        ids.iter()
            .map(|id| ledger.entry(*id).unwrap().settled.map(|settled| (settled.billing, settled.by)))
            .collect::<Vec<_>>()
    };
    assert_eq!(prices(&charged), [None, None]);

    let run = folder.reconcile(export.as_bytes(), &["--settle"]);
    assert_eq!(run.status, 0);
    assert!(run.stdout.starts_with("AGREES: ") && run.stdout.contains("3 of the possibly billed"), "{}", run.stdout);
    assert_eq!(prices(&charged), [Some((Billing::Billed, SettledBy::Reconciled)); 2]);
    assert_eq!(prices(&[free, late]), [Some((Billing::Free, SettledBy::Reconciled)), None]);
    // Kept for each window: once before and once after it was settled, not once more.
    folder.reconcile(export.as_bytes(), &[]);
    folder.reconcile(export.as_bytes(), &[]);
    let (provider, account) = main_account();
    assert_eq!(folder.ledger().reconciliations(&provider, &account).unwrap().len(), 3 + 2);
    assert_eq!(folder.ledger().counts(&Filter::new()).unwrap()[0].counts.possibly, 1);
}

#[test]
fn windows_that_differ_are_named_with_both_numbers() {
    let folder = Folder::new("differ");
    let ledger = folder.ledger();
    let billed = |minute: u64, count: usize| {
        for _ in 0..count {
            enter(&ledger, TEN + minute * MINUTE, Some(Billing::Billed));
        }
    };
    billed(0, 3); // the console has 2, and one more in the next window
    billed(10, 1);
    billed(30, 1); // the console has no row
    billed(50, 2); // the console has 1
    let open = enter(&ledger, TEN + 61 * MINUTE, None); // next to a window that differs: nothing is sure
    billed(80, 1); // the console has 4
    drop(ledger);
    let export = [row(1, 0, 2), row(2, 10, 2), row(3, 50, 1), row(4, 60, 1), row(5, 80, 4)].concat();
    let run = folder.reconcile(export.as_bytes(), &["--json", "--settle"]);
    assert_eq!(run.status, 1);
    let found: Vec<_> = lines(&run)
        .into_iter()
        .filter(|line| line["kind"] == "window")
        .map(|line| json!([line["from"].as_str().unwrap()[11..16], line["console"], line["billed"], line["meaning"]]))
        .collect();
    let expected = [
        json!(["10:00", 2, 3, "neighbour"]),
        json!(["10:10", 2, 1, "neighbour"]),
        json!(["10:30", 0, 1, "no_row_in_export"]),
        json!(["10:50", 1, 2, "console_counted_fewer"]),
        json!(["11:00", 1, 0, null]),
        json!(["11:20", 4, 1, "calls_besides_ledger"]),
    ];
    assert_eq!(found, expected);
    assert_eq!(folder.ledger().entry(open).unwrap().settled, None);
    let text = folder.reconcile(export.as_bytes(), &["--lang", "zh"]).stdout;
    assert!(text.starts_with("不相符：6 个时段中 5 个不符"), "{text}");
    assert!(text.contains("2018-03-19 11:20:01 - 2018-03-19 11:30:01：控制台 4 次，账本已计费 1 次"), "{text}");
}

#[test]
fn an_export_in_gbk_with_bad_rows_is_read_and_the_rows_are_named() {
    let folder = Folder::new("gbk");
    let ledger = folder.ledger();
    enter(&ledger, TEN, Some(Billing::Billed));
    let open = enter(&ledger, TEN + MINUTE, None);
    drop(ledger);
    let good = b"455784350650,2018-03-19 10:00:01 - 2018-03-19 10:10:01,\xcc\xd7\xb2\xcd\xb0\xfc\xcf\xfb\xba\xc4,1\xb4\xce\r\n";
    let head =
        b"\xc1\xf7\xcb\xae\xb1\xe0\xba\xc5,\xb4\xa6\xc0\xed\xca\xb1\xbc\xe4,\xb1\xb8\xd7\xa2,\xcf\xfb\xba\xc4\r\n";
    let bad =
        b"4.55E+11,2018-03-19 10:10:01 - 2018-03-19 10:20:01,\xcc\xd7\xb2\xcd\xb0\xfc\xcf\xfb\xba\xc4,6\xb4\xce\r\n";
    let run = folder.reconcile(&[&head[..], good, bad].concat(), &["--json", "--settle"]);
    assert_eq!(run.status, 1);
    assert_eq!(lines(&run)[0], json!({"kind": "bad_row", "file": 1, "line": 3, "reason": "serial"}));
    assert!(run.stderr.contains("nothing was settled"), "{}", run.stderr);
    assert_eq!(folder.ledger().entry(open).unwrap().settled, None);
    let text = folder.reconcile(&[&head[..], good, bad].concat(), &[]).stdout;
    assert!(text.contains("file 1, line 3"), "{text}");

    let run = folder.reconcile(&[&head[..], good].concat(), &["--settle"]);
    assert_eq!(run.status, 0, "{}{}", run.stdout, run.stderr);
    assert_eq!(folder.ledger().entry(open).unwrap().billing(), Billing::Free);
}

#[test]
fn wrong_use_changes_nothing() {
    let folder = Folder::new("wrong");
    heyan(["quota"]).run().is_wrong_use(&["--ledger"]);
    heyan(["quota", "add", "--provider", "idcert"]).run().is_wrong_use(&["--calls", "--price", "--expires"]);
    // A wrong path makes no ledger.
    folder.quota(&[]).run().is_wrong_use(&["--ledger", "no such file"]);
    assert!(!folder.0.join("ledger.db").exists());
    drop(folder.ledger());
    folder.quota(&["--per-day", "0"]).run().is_wrong_use(&["--per-day"]);
    folder.quota(&["--per-day", "2", "add"]).run().is_wrong_use(&["missing"]);
    let add = |option: &str, value: &str| {
        let mut options =
            vec![("--provider", "idcert"), ("--calls", "10"), ("--price", "38"), ("--expires", "2099-01-01")];
        options.retain(|(name, _)| *name != option);
        options.push((option, value));
        let arguments: Vec<String> = options.iter().map(|(name, value)| format!("{name}={value}")).collect();
        folder.quota(&["add"]).and(arguments).run()
    };
    for (option, value, word) in [
        ("--provider", "nobody", "checkone"),
        ("--account", "a b", "--account"),
        ("--calls", "0", "--calls"),
        ("--calls", "ten", "--calls"),
        ("--price", "-1", "--price"),
        ("--expires", "2099-02-30", "--expires"),
        ("--expires", "2001-01-01", "expires before"),
        ("--bought", "2099-01-01", "--bought"),
        ("--used", "11", "--used"),
    ] {
        add(option, value).is_wrong_use(&[word]);
    }
    assert_eq!(folder.quota(&["--json"]).run().stdout, "");
    folder.quota(&["reconcile", "--provider", "idcert", "/nowhere/export"]).run().is_wrong_use(&["/nowhere/export"]);
    folder.reconcile(b"", &[]).is_wrong_use(&["no rows"]);
    folder.reconcile("\u{feff}no,export\n".as_bytes(), &[]).is_wrong_use(&["line 1", "not four fields"]);
    folder.reconcile(b"PK\x03\x04\x00", &[]).is_wrong_use(&["CSV"]);
}
