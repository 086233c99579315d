//! The matrix: servers, and what a client must make of each.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rcgen::ExtendedKeyUsagePurpose::{ClientAuth, ServerAuth};
use rustls::SupportedProtocolVersion;
use rustls::version::{TLS12, TLS13};

use crate::tls13::Say::{
    Certificate, CertificateVerify, EncryptedExtensions, Finished, InClear, MisnamedVerify, NoCertificates,
    StaleVerify, WrongFinished,
};
use crate::tls13::{Heard, Say, play};
use crate::{Authority, DAY, GATEWAY, Identity, OpenSsl, Pki, changed, gateway, leaf, reply, server_config};

/// What speaks TLS in a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    /// TLS 1.3, by `embedded-tls`.
    Embedded,
    /// TLS 1.3 and 1.2, by `rustls`.
    Rustls,
}

/// What a client must make of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Must {
    /// Believe it.
    Believe,
    /// Refuse it before a byte of the request leaves, and call the cause one of these (a name of `heyan-embedded`'s
    /// `Distrust` or `TlsError`).
    Refuse(&'static [&'static str]),
}

/// A server that can be started, again and again.
pub struct Case {
    /// What is special about it.
    pub what: String,
    /// The anchor that the client believes in, in DER.
    pub root: Vec<u8>,
    /// Clients that skip checks and fall for it: of every check there is one that somebody falls for.
    pub falls: &'static [Tls],
    must: Must,
    speaks: Speaks,
    server: Server,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Speaks {
    Tls13,
    Tls12,
    /// What no client speaks any more.
    Older,
}

enum Server {
    Rustls(Identity, &'static SupportedProtocolVersion),
    OpenSsl(Arc<OpenSsl>, Arc<Pki>, Vec<&'static str>),
    Player(Vec<Identity>, Vec<Say>),
}

/// A server that is running, for one connection.
pub struct Running {
    /// Where.
    pub address: SocketAddr,
    thread: Finish,
}

enum Finish {
    Gateway(JoinHandle<Vec<crate::Seen>>),
    OpenSsl(crate::Peer),
    Player(JoinHandle<Heard>),
}

impl Case {
    /// What a client of this kind must make of it. A server whose version of TLS it does not speak is refused, and
    /// whatever else is wrong with it never comes up.
    #[must_use]
    pub fn must(&self, tls: Tls) -> Must {
        match (self.speaks, tls) {
            (Speaks::Tls12, Tls::Embedded) => Must::Refuse(&["Declined", "Protocol"]),
            _ => self.must,
        }
    }

    /// Whether this kind of client comes to see what is special about it.
    #[must_use]
    pub fn is_for(&self, tls: Tls) -> bool {
        self.must == Must::Believe || self.speaks != Speaks::Tls12 || tls == Tls::Rustls
    }

    /// Starts it.
    #[must_use]
    pub fn start(&self) -> Running {
        match &self.server {
            Server::Rustls(identity, version) => {
                let (address, thread) = gateway(server_config(identity, &[version]), 1);
                Running { address, thread: Finish::Gateway(thread) }
            }
            Server::OpenSsl(openssl, pki, options) => {
                let peer = openssl.serve(pki, options);
                Running { address: peer.address(), thread: Finish::OpenSsl(peer) }
            }
            Server::Player(identities, part) => {
                let (address, thread) = player(identities.clone(), part.clone(), Vec::new(), reply("01"));
                Running { address, thread: Finish::Player(thread) }
            }
        }
    }

    /// The options of an OpenSSL server.
    #[must_use]
    pub fn openssl_options(&self) -> Option<&[&'static str]> {
        if let Server::OpenSsl(_, _, options) = &self.server { Some(options) } else { None }
    }
}

impl Running {
    /// What it decrypted of requests, once its client has gone.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        if !matches!(self.thread, Finish::OpenSsl(_)) {
            // For a client that never came. Where one did, nobody listens any more.
            let _ = TcpStream::connect(self.address);
        }
        match self.thread {
            Finish::Gateway(thread) => thread.join().unwrap().remove(0).request,
            Finish::OpenSsl(peer) => peer.finish(),
            Finish::Player(thread) => thread.join().unwrap().request,
        }
    }
}

/// Plays a part to one client.
#[must_use]
pub fn player(
    identities: Vec<Identity>,
    part: Vec<Say>,
    after: Vec<Say>,
    reply: Vec<u8>,
) -> (SocketAddr, JoinHandle<Heard>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let thread = thread::spawn(move || {
        let (socket, _) = listener.accept().unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        play(socket, &identities, &part, &after, &reply)
    });
    (address, thread)
}

/// All servers.
///
/// # Errors
/// There is no `openssl`, which some of them are.
pub fn matrix() -> io::Result<Vec<Case>> {
    let openssl = OpenSsl::find().ok_or_else(|| io::Error::other("there is no openssl on the path"))?;
    let openssl = Arc::new(openssl);
    let mut cases = accepted(&openssl);
    cases.extend(certificates());
    cases.extend(proofs());
    cases.extend(weak(&openssl));
    Ok(cases)
}

/// Servers that are in order, by rustls and OpenSSL.
#[must_use]
pub fn accepted(openssl: &Arc<OpenSsl>) -> Vec<Case> {
    let root = Authority::root("Root");
    let (direct, through) = (root.issue(&leaf(GATEWAY)), root.below("Intermediate").issue_with_chain(&leaf(GATEWAY)));
    let in_order = |what: &str, root: &[u8], speaks, server| Case {
        what: what.to_owned(),
        root: root.to_vec(),
        falls: &[],
        must: Must::Believe,
        speaks,
        server,
    };
    let by_rustls = |what: &str, root: &[u8], identity: Identity, version| {
        in_order(&format!("{what}, rustls"), root, speaks(version), Server::Rustls(identity, version))
    };
    let by_openssl = |what: &str, pki: &Arc<Pki>, speaks, option| {
        let server = Server::OpenSsl(Arc::clone(openssl), Arc::clone(pki), vec![option]);
        in_order(&format!("{what}, OpenSSL"), &pki.root, speaks, server)
    };
    let (ec, rsa) =
        (Arc::new(openssl.pki("ec", "ec", "-sha256")), Arc::new(openssl.pki("rsa:2048", "rsa:2048", "-sha256")));
    let ec_through = Arc::new(openssl.pki_with_intermediate("ec"));
    let rsa_through = Arc::new(openssl.pki_with_intermediate("rsa:2048"));
    vec![
        by_rustls("ECDSA, TLS 1.3", root.der(), direct.clone(), &TLS13),
        by_rustls("ECDSA through an intermediate, TLS 1.3", root.der(), through.clone(), &TLS13),
        by_rustls("RSA-2048, TLS 1.3", &rsa.root, rsa.identity(), &TLS13),
        by_rustls("ECDSA, TLS 1.2", root.der(), direct, &TLS12),
        by_rustls("ECDSA through an intermediate, TLS 1.2", root.der(), through, &TLS12),
        by_rustls("RSA-2048, TLS 1.2", &rsa.root, rsa.identity(), &TLS12),
        by_rustls("RSA-2048 through an intermediate, TLS 1.2", &rsa_through.root, rsa_through.identity(), &TLS12),
        by_openssl("ECDSA, TLS 1.3", &ec, Speaks::Tls13, "-tls1_3"),
        by_openssl("ECDSA through an intermediate, TLS 1.3", &ec_through, Speaks::Tls13, "-tls1_3"),
        by_openssl("RSA-2048, TLS 1.3", &rsa, Speaks::Tls13, "-tls1_3"),
        by_openssl("RSA-2048 through an intermediate, TLS 1.3", &rsa_through, Speaks::Tls13, "-tls1_3"),
        by_openssl("ECDSA, TLS 1.2", &ec, Speaks::Tls12, "-tls1_2"),
        by_openssl("RSA-2048, TLS 1.2", &rsa, Speaks::Tls12, "-tls1_2"),
        by_openssl("RSA-2048 through an intermediate, TLS 1.2", &rsa_through, Speaks::Tls12, "-tls1_2"),
    ]
}

fn speaks(version: &SupportedProtocolVersion) -> Speaks {
    if version == &TLS13 { Speaks::Tls13 } else { Speaks::Tls12 }
}

const BOTH: &[Tls] = &[Tls::Embedded, Tls::Rustls];
const EMBEDDED: &[Tls] = &[Tls::Embedded];
const RUSTLS: &[Tls] = &[Tls::Rustls];

/// Servers whose certificates are not the gateway's, under both versions.
#[must_use]
pub fn certificates() -> Vec<Case> {
    let (root, stranger) = (Authority::root("Root"), Authority::root("Stranger"));
    let clone = Authority::root("Root");
    // A forged signature is reported as that or as no known issuer: either is the truth.
    let unknown = &["UnknownIssuer", "Signature"];
    let cases: [(&str, Identity, &'static [&'static str]); 9] = [
        ("wrong host", root.issue(&leaf("other.test")), &["WrongHost"]),
        ("wrong host below", root.issue(&leaf(&format!("{GATEWAY}.evil.test"))), &["WrongHost"]),
        ("other authority", stranger.issue(&leaf(GATEWAY)), unknown),
        ("other authority, sent along", stranger.issue_with_chain(&leaf(GATEWAY)), unknown),
        ("other authority of the same name", clone.issue(&leaf(GATEWAY)), unknown),
        ("expired", root.issue(&changed(GATEWAY, -60 * DAY, -DAY, ServerAuth)), &["Expired"]),
        ("not yet valid", root.issue(&changed(GATEWAY, DAY, 60 * DAY, ServerAuth)), &["NotYetValid"]),
        ("for clients", root.issue(&changed(GATEWAY, -60 * DAY, 60 * DAY, ClientAuth)), &["NotForServers"]),
        ("forged through a leaf", root.forger().issue_with_chain(&leaf(GATEWAY)), unknown),
    ];
    let by = |version: &'static SupportedProtocolVersion, name: &str, falls| {
        let case = |(what, identity, words): &(&str, Identity, &'static [&'static str])| Case {
            what: format!("{what}, {name}"),
            root: root.der().to_vec(),
            falls,
            must: Must::Refuse(words),
            speaks: speaks(version),
            server: Server::Rustls(identity.clone(), version),
        };
        cases.iter().map(case).collect::<Vec<_>>()
    };
    let mut both = by(&TLS13, "TLS 1.3", BOTH);
    both.extend(by(&TLS12, "TLS 1.2", RUSTLS));
    both
}

/// Servers that do not prove, or not at the right moment, that they have the key of the gateway's certificate.
#[must_use]
pub fn proofs() -> Vec<Case> {
    let (root, stranger) = (Authority::root("Root"), Authority::root("Stranger"));
    let identities = vec![root.issue(&leaf(GATEWAY)), stranger.issue(&leaf(GATEWAY))];
    let hash = vec![0x11; 32];
    // rustls knows by itself what must come when, so that only a wrong signature depends on what it is told to check.
    type Proof = (&'static str, Vec<Say>, &'static [Tls], &'static [&'static str]);
    let cases: Vec<Proof> = vec![
        ("no certificate", vec![Finished], EMBEDDED, &["NoCertificate", "Protocol"]),
        ("an empty certificate", vec![NoCertificates, Finished], EMBEDDED, &["NoCertificate", "Protocol"]),
        (
            "an empty certificate and a proof",
            vec![NoCertificates, CertificateVerify(0), Finished],
            EMBEDDED,
            &["NoCertificate", "Protocol"],
        ),
        ("a certificate without proof", vec![Certificate(0), Finished], EMBEDDED, &["NoProof", "Protocol"]),
        ("the proof first", vec![CertificateVerify(0), Certificate(0), Finished], EMBEDDED, &["NoProof", "Protocol"]),
        ("a proof without certificate", vec![CertificateVerify(0), Finished], EMBEDDED, &["NoProof", "Protocol"]),
        ("another's proof", vec![Certificate(0), CertificateVerify(1), Finished], BOTH, &["Signature"]),
        ("an old proof", vec![Certificate(0), StaleVerify(0), Finished], BOTH, &["Signature"]),
        (
            "a proof of another scheme",
            vec![Certificate(0), MisnamedVerify(0, 0x0503), Finished],
            BOTH,
            &["Signature", "Algorithm"],
        ),
        ("a proof with SHA-1", vec![Certificate(0), MisnamedVerify(0, 0x0203), Finished], BOTH, &["Algorithm"]),
        (
            "two certificates",
            vec![Certificate(0), Certificate(1), CertificateVerify(1), Finished],
            EMBEDDED,
            &["NoProof", "Protocol"],
        ),
        (
            "another certificate behind the proof",
            vec![Certificate(0), CertificateVerify(0), Certificate(1), CertificateVerify(1), Finished],
            EMBEDDED,
            &["NoProof", "Protocol"],
        ),
        ("a wrong finished", vec![Certificate(0), CertificateVerify(0), WrongFinished], &[], &["Protocol"]),
        ("all in clear", vec![InClear(8, vec![0, 0]), InClear(20, hash)], &[], &["Protocol"]),
    ];
    let case = |(what, part, falls, words): Proof| {
        let begin = if what == "all in clear" { Vec::new() } else { vec![EncryptedExtensions] };
        Case {
            what: what.to_owned(),
            root: root.der().to_vec(),
            falls,
            must: Must::Refuse(words),
            speaks: Speaks::Tls13,
            server: Server::Player(identities.clone(), [begin, part].concat()),
        }
    };
    cases.into_iter().map(case).collect()
}

/// OpenSSL servers with keys, digests and versions of yesterday.
#[must_use]
pub fn weak(openssl: &Arc<OpenSsl>) -> Vec<Case> {
    const ANY: [&str; 2] = ["-cipher", "ALL:@SECLEVEL=0"];
    let small_leaf = Arc::new(openssl.pki("rsa:2048", "rsa:1024", "-sha256"));
    let small_root = Arc::new(openssl.pki("rsa:1024", "ec", "-sha256"));
    let sha1 = Arc::new(openssl.pki("rsa:2048", "rsa:2048", "-sha1"));
    let good = Arc::new(openssl.pki("rsa:2048", "rsa:2048", "-sha256"));
    let case = |what: &str, pki: &Arc<Pki>, speaks, options: [&'static str; 3], falls, words| Case {
        what: what.to_owned(),
        root: pki.root.clone(),
        falls,
        must: Must::Refuse(words),
        speaks,
        server: Server::OpenSsl(Arc::clone(openssl), Arc::clone(pki), options.to_vec()),
    };
    let with = |version| [version, ANY[0], ANY[1]];
    let declined: &[&str] = &["Declined", "Protocol"];
    vec![
        case("RSA-1024, TLS 1.3", &small_leaf, Speaks::Tls13, with("-tls1_3"), BOTH, &["Signature"]),
        case("RSA-1024, TLS 1.2", &small_leaf, Speaks::Tls12, with("-tls1_2"), RUSTLS, &["Signature"]),
        case("RSA-1024 root, TLS 1.3", &small_root, Speaks::Tls13, with("-tls1_3"), BOTH, &["Signature"]),
        case("SHA-1, TLS 1.3", &sha1, Speaks::Tls13, with("-tls1_3"), BOTH, &["Algorithm"]),
        case("SHA-1, TLS 1.2", &sha1, Speaks::Tls12, with("-tls1_2"), RUSTLS, &["Algorithm"]),
        case("TLS 1.1", &good, Speaks::Older, with("-tls1_1"), &[], declined),
        case("TLS 1.0", &good, Speaks::Older, with("-tls1"), &[], declined),
        case("no forward secrecy", &good, Speaks::Older, ["-tls1_2", "-cipher", "AES128-GCM-SHA256"], &[], declined),
        case("CBC", &good, Speaks::Older, ["-tls1_2", "-cipher", "ECDHE-RSA-AES128-SHA256"], &[], declined),
    ]
}
