//! What `cargo xtask bench` runs beside the instruction counts.
//!
//! `heyan-bench list` prints the providers in the order in which the cases number them. `heyan-bench numbers COUNT` prints
//! identity numbers, one a line, half of them valid; from a million on they repeat. `heyan-bench stack CASE INDEX`
//! prints how many bytes of stack one run of a case takes, and what its caller takes of that: the stack is painted, and
//! the paint that is left is looked for in this process's own memory, which Linux shows as a file.

use std::env;
use std::fs::File;
use std::hint::black_box;
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::process::ExitCode;

use heyan_bench::{Authorization, ReadReply, WholeExchange, WriteRequest};

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["list"] => {
            for provider in heyan::provider::ALL {
                println!("{}", provider.info().slug);
            }
            ExitCode::SUCCESS
        }
        ["numbers", count] => match count.parse().ok().map(print_numbers) {
            Some(Ok(())) => ExitCode::SUCCESS,
            Some(Err(error)) => {
                eprintln!("standard output: {error}");
                ExitCode::FAILURE
            }
            None => usage("COUNT is no number"),
        },
        ["stack", case, index] => match index.parse().ok().filter(|&index| index < heyan_bench::providers()) {
            Some(index) => stack(case, index),
            None => usage(&format!("there is no provider {index}: see `heyan-bench list`")),
        },
        _ => usage("usage: heyan-bench list | heyan-bench numbers COUNT | heyan-bench stack CASE INDEX"),
    }
}

fn usage(what: &str) -> ExitCode {
    eprintln!("{what}");
    ExitCode::from(64)
}

fn print_numbers(mut left: usize) -> io::Result<()> {
    const REPEATED: usize = 1_000_000;
    const LINE: usize = heyan::IdNumber::LEN + 1;
    let lines = heyan_bench::lines(left.min(REPEATED));
    let mut stdout = io::stdout().lock();
    while left > 0 {
        let now = left.min(REPEATED);
        stdout.write_all(&lines[..now * LINE])?;
        left -= now;
    }
    stdout.flush()
}

fn stack(case: &str, index: usize) -> ExitCode {
    let app_code = || WriteRequest::new(index, Authorization::AppCode);
    let depth = match case {
        // What the others are compared with: the same caller, with what it calls doing nothing.
        "idle_request" => depth_of(idle_write, app_code()),
        "idle_reply" => depth_of(idle_read, ReadReply::new(index)),
        "request_appcode" => depth_of(write, app_code()),
        "request_signed" => depth_of(write, WriteRequest::new(index, Authorization::Signed)),
        "reply" => depth_of(read, ReadReply::new(index)),
        "exchange" => depth_of(exchange, WholeExchange::new(index)),
        _ => return usage(&format!("there is no case {case}")),
    };
    match depth {
        Ok(depth) => {
            println!("{depth}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("the stack cannot be looked at: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Far more than any case takes.
const PAINTED: usize = 64 * 1024;
/// Neither a likely length nor a character, nor a part of an address.
const PAINT: u8 = 0xA5;

/// Bytes between where the stack of `case` begins and the lowest byte that it wrote.
#[inline(never)]
fn depth_of<C>(case: fn(&mut C), argument: &mut C) -> io::Result<usize> {
    let memory = File::open("/proc/self/mem")?;
    let mut seen = vec![0; PAINTED];
    let lowest = paint();
    black_box(case)(black_box(argument));
    // This call writes on the stack as well, but not as deep as what it looks for.
    memory.read_exact_at(&mut seen, lowest)?;
    Ok(PAINTED - seen.iter().position(|byte| *byte != PAINT).unwrap_or(PAINTED))
}

/// Paints where the next function called from the same place will have its stack; returns the lowest painted address.
#[inline(never)]
fn paint() -> u64 {
    let mut area = [PAINT; PAINTED];
    black_box(&mut area).as_ptr().addr() as u64
}

#[inline(never)]
fn idle_write(case: &mut WriteRequest) {
    black_box(case.run_idle());
}

#[inline(never)]
fn idle_read(case: &mut ReadReply) {
    black_box(case.run_idle());
}

#[inline(never)]
fn write(case: &mut WriteRequest) {
    black_box(case.run());
}

#[inline(never)]
fn read(case: &mut ReadReply) {
    black_box(case.run());
}

#[inline(never)]
fn exchange(case: &mut WholeExchange) {
    black_box(case.run());
}
