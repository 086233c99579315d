//! `heyan batch`: files in, files out, and whatever may happen between.

use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;
use std::process::Child;

use heyan_sandbox::Sandbox;
use heyan_std::ledger::rusqlite::Connection;
use serde_json::Value;

use crate::run::{DUMMY, Heyan, Run, Trap, conceals, heyan};

/// A folder of a test's own.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("heyan-batch-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        fs::write(self.0.join(name), content).unwrap();
        self.path(name)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.0.join(name)).unwrap()
    }

    /// Columns of the output, without its head.
    fn rows(&self, name: &str) -> Vec<Vec<String>> {
        self.read(name).lines().skip(1).map(|line| line.split(',').map(str::to_owned).collect()).collect()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn batch<'a>(input: &str, output: &str) -> Heyan<'a> {
    heyan(["batch", "--consent", "--json", "--provider", "idcert", "--input", input, "--output", output])
}

fn at(sandbox: &Sandbox) -> [String; 3] {
    ["--insecure-http".to_owned(), "--base-url".to_owned(), sandbox.url()]
}

/// Numbers of nobody: valid, all different, births in 1900.
fn ids(count: usize) -> Vec<String> {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let days = (1..=12).flat_map(|month| (1..=28).map(move |day| (month, day)));
    let all = (100..1000).flat_map(|order| days.clone().map(move |(month, day)| (order, month, day)));
    let with_check = |(order, month, day)| {
        let digits = format!("1101011900{month:02}{day:02}{order}");
        let sum: u32 = digits.chars().zip(WEIGHTS).map(|(digit, weight)| digit.to_digit(10).unwrap() * weight).sum();
        format!("{digits}{}", char::from(b"10X98765432"[(sum % 11) as usize]))
    };
    all.map(with_check).take(count).collect()
}

fn table(ids: &[String]) -> String {
    ids.iter().fold("name,id\n".to_owned(), |table, id| table + "张三," + id + "\n")
}

/// How often each number was asked for and answered.
fn answered(sandbox: &Sandbox) -> HashMap<String, usize> {
    let mut answered = HashMap::new();
    for request in sandbox.requests() {
        let text = format!("{}{}", request.target, String::from_utf8_lossy(&request.body));
        let from = text.find("1101011900").unwrap();
        *answered.entry(text[from..from + 18].to_owned()).or_default() += 1;
    }
    answered
}

/// Entries of each row that were never completed.
fn broken_off(ledger: &str) -> HashMap<i64, usize> {
    let connection = Connection::open(ledger).unwrap();
    let mut select = connection
        .prepare("SELECT origin & 0xFFFFFFFF, count(*) FROM attempt WHERE class IS NULL GROUP BY origin")
        .unwrap();
    let rows = select.query_map((), |row| Ok((row.get(0)?, row.get::<_, i64>(1)? as usize))).unwrap();
    rows.map(Result::unwrap).collect()
}

fn start(heyan: &Heyan<'_>) -> Child {
    heyan.command().spawn().unwrap()
}

/// What is left to say when it ended by itself.
fn ended(child: Child) -> Run {
    let output = child.wait_with_output().unwrap();
    Run {
        status: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Waits until so many calls were billed, or the process ended. `true`: it still runs.
fn runs_until(child: &mut Child, sandbox: &Sandbox, billed: u64) -> bool {
    while sandbox.report().billed() < billed {
        if child.try_wait().unwrap().is_some() {
            return false;
        }
        std::thread::yield_now();
    }
    child.try_wait().unwrap().is_none()
}

const HEAD: &str = "row,line,id,verdict,refusal,error,reason,code,billing,reference,provider";

#[test]
fn both_encodings_both_languages_of_columns_and_bad_rows() {
    let sandbox = Sandbox::builder().record(true).start().unwrap();
    let folder = Folder::new("encodings");
    let chinese = "编号,姓名,身份证号\n1,李四,11010519491231002X\n2,王*,11010519491231002X\n\
        3,张三,110105194912310021\n4,李四\n5,张三,11010119000101009X\n6,李四,11010119000101009X\n";
    let english = "id_number,name\r\n11010519491231002X,李四\r\n";
    let (gbk, _, lost) = encoding_rs::GBK.encode(chinese);
    assert!(!lost);
    let inputs = [
        folder.write("utf8.csv", chinese),
        folder.write("mark.csv", format!("\u{FEFF}{chinese}")),
        folder.write("gbk.csv", gbk),
    ];
    for input in &inputs {
        let output = format!("{input}.out.csv");
        let run = batch(input, &output).and(at(&sandbox)).env(DUMMY).run();
        assert_eq!(run.status, 4, "{}", run.stderr);
        let json = run.json();
        assert_eq!(json["endings"], serde_json::json!({"bad_row": 3, "match": 2, "mismatch": 1}));
        assert_eq!((&json["billed"], &json["complete"], &json["asked"]), (&3.into(), &true.into(), &3.into()));
        let text = fs::read_to_string(&output).unwrap();
        conceals(&text);
        let rows: Vec<Vec<&str>> = text.lines().skip(1).map(|line| line.split(',').collect()).collect();
        assert_eq!(text.lines().next().unwrap(), HEAD);
        let brief: Vec<[&str; 5]> = rows.iter().map(|row| [row[1], row[3], row[5], row[6], row[8]]).collect();
        assert_eq!(
            brief,
            [
                ["2", "match", "", "", "billed"],
                ["3", "", "bad_row", "name_masked", "free"],
                ["4", "", "bad_row", "id_checksum", "free"],
                ["5", "", "bad_row", "id_length", "free"],
                ["6", "match", "", "", "billed"],
                ["7", "mismatch", "", "", "billed"],
            ]
        );
        assert_eq!((rows[0][2], rows[0][7], rows[0][10]), ("1101**********002X", "01", "idcert"));
    }
    assert_eq!(sandbox.report().billed(), 9);

    let (input, output) = (folder.write("english.csv", english), folder.path("english.out.csv"));
    let run = batch(&input, &output).and(at(&sandbox)).and(["--reveal"]).env(DUMMY).run();
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(folder.read("english.out.csv").contains("1,2,李四,11010519491231002X,,match,"));
}

#[test]
fn json_lines_and_three_factors() {
    let sandbox = Sandbox::builder().start().unwrap();
    let folder = Folder::new("json");
    let input = folder.write(
        "in.jsonl",
        "{\"姓名\":\"张三\",\"身份证\":\"11010119000101009X\",\"手机号\":13000000000}\n\n\
         {\"name\":\"张三\",\"id\":\"11010119000101009X\",\"phone\":\"130\"}\nno object\n\
         {\"name\":\"张三\",\"id\":\"11010119000101009X\"}\n",
    );
    let output = folder.path("out.jsonl");
    let run = heyan(["batch", "--consent", "--provider", "sjsys", "--input", &input, "--output", &output]);
    let run = run.and(at(&sandbox)).env(DUMMY).run();
    assert_eq!(run.status, 4, "{}", run.stderr);
    assert_eq!(
        run.stdout,
        "4 of 4 rows finished (1 asked now): bad_row 3, match 1; without a verdict 3; calls billed 1, possibly billed 0.\n"
    );
    let rows: Vec<Value> = folder.read("out.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let reasons: Vec<&Value> = rows.iter().map(|row| &row["reason"]).collect();
    assert_eq!(reasons, [&Value::Null, &"mobile_length".into(), &"not_an_object".into(), &"mobile_missing".into()]);
    assert_eq!((&rows[0]["verdict"], &rows[2]["line"], &rows[2]["row"]), (&"match".into(), &4.into(), &3.into()));
}

#[test]
fn a_finished_job_asks_nobody_and_another_one_does() {
    let sandbox = Sandbox::builder().start().unwrap();
    let folder = Folder::new("finished");
    let (input, output) = (folder.write("in.csv", table(&ids(20))), folder.path("out.csv"));
    let run = || batch(&input, &output).and(at(&sandbox)).env(DUMMY);
    assert_eq!(run().run().json()["asked"], 20);
    let first = folder.read("out.csv");
    let again = run().run();
    assert_eq!((again.status, &again.json()["asked"], &again.json()["billed"]), (0, &0.into(), &20.into()));
    assert_eq!(folder.read("out.csv"), first);
    assert_eq!(sandbox.report().billed(), 20);
    assert!(!folder.0.join("out.csv.part").exists());
    // The calls' entries are enough.
    let connection = Connection::open(folder.0.join("out.csv.ledger")).unwrap();
    assert_eq!(connection.query_row("SELECT count(*) FROM batch_row", (), |row| row.get::<_, i64>(0)).unwrap(), 0);
    drop(connection);
    assert_eq!(run().run().json()["asked"], 0);
    assert_eq!((sandbox.report().billed(), folder.read("out.csv")), (20, first));
    // Other rules are another job.
    assert_eq!(run().and(["--lenient"]).run().json()["asked"], 20);
    // In the ledger nobody is named.
    let ledger = String::from_utf8_lossy(&fs::read(folder.0.join("out.csv.ledger")).unwrap()).into_owned();
    assert!(ledger.contains("batch_row") && !ledger.contains("张三") && !ledger.contains(&ids(1)[0]));
}

#[test]
fn what_it_cost_is_told_where_the_price_is_known() {
    let sandbox = Sandbox::builder().start().unwrap();
    let folder = Folder::new("cost");
    let ledger = folder.path("ledger.db");
    let add = ["quota", "--ledger", &ledger, "add", "--provider", "idcert", "--calls", "10", "--price", "3.8"];
    let add = || heyan(add).and(["--expires", "2099-05-25"]);
    let first = folder.write("first.csv", table(&ids(3)));
    let run = |output: &str| {
        batch(&first, &folder.path(output)).and(["--ledger", &ledger]).and(at(&sandbox)).env(DUMMY).run()
    };
    assert_eq!(run("out.csv").json()["billed_yuan"], Value::Null);
    assert_eq!(add().run().status, 0);
    // It was finished before: what is known by now is told.
    assert_eq!(
        (&run("out.csv").json()["billed_yuan"], run("out.csv").json()["asked"].clone()),
        (&"1.14".into(), 0.into())
    );
    let text =
        heyan(["batch", "--consent", "--provider", "idcert", "--input", &first, "--output", &folder.path("b.csv")]);
    let text = text.and(["--ledger", &ledger]).and(at(&sandbox)).env(DUMMY).run();
    assert!(text.stdout.contains("calls billed 3 (1.14 yuan), possibly billed 0"), "{}", text.stdout);
}

#[test]
fn an_account_out_of_service_is_no_row_s_ending() {
    let sandbox = Sandbox::builder().quota(Some(7)).start().unwrap();
    let folder = Folder::new("quota");
    let (input, output) = (folder.write("in.csv", table(&ids(20))), folder.path("out.csv"));
    let run = || batch(&input, &output).and(["--workers", "3"]).and(at(&sandbox)).env(DUMMY);
    let first = run().run();
    assert_eq!(first.status, 4);
    let json = first.json();
    assert_eq!(
        (&json["complete"], &json["finished"], &json["endings"]),
        (&false.into(), &7.into(), &serde_json::json!({"no_record": 7})),
        "{}",
        first.stderr
    );
    assert!(first.stderr.contains("no account is in service"), "{}", first.stderr);
    assert!(!folder.0.join("out.csv").exists());
    // Calls were bought: another gateway of the same address would do, which a test cannot have.
    let json = run().run().json();
    assert_eq!((&json["finished"], &json["asked"], &json["billed"]), (&7.into(), &0.into(), &7.into()));
}

#[test]
fn what_somebody_should_know_is_said_in_one_language() {
    let sandbox = Sandbox::builder().quota(Some(10)).start().unwrap();
    let folder = Folder::new("alerts");
    let (input, output, ledger) =
        (folder.write("in.csv", table(&ids(12))), folder.path("out.csv"), folder.path("l.db"));
    let add = ["quota", "add", "--ledger", &ledger, "--provider", "idcert", "--calls", "10", "--price", "3"];
    assert_eq!(heyan(add).and(["--expires", "2999-01-01"]).run().status, 0);
    let run = batch(&input, &output).and(["--workers", "1", "--ledger", &ledger, "--lang", "zh"]);
    let run = run.and(at(&sandbox)).env(DUMMY).run();
    let alerts: Vec<&str> = run.stderr.lines().filter(|line| line.contains("提醒：")).collect();
    for words in ["剩 2/10 次", "剩 0/10 次", "停止使用，因为套餐次数已用完"] {
        assert!(alerts.iter().any(|alert| alert.contains(words)), "{words}: {}", run.stderr);
    }
    assert_eq!(alerts.len(), 3, "{}", run.stderr);
    // But for the account's name, nothing is left in the other language.
    let english = |line: &&str| {
        line.replace("idcert/default", "").replace("heyan", "").contains(|c: char| c.is_ascii_alphabetic())
    };
    assert_eq!(alerts.iter().filter(|line| english(line)).count(), 0, "{}", run.stderr);
}

#[test]
fn free_failures_are_asked_again_on_demand_only() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let folder = Folder::new("free");
    let (input, output) = (folder.write("in.csv", table(&ids(1))), folder.path("out.csv"));
    let url = format!("http://{closed}");
    let run = || batch(&input, &output).and(["--insecure-http", "--base-url", &url, "--timeout", "1"]).env(DUMMY);
    let first = run().run();
    assert_eq!((first.status, &first.json()["endings"]["connect"]), (4, &1.into()), "{}", first.stderr);
    assert_eq!(run().run().json()["asked"], 0);
    assert_eq!(run().and(["--retry-free"]).run().json()["asked"], 1);
}

#[cfg(unix)]
#[test]
fn one_at_a_time_and_ctrl_c_loses_nothing() {
    let sandbox = Sandbox::builder().record(true).start().unwrap();
    let folder = Folder::new("signal");
    let (input, output) = (folder.write("in.csv", table(&ids(60))), folder.path("out.csv"));
    let run = || batch(&input, &output).and(at(&sandbox)).env(DUMMY);
    let mut first = start(&run().and(["--rate", "20"]));
    assert!(runs_until(&mut first, &sandbox, 3));
    run().run().is_wrong_use(&["another batch", "out.csv.ledger.lock"]);
    let other = folder.path("other.ledger");
    run().and(["--ledger", &other]).run().is_wrong_use(&["another batch", "out.csv.part"]);

    let id = first.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    let first = ended(first);
    assert_eq!(first.status, 4, "{}", first.stderr);
    assert!(first.stderr.contains("run the same command again"), "{}", first.stderr);
    let done = first.json()["finished"].as_u64().unwrap();
    assert!((3..60).contains(&done), "{done}");
    assert_eq!((done, &first.json()["possibly_billed"]), (sandbox.report().billed(), &0.into()));

    let second = run().run();
    assert_eq!((second.status, &second.json()["asked"]), (0, &(60 - done).into()), "{}", second.stderr);
    assert!(answered(&sandbox).values().all(|count| *count == 1));
    assert_eq!(answered(&sandbox).len(), 60);
}

/// Kills a batch at moments that are spread over it, then lets it finish.
#[cfg(unix)]
fn survives(name: &str, rows: usize, kills: u64) {
    let sandbox = Sandbox::builder().record(true).start().unwrap();
    let folder = Folder::new(name);
    let ids = ids(rows);
    let (input, output) = (folder.write("in.csv", table(&ids)), folder.path("out.csv"));
    let run = || batch(&input, &output).and(at(&sandbox)).and(["--workers", "6"]).env(DUMMY);
    let step = rows as u64 / (kills + 1);
    let mut killed = 0;
    for kill in 1..=kills {
        let mut child = start(&run());
        // Uneven, so that it is not always the same moment of a commit.
        let moment = sandbox.report().billed() + step / 2 + kill * 7919 % step.max(2);
        let runs = runs_until(&mut child, &sandbox, moment);
        child.kill().unwrap();
        child.wait().unwrap();
        killed += u64::from(runs);
    }
    assert!(killed > 0, "it was too quick to be killed");
    let last = run().run();
    assert_eq!(last.status, 0, "{}", last.stderr);

    let written = folder.rows("out.csv");
    assert_eq!(written.len(), rows);
    for (row, line) in written.iter().enumerate() {
        let masked = format!("1101**********{}", &ids[row][14..]);
        assert_eq!((&line[0], &line[2], &line[3]), (&(row + 1).to_string(), &masked, &"no_record".to_owned()));
    }
    let (answered, broken_off) = (answered(&sandbox), broken_off(&folder.path("out.csv.ledger")));
    for (row, id) in ids.iter().enumerate() {
        let listed = broken_off.get(&(row as i64 + 1)).copied().unwrap_or_default();
        let twice = answered[id] - 1;
        assert!(twice <= listed, "row {} was answered {twice} times too often, {listed} listed", row + 1);
    }
    let listed: usize = broken_off.values().sum();
    assert_eq!(last.json()["possibly_billed"], listed);
    // What is under way when it is killed: a call of each worker, what ended so lately that it is not written down, and
    // what is begun to be asked within milliseconds.
    let twice: usize = answered.values().map(|count| count - 1).sum();
    eprintln!("{killed} kills: {listed} calls listed as possibly billed, {twice} rows answered twice");
    assert!(listed as u64 <= kills * 64 && twice as u64 <= kills * 32, "{listed} {twice}");
}

#[cfg(unix)]
#[test]
fn no_row_is_billed_twice_whenever_it_is_killed() {
    survives("kill", 500, 5);
}

#[cfg(unix)]
#[test]
#[ignore = "takes a minute; cargo xtask test runs it"]
fn fifty_kills_over_ten_thousand_rows() {
    survives("soak", 10_000, 50);
}

#[test]
fn wrong_use_is_found_before_anything_is_sent() {
    let trap = Trap::new();
    let folder = Folder::new("wrong");
    let (input, output) = (folder.write("in.csv", table(&ids(2))), folder.path("out.csv"));
    let run = |input: &str, output: &str, rest: &[&str]| {
        let run = heyan(["batch", "--consent", "--input", input, "--output", output]).and(rest.iter().copied());
        run.and(["--insecure-http", "--base-url", &trap.url("http")]).env(DUMMY).run()
    };
    let idcert = ["--provider", "idcert"];
    let with = |rest: &[&str]| run(&input, &output, &[&idcert, rest].concat());
    let no_consent = heyan(["batch", "--provider", "idcert", "--input", &input, "--output", &output]).env(DUMMY).run();
    no_consent.is_wrong_use(&["each person agreed", "--consent"]);
    with(&["--workers", "0"]).is_wrong_use(&["--workers", "256"]);
    with(&["--rate", "x"]).is_wrong_use(&["--rate", "10000"]);
    with(&["--encoding", "klingon"]).is_wrong_use(&["--encoding", "gbk"]);
    with(&["--provider", "sjsys"]).is_wrong_use(&["idcert", "same factors"]);
    run(&input, &output, &["--provider", "sjsys"]).is_wrong_use(&["mobile", "column"]);
    run(&input, &input, &idcert).is_wrong_use(&["same file"]);
    run(&folder.path("nowhere.csv"), &output, &idcert).is_wrong_use(&["--input", "nowhere.csv"]);
    run(&input, &folder.path("nowhere/out.csv"), &idcert).is_wrong_use(&["cannot be written"]);
    run(&input, &folder.path("out.xls"), &idcert).is_wrong_use(&["--format"]);
    let twice = folder.write("twice.csv", "姓名,name,id\n");
    run(&twice, &output, &idcert).is_wrong_use(&["more than one column"]);
    let headless = folder.write("headless.csv", "张三,11010119000101009X\n");
    run(&headless, &output, &idcert).is_wrong_use(&["no column"]);
    let endless = folder.write("endless.csv", format!("name,id\na,b\n\"{}", "c\n".repeat(64 * 1024)));
    run(&endless, &output, &idcert).is_wrong_use(&["line 3", "65536 bytes"]);
    let foreign = folder.write("foreign.ledger", "no database, and long enough to be seen as none");
    with(&["--ledger", &foreign]).is_wrong_use(&["ledger"]);
    trap.is_untouched();
}
