//! `idcert`: 涪擎, name and number, masked.
//!
//! Source: the vendor's document "使用指南", read 2026-11. It shows a short reply with a masked echo and a `traceId`; a
//! longer one, with the number in clear and details, is seen in public clients. Every detail is optional.

use super::read::{Codes, meaning};
use super::{Conclusion, Factor, Finding, Info, Placement, Provider, Reply};
use crate::error::{RefusalClass, ReplyFault};
use crate::json::Value;
use crate::outcome::{Details, Verdict};

/// 涪擎 two-factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct IdCert;

/// 涪擎 two-factor.
pub static IDCERT: IdCert = IdCert;

static INFO: Info = Info::new(
    "idcert",
    "涪擎",
    "idcert.market.alicloudapi.com",
    "/idcard",
    Placement::Query,
    &[("idCard", Factor::IdNumber), ("name", Factor::Name)],
)
.with_product_page("https://market.aliyun.com/products/57000002/cmapi022049.html");

impl IdCert {
    /// See [`Provider::info`]; usable in constants.
    #[must_use]
    pub const fn info(&self) -> &'static Info {
        &INFO
    }
}

impl Provider for IdCert {
    fn info(&self) -> &'static Info {
        &INFO
    }

    fn interpret<'b>(&self, reply: &Reply<'_, 'b>) -> Result<Finding<'b>, ReplyFault> {
        let mut values = [Value::Absent; 9];
        reply.members_into(
            &["status", "idCard", "traceId", "sex", "birthday", "area", "province", "city", "prefecture"],
            &mut values,
        )?;
        let [code, echo, reference, sex, birthday, area, province, city, county] = &values;
        let conclusion = match code.text().map(|code| meaning(CODES, code)) {
            None => Conclusion::NoVerdict,
            Some(Err(class)) => Conclusion::Refused(class),
            Some(Ok(verdict)) => Conclusion::Verdict {
                verdict,
                echo: *echo,
                details: Details {
                    sex: Details::sex(*sex),
                    birth_date: Details::date(*birthday),
                    age: None,
                    address: Details::address(*area),
                    province: Details::place(*province),
                    city: Details::place(*city),
                    county: Details::place(*county),
                },
            },
        };
        Ok(Finding { code: code.text(), reference: reference.text(), conclusion })
    }
}

/// 203 异常情况 says no more than that.
static CODES: &Codes = &[
    (Ok(Verdict::Match), "01\n"),
    (Ok(Verdict::Mismatch), "02\n"),
    (Ok(Verdict::NoRecord), "202\n"),
    (Err(RefusalClass::BadInput), "204\n205\n"),
    (Err(RefusalClass::Busy), "9999\n"),
];
