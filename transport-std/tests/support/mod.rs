//! Peers for tests: threads on loopback that follow a script. All data is synthetic.
#![allow(dead_code, reason = "every test binary uses a part of it")]

#[cfg(feature = "ledger")]
pub(crate) mod folder;
pub(crate) mod routes;
pub(crate) mod tls;

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use heyan::provider::IDCERT;
use heyan::{Consent, Date, IdNumber, Mobile, Name, OwnedOutcome, Provider, Subject};
use heyan_std::{Client, Config, Error, OwnedCredentials};

pub(crate) const NAME: &str = "张三";
pub(crate) const ID: &str = "11010119000101009X";
pub(crate) const MOBILE: &str = "13000000000";
pub(crate) const APP_CODE: &str = "test-appcode-not-a-secret";
pub(crate) const MATCH: &[u8] = br#"{"status":"01","msg":"ok","idCard":"11*****009X","name":"*","traceId":"t_1"}"#;

/// Long enough never to be reached, short enough to end a test that hangs.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) fn subject() -> Subject<'static> {
    let id = IdNumber::parse(ID, Date::new(2026, 11, 22).unwrap()).unwrap();
    Subject::new(Name::parse(NAME).unwrap(), id)
}

pub(crate) fn subject_for(provider: &dyn Provider) -> Subject<'static> {
    if provider.info().checks_mobile() { subject().with_mobile(Mobile::parse(MOBILE).unwrap()) } else { subject() }
}

pub(crate) fn credentials() -> OwnedCredentials {
    OwnedCredentials::app_code(APP_CODE).unwrap()
}

/// A configuration for a peer that speaks plain HTTP on this port.
pub(crate) fn plain(port: u16) -> Config {
    plain_for(&IDCERT, port)
}

pub(crate) fn plain_for(provider: &'static dyn Provider, port: u16) -> Config {
    Config::new(provider, credentials())
        .insecure_http_base_url(&format!("http://127.0.0.1:{port}"))
        .unwrap()
        .timeout(PATIENCE)
}

pub(crate) fn client(config: Config) -> Client {
    Client::new(config).unwrap()
}

pub(crate) fn verify(client: &Client) -> Result<OwnedOutcome, Error> {
    client.verify(&subject(), Consent::given())
}

/// A reply with its length.
pub(crate) fn reply(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let mut reply = format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\n\r\n", body.len()).into_bytes();
    reply.extend_from_slice(body);
    reply
}

pub(crate) fn matching() -> Act {
    Act::Reply(reply("200 OK", "", MATCH))
}

/// What a peer does once it has a whole request.
pub(crate) enum Act {
    /// Sends these bytes and stays open.
    Reply(Vec<u8>),
    /// Sends these bytes, then closes.
    ReplyAndClose(Vec<u8>),
    /// Sends nothing and stays open until the test is over.
    Silence,
    /// Sends one byte in five milliseconds, until the client is gone.
    Drip(Vec<u8>),
    /// Reads only so many bytes of the next request, then closes with the rest unread.
    CloseWithin(usize),
}

/// A peer on a port of its own.
pub(crate) struct Peer {
    pub(crate) port: u16,
    requests: Receiver<Vec<u8>>,
    accepted: Arc<AtomicUsize>,
    closed: Receiver<()>,
    /// Peers that keep silent wait for its end.
    _alive: Sender<()>,
}

impl Peer {
    /// Connection by connection, what is done with each of its requests. Further connections are closed at once.
    pub(crate) fn start(script: Vec<Vec<Act>>) -> Self {
        Self::start_through(script, |stream| Ok(Box::new(stream)))
    }

    /// The same behind something that speaks first, such as TLS.
    pub(crate) fn start_through(
        script: Vec<Vec<Act>>,
        wrap: impl Fn(TcpStream) -> io::Result<Box<dyn Stream>> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let (seen, requests) = mpsc::channel();
        let (alive, end) = mpsc::channel::<()>();
        let (close, closed) = mpsc::channel();
        let end = Arc::new(Mutex::new(end));
        let accepted = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&accepted);
        let wrap = Arc::new(wrap);
        std::thread::spawn(move || {
            let mut script = script.into_iter();
            for stream in listener.incoming() {
                let Ok(stream) = stream else { return };
                count.fetch_add(1, Ordering::SeqCst);
                let Some(acts) = script.next() else { continue };
                let (seen, end, close, wrap) = (seen.clone(), Arc::clone(&end), close.clone(), Arc::clone(&wrap));
                std::thread::spawn(move || {
                    if let Ok(stream) = wrap(stream) {
                        let _ = follow(stream, acts, &seen, &end);
                    }
                    let _ = close.send(());
                });
            }
        });
        Self { port, requests, accepted, closed, _alive: alive }
    }

    pub(crate) fn accepted(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }

    /// Waits for the next request.
    pub(crate) fn request(&self) -> Vec<u8> {
        self.requests.recv_timeout(PATIENCE).unwrap()
    }

    /// The requests that arrived and were not taken yet.
    pub(crate) fn pending(&self) -> usize {
        self.requests.try_iter().count()
    }

    /// Waits until a connection was closed by the peer.
    pub(crate) fn wait_closed(&self) {
        self.closed.recv_timeout(PATIENCE).unwrap();
    }
}

pub(crate) trait Stream: Read + Write + Send {
    /// Ends what is said, but for TLS without saying so.
    fn leave(&mut self) {}
}

impl Stream for TcpStream {}

fn follow(
    mut stream: Box<dyn Stream>,
    acts: Vec<Act>,
    seen: &Sender<Vec<u8>>,
    end: &Mutex<Receiver<()>>,
) -> io::Result<()> {
    for act in acts {
        if let Act::CloseWithin(count) = act {
            stream.read_exact(&mut vec![0; count])?;
            return Ok(());
        }
        let request = read_request(&mut stream)?;
        let _ = seen.send(request);
        match act {
            Act::Reply(bytes) => stream.write_all(&bytes)?,
            Act::ReplyAndClose(bytes) => {
                stream.write_all(&bytes)?;
                stream.leave();
                return stream.flush();
            }
            Act::Silence => {
                let _ = end.lock().unwrap().recv();
            }
            Act::Drip(bytes) => {
                for byte in bytes {
                    stream.write_all(&[byte])?;
                    stream.flush()?;
                    // The pace is the behaviour under test; nothing waits for it.
                    std::thread::sleep(Duration::from_millis(5));
                }
            }
            Act::CloseWithin(_) => {}
        }
        stream.flush()?;
    }
    // Open until the client leaves, so that only scripted closes close.
    let _ = stream.read(&mut [0]);
    Ok(())
}

/// Reads one request to its end.
pub(crate) fn read_request(stream: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        request.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&request).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok()).unwrap_or(0);
    let at = request.len();
    request.resize(at + length, 0);
    stream.read_exact(&mut request[at..])?;
    Ok(request)
}
