//! What the calls cost, as far as the ledger says what was paid for them.

use heyan::policy::{AccountId, Slug};
use heyan_std::ledger::LedgerError;

use super::job::Job;

/// The calls of a job, in all its processes.
#[derive(Clone, Default)]
pub(super) struct Bill {
    lines: Vec<Line>,
    /// Calls that may have been billed.
    pub(super) possibly: u64,
}

/// The billed calls of one provider.
#[derive(Clone)]
struct Line {
    provider: Slug,
    billed: u64,
    package: Option<Paid>,
}

/// What a package cost, in millionths of a yuan, and how many calls are in it.
#[derive(Clone, Copy)]
struct Paid {
    price: u64,
    calls: u32,
}

impl Bill {
    /// What the ledger says. The price of a call is that of the package which is used up next: of those that have not
    /// expired at `unix_ms` the one that will first.
    pub(super) fn read(job: &Job, providers: &[Slug], account: &AccountId, unix_ms: u64) -> Result<Self, LedgerError> {
        let mut bill = Self::default();
        for provider in providers {
            let (billed, possibly) = job.calls(provider)?;
            bill.possibly += possibly;
            let packages = job.packages(provider, account)?;
            let valid = packages.iter().map(|row| row.package).find(|package| package.expires_unix_ms > unix_ms);
            let package = valid.map(|package| Paid { price: package.price, calls: package.calls });
            bill.lines.push(Line { provider: provider.clone(), billed, package });
        }
        Ok(bill)
    }

    /// One more call was billed.
    pub(super) fn add(&mut self, provider: Option<&str>) {
        let line = self.lines.iter_mut().find(|line| Some(line.provider.as_str()) == provider);
        if let Some(line) = line {
            line.billed += 1;
        }
    }

    /// Calls that were billed.
    pub(super) fn billed(&self) -> u64 {
        self.lines.iter().map(|line| line.billed).sum()
    }

    /// What they cost, in millionths of a yuan. `None` if the price of any of them is not known.
    pub(super) fn micro_yuan(&self) -> Option<u64> {
        if self.lines.iter().all(|line| line.package.is_none()) {
            return None;
        }
        let used = self.lines.iter().filter(|line| line.billed > 0);
        used.map(|line| {
            let Paid { price, calls } = line.package?;
            u64::try_from(u128::from(line.billed) * u128::from(price) / u128::from(calls.max(1))).ok()
        })
        .sum()
    }
}
