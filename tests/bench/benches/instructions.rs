//! Instruction counts under valgrind. Run by `cargo xtask bench`.
//!
//! What `setup` does and the dropping of what a function returns are not counted; what a function drops is, so every
//! case comes as a reference. `each_N` is the provider at index N of the table.
#![allow(missing_docs, reason = "the macros write public items without documentation")]

use gungraun::prelude::*;
use gungraun::{Callgrind, Dhat};
use heyan_bench::{
    Authorization, KeptConnection, Lines, Numbers, ReadReply, WholeExchange, WriteRequest, parse_number, providers,
};

fn app_code(provider: usize) -> &'static mut WriteRequest {
    WriteRequest::new(provider, Authorization::AppCode)
}

fn signed(provider: usize) -> &'static mut WriteRequest {
    WriteRequest::new(provider, Authorization::Signed)
}

#[library_benchmark]
fn id_parse() -> bool {
    parse_number()
}

#[library_benchmark]
#[bench::all(Numbers::new())]
fn id_bulk_1000(case: &mut Numbers) -> bool {
    case.run()
}

// What the gate must refuse in the place of the one above.
#[library_benchmark]
#[bench::all(Numbers::new())]
fn id_bulk_1000_slowed(case: &mut Numbers) -> bool {
    case.run_slowed()
}

#[library_benchmark]
#[bench::all(Lines::new())]
fn id_lines_1000(case: &mut Lines) -> u64 {
    case.run()
}

#[library_benchmark]
#[benches::each(iter = 0..providers(), setup = app_code)]
fn request_appcode(case: &mut WriteRequest) -> usize {
    case.run()
}

#[library_benchmark]
#[benches::each(iter = 0..providers(), setup = signed)]
fn request_signed(case: &mut WriteRequest) -> usize {
    case.run()
}

#[library_benchmark]
#[benches::each(iter = 0..providers(), setup = ReadReply::new)]
fn reply(case: &mut ReadReply) -> bool {
    case.run()
}

#[library_benchmark]
#[benches::each(iter = 0..providers(), setup = WholeExchange::new)]
fn exchange(case: &mut WholeExchange) -> bool {
    case.run()
}

#[library_benchmark]
#[bench::checkone(KeptConnection::new())]
fn call_kept(case: &mut KeptConnection) -> bool {
    case.run()
}

library_benchmark_group!(
    name = heyan,
    benchmarks = [
        id_parse,
        id_bulk_1000,
        id_bulk_1000_slowed,
        id_lines_1000,
        request_appcode,
        request_signed,
        reply,
        exchange,
        call_kept
    ]
);

main!(
    // Caches are not simulated: the counts of hits depend on where things lie in memory, the count of instructions does
    // not. DHAT counts what is allocated.
    config = LibraryBenchmarkConfig::default().tool(Callgrind::with_args(["--cache-sim=no"])).tool(Dhat::default()),
    library_benchmark_groups = [heyan]
);
