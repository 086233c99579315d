//! A network that breaks on command, between the clients and the simulated gateway of `heyan-sandbox`.
//!
//! A [`Proxy`] stands on loopback in front of a sandbox and does to each connection what a [`Plan`] says: cut, reset,
//! delay, repeat, add or change at any byte or TLS record. A [`Lane`] is one provider over one transport with a gateway
//! and a proxy of its own; [`play`] runs the same [`Cell`]s on all lanes at once and names every cell that does not end
//! as it must: provider, transport, fault, place.
//!
//! # The rules that every cell is held against
//!
//! - A verdict comes only of the bytes that make it: the same verdict, echo and details as without a fault.
//! - What the client calls free, the gateway has not billed; what it calls a verdict, the gateway has.
//! - When all is over, no connection is open and no descriptor is left.

mod embedded;
mod ended;
mod flag;
mod matrix;
mod plan;
mod proxy;
mod transport;

pub use ended::{Ended, Expect, Failure, free, protocol, reply, unknown};
pub use flag::{Flag, PATIENCE};
pub use matrix::{Cell, Lane, Tally, descriptors, play};
pub use plan::{Act, Note, Place, Plan, RecordFault, Records, Take, Turn};
pub use proxy::{Heard, Proxy};
pub use transport::{Asker, HOLDER, ID, Lookup, STRANGER, Talk, Transport};
