//! HTTP/1.1 replies through the exchange: what is taken, what is refused, and that no split of the bytes matters.

use heyan::http::HEADERS_MAX;
use heyan::provider::IDCERT;
use heyan::{AppCode, Consent, Credentials, Date, Exchange, IdNumber, Inquiry, Name, ProtocolError, Step, Subject};
use proptest::prelude::*;

const BUFFER: usize = 2048;

fn inquiry() -> Inquiry<'static> {
    let subject = Subject::new(Name::parse("张三").unwrap(), IdNumber::parse("11010119000101009X", Date::MAX).unwrap());
    Inquiry::new(&IDCERT, subject, Consent::given(), Credentials::AppCode(AppCode::new("test-appcode").unwrap()))
        .unwrap()
}

/// What an exchange made of a reply.
#[derive(Debug, PartialEq, Eq, Clone)]
struct Read {
    status: u16,
    body: Vec<u8>,
    keep_alive: bool,
}

/// Feeds `parts`, one read each (as far as the offered space allows), then closes.
fn exchange_in(buffer: &mut [u8], parts: &[&[u8]]) -> Result<Read, ProtocolError> {
    let inquiry = inquiry();
    let mut exchange = Exchange::new(inquiry.write(buffer).unwrap());
    let mut parts: Vec<&[u8]> = parts.iter().copied().filter(|part| !part.is_empty()).collect();
    parts.reverse();
    loop {
        match exchange.step() {
            Step::Send(bytes) => {
                assert!(!bytes.is_empty());
                let n = bytes.len().min(7);
                exchange.sent(n);
            }
            Step::Receive(space) => {
                assert!(!space.is_empty());
                let n = match parts.pop() {
                    None => 0,
                    Some(part) => {
                        let n = part.len().min(space.len());
                        space[..n].copy_from_slice(&part[..n]);
                        if n < part.len() {
                            parts.push(&part[n..]);
                        }
                        n
                    }
                };
                exchange.received(n);
            }
            Step::Done => break,
        }
    }
    let keep_alive = exchange.keep_alive() && parts.is_empty();
    let response = exchange.finish()?;
    Ok(Read { status: response.status(), body: response.expose_body().to_vec(), keep_alive })
}

fn exchange(parts: &[&[u8]]) -> Result<Read, ProtocolError> {
    exchange_in(&mut [0; BUFFER], parts)
}

/// The same result whole, at every two-part split, and byte by byte.
fn exchange_every_way(reply: &[u8]) -> Result<Read, ProtocolError> {
    let whole = exchange(&[reply]);
    for at in 0..=reply.len() {
        let (front, back) = reply.split_at(at);
        assert_eq!(exchange(&[front, back]), whole, "split at {at}");
    }
    let bytes: Vec<&[u8]> = reply.chunks(1).collect();
    assert_eq!(exchange(&bytes), whole, "byte by byte");
    whole
}

fn taken(reply: &str) -> Read {
    exchange_every_way(reply.as_bytes()).unwrap_or_else(|error| panic!("{reply:?}: {error:?}"))
}

#[test]
fn takes_bodies_of_every_framing() {
    for (reply, status, body, keep_alive) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", 200, "{}", true),
        ("HTTP/1.1 200 OK\r\ncontent-length:2\r\nConnection: close\r\n\r\n{}", 200, "{}", false),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: Keep-Alive, Close\r\n\r\n{}", 200, "{}", false),
        ("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}", 200, "{}", false),
        ("HTTP/1.0 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\n{}", 200, "{}", true),
        ("HTTP/1.1 200 OK\r\n\r\nuntil close", 200, "until close", false),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nRust\r\n0\r\n\r\n", 200, "Rust", true),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n2;x=1\r\nRu\r\n02\r\nst\r\n0\r\nT: r\r\n\r\n",
            200,
            "Rust",
            true,
        ),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 200, "", true),
        ("HTTP/1.1 666 \r\nContent-Length: 8\r\n\r\n{\"ok\":0}", 666, "{\"ok\":0}", true),
        ("HTTP/1.1 999\r\nContent-Length: 0\r\n\r\n", 999, "", true),
        ("HTTP/1.1 204 No Content\r\n\r\n", 204, "", true),
        ("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", 304, "", true),
        ("HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n", 304, "", true),
        (
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1",
            200,
            "1",
            true,
        ),
        ("HTTP/1.1 200 OK\r\nContent-Encoding: identity\r\nContent-Length: 1\r\n\r\n1", 200, "1", true),
        ("HTTP/1.1 403 禁止\r\nX-Ca-Error-Message: 张三\r\nContent-Length: 0\r\n\r\n", 403, "", true),
        ("HTTP/1.1 200 OK\r\nEmpty:\r\nContent-Length:  1 \r\n\r\n1", 200, "1", true),
    ] {
        assert_eq!(taken(reply), Read { status, body: body.into(), keep_alive }, "{reply:?}");
    }
}

#[test]
fn refuses_what_cannot_be_trusted() {
    use ProtocolError::*;
    for (reply, error) in [
        ("", Closed),
        ("H", Truncated),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n", Truncated),
        ("HTTP/1.1 100 Continue\r\n\r\n", Truncated),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{", Truncated),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nRust\r\n", Truncated),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nRust\r\n0\r\n", Truncated),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nRust\r\n0\r\nT: r\r\n", Truncated),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n{}", ContentLength),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}", ContentLength),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\n{}", ContentLength),
        ("HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\n{}", ContentLength),
        ("HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\n{}", ContentLength),
        ("HTTP/1.1 200 OK\r\nContent-Length: 0x2\r\n\r\n{}", ContentLength),
        ("HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n{}", ContentLength),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", ContentLength),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", TransferEncoding),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            TransferEncoding,
        ),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\n{}", TransferEncoding),
        ("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", TransferEncoding),
        ("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 0\r\n\r\n", ContentEncoding),
        ("HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 0\r\n\r\n", Head),
        ("HTTP/1.1 200 OK\r\nX : a\r\nContent-Length: 0\r\n\r\n", Head),
        ("HTTP/1.1 200 OK\r\n: a\r\nContent-Length: 0\r\n\r\n", Head),
        ("HTTP/1.1 200 OK\r\nX: a\u{1}\r\nContent-Length: 0\r\n\r\n", Head),
        ("HTTP/1.1 99 Low\r\nContent-Length: 0\r\n\r\n", Head),
        ("HTTP/1.1 099 Low\r\nContent-Length: 0\r\n\r\n", Head),
        ("HTTP/1.1 2000 High\r\nContent-Length: 0\r\n\r\n", Head),
        ("HTTP/2 200 OK\r\nContent-Length: 0\r\n\r\n", Head),
        ("\r\n\r\n", Head),
        ("\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", Head),
        ("<html>\r\n\r\n", Head),
        ("HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n", LineEnding),
        ("HTTP/1.1 200 OK\r\nX: a\nContent-Length: 0\r\n\r\n", LineEnding),
        ("HTTP/1.1 200 OK\r\nX: a\rContent-Length: 0\r\n\r\n", LineEnding),
        ("HTTP/1.1 200 OK\r\nX: a\r\r\n\r\n", LineEnding),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;a\nb\r\n{}\r\n0\r\n\r\n", LineEnding),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nT: r\nU: s\r\n\r\n", LineEnding),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n{}\r\n0\r\n\r\n", Chunk),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n;x\r\n\r\n", Chunk),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-2\r\n{}\r\n0\r\n\r\n", Chunk),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}}\r\n0\r\n\r\n", Chunk),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\n{}\r\n0\r\n\r\n", Chunk),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n{}", TooLong),
        ("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999999\r\n\r\n{}", TooLong),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFF\r\n{}\r\n0\r\n\r\n", TooLong),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\n{}", TooLong),
        ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", Upgrade),
    ] {
        assert_eq!(exchange_every_way(reply.as_bytes()), Err(error), "{reply:?}");
    }
}

#[test]
fn a_reply_that_fills_the_buffer_to_the_last_byte_is_taken_and_one_more_is_not() {
    for (head, tail) in [("HTTP/1.1 200 OK\r\nContent-Length: ", true), ("HTTP/1.1 200 OK\r\nX: ", false)] {
        let len = BUFFER - head.len() - if tail { 8 } else { 4 };
        let body = "x".repeat(len);
        let reply = if tail { format!("{head}{len}\r\n\r\n{body}") } else { format!("{head}{body}\r\n\r\n") };
        assert_eq!(reply.len(), BUFFER);
        if tail {
            assert_eq!(exchange(&[reply.as_bytes()]).unwrap().body.len(), len);
            let longer = format!("{head}{}\r\n\r\n{body}x", len + 1);
            assert_eq!(exchange(&[longer.as_bytes()]), Err(ProtocolError::TooLong));
        } else {
            // A body that ends with the connection could go on behind a full buffer.
            assert_eq!(exchange(&[reply.as_bytes()]), Err(ProtocolError::TooLong));
        }
    }
}

#[test]
fn header_lines_are_counted() {
    let reply = |lines: usize| format!("HTTP/1.1 204 OK\r\n{}\r\n", "X: y\r\n".repeat(lines));
    assert_eq!(taken(&reply(HEADERS_MAX)).status, 204);
    assert_eq!(exchange_every_way(reply(HEADERS_MAX + 1).as_bytes()), Err(ProtocolError::HeaderCount));
}

#[test]
fn bytes_beyond_the_reply_end_the_connection() {
    let reply = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}HTTP/1.1 200 OK\r\n\r\n";
    let read = exchange_every_way(reply.as_bytes()).unwrap();
    assert_eq!((read.body.as_slice(), read.keep_alive), (&b"{}"[..], false));

    // Where a reply ends was known before its end came, and what stands behind came along with it.
    let (head, rest) = reply.split_at(38);
    assert!(head.ends_with("\r\n\r\n"));
    let mut buffer = [0; BUFFER];
    let mut exchange = sent(&mut buffer);
    receive(&mut exchange, head.as_bytes());
    receive(&mut exchange, rest.as_bytes());
    assert!(!exchange.keep_alive());
    assert_eq!(exchange.finish().unwrap().expose_body(), b"{}");
}

#[test]
fn the_request_counts_as_sent_with_its_last_byte() {
    let inquiry = inquiry();
    let mut buffer = [0; BUFFER];
    let request = inquiry.write(&mut buffer).unwrap();
    let len = request.len();
    let expected = request.expose().bytes.to_vec();
    let mut exchange = Exchange::new(request);
    let mut sent = Vec::new();
    while let Step::Send(_) = exchange.step() {
        assert!(!exchange.is_sent() || sent.len() == len);
        let Step::Send(bytes) = exchange.step() else { panic!("asking again changed the step") };
        sent.push(bytes[0]);
        exchange.sent(1);
        assert_eq!(exchange.is_sent(), sent.len() == len);
    }
    assert_eq!(sent, expected);
    assert_eq!(exchange.finish().map(|r| r.status()), Err(ProtocolError::Truncated));
}

/// An exchange whose request has left.
fn sent<'b>(buffer: &'b mut [u8]) -> Exchange<'b> {
    let mut exchange = Exchange::new(inquiry().write(buffer).unwrap());
    exchange.sent(usize::MAX);
    assert!(exchange.is_sent());
    exchange
}

fn receive(exchange: &mut Exchange<'_>, bytes: &[u8]) {
    let Step::Receive(space) = exchange.step() else { panic!("nothing is read here") };
    space[..bytes.len()].copy_from_slice(bytes);
    exchange.received(bytes.len());
}

#[test]
fn a_channel_that_counts_too_much_brings_no_reply() {
    // Behind these heads the rest of the request would stand where a body belongs.
    for head in [
        "",
        "HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n28\r\n",
        "HTTP/1.1 200 OK\r\n\r\n",
    ] {
        for beyond in [1, usize::MAX / 2] {
            let mut buffer = [0; BUFFER];
            let mut exchange = sent(&mut buffer);
            if !head.is_empty() {
                receive(&mut exchange, head.as_bytes());
            }
            let Step::Receive(space) = exchange.step() else { panic!("{head:?}") };
            let count = space.len() + beyond;
            exchange.received(count);
            assert!(matches!(exchange.step(), Step::Done), "{head:?}");
            assert!(!exchange.keep_alive());
            assert_eq!(exchange.finish().map(|r| r.status()), Err(ProtocolError::TooLong), "{head:?}");
        }
    }
}

#[test]
fn what_nobody_asked_for_changes_nothing() {
    let mut buffer = [0; BUFFER];
    let mut exchange = Exchange::new(inquiry().write(&mut buffer).unwrap());
    for count in [0, 1, usize::MAX] {
        exchange.received(count);
        assert!(!exchange.is_sent());
        assert!(matches!(exchange.step(), Step::Send(_)));
    }
    exchange.sent(usize::MAX);
    exchange.sent(1);
    receive(&mut exchange, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
    for count in [1, 0, usize::MAX] {
        exchange.received(count);
        exchange.sent(count);
        assert!(matches!(exchange.step(), Step::Done));
    }
    assert!(exchange.keep_alive());
    assert_eq!(exchange.finish().unwrap().expose_body(), b"{}");

    let mut buffer = [0; BUFFER];
    let mut exchange = sent(&mut buffer);
    receive(&mut exchange, b"HTTP/1.1 200 OK\n");
    for count in [1, 0] {
        exchange.received(count);
        assert!(matches!(exchange.step(), Step::Done));
    }
    assert_eq!(exchange.finish().map(|r| r.status()), Err(ProtocolError::LineEnding));
}

proptest! {
    #[test]
    fn any_bytes_in_any_parts_end_without_panic(
        reply in prop::collection::vec(prop_oneof![any::<u8>(), prop::sample::select(b"HTP/1. 20\r\n:;0123456789abcdef".to_vec())], 0..400),
        cuts in prop::collection::vec(0_usize..400, 0..6),
        keep_start in any::<bool>(),
    ) {
        let mut bytes = if keep_start { b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec() } else { Vec::new() };
        bytes.extend(reply);
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).chain([0, bytes.len()]).collect();
        cuts.sort_unstable();
        let parts: Vec<&[u8]> = cuts.windows(2).map(|cut| &bytes[cut[0]..cut[1]]).collect();
        let cut = exchange(&parts);
        let whole = exchange(&[&bytes]);
        prop_assert_eq!(cut, whole);
    }

    /// What a full client library would make of a head, for heads without our extra demands.
    #[test]
    fn heads_agree_with_httparse(
        status in 200_u16..1000,
        names in prop::collection::vec("[A-Za-z-]{1,12}", 0..8),
        values in prop::collection::vec("[ -~]{0,20}", 8),
        body in prop::collection::vec(any::<u8>(), 0..64),
    ) {
        let names: Vec<&String> = names.iter().filter(|name| {
            let name = name.to_ascii_lowercase();
            !["content-length", "transfer-encoding", "content-encoding", "connection"].contains(&name.as_str())
        }).collect();
        let mut reply = format!("HTTP/1.1 {status} x\r\n");
        for (name, value) in names.iter().zip(&values) {
            reply.push_str(&format!("{name}: {value}\r\n"));
        }
        reply.push_str(&format!("Content-Length: {}\r\n\r\n", body.len()));
        let mut reply = reply.into_bytes();
        reply.extend(&body);
        let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
        let mut parsed = httparse::Response::new(&mut headers);
        let ok = matches!(parsed.parse(&reply), Ok(httparse::Status::Complete(_)));
        match exchange(&[&reply]) {
            Ok(read) => {
                prop_assert!(ok);
                prop_assert_eq!(Some(read.status), parsed.code);
                if status != 204 && status != 304 {
                    prop_assert_eq!(read.body, body);
                }
            }
            Err(error) => prop_assert!(!ok, "{:?}", error),
        }
    }
}
