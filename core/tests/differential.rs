//! heyan against other readers of the same bytes: serde_json for bodies, httparse for heads.
//!
//! Both are reached from outside, by way of a provider of our own; that this works at all shows that a provider needs
//! nothing but what is public.

use std::fmt;
use std::sync::Mutex;

use heyan::http::HEADERS_MAX;
use heyan::provider::{self, Conclusion, Finding, IDCERT, Info, Reply};
use heyan::{
    AppCode, Consent, Credentials, DEPTH_MAX, Date, Error, Exchange, IdNumber, Inquiry, Name, Provider, ReplyFault,
    Response, Step, Subject, Value,
};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::RngSeed;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

#[path = "../examples/sixth_provider.rs"]
#[expect(dead_code, reason = "its `main`")]
mod sixth_provider;

/// The same cases in every run; `PROPTEST_CASES` and `PROPTEST_RNG_SEED` ask for more and for others.
fn config() -> ProptestConfig {
    let given = ProptestConfig::default();
    let rng_seed = match given.rng_seed {
        RngSeed::Random => RngSeed::Fixed(0x0068_6579_616e),
        seed => seed,
    };
    ProptestConfig { cases: given.cases.max(2048), rng_seed, failure_persistence: None, ..given }
}

#[test]
fn a_provider_outside_of_the_crate_needs_one_file() {
    let inquiry = sixth_provider::inquiry(&sixth_provider::Sixth).unwrap();
    let mut buffer = [0; 2048];
    let request = inquiry.write(&mut buffer).unwrap();
    assert_eq!(request.expose().target, "/v1/person?number=11010119000101009X&name=%E5%BC%A0%E4%B8%89");
    for (status, body, expected) in sixth_provider::REPLIES {
        let mut bytes = body.as_bytes().to_vec();
        let got = match inquiry.read(Response::new(*status, &mut bytes).unwrap()) {
            Ok(outcome) => Ok(outcome.verdict()),
            Err(Error::Refused(refusal)) => Err(format!("{:?}", refusal.class())),
            Err(Error::Reply(error)) => Err(format!("{:?}", error.fault())),
            Err(error) => panic!("{error:?}"),
        };
        assert_eq!(got, expected.map_err(str::to_owned), "{body}");
    }
}

// ---- bodies ----

/// A document as serde_json reads it, with its members in order and repeated ones kept.
#[derive(Clone, Debug, PartialEq)]
enum Node {
    Null,
    Bool(bool),
    Number(serde_json::Number),
    Text(String),
    Array(Vec<Node>),
    Object(Vec<(String, Node)>),
}

impl Node {
    fn depth(&self) -> usize {
        let inner = match self {
            Self::Array(values) => values.iter().map(Self::depth).max(),
            Self::Object(members) => members.iter().map(|(_, value)| value.depth()).max(),
            _ => return 0,
        };
        1 + inner.unwrap_or(0)
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Node;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("JSON")
            }
            fn visit_unit<E>(self) -> Result<Node, E> {
                Ok(Node::Null)
            }
            fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
                Ok(Node::Bool(value))
            }
            fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
                Ok(Node::Number(value.into()))
            }
            fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
                Ok(Node::Number(value.into()))
            }
            fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
                Ok(serde_json::Number::from_f64(value).map_or(Node::Null, Node::Number))
            }
            fn visit_str<E>(self, value: &str) -> Result<Node, E> {
                Ok(Node::Text(value.to_owned()))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Node, A::Error> {
                let mut array = Vec::new();
                while let Some(value) = values.next_element()? {
                    array.push(value);
                }
                Ok(Node::Array(array))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Node, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = entries.next_entry()? {
                    members.push(member);
                }
                Ok(Node::Object(members))
            }
        }
        deserializer.deserialize_any(Any)
    }
}

/// The names that are asked for. Some begin like others, one is empty, one has a dot, one is not ASCII.
const WANTED: [&str; 6] = ["a", "ab", "", "a.b", "名", "data"];

/// What heyan says of the members: in what heyan's values are, not in what they hold.
#[derive(Debug, PartialEq)]
enum Seen {
    Absent,
    Null,
    Bool(bool),
    Number(String),
    Text(String),
    Escaped(String),
    Array,
    /// Its own members, or that one of them stands there twice.
    Object(Result<Vec<Seen>, ReplyFault>),
}

impl Seen {
    fn of(value: Value<'_>) -> Self {
        match value {
            Value::Absent => Self::Absent,
            Value::Null => Self::Null,
            Value::Bool(value) => Self::Bool(value),
            Value::Number(text) => Self::Number(text.to_owned()),
            Value::Text(text) => Self::Text(text.to_owned()),
            Value::Escaped(text) => Self::Escaped(text.to_owned()),
            Value::Array => Self::Array,
            Value::Object(_) => Self::Object(value.members(WANTED).map(|values| values.map(Self::of).into())),
        }
    }
}

/// A provider that only writes down what it sees.
struct Witness(Mutex<Option<Result<Vec<Seen>, ReplyFault>>>);

impl Provider for Witness {
    fn info(&self) -> &'static Info {
        IDCERT.info()
    }

    fn interpret<'b>(&self, reply: &Reply<'_, 'b>) -> Result<Finding<'b>, ReplyFault> {
        let seen = reply.members(WANTED).map(|values| values.map(Seen::of).into());
        *self.0.lock().unwrap() = Some(seen);
        Ok(Finding { code: None, reference: None, conclusion: Conclusion::NoVerdict })
    }
}

/// What heyan sees in a body, or why it sees nothing.
fn seen_by_heyan(body: &[u8]) -> Result<Vec<Seen>, ReplyFault> {
    let witness = Witness(Mutex::new(None));
    let mut body = body.to_vec();
    let result = provider::explain(&witness, Response::new(200, &mut body).unwrap());
    match (witness.0.into_inner().unwrap(), result) {
        (Some(seen), _) => seen,
        (None, Err(Error::Reply(error))) => Err(error.fault()),
        (None, result) => panic!("{result:?}"),
    }
}

/// Fails unless `seen` is what serde_json found under the wanted names.
fn same_members(seen: &Result<Vec<Seen>, ReplyFault>, members: &[(String, Node)]) -> Result<(), TestCaseError> {
    let values = |name: &'static str| members.iter().filter(move |(own, _)| own == name).map(|(_, value)| value);
    let repeated = WANTED.iter().any(|name| values(name).count() > 1);
    match seen {
        Err(fault) => {
            prop_assert_eq!(*fault, ReplyFault::NoVerdict);
            prop_assert!(repeated, "nothing stands there twice in {:?}", members);
        }
        Ok(seen) => {
            prop_assert!(!repeated, "a repetition went unnoticed in {:?}", members);
            for (name, seen) in WANTED.iter().zip(seen) {
                same_value(seen, values(name).next())?;
            }
        }
    }
    Ok(())
}

fn same_value(seen: &Seen, value: Option<&Node>) -> Result<(), TestCaseError> {
    let same = match (seen, value) {
        (Seen::Absent, None) | (Seen::Null, Some(Node::Null)) | (Seen::Array, Some(Node::Array(_))) => true,
        (Seen::Bool(seen), Some(Node::Bool(value))) => seen == value,
        (Seen::Number(seen), Some(Node::Number(value))) => {
            seen.parse::<serde_json::Number>().is_ok_and(|n| n == *value)
        }
        (Seen::Text(seen), Some(Node::Text(value))) => seen == value,
        (Seen::Escaped(seen), Some(Node::Text(value))) => {
            let decoded: Option<String> = serde_json::from_str(&format!("\"{seen}\"")).ok();
            // Only what cannot stand for itself is still an escape.
            let needed = value.chars().any(|c| c < ' ' || matches!(c, '"' | '\\'));
            needed && decoded.as_ref() == Some(value)
        }
        (Seen::Object(seen), Some(Node::Object(members))) => return same_members(seen, members),
        _ => false,
    };
    prop_assert!(same, "heyan {:?}, serde_json {:?}", seen, value);
    Ok(())
}

/// Fails unless heyan and serde_json agree about these bytes.
fn agree(body: &[u8]) -> Result<(), TestCaseError> {
    let seen = seen_by_heyan(body);
    // heyan skips one byte order mark.
    let theirs = serde_json::from_slice::<Node>(body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body));
    let text = String::from_utf8_lossy(body);
    match theirs {
        Ok(node) if node.depth() > usize::from(DEPTH_MAX) => {
            prop_assert_eq!(seen, Err(ReplyFault::TooDeep), "{}", text);
        }
        Ok(Node::Object(members)) => {
            same_members(&seen, &members).map_err(|error| TestCaseError::fail(format!("{error} in {text}")))?;
        }
        Ok(_) => prop_assert_eq!(seen, Err(ReplyFault::NotJson), "{}", text),
        // A number that no f64 can hold is a number all the same, and heyan does not calculate.
        Err(error) if error.to_string().starts_with("number out of range") => {}
        // The bracket that is too deep is met before what serde_json dislikes behind it.
        Err(error) => {
            prop_assert!(
                matches!(seen, Err(ReplyFault::NotJson | ReplyFault::TooDeep)),
                "{:?}, {} in {}",
                seen,
                error,
                text
            );
        }
    }
    Ok(())
}

/// Written JSON, with escapes and white space as they come.
fn json() -> impl Strategy<Value = String> {
    let space = || select(&["", "", "", " ", "\t\r\n "][..]);
    let piece = || {
        select(
            &[
                "a",
                "b",
                ".",
                "1",
                "名",
                "𠮷",
                "é",
                "\u{7f}",
                "\\n",
                "\\\"",
                "\\\\",
                "\\/",
                "\\u0061",
                "\\u540D",
                "\\ud842\\udfb7",
                "\\u0000",
                "\\u001F",
                "\\u0022",
                "\\u005c",
                "{",
                "}",
                "[",
                ",",
                ":",
                "\u{2028}",
            ][..],
        )
    };
    let text = move || prop::collection::vec(piece(), 0..6).prop_map(|pieces| format!("\"{}\"", pieces.concat()));
    let name = move || {
        prop_oneof![
            3 => select(&["\"a\"", "\"ab\"", "\"\"", "\"a.b\"", "\"名\"", "\"data\"", "\"\\u0061b\"", "\"\\u540d\"", "\"d\\u0061ta\""][..]).prop_map(str::to_owned),
            1 => text(),
        ]
    };
    let number = prop_oneof![
        "-?(0|[1-9][0-9]{0,20})(\\.[0-9]{1,5})?([eE][+-]?[0-9]{1,2})?",
        select(&["0", "-0", "1", "18446744073709551616", "1e400"][..]).prop_map(str::to_owned),
    ];
    let leaf = prop_oneof![
        select(&["null", "true", "false", "\"\"", "[]", "{}"][..]).prop_map(str::to_owned),
        number,
        text(),
    ];
    let value = leaf.prop_recursive(10, 40, 5, move |inner| {
        prop_oneof![
            (prop::collection::vec(inner.clone(), 0..4), space())
                .prop_map(|(values, space)| format!("[{space}{}{space}]", values.join(&format!("{space},")))),
            (prop::collection::vec((name(), space(), inner), 0..6)).prop_map(|members| {
                let members: Vec<String> = members
                    .into_iter()
                    .map(|(name, space, value)| format!("{space}{name}{space}:{space}{value}{space}"))
                    .collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    });
    (prop_oneof![3 => Just(""), 1 => Just("\u{feff}")], space(), value)
        .prop_map(|(mark, space, value)| format!("{mark}{space}{value}{space}"))
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn documents_are_read_as_serde_json_reads_them(text in json()) {
        agree(text.as_bytes())?;
    }

    #[test]
    fn damaged_documents_are_refused_as_serde_json_refuses_them(
        text in json(),
        edits in prop::collection::vec((any::<Index>(), 0_u8..3, prop_oneof![select(b"{}[]:,\"\\u0123456789aeEdD+-. \n\xef\xbb\xbf\xed\xa1".to_vec()), any::<u8>()]), 1..4),
    ) {
        let mut body = text.into_bytes();
        for (at, kind, byte) in edits {
            let at = at.index(body.len() + 1);
            match kind {
                0 => body.insert(at, byte),
                1 if at < body.len() => body[at] = byte,
                _ => body.truncate(at),
            }
        }
        agree(&body)?;
    }

    #[test]
    fn any_bytes_are_read_as_serde_json_reads_them(body in prop::collection::vec(prop_oneof![select(b"{}[]:,\"\\utrue1a ".to_vec()), any::<u8>()], 0..40)) {
        agree(&body)?;
    }
}

#[test]
fn depth_is_counted_alike() {
    for depth in 1..=20_usize {
        for (open, close) in [("{\"a\":", "}"), ("[", "]")] {
            let inner = depth - 1;
            let body = format!("{{\"data\":{}1{}}}", open.repeat(inner), close.repeat(inner));
            let seen = seen_by_heyan(body.as_bytes());
            assert_eq!(seen.is_ok(), depth <= usize::from(DEPTH_MAX), "{body}: {seen:?}");
            agree(body.as_bytes()).unwrap();
        }
    }
}

// ---- heads ----

/// What can be known of a head from outside: the status, the body, and the two fields that end in an error.
#[derive(Debug, PartialEq)]
struct Seeable {
    status: u16,
    body: Vec<u8>,
    code: Option<String>,
    reference: Option<String>,
}

fn seeable_by_heyan(reply: &[u8]) -> Option<Seeable> {
    let subject = Subject::new(Name::parse("张三").unwrap(), IdNumber::parse("11010119000101009X", Date::MAX).unwrap());
    let code = Credentials::AppCode(AppCode::new("test-appcode").unwrap());
    let inquiry = Inquiry::new(&IDCERT, subject, Consent::given(), code).unwrap();
    let mut buffer = [0; 2048];
    let mut exchange = Exchange::new(inquiry.write(&mut buffer).unwrap());
    let mut unread = reply;
    loop {
        match exchange.step() {
            Step::Send(bytes) => {
                let n = bytes.len();
                exchange.sent(n);
            }
            Step::Receive(space) => {
                let n = std::io::Read::read(&mut unread, space).unwrap();
                exchange.received(n);
            }
            Step::Done => break,
        }
    }
    let response = exchange.finish().ok()?;
    let (status, body) = (response.status(), response.expose_body().to_vec());
    let error = inquiry.read(response).unwrap_err();
    let code = match &error {
        Error::Refused(refusal) => refusal.code().map(|code| code.as_str().to_owned()),
        _ => None,
    };
    Some(Seeable { status, body, code, reference: error.reference().map(|reference| reference.as_str().to_owned()) })
}

/// The same by httparse and a few lines of RFC 9112. `None`: no head, or one whose framing this does not decide.
fn seeable_by_httparse(reply: &[u8]) -> Option<Seeable> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut head = httparse::Response::new(&mut headers);
    let Ok(httparse::Status::Complete(len)) = head.parse(reply) else { return None };
    let field = |wanted: &str| {
        let mut values = head.headers.iter().filter(|field| field.name.eq_ignore_ascii_case(wanted));
        let value = values.find(|field| !field.value.trim_ascii().is_empty());
        value.map(|field| String::from_utf8_lossy(field.value.trim_ascii()).into_owned())
    };
    let status = head.code?;
    let length: usize = if matches!(status, 204 | 304) { 0 } else { field("content-length")?.parse().ok()? };
    let token = |text: String, max: usize| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
        Some(text).filter(|text| text.len() <= max && text.bytes().all(plain))
    };
    Some(Seeable {
        status,
        body: reply.get(len..len + length)?.to_vec(),
        code: field("x-ca-error-code").and_then(|text| token(text, 12)),
        reference: field("x-ca-request-id").and_then(|text| token(text, 48)),
    })
}

fn reply() -> impl Strategy<Value = Vec<u8>> {
    let name = select(
        &[
            "X-Ca-Error-Code",
            "x-ca-error-code",
            "X-CA-REQUEST-ID",
            "X-Ca-Request-Id",
            "X-Ca-Request-Ids",
            "X-Ca",
            "Date",
            "Server",
            "x",
        ][..],
    );
    let value = prop_oneof![
        select(&["", " ", "A400AC", " T429ID ", "\tZ499ZZ", "1234567890123", "a b", "张三", "0C1A2B3C-0000"][..])
            .prop_map(str::to_owned),
        "[ -~]{0,30}",
    ];
    let separator = select(&[":", ": ", ":\t ", " :"][..]);
    (
        100_u16..1000,
        prop::collection::vec((name, separator, value), 0..8),
        "[ -~]{0,20}",
        prop::collection::vec(any::<u8>(), 0..20),
    )
        .prop_map(|(status, fields, reason, body)| {
            let mut reply = format!("HTTP/1.1 {status} {reason}\r\n");
            for (name, separator, value) in fields {
                reply.push_str(&format!("{name}{separator}{value}\r\n"));
            }
            reply.push_str(&format!("Content-Length: {}\r\n\r\n", body.len()));
            let mut reply = reply.into_bytes();
            reply.extend(body);
            reply
        })
}

proptest! {
    #![proptest_config(config())]

    /// What heyan takes, httparse takes, and both see the same in it.
    #[test]
    fn heads_are_read_as_httparse_reads_them(
        reply in reply(),
        edits in prop::collection::vec((any::<Index>(), any::<bool>(), prop_oneof![select(b"\r\n: \t\0\x7f\x80HTP/1.209".to_vec()), any::<u8>()]), 0..3),
    ) {
        let mut damaged = reply.clone();
        for (at, insert, byte) in &edits {
            let at = at.index(damaged.len());
            if *insert { damaged.insert(at, *byte) } else { damaged[at] = *byte }
        }
        let theirs = seeable_by_httparse(&damaged);
        match (seeable_by_heyan(&damaged), theirs) {
            // Framing that the few lines above do not decide: no length, an interim reply, other codings.
            (Some(_), None) => {
                let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
                let mut head = httparse::Response::new(&mut headers);
                prop_assert!(head.parse(&damaged).is_ok_and(|status| status.is_complete()), "{}", String::from_utf8_lossy(&damaged));
            }
            (Some(_), Some(theirs)) if (100..200).contains(&theirs.status) => {}
            (Some(ours), Some(theirs)) => prop_assert_eq!(ours, theirs, "{}", String::from_utf8_lossy(&damaged)),
            (None, Some(theirs)) => {
                // heyan demands more than httparse, but not of a whole reply of the usual form.
                let usual = edits.is_empty() && !(100..200).contains(&theirs.status);
                prop_assert!(!usual, "{:?} of {}", theirs, String::from_utf8_lossy(&damaged));
            }
            (None, None) => {}
        }
    }
}
