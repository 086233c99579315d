//! The verification as somebody writes it who has reqwless and serde-json-core: what the vendor's page shows, and no more.

use core::fmt::Write;

use embedded_nal_async::{Dns, TcpConnect};
use heapless::String;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwless::client::{HttpClient, HttpResource};
use reqwless::request::RequestBuilder;
use serde::Deserialize;

use crate::{APP_CODE, CALLS, NAME, NUMBER, Verdict, count};

/// The one member that the verdict is in.
#[derive(Deserialize)]
struct Reply<'a> {
    status: &'a str,
}

/// Why there is no verdict. Nothing tells what that cost.
#[derive(Debug)]
pub enum Failed {
    /// Name and number are too long.
    TooLong,
    /// There is no connection.
    NotConnected,
    /// The connection, or a reply that is no HTTP.
    Http(reqwless::Error),
    /// An HTTP status that is no success.
    Status(u16),
    /// A body that is not the JSON that was expected.
    Json,
    /// A status that is no verdict.
    NoVerdict,
}

/// Serves both people: connects for the first, and keeps the connection for the second.
pub async fn serve<T: TcpConnect, D: Dns>(
    mut client: HttpClient<'_, T, D>,
    url: &str,
    mut send: Option<&'static mut [u8]>,
    buffer: &mut [u8],
) {
    let (mut resource, mut client) = (None, Some(&mut client));
    for what in CALLS {
        let call = async {
            if let Some(client) = client.take() {
                let connected = client.resource(url).await.map_err(Failed::Http)?;
                resource = Some(match send.take() {
                    Some(send) => connected.into_buffered(send),
                    None => connected,
                });
            }
            ask(resource.as_mut().ok_or(Failed::NotConnected)?, NAME, NUMBER, buffer).await
        };
        count(what, async { call.await.ok() }).await;
    }
}

async fn ask<C>(
    resource: &mut HttpResource<'_, C>,
    name: &str,
    number: &str,
    buffer: &mut [u8],
) -> Result<Verdict, Failed>
where
    C: heyan_embedded::embedded_io_async::Read + heyan_embedded::embedded_io_async::Write,
{
    let mut path = String::<512>::new();
    write!(path, "/idcard?idCard={number}&name={}", utf8_percent_encode(name, NON_ALPHANUMERIC))
        .map_err(|_| Failed::TooLong)?;
    let mut authorization = String::<64>::new();
    write!(authorization, "APPCODE {APP_CODE}").map_err(|_| Failed::TooLong)?;
    let headers = [("Authorization", authorization.as_str())];
    let response = resource.get(&path).headers(&headers).send(buffer).await.map_err(Failed::Http)?;
    if !response.status.is_successful() {
        return Err(Failed::Status(response.status.0));
    }
    let body = response.body().read_to_end().await.map_err(Failed::Http)?;
    let (reply, _) = serde_json_core::from_slice::<Reply<'_>>(body).map_err(|_| Failed::Json)?;
    match reply.status {
        "01" => Ok(Verdict::Match),
        "02" => Ok(Verdict::Mismatch),
        "202" => Ok(Verdict::NoRecord),
        _ => Err(Failed::NoVerdict),
    }
}
