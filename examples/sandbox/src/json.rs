//! The replies' JSON: an ordered tree and a writer.
//!
//! A general-purpose JSON library would tidy away exactly what the clients must survive: repeated members, members out
//! of order, `\uXXXX` where a character would do. So the tree keeps what it is given and the writer spells it as told.

use std::borrow::Cow;
use std::fmt::Write as _;

/// A JSON value whose members keep their order and may repeat.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    Number(i64),
    Text(Cow<'static, str>),
    Array(Vec<Json>),
    Object(Vec<(&'static str, Json)>),
}

/// How the writer spells a tree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Spelling {
    /// Everything beyond ASCII as `\uXXXX`, in surrogate pairs above U+FFFF.
    pub(crate) escaped: bool,
    /// Line breaks, indents and tabs between the tokens.
    pub(crate) spread: bool,
}

/// Text from anything that becomes a string.
pub(crate) fn text(value: impl Into<Cow<'static, str>>) -> Json {
    Json::Text(value.into())
}

impl Json {
    /// The members of an object; none for anything else.
    fn members(&mut self) -> Option<&mut Vec<(&'static str, Json)>> {
        match self {
            Self::Object(members) => Some(members),
            _ => None,
        }
    }

    /// Puts `value` where `path` leads, if it leads anywhere.
    pub(crate) fn set(&mut self, path: &[&'static str], value: Json) {
        if let Some(place) = self.at(path) {
            *place = value;
        }
    }

    /// Takes the member away to which `path` leads.
    pub(crate) fn remove(&mut self, path: &[&'static str]) {
        let Some((last, parents)) = path.split_last() else { return };
        if let Some(members) = self.at(parents).and_then(Self::members) {
            members.retain(|(name, _)| name != last);
        }
    }

    /// Adds a member of the same name as the one to which `path` leads.
    pub(crate) fn repeat(&mut self, path: &[&'static str], value: Json) {
        let Some((last, parents)) = path.split_last() else { return };
        if let Some(members) = self.at(parents).and_then(Self::members) {
            members.push((*last, value));
        }
    }

    /// Adds a member at the end of the top-level object.
    pub(crate) fn push(&mut self, name: &'static str, value: Json) {
        if let Some(members) = self.members() {
            members.push((name, value));
        }
    }

    /// The value to which `path` leads.
    pub(crate) fn at(&mut self, path: &[&'static str]) -> Option<&mut Json> {
        let mut here = self;
        for step in path {
            here = here.members()?.iter_mut().find(|(name, _)| name == step).map(|(_, value)| value)?;
        }
        Some(here)
    }

    /// Members in the opposite order, at every level.
    pub(crate) fn reverse(&mut self) {
        if let Self::Object(members) = self {
            members.reverse();
            for (_, value) in members {
                value.reverse();
            }
        }
    }

    /// Texts that are plain decimal numbers without a leading zero as JSON numbers.
    pub(crate) fn texts_to_numbers(&mut self) {
        match self {
            Self::Text(value) => {
                let plain =
                    value == "0" || (!value.starts_with('0') && value.bytes().all(|byte| byte.is_ascii_digit()));
                // 18 digits are an identity number, which no vendor would send as a number.
                if plain
                    && value.len() < 18
                    && let Ok(number) = value.parse()
                {
                    *self = Self::Number(number);
                }
            }
            Self::Object(members) => members.iter_mut().for_each(|(_, value)| value.texts_to_numbers()),
            _ => {}
        }
    }

    /// Numbers and truth values as texts.
    pub(crate) fn scalars_to_texts(&mut self) {
        match self {
            Self::Number(number) => *self = text(number.to_string()),
            Self::Bool(value) => *self = text(if *value { "true" } else { "false" }),
            Self::Object(members) => members.iter_mut().for_each(|(_, value)| value.scalars_to_texts()),
            _ => {}
        }
    }

    /// Writes the tree.
    pub(crate) fn write(&self, spelling: Spelling) -> String {
        let mut out = String::with_capacity(256);
        self.write_at(&mut out, spelling, 0);
        out
    }

    fn write_at(&self, out: &mut String, spelling: Spelling, depth: usize) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Number(number) => {
                let _ = write!(out, "{number}");
            }
            Self::Text(value) => write_text(out, value, spelling.escaped),
            Self::Array(values) => {
                out.push('[');
                for (index, value) in values.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    value.write_at(out, spelling, depth + 1);
                }
                out.push(']');
            }
            Self::Object(members) => {
                out.push('{');
                for (index, (name, value)) in members.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    new_line(out, spelling, depth + 1);
                    write_text(out, name, spelling.escaped);
                    out.push_str(if spelling.spread { "\t : " } else { ":" });
                    value.write_at(out, spelling, depth + 1);
                }
                new_line(out, spelling, depth);
                out.push('}');
            }
        }
    }
}

fn new_line(out: &mut String, spelling: Spelling, depth: usize) {
    if spelling.spread {
        out.push_str("\r\n");
        (0..depth).for_each(|_| out.push_str("  "));
    }
}

fn write_text(out: &mut String, value: &str, escaped: bool) {
    out.push('"');
    for character in value.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            control if control < ' ' => {
                let _ = write!(out, "\\u{:04x}", u32::from(control));
            }
            plain if plain.is_ascii() || !escaped => out.push(plain),
            wide => {
                for unit in wide.encode_utf16(&mut [0; 2]) {
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::{Json, Spelling, text};

    fn sample() -> Json {
        Json::Object(vec![
            ("code", text("10000")),
            ("data", Json::Object(vec![("result", text("1"))])),
            ("name", text("𠮷\"\n")),
            ("ok", Json::Bool(true)),
        ])
    }

    #[test]
    fn spells_plain_and_escaped() {
        assert_eq!(
            sample().write(Spelling::default()),
            "{\"code\":\"10000\",\"data\":{\"result\":\"1\"},\"name\":\"𠮷\\\"\\u000a\",\"ok\":true}"
        );
        let escaped = sample().write(Spelling { escaped: true, spread: false });
        assert!(escaped.contains("\\ud842\\udfb7"));
        assert!(escaped.is_ascii());
        let back: serde_json::Value = serde_json::from_str(&escaped).unwrap();
        assert_eq!(back["name"], "𠮷\"\n");
        let spread = sample().write(Spelling { escaped: false, spread: true });
        assert_eq!(back, serde_json::from_str::<serde_json::Value>(&spread).unwrap());
    }

    #[test]
    fn changes_what_it_is_told_to() {
        let mut tree = sample();
        tree.set(&["data", "result"], Json::Null);
        tree.remove(&["name"]);
        tree.repeat(&["code"], text("2"));
        tree.reverse();
        assert_eq!(
            tree.write(Spelling::default()),
            "{\"code\":\"2\",\"ok\":true,\"data\":{\"result\":null},\"code\":\"10000\"}"
        );
        tree.texts_to_numbers();
        tree.scalars_to_texts();
        assert!(tree.write(Spelling::default()).starts_with("{\"code\":\"2\",\"ok\":\"true\""));
    }
}
