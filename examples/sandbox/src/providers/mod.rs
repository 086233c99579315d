//! The five vendors: where each listens, what it takes, what it answers.

mod checkone;
pub(crate) mod idcert;
mod idenauthen;
mod sfz2;
mod sjsys;

use crate::json::{Json, text};
use crate::people::Finding;

/// One of the five vendors. The names are those of their hosts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Provider {
    /// 数据宝, name and number.
    Checkone,
    /// 云亿互通, name and number, with unmasked details.
    Idenauthen,
    /// 涪擎, name and number, masked.
    Idcert,
    /// 数据宝, name, number and mobile number.
    Sjsys,
    /// 拇指云, name and number, with masked details.
    Sfz2,
}

/// A reply that a vendor prints in its own document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Document {
    /// The HTTP status that goes with it.
    pub status: u16,
    /// The body, with the document's own line breaks.
    pub body: &'static str,
}

impl Provider {
    /// All five, in the order of [`index`](Self::index).
    pub const ALL: [Self; 5] = [Self::Checkone, Self::Idenauthen, Self::Idcert, Self::Sjsys, Self::Sfz2];

    /// The position in [`ALL`](Self::ALL).
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The short name, which is the first label of the host.
    #[must_use]
    pub const fn slug(self) -> &'static str {
        self.wire().slug
    }

    /// The host name behind which the vendor is found.
    #[must_use]
    pub const fn host(self) -> &'static str {
        self.wire().host
    }

    /// The path of the one API.
    #[must_use]
    pub const fn path(self) -> &'static str {
        self.wire().paths[0]
    }

    /// Every path that reaches the API: [`path`](Self::path) first, then those to which vendors have moved it.
    #[must_use]
    pub const fn paths(self) -> &'static [&'static str] {
        self.wire().paths
    }

    /// `GET` (parameters in the query) or `POST` (parameters in a form body).
    #[must_use]
    pub const fn method(self) -> &'static str {
        if self.wire().form { "POST" } else { "GET" }
    }

    /// The parameter that carries the name.
    #[must_use]
    pub const fn name_parameter(self) -> &'static str {
        self.wire().name
    }

    /// The parameter that carries the identity number.
    #[must_use]
    pub const fn id_parameter(self) -> &'static str {
        self.wire().id
    }

    /// The parameter that carries the mobile number, for the vendor that checks it.
    #[must_use]
    pub const fn mobile_parameter(self) -> Option<&'static str> {
        self.wire().mobile
    }

    /// Every documented code with its message. The last vendor has no codes: there the code is the message's number,
    /// from `"1"`.
    #[must_use]
    pub const fn codes(self) -> &'static [(&'static str, &'static str)] {
        self.wire().codes
    }

    /// The replies in the vendor's own document.
    #[must_use]
    pub const fn documents(self) -> &'static [Document] {
        self.wire().documents
    }

    pub(crate) const fn wire(self) -> &'static Wire {
        match self {
            Self::Checkone => &checkone::WIRE,
            Self::Idenauthen => &idenauthen::WIRE,
            Self::Idcert => &idcert::WIRE,
            Self::Sjsys => &sjsys::WIRE,
            Self::Sfz2 => &sfz2::WIRE,
        }
    }
}

/// What a vendor is, as data, and the two functions that write its bodies.
pub(crate) struct Wire {
    pub(crate) slug: &'static str,
    pub(crate) host: &'static str,
    pub(crate) paths: &'static [&'static str],
    pub(crate) form: bool,
    pub(crate) name: &'static str,
    pub(crate) id: &'static str,
    pub(crate) mobile: Option<&'static str>,
    /// Whether the gateway itself insists on the parameters (必选 in the vendor's page), before the vendor sees them.
    pub(crate) required_by_gateway: bool,
    /// Whether the vendor also has a platform of its own that takes a `key`.
    pub(crate) takes_key: bool,
    pub(crate) codes: &'static [(&'static str, &'static str)],
    pub(crate) documents: &'static [Document],
    /// Where the verdict is.
    pub(crate) verdict: &'static [&'static str],
    /// Where success with nothing behind it is `null`: the verdict or the object around it.
    pub(crate) hollow: &'static [&'static str],
    /// A value of the verdict that means a mismatch, and one that means nothing.
    pub(crate) other_verdict: fn() -> Json,
    pub(crate) odd_verdict: fn() -> Json,
    /// The member that repeats the identity number, if any.
    pub(crate) echo: Option<&'static str>,
    /// The fault in what was asked, as one of `codes`.
    pub(crate) refuse: fn(&Asked<'_>) -> Option<&'static str>,
    /// The body for a finding.
    pub(crate) found: fn(Finding, &Asked<'_>) -> Answer,
    /// The body for a code, documented or not.
    pub(crate) coded: fn(&str, &Asked<'_>) -> Answer,
}

/// What reached the vendor.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    /// `None` where the parameter is absent.
    pub(crate) name: Option<&'a str>,
    pub(crate) id: Option<&'a str>,
    pub(crate) mobile: Option<&'a str>,
    /// Number of the call, for serial numbers that never repeat.
    pub(crate) serial: u64,
    /// Unix milliseconds.
    pub(crate) now_ms: u64,
}

impl Asked<'_> {
    pub(crate) fn name(&self) -> String {
        self.name.unwrap_or_default().to_owned()
    }

    pub(crate) fn id(&self) -> &str {
        self.id.unwrap_or_default()
    }
}

/// The vendor's answer, before the gateway passes it on.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) json: Json,
}

/// What an honest vendor says: the fault in the request, or what the register says.
pub(crate) fn answer(provider: Provider, asked: &Asked<'_>) -> Answer {
    let wire = provider.wire();
    if let Some(code) = (wire.refuse)(asked) {
        return (wire.coded)(code, asked);
    }
    let mobile = wire.mobile.and(asked.mobile);
    (wire.found)(crate::people::find(asked.name.unwrap_or_default(), asked.id(), mobile), asked)
}

/// The message of a code, or a text that says it is none of the vendor's.
fn message(codes: &'static [(&'static str, &'static str)], code: &str) -> &'static str {
    codes.iter().find(|(known, _)| *known == code).map_or("未登记的代码", |(_, message)| message)
}

/// The envelope that both of the first vendor's APIs put around their data.
fn enveloped(codes: &'static [(&'static str, &'static str)], code: &str, data: Json, asked: &Asked<'_>) -> Answer {
    let json = Json::Object(vec![
        ("code", text(code.to_owned())),
        ("message", text(message(codes, code))),
        ("data", data),
        ("seqNo", text(sequence_number(asked))),
    ]);
    Answer { status: 200, json }
}

/// `4XU29Z4D1704061618`: eight characters that differ from call to call, then the time in Unix seconds.
fn sequence_number(asked: &Asked<'_>) -> String {
    const DIGITS: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let mut rest = crate::gateway::mix(asked.serial);
    let mut out: String = (0..8)
        .map(|_| {
            let digit = DIGITS[(rest % 36) as usize];
            rest /= 36;
            char::from(digit)
        })
        .collect();
    out.push_str(&(asked.now_ms / 1000).to_string());
    out
}

/// The first character, and a star for what follows.
fn first_and_star(name: &str) -> String {
    name.chars().take(1).chain(['*']).collect()
}

#[cfg(test)]
mod tests {
    use super::{Asked, Provider, answer};
    use crate::json::Spelling;

    fn ask(provider: Provider, name: &str, id: &str) -> (u16, serde_json::Value) {
        let asked =
            Asked { name: Some(name), id: Some(id), mobile: Some("13000000000"), serial: 7, now_ms: 1_704_061_618_000 };
        let answer = answer(provider, &asked);
        (answer.status, serde_json::from_str(&answer.json.write(Spelling::default())).unwrap())
    }

    #[test]
    fn every_documented_body_is_json_of_the_shape_that_is_sent() {
        for provider in Provider::ALL {
            for document in provider.documents() {
                let printed: serde_json::Value = serde_json::from_str(document.body).unwrap();
                if document.status == 200 {
                    let sent = ask(provider, "张三", "110101190001010057").1;
                    let keys = |value: &serde_json::Value| {
                        let mut keys: Vec<_> = value.as_object().unwrap().keys().cloned().collect();
                        keys.sort();
                        keys
                    };
                    assert_eq!(keys(&printed), keys(&sent), "{}", provider.slug());
                }
            }
        }
    }

    #[test]
    fn the_second_vendor_answers_its_own_example_as_it_prints_it() {
        let (_, mut sent) = ask(Provider::Idenauthen, "张三", "340421190710145412");
        let mut printed: serde_json::Value = serde_json::from_str(Provider::Idenauthen.documents()[0].body).unwrap();
        // The age depends on the day: 111 on the day the document was written, 116 in January 2024.
        assert_eq!(sent["age"].take(), "116");
        printed["age"].take();
        assert_eq!(sent, printed);
        let (_, mismatch) = ask(Provider::Idenauthen, "李四", "340421190710145412");
        assert_eq!(mismatch["respCode"], "0008");
    }

    #[test]
    fn masks_are_the_vendors_own() {
        let (_, idcert) = ask(Provider::Idcert, "张三", "11010119000101009X");
        assert_eq!((idcert["idCard"].as_str(), idcert["name"].as_str()), (Some("11*****009X"), Some("张*")));
        let (_, sfz2) = ask(Provider::Sfz2, "张三", "110101190001010057");
        assert_eq!(sfz2["sfz"], "1101*****57");
        assert_eq!(sfz2["birthday"], "19****01");
        assert_eq!(sfz2["match"], true);
    }

    #[test]
    fn bad_input_is_answered_with_a_documented_code() {
        assert_eq!(
            ask(Provider::Sfz2, "张三", "110101190001010058"),
            (666, serde_json::json!({"ok": 0, "msg": "身份证号码有误"}))
        );
        assert_eq!(ask(Provider::Idcert, "张三", "11010119000101009x").1["status"], "205");
        assert_eq!(ask(Provider::Idcert, "张3", "11010119000101009X").1["status"], "204");
        assert_eq!(ask(Provider::Idenauthen, "", "11010119000101009X").1["respCode"], "0001");
        assert_eq!(ask(Provider::Checkone, "张三", "1").1["code"], "SYSTEM_042");
        assert_eq!(ask(Provider::Sjsys, "张三", "110101190001010073").1["data"], serde_json::Value::Null);
    }
}
