//! Whether an attempt may follow another, and after which pause.

use core::fmt;
use core::time::Duration;

use super::ending::{Class, Ending};
use crate::error::RefusalClass;
use crate::outcome::{Billing, Retry};

/// How often and for how long a verification is tried, and whether it may cost twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct RetryRule {
    attempts: u8,
    within: Duration,
    first_pause: Duration,
    longest_pause: Duration,
    pays_twice: bool,
}

impl RetryRule {
    /// Three attempts within 30 s, with pauses of 0.2 to 5 s: a person is waiting for the answer.
    pub const DEFAULT: Self = Self::new(3, Duration::from_secs(30));
    /// No second attempt.
    pub const ONCE: Self = Self::new(1, Duration::from_secs(30));

    /// At most `attempts` attempts, 0 counting as 1, of which the last begins at most `within` after the first began.
    #[must_use]
    pub const fn new(attempts: u8, within: Duration) -> Self {
        Self {
            attempts: if attempts == 0 { 1 } else { attempts },
            within,
            first_pause: Duration::from_millis(200),
            longest_pause: Duration::from_secs(5),
            pays_twice: false,
        }
    }

    /// The shortest and the longest pause before the same account is asked again.
    #[must_use]
    pub const fn with_pauses(mut self, first: Duration, longest: Duration) -> Self {
        self.first_pause = first;
        self.longest_pause = longest;
        self
    }

    /// The same with at most so many attempts.
    pub(super) const fn at_most(mut self, attempts: usize) -> Self {
        if attempts < self.attempts as usize {
            self.attempts = attempts as u8;
        }
        self
    }

    /// Goes on after an attempt that was or may have been billed without giving a verdict: each further attempt may be
    /// charged too.
    #[must_use]
    pub const fn may_pay_twice(mut self) -> Self {
        self.pays_twice = true;
        self
    }

    /// Most attempts, at least 1.
    #[must_use]
    pub const fn attempts(&self) -> u8 {
        self.attempts
    }

    /// How long after the first attempt the last one may begin.
    #[must_use]
    pub const fn within(&self) -> Duration {
        self.within
    }
}

/// Why no further attempt is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Why {
    /// There is a verdict, and a verdict is final.
    Verdict,
    /// Another attempt would end the same way: the input is not taken, or the request cannot be built.
    Final,
    /// The vendor counts how often this person was asked for, and it was too often.
    AttemptLimit,
    /// The last attempt was or may have been billed, and the rule does not allow to pay twice.
    MayBeBilled,
    /// All attempts of the rule are used up.
    Attempts,
    /// Another attempt would begin too late.
    Time,
    /// No account can be asked: see [`Accounts::standings`](super::Accounts::standings).
    NoAccount,
    /// The attempt before this one was not reported: nobody knows what it cost. Report it first.
    Unreported,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Verdict => "there is a verdict",
            Self::Final => "another attempt would end the same way",
            Self::AttemptLimit => "the provider was asked for this person too often: do not try again today",
            Self::MayBeBilled => "the last attempt may have been billed, and another one may be too",
            Self::Attempts => "all attempts are used up",
            Self::Time => "there is no time left for another attempt",
            Self::NoAccount => "no account can be asked: see why each of them is out of service",
            Self::Unreported => "the last attempt was not reported",
        })
    }
}

impl core::error::Error for Why {}

/// What to do after an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[must_use]
pub enum Next {
    /// Nothing more.
    Stop(Why),
    /// Ask the same account again after this pause.
    Again {
        /// How long to wait.
        after: Duration,
    },
    /// Another provider may answer; this account will not.
    OtherProvider,
}

/// The attempts of one verification on one account, or on accounts that the caller chooses.
///
/// Without being told how an attempt ended it allows no further one, and after a verdict it never does.
///
/// ```
/// use core::time::Duration;
/// use heyan::policy::{Class, Ending, Next, Retries, RetryRule, Why};
/// use heyan::{Billing, RefusalClass, Retry};
///
/// let mut retries = Retries::new(RetryRule::DEFAULT);
/// let mut now = Duration::ZERO;
/// retries.begin(now)?;
/// let busy = Ending::new(Class::Refused(RefusalClass::Busy), Billing::Free, Retry::SameProvider);
/// let Next::Again { after } = retries.ended(now, 0x5EED, busy) else { return Err(Why::Final) };
///
/// now += after;
/// retries.begin(now)?;
/// let found = Ending::new(Class::NoRecord, Billing::Billed, Retry::Never);
/// assert_eq!(retries.ended(now, 0x5EED, found), Next::Stop(Why::Verdict));
/// assert_eq!(retries.begin(now), Err(Why::Verdict));
/// # Ok::<(), Why>(())
/// ```
#[derive(Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Retries {
    rule: RetryRule,
    made: u8,
    /// When the first attempt began, or was asked for.
    opened: Option<Duration>,
    is_under_way: bool,
    stopped: Option<Why>,
    /// The last pause in milliseconds.
    pause_ms: u64,
}

impl Retries {
    /// None was made yet.
    #[must_use]
    pub const fn new(rule: RetryRule) -> Self {
        let pause_ms = millis(rule.first_pause);
        Self { rule, made: 0, opened: None, is_under_way: false, stopped: None, pause_ms }
    }

    /// Asks whether an attempt may begin now, and counts it.
    ///
    /// # Errors
    /// [`Why`] not.
    pub fn begin(&mut self, now: Duration) -> Result<(), Why> {
        self.open(now)?;
        self.is_under_way = true;
        self.made = self.made.saturating_add(1);
        Ok(())
    }

    /// Says how the attempt ended that [`begin`](Self::begin) allowed. `random` is any 32 random bits.
    pub fn ended(&mut self, now: Duration, random: u32, ending: Ending) -> Next {
        let advice = match self.settle(ending) {
            Ok(advice) => advice,
            Err(why) => return Next::Stop(why),
        };
        if let Err(why) = self.open(now) {
            return Next::Stop(why);
        }
        if advice != Advice::SameAccount {
            return Next::OtherProvider;
        }
        let after = self.pause(random);
        if self.is_too_late(now.saturating_add(after)) {
            self.stopped = Some(Why::Time);
            return Next::Stop(Why::Time);
        }
        Next::Again { after }
    }

    /// [`begin`](Self::begin) without beginning; from here on time counts.
    pub(super) fn open(&mut self, now: Duration) -> Result<(), Why> {
        if let Some(why) = self.stopped {
            return Err(why);
        }
        if self.is_under_way {
            return Err(Why::Unreported);
        }
        self.opened.get_or_insert(now);
        let why = match () {
            () if self.made >= self.rule.attempts => Why::Attempts,
            () if self.is_too_late(now) => Why::Time,
            () => return Ok(()),
        };
        self.stopped = Some(why);
        Err(why)
    }

    /// Takes the ending in, and stops for good where nothing may follow it.
    pub(super) fn settle(&mut self, ending: Ending) -> Result<Advice, Why> {
        self.is_under_way = false;
        if let Some(why) = self.stopped {
            return Err(why);
        }
        let advice = self.rule.advice(ending);
        self.stopped = advice.err();
        advice
    }

    /// The next pause: a random one between the shortest and three times the last, but not above the longest
    /// ("decorrelated jitter"). It grows like an exponential back-off, never falls below the shortest, which an account
    /// that is busy is owed, and spreads those who failed together.
    pub(super) fn pause(&mut self, random: u32) -> Duration {
        let first = millis(self.rule.first_pause);
        let longest = millis(self.rule.longest_pause).max(first);
        let span = self.pause_ms.saturating_mul(3).clamp(first, longest).saturating_sub(first);
        // A fraction of 2³² of the span; pauses of more than 49 days are not told apart.
        let part = u64::from(u32::try_from(span).unwrap_or(u32::MAX)).saturating_mul(u64::from(random)) >> 32;
        self.pause_ms = first.saturating_add(part);
        Duration::from_millis(self.pause_ms)
    }

    /// Whether an attempt may not begin at this time any more.
    pub(super) fn is_too_late(&self, at: Duration) -> bool {
        self.opened.is_some_and(|opened| at > opened.saturating_add(self.rule.within))
    }

    pub(super) const fn made(&self) -> u8 {
        self.made
    }

    pub(super) const fn rule(&self) -> &RetryRule {
        &self.rule
    }
}

/// Where another attempt may be made.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Advice {
    /// On the same account, after a pause.
    SameAccount,
    /// On another account, of the same provider too.
    OtherAccount,
    /// With another provider.
    OtherProvider,
}

impl RetryRule {
    /// What may follow an ending, budgets aside.
    pub(super) fn advice(&self, ending: Ending) -> Result<Advice, Why> {
        match ending.class() {
            Class::Match | Class::Mismatch | Class::NoRecord => return Err(Why::Verdict),
            Class::Refused(RefusalClass::AttemptLimit) => return Err(Why::AttemptLimit),
            Class::Refused(RefusalClass::BadInput) | Class::Encode => return Err(Why::Final),
            _ => {}
        }
        if ending.billing() != Billing::Free && !self.pays_twice {
            return Err(Why::MayBeBilled);
        }
        // Where the price is unknown the advice is never, because it must not charge twice unseen. Here somebody
        // looks, so what counts is what failed.
        let retry = if ending.billing() == Billing::Unknown { by_class(ending.class()) } else { ending.retry() };
        match (retry, ending.class()) {
            (Retry::Never, _) => Err(Why::Final),
            (Retry::SameProvider, _) => Ok(Advice::SameAccount),
            (
                Retry::OtherProvider,
                Class::Refused(
                    RefusalClass::Credentials
                    | RefusalClass::QuotaExhausted
                    | RefusalClass::Subscription
                    | RefusalClass::Configuration,
                ),
            ) => Ok(Advice::OtherAccount),
            (Retry::OtherProvider, _) => Ok(Advice::OtherProvider),
        }
    }
}

/// What another attempt could achieve, whatever it costs.
const fn by_class(class: Class) -> Retry {
    match class {
        Class::Refused(class) => class.retry(),
        Class::Protocol | Class::Dns | Class::Connect | Class::TimedOut | Class::Channel => Retry::SameProvider,
        Class::NotJson | Class::TooDeep | Class::NoVerdict | Class::EchoContradicts | Class::TooLong | Class::Tls => {
            Retry::OtherProvider
        }
        Class::Match | Class::Mismatch | Class::NoRecord | Class::Encode => Retry::Never,
    }
}

/// Whole milliseconds; [`Duration::as_millis`] would divide 128 bits.
pub(super) const fn millis(duration: Duration) -> u64 {
    duration.as_secs().saturating_mul(1000).saturating_add(duration.subsec_millis() as u64)
}
