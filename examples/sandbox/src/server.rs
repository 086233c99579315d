//! Connections: bytes in, bytes out, at the pace and with the ending that a reply asks for.

use crate::gateway::Fault;
use crate::reply::{End, Pace, Reply};
use crate::request::{Head, head, request, total_length};
use crate::state::State;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// A client that has not finished its TLS handshake by then is let go.
const HANDSHAKE: Duration = Duration::from_secs(30);
/// After a refusal in mid-request so much is still read and thrown away, so that the refusal is not lost in a reset.
const DRAIN_BYTES: usize = 1024 * 1024;
const DRAIN_TIME: Duration = Duration::from_millis(500);
/// Replies under way get so long to finish when the sandbox stops; then the runtime drops them.
const GRACE: Duration = Duration::from_millis(500);

/// Accepts until `stop` says so, then waits a moment for what is under way.
pub(crate) async fn run(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    state: Arc<State>,
    mut stop: watch::Receiver<bool>,
) {
    // Every connection holds a sender; when all are gone, the receiver ends.
    let (alive, mut ended) = mpsc::channel::<()>(1);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.wait_for(|stop| *stop) => break,
        };
        let Ok((stream, _)) = accepted else {
            // Out of file descriptors, most likely: let some connections end first.
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        state.counts.connection();
        let (state, tls, stop, alive) = (Arc::clone(&state), tls.clone(), stop.clone(), alive.clone());
        tokio::spawn(async move {
            // A client that breaks the connection off is no news here; the counts tell what matters.
            let _ = serve(stream, tls, &state, stop).await;
            drop(alive);
        });
    }
    drop((listener, alive));
    let _ = tokio::time::timeout(GRACE, ended.recv()).await;
}

async fn serve(
    stream: TcpStream,
    tls: Option<TlsAcceptor>,
    state: &State,
    stop: watch::Receiver<bool>,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    match tls {
        None => talk(stream, state, stop).await,
        Some(tls) => {
            let stream = tokio::time::timeout(HANDSHAKE, tls.accept(stream)).await.map_err(io::Error::other)??;
            talk(stream, state, stop).await
        }
    }
}

/// A stream that can be told to reset when it is dropped.
trait Channel: AsyncRead + AsyncWrite + Unpin {
    fn tcp(&self) -> &TcpStream;
}

impl Channel for TcpStream {
    fn tcp(&self) -> &TcpStream {
        self
    }
}

impl Channel for TlsStream<TcpStream> {
    fn tcp(&self) -> &TcpStream {
        self.get_ref().0
    }
}

/// Request after request until either side has enough.
async fn talk<C: Channel>(mut channel: C, state: &State, mut stop: watch::Receiver<bool>) -> io::Result<()> {
    let mut buffer = Vec::with_capacity(4096);
    loop {
        let (head, total) = match next(&mut channel, &mut buffer, &mut stop).await? {
            Next::Request(head, total) => (head, total),
            Next::Closed => return finish(channel).await,
            Next::Fault(fault) => {
                let reply = state.refuse_unread(&fault);
                channel.write_all(&reply.bytes).await?;
                channel.shutdown().await?;
                let _ = tokio::time::timeout(DRAIN_TIME, drain(&mut channel)).await;
                return Ok(());
            }
        };
        let (reply, wants_more) = match request(&buffer, &head) {
            Ok(request) => (state.respond(&request, &buffer[..total]), head.keep_alive),
            Err(fault) => (state.refuse_unread(&fault), false),
        };
        buffer.drain(..total);
        deliver(&mut channel, &reply).await?;
        match reply.end {
            End::KeepAlive if wants_more => {}
            End::KeepAlive | End::Close => return finish(channel).await,
            End::Break => return Ok(()),
            End::Reset => return channel.tcp().set_zero_linger(),
            End::Hang => {
                tokio::select! {
                    _ = drain(&mut channel) => {}
                    _ = stop.wait_for(|stop| *stop) => {}
                }
                return Ok(());
            }
        }
    }
}

enum Next {
    Request(Head, usize),
    Closed,
    Fault(Fault),
}

/// Reads until the buffer starts with a whole request.
async fn next<C: Channel>(channel: &mut C, buffer: &mut Vec<u8>, stop: &mut watch::Receiver<bool>) -> io::Result<Next> {
    let mut searched = 0;
    let mut known: Option<Head> = None;
    loop {
        let progress = match &known {
            None => head(buffer, &mut searched),
            Some(head) => Ok(Some(*head)),
        };
        match progress {
            Err(fault) => return Ok(Next::Fault(fault)),
            Ok(Some(head)) => {
                match total_length(buffer, &head) {
                    Ok(Some(total)) => return Ok(Next::Request(head, total)),
                    Ok(None) => {}
                    Err(fault) => return Ok(Next::Fault(fault)),
                }
                if known.is_none() && head.expects_continue {
                    channel.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
                }
                known = Some(head);
            }
            Ok(None) => {}
        }
        let read = tokio::select! {
            read = channel.read_buf(buffer) => read?,
            _ = stop.wait_for(|stop| *stop) => 0,
        };
        if read == 0 {
            return Ok(Next::Closed);
        }
    }
}

async fn deliver<C: Channel>(channel: &mut C, reply: &Reply) -> io::Result<()> {
    match reply.pace {
        Pace::AtOnce => channel.write_all(&reply.bytes).await?,
        Pace::After(pause) => {
            tokio::time::sleep(pause).await;
            channel.write_all(&reply.bytes).await?;
        }
        Pace::BodyAfter(head, pause) => {
            let (head, body) = reply.bytes.split_at(head.min(reply.bytes.len()));
            channel.write_all(head).await?;
            channel.flush().await?;
            tokio::time::sleep(pause).await;
            channel.write_all(body).await?;
        }
        Pace::Drip(pause) => {
            for byte in &reply.bytes {
                tokio::time::sleep(pause).await;
                channel.write_all(std::slice::from_ref(byte)).await?;
                channel.flush().await?;
            }
        }
    }
    channel.flush().await
}

/// Closes in good order.
async fn finish<C: Channel>(mut channel: C) -> io::Result<()> {
    channel.shutdown().await
}

/// Reads and forgets until the client leaves or has sent too much.
async fn drain<C: Channel>(channel: &mut C) -> io::Result<()> {
    let mut rest = [0; 4096];
    let mut total = 0;
    while total < DRAIN_BYTES {
        match channel.read(&mut rest).await? {
            0 => break,
            count => total += count,
        }
    }
    Ok(())
}
