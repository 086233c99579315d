//! What `cargo xtask bench` runs for the columns of heap, and prints as `heyan-versus measure` prints the others.
//!
//! A program of its own: the allocator that counts is the whole program's, and would slow down whatever is timed.

use std::io::{self, Write};

use heyan_versus::growth::Heap;
use heyan_versus::results::Results;
use heyan_versus::{groups, machine};

fn main() -> io::Result<()> {
    let known = count(&mut || drop(std::hint::black_box(vec![0_u8; 9])));
    assert_eq!(known, Heap { held: 0, peak: 9 }, "the allocator does not count");
    let mut results = Results { machine: machine::describe(), ..Results::default() };
    for growth in groups::GROWTH {
        if let Some(measure) = growth.heap {
            eprintln!("{}, heap", growth.key);
            results.add(growth, measure(count));
        }
    }
    io::stdout().write_all(results.to_text().as_bytes())
}

fn count(work: &mut dyn FnMut()) -> Heap {
    let counted = allocation_counter::measure(work);
    Heap { held: counted.bytes_current, peak: counted.bytes_max }
}
