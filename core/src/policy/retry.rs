//! Whether an attempt may follow another, and after which pause.

use core::time::Duration;

use super::ending::Ending;

/// How often and for how long a verification is tried, and whether it may cost twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct RetryRule {
    pub(super) attempts: u8,
    pub(super) within: Duration,
    pub(super) first_pause: Duration,
    pub(super) longest_pause: Duration,
    pub(super) pays_twice: bool,
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
    /// The attempt before this one was not reported: [`ended`](Retries::ended) was not called.
    Unreported,
}

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

/// The attempts of one verification on one account.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Retries {
    rule: RetryRule,
    made: u8,
}

impl Retries {
    /// None was made yet.
    #[must_use]
    pub const fn new(rule: RetryRule) -> Self {
        Self { rule, made: 0 }
    }

    /// Asks whether an attempt may begin now, and counts it.
    ///
    /// # Errors
    /// [`Why`] not.
    pub fn begin(&mut self, now: Duration) -> Result<(), Why> {
        let _ = (now, &self.rule, &mut self.made);
        todo!()
    }

    /// Says how the attempt ended that [`begin`](Self::begin) allowed. `random` is any 32 random bits.
    pub fn ended(&mut self, now: Duration, random: u32, ending: Ending) -> Next {
        let _ = (now, random, ending);
        todo!()
    }
}
