//! What an outcome looks like to a reader of JSON: field names and words are an interface.

#![cfg(feature = "serde")]

use heyan::provider::{IDENAUTHEN, explain};
use heyan::{Billing, Response, Retry, Verdict};

#[test]
fn an_outcome_is_one_object() {
    let mut body = r#"{"idNo":"11010119000101009X","respCode":"0000","province":"北京市","city":"北京市",
        "county":"东城区","birthday":"19000101","sex":"F","age":"123"}"#
        .to_owned()
        .into_bytes();
    let response = Response::new(200, &mut body).unwrap().header("X-Ca-Request-Id", b"3C07F9DB");
    let outcome = explain(&IDENAUTHEN, response).unwrap();
    let expected = serde_json::json!({
        "verdict": "match",
        "billing": "billed",
        "code": "0000",
        "reference": "3C07F9DB",
        "echo": "absent",
        "details": {
            "sex": "female",
            "birth_date": "1900-01-01",
            "age": 123,
            "address": null,
            "province": "北京市",
            "city": "北京市",
            "county": "东城区",
        },
    });
    assert_eq!(serde_json::to_value(&outcome).unwrap(), expected);
    assert_eq!(serde_json::to_value(outcome.to_owned()).unwrap(), expected);
}

#[test]
fn words_are_the_same_in_every_form() {
    fn same(value: impl serde::Serialize + std::fmt::Display, word: &str) {
        assert_eq!(serde_json::to_value(&value).unwrap(), word);
        assert_eq!(value.to_string(), word);
    }
    [Verdict::Match, Verdict::Mismatch, Verdict::NoRecord].into_iter().for_each(|value| same(value, value.word()));
    [Billing::Billed, Billing::Free, Billing::Unknown].into_iter().for_each(|value| same(value, value.word()));
    [Retry::Never, Retry::SameProvider, Retry::OtherProvider].into_iter().for_each(|value| same(value, value.word()));
}
