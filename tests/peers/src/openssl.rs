//! `openssl` as a peer, and as an authority with kinds of keys and digests that nothing else here would make.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::pki::Identity;
use crate::{GATEWAY, reply};

/// How long OpenSSL may take to start, or to notice that its client has gone.
const PATIENCE: Duration = Duration::from_secs(20);

/// A folder for keys, certificates and sockets, which goes when this is dropped.
pub struct OpenSsl(PathBuf);

/// Files of a chain: a root, perhaps an authority below it, and a leaf for the gateway.
pub struct Pki {
    dir: PathBuf,
    /// The root's certificate, in DER.
    pub root: Vec<u8>,
}

impl OpenSsl {
    /// `None` when there is no `openssl` on the path; it says so.
    #[must_use]
    pub fn find() -> Option<Self> {
        if Command::new("openssl").arg("version").stdout(Stdio::null()).status().is_err() {
            eprintln!("skipped: there is no openssl on the path");
            return None;
        }
        let dir = std::env::temp_dir().join(format!("heyan-openssl-{}-{}", std::process::id(), number()));
        std::fs::create_dir_all(&dir).unwrap();
        Some(Self(dir))
    }

    /// A root and a leaf with keys of these kinds (`rsa:2048` or `ec`), certificates signed with this digest (`-sha256`).
    #[must_use]
    pub fn pki(&self, root_kind: &str, leaf_kind: &str, digest: &str) -> Pki {
        let pki = self.root(root_kind, digest);
        pki.issue("root", "leaf", leaf_kind, digest, &leaf_extensions());
        pki
    }

    /// A root, an authority below it and a leaf, all with keys of this kind.
    #[must_use]
    pub fn pki_with_intermediate(&self, kind: &str) -> Pki {
        let digest = "-sha256";
        let pki = self.root(kind, digest);
        let authority = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n";
        pki.issue("root", "intermediate", kind, digest, authority);
        pki.issue("intermediate", "leaf", kind, digest, &leaf_extensions());
        pki
    }

    fn root(&self, kind: &str, digest: &str) -> Pki {
        let dir = self.0.join(number().to_string());
        std::fs::create_dir_all(&dir).unwrap();
        let mut pki = Pki { dir, root: Vec::new() };
        let usage = ["-x509", "-days", "30", "-out", "root.pem", "-addext", "keyUsage=critical,keyCertSign"];
        pki.request("root", kind, digest, &usage);
        run(&mut pki.openssl("x509 -in root.pem -outform DER -out root.der"));
        pki.root = std::fs::read(pki.dir.join("root.der")).unwrap();
        pki
    }

    /// A server for one connection, which answers the first request with "match".
    #[must_use]
    pub fn serve(&self, pki: &Pki, options: &[&str]) -> Peer {
        // A port that is free now may be taken by the time that openssl listens; the name of a socket is its own.
        // OpenSSL has room for 31 characters of it.
        let name = format!("{}.sock", number());
        let socket = self.0.join(&name);
        let words = format!("s_server -quiet -naccept 1 -cert leaf.pem -key leaf.key -unix ../{name}");
        let mut server = pki.openssl(&words);
        server.args(options);
        if pki.dir.join("intermediate.pem").exists() {
            server.args(["-cert_chain", "intermediate.pem"]);
        }
        let mut child = server.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let (mut stdin, mut stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let (done, decrypted) = mpsc::channel();
        thread::spawn(move || {
            let (mut seen, mut bytes, mut answered) = (Vec::new(), [0; 4096], false);
            while let Ok(count @ 1..) = stdout.read(&mut bytes) {
                seen.extend_from_slice(&bytes[..count]);
                if !answered && seen.windows(4).any(|window| window == b"\r\n\r\n") {
                    answered = true;
                    let _ = stdin.write_all(&reply("01"));
                    let _ = stdin.flush();
                }
            }
            let _ = done.send(seen);
        });
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            let (client, _) = listener.accept()?;
            join(client, connect(&socket)?)
        });
        Peer { child, address, decrypted }
    }
}

/// Another one with each call.
fn number() -> usize {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    COUNT.fetch_add(1, Ordering::Relaxed)
}

fn leaf_extensions() -> String {
    format!("subjectAltName=DNS:{GATEWAY}\nextendedKeyUsage=serverAuth\nbasicConstraints=critical,CA:FALSE\n")
}

impl Drop for OpenSsl {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl Pki {
    /// The same leaf, for a server by rustls.
    #[must_use]
    pub fn identity(&self) -> Identity {
        let certificate = |name: &str| CertificateDer::from_pem_file(self.dir.join(name)).ok();
        let chain = ["leaf.pem", "intermediate.pem"].into_iter().filter_map(certificate).collect();
        Identity { chain, key: PrivateKeyDer::from_pem_file(self.dir.join("leaf.key")).unwrap() }
    }

    fn openssl(&self, words: &str) -> Command {
        let mut command = Command::new("openssl");
        command.current_dir(&self.dir).args(words.split(' '));
        command
    }

    /// Makes `name.key`, and a request for a certificate or the certificate itself.
    fn request(&self, name: &str, kind: &str, digest: &str, more: &[&str]) {
        let new_key = match kind {
            "ec" => "ec -pkeyopt ec_paramgen_curve:P-256",
            rsa => rsa,
        };
        let words = format!("req -newkey {new_key} -nodes -keyout {name}.key -subj /CN={name} {digest}");
        run(self.openssl(&words).args(more));
    }

    fn issue(&self, issuer: &str, name: &str, kind: &str, digest: &str, extensions: &str) {
        self.request(name, kind, digest, &["-out", "csr"]);
        std::fs::write(self.dir.join("ext"), extensions).unwrap();
        run(&mut self.openssl(&format!(
            "x509 -req -in csr -CA {issuer}.pem -CAkey {issuer}.key -CAcreateserial -days 20 -extfile ext -out {name}.pem \
             {digest}"
        )));
    }
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Connects as soon as the server listens: it says so to nobody.
fn connect(socket: &Path) -> io::Result<UnixStream> {
    let began = Instant::now();
    loop {
        match UnixStream::connect(socket) {
            Err(error) if began.elapsed() > PATIENCE => return Err(error),
            Err(_) => thread::sleep(Duration::from_millis(2)),
            connected => return connected,
        }
    }
}

/// Moves bytes until both sides have closed.
fn join(client: TcpStream, server: UnixStream) -> io::Result<()> {
    client.set_nodelay(true)?;
    let (mut from_client, mut to_server) = (client.try_clone()?, server.try_clone()?);
    thread::spawn(move || {
        let _ = io::copy(&mut from_client, &mut to_server);
        let _ = to_server.shutdown(Shutdown::Write);
    });
    let (mut from_server, mut to_client) = (server, client);
    let _ = io::copy(&mut from_server, &mut to_client);
    to_client.shutdown(Shutdown::Write)
}

/// A server of OpenSSL's that is running.
pub struct Peer {
    child: Child,
    address: SocketAddr,
    decrypted: Receiver<Vec<u8>>,
}

impl Peer {
    /// Where it is; it can be connected to at once.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What the server decrypted, once its client has gone.
    #[must_use]
    pub fn finish(mut self) -> Vec<u8> {
        let ended = self.decrypted.recv_timeout(Duration::from_secs(5));
        let _ = self.child.kill();
        ended.or_else(|_| self.decrypted.recv()).unwrap()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
