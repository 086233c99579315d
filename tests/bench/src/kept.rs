//! A whole verification by the server's client, over a connection that is kept.

use std::hint::black_box;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use heyan::provider::CHECKONE;
use heyan::{Consent, Subject, Verdict};
use heyan_std::{Client, Config, OwnedCredentials};

use crate::{replies, subject};

/// `heyan_std::Client::verify` over plain http: subject in, outcome out.
pub struct KeptConnection {
    client: Client,
    subject: Subject<'static>,
}

impl KeptConnection {
    /// Starts a server and connects to it.
    ///
    /// # Panics
    /// When that fails, or the server's reply does not read as a match.
    #[must_use]
    pub fn new() -> &'static mut Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let port = listener.local_addr().expect("a bound port").port();
        let reply = replies::message(&CHECKONE);
        // On a thread of its own, and without asking for memory: nothing of it is counted.
        thread::spawn(move || {
            let (socket, _) = listener.accept().expect("the client connects");
            answer(socket, &reply);
        });
        let credentials = OwnedCredentials::app_code("test-appcode-not-a-secret-000000").expect("an AppCode");
        let config = Config::new(&CHECKONE, credentials);
        let config = config.insecure_http_base_url(&format!("http://127.0.0.1:{port}")).expect("a URL");
        let client = Client::new(config).expect("a client");
        let case = Box::leak(Box::new(Self { client, subject: subject(&CHECKONE) }));
        // The first call connects; the second is told from it by what the system was told of time-outs.
        assert!(case.run() && case.run(), "no match");
        assert_eq!(case.client.pool().opened, 1);
        case
    }

    /// Asks once: says whether it was a match.
    pub fn run(&mut self) -> bool {
        let outcome = black_box(&self.client).verify(black_box(&self.subject), Consent::given());
        matches!(outcome.map(|outcome| outcome.verdict()), Ok(Verdict::Match))
    }
}

/// Answers each request, which all are alike: with a body that ends in a name written in percent signs.
fn answer(mut socket: TcpStream, reply: &[u8]) {
    let mut buffer = [0; 2048];
    let mut filled = 0;
    while let Ok(count @ 1..) = socket.read(&mut buffer[filled..]) {
        filled += count;
        if buffer[..filled].ends_with(b"name=%E5%BC%A0%E4%B8%89") {
            filled = 0;
            if socket.write_all(reply).is_err() {
                return;
            }
        }
    }
}
