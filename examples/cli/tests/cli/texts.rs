//! What people read, in both languages, and what happens when nobody does.

use std::process::Stdio;

use crate::run::{DUMMY, Heyan, PERSON, Trap, heyan};

#[test]
fn the_language_follows_the_argument_then_the_environment() {
    let verify = || heyan(["verify", "--sandbox", "--consent", "--provider", "idcert"]).and(PERSON);
    for (run, chinese) in [
        (verify(), false),
        (verify().env(("LANG", "zh_CN.UTF-8")), true),
        (verify().env(("LANG", "zh_CN.UTF-8")).env(("LC_ALL", "en_US.UTF-8")), false),
        (verify().env(("LANG", "en_US.UTF-8")).and(["--lang", "zh"]), true),
        (verify().env(("LC_ALL", "zh_CN.UTF-8")).and(["--lang=en"]), false),
    ] {
        let run = run.run();
        let first = run.stdout.lines().next().unwrap();
        let expected = if chinese {
            "【模拟】一致：姓名和身份证号码属于同一个人。"
        } else {
            "SIMULATED: MATCH: name and identity number belong to one person."
        };
        assert_eq!(first, expected);
    }
    let trap = Trap::new();
    let wrong = |rest: &[&str]| heyan(["verify", "--lang", "zh"]).and(rest.iter().copied()).env(DUMMY).run();
    let url = trap.url("http");
    wrong(&["--provider", "idcert", "--name", "张*", "--id", "1"]).is_wrong_use(&["姓名", "打过码"]);
    wrong(&["--provider", "nobody", "--name", "", "--id", "1"]).is_wrong_use(&["checkone、idenauthen"]);
    wrong(&["--provider", "idcert", "--name", "a", "--id", "1", "--base-url", &url]).is_wrong_use(&["明文"]);
    wrong(&["--provider", "idcert"]).is_wrong_use(&["缺少", "--name"]);
    trap.is_untouched();
}

#[test]
fn a_text_begins_with_the_verdict_then_the_cost_then_the_next_step() {
    let run = heyan(["verify", "--sandbox", "--consent", "--provider", "idenauthen", "--reveal"]).and(PERSON).run();
    let labels: Vec<&str> = run.stdout.lines().filter_map(|line| line.split(": ").next()).collect();
    assert_eq!(labels[2..], ["cost", "next", "reference", "asked", "code", "details"]);
    assert!(run.stdout.contains("asked: idenauthen (云亿互通), 张三, 11010119000101009X\n"), "{}", run.stdout);
    assert!(!run.stdout.contains('\u{1b}'), "colour is for terminals");
}

#[test]
fn help_and_version_are_no_errors() {
    for (arguments, words) in [
        (&["--help"][..], &["Usage: heyan", "64"][..]),
        (&["--help", "--lang", "zh"], &["用法：heyan", "64"]),
        (&["--version"], &["heyan 0."]),
        (&["-h"], &["Commands"]),
        (&["verify", "--help"], &["--consent", "failover"]),
        (&["batch", "--help"], &["--consent", "--retry-free", "GBK"]),
        (&["check", "--help", "--lang", "zh"], &["--lenient", "离线"]),
        (&["explain", "--help"], &["--header"]),
        (&["request", "--help"], &["--curl"]),
        (&["providers", "--help"], &["List"]),
        (&["quota", "--help"], &["--per-day", "reconcile"]),
        (&["quota", "add", "--help"], &["--expires"]),
        (&["quota", "reconcile", "--help", "--lang", "zh"], &["--settle", "使用明细"]),
        (&["sandbox", "--help"], &["--listen"]),
    ] {
        let run = heyan(arguments.iter().copied()).run();
        assert_eq!((run.status, run.stderr.as_str()), (0, ""), "{arguments:?}");
        for word in words {
            assert!(run.stdout.contains(word), "{word}: {}", run.stdout);
        }
    }
}

#[test]
fn the_table_has_every_provider() {
    let run = heyan(["providers", "--json"]).run();
    let rows: Vec<serde_json::Value> = run.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let slugs: Vec<&str> = rows.iter().map(|row| row["provider"].as_str().unwrap()).collect();
    assert_eq!(slugs, ["checkone", "idenauthen", "idcert", "sjsys", "sfz2"]);
    assert_eq!(
        run.stdout.lines().nth(3).unwrap(),
        "{\"provider\":\"sjsys\",\"vendor\":\"数据宝\",\"factors\":[\"name\",\"id\",\"mobile\"],\"method\":\"POST\",\
         \"host\":\"sjsys.market.alicloudapi.com\",\"path\":\"/communication/personal/1979\",\"billed_status\":[200,299],\
         \"takes_vendor_key\":true,\"product_page\":\"https://market.aliyun.com/products/57126001/cmapi00035240.html\"}"
    );
    for lang in ["zh", "en"] {
        let text = heyan(["providers", "--lang", lang]).run().stdout;
        assert_eq!(text.lines().count(), 6);
        assert!(slugs.iter().zip(text.lines().skip(1)).all(|(slug, line)| line.starts_with(slug)), "{text}");
    }
}

/// Standard output is closed before the command writes to it.
fn closed(heyan: &Heyan<'_>) -> (Option<i32>, String) {
    let mut child = heyan.command().spawn().unwrap();
    drop(child.stdout.take());
    drop(child.stdin.take());
    let output = child.wait_with_output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn a_closed_output_is_no_reason_to_panic() {
    let verify = heyan(["verify", "--sandbox", "--json", "--consent", "--provider", "idcert", "--name", "李四"]);
    // The status still tells the verdict that was paid for.
    assert_eq!(closed(&verify.and(["--id", "11010119000101009X"])), (Some(1), String::new()));
    assert_eq!(closed(&heyan(["providers"])), (Some(0), String::new()));
    assert_eq!(closed(&heyan(["--help"])), (Some(0), String::new()));
    assert_eq!(closed(&heyan(["check", "110101190001010058"])), (Some(1), String::new()));
    let mut silent = heyan(["check", "--json", "1"]).command();
    silent.stderr(Stdio::null()).stdout(Stdio::null());
    assert_eq!(silent.status().unwrap().code(), Some(1));
}

#[test]
fn a_flag_without_effect_is_mentioned() {
    let run = heyan(["--sandbox", "check", "11010119000101009X"]).run();
    assert_eq!(run.status, 0);
    assert!(run.stderr.contains("--sandbox"), "{}", run.stderr);
}

#[cfg(unix)]
#[test]
fn the_simulated_gateway_runs_on_its_own() {
    use std::io::{BufRead, BufReader};

    let mut child = heyan(["sandbox", "--listen", "127.0.0.1:0"]).command().spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let ready = lines.next().unwrap().unwrap();
    let url = ready.strip_prefix("ready ").and_then(|rest| rest.split(' ').next()).unwrap();
    assert!(ready.contains("simulated"), "{ready}");
    let verify = heyan(["verify", "--consent", "--provider", "idcert", "--insecure-http", "--base-url", url]);
    assert_eq!(verify.and(PERSON).env(DUMMY).run().status, 0);
    child.kill().unwrap();
    child.wait().unwrap();
}
