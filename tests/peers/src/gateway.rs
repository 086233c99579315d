//! Gateways by rustls.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use rustls::{HandshakeKind, ServerConfig, ServerConnection, SupportedProtocolVersion};

use crate::pki::Identity;
use crate::{count_requests, reply};

/// What a peer saw of one connection.
#[derive(Debug, Default)]
pub struct Seen {
    /// Bytes of requests, decrypted.
    pub request: Vec<u8>,
    /// Whether the handshake was an abbreviated one.
    pub resumed: bool,
}

/// A server with this identity and these versions of the protocol.
#[must_use]
pub fn server_config(identity: &Identity, versions: &[&'static SupportedProtocolVersion]) -> Arc<ServerConfig> {
    let ring = Arc::new(rustls::crypto::ring::default_provider());
    Arc::new(
        ServerConfig::builder_with_provider(ring)
            .with_protocol_versions(versions)
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(identity.chain.clone(), identity.key.clone_key())
            .unwrap(),
    )
}

/// A gateway for this many connections. It answers every request with "match".
#[must_use]
pub fn gateway(config: Arc<ServerConfig>, connections: usize) -> (SocketAddr, JoinHandle<Vec<Seen>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let thread = std::thread::spawn(move || {
        (0..connections)
            .map(|_| {
                let (socket, _) = listener.accept().unwrap();
                socket.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
                serve(socket, Arc::clone(&config), usize::MAX)
            })
            .collect()
    });
    (address, thread)
}

/// A gateway for one connection, which promises to keep it open, and closes it after the first answer.
#[must_use]
pub fn closing_gateway(config: Arc<ServerConfig>) -> (SocketAddr, JoinHandle<Seen>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let thread = std::thread::spawn(move || serve(listener.accept().unwrap().0, config, 1));
    (address, thread)
}

fn serve(mut socket: TcpStream, config: Arc<ServerConfig>, most: usize) -> Seen {
    let mut session = ServerConnection::new(config).unwrap();
    let mut seen = Seen::default();
    let mut answered = 0;
    // Any error ends the connection: a client that refuses sends an alert and goes.
    while let Ok((read, _)) = session.complete_io(&mut socket).map(|(read, wrote)| (read + wrote, wrote)) {
        seen.resumed |= session.handshake_kind() == Some(HandshakeKind::Resumed);
        let mut bytes = [0; 4096];
        while let Ok(count @ 1..) = session.reader().read(&mut bytes) {
            seen.request.extend_from_slice(&bytes[..count]);
        }
        while count_requests(&seen.request) > answered {
            answered += 1;
            session.writer().write_all(&reply("01")).unwrap();
        }
        if answered >= most {
            session.send_close_notify();
            while session.wants_write() && session.write_tls(&mut socket).is_ok() {}
            break;
        }
        if session.wants_write() {
            continue;
        }
        if read == 0 {
            break;
        }
    }
    seen
}
