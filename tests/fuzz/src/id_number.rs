//! Identity numbers: the ways of reading one agree with each other and with a check written down a second time.
//!
//! All bytes are the text; in rows of 18, they are the list; they are lines as well. The list is repeated until it is long
//! enough for the ways that check many numbers at once, and its rows are lines, too.

use heyan::subject::Tally;
use heyan::{Date, IdNumber, IdNumberError};

/// Any bytes.
pub fn check(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let today = Date::new(2026, 11, 22).unwrap();
    for day in [today, Date::MAX] {
        one(&text, day);
        list(data, day);
        lines(data, day);
    }
}

fn one(text: &str, today: Date) {
    let parsed = IdNumber::parse(text, today);
    assert_eq!(parsed.is_ok(), is_valid(text, today), "{:?}", parsed.as_ref().err());
    let typed = IdNumber::from_input(text, today);
    match &parsed {
        Ok(id) => {
            assert_eq!(typed.as_ref().ok(), Some(id), "what is read strictly is read as typed too");
            assert_eq!(IdNumber::parse(id.expose(), today).as_ref().ok(), Some(id), "it is of the form that is read");
            assert!(id.birth_date() <= today && id.expose().len() == IdNumber::LEN);
            let masked = id.masked().to_string();
            assert!(masked.len() == IdNumber::LEN && masked.contains("**********"));
            assert_eq!(format!("{id:?}"), "IdNumber(redacted)");
        }
        Err(error) => assert!(!error.reason().is_empty()),
    }
    if let Ok(id) = &typed {
        assert_eq!(IdNumber::parse(id.expose(), today).as_ref().ok(), Some(id));
    }
    let unverified = IdNumber::with_unverified_checksum(text, today);
    assert_ne!(unverified.as_ref().err(), Some(&IdNumberError::Checksum));
    match (&parsed, &unverified) {
        (Ok(id), Ok(same)) => assert_eq!(id, same),
        (Ok(_), Err(error)) => panic!("{error}"),
        // Only the check character may be forgiven.
        (Err(error), Ok(_)) => assert_eq!(*error, IdNumberError::Checksum),
        (Err(error), Err(same)) => assert_eq!(error, same),
    }
}

fn list(data: &[u8], today: Date) {
    let (rows, _) = data.as_chunks::<18>();
    let rows: Vec<[u8; 18]> = rows.iter().cycle().take(rows.len() + 40).copied().collect();
    let rows = &rows[..];
    let mut valid = vec![false; rows.len()];
    IdNumber::check_bulk(rows, today, &mut valid).unwrap();
    for (row, valid) in rows.iter().zip(&valid) {
        let parsed = std::str::from_utf8(row).is_ok_and(|text| IdNumber::parse(text, today).is_ok());
        assert_eq!(parsed, *valid, "in a list, and alone");
    }
    assert_eq!(IdNumber::count_valid(rows, today), valid.iter().filter(|valid| **valid).count());
    for end in [&b"\n"[..], b"\r\n"] {
        lines(&rows.iter().flat_map(|row| [row, end].concat()).collect::<Vec<u8>>(), today);
    }
}

fn lines(data: &[u8], today: Date) {
    let mut rest = data;
    let mut sum = Tally::default();
    for (line, result) in IdNumber::check_lines(data, today) {
        assert!(rest.starts_with(line));
        rest = &rest[line.len()..];
        rest = rest.strip_prefix(b"\r\n").or_else(|| rest.strip_prefix(b"\n")).unwrap_or(rest);
        // 18 characters have at most 72 bytes.
        let alone = std::str::from_utf8(line).map_err(|_| match line.len() {
            ..=72 => IdNumberError::Character,
            _ => IdNumberError::Length,
        });
        assert_eq!(result, alone.and_then(|text| IdNumber::parse(text, today)).map(drop), "as a line, and alone");
        sum.add(result);
    }
    assert!(rest.is_empty());
    assert_eq!(IdNumber::check_lines(data, today).tally(), sum);
}

/// GB 11643-1999, once more and slowly.
fn is_valid(text: &str, today: Date) -> bool {
    let digits: Vec<u32> = match text.strip_suffix(['X', 'x']) {
        Some(body) if text.len() == 18 => body.chars().map_while(|c| c.to_digit(10)).chain([10]).collect(),
        _ => text.chars().map_while(|c| c.to_digit(10)).collect(),
    };
    if digits.len() != text.len() {
        return false;
    }
    let old = digits.len() == 15;
    let digits = if old { [&digits[..6], &[1, 9], &digits[6..]].concat() } else { digits };
    let [a, b, c, ..] = digits[..] else { return false };
    let provinces = |code| matches!(code, 11..=15 | 21..=23 | 31..=37 | 41..=46 | 50..=54 | 61..=65 | 71);
    let permits = |code| matches!(code, 81..=83);
    let region = match a {
        9 => !old && provinces(b * 10 + c),
        _ => provinces(a * 10 + b) || !old && permits(a * 10 + b),
    };
    if !region || digits.len() != if old { 17 } else { 18 } {
        return false;
    }
    let number = |from: usize, to: usize| digits[from..to].iter().fold(0, |sum, digit| sum * 10 + digit);
    let (year, month, day) = (number(6, 10), number(10, 12), number(12, 14));
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = [31, if leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let exists = (1..=12).contains(&month) && (1..=days[month as usize - 1]).contains(&day);
    let latest = (u32::from(today.year()), u32::from(today.month()), u32::from(today.day()));
    if !exists || year < 1800 || (year, month, day) > latest {
        return false;
    }
    // ISO 7064, as the standard's table of weights has it.
    let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = weights.iter().zip(&digits).map(|(weight, digit)| weight * digit).sum();
    old || digits[17] == (12 - sum % 11) % 11
}
