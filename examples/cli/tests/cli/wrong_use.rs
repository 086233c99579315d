//! Exit status 64: one sentence, nothing on standard output, and not a single connection.

use crate::run::{DUMMY, Heyan, ID, MOBILE, NAME, PERSON, Trap, heyan};

/// A verification that would reach the trap if nothing were wrong with it. `--consent` is missing where bad input has
/// to be found before anybody is asked for it.
fn verify<'a>(trap: &Trap, rest: &[&str]) -> Heyan<'a> {
    let base = ["verify", "--json", "--insecure-http", "--base-url"];
    heyan(base).and([trap.url("http")]).and(rest.iter().copied()).env(DUMMY)
}

#[test]
fn bad_input_is_found_before_consent_and_connection() {
    let trap = Trap::new();
    let idcert = |name: &str, id: &str| verify(&trap, &["--provider", "idcert", "--name", name, "--id", id]).run();
    for (name, word) in [
        ("", "empty"),
        ("张*", "star"),
        ("张\n三", "line break"),
        ("张\u{7}三", "control character"),
        ("张\u{200b}三", "invisible"),
        (" 张三", "--lenient"),
        (&*"张".repeat(51), "50"),
    ] {
        idcert(name, ID).is_wrong_use(&["name", word]);
    }
    for (id, words) in [
        ("110101190001010058", ["check character", "compare"]),
        ("1101011900010100", ["18", "compare"]),
        ("11010119000101O09X", ["digits", "compare"]),
        ("000101190001010057", ["province", "compare"]),
        ("110101190002300057", ["birth date", "compare"]),
        ("110101299901010057", ["after today", "compare"]),
        ("110101 19000101 0057", ["18", "--lenient"]),
        ("", ["18", "compare"]),
    ] {
        idcert(NAME, id).is_wrong_use(&words);
    }
    let sjsys = |mobile: &str| verify(&trap, &["--provider", "sjsys", "--mobile", mobile]).and(PERSON).run();
    sjsys("1300000000").is_wrong_use(&["11 digits"]);
    sjsys("1300000000a").is_wrong_use(&["digits"]);
    sjsys("12000000000").is_wrong_use(&["13 to 19"]);
    trap.is_untouched();
}

#[test]
fn factors_must_be_those_of_every_provider() {
    let trap = Trap::new();
    verify(&trap, &["--provider", "sjsys"]).and(PERSON).run().is_wrong_use(&["sjsys", "--mobile"]);
    let mobile = ["--mobile", MOBILE];
    verify(&trap, &["--provider", "idcert"]).and(PERSON).and(mobile).run().is_wrong_use(&["idcert", "--mobile"]);
    let mixed = ["--provider", "sjsys", "--provider", "idcert"];
    verify(&trap, &mixed).and(PERSON).and(mobile).run().is_wrong_use(&["idcert"]);
    verify(&trap, &mixed).and(PERSON).run().is_wrong_use(&["sjsys"]);
    trap.is_untouched();
}

#[test]
fn whom_to_ask_must_be_clear() {
    let trap = Trap::new();
    let slugs = ["checkone", "idenauthen", "idcert", "sjsys", "sfz2"];
    verify(&trap, &["--provider", "nobody"]).and(PERSON).run().is_wrong_use(&slugs);
    verify(&trap, &["--provider", "idcert", "--provider", "idcert"])
        .and(PERSON)
        .run()
        .is_wrong_use(&["twice", "idcert"]);
    let base = ["verify", "--provider", "idcert", "--consent"];
    let at = |url: &str| heyan(base).and(PERSON).and(["--base-url", url]).env(DUMMY);
    at(&trap.url("http")).run().is_wrong_use(&["plain http", "--insecure-http"]);
    at(&trap.url("https")).and(["--insecure-http"]).run().is_wrong_use(&["--insecure-http"]);
    for (url, word) in [
        ("127.0.0.1", "https://"),
        ("https://", "host"),
        ("https://user@host", "host"),
        ("https://host:0", "port"),
        ("https://host/?q", "path"),
    ] {
        at(url).run().is_wrong_use(&["--base-url", word]);
    }
    at(&format!("{}/idcard", trap.url("https"))).and(["--provider", "sfz2"]).run().is_wrong_use(&["path"]);
    heyan(base).and(PERSON).and(["--insecure-http"]).env(DUMMY).run().is_wrong_use(&["--base-url"]);
    let sandbox = |option: &str, value: &str| heyan(base).and(PERSON).and(["--sandbox", option, value]).run();
    sandbox("--base-url", &trap.url("https")).is_wrong_use(&["--sandbox", "--base-url"]);
    sandbox("--ca", "/dev/null").is_wrong_use(&["--sandbox", "--ca"]);
    at(&trap.url("https")).and(["--ca", "/nowhere/ca.pem"]).run().is_wrong_use(&["/nowhere/ca.pem"]);
    at(&trap.url("https")).and(["--ca", "/dev/null"]).run().is_wrong_use(&["/dev/null", "PEM"]);
    for seconds in ["0", "-1", "soon", "inf", "1e9"] {
        at(&trap.url("https")).and([format!("--timeout={seconds}")]).run().is_wrong_use(&["--timeout", "0.5"]);
    }
    trap.is_untouched();
}

#[test]
fn credentials_must_be_there_and_well_formed() {
    let trap = Trap::new();
    let url = trap.url("http");
    let with = |provider: &str, environment: &[(&str, &str)]| {
        let base = ["verify", "--consent", "--provider", provider, "--insecure-http", "--base-url", &url];
        environment.iter().copied().fold(heyan(base).and(PERSON), Heyan::env).run()
    };
    let (code, key, secret) = (("HEYAN_APPCODE", "test"), ("HEYAN_APPKEY", "test"), ("HEYAN_APPSECRET", "test"));
    with("idcert", &[]).is_wrong_use(&["HEYAN_APPCODE", "HEYAN_APPKEY", "HEYAN_VENDOR_KEY", "--sandbox"]);
    with("idcert", &[("HEYAN_APPCODE", "test\r\nX-Evil: yes")]).is_wrong_use(&["HEYAN_APPCODE", "line break"]);
    with("idcert", &[("HEYAN_APPCODE", "test\n")]).is_wrong_use(&["HEYAN_APPCODE", "line break"]);
    with("idcert", &[key, ("HEYAN_APPSECRET", "a\rb")]).is_wrong_use(&["HEYAN_APPSECRET", "line break"]);
    with("idcert", &[key]).is_wrong_use(&["HEYAN_APPSECRET"]);
    with("idcert", &[secret]).is_wrong_use(&["HEYAN_APPKEY"]);
    with("idcert", &[code, key, secret]).is_wrong_use(&["more than one"]);
    with("idcert", &[code, ("HEYAN_APPCODE_FILE", "/nowhere")]).is_wrong_use(&["HEYAN_APPCODE_FILE", "both"]);
    with("idcert", &[("HEYAN_APPCODE_FILE", "/nowhere")]).is_wrong_use(&["HEYAN_APPCODE_FILE", "path"]);
    with("idcert", &[("HEYAN_APPCODE_FILE", "/dev/null")]).is_wrong_use(&["HEYAN_APPCODE_FILE", "empty"]);
    with("idcert", &[("HEYAN_APPCODE", &"x".repeat(65))]).is_wrong_use(&["HEYAN_APPCODE", "too long"]);
    with("idcert", &[("HEYAN_VENDOR_KEY", "test")]).is_wrong_use(&["idcert", "HEYAN_VENDOR_KEY"]);
    let run =
        heyan(["verify", "--consent", "--provider", "checkone"]).and(PERSON).env(("HEYAN_VENDOR_KEY", "test")).run();
    run.is_wrong_use(&["HEYAN_VENDOR_KEY", "--base-url"]);
    trap.is_untouched();
}

#[test]
fn a_script_must_state_the_consent() {
    let trap = Trap::new();
    verify(&trap, &["--provider", "idcert"]).and(PERSON).run().is_wrong_use(&["--consent", "authorisation"]);
    // Input that could be taken for an answer is none.
    verify(&trap, &["--provider", "idcert"]).and(PERSON).stdin("y\n").run().is_wrong_use(&["--consent"]);
    heyan(["--sandbox", "verify", "--provider", "idcert"]).and(PERSON).run().is_wrong_use(&["--consent"]);
    trap.is_untouched();
}

#[test]
fn standard_input_must_have_the_lines() {
    let trap = Trap::new();
    let base = ["--provider", "sjsys", "--consent", "--name", "-", "--id", "-", "--mobile", "-"];
    let ended = format!("{NAME}\n{ID}\n");
    verify(&trap, &base).run().is_wrong_use(&["no line", "--name"]);
    verify(&trap, &base).stdin("张三\n").run().is_wrong_use(&["no line", "--id"]);
    verify(&trap, &base).stdin(&ended).run().is_wrong_use(&["no line", "--mobile"]);
    verify(&trap, &base).stdin(b"\xd5\xc5\n").run().is_wrong_use(&["UTF-8"]);
    verify(&trap, &base).stdin(&"x".repeat(10_000)).run().is_wrong_use(&["too long"]);
    verify(&trap, &base).stdin("\n\n\n").run().is_wrong_use(&["empty"]);
    trap.is_untouched();
}

#[test]
fn the_parser_s_objections_never_repeat_a_value() {
    for (arguments, words) in [
        (vec!["verify", NAME, ID], &["belongs to no option"][..]),
        (vec!["verify", "--provider", "idcert", "--name", NAME], &["--id"]),
        (vec!["verify", "--provider", "idcert", "--name", NAME, "--id"], &["--id", "no value"]),
        (vec!["verify", "--number", ID], &["--number"]),
        (vec!["verify", "--11010119000101009X"], &["unknown"]),
        (vec!["check", "--lang", NAME, ID], &["--lang"]),
        (vec!["check", "--json=张三", ID], &["--json"]),
        (vec!["verify", "--name", NAME, "--name", "李四"], &["--name", "twice"]),
        (vec!["sandbox", "--listen", "张三"], &["--listen"]),
        (vec!["sandbox", "--listen", "0.0.0.0:0"], &["--expose-to-network", "127.0.0.1"]),
        (vec!["sandbox", "--listen", "[::]:0"], &["--expose-to-network"]),
        (vec!["张三"], &["verify", "explain"]),
        (vec!["batch", "--provider", "idcert"], &["--input", "--output"]),
        (vec!["refund", "--provider", "idcert"], &["verify", "explain"]),
        (vec!["help"], &["verify", "--help"]),
        (vec!["--reveal", "sandbox", "--json"], &["--json", "ready"]),
    ] {
        heyan(arguments).run().is_wrong_use(words);
    }
}

#[test]
fn without_a_command_there_is_help_where_errors_go() {
    let run = heyan([""; 0]).run();
    assert_eq!((run.status, run.stdout.as_str()), (64, ""));
    assert!(run.stderr.contains("Usage: heyan"), "{}", run.stderr);
}

#[test]
fn explaining_and_showing_have_their_own() {
    let explain = |rest: &[&str]| heyan(["explain", "--provider", "idcert"]).and(rest.iter().copied());
    explain(&["--status", "99"]).run().is_wrong_use(&["--status", "100"]);
    explain(&["--status", "OK"]).run().is_wrong_use(&["--status", "100"]);
    explain(&["--header", "A: b", "--header", "no colon"]).run().is_wrong_use(&["number 2", "Name: value"]);
    explain(&["--header", "A b: c"]).run().is_wrong_use(&["number 1"]);
    explain(&[]).stdin(&"x".repeat(64 * 1024 + 1)).run().is_wrong_use(&["64 KiB"]);
    heyan(["explain", "--provider", "nobody"]).stdin("{}").run().is_wrong_use(&["idcert"]);
    let request = |rest: &[&str]| heyan(["request", "--provider", "idcert"]).and(PERSON).and(rest.iter().copied());
    request(&["--timestamp", "yesterday"]).run().is_wrong_use(&["--timestamp"]);
    request(&["--nonce", "1"]).run().is_wrong_use(&["--nonce"]);
    request(&["--timestamp", "1"]).env(DUMMY).run().is_wrong_use(&["HEYAN_APPKEY"]);
    request(&["--mobile", MOBILE]).run().is_wrong_use(&["idcert"]);
    request(&["--base-url", "http://127.0.0.1"]).run().is_wrong_use(&["--insecure-http"]);
    heyan(["check"]).run().is_wrong_use(&["no number"]);
}
