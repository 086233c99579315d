//! Several accounts behind one `verify`: failover, retries, alerts, and a ledger where there is one.
//!
//! The rules are the core's ([`heyan::policy`]); this drives them with threads, a clock and clients.

use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use heyan::policy::{Account, AccountSet, Attempts, Class, Ending, Move, RetryRule, Standing, Why};
use heyan::{Billing, Consent, ExtraFields, OwnedOutcome, Retry, Subject};

#[cfg(feature = "ledger")]
mod ahead;
mod alert;
#[cfg_attr(not(feature = "ledger"), path = "no_book.rs")]
mod book;
mod build;
mod pace;
mod routed;
mod state;

#[cfg(feature = "ledger")]
pub use ahead::Begun;
pub use alert::{AccountName, RouterAlert};
pub use build::{BuildError, RoutedAccount, RouterBuilder};
pub use routed::{AttemptLine, Cost, Routed, RouterError};

use book::{Book, Page};
use pace::Pace;
use state::State;

use crate::client::{Call, Client};
use crate::error::Error;

/// Most accounts of a router.
pub const ACCOUNTS_MAX: usize = 32;
/// Most packages of an account. A ledger may hold more: the router takes those that expire last.
pub const PACKAGES_MAX: usize = 16;
/// Most attempts of a verification, whatever the rule says.
pub const ATTEMPTS_MAX: usize = 16;

/// An attempt with less time than this would leave, be charged, and not be waited for.
const LEAST_TIME: Duration = Duration::from_secs(1);

type Hook = Arc<dyn Fn(&RouterAlert) + Send + Sync>;

/// Asks one account after the other until there is a verdict, by rules, within a deadline.
///
/// A clone is one counter more: it shares everything. Every thread may use the same one.
///
/// ```no_run
/// use heyan::policy::{Order, RetryRule};
/// use heyan::provider::{CHECKONE, IDCERT};
/// use heyan::{Consent, Date, IdNumber, Name, Subject};
/// use heyan_std::{Client, Config, OwnedCredentials, Router, RoutedAccount};
///
/// let client = |provider| -> Result<_, Box<dyn std::error::Error>> {
///     Ok(Client::new(Config::new(provider, OwnedCredentials::from_env()?))?)
/// };
/// let router = Router::builder()
///     .account(RoutedAccount::new(client(&CHECKONE)?, "main", 300_000)?) // 0.3 yuan a call
///     .account(RoutedAccount::new(client(&IDCERT)?, "spare", 450_000)?)
///     .order(Order::CheapestFirst)
///     .retry(RetryRule::DEFAULT)
///     .on_alert(|alert| eprintln!("{alert}"))
///     .build()?;
///
/// let today = Date::new(2026, 11, 22).ok_or("no date")?;
/// let subject = Subject::new(Name::parse("张三")?, IdNumber::parse("11010119000101009X", today)?);
/// let routed = router.verify(&subject, Consent::given());
/// for line in &routed.attempts {
///     eprintln!("{}/{}: {}, {}", line.provider, line.account, line.ending.class(), line.ending.billing());
/// }
/// let verdict = routed.result?.verdict();
/// # let _ = verdict;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Router(Arc<Inner>);

struct Inner {
    clients: Vec<Client>,
    /// In the order of the clients; `None` where nothing was said.
    paces: Vec<Option<Pace>>,
    state: Mutex<State>,
    retry: RetryRule,
    deadline: Duration,
    /// The rules' clock counts from here.
    origin: Instant,
    hook: Option<Hook>,
    book: Book,
    stopped: Mutex<bool>,
    wake: Condvar,
}

/// What is particular to one verification.
#[derive(Clone, Copy, Default)]
#[must_use]
pub struct Verification<'a> {
    fields: Option<ExtraFields<'a>>,
    origin: Option<i64>,
}

impl<'a> Verification<'a> {
    /// Nothing particular.
    pub const fn new() -> Self {
        Self { fields: None, origin: None }
    }

    /// Adds the fields that `fields` writes to each request: see [`Call::fields`].
    pub const fn fields(mut self, fields: ExtraFields<'a>) -> Self {
        self.fields = Some(fields);
        self
    }

    /// A number of the program's own that is written down with each attempt, for example the row of a batch.
    pub const fn origin(mut self, origin: i64) -> Self {
        self.origin = Some(origin);
        self
    }
}

impl fmt::Debug for Verification<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verification").field("fields", &self.fields.is_some()).field("origin", &self.origin).finish()
    }
}

impl Router {
    /// A router to be built.
    pub fn builder() -> RouterBuilder {
        RouterBuilder::default()
    }

    /// Verifies `subject`, who agreed to it, on the accounts of this router.
    ///
    /// One agreement covers the attempts: the authorisation that the person saw must name every vendor that may be
    /// asked.
    pub fn verify(&self, subject: &Subject<'_>, consent: Consent) -> Routed {
        self.verify_with(subject, consent, &Verification::new())
    }

    /// The same with something particular.
    #[expect(clippy::needless_pass_by_value, reason = "a consent is used up")]
    pub fn verify_with(&self, subject: &Subject<'_>, consent: Consent, with: &Verification<'_>) -> Routed {
        self.0.routed(subject, &consent, with, self.0.book.open(subject, with.origin))
    }

    /// Whether each account takes calls now.
    #[must_use]
    pub fn standings(&self) -> Vec<(Account, Standing)> {
        let now = self.0.now();
        let state = self.0.state();
        state.accounts.standings(now).map(|(account, standing)| (account.clone(), standing)).collect()
    }

    /// Takes an account back into service after somebody put it in order: calls were bought, the subscription renewed.
    /// Packages and what is left of them are read from the ledger again, where there is one. `false` if there is no
    /// such account.
    ///
    /// # Errors
    /// When the ledger cannot be read; the account is in service all the same.
    pub fn readmit(&self, provider: &str, account: &str) -> Result<bool, BuildError> {
        let Some((index, found)) = self.0.find(provider, account) else { return Ok(false) };
        self.0.state().readmit(index);
        let Ok(now) = unix_ms() else { return Ok(true) };
        self.0.book.readmitted(&found, now)?;
        self.0.recount(index, &found)?;
        Ok(true)
    }

    /// Reads from the ledger what is left of the packages: what other processes used, bought and settled. Without a
    /// ledger it does nothing.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn recount(&self) -> Result<(), BuildError> {
        for index in 0..self.0.clients.len() {
            let account = self.0.state().accounts.account(index).cloned();
            account.map_or(Ok(()), |account| self.0.recount(index, &account))?;
        }
        Ok(())
    }

    /// What is left of an account's packages by this router's count. `None` if it knows of no packages.
    #[must_use]
    pub fn left(&self, provider: &str, account: &str) -> Option<heyan::policy::Left> {
        let (index, _) = self.0.find(provider, account)?;
        let now = unix_ms().ok()?;
        let state = self.0.state();
        state.purses.get(index)?.quota.as_ref().map(|quota| quota.left(now))
    }

    /// Ends all waiting at once, for a program that ends: verifications that wait for a pause, and those that come
    /// later, end with [`RouterError::Stopped`]. Calls that are under way are waited for as ever, since they may be
    /// charged.
    pub fn stop(&self) {
        *self.0.stopped.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.0.wake.notify_all();
    }
}

impl fmt::Debug for Router {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Router").field("clients", &self.0.clients).finish_non_exhaustive()
    }
}

impl Inner {
    /// A verification, and what was tried for it.
    fn routed(&self, subject: &Subject<'_>, consent: &Consent, with: &Verification<'_>, page: Page) -> Routed {
        let span = tracing::info_span!(
            "verify",
            attempts = tracing::field::Empty,
            class = tracing::field::Empty,
            billing = tracing::field::Empty,
        );
        let _entered = span.enter();
        let mut attempts = Vec::new();
        let result = self.verify(subject, consent, with, page, &mut attempts);
        let routed = Routed { result, attempts };
        span.record("attempts", routed.attempts.len());
        span.record("class", class_word(&routed.result));
        span.record("billing", routed.billing().word());
        routed
    }

    fn verify(
        &self,
        subject: &Subject<'_>,
        consent: &Consent,
        with: &Verification<'_>,
        mut page: Page,
        lines: &mut Vec<AttemptLine>,
    ) -> Result<OwnedOutcome, RouterError> {
        let began = self.now();
        let barred = self.book.barred(&page, unix_ms()?).inspect_err(|error| self.tell_trouble(error))?;
        let barred = self.indexes(&barred);
        let mut attempts = Attempts::<ATTEMPTS_MAX>::new(self.retry, subject).without(barred);
        let end = began.saturating_add(self.deadline);
        let last_begin = end.saturating_sub(LEAST_TIME.min(self.deadline / 4));
        let mut last = None;
        loop {
            if *self.stopped.lock().unwrap_or_else(PoisonError::into_inner) {
                return Err(RouterError::Stopped);
            }
            if last.is_some() && self.now() > last_begin {
                return failed(last, Why::Time);
            }
            let next = attempts.next(&mut self.state().accounts, self.now());
            match next {
                Move::Call { account } => {
                    let called = self.call(account, &mut page, subject, consent, with, (began, end));
                    let (ending, result) = match called {
                        Ok((line, result)) => {
                            let ending = line.ending;
                            lines.push(line);
                            (ending, Ok(result))
                        }
                        // No call was made; the account has no part in it.
                        Err(error) => (Ending::new(Class::Encode, Billing::Free, Retry::Never), Err(error)),
                    };
                    let now = self.now();
                    let mut state = self.state();
                    // A verdict is followed by no pause.
                    let random = if ending.verdict().is_some() { 0 } else { random() };
                    attempts.ended(&mut state.accounts, now, random, ending);
                    let news = if result.is_ok() { state.service_news(account, now, ending) } else { None };
                    drop(state);
                    news.iter().for_each(|alert| self.tell(alert));
                    match result.inspect_err(|error| self.tell_trouble(error))? {
                        Ok(outcome) => return Ok(outcome),
                        Err(error) => last = Some(error),
                    }
                }
                Move::Wait { until } if until > last_begin => {
                    return failed(last, Why::Time);
                }
                Move::Wait { until } => {
                    self.wait(until);
                }
                Move::Done(why) => return failed(last, why),
            }
        }
    }

    /// One attempt: an entry, the call, the entry's end. An error means that no call was made.
    fn call(
        &self,
        index: usize,
        page: &mut Page,
        subject: &Subject<'_>,
        consent: &Consent,
        with: &Verification<'_>,
        (verification_began, end): (Duration, Duration),
    ) -> Result<(AttemptLine, Result<OwnedOutcome, Error>), RouterError> {
        let account = self.state().accounts.account(index).cloned().ok_or(RouterError::NoAccount)?;
        let client = self.clients.get(index).ok_or(RouterError::NoAccount)?;
        if let Some(Some(pace)) = self.paces.get(index)
            && !self.wait(pace.turn(self.now()))
        {
            return Err(RouterError::Stopped);
        }
        let at = unix_ms()?;
        let entry = self.book.begin(page, index, &account, at)?;
        if let Some(purse) = self.state().purses.get_mut(index) {
            purse.began(at);
        }
        let began = self.now();
        let left = end.saturating_sub(began).max(Duration::from_millis(1));
        let mut call = Call::new().timeout(left);
        if let Some(fields) = with.fields {
            call = call.fields(fields);
        }
        let result = client.ask(subject, consent, &call);
        let took = self.now().saturating_sub(began);
        self.book.end(&entry, &result, took);
        let ending = Ending::of(&result);
        let news = self.state().purses.get_mut(index).and_then(|purse| purse.ended(at, ending));
        if let Some(news) = news {
            self.tell_quota(&account, &news, at);
        }
        tracing::info!(
            provider = account.provider().as_str(),
            account = account.id().as_str(),
            class = ending.class().word(),
            billing = ending.billing().word(),
            took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            "attempt"
        );
        let (code, reference) = match &result {
            Ok(outcome) => (outcome.code(), outcome.reference()),
            Err(error) => (error.code(), error.reference()),
        };
        let line = AttemptLine {
            provider: account.provider().clone(),
            account: account.id().clone(),
            price: account.price(),
            ending,
            code: code.cloned(),
            reference: reference.cloned(),
            began: began.saturating_sub(verification_began),
            took,
            #[cfg(feature = "ledger")]
            entry: None,
        };
        Ok((line.with_entry(&entry), result))
    }

    /// `false`: the router was stopped.
    fn wait(&self, until: Duration) -> bool {
        let mut stopped = self.stopped.lock().unwrap_or_else(PoisonError::into_inner);
        while !*stopped {
            let left = until.saturating_sub(self.now());
            if left.is_zero() {
                return true;
            }
            (stopped, _) = self.wake.wait_timeout(stopped, left).unwrap_or_else(PoisonError::into_inner);
        }
        false
    }

    fn now(&self) -> Duration {
        self.origin.elapsed()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn find(&self, provider: &str, id: &str) -> Option<(usize, Account)> {
        let state = self.state();
        (0..self.clients.len()).find_map(|index| {
            let account = state.accounts.account(index)?;
            let is_it = account.provider().as_str() == provider && account.id().as_str() == id;
            is_it.then(|| (index, account.clone()))
        })
    }

    fn indexes(&self, accounts: &[(heyan::policy::Slug, heyan::policy::AccountId)]) -> AccountSet {
        let found = accounts.iter().filter_map(|(provider, id)| self.find(provider.as_str(), id.as_str()));
        found.fold(AccountSet::EMPTY, |set, (index, _)| set.with(index))
    }

    fn recount(&self, index: usize, account: &Account) -> Result<(), BuildError> {
        if let Some((quota, ids)) = self.book.quota(account)?
            && let Some(purse) = self.state().purses.get_mut(index)
        {
            (purse.quota, purse.ids) = (Some(quota), ids);
        }
        if let Ok(now) = unix_ms() {
            self.check(index, now);
        }
        Ok(())
    }

    /// Raises the alerts about an account's packages that hold now.
    fn check(&self, index: usize, unix_ms: u64) {
        let mut state = self.state();
        let news = state.purses.get_mut(index).and_then(|purse| purse.check(unix_ms));
        let account = state.accounts.account(index).cloned();
        drop(state);
        if let (Some(news), Some(account)) = (news, account) {
            self.tell_quota(&account, &news, unix_ms);
        }
    }

    fn tell_quota(&self, account: &Account, news: &state::News, unix_ms: u64) {
        let alerts = self.book.raise(account, news.alerts, &news.expiring, unix_ms);
        state::told(account, alerts, news.left).for_each(|alert| self.tell(&alert));
    }

    fn tell_trouble(&self, error: &RouterError) {
        self.book.trouble(error).iter().for_each(|alert| self.tell(alert));
    }

    fn tell(&self, alert: &RouterAlert) {
        tracing::warn!(alert = %alert, "alert");
        if let Some(hook) = &self.hook {
            hook(alert);
        }
    }
}

/// The last attempt's error, or that there was none.
fn failed(last: Option<Error>, why: Why) -> Result<OwnedOutcome, RouterError> {
    Err(last.map_or(RouterError::NoAccount, |error| RouterError::Attempt { error, why }))
}

/// In one word, for metrics.
fn class_word(result: &Result<OwnedOutcome, RouterError>) -> &'static str {
    match result {
        Ok(outcome) => outcome.verdict().word(),
        Err(RouterError::Attempt { error, .. }) => error.class().word(),
        Err(RouterError::NoAccount) => "no_account",
        Err(RouterError::Limit(_)) => "limit",
        #[cfg(feature = "ledger")]
        Err(RouterError::Ledger(_)) => "ledger",
        Err(RouterError::Clock) => "clock",
        Err(RouterError::Stopped) => "stopped",
    }
}

/// Milliseconds since 1970-01-01T00:00:00Z.
fn unix_ms() -> Result<u64, RouterError> {
    let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_err(|_| RouterError::Clock)?;
    u64::try_from(since_1970.as_millis()).map_err(|_| RouterError::Clock)
}

/// Spreads pauses; nothing depends on its quality.
fn random() -> u32 {
    let mut bytes = [0; 4];
    match getrandom::fill(&mut bytes) {
        Ok(()) => u32::from_ne_bytes(bytes),
        Err(_) => 0x5EED,
    }
}
