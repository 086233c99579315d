//! Checking identity numbers, many of them, half of which have a typing error.
//!
//! A typing error is one digit that is another one, so the check character alone tells all of them: crates that look at
//! nothing else give the same answers. Which ones look at the date as well is asked before, with a number whose check
//! character fits the 30 February.
//!
//! A group of its own sets heyan beside what just reads the bytes. That wants numbers in memory, more than a cache holds; the
//! others want them in a cache, because what memory gives changes with what else the machine does.

use std::hint::black_box;
use std::ops::Range;

use heyan::{Date, IdNumber};

use crate::contest::{Bound, Contender, Contest, Group, Unit};
use crate::{same, text};

/// Checks them.
pub(crate) static GROUP: Group = Group {
    key: "numbers",
    title: text(
        "20,000 identity numbers, half of them with a typing error, checked",
        "校验两万个身份证号，其中半数有一处录入错误",
    ),
    unit: Unit::Nanoseconds(text("number", "个号码")),
    contenders: CONTENDERS,
    bounds: &[
        // The fastest of those that look at the date.
        Bound { slower: "china-citizen-id", faster: "heyan", least: 15.0, build: "x86_64" },
        Bound { slower: "china-citizen-id", faster: "heyan", least: 15.0, build: "x86-64-v3" },
    ],
    with_v3: true,
    prepare,
};

/// Checks more of them than a cache holds.
pub(crate) static FROM_MEMORY: Group = Group {
    key: "from-memory",
    title: text(
        "Eight million identity numbers, 144 MB of memory, checked, and just read",
        "八百万个身份证号（内存 144 MB）：校验与仅读取",
    ),
    unit: Unit::Nanoseconds(text("number", "个号码")),
    contenders: &[HEYAN, READING],
    bounds: &[
        Bound { slower: "reading", faster: "heyan", least: 1.0 / 5.0, build: "x86_64" },
        Bound { slower: "reading", faster: "heyan", least: 1.0 / 5.0, build: "x86-64-v3" },
    ],
    with_v3: true,
    prepare: |contest| {
        let numbers = heyan_bench::numbers(contest.mode().choose(8_000_000, 1_000), &[110_101], BIRTHS).leak();
        enter(contest, numbers);
        contest.enter_limit("reading", numbers.len(), || {
            let words = black_box(&*numbers).as_flattened().as_chunks::<8>().0;
            black_box(words.iter().fold(0_u64, |sum, word| sum.wrapping_add(u64::from_le_bytes(*word))));
        });
    },
};

/// A check of one number by another crate.
type Check = fn(&str) -> bool;

/// Those that take one number at a time, and whether they look at the date. Other than heyan they get nothing but 18 ASCII
/// characters: five of them panic on some texts.
const ONE_BY_ONE: [(&str, bool, Check); 8] = [
    ("parse", true, |number| IdNumber::parse(number, TODAY).is_ok()),
    ("china_identification_card", false, |number| china_identification_card::ChineseIdCard::is_valid_id_number(number)),
    ("cinv", true, cinv::is_valid),
    ("chinese-id", true, |number| chinese_id::validate(number).is_ok()),
    ("id-card", true, id_card::validate),
    ("china-citizen-id", true, |number| china_citizen_id::parse_v2(number).is_ok()),
    ("idcard-cn", true, |number| number.parse::<idcard_cn::IdentityNumber>().is_ok()),
    ("idcard", true, idcard::validate),
];

const HEYAN: Contender = Contender {
    key: "heyan",
    name: same("heyan: `check_bulk`"),
    note: text("province, date, check character; a slice at once", "省份、日期、校验码；一次一批"),
};

const READING: Contender = Contender {
    key: "reading",
    name: same("reading the bytes"),
    note: text("adds them up as words of 64 bits: the limit", "按 64 位字求和：极限"),
};

const CONTENDERS: &[Contender] = &[
    HEYAN,
    Contender {
        key: "parse",
        name: same("heyan: `parse`"),
        note: text("the same, one by one, with the reason of a refusal", "同上，逐个校验，并给出拒绝原因"),
    },
    Contender {
        key: "china_identification_card",
        name: same("`china_identification_card`"),
        note: text("check character; no date, no region", "校验码；不查日期和地区"),
    },
    Contender {
        key: "cinv",
        name: same("`cinv`"),
        note: text("date, check character, list of regions", "日期、校验码、地区表"),
    },
    Contender {
        key: "chinese-id", name: same("`chinese-id`"), note: text("date, check character", "日期、校验码")
    },
    Contender {
        key: "id-card",
        name: same("`id-card`"),
        note: text("date, check character, list of regions", "日期、校验码、地区表"),
    },
    Contender {
        key: "china-citizen-id",
        name: same("`china-citizen-id`"),
        note: text("date, check character; names the region", "日期、校验码；给出地区名"),
    },
    Contender {
        key: "idcard-cn",
        name: same("`idcard-cn`"),
        note: text("date, check character, list of regions", "日期、校验码、地区表"),
    },
    Contender { key: "idcard", name: same("`idcard`"), note: text("date, check character", "日期、校验码") },
];

const TODAY: Date = Date::new(2026, 11, 22).unwrap();

/// So long ago that nobody living has such a number. `idcard-cn` takes nothing before 1900.
const BIRTHS: Range<u16> = 1900..1905;

fn prepare(contest: &mut Contest) {
    let numbers = heyan_bench::numbers(contest.mode().choose(20_000, 1_000), &regions(), BIRTHS).leak();
    let texts: Vec<&'static str> = numbers.iter().filter_map(|number| str::from_utf8(number).ok()).collect();
    let texts: &'static [&'static str] = texts.leak();
    enter(contest, numbers);
    for (key, looks_at_date, check) in ONE_BY_ONE {
        assert!(check(LEAP_DAY_OF_1904), "{key} does not know a leap day");
        assert_eq!(check(NO_DAY), !looks_at_date, "{key} looks at the date, or does not");
        let mut valid: Vec<bool> = texts.iter().map(|text| check(text)).collect();
        let answer = bytes(&valid);
        contest.enter(key, answer, texts.len(), move || {
            for (text, valid) in texts.iter().zip(&mut *black_box(&mut valid)) {
                *valid = check(text);
            }
        });
    }
}

fn enter(contest: &mut Contest, numbers: &'static [[u8; IdNumber::LEN]]) {
    let mut valid = vec![false; numbers.len()];
    check_bulk(numbers, &mut valid);
    let answer = bytes(&valid);
    contest.enter("heyan", answer, numbers.len(), move || check_bulk(numbers, black_box(&mut valid)));
}

/// The codes that are in everybody's list: what a list of people all over the country holds.
fn regions() -> Vec<u32> {
    let is_known = |region: &u32| {
        let number = heyan_bench::numbers(1, &[*region], 1900..1901);
        let text = str::from_utf8(&number[0]).unwrap_or_default();
        ONE_BY_ONE.iter().all(|(_, _, check)| check(text))
    };
    let regions: Vec<u32> = (110_000..660_000).filter(is_known).collect();
    assert!(regions.len() > 1_000, "the lists have only {} codes in common", regions.len());
    regions
}

/// Both with the check character that fits.
const LEAP_DAY_OF_1904: &str = "110101190402290010";
const NO_DAY: &str = "110101190402300012";

fn check_bulk(numbers: &[[u8; IdNumber::LEN]], valid: &mut [bool]) {
    let done = IdNumber::check_bulk(black_box(numbers), black_box(TODAY), valid);
    assert!(done.is_ok(), "as many verdicts as numbers");
}

fn bytes(valid: &[bool]) -> Vec<u8> {
    valid.iter().map(|&valid| u8::from(valid)).collect()
}
