//! Named traps, exhaustive sweeps over small spaces, and random documents compared with
//! `serde_json`, an independent implementation.

use std::format;
use std::string::{String, ToString};

mod random;
mod reading;
mod rewriting;

use super::JsonError::{Ambiguous, NotJson, TooDeep};
use super::{DEPTH_MAX, Document, JsonError, Members, Value};

const REPLY: &str = r#"{"code":"10000","message":"成功","data":{"result":"1"},"seqNo":"4XU29Z4D1704061618"}"#;

/// The text that the pass leaves.
fn normalize(body: &mut [u8]) -> Result<&str, JsonError> {
    super::normalize(body, &mut Members::new()).map(|normalized| normalized.json)
}

/// The values at paths: `"data.state"` is the member `state` of the member `data`. Containers compare by their kind.
///
/// Both ways of finding members are taken, and must agree.
fn members<'b, const N: usize>(json: &'b str, paths: [&str; N]) -> Result<[Value<'b>; N], JsonError> {
    let mut body = json.as_bytes().to_vec();
    let mut values = [Value::Absent; N];
    let mut members = Members::new();
    let Ok(normalized) = super::normalize(&mut body, &mut members) else { return Err(NotJson) };
    assert_eq!(normalized.json, json, "the tests here are about the second half");
    let text = super::pass::Normalized { json, escapes: normalized.escapes };
    let document = Document::of(text, &members)?;
    for (value, path) in values.iter_mut().zip(paths) {
        let (outer, inner) = path.split_once('.').map_or((path, None), |(outer, inner)| (outer, Some(inner)));
        let mut walked = [Value::Absent];
        let mut found = [Value::Absent];
        assert_eq!(document.walk(&[outer], &mut walked), document.members(&[outer], &mut found));
        assert_eq!(walked, found);
        document.members(&[outer], &mut [Value::Absent])?;
        *value = match (found, inner) {
            ([Value::Object(object)], Some(inner)) => {
                let mut found = [Value::Absent];
                object.members(&[inner], &mut found)?;
                found[0]
            }
            (_, Some(_)) => Value::Absent,
            ([found], None) => found,
        };
        if matches!(value, Value::Object(_)) {
            *value = Value::Array;
        }
    }
    Ok(values)
}

fn normalized(body: impl AsRef<[u8]>) -> Result<String, JsonError> {
    let mut body = body.as_ref().to_vec();
    normalize(&mut body).map(String::from)
}

/// The text that stands for `plain` after the pass when all of it is one string.
#[track_caller]
fn string_becomes(escaped: &str, expected: &str) {
    let body = format!("\"{escaped}\"");
    assert_eq!(normalized(&body), Ok(format!("\"{expected}\"")), "{body}");
}

#[track_caller]
fn refused(body: impl AsRef<[u8]>) {
    let body = body.as_ref();
    assert_eq!(normalized(body), Err(NotJson), "{}", String::from_utf8_lossy(body));
}

/// The most objects and arrays that are open at once; for valid documents.
fn depth_of(text: &[u8]) -> usize {
    let (mut open, mut most, mut in_string, mut escaped) = (0_usize, 0, false, false);
    for byte in text {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => {
                open += 1;
                most = most.max(open);
            }
            b'}' | b']' if !in_string => open = open.saturating_sub(1),
            _ => {}
        }
    }
    most
}

/// Runs the pass and compares its answer with that of `serde_json`, apart from the differences that
/// are meant: the byte order mark, the depth, and numbers beyond an `f64`, which `serde_json` cannot
/// hold.
#[track_caller]
fn same_as_serde_json(body: &[u8]) {
    let reference = serde_json::from_slice::<serde_json::Value>(body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body));
    let shown = String::from_utf8_lossy(body);
    match normalized(body) {
        Ok(text) => {
            assert!(text.len() <= body.len(), "longer: {shown}");
            assert_eq!(normalized(&text), Ok(text.clone()), "not final: {shown}");
            assert!(only_final_escapes(&text), "escapes: {shown} became {text}");
            match reference {
                Ok(value) => assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value, "{shown}"),
                Err(error) => {
                    assert!(error.to_string().starts_with("number out of range"), "accepted: {shown}: {error}");
                }
            }
        }
        Err(NotJson) => assert!(reference.is_err(), "refused: {shown}"),
        Err(TooDeep) => assert!(depth_of(body) > usize::from(DEPTH_MAX), "not deep: {shown}"),
        Err(Ambiguous) => panic!("the pass compares no names"),
    }
}

/// Whether only those escapes are left that the pass leaves, in the form it gives them.
fn only_final_escapes(text: &str) -> bool {
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let length = match rest.as_bytes()[at + 1] {
            b'"' | b'\\' | b'b' | b'f' | b'n' | b'r' | b't' => 2,
            b'u' => {
                let code = u32::from_str_radix(&rest[at + 2..at + 6], 16).unwrap();
                if code >= 0x20 || [8, 9, 10, 12, 13].contains(&code) {
                    return false;
                }
                6
            }
            _ => return false,
        };
        rest = &rest[at + length..];
    }
    true
}
