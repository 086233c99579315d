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
    /// Measures the columns that heyan-versus measures, if it does any.
    pub time: Option<fn(Mode) -> Vec<Point>>,
    /// Measures the columns of heap, if there are any: heyan-versus-heap does.
    pub heap: Option<fn(Counter) -> Vec<Point>>,
}

/// Runs something, and says what its thread did with the heap meanwhile. What counts is an allocator of its own, which
/// must not stand where something is timed: so who has it hands it over.
pub type Counter = fn(&mut dyn FnMut()) -> Heap;

/// What a thread did with the heap, in bytes that it asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heap {
    /// Asked for and not given back. Below 0 when more was given back.
    pub held: i64,
    /// The most that was held at one time.
    pub peak: u64,
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

impl Point {
    /// A measurement of `column`.
    #[must_use]
    pub fn new(at: usize, column: &str, value: f64) -> Self {
        Self { at: at as u64, column: column.to_owned(), value }
    }
}
