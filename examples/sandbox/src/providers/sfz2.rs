//! 拇指云, two factors. The verdict is `match`; a request that the vendor refuses is HTTP 666, which is not billed.

use super::{Answer, Asked, Document, Wire, message};
use crate::json::{Json, text};
use crate::people::{Finding, is_male, plausible_name, region, well_formed};

pub(super) static WIRE: Wire = Wire {
    slug: "sfz2",
    host: "sfz2.market.alicloudapi.com",
    paths: &["/idcard"],
    form: false,
    name: "xm",
    id: "sfz",
    mobile: None,
    // Messages 1 and 2 show that the vendor itself looks for them.
    required_by_gateway: false,
    takes_key: false,
    codes: MESSAGES,
    documents: DOCUMENTS,
    verdict: &["match"],
    hollow: &["match"],
    other_verdict: || Json::Bool(false),
    odd_verdict: || text("maybe"),
    echo: Some("sfz"),
    refuse,
    found,
    coded,
};

// The vendor's page, table 常见的失败类型, in its order. Its first eight rows end in a stray `key`, which is a button's label.
const MESSAGES: &[(&str, &str)] = &[
    ("1", "未传入真实姓名xm"),
    ("2", "未传入身份证号码sfz"),
    ("3", "传入真实姓名xm字符串长度超限"),
    ("4", "传入身份证号码sfz字符串长度超限"),
    ("5", "姓名有误"),
    ("6", "身份证号码有误"),
    ("7", "实名校验失败:身份证与姓名不匹配"),
    ("8", "实名校验失败:查无记录"),
    ("9", "未传入开发者账号appid"),
    ("10", "传入开发者账号appid字符串长度超限"),
    ("11", "未传入查询时间sendtime"),
    ("12", "传入查询时间sendtime字符串长度超限"),
    ("13", "时间戳超时，请重新请求"),
    ("14", "未传入签名sign"),
    ("15", "传入签名sign字符串长度超限"),
    ("16", "签名校验失败"),
    ("17", "存在*字符，视为调试数据。止于当前结果。"),
    ("18", "非法来源"),
    ("19", "appid:XXXXXXX接口已停用"),
];

const DOCUMENTS: &[Document] = &[
    Document {
        status: 200,
        body: "{\n  \"ok\": 1,\n  \"msg\": \"实名信息正确\",\n  \"xm\": \"庆**\",\n  \"sfz\": \"3505*****12\",\n  \"match\": true,\n  \"birthday\": \"19****16\",\n  \"sex\": \"男\",\n  \"address\": \"福建省泉州市**县\"\n}",
    },
    Document { status: 666, body: "{\n  \"ok\": 0,\n  \"msg\": \"身份证号码有误\"\n}" },
];

fn refuse(asked: &Asked<'_>) -> Option<&'static str> {
    let name = asked.name.unwrap_or_default();
    if name.is_empty() {
        Some("1")
    } else if asked.id().is_empty() {
        Some("2")
    } else if name.chars().count() > 50 {
        Some("3")
    } else if asked.id().chars().count() > 18 {
        Some("4")
    } else if name.contains('*') || asked.id().contains('*') {
        Some("17")
    } else if !plausible_name(name) {
        Some("5")
    } else if !well_formed(asked.id()) {
        Some("6")
    } else {
        None
    }
}

fn found(finding: Finding, asked: &Asked<'_>) -> Answer {
    let said = match finding {
        Finding::Match => "实名信息正确",
        Finding::Mismatch => MESSAGES[6].1,
        Finding::NoRecord => MESSAGES[7].1,
    };
    let id = asked.id();
    let mut members = vec![
        ("ok", Json::Number(1)),
        ("msg", text(said)),
        ("xm", text(mask_name(asked.name.unwrap_or_default()))),
        ("sfz", text(mask(id, 4, "*****"))),
    ];
    // What comes with no record is not documented: this leaves `match` and the details out.
    if finding != Finding::NoRecord {
        let [province, city, county] = region(id);
        let tail: String = county.chars().last().into_iter().collect();
        members.extend([
            ("match", Json::Bool(finding == Finding::Match)),
            ("birthday", text(mask(id.get(6..14).unwrap_or_default(), 2, "****"))),
            ("sex", text(if is_male(id) { "男" } else { "女" })),
            ("address", text(if tail.is_empty() { String::new() } else { format!("{province}{city}**{tail}") })),
        ]);
    }
    Answer { status: 200, json: Json::Object(members) }
}

fn coded(code: &str, asked: &Asked<'_>) -> Answer {
    match code {
        "7" => found(Finding::Mismatch, asked),
        "8" => found(Finding::NoRecord, asked),
        failure => refused(message(MESSAGES, failure)),
    }
}

/// HTTP 666 with a message.
fn refused(said: impl Into<std::borrow::Cow<'static, str>>) -> Answer {
    Answer { status: 666, json: Json::Object(vec![("ok", Json::Number(0)), ("msg", text(said))]) }
}

/// The first character, and a star for each that follows.
fn mask_name(name: &str) -> String {
    name.chars().enumerate().map(|(index, character)| if index == 0 { character } else { '*' }).collect()
}

/// `front` characters, the stars, the last two characters.
fn mask(value: &str, front: usize, stars: &str) -> String {
    match (value.get(..front), value.len().checked_sub(2).and_then(|start| value.get(start..))) {
        (Some(head), Some(tail)) if value.len() > front + 2 => format!("{head}{stars}{tail}"),
        _ => stars.to_owned(),
    }
}
