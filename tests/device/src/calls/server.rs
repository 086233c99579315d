//! What answers the device: a gateway that knows one reply, by plain TCP or by TLS.

use std::cell::RefCell;
use std::io::{Read, Write};
use std::mem;
use std::rc::Rc;
use std::sync::Arc;

use anyhow::{Context, Result};
use rustls::{ServerConfig, ServerConnection};

#[path = "../../../audit/src/reply.rs"]
pub mod reply;

/// A server of one kind.
#[derive(Clone)]
pub struct Server {
    port: u16,
    /// None for plain TCP, where everybody on the way can read.
    tls: Option<Arc<ServerConfig>>,
    /// What it answers to every request: pieces, one whenever the device waits.
    reply: Rc<Vec<Vec<u8>>>,
    /// Every request.
    requests: Rc<RefCell<Vec<Vec<u8>>>>,
}

/// One connection of it, without any network.
pub struct Session {
    tls: Option<ServerConnection>,
    request: Vec<u8>,
    waiting: Vec<Vec<u8>>,
    to_send: Vec<u8>,
    server: Server,
}

impl Server {
    /// One that answers with a match.
    ///
    /// # Errors
    /// There is no such reply.
    pub fn new(tls: Option<Arc<ServerConfig>>) -> Result<Self> {
        let mut space = [0; 1024];
        let body = reply::body("idcert").context("no reply")?;
        let reply = reply::message(body, &mut space).context("the reply is too long")?;
        let port = if tls.is_some() { 443 } else { 80 };
        Ok(Self { port, tls, reply: Rc::new(vec![reply.to_vec()]), requests: Rc::default() })
    }

    /// The same with another reply, of which a piece comes whenever the device waits.
    pub fn answering(self, pieces: Vec<Vec<u8>>) -> Self {
        Self { reply: Rc::new(pieces), ..self }
    }

    /// The same at another port.
    pub fn at(self, port: u16) -> Self {
        Self { port, ..self }
    }

    /// Where it listens.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// All requests that arrived so far, in clear.
    pub fn requests(&self) -> Vec<Vec<u8>> {
        self.requests.borrow().clone()
    }

    /// A connection that just began.
    pub fn session(&self) -> Result<Session> {
        let tls = self.tls.clone().map(ServerConnection::new).transpose()?;
        Ok(Session { tls, request: Vec::new(), waiting: Vec::new(), to_send: Vec::new(), server: self.clone() })
    }
}

impl Session {
    /// Takes what arrived. A device that breaks TLS off is no error of ours.
    pub fn receive(&mut self, mut bytes: &[u8]) -> Result<()> {
        match &mut self.tls {
            None => self.request.extend(bytes),
            Some(tls) => {
                while !bytes.is_empty() {
                    tls.read_tls(&mut bytes)?;
                    let Ok(state) = tls.process_new_packets() else { break };
                    let mut plain = vec![0; state.plaintext_bytes_to_read()];
                    tls.reader().read_exact(&mut plain)?;
                    self.request.extend(plain);
                }
            }
        }
        // The request has no body.
        while let Some(end) = self.request.windows(4).position(|window| window == b"\r\n\r\n") {
            let behind = self.request.split_off(end + 4);
            self.server.requests.borrow_mut().push(mem::replace(&mut self.request, behind));
            self.waiting.extend(self.server.reply.iter().cloned());
            self.answer()?;
        }
        self.seal()
    }

    /// The device waits: the next piece of a reply leaves.
    pub fn answer(&mut self) -> Result<()> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let piece = self.waiting.remove(0);
        match &mut self.tls {
            None => self.to_send.extend(piece),
            Some(tls) => tls.writer().write_all(&piece)?,
        }
        self.seal()
    }

    fn seal(&mut self) -> Result<()> {
        while let Some(tls) = self.tls.as_mut().filter(|tls| tls.wants_write()) {
            tls.write_tls(&mut self.to_send)?;
        }
        Ok(())
    }

    /// What is to be sent and was not yet.
    pub fn outgoing(&mut self) -> &mut Vec<u8> {
        &mut self.to_send
    }
}
