//! `openssl` as a peer. Without it on the path these tests say so and do nothing.
#![allow(dead_code, reason = "each test takes what it needs")]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

pub(crate) struct OpenSsl(PathBuf);

/// Files of a chain: a root, and a leaf for the gateway.
pub(crate) struct Pki {
    dir: PathBuf,
    pub(crate) root: Vec<u8>,
}

impl OpenSsl {
    pub(crate) fn find() -> Option<Self> {
        static DIRS: AtomicUsize = AtomicUsize::new(0);
        if Command::new("openssl").arg("version").stdout(Stdio::null()).status().is_err() {
            eprintln!("skipped: there is no openssl on the path");
            return None;
        }
        let count = DIRS.fetch_add(1, Ordering::Relaxed);
        let dir = std::env::temp_dir().join(format!("heyan-openssl-{}-{count}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        Some(Self(dir))
    }

    /// A chain whose leaf has a key of this kind (`rsa:2048` or `ec`), its certificate signed with this digest.
    pub(crate) fn pki(&self, kind: &str, digest: &str) -> Pki {
        self.pki_with(kind, kind, digest)
    }

    pub(crate) fn pki_with(&self, root_kind: &str, leaf_kind: &str, digest: &str) -> Pki {
        let dir = self.0.join(format!("{root_kind}-{leaf_kind}{digest}").replace(':', "-"));
        std::fs::create_dir_all(&dir).unwrap();
        let new_key = |kind: &str| match kind {
            "ec" => vec!["-newkey".to_owned(), "ec".into(), "-pkeyopt".into(), "ec_paramgen_curve:P-256".into()],
            rsa => vec!["-newkey".into(), rsa.to_owned()],
        };
        let request = |kind: &str, key: &str, subject: &str, more: &[&str]| {
            run(Command::new("openssl")
                .current_dir(&dir)
                .arg("req")
                .args(new_key(kind))
                .args(["-nodes", "-keyout", key, "-subj", subject, digest])
                .args(more));
        };
        request(
            root_kind,
            "root.key",
            "/CN=Root",
            &["-x509", "-days", "30", "-out", "root.pem", "-addext", "keyUsage=critical,keyCertSign"],
        );
        request(leaf_kind, "leaf.key", "/CN=Leaf", &["-out", "leaf.csr"]);
        std::fs::write(
            dir.join("ext"),
            "subjectAltName=DNS:gateway.test\nextendedKeyUsage=serverAuth\nbasicConstraints=critical,CA:FALSE\n",
        )
        .unwrap();
        run(Command::new("openssl").current_dir(&dir).args([
            "x509",
            "-req",
            "-in",
            "leaf.csr",
            "-CA",
            "root.pem",
            "-CAkey",
            "root.key",
            "-CAcreateserial",
            "-days",
            "20",
            "-extfile",
            "ext",
            "-out",
            "leaf.pem",
            digest,
        ]));
        run(Command::new("openssl")
            .current_dir(&dir)
            .args(["x509", "-in", "root.pem", "-outform", "DER", "-out", "root.der"]));
        let root = std::fs::read(dir.join("root.der")).unwrap();
        Pki { dir, root }
    }

    /// A server for one connection, which answers the first request with "match".
    pub(crate) fn serve(&self, pki: &Pki, options: &[&str]) -> Peer {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let mut child = Command::new("openssl")
            .current_dir(&pki.dir)
            .args(["s_server", "-quiet", "-accept", &address.to_string(), "-cert", "leaf.pem", "-key", "leaf.key"])
            .args(["-naccept", "1"])
            .args(options)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let (mut stdin, mut stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let reader = std::thread::spawn(move || {
            let (mut seen, mut bytes, mut answered) = (Vec::new(), [0; 4096], false);
            while let Ok(count @ 1..) = stdout.read(&mut bytes) {
                seen.extend_from_slice(&bytes[..count]);
                if !answered && seen.windows(4).any(|window| window == b"\r\n\r\n") {
                    answered = true;
                    let body = "{\"status\":\"01\"}";
                    let _ = write!(stdin, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
                    let _ = stdin.flush();
                }
            }
            seen
        });
        Peer { child, address, reader: Some(reader) }
    }
}

impl Drop for OpenSsl {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl Pki {
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

pub(crate) struct Peer {
    child: Child,
    address: SocketAddr,
    reader: Option<JoinHandle<Vec<u8>>>,
}

impl Peer {
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Connects as soon as the server listens: it says so to nobody, and takes one connection only.
    pub(crate) fn connect(&self) -> TcpStream {
        let began = Instant::now();
        loop {
            match TcpStream::connect(self.address) {
                Ok(socket) => {
                    socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
                    return socket;
                }
                Err(error) => {
                    assert!(began.elapsed() < Duration::from_secs(20), "openssl does not listen: {error}");
                    std::thread::yield_now();
                }
            }
        }
    }

    /// What the server decrypted.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        let began = Instant::now();
        while self.child.try_wait().unwrap().is_none() && began.elapsed() < Duration::from_secs(5) {
            std::thread::yield_now();
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.reader.take().unwrap().join().unwrap()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
