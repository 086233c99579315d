//! What a proxy is told to do to one connection.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::Flag;

/// What happens to one connection.
#[derive(Clone, Debug)]
pub enum Plan {
    /// Request after request, each with its reply.
    Turns(Vec<Turn>),
    /// Bytes both ways, and this to the records of TLS that the server sends.
    Records(Records),
}

/// One request and what its client hears.
#[derive(Clone, Debug)]
pub struct Turn {
    /// How much of the request arrives.
    pub request: Take,
    /// What the client hears, one after the other. Behind the last act the proxy waits for the next request, or for the
    /// client to leave.
    pub acts: Vec<Act>,
}

/// How much of a request arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Take {
    /// All of it. The server's whole reply is there before anything is done to the client.
    Whole,
    /// All of it arrives at the proxy, and so many bytes of it at the server, which then sees the end.
    Lost(usize),
    /// So many bytes of it arrive at the proxy, which reads no further, and nothing at the server.
    Unread(usize),
}

/// Something that the proxy does to its client.
#[derive(Clone, Debug)]
pub enum Act {
    /// Sends a part of the reply, from one byte up to another; beyond its end there is nothing to send.
    Pass(usize, usize),
    /// Sends a part of the reply byte by byte, with such a pause behind each.
    Drip(usize, usize, Duration),
    /// Sends these bytes.
    Say(Vec<u8>),
    /// Waits. The pace is what is tried; nothing waits for it.
    Pause(Duration),
    /// Raises this flag.
    Tell(Flag),
    /// Waits for this flag.
    Await(Flag),
    /// Tells somebody of the request and its reply. Put in front of what the client hears, it is told before that.
    Note(Note),
    /// Ends what it says (FIN), and goes on hearing the client.
    Cut,
    /// Ends the connection at once (RST).
    Reset,
}

/// Whoever wants to know of requests and their replies, as [`Act::Note`].
#[derive(Clone)]
pub struct Note(Arc<Hear>);

type Hear = dyn Fn(&[u8], &[u8]) + Send + Sync;

impl Note {
    /// Calls `hear` with the request and the server's reply, which is empty if the request did not arrive there.
    pub fn new(hear: impl Fn(&[u8], &[u8]) + Send + Sync + 'static) -> Self {
        Self(Arc::new(hear))
    }

    pub(crate) fn take(&self, request: &[u8], reply: &[u8]) {
        (self.0)(request, reply);
    }
}

impl fmt::Debug for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Note")
    }
}

/// What happens to the records of TLS that a server sends.
#[derive(Clone, Debug)]
pub struct Records {
    /// Number of the record, from 0.
    pub at: usize,
    /// What happens there.
    pub fault: RecordFault,
    /// The connection ends (FIN) behind that record.
    pub then_cut: bool,
    /// Raised when that was done.
    pub done: Flag,
    /// Every byte is sent on its own, with such a pause behind it.
    pub drip: Option<Duration>,
}

/// What happens to one record.
#[derive(Clone, Debug)]
pub enum RecordFault {
    /// Nothing.
    None,
    /// The connection ends (FIN) in front of this byte.
    Cut(Place),
    /// The connection is reset there.
    Reset(Place),
    /// Nothing more comes from there on, and the connection stays.
    Stall(Place),
    /// This bit of this byte is the other one.
    Flip(Place, u8),
    /// These bytes come in front of it.
    Garbage(Vec<u8>),
    /// It comes twice.
    Twice,
    /// It comes again when this flag is raised.
    TwiceAfter(Flag),
    /// It does not come at all.
    Missing,
}

/// A byte of a record, header included. The length of a record with a signature is not the same in each connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// So many bytes are in front of it.
    Front(usize),
    /// So many bytes, itself included, are up to the end; 0 is the end.
    Back(usize),
}

impl Place {
    /// The number of the byte in a record of this length.
    #[must_use]
    pub fn of(self, len: usize) -> usize {
        match self {
            Self::Front(bytes) => bytes.min(len),
            Self::Back(bytes) => len.saturating_sub(bytes),
        }
    }
}

impl Plan {
    /// Nothing happens to any number of requests.
    #[must_use]
    pub fn faultless(turns: usize) -> Self {
        Self::Turns((0..turns).map(|_| Turn::faultless()).collect())
    }

    /// One request, all of it, and what its client hears.
    #[must_use]
    pub fn acts(acts: Vec<Act>) -> Self {
        Self::Turns(vec![Turn { request: Take::Whole, acts }])
    }

    /// This happens to a record, and nothing else.
    #[must_use]
    pub fn record(at: usize, fault: RecordFault) -> Self {
        Self::Records(Records { at, fault, then_cut: false, done: Flag::default(), drip: None })
    }
}

impl Turn {
    /// Request and reply as they are.
    #[must_use]
    pub fn faultless() -> Self {
        Self { request: Take::Whole, acts: vec![Act::Pass(0, usize::MAX)] }
    }
}
