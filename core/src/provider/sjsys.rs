//! `sjsys`: 数据宝, name, number and mobile number (`communication/personal/1979`).
//!
//! Source: the vendor's document "全网手机三要素接口说明文档", read 2026-11. It lists the parameters as optional in one
//! table and as required in another: all three are always sent.

use super::read::{Codes, meaning};
use super::{Conclusion, Factor, Finding, Info, Placement, Provider, Reply};
use crate::error::{RefusalClass, ReplyFault};
use crate::json::Value;
use crate::outcome::Verdict;

/// 数据宝 three-factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Sjsys;

/// 数据宝 three-factor.
pub static SJSYS: Sjsys = Sjsys;

static INFO: Info = Info::new(
    "sjsys",
    "数据宝",
    "sjsys.market.alicloudapi.com",
    "/communication/personal/1979",
    Placement::Form,
    &[("idcard", Factor::IdNumber), ("mobile", Factor::Mobile), ("name", Factor::Name)],
)
.with_vendor_key("key")
.with_product_page("https://market.aliyun.com/products/57126001/cmapi00035240.html");

impl Sjsys {
    /// See [`Provider::info`]; usable in constants.
    #[must_use]
    pub const fn info(&self) -> &'static Info {
        &INFO
    }
}

impl Provider for Sjsys {
    fn info(&self) -> &'static Info {
        &INFO
    }

    fn interpret<'b>(&self, reply: &Reply<'_, 'b>) -> Result<Finding<'b>, ReplyFault> {
        let mut values = [Value::Absent; 3];
        reply.members_into(&["code", "data", "seqNo"], &mut values)?;
        let [code, data, reference] = values;
        let [state] = data.members(["state"])?;
        let conclusion = match (code.text(), state.text()) {
            (None, _) => Conclusion::NoVerdict,
            (Some("10000"), Some("1")) => Verdict::Match.into(),
            (Some("10000"), Some("2")) => Verdict::Mismatch.into(),
            (Some("10000"), Some("3")) => Verdict::NoRecord.into(),
            // The documented failure is a success code with `"data":null`; the vendor's other product writes "null".
            (Some("10000"), None) if matches!(data, Value::Null | Value::Text("null")) => Verdict::NoRecord.into(),
            (Some("10000"), _) => Conclusion::NoVerdict,
            (Some(code), _) => meaning(CODES, code).map_or_else(Conclusion::Refused, Conclusion::from),
        };
        Ok(Finding { code: code.text(), reference: reference.text(), conclusion })
    }
}

/// Those that do not depend on anything else: the same numbers as those of `checkone`, with other meanings.
static CODES: &Codes = &[
    (Ok(Verdict::NoRecord), "10001\n"),
    (Err(RefusalClass::BadInput), "10002\n10003\n10004\n10007\n10008\n"),
    (Err(RefusalClass::QuotaExhausted), "10009\n10010\n"),
    (Err(RefusalClass::Busy), "10012\n10015\n10016\n10017\n10018\n10020\n"),
    (Err(RefusalClass::AttemptLimit), "10019\n"),
    (Err(RefusalClass::Configuration), "10005\n10006\n10011\n10013\n10014\n"),
];
