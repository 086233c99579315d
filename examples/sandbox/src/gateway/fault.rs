//! What can be wrong with a request, and how either generation of the gateway says so.

use super::tables::INVALID_SIGNATURE;

/// Which generation of the gateway speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ErrorStyle {
    /// Newer instances: `X-Ca-Error-Code` and `X-Ca-Error-Message`.
    #[default]
    Code,
    /// Classic instances: `X-Ca-Error-Message` alone.
    Classic,
}

/// What is wrong with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    BadUri(&'static str),
    UriTooLarge,
    UnsupportedMethod(String),
    BadHeader(String, &'static str),
    MissingHeader(&'static str),
    UnknownDomain(String),
    NotFound,
    BadBody(&'static str),
    EmptyBody,
    BodyTooLarge,
    BadContentType(String),
    BadMd5,
    MissingParameter(&'static str),
    WrongPlace(&'static str),
    MissingAuthorization,
    MalformedAppCode,
    UnknownAppCode,
    UnknownAppKey,
    MissingSignature,
    MissingTimestamp,
    BadTimestamp,
    ExpiredTimestamp,
    MissingNonce,
    UsedNonce,
    /// With the string to sign, whose line feeds become `#` on the wire.
    WrongSignature(String),
    QuotaExhausted,
}

/// The headers and the status that a fault becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GatewayError {
    pub(crate) status: u16,
    pub(crate) code: Option<&'static str>,
    pub(crate) message: String,
}

impl Fault {
    pub(crate) fn spoken(&self, style: ErrorStyle) -> GatewayError {
        match style {
            ErrorStyle::Code => {
                let (code, message) = self.with_code();
                let status = code.get(1..4).and_then(|digits| digits.parse().ok()).unwrap_or(400);
                GatewayError { status, code: Some(code), message }
            }
            ErrorStyle::Classic => {
                let (status, message) = self.classic();
                GatewayError { status, code: None, message }
            }
        }
    }

    fn with_code(&self) -> (&'static str, String) {
        match self {
            Self::BadUri(reason) => ("I400RU", format!("Invalid Request Uri `{reason}`")),
            Self::UriTooLarge => ("I413UL", "Request URL too Large".into()),
            Self::UnsupportedMethod(method) => ("I405UM", format!("Unsupported Method `{method}`")),
            Self::BadHeader(name, reason) => ("I400HD", format!("Invalid Header `{name}` {reason}")),
            Self::MissingHeader(name) => ("I400MH", format!("Header `{name}` is Required")),
            Self::MissingSignature => ("I400MH", "Header `x-ca-signature` is Required".into()),
            Self::MissingTimestamp => ("I400MH", "Header `x-ca-timestamp` is Required".into()),
            Self::BadTimestamp => ("I400HD", "Invalid Header `x-ca-timestamp` not a number of milliseconds".into()),
            Self::UnknownDomain(host) => ("I404DO", format!("Invalid Domain `{host}`")),
            Self::NotFound => ("I404NF", "API not found with this path and method".into()),
            Self::BadBody(reason) => ("I400BD", format!("Invalid Body: {reason}")),
            Self::EmptyBody => ("I400BD", "Invalid Body: empty".into()),
            Self::BodyTooLarge => ("I413RL", "Request body too Large".into()),
            Self::BadContentType(given) => ("I400CT", format!("Invalid Content-Type: `{given}`")),
            Self::BadMd5 => ("I400I5", "Invalid Content-MD5".into()),
            Self::MissingParameter(name) | Self::WrongPlace(name) => {
                ("I400MP", format!("Parameter `{name}` is required"))
            }
            Self::MissingAuthorization => {
                ("A400MA", "Need authorization, `X-Ca-Key` or `Authorization: APPCODE ...` is required".into())
            }
            Self::MalformedAppCode => ("A400AC", "Invalid AppCode `malformed`".into()),
            Self::UnknownAppCode => ("A401AC", "Invalid AppCode `not exists`".into()),
            Self::UnknownAppKey => ("A400IK", "Invalid AppKey".into()),
            Self::ExpiredTimestamp => ("S403TE", "X-Ca-Timestamp is expired".into()),
            Self::MissingNonce => ("I400NC", "X-Ca-Nonce is required".into()),
            Self::UsedNonce => ("S403NU", "Nonce Used".into()),
            Self::WrongSignature(string) => ("A403IS", signature_message(string)),
            Self::QuotaExhausted => ("B403MQ", "Api Market Subscription quota exhausted".into()),
        }
    }

    fn classic(&self) -> (u16, String) {
        match self {
            Self::BadUri(_) | Self::UriTooLarge | Self::NotFound => (400, "Invalid Url".into()),
            Self::UnsupportedMethod(_) => (400, "Invalid HttpMethod".into()),
            Self::BadHeader(..)
            | Self::MissingHeader(_)
            | Self::BadContentType(_)
            | Self::BadBody(_)
            | Self::BodyTooLarge => (400, "Invalid Request Body".into()),
            Self::UnknownDomain(_) => (400, "Invalid Domain".into()),
            Self::EmptyBody => (400, "Empty Request Body".into()),
            Self::BadMd5 => (400, "Invalid Content-MD5".into()),
            Self::MissingParameter(_) | Self::WrongPlace(_) => (400, "Invalid Param Location".into()),
            Self::MissingAuthorization => (403, "Unauthorized".into()),
            Self::MalformedAppCode | Self::UnknownAppCode => (400, "Invalid AppCode `not exists`".into()),
            Self::UnknownAppKey => (400, "Invalid AppKey".into()),
            Self::MissingSignature => (401, "Empty Signature".into()),
            Self::MissingTimestamp | Self::BadTimestamp => (400, "Invalid Timestamp".into()),
            Self::ExpiredTimestamp => (400, "Timestamp Expired".into()),
            Self::MissingNonce | Self::UsedNonce => (400, "Nonce Used".into()),
            Self::WrongSignature(string) => (400, signature_message(string)),
            Self::QuotaExhausted => (403, "Quota Exhausted".into()),
        }
    }
}

/// The message that carries the string to sign in clear, as the gateway writes it: between backquotes, line feeds as `#`.
/// Other control characters, which a value may decode to, become `#` too: a header cannot carry them either.
pub(crate) fn signature_message(string_to_sign: &str) -> String {
    format!("{INVALID_SIGNATURE}`{}`", string_to_sign.replace(char::is_control, "#"))
}
