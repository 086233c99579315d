//! Every server that is not the gateway is refused before one byte of the request leaves, by both kinds of TLS in both
//! twins. A careless client, which skips what is checked, falls for every one of them: so the servers are good at being bad.

mod support;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use heyan::{Billing, ChannelFault, Error};
use heyan_embedded::tls::{Dates, Distrust, NoRandomness, Random, TlsError, Trust};
use heyan_peers::tls13::Say::{self, Certificate, CertificateVerify, EncryptedExtensions, Finished};
use heyan_peers::{Authority, Case, GATEWAY, Must, OpenSsl, Tls, gateway, leaf, player, server_config};
use rustls::version::TLS13;
use support::tls::{Client, Ended, Socket, call, call_over, leak, today, trust};

fn distrust(ended: &[Ended]) -> Distrust {
    let [Err(Error::Channel(error))] = ended else { panic!("not refused: {ended:?}") };
    assert_eq!((error.fault, error.sent, error.billing()), (ChannelFault::Tls, false, Billing::Free), "{error:?}");
    let Some(TlsError::Untrusted(distrust)) = error.source else { panic!("{error:?}") };
    distrust
}

/// All four clients refuse the server.
fn refused(case: &Case) {
    for client in Client::ALL.into_iter().filter(|client| case.is_for(client.tls())) {
        let what = format!("{}, {client:?}", case.what);
        let Must::Refuse(words) = case.must(client.tls()) else { panic!("{what}") };
        let peer = case.start();
        let ended = call(client, peer.address, trust(&case.root), 1);
        let [Err(Error::Channel(error))] = ended.as_slice() else { panic!("{what}: {ended:?}") };
        assert_eq!((error.fault, error.sent, error.billing()), (ChannelFault::Tls, false, Billing::Free), "{what}");
        let cause = format!("{:?}", error.source);
        assert!(words.iter().any(|word| cause.contains(word)), "{what}: {cause}");
        assert!(peer.finish().is_empty(), "{what}");
    }
}

/// A client that checks nothing falls for the server, if it is one of those that can.
fn tempts(case: &Case) {
    for tls in [Tls::Embedded, Tls::Rustls].into_iter().filter(|tls| case.is_for(*tls)) {
        let peer = case.start();
        match tls {
            Tls::Embedded => careless_embedded(peer.address),
            Tls::Rustls => careless_rustls(peer.address),
        }
        assert_eq!(!peer.finish().is_empty(), case.falls.contains(&tls), "{}: careless {tls:?}", case.what);
    }
}

#[test]
fn certificates_that_are_not_the_gateways_are_refused() {
    for case in heyan_peers::certificates() {
        refused(&case);
        tempts(&case);
    }
}

/// One session over rustls that believes everything.
fn careless_rustls(address: SocketAddr) {
    #[derive(Debug)]
    struct Anything;
    impl rustls::client::danger::ServerCertVerifier for Anything {
        fn verify_server_cert(
            &self,
            _: &rustls::pki_types::CertificateDer<'_>,
            _: &[rustls::pki_types::CertificateDer<'_>],
            _: &rustls::pki_types::ServerName<'_>,
            _: &[u8],
            _: rustls::pki_types::UnixTime,
        ) -> Result<rustls::client::danger::ServerCertVerified, rustls::Error> {
            Ok(rustls::client::danger::ServerCertVerified::assertion())
        }

        fn verify_tls12_signature(
            &self,
            _: &[u8],
            _: &rustls::pki_types::CertificateDer<'_>,
            _: &rustls::DigitallySignedStruct,
        ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
            Ok(rustls::client::danger::HandshakeSignatureValid::assertion())
        }

        fn verify_tls13_signature(
            &self,
            _: &[u8],
            _: &rustls::pki_types::CertificateDer<'_>,
            _: &rustls::DigitallySignedStruct,
        ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
            Ok(rustls::client::danger::HandshakeSignatureValid::assertion())
        }

        fn supported_verify_schemes(&self) -> Vec<rustls::SignatureScheme> {
            rustls::crypto::ring::default_provider().signature_verification_algorithms.supported_schemes()
        }
    }

    let config = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Anything))
        .with_no_client_auth();
    let session = rustls::ClientConnection::new(Arc::new(config), GATEWAY.try_into().unwrap()).unwrap();
    let mut stream = rustls::StreamOwned::new(session, TcpStream::connect(address).unwrap());
    if stream.write_all(b"GET / HTTP/1.1\r\n\r\n").is_ok() {
        let _ = stream.read(&mut [0; 512]);
    }
}

/// One session over `embedded-tls` with a verifier that believes everything, as its users write them.
fn careless_embedded(address: SocketAddr) {
    use embedded_io::Write as _;
    use embedded_tls::blocking::TlsConnection;
    use embedded_tls::{Aes128GcmSha256, TlsConfig, TlsContext, UnsecureProvider};

    struct Dice;
    impl p256_013::ecdsa::signature::rand_core::RngCore for Dice {
        fn next_u32(&mut self) -> u32 {
            4
        }
        fn next_u64(&mut self) -> u64 {
            4
        }
        fn fill_bytes(&mut self, bytes: &mut [u8]) {
            bytes.fill(4);
        }
        fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), p256_013::ecdsa::signature::rand_core::Error> {
            bytes.fill(4);
            Ok(())
        }
    }
    impl p256_013::ecdsa::signature::rand_core::CryptoRng for Dice {}

    let (mut receive, mut send) = (vec![0; 16_640], vec![0; 2_048]);
    let mut connection: TlsConnection<'_, Socket, Aes128GcmSha256> =
        TlsConnection::new(Socket::connect(address), &mut receive, &mut send);
    let config = TlsConfig::new().with_server_name(GATEWAY);
    if connection.open(TlsContext::new(&config, UnsecureProvider::new::<Aes128GcmSha256>(Dice))).is_err() {
        return;
    }
    connection.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    connection.flush().unwrap();
    let _ = connection.read(&mut [0; 512]);
}

#[test]
fn a_handshake_without_proof_is_refused() {
    let root = Authority::root("Root");
    let identities = vec![root.issue(&leaf(GATEWAY))];
    let honest = [EncryptedExtensions, Certificate(0), CertificateVerify(0), Finished];
    for client in Client::ALL {
        // The player itself is in order.
        let (address, peer) = player(identities.clone(), honest.to_vec(), Vec::new(), support::reply("01"));
        let ended = call(client, address, trust(root.der()), 1);
        assert!(ended[0].is_ok(), "{client:?}: {ended:?}");
        assert_eq!(support::count_requests(&peer.join().unwrap().request), 1);

        // Nothing is sent either before it has said all.
        let (address, peer) = player(identities.clone(), honest[..3].to_vec(), Vec::new(), support::reply("01"));
        let socket = Socket::connect(address);
        socket.0.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
        let ended = call_over(client, socket, trust(root.der()), 1);
        let [Err(Error::Channel(error))] = ended.as_slice() else { panic!("{client:?}: {ended:?}") };
        assert_eq!((error.fault, error.sent), (ChannelFault::TimedOut, false), "{client:?}");
        assert!(peer.join().unwrap().request.is_empty(), "{client:?}");
    }
    for case in heyan_peers::proofs() {
        refused(&case);
        tempts(&case);
    }
}

#[test]
fn weak_keys_signatures_and_versions_are_refused() {
    let Some(openssl) = OpenSsl::find() else { return };
    for case in heyan_peers::weak(&Arc::new(openssl)) {
        refused(&case);
        // OpenSSL's own client, told not to mind, gets through: so the servers of yesterday work.
        let peer = case.start();
        careless_openssl(peer.address, case.openssl_options().unwrap());
        assert!(!peer.finish().is_empty(), "{}: the careless client sends", case.what);
    }
}

fn careless_openssl(address: SocketAddr, options: &[&str]) {
    use std::process::{Command, Stdio};
    let mut child = Command::new("openssl")
        .args(["s_client", "-quiet", "-verify_quiet", "-connect", &address.to_string()])
        .args(options)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    if stdin.write_all(b"GET / HTTP/1.1\r\n\r\n").is_ok() {
        let _ = child.stdout.take().unwrap().read_exact(&mut [0; 4]);
    }
    drop(stdin);
    let _ = child.kill();
    let _ = child.wait();
}

#[test]
fn nothing_is_sent_without_randomness_anchors_or_a_clock() {
    let root = Authority::root("Root");
    let identity = root.issue(&leaf(GATEWAY));

    for client in Client::ALL {
        let (address, peer) = gateway(server_config(&identity, &[&TLS13]), 1);
        let unset = Trust::new(leak(root.der()), Dates::CheckedBy(|| None));
        assert_eq!(distrust(&call(client, address, unset, 1)), Distrust::Clock, "{client:?}");
        assert!(peer.join().unwrap()[0].request.is_empty());
    }

    let none: Trust<'static> = Trust::new(&[], Dates::CheckedBy(today));
    let broken = Trust::new(leak(b"no certificate"), Dates::CheckedBy(today));
    for trust in [none, broken] {
        assert_eq!(
            heyan_embedded::tls::rustls::Config::new(&support::tls::ALGORITHMS, trust).unwrap_err(),
            Distrust::Anchors
        );
        let (address, peer) = gateway(server_config(&identity, &[&TLS13]), 1);
        assert_eq!(distrust(&open_embedded(address, trust, &support::tls::HOST_RANDOM)), Distrust::Anchors);
        assert!(peer.join().unwrap()[0].request.is_empty());
    }

    struct Empty;
    impl Random for Empty {
        fn fill(&self, _: &mut [u8]) -> Result<(), NoRandomness> {
            Err(NoRandomness)
        }
    }
    static EMPTY: Empty = Empty;
    static ALGORITHMS: heyan_embedded::tls::rustls::Algorithms = heyan_embedded::tls::rustls::Algorithms::new(&EMPTY);
    let (address, peer) = gateway(server_config(&identity, &[&TLS13]), 1);
    let ended = open_embedded(address, trust(root.der()), &EMPTY);
    assert!(matches!(&ended[0], Err(Error::Channel(error)) if error.source == Some(TlsError::Randomness)), "{ended:?}");
    assert!(peer.join().unwrap()[0].request.is_empty());
    let config = heyan_embedded::tls::rustls::Config::new(&ALGORITHMS, trust(root.der())).unwrap();
    let (address, peer) = gateway(server_config(&identity, &[&TLS13]), 1);
    let ended = support::tls::call_with(Client::Rustls, Socket::connect(address), trust(root.der()), &config, 1);
    assert!(matches!(&ended[0], Err(Error::Channel(error)) if error.source == Some(TlsError::Randomness)), "{ended:?}");
    assert!(peer.join().unwrap()[0].request.is_empty());
}

fn open_embedded(address: SocketAddr, trust: Trust<'static>, random: &impl Random) -> Vec<Ended> {
    use heyan_embedded::tls::Memory;
    let (mut receive, mut send) = (vec![0; 16_640], vec![0; 2_048]);
    let memory = Memory { receive: &mut receive, send: &mut send };
    let watch = support::tls::host_watch();
    let opened =
        heyan_embedded::blocking::tls::embedded::open(Socket::connect(address), memory, GATEWAY, trust, random, &watch);
    vec![Err(Error::Channel(opened.map(drop).unwrap_err()))]
}

/// A generator whose numbers are the same in each run.
struct Chaos(u64);

impl Chaos {
    fn byte(&mut self) -> u8 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        u8::try_from(self.0 >> 56).unwrap()
    }

    fn bytes(&mut self, most: usize) -> Vec<u8> {
        let len = (usize::from(self.byte()) << 8 | usize::from(self.byte())) % (most + 1);
        (0..len).map(|_| self.byte()).collect()
    }

    fn say(&mut self) -> Say {
        match self.byte() % 6 {
            0 => Say::Record(self.byte(), self.bytes(300)),
            1 => Say::Record(20 + self.byte() % 4, self.bytes(40)),
            2 => Say::Encrypted(20 + self.byte() % 4, self.bytes(300)),
            3 => {
                // A handshake message with a true length, so that its parser is reached.
                let kind = [1, 2, 4, 8, 11, 13, 15, 20, 24, 254][usize::from(self.byte()) % 10];
                let body = self.bytes(200);
                let [_, len @ ..] = u32::try_from(body.len()).unwrap().to_be_bytes();
                Say::Encrypted(22, [&[kind][..], &len, &body].concat())
            }
            4 => Say::EncryptedNothing,
            _ => Say::Encrypted(0, vec![0; usize::from(self.byte())]),
        }
    }
}

#[test]
fn chaos_at_every_stage_gives_no_verdict_and_no_panic() {
    let root = Authority::root("Root");
    let identities = vec![root.issue(&leaf(GATEWAY))];
    let honest = [EncryptedExtensions, Certificate(0), CertificateVerify(0), Finished];
    let mut chaos = Chaos(2026);
    for round in 0..240 {
        let client = Client::ALL[round % 4];
        let kept = (round / 4) % 5;
        let mut noise: Vec<Say> = (0..=chaos.byte() % 3).map(|_| chaos.say()).collect();
        if kept == 4 && Client::EMBEDDED.contains(&client) {
            // embedded-tls 0.19 panics at a CertificateRequest and the like after the handshake. Only the gateway itself
            // can send one; the docs of `tls::embedded` say so.
            noise.retain(|say| !matches!(say, Say::Encrypted(22, _)));
        }
        let (part, after) = if kept < 4 {
            ([&honest[..kept], &noise, &honest[kept..]].concat(), Vec::new())
        } else {
            (honest.to_vec(), noise.clone())
        };
        // After chaos behind the handshake comes no reply, so that no verdict can be right.
        let reply = if kept < 4 { support::reply("01") } else { Vec::new() };
        let (address, peer) = player(identities.clone(), part, after, reply);
        let socket = Socket::connect(address);
        socket.0.set_read_timeout(Some(Duration::from_millis(250))).unwrap();
        let ended = call_over(client, socket, trust(root.der()), 1);
        let heard = peer.join().unwrap();
        // What is not refused, such as empty records, must have left the handshake whole.
        match &ended[0] {
            Ok(_) => assert!(kept < 4 && heard.finished, "{client:?}, {noise:?}: {ended:?}"),
            Err(error) => assert!(
                heard.request.is_empty() || error.billing() == Billing::Unknown,
                "{client:?}, {noise:?}: {ended:?}"
            ),
        }
    }
}

/// Raw bytes instead of a server, from the first byte on.
#[test]
fn noise_instead_of_a_server_is_refused() {
    let root = Authority::root("Root");
    let mut chaos = Chaos(1999);
    for round in 0..240 {
        let mut noise = chaos.bytes(600);
        if round % 2 == 0 && noise.len() > 5 {
            // A record that could be one.
            let len = u16::try_from(noise.len() - 5).unwrap().to_be_bytes();
            noise[..5].copy_from_slice(&[20 + chaos.byte() % 4, 3, 3, len[0], len[1]]);
        }
        if round % 4 == 0 && noise.len() > 50 {
            // A hello that could be one.
            let len = u16::try_from(noise.len() - 9).unwrap().to_be_bytes();
            noise[5..11].copy_from_slice(&[2, 0, len[0], len[1], 3, 3]);
        }
        for client in Client::ALL {
            let ended = call_over(client, Noise(&noise), trust(root.der()), 1);
            let Err(Error::Channel(error)) = &ended[0] else { panic!("{ended:?}") };
            assert!(!error.sent, "{noise:?}");
        }
    }
}

struct Noise<'a>(&'a [u8]);

impl embedded_io::ErrorType for Noise<'_> {
    type Error = embedded_io::ErrorKind;
}

impl embedded_io::Read for Noise<'_> {
    fn read(&mut self, space: &mut [u8]) -> Result<usize, Self::Error> {
        let (now, later) = self.0.split_at(space.len().min(self.0.len()));
        space[..now.len()].copy_from_slice(now);
        self.0 = later;
        Ok(now.len())
    }
}

impl embedded_io::ReadReady for Noise<'_> {
    fn read_ready(&mut self) -> Result<bool, Self::Error> {
        Ok(true)
    }
}

impl embedded_io::Write for Noise<'_> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Self::Error> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<(), Self::Error> {
        Ok(())
    }
}

impl embedded_io_async::Read for Noise<'_> {
    async fn read(&mut self, space: &mut [u8]) -> Result<usize, Self::Error> {
        embedded_io::Read::read(self, space)
    }
}

impl embedded_io_async::Write for Noise<'_> {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Self::Error> {
        embedded_io::Write::write(self, bytes)
    }

    async fn flush(&mut self) -> Result<(), Self::Error> {
        Ok(())
    }
}
