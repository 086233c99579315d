#![no_std]
#![no_main]
//! Counts instructions and stack in the emulator, and prints `unit, case, count` between tabs.
//!
//! To be run with `-icount shift=0`. Each case runs many times between two looks at a clock that ticks once in 40
//! instructions, and what the loop itself takes is subtracted.

use core::hint::black_box;

// Its critical section, which printing takes.
use cortex_m as _;

use cortex_m_semihosting::hprintln;
use heyan::{Date, IdNumber, Inquiry, Name, Response, provider};
use heyan_audit::board::{self, INSTRUCTIONS_PER_TICK};
use heyan_audit::{case, reply};

#[path = "../halt.rs"]
mod halt;

/// How often each case runs, as far as anybody is told.
const TIMES: usize = 60;
/// How often it does.
const RUNS: usize = if cfg!(feature = "slow") { TIMES * 105 / 100 } else { TIMES };

#[cortex_m_rt::entry]
fn main() -> ! {
    instructions();
    stack();
    board::exit(0)
}

fn instructions() {
    count("number check", [(); RUNS], |()| {
        let _ = black_box(IdNumber::parse(black_box(case::NUMBER), black_box(case::TODAY)));
    });
    count("number check, pasted", [(); RUNS], |()| {
        let _ = black_box(IdNumber::from_input(black_box(" 110101 19000101 0057"), black_box(Date::MAX)));
    });
    count("name check", [(); RUNS], |()| {
        let _ = black_box(Name::parse(black_box("张三")));
    });
    for provider in provider::ALL {
        let slug = provider.info().slug;
        let mut buffer = [0; 2048];
        for (what, credentials) in [("request, AppCode", case::app_code()), ("request, signed", case::signed())] {
            let Some(inquiry) = case::inquiry(*provider, credentials) else { board::exit(3) };
            count_of(what, slug, [(); RUNS], |()| {
                let _ = black_box(write(&inquiry, black_box(&mut buffer)));
            });
        }
        let Some(inquiry) = case::inquiry(*provider, case::app_code()) else { board::exit(3) };
        let Some(text) = reply::body(slug) else { board::exit(4) };
        let mut bodies = [[0; 512]; RUNS];
        for body in &mut bodies {
            for (to, from) in body.iter_mut().zip(text.bytes()) {
                *to = from;
            }
        }
        count_of("reply", slug, bodies.each_mut(), |body| {
            let body = body.get_mut(..text.len()).unwrap_or_default();
            let Some(response) = Response::new(200, black_box(body)) else { board::exit(3) };
            if black_box(inquiry.read(response)).is_err() {
                board::exit(5);
            }
        });
        let mut message = [0; 1024];
        let Some(message) = reply::message(text, &mut message) else { board::exit(4) };
        count_of("exchange", slug, [(); RUNS], |()| {
            let read =
                case::exchange(&inquiry, black_box(&mut buffer), black_box(message)).and_then(|r| inquiry.read(r));
            if black_box(read).is_err() {
                board::exit(6);
            }
        });
    }
}

#[inline(never)]
fn write(inquiry: &Inquiry<'_>, buffer: &mut [u8]) -> usize {
    inquiry.write(buffer).map_or(0, |request| request.len())
}

fn count<T>(what: &str, inputs: [T; RUNS], work: impl FnMut(T)) {
    count_of(what, "", inputs, work);
}

fn count_of<T>(what: &str, slug: &str, inputs: [T; RUNS], mut work: impl FnMut(T)) {
    let before = board::ticks();
    for input in inputs {
        work(black_box(input));
    }
    let ticks = board::ticks().wrapping_sub(before);
    let each = u64::from(ticks) * u64::from(INSTRUCTIONS_PER_TICK) / TIMES as u64;
    hprintln!("instructions\t{}{}{}\t{}", what, if slug.is_empty() { "" } else { "/" }, slug, each);
}

/// What is measured is the core's own depth: the buffer and the inquiry are the caller's, and lie elsewhere.
fn stack() {
    let nothing = board::stack_of(|| {});
    hprintln!("stack bytes\tnumber check\t{}", board::stack_of(number) - nothing);
    for (what, signed, work) in [
        ("request, AppCode", false, request as fn()),
        ("request, signed", true, request),
        ("reply", false, read_reply),
        ("build and read, AppCode", false, build_and_read),
        ("build and read, signed", true, build_and_read),
    ] {
        for provider in provider::ALL {
            let slug = provider.info().slug;
            let credentials = if signed { case::signed() } else { case::app_code() };
            INQUIRY.with(|place| *place = case::inquiry(*provider, credentials));
            let Some(text) = reply::body(slug) else { board::exit(4) };
            BODY.with(|place| *place = text);
            MESSAGE.with(|(space, length)| *length = reply::message(text, space).map_or(0, <[u8]>::len));
            hprintln!("stack bytes\t{}/{}\t{}", what, slug, board::stack_of(work) - nothing);
        }
    }
}

static INQUIRY: Once<Option<Inquiry<'static>>> = Once::new(None);
static BUFFER: Once<[u8; 2048]> = Once::new([0; 2048]);
static BODY: Once<&str> = Once::new("");
static MESSAGE: Once<([u8; 1024], usize)> = Once::new(([0; 1024], 0));

fn number() {
    let _ = black_box(IdNumber::from_input(black_box(" 110101 19000101 0057"), black_box(Date::MAX)));
}

fn with_inquiry(work: impl FnOnce(&Inquiry<'static>, &mut [u8; 2048])) {
    INQUIRY.with(|inquiry| {
        let Some(inquiry) = inquiry else { board::exit(3) };
        BUFFER.with(|buffer| work(inquiry, buffer));
    });
}

fn request() {
    with_inquiry(|inquiry, buffer| {
        black_box(write(inquiry, buffer));
    });
}

fn read_reply() {
    with_inquiry(|inquiry, buffer| {
        BODY.with(|text| {
            let body = buffer.get_mut(..text.len()).unwrap_or_default();
            for (to, from) in body.iter_mut().zip(text.bytes()) {
                *to = from;
            }
            let Some(response) = Response::new(200, body) else { board::exit(3) };
            let Ok(outcome) = inquiry.read(response) else { board::exit(5) };
            let _ = black_box(outcome.verdict());
        });
    });
}

fn build_and_read() {
    with_inquiry(|inquiry, buffer| {
        MESSAGE.with(|(message, length)| {
            let message = message.get(..*length).unwrap_or_default();
            let read = case::exchange(inquiry, buffer, message).and_then(|response| inquiry.read(response));
            let Ok(outcome) = read else { board::exit(6) };
            let _ = black_box(outcome.verdict());
        });
    });
}

/// Memory that one caller at a time uses.
struct Once<T>(core::cell::UnsafeCell<T>);

// SAFETY: there is one thread, and no interrupt is enabled.
unsafe impl<T> Sync for Once<T> {}

impl<T> Once<T> {
    const fn new(value: T) -> Self {
        Self(core::cell::UnsafeCell::new(value))
    }

    fn with(&self, work: impl FnOnce(&mut T)) {
        // SAFETY: no work in this program uses the same memory inside of it.
        work(unsafe { &mut *self.0.get() });
    }
}
