//! The router for those who have no executor: the async one's loop, over futures that are ready at once.

use core::fmt;
use core::ops::ControlFlow;
use core::time::Duration;

use embedded_storage::nor_flash::NorFlash;
use heyan::policy::{Accounts, Attempts, PersonTag};
use heyan::{Error, OwnedOutcome};

use super::{FlashLedger, Timer};
use crate::ledger::at_once;
use crate::router::{Routed, Run};

/// Asks one account after the other until there is a verdict, by the rules of [`heyan::policy`], and writes each attempt
/// down: [the router](crate::Router) for calls that block.
///
/// ```
/// use embedded_storage::nor_flash::NorFlash;
/// use heyan::policy::{Attempts, PersonKey, RetryRule};
/// use heyan::provider::{CHECKONE, IDCERT, Provider};
/// use heyan::{Buffer, Consent, Credentials, Inquiry, Subject};
/// use heyan_embedded::blocking::{Router, Timer, verify};
/// use heyan_embedded::{Routed, Secure, Watch, embedded_io, embedded_storage};
///
/// fn ask<M, S: NorFlash, T: Timer>(
///     router: &mut Router<S, &T, fn() -> u32, 2>,
///     watch: &Watch<&T>,
///     mut open: impl FnMut(&str) -> Secure<M>, // a channel to this host
///     credentials: [Credentials<'_>; 2],
///     subject: &Subject<'_>,
///     key: &PersonKey,
///     now_unix_ms: u64,
/// ) -> Routed<3, M::Error, S::Error>
/// where
///     M: embedded_io::Read + embedded_io::ReadReady + embedded_io::Write,
/// {
///     let mut buffer = Buffer::<2048>::new();
///     let attempts = Attempts::new(RetryRule::DEFAULT, subject);
///     router.verify(attempts, key.tag(subject.id()), now_unix_ms, |account| {
///         let provider: &dyn Provider = if account == 0 { &CHECKONE } else { &IDCERT };
///         let inquiry = Inquiry::new(provider, subject.clone(), Consent::given(), credentials[account])?;
///         let mut link = open(provider.info().host);
///         verify(&mut link, &inquiry, &mut buffer, watch)
///     })
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

    /// As [`Router::verify`](crate::Router::verify).
    ///
    /// A pause calls [`Timer::idle`] again and again. When that gives up, the verification ends as if its time were over:
    /// [`Why::Time`](heyan::policy::Why::Time).
    pub fn verify<const N: usize, E>(
        &mut self,
        attempts: Attempts<N>,
        person: PersonTag,
        now_unix_ms: u64,
        mut call: impl FnMut(usize) -> Result<OwnedOutcome, Error<E>>,
    ) -> Routed<N, E, S::Error> {
        let Self { accounts, ledger, timer, random } = self;
        let pause = async |until: Duration| {
            while timer.now() < until {
                timer.idle()?;
            }
            ControlFlow::Continue(())
        };
        let run = Run { accounts, ledger: &mut ledger.0, clock: &*timer, random };
        at_once(run.verify(attempts, person, now_unix_ms, async |account| call(account), pause))
    }
}

impl<S, T, R, const A: usize> fmt::Debug for Router<S, T, R, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Router").field("ledger", &self.ledger).finish_non_exhaustive()
    }
}
