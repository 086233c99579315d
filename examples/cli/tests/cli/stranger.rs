//! `heyan verify` against an HTTP server that knows nothing of this project: what it understood of the request is what was
//! meant, and what it makes of a reply is read right.

use std::sync::mpsc;

use axum::body::to_bytes;
use axum::extract::Request;
use axum::http::{HeaderName, StatusCode};
use axum::{Router, routing::any};

use crate::run::{DUMMY, ID, MOBILE, NAME, heyan};

/// Method, target, header fields sorted by name, body.
type Understood = (String, String, Vec<(String, String)>, String);

/// Serves every request with `reply` until the test ends, and tells what it understood of them.
fn serve(status: u16, reply: &'static str) -> (String, mpsc::Receiver<Understood>) {
    let (tell, understood) = mpsc::channel();
    let (ready, address) = mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            ready.send(listener.local_addr().unwrap()).unwrap();
            let answer = any(move |request: Request| {
                let tell = tell.clone();
                async move {
                    let (head, body) = request.into_parts();
                    let body = to_bytes(body, 4096).await.unwrap();
                    let mut fields: Vec<(String, String)> = head
                        .headers
                        .iter()
                        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
                        .collect();
                    fields.sort();
                    let body = String::from_utf8(body.to_vec()).unwrap();
                    // Nobody listens any more once a test has what it wants.
                    let _ = tell.send((head.method.to_string(), head.uri.to_string(), fields, body));
                    let kind = HeaderName::from_static("content-type");
                    (StatusCode::from_u16(status).unwrap(), [(kind, "application/oct-stream; charset=UTF-8")], reply)
                }
            });
            axum::serve(listener, Router::new().fallback_service(answer)).await.unwrap();
        });
    });
    (format!("http://{}", address.recv().unwrap()), understood)
}

#[test]
fn the_request_is_understood_and_the_reply_read() {
    let form = "application/x-www-form-urlencoded; charset=UTF-8";
    for (provider, target, body, reply, verdict) in [
        (
            "checkone",
            "/chinadatapay/1882",
            "idcard=11010119000101009X&name=%E5%BC%A0%E4%B8%89",
            r#"{"seqNo":"4XU29Z4D1704061618","data":{"result":"1"},"message":"成功","code":"10000"}"#,
            "match",
        ),
        (
            "idenauthen",
            "/idenAuthentication",
            "idNo=11010119000101009X&name=%E5%BC%A0%E4%B8%89",
            r#"{"name":"张三","idNo":"11010119000101009X","respMessage":"身份证信息不匹配","respCode":"0008"}"#,
            "mismatch",
        ),
        (
            "idcert",
            "/idcard?idCard=11010119000101009X&name=%E5%BC%A0%E4%B8%89",
            "",
            r#"{"status":"202","msg":"无法认证!","idCard":"11*****009X","name":"张*","traceId":"20211208013_9aph_5e91"}"#,
            "no_record",
        ),
        (
            "sjsys",
            "/communication/personal/1979",
            "idcard=11010119000101009X&mobile=13000000000&name=%E5%BC%A0%E4%B8%89",
            r#"{"code":"10000","message":"成功","data":null,"seqNo":"4XU29Z4D1704061618"}"#,
            "no_record",
        ),
        (
            "sfz2",
            "/idcard?xm=%E5%BC%A0%E4%B8%89&sfz=11010119000101009X",
            "",
            r#"{"ok":1,"msg":"实名信息正确","xm":"张*","sfz":"1101*****9X","match":true,"birthday":"19****01","sex":"男","address":"北京市**区"}"#,
            "match",
        ),
    ] {
        let (url, understood) = serve(200, reply);
        let mut command = heyan(["verify", "--consent", "--json", "--provider", provider, "--name", NAME, "--id", ID])
            .and(["--insecure-http", "--base-url", &url])
            .env(DUMMY);
        if provider == "sjsys" {
            command = command.and(["--mobile", MOBILE]);
        }
        let run = command.run();
        assert_eq!(run.json()["verdict"], verdict, "{provider}: {}", run.stderr);

        let mut fields = vec![
            ("accept".to_owned(), "application/json".to_owned()),
            ("authorization".to_owned(), format!("APPCODE {}", DUMMY.1)),
            ("host".to_owned(), url.trim_start_matches("http://").to_owned()),
        ];
        if !body.is_empty() {
            fields.push(("content-length".to_owned(), body.len().to_string()));
            fields.push(("content-type".to_owned(), form.to_owned()));
        }
        fields.sort();
        let method = if body.is_empty() { "GET" } else { "POST" };
        assert_eq!(understood.recv().unwrap(), (method.to_owned(), target.to_owned(), fields, body.to_owned()));
        assert!(understood.try_recv().is_err(), "{provider} was asked twice");
    }
}

#[test]
fn a_status_beyond_the_registry_is_free() {
    let (url, _understood) = serve(666, r#"{"ok":0,"msg":"身份证号码有误"}"#);
    let run = heyan(["verify", "--consent", "--json", "--provider", "sfz2", "--name", NAME, "--id", ID])
        .and(["--insecure-http", "--base-url", &url])
        .env(DUMMY)
        .run();
    let json = run.json();
    assert_eq!((run.status, &json["refusal"], &json["billing"]), (3, &"bad_input".into(), &"free".into()));
}
