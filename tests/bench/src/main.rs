//! What `cargo xtask bench` runs beside the instruction counts.
//!
//! `heyan-bench list` prints the providers in the order in which the cases number them. `heyan-bench stack CASE INDEX`
//! runs one case once, for valgrind's massif to watch the stack.

use std::env;
use std::hint::black_box;
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
        }
        ["stack", case, index] => {
            let Some(index) = index.parse().ok().filter(|&index| index < heyan_bench::providers()) else {
                eprintln!("there is no provider {index}: see `heyan-bench list`");
                return ExitCode::from(64);
            };
            match case {
                // What the others are compared with.
                "nothing" => above_ballast(nothing, WriteRequest::new(index, Authorization::AppCode)),
                "request_appcode" => above_ballast(write, WriteRequest::new(index, Authorization::AppCode)),
                "request_signed" => above_ballast(write, WriteRequest::new(index, Authorization::Signed)),
                "reply" => above_ballast(read, ReadReply::new(index)),
                "exchange" => above_ballast(exchange, WholeExchange::new(index)),
                _ => {
                    eprintln!("there is no case {case}");
                    return ExitCode::from(64);
                }
            }
        }
        _ => {
            eprintln!("usage: heyan-bench list | heyan-bench stack CASE INDEX");
            return ExitCode::from(64);
        }
    }
    ExitCode::SUCCESS
}

/// Calls `case` from a depth that nothing else in this process reaches, so that the peak is the case's.
#[inline(never)]
fn above_ballast<C>(case: fn(&mut C), argument: &mut C) {
    let mut ballast = [0_u8; 64 * 1024];
    black_box(&mut ballast);
    black_box(case)(black_box(argument));
    black_box(&mut ballast);
}

#[inline(never)]
fn nothing(case: &mut WriteRequest) {
    black_box(case);
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
