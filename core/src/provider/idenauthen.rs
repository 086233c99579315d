//! `idenauthen`: 云亿互通, name and number, with details.
//!
//! Source: the vendor's document "身份证实名认证接口服务说明", read 2026-11.

use super::{Conclusion, Factor, Finding, Info, Placement, Provider, Reply};
use crate::error::{RefusalClass, ReplyFault};
use crate::json::Value;
use crate::outcome::{Details, Verdict};

/// 云亿互通 two-factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct IdenAuthen;

/// 云亿互通 two-factor.
pub static IDENAUTHEN: IdenAuthen = IdenAuthen;

static INFO: Info = Info::new(
    "idenauthen",
    "云亿互通",
    "idenauthen.market.alicloudapi.com",
    "/idenAuthentication",
    Placement::Form,
    &[("idNo", Factor::IdNumber), ("name", Factor::Name)],
)
.with_product_page("https://market.aliyun.com/products/57000002/cmapi025518.html");

impl IdenAuthen {
    /// See [`Provider::info`]; usable in constants.
    #[must_use]
    pub const fn info(&self) -> &'static Info {
        &INFO
    }
}

impl Provider for IdenAuthen {
    fn info(&self) -> &'static Info {
        &INFO
    }

    fn interpret<'b>(&self, reply: &Reply<'_, 'b>) -> Result<Finding<'b>, ReplyFault> {
        let mut values = [Value::Absent; 8];
        reply
            .members_into(&["respCode", "idNo", "sex", "birthday", "age", "province", "city", "county"], &mut values)?;
        let [code, echo, sex, birthday, age, province, city, county] = &values;
        let verdict = |verdict| Conclusion::Verdict {
            verdict,
            echo: *echo,
            details: Details {
                sex: Details::sex(*sex),
                birth_date: Details::date(*birthday),
                age: Details::age(*age),
                address: None,
                province: Details::place(*province),
                city: Details::place(*city),
                county: Details::place(*county),
            },
        };
        let conclusion = match code.text() {
            None => Conclusion::NoVerdict,
            Some("0000") => verdict(Verdict::Match),
            Some("0008") => verdict(Verdict::Mismatch),
            Some("0007") => verdict(Verdict::NoRecord),
            Some("0001" | "0002" | "0003" | "0004") => Conclusion::Refused(RefusalClass::BadInput),
            Some("0010") => Conclusion::Refused(RefusalClass::Busy),
            Some(_) => Conclusion::Refused(RefusalClass::Unrecognized),
        };
        Ok(Finding { code: code.text(), reference: None, conclusion })
    }
}
