//! Reading members of a normalized text through `serde` and `serde-json-core`.

use core::fmt;

use serde::de::{DeserializeSeed, Deserializer as _, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json_core::de::Deserializer;

use super::{DEPTH_MAX, JsonError};

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
    /// An object or an array.
    Composite,
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
            Value::Composite => "Composite",
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

/// The values of the `wanted` members of the object `json`, in the order of `wanted`.
///
/// `"code"` is a member of the outermost object; `"data.state"` is the member `state` of its member `data`, and
/// [`Value::Absent`] when `data` is no object. The name of a member of the outermost object is compared up to the first
/// dot, so that one which has a dot itself cannot be asked for. Names compare byte by byte. Members that are not wanted
/// may hold anything, and may occur twice.
///
/// `json` is what [`normalize`](super::normalize) returned. More than 32 names do not compile.
///
/// # Errors
///
/// - [`JsonError::Ambiguous`] if a wanted member, or the one that should hold it, occurs twice.
/// - [`JsonError::NotJson`] if `json` is not an object.
/// - [`JsonError::TooDeep`] never after `normalize`. It is checked here as well because the bound on the stack rests on
///   it.
pub(crate) fn members<'b, const N: usize>(json: &'b str, wanted: [&str; N]) -> Result<[Value<'b>; N], JsonError> {
    const { assert!(N <= u32::BITS as usize, "a u32 is the set of names that were seen") };
    let mut values = [Value::Absent; N];
    fill(json, &wanted, &mut values)?;
    Ok(values)
}

/// The part of [`members`] that is the same code for every number of names.
fn fill<'b>(json: &'b str, wanted: &[&str], values: &mut [Value<'b>]) -> Result<(), JsonError> {
    let mut search = Search { json, wanted, values, found: 0, entered: 0, fault: JsonError::NotJson };
    let mut document = Deserializer::new(json.as_bytes(), None);
    let root = Reader { search: &mut search, depth: 0, name: Name { text: "", here: 0, inside: 0 } };
    if document.deserialize_map(root).is_err() {
        return Err(search.fault);
    }
    document.end().map_err(|_| JsonError::NotJson)?;
    Ok(())
}

/// What all readers of one document share. A set of wanted names is a `u32`, the first name its lowest bit.
struct Search<'s, 'b> {
    json: &'b str,
    wanted: &'s [&'s str],
    values: &'s mut [Value<'b>],
    /// Those whose member was seen.
    found: u32,
    /// Those whose outer member was seen.
    entered: u32,
    /// Why reading failed: the deserializer's own error cannot carry it.
    fault: JsonError,
}

/// The name of a member, looked up.
#[derive(Clone, Copy)]
struct Name<'b> {
    text: &'b str,
    /// The wanted names that mean this member.
    here: u32,
    /// The wanted names that mean a member of this one.
    inside: u32,
}

impl<'b> Search<'_, 'b> {
    /// Looks up the name of a member of the outermost object.
    #[inline(always)]
    fn outer(&mut self, text: &'b str) -> Option<Name<'b>> {
        let key = text.as_bytes();
        let (mut here, mut inside) = (0, 0);
        let mut bit = 1_u32;
        for name in self.wanted {
            let name = name.as_bytes();
            // The lengths, or the byte where the dot would be, decide mostly: no other byte is looked at.
            if name.len() == key.len() {
                if name == key {
                    here |= bit;
                }
            } else if name.get(key.len()) == Some(&b'.') && name.starts_with(key) {
                inside |= bit;
            }
            bit = bit.wrapping_shl(1);
        }
        // A member that is really called "data.state" is not what is meant by that.
        if here | inside != 0 && key.contains(&b'.') {
            (here, inside) = (0, 0);
        }
        self.first_time(Name { text, here, inside })
    }

    /// Looks up the name of a member of the member `outer`; only the `candidates` name something there.
    #[inline(always)]
    fn inner(&mut self, outer: &str, mut candidates: u32, text: &'b str) -> Option<Name<'b>> {
        let mut here = 0;
        while candidates != 0 {
            let others = candidates & candidates.wrapping_sub(1);
            let name = self.wanted.get(candidates.trailing_zeros() as usize);
            let name = name.and_then(|name| name.as_bytes().get(outer.len()..));
            if matches!(name, Some([_dot, name @ ..]) if name == text.as_bytes()) {
                here |= candidates ^ others;
            }
            candidates = others;
        }
        self.first_time(Name { text, here, inside: 0 })
    }

    /// The name, unless it was seen before.
    #[inline(always)]
    fn first_time(&mut self, name: Name<'b>) -> Option<Name<'b>> {
        if name.here & self.found | name.inside & self.entered != 0 {
            self.fault = JsonError::Ambiguous;
            return None;
        }
        self.found |= name.here;
        self.entered |= name.inside;
        Some(name)
    }

    /// Keeps `value` for the names `here`.
    #[inline(always)]
    fn keep(&mut self, mut here: u32, value: Value<'b>) {
        while here != 0 {
            if let Some(place) = self.values.get_mut(here.trailing_zeros() as usize) {
                *place = value;
            }
            here &= here.wrapping_sub(1);
        }
    }

    /// The depth inside of a container at `depth`.
    fn descend(&mut self, depth: u8) -> Option<u8> {
        if depth < DEPTH_MAX {
            return depth.checked_add(1);
        }
        self.fault = JsonError::TooDeep;
        None
    }
}

/// Reads one value of any kind, to keep it, to find what is wanted in it, or only to get behind it.
///
/// One type for all of that, and no generic one, so that flash holds `serde-json-core` once.
struct Reader<'r, 's, 'b> {
    search: &'r mut Search<'s, 'b>,
    /// Containers around this value.
    depth: u8,
    /// The name under which the value stands.
    name: Name<'b>,
}

impl<'b> DeserializeSeed<'b> for Reader<'_, '_, 'b> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'b>>(self, deserializer: D) -> Result<(), D::Error> {
        // `deserialize_any` is not supported; this tells strings, arrays, objects and the rest apart
        // just as well.
        deserializer.deserialize_ignored_any(self)
    }
}

impl<'b> Visitor<'b> for Reader<'_, '_, 'b> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_borrowed_str<E>(self, text: &'b str) -> Result<(), E> {
        self.search.keep(self.name.here, Value::Text(text));
        Ok(())
    }

    /// What `serde-json-core` calls for every value that is neither string nor container.
    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        if self.name.here != 0 {
            let value = scalar_behind(self.search.json, self.name.text).ok_or_else(|| E::custom(""))?;
            self.search.keep(self.name.here, value);
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'b>>(self, mut elements: A) -> Result<(), A::Error> {
        let Reader { search, depth, name } = self;
        search.keep(name.here, Value::Composite);
        let depth = search.descend(depth).ok_or_else(|| A::Error::custom(""))?;
        let name = Name { text: "", here: 0, inside: 0 };
        while elements.next_element_seed(Reader { search: &mut *search, depth, name })?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'b>>(self, mut members: A) -> Result<(), A::Error> {
        let Reader { search, depth, name } = self;
        search.keep(name.here, Value::Composite);
        let (outermost, outer, candidates) = (depth == 0, name.text, name.inside);
        let depth = search.descend(depth).ok_or_else(|| A::Error::custom(""))?;
        while let Some(text) = members.next_key::<&'b str>()? {
            let name = if outermost { search.outer(text) } else { search.inner(outer, candidates, text) };
            let name = name.ok_or_else(|| A::Error::custom(""))?;
            members.next_value_seed(Reader { search: &mut *search, depth, name })?;
        }
        Ok(())
    }
}

/// The number, `true`, `false` or `null` that is the value of the member named `key`, a part of `json`.
///
/// `serde-json-core` skips such a value without showing it unless its type is asked for, but it has
/// shown the name before, and that borrows from the text, which gives the place.
fn scalar_behind<'b>(json: &'b str, key: &str) -> Option<Value<'b>> {
    let start = key.as_ptr().addr().checked_sub(json.as_ptr().addr())?;
    let rest = json.get(start..)?.strip_prefix(key)?.strip_prefix('"')?;
    let rest = rest.trim_ascii_start().strip_prefix(':')?.trim_ascii_start();
    let length = rest.bytes().position(|byte| matches!(byte, b',' | b'}' | b' ' | b'\t' | b'\n' | b'\r'))?;
    let token = rest.get(..length)?;
    match token {
        "null" => Some(Value::Null),
        "true" => Some(Value::Bool(true)),
        "false" => Some(Value::Bool(false)),
        _ if token.starts_with(['-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9']) => Some(Value::Number(token)),
        _ => None,
    }
}
