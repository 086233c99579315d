//! Every way a call can fail on plain connections: what it is called, what it may have cost.

mod support;

use std::io;
use std::net::TcpListener;
use std::sync::{Mutex, mpsc};
use std::time::{Duration, Instant};

use heyan::policy::Class;
use heyan::{Billing, ChannelError, ChannelFault, Consent, ProtocolError, RefusalClass, Retry, Verdict};
use heyan_std::{Call, Cause, Client, Config, Error, Stage};
use support::{Act, MATCH, PATIENCE, Peer, client, matching, plain, plain_for, reply, subject, verify};

fn failure(peer: &Peer) -> Error {
    let error = verify(&client(plain(peer.port))).unwrap_err();
    peer.request();
    assert_eq!((peer.pending(), peer.accepted()), (0, 1), "nothing may be sent twice");
    assert_clean(&error);
    error
}

/// No error may hold the name, the number, the secret or what stands for them in a URL.
fn assert_clean(error: &Error) {
    let text = format!("{error} {error:?}");
    for part in [support::NAME, support::ID, support::APP_CODE, "%E5", "idCard"] {
        assert!(!text.contains(part), "{text}");
    }
}

fn protocol_fault(act: Act) -> ProtocolError {
    let error = failure(&Peer::start(vec![vec![act]]));
    assert_eq!((error.billing(), error.retry()), (Billing::Unknown, Retry::Never));
    match error.inquiry() {
        Some(heyan::Error::Protocol(fault)) => {
            assert_eq!(error.class(), if *fault == ProtocolError::TooLong { Class::TooLong } else { Class::Protocol });
            *fault
        }
        _ => panic!("{error:?}"),
    }
}

fn channel(error: &Error) -> (ChannelFault, bool, Stage) {
    assert_clean(error);
    match error.inquiry() {
        Some(heyan::Error::Channel(ChannelError { fault, sent, source: Some(source) })) => {
            assert_eq!(error.billing(), if *sent { Billing::Unknown } else { Billing::Free });
            (*fault, *sent, source.stage())
        }
        _ => panic!("{error:?}"),
    }
}

#[test]
fn a_port_that_nobody_listens_on() {
    let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
    let error = verify(&client(plain(port))).unwrap_err();
    assert_eq!(channel(&error), (ChannelFault::Connect, false, Stage::Connect));
    assert_eq!((error.class(), error.retry()), (Class::Connect, Retry::SameProvider));
    assert!(error.to_string().contains("connection refused"), "{error}");
}

fn named(lookup: impl Fn(&str, u16) -> io::Result<Vec<std::net::SocketAddr>> + Send + Sync + 'static) -> Config {
    plain(1).insecure_http_base_url("http://peer.test:1").unwrap().resolve_with(lookup)
}

#[test]
fn a_host_without_an_address() {
    for config in [named(|_, _| Err(io::ErrorKind::NotFound.into())), named(|_, _| Ok(Vec::new()))] {
        let error = verify(&client(config)).unwrap_err();
        assert_eq!(channel(&error), (ChannelFault::Dns, false, Stage::Resolve));
        assert_eq!((error.class(), error.billing()), (Class::Dns, Billing::Free));
    }
}

#[test]
fn a_name_server_that_does_not_answer() {
    let (release, released) = mpsc::channel::<()>();
    let released = Mutex::new(released);
    let config = named(move |_, _| {
        let _ = released.lock().unwrap().recv();
        Ok(Vec::new())
    });
    let error = verify(&client(config.resolve_timeout(Duration::from_millis(30)))).unwrap_err();
    assert_eq!(channel(&error), (ChannelFault::TimedOut, false, Stage::Resolve));
    assert_eq!(error.class(), Class::TimedOut);
    drop(release);
}

#[test]
fn a_silent_peer() {
    let peer = Peer::start(vec![vec![Act::Silence]]);
    let start = Instant::now();
    let error = verify(&client(plain(peer.port).timeout(Duration::from_millis(400)))).unwrap_err();
    assert!(start.elapsed() < PATIENCE / 2);
    assert_eq!(channel(&error), (ChannelFault::TimedOut, true, Stage::Receive));
    assert_eq!((error.class(), error.retry()), (Class::TimedOut, Retry::Never));
    peer.request();
    assert_eq!((peer.pending(), peer.accepted()), (0, 1));
}

#[test]
fn a_call_may_ask_for_less_time_than_the_client_has() {
    let peer = Peer::start(vec![vec![Act::Silence]]);
    let call = Call::new().timeout(Duration::from_millis(400));
    let error = client(plain(peer.port)).verify_with(&subject(), Consent::given(), &call).unwrap_err();
    assert_eq!(channel(&error), (ChannelFault::TimedOut, true, Stage::Receive));
    let call = Call::new().timeout(Duration::ZERO);
    let error = client(plain(peer.port)).verify_with(&subject(), Consent::given(), &call).unwrap_err();
    assert_eq!(channel(&error), (ChannelFault::TimedOut, false, Stage::Resolve));
}

#[test]
fn a_peer_that_drips_beyond_the_deadline() {
    for bytes in [
        // In the head, in a body of known length, and in one that never ends.
        vec![b'a'; 10_000],
        reply("200 OK", "", &[b' '; 10_000]),
        [&b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2710\r\n"[..], &[b' '; 10_000]].concat(),
    ] {
        let peer = Peer::start(vec![vec![Act::Drip(bytes)]]);
        let start = Instant::now();
        let error = verify(&client(plain(peer.port).timeout(Duration::from_millis(600)))).unwrap_err();
        assert!(start.elapsed() < PATIENCE / 2);
        assert_eq!(channel(&error), (ChannelFault::TimedOut, true, Stage::Receive));
        assert_eq!(error.billing(), Billing::Unknown);
    }
}

#[test]
fn a_peer_that_takes_the_request_and_closes() {
    assert_eq!(protocol_fault(Act::ReplyAndClose(Vec::new())), ProtocolError::Closed);
}

#[test]
fn replies_that_end_early() {
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    for text in [
        "HTTP/1.1 2".to_owned(),
        "HTTP/1.1 200 OK\r\nContent-Le".to_owned(),
        "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n".to_owned(),
        format!("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{}", String::from_utf8_lossy(MATCH)),
        format!("{chunked}5\r\nab"),
        format!("{chunked}4c\r\n{}\r\n", String::from_utf8_lossy(MATCH)),
        // The last chunk came, the line that ends the message did not.
        format!("{chunked}{:x}\r\n{}\r\n0\r\n", MATCH.len(), String::from_utf8_lossy(MATCH)),
    ] {
        assert_eq!(protocol_fault(Act::ReplyAndClose(text.clone().into_bytes())), ProtocolError::Truncated, "{text}");
    }
}

#[test]
fn replies_that_are_too_long() {
    let long = vec![b' '; 70_000];
    let chunk = [&b"11170\r\n"[..], &long, b"\r\n0\r\n\r\n"].concat();
    let head = "HTTP/1.1 200 OK\r\n";
    for bytes in [
        reply("200 OK", "", &long),
        format!("{head}Content-Length: 99999999999999999999\r\n\r\n").into_bytes(),
        [head.as_bytes(), b"Transfer-Encoding: chunked\r\n\r\n", &chunk].concat(),
        [head.as_bytes(), b"\r\n", &long].concat(),
        format!("{head}A: {}\r\n\r\n", "b".repeat(80_000)).into_bytes(),
    ] {
        let start = bytes[..bytes.len().min(60)].escape_ascii().to_string();
        let fault = protocol_fault(Act::ReplyAndClose(bytes));
        assert_eq!(fault, ProtocolError::TooLong, "{start}");
    }
}

#[test]
fn heads_that_cannot_be_trusted() {
    let ok = "HTTP/1.1 200 OK\r\n";
    let many: String = (0..40).map(|i| format!("X-{i}: a\r\n")).collect();
    let very_many: String = (0..200).map(|i| format!("X-{i}: a\r\n")).collect();
    for (head, fault) in [
        ("SSH-2.0-OpenSSH_9.6\r\n\r\n".to_owned(), ProtocolError::Head),
        ("HTTP/1.1 099 Low\r\n\r\n".to_owned(), ProtocolError::Head),
        (format!("\r\n{ok}Content-Length: 2\r\n\r\n{{}}"), ProtocolError::Head),
        (format!("{ok}Name\r\n\r\n"), ProtocolError::Head),
        (format!("{ok}A: b\r\n folded\r\n\r\n"), ProtocolError::Head),
        (format!("{ok}A: b\nContent-Length: 0\r\n\r\n"), ProtocolError::LineEnding),
        (format!("{ok}{many}\r\n"), ProtocolError::HeaderCount),
        (format!("{ok}{very_many}\r\n"), ProtocolError::HeaderCount),
        (format!("{ok}Content-Length: 2\r\nContent-Length: 2\r\n\r\n{{}}"), ProtocolError::ContentLength),
        (format!("{ok}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{{}}"), ProtocolError::ContentLength),
        (format!("{ok}Content-Length: 2, 2\r\n\r\n{{}}"), ProtocolError::ContentLength),
        (format!("{ok}Content-Length: +2\r\n\r\n{{}}"), ProtocolError::ContentLength),
        (
            format!("{ok}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{{}}\r\n0\r\n\r\n"),
            ProtocolError::ContentLength,
        ),
        (format!("{ok}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"), ProtocolError::TransferEncoding),
        ("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n".to_owned(), ProtocolError::TransferEncoding),
        (format!("{ok}Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{{}}"), ProtocolError::ContentEncoding),
        (format!("{ok}Transfer-Encoding: chunked\r\n\r\nxyz\r\n{{}}\r\n0\r\n\r\n"), ProtocolError::Chunk),
        (format!("{ok}Transfer-Encoding: chunked\r\n\r\n2\r\n{{}}!!\r\n0\r\n\r\n"), ProtocolError::Chunk),
        ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n".to_owned(), ProtocolError::Upgrade),
    ] {
        let seen = head[..head.len().min(120)].to_owned();
        assert_eq!(protocol_fault(Act::ReplyAndClose(head.into_bytes())), fault, "{seen}");
    }
}

#[test]
fn replies_that_are_read_however_they_are_framed() {
    let text = std::str::from_utf8(MATCH).unwrap();
    let ok = "HTTP/1.1 200 OK\r\n";
    let (first, second) = text.split_at(10);
    for bytes in [
        format!(
            "{ok}Transfer-Encoding: Chunked\r\n\r\na\r\n{first}\r\n{:X};x=y\r\n{second}\r\n0\r\nT: u\r\n\r\n",
            second.len()
        ),
        format!("{ok}\r\n{text}"),
        format!("HTTP/1.0 200 OK\r\nContent-Length: {}\r\n\r\n{text}", text.len()),
        format!(
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n{ok}Content-Encoding: identity\r\nContent-Length: {}\r\n\r\n{text}",
            text.len()
        ),
    ] {
        let peer = Peer::start(vec![vec![Act::ReplyAndClose(bytes.clone().into_bytes())]]);
        assert_eq!(verify(&client(plain(peer.port))).unwrap().verdict(), Verdict::Match, "{bytes}");
    }
    let peer = Peer::start(vec![vec![Act::Drip(reply("200 OK", "", MATCH))]]);
    let outcome = verify(&client(plain(peer.port))).unwrap();
    assert_eq!(outcome.reference().map(heyan::Token::as_str), Some("t_1"));
}

#[test]
fn a_reply_as_long_as_permitted_is_read_and_one_byte_more_is_not() {
    for (padding, expected) in [(0, None), (1, Some(Class::TooLong))] {
        for len in [4096, 5000, 64 * 1024] {
            let mut body = MATCH.to_vec();
            body.resize(len + padding, b' ');
            let chunked = [
                format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n", body.len()).as_bytes(),
                &body,
                b"\r\n0\r\n\r\n",
            ]
            .concat();
            for bytes in [reply("200 OK", "", &body), chunked] {
                let peer = Peer::start(vec![vec![Act::ReplyAndClose(bytes)]]);
                let result = verify(&client(plain(peer.port).reply_len_max(len)));
                assert_eq!(result.as_ref().err().map(Error::class), expected, "{len} {padding}");
            }
        }
    }
}

#[test]
fn what_the_gateway_and_the_vendors_say() {
    let peer = Peer::start(vec![vec![Act::Reply(reply(
        "403 Forbidden",
        "X-Ca-Error-Code: B403MQ\r\nX-Ca-Request-Id: 1F-2E\r\nx-ca-error-message: Api Market Subscription quota exhausted\r\n",
        b"",
    ))]]);
    let error = failure(&peer);
    assert_eq!(error.class(), Class::Refused(RefusalClass::QuotaExhausted));
    assert_eq!((error.billing(), error.retry()), (Billing::Free, Retry::OtherProvider));
    assert_eq!(error.code().map(heyan::Token::as_str), Some("B403MQ"));
    assert_eq!(error.reference().map(heyan::Token::as_str), Some("1F-2E"));

    // The message holds the whole request in clear, as raw UTF-8.
    let message = format!("Invalid Signature, Server StringToSign:`GET#idCard={}&name={}`", support::ID, support::NAME);
    let peer = Peer::start(vec![vec![Act::Reply(reply(
        "400 Bad Request",
        &format!("X-Ca-Error-Message: {message}\r\n"),
        b"",
    ))]]);
    let error = failure(&peer);
    assert_eq!(error.class(), Class::Refused(RefusalClass::Credentials));

    let peer = Peer::start(vec![vec![Act::Reply(reply("302 Found", "Location: http://127.0.0.1:1/\r\n", b""))]]);
    let error = failure(&peer);
    assert_eq!((error.class(), error.billing()), (Class::NotJson, Billing::Free));

    let peer = Peer::start(vec![vec![Act::Reply(reply("200 OK", "", b"{\"status\":\"99\"}"))]]);
    assert_eq!(failure(&peer).class(), Class::Refused(RefusalClass::Unrecognized));
    for (body, class) in [
        (&b"<html>"[..], Class::NotJson),
        (b"{\"a\":[[[[[[[[[[]]]]]]]]]]}", Class::TooDeep),
        (b"{}", Class::NoVerdict),
        (b"{\"status\":\"01\",\"idCard\":\"11010119000101001X\"}", Class::EchoContradicts),
    ] {
        let peer = Peer::start(vec![vec![Act::Reply(reply("200 OK", "", body))]]);
        let error = failure(&peer);
        assert_eq!((error.class(), error.billing()), (class, Billing::Billed));
    }
}

#[test]
fn status_666() {
    let body = "{\"ok\":0,\"msg\":\"身份证号码有误\"}";
    let peer = Peer::start(vec![vec![Act::Reply(reply("666 ", "", body.as_bytes()))]]);
    let error = verify(&client(plain_for(&heyan::provider::SFZ2, peer.port))).unwrap_err();
    assert_eq!((error.class(), error.billing()), (Class::Refused(RefusalClass::BadInput), Billing::Free));
    assert!(matches!(error.inquiry(), Some(heyan::Error::Refused(refusal)) if refusal.status() == 666));
}

#[test]
fn a_subject_the_provider_does_not_take() {
    let client = client(plain_for(&heyan::provider::SJSYS, 1));
    let error = client.verify(&subject(), Consent::given()).unwrap_err();
    assert!(error.is_wrong_use());
    assert_eq!((error.class(), error.billing()), (Class::Encode, Billing::Free));
}

/// With a body that no socket buffers hold: they end at 4 MiB for what is sent, and what is not read grows no window.
fn long_call<T>(use_call: impl FnOnce(&Call<'_>) -> T) -> T {
    let value = "x".repeat(8 << 20);
    let fields = |_: &heyan::Subject<'_>, fields: &mut heyan::http::Fields<'_>| fields.add("extra", &value);
    use_call(&Call::new().fields(&fields))
}

fn verify_long(client: &Client) -> Result<heyan::OwnedOutcome, Error> {
    long_call(|call| client.verify_with(&subject(), Consent::given(), call))
}

#[test]
fn a_request_that_does_not_leave_completely_is_free() {
    let peer = Peer::start(vec![vec![Act::CloseWithin(1000)]]);
    let error = verify_long(&client(plain_for(&heyan::provider::CHECKONE, peer.port))).unwrap_err();
    assert_eq!(channel(&error), (ChannelFault::Broken, false, Stage::Send));
    assert_eq!((error.class(), error.retry()), (Class::Channel, Retry::SameProvider));
    assert_eq!(peer.accepted(), 1, "a fresh connection is not tried a second time");

    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let config = plain_for(&heyan::provider::CHECKONE, port).send_timeout(Duration::from_millis(100));
    let error = verify_long(&client(config)).unwrap_err();
    assert_eq!(channel(&error), (ChannelFault::TimedOut, false, Stage::Send));
}

#[test]
fn a_kept_connection_that_breaks_before_the_request_left_is_replaced_once() {
    let done = || Act::Reply(reply("200 OK", "", b"{\"code\":\"10000\",\"data\":{\"result\":\"1\"}}"));
    let peer = Peer::start(vec![vec![done(), Act::CloseWithin(1000)], vec![done()]]);
    let client = client(plain_for(&heyan::provider::CHECKONE, peer.port));
    assert_eq!(verify(&client).unwrap().verdict(), Verdict::Match);
    assert_eq!(verify_long(&client).unwrap().verdict(), Verdict::Match);
    assert_eq!(peer.accepted(), 2);
    peer.request();
    peer.request();
    assert_eq!(peer.pending(), 0);
}

#[test]
fn a_kept_connection_that_closes_after_the_request_left_is_not_replaced() {
    let peer = Peer::start(vec![vec![matching(), Act::ReplyAndClose(Vec::new())], vec![matching()]]);
    let client = client(plain(peer.port));
    assert_eq!(verify(&client).unwrap().verdict(), Verdict::Match);
    let error = verify(&client).unwrap_err();
    assert_eq!(error, Error::Inquiry(heyan::Error::Protocol(ProtocolError::Closed)));
    assert_eq!((error.billing(), error.retry()), (Billing::Unknown, Retry::Never));
    peer.request();
    peer.request();
    assert_eq!((peer.pending(), peer.accepted()), (0, 1));
}

#[test]
fn errors_name_their_reason() {
    let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
    let error = verify(&client(plain(port))).unwrap_err();
    let Some(heyan::Error::Channel(ChannelError { source: Some(source), .. })) = error.inquiry() else {
        panic!("{error:?}")
    };
    assert_eq!(source.cause(), Some(Cause::Io(io::ErrorKind::ConnectionRefused)));
}
