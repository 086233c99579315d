//! Whether an account answers at all.

use core::time::Duration;

use super::ending::{Class, Ending};
use crate::error::RefusalClass;
use crate::outcome::{Billing, Retry};

/// When an account is left alone, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct HealthRule {
    /// After so many failures in a row it is left alone. 0 counts as 1.
    pub failures: u8,
    /// For so long; then one call tries whether it works again.
    pub pause: Duration,
    /// How long that one call may take before it counts as lost and another may try: longer than a call's deadline.
    pub trial: Duration,
    /// For so long it is left alone after it said that there were too many requests at a time.
    pub throttled: Duration,
}

impl HealthRule {
    /// Five failures, 30 s, 60 s for the trial, 1 s after throttling.
    pub const DEFAULT: Self = Self {
        failures: 5,
        pause: Duration::from_secs(30),
        trial: Duration::from_secs(60),
        throttled: Duration::from_secs(1),
    };
}

/// Whether an account takes calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Standing {
    /// It does.
    InService,
    /// It did not answer several times in a row; at `until`, one call tries again.
    Open {
        /// On the clock that the accounts are told.
        until: Duration,
    },
    /// One call is trying. If it is not reported until then, another one may.
    Trial {
        /// On the clock that the accounts are told.
        until: Duration,
    },
    /// There were too many requests at a time.
    Throttled {
        /// On the clock that the accounts are told.
        until: Duration,
    },
    /// Its credentials, its package or its subscription are not in order. Nobody asks until
    /// [`readmit`](super::Accounts::readmit).
    OutOfService(RefusalClass),
}

/// The health of one account.
#[derive(Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(super) struct Health {
    breaker: Breaker,
    throttled_until: Duration,
    out: Option<RefusalClass>,
    /// Counts admissions back into service: what a call says that left before does not count.
    readmitted: u16,
}

/// Given to a call, and back with its ending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(super) struct Ticket {
    epoch: u16,
    readmitted: u16,
}

impl Health {
    pub(super) const fn new() -> Self {
        Self { breaker: Breaker::new(), throttled_until: Duration::ZERO, out: None, readmitted: 0 }
    }

    /// When the account may be called; `None` while it is out of service.
    pub(super) fn callable_at(&self) -> Option<Duration> {
        match self.out {
            Some(_) => None,
            None => Some(self.breaker.admits_at().max(self.throttled_until)),
        }
    }

    pub(super) fn standing(&self, now: Duration) -> Standing {
        if let Some(reason) = self.out {
            return Standing::OutOfService(reason);
        }
        match self.breaker.state {
            _ if now < self.throttled_until => Standing::Throttled { until: self.throttled_until },
            State::Open { until } if now < until => Standing::Open { until },
            State::Trial { until } if now < until => Standing::Trial { until },
            _ => Standing::InService,
        }
    }

    /// Lets a call through, if it may.
    pub(super) fn admit(&mut self, rule: &HealthRule, now: Duration) -> Option<Ticket> {
        if self.callable_at()? > now {
            return None;
        }
        let epoch = self.breaker.admit(rule, now)?;
        Some(Ticket { epoch, readmitted: self.readmitted })
    }

    /// Takes in how a call ended.
    pub(super) fn ended(&mut self, rule: &HealthRule, now: Duration, ticket: Ticket, ending: Ending) {
        if ticket.readmitted != self.readmitted {
            return;
        }
        match Sign::of(ending) {
            Sign::Works => self.breaker.worked(),
            Sign::Fails => self.breaker.failed(rule, now, ticket.epoch),
            Sign::Throttled => {
                self.throttled_until = self.throttled_until.max(now.saturating_add(rule.throttled));
                self.breaker.returned(now, ticket.epoch);
            }
            Sign::Out(reason) => {
                self.breaker.worked();
                self.take_out(reason);
            }
            Sign::Nothing => self.breaker.returned(now, ticket.epoch),
        }
    }

    pub(super) fn take_out(&mut self, reason: RefusalClass) {
        self.out = Some(reason);
    }

    pub(super) fn readmit(&mut self) {
        *self = Self { readmitted: self.readmitted.wrapping_add(1), ..Self::new() };
    }
}

/// What an ending says of the account.
enum Sign {
    /// It answers.
    Works,
    /// It does not, or nothing that could be used. A row of replies without a verdict is no service either, and often
    /// a billed one.
    Fails,
    /// It asks for a pause.
    Throttled,
    /// It does not take this account's calls until somebody acts.
    Out(RefusalClass),
    /// Nothing: the request never left, for a reason of the program's own.
    Nothing,
}

impl Sign {
    fn of(ending: Ending) -> Self {
        match ending.class() {
            Class::Match
            | Class::Mismatch
            | Class::NoRecord
            | Class::Refused(RefusalClass::BadInput | RefusalClass::AttemptLimit) => Self::Works,
            Class::Refused(
                reason @ (RefusalClass::Credentials | RefusalClass::QuotaExhausted | RefusalClass::Subscription),
            ) => Self::Out(reason),
            Class::Refused(RefusalClass::Throttled) => Self::Throttled,
            Class::Encode => Self::Nothing,
            // The account has no part in a failure that is free and final: a clock, a library, a random number.
            _ if (ending.billing(), ending.retry()) == (Billing::Free, Retry::Never) => Self::Nothing,
            _ => Self::Fails,
        }
    }
}

/// Keeps calls from an account that does not answer.
///
/// When it opens, and when it lets a trial through, an epoch begins. What a call says that is of an earlier one counts
/// only if it is good news: a call that left before the breaker opened, or a trial that was given up for lost, must not
/// open it again.
#[derive(Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
struct Breaker {
    epoch: u16,
    state: State,
}

#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
enum State {
    Closed { failures: u8 },
    Open { until: Duration },
    Trial { until: Duration },
}

impl Breaker {
    const fn new() -> Self {
        Self { epoch: 0, state: State::Closed { failures: 0 } }
    }

    fn admits_at(&self) -> Duration {
        match self.state {
            State::Closed { .. } => Duration::ZERO,
            State::Open { until } | State::Trial { until } => until,
        }
    }

    fn enter(&mut self, state: State) {
        self.epoch = self.epoch.wrapping_add(1);
        self.state = state;
    }

    fn admit(&mut self, rule: &HealthRule, now: Duration) -> Option<u16> {
        match self.state {
            State::Closed { .. } => {}
            State::Open { until } | State::Trial { until } if now >= until => {
                self.enter(State::Trial { until: now.saturating_add(rule.trial) });
            }
            _ => return None,
        }
        Some(self.epoch)
    }

    fn worked(&mut self) {
        self.state = State::Closed { failures: 0 };
    }

    fn failed(&mut self, rule: &HealthRule, now: Duration, epoch: u16) {
        if epoch != self.epoch {
            return;
        }
        match self.state {
            State::Closed { failures } if failures.saturating_add(1) < rule.failures => {
                self.state = State::Closed { failures: failures.saturating_add(1) };
            }
            _ => self.enter(State::Open { until: now.saturating_add(rule.pause) }),
        }
    }

    /// The call said nothing about the account: if it was the trial, another one may be.
    fn returned(&mut self, now: Duration, epoch: u16) {
        if epoch == self.epoch && matches!(self.state, State::Trial { .. }) {
            self.enter(State::Open { until: now });
        }
    }
}
