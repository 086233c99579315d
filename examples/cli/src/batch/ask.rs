//! One row: is it one at all, and what do the accounts say?

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use heyan::policy::{Class, Standing};
use heyan::{Billing, Consent, Date, IdNumberError, MobileError, NameError, RefusalClass, Subject};
use heyan_cli::table::Cells;
use heyan_std::ledger::LedgerError;
use heyan_std::{Begun, Routed, Router, RouterError, Verification};

use super::job::Ended;
use super::sheet::Shown;
use crate::ending::Ending;
use crate::input::Reader;
use crate::mask;

/// How long a row waits for an account that pauses, before it looks again.
const PAUSE: Duration = Duration::from_millis(200);
/// How often a row comes back to accounts that refuse it for reasons of their own and yet are in service.
const AGAIN_MAX: u32 = 3;

/// What a row needs to have.
#[derive(Clone, Copy)]
pub(super) struct Rule {
    pub(super) reader: Reader,
    pub(super) mobile: bool,
    pub(super) today: Date,
}

impl Rule {
    /// The person, or the word for what is wrong with the row.
    pub(super) fn subject<'c>(&self, cells: &'c Cells) -> Result<Subject<'c>, &'static str> {
        let name = self.reader.name(&cells.name).map_err(name_word)?;
        let subject = Subject::new(name, self.reader.id(&cells.id, self.today).map_err(id_word)?);
        if !self.mobile {
            return Ok(subject);
        }
        let mobile = cells.mobile.as_ref().ok_or("mobile_missing")?;
        Ok(subject.with_mobile(self.reader.mobile(mobile).map_err(mobile_word)?))
    }
}

/// What may be shown of a row, valid or not.
pub(super) fn shown(cells: &Cells, reveal: bool) -> Shown {
    if reveal {
        let mobile = cells.mobile.as_ref().map(|mobile| mobile.to_string());
        Shown { name: Some(cells.name.to_string()), id: cells.id.to_string(), mobile }
    } else {
        Shown { id: mask::number(&cells.id), ..Shown::default() }
    }
}

/// Why a row has no ending.
#[derive(Clone, Copy, Debug)]
pub(super) enum Halt {
    /// The person at the keyboard, or the system, wants an end.
    Stopped,
    /// No account is in service.
    Nobody,
    /// The ledger takes no entries.
    Ledger(LedgerError),
    Clock,
}

impl From<RouterError> for Halt {
    /// Of verifications that were not begun.
    fn from(error: RouterError) -> Self {
        match error {
            RouterError::Ledger(error) => Self::Ledger(error),
            RouterError::Clock => Self::Clock,
            RouterError::NoAccount => Self::Nobody,
            _ => Self::Stopped,
        }
    }
}

/// Asks until the row has an ending that has to do with the row, and not with the accounts.
pub(super) fn ask(
    router: &Router,
    mut begun: Option<Begun>,
    (subject, origin): (&Subject<'_>, i64),
    is_over: &AtomicBool,
) -> Result<Ended, Halt> {
    let with = &Verification::new().origin(origin);
    let mut again = 0;
    loop {
        let routed = match begun.take() {
            Some(begun) => router.verify_begun(begun, subject, Consent::given(), with),
            None => router.verify_with(subject, Consent::given(), with),
        };
        let is_about_account = match &routed.result {
            Ok(_) => false,
            Err(RouterError::Attempt { .. }) => is_about_account(&routed),
            Err(RouterError::NoAccount) => true,
            Err(RouterError::Ledger(error)) => return Err(Halt::Ledger(*error)),
            Err(RouterError::Clock) => return Err(Halt::Clock),
            // Attempts that may have been charged are the row's ending, whatever came after them.
            Err(_) if routed.billing() == Billing::Free => return Err(Halt::Stopped),
            Err(_) => false,
        };
        if is_about_account && again < AGAIN_MAX {
            match service(router) {
                Service::None => return Err(Halt::Nobody),
                Service::Pausing => {}
                Service::Ready => again += 1,
            }
            if is_over.load(Ordering::Relaxed) {
                return Err(Halt::Stopped);
            }
            std::thread::sleep(PAUSE);
            continue;
        }
        return Ok(ended(&routed, subject));
    }
}

/// A refusal that the next row would meet as well, and that cost nothing.
fn is_about_account(routed: &Routed) -> bool {
    use RefusalClass::{Configuration, Credentials, QuotaExhausted, Subscription};
    let refusal = routed.attempts.last().and_then(|line| line.ending.class().refusal());
    let is_account_s = matches!(refusal, Some(Configuration | Credentials | QuotaExhausted | Subscription));
    is_account_s && routed.billing() == Billing::Free
}

enum Service {
    Ready,
    Pausing,
    None,
}

fn service(router: &Router) -> Service {
    let standings = router.standings();
    let is_any = |wanted: fn(&Standing) -> bool| standings.iter().any(|(_, standing)| wanted(standing));
    if is_any(|standing| matches!(standing, Standing::InService)) {
        Service::Ready
    } else if is_any(|standing| !matches!(standing, Standing::OutOfService(_))) {
        Service::Pausing
    } else {
        Service::None
    }
}

fn ended(routed: &Routed, subject: &Subject<'_>) -> Ended {
    let billing = routed.billing();
    let Some(line) = routed.attempts.last() else {
        // Accounts are in service, and none may be asked: each said today that this person was asked for too often.
        let class = Class::Refused(RefusalClass::AttemptLimit);
        return Ended { class, billing, code: None, reference: None, provider: None, is_in_entry: false };
    };
    let ending = Ending::of_attempt(line).map(|ending| ending.without(&[subject.name().expose().to_string()]));
    let class = line.ending.class();
    Ended {
        class,
        billing,
        code: ending.as_ref().and_then(|ending| ending.code().map(str::to_owned)),
        reference: ending.as_ref().and_then(|ending| ending.reference().map(str::to_owned)),
        provider: Some(line.provider.as_str().to_owned()),
        is_in_entry: routed.attempts.len() == 1 && (class.verdict().is_some() || billing != Billing::Free),
    }
}

const fn name_word(error: NameError) -> &'static str {
    match error {
        NameError::Empty => "name_empty",
        NameError::OuterSpace => "name_outer_space",
        NameError::TooLong => "name_length",
        NameError::Masked => "name_masked",
        NameError::Invisible => "name_invisible",
        _ => "name_damaged",
    }
}

const fn id_word(error: IdNumberError) -> &'static str {
    match error {
        IdNumberError::Length => "id_length",
        IdNumberError::Character => "id_character",
        IdNumberError::Region => "id_region",
        IdNumberError::BirthDate | IdNumberError::BirthDateInFuture => "id_birth_date",
        _ => "id_checksum",
    }
}

const fn mobile_word(error: MobileError) -> &'static str {
    match error {
        MobileError::Length => "mobile_length",
        MobileError::Character => "mobile_character",
        _ => "mobile_range",
    }
}
