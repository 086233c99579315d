//! Replies that come slowly, broken, oversized, oddly framed or not at all.

mod common;

use common::{ID, Reply, Request, ask, connect, exchange, find, sandbox};
use heyan_sandbox::Provider;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// Sends a request and leaves the reading to the test.
fn open(sandbox: &heyan_sandbox::Sandbox, name: &str) -> TcpStream {
    let mut stream = connect(sandbox);
    stream.write_all(&Request::new(Provider::Idcert, name, ID).bytes(false)).unwrap();
    stream
}

/// A match as it would come whole, to compare lengths with.
fn whole(sandbox: &heyan_sandbox::Sandbox) -> Reply {
    ask(sandbox, Provider::Idcert, "判·一致", ID)
}

#[test]
fn replies_break_off_where_they_are_told() {
    let sandbox = sandbox();
    let send = |name: &str| exchange(&sandbox, &Request::new(Provider::Idcert, name, ID).bytes(false));
    assert!(send("断前").is_empty());
    let head = send("断头");
    assert!(head.starts_with(b"HTTP/1.1 200 OK\r\n") && find(&head, b"\r\n\r\n").is_none());
    let body = Reply::parse(send("断体"));
    assert!(!body.body.is_empty() && body.body.len() < body.text("Content-Length").parse().unwrap());
    assert_eq!(send("截断·40").len(), 40);
    assert_eq!(send("截断·0").len(), 0);
    let chunk = Reply::parse(send("断块"));
    assert_eq!(chunk.text("Transfer-Encoding"), "chunked");
    assert_eq!(chunk.body.len(), "10\r\n".len() + 8);
    let last = Reply::parse(send("断块尾"));
    assert!(last.body.ends_with(b"}\r\n"), "every chunk but the last one of length 0");
}

#[test]
fn a_reset_is_a_reset() {
    let sandbox = sandbox();
    let error = open(&sandbox, "复位").read(&mut [0; 16]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
}

#[test]
fn silence_lasts_until_the_client_leaves() {
    let sandbox = sandbox();
    let mut all = open(&sandbox, "静默");
    all.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    let kind = all.read(&mut [0; 16]).unwrap_err().kind();
    assert!(matches!(kind, ErrorKind::WouldBlock | ErrorKind::TimedOut));
    let calls = sandbox.report().of(Provider::Idcert);
    assert_eq!((calls.billed, calls.free), (0, 1), "the gateway never had a reply to bill");

    for (name, with_head) in [("静默·头", false), ("静默·体", true)] {
        let mut part = open(&sandbox, name);
        part.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
        let mut seen = Vec::new();
        let kind = part.read_to_end(&mut seen).unwrap_err().kind();
        assert!(matches!(kind, ErrorKind::WouldBlock | ErrorKind::TimedOut));
        assert_eq!(find(&seen, b"\r\n\r\n").is_some(), with_head, "{name}");
        assert!(!seen.is_empty());
    }
}

#[test]
fn slow_replies_come_whole_and_late() {
    let sandbox = sandbox();
    let start = Instant::now();
    let slow = ask(&sandbox, Provider::Idcert, "慢·200", ID);
    assert!(start.elapsed() >= Duration::from_millis(200));
    assert_eq!(slow.json()["status"], "01");

    let start = Instant::now();
    let mut stream = open(&sandbox, "慢体·200");
    let mut first = [0; 4096];
    let count = stream.read(&mut first).unwrap();
    assert!(first[..count].ends_with(b"\r\n\r\n"), "the head comes alone");
    assert_ne!(stream.read(&mut first).unwrap(), 0);
    assert!(start.elapsed() >= Duration::from_millis(200));

    let start = Instant::now();
    let drip = ask(&sandbox, Provider::Idcert, "滴·1", ID);
    assert_eq!(drip.json()["status"], "01");
    assert!(start.elapsed() >= Duration::from_millis(drip.raw.len() as u64));
    assert_eq!(ask(&sandbox, Provider::Idcert, "滴·0", ID).json()["status"], "01");
}

#[test]
fn oversized_replies_are_oversized() {
    let sandbox = sandbox();
    let long = ask(&sandbox, Provider::Idcert, "超长", ID);
    assert!(long.body.len() > 64 * 1024);
    assert_eq!(long.text("Content-Length"), long.body.len().to_string());
    let chunked = ask(&sandbox, Provider::Idcert, "超长块", ID);
    assert_eq!(chunked.header("Content-Length"), None);
    assert!(chunked.content().len() > 64 * 1024);
    let head = ask(&sandbox, Provider::Idcert, "超长头", ID);
    assert!(find(&head.raw, b"\r\n\r\n").unwrap() > 64 * 1024);
    assert_eq!(head.json()["status"], "01");
    assert!(ask(&sandbox, Provider::Idcert, "多头", ID).headers.len() > 300);
}

#[test]
fn bodies_end_in_every_way_that_http_knows() {
    let sandbox = sandbox();
    let expected = whole(&sandbox).json()["msg"].clone();
    for name in ["分块", "分块·扩展", "关闭", "短连", "旧版", "无类", "八位", "网关空"] {
        let reply = ask(&sandbox, Provider::Idcert, name, ID);
        assert_eq!(reply.json()["msg"], expected, "{name}");
        match name {
            "分块" => assert!(reply.body.starts_with(b"7\r\n{\"statu\r\n")),
            "分块·扩展" => {
                assert!(reply.body.starts_with(b"7;name=\"value\"\r\n"));
                assert!(reply.body.ends_with(b"0\r\nX-Trailer: after the last chunk\r\n\r\n"));
            }
            "关闭" => {
                assert!(reply.header("Content-Length").is_none() && reply.header("Transfer-Encoding").is_none());
            }
            "旧版" => assert!(reply.raw.starts_with(b"HTTP/1.0 200 OK\r\n")),
            "无类" => assert_eq!(reply.header("Content-Type"), None),
            "八位" => assert_eq!(reply.text("Content-Type"), "application/oct-stream"),
            "网关空" => assert_eq!(
                (reply.header("X-Ca-Error-Code"), reply.header("X-Ca-Error-Message")),
                (Some(&b""[..]), Some(&b""[..]))
            ),
            _ => assert_eq!(reply.text("Connection"), "close"),
        }
    }
    // These close of themselves, though the client would have gone on.
    for name in ["关闭", "短连", "旧版", "假连"] {
        let raw = exchange(&sandbox, &Request::new(Provider::Idcert, name, ID).bytes(false));
        let reply = Reply::parse(raw);
        assert_eq!(reply.json()["msg"], expected);
        assert_eq!(reply.text("Connection"), if name == "假连" { "keep-alive" } else { "close" });
    }
    assert_eq!(whole(&sandbox).text("Connection"), "close", "as the client asked");
}

#[test]
fn bad_framing_is_bad() {
    let sandbox = sandbox();
    let get = |name: &str| ask(&sandbox, Provider::Idcert, name, ID);
    let lengths = |name: &str| -> Vec<String> {
        let reply = get(name);
        let all = reply.headers.iter().filter(|(name, _)| name == "Content-Length");
        all.map(|(_, value)| String::from_utf8(value.clone()).unwrap()).collect()
    };
    assert_eq!(lengths("长度乱"), ["12a"]);
    let same = lengths("长度重复");
    assert!(same.len() == 2 && same[0] == same[1]);
    let different = lengths("长度矛盾");
    assert!(different.len() == 2 && different[0] != different[1]);
    let both = get("长度并块");
    assert!(both.header("Content-Length").is_some() && both.header("Transfer-Encoding").is_some());
    let more = get("多余");
    assert!(more.body.len() > more.text("Content-Length").parse().unwrap());
    assert!(find(&get("续行").raw, b"\r\nX-Folded: one\r\n two\r\n").is_some());
    let bare = exchange(&sandbox, &Request::new(Provider::Idcert, "裸换行", ID).bytes(true));
    assert!(!bare.contains(&b'\r') && find(&bare, b"\n\n").is_some());
    assert_eq!(get("压缩").text("Content-Encoding"), "gzip");
    assert!(get("块乱").body.starts_with(b"size\r\n"));
    assert!(exchange(&sandbox, &Request::new(Provider::Idcert, "首行乱", ID).bytes(true)).starts_with(b"SSH-2.0"));
    let redirect = get("重定向");
    assert_eq!((redirect.status, redirect.text("Location").as_str()), (302, "/idcard"));
}

#[test]
fn interim_replies_come_first() {
    let sandbox = sandbox();
    for status in [100, 103] {
        let reply = ask(&sandbox, Provider::Idcert, &format!("先行·{status}"), ID);
        assert_eq!(reply.status, status);
        let last = Reply::parse(reply.body);
        assert_eq!((last.status, last.json()["status"].as_str()), (200, Some("01")));
    }
}

#[test]
fn a_client_that_waits_for_leave_to_send_gets_it() {
    let sandbox = sandbox();
    let request = Request::new(Provider::Checkone, "张三", ID).with("Expect", Some("100-continue"));
    let bytes = request.bytes(true);
    let head = find(&bytes, b"\r\n\r\n").unwrap() + 4;
    let mut stream = connect(&sandbox);
    stream.write_all(&bytes[..head]).unwrap();
    let mut leave = [0; 25];
    stream.read_exact(&mut leave).unwrap();
    assert_eq!(&leave, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(&bytes[head..]).unwrap();
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).unwrap();
    assert_eq!(Reply::parse(rest).json()["data"]["result"], "1");
}

#[test]
fn dropping_it_stops_it() {
    let sandbox = sandbox();
    let address = sandbox.address();
    let mut idle = connect(&sandbox);
    let mut silent = open(&sandbox, "静默");
    let mut slow = open(&sandbox, "慢·60000");
    // The silent one is under way once it is counted.
    while sandbox.report().requests < 2 {
        std::thread::yield_now();
    }
    let start = Instant::now();
    drop(sandbox);
    assert!(start.elapsed() < Duration::from_secs(5));
    for stream in [&mut idle, &mut silent, &mut slow] {
        assert!(matches!(stream.read(&mut [0; 16]), Ok(0) | Err(_)));
    }
    assert!(TcpStream::connect(address).is_err());
}
