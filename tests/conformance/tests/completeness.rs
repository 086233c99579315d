//! No provider without fixtures, no documented code without an expectation, no fixture without a source.

use std::collections::{BTreeMap, BTreeSet};

use heyan::RefusalClass;
use heyan::provider::ALL;
use heyan_conformance::{Fixture, GATEWAY, folder, own_replies};

fn own(folder_name: &str) -> Vec<Fixture> {
    own_replies(folder_name).unwrap_or_else(|error| panic!("{error}"))
}

/// The rows of a folder's `codes.tsv`.
fn documented(folder_name: &str) -> Vec<Fixture> {
    let table = format!("{folder_name}/codes.tsv ");
    own(folder_name).into_iter().filter(|fixture| fixture.name.starts_with(&table)).collect()
}

#[test]
fn every_provider_shows_every_verdict_and_the_replies_of_its_document() {
    for provider in ALL {
        let slug = provider.info().slug;
        let fixtures = own(slug);
        let shown: BTreeSet<&str> = fixtures.iter().map(|fixture| fixture.expected.ending.as_str()).collect();
        for ending in ["match", "mismatch", "no_record", "no_verdict", "unrecognized"] {
            assert!(shown.contains(ending), "{slug}: no fixture ends in {ending}");
        }
        for part in ["/document-", "/codes.tsv "] {
            assert!(fixtures.iter().any(|fixture| fixture.name.contains(part)), "{slug}: no fixture is called {part}");
        }
    }
}

/// What the classification says of each vendor's codes, by class. A new provider needs no line here.
#[test]
fn the_documented_classes_are_shown() {
    for (slug, classes) in [
        ("checkone", &["bad_input", "busy", "configuration", "unrecognized"][..]),
        ("idenauthen", &["bad_input", "busy", "unrecognized"]),
        ("idcert", &["bad_input", "busy", "unrecognized"]),
        ("sjsys", &["bad_input", "busy", "quota_exhausted", "attempt_limit", "configuration", "unrecognized"]),
        ("sfz2", &["bad_input", "busy", "quota_exhausted", "configuration", "unrecognized"]),
    ] {
        let fixtures = own(slug);
        for class in classes {
            assert!(fixtures.iter().any(|fixture| fixture.expected.ending == *class), "{slug}: nothing is {class}");
        }
    }
    let gateway = own(GATEWAY);
    for class in RefusalClass::ALL {
        let of_vendors = matches!(class, RefusalClass::AttemptLimit | RefusalClass::BadInput);
        let shown = gateway.iter().any(|fixture| fixture.expected.ending == class.word());
        assert_eq!(shown, !of_vendors, "{class:?}");
    }
}

/// The number of rows also stands in each table as `documented`; here it cannot be lost together with them.
#[test]
fn every_documented_code_has_its_row() {
    for (folder_name, rows, first, last) in [
        ("checkone", 21, Some("10000"), Some("10020")),
        ("idenauthen", 8, Some("0000"), Some("0010")),
        ("idcert", 7, Some("01"), Some("9999")),
        ("sjsys", 21, Some("10000"), Some("10020")),
        // It has no codes: the rows are messages.
        ("sfz2", 19, None, None),
        (GATEWAY, 68, Some("A400AC"), Some("X504VE")),
    ] {
        let documented = documented(folder_name);
        assert_eq!(documented.len(), rows, "{folder_name}");
        let names: BTreeSet<&str> = documented.iter().map(|fixture| fixture.name.as_str()).collect();
        assert_eq!(names.len(), rows, "{folder_name}: a row stands there twice");
        if first.is_some() {
            let code = |at: Option<&Fixture>| at.and_then(|fixture| fixture.expected.code.clone());
            assert_eq!(code(documented.first()).as_deref(), first);
            assert_eq!(code(documented.last()).as_deref(), last);
        }
    }
    for provider in ALL {
        assert!(!documented(provider.info().slug).is_empty(), "{}: no codes.tsv", provider.info().slug);
    }
    let messages = own(GATEWAY).iter().filter(|fixture| fixture.name.starts_with("gateway/messages.tsv ")).count();
    assert_eq!(messages, 32);
}

/// The gateway's codes say their status themselves.
#[test]
fn gateway_codes_agree_with_their_status() {
    for fixture in documented(GATEWAY) {
        let code = fixture.expected.code.unwrap_or_default();
        assert_eq!(code.get(1..4), Some(fixture.status.to_string().as_str()), "{code}");
        assert_eq!(fixture.expected.billing, "free");
    }
}

/// The words of the expectations, so that none is misspelt on both sides, and the price of each.
#[test]
fn expectations_are_consistent() {
    let refusals: Vec<&str> = RefusalClass::ALL.iter().map(|class| class.word()).collect();
    let mut names = BTreeMap::new();
    for folder_name in ALL.iter().map(|provider| provider.info().slug).chain([GATEWAY]) {
        for fixture in own(folder_name) {
            let expected = &fixture.expected;
            let name = &fixture.name;
            let faults = ["not_json", "too_deep", "no_verdict", "echo_contradicts"];
            let ending = expected.ending.as_str();
            assert!(expected.is_verdict() || refusals.contains(&ending) || faults.contains(&ending), "{name}");
            assert!(!fixture.source.is_empty(), "{name}");
            let billed = (200..=299).contains(&fixture.status);
            let gateway = fixture.headers.iter().any(|(key, value)| {
                key.to_ascii_lowercase().starts_with("x-ca-error-") && !value.trim_ascii().is_empty()
            });
            let billing = match (billed, gateway) {
                (true, true) => "unknown",
                (true, false) => "billed",
                (false, _) => "free",
            };
            assert_eq!(expected.billing, billing, "{name}");
            if expected.is_verdict() || expected.billing == "unknown" {
                assert_ne!(expected.retry, "same_provider", "{name}");
            }
            assert!(ending != "match" || billed, "{name}: a match that is not billed");
            assert_eq!(names.insert(name.clone(), ()), None, "{name} stands there twice");
        }
    }
}

/// Folders of providers that are no more, or misspelt, would never be read.
#[test]
fn every_folder_belongs_to_a_provider() {
    let known: BTreeSet<String> =
        ALL.iter().map(|provider| provider.info().slug.to_owned()).chain([GATEWAY.to_owned()]).collect();
    let found: BTreeSet<String> =
        std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(found, known);
}
