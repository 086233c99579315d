//! What the magic names are answered with.

mod common;

use common::{ID, Request, ask, find, sandbox};
use heyan_sandbox::{CLASSIC_ERRORS, GATEWAY_CODES, Provider};
use serde_json::{Value, json};

const REDACTED_BY_NOBODY: &str = "Server StringToSign:`";

#[test]
fn every_documented_body_can_be_had_byte_for_byte() {
    let sandbox = sandbox();
    for provider in Provider::ALL {
        assert!(provider.documents().len() >= 2);
        for (index, document) in provider.documents().iter().enumerate() {
            let reply = ask(&sandbox, provider, &format!("文档·{}", index + 1), ID);
            assert_eq!((reply.status, reply.body.as_slice()), (document.status, document.body.as_bytes()));
            serde_json::from_slice::<Value>(&reply.body).unwrap();
        }
    }
}

#[test]
fn every_documented_code_can_be_had() {
    let sandbox = sandbox();
    for provider in Provider::ALL {
        for (code, message) in provider.codes() {
            let argument = code.replace('_', "");
            let (family, code_key, message_key) = match provider {
                Provider::Checkone | Provider::Sjsys => ("代码", "code", "message"),
                Provider::Idenauthen => ("代码", "respCode", "respMessage"),
                Provider::Idcert => ("代码", "status", "msg"),
                Provider::Sfz2 => ("消息", "", "msg"),
            };
            let reply = ask(&sandbox, provider, &format!("{family}·{argument}"), ID);
            let json = reply.json();
            assert_eq!(json[message_key], *message);
            if provider == Provider::Sfz2 {
                let said_at_ok = matches!(*code, "7" | "8");
                assert_eq!(
                    (reply.status, json["ok"].as_u64()),
                    if said_at_ok { (200, Some(1)) } else { (666, Some(0)) }
                );
                let glued = ask(&sandbox, provider, &format!("消息尾·{code}"), ID);
                assert_eq!(
                    (glued.status, glued.json()["msg"].as_str()),
                    (reply.status, Some(format!("{message}key").as_str()))
                );
            } else {
                assert_eq!((reply.status, &json[code_key]), (200, &json!(code)));
            }
        }
    }
    // Of the two tables with the same numbers, each has its own words.
    assert_eq!(ask(&sandbox, Provider::Checkone, "代码·10009", ID).json()["message"], "请求报文格式错误");
    assert_eq!(ask(&sandbox, Provider::Sjsys, "代码·10009", ID).json()["message"], "余额不足，请充值");
    assert_eq!(ask(&sandbox, Provider::Checkone, "代码·10009", ID).json()["data"], "null");
    assert_eq!(ask(&sandbox, Provider::Sjsys, "代码·10009", ID).json()["data"], Value::Null);
}

#[test]
fn every_gateway_error_can_be_had_at_every_vendor() {
    let sandbox = sandbox();
    for provider in Provider::ALL {
        for entry in GATEWAY_CODES {
            let reply = ask(&sandbox, provider, &format!("网关·{}", entry.code), ID);
            assert_eq!((reply.status, reply.code().as_str()), (entry.status(), entry.code));
            assert!(reply.message().starts_with(entry.message));
            assert!(reply.body.is_empty());
        }
        for (index, entry) in CLASSIC_ERRORS.iter().enumerate() {
            let reply = ask(&sandbox, provider, &format!("网关文·{}", index + 1), ID);
            assert_eq!((reply.status, reply.header("X-Ca-Error-Code")), (entry.status, None));
            assert!(reply.message().starts_with(entry.message));
            assert!(reply.body.is_empty());
        }
        for name in ["网关·A403IS", "网关文·22"] {
            let message = ask(&sandbox, provider, name, ID).message();
            assert!(
                message.contains(REDACTED_BY_NOBODY) && message.contains(ID) && message.contains(name),
                "{message}"
            );
        }
    }
    assert_eq!(sandbox.report().billed(), 0);
}

#[test]
fn verdicts_can_be_had_whatever_the_number() {
    let sandbox = sandbox();
    let stranger = "110101190001010073";
    for (provider, pointer, expected) in [
        (Provider::Checkone, "/data/result", [json!("1"), json!("2"), Value::Null]),
        (Provider::Idenauthen, "/respCode", [json!("0000"), json!("0008"), json!("0007")]),
        (Provider::Idcert, "/status", [json!("01"), json!("02"), json!("202")]),
        (Provider::Sjsys, "/data/state", [json!("1"), json!("2"), Value::Null]),
        (Provider::Sfz2, "/match", [json!(true), json!(false), Value::Null]),
    ] {
        for (name, expected) in ["判·一致", "判·不一致", "判·库无"].into_iter().zip(expected) {
            let json = ask(&sandbox, provider, name, stranger).json();
            assert_eq!(json.pointer(pointer).cloned().unwrap_or_default(), expected, "{} {name}", provider.slug());
        }
    }
    assert_eq!(ask(&sandbox, Provider::Checkone, "判·异常", ID).json()["data"]["result"], "3");
    assert_eq!(ask(&sandbox, Provider::Sjsys, "判·异常", ID).json()["data"]["state"], "3");
}

#[test]
fn both_generations_of_the_third_vendor() {
    let sandbox = sandbox();
    let short = ask(&sandbox, Provider::Idcert, "短·一致", ID).json();
    assert_eq!((&short["idCard"], &short["name"]), (&json!("11*****0057"), &json!("短*")));
    let long = ask(&sandbox, Provider::Idcert, "长·一致", "11010119000101009X").json();
    assert_eq!(
        long,
        json!({
            "status": "01", "msg": "实名认证通过!", "idCard": "11010119000101009X", "name": "长·一致", "sex": "男",
            "area": "北京市东城区", "province": "北京市", "city": "北京市", "prefecture": "东城区",
            "birthday": "1900-01-01", "addrCode": "110101", "lastCode": "X"
        })
    );
    for (name, status) in [("长·不一致", "02"), ("长·库无", "202")] {
        let long = ask(&sandbox, Provider::Idcert, name, ID).json();
        assert_eq!((&long["status"], &long["sex"], &long["lastCode"]), (&json!(status), &json!(""), &json!("")));
        assert!(long.get("traceId").is_none());
    }
}

#[test]
fn texts_come_escaped_plain_and_rare() {
    let sandbox = sandbox();
    for provider in Provider::ALL {
        let plain = ask(&sandbox, provider, "判·一致", ID);
        for name in ["转义", "转义·𠮷"] {
            let escaped = ask(&sandbox, provider, name, ID);
            assert!(escaped.body.is_ascii());
            assert!(find(&escaped.body, b"\\u").is_some());
            let (escaped, plain) = (escaped.json(), plain.json());
            for key in ["message", "msg", "respMessage"] {
                assert_eq!(escaped[key], plain[key]);
            }
        }
        let pair = ask(&sandbox, provider, "转义·𠮷", ID);
        assert!(find(&pair.body, b"\\ud842\\udfb7").is_some());
        assert_eq!(pair.json()["remark"], "𠮷野家");
        let rare = ask(&sandbox, provider, "原文·𠮷", ID);
        assert!(find(&rare.body, "𠮷".as_bytes()).is_some());
        let spread = ask(&sandbox, provider, "空白", ID);
        assert!(find(&spread.body, b"\t").is_some());
        spread.json();
        let marked = ask(&sandbox, provider, "前缀", ID);
        assert!(marked.body.starts_with(b"\xef\xbb\xbf{"));
    }
    // The second vendor echoes the name unmasked: a person with a rare character comes back in a surrogate pair.
    let echo = ask(&sandbox, Provider::Idenauthen, "转义·𠮷", ID);
    assert_eq!(echo.json()["name"], "转义·𠮷");
    assert_eq!(ask(&sandbox, Provider::Idenauthen, "𠮷野", "110101190001010049").json()["respCode"], "0000");
}

#[test]
fn verdicts_can_be_missing_null_odd_or_twofold() {
    let sandbox = sandbox();
    for (provider, pointer, hollow, odd) in [
        (Provider::Checkone, "/data/result", "/data", json!("9")),
        (Provider::Idenauthen, "/respCode", "/respCode", json!("0099")),
        (Provider::Idcert, "/status", "/status", json!("99")),
        (Provider::Sjsys, "/data/state", "/data", json!("9")),
        (Provider::Sfz2, "/match", "/match", json!("maybe")),
    ] {
        let get = |name: &str| ask(&sandbox, provider, name, ID).json();
        assert_eq!(get("缺判").pointer(pointer), None);
        assert_eq!(get("空判").pointer(pointer), Some(&Value::Null));
        assert_eq!(get("空值").pointer(hollow), Some(&Value::Null));
        assert_eq!(get("乱判").pointer(pointer), Some(&odd));
        let key = format!("\"{}\":", pointer.rsplit('/').next().unwrap());
        let twice = ask(&sandbox, provider, "重复", ID);
        assert_eq!(String::from_utf8(twice.body).unwrap().matches(&key).count(), 2);
    }
    for (provider, key) in
        [(Provider::Checkone, "\"code\":"), (Provider::Sjsys, "\"code\":"), (Provider::Sfz2, "\"ok\":")]
    {
        let twice = ask(&sandbox, provider, "重复·码", ID);
        assert_eq!(String::from_utf8(twice.body).unwrap().matches(key).count(), 2);
    }
    for (provider, key, stranger) in [
        (Provider::Idenauthen, "idNo", "340421190710145412"),
        (Provider::Idcert, "idCard", "51*****1111"),
        (Provider::Sfz2, "sfz", "3505*****12"),
    ] {
        assert_eq!(ask(&sandbox, provider, "错回", ID).json()[key], stranger);
    }
}

#[test]
fn json_can_be_spelled_or_spoiled() {
    let sandbox = sandbox();
    for provider in Provider::ALL {
        let get = |name: &str| ask(&sandbox, provider, name, ID);
        assert!(get("空体").body.is_empty());
        for name in ["坏文", "非文", "尾随", "控制符", "坏码", "孤代", "前缀"] {
            let reply = get(name);
            assert_eq!(reply.status, 200);
            assert_eq!(reply.text("Content-Length"), reply.body.len().to_string(), "{name}: the length is honest");
            assert!(serde_json::from_slice::<Value>(&reply.body).is_err(), "{name}");
        }
        assert!(get("数组").json().is_array());
        assert!(get("多键").json().as_object().unwrap().len() > get("判·一致").json().as_object().unwrap().len());
        for depth in [9, 4000] {
            let deep = get(&format!("过深·{depth}"));
            assert_eq!(deep.body.iter().filter(|byte| **byte == b'[').count(), depth);
        }
        let reversed = get("换序");
        assert!(reversed.json().is_object());
        for name in ["超长", "超长块"] {
            let long = get(name);
            assert!(long.content().len() > 64 * 1024);
            long.json();
        }
    }
    assert_eq!(ask(&sandbox, Provider::Checkone, "数字", ID).json()["code"], 10000);
    assert_eq!(ask(&sandbox, Provider::Checkone, "数字", ID).json()["data"]["result"], 1);
    assert_eq!(ask(&sandbox, Provider::Idcert, "数字", ID).json()["status"], "01");
    assert!(ask(&sandbox, Provider::Idenauthen, "数字", ID).json()["age"].is_number());
    assert_eq!(ask(&sandbox, Provider::Idenauthen, "数字", ID).json()["idNo"], ID);
    assert_eq!(ask(&sandbox, Provider::Sfz2, "文字", ID).json()["ok"], "1");
    assert_eq!(ask(&sandbox, Provider::Sfz2, "文字", ID).json()["match"], "true");
    assert_eq!(ask(&sandbox, Provider::Idenauthen, "详·缺", ID).json().get("age"), None);
    assert_eq!(ask(&sandbox, Provider::Idenauthen, "详·空", ID).json()["age"], "");
    assert_eq!(ask(&sandbox, Provider::Idenauthen, "详·空值", ID).json()["age"], Value::Null);
    assert_eq!(ask(&sandbox, Provider::Checkone, "数据·空值", ID).json().get("data"), Some(&Value::Null));
    assert_eq!(ask(&sandbox, Provider::Checkone, "数据·缺", ID).json().get("data"), None);
    assert_eq!(ask(&sandbox, Provider::Checkone, "数据·别的", ID).json()["data"], "暂无数据");
    for (name, colon) in [("全角·库无", "：查无记录"), ("全角·不一致", "：身份证与姓名不匹配")]
    {
        let said = ask(&sandbox, Provider::Sfz2, name, ID).json();
        assert!(said["msg"].as_str().unwrap().ends_with(colon));
    }
}

#[test]
fn a_name_is_magic_only_where_the_table_says() {
    let sandbox = sandbox();
    // `错回` means nothing to a vendor that echoes nothing: an ordinary name, and somebody else's number.
    assert_eq!(ask(&sandbox, Provider::Checkone, "错回", ID).json()["data"]["result"], "2");
    // A family's name with an argument that is none is no person's name either, and not magic.
    assert_eq!(ask(&sandbox, Provider::Sfz2, "网关·NOSUCH", ID).json()["match"], false);
}

#[test]
fn some_failures_pass() {
    let sandbox = sandbox();
    for provider in Provider::ALL {
        let request = Request::new(provider, "先忙·2", ID);
        let codes: Vec<String> = (0..4).map(|_| request.send(&sandbox).code()).collect();
        assert_eq!(codes, ["X503BZ", "X503BZ", "", ""], "{}", provider.slug());
        assert_eq!(sandbox.report().of(provider).billed, 2);
        let another = Request::new(provider, "先限·1", ID);
        assert_eq!((another.send(&sandbox).code().as_str(), another.send(&sandbox).status), ("T429ID", 200));
    }
    let matched = Request::new(Provider::Sfz2, "先忙·2", ID).send(&sandbox).json();
    assert_eq!(matched["match"], true);
}
