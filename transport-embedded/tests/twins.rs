//! The async driver and the blocking one do the same on every reply, however it is split, cut or broken.

mod support;

use embedded_io::ErrorKind;
use heyan::{Billing, ChannelFault, Error, Retry};
use heyan_embedded::{Insecure, Link, Secure, blocking, verify, verify_kept};
use support::{
    Async, BUFFER_LEN, Failure, Fate, Script, block_on, inquiry, insecure_inquiry, reply, request_len, watch,
};

/// All that can be seen of a call, but for the channel's type.
#[derive(Debug, PartialEq)]
struct Seen {
    result: String,
    verdict: Option<heyan::Verdict>,
    price: Billing,
    retry: Retry,
    error: Option<Error<Failure>>,
    written: Vec<u8>,
    read: usize,
    open: bool,
    may_repeat: bool,
    left_in_buffer: usize,
}

impl Seen {
    fn new(
        result: Result<heyan::OwnedOutcome, Error<Failure>>,
        script: &Script,
        (open, may_repeat): (bool, bool),
        buffer: &[u8],
    ) -> Self {
        Self {
            verdict: result.as_ref().ok().map(heyan::OwnedOutcome::verdict),
            price: result.as_ref().map_or_else(Error::billing, heyan::OwnedOutcome::billing),
            retry: result.as_ref().map_or_else(Error::retry, heyan::OwnedOutcome::retry),
            result: format!("{result:?}"),
            error: result.err(),
            written: script.written.clone(),
            read: match script.fate {
                // One twin asks by reading, the other does not.
                Fate::IdleSpeaks(at) => script.read.min(at),
                _ => script.read,
            },
            open,
            may_repeat,
            left_in_buffer: buffer.iter().filter(|byte| **byte != 0).count(),
        }
    }
}

/// Runs a script twice over the same link, through both twins, and demands the same of them.
fn both(script: &Script) -> [Seen; 2] {
    let mut buffer = [0xAA; BUFFER_LEN];
    let mut link = Secure::vouch(script.clone());
    let one = [(); 2].map(|()| {
        let result = blocking::verify(&mut link, &inquiry(), &mut buffer, &watch());
        let state = (link.is_open(), link.may_repeat());
        Seen::new(result, link.channel(), state, &buffer)
    });
    let mut link = Secure::vouch(Async(script.clone()));
    let other = [(); 2].map(|()| {
        let result = block_on(verify(&mut link, &inquiry(), &mut buffer, &watch()));
        let state = (link.is_open(), link.may_repeat());
        Seen::new(result, &link.channel().0, state, &buffer)
    });
    assert_eq!(one, other, "{script:?}");
    for seen in &one {
        assert_eq!(seen.left_in_buffer, 0, "{script:?}");
    }
    one
}

fn replies() -> Vec<Vec<u8>> {
    let chunked =
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\n{\"stat\r\n9;x\r\nus\":\"02\"}\r\n0\r\n\r\n";
    vec![
        reply("01"),
        reply("02"),
        reply("202"),
        [reply("01"), reply("02")].concat(),
        chunked.to_vec(),
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n{\"status\":\"01\"}".to_vec(),
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 15\r\n\r\n{\"status\":\"01\"}".to_vec(),
        b"HTTP/1.1 666 \r\nContent-Length: 2\r\n\r\n{}".to_vec(),
        b"HTTP/1.1 403 Forbidden\r\nX-Ca-Error-Code: B403MQ\r\nContent-Length: 0\r\n\r\n".to_vec(),
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n".to_vec(),
        b"220 smtp.example.com ESMTP\r\n\r\n".to_vec(),
        Vec::new(),
    ]
}

#[test]
fn agree_on_every_split_cut_and_error() {
    let kinds = [ErrorKind::ConnectionReset, ErrorKind::TimedOut, ErrorKind::InvalidData];
    let (mut runs, mut verdicts) = (0, 0);
    for reply in replies() {
        for piece in [1, 7, usize::MAX] {
            let mut fates = vec![Fate::Fine];
            for at in 0..=reply.len() {
                fates.push(Fate::ReadEnds(at));
                fates.extend(kinds.map(|kind| Fate::ReadFails(at, kind)));
            }
            for at in (0..2 * request_len()).filter(|at| at % 5 == 0 || at % request_len() > request_len() - 3) {
                fates.push(Fate::WriteTakesNothing(at));
                fates.extend(kinds.map(|kind| Fate::WriteFails(at, kind)));
            }
            fates.extend(kinds.map(Fate::FlushFails));
            for fate in fates {
                let [first, second] = both(&Script::new(&reply, piece, fate));
                runs += 2;
                verdicts += usize::from(first.verdict.is_some()) + usize::from(second.verdict.is_some());
                // What was not sent whole is free, what was sent whole and not answered is not known to be.
                if let Some(Error::Channel(error)) = &first.error {
                    assert_eq!(error.sent, first.written.len() == request_len(), "{fate:?}");
                    assert!(!first.open && !first.may_repeat, "{fate:?}");
                }
            }
        }
    }
    assert!(runs > 20_000 && verdicts > 4_000, "{runs} runs, {verdicts} verdicts");
}

#[test]
fn keep_a_connection_as_long_as_the_peer_does() {
    let two = [reply("01"), reply("202")].concat();
    // A whole reply per read: what belongs to the second one is not read with the first.
    let [first, second] = both(&Script::new(&two, usize::MAX, Fate::Fine));
    assert_eq!(first.verdict, Some(heyan::Verdict::Match));
    assert_eq!(second.verdict, None, "bytes beyond the reply: {second:?}");

    let [first, second] = both(&Script::new(&two, 1, Fate::Fine));
    assert_eq!((first.verdict, first.open), (Some(heyan::Verdict::Match), true));
    assert_eq!((second.verdict, second.open), (Some(heyan::Verdict::NoRecord), true));
    assert_eq!(second.written.len(), 2 * request_len());

    let close = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 15\r\n\r\n{\"status\":\"01\"}";
    let [first, second] = both(&Script::new(&[close, &close[..]].concat(), 1, Fate::Fine));
    assert_eq!((first.verdict, first.open), (Some(heyan::Verdict::Match), false));
    assert_eq!((second.price, second.written.len()), (Billing::Free, request_len()));
}

#[test]
fn a_kept_connection_may_be_repeated_only_before_the_last_byte_left() {
    let all = request_len();
    for at in all..2 * all {
        let [first, second] = both(&Script::new(&reply("01"), 1, Fate::WriteFails(at, ErrorKind::ConnectionReset)));
        assert!(first.verdict.is_some() && !first.may_repeat);
        assert!(second.may_repeat && second.price == Billing::Free);
        // A deadline is no sign that the peer is gone.
        let [_, second] = both(&Script::new(&reply("01"), 1, Fate::WriteFails(at, ErrorKind::TimedOut)));
        assert!(!second.may_repeat);
    }
    let [_, second] = both(&Script::new(&reply("01"), 1, Fate::ReadEnds(reply("01").len())));
    assert_eq!((second.may_repeat, second.price), (false, Billing::Unknown));
}

/// What a peer can do to a connection that waits for the next person.
fn idle_fates() -> [Fate; 3] {
    let at = reply("01").len();
    [Fate::IdleEnds(at), Fate::IdleSpeaks(at), Fate::IdleFails(at, ErrorKind::ConnectionReset)]
}

#[test]
fn a_kept_connection_that_is_not_quiet_is_not_used() {
    let two = [reply("01"), reply("01")].concat();
    for fate in idle_fates() {
        for piece in [1, reply("01").len()] {
            let [first, second] = both(&Script::new(&two, piece, fate));
            assert!(first.verdict.is_some() && first.open, "{fate:?}");
            // Not a byte of the second request leaves, and what the peer said is nobody's verdict.
            assert_eq!((second.verdict, second.price, second.may_repeat), (None, Billing::Free, true), "{fate:?}");
            assert_eq!((second.written.len(), second.open), (request_len(), false), "{fate:?}");
        }
    }
}

#[test]
fn a_channel_that_counts_wrong_gives_no_verdict() {
    struct Boasts(Script);
    impl embedded_io::ErrorType for Boasts {
        type Error = Failure;
    }
    impl embedded_io::Write for Boasts {
        fn write(&mut self, bytes: &[u8]) -> Result<usize, Failure> {
            embedded_io::Write::write(&mut self.0, bytes)
        }
        fn flush(&mut self) -> Result<(), Failure> {
            embedded_io::Write::flush(&mut self.0)
        }
    }
    impl embedded_io::Read for Boasts {
        fn read(&mut self, space: &mut [u8]) -> Result<usize, Failure> {
            embedded_io::Read::read(&mut self.0, space).map(|_| space.len() + 1)
        }
    }
    impl embedded_io::ReadReady for Boasts {
        fn read_ready(&mut self) -> Result<bool, Failure> {
            Ok(false)
        }
    }
    let mut link = Secure::vouch(Boasts(Script::new(&reply("01"), 99, Fate::Fine)));
    let result = blocking::verify(&mut link, &inquiry(), &mut [0; BUFFER_LEN], &watch());
    assert!(matches!(result, Err(Error::Protocol(heyan::ProtocolError::TooLong))), "{result:?}");
}

/// Puts a fresh link into the slot, each with the next of these fates.
fn kept(fates: &[Fate], people: usize) -> Vec<(String, usize)> {
    let script = |fate| Script::new(&[reply("01"), reply("02"), reply("01")].concat(), 1, fate);
    let mut buffer = [0; BUFFER_LEN];
    let watch = watch();

    let (mut slot, mut connects, mut one) = (None, 0, Vec::new());
    for _ in 0..people {
        let connect = |slot: &mut Option<_>| {
            *slot = Some(Secure::vouch(script(fates[connects])));
            connects += 1;
            Ok(())
        };
        let result = blocking::verify_kept(&mut slot, connect, &inquiry(), &mut buffer, &watch);
        one.push((format!("{result:?}"), connects));
        assert_eq!(buffer, [0; BUFFER_LEN]);
    }

    let (mut slot, mut connects, mut other) = (None, 0, Vec::new());
    for _ in 0..people {
        let connect = async |slot: &mut Option<_>| {
            *slot = Some(Secure::vouch(Async(script(fates[connects]))));
            connects += 1;
            Ok(())
        };
        let result = block_on(verify_kept(&mut slot, connect, &inquiry(), &mut buffer, &watch));
        other.push((format!("{result:?}"), connects));
        assert_eq!(buffer, [0; BUFFER_LEN]);
    }
    assert_eq!(one, other);
    one
}

#[test]
fn the_next_person_gets_the_kept_connection_or_a_fresh_one() {
    let ok = kept(&[Fate::Fine], 3);
    assert_eq!(ok.iter().map(|(_, connects)| *connects).collect::<Vec<_>>(), [1, 1, 1]);
    assert!(ok[0].0.contains("Match") && ok[1].0.contains("Mismatch"), "{ok:?}");

    // Dies while the second request is written: repeated on a fresh one, whose first answer it gets.
    let dies = Fate::WriteFails(request_len() + 9, ErrorKind::BrokenPipe);
    let seen = kept(&[dies, Fate::Fine], 2);
    assert_eq!(seen.iter().map(|(_, connects)| *connects).collect::<Vec<_>>(), [1, 2]);
    assert!(seen[1].0.starts_with("Ok"), "{seen:?}");

    // Closed, or out of step, while nobody was served: replaced before a byte of the second request left.
    for fate in idle_fates() {
        let seen = kept(&[fate, Fate::Fine], 2);
        assert_eq!(seen.iter().map(|(_, connects)| *connects).collect::<Vec<_>>(), [1, 2], "{fate:?}");
        assert!(seen[1].0.starts_with("Ok") && seen[1].0.contains("Match"), "{fate:?}: {seen:?}");
    }

    // Both die: once is enough.
    let seen = kept(&[dies, Fate::WriteFails(3, ErrorKind::BrokenPipe), Fate::Fine], 2);
    assert_eq!(seen[1].1, 2);
    assert!(seen[1].0.contains("Broken"), "{seen:?}");

    // Dies after the last byte left: the call may have been billed, so nothing is repeated; the next person connects.
    let seen = kept(&[Fate::ReadEnds(reply("01").len()), Fate::Fine], 3);
    assert_eq!(seen.iter().map(|(_, connects)| *connects).collect::<Vec<_>>(), [1, 1, 2]);
    assert!(seen[1].0.contains("Closed") && seen[2].0.starts_with("Ok"), "{seen:?}");

    // Fresh and dead is not repeated.
    let seen = kept(&[Fate::WriteFails(0, ErrorKind::BrokenPipe), Fate::Fine], 1);
    assert_eq!(seen[0].1, 1);
}

#[test]
fn an_https_request_never_goes_over_an_insecure_link() {
    let mut link = Insecure::plain_text(Script::new(&reply("01"), 99, Fate::Fine));
    let mut buffer = [0; BUFFER_LEN];
    let error = blocking::verify(&mut link, &inquiry(), &mut buffer, &watch()).unwrap_err();
    let Error::Channel(error) = error else { panic!("{error}") };
    assert_eq!((error.fault, error.sent, error.source), (ChannelFault::Link, false, None));
    assert_eq!((error.billing(), error.retry()), (Billing::Free, Retry::Never));
    assert!(link.channel().written.is_empty());
    assert!(blocking::verify(&mut link, &insecure_inquiry(), &mut buffer, &watch()).is_ok());

    let mut link = Insecure::plain_text(Async(Script::new(&reply("01"), 99, Fate::Fine)));
    assert!(block_on(verify(&mut link, &inquiry(), &mut buffer, &watch())).is_err());
    assert!(link.channel().0.written.is_empty());
    assert!(block_on(verify(&mut link, &insecure_inquiry(), &mut buffer, &watch())).is_ok());
}

#[test]
fn a_link_for_one_host_carries_nothing_to_another() {
    for (host, admitted) in
        [(support::HOST, true), ("IDCERT.market.alicloudapi.com", true), ("example.com", false), ("", false)]
    {
        let mut link = Secure::vouch(Script::new(&reply("01"), 99, Fate::Fine)).for_host(host);
        let result = blocking::verify(&mut link, &inquiry(), &mut [0; BUFFER_LEN], &watch());
        assert_eq!((result.is_ok(), link.channel().written.is_empty()), (admitted, !admitted), "{host}");
    }
    let long = "a".repeat(200);
    let mut link = Secure::vouch(Script::new(&reply("01"), 99, Fate::Fine)).for_host(&long);
    assert!(blocking::verify(&mut link, &inquiry(), &mut [0; BUFFER_LEN], &watch()).is_err());
}

#[test]
fn a_dropped_call_leaves_a_link_that_nobody_uses_again() {
    use std::task::{Context, Waker};
    let mut link = Secure::vouch(Async(Script::new(&reply("01"), 5, Fate::Fine)));
    let (mut buffer, watch) = ([0; BUFFER_LEN], watch());
    {
        let inquiry = inquiry();
        let mut call = std::pin::pin!(verify(&mut link, &inquiry, &mut buffer, &watch));
        assert!(call.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    }
    assert!(!link.is_open());
    assert!(block_on(verify(&mut link, &inquiry(), &mut buffer, &watch)).is_err());
}

#[test]
fn nothing_is_sent_when_the_request_cannot_be_written() {
    let mut link = Secure::vouch(Script::new(&reply("01"), 99, Fate::Fine));
    let error = blocking::verify(&mut link, &inquiry(), &mut [0; 64], &watch()).unwrap_err();
    assert!(matches!(error, Error::Encode(_)));
    assert!(link.is_open() && link.channel().written.is_empty());
}
