//! A JSON document with repeated members and numbers as they stand there.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

/// A JSON value. Objects keep the order and the repetition of their members.
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number: integers in decimal, everything else as serde_json prints it, with a point or an exponent.
    Number(String),
    /// A string.
    Text(String),
    /// An array.
    Array(Vec<Json>),
    /// An object.
    Object(Vec<(String, Json)>),
}

/// The document, if serde_json takes it for one, behind at most one byte order mark.
#[must_use]
pub fn parse(body: &[u8]) -> Option<Json> {
    serde_json::from_slice(body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(body)).ok()
}

impl Json {
    /// How many objects and arrays are open at once.
    #[must_use]
    pub fn depth(&self) -> usize {
        match self {
            Self::Array(values) => 1 + values.iter().map(Self::depth).max().unwrap_or(0),
            Self::Object(members) => 1 + members.iter().map(|(_, value)| value.depth()).max().unwrap_or(0),
            _ => 0,
        }
    }

    /// The text of the document; every character of a string whose turn is `true` in `escaping`, over and over, is
    /// written as an escape.
    #[must_use]
    pub fn write(&self, escaping: &[bool]) -> String {
        let mut text = String::new();
        let mut turns = escaping.iter().cycle();
        self.write_to(&mut text, &mut || turns.next().copied().unwrap_or(false));
        text
    }

    fn write_to(&self, text: &mut String, escaped: &mut dyn FnMut() -> bool) {
        match self {
            Self::Null => text.push_str("null"),
            Self::Bool(value) => text.push_str(&value.to_string()),
            Self::Number(number) => text.push_str(number),
            Self::Text(value) => write_text(value, text, escaped),
            Self::Array(values) => {
                text.push('[');
                for (at, value) in values.iter().enumerate() {
                    text.push_str(if at == 0 { "" } else { ", " });
                    value.write_to(text, escaped);
                }
                text.push(']');
            }
            Self::Object(members) => {
                text.push('{');
                for (at, (name, value)) in members.iter().enumerate() {
                    text.push_str(if at == 0 { "" } else { "," });
                    write_text(name, text, escaped);
                    text.push(':');
                    value.write_to(text, escaped);
                }
                text.push('}');
            }
        }
    }
}

fn write_text(value: &str, text: &mut String, escaped: &mut dyn FnMut() -> bool) {
    text.push('"');
    for character in value.chars() {
        if escaped() || character < ' ' || matches!(character, '"' | '\\') {
            for unit in character.encode_utf16(&mut [0; 2]) {
                text.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            text.push(character);
        }
    }
    text.push('"');
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Number(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Number(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
        Ok(Json::Number(format!("{value:?}")))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(Json::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Json, A::Error> {
        let mut array = Vec::new();
        while let Some(value) = values.next_element()? {
            array.push(value);
        }
        Ok(Json::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Json, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = entries.next_entry()? {
            members.push(member);
        }
        Ok(Json::Object(members))
    }
}
