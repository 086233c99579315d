//! What is compared, and what is measured as it grows.

mod network;
mod numbers;

use crate::contest::Group;
use crate::growth::Growth;

/// All groups, in the order of the READMEs.
pub static ALL: &[&Group] = &[&numbers::GROUP, &network::HTTP, &network::HTTPS];

/// Everything that grows, in the order of the READMEs.
pub static GROWTH: &[&Growth] = &[&network::BY_THREADS, &network::LATENCY];
