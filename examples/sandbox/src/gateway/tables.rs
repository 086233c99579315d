//! The gateway's two error tables: codes with messages (newer instances) and messages alone (classic instances).
//! Alibaba Cloud API Gateway, error code table, read 2026-11; wording of the messages as far as the page has it:
//! where it has placeholders, and for the `S403` codes, the wording here is a guess, which no client should depend on.

/// One error of a newer instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GatewayCode {
    /// Six characters; the second to fourth are the HTTP status.
    pub code: &'static str,
    /// The text of `X-Ca-Error-Message`.
    pub message: &'static str,
}

impl GatewayCode {
    /// The HTTP status that the code carries; 0 if it carried none.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.code.get(1..4).and_then(|digits| digits.parse().ok()).unwrap_or(0)
    }
}

/// One error of a classic instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClassicError {
    /// The HTTP status.
    pub status: u16,
    /// The text of `X-Ca-Error-Message`.
    pub message: &'static str,
}

const fn code(code: &'static str, message: &'static str) -> GatewayCode {
    GatewayCode { code, message }
}

/// Every error code of a newer instance.
pub const GATEWAY_CODES: &[GatewayCode] = &[
    // Who is asking.
    code("A400AC", "Invalid AppCode `malformed`"),
    code("A401AC", "Invalid AppCode `not exists`"),
    code("A400MA", "Need authorization, `X-Ca-Key` or `Authorization: APPCODE ...` is required"),
    code("A400IK", "Invalid AppKey"),
    code("A403IS", "Invalid Signature, Server StringToSign:"),
    code("A401OT", "Invalid OAuth token"),
    code("A403EP", "App authorization expired"),
    code("A403PR", "Plugin Authorization Needed"),
    code("I403AA", "Unauthorized"),
    code("S403TE", "X-Ca-Timestamp is expired"),
    code("S403NU", "Nonce Used"),
    // What was bought.
    code("B403MQ", "Api Market Subscription quota exhausted"),
    code("B403ME", "Api Market Subscription expired"),
    code("B403MI", "Api Market Subscription invalid"),
    code("B403MO", "Api Market Subscription overdue"),
    code("B403OD", "Provider Account Overdue"),
    code("B451DO", "Unavailable Domain for Legal Reasons"),
    code("B451GO", "Unavailable Group for Legal Reasons"),
    // How often.
    code("T429ID", "Throttled by INNER DOMAIN Flow Control"),
    code("T429IN", "Throttled by INSTANCE Flow Control"),
    code("T429GR", "Throttled by GROUP Flow Control"),
    code("T429PA", "Throttled by API Flow Control"),
    code("T429PR", "Throttled by PLUGIN Flow Control"),
    code("T429SR", "Throttled by SERVER Flow Control"),
    code("T429MR", "Throttled by MARKET SUBSCRIPTION Flow Control"),
    // From where.
    code("A403IP", "Access denied by IP Control Policy"),
    code("A403VN", "Access from invalid VPC is disabled"),
    code("A403AC", "Access Control Forbidden by rule"),
    code("A403CO", "Cross origin resource forbidden"),
    code("A403IN", "Access from internet is disabled"),
    code("A403FC", "Forbidden by configuration"),
    code("X403DG", "Bad Domain or Group: not bound"),
    // What was sent.
    code("I400HD", "Invalid Header `X-Example` not allowed"),
    code("I400MH", "Header `Host` is Required"),
    code("I400BD", "Invalid Body: not readable"),
    code("I400PA", "Invalid Request Path `not readable`"),
    code("I405UM", "Unsupported Method `TRACE`"),
    code("I400RU", "Invalid Request Uri `not readable`"),
    code("I403PT", "Invalid protocol HTTP unsupported"),
    code("I413RL", "Request body too Large"),
    code("I413UL", "Request URL too Large"),
    code("I400CT", "Invalid Content-Type: `text/plain`"),
    code("I404DO", "Invalid Domain `example.invalid`"),
    code("I410GG", "Group's instance invalid"),
    code("I400SG", "Invalid Stage"),
    code("I404NF", "API not found"),
    code("I404NR", "Resource not found"),
    code("I404SR", "Stage route not found"),
    code("I400I5", "Invalid Content-MD5"),
    code("I400NC", "X-Ca-Nonce is required"),
    code("I400MP", "Parameter `name` is required"),
    code("I400IP", "Invalid Parameter `name` not readable"),
    code("I400JP", "Invalid JSON path"),
    // The gateway's own data.
    code("X400PM", "Invalid plugin meta"),
    code("X500ED", "Expired api definition"),
    code("X500AM", "Invalid Api Meta, try deploy again or contact us via ticket"),
    // The gateway or the vendor behind it, before the vendor saw the request.
    code("X500ER", "Service Error"),
    code("X503BZ", "Service Busy"),
    code("D503BB", "Backend busy"),
    code("D503CB", "Backend circuit breaker open"),
    code("D504RE", "Domain resolve failed"),
    code("D504IL", "Domain resolved to an illegal address"),
    code("D504CO", "Backend service connect failed"),
    code("D504CS", "Backend http ssl connect failed"),
    // After the vendor may have seen it.
    code("D502FC", "Backend function call failed"),
    code("N502RE", "Read response failed"),
    code("D504TO", "Backend service request timeout"),
    code("X504TO", "Gateway timeout"),
    code("X504VE", "Backend service vpc mapped failed"),
];

const fn classic(status: u16, message: &'static str) -> ClassicError {
    ClassicError { status, message }
}

/// Every error of a classic instance. The magic names count them from 1.
pub const CLASSIC_ERRORS: &[ClassicError] = &[
    classic(403, "Throttled by USER Flow Control"),
    classic(403, "Throttled by APP Flow Control"),
    classic(403, "Throttled by API Flow Control"),
    classic(403, "Throttled by DOMAIN Flow Control"),
    classic(403, "Throttled by GROUP Flow Control"),
    classic(403, "Quota Exhausted"),
    classic(403, "Quota Expired"),
    classic(403, "Expiry of Authorization"),
    classic(403, "User Arrears"),
    classic(403, "Unauthorized"),
    classic(403, "Api Market Subscription quota exhausted"),
    classic(400, "Invalid AppKey"),
    classic(400, "Invalid AppSecret"),
    classic(400, "Invalid AppCode `not exists`"),
    classic(400, "Invalid Url"),
    classic(400, "Invalid Domain"),
    classic(400, "Invalid HttpMethod"),
    classic(400, "Empty Request Body"),
    classic(400, "Invalid Request Body"),
    classic(400, "Timestamp Expired"),
    classic(400, "Invalid Timestamp"),
    classic(400, "Invalid Signature, Server StringToSign:"),
    classic(400, "Invalid Content-MD5"),
    classic(400, "Nonce Used"),
    classic(400, "API Not Found"),
    classic(401, "Empty Signature"),
    classic(500, "Internal Error"),
    classic(500, "Failed To Invoke Backend Service"),
    classic(503, "Service Unavailable"),
    classic(504, "Async Service"),
    classic(400, "Invalid Param Location"),
    classic(400, "Unsupported Multipart"),
];

/// What both signature errors begin with; the string to sign follows, line feeds as `#`.
pub(crate) const INVALID_SIGNATURE: &str = "Invalid Signature, Server StringToSign:";

#[cfg(test)]
mod tests {
    use super::{CLASSIC_ERRORS, GATEWAY_CODES};

    #[test]
    fn codes_are_unique_and_carry_a_status() {
        for (index, entry) in GATEWAY_CODES.iter().enumerate() {
            assert_eq!(entry.code.len(), 6, "{}", entry.code);
            assert!((400..=504).contains(&entry.status()), "{}", entry.code);
            assert!(GATEWAY_CODES[index + 1..].iter().all(|other| other.code != entry.code), "{}", entry.code);
        }
        assert!(CLASSIC_ERRORS.iter().all(|entry| (400..=504).contains(&entry.status)));
    }
}
