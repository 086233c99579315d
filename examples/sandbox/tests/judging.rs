//! The gateway's rules, one spoiled request each.

mod common;

use common::{ID, Request, ask, exchange, sandbox};
use heyan_sandbox::{APP_CODE, ErrorStyle, Provider, Sandbox};

/// A right request to the form API and one to the query API.
fn form() -> Request {
    Request::new(Provider::Checkone, "张三", ID)
}

fn query() -> Request {
    Request::new(Provider::Idcert, "张三", ID)
}

#[track_caller]
fn refused(sandbox: &Sandbox, request: &Request, code: &str) {
    let before = sandbox.report();
    let reply = request.send(sandbox);
    assert_eq!(reply.code(), code, "{} {}", reply.status, reply.message());
    assert_eq!(reply.status.to_string(), code[1..4]);
    assert!(!reply.message().is_empty());
    assert!(reply.body.is_empty());
    let after = sandbox.report();
    assert_eq!(after.billed(), before.billed(), "a refusal is never billed");
    assert_eq!(after.free(), before.free() + 1);
}

#[test]
fn everybody_is_answered_on_the_real_host_and_on_loopback() {
    let sandbox = sandbox();
    for provider in Provider::ALL {
        let request = Request::new(provider, "张三", ID);
        for host in [
            provider.host().to_owned(),
            format!("{}:443", provider.host()),
            sandbox.address().to_string(),
            "localhost".into(),
        ] {
            for path in provider.paths() {
                let mut request = request.clone().with("Host", Some(&host));
                request.target = request.target.replacen(provider.path(), path, 1);
                let reply = request.send(&sandbox);
                assert_eq!(reply.status, 200, "{host}{path}: {}", reply.message());
                assert_eq!(reply.text("Content-Type"), "application/json; charset=utf-8");
                assert!(reply.json().is_object());
            }
        }
        assert!(sandbox.report().of(provider).billed >= 4);
    }
}

#[test]
fn known_people_match_others_mismatch_and_strangers_have_no_record() {
    let sandbox = sandbox();
    let verdicts = |provider, name: &str, id: &str| {
        let json = ask(&sandbox, provider, name, id).json();
        match provider {
            Provider::Checkone => format!("{}{}", json["code"], json["data"]),
            Provider::Idenauthen => json["respCode"].to_string(),
            Provider::Idcert => json["status"].to_string(),
            Provider::Sjsys => format!("{}{}", json["code"], json["data"]),
            Provider::Sfz2 => format!("{}{}{}", json["ok"], json["match"], json["msg"]),
        }
    };
    let expected = [
        (Provider::Checkone, [r#""10000"{"result":"1"}"#, r#""10000"{"result":"2"}"#, r#""10001""null""#]),
        (Provider::Idenauthen, [r#""0000""#, r#""0008""#, r#""0007""#]),
        (Provider::Idcert, [r#""01""#, r#""02""#, r#""202""#]),
        (Provider::Sjsys, [r#""10000"{"state":"1"}"#, r#""10000"{"state":"2"}"#, r#""10000"null"#]),
        (
            Provider::Sfz2,
            [r#"1true"实名信息正确""#, r#"1false"实名校验失败:身份证与姓名不匹配""#, r#"1null"实名校验失败:查无记录""#],
        ),
    ];
    for (provider, [matched, mismatched, unknown]) in expected {
        for id in [ID, "11010119000101009X"] {
            assert_eq!(verdicts(provider, "张三", id), matched);
            assert_eq!(verdicts(provider, "李四", id), mismatched);
        }
        assert_eq!(verdicts(provider, "张三", "110101190001010073"), unknown);
    }
}

#[test]
fn the_request_id_is_on_every_reply_and_never_the_same() {
    let sandbox = sandbox();
    let mut seen = std::collections::HashSet::new();
    for request in [form(), query(), form().with("Host", Some("example.com")), query().with("Authorization", None)] {
        let id = request.send(&sandbox).text("X-Ca-Request-Id");
        assert_eq!(id.split('-').map(str::len).collect::<Vec<_>>(), [8, 4, 4, 4, 12], "{id}");
        assert!(id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'A'..=b'F' | b'-')));
        assert!(seen.insert(id));
    }
    // What is no HTTP gets one too.
    let reply = common::Reply::parse(exchange(&sandbox, b"hello\r\n\r\n"));
    assert_eq!((reply.status, reply.code().as_str()), (400, "I400RU"));
    assert!(seen.insert(reply.text("X-Ca-Request-Id")));
}

#[test]
fn method_and_path_make_an_api() {
    let sandbox = sandbox();
    for (method, target) in [
        ("GET", "/chinadatapay/1882"),
        ("PUT", "/chinadatapay/1882"),
        ("POST", "/chinadatapay/1883"),
        ("POST", "/Chinadatapay/1882"),
        ("POST", "/chinadatapay/1882/"),
        ("POST", "/"),
        // Another vendor's path behind this vendor's host.
        ("POST", "/idenAuthentication"),
    ] {
        let mut request = form();
        (request.method, request.target) = (method.into(), target.into());
        refused(&sandbox, &request, "I404NF");
    }
    let mut post = query();
    post.method = "POST".into();
    refused(&sandbox, &post, "I404NF");
    let mut trace = query();
    trace.method = "TRACE".into();
    refused(&sandbox, &trace, "I405UM");
}

#[test]
fn the_host_must_be_known() {
    let sandbox = sandbox();
    refused(&sandbox, &query().with("Host", None), "I400MH");
    refused(&sandbox, &query().with("Host", Some("example.com")), "I404DO");
    refused(&sandbox, &query().with("Host", Some("idcert.market.alicloudapi.com.example.com")), "I404DO");
    let mut twice = query();
    twice.headers.push(("host".into(), Provider::Idcert.host().into()));
    refused(&sandbox, &twice, "I400HD");
}

#[test]
fn the_shared_path_is_told_apart_by_host_or_parameter_names() {
    let sandbox = sandbox();
    let address = sandbox.address().to_string();
    let idcert = query().with("Host", Some(&address));
    let sfz2 = Request::new(Provider::Sfz2, "张三", ID).with("Host", Some(&address));
    assert!(idcert.send(&sandbox).json().get("traceId").is_some());
    assert_eq!(sfz2.send(&sandbox).json()["ok"], 1);
    let mut neither = idcert.clone();
    neither.target = "/idcard".into();
    refused(&sandbox, &neither, "I400MP");
    let mut case = idcert;
    case.target = case.target.replace("idCard", "idcard");
    refused(&sandbox, &case, "I400MP");
    // By its host it is the other vendor's, which looks for its parameters itself.
    let reply = neither.with("Host", Some(Provider::Sfz2.host())).send(&sandbox);
    assert_eq!((reply.status, reply.json()["msg"].as_str().unwrap().to_owned()), (666, "未传入真实姓名xm".to_owned()));
}

#[test]
fn percent_encoding_is_judged() {
    let sandbox = sandbox();
    for value in ["%E5%BC%A", "%", "%zz", "%E5%BC", "%ff"] {
        let mut request = form();
        request.body = format!("idcard={ID}&name={value}");
        refused(&sandbox, &request, "I400BD");
        let mut request = query();
        request.target = format!("/idcard?idCard={ID}&name={value}");
        refused(&sandbox, &request, "I400RU");
    }
    for raw in ["张三", "a b", "a\tb"] {
        let mut request = form();
        request.body = format!("idcard={ID}&name={raw}");
        refused(&sandbox, &request, "I400BD");
        let mut request = query();
        request.target = format!("/idcard?idCard={ID}&name={raw}");
        refused(&sandbox, &request, "I400RU");
    }
    // A plus is a space: no name, as this vendor sees it.
    let mut plus = Request::new(Provider::Idenauthen, "张三", ID);
    plus.body = format!("idNo={ID}&name={}+", common::encode("张三"));
    assert_eq!(plus.send(&sandbox).json()["respCode"], "0002");
    // Lower-case hex digits and needless escapes are right.
    let mut lower = form();
    lower.body = format!("%69dcard={ID}&name=%e5%bc%a0%e4%b8%89");
    assert_eq!(lower.send(&sandbox).json()["data"]["result"], "1");
}

#[test]
fn a_form_has_its_content_type_and_a_body() {
    let sandbox = sandbox();
    for right in [
        "application/x-www-form-urlencoded",
        "application/x-www-form-urlencoded; charset=UTF-8",
        "application/x-www-form-urlencoded;charset=utf-8",
        "Application/X-WWW-Form-Urlencoded; Charset=\"utf-8\"",
    ] {
        assert_eq!(form().with("Content-Type", Some(right)).send(&sandbox).status, 200, "{right}");
    }
    for wrong in
        ["application/json", "text/plain", "application/x-www-form-urlencoded; charset=GBK", "multipart/form-data"]
    {
        refused(&sandbox, &form().with("Content-Type", Some(wrong)), "I400CT");
    }
    refused(&sandbox, &form().with("Content-Type", None), "I400CT");
    let mut empty = form();
    empty.body.clear();
    refused(&sandbox, &empty, "I400BD");
    let mut large = form();
    large.body = "x".repeat(1024 * 1024 + 1);
    refused(&sandbox, &large, "I413RL");
    let mut get = query();
    get.body = "x=y".into();
    refused(&sandbox, &get, "I400BD");
    let mut long = query();
    long.target.push_str(&"x".repeat(20_000));
    refused(&sandbox, &long, "I413UL");
}

#[test]
fn required_parameters_are_asked_for_by_their_exact_names() {
    let sandbox = sandbox();
    for provider in [Provider::Checkone, Provider::Idenauthen] {
        for body in [
            format!("{}={ID}", provider.id_parameter()),
            "name=%E5%BC%A0".into(),
            format!("IDCARD={ID}&Name=%E5%BC%A0"),
            format!("idCard={ID}&name=%E5%BC%A0"),
        ] {
            let mut request = Request::new(provider, "张三", ID);
            request.body = body;
            refused(&sandbox, &request, "I400MP");
        }
        // In the query of a form API they are in the wrong place.
        let mut request = Request::new(provider, "张三", ID);
        request.target = format!("{}?{}", request.target, request.body);
        request.body = "x=y".into();
        refused(&sandbox, &request, "I400MP");
    }
    // The third-factor API leaves it to the vendor, whose reply is billed.
    let mut request = Request::new(Provider::Sjsys, "张三", ID);
    request.body = request.body.replace("mobile", "phone");
    assert_eq!(request.send(&sandbox).json()["code"], "10007");
    assert_eq!(sandbox.report().of(Provider::Sjsys).billed, 1);
}

#[test]
fn the_authorization_has_one_form() {
    let sandbox = sandbox();
    refused(&sandbox, &query().with("Authorization", None), "A400MA");
    for malformed in ["appcode", "APPCODE", "APPCODE:x", "Bearer x"] {
        refused(&sandbox, &query().with("Authorization", Some(malformed)), "A400AC");
    }
    for malformed in [
        format!("AppCode {APP_CODE}"),
        format!("APPCODE  {APP_CODE}"),
        format!("APPCODE\t{APP_CODE}"),
        APP_CODE.to_owned(),
    ] {
        refused(&sandbox, &query().with("Authorization", Some(&malformed)), "A400AC");
    }
    for unknown in
        ["APPCODE x".to_owned(), format!("APPCODE {APP_CODE}x"), format!("APPCODE {}", APP_CODE.to_uppercase())]
    {
        refused(&sandbox, &query().with("Authorization", Some(&unknown)), "A401AC");
    }
    let mut twice = query();
    twice.headers.push(("authorization".into(), format!("APPCODE {APP_CODE}")));
    refused(&sandbox, &twice, "I400HD");
    let own = Sandbox::builder().app_code("another-dummy").start().unwrap();
    assert_eq!(query().with("Authorization", Some("APPCODE another-dummy")).send(&own).status, 200);
    refused(&own, &query(), "A401AC");
}

#[test]
fn classic_instances_speak_without_codes() {
    let sandbox = Sandbox::builder().error_style(ErrorStyle::Classic).start().unwrap();
    let mut path = query();
    path.target = "/nothing".into();
    for (request, status, message) in [
        (query().with("Authorization", None), 403, "Unauthorized"),
        (query().with("Authorization", Some("APPCODE x")), 400, "Invalid AppCode `not exists`"),
        (query().with("Host", Some("example.com")), 400, "Invalid Domain"),
        (path, 400, "Invalid Url"),
    ] {
        let reply = request.send(&sandbox);
        assert_eq!((reply.status, reply.message().as_str()), (status, message));
        assert_eq!(reply.header("X-Ca-Error-Code"), None);
        assert!(reply.body.is_empty());
    }
}

#[test]
fn framing_that_could_be_read_two_ways_is_refused_and_the_connection_closed() {
    let sandbox = sandbox();
    for bytes in [
        "GET /idcard HTTP/1.1\nHost: localhost\n\n",
        "GET /idcard HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "POST /idcard HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "GET /idcard HTTP/1.1\r\nHost: localhost\r\n folded\r\n\r\n",
    ] {
        let reply = common::Reply::parse(exchange(&sandbox, bytes.as_bytes()));
        assert_eq!((reply.status, reply.code().as_str()), (400, "I400HD"), "{bytes}");
        assert_eq!(reply.text("Connection"), "close");
    }
}

#[test]
fn the_vendors_own_platform_takes_its_key_and_has_no_gateway() {
    let sandbox = Sandbox::builder().vendor_key(Some("dummy-vendor-key".into())).start().unwrap();
    for provider in [Provider::Checkone, Provider::Sjsys] {
        let mut request =
            Request::new(provider, "张三", ID).with("Authorization", None).with("Host", Some("127.0.0.1"));
        let refused = request.send(&sandbox);
        assert_eq!((refused.status, refused.json()["code"].as_str().unwrap().to_owned()), (200, "10005".to_owned()));
        request.body.push_str("&key=wrong");
        assert_eq!(request.send(&sandbox).json()["code"], "10005");
        assert_eq!(sandbox.report().of(provider).billed, 0);
        request.body = request.body.replace("wrong", "dummy-vendor-key");
        let reply = request.send(&sandbox);
        assert_eq!(reply.json()["code"], "10000");
        assert_eq!(reply.header("X-Ca-Request-Id"), None);
        assert_eq!(sandbox.report().of(provider).billed, 1);
    }
    // The others have none: the gateway as ever.
    refused(&sandbox, &query().with("Authorization", None), "A400MA");
    // And without it a key is no authorization.
    let gateway = common::sandbox();
    let mut request = form().with("Authorization", None);
    request.body.push_str("&key=dummy-vendor-key");
    refused(&gateway, &request, "A400MA");
}

#[test]
fn requests_are_recorded_only_when_asked() {
    let off = sandbox();
    assert_eq!(form().send(&off).status, 200);
    assert!(off.requests().is_empty());
    let on = Sandbox::builder().record(true).start().unwrap();
    let sent = form();
    assert_eq!(sent.send(&on).status, 200);
    let [seen] = &on.requests()[..] else { panic!("one request") };
    assert_eq!((seen.method.as_str(), seen.target.as_str(), seen.status), ("POST", "/chinadatapay/1882", Some(200)));
    assert_eq!(seen.raw, sent.bytes(true));
    assert_eq!(seen.body, sent.body.as_bytes());
    let names: Vec<_> = seen.headers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["Host", "Authorization", "Content-Type", "Content-Length", "Connection"]);
    assert_eq!(seen.header("authorization"), Some(format!("APPCODE {APP_CODE}").as_bytes()));
    let printed = format!("{seen:?}");
    assert!(
        !printed.contains(ID) && !printed.contains(APP_CODE) && printed.contains("/chinadatapay/1882"),
        "{printed}"
    );
}
