//! Reading a reply's JSON: one in-place pass that makes it plain, then one read of the members
//! that matter.
//!
//! The two halves exist because of what `serde-json-core` 0.7 does with text that is legal, or nearly
//! legal, JSON. It leaves `\u` escapes in strings without saying so; fails the whole document on a
//! surrogate pair, even in a member that nobody asked for; accepts `"\u+041"`, `[,1]`, raw control
//! characters and, where a value is ignored, any letters; and recurses without limit into ignored
//! values. [`normalize`] is a complete RFC 8259 validator that also rewrites escapes, so that the text
//! [`members`] hands to `serde-json-core` has none of these. Nothing else calls `serde-json-core`.
//!
//! A document deeper than [`DEPTH_MAX`] is refused: a bound on the depth is a bound on the stack.

mod members;
mod pass;
#[cfg(test)]
mod tests;

pub(crate) use members::Document;
pub use members::{Object, Value};
pub(crate) use pass::{Members, normalize};

/// Objects and arrays that may be open at once in a reply. Those that the vendors document have two.
pub const DEPTH_MAX: u8 = 8;

/// Why a reply cannot be read as JSON. Carries nothing of the reply, which may hold personal data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum JsonError {
    /// The body is not one JSON text in UTF-8 or, where members are read, not an object.
    NotJson,
    /// More than [`DEPTH_MAX`] objects and arrays are open at once.
    TooDeep,
    /// A member that was asked for occurs twice: either could be the one meant, so neither is used.
    Ambiguous,
}
