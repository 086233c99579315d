//! What something costs as it grows: providers, the length of a reply, threads, rows.

use std::collections::BTreeMap;

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
    /// What must hold between them.
    pub bounds: &'static [Below],
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

/// In each row one column says less than another.
pub struct Below {
    /// The key of the one.
    pub less: &'static str,
    /// The key of the other.
    pub more: &'static str,
}

impl Below {
    /// Says where it is not so.
    ///
    /// # Errors
    /// When it is not so in a row, or one of the two was not measured.
    pub fn check(&self, points: &[&Point]) -> Result<(), String> {
        let Self { less, more } = self;
        let of = |wanted: &str| -> BTreeMap<u64, f64> {
            points.iter().filter(|point| point.column == wanted).map(|point| (point.at, point.value)).collect()
        };
        let (lesser, greater) = (of(less), of(more));
        if lesser.is_empty() || !lesser.keys().eq(greater.keys()) {
            return Err(format!("{less} and {more} were not both measured"));
        }
        let wrong = lesser.iter().zip(greater.values()).find(|((_, lesser), greater)| lesser >= greater);
        match wrong {
            None => Ok(()),
            Some(((at, lesser), greater)) => Err(format!("at {at} {less} has {lesser}, and {more} only {greater}")),
        }
    }
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

#[cfg(test)]
mod tests {
    use super::{Below, Point};

    #[test]
    fn the_lesser_is_below_in_every_row() {
        let below = Below { less: "a", more: "b" };
        let points = [("a", 1, 1.0), ("b", 1, 2.0), ("a", 8, 3.0), ("b", 8, 3.5)];
        let mut points = points.map(|(column, at, value)| Point::new(at, column, value));
        let check = |points: &[Point]| below.check(&points.iter().collect::<Vec<_>>());
        assert_eq!(check(&points), Ok(()));
        assert!(check(&points[..3]).unwrap_err().contains("not both measured"));
        assert!(check(&[]).unwrap_err().contains("not both measured"));
        points[2].value = 3.5;
        assert!(check(&points).unwrap_err().contains("at 8"));
    }
}
