//! Who is believed, and that nothing is said to anybody else.

mod support;

use std::io::Write;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use heyan::policy::Class;
use heyan::{Billing, ChannelError, ChannelFault, ProtocolError, Retry, Verdict};
use heyan_std::{Cause, Error, Stage, TlsFault, Trust, TrustError};
use rcgen::{ExtendedKeyUsagePurpose, date_time_ymd};
use support::tls::{Authority, HOST, secure, shake_hands};
use support::{Act, MATCH, PATIENCE, Peer, client, matching, plain, reply, verify};

#[test]
fn a_proven_peer_is_asked_and_kept() {
    let authority = Authority::new("ours");
    let config = authority.server(&[HOST, "127.0.0.1"], |_| {});
    let peer = Peer::start_through(vec![vec![matching(), matching()]], shake_hands(config));
    let by_name = client(secure(HOST, peer.port, authority.trust()));
    for _ in 0..2 {
        assert_eq!(verify(&by_name).unwrap().verdict(), Verdict::Match);
        let request = String::from_utf8(peer.request()).unwrap();
        assert!(
            request.starts_with(
                "GET /idcard?idCard=11010119000101009X&name=%E5%BC%A0%E4%B8%89 HTTP/1.1\r\nHost: peer.test:"
            )
        );
    }
    assert_eq!(peer.accepted(), 1);
}

/// After the handshake the peer sends tickets for further ones; a connection that nobody read from holds them unread.
#[test]
fn a_warmed_up_connection_is_used_and_the_next_one_resumed() {
    let authority = Authority::new("ours");
    let server = authority.server(&[HOST], |_| {});
    let (tell, told) = std::sync::mpsc::channel();
    let tell = std::sync::Mutex::new(tell);
    let script = vec![vec![Act::ReplyAndClose(reply("200 OK", "Connection: close\r\n", MATCH))], vec![matching()]];
    let peer = Peer::start_through(script, move |mut socket| {
        let mut session = rustls::ServerConnection::new(Arc::clone(&server)).map_err(std::io::Error::other)?;
        while session.is_handshaking() {
            session.complete_io(&mut socket)?;
        }
        tell.lock().unwrap().send(session.handshake_kind().unwrap()).unwrap();
        // The tickets leave before anything is asked.
        while session.wants_write() {
            session.write_tls(&mut socket)?;
        }
        Ok(Box::new(support::tls::Speaking(rustls::StreamOwned::new(session, socket))))
    });
    let client = client(secure(HOST, peer.port, authority.trust()));
    client.warm_up().unwrap();
    assert_eq!(told.recv_timeout(PATIENCE).unwrap(), rustls::HandshakeKind::Full);
    assert_eq!((peer.pending(), client.pool().idle), (0, 1));
    for _ in 0..2 {
        assert_eq!(verify(&client).unwrap().verdict(), Verdict::Match);
    }
    assert_eq!(told.recv_timeout(PATIENCE).unwrap(), rustls::HandshakeKind::Resumed);
    let counts = client.pool();
    assert_eq!((counts.opened, counts.reused, peer.accepted()), (2, 1, 2));
}

#[test]
fn an_address_can_be_proven_too() {
    let authority = Authority::new("ours");
    let config = authority.server(&["127.0.0.1"], |_| {});
    let peer = Peer::start_through(vec![vec![matching()]], shake_hands(config));
    assert_eq!(verify(&client(secure("127.0.0.1", peer.port, authority.trust()))).unwrap().verdict(), Verdict::Match);
}

/// Lets a client meet a server that it must refuse, and says why it did.
fn refused(server: Arc<rustls::ServerConfig>, trust: Trust) -> TlsFault {
    let peer = Peer::start_through(vec![vec![matching()]], shake_hands(server));
    let error = verify(&client(secure(HOST, peer.port, trust))).unwrap_err();
    peer.wait_closed();
    assert_eq!(peer.pending(), 0, "a byte of the request left");
    assert_eq!(peer.accepted(), 1);
    fault(&error)
}

fn fault(error: &Error) -> TlsFault {
    assert_eq!((error.class(), error.billing(), error.retry()), (Class::Tls, Billing::Free, Retry::OtherProvider));
    let Some(heyan::Error::Channel(ChannelError { fault: ChannelFault::Tls, sent: false, source: Some(source) })) =
        error.inquiry()
    else {
        panic!("{error:?}")
    };
    assert_eq!(source.stage(), Stage::Handshake);
    match source.cause() {
        Some(Cause::Tls(fault)) => fault,
        cause => panic!("{cause:?}"),
    }
}

#[test]
fn unproven_peers_hear_nothing() {
    let ours = Authority::new("ours");
    let theirs = Authority::new("theirs");
    assert_eq!(refused(theirs.server(&[HOST], |_| {}), ours.trust()), TlsFault::UnknownIssuer);
    assert_eq!(refused(ours.server(&["other.test"], |_| {}), ours.trust()), TlsFault::WrongHost);
    let expired = ours.server(&[HOST], |params| params.not_after = date_time_ymd(2021, 1, 1));
    assert_eq!(refused(expired, ours.trust()), TlsFault::Expired);
    let early = ours.server(&[HOST], |params| params.not_before = date_time_ymd(2399, 1, 1));
    assert_eq!(refused(early, ours.trust()), TlsFault::NotYetValid);
    let client_only =
        ours.server(&[HOST], |params| params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth]);
    assert_eq!(refused(client_only, ours.trust()), TlsFault::Certificate);
    assert_eq!(refused(ours.server(&[HOST], |_| {}), Trust::webpki_roots()), TlsFault::UnknownIssuer);
}

#[test]
fn anchors_can_be_added() {
    let ours = Authority::new("ours");
    let theirs = Authority::new("theirs");
    let both = ours.trust().and_pem(theirs.pem().as_bytes()).unwrap();
    let added = Trust::webpki_roots().and_pem(ours.pem().as_bytes()).unwrap();
    for (authority, trust) in [(&ours, both.clone()), (&theirs, both), (&ours, added)] {
        let peer = Peer::start_through(vec![vec![matching()]], shake_hands(authority.server(&[HOST], |_| {})));
        assert_eq!(verify(&client(secure(HOST, peer.port, trust))).unwrap().verdict(), Verdict::Match);
    }
    // A platform may be without anchors; then that is what is said, when the client is built.
    match heyan_std::Client::new(secure(HOST, 1, Trust::platform().and_pem(ours.pem().as_bytes()).unwrap())) {
        Ok(_) => {}
        Err(error) => assert_eq!(error, heyan_std::ConfigError::Trust(TrustError::Platform)),
    }
}

#[test]
fn anchors_that_are_none() {
    let pem = Authority::new("ours").pem();
    for (text, error) in [
        (String::new(), TrustError::NoCertificate),
        (pem.replace("CERTIFICATE", "PRIVATE KEY"), TrustError::NoCertificate),
        (pem.replace("-----END CERTIFICATE-----", ""), TrustError::Pem),
        (
            format!("{pem}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
            TrustError::Certificate { at: 1 },
        ),
    ] {
        assert_eq!(Trust::only_pem(text.as_bytes()).err(), Some(error), "{text}");
    }
}

#[test]
fn a_peer_that_does_not_speak_tls() {
    let peer = Peer::start_through(vec![vec![]], |mut socket| {
        socket.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")?;
        Ok(Box::new(socket))
    });
    let authority = Authority::new("ours");
    assert_eq!(fault(&verify(&client(secure(HOST, peer.port, authority.trust()))).unwrap_err()), TlsFault::Protocol);
}

#[test]
fn a_peer_that_closes_in_the_handshake() {
    let peer = Peer::start_through(vec![vec![]], |mut socket| {
        // The whole ClientHello, so that nothing unread turns the close into a reset.
        let mut header = [0; 5];
        std::io::Read::read_exact(&mut socket, &mut header)?;
        let mut hello = vec![0; usize::from(u16::from_be_bytes([header[3], header[4]]))];
        std::io::Read::read_exact(&mut socket, &mut hello)?;
        Err(std::io::ErrorKind::Other.into())
    });
    let authority = Authority::new("ours");
    assert_eq!(fault(&verify(&client(secure(HOST, peer.port, authority.trust()))).unwrap_err()), TlsFault::Closed);
}

#[test]
fn a_handshake_that_does_not_end() {
    // The system accepts for a listener that never does.
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let config = secure(HOST, port, Authority::new("ours").trust()).connect_timeout(Duration::from_millis(100));
    let error = verify(&client(config)).unwrap_err();
    assert_eq!((error.class(), error.billing(), error.retry()), (Class::TimedOut, Billing::Free, Retry::SameProvider));
    assert!(error.to_string().contains("handshake"), "{error}");
}

#[test]
fn a_reply_without_length_must_end_with_close_notify() {
    let authority = Authority::new("ours");
    let mut bytes = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
    bytes.extend_from_slice(MATCH);
    let server = authority.server(&[HOST], |_| {});
    // The test's peer leaves without one.
    let peer = Peer::start_through(vec![vec![Act::ReplyAndClose(bytes)]], shake_hands(server));
    let error = verify(&client(secure(HOST, peer.port, authority.trust()))).unwrap_err();
    assert_eq!(error, Error::Inquiry(heyan::Error::Protocol(ProtocolError::Truncated)));
    assert_eq!(error.billing(), Billing::Unknown);
}

#[test]
fn a_proxy_sees_the_endpoint_and_nothing_else() {
    let authority = Authority::new("ours");
    let server = authority.server(&[HOST], |_| {});
    let (tell, told) = std::sync::mpsc::channel();
    let proxy = Peer::start_through(vec![vec![matching(), matching()]], move |mut socket| {
        let asked = support::read_request(&mut socket)?;
        socket.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
        tell.send(String::from_utf8(asked).unwrap()).unwrap();
        shake_hands(Arc::clone(&server))(socket)
    });
    let config = secure(HOST, 1, authority.trust())
        .proxy(&format!("http://user:test-password@127.0.0.1:{}", proxy.port))
        .unwrap()
        .resolve_with(|_, _| panic!("the proxy resolves"));
    let client = client(config);
    for _ in 0..2 {
        assert_eq!(verify(&client).unwrap().verdict(), Verdict::Match);
    }
    assert_eq!(proxy.accepted(), 1);
    let asked = told.recv_timeout(PATIENCE).unwrap();
    assert!(asked.starts_with("CONNECT peer.test:1 HTTP/1.1\r\n"), "{asked}");
    assert!(!asked.contains("idCard") && !asked.contains(support::APP_CODE));
    assert!(!format!("{client:?}").contains("test-password"));
}

/// TLS over TLS: the proxy proves itself, and the endpoint behind it.
#[test]
fn a_proxy_that_is_spoken_to_over_tls() {
    let authority = Authority::new("ours");
    let (outer, inner) = (authority.server(&["127.0.0.1"], |_| {}), authority.server(&[HOST], |_| {}));
    let long = reply("200 OK", "", &[MATCH, &[b' '; 40_000]].concat());
    let proxy = Peer::start_through(vec![vec![matching(), Act::Reply(long), matching()]], move |socket| {
        let mut stream = shake_hands(Arc::clone(&outer))(socket)?;
        support::read_request(&mut stream)?;
        stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
        shake_hands(Arc::clone(&inner))(stream)
    });
    let url = format!("https://127.0.0.1:{}", proxy.port);
    let client = client(secure(HOST, 1, authority.trust()).proxy(&url).unwrap());
    for _ in 0..3 {
        assert_eq!(verify(&client).unwrap().verdict(), Verdict::Match);
    }
    assert_eq!((proxy.accepted(), client.pool().opened), (1, 1));
}

#[test]
fn a_proxy_that_declines() {
    let proxy = Peer::start(vec![vec![Act::Reply(reply("407 Proxy Authentication Required", "", b""))]]);
    let config = plain(1).proxy(&format!("http://127.0.0.1:{}", proxy.port)).unwrap();
    let error = verify(&client(config)).unwrap_err();
    assert_eq!((error.class(), error.billing()), (Class::Connect, Billing::Free));
    assert!(error.to_string().contains("proxy"), "{error}");
    for url in ["socks5://127.0.0.1:1080", "ftp://127.0.0.1", "http://", ""] {
        assert_eq!(plain(1).proxy(url).err(), Some(heyan_std::ConfigError::Proxy), "{url}");
    }
}

#[test]
fn plain_http_takes_the_word_for_it() {
    let base = || heyan_std::Config::new(&heyan::provider::IDCERT, support::credentials());
    assert_eq!(base().base_url("http://127.0.0.1:1").err(), Some(heyan::EndpointError::Insecure));
    assert_eq!(base().insecure_http_base_url("https://127.0.0.1:1").err(), Some(heyan::EndpointError::Scheme));
}
