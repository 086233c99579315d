//! 涪擎, two factors. The verdict is `status`. Two generations of replies are about: the short one of the document, and a
//! long one without `traceId` that public clients show.

use super::{Answer, Asked, Document, Wire, first_and_star, message};
use crate::json::{Json, text};
use crate::people::{Birth, Finding, civil_date, is_male, plausible_name, region, well_formed};

pub(super) static WIRE: Wire = Wire {
    slug: "idcert",
    host: "idcert.market.alicloudapi.com",
    paths: &["/idcard"],
    form: false,
    name: "name",
    id: "idCard",
    mobile: None,
    required_by_gateway: true,
    takes_key: false,
    codes: CODES,
    documents: DOCUMENTS,
    verdict: &["status"],
    hollow: &["status"],
    other_verdict: || text("02"),
    odd_verdict: || text("99"),
    echo: Some("idCard"),
    refuse,
    found,
    coded,
};

// The vendor's document, table 外部状态码.
const CODES: &[(&str, &str)] = &[
    ("01", "实名认证通过!"),
    ("02", "实名认证不通过!"),
    ("202", "无法认证!"),
    ("203", "异常情况!"),
    ("204", "姓名格式不正确!"),
    ("205", "身份证格式不正确!"),
    ("9999", "系统维护!"),
];

// The document prints these with comments of its own behind the members; the wire has none.
const DOCUMENTS: &[Document] = &[
    Document {
        status: 200,
        body: "{\n  \"status\": \"01\",\n  \"msg\": \"实名认证通过!\",\n  \"idCard\": \"51*****1111\",\n  \"name\": \"张*\",\n  \"traceId\": \"20211208013_9aph_5e91\"\n}",
    },
    Document {
        status: 200,
        body: "{\n  \"status\": \"02\",\n  \"msg\": \"实名认证不通过!\",\n  \"idCard\": \"51*****1111\",\n  \"name\": \"张*\",\n  \"traceId\": \"20211208013_9aph_5e91\"\n}",
    },
];

fn refuse(asked: &Asked<'_>) -> Option<&'static str> {
    if !plausible_name(asked.name.unwrap_or_default()) {
        Some("204")
    } else if !well_formed(asked.id()) {
        Some("205")
    } else {
        None
    }
}

fn status(finding: Finding) -> &'static str {
    match finding {
        Finding::Match => "01",
        Finding::Mismatch => "02",
        Finding::NoRecord => "202",
    }
}

fn found(finding: Finding, asked: &Asked<'_>) -> Answer {
    coded(status(finding), asked)
}

/// The short form.
fn coded(code: &str, asked: &Asked<'_>) -> Answer {
    let json = Json::Object(vec![
        ("status", text(code.to_owned())),
        ("msg", text(message(CODES, code))),
        ("idCard", text(mask(asked.id()))),
        ("name", text(first_and_star(asked.name.unwrap_or_default()))),
        ("traceId", text(trace_id(asked))),
    ]);
    Answer { status: 200, json }
}

/// The long form: unmasked, with details that are all empty unless the two match.
pub(crate) fn found_long(finding: Finding, asked: &Asked<'_>) -> Answer {
    let code = status(finding);
    let id = asked.id();
    let [province, city, county] = region(id);
    let birthday = Birth::of(id)
        .map_or_else(String::new, |birth| format!("{:04}-{:02}-{:02}", birth.year, birth.month, birth.day));
    let details = [
        ("sex", if is_male(id) { "男" } else { "女" }.to_owned()),
        ("area", [province, if city == province { "" } else { city }, county].concat()),
        ("province", province.to_owned()),
        ("city", city.to_owned()),
        ("prefecture", county.to_owned()),
        ("birthday", birthday),
        ("addrCode", id.get(..6).unwrap_or_default().to_owned()),
        ("lastCode", id.get(17..).unwrap_or_default().to_owned()),
    ];
    let mut members = vec![
        ("status", text(code)),
        ("msg", text(message(CODES, code))),
        ("idCard", text(id.to_owned())),
        ("name", text(asked.name())),
    ];
    members.extend(
        details.map(|(name, value)| (name, text(if finding == Finding::Match { value } else { String::new() }))),
    );
    Answer { status: 200, json: Json::Object(members) }
}

/// Two characters, five stars, four characters, whatever the length.
fn mask(id: &str) -> String {
    match (id.get(..2), id.len().checked_sub(4).and_then(|start| id.get(start..))) {
        (Some(front), Some(back)) if id.len() > 6 => format!("{front}*****{back}"),
        _ => "*****".to_owned(),
    }
}

/// `20211208013_9aph_5e91`: the day, three digits, then two groups of four.
fn trace_id(asked: &Asked<'_>) -> String {
    let (year, month, day) = civil_date(asked.now_ms / 86_400_000);
    let mixed = crate::gateway::mix(asked.serial);
    format!(
        "{year:04}{month:02}{day:02}{:03}_{:04x}_{:04x}",
        asked.serial % 1000,
        mixed & 0xffff,
        (mixed >> 16) & 0xffff
    )
}
