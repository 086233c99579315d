//! The accounts that a command may ask, behind one router.

use std::num::NonZeroU32;
use std::path::Path;
use std::time::Duration;

use heyan_sandbox::Sandbox;
use heyan_std::ledger::Ledger;
use heyan_std::{Client, Config, OwnedCredentials, RoutedAccount, Router, RouterBuilder, Trust};

use crate::Context;
use crate::credentials::Found;
use crate::output::Stop;
use crate::target::{self, Asked};
use crate::words::reason;
use crate::wrong::Wrong;

/// The name of an account in a ledger: of each provider there is one.
pub(crate) const ACCOUNT: &str = "default";
/// The same where a simulated gateway answers, so that nobody takes the entries for real ones.
pub(crate) const SIMULATED: &str = "simulated";

/// Providers, each with the credentials that it is asked with.
pub(crate) struct Accounts(Vec<(Asked, OwnedCredentials)>);

impl Accounts {
    /// With the credentials that are in the environment. The sandbox has its own: it must not be given real ones.
    pub(crate) fn find(context: &Context, providers: &[Asked], has_address: bool) -> Result<Self, Wrong> {
        let with_credentials = |provider: &Asked| {
            if context.sandbox {
                return Ok((*provider, OwnedCredentials::app_code(heyan_sandbox::APP_CODE).map_err(refused)?));
            }
            let found = Found::in_environment(*provider)?.ok_or(Wrong::CredentialsMissing)?;
            target::accepts(*provider, &found, has_address)?;
            Ok((*provider, found.owned().map_err(refused)?))
        };
        providers.iter().map(with_credentials).collect::<Result<_, _>>().map(Self)
    }

    /// A router over them, in their order. `at` replaces scheme and host; `rate` is that of each account.
    pub(crate) fn router(
        &self,
        context: &Context,
        at: Option<&str>,
        trust: &Trust,
        timeout: Option<Duration>,
        rate: Option<NonZeroU32>,
    ) -> Result<RouterBuilder, Wrong> {
        let name = if context.sandbox { SIMULATED } else { ACCOUNT };
        self.0.iter().try_fold(Router::builder(), |router, (provider, credentials)| {
            let config = Config::new(*provider, credentials.clone()).trust(trust.clone());
            let config = match timeout {
                Some(timeout) => config.timeout(timeout),
                None => config,
            };
            let config = match at {
                Some(url) if url.starts_with("http://") => config.insecure_http_base_url(url).map_err(refused)?,
                Some(url) => config.base_url(url).map_err(refused)?,
                None => config,
            };
            let client = Client::new(config).map_err(refused)?;
            let account = RoutedAccount::new(client, name, 0).map_err(refused)?;
            Ok(router.account(match rate {
                Some(rate) => account.rate(rate),
                None => account,
            }))
        })
    }
}

/// A simulated gateway, and whom to trust to speak to it.
pub(crate) fn sandbox(context: &Context) -> Result<(Sandbox, Trust), Stop> {
    let failed = |reason: String| Stop::Failed(context.words.sandbox_failed(&reason));
    let sandbox = Sandbox::builder()
        .https(true)
        .threads(1)
        .start()
        .map_err(|error| failed(reason::io(context.lang, error.kind())))?;
    let pem = sandbox.ca_pem().unwrap_or_default();
    let trust = Trust::only_pem(pem.as_bytes()).map_err(|error| failed(error.to_string()))?;
    Ok((sandbox, trust))
}

/// The ledger at this path.
pub(crate) fn ledger(path: &Path) -> Result<Ledger, Wrong> {
    Ledger::open(path).map_err(Wrong::Ledger)
}

pub(crate) fn refused(error: impl std::fmt::Display) -> Wrong {
    Wrong::Refused(error.to_string())
}
