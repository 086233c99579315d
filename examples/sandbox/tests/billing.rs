//! Counts: a 2xx is billed, everything else is free, and a package has an end.

mod common;

use common::{ID, Request, ask, connect, exchange, sandbox};
use heyan_sandbox::{ErrorStyle, Provider, Sandbox};
use std::io::{Read, Write};
use std::thread;

#[test]
fn success_is_billed_whatever_it_says_and_666_is_free() {
    let sandbox = sandbox();
    for (name, id) in [("张三", ID), ("李四", ID), ("张三", "110101190001010073"), ("代码·204", ID), ("坏文", ID)]
    {
        assert_eq!(ask(&sandbox, Provider::Idcert, name, id).status, 200);
    }
    let idcert = sandbox.report().of(Provider::Idcert);
    assert_eq!((idcert.billed, idcert.free), (5, 0));
    for (name, id) in [("张三", "1"), ("消息·18", ID), ("网关·D504TO", ID), ("状态·503", ID), ("重定向", ID)]
    {
        assert!(ask(&sandbox, Provider::Sfz2, name, id).status > 299);
    }
    assert_eq!(ask(&sandbox, Provider::Sfz2, "状态·299", ID).status, 299);
    let sfz2 = sandbox.report().of(Provider::Sfz2);
    assert_eq!((sfz2.billed, sfz2.free), (1, 5));
    let report = sandbox.report();
    assert_eq!(
        (report.billed(), report.free(), report.requests, report.connections, report.unassigned),
        (6, 5, 11, 11, 0)
    );
    assert!(report.to_string().contains("idcert       billed 5 free 0\n"), "{report}");
}

#[test]
fn what_the_client_never_saw_is_billed_all_the_same() {
    let sandbox = sandbox();
    for (index, name) in ["断前", "断头", "断体", "断块", "断块尾", "截断·40"].into_iter().enumerate() {
        exchange(&sandbox, &Request::new(Provider::Checkone, name, ID).bytes(false));
        assert_eq!(sandbox.report().of(Provider::Checkone).billed, index as u64 + 1, "{name}");
    }
}

#[test]
fn a_package_ends_and_the_end_is_free() {
    let sandbox = Sandbox::builder().quota(Some(2)).quota_of(Provider::Sjsys, None).start().unwrap();
    for provider in Provider::ALL {
        // A free call costs nothing of the package.
        assert_eq!(ask(&sandbox, provider, "网关·T429PA", ID).status, 429);
        let last: Vec<_> = (0..4).map(|_| ask(&sandbox, provider, "张三", ID)).collect();
        let statuses: Vec<_> = last.iter().map(|reply| reply.status).collect();
        let calls = sandbox.report().of(provider);
        if provider == Provider::Sjsys {
            assert_eq!((statuses, calls.billed, calls.free), (vec![200; 4], 4, 1));
            continue;
        }
        assert_eq!((statuses, calls.billed, calls.free), (vec![200, 200, 403, 403], 2, 3));
        let end = &last[3];
        assert!(end.body.is_empty());
        if provider == Provider::Sfz2 {
            assert_eq!((end.header("X-Ca-Error-Code"), end.message().as_str()), (None, "Quota Exhausted"));
        } else {
            assert_eq!(
                (end.code().as_str(), end.message().as_str()),
                ("B403MQ", "Api Market Subscription quota exhausted")
            );
        }
        // Once it is used up, even what would have been free is refused for that.
        assert_eq!(ask(&sandbox, provider, "张三", "1").status, 403);
    }
    let classic = Sandbox::builder().quota(Some(0)).error_style(ErrorStyle::Classic).start().unwrap();
    let end = ask(&classic, Provider::Idcert, "张三", ID);
    assert_eq!((end.status, end.message().as_str(), end.header("X-Ca-Error-Code")), (403, "Quota Exhausted", None));
}

#[test]
fn two_at_once_never_share_the_last_call() {
    let sandbox = Sandbox::builder().quota(Some(100)).start().unwrap();
    let billed: usize = thread::scope(|scope| {
        let askers: Vec<_> = (0..8)
            .map(|_| {
                scope
                    .spawn(|| (0..25).filter(|_| ask(&sandbox, Provider::Idenauthen, "张三", ID).status == 200).count())
            })
            .collect();
        askers.into_iter().map(|asker| asker.join().unwrap()).sum()
    });
    let calls = sandbox.report().of(Provider::Idenauthen);
    assert_eq!((billed, calls.billed, calls.free), (100, 100, 100));
}

#[test]
fn a_connection_serves_many_requests_even_before_their_replies() {
    let sandbox = sandbox();
    let mut stream = connect(&sandbox);
    let mut bytes: Vec<u8> = (0..9).flat_map(|_| Request::new(Provider::Checkone, "张三", ID).bytes(false)).collect();
    // A refusal for a reason that does not touch the framing keeps the connection.
    bytes.extend(Request::new(Provider::Checkone, "张三", ID).with("Authorization", None).bytes(false));
    bytes.extend(Request::new(Provider::Idcert, "张三", ID).bytes(true));
    for piece in bytes.chunks(50) {
        stream.write_all(piece).unwrap();
    }
    let mut replies = Vec::new();
    stream.read_to_end(&mut replies).unwrap();
    let text = String::from_utf8(replies).unwrap();
    assert_eq!(text.matches("HTTP/1.1 200 OK\r\n").count(), 10);
    assert_eq!(text.matches("HTTP/1.1 400 Bad Request\r\n").count(), 1);
    let report = sandbox.report();
    assert_eq!((report.connections, report.requests, report.billed(), report.free()), (1, 11, 10, 1));
}
