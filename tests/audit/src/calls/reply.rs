//! Reading replies.

use core::fmt::Debug;
use core::hint::black_box;

use heyan::policy::Ending;
use heyan::provider::{Conclusion, Finding, Reply, explain};
use heyan::{
    Details, Error, Exchange, Info, Outcome, Provider, Refusal, ReplyError, ReplyFault, Response, Step, Value, Verdict,
    provider,
};

use super::request::inquiry;
use super::words::{show, shown};
use super::{take, text};

pub(super) fn calls() {
    let Some(provider) = provider::by_slug(text()) else { return };
    let _ = inquiry(provider, |inquiry| {
        let mut buffer = [0; 2048];
        let Ok(request) = inquiry.write(black_box(&mut buffer)) else { return };
        match exchange(Exchange::new(request)) {
            Ok(response) => {
                take(show(&response as &dyn Debug));
                take((response.status(), response.expose_body().len()));
                ending(inquiry.read(response));
            }
            Err(error) => ending(Err(error)),
        }
    });
    for provider in provider::ALL.iter().copied().chain([&Sixth as &dyn Provider]) {
        let mut body = [b'{'; 512];
        if let Some(response) = Response::new(black_box(200), black_box(&mut body)) {
            let response = response.header(text(), black_box(b"A403IS"));
            ending(explain(provider, response));
        }
    }
}

fn exchange(mut exchange: Exchange<'_>) -> Result<Response<'_>, Error> {
    loop {
        let step = exchange.step();
        take(show(&step as &dyn Debug));
        match step {
            Step::Send(bytes) => {
                let count = black_box(bytes.len());
                exchange.sent(count);
            }
            Step::Receive(space) => {
                space.fill(black_box(b'\r'));
                let count = black_box(space.len());
                exchange.received(count);
            }
            Step::Done => break,
        }
        take(exchange.is_sent());
        take(show(&exchange as &dyn Debug));
    }
    take(exchange.keep_alive());
    Ok(exchange.finish()?)
}

fn ending(read: Result<Outcome<'_>, Error>) {
    take(Ending::of(&read));
    match read {
        Ok(outcome) => verdict(&outcome),
        Err(error) => {
            take((error.billing(), error.retry(), error.reference()));
            take(shown(&error));
            match &error {
                Error::Reply(error) => reply_error(error),
                Error::Refused(refusal) => refused(refusal),
                _ => {}
            }
        }
    }
}

fn verdict(outcome: &Outcome<'_>) {
    take((outcome.verdict(), outcome.billing(), outcome.retry(), outcome.echo()));
    take((outcome.code(), outcome.reference(), outcome.expose_details()));
    take(show(outcome as &dyn Debug));
    let owned = outcome.to_owned();
    take((owned.verdict(), owned.billing(), owned.retry(), owned.echo()));
    take((owned.code(), owned.reference(), owned.expose_details()));
    take(owned.borrow() == *outcome);
    take(show(&owned as &dyn Debug));
}

fn reply_error(error: &ReplyError) {
    take((error.fault(), error.status(), error.billing(), error.retry(), error.code(), error.reference()));
    take(shown(error));
}

fn refused(refusal: &Refusal) {
    take((refusal.class(), refusal.status(), refusal.billing(), refusal.retry(), refusal.code(), refusal.reference()));
    take(shown(refusal));
}

/// A provider outside the core, which reads with everything that the core offers for it.
struct Sixth;

impl Provider for Sixth {
    fn info(&self) -> &'static Info {
        provider::IDCERT.info()
    }

    fn interpret<'b>(&self, reply: &Reply<'_, 'b>) -> Result<Finding<'b>, ReplyFault> {
        take((reply.status(), reply.is_success()));
        take(show(reply as &dyn Debug));
        let [code, value, data]: [Value<'b>; 3] = reply.members(["code", "value", black_box("data")])?;
        let [inner] = data.members(["inner"])?;
        take(show(&inner as &dyn Debug));
        take(value.written());
        let details = Details {
            sex: Details::sex(inner),
            birth_date: Details::date(inner),
            age: Details::age(inner),
            address: Details::address(inner),
            province: Details::place(inner),
            ..Details::default()
        };
        take(show(&details as &dyn Debug));
        let conclusion = match black_box(0) {
            0 => Conclusion::from(Verdict::NoRecord),
            _ => Conclusion::Verdict { verdict: Verdict::Match, echo: value, details },
        };
        take(show(&conclusion as &dyn Debug));
        Ok(Finding { code: code.text(), reference: value.text(), conclusion })
    }
}
