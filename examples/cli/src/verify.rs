//! `heyan verify`: one verification, with one provider after the other if need be.
//!
//! Everything that can be wrong with the input is found first, then the consent is asked for, then the first connection is
//! opened. The next provider of a failover order is asked when the last one gave no verdict, its ending advises any
//! further attempt, and it cost nothing; with `--may-pay-twice` also when it did or may have.

use heyan::policy::RetryRule;
use heyan::{Consent, Subject};
use heyan_std::{AttemptLine, RouterBuilder, RouterError};

use crate::accounts::{self, Accounts, refused};
use crate::ending::Ending;
use crate::input::Person;
use crate::output::{Exit, Out, Stop, tell};
use crate::wrong::Wrong;
use crate::{Context, args, consent, target};

pub(crate) fn run(context: &Context, arguments: &args::Verify, out: &mut Out) -> Result<Exit, Stop> {
    let providers = target::providers(&arguments.provider)?;
    if context.sandbox {
        target::only_sandbox(&arguments.network)?;
    }
    let address = target::address(&arguments.network.address, providers.len())?;
    let timeout = arguments.network.timeout.as_deref().map(target::timeout).transpose()?;
    let person = Person::read(&arguments.person, context.words)?;
    let subject = person.subject(arguments.person.lenient)?;
    providers.iter().try_for_each(|provider| target::factors(*provider, &subject))?;
    let accounts = Accounts::find(context, &providers, address.is_some())?;
    let trust = target::trust(arguments.network.ca.as_deref())?;

    // Each provider once: a person waits, and asking again costs the same patience.
    let attempts = u8::try_from(providers.len()).unwrap_or(u8::MAX);
    let whole = timeout.unwrap_or(target::TIMEOUT).saturating_mul(attempts.into());
    let rule = RetryRule::new(attempts, whole);
    let rule = if arguments.may_pay_twice { rule.may_pay_twice() } else { rule };
    let ready = |router: RouterBuilder| -> Result<RouterBuilder, Wrong> {
        let router = router.retry(rule).deadline(whole);
        Ok(match &arguments.ledger {
            Some(path) => router.ledger(accounts::ledger(path)?),
            None => router,
        })
    };
    if context.sandbox {
        consent::obtain(context, arguments.consent, &subject, &providers)?;
        let (sandbox, trust) = accounts::sandbox(context)?;
        let router = ready(accounts.router(context, Some(&sandbox.url()), &trust, timeout, None)?)?;
        ask(context, router, &subject, out)
    } else {
        let base_url = arguments.network.address.base_url.as_deref();
        let router = ready(accounts.router(context, base_url, &trust, timeout, None)?)?;
        consent::obtain(context, arguments.consent, &subject, &providers)?;
        ask(context, router, &subject, out)
    }
}

fn ask(context: &Context, router: RouterBuilder, subject: &Subject<'_>, out: &mut Out) -> Result<Exit, Stop> {
    let router = router.build().map_err(refused)?;
    let routed = router.verify(subject, Consent::given());
    let name = subject.name().expose().to_string();
    let names = if context.reveal { &[][..] } else { &[name.as_str()] };
    let attempts: Vec<Ending<'_>> =
        routed.attempts.iter().filter_map(|line| Some(Ending::of_attempt(line)?.without(names))).collect();
    if router.standings().len() > 1 {
        tell_attempts(context, &attempts);
    }

    let outcome = match &routed.result {
        Ok(outcome) => Ok(outcome.borrow()),
        Err(RouterError::Attempt { error, .. }) => Err(error),
        Err(RouterError::NoAccount) => return Err(Stop::Failed(context.words.nobody_to_ask().to_owned())),
        Err(RouterError::Clock) => return Err(Stop::Failed(context.words.no_clock().to_owned())),
        Err(RouterError::Ledger(error)) => return Err(Stop::Failed(context.words.ledger_failed(error))),
        Err(error) => return Err(Stop::Failed(error.to_string())),
    };
    let info = routed.attempts.last().and_then(info_of);
    let ending = info.and_then(|info| Ending::new(info, outcome.as_ref().map_err(|error| *error)));
    let Some(ending) = ending else {
        return Err(Wrong::Refused(outcome.err().map(ToString::to_string).unwrap_or_default()).into());
    };
    let ending = ending.without(names);
    let exit = ending.exit();
    let printed = if context.json {
        ending.print_json(context, &attempts, out)
    } else {
        ending.print_text(context, Some(&about(context, subject)), out)
    };
    printed.and_then(|()| out.finish()).map_err(Stop::output(exit))?;
    Ok(exit)
}

/// A sentence for each attempt without a verdict.
fn tell_attempts(context: &Context, attempts: &[Ending<'_>]) {
    let words = context.words;
    let simulated = if context.sandbox { words.simulated() } else { "" };
    for (at, ending) in attempts.iter().enumerate() {
        if ending.class().verdict().is_some() {
            continue;
        }
        let headline = words.headline(ending.class(), ending.info().checks_mobile());
        let headline = headline.trim_end_matches(['.', '。']);
        let (slug, billing) = (ending.info().slug, ending.billing());
        let sentence = match attempts.get(at + 1) {
            Some(next) => words.attempt(slug, headline, billing, next.info().slug),
            None => words.last_attempt(slug, headline, billing, ending.retry()),
        };
        tell(&format!("{simulated}{sentence}"));
    }
}

fn info_of(line: &AttemptLine) -> Option<&'static heyan::Info> {
    heyan::provider::by_slug(line.provider.as_str()).map(heyan::Provider::info)
}

fn about(context: &Context, subject: &Subject<'_>) -> String {
    let (name, id, mobile) = if context.reveal {
        let mobile = subject.mobile().map(|mobile| mobile.expose().to_owned());
        (subject.name().expose().to_string(), subject.id().expose().to_owned(), mobile)
    } else {
        let mobile = subject.mobile().map(|mobile| mobile.masked().to_string());
        (subject.name().masked().to_string(), subject.id().masked().to_string(), mobile)
    };
    let values = [Some(name), Some(id), mobile];
    values.into_iter().flatten().collect::<Vec<_>>().join(context.words.comma())
}
