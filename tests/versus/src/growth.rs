//! What something costs as it grows: providers, the length of a reply, threads, rows.

use crate::Text;
use crate::contest::Mode;

/// One thing that grows, and what is measured of it.
pub struct Growth {
    /// One word for files.
    pub key: &'static str,
    /// What grows, as the head of the first column.
    pub axis: Text,
    /// What is measured, each a column.
    pub columns: &'static [Column],
    /// Measures it.
    pub measure: fn(Mode) -> Vec<Point>,
}

/// Something that is measured.
pub struct Column {
    /// One word for files.
    pub key: &'static str,
    /// What, and in which unit.
    pub head: Text,
}

/// One measurement.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// How much of what grows.
    pub at: u64,
    /// The column's key.
    pub column: String,
    /// In the column's unit.
    pub value: f64,
}
