//! `heyan request`: the request that would be sent, or the curl command for it. Nothing is sent.
//!
//! Unless `--reveal` is given, name and numbers are masked and the credentials are the names of shell variables, which are
//! put in before the request is written: the real ones are not even looked at then, but for their kind.

use std::io;

use heyan::http::RequestView;
use heyan::provider::Factor;
use heyan::{
    AppCode, AppKey, Buffer, Consent, Credentials, Endpoint, Info, Inquiry, Provider, Stamp, Subject, VendorKey,
};
use serde::Serialize;
use zeroize::Zeroizing;

use crate::credentials::Found;
use crate::input::{self, Person};
use crate::output::{Exit, Out, Stop, tell};
use crate::target;
use crate::wrong::Wrong;
use crate::{Context, args};

const APP_CODE: &str = "$HEYAN_APPCODE";
const APP_KEY: &str = "$HEYAN_APPKEY";
const SIGNATURE: &str = "$HEYAN_SIGNATURE";
const VENDOR_KEY: &str = "$HEYAN_VENDOR_KEY";
const VARIABLES: [&str; 4] = [APP_CODE, APP_KEY, SIGNATURE, VENDOR_KEY];

/// Bytes for any provider's request; a provider that needs more says so by an error.
const BUFFER_LEN: usize = 8 * 1024;

/// A request with the parts that may not be shown replaced.
struct Parts {
    method: &'static str,
    scheme: &'static str,
    authority: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Option<String>,
}

#[derive(Serialize)]
struct Machine<'p> {
    provider: &'static str,
    method: &'static str,
    url: String,
    headers: Vec<MachineHeader<'p>>,
    body: Option<&'p str>,
    curl: Option<String>,
    masked: bool,
}

#[derive(Serialize)]
struct MachineHeader<'p> {
    name: &'p str,
    value: &'p str,
}

pub(crate) fn run(context: &Context, arguments: &args::Request, out: &mut Out) -> Result<Exit, Stop> {
    let provider = target::provider(&arguments.provider)?;
    let address = target::address(&arguments.address, 1)?;
    let stamped = arguments.timestamp.is_some() || arguments.nonce.is_some();
    let timestamp =
        arguments.timestamp.as_deref().map(|text| text.parse().map_err(|_| Wrong::Timestamp)).transpose()?;
    let nonce = arguments.nonce.as_deref();
    nonce.map(|nonce| Stamp::with_nonce(0, nonce).map_err(|_| Wrong::Nonce)).transpose()?;
    let person = Person::read(&arguments.person, context.words)?;
    let subject = person.subject(arguments.person.lenient)?;
    target::factors(provider, &subject)?;
    let found = Found::in_environment(provider)?;
    if let Some(found) = &found {
        target::accepts(provider, found, address.is_some())?;
    }

    // The placeholders of the kind that is there, or of the kind that the arguments speak of.
    let real = found.as_ref().filter(|_| context.reveal);
    let is_signed = match &found {
        None => stamped,
        Some(found) => matches!(found, Found::AppKey { .. }),
    };
    if stamped && !is_signed {
        return Err(Wrong::NothingSigned.into());
    }
    let credentials = match (&found, real) {
        (_, Some(Found::AppCode(code))) => AppCode::new(code).map(Credentials::AppCode),
        (_, Some(Found::VendorKey(key))) => VendorKey::new(key).map(Credentials::VendorKey),
        (_, Some(Found::AppKey { key, secret })) => {
            let stamp = stamp(context, timestamp, nonce)?;
            AppKey::new(key, secret).map(|key| Credentials::Signed(key, stamp))
        }
        (Some(Found::VendorKey(_)), None) => VendorKey::new(VENDOR_KEY).map(Credentials::VendorKey),
        _ if is_signed => {
            let stamp = stamp(context, timestamp, nonce)?;
            AppKey::new(APP_KEY, APP_KEY).map(|key| Credentials::Signed(key, stamp))
        }
        _ => AppCode::new(APP_CODE).map(Credentials::AppCode),
    };
    let credentials = credentials.map_err(|error| Wrong::Refused(error.to_string()))?;

    let parts = Asked {
        provider,
        subject: &subject,
        credentials,
        address,
        reveal: context.reveal,
        // Shell variables stay variables in a command that is to be copied.
        show_credentials: real.is_some() && !arguments.curl,
        show_signature: real.is_some(),
    }
    .parts()?;
    if !context.reveal {
        tell(context.words.masked_request());
    } else if is_signed && real.is_none() {
        tell(context.words.unsigned_request());
    }
    let printed = print(context, arguments.curl, provider.info(), &parts, out);
    printed.and_then(|()| out.finish()).map_err(Stop::output(Exit::Match))?;
    Ok(Exit::Match)
}

fn stamp(context: &Context, timestamp: Option<u64>, nonce: Option<&str>) -> Result<Stamp, Stop> {
    let failed = |sentence: &str| Stop::Failed(sentence.to_owned());
    let unix_ms = match timestamp {
        Some(timestamp) => timestamp,
        None => input::unix_ms().ok_or_else(|| failed(context.words.no_clock()))?,
    };
    match nonce {
        Some(nonce) => Ok(Stamp::with_nonce(unix_ms, nonce).map_err(|_| Wrong::Nonce)?),
        None => {
            let mut random = [0; 16];
            getrandom::fill(&mut random).map_err(|_| failed(context.words.no_randomness()))?;
            Ok(Stamp::new(unix_ms, random))
        }
    }
}

struct Asked<'a> {
    provider: &'a dyn Provider,
    subject: &'a Subject<'a>,
    credentials: Credentials<'a>,
    address: Option<Endpoint<'a>>,
    reveal: bool,
    show_credentials: bool,
    show_signature: bool,
}

impl Asked<'_> {
    fn parts(&self) -> Result<Parts, Wrong> {
        let refused = |error: heyan::EncodeError| Wrong::Refused(error.to_string());
        // Nothing is sent, so nobody has to agree to it.
        let inquiry = Inquiry::new(self.provider, self.subject.clone(), Consent::given(), self.credentials);
        let mut inquiry = inquiry.map_err(refused)?;
        if let Some(address) = self.address {
            inquiry = inquiry.at(address);
        }
        let mut buffer = Buffer::<BUFFER_LEN>::new();
        let request = inquiry.write(&mut buffer).map_err(refused)?;
        let view = request.expose();
        let target = match view.target.split_once('?') {
            Some((path, query)) => format!("{path}?{}", self.parameters(query)),
            None => view.target.to_owned(),
        };
        let endpoint = inquiry.endpoint();
        Ok(Parts {
            method: view.method.as_str(),
            scheme: if endpoint.is_secure() { "https" } else { "http" },
            authority: endpoint.authority().to_owned(),
            target,
            headers: self.headers(&view),
            body: std::str::from_utf8(view.body).ok().filter(|body| !body.is_empty()).map(|body| self.parameters(body)),
        })
    }

    fn headers(&self, view: &RequestView<'_>) -> Vec<(String, String)> {
        let shown = |(name, value): (&str, &str)| {
            let value = match name {
                "Authorization" if !self.show_credentials => format!("APPCODE {APP_CODE}"),
                "x-ca-key" if !self.show_credentials => APP_KEY.to_owned(),
                "x-ca-signature" if !self.show_signature => SIGNATURE.to_owned(),
                _ => value.to_owned(),
            };
            (name.to_owned(), value)
        };
        view.headers().map(shown).collect()
    }

    /// `k=v&k=v`, with what may not be shown replaced. A masked name keeps its first character, encoded as it would be.
    fn parameters(&self, parameters: &str) -> String {
        let info = self.provider.info();
        let replaced = |parameter: &str| {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            if info.vendor_key_parameter == Some(name) && !self.show_credentials {
                return format!("{name}={VENDOR_KEY}");
            }
            let factor = info.parameters.iter().find(|(known, _)| *known == name).map(|(_, factor)| *factor);
            let value = match factor.filter(|_| !self.reveal) {
                None => value.to_owned(),
                Some(Factor::IdNumber) => self.subject.id().masked().to_string(),
                Some(Factor::Mobile) => {
                    self.subject.mobile().map(|mobile| mobile.masked().to_string()).unwrap_or_default()
                }
                Some(Factor::Name) => {
                    let masked = self.subject.name().masked().to_string();
                    masked
                        .chars()
                        .map(|character| if character == '*' { "*".to_owned() } else { encoded(character) })
                        .collect()
                }
            };
            format!("{name}={value}")
        };
        parameters.split('&').map(replaced).collect::<Vec<_>>().join("&")
    }
}

/// As RFC 3986 writes a character that is not unreserved.
fn encoded(character: char) -> String {
    if character.is_ascii_alphanumeric() || "-._~".contains(character) {
        return character.to_string();
    }
    let mut bytes = [0; 4];
    character.encode_utf8(&mut bytes).bytes().map(|byte| format!("%{byte:02X}")).collect()
}

fn print(context: &Context, curl: bool, info: &Info, parts: &Parts, out: &mut Out) -> io::Result<()> {
    if context.json {
        return out.json(&Machine {
            provider: info.slug,
            method: parts.method,
            url: parts.url(),
            headers: parts.headers.iter().map(|(name, value)| MachineHeader { name, value }).collect(),
            body: parts.body.as_deref(),
            curl: curl.then(|| parts.curl(info)),
            masked: !context.reveal,
        });
    }
    if curl { out.line(&parts.curl(info)) } else { out.message(&parts.message()) }
}

impl Parts {
    fn url(&self) -> String {
        format!("{}://{}{}", self.scheme, self.authority, self.target)
    }

    /// The message as it goes over the wire.
    fn message(&self) -> Zeroizing<String> {
        let mut message = format!("{} {} HTTP/1.1\r\n", self.method, self.target);
        for (name, value) in &self.headers {
            message.push_str(&format!("{name}: {value}\r\n"));
        }
        message.push_str("\r\n");
        message.push_str(self.body.as_deref().unwrap_or_default());
        Zeroizing::new(message)
    }

    /// A command for a POSIX shell. `--include` shows the headers, where the gateway writes its errors; a request without
    /// a deadline could wait for ever.
    fn curl(&self, info: &Info) -> String {
        let mut words = vec!["curl --include --max-time 20".to_owned(), quoted(&self.url())];
        for (name, value) in &self.headers {
            // curl writes these itself.
            if !matches!(name.as_str(), "Host" | "Content-Length") {
                words.push(format!("--header {}", quoted(&format!("{name}: {value}"))));
            }
        }
        if let Some(body) = &self.body {
            let is_key = |parameter: &&str| {
                info.vendor_key_parameter.is_some_and(|name| **parameter == format!("{name}={VENDOR_KEY}"))
            };
            let (keys, others): (Vec<&str>, Vec<&str>) = body.split('&').partition(is_key);
            words.push(format!("--data-raw {}", quoted(&others.join("&"))));
            // What is in the variable has to be encoded on the way.
            words.extend(keys.iter().map(|key| format!("--data-urlencode {}", quoted(key))));
        }
        words.join(" \\\n  ")
    }
}

/// In single quotation marks, but for the variables, which the shell must fill in.
fn quoted(text: &str) -> String {
    let variable = VARIABLES.iter().filter_map(|variable| Some((text.find(variable)?, *variable))).min();
    let Some((at, variable)) = variable else { return single(text) };
    let (before, rest) = text.split_at(at);
    let after = &rest[variable.len()..];
    let before = if before.is_empty() { String::new() } else { single(before) };
    let after = if after.is_empty() { String::new() } else { quoted(after) };
    format!("{before}\"{variable}\"{after}")
}

fn single(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::{encoded, quoted};

    #[test]
    fn shells_get_variables_and_nothing_else_to_fill_in() {
        assert_eq!(quoted("Authorization: APPCODE $HEYAN_APPCODE"), "'Authorization: APPCODE '\"$HEYAN_APPCODE\"");
        assert_eq!(quoted("https://host/$a'b"), r"'https://host/$a'\''b'");
        assert_eq!(quoted("$HEYAN_APPKEY!"), "\"$HEYAN_APPKEY\"'!'");
    }

    #[test]
    fn characters_are_encoded_in_utf8() {
        assert_eq!([encoded('张'), encoded('A'), encoded(' ')], ["%E5%BC%A0", "A", "%20"]);
    }
}
