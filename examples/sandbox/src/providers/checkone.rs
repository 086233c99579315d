//! 数据宝, two factors. The verdict is `data.result`; a failure has the string `"null"` in `data`.

use super::{Answer, Asked, Document, Wire, enveloped};
use crate::json::{Json, text};
use crate::people::{Finding, plausible_name, well_formed};

pub(super) static WIRE: Wire = Wire {
    slug: "checkone",
    host: "checkone.market.alicloudapi.com",
    // The vendor moved the API to the second path on the same host; both are in use by public clients.
    paths: &["/chinadatapay/1882", "/communication/personal/10101"],
    form: true,
    name: "name",
    id: "idcard",
    mobile: None,
    required_by_gateway: true,
    takes_key: true,
    codes: CODES,
    documents: DOCUMENTS,
    verdict: &["data", "result"],
    hollow: &["data"],
    other_verdict: || text("2"),
    odd_verdict: || text("9"),
    echo: None,
    refuse,
    found,
    coded,
};

// The vendor's document, table 错误码参照; `SYSTEM_042` was seen in a public client's log.
const CODES: &[(&str, &str)] = &[
    ("10000", "成功"),
    ("10001", "查询无结果"),
    ("10002", "请求报文解析错误"),
    ("10003", "请求报文错误"),
    ("10004", "请求报文格式有误"),
    ("10005", "用户验证失败"),
    ("10006", "查询参数错误"),
    ("10007", "调用接口失败"),
    ("10008", "请求失败"),
    ("10009", "请求报文格式错误"),
    ("10010", "发送的报文不能为空"),
    ("10011", "请求地址错误"),
    ("10012", "报文错误"),
    ("10013", "数据加密失败"),
    ("10014", "该接口已停用"),
    ("10015", "该用户已停用"),
    ("10016", "接口调用异常"),
    ("10017", "查询失败"),
    ("10018", "参数错误"),
    ("10019", "系统异常"),
    ("10020", "验证失败"),
    ("SYSTEM_042", "身份证号码格式错误"),
];

const DOCUMENTS: &[Document] = &[
    Document {
        status: 200,
        body: "{\n  \"code\": \"10000\",\n  \"message\": \"成功\",\n  \"data\": {\n    \"result\": \"1\"\n  },\n  \"seqNo\": \"4XU29Z4D1704061618\"\n}",
    },
    Document {
        status: 200,
        body: "{\n  \"code\": \"10001\",\n  \"message\": \"查询无结果\",\n  \"data\": \"null\",\n  \"seqNo\": \"4XU29Z4D1704061618\"\n}",
    },
];

fn refuse(asked: &Asked<'_>) -> Option<&'static str> {
    let name = asked.name.unwrap_or_default();
    if name.is_empty() || asked.id().is_empty() {
        Some("10010")
    } else if !well_formed(asked.id()) {
        Some("SYSTEM_042")
    } else if !plausible_name(name) {
        Some("10006")
    } else {
        None
    }
}

fn found(finding: Finding, asked: &Asked<'_>) -> Answer {
    let result = match finding {
        Finding::Match => "1",
        Finding::Mismatch => "2",
        Finding::NoRecord => return coded("10001", asked),
    };
    enveloped(CODES, "10000", Json::Object(vec![("result", text(result))]), asked)
}

fn coded(code: &str, asked: &Asked<'_>) -> Answer {
    match code {
        "10000" => found(Finding::Match, asked),
        failure => enveloped(CODES, failure, text("null"), asked),
    }
}
