//! The providers: what each is called, where it is, what it is asked for and how its reply is read.
//!
//! A provider is one file with one [`Info`] and one reader, and one line in [`ALL`]. A provider outside this crate
//! implements [`Provider`] likewise and needs no line. Code that names a single provider links only that one.
//!
//! | provider | vendor | checks | source, read 2026-11 |
//! |---|---|---|---|
//! | [`CHECKONE`] | 数据宝 | name, number | the vendor's document 实名认证接口说明文档 |
//! | [`IDENAUTHEN`] | 云亿互通 | name, number | the vendor's document 身份证实名认证接口服务说明 |
//! | [`IDCERT`] | 涪擎 | name, number | the vendor's document 使用指南 |
//! | [`SJSYS`] | 数据宝 | name, number, mobile number | the vendor's document 全网手机三要素接口说明文档 |
//! | [`SFZ2`] | 拇指云 | name, number | the vendor's page 身份证二要素校验 |

mod checkone;
mod gateway;
mod idcert;
mod idenauthen;
mod read;
mod sfz2;
mod sjsys;

pub use checkone::{CHECKONE, CheckOne};
pub use idcert::{IDCERT, IdCert};
pub use idenauthen::{IDENAUTHEN, IdenAuthen};
pub use read::{Conclusion, Finding, Reply, explain};
pub use sfz2::{SFZ2, Sfz2};
pub use sjsys::{SJSYS, Sjsys};

pub(crate) use read::{Tariff, read};

use core::fmt;

use crate::auth::CODE_MAX;
use crate::error::ReplyFault;
use crate::http::{Method, head_max};
use crate::subject::Name;

/// All providers of this crate, in the order in which tables show them.
pub static ALL: &[&dyn Provider] = &[&CHECKONE, &IDENAUTHEN, &IDCERT, &SJSYS, &SFZ2];

/// The provider with this [`Info::slug`].
///
/// ```
/// assert_eq!(heyan::provider::by_slug("idcert").map(|p| p.info().vendor), Some("涪擎"));
/// assert!(heyan::provider::by_slug("nobody").is_none());
/// ```
#[must_use]
pub fn by_slug(slug: &str) -> Option<&'static dyn Provider> {
    ALL.iter().copied().find(|provider| provider.info().slug == slug)
}

/// A provider: data for the request, code for the reply.
pub trait Provider: Sync {
    /// What there is to know about it before a call.
    fn info(&self) -> &'static Info;

    /// Says what a reply means that the gateway passed through. The price, the echo and the reference to the gateway
    /// are judged by the caller, the same for all providers.
    ///
    /// # Errors
    /// [`ReplyFault`] when the reply cannot be read at all.
    fn interpret<'b>(&self, reply: &Reply<'_, 'b>) -> Result<Finding<'b>, ReplyFault>;
}

/// What there is to know about a provider before a call.
#[derive(PartialEq, Eq)]
#[non_exhaustive]
pub struct Info {
    /// Short ASCII name, as commands take it.
    pub slug: &'static str,
    /// The vendor's name.
    pub vendor: &'static str,
    /// Host name of its API.
    pub host: &'static str,
    /// Path of its API.
    pub path: &'static str,
    /// Where the parameters go; this decides the method.
    pub placement: Placement,
    /// Names of the parameters in the order in which they are sent, and what each holds. Names are sent and signed as
    /// they stand: ASCII letters, digits and `-._~`.
    pub parameters: &'static [(&'static str, Factor)],
    /// Name of the parameter that takes a vendor key, for vendors with a platform of their own.
    pub vendor_key_parameter: Option<&'static str>,
    /// Address of the product page, where calls are bought; empty if there is none.
    pub product_page: &'static str,
}

/// Where parameters go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Placement {
    /// In the query of a GET.
    Query,
    /// In the `application/x-www-form-urlencoded` body of a POST.
    Form,
}

/// What a parameter holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Factor {
    /// The name, UTF-8, middle dots made one.
    Name,
    /// The identity number, 18 characters with an upper-case X.
    IdNumber,
    /// The mobile number, 11 digits.
    Mobile,
}

/// Length in bytes of a reply that every documented reply stays far below: a head of 1.5 KiB and half a KiB of JSON.
pub const REPLY_LEN: usize = 2048;

impl fmt::Debug for Info {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Info({})", self.slug)
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for Info {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "Info({=str})", self.slug);
    }
}

impl Info {
    /// A provider's data; [`Info::with_vendor_key`] and [`Info::with_product_page`] add the rest.
    #[must_use]
    pub const fn new(
        slug: &'static str,
        vendor: &'static str,
        host: &'static str,
        path: &'static str,
        placement: Placement,
        parameters: &'static [(&'static str, Factor)],
    ) -> Self {
        Self { slug, vendor, host, path, placement, parameters, vendor_key_parameter: None, product_page: "" }
    }

    /// Names the parameter that takes a vendor key.
    #[must_use]
    pub const fn with_vendor_key(mut self, parameter: &'static str) -> Self {
        self.vendor_key_parameter = Some(parameter);
        self
    }

    /// Names the page where calls are bought.
    #[must_use]
    pub const fn with_product_page(mut self, url: &'static str) -> Self {
        self.product_page = url;
        self
    }

    /// The method of its requests.
    #[must_use]
    pub const fn method(&self) -> Method {
        match self.placement {
            Placement::Query => Method::Get,
            Placement::Form => Method::Post,
        }
    }

    /// Whether it checks the mobile number too (三要素), or name and number only (二要素).
    #[must_use]
    pub const fn checks_mobile(&self) -> bool {
        let mut rest = self.parameters;
        while let [(_, factor), tail @ ..] = rest {
            if matches!(factor, Factor::Mobile) {
                return true;
            }
            rest = tail;
        }
        false
    }

    /// Length in bytes of its longest request, whatever name, credentials and endpoint are; extra fields come on top.
    #[must_use]
    #[expect(clippy::arithmetic_side_effects, reason = "sums of lengths of static texts and small constants")]
    pub const fn request_len_max(&self) -> usize {
        let mut len = head_max(self.placement, self.path.len(), self.host.len());
        let mut rest = self.parameters;
        while let [(name, factor), tail @ ..] = rest {
            // `name=value`, and `&` between two.
            len += name.len() + 1 + factor.encoded_max() + if tail.is_empty() { 0 } else { 1 };
            rest = tail;
        }
        if let Some(name) = self.vendor_key_parameter {
            // A vendor key is sent instead of the authorization that `head_max` counts; both are counted here, because
            // an encoded key can be the longer one.
            len += name.len() + 2 + CODE_MAX * 3;
        }
        len
    }

    /// Length in bytes of a buffer that holds its longest request without extra fields and every reply of
    /// [`REPLY_LEN`].
    #[must_use]
    pub const fn buffer_len(&self) -> usize {
        let request = self.request_len_max();
        if request > REPLY_LEN { request } else { REPLY_LEN }
    }
}

impl Factor {
    /// Longest percent-encoded value.
    const fn encoded_max(self) -> usize {
        match self {
            Self::Name => Name::MAX_BYTES * 3,
            Self::IdNumber => 18,
            Self::Mobile => 11,
        }
    }
}
