//! Random documents, damaged ones and noise, compared with `serde_json`.

use std::vec::Vec;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::*;

/// A document that may hold a name twice.
#[derive(Clone, Debug)]
enum Node {
    Plain(&'static str),
    Number(f64),
    Whole(i64),
    Text(String),
    Array(Vec<Node>),
    Object(Vec<(String, Node)>),
}

/// How a document is written.
#[derive(Clone, Copy, Debug)]
struct Style {
    /// Which characters of a string are written as `\uXXXX`: one in so many.
    escape_one_in: u32,
    upper_case: bool,
    space: &'static str,
}

impl Node {
    fn write(&self, style: Style, out: &mut String) {
        let space = style.space;
        match self {
            Node::Plain(text) => *out += text,
            Node::Number(number) => *out += &serde_json::to_string(number).unwrap(),
            Node::Whole(number) => *out += &number.to_string(),
            Node::Text(text) => write_string(text, style, out),
            Node::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    *out += if index == 0 { "[" } else { "," };
                    *out += space;
                    item.write(style, out);
                    *out += space;
                }
                *out += if items.is_empty() { "[]" } else { "]" };
            }
            Node::Object(items) => {
                for (index, (name, item)) in items.iter().enumerate() {
                    *out += if index == 0 { "{" } else { "," };
                    *out += space;
                    write_string(name, style, out);
                    *out += space;
                    *out += ":";
                    *out += space;
                    item.write(style, out);
                    *out += space;
                }
                *out += if items.is_empty() { "{}" } else { "}" };
            }
        }
    }

    fn written(&self, style: Style) -> String {
        let mut out = String::from(style.space);
        self.write(style, &mut out);
        out + style.space
    }

    /// What [`members`] should say of this node.
    fn is(&self, value: Value<'_>) -> bool {
        match (self, value) {
            (Node::Plain("null"), Value::Null) | (Node::Array(_) | Node::Object(_), Value::Array) => true,
            (Node::Plain(text), Value::Bool(value)) => *text == value.to_string(),
            (Node::Number(_) | Node::Whole(_), Value::Number(text)) => {
                let mut own = String::new();
                self.write(Style { escape_one_in: 0, upper_case: false, space: "" }, &mut own);
                own == text
            }
            (Node::Text(own), Value::Text(text) | Value::Escaped(text)) => {
                assert_eq!(text.contains('\\'), matches!(value, Value::Escaped(_)));
                serde_json::from_str::<String>(&format!("\"{text}\"")).unwrap() == *own
            }
            _ => false,
        }
    }
}

fn write_string(text: &str, style: Style, out: &mut String) {
    out.push('"');
    for (index, character) in (1_u32..).zip(text.chars()) {
        if style.escape_one_in != 0 && index % style.escape_one_in == 0 {
            for unit in character.encode_utf16(&mut [0; 2]) {
                *out += &if style.upper_case { format!("\\u{unit:04X}") } else { format!("\\u{unit:04x}") };
            }
        } else if character == '/' && style.upper_case {
            *out += "\\/";
        } else {
            let quoted = serde_json::to_string(&character).unwrap();
            *out += &quoted[1..quoted.len() - 1];
        }
    }
    out.push('"');
}

fn styles() -> impl Strategy<Value = Style> {
    (0_u32..4, any::<bool>(), prop_oneof![3 => Just(""), 1 => Just(" "), 1 => Just("\r\n\t ")])
        .prop_map(|(escape_one_in, upper_case, space)| Style { escape_one_in, upper_case, space })
}

fn texts() -> impl Strategy<Value = String> {
    let character = prop_oneof![
        4 => proptest::char::range(' ', '~'),
        2 => proptest::char::range('一', '龥'),
        1 => proptest::char::range('\0', '\u{1F}'),
        1 => proptest::sample::select(std::vec!['"', '\\', '/', '𠮷', '\u{7F}', '\u{FFFF}', '\u{10FFFF}', '{', ']', ':', ',']),
        1 => any::<char>(),
    ];
    vec(character, 0..24).prop_map(String::from_iter)
}

fn names() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => proptest::sample::select(std::vec!["code", "data", "state", "note", "data.state", "x", "cod", ""]).prop_map(String::from),
        1 => texts(),
    ]
}

/// Documents up to `levels` deep: the pass allows 8.
fn nodes(levels: u32) -> impl Strategy<Value = Node> {
    let leaf = prop_oneof![
        2 => proptest::sample::select(std::vec!["null", "true", "false"]).prop_map(Node::Plain),
        1 => any::<f64>().prop_filter("JSON has no infinity", |number| number.is_finite()).prop_map(Node::Number),
        1 => any::<i64>().prop_map(Node::Whole),
        1 => (-3_i64..4).prop_map(Node::Whole),
        4 => texts().prop_map(Node::Text),
    ];
    leaf.prop_recursive(levels, 40, 6, |inner| {
        prop_oneof![
            1 => vec(inner.clone(), 0..5).prop_map(Node::Array),
            2 => vec((names(), inner), 0..6).prop_map(Node::Object),
        ]
    })
}

fn objects() -> impl Strategy<Value = Vec<(String, Node)>> {
    vec((names(), nodes(4)), 0..7)
}

/// The same documents in every run.
fn config() -> ProptestConfig {
    ProptestConfig {
        cases: 512,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(0x68_6579_616E),
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn valid_documents_are_accepted_and_keep_their_meaning(node in nodes(12), style in styles(), mark: bool) {
        let text = node.written(style);
        if depth_of(text.as_bytes()) <= usize::from(DEPTH_MAX) {
            prop_assert!(normalized(&text).is_ok(), "{}", text);
        } else {
            prop_assert_eq!(normalized(&text), Err(TooDeep));
        }
        same_as_serde_json(if mark { format!("\u{FEFF}{text}") } else { text }.as_bytes());
    }

    #[test]
    fn damaged_documents_are_accepted_when_serde_json_accepts_them(
        node in nodes(8),
        style in styles(),
        damage in vec((any::<prop::sample::Index>(), 0_u8..4, prop_oneof![
            any::<u8>(),
            proptest::sample::select(&b"\"\\{}[],:u/0123 dDeE.-+tfn\n\0"[..]),
        ]), 1..4),
    ) {
        let mut body = node.written(style).into_bytes();
        for (place, kind, byte) in damage {
            let place = place.index(body.len() + 1);
            match kind {
                0 => body.insert(place, byte),
                1 if place < body.len() => body[place] = byte,
                2 if place < body.len() => drop(body.remove(place)),
                _ => body.truncate(place),
            }
        }
        same_as_serde_json(&body);
    }

    #[test]
    fn any_bytes(body in vec(any::<u8>(), 0..64)) {
        same_as_serde_json(&body);
        // Without the pass the second half has nothing to rely on, and still must not panic.
        if let Ok(text) = std::str::from_utf8(&body) {
            let _ = members(text, ["code", "data.state"]);
        }
    }

    #[test]
    fn any_mix_of_json_pieces(pieces in vec(proptest::sample::select(std::vec![
        "{", "}", "[", "]", ",", ":", "\"", "\"code\"", "\"data\"", "\"a\":", "1", "-", "0", "e1", ".5", "true", "null", "false", " ", "\n",
        "\\", "\\u", "\\u0041", "\\ud842", "\\udfb7", "\\\"", "成", "\u{1}", "\u{FEFF}",
    ]), 0..12)) {
        let text = pieces.concat();
        same_as_serde_json(text.as_bytes());
        let _ = members(&text, ["code", "data.state"]);
    }

    #[test]
    fn members_are_those_that_were_written(object in objects(), style in styles()) {
        let wanted = ["code", "data", "data.state", "x.code", "data.note"];
        let mut body = Node::Object(object.clone()).written(style).into_bytes();
        prop_assume!(depth_of(&body) <= usize::from(DEPTH_MAX));
        let found = members(normalize(&mut body).unwrap(), wanted);

        // The same by searching lists.
        fn named<'n>(object: &'n [(String, Node)], name: &str) -> Vec<&'n Node> {
            object.iter().filter(|(own, _)| own == name).map(|(_, node)| node).collect()
        }
        let mut expected = Vec::new();
        let mut twice = false;
        for (outer, inner) in [("code", None), ("data", None), ("data", Some("state")), ("x", Some("code")), ("data", Some("note"))] {
            let mut nodes = named(&object, outer);
            twice |= nodes.len() > 1;
            if let Some(inner) = inner {
                nodes = nodes.iter().flat_map(|node| match node {
                    Node::Object(members) => named(members, inner),
                    _ => Vec::new(),
                }).collect();
                twice |= nodes.len() > 1;
            }
            expected.push(nodes.first().copied());
        }
        match found {
            Err(error) => prop_assert!(twice && error == Ambiguous, "{:?}", error),
            Ok(values) => {
                prop_assert!(!twice);
                for (value, node) in values.into_iter().zip(expected) {
                    prop_assert!(node.map_or(value == Value::Absent, |node| node.is(value)), "{:?} for {:?}", value, node);
                }
            }
        }
    }
}
