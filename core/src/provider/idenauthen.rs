//! `idenauthen`: 云亿互通, name and number, with details.
//!
//! Source: the vendor's document "身份证实名认证接口服务说明", read 2026-11.

use super::read::{Codes, meaning};
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
        let conclusion = match code.text().map(|code| meaning(CODES, code)) {
            None => Conclusion::NoVerdict,
            Some(Err(class)) => Conclusion::Refused(class),
            Some(Ok(verdict)) => Conclusion::Verdict {
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
            },
        };
        Ok(Finding { code: code.text(), reference: None, conclusion })
    }
}

static CODES: &Codes = &[
    (Ok(Verdict::Match), "0000\n"),
    (Ok(Verdict::Mismatch), "0008\n"),
    (Ok(Verdict::NoRecord), "0007\n"),
    (Err(RefusalClass::BadInput), "0001\n0002\n0003\n0004\n"),
    (Err(RefusalClass::Busy), "0010\n"),
];
