//! Changed replies against a second reader, which is written from the vendors' documents alone and shares nothing with
//! heyan: serde_json reads the text, tables below say what it means. No reply may become a verdict that the second reader
//! does not see.

use std::sync::OnceLock;

use heyan::Provider;
use heyan::provider::ALL;
use heyan_conformance::oracle::{Json, Meaning, meaning, number_sent, parse};
use heyan_conformance::{Fixture, Observed, replies};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::RngSeed;

fn fixtures() -> &'static [(&'static dyn Provider, Fixture)] {
    static FIXTURES: OnceLock<Vec<(&'static dyn Provider, Fixture)>> = OnceLock::new();
    FIXTURES.get_or_init(|| {
        let mut all = Vec::new();
        for provider in ALL {
            let own = replies(*provider).unwrap_or_else(|error| panic!("{error}"));
            // The gateway's headers decide before any body does: those replies are no soil for changes.
            let of_vendor =
                own.into_iter().filter(|fixture| !fixture.body.is_empty() && fixture.expected.billing != "unknown");
            all.extend(of_vendor.map(|mut fixture| {
                fixture.headers.clear();
                (*provider, fixture)
            }));
        }
        all
    })
}

/// The same cases in every run; `PROPTEST_CASES` and `PROPTEST_RNG_SEED` ask for more and for others.
fn config() -> ProptestConfig {
    let given = ProptestConfig::default();
    let rng_seed = match given.rng_seed {
        RngSeed::Random => RngSeed::Fixed(0x0068_6579_616e),
        seed => seed,
    };
    ProptestConfig { cases: given.cases.max(4096), rng_seed, failure_persistence: None, ..given }
}

/// Fails if heyan reads `fixture` otherwise than the second reader.
fn agree(provider: &dyn Provider, fixture: &Fixture) -> Result<Observed, TestCaseError> {
    let inquiry = fixture.asked.inquiry(provider).unwrap();
    let got = fixture.with_response(|response| Observed::of(&inquiry.read(response))).unwrap();
    let asked_number = number_sent(provider, &fixture.asked).unwrap();
    let document = parse(&fixture.body);
    let expected = meaning(provider.info().slug, fixture.status, document.as_ref(), &asked_number);
    let text = String::from_utf8_lossy(&fixture.body);
    match expected {
        Meaning::Verdict(word) => prop_assert_eq!(got.ending.as_str(), word, "{} {}", fixture.status, text),
        Meaning::Refused(word) => prop_assert_eq!(got.ending.as_str(), word, "{} {}", fixture.status, text),
        Meaning::Nothing => prop_assert!(!got.is_verdict(), "{:?} of {} {}", got, fixture.status, text),
    }
    Ok(got)
}

/// A change to a document.
#[derive(Clone, Debug)]
enum Change {
    Delete(Index),
    Repeat(Index),
    RepeatWith(Index, Json),
    Set(Index, Json),
    Rename(Index, &'static str),
    Insert(Index, &'static str, Json),
    Retype(Index),
    Wrap(Index),
}

const NAMES: &[&str] = &[
    "code",
    "message",
    "data",
    "result",
    "state",
    "seqNo",
    "respCode",
    "respMessage",
    "idNo",
    "status",
    "msg",
    "idCard",
    "traceId",
    "ok",
    "match",
    "sfz",
    "xm",
    "name",
    "sex",
    "birthday",
    "age",
    "province",
    "Code",
    "matched",
    "",
];

const TEXTS: &[&str] = &[
    "",
    "0",
    "1",
    "2",
    "3",
    "01",
    "02",
    "202",
    "203",
    "9999",
    "0000",
    "0007",
    "0008",
    "0010",
    "10000",
    "10001",
    "10002",
    "10019",
    "10020",
    "SYSTEM_042",
    "null",
    "true",
    "查无记录",
    "实名校验失败:查无记录",
    "实名校验失败：查无记录key",
    "实名校验失败:查无记录\n",
    "实名校验失败:\"查无记录\"",
    "身份证号码有误",
    "时间戳超时，请重新请求",
    "非法来源",
    "𠮷",
    "1\n",
    "0000\u{0}",
    "\\",
    "11010119000101009X",
    "11010119000101009x",
    "110101190001010057",
    "11*****009X",
    "1101*",
    "*",
    "3505*****12",
];

fn json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::Bool),
        select(&["0", "1", "2", "3", "-1", "1.0", "1e0", "202", "10000", "10001", "9999", "110101190001010057"][..])
            .prop_map(|number| Json::Number(number.to_owned())),
        select(TEXTS).prop_map(|text| Json::Text(text.to_owned())),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Json::Array),
            prop::collection::vec((select(NAMES).prop_map(str::to_owned), inner), 0..3).prop_map(Json::Object),
        ]
    })
}

fn change() -> impl Strategy<Value = Change> {
    let at = any::<Index>;
    prop_oneof![
        at().prop_map(Change::Delete),
        at().prop_map(Change::Repeat),
        (at(), json()).prop_map(|(at, value)| Change::RepeatWith(at, value)),
        (at(), json()).prop_map(|(at, value)| Change::Set(at, value)),
        (at(), select(NAMES)).prop_map(|(at, name)| Change::Rename(at, name)),
        (at(), select(NAMES), json()).prop_map(|(at, name, value)| Change::Insert(at, name, value)),
        at().prop_map(Change::Retype),
        at().prop_map(Change::Wrap),
    ]
}

/// The members of the outermost object, or those of an object in it.
fn members<'j>(document: &'j mut Json, at: &Index) -> Option<&'j mut Vec<(String, Json)>> {
    let Json::Object(members) = document else { return None };
    let inner: Vec<usize> = (0..members.len()).filter(|at| matches!(members[*at].1, Json::Object(_))).collect();
    let which = at.index(inner.len() + 2);
    match inner.get(which) {
        Some(which) => match &mut members[*which].1 {
            Json::Object(inner) => Some(inner),
            _ => None,
        },
        None => Some(members),
    }
}

fn apply(document: &mut Json, change: Change) {
    let at = match &change {
        Change::Delete(at) | Change::Repeat(at) | Change::RepeatWith(at, _) | Change::Set(at, _) => *at,
        Change::Rename(at, _) | Change::Insert(at, _, _) | Change::Retype(at) | Change::Wrap(at) => *at,
    };
    let Some(members) = members(document, &at) else { return };
    if let Change::Insert(_, name, value) = change {
        members.insert(at.index(members.len() + 1), (name.to_owned(), value));
        return;
    }
    if members.is_empty() {
        return;
    }
    let at = at.index(members.len());
    match change {
        Change::Delete(_) => drop(members.remove(at)),
        Change::Repeat(_) => members.push(members[at].clone()),
        Change::RepeatWith(_, value) => members.insert(0, (members[at].0.clone(), value)),
        Change::Set(_, value) => members[at].1 = value,
        Change::Rename(_, name) => members[at].0 = name.to_owned(),
        Change::Retype(_) => members[at].1 = retyped(&members[at].1),
        Change::Wrap(_) => members[at].1 = Json::Array(vec![members[at].1.clone()]),
        Change::Insert(..) => {}
    }
}

/// A text for a number and a number for a text.
fn retyped(value: &Json) -> Json {
    match value {
        Json::Text(text) if text.parse::<u64>().is_ok_and(|number| number.to_string() == *text) => {
            Json::Number(text.clone())
        }
        Json::Number(text) => Json::Text(text.clone()),
        Json::Bool(value) => Json::Text(value.to_string()),
        Json::Null => Json::Text("null".to_owned()),
        value => value.clone(),
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn changed_documents_mean_what_the_documents_say(
        which in any::<Index>(),
        changes in prop::collection::vec(change(), 0..4),
        status in prop_oneof![3 => Just(None), 1 => select(&[200_u16, 201, 299, 300, 403, 450, 500, 666][..]).prop_map(Some)],
        escaping in prop_oneof![2 => Just(Vec::new()), 1 => prop::collection::vec(any::<bool>(), 1..16)],
    ) {
        let (provider, fixture) = &fixtures()[which.index(fixtures().len())];
        let mut fixture = fixture.clone();
        if let Some(mut document) = parse(&fixture.body) {
            for change in changes {
                apply(&mut document, change);
            }
            fixture.body = document.write(&escaping).into_bytes();
        }
        fixture.status = status.unwrap_or(fixture.status);
        agree(*provider, &fixture)?;
    }

    #[test]
    fn changed_bytes_mean_what_the_documents_say(
        which in any::<Index>(),
        edits in prop::collection::vec((any::<Index>(), 0_u8..4, prop_oneof![select(b"{}[]:,\"\\u0123456789 \n*etn".to_vec()), any::<u8>()]), 0..4),
    ) {
        let (provider, fixture) = &fixtures()[which.index(fixtures().len())];
        let mut fixture = fixture.clone();
        for (at, kind, byte) in edits {
            let at = at.index(fixture.body.len() + 1);
            match kind {
                0 => fixture.body.insert(at, byte),
                1 if at < fixture.body.len() => fixture.body[at] = byte,
                2 if at < fixture.body.len() => { fixture.body.remove(at); }
                _ => fixture.body.truncate(at.max(1)),
            }
        }
        agree(*provider, &fixture)?;
    }
}

/// The second reader must know the documents as well as the fixtures do, or agreeing with it would mean nothing.
#[test]
fn the_second_reader_agrees_with_every_fixture() {
    let mut verdicts = 0;
    for (provider, fixture) in fixtures() {
        let got = agree(*provider, fixture).unwrap_or_else(|error| panic!("{}: {error}", fixture.name));
        verdicts += usize::from(got.is_verdict());
    }
    assert!(verdicts > 100, "{verdicts}");
}
