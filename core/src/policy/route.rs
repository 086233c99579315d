//! Which account is asked next.

use core::fmt;
use core::time::Duration;

use super::breaker::{HealthRule, Standing};
use super::ending::Ending;
use super::retry::{RetryRule, Why};
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
#[derive(Clone, Debug, PartialEq, Eq)]
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

    /// Adds an account. One beyond the thirty-second is ignored: there are none.
    pub fn insert(&mut self, account: usize) {
        let _ = account;
        todo!()
    }

    /// Whether the account is in it.
    #[must_use]
    pub const fn contains(self, account: usize) -> bool {
        let _ = (account, self.0);
        todo!()
    }
}

/// All accounts, and whether they work: shared by all verifications. `N` is at most 32.
///
/// An account is known by its index, in the order in which they were added.
#[derive(Clone, Debug)]
pub struct Accounts<const N: usize> {
    order: Order,
    rule: HealthRule,
    accounts: heapless::Vec<Account, N>,
}

impl<const N: usize> Accounts<N> {
    /// No accounts yet.
    #[must_use]
    pub const fn new(order: Order, rule: HealthRule) -> Self {
        Self { order, rule, accounts: heapless::Vec::new() }
    }

    /// Adds an account, and returns its index.
    ///
    /// # Errors
    /// [`AccountError::Full`].
    pub fn add(&mut self, account: Account) -> Result<usize, AccountError> {
        let _ = (account, self.order, self.rule, &self.accounts);
        todo!()
    }

    /// The account with this index.
    #[must_use]
    pub fn account(&self, index: usize) -> Option<&Account> {
        self.accounts.get(index)
    }

    /// Whether this account takes calls now.
    #[must_use]
    pub fn standing(&self, index: usize, now: Duration) -> Option<Standing> {
        let _ = (index, now);
        todo!()
    }

    /// All accounts, with whether they take calls now: the reasons behind [`Why::NoAccount`].
    pub fn standings(&self, now: Duration) -> impl Iterator<Item = (&Account, Standing)> {
        let _ = now;
        core::iter::empty()
    }

    /// Takes an account out of service, for example because its [`Quota`](super::Quota) is used up. The gateway's own
    /// word does the same through [`Attempts::ended`].
    pub fn take_out(&mut self, index: usize, reason: RefusalClass) {
        let _ = (index, reason);
        todo!()
    }

    /// Takes an account back into service: calls were bought, or new credentials given.
    pub fn readmit(&mut self, index: usize) {
        let _ = index;
        todo!()
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
    /// How long it took.
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
#[derive(Clone, Debug)]
pub struct Attempts<const N: usize> {
    rule: RetryRule,
    has_mobile: bool,
    barred: AccountSet,
    lines: heapless::Vec<Attempt, N>,
}

impl<const N: usize> Attempts<N> {
    /// The attempts to verify `subject`. With a mobile number only providers of three factors are asked, without one
    /// only those of two: anything else is refused before the call.
    #[must_use]
    pub fn new(rule: RetryRule, subject: &Subject<'_>) -> Self {
        Self { rule, has_mobile: subject.mobile().is_some(), barred: AccountSet::EMPTY, lines: heapless::Vec::new() }
    }

    /// Leaves these accounts out, for example because a vendor said today that it was asked for this person too often
    /// ([`AttemptLimit::barred`](super::AttemptLimit::barred)).
    #[must_use]
    pub fn without(mut self, accounts: AccountSet) -> Self {
        let _ = (accounts, &self.rule, self.has_mobile, self.barred);
        self.barred = accounts;
        self
    }

    /// What to do now. A call that is handed out must be reported by [`ended`](Self::ended).
    pub fn next<const A: usize>(&mut self, accounts: &mut Accounts<A>, now: Duration) -> Move {
        let _ = (accounts, now);
        todo!()
    }

    /// Says how the call ended that [`next`](Self::next) handed out, `now`. `random` is any 32 random bits. Without a
    /// call under way it does nothing.
    pub fn ended<const A: usize>(&mut self, accounts: &mut Accounts<A>, now: Duration, random: u32, ending: Ending) {
        let _ = (accounts, now, random, ending);
        todo!()
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
}
