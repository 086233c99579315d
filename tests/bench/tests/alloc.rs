//! Writing a request and reading a reply never touch the heap, whichever provider is asked.
//!
//! The counters belong to the calling thread, so other tests of this process do not disturb them.

use allocation_counter::measure;
use heyan_bench::{
    Authorization, KeptConnection, Lines, Numbers, ReadReply, WholeExchange, WriteRequest, parse_number, providers,
};

#[track_caller]
fn allocates_nothing(what: &str, provider: usize, run: impl FnOnce()) {
    let counted = measure(run);
    assert_eq!(counted.count_total, 0, "{what} of {} allocates", heyan::provider::ALL[provider].info().slug);
}

#[test]
fn the_counter_counts() {
    assert_eq!(measure(|| drop(std::hint::black_box(vec![0_u8; 9]))).count_total, 1);
}

#[test]
fn writing_a_request_allocates_nothing() {
    for provider in 0..providers() {
        for authorization in [Authorization::AppCode, Authorization::Signed] {
            let case = WriteRequest::new(provider, authorization);
            allocates_nothing("the request", provider, || assert_ne!(case.run(), 0));
        }
    }
}

#[test]
fn reading_a_reply_allocates_nothing() {
    for provider in 0..providers() {
        let case = ReadReply::new(provider);
        allocates_nothing("the reply", provider, || assert!(case.run()));
        let case = WholeExchange::new(provider);
        allocates_nothing("the exchange", provider, || assert!(case.run()));
    }
}

#[test]
fn checking_numbers_allocates_nothing() {
    let case = Numbers::new();
    assert_eq!(measure(|| assert!(case.run())).count_total, 0);
    let case = Lines::new();
    assert_eq!(measure(|| assert_ne!(case.run(), 0)).count_total, 0);
    assert_eq!(measure(|| assert!(parse_number())).count_total, 0);
}

#[test]
fn a_call_on_a_kept_connection_allocates_nothing() {
    let case = KeptConnection::new();
    assert_eq!(measure(|| assert!(case.run())).count_total, 0);
}

/// The bound on the longest request is checked where the request is longest.
#[test]
fn sjsys_has_the_longest_request() {
    let longest = (0..providers()).max_by_key(|&provider| WriteRequest::new(provider, Authorization::AppCode).run());
    assert_eq!(longest.map(|provider| heyan::provider::ALL[provider].info().slug), Some("sjsys"));
}
