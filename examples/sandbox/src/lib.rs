//! The five providers and the API gateway in front of them, simulated on loopback.
//!
//! A client can be tried here without an account, without money and without anybody's data: the same paths, the same
//! parameters, the same strict gateway, the same odd replies. It shares no code with the client that it judges: what
//! percent-decoding, signature and framing must look like is written down here a second time.
//!
//! ```
//! use heyan_sandbox::{APP_CODE, Provider, Sandbox};
//! use std::io::{Read, Write};
//! use std::net::TcpStream;
//!
//! let sandbox = Sandbox::builder().start()?;
//! let mut stream = TcpStream::connect(sandbox.address())?;
//! write!(
//!     stream,
//!     "GET /idcard?idCard=11010119000101009X&name=%E5%BC%A0%E4%B8%89 HTTP/1.1\r\n\
//!      Host: idcert.market.alicloudapi.com\r\nAuthorization: APPCODE {APP_CODE}\r\nConnection: close\r\n\r\n"
//! )?;
//! let mut reply = String::new();
//! stream.read_to_string(&mut reply)?;
//! assert!(reply.contains("\"status\":\"01\""));
//! assert_eq!(sandbox.report().of(Provider::Idcert).billed, 1);
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! Who is known is in [`PEOPLE`]; what else can be asked for is in [`magic_names`].
//!
//! **In scope:** everything between a client's first byte and the verdict. **Out of scope:** HTTP/2, compression,
//! throttling by rate (ask for it by name), anything true about anybody.

mod gateway;
mod json;
mod magic;
mod people;
mod play;
mod providers;
mod record;
mod reply;
mod report;
mod request;
mod sandbox;
mod serve;
mod server;
mod state;
mod tls;

pub use gateway::{CLASSIC_ERRORS, ClassicError, ErrorStyle, GATEWAY_CODES, GatewayCode, signature};
pub use magic::{MagicName, magic_names};
pub use people::{PEOPLE, Person};
pub use providers::{Document, Provider};
pub use record::RecordedRequest;
pub use report::{Calls, Report};
pub use sandbox::{Builder, Sandbox};
pub use serve::{ServeOptions, serve};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// The `AppCode` that a sandbox knows unless told otherwise. Not a secret.
pub const APP_CODE: &str = "test-appcode-not-a-secret";
/// The `AppKey` that a sandbox knows unless told otherwise.
pub const APP_KEY: &str = "test-appkey";
/// The secret that goes with [`APP_KEY`]. Not a secret.
pub const APP_SECRET: &str = "test-appsecret-not-a-secret";
