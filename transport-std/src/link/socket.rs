//! TCP, with as few system calls as a request and a reply need: one to see that a kept connection is quiet, one to send,
//! one to receive.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use super::{Deadline, Fault, Link, Look};

/// A TCP connection and the time-outs that the operating system was told.
pub(crate) struct Socket {
    stream: TcpStream,
    reading: Option<Duration>,
    writing: Option<Duration>,
}

impl Socket {
    /// Connects to one of the addresses, in their order. Each may take half of the time that is left, the last one all.
    pub(crate) fn connect(addresses: &[SocketAddr], deadline: Deadline) -> Result<Self, Fault> {
        let mut fault = Fault::Io(io::ErrorKind::AddrNotAvailable);
        for (at, address) in addresses.iter().enumerate() {
            let left = deadline.left()?;
            let is_last = at.saturating_add(1) == addresses.len();
            let connected = TcpStream::connect_timeout(address, if is_last { left } else { left / 2 });
            fault = match connected.and_then(|stream| stream.set_nodelay(true).map(|()| stream)) {
                Ok(stream) => return Ok(Self { stream, reading: None, writing: None }),
                Err(error) if is_over(&error) || error.kind() == io::ErrorKind::TimedOut => Fault::TimedOut,
                Err(error) => Fault::Io(error.kind()),
            };
        }
        Err(fault)
    }
}

/// The socket's own time-out passed.
fn is_over(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::WouldBlock || (cfg!(windows) && error.kind() == io::ErrorKind::TimedOut)
}

/// Tells the operating system how long to wait, if it has to be told anew.
///
/// A deadline is another span of time with every call, and a system call for each would cost as much as the sending. So
/// the first wait may end early, by half of what is left at most, and is then continued for exactly what is left: it
/// never ends late, and calls with the same time-out find what they need.
fn arm(
    known: &mut Option<Duration>,
    left: Duration,
    is_first: bool,
    tell: impl FnOnce(Duration) -> io::Result<()>,
) -> Result<(), Fault> {
    if is_first && known.is_some_and(|known| known <= left && known >= left / 2) {
        return Ok(());
    }
    let wanted = if is_first { left.saturating_sub(left / 16) } else { left };
    tell(wanted).map_err(|error| Fault::Io(error.kind()))?;
    *known = Some(wanted);
    Ok(())
}

impl Link for Socket {
    fn send(&mut self, bytes: &[u8], deadline: Deadline) -> Result<(), Fault> {
        let mut rest = bytes;
        let mut is_first = true;
        while !rest.is_empty() {
            let stream = &self.stream;
            arm(&mut self.writing, deadline.left()?, is_first, |wanted| stream.set_write_timeout(Some(wanted)))?;
            is_first = false;
            match (&self.stream).write(rest) {
                Ok(0) => return Err(Fault::Io(io::ErrorKind::WriteZero)),
                Ok(count) => rest = rest.get(count..).unwrap_or_default(),
                Err(error) if error.kind() == io::ErrorKind::Interrupted || is_over(&error) => {}
                Err(error) => return Err(Fault::Io(error.kind())),
            }
        }
        Ok(())
    }

    fn receive(&mut self, into: &mut [u8], deadline: Deadline) -> Result<usize, Fault> {
        let mut is_first = true;
        loop {
            let stream = &self.stream;
            arm(&mut self.reading, deadline.left()?, is_first, |wanted| stream.set_read_timeout(Some(wanted)))?;
            is_first = false;
            match (&self.stream).read(into) {
                Ok(count) => return Ok(count),
                Err(error) if error.kind() == io::ErrorKind::Interrupted || is_over(&error) => {}
                Err(error) => return Err(Fault::Io(error.kind())),
            }
        }
    }

    fn look(&mut self) -> Look {
        loop {
            return match peek(&self.stream) {
                Ok(0) => Look::Closed,
                Ok(_) => Look::Unread,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => Look::Quiet,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(_) => Look::Closed,
            };
        }
    }
}

/// Looks for a byte without waiting.
#[cfg(unix)]
fn peek(stream: &TcpStream) -> io::Result<usize> {
    let mut byte = [std::mem::MaybeUninit::uninit()];
    socket2::SockRef::from(stream).recv_with_flags(&mut byte, libc::MSG_PEEK | libc::MSG_DONTWAIT)
}

/// Looks for a byte without waiting.
#[cfg(not(unix))]
fn peek(stream: &TcpStream) -> io::Result<usize> {
    stream.set_nonblocking(true)?;
    let seen = stream.peek(&mut [0]);
    stream.set_nonblocking(false)?;
    seen
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;
    use std::time::Instant;

    fn pair() -> (Socket, TcpStream) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let deadline = Deadline::new(Instant::now(), Duration::from_secs(10));
        let socket = Socket::connect(&[listener.local_addr().unwrap()], deadline).unwrap();
        (socket, listener.accept().unwrap().0)
    }

    #[test]
    fn the_system_is_told_a_time_out_once_for_calls_alike() {
        let mut known = None;
        let mut told = Vec::new();
        for left in [8_000, 7_999, 7_998, 7_500, 7_499, 3_000, 5_000, 8_000] {
            arm(&mut known, Duration::from_millis(left), true, |wanted| {
                told.push(wanted.as_millis());
                Ok(())
            })
            .unwrap();
        }
        // 7,500 serves until less than that is left, 2,812.5 for 3,000 and for 5,000, and not for 8,000.
        assert_eq!(told, [7_500, 7_030, 2_812, 7_500]);
    }

    #[test]
    fn a_wait_that_ends_early_goes_on_until_the_deadline() {
        let (mut socket, _peer) = pair();
        let patience = Duration::from_millis(200);
        for _ in 0..2 {
            let start = Instant::now();
            assert_eq!(socket.receive(&mut [0], Deadline::new(start, patience)), Err(Fault::TimedOut));
            assert!(start.elapsed() >= patience);
        }
        let mut known = Some(patience);
        arm(&mut known, patience, false, |_| Ok(())).unwrap();
        arm(&mut known, patience / 9, false, |_| Ok(())).unwrap();
        assert_eq!(known, Some(patience / 9), "to the point, not by and by");
    }

    #[test]
    fn what_nobody_asked_for_is_seen_and_stays() {
        let (mut socket, mut peer) = pair();
        assert_eq!(socket.look(), Look::Quiet);
        peer.write_all(b"a").unwrap();
        let deadline = Deadline::new(Instant::now(), Duration::from_secs(10));
        // A byte may take a moment over loopback; waiting for it without taking it is what `peek` does.
        socket.stream.peek(&mut [0]).unwrap();
        assert_eq!(socket.look(), Look::Unread);
        assert_eq!(socket.receive(&mut [0; 2], deadline), Ok(1));
        drop(peer);
        socket.stream.peek(&mut [0]).unwrap();
        assert_eq!(socket.look(), Look::Closed);
    }
}
