//! What the images of this crate share: the board, and calls of everything that the core offers.

#![no_std]

pub mod board;
pub mod calls;
pub mod case;
#[cfg(feature = "network")]
pub mod network;
pub mod reply;
