//! Finding members of a normalized text, and decoding their values.
//!
//! The pass noted where the members of the outermost object are, and a valid object inside of it can be walked over by
//! its punctuation alone. (On processors of 32 bits nothing is noted, and all objects are walked over: two ways are half a
//! kilobyte more.)
//!
//! There a string is decoded by `serde-json-core`, which is handed nothing but single strings that were asked for, never a
//! container: it has no nesting to recurse into and no member to trip over. It looks at each byte twice, for the closing
//! quotation mark and for UTF-8. The pass made sure of both, so that on 64 bits a string is cut out of the text instead,
//! which saves a fifth of all that reading a reply takes.

use core::fmt;

use serde::Deserialize;
use serde_json_core::str::EscapedStr;

use super::JsonError;
use super::pass::{Member, Members, Normalized, plain_until};
use crate::redact::redacted;
use crate::text::has;

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
    /// A string without quotation marks, backslashes and control characters in it. It may be empty.
    Text(&'b str),
    /// A string with some of them: they are still escapes (`\"`, `\\`, `\n`, `\u0000`), everything else is plain.
    Escaped(&'b str),
    /// An array.
    Array,
    /// An object, whose members [`Value::members`] gives.
    Object(Object<'b>),
}

/// An object inside of a reply.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Object<'b> {
    /// Starts with the opening bracket; what is behind the closing one does not belong to it.
    text: &'b str,
    /// Whether there may be escapes in its strings.
    escapes: bool,
}

redacted!(Object<'_>);

/// The outermost object of a reply.
#[derive(Clone, Copy)]
pub(crate) struct Document<'n, 'b> {
    object: Object<'b>,
    json: &'b str,
    noted: &'n Members,
}

impl<'n, 'b> Document<'n, 'b> {
    /// The text, if it is an object, with the members noted in it; else [`JsonError::NotJson`].
    pub(crate) fn of(normalized: Normalized<'b>, noted: &'n Members) -> Result<Self, JsonError> {
        let Normalized { json, escapes } = normalized;
        match end(json, skip_to_token(json.as_bytes())) {
            Some(text) if text.as_bytes().first() == Some(&b'{') => {
                Ok(Self { object: Object { text, escapes }, json, noted })
            }
            _ => Err(JsonError::NotJson),
        }
    }

    /// Puts the values of the `wanted` members into the same places of `values`, all of which are [`Value::Absent`].
    /// Names compare byte by byte, and have neither quotation marks nor backslashes. Members that are not wanted may
    /// hold anything, and may occur twice.
    ///
    /// # Errors
    /// [`JsonError::Ambiguous`] if a wanted member occurs twice.
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    pub(crate) fn members(&self, wanted: &[&str], values: &mut [Value<'b>]) -> Result<(), JsonError> {
        match self.noted.all() {
            Some(noted) => fill_noted(self, noted, wanted, values),
            None => fill(self.object, wanted, values),
        }
    }
}

#[cfg(test)]
impl<'b> Document<'_, 'b> {
    /// The same as [`Document::members`] by the other way.
    pub(super) fn walk(&self, wanted: &[&str], values: &mut [Value<'b>]) -> Result<(), JsonError> {
        self.object.members(wanted, values)
    }
}

impl<'b> Object<'b> {
    /// The same for an object that is not the outermost.
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    pub(crate) fn members(self, wanted: &[&str], values: &mut [Value<'b>]) -> Result<(), JsonError> {
        fill(self, wanted, values)
    }
}

impl<'b> Value<'b> {
    /// A string, or a number as written: servers use them alike.
    ///
    /// `None` for everything else, for `""`, and for a string with an escape in it: no code, reference
    /// or detail has one, and text that is only half decoded must not be taken for one.
    #[must_use]
    #[cfg_attr(not(target_pointer_width = "64"), inline(never))]
    pub fn text(self) -> Option<&'b str> {
        match self {
            Value::Text(text) | Value::Number(text) if !text.is_empty() => Some(text),
            _ => None,
        }
    }

    /// The same with the escapes, if there are any: for finding a phrase in a message.
    #[must_use]
    pub fn written(self) -> Option<&'b str> {
        match self {
            Value::Escaped(text) => Some(text),
            _ => self.text(),
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
            Value::Escaped(_) => "Escaped(redacted)",
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

/// Members of the outermost object, which were noted. Inlined up to a provider's reader: there the names that are
/// wanted are known, and finding one is a comparison of lengths and words.
#[cfg_attr(target_pointer_width = "64", inline(always))]
fn fill_noted<'b>(
    document: &Document<'_, 'b>,
    noted: &[Member],
    wanted: &[&str],
    values: &mut [Value<'b>],
) -> Result<(), JsonError> {
    let Document { json, object: Object { escapes, .. }, .. } = *document;
    for member in noted {
        let Some(name) = json.as_bytes().get(member.start as usize..member.end as usize) else {
            return Err(JsonError::NotJson);
        };
        if let Some(at) = wanted.iter().position(|wanted| wanted.as_bytes() == name)
            && let (Some(place), Some(value)) = (values.get_mut(at), json.get(member.value as usize..))
        {
            fill_one(place, value, Some(member.value_len as usize), escapes)?;
        }
    }
    Ok(())
}

/// Members of any object, found by walking over it: its text is valid, so punctuation suffices.
#[cfg_attr(target_pointer_width = "64", inline(always))]
fn fill<'b>(object: Object<'b>, wanted: &[&str], values: &mut [Value<'b>]) -> Result<(), JsonError> {
    let Object { text, escapes } = object;
    let mut rest = text.as_bytes().get(1..).unwrap_or_default();
    // Nothing but the closing bracket stands where a further member could.
    while let [b'"', inside @ ..] = skip_to_token(rest) {
        let behind = skip_string(inside);
        let name = inside.get(..before_quote(inside, behind));
        let value = skip_to_token(behind);
        let mut length = None;
        rest = value;
        if cfg!(target_pointer_width = "64")
            && let [b'"', inside @ ..] = value
        {
            rest = skip_string(inside);
            length = Some(before_quote(inside, rest));
        }
        rest = skip_value(rest);
        if let Some(at) = wanted.iter().position(|wanted| name == Some(wanted.as_bytes()))
            && let (Some(place), Some(value)) = (values.get_mut(at), end(text, value))
        {
            fill_one(place, value, length, escapes)?;
        }
    }
    Ok(())
}

/// How much of `inside` stands before the quotation mark that stands before `behind`, its end.
#[cfg_attr(target_pointer_width = "64", inline(always))]
const fn before_quote(inside: &[u8], behind: &[u8]) -> usize {
    inside.len().wrapping_sub(behind.len()).wrapping_sub(1)
}

/// The end of `text` that is as long as `of`.
#[cfg_attr(target_pointer_width = "64", inline(always))]
fn end<'b>(text: &'b str, of: &[u8]) -> Option<&'b str> {
    text.get(text.len().wrapping_sub(of.len())..)
}

/// Decodes the value that `text` starts with; if it is a string, then of this length, if that is known.
#[cfg_attr(target_pointer_width = "64", inline(always))]
fn fill_one<'b>(place: &mut Value<'b>, text: &'b str, length: Option<usize>, escapes: bool) -> Result<(), JsonError> {
    if *place != Value::Absent {
        return Err(JsonError::Ambiguous);
    }
    *place = match text.as_bytes() {
        [b'{', ..] => Value::Object(Object { text, escapes }),
        [b'[', ..] => Value::Array,
        [b'"', ..] => {
            let string = match length {
                Some(length) => cut(text, 1, length)?,
                None => decode(text)?,
            };
            if escapes && has(string.as_bytes(), b'\\') { Value::Escaped(string) } else { Value::Text(string) }
        }
        [b't', ..] => Value::Bool(true),
        [b'f', ..] => Value::Bool(false),
        [b'n', ..] => Value::Null,
        // Numbers are wanted as they are written: `01` and `1.0` are no codes, but `1` is.
        number => {
            let is_part = |byte: &u8| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
            Value::Number(cut(text, 0, number.iter().take_while(|byte| is_part(byte)).count())?)
        }
    };
    Ok(())
}

/// So many bytes of `text`.
#[cfg_attr(target_pointer_width = "64", inline(always))]
fn cut(text: &str, start: usize, length: usize) -> Result<&str, JsonError> {
    text.get(start..start.wrapping_add(length)).ok_or(JsonError::NotJson)
}

/// The one call of `serde-json-core`: the string that `text` starts with, whatever stands behind it.
fn decode(text: &str) -> Result<&str, JsonError> {
    // As an `EscapedStr`: for `str` serde-json-core brings code, and places that can panic, which only runs with a buffer
    // for unescaped text.
    let string = EscapedStr::deserialize(&mut serde_json_core::de::Deserializer::new(text.as_bytes(), None));
    string.map(|EscapedStr(text)| text).map_err(|_| JsonError::NotJson)
}

/// Skips what stands between a name and its value, and between two members.
#[cfg_attr(target_pointer_width = "64", inline(always))]
#[cfg_attr(not(target_pointer_width = "64"), inline(never))]
fn skip_to_token(mut rest: &[u8]) -> &[u8] {
    while let [byte, behind @ ..] = rest
        && matches!(byte, b' ' | b'\n' | b'\r' | b'\t' | b',' | b':')
    {
        rest = behind;
    }
    rest
}

/// Skips a string from behind its opening to behind its closing quotation mark.
#[cfg_attr(target_pointer_width = "64", inline(always))]
#[cfg_attr(not(target_pointer_width = "64"), inline(never))]
fn skip_string(mut rest: &[u8]) -> &[u8] {
    loop {
        if cfg!(target_pointer_width = "64") {
            rest = rest.get(plain_until(rest, 0)..).unwrap_or_default();
        }
        let mut bytes = rest.iter();
        match bytes.next() {
            Some(b'"') | None => return bytes.as_slice(),
            Some(b'\\') => _ = bytes.next(),
            _ => {}
        }
        rest = bytes.as_slice();
    }
}

/// Skips what stands between a name and the end of its value: a comma, or the bracket that closes the object.
#[cfg_attr(target_pointer_width = "64", inline(always))]
fn skip_value(mut rest: &[u8]) -> &[u8] {
    let mut open = 0_usize;
    while let [byte, behind @ ..] = rest {
        rest = match byte {
            b',' | b'}' | b']' if open == 0 => break,
            b'"' => skip_string(behind),
            _ => behind,
        };
        match byte {
            b'{' | b'[' => open = open.wrapping_add(1),
            b'}' | b']' => open = open.wrapping_sub(1),
            _ => {}
        }
    }
    rest
}
