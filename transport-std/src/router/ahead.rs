//! Many verifications whose first attempts are written down in one commit.

use std::fmt;

use heyan::policy::Attempts;
use heyan::{Consent, Subject};

use super::book::{Ahead, Page, Ready};
use super::{ATTEMPTS_MAX, Inner, Routed, Router, RouterError, Verification, unix_ms};

/// A verification whose first attempt is written down already: see [`Router::begin_many`].
///
/// If it is dropped, its entry is taken back.
#[must_use]
pub struct Begun(Page);

impl fmt::Debug for Begun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Begun").finish_non_exhaustive()
    }
}

impl Router {
    /// Writes down the first attempts of several verifications and waits for one commit, where [`verify`](Self::verify)
    /// waits for one each: for a program that has many to make.
    ///
    /// Each entry is on the drive before its request leaves, as ever. But when the process dies, the entries of
    /// verifications that were not made yet say "possibly billed" too: begin no more than are made in some milliseconds.
    ///
    /// The entry is of the account that would be asked now. Should it be another one by then, the entry is taken back
    /// and another one written, with a wait of its own. That a person is asked for too often today is told by
    /// [`verify_begun`](Self::verify_begun). Without a ledger nothing is written, and nothing waits.
    ///
    /// # Errors
    /// [`RouterError::Ledger`] when none was written, [`RouterError::Clock`]. Nothing may be sent.
    pub fn begin_many(&self, verifications: &[(Subject<'_>, Verification<'_>)]) -> Result<Vec<Begun>, RouterError> {
        self.0.begun(verifications).inspect_err(|error| self.0.tell_trouble(error))
    }

    /// Verifies `subject`, who agreed to it, as [`verify_with`](Self::verify_with) does. What was begun must be of the
    /// same person and have the same origin: else its entry is taken back, and the verification begins anew.
    #[expect(clippy::needless_pass_by_value, reason = "a consent is used up")]
    pub fn verify_begun(
        &self,
        begun: Begun,
        subject: &Subject<'_>,
        consent: Consent,
        with: &Verification<'_>,
    ) -> Routed {
        let mut page = self.0.book.open(subject, with.origin);
        if (page.person, page.origin) == (begun.0.person, begun.0.origin) {
            page = begun.0;
        }
        self.0.routed(subject, &consent, with, page)
    }
}

impl Inner {
    fn begun(&self, verifications: &[(Subject<'_>, Verification<'_>)]) -> Result<Vec<Begun>, RouterError> {
        let open = |(subject, with): &(Subject<'_>, Verification<'_>)| Begun(self.book.open(subject, with.origin));
        let mut all: Vec<Begun> = verifications.iter().map(open).collect();
        let Some(ledger) = &self.book.ledger else { return Ok(all) };
        let at = unix_ms()?;
        let is_any_barred = ledger.is_any_barred(at)?;
        let mut drafts = Vec::with_capacity(all.len());
        let mut places = Vec::with_capacity(all.len());
        for (Begun(page), (subject, _)) in all.iter_mut().zip(verifications) {
            // A person who is barred somewhere is left to the slow way.
            if is_any_barred && !self.book.barred(page, at)?.is_empty() {
                continue;
            }
            let Some(account) = self.foresee(subject) else { continue };
            let listed = self.state().accounts.account(account).cloned();
            let (Some(person), Some(listed)) = (page.person, listed) else { continue };
            drafts.push(self.book.draft(page, person, &listed, at));
            places.push((page, account));
        }
        if drafts.is_empty() {
            return Ok(all);
        }
        for ((page, account), answer) in places.into_iter().zip(ledger.begin_many(drafts)?) {
            page.ahead = Some(match answer {
                Ok(entry) => Ahead::Begun(Ready { ledger: ledger.clone(), account, entry: Some(entry) }),
                Err(error) => Ahead::Refused(error),
            });
        }
        Ok(all)
    }

    /// The account that a verification of this person would ask first, if it began now.
    fn foresee(&self, subject: &Subject<'_>) -> Option<usize> {
        let attempts = Attempts::<ATTEMPTS_MAX>::new(self.retry, subject);
        attempts.foresee(&self.state().accounts, self.now())
    }
}
