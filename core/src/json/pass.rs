//! The pass over a reply body: validates it as RFC 8259 and rewrites its escapes, in place.

use super::{DEPTH_MAX, JsonError};
use crate::bytes;

/// What the pass makes of a body.
#[derive(Clone, Copy)]
pub(crate) struct Normalized<'b> {
    pub(super) json: &'b str,
    /// Whether any string or name still holds an escape.
    pub(super) escapes: bool,
}

/// Members of a normalized text that is an object. The pass comes by them anyway; noting them saves a second walk over the
/// text.
#[derive(Clone)]
pub(crate) struct Members {
    noted: [Member; MEMBERS_MAX],
    /// How many there are; more than [`MEMBERS_MAX`] when some are not noted.
    count: usize,
}

/// Where a member stands.
#[derive(Clone, Copy)]
pub(super) struct Member {
    /// Where its name starts and ends, without quotation marks.
    pub(super) start: u32,
    pub(super) end: u32,
    /// Where its value starts, with a quotation mark if it is a string.
    pub(super) value: u32,
    /// How long that string is, without quotation marks; 0 for all other values.
    pub(super) value_len: u32,
}

/// The longer reply of `idcert`, the largest there is, has 12. On processors of 32 bits none is noted: there the walk over
/// the text, which objects inside of the outermost need anyway, is worth more as the only way.
const MEMBERS_MAX: usize = if cfg!(target_pointer_width = "64") { 16 } else { 0 };

impl Members {
    /// Nothing noted yet.
    pub(crate) const fn new() -> Self {
        Self { noted: [Member { start: 0, end: 0, value: 0, value_len: 0 }; MEMBERS_MAX], count: 0 }
    }

    /// Positions are noted in 32 bits: of a text of more bytes than that, nothing is.
    fn prepare(&mut self, length: usize) {
        if u32::try_from(length).is_err() {
            self.count = MEMBERS_MAX.saturating_add(1);
        }
    }

    #[inline(always)]
    fn note(&mut self, start: usize, end: usize, value: usize) {
        if let Some(member) = self.noted.get_mut(self.count) {
            *member = Member { start: start as u32, end: end as u32, value: value as u32, value_len: 0 };
        }
        self.count = self.count.saturating_add(1);
    }

    /// The value of the member noted last is a string, whose closing quotation mark is there.
    #[inline(always)]
    fn note_end(&mut self, end: usize) {
        if let Some(member) = self.noted.get_mut(self.count.wrapping_sub(1)) {
            member.value_len = (end as u32).wrapping_sub(member.value).wrapping_sub(1);
        }
    }

    /// All of them, or `None` when there were too many to note.
    pub(super) fn all(&self) -> Option<&[Member]> {
        if MEMBERS_MAX == 0 { None } else { self.noted.get(..self.count) }
    }
}

/// Validates `body` as one JSON text (RFC 8259) and rewrites it in place; returns the text, never
/// longer than `body`, and notes in `members`, which must be new, where its members stand if it is an object.
///
/// Afterwards a string holds a backslash only in `\"`, `\\`, `\b`, `\f`, `\n`, `\r`, `\t` and, for the
/// other control characters, `\u00XX`. Every other escape has become the character it denotes, in
/// UTF-8. A byte order mark is dropped. White space, numbers and the order of members stay as they
/// are. A second call changes nothing.
///
/// What `body` holds outside of the returned text, or anywhere after an error, is unspecified and
/// may be parts of the reply: wipe all of `body`.
///
/// # Errors
///
/// - [`JsonError::TooDeep`] at the bracket that opens container number [`DEPTH_MAX`] + 1.
/// - [`JsonError::NotJson`] for everything that RFC 8259 does not allow, the empty body and text
///   behind the value included. An escaped surrogate without its partner is refused too, although
///   the grammar allows it: it denotes no character and has no UTF-8 form, and a replacement
///   character would silently alter a name that is compared later.
pub(crate) fn normalize<'b>(body: &'b mut [u8], members: &mut Members) -> Result<Normalized<'b>, JsonError> {
    const BYTE_ORDER_MARK: [u8; 3] = [0xEF, 0xBB, 0xBF];
    let skip = if body.starts_with(&BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
    let text = body.get_mut(skip..).unwrap_or_default();
    let (length, escapes) = rewrite(text, members)?;
    let json = body.get(skip..).unwrap_or_default().get(..length).unwrap_or_default();
    // It is UTF-8 if and only if what was there before was: an escape is ASCII, and what takes its place is a whole
    // character, so neither completes a broken sequence before it nor takes up a stray byte behind it.
    let json = core::str::from_utf8(json).map_err(|_| JsonError::NotJson)?;
    Ok(Normalized { json, escapes })
}

/// Reads the whole text and notes its outermost members; returns the length of what is left,
/// and whether escapes are left in it.
fn rewrite(text: &mut [u8], members: &mut Members) -> Result<(usize, bool), JsonError> {
    // A stack of bits: the lowest is 1 when the innermost open container is an object, 0 when it is
    // an array; the highest bit set marks the bottom.
    const BOTTOM: u32 = 1;
    const FULL: u32 = BOTTOM << DEPTH_MAX;
    const OUTERMOST_OBJECT: u32 = BOTTOM << 1 | 1;
    let mut open = BOTTOM;
    let mut key = false;
    let mut moves = Moves::default();
    let mut at = 0;
    members.prepare(text.len());
    'item: loop {
        let mut byte = token(text, &mut at)?;
        if key {
            if byte != b'"' {
                return Err(JsonError::NotJson);
            }
            let start = moves.becomes(at);
            at = string(text, at, &mut moves)?;
            let end = moves.becomes(at).wrapping_sub(1);
            if token(text, &mut at)? != b':' {
                return Err(JsonError::NotJson);
            }
            byte = token(text, &mut at)?;
            if open == OUTERMOST_OBJECT {
                members.note(start, end, moves.becomes(at).wrapping_sub(1));
            }
        }
        if byte == b'"' {
            at = string(text, at, &mut moves)?;
            if open == OUTERMOST_OBJECT {
                members.note_end(moves.becomes(at).wrapping_sub(1));
            }
        } else if byte == b'{' || byte == b'[' {
            if open >= FULL {
                return Err(JsonError::TooDeep);
            }
            let inside = at;
            // A closing bracket is two places behind its opening one in ASCII.
            if token(text, &mut at)? != byte.wrapping_add(2) {
                at = inside;
                key = byte == b'{';
                open = open << 1 | u32::from(key);
                continue 'item;
            }
        } else {
            let rest = scalar(byte, text.get(at..).unwrap_or_default())?;
            at = text.len().wrapping_sub(rest.len());
        }
        // A value has ended.
        while open > BOTTOM {
            let object = open & 1 == 1;
            let byte = token(text, &mut at)?;
            if byte == b',' {
                key = object;
                continue 'item;
            }
            if byte != if object { b'}' } else { b']' } {
                return Err(JsonError::NotJson);
            }
            open >>= 1;
        }
        break;
    }
    let rest = text.get(at..).unwrap_or_default();
    if rest.iter().all(|&byte| is_space(byte)) { Ok((moves.finish(text), moves.kept)) } else { Err(JsonError::NotJson) }
}

/// Takes the next byte that is not white space.
#[cfg_attr(target_pointer_width = "64", inline(always))]
#[cfg_attr(not(target_pointer_width = "64"), inline(never))]
fn token(text: &[u8], at: &mut usize) -> Result<u8, JsonError> {
    loop {
        let byte = *text.get(*at).ok_or(JsonError::NotJson)?;
        *at = at.wrapping_add(1);
        if !is_space(byte) {
            return Ok(byte);
        }
    }
}

/// Reads the string whose first byte is at `at`; returns what is behind its closing quotation mark.
#[cfg_attr(target_pointer_width = "64", inline(always))]
fn string(text: &mut [u8], mut at: usize, moves: &mut Moves) -> Result<usize, JsonError> {
    // Mostly one round.
    loop {
        at = plain_until(text, at);
        match text.get(at) {
            Some(b'"') => return Ok(at.wrapping_add(1)),
            Some(b'\\') => at = moves.unescape(text, at)?,
            _ => return Err(JsonError::NotJson),
        }
    }
}

/// Where the string or the part of one at `at` stops standing for itself: at a quotation mark, a backslash, a control
/// character or the end of `text`.
#[cfg_attr(target_pointer_width = "64", inline(always))]
pub(super) fn plain_until(text: &[u8], mut at: usize) -> usize {
    while cfg!(target_pointer_width = "64")
        && let Some(rest) = text.get(at..)
    {
        let Some(word) = rest.first_chunk() else {
            // The last bytes of the text, filled up with control characters.
            let word = rest.iter().rev().fold(0, |word, &byte| word << 8 | usize::from(byte));
            return at.wrapping_add(specials(word).trailing_zeros() as usize / 8);
        };
        let specials = specials(usize::from_le_bytes(*word));
        if specials != 0 {
            return at.wrapping_add(specials.trailing_zeros() as usize / 8);
        }
        at = at.wrapping_add(8);
    }
    // On other processors a word at a time is more code than it is worth.
    while let Some(b' '..=b'!' | b'#'..=b'[' | b']'..) = text.get(at) {
        at = at.wrapping_add(1);
    }
    at
}

/// Reads the rest of the literal or number that starts with `first`; returns what is behind it.
///
/// A number is not checked to end at a delimiter: the caller accepts nothing else behind a value.
#[inline(never)]
fn scalar(mut first: u8, mut rest: &[u8]) -> Result<&[u8], JsonError> {
    let literal: &[u8] = match first {
        b't' => b"rue",
        b'f' => b"alse",
        b'n' => b"ull",
        _ => b"",
    };
    if !literal.is_empty() {
        return rest.strip_prefix(literal).ok_or(JsonError::NotJson);
    }
    if first == b'-' {
        let (&second, behind) = rest.split_first().ok_or(JsonError::NotJson)?;
        (first, rest) = (second, behind);
    }
    match first {
        b'0' => {}
        b'1'..=b'9' => rest = digits(rest),
        _ => return Err(JsonError::NotJson),
    }
    if let [b'.', fraction @ ..] = rest {
        rest = some_digits(fraction)?;
    }
    if let [b'e' | b'E', b'+' | b'-', exponent @ ..] | [b'e' | b'E', exponent @ ..] = rest {
        rest = some_digits(exponent)?;
    }
    Ok(rest)
}

/// Skips one digit or more.
fn some_digits(text: &[u8]) -> Result<&[u8], JsonError> {
    let rest = digits(text);
    if rest.len() == text.len() { Err(JsonError::NotJson) } else { Ok(rest) }
}

/// Skips digits.
#[cfg_attr(not(target_pointer_width = "64"), inline(never))]
fn digits(mut text: &[u8]) -> &[u8] {
    while let [b'0'..=b'9', rest @ ..] = text {
        text = rest;
    }
    text
}

/// What has been rewritten so far, in a text read up to `at`: `done <= pending <= at`.
///
/// Bytes move only when something is rewritten: `pending..at` has been read and belongs behind
/// `..done`, and is moved there in one go. Until the first time both are 0 and no byte is touched.
#[derive(Default)]
struct Moves {
    /// The first byte that has been read but not moved.
    pending: usize,
    /// The length of the finished text.
    done: usize,
    /// Whether an escape was left as it was, or became another one.
    kept: bool,
}

impl Moves {
    /// Where a byte that is read but not moved will stand.
    #[inline(always)]
    fn becomes(&self, at: usize) -> usize {
        at.wrapping_sub(self.pending.wrapping_sub(self.done))
    }

    /// Reads, and rewrites if need be, the escape whose backslash is at `at`; returns where it ends.
    #[inline(never)]
    fn unescape(&mut self, text: &mut [u8], at: usize) -> Result<usize, JsonError> {
        match text.get(at.wrapping_add(1)) {
            Some(byte) if NAMED.iter().any(|(_, name)| name == byte) => {
                self.kept = true;
                Ok(at.wrapping_add(2))
            }
            Some(b'/') => self.replace(text, at, 2, b"/"),
            Some(b'u') => self.unescape_unicode(text, at),
            _ => Err(JsonError::NotJson),
        }
    }

    /// The same for `\uXXXX`, or a pair of them.
    fn unescape_unicode(&mut self, text: &mut [u8], at: usize) -> Result<usize, JsonError> {
        let unit = code_unit(text, at)?;
        let (code, length) = if unit >> 10 == 0xD800 >> 10 {
            let low = code_unit(text, at.wrapping_add(6))?;
            if low >> 10 != 0xDC00 >> 10 {
                return Err(JsonError::NotJson);
            }
            (((unit & 0x3FF) << 10 | low & 0x3FF).wrapping_add(0x1_0000), 12)
        } else {
            (unit, 6)
        };
        // A low surrogate that comes first is no character and fails here.
        let character = char::from_u32(code).ok_or(JsonError::NotJson)?;
        let named = NAMED.iter().find(|(control, _)| u32::from(*control) == code).map(|(_, name)| [b'\\', *name]);
        let mut utf8 = [0; 4];
        let with = match (&named, character) {
            (Some(escape), _) => escape.as_slice(),
            (None, '\0'..='\u{1F}') => {
                self.kept = true;
                return Ok(at.wrapping_add(length));
            }
            _ => character.encode_utf8(&mut utf8).as_bytes(),
        };
        self.kept |= with.first() == Some(&b'\\');
        self.replace(text, at, length, with)
    }

    /// Puts `with` in the place of the `length` bytes at `at`; returns where they end.
    fn replace(&mut self, text: &mut [u8], at: usize, length: usize, with: &[u8]) -> Result<usize, JsonError> {
        self.settle(text, at);
        self.pending = at.wrapping_add(length);
        let end = self.done.wrapping_add(with.len());
        // Never out of range, and never into unread text: a replacement is shorter than what it replaces.
        text.get_mut(self.done..end).ok_or(JsonError::NotJson)?.copy_from_slice(with);
        self.done = end;
        Ok(self.pending)
    }

    /// Moves what is pending, up to `at`, to the end of the finished text. The caller says what is
    /// pending then.
    fn settle(&mut self, text: &mut [u8], at: usize) {
        if self.done != self.pending {
            let space = text.get_mut(self.done..at).unwrap_or_default();
            bytes::to_front(space, self.pending.wrapping_sub(self.done));
        }
        self.done = self.done.wrapping_add(at.wrapping_sub(self.pending));
    }

    /// Moves the rest; returns the length of the finished text.
    fn finish(&mut self, text: &mut [u8]) -> usize {
        let length = text.len();
        self.settle(text, length);
        self.done
    }
}

/// What stays an escape: the character, and how it is written behind the backslash.
static NAMED: [(u8, u8); 7] =
    [(b'"', b'"'), (b'\\', b'\\'), (8, b'b'), (12, b'f'), (b'\n', b'n'), (b'\r', b'r'), (b'\t', b't')];

/// The UTF-16 code unit that the `\uXXXX` at `at` denotes.
fn code_unit(text: &[u8], at: usize) -> Result<u32, JsonError> {
    let Some([b'\\', b'u', digits @ ..]) = text.get(at..).and_then(<[u8]>::first_chunk::<6>) else {
        return Err(JsonError::NotJson);
    };
    digits.iter().try_fold(0, |unit, &digit| {
        // Exactly the 22 hexadecimal digits: neither sign nor space nor underscore.
        let digit = char::from(digit).to_digit(16).ok_or(JsonError::NotJson)?;
        Ok(unit << 4 | digit)
    })
}

/// White space as RFC 8259 has it: not the form feed, the vertical tab or anything beyond ASCII.
#[inline(always)]
pub(super) fn is_space(byte: u8) -> bool {
    byte <= b' ' && matches!(byte, b' ' | b'\n' | b'\r' | b'\t')
}

/// Not 0 when a byte of `word` is `"`, `\` or a control character; then the lowest bit set is in the
/// first such byte in memory order.
///
/// Subtracting `n` takes the highest bit of a byte below 0x80 from 0 to 1 exactly when the byte is
/// less than `n`. Flipping the bit 0x02 exchanges `"` (0x22) with the space (0x20), so that less than
/// 0x21 means a quotation mark or less than 0x20. A byte borrows from the one above it only when it
/// is such a byte itself, so that only bits above a true one can be false.
#[inline(always)]
fn specials(word: usize) -> usize {
    let quote_or_control = (word ^ filled(0x02)).wrapping_sub(filled(0x21));
    let backslash = (word ^ filled(b'\\' as usize)).wrapping_sub(filled(1));
    (quote_or_control | backslash) & !word & filled(0x80)
}

/// A word with `byte` in each of its bytes.
const fn filled(byte: usize) -> usize {
    (usize::MAX / 0xFF).wrapping_mul(byte)
}
