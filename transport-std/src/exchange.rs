//! One request and its reply over a connection, by the core's [`Exchange`].

use std::time::Duration;

use heyan::{ChannelError, ChannelFault, Exchange, ProtocolError, Request, Response, Step};

use crate::error::{ChannelSource, Error, Stage};
use crate::link::{Deadline, Failure, Fault, Link};

/// Longest head of a reply in bytes, if its body is as long as permitted. The gateway's are of 1 to 2 KiB.
const HEAD_MAX: usize = 12 * 1024;

/// Where a request and its reply stand. It is asked for once for each connection, and wiped after each call.
pub(crate) struct Memory {
    bytes: Vec<u8>,
    /// Bytes at the beginning that something personal may stand in.
    dirty: usize,
}

impl Memory {
    /// For bodies of replies of up to so many bytes, and for requests of up to so many.
    pub(crate) fn new(reply_len_max: usize, request_len_max: usize) -> Self {
        Self::of(HEAD_MAX.saturating_add(reply_len_max).max(request_len_max))
    }

    /// Of this length in bytes.
    pub(crate) fn of(len: usize) -> Self {
        Self { bytes: vec![0; len], dirty: 0 }
    }

    /// All of it, for one call. [`Memory::wipe`] must follow.
    pub(crate) fn open(&mut self) -> &mut [u8] {
        self.dirty = self.bytes.len();
        &mut self.bytes
    }

    /// Ends the call, which used this many bytes at the beginning.
    pub(crate) fn wipe(&mut self, used: usize) {
        self.dirty = used.min(self.bytes.len());
        heyan::wipe(self.bytes.get_mut(..self.dirty).unwrap_or_default());
        self.dirty = 0;
    }

    /// Ends a call that used nobody knows how much.
    pub(crate) fn wipe_all(&mut self) {
        self.wipe(self.bytes.len());
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        heyan::wipe(self.bytes.get_mut(..self.dirty).unwrap_or_default());
    }
}

/// How an exchange ended.
pub(crate) struct Talk<'b> {
    pub(crate) result: Result<Response<'b>, Error>,
    /// Bytes at the beginning of the memory that were used.
    pub(crate) used: usize,
    /// Whether the connection can take another request.
    pub(crate) keep_alive: bool,
    /// Whether the connection broke before it had taken the whole request: nobody can have charged for it.
    pub(crate) broke_unsent: bool,
}

/// Sends the request and receives the reply.
pub(crate) fn talk<'b>(
    link: &mut dyn Link,
    request: Request<'b>,
    deadline: Deadline,
    send_timeout: Duration,
    reply_len_max: usize,
) -> Talk<'b> {
    let mut received = 0_usize;
    let mut used = request.len();
    let mut exchange = Exchange::new(request);
    let failed = loop {
        match exchange.step() {
            Step::Send(bytes) => {
                let count = bytes.len();
                if let Err(fault) = link.send(bytes, deadline.within(send_timeout)) {
                    break Some(Failure::new(Stage::Send, fault));
                }
                exchange.sent(count);
            }
            Step::Receive(space) => match link.receive(space, deadline) {
                Ok(count) => {
                    received = received.saturating_add(count);
                    exchange.received(count);
                }
                Err(fault) => break Some(Failure::new(Stage::Receive, fault)),
            },
            Step::Done => break None,
        }
    };
    used = used.max(received);
    let keep_alive = failed.is_none() && exchange.keep_alive();
    let (is_sent, has_reply) = (exchange.is_sent(), received > 0);
    let result = match failed {
        Some(failure) => Err(judge(failure, is_sent, has_reply)),
        None => exchange.finish().map_err(Error::from).and_then(|response| {
            // The head may have left room for more than is permitted.
            let is_long = response.expose_body().len() > reply_len_max;
            if is_long { Err(ProtocolError::TooLong.into()) } else { Ok(response) }
        }),
    };
    let broke_unsent = !is_sent && matches!(failed, Some(Failure { fault: Fault::Io(_) | Fault::Tls(_), .. }));
    Talk { result, used, keep_alive, broke_unsent }
}

/// What a failure of the connection is for the caller.
pub(crate) fn judge(failure: Failure, sent: bool, has_reply: bool) -> Error {
    let fault = match (failure.fault, failure.stage) {
        (Fault::TimedOut, _) => ChannelFault::TimedOut,
        (_, Stage::Resolve) => ChannelFault::Dns,
        (_, Stage::Connect) => ChannelFault::Connect,
        (Fault::Tls(_), _) | (_, Stage::Handshake) => ChannelFault::Tls,
        (Fault::Io(_) | Fault::Proxy, Stage::Send | Stage::Receive) => {
            // A peer that had begun to answer did not come to the end of it.
            if sent && has_reply {
                return ProtocolError::Truncated.into();
            }
            if sent && failure.fault == Fault::Io(std::io::ErrorKind::UnexpectedEof) {
                return ProtocolError::Closed.into();
            }
            ChannelFault::Broken
        }
    };
    let source = Some(ChannelSource::new(failure.stage, failure.fault.cause()));
    Error::Inquiry(heyan::Error::Channel(ChannelError { fault, sent, source }))
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use heyan::provider::IDCERT;
    use heyan::{Consent, Credentials, Date, IdNumber, Inquiry, Name, Subject};

    use super::*;
    use crate::link::Look;

    /// A peer that takes so many bytes, then says these pieces one by one, then closes.
    struct Script<'s> {
        takes: usize,
        says: &'s [&'s str],
    }

    impl Link for Script<'static> {
        fn send(&mut self, bytes: &[u8], _: Deadline) -> Result<(), Fault> {
            self.takes = self.takes.checked_sub(bytes.len()).ok_or(Fault::Io(std::io::ErrorKind::ConnectionReset))?;
            Ok(())
        }

        fn receive(&mut self, into: &mut [u8], _: Deadline) -> Result<usize, Fault> {
            let Some((piece, rest)) = self.says.split_first() else { return Ok(0) };
            self.says = rest;
            into[..piece.len()].copy_from_slice(piece.as_bytes());
            Ok(piece.len())
        }

        fn look(&mut self) -> Look {
            Look::Quiet
        }
    }

    #[test]
    fn no_memory_keeps_a_request_or_a_reply() {
        const BODY: &str = "{\"status\":\"01\",\"idCard\":\"11010119000101009X\",\"name\":\"张三\"}";
        let sized: String = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", BODY.len());
        let sized: &'static str = sized.leak();
        let padded: &'static str = format!("HTTP/1.1 200 OK\r\nX-Long: {}\r\n", "1".repeat(900)).leak();
        let chunked: &[&str] =
            &[padded, "Transfer-Encoding: chunked\r\n\r\n7\r\n{\"statu\r\n4", "\r\ns\":1\r\n0\r\n\r\n"];
        let scripts: [(usize, &'static [&'static str], bool); 6] = [
            (usize::MAX, [sized, BODY].to_vec().leak(), true),
            (usize::MAX, chunked.to_vec().leak(), true),
            (usize::MAX, [sized, "{\"idCard\":\"11010119000101009X"].to_vec().leak(), false),
            (usize::MAX, &["nonsense, and 11010119000101009X\r\n\r\n"], false),
            (usize::MAX, &[], false),
            (1, &[], false),
        ];
        let today = Date::new(2026, 11, 22).unwrap();
        let subject = Subject::new(Name::parse("张三").unwrap(), IdNumber::parse("11010119000101009X", today).unwrap());
        for (takes, says, is_reply) in scripts {
            let credentials = Credentials::AppCode(heyan::AppCode::new("an-app-code").unwrap());
            let inquiry = Inquiry::new(&IDCERT, subject.clone(), Consent::given(), credentials).unwrap();
            let mut memory = Memory::new(4096, 0);
            let request = inquiry.write(memory.open()).unwrap();
            let deadline = Deadline::new(Instant::now(), Duration::from_secs(9));
            let talk = talk(&mut Script { takes, says }, request, deadline, Duration::from_secs(9), 4096);
            assert_eq!(talk.result.is_ok(), is_reply, "{says:?}");
            let used = talk.used;
            drop(talk);
            assert!(used > 0 && used < memory.bytes.len() && memory.bytes.iter().any(|byte| *byte != 0));
            memory.wipe(used);
            assert!(memory.bytes.iter().all(|byte| *byte == 0), "{says:?}");
        }
    }
}
