//! The requests that the vendors' documents show are the ones that are written.

use heyan::provider::ALL;
use heyan_conformance::{Expected, Sample, Unaskable, samples};

#[test]
fn documented_requests_are_reproduced_or_refused_before_a_call() {
    for provider in ALL {
        let slug = provider.info().slug;
        let samples = samples(*provider).unwrap_or_else(|error| panic!("{error}"));
        assert!(samples.iter().any(|sample| sample.expected == Expected::Same), "{slug}: no request is reproduced");
        for sample in samples {
            let name = &sample.name;
            match (sample.asked.inquiry(*provider), &sample.expected) {
                (Ok(inquiry), Expected::Same) => {
                    let mut buffer = [0; 2048];
                    let request = inquiry.write(&mut buffer).unwrap();
                    let view = request.expose();
                    assert_eq!(
                        (view.method.as_str(), view.target),
                        (sample.method.as_str(), sample.target.as_str()),
                        "{name}"
                    );
                    assert_eq!(view.body, sample.body, "{name}");
                    let content_type = view.headers().find(|(key, _)| key.eq_ignore_ascii_case("content-type"));
                    assert_eq!(content_type.map(|(_, value)| value), sample.content_type.as_deref(), "{name}");
                    let authorization = view.headers().find(|(key, _)| *key == "Authorization").map(|(_, value)| value);
                    assert_eq!(authorization, Some("APPCODE test-appcode-not-a-secret"), "{name}");
                }
                (Err(Unaskable::Name(_)), Expected::Name) | (Err(Unaskable::Inquiry(_)), Expected::Inquiry) => {}
                (Err(Unaskable::IdNumber(error)), Expected::IdNumber(reason)) => {
                    assert_eq!(error.reason(), reason, "{name}");
                }
                (Ok(_), expected) => panic!("{name}: asked, but expected {expected:?}"),
                (Err(error), expected) => panic!("{name}: {error:?}, but expected {expected:?}"),
            }
        }
    }
}

/// A masked value is never sent, whatever it is a mask of.
#[test]
fn no_sample_that_is_sent_holds_a_star() {
    for provider in ALL {
        for Sample { name, expected, target, body, .. } in samples(*provider).unwrap() {
            let masked = target.contains('*') || body.contains(&b'*');
            assert!(!(masked && expected == Expected::Same), "{name}");
        }
    }
}
