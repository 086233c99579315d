//! 云亿互通, two factors. The verdict is `respCode`; the echo is unmasked and the details come from the number.

use super::{Answer, Asked, Document, Wire, message};
use crate::json::{Json, text};
use crate::people::{Birth, Finding, is_male, plausible_name, region, well_formed};

pub(super) static WIRE: Wire = Wire {
    slug: "idenauthen",
    host: "idenauthen.market.alicloudapi.com",
    paths: &["/idenAuthentication"],
    form: true,
    name: "name",
    id: "idNo",
    mobile: None,
    required_by_gateway: true,
    takes_key: false,
    codes: CODES,
    documents: DOCUMENTS,
    verdict: &["respCode"],
    hollow: &["respCode"],
    other_verdict: || text("0008"),
    odd_verdict: || text("0099"),
    echo: Some("idNo"),
    refuse,
    found,
    coded,
};

// The vendor's document, table 错误码定义.
const CODES: &[(&str, &str)] = &[
    ("0000", "身份证信息匹配"),
    ("0001", "开户名不能为空"),
    ("0002", "开户名不能包含特殊字符"),
    ("0003", "身份证号不能为空"),
    ("0004", "身份证号格式错误"),
    ("0007", "无此身份证号码"),
    ("0008", "身份证信息不匹配"),
    ("0010", "系统维护，请稍后再试"),
];

const DOCUMENTS: &[Document] = &[
    Document {
        status: 200,
        body: "{\n  \"name\": \"张三\",\n  \"idNo\": \"340421190710145412\",\n  \"respMessage\": \"身份证信息匹配\",\n  \"respCode\": \"0000\",\n  \"province\": \"安徽省\",\n  \"city\": \"淮南市\",\n  \"county\": \"凤台县\",\n  \"birthday\": \"19071014\",\n  \"sex\": \"M\",\n  \"age\": \"111\"\n}",
    },
    Document {
        status: 200,
        body: "{\n  \"name\": \"李四\",\n  \"idNo\": \"340421190710145412\",\n  \"respMessage\": \"身份证信息不匹配\",\n  \"respCode\": \"0008\",\n  \"province\": \"安徽省\",\n  \"city\": \"淮南市\",\n  \"county\": \"凤台县\",\n  \"birthday\": \"19071014\",\n  \"sex\": \"M\",\n  \"age\": \"111\"\n}",
    },
];

fn refuse(asked: &Asked<'_>) -> Option<&'static str> {
    let name = asked.name.unwrap_or_default();
    if name.is_empty() {
        Some("0001")
    } else if !plausible_name(name) {
        Some("0002")
    } else if asked.id().is_empty() {
        Some("0003")
    } else if !well_formed(asked.id()) {
        Some("0004")
    } else {
        None
    }
}

fn found(finding: Finding, asked: &Asked<'_>) -> Answer {
    let code = match finding {
        Finding::Match => "0000",
        Finding::Mismatch => "0008",
        Finding::NoRecord => "0007",
    };
    coded(code, asked)
}

fn coded(code: &str, asked: &Asked<'_>) -> Answer {
    let mut members = vec![
        ("name", text(asked.name())),
        ("idNo", text(asked.id().to_owned())),
        ("respMessage", text(message(CODES, code))),
        ("respCode", text(code.to_owned())),
    ];
    match code {
        "0000" | "0008" => {
            let [province, city, county] = region(asked.id());
            let age = Birth::of(asked.id()).map_or_else(String::new, |birth| birth.age_at(asked.now_ms).to_string());
            members.extend([
                ("province", text(province)),
                ("city", text(city)),
                ("county", text(county)),
                ("birthday", text(asked.id().get(6..14).unwrap_or_default().to_owned())),
                ("sex", text(if is_male(asked.id()) { "M" } else { "F" })),
                ("age", text(age)),
            ]);
        }
        // The document shows details for a match and a mismatch only; public clients saw them empty here.
        "0007" => members.extend(["province", "city", "county", "birthday", "sex", "age"].map(|name| (name, text("")))),
        _ => {}
    }
    Answer { status: 200, json: Json::Object(members) }
}
