//! 数据宝, three factors. The verdict is `data.state`; no record is the success code over `null`.

use super::{Answer, Asked, Document, Wire, enveloped};
use crate::json::{Json, text};
use crate::people::{Finding, plausible_name, well_formed};

pub(super) static WIRE: Wire = Wire {
    slug: "sjsys",
    host: "sjsys.market.alicloudapi.com",
    paths: &["/communication/personal/1979"],
    form: true,
    name: "name",
    id: "idcard",
    mobile: Some("mobile"),
    // The page declares all three 可选 (optional) at the gateway, the text below it 必填: so the vendor refuses.
    required_by_gateway: false,
    takes_key: true,
    codes: CODES,
    documents: DOCUMENTS,
    verdict: &["data", "state"],
    hollow: &["data"],
    other_verdict: || text("2"),
    odd_verdict: || text("9"),
    echo: None,
    refuse,
    found,
    coded,
};

// The vendor's document, table 错误码参照: the same numbers as its two-factor API, with other meanings.
const CODES: &[(&str, &str)] = &[
    ("10000", "成功"),
    ("10001", "查询无结果"),
    ("10002", "请求报文解析错误"),
    ("10003", "请求报文错误"),
    ("10004", "请求报文格式有误"),
    ("10005", "用户验证失败"),
    ("10006", "权限不足"),
    ("10007", "手机号码错误"),
    ("10008", "请求报文错误"),
    ("10009", "余额不足，请充值"),
    ("10010", "调用次数不足"),
    ("10011", "访问受限"),
    ("10012", "连接超时"),
    ("10013", "该接口已停用"),
    ("10014", "该用户已停用"),
    ("10015", "系统错误"),
    ("10016", "系统异常"),
    ("10017", "系统繁忙"),
    ("10018", "其他异常"),
    ("10019", "同一参数请求次数超限"),
    ("10020", "接口调用失败"),
];

const DOCUMENTS: &[Document] = &[
    Document {
        status: 200,
        body: "{\n  \"code\": \"10000\",\n  \"message\": \"成功\",\n  \"data\": {\n    \"state\": \"1\"\n  },\n  \"seqNo\": \"4XU29Z4D1704061618\"\n}",
    },
    Document {
        status: 200,
        body: "{\n  \"code\": \"10000\",\n  \"message\": \"成功\",\n  \"data\": null,\n  \"seqNo\": \"4XU29Z4D1704061618\"\n}",
    },
];

fn refuse(asked: &Asked<'_>) -> Option<&'static str> {
    let mobile = asked.mobile.unwrap_or_default();
    let name = asked.name.unwrap_or_default();
    if !well_formed(asked.id()) || !plausible_name(name) {
        Some("10004")
    } else if mobile.len() != 11 || !mobile.starts_with('1') || !mobile.bytes().all(|byte| byte.is_ascii_digit()) {
        Some("10007")
    } else {
        None
    }
}

fn found(finding: Finding, asked: &Asked<'_>) -> Answer {
    let data = match finding {
        Finding::Match => Json::Object(vec![("state", text("1"))]),
        Finding::Mismatch => Json::Object(vec![("state", text("2"))]),
        Finding::NoRecord => Json::Null,
    };
    enveloped(CODES, "10000", data, asked)
}

fn coded(code: &str, asked: &Asked<'_>) -> Answer {
    match code {
        "10000" => found(Finding::Match, asked),
        failure => enveloped(CODES, failure, Json::Null, asked),
    }
}
