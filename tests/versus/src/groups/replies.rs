//! Reading a reply: from the bytes of its body to the verdict and the vendor's reference.
//!
//! All read the same members, those that heyan's reader asks for, and compare the code. heyan does so by all its rules: the
//! echoed number must be the one asked about, no member that decides may stand there twice, nesting is bounded, what nobody
//! asked for is UTF-8, too, and nothing personal may end up in what can be printed. heyan and `simd-json` rewrite a body in
//! place, so everybody gets it anew, as if it had just come: the copying is timed with all of them.

use std::hint::black_box;

use heyan::provider::{CHECKONE, IDCERT};
use heyan::{AppCode, Consent, Credentials, Date, IdNumber, Inquiry, Name, Provider, Response, Subject, Verdict};
use serde::Deserialize;

use crate::contest::{Bound, Contender, Contest, Group, Unit};
use crate::{Text, same, text};

/// A reply with all members side by side.
pub(crate) static FLAT: Group = Group {
    key: "reply-flat",
    title: text("A flat reply (idcert), read", "读取扁平应答（idcert）"),
    unit: REPLY,
    contenders: CONTENDERS,
    bounds: BOUNDS,
    with_v3: false,
    prepare: |contest| prepare(contest, &IDCERT, &readers!(flat::Borrowed<'_>, flat::Owned, flat::of_value)),
};

/// A reply whose verdict stands in an inner object.
pub(crate) static NESTED: Group = Group {
    key: "reply-nested",
    title: text("A nested reply (checkone), read", "读取嵌套应答（checkone）"),
    prepare: |contest| prepare(contest, &CHECKONE, &readers!(nested::Borrowed<'_>, nested::Owned, nested::of_value)),
    ..FLAT
};

const REPLY: Unit = Unit::Nanoseconds(text("reply", "个应答"));
const BOUNDS: &[Bound] = &[Bound { slower: "serde_json", faster: "heyan", least: 1.0, build: "x86_64" }];

const BORROWED: Text = text("fields borrowed; no escapes in them", "字段借用；不支持转义");
const CONTENDERS: &[Contender] = &[
    Contender {
        key: "heyan",
        name: same("heyan: `Inquiry::read`"),
        note: text("every rule of the provider's; escapes, echo, duplicates", "按服务商全部规则：转义、回显、重复字段"),
    },
    Contender { key: "serde_json", name: same("`serde_json`, `&str`"), note: BORROWED },
    Contender {
        key: "serde_json-owned",
        name: same("`serde_json`, `String`"),
        note: text("fields copied", "字段复制"),
    },
    Contender { key: "serde_json-value", name: same("`serde_json::Value`"), note: text("the whole tree", "整棵树") },
    Contender { key: "sonic-rs", name: same("`sonic-rs`, `&str`"), note: BORROWED },
    Contender {
        key: "simd-json",
        name: same("`simd-json`, `&str`"),
        note: text("fields borrowed; rewrites escapes", "字段借用；就地改写转义"),
    },
    Contender {
        key: "serde-json-core",
        name: same("`serde-json-core`, `&str`"),
        note: text("fields borrowed; what is skipped is hardly checked", "字段借用；略过的部分几乎不检查"),
    },
];

/// Takes what was read.
type Tell<'t> = &'t mut dyn FnMut(Verdict, &str);

/// Reads a body, which is nobody else's.
type Reader = fn(&mut [u8], Tell<'_>);

/// What the others read.
trait Fields {
    fn verdict(&self) -> Option<Verdict>;
    fn reference(&self) -> &str;
}

fn told<E>(fields: Result<impl Fields, E>, tell: Tell<'_>) {
    if let Ok(fields) = fields
        && let Some(verdict) = fields.verdict()
    {
        tell(verdict, fields.reference());
    }
}

/// The others, each with the fields of one reply.
macro_rules! readers {
    ($borrowed:ty, $owned:ty, $of_value:path) => {{
        let readers: [(&str, Reader); 6] = [
            ("serde_json", |body, tell| told(serde_json::from_slice::<$borrowed>(body), tell)),
            ("serde_json-owned", |body, tell| told(serde_json::from_slice::<$owned>(body), tell)),
            ("serde_json-value", |body, tell| {
                told(serde_json::from_slice(body).map(|value: serde_json::Value| $of_value(value)), tell);
            }),
            ("sonic-rs", |body, tell| told(sonic_rs::from_slice::<$borrowed>(body), tell)),
            ("simd-json", |body, tell| told(simd_json::from_slice::<$borrowed>(body), tell)),
            ("serde-json-core", |body, tell| {
                told(serde_json_core::from_slice::<$borrowed>(body).map(|(fields, _)| fields), tell);
            }),
        ];
        readers
    }};
}
use readers;

/// `{"status":"01","traceId":"…", …}`
mod flat {
    use super::{Deserialize, Fields, Verdict};

    #[derive(Deserialize)]
    #[expect(dead_code, reason = "what a caller does with the rest is not timed, reading it is")]
    pub(super) struct Borrowed<'b> {
        status: &'b str,
        #[serde(rename = "traceId")]
        reference: &'b str,
        #[serde(rename = "idCard")]
        echo: Option<&'b str>,
        sex: Option<&'b str>,
        birthday: Option<&'b str>,
        area: Option<&'b str>,
        province: Option<&'b str>,
        city: Option<&'b str>,
        prefecture: Option<&'b str>,
    }

    #[derive(Deserialize)]
    #[expect(dead_code, reason = "what a caller does with the rest is not timed, reading it is")]
    pub(super) struct Owned {
        status: String,
        #[serde(rename = "traceId")]
        reference: String,
        #[serde(rename = "idCard")]
        echo: Option<String>,
        sex: Option<String>,
        birthday: Option<String>,
        area: Option<String>,
        province: Option<String>,
        city: Option<String>,
        prefecture: Option<String>,
    }

    pub(super) struct Tree(serde_json::Value);

    pub(super) const fn of_value(value: serde_json::Value) -> Tree {
        Tree(value)
    }

    fn verdict(status: &str) -> Option<Verdict> {
        match status {
            "01" => Some(Verdict::Match),
            "02" => Some(Verdict::Mismatch),
            "202" => Some(Verdict::NoRecord),
            _ => None,
        }
    }

    impl Fields for Borrowed<'_> {
        fn verdict(&self) -> Option<Verdict> {
            verdict(self.status)
        }

        fn reference(&self) -> &str {
            self.reference
        }
    }

    impl Fields for Owned {
        fn verdict(&self) -> Option<Verdict> {
            verdict(&self.status)
        }

        fn reference(&self) -> &str {
            &self.reference
        }
    }

    impl Fields for Tree {
        fn verdict(&self) -> Option<Verdict> {
            verdict(self.0.get("status")?.as_str()?)
        }

        fn reference(&self) -> &str {
            self.0.get("traceId").and_then(serde_json::Value::as_str).unwrap_or_default()
        }
    }
}

/// `{"code":"10000","data":{"result":"1"},"seqNo":"…", …}`
mod nested {
    use super::{Deserialize, Fields, Verdict};

    #[derive(Deserialize)]
    pub(super) struct Borrowed<'b> {
        code: &'b str,
        #[serde(borrow)]
        data: BorrowedData<'b>,
        #[serde(rename = "seqNo")]
        reference: &'b str,
    }

    #[derive(Deserialize)]
    struct BorrowedData<'b> {
        result: &'b str,
    }

    #[derive(Deserialize)]
    pub(super) struct Owned {
        code: String,
        data: OwnedData,
        #[serde(rename = "seqNo")]
        reference: String,
    }

    #[derive(Deserialize)]
    struct OwnedData {
        result: String,
    }

    pub(super) struct Tree(serde_json::Value);

    pub(super) const fn of_value(value: serde_json::Value) -> Tree {
        Tree(value)
    }

    fn verdict(code: &str, result: &str) -> Option<Verdict> {
        match (code, result) {
            ("10000", "1") => Some(Verdict::Match),
            ("10000", "2") => Some(Verdict::Mismatch),
            _ => None,
        }
    }

    impl Fields for Borrowed<'_> {
        fn verdict(&self) -> Option<Verdict> {
            verdict(self.code, self.data.result)
        }

        fn reference(&self) -> &str {
            self.reference
        }
    }

    impl Fields for Owned {
        fn verdict(&self) -> Option<Verdict> {
            verdict(&self.code, &self.data.result)
        }

        fn reference(&self) -> &str {
            &self.reference
        }
    }

    impl Fields for Tree {
        fn verdict(&self) -> Option<Verdict> {
            verdict(self.0.get("code")?.as_str()?, self.0.pointer("/data/result")?.as_str()?)
        }

        fn reference(&self) -> &str {
            self.0.get("seqNo").and_then(serde_json::Value::as_str).unwrap_or_default()
        }
    }
}

fn prepare(contest: &mut Contest, provider: &'static dyn Provider, readers: &[(&'static str, Reader)]) {
    let inquiry = inquiry(provider);
    let body: &'static [u8] = heyan_bench::body(provider).leak();
    enter(contest, "heyan", body, move |body, tell| with_heyan(&inquiry, body, tell));
    for &(key, read) in readers {
        enter(contest, key, body, read);
    }
}

fn enter(contest: &mut Contest, key: &str, body: &'static [u8], read: impl Fn(&mut [u8], Tell<'_>) + 'static) {
    let mut buffer = body.to_vec();
    let answer = answer(|tell| read(&mut buffer, tell));
    contest.enter(key, answer, 1, move || {
        buffer.copy_from_slice(black_box(body));
        read(black_box(&mut buffer), &mut |verdict, reference| {
            let _ = black_box((verdict, reference));
        });
    });
}

fn with_heyan(inquiry: &Inquiry<'_>, body: &mut [u8], tell: Tell<'_>) {
    if let Some(response) = Response::new(200, body)
        && let Ok(outcome) = inquiry.read(response)
    {
        tell(outcome.verdict(), outcome.reference().map_or("", |reference| reference.as_str()));
    }
}

/// Verdict and reference; nothing when a reply could not be read.
fn answer(read: impl FnOnce(Tell<'_>)) -> Vec<u8> {
    let mut answer = Vec::new();
    read(&mut |verdict, reference| answer = format!("{verdict:?} {reference}").into_bytes());
    answer
}

/// About the person of the replies.
///
/// # Panics
/// When the words here make no inquiry.
fn inquiry(provider: &'static dyn Provider) -> Inquiry<'static> {
    let name = Name::parse("张三").expect("a name");
    let number = IdNumber::parse(heyan_bench::NUMBER, Date::MAX).expect("a number");
    let code = AppCode::new("test-appcode-not-a-secret-000000").expect("an AppCode");
    let subject = Subject::new(name, number);
    Inquiry::new(provider, subject, Consent::given(), Credentials::AppCode(code)).expect("an inquiry")
}
