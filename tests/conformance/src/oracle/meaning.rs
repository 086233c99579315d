//! What a reply means, by the vendors' documents: tables, and no line of heyan.

use super::document::Json;

/// What a reply means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// A verdict, by its word.
    Verdict(&'static str),
    /// A refusal with a documented code, by the word of its class.
    Refused(&'static str),
    /// Nothing that a document explains: anything but a verdict may come of it.
    Nothing,
}

/// What the vendor called `slug` says about the person with this number.
///
/// # Panics
/// No document of that vendor is known to the second reader.
#[must_use]
pub fn meaning(slug: &str, status: u16, document: Option<&Json>, asked: &str) -> Meaning {
    let Some(document @ Json::Object(members)) = document else { return Meaning::Nothing };
    if document.depth() > 8 {
        return Meaning::Nothing;
    }
    let reply = Members(members);
    let (read, meaning): (&[&str], _) = match slug {
        "checkone" => (&["code", "data", "seqNo"], with_data(&reply, "result", &CHECKONE)),
        "sjsys" => (&["code", "data", "seqNo"], with_data(&reply, "state", &SJSYS)),
        "idenauthen" => (
            &["respCode", "idNo", "sex", "birthday", "age", "province", "city", "county"],
            with_code(&reply, "respCode", "idNo", asked, &IDENAUTHEN),
        ),
        "idcert" => (
            &["status", "idCard", "traceId", "sex", "birthday", "area", "province", "city", "prefecture"],
            with_code(&reply, "status", "idCard", asked, &IDCERT),
        ),
        "sfz2" => (&["ok", "msg", "match", "sfz", "sex", "birthday", "address"], sfz2(&reply, asked)),
        _ => panic!("no document of {slug} is known to the second reader: add its table here"),
    };
    if read.iter().any(|name| reply.count(name) > 1) {
        return Meaning::Nothing;
    }
    match meaning {
        // Match, mismatch and no record are all HTTP 200; a match is not believed under a status that is not billed.
        Meaning::Verdict("match") if !(200..=299).contains(&status) => Meaning::Nothing,
        meaning => meaning,
    }
}

/// Codes and what they mean.
type Table = [(&'static str, &'static [&'static str])];

const CHECKONE: [(&str, &[&str]); 4] = [
    ("no_record", &["10001"]),
    ("bad_input", &["10002", "10003", "10004", "10006", "10009", "10010", "10012", "10018", "SYSTEM_042"]),
    ("busy", &["10007", "10008", "10016", "10017", "10019"]),
    ("configuration", &["10005", "10011", "10013", "10014", "10015"]),
];

const SJSYS: [(&str, &[&str]); 6] = [
    ("no_record", &["10001"]),
    ("bad_input", &["10002", "10003", "10004", "10007", "10008"]),
    ("busy", &["10012", "10015", "10016", "10017", "10018", "10020"]),
    ("quota_exhausted", &["10009", "10010"]),
    ("attempt_limit", &["10019"]),
    ("configuration", &["10005", "10006", "10011", "10013", "10014"]),
];

const IDENAUTHEN: [(&str, &[&str]); 5] = [
    ("match", &["0000"]),
    ("mismatch", &["0008"]),
    ("no_record", &["0007"]),
    ("bad_input", &["0001", "0002", "0003", "0004"]),
    ("busy", &["0010"]),
];

const IDCERT: [(&str, &[&str]); 5] = [
    ("match", &["01"]),
    ("mismatch", &["02"]),
    ("no_record", &["202"]),
    ("bad_input", &["204", "205"]),
    ("busy", &["9999"]),
];

fn by_code(table: &Table, code: &str) -> Meaning {
    match table.iter().find(|(_, codes)| codes.contains(&code)) {
        Some((word @ ("match" | "mismatch" | "no_record"), _)) => Meaning::Verdict(word),
        Some((word, _)) => Meaning::Refused(word),
        None => Meaning::Nothing,
    }
}

/// A and D: a code, and a verdict in `data` when the code is 10000.
fn with_data(reply: &Members<'_>, verdict: &str, table: &Table) -> Meaning {
    let Some(code) = reply.text("code") else { return Meaning::Nothing };
    // A verdict that stands there twice makes the whole reply doubtful.
    if let Some(Json::Object(data)) = reply.first("data")
        && Members(data).count(verdict) > 1
    {
        return Meaning::Nothing;
    }
    if code != "10000" {
        return by_code(table, &code);
    }
    match reply.first("data") {
        Some(Json::Object(data)) => match Members(data).text(verdict).as_deref() {
            Some("1") => Meaning::Verdict("match"),
            Some("2") => Meaning::Verdict("mismatch"),
            Some("3") => Meaning::Verdict("no_record"),
            _ => Meaning::Nothing,
        },
        // D's documented failure; A's document writes the text for null.
        Some(Json::Null) if verdict == "state" => Meaning::Verdict("no_record"),
        Some(Json::Text(text)) if verdict == "state" && text == "null" => Meaning::Verdict("no_record"),
        _ => Meaning::Nothing,
    }
}

/// B and C: a code that is the verdict, and an echo.
fn with_code(reply: &Members<'_>, code: &str, echo: &str, asked: &str, table: &Table) -> Meaning {
    let meaning = reply.text(code).map_or(Meaning::Nothing, |code| by_code(table, &code));
    verdict_about(meaning, reply.first(echo), asked)
}

/// E: `ok`, `match`, and the message where nothing else tells.
fn sfz2(reply: &Members<'_>, asked: &str) -> Meaning {
    let message = match reply.first("msg") {
        Some(Json::Text(text)) => text.as_str(),
        _ => "",
    };
    let no_record = message.contains("查无记录");
    let called = match reply.first("ok") {
        Some(Json::Number(ok) | Json::Text(ok)) if ok == "1" => true,
        Some(Json::Number(_) | Json::Bool(_)) => false,
        Some(Json::Text(ok)) if !ok.is_empty() => false,
        _ => return Meaning::Nothing,
    };
    if !called {
        let phrases = [
            ("bad_input", &["未传入", "超限", "姓名有误", "身份证号码有误", "存在*字符"][..]),
            ("busy", &["时间戳超时"]),
            ("configuration", &["非法来源", "appid", "签名"]),
        ];
        return phrases
            .iter()
            .find(|(_, phrases)| phrases.iter().any(|phrase| message.contains(phrase)))
            .map_or(Meaning::Nothing, |(word, _)| Meaning::Refused(word));
    }
    let meaning = match (reply.first("match"), no_record) {
        (Some(Json::Bool(true)), false) => Meaning::Verdict("match"),
        (Some(Json::Bool(false)), false) => Meaning::Verdict("mismatch"),
        (None | Some(Json::Null | Json::Bool(false)), true) => Meaning::Verdict("no_record"),
        // Contradicting, or of no known type.
        _ => Meaning::Nothing,
    };
    verdict_about(meaning, reply.first("sfz"), asked)
}

/// A verdict counts only if the reply is not about another number.
fn verdict_about(meaning: Meaning, echo: Option<&Json>, asked: &str) -> Meaning {
    let Meaning::Verdict(_) = meaning else { return meaning };
    let agrees = match echo {
        None | Some(Json::Null) => true,
        Some(Json::Text(echo) | Json::Number(echo)) => match (echo.find('*'), echo.rfind('*')) {
            (Some(first), Some(last)) => {
                let (prefix, suffix) = (&echo[..first], &echo[last + 1..]);
                let asked = asked.to_uppercase();
                let between = |shown: char| shown == '*' || shown.is_ascii_digit();
                echo[first..last].chars().all(between)
                    && prefix.len() + suffix.len() <= asked.len()
                    && asked.starts_with(&prefix.to_uppercase())
                    && asked.ends_with(&suffix.to_uppercase())
            }
            _ => echo.is_empty() || echo.eq_ignore_ascii_case(asked),
        },
        // There, but no number: whom the reply is about cannot be told.
        Some(_) => false,
    };
    if agrees { meaning } else { Meaning::Nothing }
}

/// The members of an object.
struct Members<'j>(&'j [(String, Json)]);

impl<'j> Members<'j> {
    fn count(&self, wanted: &str) -> usize {
        self.0.iter().filter(|(name, _)| name == wanted).count()
    }

    fn first(&self, wanted: &str) -> Option<&'j Json> {
        self.0.iter().find(|(name, _)| name == wanted).map(|(_, value)| value)
    }

    /// A code or a verdict: a text, or a number where a text is documented.
    fn text(&self, wanted: &str) -> Option<String> {
        match self.first(wanted)? {
            Json::Text(text) | Json::Number(text) if !text.is_empty() => Some(text.clone()),
            _ => None,
        }
    }
}
