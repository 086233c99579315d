//! Counts, as the gateway keeps them: a 2xx is billed, everything else is free.

use crate::providers::Provider;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

/// The counters behind a [`Report`]; shared by all connections.
#[derive(Default)]
pub(crate) struct Counts {
    connections: AtomicU64,
    requests: AtomicU64,
    billed: [AtomicU64; 5],
    free: [AtomicU64; 5],
    unassigned: AtomicU64,
}

impl Counts {
    pub(crate) fn connection(&self) {
        self.connections.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a request and returns its number, from 0.
    pub(crate) fn request(&self) -> u64 {
        self.requests.fetch_add(1, Ordering::Relaxed)
    }

    /// Whether `quota` is used up.
    pub(crate) fn is_used_up(&self, provider: Provider, quota: Option<u64>) -> bool {
        quota.is_some_and(|quota| self.billed[provider.index()].load(Ordering::Relaxed) >= quota)
    }

    /// Bills a call if `quota` allows; two calls at once never share the last one.
    pub(crate) fn bill(&self, provider: Provider, quota: Option<u64>) -> bool {
        let billed = &self.billed[provider.index()];
        let more = |count: u64| (quota.is_none_or(|quota| count < quota)).then_some(count + 1);
        billed.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok()
    }

    pub(crate) fn free(&self, provider: Option<Provider>) {
        provider.map_or(&self.unassigned, |provider| &self.free[provider.index()]).fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn report(&self) -> Report {
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Report {
            connections: load(&self.connections),
            requests: load(&self.requests),
            unassigned: load(&self.unassigned),
            providers: Provider::ALL.map(|provider| Calls {
                provider,
                billed: load(&self.billed[provider.index()]),
                free: load(&self.free[provider.index()]),
            }),
        }
    }
}

/// What happened so far. Holds counts only, nothing about anybody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Connections accepted.
    pub connections: u64,
    /// Requests seen, those included that were no HTTP.
    pub requests: u64,
    /// Free calls that could not be told to be any vendor's: unknown host or path, no HTTP.
    pub unassigned: u64,
    /// The calls of each vendor.
    pub providers: [Calls; 5],
}

/// The calls of one vendor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Calls {
    /// Whose.
    pub provider: Provider,
    /// Answered with a 2xx, which is what the gateway bills.
    pub billed: u64,
    /// Answered with anything else, or never.
    pub free: u64,
}

impl Report {
    /// The calls of one vendor.
    #[must_use]
    pub fn of(&self, provider: Provider) -> Calls {
        self.providers[provider.index()]
    }

    /// Billed calls of all vendors together.
    #[must_use]
    pub fn billed(&self) -> u64 {
        self.providers.iter().map(|calls| calls.billed).sum()
    }

    /// Free calls of all vendors and of nobody.
    #[must_use]
    pub fn free(&self) -> u64 {
        self.unassigned + self.providers.iter().map(|calls| calls.free).sum::<u64>()
    }
}

/// One line for each vendor that was called, then the sums.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Calls { provider, billed, free } in self.providers.iter().filter(|calls| calls.billed + calls.free > 0) {
            writeln!(f, "{:<12} billed {billed} free {free}", provider.slug())?;
        }
        let Self { connections, requests, .. } = self;
        write!(
            f,
            "total        billed {} free {} requests {requests} connections {connections}",
            self.billed(),
            self.free()
        )
    }
}
