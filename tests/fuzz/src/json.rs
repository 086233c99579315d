//! The pass over a reply's JSON against `serde_json`: the same texts are taken, and the same values are read.
//!
//! All bytes are the body. The two differ on purpose where a document is deeper than `DEPTH_MAX`, and in numbers that no
//! `f64` holds, which `serde_json` refuses and nobody here computes with.

use std::sync::Mutex;

use heyan::provider::{Conclusion, Finding, Placement, Reply, explain};
use heyan::{DEPTH_MAX, Error, Info, Provider, ReplyFault, Response, Value};
use heyan_conformance::oracle::{Json, parse};

/// A provider that notes what it is shown of some members.
struct Probe {
    wanted: [String; 3],
    seen: Mutex<Option<Result<Vec<Json>, ReplyFault>>>,
}

static INFO: Info = Info::new("probe", "nobody", "probe.test", "/", Placement::Query, &[]);

impl Provider for Probe {
    fn info(&self) -> &'static Info {
        &INFO
    }

    fn interpret<'b>(&self, reply: &Reply<'_, 'b>) -> Result<Finding<'b>, ReplyFault> {
        let values = reply.members([self.wanted[0].as_str(), &self.wanted[1], &self.wanted[2]]);
        let read = |values: [Value<'b>; 3]| values.into_iter().map(read).collect();
        *self.seen.lock().unwrap() = Some(values.map(read));
        Ok(Finding { code: None, reference: None, conclusion: Conclusion::NoVerdict })
    }
}

/// The kind of a value, and all of it where it is no container.
fn read(value: Value<'_>) -> Json {
    match value {
        // There is no such value: a name that no document has stands for it.
        Value::Absent => Json::Object(vec![("absent".to_owned(), Json::Null)]),
        Value::Null => Json::Null,
        Value::Bool(value) => Json::Bool(value),
        Value::Number(text) => parse(text.as_bytes()).expect("a number is JSON"),
        Value::Text(text) | Value::Escaped(text) => {
            parse(format!("\"{text}\"").as_bytes()).expect("a text is JSON between quotation marks")
        }
        Value::Array => Json::Array(Vec::new()),
        Value::Object(_) => Json::Object(Vec::new()),
    }
}

/// Any bytes.
pub fn check(body: &[u8]) {
    let theirs = parse(body);
    let members = match &theirs {
        Some(Json::Object(members)) => members.as_slice(),
        _ => &[],
    };
    // Names that a provider may ask for: they have neither quotation marks nor backslashes nor control characters.
    let plain = |name: &str| !name.contains(['"', '\\']) && !name.contains(|c: char| c < ' ');
    let mut names: Vec<&str> = members.iter().map(|(name, _)| name.as_str()).filter(|name| plain(name)).collect();
    names.dedup();
    names.sort_unstable();
    names.dedup();
    let wanted = [0, 1, 2].map(|at| names.get(at).map_or(format!("none of them {at}"), |name| (*name).to_owned()));
    let probe = Probe { wanted, seen: Mutex::new(None) };

    let mut text = body.to_vec();
    let result = explain(&probe, Response::new(200, &mut text).unwrap());
    let Err(Error::Reply(error)) = result else { panic!("a verdict, or a refusal, of nobody") };
    let seen = probe.seen.into_inner().unwrap();
    let depth = theirs.as_ref().map_or(0, Json::depth);
    match (&theirs, error.fault()) {
        (_, ReplyFault::TooDeep) => {
            // What is wrong behind the bracket that goes too deep is not looked at.
            let brackets = body.iter().filter(|byte| matches!(byte, b'{' | b'[')).count();
            assert!(brackets > usize::from(DEPTH_MAX) && (theirs.is_none() || depth > usize::from(DEPTH_MAX)));
        }
        (Some(Json::Object(_)), ReplyFault::NoVerdict) => {
            assert!(depth <= usize::from(DEPTH_MAX));
            compare(members, &probe.wanted, seen.expect("the provider was asked"));
        }
        (Some(Json::Object(_)), fault) => panic!("{fault:?}, but serde_json takes it"),
        // A provider's reply is an object.
        (Some(_), fault) => assert_eq!(fault, ReplyFault::NotJson),
        (None, ReplyFault::NotJson) => {}
        (None, fault) => assert!(is_out_of_range(body), "{fault:?}, but serde_json refuses it"),
    }
}

/// Whether `serde_json` refuses it for a number that no `f64` holds.
pub(crate) fn is_out_of_range(body: &[u8]) -> bool {
    let error = serde_json::from_slice::<serde_json::Value>(body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body));
    error.is_err_and(|error| error.to_string().starts_with("number out of range"))
}

fn compare(members: &[(String, Json)], wanted: &[String], seen: Result<Vec<Json>, ReplyFault>) {
    let count = |wanted: &str| members.iter().filter(|(name, _)| name == wanted).count();
    let twice = wanted.iter().any(|wanted| count(wanted) > 1);
    let Ok(seen) = seen else { return assert!(twice, "nothing stands there twice") };
    assert!(!twice, "something stands there twice");
    for (wanted, seen) in wanted.iter().zip(seen) {
        let theirs = members.iter().find(|(name, _)| name == wanted).map(|(_, value)| value);
        let expected = match theirs {
            None => read(Value::Absent),
            Some(Json::Array(_)) => Json::Array(Vec::new()),
            Some(Json::Object(_)) => Json::Object(Vec::new()),
            Some(value) => value.clone(),
        };
        assert_eq!(seen, expected, "the value of a member");
    }
}
