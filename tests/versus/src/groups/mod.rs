//! What is compared, and what is measured as it grows.

mod growing;
#[cfg(feature = "network")]
mod network;
mod numbers;
#[cfg(feature = "messages")]
mod replies;
#[cfg(feature = "messages")]
mod requests;

use crate::contest::Group;
use crate::growth::Growth;

/// All groups, in the order of the READMEs.
pub static ALL: &[&Group] = &[
    &numbers::GROUP,
    &numbers::FROM_MEMORY,
    #[cfg(feature = "messages")]
    &requests::GROUP,
    #[cfg(feature = "messages")]
    &replies::FLAT,
    #[cfg(feature = "messages")]
    &replies::NESTED,
    #[cfg(feature = "network")]
    &network::HTTP,
    #[cfg(feature = "network")]
    &network::HTTPS,
];

/// Everything that grows, in the order of the READMEs.
pub static GROWTH: &[&Growth] = &[
    &growing::ACCOUNTS,
    &growing::REPLIES,
    #[cfg(feature = "network")]
    &network::BY_THREADS,
    #[cfg(feature = "network")]
    &network::BY_THREADS_TLS,
    #[cfg(feature = "network")]
    &network::LATENCY,
    #[cfg(feature = "network")]
    &network::LATENCY_TLS,
    #[cfg(feature = "network")]
    &network::CONNECTIONS,
];
