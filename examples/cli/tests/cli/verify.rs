//! `heyan verify` with a gateway that answers.

use heyan_sandbox::{APP_CODE, APP_KEY, APP_SECRET, Provider, Sandbox};

use crate::run::{DUMMY, Heyan, ID, MOBILE, NAME, PERSON, heyan};

/// `heyan verify` with this provider's factors.
fn verify<'a>(provider: Provider, name: &str, id: &str) -> Heyan<'a> {
    let heyan = heyan(["verify", "--consent", "--json", "--provider", provider.slug(), "--name", name, "--id", id]);
    if provider.mobile_parameter().is_some() { heyan.and(["--mobile", MOBILE]) } else { heyan }
}

/// Name, number, verdict and exit status.
const CASES: [(&str, &str, &str, i32); 3] =
    [(NAME, ID, "match", 0), ("李四", ID, "mismatch", 1), (NAME, "110101190001010073", "no_record", 2)];

#[test]
fn all_verdicts_of_all_providers_over_http() {
    let sandbox = Sandbox::builder().start().unwrap();
    for provider in Provider::ALL {
        for (name, id, verdict, status) in CASES {
            let run =
                verify(provider, name, id).and(["--insecure-http", "--base-url", &sandbox.url()]).env(DUMMY).run();
            assert_eq!(run.status, status, "{}", run.stderr);
            let json = run.json();
            assert_eq!(json["provider"], provider.slug());
            assert_eq!((&json["verdict"], &json["billing"]), (&verdict.into(), &"billed".into()));
            assert_eq!((&json["simulated"], &json["retry"]), (&false.into(), &"never".into()));
            assert!(json["reference"].is_string());
            assert_eq!(run.stderr, "");
        }
        assert_eq!(sandbox.report().of(provider).billed, 3);
    }
}

#[test]
fn all_providers_over_https_with_a_trust_anchor() {
    let sandbox = Sandbox::builder().https(true).start().unwrap();
    let ca = std::env::temp_dir().join(format!("heyan-cli-ca-{}.pem", std::process::id()));
    std::fs::write(&ca, sandbox.ca_pem().unwrap()).unwrap();
    let ca_argument = ca.to_str().unwrap().to_owned();
    for provider in Provider::ALL {
        let run = verify(provider, NAME, ID).and(["--base-url", &sandbox.url(), "--ca", &ca_argument]).env(DUMMY).run();
        assert_eq!((run.status, &run.json()["verdict"]), (0, &"match".into()));
    }
    std::fs::remove_file(ca).unwrap();
}

#[test]
fn the_simulation_needs_nothing_and_says_what_it_is() {
    for provider in Provider::ALL {
        for (name, id, verdict, status) in CASES {
            let run = verify(provider, name, id).and(["--sandbox"]).run();
            let json = run.json();
            assert_eq!((run.status, &json["verdict"], &json["simulated"]), (status, &verdict.into(), &true.into()));
        }
    }
    // Real credentials, even malformed ones, stay out of it.
    let run =
        heyan(["--sandbox", "verify", "--provider", "idcert", "--consent"]).and(PERSON).env(("HEYAN_APPCODE", "a b"));
    let run = run.run();
    assert_eq!(run.status, 0);
    assert!(run.stdout.starts_with("SIMULATED: MATCH: "), "{}", run.stdout);
    assert!(run.stdout.contains("cost: SIMULATED: "), "{}", run.stdout);
}

#[test]
fn the_object_has_these_keys_in_this_order() {
    let sandbox = Sandbox::builder().start().unwrap();
    let run = verify(Provider::Idenauthen, NAME, "110101190001010022");
    let run = run.and(["--insecure-http", "--base-url", &sandbox.url()]).env(DUMMY).run();
    let json = run.json();
    let (age, reference) = (&json["details"]["age"], json["reference"].as_str().unwrap());
    assert!(age.as_u64().unwrap() >= 126);
    assert_eq!(
        run.stdout,
        format!(
            "{{\"provider\":\"idenauthen\",\"verdict\":\"mismatch\",\"refusal\":null,\"error\":null,\"code\":\"0008\",\
             \"billing\":\"billed\",\"retry\":\"never\",\"reference\":\"{reference}\",\"details\":{{\"sex\":\"female\",\
             \"birth_date\":\"1900-01-01\",\"age\":{age},\"address\":null,\"province\":\"北京市\",\"city\":\"北京市\",\
             \"county\":\"东城区\"}},\"simulated\":false}}\n"
        )
    );
}

#[test]
fn values_can_come_by_standard_input() {
    for (stdin, arguments) in [
        (format!("{NAME}\n{ID}\n{MOBILE}\n"), ["--name", "-", "--id", "-", "--mobile", "-"]),
        (format!("{ID}\r\n"), ["--name", NAME, "--id", "-", "--mobile", MOBILE]),
        (format!("{NAME}\n{MOBILE}"), ["--name", "-", "--id", ID, "--mobile", "-"]),
        // In the order of name, number, mobile, whatever the order of the arguments is.
        (format!("{NAME}\n{ID}\n"), ["--mobile", MOBILE, "--id", "-", "--name", "-"]),
    ] {
        let run = heyan(["verify", "--sandbox", "--consent", "--provider", "sjsys"]).and(arguments).stdin(&stdin).run();
        assert_eq!(run.status, 0, "{}", run.stderr);
    }
    let spaced = ["--name", " 张三 ", "--id", "110101 19000101 ００９x", "--lenient"];
    let run = heyan(["verify", "--sandbox", "--consent", "--provider", "idcert"]).and(spaced).run();
    assert_eq!(run.status, 0, "{}", run.stderr);
}

#[test]
fn every_kind_of_credentials_works() {
    let sandbox = Sandbox::builder().start().unwrap();
    let directory = std::env::temp_dir().join(format!("heyan-cli-credentials-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let file = |name: &str, text: &str| {
        let path = directory.join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (code, secret) = (file("code", &format!("{APP_CODE}\n")), file("secret", &format!("{APP_SECRET}\r\n")));
    let base = ["--insecure-http".to_owned(), "--base-url".to_owned(), sandbox.url()];
    for environment in [
        vec![("HEYAN_APPCODE", APP_CODE)],
        vec![("HEYAN_APPCODE_FILE", code.as_str())],
        vec![("HEYAN_APPKEY", APP_KEY), ("HEYAN_APPSECRET", APP_SECRET)],
        vec![("HEYAN_APPKEY", APP_KEY), ("HEYAN_APPSECRET_FILE", secret.as_str()), ("HEYAN_APPCODE", "")],
    ] {
        let run = environment.into_iter().fold(verify(Provider::Sjsys, NAME, ID).and(base.clone()), Heyan::env).run();
        assert_eq!(run.status, 0, "{}", run.stderr);
    }
    std::fs::remove_dir_all(directory).unwrap();

    let platform = Sandbox::builder().vendor_key(Some("test-vendor-key".to_owned())).start().unwrap();
    let run = verify(Provider::Checkone, NAME, ID).and(["--insecure-http", "--base-url", &platform.url()]);
    let run = run.env(("HEYAN_VENDOR_KEY", "test-vendor-key")).run();
    // What a vendor's own platform charges is in no document.
    assert_eq!((run.status, &run.json()["billing"]), (0, &"unknown".into()));
}

#[test]
fn refusals_say_who_must_act() {
    let sandbox = Sandbox::builder().start().unwrap();
    let base = ["--insecure-http".to_owned(), "--base-url".to_owned(), sandbox.url()];
    let wrong = ("HEYAN_APPCODE", "test-another-appcode");
    let json = verify(Provider::Sfz2, NAME, ID).and(base.clone()).env(wrong).run().json();
    assert_eq!((&json["refusal"], &json["billing"]), (&"credentials".into(), &"free".into()));
    for (name, refusal, retry) in [
        ("网关·B403MQ", "quota_exhausted", "other_provider"),
        ("网关·T429ID", "throttled", "same_provider"),
        ("代码·10019", "attempt_limit", "never"),
    ] {
        let run = verify(Provider::Sjsys, name, ID).and(base.clone()).env(DUMMY).run();
        let json = run.json();
        assert_eq!(run.status, 3);
        assert_eq!((&json["refusal"], &json["retry"]), (&refusal.into(), &retry.into()));
        assert_eq!((&json["verdict"], &json["error"]), (&().into(), &().into()));
    }
}

#[test]
fn the_next_provider_is_asked_when_the_first_cannot_answer() {
    let sandbox = Sandbox::builder().quota_of(Provider::Idcert, Some(0)).start().unwrap();
    let order = ["verify", "--consent", "--provider", "idcert", "--provider", "sfz2", "--provider", "idenauthen"];
    let base = ["--insecure-http".to_owned(), "--base-url".to_owned(), sandbox.url()];
    let run = heyan(order).and(PERSON).and(base.clone()).and(["--json"]).env(DUMMY).run();
    let json = run.json();
    assert_eq!((run.status, &json["provider"], &json["verdict"]), (0, &"sfz2".into(), &"match".into()));
    assert_eq!(run.stderr.lines().count(), 1);
    assert!(run.stderr.contains("idcert: REFUSED: the package is used up"), "{}", run.stderr);
    assert!(run.stderr.contains("nothing was charged); asking sfz2 instead."), "{}", run.stderr);
    assert_eq!(sandbox.report().of(Provider::Idenauthen).billed, 0);

    // "No record" is a verdict: nobody else is asked.
    let stranger = ["--name", NAME, "--id", "110101190001010073"];
    let run = heyan(["verify", "--consent", "--provider", "sfz2", "--provider", "idenauthen"]);
    let run = run.and(stranger).and(base.clone()).env(DUMMY).run();
    assert_eq!((run.status, run.stderr.as_str()), (2, ""));

    // Nobody is left.
    let run = heyan(order).and(["--name", "网关·X503BZ", "--id", ID]).and(base).env(DUMMY).run();
    assert_eq!((run.status, run.stderr.lines().count()), (3, 3), "{}", run.stderr);
    assert!(run.stderr.lines().last().unwrap().contains("no other provider is left"), "{}", run.stderr);
    assert!(run.stdout.contains("asked: idenauthen"), "{}", run.stdout);
}

#[test]
fn several_attempts_are_listed() {
    let sandbox = Sandbox::builder().quota_of(Provider::Idcert, Some(0)).start().unwrap();
    let order = ["verify", "--consent", "--json", "--provider", "idcert", "--provider", "sfz2"];
    let base = ["--insecure-http".to_owned(), "--base-url".to_owned(), sandbox.url()];
    let run = heyan(order).and(PERSON).and(base).env(DUMMY).run();
    let json = run.json();
    assert!(run.stdout.contains(",\"simulated\":false,\"attempts\":[{"), "{}", run.stdout);
    let attempts = json["attempts"].as_array().unwrap();
    assert_eq!(attempts.len(), 2);
    let of = |at: usize, key: &str| attempts[at][key].clone();
    assert_eq!((of(0, "provider"), of(1, "provider")), ("idcert".into(), "sfz2".into()));
    assert_eq!((of(0, "class"), of(1, "class")), ("quota_exhausted".into(), "match".into()));
    assert_eq!((of(0, "billing"), of(1, "billing")), ("free".into(), "billed".into()));
    assert_eq!((of(0, "code"), of(0, "retry")), ("B403MQ".into(), "other_provider".into()));
    assert!(of(0, "reference").is_string() && of(0, "took_ms").is_u64());
    // What the last attempt was is what the object says.
    assert_eq!((&json["provider"], &json["billing"]), (&"sfz2".into(), &"billed".into()));
}

#[test]
fn a_charge_without_a_verdict_is_risked_twice_only_if_asked_for() {
    let sandbox = Sandbox::builder().start().unwrap();
    let base = ["--insecure-http".to_owned(), "--base-url".to_owned(), sandbox.url()];
    let run = || {
        let order = ["verify", "--consent", "--json", "--provider", "idcert", "--provider", "checkone"];
        heyan(order).and(["--name", "代码·203", "--id", ID]).and(base.clone()).env(DUMMY)
    };
    let once = run().run();
    assert_eq!((once.status, &once.json()["provider"]), (3, &"idcert".into()));
    assert_eq!(sandbox.report().of(Provider::Checkone).billed, 0);
    let twice = run().and(["--may-pay-twice"]).run();
    assert_eq!(twice.json()["provider"], "checkone");
    assert_eq!(sandbox.report().of(Provider::Checkone).billed, 1);
}

#[test]
fn each_provider_is_asked_with_its_own_credentials() {
    let sandbox = Sandbox::builder().start().unwrap();
    let base = ["--insecure-http".to_owned(), "--base-url".to_owned(), sandbox.url()];
    let order = ["verify", "--consent", "--json", "--provider", "idcert", "--provider", "sfz2"];
    let run = heyan(order).and(PERSON).and(base);
    let run = run.env(("HEYAN_APPCODE", "test-another-appcode")).env(("HEYAN_APPCODE_SFZ2", APP_CODE)).run();
    let attempts = &run.json()["attempts"];
    assert_eq!((&attempts[0]["class"], &attempts[1]["class"]), (&"credentials".into(), &"match".into()));
}

#[test]
fn every_call_is_in_the_ledger() {
    let sandbox = Sandbox::builder().quota_of(Provider::Idcert, Some(0)).start().unwrap();
    let folder = std::env::temp_dir().join(format!("heyan-cli-ledger-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("ledger.db").to_str().unwrap().to_owned();
    let with_ledger = |run: Heyan<'static>| run.and(["--ledger", &path]);
    let order = ["verify", "--consent", "--provider", "idcert", "--provider", "sfz2"];
    let base = ["--insecure-http".to_owned(), "--base-url".to_owned(), sandbox.url()];
    assert_eq!(with_ledger(heyan(order).and(PERSON).and(base.clone()).env(DUMMY)).run().status, 0);
    let played = with_ledger(heyan(["--sandbox", "verify", "--consent", "--provider", "idcert"]).and(PERSON)).run();
    assert_eq!(played.status, 0, "{}", played.stderr);

    let ledger = heyan_std::ledger::Ledger::open(&path).unwrap();
    let entries = ledger.entries(&heyan_std::ledger::Filter::new()).unwrap();
    let lines: Vec<_> = entries
        .iter()
        .map(|entry| (entry.provider.as_str(), entry.account.as_str(), entry.attempt, entry.billing().word()))
        .collect();
    let expected =
        [("idcert", "default", 1, "free"), ("sfz2", "default", 2, "billed"), ("idcert", "simulated", 1, "billed")];
    assert_eq!(lines, expected);
    drop(ledger);

    // Without a ledger that can be used nothing is sent.
    let before = sandbox.report().requests;
    std::fs::remove_file(format!("{path}.key")).unwrap();
    let run = with_ledger(heyan(order).and(PERSON).and(base).env(DUMMY)).run();
    run.is_wrong_use(&["--ledger", "person key"]);
    assert_eq!(sandbox.report().requests, before);
    std::fs::remove_dir_all(&folder).unwrap();
}
