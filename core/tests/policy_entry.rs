//! The encoding of ledger entries: it keeps everything, and takes nothing that is not one.

use std::time::Duration;

use heyan::policy::{AccountId, Class, Ending, Entry, EntryError, PersonTag, Slug};
use heyan::{Billing, Reference, Retry};
use proptest::prelude::*;

fn begun() -> Entry {
    let (provider, account) = (Slug::new("idenauthen").unwrap(), AccountId::new("main").unwrap());
    Entry::began(provider, account, 2, PersonTag::from_bytes(std::array::from_fn(|at| at as u8)), 1_795_276_800_123)
}

fn completed() -> Entry {
    let ending = Ending::new(Class::Refused(heyan::RefusalClass::Busy), Billing::Free, Retry::SameProvider);
    begun().completed(ending, Reference::new("20211208013_9aph_5e91").as_ref(), Duration::from_millis(843))
}

#[test]
fn the_encoding_stays_as_it_is() {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let bytes = completed().encode();
    // Laid out and summed by Python's struct and zlib.
    assert_eq!(
        hex(&bytes[..64]),
        "01027b00d6fea1010000000102030405060708090a0b0c0d0e0f6964656e6175\
         7468656e0000000000006d61696e0000000000000000000000000000766332c4"
    );
    assert_eq!(
        hex(&bytes[64..]),
        "0901014b03000032303231313230383031335f396170685f3565393100000000\
         00000000000000000000000000000000000000000000000000000000a8a8ed80"
    );
    assert_eq!(hex(&begun().encode()[64..]), "ff".repeat(64));
    // Places in this list are in ledgers: new ones come last.
    let words = Class::ALL.map(Class::word).join(" ");
    assert_eq!(
        words,
        "match mismatch no_record credentials quota_exhausted subscription throttled attempt_limit bad_input busy \
         configuration unrecognized not_json too_deep no_verdict echo_contradicts protocol too_long dns connect tls \
         timed_out channel encode"
    );
}

#[test]
fn completing_writes_the_second_half_only() {
    let (first, second) = (begun().encode(), completed().encode());
    assert_eq!(first[..Entry::HALF], second[..Entry::HALF]);
    // Flash is programmed from ones to zeros.
    assert!(first.iter().zip(&second).all(|(old, new)| old & new == *new));
}

#[test]
fn what_is_only_begun_may_have_been_billed() {
    let entry = Entry::decode(&begun().encode()).unwrap();
    assert_eq!(entry, begun());
    assert_eq!((entry.ending(), entry.billing()), (None, Billing::Unknown));
    assert_eq!((entry.reference(), entry.took()), (None, None));
    assert_eq!((entry.provider().as_str(), entry.account().as_str(), entry.attempt()), ("idenauthen", "main", 2));
    assert_eq!((entry.began_unix_ms(), entry.person().expose_bytes()[15]), (1_795_276_800_123, 15));
}

#[test]
fn power_that_fails_in_the_second_half_leaves_it_begun() {
    let (before, after) = (begun().encode(), completed().encode());
    let written = after.iter().zip(&before).rposition(|(new, old)| new != old).unwrap() + 1;
    for torn in Entry::HALF..written {
        let mut bytes = before;
        bytes[..torn].copy_from_slice(&after[..torn]);
        assert_eq!(Entry::decode(&bytes), Ok(begun()), "{torn}");
    }
}

#[test]
fn every_damaged_byte_is_found() {
    let bytes = completed().encode();
    for at in 0..Entry::LEN {
        for bit in 0..8 {
            let mut bytes = bytes;
            bytes[at] ^= 1 << bit;
            let expected = if at < Entry::HALF { Err(EntryError::Damaged) } else { Ok(begun()) };
            assert_eq!(Entry::decode(&bytes), expected, "{at} {bit}");
        }
    }
}

/// Gives a half a checksum that holds, by a CRC-32 of the test's own.
fn seal(half: &mut [u8]) {
    let (fields, checksum) = half.split_at_mut(60);
    let crc = fields.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ ((crc & 1) * 0xEDB8_8320))
    });
    checksum.copy_from_slice(&(!crc).to_le_bytes());
}

#[test]
fn other_versions_and_empty_places_are_told_apart() {
    assert_eq!(Entry::decode(&[0xFF; Entry::LEN]), Err(EntryError::Erased));
    assert_eq!(Entry::decode(&[0; Entry::LEN]), Err(EntryError::Damaged));
    for version in (0..=u8::MAX).filter(|version| *version != 1) {
        let mut bytes = completed().encode();
        bytes[0] = version;
        seal(&mut bytes[..64]);
        assert_eq!(Entry::decode(&bytes), Err(EntryError::Version(version)));
    }
    for error in [EntryError::Erased, EntryError::Version(7), EntryError::Damaged] {
        assert!(!error.to_string().is_empty());
    }
}

#[test]
fn fields_that_mean_nothing_are_damage() {
    // Slug and account begin at 26 and 42: no text, a character that no token has.
    for (at, value) in [(26, 0), (42, 0), (26, b' '), (42, 0xFF)] {
        let mut bytes = completed().encode();
        bytes[at] = value;
        seal(&mut bytes[..64]);
        assert_eq!(Entry::decode(&bytes), Err(EntryError::Damaged), "{at}");
    }
    // Class, price, advice, reference: then the ending is not known.
    for (at, value) in [(64, 24), (64, 0xFF), (65, 3), (66, 3), (71, b' '), (71, 0xFF)] {
        let mut bytes = completed().encode();
        bytes[at] = value;
        seal(&mut bytes[64..]);
        assert_eq!(Entry::decode(&bytes), Ok(begun()), "{at}");
    }
}

#[test]
fn a_long_call_is_cut_to_what_fits() {
    let ending = Ending::new(Class::TimedOut, Billing::Unknown, Retry::Never);
    let entry = begun().completed(ending, None, Duration::MAX);
    assert_eq!(entry.took(), Some(Duration::from_millis(u32::MAX.into())));
    assert_eq!(begun().completed(ending, None, Duration::from_micros(1999)).took(), Some(Duration::from_millis(1)));
}

proptest! {
    #[test]
    fn every_entry_comes_back(
        provider in "[a-z0-9_.:-]{1,16}",
        account in "[A-Za-z0-9_.:-]{1,16}",
        (attempt, person, time) in (any::<u8>(), any::<[u8; 16]>(), any::<u64>()),
        completed in proptest::option::of(
            (0..Class::ALL.len(), 0..3usize, 0..3usize, "[A-Za-z0-9_.:-]{0,48}", any::<u32>()),
        ),
    ) {
        let (provider, account) = (Slug::new(&provider).unwrap(), AccountId::new(&account).unwrap());
        let mut entry = Entry::began(provider, account, attempt, PersonTag::from_bytes(person), time);
        if let Some((class, billing, retry, reference, took)) = completed {
            let billing = [Billing::Billed, Billing::Free, Billing::Unknown][billing];
            let retry = [Retry::Never, Retry::SameProvider, Retry::OtherProvider][retry];
            let ending = Ending::new(Class::ALL[class], billing, retry);
            entry = entry.completed(ending, Reference::new(&reference).as_ref(), Duration::from_millis(took.into()));
            prop_assert_eq!(entry.billing(), billing);
        }
        prop_assert_eq!(Entry::decode(&entry.encode()), Ok(entry));
    }

    #[test]
    fn any_bytes_are_judged_without_a_panic(
        mut bytes in proptest::collection::vec(any::<u8>(), Entry::LEN),
        sealed in any::<bool>(),
    ) {
        if sealed {
            bytes[0] = 1;
            let (first, second) = bytes.split_at_mut(64);
            seal(first);
            seal(second);
        }
        let bytes: [u8; Entry::LEN] = bytes.try_into().unwrap();
        if let Ok(entry) = Entry::decode(&bytes) {
            prop_assert_eq!(Entry::decode(&entry.encode()), Ok(entry));
        }
    }
}
