//! `heyan explain`.

use heyan_sandbox::Provider;
use serde_json::Value;

use crate::run::{Run, heyan};

fn explain(provider: &str, arguments: &[&str], body: &[u8]) -> Run {
    heyan(["explain", "--provider", provider]).and(arguments.iter().copied()).stdin(body).run()
}

/// What each sample of the vendors' documents means: its deciding word.
const SAMPLES: [(Provider, &[&str]); 5] = [
    (Provider::Checkone, &["match", "no_record"]),
    (Provider::Idenauthen, &["match", "mismatch"]),
    (Provider::Idcert, &["match", "mismatch"]),
    (Provider::Sjsys, &["match", "no_record"]),
    (Provider::Sfz2, &["match", "bad_input"]),
];

#[test]
fn every_sample_of_every_document_is_explained() {
    for (provider, words) in SAMPLES {
        assert_eq!(provider.documents().len(), words.len(), "{}", provider.slug());
        for (document, word) in provider.documents().iter().zip(words) {
            let status = document.status.to_string();
            let arguments = ["--status", status.as_str()];
            let run = explain(provider.slug(), &[&arguments[..], &["--json"]].concat(), document.body.as_bytes());
            let json = run.json();
            let found = [&json["verdict"], &json["refusal"], &json["error"]].into_iter().filter(|word| !word.is_null());
            assert_eq!(found.collect::<Vec<_>>(), [*word]);
            let expected = match *word {
                "match" => 0,
                "mismatch" => 1,
                "no_record" => 2,
                _ => 3,
            };
            assert_eq!(run.status, expected);
            assert_eq!(json["billing"], if document.status == 200 { "billed" } else { "free" });

            // Member by member, all of them known.
            for lang in ["zh", "en"] {
                let text =
                    explain(provider.slug(), &[&arguments[..], &["--lang", lang]].concat(), document.body.as_bytes());
                assert_eq!(text.status, expected);
                let members: Value = serde_json::from_str(document.body).unwrap();
                for name in members.as_object().unwrap().keys() {
                    assert!(text.stdout.contains(&format!("\n  {name} = ")), "{name}: {}", text.stdout);
                }
                for unknown in ["not in the vendor's document", "服务商文档里没有"] {
                    assert!(!text.stdout.contains(unknown), "{}", text.stdout);
                }
            }
        }
    }
}

#[test]
fn every_documented_code_has_a_meaning() {
    for provider in Provider::ALL.into_iter().filter(|provider| *provider != Provider::Sfz2) {
        let key = match provider {
            Provider::Idenauthen => "respCode",
            Provider::Idcert => "status",
            _ => "code",
        };
        for (code, message) in provider.codes() {
            let run = explain(provider.slug(), &["--lang", "zh"], format!("{{\"{key}\":\"{code}\"}}").as_bytes());
            let line = run.stdout.lines().find(|line| line.starts_with(&format!("  {key} = "))).unwrap();
            let letters = |text: &str| text.chars().filter(|character| character.is_alphanumeric()).collect::<String>();
            let meaning = line.split_once('→').unwrap_or_else(|| panic!("{code}: {line}")).1;
            assert!(!meaning.trim().is_empty());
            let first: String = letters(message).chars().take(3).collect();
            assert!(letters(meaning).starts_with(&first), "{code} {message}: {line}");
        }
    }
    for (_, message) in Provider::Sfz2.codes() {
        let body = format!("{{\"ok\":0,\"msg\":\"{message}\"}}");
        let run = explain("sfz2", &["--status", "666"], body.as_bytes());
        let line = run.stdout.lines().find(|line| line.starts_with("  msg = ")).unwrap();
        assert!(line.contains('→') && line.contains(message), "{line}");
    }
}

#[test]
fn names_and_numbers_are_masked_wherever_they_stand() {
    let body = "{\"name\":\"张三\",\"idNo\":\"110101190001010057\",\"respMessage\":\"张三 matches\",\"respCode\":\"0000\",\
                \"province\":\"北京市\",\"city\":\"tel 13000000000\",\"county\":\"张三\",\"birthday\":\"19000101\",\"sex\":\"M\",\
                \"age\":\"123\",\"extra\":\"110101190001010057\",\"张三\":1,\"number\":110101190001010057,\
                \"list\":[\"张三\"],\"name\":\"张三\"}";
    let run = explain("idenauthen", &[], body.as_bytes());
    for shown in ["name = \"张*\"", "idNo = \"1101**********0057\"", "respCode = \"0000\"", "province = \"北京市\""]
    {
        assert!(run.stdout.contains(shown), "{shown}: {}", run.stdout);
    }
    let once = body.replace(",\"name\":\"张三\"}", "}");
    let revealed = explain("idenauthen", &["--reveal"], once.as_bytes());
    for shown in ["name = \"张三\"", "idNo = \"110101190001010057\"", "extra = \"110101190001010057\"", "张三 = 1"]
    {
        assert!(revealed.stdout.contains(shown), "{shown}: {}", revealed.stdout);
    }
    // A number in the place of a code or a reference is neither printed as one.
    let odd = explain("checkone", &["--json"], br#"{"code":"110101190001010057","seqNo":"11010119000101009X"}"#).json();
    assert_eq!((&odd["code"], &odd["reference"]), (&Value::Null, &Value::Null));
}

#[test]
fn the_gateway_speaks_in_headers() {
    let quota = ["--status", "403", "--header", "X-Ca-Error-Code: B403MQ", "--header", "x-ca-request-id: A1-B2"];
    let run = explain("idcert", &[&quota[..], &["--json"]].concat(), b"");
    let json = run.json();
    assert_eq!((run.status, &json["refusal"], &json["code"]), (3, &"quota_exhausted".into(), &"B403MQ".into()));
    assert_eq!((&json["reference"], &json["billing"]), (&"A1-B2".into(), &"free".into()));
    let text = explain("idcert", &quota, b"").stdout;
    assert!(text.contains("X-Ca-Error-Code = B403MQ"), "{text}");

    let leaky = format!(
        "X-Ca-Error-Message: Invalid Signature, Server StringToSign:`GET#/idcard?idCard={}&name=张三`",
        "11010119000101009X"
    );
    let run = explain("idcert", &["--status", "400", "--header", &leaky], b"");
    assert_eq!(run.status, 3);
    assert!(run.stdout.contains("code: Invalid Signature\n"), "{}", run.stdout);
}

#[test]
fn a_whole_reply_can_be_pasted() {
    let reply = "HTTP/1.1 666 \r\nDate: Sat, 21 Nov 2026 00:00:00 GMT\r\nX-Ca-Request-Id: A1-B2\r\n\r\n{\"ok\":0,\"msg\":\"姓名有误\"}";
    let run = explain("sfz2", &["--json"], reply.as_bytes());
    let json = run.json();
    assert_eq!((&json["refusal"], &json["billing"]), (&"bad_input".into(), &"free".into()));
    assert_eq!(json["reference"], "A1-B2");
    // Lines that lost their carriage returns, and a status that is said otherwise.
    let run = explain("sfz2", &["--json", "--status", "200"], reply.replace('\r', "").as_bytes());
    assert_eq!(run.json()["billing"], "billed");
}

#[test]
fn what_is_no_reply_is_named() {
    for (body, words) in [
        (&b"<html><body>login</body></html>"[..], "a web page"),
        (b"\xd5\xc5\xc8\xfd", "not UTF-8"),
        (b"", "empty"),
        (b"[1]", "no object"),
        (b"hello", "no JSON"),
    ] {
        let run = explain("checkone", &[], body);
        assert_eq!(run.status, 4);
        assert!(run.stdout.contains(words), "{words}: {}", run.stdout);
        assert_eq!(explain("checkone", &["--json"], body).json()["error"], "not_json");
    }
    let deep = format!("{{\"code\":\"10000\",\"x\":{}1{}}}", "[".repeat(5000), "]".repeat(5000));
    assert_eq!(explain("checkone", &["--json"], deep.as_bytes()).json()["error"], "too_deep");
    assert_eq!(explain("checkone", &[], deep.as_bytes()).status, 4);
}

#[test]
fn replies_of_the_simulation_can_be_called_so() {
    let body = Provider::Idcert.documents()[0].body.as_bytes();
    assert_eq!(explain("idcert", &["--json", "--sandbox"], body).json()["simulated"], true);
    assert!(explain("idcert", &["--sandbox"], body).stdout.starts_with("SIMULATED: "));
}
