//! What may follow an ending: every class with every price, the pauses and the budgets.

use std::collections::BTreeSet;
use std::time::Duration;

use heyan::policy::{Class, Ending, Next, Retries, RetryRule, Why};
use heyan::provider::{CHECKONE, explain};
use heyan::{
    Billing, ChannelError, ChannelFault, EncodeError, Error, ProtocolError, RefusalClass, Response, Retry, Verdict,
};
use proptest::prelude::*;

const BILLINGS: [Billing; 3] = [Billing::Billed, Billing::Free, Billing::Unknown];
const RETRIES: [Retry; 3] = [Retry::Never, Retry::SameProvider, Retry::OtherProvider];

/// What one attempt's ending allows: `verdict`, `final`, … as [`Why`], or `again`, or `other`.
fn decision(rule: RetryRule, ending: Ending) -> String {
    let mut retries = Retries::new(rule);
    retries.begin(Duration::ZERO).unwrap();
    match retries.ended(Duration::ZERO, 7, ending) {
        Next::Stop(why) => {
            assert_eq!(retries.begin(Duration::ZERO), Err(why), "what is over stays over");
            format!("{why:?}")
        }
        Next::Again { .. } => "again".to_owned(),
        Next::OtherProvider => "other".to_owned(),
    }
}

/// Each class: what follows when it was free and the advice is never, the same or another provider; when it was billed,
/// the same three; when nobody knows. With a rule that may pay twice: a rule that may not stops after everything that
/// was not free.
const TABLE: &[(&str, [&str; 3], [&str; 3], &str)] = &[
    ("match", ["Verdict"; 3], ["Verdict"; 3], "Verdict"),
    ("mismatch", ["Verdict"; 3], ["Verdict"; 3], "Verdict"),
    ("no_record", ["Verdict"; 3], ["Verdict"; 3], "Verdict"),
    ("credentials", ["Final", "again", "other"], ["Final", "again", "other"], "other"),
    ("quota_exhausted", ["Final", "again", "other"], ["Final", "again", "other"], "other"),
    ("subscription", ["Final", "again", "other"], ["Final", "again", "other"], "other"),
    ("throttled", ["Final", "again", "other"], ["Final", "again", "other"], "again"),
    ("attempt_limit", ["AttemptLimit"; 3], ["AttemptLimit"; 3], "AttemptLimit"),
    ("bad_input", ["Final"; 3], ["Final"; 3], "Final"),
    ("busy", ["Final", "again", "other"], ["Final", "again", "other"], "again"),
    ("configuration", ["Final", "again", "other"], ["Final", "again", "other"], "other"),
    ("unrecognized", ["Final", "again", "other"], ["Final", "again", "other"], "other"),
    ("not_json", ["Final", "again", "other"], ["Final", "again", "other"], "other"),
    ("too_deep", ["Final", "again", "other"], ["Final", "again", "other"], "other"),
    ("no_verdict", ["Final", "again", "other"], ["Final", "again", "other"], "other"),
    ("echo_contradicts", ["Final", "again", "other"], ["Final", "again", "other"], "other"),
    ("protocol", ["Final", "again", "other"], ["Final", "again", "other"], "again"),
    ("too_long", ["Final", "again", "other"], ["Final", "again", "other"], "other"),
    ("dns", ["Final", "again", "other"], ["Final", "again", "other"], "again"),
    ("connect", ["Final", "again", "other"], ["Final", "again", "other"], "again"),
    ("tls", ["Final", "again", "other"], ["Final", "again", "other"], "other"),
    ("timed_out", ["Final", "again", "other"], ["Final", "again", "other"], "again"),
    ("channel", ["Final", "again", "other"], ["Final", "again", "other"], "again"),
    ("encode", ["Final"; 3], ["Final"; 3], "Final"),
];

#[test]
fn every_class_with_every_price_and_advice() {
    let words: Vec<&str> = TABLE.iter().map(|(word, ..)| *word).collect();
    assert_eq!(words, Class::ALL.map(Class::word), "words, and their places, are an interface");
    let frugal = RetryRule::DEFAULT;
    let generous = frugal.may_pay_twice();
    for (word, free, billed, unknown) in TABLE {
        let class = Class::from_word(word).unwrap();
        for (at, retry) in RETRIES.into_iter().enumerate() {
            let ending = |billing| Ending::new(class, billing, retry);
            assert_eq!(decision(frugal, ending(Billing::Free)), free[at], "{word}, free, {retry}");
            assert_eq!(decision(generous, ending(Billing::Free)), free[at], "{word}, free, {retry}");
            assert_eq!(decision(generous, ending(Billing::Billed)), billed[at], "{word}, billed, {retry}");
            assert_eq!(decision(generous, ending(Billing::Unknown)), *unknown, "{word}, unknown, {retry}");
            for billing in [Billing::Billed, Billing::Unknown] {
                let stop = match class {
                    class if class.verdict().is_some() => "Verdict",
                    Class::Refused(RefusalClass::AttemptLimit) => "AttemptLimit",
                    Class::Refused(RefusalClass::BadInput) | Class::Encode => "Final",
                    _ => "MayBeBilled",
                };
                assert_eq!(decision(frugal, ending(billing)), stop, "{word}, {billing}, {retry}");
            }
        }
    }
}

#[test]
fn words_name_classes() {
    assert_eq!(size_of::<Ending>(), 3);
    assert_eq!(Class::ALL.map(Class::word).into_iter().collect::<BTreeSet<_>>().len(), Class::ALL.len());
    for class in Class::ALL {
        assert_eq!(Class::from_word(class.word()), Some(class));
        assert_eq!(class.to_string(), class.word());
        assert_eq!(class.refusal().map(RefusalClass::word), class.refusal().map(|_| class.word()));
    }
    for class in RefusalClass::ALL {
        assert!(Class::ALL.contains(&Class::Refused(class)), "{class}");
    }
    for word in ["", "Match", "match ", "refused", "billed"] {
        assert_eq!(Class::from_word(word), None);
    }
    for billing in BILLINGS {
        assert_eq!(Billing::from_word(billing.word()), Some(billing));
    }
    assert_eq!(Billing::from_word("Free"), None);
}

#[test]
fn advice_that_cannot_be_is_dropped() {
    for class in Class::ALL {
        for billing in BILLINGS {
            for retry in RETRIES {
                let ending = Ending::new(class, billing, retry);
                let dropped = class.verdict().is_some() || billing == Billing::Unknown;
                assert_eq!(ending.retry(), if dropped { Retry::Never } else { retry });
                assert_eq!((ending.class(), ending.billing()), (class, billing));
                assert_eq!(ending.verdict(), class.verdict());
            }
        }
    }
}

#[test]
fn every_party_s_error_has_an_ending() {
    let error = |error: Error<()>| {
        let ending = Ending::from(&error);
        assert_eq!((ending.billing(), ending.retry()), (error.billing(), error.retry()));
        assert_eq!(Ending::of(&Err::<heyan::OwnedOutcome, _>(error)), ending);
        ending.class().word()
    };
    assert_eq!(error(EncodeError::MobileMissing.into()), "encode");
    assert_eq!(error(ProtocolError::Truncated.into()), "protocol");
    assert_eq!(error(ProtocolError::TooLong.into()), "too_long");
    for (fault, word) in [
        (ChannelFault::Dns, "dns"),
        (ChannelFault::Connect, "connect"),
        (ChannelFault::Tls, "tls"),
        (ChannelFault::TimedOut, "timed_out"),
        (ChannelFault::Broken, "channel"),
    ] {
        for sent in [false, true] {
            assert_eq!(error(ChannelError { fault, sent, source: None }.into()), word);
        }
    }
    let deep = "[".repeat(40);
    for (status, body, header, word) in [
        (200, r#"{"code":"10000","data":{"result":"1"}}"#, "", "match"),
        (200, r#"{"code":"10000","data":{"result":"2"}}"#, "", "mismatch"),
        (200, r#"{"code":"10001","data":"null"}"#, "", "no_record"),
        (200, r#"{"code":"10000","data":{}}"#, "", "no_verdict"),
        (200, "<html>", "", "not_json"),
        (200, deep.as_str(), "", "too_deep"),
        (403, "", "B403MQ", "quota_exhausted"),
        (429, "", "T429PA", "throttled"),
        (500, "", "X500ER", "busy"),
    ] {
        let mut body = body.as_bytes().to_vec();
        let mut response = Response::new(status, &mut body).unwrap();
        if !header.is_empty() {
            response = response.header("X-Ca-Error-Code", header.as_bytes());
        }
        let result = explain(&CHECKONE, response);
        let ending = Ending::of(&result);
        assert_eq!(ending.class().word(), word);
        match result {
            Ok(outcome) => {
                assert_eq!(ending.verdict(), Some(outcome.verdict()));
                assert_eq!((ending.billing(), ending.retry()), (outcome.billing(), Retry::Never));
                assert_eq!(Ending::from(&outcome.to_owned()), ending);
            }
            Err(error) => assert_eq!((ending.billing(), ending.retry()), (error.billing(), error.retry())),
        }
    }
    assert_eq!(Class::Match.verdict(), Some(Verdict::Match));
    assert_eq!(Class::Mismatch.verdict(), Some(Verdict::Mismatch));
    assert_eq!(Class::NoRecord.verdict(), Some(Verdict::NoRecord));
}

#[cfg(feature = "serde")]
#[test]
fn an_ending_is_three_words() {
    let ending = Ending::new(Class::Refused(RefusalClass::Busy), Billing::Free, Retry::SameProvider);
    let expected = serde_json::json!({ "class": "busy", "billing": "free", "retry": "same_provider" });
    assert_eq!(serde_json::to_value(ending).unwrap(), expected);
    for class in Class::ALL {
        assert_eq!(serde_json::to_value(class).unwrap(), class.word());
    }
}

const BUSY: Ending = Ending::new(Class::Refused(RefusalClass::Busy), Billing::Free, Retry::SameProvider);

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

#[test]
fn pauses_grow_within_their_bounds() {
    let rule = RetryRule::new(9, Duration::from_secs(600)).with_pauses(ms(200), ms(5000));
    let pauses = |random: u32| {
        let mut retries = Retries::new(rule);
        let mut pauses = Vec::new();
        while retries.begin(Duration::ZERO).is_ok() {
            if let Next::Again { after } = retries.ended(Duration::ZERO, random, BUSY) {
                pauses.push(after);
            }
        }
        assert_eq!(retries.begin(Duration::ZERO), Err(Why::Attempts));
        pauses
    };
    assert_eq!(pauses(0), [ms(200); 8]);
    // Three times the last one, short of a 2³²th.
    assert_eq!(pauses(u32::MAX), [599, 1796, 4999, 4999, 4999, 4999, 4999, 4999].map(ms));
    assert_eq!(pauses(u32::MAX / 2)[..3], [399, 698, 1146].map(ms));
}

#[test]
fn odd_rules_are_taken_at_their_word() {
    assert_eq!(RetryRule::new(0, Duration::ZERO).attempts(), 1);
    assert_eq!(RetryRule::ONCE.attempts(), 1);
    assert_eq!(RetryRule::DEFAULT.within(), Duration::from_secs(30));
    // A longest pause below the first, and pauses beyond what a clock counts.
    for (first, longest, after) in
        [(ms(300), ms(100), ms(300)), (Duration::MAX, Duration::MAX, ms(u64::MAX)), (ms(0), ms(0), ms(0))]
    {
        let mut retries = Retries::new(RetryRule::new(2, Duration::MAX).with_pauses(first, longest));
        retries.begin(Duration::ZERO).unwrap();
        assert_eq!(retries.ended(Duration::ZERO, u32::MAX, BUSY), Next::Again { after });
    }
}

#[test]
fn a_pause_beyond_the_budget_is_a_stop() {
    let rule = RetryRule::new(5, ms(1000)).with_pauses(ms(200), ms(200));
    // The budget counts from the first attempt, whenever that was.
    for (ended, allowed, late) in [(800, true, 0), (800, true, 1), (801, false, 0)] {
        let mut retries = Retries::new(rule);
        retries.begin(ms(50_000)).unwrap();
        let next = retries.ended(ms(50_000 + ended), 0, BUSY);
        if allowed {
            assert_eq!(next, Next::Again { after: ms(200) });
            // Who sleeps too long is too late.
            assert_eq!(retries.begin(ms(51_000 + late)), if late == 0 { Ok(()) } else { Err(Why::Time) });
        } else {
            assert_eq!(next, Next::Stop(Why::Time));
            assert_eq!(retries.begin(ms(50_900)), Err(Why::Time));
        }
    }
}

#[test]
fn an_attempt_that_is_not_reported_is_followed_by_none() {
    let mut retries = Retries::new(RetryRule::DEFAULT.may_pay_twice());
    retries.begin(ms(1)).unwrap();
    assert_eq!(retries.begin(ms(2)), Err(Why::Unreported));
    assert_eq!(retries.ended(ms(3), 0, BUSY), Next::Again { after: ms(200) });
    assert_eq!(retries.begin(ms(203)), Ok(()));
}

prop_compose! {
    fn any_ending()(class in 0..Class::ALL.len(), billing in 0..3usize, retry in 0..3usize) -> Ending {
        Ending::new(Class::ALL[class], BILLINGS[billing], RETRIES[retry])
    }
}

proptest! {
    #[test]
    fn any_history_keeps_to_its_budget(
        attempts in 1u8..6,
        within in 0u64..5_000,
        pays_twice in any::<bool>(),
        history in proptest::collection::vec((any_ending(), 0u64..2_000, any::<u32>(), 0u64..500), 1..12),
    ) {
        let mut rule = RetryRule::new(attempts, ms(within)).with_pauses(ms(100), ms(900));
        if pays_twice {
            rule = rule.may_pay_twice();
        }
        let mut retries = Retries::new(rule);
        let mut now = ms(12_345);
        let mut began: Vec<Duration> = Vec::new();
        let mut last: Option<Ending> = None;
        for (ending, took, random, overslept) in history {
            match retries.begin(now) {
                Ok(()) => {
                    if let Some(last) = last {
                        prop_assert_eq!(last.verdict(), None);
                        prop_assert_ne!(last.class(), Class::Refused(RefusalClass::AttemptLimit));
                        prop_assert!(pays_twice || last.billing() == Billing::Free);
                    }
                    began.push(now);
                }
                Err(why) => {
                    prop_assert_eq!(retries.begin(now), Err(why));
                    continue;
                }
            }
            now += ms(took);
            match retries.ended(now, random, ending) {
                Next::Again { after } => {
                    prop_assert!((ms(100)..=ms(900)).contains(&after));
                    prop_assert!(now + after <= began[0] + ms(within));
                    now += after + ms(overslept);
                }
                Next::OtherProvider | Next::Stop(_) => {}
            }
            last = Some(ending);
        }
        prop_assert!(began.len() <= usize::from(attempts));
        prop_assert!(*began.last().unwrap() - began[0] <= ms(within));
    }
}
