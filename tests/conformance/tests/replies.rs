//! Every fixture through every way of reading a reply: as parts from an HTTP library, as bytes cut at every place, and by
//! somebody who does not know who was asked for.

use heyan::provider::{self, ALL};
use heyan::{Credentials, Exchange, Inquiry, ProtocolError, Provider, Step, VendorKey};
use heyan_conformance::{Fixture, Observed, replies};

const BUFFER: usize = 2048;

/// Runs `check` for every fixture of every provider and reports all that failed, not just the first.
fn for_each(check: impl Fn(&'static dyn Provider, &Fixture) -> Result<(), String> + Sync) {
    let failures: Vec<String> = std::thread::scope(|scope| {
        let check = &check;
        let threads: Vec<_> = ALL
            .iter()
            .map(|provider| {
                scope.spawn(move || {
                    let fixtures = replies(*provider).unwrap_or_else(|error| panic!("{error}"));
                    assert!(!fixtures.is_empty());
                    let slug = provider.info().slug;
                    fixtures
                        .iter()
                        .filter_map(|fixture| {
                            check(*provider, fixture).err().map(|why| format!("{slug}: {}: {why}", fixture.name))
                        })
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap_or_else(|_| vec!["a thread panicked".into()]))
            .collect()
    });
    assert!(failures.is_empty(), "{} failed:\n{}", failures.len(), failures.join("\n"));
}

fn same(what: &str, got: &Observed, expected: &Observed) -> Result<(), String> {
    if got == expected { Ok(()) } else { Err(format!("{what}\n  got      {got:?}\n  expected {expected:?}")) }
}

#[test]
fn as_parts_from_an_http_library() {
    for_each(|provider, fixture| {
        let inquiry = fixture.asked.inquiry(provider).map_err(|error| format!("{error:?}"))?;
        let got = fixture.with_response(|response| Observed::of(&inquiry.read(response)));
        same("read", &got.map_err(|error| error.to_string())?, &fixture.expected)
    });
}

#[test]
fn by_somebody_who_does_not_know_who_was_asked_for() {
    for_each(|provider, fixture| {
        let got = fixture.with_response(|response| Observed::of(&provider::explain(provider, response)));
        same("explained", &got.map_err(|error| error.to_string())?, &fixture.explained)
    });
}

/// What a vendor's own platform charges is not published, and its verdicts are the same.
#[test]
fn through_a_vendors_own_platform() {
    let mut read = 0;
    for provider in ALL.iter().filter(|provider| provider.info().vendor_key_parameter.is_some()) {
        let key = Credentials::VendorKey(VendorKey::new("test-vendor-key-not-a-secret").unwrap());
        for fixture in replies(*provider).unwrap_or_else(|error| panic!("{error}")) {
            let inquiry = fixture.asked.inquiry_with(*provider, key).unwrap();
            let got = fixture.with_response(|response| Observed::of(&inquiry.read(response))).unwrap();
            // Without a known price nothing is advised that could be charged.
            let (billing, retry) = ("unknown".to_owned(), "never".to_owned());
            let expected = Observed { billing, retry, ..fixture.expected.clone() };
            assert_eq!(got, expected, "{}", fixture.name);
            read += 1;
        }
    }
    assert!(read > 0);
}

/// Sends the request, feeds `parts`, one read each, and closes.
fn exchange(inquiry: &Inquiry<'_>, buffer: &mut [u8], parts: &[&[u8]]) -> Result<Observed, ProtocolError> {
    let mut exchange = Exchange::new(inquiry.write(buffer).expect("the buffer suffices"));
    let mut parts = parts.iter().copied().filter(|part| !part.is_empty());
    let mut part: &[u8] = &[];
    loop {
        match exchange.step() {
            Step::Send(bytes) => {
                let n = bytes.len();
                exchange.sent(n);
            }
            Step::Receive(space) => {
                if part.is_empty() {
                    part = parts.next().unwrap_or_default();
                }
                let (now, later) = part.split_at(part.len().min(space.len()));
                space[..now.len()].copy_from_slice(now);
                part = later;
                let n = now.len();
                exchange.received(n);
            }
            Step::Done => break,
        }
    }
    Ok(Observed::of(&inquiry.read(exchange.finish()?)))
}

#[test]
fn as_bytes_cut_at_every_place() {
    for_each(|provider, fixture| {
        let inquiry = fixture.asked.inquiry(provider).map_err(|error| format!("{error:?}"))?;
        let mut buffer = [0; BUFFER];
        let mut check = |what: &str, parts: &[&[u8]]| match exchange(&inquiry, &mut buffer, parts) {
            Ok(got) if fixture.fits_head() => same(what, &got, &fixture.expected),
            Err(ProtocolError::Head) if !fixture.fits_head() => Ok(()),
            other => Err(format!("{what}: {other:?}")),
        };
        for (framing, bytes) in [("sized", fixture.sized()), ("chunked", fixture.chunked(23))] {
            for at in 0..=bytes.len() {
                let (front, back) = bytes.split_at(at);
                check(&format!("{framing}, cut at {at}"), &[front, back])?;
            }
            let bytewise: Vec<&[u8]> = bytes.chunks(1).collect();
            check(&format!("{framing}, byte by byte"), &bytewise)?;
        }
        Ok(())
    });
}
