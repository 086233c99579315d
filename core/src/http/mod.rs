//! HTTP/1.1 without I/O: where to, what to send, what came back.

mod endpoint;
mod exchange;
mod request;
mod response;

pub use endpoint::{AUTHORITY_MAX, Endpoint, EndpointError, PATH_MAX};
pub use exchange::{Exchange, Step};
pub use request::{Fields, Headers, Method, Request, RequestView};
pub use response::{HEADERS_MAX, Response};

pub(crate) use request::{Writer, head_max, write};
