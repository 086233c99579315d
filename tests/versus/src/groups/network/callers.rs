//! Who asks: heyan's client, other crates', and bare sockets.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use heyan::provider::CHECKONE;
use heyan::{AppCode, Consent, Credentials, Date, Endpoint, IdNumber, Inquiry, Name, Subject, Verdict};
use heyan_std::{Client, Config, OwnedCredentials, Trust};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, StreamOwned};

use super::server;

/// Everybody's, so that none has it easier.
const TIMEOUT: Duration = Duration::from_secs(20);
const HOST: &str = "localhost";
/// The same, for which nobody has to be asked.
pub(super) const ADDRESS: &str = "127.0.0.1";
/// Short for an AppCode, and none.
const APP_CODE: &str = "test-appcode-not-a-secret-000000";
/// What the gateway sends along.
const FIELDS: &str = "Date: Sun, 01 Nov 2026 08:00:00 GMT\r\n\
     Content-Type: application/json;charset=utf-8\r\n\
     Connection: keep-alive\r\n\
     Keep-Alive: timeout=25\r\n\
     Access-Control-Allow-Origin: *\r\n\
     X-Ca-Request-Id: 3C07F9DB-66E1-4D1A-9F73-4C9B1F0D2A11\r\n";
/// The vendor's documented reply.
const BODY: &str = r#"{"code":"10000","message":"成功","data":{"result":"1"},"seqNo":"4XU29Z4D1704061618"}"#;

/// One call: says whether the register had a match.
type Caller = Box<dyn FnMut() -> bool + Send>;

/// Says whose cryptography those take who ask the process.
pub(in crate::groups) fn provide_tls() {
    // It is an error to say it twice.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// A server, and what is to be sent to it.
pub(super) struct World {
    port: u16,
    certificate: Option<CertificateDer<'static>>,
    /// `http://localhost:1` and the target.
    url: String,
    message: Vec<u8>,
    /// But for those that every library writes itself.
    fields: Vec<(String, String)>,
    body: Vec<u8>,
}

impl World {
    /// Starts a server.
    pub(super) fn new(secure: bool) -> Self {
        provide_tls();
        let (tls, certificate) = if secure {
            let (tls, certificate) = identity();
            (Some(tls), Some(certificate))
        } else {
            (None, None)
        };
        let reply = format!("HTTP/1.1 200 OK\r\n{FIELDS}Content-Length: {}\r\n\r\n{BODY}", BODY.len());
        let port = server::start(tls, reply.leak().as_bytes()).expect("a server on loopback");
        let base = base(secure, HOST, port);
        let endpoint = if secure { Endpoint::parse(&base) } else { Endpoint::parse_insecure_http(&base) };
        let credentials = Credentials::AppCode(AppCode::new(APP_CODE).expect("an AppCode"));
        let inquiry = Inquiry::new(&CHECKONE, subject(), Consent::given(), credentials).expect("an inquiry");
        let mut buffer = vec![0; CHECKONE.info().buffer_len()];
        let request = inquiry.at(endpoint.expect("an endpoint")).write(&mut buffer).expect("a request");
        let view = request.expose();
        let own =
            |name: &str| ["host", "content-length", "connection"].iter().any(|own| name.eq_ignore_ascii_case(own));
        let fields = view.headers().filter(|(name, _)| !own(name));
        let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let url = format!("{base}{}", view.target);
        Self { port, certificate, url, message: view.bytes.to_vec(), fields, body: view.body.to_vec() }
    }

    /// heyan's client, which asks at `host`: [`HOST`] or [`ADDRESS`].
    pub(super) fn client(&self, host: &str) -> Client {
        let config = Config::new(&CHECKONE, OwnedCredentials::app_code(APP_CODE).expect("an AppCode"));
        let secure = self.certificate.is_some();
        let base = base(secure, host, self.port);
        let config = if secure { config.base_url(&base) } else { config.insecure_http_base_url(&base) };
        Client::new(config.expect("a URL").timeout(TIMEOUT).trust(self.trust())).expect("a client")
    }

    fn socket(&self) -> TcpStream {
        let socket = TcpStream::connect((HOST, self.port)).expect("the server listens");
        socket.set_nodelay(true).expect("a socket");
        socket
    }

    fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(self.certificate.clone());
        roots
    }

    fn trust(&self) -> Trust {
        match &self.certificate {
            Some(certificate) => Trust::only_pem(pem(certificate).as_bytes()).expect("a certificate"),
            None => Trust::webpki_roots(),
        }
    }
}

fn base(secure: bool, host: &str, port: u16) -> String {
    format!("{}://{host}:{port}", if secure { "https" } else { "http" })
}

/// A certificate for [`HOST`] and [`ADDRESS`], and who has it.
fn identity() -> (Arc<ServerConfig>, CertificateDer<'static>) {
    let own = rcgen::generate_simple_self_signed([HOST, ADDRESS].map(str::to_owned)).expect("a certificate");
    let certificate = own.cert.der().clone();
    let key = PrivateKeyDer::try_from(own.signing_key.serialize_der()).expect("a key");
    let tls = ServerConfig::builder_with_provider(ring())
        .with_safe_default_protocol_versions()
        .expect("ring's versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .expect("a pair");
    (Arc::new(tls), certificate)
}

fn ring() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

fn pem(certificate: &CertificateDer<'_>) -> String {
    use base64ct::{Base64, Encoding};
    let text = Base64::encode_string(certificate);
    format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n")
}

pub(super) fn subject() -> Subject<'static> {
    let today = Date::new(2026, 11, 1).expect("a day");
    Subject::new(Name::parse("张三").expect("a name"), IdNumber::parse("110101190001010057", today).expect("a number"))
}

/// Verifies once.
pub(super) fn sees_match(client: &Client, subject: &Subject<'_>) -> bool {
    let outcome = client.verify(subject, Consent::given()).expect("an outcome");
    outcome.verdict() == Verdict::Match
}

/// What everybody but heyan makes of the body.
fn is_match(body: &[u8]) -> bool {
    let reply: serde_json::Value = serde_json::from_slice(body).expect("JSON");
    reply["code"] == "10000" && reply["data"]["result"] == "1"
}

/// Prepares what all threads share, and returns what makes a caller for each.
fn callers(world: &'static World, key: &str) -> Box<dyn Fn() -> Caller> {
    match key {
        "heyan" => {
            let client = world.client(HOST);
            Box::new(move || {
                let (client, subject) = (client.clone(), subject());
                Box::new(move || sees_match(&client, &subject))
            })
        }
        "ureq" => {
            let mut config = ureq::Agent::config_builder().timeout_global(Some(TIMEOUT));
            if let Some(certificate) = &world.certificate {
                let root = ureq::tls::Certificate::from_der(certificate).to_owned();
                let roots = ureq::tls::RootCerts::new_with_certs(&[root]);
                config = config.tls_config(ureq::tls::TlsConfig::builder().root_certs(roots).build());
            }
            let agent = config.build().new_agent();
            Box::new(move || {
                let agent = agent.clone();
                Box::new(move || {
                    let mut request = agent.post(&world.url);
                    for (name, value) in &world.fields {
                        request = request.header(name, value);
                    }
                    let mut reply = request.send(&world.body[..]).expect("a reply");
                    is_match(&reply.body_mut().read_to_vec().expect("a body"))
                })
            })
        }
        "reqwest" => {
            let mut builder = reqwest::blocking::Client::builder().timeout(TIMEOUT).no_proxy();
            if let Some(certificate) = &world.certificate {
                let root = reqwest::Certificate::from_der(certificate).expect("a certificate");
                builder = builder.tls_certs_only([root]);
            }
            let client = builder.build().expect("a client");
            Box::new(move || {
                let client = client.clone();
                Box::new(move || {
                    let mut request = client.post(&world.url);
                    for (name, value) in &world.fields {
                        request = request.header(name, value);
                    }
                    let reply = request.body(&world.body[..]).send().expect("a reply");
                    is_match(&reply.bytes().expect("a body"))
                })
            })
        }
        "attohttpc" => Box::new(move || {
            Box::new(move || {
                let mut request = attohttpc::post(&world.url).timeout(TIMEOUT);
                if let Some(certificate) = &world.certificate {
                    request = request.add_root_certificate(certificate.clone());
                }
                for (name, value) in &world.fields {
                    let name = attohttpc::header::HeaderName::from_bytes(name.as_bytes()).expect("a name");
                    request = request.header(name, value);
                }
                is_match(&request.bytes(&world.body[..]).send().expect("a reply").bytes().expect("a body"))
            })
        }),
        "minreq" => Box::new(move || {
            Box::new(move || {
                let mut request = minreq::post(&world.url).with_timeout(TIMEOUT.as_secs());
                for (name, value) in &world.fields {
                    request = request.with_header(name, value);
                }
                is_match(request.with_body(&world.body[..]).send().expect("a reply").as_bytes())
            })
        }),
        "raw" => Box::new(move || match world.certificate {
            None => raw(world, world.socket()),
            Some(_) => {
                let tls = ClientConfig::builder_with_provider(ring())
                    .with_safe_default_protocol_versions()
                    .expect("ring's versions")
                    .with_root_certificates(world.roots())
                    .with_no_client_auth();
                let name = ServerName::try_from(HOST).expect("a name");
                let session = ClientConnection::new(Arc::new(tls), name).expect("a session");
                raw(world, StreamOwned::new(session, world.socket()))
            }
        }),
        _ => panic!("{key} is nobody"),
    }
}

fn raw(world: &'static World, mut stream: impl Read + Write + Send + 'static) -> Caller {
    let mut buffer = vec![0; 8192];
    Box::new(move || {
        stream.write_all(&world.message).expect("the server reads");
        let mut filled = 0;
        loop {
            filled += stream.read(&mut buffer[filled..]).expect("the server answers");
            let mut fields = [httparse::EMPTY_HEADER; 32];
            let mut head = httparse::Response::new(&mut fields);
            let Ok(httparse::Status::Complete(at)) = head.parse(&buffer[..filled]) else { continue };
            let length = head.headers.iter().find(|field| field.name.eq_ignore_ascii_case("content-length"));
            let length: usize =
                length.and_then(|field| str::from_utf8(field.value).ok()?.parse().ok()).expect("a length");
            if let Some(body) = buffer[..filled].get(at..at + length) {
                return is_match(body);
            }
        }
    })
}

/// Threads, or tasks, that ask at the same time.
pub(super) struct Crew {
    run: Box<dyn FnMut(usize) -> bool>,
    /// Nanoseconds of each call of the last run.
    times: Arc<Mutex<Vec<u64>>>,
    threads: usize,
}

/// What was seen of a crew.
pub(super) struct Seen {
    /// Verifications in a second.
    pub(super) rate: f64,
    /// What 99 of 100 took at most, in microseconds.
    pub(super) p99_us: f64,
}

impl Crew {
    pub(super) fn new(world: &'static World, key: &str, threads: usize) -> Self {
        let times = Arc::new(Mutex::new(Vec::new()));
        let run = if key == "reqwest-async" {
            tasks(world, threads, Arc::clone(&times))
        } else {
            let callers = callers(world, key);
            on_threads((0..threads).map(|_| callers()).collect(), Arc::clone(&times))
        };
        let mut crew = Self { run, times, threads };
        // Connections are made before anything is timed.
        assert!(crew.run(2), "{key} sees no match");
        crew
    }

    /// So many calls of each; says whether all saw a match.
    pub(super) fn run(&mut self, calls: usize) -> bool {
        (self.run)(calls)
    }

    /// Has them call for about so long.
    pub(super) fn watch(&mut self, turn: Duration) -> Seen {
        let mut times = Vec::new();
        let (start, mut calls, mut done) = (Instant::now(), 1, 0);
        while start.elapsed() < turn {
            assert!(self.run(calls), "not a match");
            times.append(&mut self.times.lock().expect("no thread panicked"));
            done += calls * self.threads;
            calls = (calls * 2).min(64);
        }
        let rate = done as f64 / start.elapsed().as_secs_f64();
        times.sort_unstable();
        let p99 = times.get(times.len().saturating_sub(1) * 99 / 100).copied().unwrap_or_default();
        Seen { rate, p99_us: p99 as f64 / 1e3 }
    }
}

/// What the threads of a crew share.
struct Round {
    gate: Barrier,
    calls: Mutex<usize>,
    failed: AtomicBool,
}

fn on_threads(callers: Vec<Caller>, times: Arc<Mutex<Vec<u64>>>) -> Box<dyn FnMut(usize) -> bool> {
    let gate = Barrier::new(callers.len() + 1);
    let round = Arc::new(Round { gate, calls: Mutex::new(0), failed: AtomicBool::new(false) });
    for mut call in callers {
        let (round, times) = (Arc::clone(&round), Arc::clone(&times));
        // They wait at the gate until the process ends.
        thread::spawn(move || {
            loop {
                round.gate.wait();
                let calls = *round.calls.lock().expect("no thread panicked");
                let mut own = Vec::with_capacity(calls);
                for _ in 0..calls {
                    let start = Instant::now();
                    if !call() {
                        round.failed.store(true, Ordering::Relaxed);
                    }
                    own.push(start.elapsed().as_nanos() as u64);
                }
                times.lock().expect("no thread panicked").append(&mut own);
                round.gate.wait();
            }
        });
    }
    Box::new(move |calls| {
        times.lock().expect("no thread panicked").clear();
        *round.calls.lock().expect("no thread panicked") = calls;
        round.gate.wait();
        round.gate.wait();
        !round.failed.load(Ordering::Relaxed)
    })
}

fn tasks(world: &'static World, tasks: usize, times: Arc<Mutex<Vec<u64>>>) -> Box<dyn FnMut(usize) -> bool> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let mut builder = reqwest::Client::builder().timeout(TIMEOUT).no_proxy();
    if let Some(certificate) = &world.certificate {
        builder = builder.tls_certs_only([reqwest::Certificate::from_der(certificate).expect("a certificate")]);
    }
    let client = builder.build().expect("a client");
    Box::new(move |calls| {
        times.lock().expect("no task panicked").clear();
        let ask = |client: reqwest::Client, times: Arc<Mutex<Vec<u64>>>| async move {
            let mut all = true;
            let mut own = Vec::with_capacity(calls);
            for _ in 0..calls {
                let start = Instant::now();
                let mut request = client.post(&world.url);
                for (name, value) in &world.fields {
                    request = request.header(name, value);
                }
                let reply = request.body(&world.body[..]).send().await.expect("a reply");
                all &= is_match(&reply.bytes().await.expect("a body"));
                own.push(start.elapsed().as_nanos() as u64);
            }
            times.lock().expect("no task panicked").append(&mut own);
            all
        };
        let under_way: Vec<_> = (0..tasks).map(|_| runtime.spawn(ask(client.clone(), Arc::clone(&times)))).collect();
        under_way.into_iter().all(|task| runtime.block_on(task).expect("a task"))
    })
}
