//! The people whom the simulated vendors know. All of them are invented: born before 1905, or the example of GB 11643.

/// One known person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Person {
    /// The name that goes with the number.
    pub name: &'static str,
    /// The identity number, 18 characters.
    pub id: &'static str,
    /// The mobile number that goes with both; 11 digits.
    pub mobile: &'static str,
}

/// Everybody whom the vendors know. Any other well-formed number has no record.
pub const PEOPLE: &[Person] = &[
    Person { name: "张三", id: "11010119000101009X", mobile: "13000000000" },
    Person { name: "张三", id: "110101190001010057", mobile: "13000000000" },
    Person { name: "李四", id: "11010519491231002X", mobile: "13000000001" },
    Person { name: "欧阳小明", id: "110101190001010022", mobile: "13000000002" },
    Person { name: "阿卜杜拉·买买提", id: "110101190001010030", mobile: "13000000003" },
    Person { name: "𠮷野", id: "110101190001010049", mobile: "13000000004" },
    // The number in the second vendor's own example. Its check character is wrong, and it is answered all the same.
    Person { name: "张三", id: "340421190710145412", mobile: "13000000005" },
];

/// What the register says of a name, a number and, where asked for, a mobile number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Finding {
    /// They belong together.
    Match,
    /// The number exists and belongs to somebody else.
    Mismatch,
    /// Nobody has this number.
    NoRecord,
}

/// Looks the three up.
pub(crate) fn find(name: &str, id: &str, mobile: Option<&str>) -> Finding {
    match PEOPLE.iter().find(|person| person.id == id) {
        None => Finding::NoRecord,
        Some(person) if person.name == name && mobile.is_none_or(|mobile| mobile == person.mobile) => Finding::Match,
        Some(_) => Finding::Mismatch,
    }
}

/// Whether a vendor would take `id` for an identity number: 17 digits, a check character (upper-case `X`), a calendar
/// date, and the check of ISO 7064 MOD 11-2; or one of [`PEOPLE`].
pub(crate) fn well_formed(id: &str) -> bool {
    if PEOPLE.iter().any(|person| person.id == id) {
        return true;
    }
    let Some((check, body)) = id.as_bytes().split_last() else { return false };
    if id.len() != 18 || !body.iter().all(u8::is_ascii_digit) {
        return false;
    }
    // GB 11643-1999, annex A: the weight of a digit is 2 to the power of its position counted from the right, modulo 11.
    let sum = body.iter().fold(0_u32, |sum, digit| (sum + u32::from(digit - b'0')) * 2 % 11);
    let expected = b"10X98765432"[(sum % 11) as usize];
    *check == expected && Birth::of(id).is_some_and(Birth::exists)
}

/// A birth date as the number carries it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Birth {
    pub(crate) year: u16,
    pub(crate) month: u8,
    pub(crate) day: u8,
}

impl Birth {
    /// The date in characters 7 to 14; `None` where there are no eight digits.
    pub(crate) fn of(id: &str) -> Option<Self> {
        let digits = id.get(6..14)?;
        Some(Self {
            year: digits.get(..4)?.parse().ok()?,
            month: digits.get(4..6)?.parse().ok()?,
            day: digits.get(6..)?.parse().ok()?,
        })
    }

    fn exists(self) -> bool {
        let leap = self.year.is_multiple_of(4) && (!self.year.is_multiple_of(100) || self.year.is_multiple_of(400));
        let days = match self.month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 if leap => 29,
            2 => 28,
            _ => return false,
        };
        (1800..=2999).contains(&self.year) && (1..=days).contains(&self.day)
    }

    /// Full years at `now_ms` (Unix milliseconds), as the vendors count: birthdays in UTC.
    pub(crate) fn age_at(self, now_ms: u64) -> u16 {
        let (year, month, day) = civil_date(now_ms / 86_400_000);
        let before_birthday = (month, day) < (self.month, self.day);
        year.saturating_sub(self.year).saturating_sub(u16::from(before_birthday))
    }
}

/// Year, month and day of a day counted from 1970-01-01, by Howard Hinnant's `civil_from_days`.
pub(crate) fn civil_date(days: u64) -> (u16, u8, u8) {
    let shifted = days + 719_468;
    let era = shifted / 146_097;
    let day_of_era = shifted % 146_097;
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    (year as u16, month as u8, day as u8)
}

/// Whether the seventeenth digit says male (odd) rather than female (even).
pub(crate) fn is_male(id: &str) -> bool {
    id.as_bytes().get(16).is_some_and(|digit| digit % 2 == 1)
}

/// Province, city and county of an address code, for the few codes that [`PEOPLE`] have.
pub(crate) fn region(id: &str) -> [&'static str; 3] {
    match id.get(..6) {
        Some("110101") => ["北京市", "北京市", "东城区"],
        Some("110105") => ["北京市", "北京市", "朝阳区"],
        Some("340421") => ["安徽省", "淮南市", "凤台县"],
        _ => ["", "", ""],
    }
}

/// Whether a vendor would take `name` for a person's name: letters, with middle dots, spaces, hyphens and the like
/// between them.
pub(crate) fn plausible_name(name: &str) -> bool {
    let joins = |character: char| matches!(character, '·' | '•' | '.' | ' ' | '-' | '\'');
    !name.is_empty()
        && !name.starts_with(joins)
        && !name.ends_with(' ')
        && name.chars().all(|character| character.is_alphabetic() || joins(character))
}

#[cfg(test)]
mod tests {
    use super::{Birth, Finding, PEOPLE, civil_date, find, plausible_name, well_formed};

    #[test]
    fn the_register_knows_its_people_only() {
        assert_eq!(find("张三", "11010119000101009X", None), Finding::Match);
        assert_eq!(find("张三", "110101190001010057", Some("13000000000")), Finding::Match);
        assert_eq!(find("张三", "110101190001010057", Some("13000000009")), Finding::Mismatch);
        assert_eq!(find("李四", "11010119000101009X", None), Finding::Mismatch);
        assert_eq!(find("张三", "110101190001010073", None), Finding::NoRecord);
        assert!(PEOPLE.iter().all(|person| plausible_name(person.name) && person.mobile.len() == 11));
    }

    #[test]
    fn numbers_are_checked() {
        for good in ["11010119000101009X", "110101190001010073", "11010519491231002X", "340421190710145412"] {
            assert!(well_formed(good), "{good}");
        }
        for bad in [
            "",
            "1",
            "11010119000101009x",
            "110101190001010058",
            "11010119000101005",
            "1101011900010100577",
            "110101190002310057",
            "１１0101190001010057",
            "110101700101005",
        ] {
            assert!(!well_formed(bad), "{bad}");
        }
    }

    #[test]
    fn dates_are_civil() {
        assert_eq!(civil_date(0), (1970, 1, 1));
        assert_eq!(civil_date(19_782), (2024, 2, 29));
        let birth = Birth::of("110101190001010057").unwrap();
        assert_eq!(birth.age_at(1_704_067_200_000), 124); // 2024-01-01, the birthday itself
        assert_eq!(birth.age_at(1_704_067_199_999), 123);
    }

    #[test]
    fn names_are_letters_and_joins() {
        for good in ["张三", "阿卜杜拉·买买提", "𠮷野", "Anne-Marie O'Neil"] {
            assert!(plausible_name(good), "{good}");
        }
        for bad in ["", "张*", "张3", " 张三", "张三 ", "张\n三", "·张"] {
            assert!(!plausible_name(bad), "{bad}");
        }
    }
}
