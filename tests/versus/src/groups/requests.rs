//! Writing the request that asks `idcert` about a person with four Chinese characters in the name.
//!
//! The answer is what a server reads in the request: method, target, and the header fields that matter.

use std::hint::black_box;

use heyan::{AppCode, Consent, Credentials, Date, IdNumber, Inquiry, Name, Subject, provider::IDCERT};

use crate::contest::{Bound, Contender, Contest, Group, Unit};
use crate::{same, text};

/// Writes them.
pub(crate) static GROUP: Group = Group {
    key: "requests",
    title: text("A request with four Chinese characters in the name, built", "构造一个姓名含四个汉字的请求"),
    unit: Unit::Nanoseconds(text("request", "个请求")),
    contenders: CONTENDERS,
    bounds: &[Bound { slower: "format", faster: "heyan", least: 5.0, build: "x86_64" }],
    with_v3: false,
    prepare,
};

const CONTENDERS: &[Contender] = &[
    Contender {
        key: "heyan",
        name: same("heyan: `Inquiry::write`"),
        note: text("the whole message, into the caller's buffer", "完整报文，写入调用者的缓冲区"),
    },
    Contender {
        key: "format",
        name: same("`format!` + `urlencoding`"),
        note: text("the whole message, a new string", "完整报文，新建字符串"),
    },
    Contender {
        key: "form_urlencoded",
        name: same("`format!` + `form_urlencoded`"),
        note: text("the whole message, a new string", "完整报文，新建字符串"),
    },
    Contender {
        key: "http",
        name: same("`ureq::http::Request` + `urlencoding`"),
        note: text("what ureq takes; written when it is sent", "ureq 接受的请求；发送时才写成报文"),
    },
    Contender {
        key: "reqwest",
        name: same("`reqwest::Client::get(…).build()`"),
        note: text("what reqwest takes; written when it is sent", "reqwest 接受的请求；发送时才写成报文"),
    },
];

const NAME: &str = "欧阳张三";
const NUMBER: &str = "11010119000101009X";
const CODE: &str = "test-appcode-not-a-secret-000000";
const HOST: &str = "idcert.market.alicloudapi.com";
const PATH: &str = "/idcard";

fn prepare(contest: &mut Contest) {
    let inquiry = inquiry();
    let mut buffer = [0; IDCERT.info().buffer_len()];
    let written = inquiry.write(&mut buffer).map(|request| request.expose().bytes.to_vec()).unwrap_or_default();
    contest.enter("heyan", heard(&String::from_utf8_lossy(&written)), 1, move || {
        let request = black_box(&inquiry).write(black_box(&mut buffer));
        black_box(request.map_or(0, |request| request.len()));
    });

    contest.enter("format", heard(&with_format(NAME, NUMBER, CODE)), 1, || {
        black_box(with_format(black_box(NAME), black_box(NUMBER), black_box(CODE)));
    });

    contest.enter("form_urlencoded", heard(&with_form_urlencoded(NAME, NUMBER, CODE)), 1, || {
        black_box(with_form_urlencoded(black_box(NAME), black_box(NUMBER), black_box(CODE)));
    });

    let request = with_http(NAME, NUMBER, CODE);
    let field = |name| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let target = request.uri().path_and_query().map_or("", |target| target.as_str());
    let host = request.uri().host().unwrap_or_default();
    let answer = heard_fields("GET", target, host, field("authorization"), field("accept"));
    contest.enter("http", answer, 1, || {
        black_box(with_http(black_box(NAME), black_box(NUMBER), black_box(CODE)));
    });

    // With TLS in the build, a client wants to know whose, though it sends nothing here.
    #[cfg(feature = "network")]
    super::network::provide_tls();
    let client = reqwest::Client::new();
    let request = with_reqwest(&client, NAME, NUMBER, CODE);
    let field = |name| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let target = format!("{}?{}", request.url().path(), request.url().query().unwrap_or_default());
    let host = request.url().host_str().unwrap_or_default();
    let answer = heard_fields(request.method().as_str(), &target, host, field("authorization"), field("accept"));
    contest.enter("reqwest", answer, 1, move || {
        black_box(with_reqwest(&client, black_box(NAME), black_box(NUMBER), black_box(CODE)));
    });
}

/// # Panics
/// When the words above make no inquiry.
fn inquiry() -> Inquiry<'static> {
    let name = Name::parse(NAME).expect("a name");
    let number = IdNumber::parse(NUMBER, Date::MAX).expect("a number");
    let code = AppCode::new(CODE).expect("an AppCode");
    let subject = Subject::new(name, number);
    Inquiry::new(&IDCERT, subject, Consent::given(), Credentials::AppCode(code)).expect("an inquiry")
}

fn with_format(name: &str, number: &str, code: &str) -> String {
    let (number, name) = (urlencoding::encode(number), urlencoding::encode(name));
    format!(
        "GET {PATH}?idCard={number}&name={name} HTTP/1.1\r\nHost: {HOST}\r\nAuthorization: APPCODE {code}\r\n\
         Accept: application/json\r\n\r\n"
    )
}

fn with_form_urlencoded(name: &str, number: &str, code: &str) -> String {
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("idCard", number)
        .append_pair("name", name)
        .finish();
    format!(
        "GET {PATH}?{query} HTTP/1.1\r\nHost: {HOST}\r\nAuthorization: APPCODE {code}\r\n\
         Accept: application/json\r\n\r\n"
    )
}

fn with_http(name: &str, number: &str, code: &str) -> ureq::http::Request<()> {
    let (number, name) = (urlencoding::encode(number), urlencoding::encode(name));
    let request = ureq::http::Request::get(format!("https://{HOST}{PATH}?idCard={number}&name={name}"))
        .header("authorization", format!("APPCODE {code}"))
        .header("accept", "application/json");
    request.body(()).expect("a request")
}

fn with_reqwest(client: &reqwest::Client, name: &str, number: &str, code: &str) -> reqwest::Request {
    let request = client
        .get("https://idcert.market.alicloudapi.com/idcard")
        .query(&[("idCard", number), ("name", name)])
        .header("authorization", format!("APPCODE {code}"))
        .header("accept", "application/json");
    request.build().expect("a request")
}

/// What a server reads in a message without a body.
fn heard(message: &str) -> Vec<u8> {
    let mut lines = message.split("\r\n");
    let line: Vec<&str> = lines.next().unwrap_or_default().split(' ').collect();
    let field =
        |wanted: &str| message.split("\r\n").filter_map(|line| line.split_once(": ")).find(|(name, _)| *name == wanted);
    let value = |wanted| field(wanted).map_or("", |(_, value)| value);
    assert!(message.ends_with("\r\n\r\n") && line.len() == 3, "no message: {message:?}");
    heard_fields(line[0], line[1], value("Host"), value("Authorization"), value("Accept"))
}

fn heard_fields(method: &str, target: &str, host: &str, authorization: &str, accept: &str) -> Vec<u8> {
    format!("{method} {target}\n{host}\n{authorization}\n{accept}").into_bytes()
}
