//! `sfz2`: 拇指云, name and number, masked details.
//!
//! Source: the vendor's page "身份证二要素校验", read 2026-11. Its heading says "Body", its text and samples say GET with
//! a query. It has no codes but `ok`: where it declines, the message decides, compared by what it contains, because the
//! page glues a stray `key` to some of them.

use super::{Conclusion, Factor, Finding, Info, Placement, Provider, Reply};
use crate::error::{RefusalClass, ReplyFault};
use crate::json::Value;
use crate::outcome::{Details, Verdict};
use crate::text::contains;

/// 拇指云 two-factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Sfz2;

/// 拇指云 two-factor.
pub static SFZ2: Sfz2 = Sfz2;

static INFO: Info = Info::new(
    "sfz2",
    "拇指云",
    "sfz2.market.alicloudapi.com",
    "/idcard",
    Placement::Query,
    &[("xm", Factor::Name), ("sfz", Factor::IdNumber)],
)
.with_product_page("https://market.aliyun.com/apimarket/detail/cmapi00066827");

impl Sfz2 {
    /// See [`Provider::info`]; usable in constants.
    #[must_use]
    pub const fn info(&self) -> &'static Info {
        &INFO
    }
}

impl Provider for Sfz2 {
    fn info(&self) -> &'static Info {
        &INFO
    }

    fn interpret<'b>(&self, reply: &Reply<'_, 'b>) -> Result<Finding<'b>, ReplyFault> {
        let mut values = [Value::Absent; 7];
        reply.members_into(&["ok", "msg", "match", "sfz", "sex", "birthday", "address"], &mut values)?;
        let [ok, message, matches, echo, sex, birthday, address] = &values;
        let message = message.written().unwrap_or_default();
        // The page writes it behind an ASCII colon, replies have a full-width one too.
        let no_record = contains(message.as_bytes(), "查无记录".as_bytes());
        let verdict = match matches {
            Value::Bool(true) if reply.is_success() && !no_record => Some(Verdict::Match),
            Value::Absent | Value::Null | Value::Bool(false) if no_record => Some(Verdict::NoRecord),
            Value::Bool(false) => Some(Verdict::Mismatch),
            _ => None,
        };
        let conclusion = match (ok, verdict) {
            (Value::Number("1") | Value::Text("1"), Some(verdict)) => Conclusion::Verdict {
                verdict,
                echo: *echo,
                details: Details {
                    sex: Details::sex(*sex),
                    birth_date: Details::date(*birthday),
                    address: Details::address(*address),
                    ..Details::default()
                },
            },
            (
                Value::Number("1") | Value::Text("1") | Value::Absent | Value::Null | Value::Array | Value::Object(_),
                _,
            ) => Conclusion::NoVerdict,
            (Value::Number(_) | Value::Text(_) | Value::Escaped(_) | Value::Bool(_), _) => {
                Conclusion::Refused(refusal(message))
            }
        };
        Ok(Finding { code: ok.text(), reference: None, conclusion })
    }
}

/// The first that a message contains counts.
fn refusal(message: &str) -> RefusalClass {
    const PHRASES: [(&str, RefusalClass); 10] = [
        ("未传入", RefusalClass::BadInput),
        ("超限", RefusalClass::BadInput),
        ("姓名有误", RefusalClass::BadInput),
        ("身份证号码有误", RefusalClass::BadInput),
        ("存在*字符", RefusalClass::BadInput),
        ("时间戳超时", RefusalClass::Busy),
        ("非法来源", RefusalClass::Configuration),
        ("appid", RefusalClass::Configuration),
        ("签名", RefusalClass::Configuration),
        ("Quota Exhausted", RefusalClass::QuotaExhausted),
    ];
    PHRASES
        .iter()
        .find(|(phrase, _)| contains(message.as_bytes(), phrase.as_bytes()))
        .map_or(RefusalClass::Unrecognized, |(_, class)| *class)
}
