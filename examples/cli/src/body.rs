//! A reply as somebody pasted it: with or without its head, whatever its body is.

use serde::Deserializer as _;
use serde::de::{MapAccess, Visitor};
use serde_json::Value;

/// What a body is, at a glance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyKind {
    Object,
    OtherJson,
    Empty,
    Html,
    Text,
    NotUtf8,
}

/// A member of a reply's object, or of an object in it.
#[derive(Debug, PartialEq)]
pub(crate) struct Member {
    /// `code`, or `data.state` for one inside `data`.
    pub(crate) name: String,
    pub(crate) value: Value,
}

/// Says what a body is and lists its members in their order, repeated ones included.
pub(crate) fn look(body: &[u8]) -> (BodyKind, Vec<Member>) {
    let Ok(text) = std::str::from_utf8(body) else { return (BodyKind::NotUtf8, Vec::new()) };
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).trim();
    if text.is_empty() {
        return (BodyKind::Empty, Vec::new());
    }
    if text.starts_with('<') {
        return (BodyKind::Html, Vec::new());
    }
    let mut json = serde_json::Deserializer::from_str(text);
    match json.deserialize_map(Members).and_then(|members| json.end().map(|()| members)) {
        Ok(members) => (BodyKind::Object, members),
        Err(_) if serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok() => (BodyKind::OtherJson, Vec::new()),
        Err(_) => (BodyKind::Text, Vec::new()),
    }
}

/// Collects members, because a map would lose all but one of a repeated name.
struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Vec<Member>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Vec<Member>, A::Error> {
        let mut members = Vec::new();
        while let Some((name, value)) = map.next_entry::<String, Value>()? {
            let inner = match &value {
                Value::Object(object) => object
                    .iter()
                    .map(|(inner, value)| Member { name: format!("{name}.{inner}"), value: value.clone() })
                    .collect(),
                _ => Vec::new(),
            };
            members.push(Member { name, value });
            members.extend(inner);
        }
        Ok(members)
    }
}

/// A whole HTTP reply, taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Pasted {
    /// `None` when there was no status line.
    pub(crate) status: Option<u16>,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) body: Vec<u8>,
}

/// Takes what `curl --include` prints, or a body alone. Interim replies and those of a proxy, which stand in front, are
/// passed over. Lines may end in LF alone, as pasting leaves them.
pub(crate) fn take_apart(input: &[u8]) -> Pasted {
    let mut reply = Pasted { status: None, headers: Vec::new(), body: Vec::new() };
    let mut rest = input;
    while let Some((status, headers, after)) = head(rest) {
        reply = Pasted { status: Some(status), headers, body: Vec::new() };
        rest = after;
    }
    let chunked = |(name, value): &(String, Vec<u8>)| {
        name.eq_ignore_ascii_case("transfer-encoding") && value.eq_ignore_ascii_case(b"chunked")
    };
    // curl takes the chunks apart and leaves the header: only a body that is nothing but chunks is one.
    let joined = if reply.headers.iter().any(chunked) { join_chunks(rest) } else { None };
    reply.body = joined.unwrap_or_else(|| rest.to_vec());
    reply
}

type Head<'i> = (u16, Vec<(String, Vec<u8>)>, &'i [u8]);

fn head(input: &[u8]) -> Option<Head<'_>> {
    let (line, mut rest) = line(input)?;
    let mut words = std::str::from_utf8(line.strip_prefix(b"HTTP/")?).ok()?.split(' ');
    let (_version, status) = (words.next()?, words.next()?.parse().ok()?);
    let mut headers = Vec::new();
    while !rest.is_empty() {
        let (field, after) = self::line(rest).unwrap_or((rest, b""));
        rest = after;
        if field.is_empty() {
            break;
        }
        headers.extend(header(field));
    }
    Some((status, headers, rest))
}

/// `Name: value`.
pub(crate) fn header(field: &[u8]) -> Option<(String, Vec<u8>)> {
    let colon = field.iter().position(|byte| *byte == b':')?;
    let (name, value) = field.split_at(colon);
    let is_token =
        !name.is_empty() && name.iter().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte));
    let name = std::str::from_utf8(name).ok().filter(|_| is_token)?;
    Some((name.to_owned(), value.get(1..)?.trim_ascii().to_vec()))
}

/// Up to a line feed, without it and without the carriage return in front.
fn line(input: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = input.iter().position(|byte| *byte == b'\n')?;
    let (line, rest) = input.split_at(end);
    Some((line.strip_suffix(b"\r").unwrap_or(line), rest.get(1..)?))
}

fn join_chunks(mut input: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let (size, rest) = line(input)?;
        let size = std::str::from_utf8(size).ok()?.split(';').next()?.trim();
        let size = usize::from_str_radix(size, 16).ok()?;
        if size == 0 {
            return Some(body);
        }
        let (chunk, rest) = rest.split_at_checked(size)?;
        body.extend_from_slice(chunk);
        let (end, rest) = line(rest)?;
        if !end.is_empty() {
            return None;
        }
        input = rest;
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{BodyKind, Member, look, take_apart};

    #[test]
    fn members_keep_their_order_and_their_doubles() {
        let (kind, members) = look(b"\xef\xbb\xbf {\"b\":{\"y\":1},\"a\":\"2\",\"a\":null}\n");
        assert_eq!(kind, BodyKind::Object);
        let expected = [("b", json!({"y":1})), ("b.y", json!(1)), ("a", json!("2")), ("a", json!(null))];
        let expected: Vec<_> = expected.map(|(name, value)| Member { name: name.to_owned(), value }).into();
        assert_eq!(members, expected);
    }

    #[test]
    fn bodies_are_told_apart() {
        for (body, kind) in [
            (&b""[..], BodyKind::Empty),
            (b" \r\n", BodyKind::Empty),
            (b"<html>", BodyKind::Html),
            (b"[1]", BodyKind::OtherJson),
            (b"null", BodyKind::OtherJson),
            (b"{\"a\":1", BodyKind::Text),
            (b"{} {}", BodyKind::Text),
            (b"Quota Exhausted", BodyKind::Text),
            (b"\xd5\xc5\xc8\xfd", BodyKind::NotUtf8),
        ] {
            assert_eq!(look(body).0, kind, "{body:?}");
        }
    }

    #[test]
    fn a_body_alone_stays_whole() {
        let reply = take_apart(b"{\"status\":\"01\"}\r\n\r\nmore");
        assert_eq!((reply.status, reply.headers.len()), (None, 0));
        assert_eq!(reply.body, b"{\"status\":\"01\"}\r\n\r\nmore");
    }

    #[test]
    fn a_whole_reply_is_taken_apart() {
        let pasted =
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/2 403 \r\nX-Ca-Error-Code: B403MQ\r\nno header\r\nX-Empty:\r\n\r\n{}";
        let reply = take_apart(pasted);
        assert_eq!(reply.status, Some(403));
        assert_eq!(reply.headers, [("X-Ca-Error-Code".to_owned(), b"B403MQ".to_vec()), ("X-Empty".to_owned(), vec![])]);
        assert_eq!(reply.body, b"{}");
        let bare = take_apart(b"HTTP/1.1 200 OK\nA: b\n\n{}\n");
        assert_eq!((bare.status, bare.body.as_slice()), (Some(200), &b"{}\n"[..]));
        assert_eq!(take_apart(b"HTTP/1.1 504").status, None);
        assert_eq!(take_apart(b"HTTP/1.1 504\r\nA: b").headers.len(), 1);
    }

    #[test]
    fn chunks_are_joined_where_there_are_any() {
        let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        for (body, joined) in
            [("2;x=y\r\n{}\r\n0\r\n\r\n", "{}"), ("{}", "{}"), ("5\r\n{}\r\n0\r\n", "5\r\n{}\r\n0\r\n")]
        {
            assert_eq!(take_apart(format!("{head}{body}").as_bytes()).body, joined.as_bytes());
        }
    }
}
