//! `heyan verify`: one verification, with one provider after the other if need be.
//!
//! Everything that can be wrong with the input is found first, then the consent is asked for, then the first connection is
//! opened. The next provider of a failover order is asked when the last one gave no verdict and its ending advises any
//! further attempt: an ending whose price is unknown does not.

use heyan::{Consent, Retry, Subject};
use heyan_sandbox::Sandbox;
use heyan_std::{Client, Config, OwnedCredentials, Trust};

use crate::consent;
use crate::credentials::Found;
use crate::ending::Ending;
use crate::input::Person;
use crate::output::{Exit, Out, Stop, tell};
use crate::target::{self, Asked};
use crate::words::Cause;
use crate::wrong::Wrong;
use crate::{Context, args};

pub(crate) fn run(context: &Context, arguments: &args::Verify, out: &mut Out) -> Result<Exit, Stop> {
    let providers = target::providers(&arguments.provider)?;
    if context.sandbox {
        only_sandbox(arguments)?;
    }
    let address = target::address(&arguments.address, providers.len())?;
    let timeout = arguments.timeout.as_deref().map(target::timeout).transpose()?;
    let person = Person::read(&arguments.person, context.words)?;
    let subject = person.subject(arguments.person.lenient)?;
    providers.iter().try_for_each(|provider| target::factors(*provider, &subject))?;

    // A sandbox must not be given real credentials, nor anything else that is meant for the outside.
    let credentials = if context.sandbox {
        OwnedCredentials::app_code(heyan_sandbox::APP_CODE).map_err(refused)?
    } else {
        let found = Found::in_environment()?.ok_or(Wrong::CredentialsMissing)?;
        providers.iter().try_for_each(|provider| target::accepts(*provider, &found, address.is_some()))?;
        found.owned().map_err(refused)?
    };
    let trust = target::trust(arguments.ca.as_deref())?;

    let configured = |provider: Asked| {
        let config = Config::new(provider, credentials.clone());
        match timeout {
            Some(timeout) => config.timeout(timeout),
            None => config,
        }
    };
    let clients = |at: Option<&str>, trust: &Trust| -> Result<Vec<Client>, Wrong> {
        let client = |provider: &Asked| {
            let config = configured(*provider).trust(trust.clone());
            let config = match at {
                Some(url) if url.starts_with("http://") => config.insecure_http_base_url(url).map_err(refused)?,
                Some(url) => config.base_url(url).map_err(refused)?,
                None => config,
            };
            Client::new(config).map_err(refused)
        };
        providers.iter().map(client).collect()
    };
    if context.sandbox {
        consent::obtain(context, arguments.consent, &subject, &providers)?;
        let failed = |reason: String| Stop::Failed(context.words.sandbox_failed(&reason));
        let sandbox =
            Sandbox::builder().https(true).threads(1).start().map_err(|error| failed(error.kind().to_string()))?;
        let pem = sandbox.ca_pem().unwrap_or_default();
        let trust = Trust::only_pem(pem.as_bytes()).map_err(|error| failed(error.to_string()))?;
        let clients = clients(Some(&sandbox.url()), &trust)?;
        ask(context, &clients, &subject, out)
    } else {
        let clients = clients(arguments.address.base_url.as_deref(), &trust)?;
        consent::obtain(context, arguments.consent, &subject, &providers)?;
        ask(context, &clients, &subject, out)
    }
}

/// The sandbox is asked instead of anybody else.
fn only_sandbox(arguments: &args::Verify) -> Result<(), Wrong> {
    let given = [(arguments.address.base_url.is_some(), "--base-url"), (arguments.ca.is_some(), "--ca")];
    match given.into_iter().find(|(given, _)| *given) {
        Some((_, option)) => Err(Wrong::SandboxWith(option)),
        None => Ok(()),
    }
}

fn refused(error: impl std::fmt::Display) -> Wrong {
    Wrong::Refused(error.to_string())
}

fn ask(context: &Context, clients: &[Client], subject: &Subject<'_>, out: &mut Out) -> Result<Exit, Stop> {
    let words = context.words;
    let simulated = if context.sandbox { words.simulated() } else { "" };
    for (at, client) in clients.iter().enumerate() {
        let info = client.provider().info();
        let result = client.verify(subject, Consent::given());
        let outcome = result.as_ref().map(heyan::OwnedOutcome::borrow);
        let Some(ending) = Ending::new(info, outcome.as_ref().map_err(|error| *error)) else {
            return Err(Wrong::Refused(result.err().map(|error| error.to_string()).unwrap_or_default()).into());
        };
        let name = subject.name().expose().to_string();
        let ending = if context.reveal { ending } else { ending.without(&[name]) };
        let is_verdict = matches!(ending.cause(), Cause::Verdict(_));
        let next = clients.get(at + 1).filter(|_| !is_verdict && ending.retry() != Retry::Never);
        if clients.len() > 1 && !is_verdict {
            let headline = words.headline(ending.cause(), info.checks_mobile());
            let headline = headline.trim_end_matches(['.', '。']);
            tell(&match next {
                Some(next) => {
                    let next = next.provider().info().slug;
                    format!("{simulated}{}", words.attempt(info.slug, headline, ending.billing(), next))
                }
                None => {
                    format!("{simulated}{}", words.last_attempt(info.slug, headline, ending.billing(), ending.retry()))
                }
            });
        }
        if next.is_some() {
            continue;
        }
        let exit = ending.exit();
        let printed = if context.json {
            ending.print_json(context, out)
        } else {
            ending.print_text(context, Some(&about(context, subject)), out)
        };
        printed.and_then(|()| out.finish()).map_err(Stop::output(exit))?;
        return Ok(exit);
    }
    // The parser asks for one provider at least.
    Err(Wrong::UnknownProvider.into())
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
