//! One verification: whom, with whom, on whose account; the request for it and the reading of its reply.

use core::fmt;

use crate::auth::{Credentials, Stamp};
use crate::error::{EncodeError, Error};
use crate::http::{self, Endpoint, Fields, Request, Response};
use crate::outcome::Outcome;
use crate::provider::{Provider, Tariff, read};
use crate::subject::{Consent, Subject};

/// A caller's own function that adds fields to a request, for platforms whose signing rule is not published.
///
/// It is called each time the request is written, behind the provider's own parameters, and writes by [`Fields::add`];
/// a form's length and a signature cover what it adds. If it returns an error, [`Inquiry::write`] does.
///
/// ```
/// use heyan::{EncodeError, Subject, http::Fields};
///
/// let extra = |subject: &Subject<'_>, fields: &mut Fields<'_>| -> Result<(), EncodeError> {
///     fields.add("appid", "10001")?;
///     fields.add("sendtime", "20261122083000")
/// };
/// let extra: heyan::ExtraFields<'_> = &extra;
/// ```
pub type ExtraFields<'a> = &'a dyn Fn(&Subject<'_>, &mut Fields<'_>) -> Result<(), EncodeError>;

/// One verification with one provider.
///
/// Request and reply go through the same value, so a reply cannot be read by another provider's rules or be taken for
/// an answer about somebody else.
///
/// ```
/// use heyan::{AppCode, Consent, Credentials, Date, IdNumber, Inquiry, Name, Response, Subject, Verdict, provider::CHECKONE};
///
/// let today = Date::new(2026, 11, 22).ok_or("no date")?;
/// let subject = Subject::new(Name::parse("张三")?, IdNumber::parse("11010119000101009X", today)?);
/// let credentials = Credentials::AppCode(AppCode::new("not-a-real-appcode")?);
/// let inquiry = Inquiry::new(&CHECKONE, subject, Consent::given(), credentials)?;
///
/// let mut buffer = [0; CHECKONE.info().buffer_len()];
/// let request = inquiry.write(&mut buffer)?;
/// assert!(request.expose().bytes.starts_with(b"POST /chinadatapay/1882 HTTP/1.1\r\n"));
///
/// let mut body = *br#"{"code":"10000","data":{"result":"1"},"seqNo":"4XU29Z4D1704061618"}"#;
/// let outcome = inquiry.read(Response::new(200, &mut body).ok_or("no status")?)?;
/// assert_eq!(outcome.verdict(), Verdict::Match);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Inquiry<'a> {
    pub(crate) provider: &'a dyn Provider,
    pub(crate) subject: Subject<'a>,
    pub(crate) credentials: Credentials<'a>,
    pub(crate) endpoint: Endpoint<'a>,
    pub(crate) extra: Option<ExtraFields<'a>>,
    own_endpoint: bool,
}

impl<'a> Inquiry<'a> {
    /// Asks `provider`, at its own address over https, about `subject`, who agreed to it.
    ///
    /// # Errors
    /// [`EncodeError::MobileMissing`] or [`EncodeError::MobileNotChecked`] when the subject's factors are not the
    /// provider's, [`EncodeError::Credentials`] when the provider takes no vendor key.
    #[expect(clippy::needless_pass_by_value, reason = "a consent is used up")]
    pub fn new(
        provider: &'a dyn Provider,
        subject: Subject<'a>,
        consent: Consent,
        credentials: Credentials<'a>,
    ) -> Result<Self, EncodeError> {
        let _ = consent;
        let info = provider.info();
        match (info.checks_mobile(), subject.mobile()) {
            (true, None) => return Err(EncodeError::MobileMissing),
            (false, Some(_)) => return Err(EncodeError::MobileNotChecked),
            _ => {}
        }
        if matches!(credentials, Credentials::VendorKey(_)) && info.vendor_key_parameter.is_none() {
            return Err(EncodeError::Credentials);
        }
        let endpoint = Endpoint::provider(info.host);
        Ok(Self { provider, subject, credentials, endpoint, extra: None, own_endpoint: false })
    }

    /// Asks at another address: the host of `endpoint` and, if it has one, its path. The provider's parameters stay.
    #[must_use]
    pub fn at(mut self, endpoint: Endpoint<'a>) -> Self {
        self.endpoint = endpoint;
        self.own_endpoint = true;
        self
    }

    /// Adds the fields that `extra` writes. They come on top of
    /// [`Info::request_len_max`](crate::Info::request_len_max).
    #[must_use]
    pub fn with_fields(mut self, extra: ExtraFields<'a>) -> Self {
        self.extra = Some(extra);
        self
    }

    /// Stamps the request anew, for another attempt at the same verification: the gateway refuses a nonce that it saw
    /// within 15 minutes, and the person agreed to this verification, not to one try of it, so it takes no other
    /// [`Consent`]. Everything but timestamp, nonce and signature stays. Credentials that sign nothing have no stamp, and
    /// nothing changes.
    ///
    /// Whether another attempt may cost a second time, [`Error::retry`](crate::Error::retry) says.
    ///
    /// ```
    /// # use heyan::{AppKey, Consent, Credentials, Date, IdNumber, Inquiry, Name, Stamp, Subject, provider::IDCERT};
    /// # let subject = Subject::new(Name::parse("张三")?, IdNumber::parse("11010119000101009X", Date::MAX)?);
    /// # let key = AppKey::new("204000000", "not-a-real-secret")?;
    /// # let (now, random, later, other) = (1_795_000_000_000, [7; 16], 1_795_000_002_000, [8; 16]);
    /// let credentials = Credentials::Signed(key, Stamp::new(now, random));
    /// let mut inquiry = Inquiry::new(&IDCERT, subject, Consent::given(), credentials)?;
    /// // The gateway was busy:
    /// inquiry.restamp(Stamp::new(later, other));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub const fn restamp(&mut self, stamp: Stamp) {
        if let Credentials::Signed(_, old) = &mut self.credentials {
            *old = stamp;
        }
    }

    /// Where the request goes: what to connect to, and whether through TLS.
    #[must_use]
    pub const fn endpoint(&self) -> &Endpoint<'a> {
        &self.endpoint
    }

    /// The provider asked.
    #[must_use]
    pub const fn provider(&self) -> &'a dyn Provider {
        self.provider
    }

    /// Writes the request: one complete HTTP/1.1 message at the beginning of `buffer`.
    ///
    /// [`Info::buffer_len`](crate::Info::buffer_len) bytes suffice for every request without extra fields, and for the
    /// reply, which is read into the same buffer.
    ///
    /// # Errors
    /// [`EncodeError::Buffer`] with the length needed; [`EncodeError::EndpointMissing`] for a vendor key without an
    /// endpoint; [`EncodeError::FieldName`] and [`EncodeError::Fields`] from extra fields. After an error nothing of
    /// the request is left in the buffer.
    pub fn write<'b>(&self, buffer: &'b mut [u8]) -> Result<Request<'b>, EncodeError> {
        if matches!(self.credentials, Credentials::VendorKey(_)) && !self.own_endpoint {
            return Err(EncodeError::EndpointMissing);
        }
        http::write(self, buffer)
    }

    /// Reads the reply, rewriting its body in place.
    ///
    /// # Errors
    /// [`Error::Refused`] when the gateway or the vendor declined, [`Error::Reply`] when the reply gives no verdict
    /// that can be trusted.
    pub fn read<'b>(&self, response: Response<'b>) -> Result<Outcome<'b>, Error> {
        let tariff = match self.credentials {
            Credentials::VendorKey(_) => Tariff::Vendor,
            _ => Tariff::Gateway,
        };
        read(self.provider, response, &self.subject, tariff)
    }
}

impl fmt::Debug for Inquiry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Inquiry({}, redacted)", self.provider.info().slug)
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for Inquiry<'_> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "Inquiry({=str}, redacted)", self.provider.info().slug);
    }
}
