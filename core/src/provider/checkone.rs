//! `checkone`: 数据宝, name and number (`chinadatapay/1882`).
//!
//! Source: the vendor's document "实名认证接口说明文档", read 2026-11.

use super::read::{Codes, meaning};
use super::{Conclusion, Factor, Finding, Info, Placement, Provider, Reply};
use crate::error::{RefusalClass, ReplyFault};
use crate::json::Value;
use crate::outcome::Verdict;

/// 数据宝 two-factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct CheckOne;

/// 数据宝 two-factor.
pub static CHECKONE: CheckOne = CheckOne;

static INFO: Info = Info::new(
    "checkone",
    "数据宝",
    "checkone.market.alicloudapi.com",
    "/chinadatapay/1882",
    Placement::Form,
    &[("idcard", Factor::IdNumber), ("name", Factor::Name)],
)
.with_vendor_key("key")
.with_product_page("https://market.aliyun.com/products/57002003/cmapi00035152.html");

impl CheckOne {
    /// See [`Provider::info`]; usable in constants.
    #[must_use]
    pub const fn info(&self) -> &'static Info {
        &INFO
    }
}

impl Provider for CheckOne {
    fn info(&self) -> &'static Info {
        &INFO
    }

    fn interpret<'b>(&self, reply: &Reply<'_, 'b>) -> Result<Finding<'b>, ReplyFault> {
        let mut values = [Value::Absent; 3];
        reply.members_into(&["code", "data", "seqNo"], &mut values)?;
        let [code, data, reference] = values;
        // On failure `data` is the text "null", which has no members.
        let [result] = data.members(["result"])?;
        let conclusion = match (code.text(), result.text()) {
            (None, _) => Conclusion::NoVerdict,
            (Some("10000"), Some("1")) => Verdict::Match.into(),
            (Some("10000"), Some("2")) => Verdict::Mismatch.into(),
            // "Abnormal": moved household, changed name or sex, gave up nationality, soldier, expired card.
            (Some("10000"), Some("3")) => Verdict::NoRecord.into(),
            (Some("10000"), _) => Conclusion::NoVerdict,
            (Some(code), _) => meaning(CODES, code).map_or_else(Conclusion::Refused, Conclusion::from),
        };
        Ok(Finding { code: code.text(), reference: reference.text(), conclusion })
    }
}

/// Those that do not depend on anything else. SYSTEM_042 is in no document; it was seen for a malformed number.
static CODES: &Codes = &[
    (Ok(Verdict::NoRecord), "10001\n"),
    (Err(RefusalClass::BadInput), "10002\n10003\n10004\n10006\n10009\n10010\n10012\n10018\nSYSTEM_042\n"),
    (Err(RefusalClass::Busy), "10007\n10008\n10016\n10017\n10019\n"),
    (Err(RefusalClass::Configuration), "10005\n10011\n10013\n10014\n10015\n"),
];
