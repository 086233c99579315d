//! A server that answers every request with the same reply, at once: a thread for each connection, which is kept.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// Starts one and returns its port. It lives as long as the process.
pub(super) fn start(tls: Option<Arc<ServerConfig>>, reply: &'static [u8]) -> io::Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let port = listener.local_addr()?.port();
    thread::spawn(move || {
        for socket in listener.incoming().map_while(Result::ok) {
            let tls = tls.clone();
            thread::spawn(move || {
                // It ends when the client leaves.
                let _ = serve(socket, tls, reply);
            });
        }
    });
    Ok(port)
}

fn serve(socket: TcpStream, tls: Option<Arc<ServerConfig>>, reply: &[u8]) -> io::Result<()> {
    socket.set_nodelay(true)?;
    match tls {
        None => answer(socket, reply),
        Some(tls) => {
            let session = ServerConnection::new(tls).map_err(io::Error::other)?;
            answer(StreamOwned::new(session, socket), reply)
        }
    }
}

fn answer(mut stream: impl Read + Write, reply: &[u8]) -> io::Result<()> {
    let mut buffer = [0; 8192];
    let mut filled = 0;
    loop {
        filled += match stream.read(&mut buffer[filled..])? {
            0 => return Ok(()),
            count => count,
        };
        if is_whole(&buffer[..filled]) {
            filled = 0;
            stream.write_all(reply)?;
            stream.flush()?;
        }
    }
}

/// Whether the head and as many bytes as it says are there.
fn is_whole(bytes: &[u8]) -> bool {
    const NAME: &[u8] = b"content-length:";
    let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { return false };
    let (head, rest) = bytes.split_at(at + 4);
    let value = head.split(|byte| *byte == b'\n').find_map(|line| {
        let (name, value) = line.split_at_checked(NAME.len())?;
        name.eq_ignore_ascii_case(NAME).then_some(value)
    });
    let length = value.and_then(|value| str::from_utf8(value).ok()?.trim().parse().ok()).unwrap_or(0);
    rest.len() >= length
}
