//! `sjsys`: 数据宝, name, number and mobile number (`communication/personal/1979`).
//!
//! Source: the vendor's document "全网手机三要素接口说明文档", read 2026-11. It lists the parameters as optional in one
//! table and as required in another: all three are always sent.

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
            (Some("10001"), _) => Verdict::NoRecord.into(),
            (Some(code), _) => Conclusion::Refused(refusal(code)),
        };
        Ok(Finding { code: code.text(), reference: reference.text(), conclusion })
    }
}

/// The same numbers as those of `checkone`, with other meanings.
fn refusal(code: &str) -> RefusalClass {
    match code {
        "10002" | "10003" | "10004" | "10007" | "10008" => RefusalClass::BadInput,
        "10009" | "10010" => RefusalClass::QuotaExhausted,
        "10012" | "10015" | "10016" | "10017" | "10018" | "10020" => RefusalClass::Busy,
        "10019" => RefusalClass::AttemptLimit,
        "10005" | "10006" | "10011" | "10013" | "10014" => RefusalClass::Configuration,
        _ => RefusalClass::Unrecognized,
    }
}
