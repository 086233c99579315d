//! Each provider's reader, at the message seam, against the second reader of the conformance tests.
//!
//! The first byte names the provider. Then come lines: the status, `X-Ca-Error-Code`, `X-Ca-Error-Message`,
//! `X-Ca-Request-Id`; what follows is the body.

use heyan::provider::explain;
use heyan::{Billing, Error, Outcome, Provider, Response, Retry};
use heyan_conformance::Observed;
use heyan_conformance::oracle::{Meaning, meaning, parse};

use crate::asked::{ID, assert_redacted, inquiry, line, provider, status, without_space};
use crate::json::is_out_of_range;

/// Any bytes.
pub fn check(data: &[u8]) {
    let [which, rest @ ..] = data else { return };
    check_with(provider(*which), rest);
}

/// The lines and the body, for one provider, which may be one that reads wrongly.
pub(crate) fn check_with(provider: &dyn Provider, mut rest: &[u8]) {
    let status = status(line(&mut rest));
    let fields = ["X-Ca-Error-Code", "x-ca-error-message", "X-CA-REQUEST-ID"].map(|name| (name, line(&mut rest)));
    let body = rest;
    let mut text = body.to_vec();
    let mut response = Response::new(status, &mut text).unwrap();
    for (name, value) in fields {
        response = response.header(name, value);
    }
    let inquiry = inquiry(provider);
    let result = inquiry.read(response);
    let got = Observed::of(&result);
    prices(status, &result);
    assert_redacted(provider, &format!("{result:?}"));
    if let Err(error) = &result {
        assert_redacted(provider, &error.to_string());
    }

    let [(_, code), (_, message), _] = fields;
    if [code, message].iter().any(|value| !without_space(value).is_empty()) {
        // The gateway speaks. What it says is of its own target.
        assert!(matches!(result, Err(Error::Refused(_))), "{got:?}, but the gateway declined");
    } else {
        match meaning(provider.info().slug, status, parse(body).as_ref(), ID) {
            Meaning::Verdict(word) | Meaning::Refused(word) => {
                assert_eq!(got.ending, word, "the second reader reads otherwise");
            }
            // It cannot read such a number, which nobody here computes with.
            Meaning::Nothing if is_out_of_range(body) => {}
            Meaning::Nothing => assert!(!got.is_verdict(), "{got:?}, but the second reader sees no verdict"),
        }
    }

    // Who does not know the number sees the same verdict, or one where the echo contradicts.
    let mut text = body.to_vec();
    let mut response = Response::new(status, &mut text).unwrap();
    for (name, value) in fields {
        response = response.header(name, value);
    }
    let explained = Observed::of(&explain(provider, response));
    if got.is_verdict() || explained.is_verdict() && got.ending != "echo_contradicts" {
        assert_eq!(got.ending, explained.ending);
    }
}

/// What an ending costs follows from the status, and advice never charges twice.
fn prices(status: u16, result: &Result<Outcome<'_>, Error>) {
    let by_status = if (200..=299).contains(&status) { Billing::Billed } else { Billing::Free };
    let (billing, retry) = match result {
        Ok(outcome) => (outcome.billing(), outcome.retry()),
        Err(error) => (error.billing(), error.retry()),
    };
    match result {
        Ok(_) => assert_eq!((billing, retry), (by_status, Retry::Never)),
        // A refusal of the gateway's under a status that is charged contradicts itself.
        Err(_) => assert!(billing == by_status || (billing, by_status) == (Billing::Unknown, Billing::Billed)),
    }
    assert!(billing != Billing::Unknown || retry == Retry::Never);
}
