//! People whose verdict is known before anybody is asked.

use heyan::{Date, IdNumber, Name, Subject, Verdict};
use heyan_faults::{HOLDER, ID, STRANGER};

use crate::chance::Chance;

/// Somebody, and what the simulated register says of them.
#[derive(Debug)]
pub(crate) struct Person {
    name: &'static str,
    number: String,
    /// What must come of every call about them.
    pub(crate) verdict: Verdict,
}

impl Person {
    /// Of the names, three are words that the sandbox answers in one way whatever the number is. The register's own people
    /// are few, and nobody is verified a thousand times a day: they come seldom.
    pub(crate) fn any(chance: &mut Chance) -> Self {
        let (name, is_holder, verdict) = match chance.below(100) {
            0 => (HOLDER, true, Verdict::Match),
            1 => (STRANGER, true, Verdict::Mismatch),
            2..35 => ("判·一致", false, Verdict::Match),
            35..68 => ("判·不一致", false, Verdict::Mismatch),
            68..84 => ("判·库无", false, Verdict::NoRecord),
            _ => (HOLDER, false, Verdict::NoRecord),
        };
        let number = if is_holder { ID.to_owned() } else { number(chance) };
        Self { name, number, verdict }
    }

    /// For a call.
    pub(crate) fn subject(&self) -> Result<Subject<'_>, String> {
        let name = Name::parse(self.name).map_err(|error| error.to_string())?;
        let id = IdNumber::parse(&self.number, Date::MAX).map_err(|error| error.to_string())?;
        Ok(Subject::new(name, id))
    }
}

/// An identity number that nobody alive has: a birth from 1880 to 1899, and a valid check character (GB 11643-1999).
fn number(chance: &mut Chance) -> String {
    let (year, month, day) = (1880 + chance.below(20), 1 + chance.below(12), 1 + chance.below(28));
    // Never 0: those of the register's people begin with it.
    let order = 100 + chance.below(900);
    let mut number = format!("110101{year:04}{month:02}{day:02}{order:03}");
    let sum = number.bytes().fold(0, |sum, digit| (sum + u32::from(digit - b'0')) * 2 % 11);
    number.extend("10X98765432".chars().nth(sum as usize));
    number
}
