//! Whether the logger would write down what crosses the wire.
//!
//! Read in ureq 3.5.1 and ureq-proto 0.7.1: every byte sent and received is logged at `trace` under
//! `ureq_proto::util`; path and query of the URL, and the `Location` of a reply, are written into `debug` lines while
//! `trace` is on for `ureq::util`, and as asterisks otherwise. Header fields in `debug` lines are an allow-list without
//! credentials. rustls logs no application data.

use log::Level;

/// Targets that log personal data at `trace`, and their parents: a logger may be asked about either.
const TARGETS: [&str; 4] = ["ureq_proto::util", "ureq::util", "ureq_proto", "ureq"];

/// The target whose `trace` level is on, if there is one.
pub(crate) fn wire_target() -> Option<&'static str> {
    TARGETS.into_iter().find(|target| log::log_enabled!(target: *target, Level::Trace))
}
