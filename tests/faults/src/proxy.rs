//! Stands between a client and a server on loopback, and does to each connection what a [`Plan`] says.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::PATIENCE;
use crate::plan::{Act, Plan, RecordFault, Records, Take, Turn};

/// A proxy on a port of its own. Dropped, it takes no more connections.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    acceptor: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    server: SocketAddr,
    book: Mutex<Book>,
    changed: Condvar,
    stopped: AtomicBool,
}

#[derive(Debug, Default)]
struct Book {
    plans: VecDeque<Plan>,
    accepted: usize,
    open: usize,
    heard: Heard,
}

/// What the last connection was about, before anything was done to it.
#[derive(Clone, Debug, Default)]
pub struct Heard {
    /// The last whole request, for [`Plan::Turns`].
    pub request: Vec<u8>,
    /// The last whole reply, for [`Plan::Turns`].
    pub reply: Vec<u8>,
    /// Kind and length, header included, of each record that the server sent, for [`Plan::Records`].
    pub records: Vec<(u8, usize)>,
    /// How many of them came before the client's first record that is encrypted: those of the handshake.
    pub handshake: usize,
}

impl Proxy {
    /// Starts to listen, for the server at `server`. What happens to the connections is said by [`Proxy::plan`].
    ///
    /// # Errors
    /// There is no port or no thread to be had.
    pub fn start(server: SocketAddr) -> io::Result<Self> {
        Self::start_with(server, || None)
    }

    /// The same with plans that are made as connections come, once those of [`Proxy::plan`] are used up.
    ///
    /// # Errors
    /// As [`Proxy::start`].
    pub fn start_with(server: SocketAddr, mut more: impl FnMut() -> Option<Plan> + Send + 'static) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let book = Mutex::default();
        let shared = Arc::new(Shared { server, book, changed: Condvar::new(), stopped: AtomicBool::new(false) });
        let own = Arc::clone(&shared);
        let acceptor =
            std::thread::Builder::new().name("proxy".to_owned()).spawn(move || accept(&listener, &own, &mut more))?;
        Ok(Self { address, shared, acceptor: Some(acceptor) })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What happens to the next connections, one plan each. A connection without any plan is closed at once.
    pub fn plan(&self, plans: impl IntoIterator<Item = Plan>) {
        let mut book = self.shared.book();
        book.accepted = 0;
        book.heard = Heard::default();
        book.plans = plans.into_iter().collect();
    }

    /// Waits until all connections have ended, and says how many there were since the last [`Proxy::plan`], and what the
    /// last one was about. `None`: one has not ended.
    #[must_use]
    pub fn settled(&self) -> Option<(usize, Heard)> {
        let waited = self.shared.changed.wait_timeout_while(self.shared.book(), PATIENCE, |book| book.open > 0);
        let book = waited.unwrap_or_else(PoisonError::into_inner).0;
        (book.open == 0).then(|| (book.accepted, book.heard.clone()))
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        // Wakes the thread that accepts.
        let _ = TcpStream::connect(self.address);
        if let Some(acceptor) = self.acceptor.take() {
            let _ = acceptor.join();
        }
    }
}

impl Shared {
    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>, more: &mut dyn FnMut() -> Option<Plan>) {
    for client in listener.incoming() {
        if shared.stopped.load(Ordering::SeqCst) {
            return;
        }
        let Ok(client) = client else { continue };
        let mut book = shared.book();
        book.accepted += 1;
        let Some(plan) = book.plans.pop_front().or_else(&mut *more) else { continue };
        book.open += 1;
        drop(book);
        let own = Arc::clone(shared);
        std::thread::spawn(move || {
            // A connection that breaks is what this is about.
            let _ = follow(client, plan, &own);
            own.book().open -= 1;
            own.changed.notify_all();
        });
    }
}

fn follow(client: TcpStream, plan: Plan, shared: &Shared) -> io::Result<()> {
    let server = TcpStream::connect(shared.server)?;
    for side in [&client, &server] {
        side.set_nodelay(true)?;
        side.set_read_timeout(Some(PATIENCE))?;
    }
    match plan {
        Plan::Turns(turns) => follow_turns(client, server, turns, shared),
        Plan::Records(records) => follow_records(&client, &server, &records, shared),
    }
}

fn follow_turns(client: TcpStream, mut server: TcpStream, turns: Vec<Turn>, shared: &Shared) -> io::Result<()> {
    let mut client = Some(client);
    for turn in turns {
        let (request, reply) = match (&mut client, turn.request) {
            (None, _) => return Ok(()),
            (Some(client), Take::Whole) => {
                let request = read_message(client)?;
                server.write_all(&request)?;
                shared.book().heard.request.clone_from(&request);
                let reply = read_message(&mut server)?;
                shared.book().heard.reply.clone_from(&reply);
                (request, reply)
            }
            (Some(client), Take::Lost(count)) => {
                let request = read_message(client)?;
                server.write_all(part(&request, 0, count))?;
                server.shutdown(Shutdown::Write)?;
                // What is not whole is not answered, so this is the server's end.
                let _ = server.read(&mut [0])?;
                (request, Vec::new())
            }
            (Some(client), Take::Unread(count)) => {
                let mut request = vec![0; count];
                client.read_exact(&mut request)?;
                (request, Vec::new())
            }
        };
        for act in turn.acts {
            match (&mut client, act) {
                (_, Act::Tell(flag)) => flag.raise(),
                (_, Act::Await(flag)) => drop(flag.wait()),
                (_, Act::Note(note)) => note.take(&request, &reply),
                (None, _) => {}
                (Some(client), Act::Pass(from, to)) => client.write_all(part(&reply, from, to))?,
                (Some(client), Act::Drip(from, to, pause)) => drip(client, part(&reply, from, to), pause)?,
                (Some(client), Act::Say(bytes)) => client.write_all(&bytes)?,
                (Some(_), Act::Pause(pause)) => std::thread::sleep(pause),
                (Some(client), Act::Cut) => client.shutdown(Shutdown::Write)?,
                (Some(gone), Act::Reset) => {
                    reset_when_dropped(gone)?;
                    client = None;
                }
            }
        }
    }
    client.as_mut().map_or(Ok(()), hear_out)
}

fn part(bytes: &[u8], from: usize, to: usize) -> &[u8] {
    let to = to.min(bytes.len());
    bytes.get(from.min(to)..to).unwrap_or_default()
}

fn drip(to: &mut impl Write, bytes: &[u8], pause: Duration) -> io::Result<()> {
    for byte in bytes {
        to.write_all(std::slice::from_ref(byte))?;
        if !pause.is_zero() {
            std::thread::sleep(pause);
        }
    }
    Ok(())
}

fn reset_when_dropped(socket: &TcpStream) -> io::Result<()> {
    socket2::SockRef::from(socket).set_linger(Some(Duration::ZERO))
}

/// Until whoever speaks leaves.
fn hear_out(mut from: impl Read) -> io::Result<()> {
    let mut forgotten = [0; 4096];
    while from.read(&mut forgotten)? > 0 {}
    Ok(())
}

/// Reads one request or reply whose body has a stated length, or none.
fn read_message(from: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut message = Vec::with_capacity(2048);
    let mut space = [0; 4096];
    loop {
        let count = from.read(&mut space)?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        message.extend_from_slice(part(&space, 0, count));
        if whole_len(&message).is_some_and(|len| message.len() >= len) {
            return Ok(message);
        }
    }
}

/// Where the head of a message ends, once it is there.
pub(crate) fn head_len(message: &[u8]) -> Option<usize> {
    message.windows(4).position(|window| window == b"\r\n\r\n").map(|at| at + 4)
}

fn whole_len(message: &[u8]) -> Option<usize> {
    let head = head_len(message)?;
    let text = String::from_utf8_lossy(part(message, 0, head)).to_ascii_lowercase();
    let length = text.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
    Some(head + length.unwrap_or(0))
}

/// Kind of the records that carry everything once both sides have keys.
const ENCRYPTED: u8 = 23;
/// How often a thread that hears looks whether it should stop.
const GLANCE: Duration = Duration::from_millis(2);

fn follow_records(client: &TcpStream, server: &TcpStream, plan: &Records, shared: &Shared) -> io::Result<()> {
    let ended = AtomicBool::new(false);
    client.set_read_timeout(Some(GLANCE))?;
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let _ = carry_requests(client, server, shared, &ended);
            // The client has gone, or will hear nothing more: the server need not go on.
            let _ = server.shutdown(Shutdown::Write);
        });
        if carry_records(client, server, plan, shared).is_err() {
            ended.store(true, Ordering::SeqCst);
        }
        // When the server ends it has done whatever the requests so far made it do.
        hear_out(server)
    })
}

/// Client to server, unchanged; notes when the client's first encrypted record passes.
fn carry_requests(
    mut client: &TcpStream,
    mut server: &TcpStream,
    shared: &Shared,
    ended: &AtomicBool,
) -> io::Result<()> {
    let mut space = [0; 16 * 1024];
    let mut seen = Seen::default();
    while !ended.load(Ordering::SeqCst) {
        let count = match client.read(&mut space) {
            Ok(0) => return Ok(()),
            Ok(count) => count,
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => continue,
            Err(error) => return Err(error),
        };
        let bytes = part(&space, 0, count);
        if !seen.encrypted {
            seen.take(bytes);
            if seen.encrypted {
                let mut book = shared.book();
                book.heard.handshake = book.heard.records.len();
            }
        }
        server.write_all(bytes)?;
    }
    Ok(())
}

/// Looks for the first encrypted record in a stream.
#[derive(Default)]
struct Seen {
    header: Vec<u8>,
    left: usize,
    encrypted: bool,
}

impl Seen {
    fn take(&mut self, bytes: &[u8]) {
        for byte in bytes {
            if self.left > 0 {
                self.left -= 1;
                continue;
            }
            self.header.push(*byte);
            if let [kind, _, _, high, low] = self.header[..] {
                self.encrypted |= kind == ENCRYPTED;
                self.left = usize::from(u16::from_be_bytes([high, low]));
                self.header.clear();
            }
        }
    }
}

/// Server to client, record by record. `Err` when the client hears nothing more.
fn carry_records(mut client: &TcpStream, mut server: &TcpStream, plan: &Records, shared: &Shared) -> io::Result<()> {
    let over = || io::Error::from(io::ErrorKind::ConnectionAborted);
    for number in 0.. {
        let mut record = vec![0; 5];
        if server.read_exact(&mut record).is_err() {
            return client.shutdown(Shutdown::Write);
        }
        record.resize(5 + usize::from(u16::from_be_bytes([record[3], record[4]])), 0);
        server.read_exact(&mut record[5..])?;
        shared.book().heard.records.push((record[0], record.len()));
        if let Some(pause) = plan.drip {
            drip(&mut client, &record, pause)?;
            continue;
        }
        if number != plan.at {
            client.write_all(&record)?;
            continue;
        }
        match &plan.fault {
            RecordFault::None => client.write_all(&record)?,
            RecordFault::Cut(place) => {
                client.write_all(part(&record, 0, place.of(record.len())))?;
                client.shutdown(Shutdown::Write)?;
                plan.done.raise();
                return Ok(());
            }
            RecordFault::Reset(place) => {
                client.write_all(part(&record, 0, place.of(record.len())))?;
                reset_when_dropped(client)?;
                return Err(over());
            }
            RecordFault::Stall(place) => {
                client.write_all(part(&record, 0, place.of(record.len())))?;
                plan.done.raise();
                return Ok(());
            }
            RecordFault::Flip(place, bit) => {
                let at = place.of(record.len());
                if let Some(byte) = record.get_mut(at) {
                    *byte ^= 1 << bit;
                }
                client.write_all(&record)?;
            }
            RecordFault::Garbage(bytes) => {
                client.write_all(bytes)?;
                client.write_all(&record)?;
            }
            RecordFault::Twice => {
                client.write_all(&record)?;
                client.write_all(&record)?;
            }
            RecordFault::TwiceAfter(flag) => {
                client.write_all(&record)?;
                let _ = flag.wait();
                client.write_all(&record)?;
            }
            RecordFault::Missing => {}
        }
        plan.done.raise();
        if plan.then_cut {
            return client.shutdown(Shutdown::Write);
        }
    }
    Ok(())
}
