//! One verification over several accounts, each attempt written down. `blocking/router.rs` runs the same loop.

use core::fmt;
use core::ops::ControlFlow;
use core::time::Duration;

use embedded_storage_async::nor_flash::NorFlash;
use heapless::Vec;
use heyan::policy::{Accounts, Attempt, Attempts, Class, Ending, Entry, Move, PersonTag, Why};
use heyan::{Billing, Error, OwnedOutcome, Retry};

use crate::ledger::{FlashLedger, LedgerError};
use crate::time::{Clock, Timer, millis};

/// Asks one account after the other until there is a verdict, by the rules of [`heyan::policy`], and writes each attempt
/// down: before its request leaves, and when it ended.
///
/// A device has one of them. It does one verification at a time; how a request gets to an account is the caller's.
///
/// ```
/// use embedded_storage_async::nor_flash::NorFlash;
/// use heyan::policy::{Attempts, PersonKey, RetryRule};
/// use heyan::provider::{CHECKONE, IDCERT, Provider};
/// use heyan::{Buffer, Consent, Credentials, Inquiry, Subject};
/// use heyan_embedded::{Routed, Router, Secure, Timer, Watch, embedded_storage_async, verify};
///
/// async fn ask<M, S: NorFlash, T: Timer>(
///     router: &mut Router<S, &T, fn() -> u32, 2>,
///     watch: &Watch<&T>,
///     mut open: impl AsyncFnMut(&str) -> Secure<M>, // a channel to this host
///     credentials: [Credentials<'_>; 2],
///     subject: &Subject<'_>,
///     key: &PersonKey,
///     now_unix_ms: u64,
/// ) -> Routed<3, M::Error, S::Error>
/// where
///     M: embedded_io_async::Read + embedded_io_async::Write,
/// {
///     let mut buffer = Buffer::<2048>::new();
///     let attempts = Attempts::new(RetryRule::DEFAULT, subject);
///     router
///         .verify(attempts, key.tag(subject.id()), now_unix_ms, async |account| {
///             let provider: &dyn Provider = if account == 0 { &CHECKONE } else { &IDCERT };
///             let inquiry = Inquiry::new(provider, subject.clone(), Consent::given(), credentials[account])?;
///             let mut link = open(provider.info().host).await;
///             verify(&mut link, &inquiry, &mut buffer, watch).await
///         })
///         .await
/// }
/// ```
///
/// # What is counted
///
/// The packages of calls, and how often a person was asked for, are counted by the caller, with the core's
/// [`Quota`](heyan::policy::Quota) and [`AttemptLimit`](heyan::policy::AttemptLimit): from the ledger after a restart,
/// from the lines of each verification then.
///
/// ```
/// use embedded_storage_async::nor_flash::NorFlash;
/// use heyan::policy::{Alerts, Quota};
/// use heyan_embedded::{FlashLedger, LedgerError, Line, embedded_storage_async};
///
/// /// `quota` is what was stored when this account's packages were last counted, before entry `from`.
/// async fn restart<S: NorFlash>(
///     ledger: &mut FlashLedger<S>,
///     account: &str,
///     quota: &mut Quota<2>,
///     from: u32,
/// ) -> Result<(), LedgerError<S::Error>> {
///     let mut entries = ledger.entries();
///     while let Some((number, entry)) = entries.next().await? {
///         if number >= from && entry.account().as_str() == account {
///             quota.count(entry.began_unix_ms(), entry.billing());
///         }
///     }
///     Ok(())
/// }
///
/// /// What is new, for the owner of the account: few calls left, none left, a package about to expire.
/// fn ended(line: &Line, quotas: &mut [Quota<2>; 2], now_unix_ms: u64) -> Alerts {
///     quotas[line.attempt.account].ended(now_unix_ms, line.attempt.ending)
/// }
/// ```
pub struct Router<S, T, R, const A: usize> {
    /// The accounts, and whether they work.
    pub accounts: Accounts<A>,
    /// Where attempts are written down.
    pub ledger: FlashLedger<S>,
    timer: T,
    random: R,
}

/// What a verification came to. `N` is the most attempts, `E` the channel's error, `F` the flash's.
#[derive(Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[must_use]
pub struct Routed<const N: usize, E, F> {
    /// The verdict, or why there is none.
    pub result: Result<OwnedOutcome, RouterError<E, F>>,
    /// The attempts that were made, in their order. The last one gave the verdict, if there is one.
    pub lines: Vec<Line, N>,
    /// How an attempt ended could not be written down; its entry stays "possibly billed". The verification went on,
    /// and a verdict that was paid for stands. The next attempt is only made if its beginning can be written.
    pub unwritten: Option<LedgerError<F>>,
}

/// One attempt of a verification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Line {
    /// The number of its entry in the ledger: [`Begun::number`](crate::Begun::number).
    pub entry: u32,
    /// Account, times, class, price and advice.
    pub attempt: Attempt,
}

/// Why there is no verdict.
#[derive(Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum RouterError<E, F> {
    /// The last attempt failed, and no other one was made.
    Call {
        /// How it failed.
        error: Error<E>,
        /// Why there was no other one.
        why: Why,
    },
    /// No attempt was made.
    NoAttempt(Why),
    /// An attempt could not be written down, so it was not made. [`Routed::lines`] holds those before it.
    Ledger(LedgerError<F>),
}

impl<E: fmt::Display, F: fmt::Debug> fmt::Display for RouterError<E, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Call { error, why } => write!(f, "{error}; {why}"),
            Self::NoAttempt(why) => write!(f, "no account was asked: {why}"),
            Self::Ledger(error) => write!(f, "not asked, because it could not be written down: {error}"),
        }
    }
}

impl<E: fmt::Debug + fmt::Display, F: fmt::Debug> core::error::Error for RouterError<E, F> {}

impl<S, T, R, const A: usize> Router<S, T, R, A>
where
    S: NorFlash,
    T: Timer,
    R: FnMut() -> u32,
{
    /// A router that waits by `timer`. `random` gives 32 random bits, for the length of pauses.
    pub const fn new(accounts: Accounts<A>, ledger: FlashLedger<S>, timer: T, random: R) -> Self {
        Self { accounts, ledger, timer, random }
    }

    /// Makes the `attempts` at one verification of `person`, whose tag must be that of the subject that `attempts` was
    /// made for. It begins at `now_unix_ms`, in milliseconds since 1970-01-01T00:00:00Z; the timer counts on from there.
    ///
    /// `call` opens a channel for the account with this index and asks it once, for example by
    /// [`verify`](crate::verify()); its deadlines are its own. It is only called when the attempt is written down, and what
    /// it returns is final as soon as it is a verdict. One agreement of the person covers all attempts, if what they saw
    /// names every vendor that may be asked.
    ///
    /// When the future is dropped during a call, that attempt stays written down as possibly billed.
    pub async fn verify<const N: usize, E>(
        &mut self,
        attempts: Attempts<N>,
        person: PersonTag,
        now_unix_ms: u64,
        call: impl AsyncFnMut(usize) -> Result<OwnedOutcome, Error<E>>,
    ) -> Routed<N, E, S::Error> {
        let Self { accounts, ledger, timer, random } = self;
        let pause = async |until| {
            timer.until(until).await;
            ControlFlow::Continue(())
        };
        Run { accounts, ledger, clock: &*timer, random }.verify(attempts, person, now_unix_ms, call, pause).await
    }
}

impl<S, T, R, const A: usize> fmt::Debug for Router<S, T, R, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Router").field("ledger", &self.ledger).finish_non_exhaustive()
    }
}

/// What a verification needs of a router, of this one or of its blocking twin.
pub(crate) struct Run<'r, S, C, R, const A: usize> {
    pub(crate) accounts: &'r mut Accounts<A>,
    pub(crate) ledger: &'r mut FlashLedger<S>,
    pub(crate) clock: &'r C,
    pub(crate) random: &'r mut R,
}

impl<S, C, R, const A: usize> Run<'_, S, C, R, A>
where
    S: NorFlash,
    C: Clock,
    R: FnMut() -> u32,
{
    /// `pause` waits until then, or says that nobody waits any longer.
    pub(crate) async fn verify<const N: usize, E>(
        mut self,
        mut attempts: Attempts<N>,
        person: PersonTag,
        now_unix_ms: u64,
        mut call: impl AsyncFnMut(usize) -> Result<OwnedOutcome, Error<E>>,
        mut pause: impl AsyncFnMut(Duration) -> ControlFlow<()>,
    ) -> Routed<N, E, S::Error> {
        let (mut lines, mut unwritten, mut last) = (Vec::new(), None, None);
        let began = self.now_ms();
        let why = loop {
            let account = match attempts.next(self.accounts, self.clock.now()) {
                Move::Call { account } => account,
                Move::Wait { until } => match pause(until).await {
                    ControlFlow::Continue(()) => continue,
                    ControlFlow::Break(()) => break Why::Time,
                },
                Move::Done(why) => break why,
            };
            let unix_ms = now_unix_ms.saturating_add(self.now_ms().saturating_sub(began));
            let Some(entry) = self.entry(account, lines.len(), person, unix_ms) else { break Why::NoAccount };
            let begun = match self.ledger.begin(entry).await {
                Ok(begun) => begun,
                Err(error) => {
                    // No call was made; the account has no part in it.
                    self.report(&mut attempts, Ending::new(Class::Encode, Billing::Free, Retry::Never));
                    return Routed { result: Err(RouterError::Ledger(error)), lines, unwritten };
                }
            };
            let number = begun.number();
            let called = self.now_ms();
            let result = call(account).await;
            let took = Duration::from_millis(self.now_ms().saturating_sub(called));
            let ending = Ending::of(&result);
            self.report(&mut attempts, ending);
            if let Some(attempt) = attempts.lines().last() {
                // There is room: as many attempts are made as lines.
                let _ = lines.push(Line { entry: number, attempt: *attempt });
            }
            let reference = result.as_ref().map_or_else(Error::reference, OwnedOutcome::reference);
            if let Err(error) = self.ledger.end(begun, ending, reference, took).await {
                unwritten = Some(error);
            }
            match result {
                Ok(outcome) => return Routed { result: Ok(outcome), lines, unwritten },
                Err(error) => last = Some(error),
            }
        };
        let error = last.map_or(RouterError::NoAttempt(why), |error| RouterError::Call { error, why });
        Routed { result: Err(error), lines, unwritten }
    }

    /// Durations are not subtracted: the compiler does not always see that it cannot panic.
    fn now_ms(&self) -> u64 {
        millis(self.clock.now())
    }

    fn entry(&self, account: usize, before: usize, person: PersonTag, unix_ms: u64) -> Option<Entry> {
        let account = self.accounts.account(account)?;
        let attempt = u8::try_from(before).unwrap_or(u8::MAX).saturating_add(1);
        Some(Entry::began(account.provider().clone(), account.id().clone(), attempt, person, unix_ms))
    }

    fn report<const N: usize>(&mut self, attempts: &mut Attempts<N>, ending: Ending) {
        attempts.ended(self.accounts, self.clock.now(), (self.random)(), ending);
    }
}
