//! TLS over any link.
//!
//! ureq has a connector of its own for rustls. It cannot add an anchor to the platform's, it reads its trust settings
//! when the first request is made instead of when the client is built, and its writes pass over errors of the socket:
//! they come up with the next read, when nobody can tell any more whether the request had left.
//!
//! Records are received, decrypted and handed out from [one buffer](Incoming) that the connection keeps, so that a reply
//! takes no memory. Of a request's records rustls makes a copy each, already encrypted.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::ClientConfig;
use rustls::client::UnbufferedClientConnection;
use rustls::pki_types::ServerName;
use rustls::unbuffered::{ConnectionState, EncodeError, EncryptError, InsufficientSizeError, UnbufferedStatus};

use super::incoming::Incoming;
use super::{Deadline, Fault, Link, Look, in_place};
use crate::error::TlsFault;

/// Most that one record carries (RFC 8446, section 5.1).
const RECORD_MAX: usize = 16 * 1024;

/// Most that a record adds to what it carries, in any suite: header, explicit nonce, type, tag.
const OVERHEAD: usize = 5 + 8 + 1 + 16;

/// A connection to a peer that proved its identity.
pub(crate) struct Secured<L> {
    session: UnbufferedClientConnection,
    link: L,
    incoming: Incoming,
    /// Records to be sent.
    outgoing: Vec<u8>,
    /// The peer said that nothing more comes.
    is_closed: bool,
}

impl<L: Link> Secured<L> {
    /// Shakes hands with `host`, an address in brackets or not, or a name.
    ///
    /// `settings` decrypt [in place](in_place::provider).
    pub(crate) fn new(settings: &Arc<ClientConfig>, host: &str, link: L, deadline: Deadline) -> Result<Self, Fault> {
        let name = ServerName::try_from(bare(host)).map_err(|_| Fault::Tls(TlsFault::WrongHost))?.to_owned();
        let session = UnbufferedClientConnection::new(Arc::clone(settings), name)
            .map_err(|error| Fault::Tls(TlsFault::from(&error)))?;
        let mut secured = Self { session, link, incoming: Incoming::new(), outgoing: Vec::new(), is_closed: false };
        loop {
            secured.process(&[], deadline)?;
            secured.flush(deadline)?;
            if !secured.session.is_handshaking() {
                secured.incoming.shrink();
                return Ok(secured);
            }
            if secured.fill(deadline)? == 0 {
                return Err(Fault::Tls(TlsFault::Closed));
            }
        }
    }

    /// Sends every record that is ready.
    fn flush(&mut self, deadline: Deadline) -> Result<(), Fault> {
        if self.outgoing.is_empty() {
            return Ok(());
        }
        let sent = self.link.send(&self.outgoing, deadline);
        self.outgoing.clear();
        sent
    }

    /// Receives something. 0: the connection ended.
    fn fill(&mut self, deadline: Deadline) -> Result<usize, Fault> {
        let space = self.incoming.space().ok_or(Fault::Tls(TlsFault::Protocol))?;
        let count = self.link.receive(space, deadline)?;
        self.incoming.received(count);
        Ok(count)
    }

    /// [Advances](Self::advance), and tells the peer what was wrong.
    fn process(&mut self, to_send: &[u8], deadline: Deadline) -> Result<(), Fault> {
        let processed = self.advance(to_send);
        if let Err(Fault::Tls(_)) = processed {
            self.queue_alert();
            // The peer may want to know why; whether it hears of it changes nothing.
            let _ = self.flush(deadline);
        }
        processed
    }

    /// Without bytes to send: has rustls look at what came, until there is data, the end, or nothing left to look at.
    /// Else: encrypts them, at most a record's.
    ///
    /// What rustls itself has to say is encoded on the way, and is sent with whatever is sent next.
    fn advance(&mut self, to_send: &[u8]) -> Result<(), Fault> {
        loop {
            let UnbufferedStatus { discard, state } = self.session.process_tls_records(self.incoming.held());
            let mut came = None;
            let is_done = match state {
                Err(error) => Err(Fault::Tls(TlsFault::from(&error))),
                Ok(ConnectionState::ReadTraffic(mut traffic)) => {
                    // A byte, which says that the others are at their place.
                    let _ = traffic.next_record();
                    came = Some(in_place::place());
                    Ok(to_send.is_empty())
                }
                Ok(ConnectionState::EncodeTlsData(mut data)) => {
                    append(&mut self.outgoing, 0, |space| data.encode(space).map_err(Full::from)).map(|()| false)
                }
                // It is said to be done before it is: when the sending fails, the connection is of no more use.
                Ok(ConnectionState::TransmitTlsData(data)) => {
                    data.done();
                    Ok(false)
                }
                Ok(ConnectionState::BlockedHandshake) => Ok(true),
                Ok(ConnectionState::WriteTraffic(_)) if to_send.is_empty() => Ok(true),
                Ok(ConnectionState::WriteTraffic(mut traffic)) => {
                    let room = to_send.len().saturating_add(OVERHEAD);
                    append(&mut self.outgoing, room, |space| traffic.encrypt(to_send, space).map_err(Full::from))
                        .map(|()| true)
                }
                Ok(ConnectionState::PeerClosed) => {
                    self.is_closed = true;
                    Ok(to_send.is_empty())
                }
                // Both sides said so, this one because its keys are used up.
                Ok(ConnectionState::Closed) if to_send.is_empty() => Ok(true),
                Ok(ConnectionState::Closed) => Err(Fault::Io(io::ErrorKind::WriteZero)),
                Ok(_) => Err(Fault::Tls(TlsFault::Protocol)),
            };
            self.incoming.discard(discard);
            if let Some(place) = came
                && !place.is_some_and(|place| self.incoming.found(place))
            {
                return Err(Fault::Tls(TlsFault::Protocol));
            }
            if is_done? {
                return Ok(());
            }
        }
    }

    /// Encodes the alert that says what was wrong.
    fn queue_alert(&mut self) {
        // No more often than there is something to encode: else rustls would look at the faulty record again.
        while self.session.wants_write() {
            // With what was received, as ever: rustls remembers places in it.
            let UnbufferedStatus { state: Ok(ConnectionState::EncodeTlsData(mut data)), .. } =
                self.session.process_tls_records(self.incoming.held())
            else {
                return;
            };
            if append(&mut self.outgoing, 0, |space| data.encode(space).map_err(Full::from)).is_err() {
                return;
            }
        }
    }
}

/// Why rustls wrote nothing.
enum Full {
    /// It needs so many bytes of room.
    Room(usize),
    /// It will never write again: its keys are used up.
    Ever,
}

impl From<EncodeError> for Full {
    fn from(error: EncodeError) -> Self {
        match error {
            EncodeError::InsufficientSize(InsufficientSizeError { required_size }) => Self::Room(required_size),
            EncodeError::AlreadyEncoded => Self::Ever,
        }
    }
}

impl From<EncryptError> for Full {
    fn from(error: EncryptError) -> Self {
        match error {
            EncryptError::InsufficientSize(InsufficientSizeError { required_size }) => Self::Room(required_size),
            EncryptError::EncryptExhausted => Self::Ever,
        }
    }
}

/// Has `write` write behind what is to be sent, in as much room as this or as it then asks for.
fn append(
    outgoing: &mut Vec<u8>,
    mut room: usize,
    mut write: impl FnMut(&mut [u8]) -> Result<usize, Full>,
) -> Result<(), Fault> {
    let at = outgoing.len();
    loop {
        let had = room;
        outgoing.resize(at.saturating_add(room), 0);
        match write(outgoing.get_mut(at..).unwrap_or_default()) {
            Ok(count) => {
                outgoing.truncate(at.saturating_add(count));
                return Ok(());
            }
            Err(Full::Room(needed)) if needed > had => room = needed,
            Err(_) => {
                outgoing.truncate(at);
                return Err(Fault::Io(io::ErrorKind::WriteZero));
            }
        }
    }
}

/// An address of the sixth version stands in brackets in a URL, and without them in a certificate.
pub(crate) fn bare(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

impl<L: Link> Link for Secured<L> {
    fn send(&mut self, bytes: &[u8], deadline: Deadline) -> Result<(), Fault> {
        for record in bytes.chunks(RECORD_MAX) {
            self.process(record, deadline)?;
            self.flush(deadline)?;
        }
        Ok(())
    }

    fn receive(&mut self, into: &mut [u8], deadline: Deadline) -> Result<usize, Fault> {
        loop {
            if self.incoming.has_data() {
                return Ok(self.incoming.take(into));
            }
            // 0 only after close_notify: a connection that just ends is an error.
            if self.is_closed {
                return Ok(0);
            }
            self.process(&[], deadline)?;
            if self.incoming.has_data() || self.is_closed {
                continue;
            }
            // An answer of TLS itself, to a key update for example, may be due.
            self.flush(deadline)?;
            if self.fill(deadline)? == 0 {
                return Err(Fault::Io(io::ErrorKind::UnexpectedEof));
            }
        }
    }

    fn look(&mut self) -> Look {
        loop {
            // What TLS has to say to it waits for the next request.
            if !self.incoming.has_data() && self.advance(&[]).is_err() {
                return Look::Closed;
            }
            if self.incoming.has_data() {
                return Look::Unread;
            }
            if self.is_closed {
                return Look::Closed;
            }
            match self.link.look() {
                // What came may be none of the peer's application: session tickets follow a handshake.
                // It is there, so nothing is waited for.
                Look::Unread => {
                    let deadline = Deadline::new(Instant::now(), Duration::from_secs(1));
                    if !matches!(self.fill(deadline), Ok(1..)) {
                        return Look::Closed;
                    }
                }
                look => return look,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use rcgen::{CertificateParams, KeyPair};
    use rustls::pki_types::PrivateKeyDer;
    use rustls::{ServerConfig, ServerConnection, SupportedProtocolVersion, version};

    use super::*;
    use crate::trust::Trust;

    const HOST: &str = "peer.test";
    const SECRET: &[u8] = b"11010119000101009X";

    /// A server at the other end of no wire at all.
    struct Peer {
        session: ServerConnection,
        told: Vec<u8>,
        fault: Option<rustls::Error>,
    }

    impl Peer {
        fn say(&mut self, bytes: &[u8]) {
            self.session.writer().write_all(bytes).unwrap();
        }

        /// What it was told since it was asked last.
        fn told(&mut self) -> Vec<u8> {
            std::mem::take(&mut self.told)
        }
    }

    impl Link for Peer {
        fn send(&mut self, mut bytes: &[u8], _: Deadline) -> Result<(), Fault> {
            while !bytes.is_empty() {
                self.session.read_tls(&mut bytes).unwrap();
                self.fault = self.session.process_new_packets().err();
                // Until it would wait for more.
                let _ = self.session.reader().read_to_end(&mut self.told);
            }
            Ok(())
        }

        fn receive(&mut self, mut into: &mut [u8], _: Deadline) -> Result<usize, Fault> {
            Ok(self.session.write_tls(&mut into).unwrap())
        }

        fn look(&mut self) -> Look {
            if self.session.wants_write() { Look::Unread } else { Look::Quiet }
        }
    }

    fn soon() -> Deadline {
        Deadline::new(Instant::now(), Duration::from_secs(10))
    }

    /// A connection over this version, behind the handshake.
    fn connected(version: &'static SupportedProtocolVersion) -> Secured<Peer> {
        let key = KeyPair::generate().unwrap();
        // A certificate that needs more room than replies do.
        let names = (0..400).map(|at| format!("host-{at}.test")).chain([HOST.to_owned()]).collect::<Vec<_>>();
        let certificate = CertificateParams::new(names).unwrap().self_signed(&key).unwrap();
        assert!(certificate.der().len() > 5_000);
        let server = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_protocol_versions(&[version])
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], PrivateKeyDer::try_from(key.serialize_der()).unwrap())
            .unwrap();
        let client = Trust::only_pem(certificate.pem().as_bytes()).unwrap().into_tls().unwrap();
        let peer = Peer { session: ServerConnection::new(Arc::new(server)).unwrap(), told: Vec::new(), fault: None };
        let secured = Secured::new(&client, HOST, peer, soon()).unwrap();
        assert_eq!(secured.session.protocol_version(), Some(version.version));
        secured
    }

    fn both() -> impl Iterator<Item = Secured<Peer>> {
        [&version::TLS12, &version::TLS13].into_iter().map(connected)
    }

    fn holds_secret(secured: &Secured<Peer>) -> bool {
        secured.incoming.all().windows(SECRET.len()).any(|window| window == SECRET)
    }

    #[test]
    fn a_reply_is_decrypted_in_place_handed_out_and_wiped() {
        for mut secured in both() {
            assert_eq!(secured.look(), Look::Quiet, "tickets are nothing to be asked about");
            secured.send(b"who is it?", soon()).unwrap();
            assert_eq!(secured.link.told(), b"who is it?");
            secured.link.say(SECRET);
            let mut piece = [0; 8];
            for at in [0, 8, 16] {
                let count = secured.receive(&mut piece, soon()).unwrap();
                assert_eq!(piece[..count], SECRET[at..][..count]);
            }
            assert!(!holds_secret(&secured));
            assert!(secured.incoming.all().len() == 4096 && secured.look() == Look::Quiet);
        }
    }

    /// Over a tunnel, the handshake with the endpoint sends while there is more to read.
    #[test]
    fn what_is_unread_stays_when_something_is_sent() {
        for mut secured in both() {
            secured.link.say(SECRET);
            secured.link.say(b"and more");
            assert_eq!(secured.look(), Look::Unread);
            assert!(holds_secret(&secured), "in place");
            for _ in 0..2 {
                secured.send(b"wait", soon()).unwrap();
                assert_eq!(secured.link.told(), b"wait");
            }
            let mut all = [0; 64];
            assert_eq!(secured.receive(&mut all, soon()), Ok(SECRET.len()));
            assert_eq!(secured.receive(&mut all, soon()), Ok(8));
            assert!(all.starts_with(b"and more"));
            assert_eq!(secured.look(), Look::Quiet);
        }
    }

    #[test]
    fn records_of_any_length_and_number_go_both_ways() {
        for mut secured in both() {
            let long: Vec<u8> = (0..100_000_u32).map(|at| at as u8).collect();
            secured.link.session.set_buffer_limit(None);
            secured.link.say(&long);
            // More than rustls permits empty ones in a row.
            for _ in 0..100 {
                secured.link.say(b"!");
            }
            let (mut got, mut piece) = (Vec::new(), [0; 5_000]);
            while got.len() < long.len() + 100 {
                let count = secured.receive(&mut piece, soon()).unwrap();
                got.extend_from_slice(&piece[..count]);
            }
            assert!(got.starts_with(&long) && got.ends_with(&[b'!'; 100]));
            assert!((16 * 1024..18 * 1024).contains(&secured.incoming.all().len()), "room for the longest record");
            secured.send(&long, soon()).unwrap();
            assert!(secured.link.told() == long);
        }
    }

    #[test]
    fn new_keys_are_nothing_to_be_asked_about() {
        let mut secured = connected(&version::TLS13);
        for _ in 0..3 {
            secured.link.session.refresh_traffic_keys().unwrap();
            assert_eq!(secured.look(), Look::Quiet);
            secured.send(b"who?", soon()).unwrap();
            assert_eq!((secured.link.told(), &secured.link.fault), (b"who?".to_vec(), &None));
            secured.link.say(SECRET);
            assert_eq!(secured.receive(&mut [0; 64], soon()), Ok(SECRET.len()));
        }
    }

    #[test]
    fn an_end_that_is_said_and_one_that_is_not() {
        for mut secured in both() {
            secured.link.say(SECRET);
            assert_eq!(secured.receive(&mut [0; 64], soon()), Ok(SECRET.len()));
            assert_eq!(secured.receive(&mut [0; 64], soon()), Err(Fault::Io(io::ErrorKind::UnexpectedEof)));
            secured.link.say(SECRET);
            secured.link.session.send_close_notify();
            for count in [SECRET.len(), 0, 0] {
                assert_eq!(secured.receive(&mut [0; 64], soon()), Ok(count));
            }
            assert_eq!(secured.look(), Look::Closed);
        }
    }

    #[test]
    fn a_peer_is_told_what_was_wrong() {
        for mut secured in both() {
            let rubbish = [23, 3, 3, 0, 40].into_iter().chain([7; 40]).collect::<Vec<u8>>();
            let space = secured.incoming.space().unwrap();
            space[..rubbish.len()].copy_from_slice(&rubbish);
            secured.incoming.received(rubbish.len());
            assert_eq!(secured.receive(&mut [0; 64], soon()), Err(Fault::Tls(TlsFault::Protocol)));
            let told = secured.link.fault;
            assert_eq!(told, Some(rustls::Error::AlertReceived(rustls::AlertDescription::BadRecordMac)));
        }
    }
}
