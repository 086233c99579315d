//! A kiosk: somebody enters a name and an identity number, agrees, and reads the verdict on a screen.
//!
//! | module | what is in it | in a product |
//! |---|---|---|
//! | [`board`] | QEMU's mps2-an386: clock, Ethernet, log line, screen, stack | your board |
//! | [`net`] | smoltcp with DHCP and DNS as `embedded-nal` | the same, or the stack you have |
//! | [`random`] | the randomness that a board must bring, and what the demo has instead | a hardware generator |
//! | `asynchronous` | the network for an executor | embassy-net, with interrupts |
//! | `tls` | trust anchors, clock, randomness and heap for TLS | the same, from flash and hardware |
//! | [`request`] | what the command line asks for | your keyboard or card reader |
//! | [`kiosk`] | what every variant does: start, check, serve | your program |
//! | [`ending`] | every ending as words on the screen and as an exit status | your screen |

#![no_std]

#[cfg(feature = "async")]
pub mod asynchronous;
pub mod board;
pub mod ending;
pub mod kiosk;
pub mod net;
pub mod random;
pub mod request;
#[cfg(feature = "tls")]
pub mod tls;
