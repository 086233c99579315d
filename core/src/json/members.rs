//! Finding members of a normalized text, and decoding their values with `serde-json-core`.
//!
//! The text is known to be valid JSON, so its members can be walked over by their punctuation alone, and
//! `serde-json-core` is handed nothing but the values that were asked for: single strings and literals, never a
//! container. It has no nesting to recurse into and no member to trip over that nobody asked for, and reading a reply
//! costs less than half of what it costs when `serde-json-core` walks over it.

use core::fmt;

use super::JsonError;
use super::pass::{is_space, skip_plain};
use crate::redact::redacted;

/// What a reply holds under a name.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Value<'b> {
    /// There is no such member.
    Absent,
    /// `null`, without quotation marks.
    Null,
    /// `true` or `false`, without quotation marks.
    Bool(bool),
    /// A number, as written: `1`, `1.0` and `1e0` are different.
    Number(&'b str),
    /// A string, which may be empty. Quotation marks, backslashes and control characters in it are
    /// still escapes (`\"`, `\\`, `\n`, `\u0000`); everything else is plain.
    Text(&'b str),
    /// An array.
    Array,
    /// An object, whose members [`Value::members`] gives.
    Object(Object<'b>),
}

/// An object inside of a reply.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Object<'b>(&'b [u8]);

redacted!(Object<'_>);

impl<'b> Object<'b> {
    /// The whole text of a reply, if it is an object.
    pub(crate) fn of(json: &'b str) -> Result<Self, JsonError> {
        match skip_space(json.as_bytes()) {
            object @ [b'{', ..] => Ok(Self(object)),
            _ => Err(JsonError::NotJson),
        }
    }
}

impl<'b> Value<'b> {
    /// A string, or a number as written: servers use them alike.
    ///
    /// `None` for everything else, for `""`, and for a string with an escape in it: no code, reference
    /// or detail has one, and text that is only half decoded must not be taken for one.
    #[must_use]
    pub fn text(self) -> Option<&'b str> {
        self.written().filter(|text| !text.contains('\\'))
    }

    /// The same with the escapes, if there are any: for finding a phrase in a message.
    #[must_use]
    pub fn written(self) -> Option<&'b str> {
        match self {
            Value::Text(text) | Value::Number(text) if !text.is_empty() => Some(text),
            _ => None,
        }
    }
}

impl Value<'_> {
    /// The name of the kind, without the value: that may be a name or an identity number.
    const fn redacted(&self) -> &'static str {
        match self {
            Value::Absent => "Absent",
            Value::Null => "Null",
            Value::Bool(_) => "Bool(redacted)",
            Value::Number(_) => "Number(redacted)",
            Value::Text(_) => "Text(redacted)",
            Value::Array => "Array",
            Value::Object(_) => "Object(redacted)",
        }
    }
}

impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.redacted())
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for Value<'_> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "{=str}", self.redacted());
    }
}

/// The values of the `wanted` members of `object`, in the order of `wanted`.
///
/// Names compare byte by byte. Members that are not wanted may hold anything, and may occur twice.
///
/// The object is one that [`normalize`](super::normalize) returned, or one inside of it. For any other text the result may
/// be wrong or an error, but nothing worse: this neither panics nor recurses.
///
/// # Errors
///
/// - [`JsonError::Ambiguous`] if a wanted member occurs twice.
/// - [`JsonError::NotJson`] if the text is not valid after all.
pub(crate) fn members<'b, const N: usize>(object: Object<'b>, wanted: [&str; N]) -> Result<[Value<'b>; N], JsonError> {
    let mut values = [Value::Absent; N];
    fill(object.0, &wanted, &mut values)?;
    Ok(values)
}

/// The part of [`members`] that is the same code for every number of names.
fn fill<'b>(json: &'b [u8], wanted: &[&str], values: &mut [Value<'b>]) -> Result<(), JsonError> {
    let mut rest = behind_token(json, b'{')?;
    loop {
        rest = skip_space(rest);
        // The text is valid: a comma stands exactly where a further member follows.
        if let [b',', behind @ ..] = rest {
            rest = skip_space(behind);
        }
        let name = match rest {
            [b'"', name @ ..] => name,
            [b'}', ..] => return Ok(()),
            _ => return Err(JsonError::NotJson),
        };
        let behind_name = skip_string(name)?;
        let value = skip_space(behind_token(behind_name, b':')?);
        rest = skip_value(value)?;
        // With its closing quotation mark, which no wanted name has.
        let name = between(name, behind_name);
        for (wanted, place) in wanted.iter().zip(values.iter_mut()) {
            if same(wanted.as_bytes(), name) {
                keep(place, between(value, rest))?;
                break;
            }
        }
    }
}

/// Whether `name`, which ends in a quotation mark, is `wanted`. The lengths and the first byte decide mostly.
#[inline(always)]
fn same(wanted: &[u8], name: &[u8]) -> bool {
    wanted.len() == name.len().wrapping_sub(1) && wanted.first() == name.first() && name.starts_with(wanted)
}

/// Decodes a value into its place, which must be empty.
fn keep<'b>(place: &mut Value<'b>, token: &'b [u8]) -> Result<(), JsonError> {
    if *place != Value::Absent {
        return Err(JsonError::Ambiguous);
    }
    *place = match token.first() {
        Some(b'{') => Value::Object(Object(token)),
        Some(b'[') => Value::Array,
        Some(b'"') => Value::Text(decode(token)?),
        Some(b't' | b'f') => Value::Bool(decode(token)?),
        Some(b'n') => Value::Null,
        // Numbers are wanted as they are written: `01` and `1.0` are no codes, but `1` is.
        _ => Value::Number(core::str::from_utf8(token).map_err(|_| JsonError::NotJson)?),
    };
    Ok(())
}

/// The one call of `serde-json-core`.
fn decode<'b, T: serde::Deserialize<'b>>(token: &'b [u8]) -> Result<T, JsonError> {
    serde_json_core::from_slice(token).map(|(value, _)| value).map_err(|_| JsonError::NotJson)
}

/// What is behind `token`, white space in front of it aside.
#[inline(always)]
fn behind_token(rest: &[u8], token: u8) -> Result<&[u8], JsonError> {
    match skip_space(rest) {
        [first, behind @ ..] if *first == token => Ok(behind),
        _ => Err(JsonError::NotJson),
    }
}

#[inline(always)]
fn skip_space(mut rest: &[u8]) -> &[u8] {
    while let [byte, behind @ ..] = rest
        && is_space(*byte)
    {
        rest = behind;
    }
    rest
}

/// The part of `text` before `rest`, which is its end.
#[inline(always)]
fn between<'b>(text: &'b [u8], rest: &[u8]) -> &'b [u8] {
    text.get(..text.len().wrapping_sub(rest.len())).unwrap_or_default()
}

/// Skips a string from behind its opening to behind its closing quotation mark.
#[inline(always)]
fn skip_string(mut rest: &[u8]) -> Result<&[u8], JsonError> {
    loop {
        rest = match skip_plain(rest) {
            [b'"', behind @ ..] => return Ok(behind),
            [b'\\', _, behind @ ..] => behind,
            _ => return Err(JsonError::NotJson),
        };
    }
}

/// Skips a value of any kind.
#[inline(always)]
fn skip_value(mut rest: &[u8]) -> Result<&[u8], JsonError> {
    let mut open = 0_usize;
    while let [byte, behind @ ..] = rest {
        match byte {
            b'"' => {
                rest = skip_string(behind)?;
                if open == 0 {
                    return Ok(rest);
                }
                continue;
            }
            b'{' | b'[' => open = open.wrapping_add(1),
            // What ends a scalar is not part of it.
            b',' | b'}' | b']' | b' ' | b'\t' | b'\n' | b'\r' if open == 0 => return Ok(rest),
            b'}' | b']' => {
                open = open.wrapping_sub(1);
                if open == 0 {
                    return Ok(behind);
                }
            }
            _ => {}
        }
        rest = behind;
    }
    Err(JsonError::NotJson)
}
