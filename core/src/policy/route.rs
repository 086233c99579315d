//! Which account is asked next.

use core::fmt;
use core::time::Duration;

use super::breaker::{Health, HealthRule, Standing, Ticket};
use super::ending::Ending;
use super::retry::{Advice, Retries, RetryRule, Why, millis};
use crate::error::RefusalClass;
use crate::outcome::{Token, Verdict};
use crate::provider::Info;
use crate::subject::Subject;

/// A provider's short name, [`Info::slug`], at most 16 ASCII characters.
pub type Slug = Token<16>;

/// The operator's own short name for an account, at most 16 ASCII letters, digits and ``-_.:``. It is printed and
/// written down: it must not be a credential.
pub type AccountId = Token<16>;

/// An account with a provider: what the rules need to know of it. The credentials are the caller's.
///
/// ```
/// use heyan::policy::Account;
/// use heyan::provider::SJSYS;
///
/// let account = Account::new(SJSYS.info(), "main", 380_000)?; // 0.38 yuan
/// assert!(account.checks_mobile());
/// # Ok::<(), heyan::policy::AccountError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Account {
    provider: Slug,
    id: AccountId,
    checks_mobile: bool,
    price: u32,
}

impl Account {
    /// The account that the operator calls `id`, with the provider of this `info`, at `price` millionths of a yuan for
    /// one call.
    ///
    /// # Errors
    /// [`AccountError::Slug`] or [`AccountError::Id`] when one of the names is no [`Token`] of 16 characters.
    pub fn new(info: &Info, id: &str, price: u32) -> Result<Self, AccountError> {
        Ok(Self {
            provider: Slug::new(info.slug).ok_or(AccountError::Slug)?,
            id: AccountId::new(id).ok_or(AccountError::Id)?,
            checks_mobile: info.checks_mobile(),
            price,
        })
    }

    /// The provider's slug.
    #[must_use]
    pub const fn provider(&self) -> &Slug {
        &self.provider
    }

    /// The operator's name for it.
    #[must_use]
    pub const fn id(&self) -> &AccountId {
        &self.id
    }

    /// Whether it takes subjects with a mobile number, and no others.
    #[must_use]
    pub const fn checks_mobile(&self) -> bool {
        self.checks_mobile
    }

    /// Price of one call in millionths of a yuan.
    #[must_use]
    pub const fn price(&self) -> u32 {
        self.price
    }
}

/// Why an account cannot be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum AccountError {
    /// The provider's slug is longer than 16 characters or holds others than ASCII letters, digits and ``-_.:``.
    Slug,
    /// The same of the account's name.
    Id,
    /// There is no room for another one.
    Full,
}

impl fmt::Display for AccountError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Slug => "the provider's slug is not 1 to 16 ASCII letters, digits and -_.:",
            Self::Id => "the account's name is not 1 to 16 ASCII letters, digits and -_.:",
            Self::Full => "there is no room for another account: raise the capacity",
        })
    }
}

impl core::error::Error for AccountError {}

/// Which account is asked first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Order {
    /// The one added first.
    AsListed,
    /// The one with the lowest price; of equals the one added first.
    CheapestFirst,
}

/// A set of accounts, by their index.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct AccountSet(u32);

impl AccountSet {
    /// No account.
    pub const EMPTY: Self = Self(0);

    /// How many accounts there can be.
    pub(super) const CAPACITY: usize = 32;

    /// The set with this account in it. Of an index from 32 on nothing changes: there is no such account.
    #[must_use]
    pub const fn with(self, account: usize) -> Self {
        Self(self.0 | Self::bit(account))
    }

    /// Whether the account is in it.
    #[must_use]
    pub const fn contains(self, account: usize) -> bool {
        self.0 & Self::bit(account) != 0
    }

    const fn bit(account: usize) -> u32 {
        if account < Self::CAPACITY { 1 << account } else { 0 }
    }
}

/// All accounts, and whether they work: shared by all verifications.
///
/// An account is known by its index, in the order in which they were added. `N` is at most 32, or it does not compile.
///
/// A server keeps it under a lock, and takes the lock for [`Attempts::next`] and [`Attempts::ended`], never for a call.
#[derive(Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Accounts<const N: usize> {
    order: Order,
    rule: HealthRule,
    listed: heapless::Vec<Listed, N>,
}

#[derive(Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
struct Listed {
    account: Account,
    health: Health,
}

impl<const N: usize> Accounts<N> {
    /// No accounts yet.
    #[must_use]
    pub const fn new(order: Order, rule: HealthRule) -> Self {
        const { assert!(N <= AccountSet::CAPACITY, "at most 32 accounts") };
        Self { order, rule, listed: heapless::Vec::new() }
    }

    /// Adds an account, and returns its index.
    ///
    /// # Errors
    /// [`AccountError::Full`].
    pub fn add(&mut self, account: Account) -> Result<usize, AccountError> {
        let index = self.listed.len();
        let listed = Listed { account, health: Health::new() };
        self.listed.push(listed).map_err(|_| AccountError::Full)?;
        Ok(index)
    }

    /// The account with this index.
    #[must_use]
    pub fn account(&self, index: usize) -> Option<&Account> {
        self.listed.get(index).map(|listed| &listed.account)
    }

    /// Whether this account takes calls now.
    #[must_use]
    pub fn standing(&self, index: usize, now: Duration) -> Option<Standing> {
        self.listed.get(index).map(|listed| listed.health.standing(now))
    }

    /// All accounts, with whether they take calls now: the reasons behind [`Why::NoAccount`].
    pub fn standings(&self, now: Duration) -> impl Iterator<Item = (&Account, Standing)> {
        self.listed.iter().map(move |listed| (&listed.account, listed.health.standing(now)))
    }

    /// Takes an account out of service, for example because its [`Quota`](super::Quota) is used up. The gateway's own
    /// word does the same through [`Attempts::ended`]: refused credentials, a used-up package, a subscription that is
    /// not in order.
    pub fn take_out(&mut self, index: usize, reason: RefusalClass) {
        if let Some(listed) = self.listed.get_mut(index) {
            listed.health.take_out(reason);
        }
    }

    /// Takes an account back into service with a clean sheet: calls were bought, or new credentials given. What calls
    /// report that began before is ignored. After buying, wait for
    /// [`APP_CODE_READY_AFTER`](super::APP_CODE_READY_AFTER) first.
    pub fn readmit(&mut self, index: usize) {
        if let Some(listed) = self.listed.get_mut(index) {
            listed.health.readmit();
        }
    }

    /// What an account is ordered by, beyond its place.
    const fn rank(&self, account: &Account) -> u32 {
        match self.order {
            Order::AsListed => 0,
            Order::CheapestFirst => account.price,
        }
    }
}

/// One attempt that ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Attempt {
    /// Index of the account.
    pub account: usize,
    /// When it began, on the clock that was told.
    pub started: Duration,
    /// How long it took, in whole milliseconds.
    pub took: Duration,
    /// How it ended.
    pub ending: Ending,
}

/// What a verification does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[must_use]
pub enum Move {
    /// Ask this account now, then report by [`Attempts::ended`].
    Call {
        /// Its index.
        account: usize,
    },
    /// Nobody can be asked now. Ask for the next move at `until`, or earlier.
    Wait {
        /// On the clock that was told.
        until: Duration,
    },
    /// The verification is over. [`Attempts::lines`] says what was tried.
    Done(Why),
}

/// One verification: at most `N` attempts, or fewer where the rule says so.
///
/// An account that was not asked yet comes first, at once; one that may be asked again waits for the rule's pause.
///
/// ```text
///            ┌──────── Wait ◄───┐
///            ▼                  │
///  new ──► next ─────────► Call ──► ended ──► next …
///            │
///            └──► Done(why)          after a verdict, always
/// ```
#[derive(Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Attempts<const N: usize> {
    retries: Retries,
    has_mobile: bool,
    barred: AccountSet,
    under_way: Option<UnderWay>,
    /// Before this, no account is asked a second time.
    pause_until: Duration,
    lines: heapless::Vec<Attempt, N>,
}

#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
struct UnderWay {
    account: usize,
    started: Duration,
    ticket: Ticket,
}

impl<const N: usize> Attempts<N> {
    /// The attempts to verify `subject`. With a mobile number only providers of three factors are asked, without one
    /// only those of two: anything else is refused before the call.
    #[must_use]
    pub fn new(rule: RetryRule, subject: &Subject<'_>) -> Self {
        Self {
            retries: Retries::new(rule.at_most(N)),
            has_mobile: subject.mobile().is_some(),
            barred: AccountSet::EMPTY,
            under_way: None,
            pause_until: Duration::ZERO,
            lines: heapless::Vec::new(),
        }
    }

    /// Leaves these accounts out, for example because a vendor said today that it was asked for this person too often
    /// ([`AttemptLimit::barred`](super::AttemptLimit::barred)).
    #[must_use]
    pub const fn without(mut self, accounts: AccountSet) -> Self {
        self.barred = accounts;
        self
    }

    /// What to do now. A call that is handed out must be reported by [`ended`](Self::ended), whatever becomes of it.
    ///
    /// The time of the rule counts from the first `next`.
    pub fn next<const A: usize>(&mut self, accounts: &mut Accounts<A>, now: Duration) -> Move {
        if let Err(why) = self.retries.open(now) {
            return Move::Done(why);
        }
        let Some((at, account)) = self.best(accounts, now) else { return Move::Done(Why::NoAccount) };
        if self.retries.is_too_late(at) {
            return Move::Done(if self.retries.made() == 0 { Why::NoAccount } else { Why::Time });
        }
        if at > now {
            return Move::Wait { until: at };
        }
        let rule = accounts.rule;
        let ticket = accounts.listed.get_mut(account).and_then(|listed| listed.health.admit(&rule, now));
        let Some(ticket) = ticket else { return Move::Done(Why::NoAccount) };
        if let Err(why) = self.retries.begin(now) {
            return Move::Done(why);
        }
        self.under_way = Some(UnderWay { account, started: now, ticket });
        Move::Call { account }
    }

    /// The account that [`next`](Self::next) would hand out now, as things stand. Nothing changes by asking.
    #[must_use]
    pub fn foresee<const A: usize>(&self, accounts: &Accounts<A>, now: Duration) -> Option<usize> {
        self.best(accounts, now).filter(|(at, _)| *at <= now).map(|(_, account)| account)
    }

    /// Says how the call ended that [`next`](Self::next) handed out. `random` is any 32 random bits. Without a call
    /// under way it does nothing.
    pub fn ended<const A: usize>(&mut self, accounts: &mut Accounts<A>, now: Duration, random: u32, ending: Ending) {
        let Some(UnderWay { account, started, ticket }) = self.under_way.take() else { return };
        let rule = accounts.rule;
        if let Some(listed) = accounts.listed.get_mut(account) {
            listed.health.ended(&rule, now, ticket, ending);
        }
        // Not `saturating_sub`: the compiler does not always see that it cannot panic.
        let took = Duration::from_millis(millis(now).saturating_sub(millis(started)));
        // There is room: as many attempts are allowed as lines.
        let _ = self.lines.push(Attempt { account, started, took, ending });
        if self.retries.settle(ending) == Ok(Advice::SameAccount) {
            self.pause_until = now.saturating_add(self.retries.pause(random));
        }
    }

    /// The attempts that ended, in their order.
    #[must_use]
    pub fn lines(&self) -> &[Attempt] {
        &self.lines
    }

    /// The verdict, if one attempt came to it.
    #[must_use]
    pub fn verdict(&self) -> Option<Verdict> {
        self.lines.last().and_then(|attempt| attempt.ending.verdict())
    }

    /// The account that may be asked earliest, and when; of those that can be asked now the one asked least, then the
    /// one first in order.
    fn best<const A: usize>(&self, accounts: &Accounts<A>, now: Duration) -> Option<(Duration, usize)> {
        let best = (0..accounts.listed.len()).filter_map(|index| {
            let listed = accounts.listed.get(index)?;
            let at = self.callable_at(accounts, index)?.max(now);
            Some((at, self.times_asked(index), accounts.rank(&listed.account), index))
        });
        best.min().map(|(at, _, _, account)| (at, account))
    }

    /// When this account may be asked, if ever in this verification.
    fn callable_at<const A: usize>(&self, accounts: &Accounts<A>, index: usize) -> Option<Duration> {
        let Listed { account, health } = accounts.listed.get(index)?;
        if account.checks_mobile != self.has_mobile || self.barred.contains(index) {
            return None;
        }
        let mut at = health.callable_at()?;
        for line in &self.lines {
            let is_ruled_out = match self.retries.rule().advice(line.ending).ok()? {
                Advice::SameAccount => false,
                Advice::OtherAccount => line.account == index,
                Advice::OtherProvider => {
                    accounts.account(line.account).is_none_or(|other| other.provider == account.provider)
                }
            };
            if is_ruled_out {
                return None;
            }
            if line.account == index {
                at = at.max(self.pause_until);
            }
        }
        Some(at)
    }

    fn times_asked(&self, index: usize) -> usize {
        self.lines.iter().filter(|line| line.account == index).count()
    }
}
