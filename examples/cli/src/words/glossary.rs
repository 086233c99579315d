//! What the vendors' documents say of each member of a reply, and of each code. Read 2026-11; the English is ours.
//!
//! A provider without an entry is explained all the same, by the class of its ending.

use super::{Both, both};

/// How a member's value may be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A code, looked up in the codes.
    Code,
    /// The field that carries the verdict, looked up in the verdicts.
    Verdict,
    /// Free text: shown where the document lists it.
    Message,
    /// What to quote to the vendor.
    Reference,
    /// The name.
    Name,
    /// The identity number.
    Number,
    /// What the vendor adds about the person.
    Detail,
    /// An object that holds others.
    Container,
}

/// A member of a reply. `data.state` is the member `state` of the object `data`.
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) meaning: Both,
}

/// One vendor's document.
pub(crate) struct Glossary {
    slug: &'static str,
    fields: &'static [Field],
    codes: &'static [(&'static str, Both)],
    verdicts: &'static [(&'static str, Both)],
    /// Texts that stand in the field for messages besides those of the codes.
    messages: &'static [(&'static str, Both)],
}

impl Glossary {
    pub(crate) fn of(slug: &str) -> Option<&'static Self> {
        GLOSSARIES.iter().find(|glossary| glossary.slug == slug)
    }

    pub(crate) fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    pub(crate) fn code(&self, code: &str) -> Option<Both> {
        look_up(self.codes, code)
    }

    pub(crate) fn verdict(&self, value: &str) -> Option<Both> {
        look_up(self.verdicts, value)
    }

    /// The meaning of a message that the document lists, whatever its punctuation, with or without the stray `key` that
    /// the page of `sfz2` has behind some.
    pub(crate) fn message(&self, text: &str) -> Option<Both> {
        let text = letters(text);
        let known = |listed: &str| {
            let listed = letters(listed);
            text == listed || text.strip_suffix("key") == Some(&listed)
        };
        let by_code = self.codes.iter().map(|(_, meaning)| (meaning.zh, *meaning));
        let listed = self.messages.iter().copied().chain(by_code);
        listed.into_iter().find(|(listed, _)| known(listed)).map(|(_, meaning)| meaning)
    }
}

fn look_up(table: &[(&str, Both)], key: &str) -> Option<Both> {
    table.iter().find(|(known, _)| *known == key).map(|(_, meaning)| *meaning)
}

fn letters(text: &str) -> String {
    text.chars().filter(|character| character.is_alphanumeric()).collect()
}

const fn field(name: &'static str, kind: Kind, zh: &'static str, en: &'static str) -> Field {
    Field { name, kind, meaning: both(zh, en) }
}

const NUMBERED_VERDICTS: &[(&str, Both)] = &[
    ("1", both("验证一致", "match")),
    ("2", both("验证不一致", "mismatch")),
    (
        "3",
        both(
            "异常情况：户籍迁移、已入外籍、更名、性别变更、少数民族或军政人员、证件过期未换，服务商不说明是哪一种",
            "abnormal: moving household, foreign nationality, changed name or sex, minority or official or military, expired card; the vendor does not say which",
        ),
    ),
];

static GLOSSARIES: &[Glossary] = &[
    Glossary {
        slug: "checkone",
        fields: &[
            field("code", Kind::Code, "处理结果代码", "code of how the request went"),
            field("message", Kind::Message, "代码的文字", "the code in words"),
            field("data", Kind::Container, "结果", "the result"),
            field("data.result", Kind::Verdict, "验证结果：结论在这里", "result: the verdict stands here"),
            field("seqNo", Kind::Reference, "流水号，问服务商时提供", "serial number; quote it to the vendor"),
        ],
        codes: &[
            ("10000", both("成功", "success")),
            ("10001", both("查询无结果", "nothing found")),
            ("10002", both("请求报文解析错误", "request could not be parsed")),
            ("10003", both("请求报文错误", "request is wrong")),
            ("10004", both("请求报文格式有误", "format of the request is wrong")),
            ("10005", both("用户验证失败", "user not recognised")),
            ("10006", both("查询参数错误", "query parameter is wrong")),
            ("10007", both("调用接口失败", "call failed")),
            ("10008", both("请求失败", "request failed")),
            ("10009", both("请求报文格式错误", "format of the request is wrong")),
            ("10010", both("发送的报文不能为空", "request is empty")),
            ("10011", both("请求地址错误", "address is wrong")),
            ("10012", both("报文错误", "message is wrong")),
            ("10013", both("数据加密失败", "encryption failed")),
            ("10014", both("该接口已停用", "this API is switched off")),
            ("10015", both("该用户已停用", "this user is switched off")),
            ("10016", both("接口调用异常", "call went wrong")),
            ("10017", both("查询失败", "query failed")),
            ("10018", both("参数错误", "parameter is wrong")),
            ("10019", both("系统异常", "system fault")),
            ("10020", both("验证失败", "verification failed")),
            ("SYSTEM_042", both("身份证号码格式有误（文档未列）", "malformed identity number (not in the document)")),
        ],
        verdicts: NUMBERED_VERDICTS,
        messages: &[],
    },
    Glossary {
        slug: "idenauthen",
        fields: &[
            field("respCode", Kind::Code, "结果代码：结论在这里", "result code: the verdict stands here"),
            field("respMessage", Kind::Message, "代码的文字", "the code in words"),
            field("name", Kind::Name, "查询的姓名", "the name asked for"),
            field("idNo", Kind::Number, "查询的身份证号码", "the identity number asked for"),
            field("province", Kind::Detail, "首次发证地的省份（参考）", "province of first issue (for reference)"),
            field("city", Kind::Detail, "首次发证地的城市（参考）", "city of first issue (for reference)"),
            field("county", Kind::Detail, "首次发证地的区县（参考）", "county of first issue (for reference)"),
            field("birthday", Kind::Detail, "出生日期", "date of birth"),
            field("sex", Kind::Detail, "性别：M 男，F 女", "sex: M male, F female"),
            field("age", Kind::Detail, "年龄", "age"),
        ],
        codes: &[
            ("0000", both("身份证信息匹配", "match")),
            ("0001", both("开户名不能为空", "name is missing")),
            ("0002", both("开户名不能包含特殊字符", "name holds special characters")),
            ("0003", both("身份证号不能为空", "identity number is missing")),
            ("0004", both("身份证号格式错误", "identity number is malformed")),
            ("0007", both("无此身份证号码", "no such identity number")),
            ("0008", both("身份证信息不匹配", "mismatch")),
            ("0010", both("系统维护，请稍后再试", "maintenance, try again later")),
        ],
        verdicts: &[],
        messages: &[],
    },
    Glossary {
        slug: "idcert",
        fields: &[
            field("status", Kind::Code, "状态码：结论在这里", "status code: the verdict stands here"),
            field("msg", Kind::Message, "提示信息", "the code in words"),
            field("idCard", Kind::Number, "身份证号", "identity number"),
            field("name", Kind::Name, "姓名", "name"),
            field(
                "traceId",
                Kind::Reference,
                "请求唯一编号，问服务商时提供",
                "unique id of the request; quote it to the vendor",
            ),
            field("sex", Kind::Detail, "性别", "sex"),
            field("area", Kind::Detail, "号码所属地区", "region of the number"),
            field("province", Kind::Detail, "省份", "province"),
            field("city", Kind::Detail, "城市", "city"),
            field("prefecture", Kind::Detail, "区县", "county"),
            field("birthday", Kind::Detail, "出生日期", "date of birth"),
            field("addrCode", Kind::Detail, "地区代码（号码前六位）", "region code (first six digits of the number)"),
            field("lastCode", Kind::Detail, "号码的校验位", "check character of the number"),
        ],
        codes: &[
            ("01", both("实名认证通过", "match")),
            ("02", both("实名认证不通过", "mismatch")),
            (
                "202",
                both(
                    "无法认证：库无（现役或刚退役军人、户口迁移、更名未上报、证件逾期、移民或死亡、号码不存在等）",
                    "cannot be verified, no record (soldiers, moved household, name change not reported yet, expired card, emigrated or dead, no such number, …)",
                ),
            ),
            ("203", both("异常情况", "abnormal")),
            ("204", both("姓名格式不正确", "name is malformed")),
            ("205", both("身份证格式不正确", "identity number is malformed")),
            ("9999", both("系统维护", "maintenance")),
        ],
        verdicts: &[],
        messages: &[("无法认证", both("无法认证", "cannot be verified"))],
    },
    Glossary {
        slug: "sjsys",
        fields: &[
            field("code", Kind::Code, "处理结果代码", "code of how the request went"),
            field("message", Kind::Message, "代码的文字", "the code in words"),
            field(
                "data",
                Kind::Container,
                "结果；成功代码配 null 表示没有记录",
                "the result; null beside a success code means no record",
            ),
            field("data.state", Kind::Verdict, "验证结果：结论在这里", "result: the verdict stands here"),
            field("seqNo", Kind::Reference, "流水号，问服务商时提供", "serial number; quote it to the vendor"),
        ],
        codes: &[
            ("10000", both("成功", "success")),
            ("10001", both("查询无结果", "nothing found")),
            ("10002", both("请求报文解析错误", "request could not be parsed")),
            ("10003", both("请求报文错误", "request is wrong")),
            ("10004", both("请求报文格式有误", "format of the request is wrong")),
            ("10005", both("用户验证失败", "user not recognised")),
            ("10006", both("权限不足", "no permission")),
            ("10007", both("手机号码错误", "mobile number is wrong")),
            ("10008", both("请求报文错误", "request is wrong")),
            ("10009", both("余额不足，请充值", "balance too low")),
            ("10010", both("调用次数不足", "no calls left")),
            ("10011", both("访问受限", "access restricted")),
            ("10012", both("连接超时", "connection timed out")),
            ("10013", both("该接口已停用", "this API is switched off")),
            ("10014", both("该用户已停用", "this user is switched off")),
            ("10015", both("系统错误", "system error")),
            ("10016", both("系统异常", "system fault")),
            ("10017", both("系统繁忙", "system busy")),
            ("10018", both("其他异常", "another fault")),
            ("10019", both("同一参数请求次数超限", "too many requests with the same parameters")),
            ("10020", both("接口调用失败", "call failed")),
        ],
        verdicts: NUMBERED_VERDICTS,
        messages: &[("余额不足", both("余额不足", "balance too low"))],
    },
    Glossary {
        slug: "sfz2",
        fields: &[
            field("ok", Kind::Code, "成功标识", "whether the query succeeded"),
            field("msg", Kind::Message, "报文成败描述", "how the query went, in words"),
            field("match", Kind::Verdict, "校验状态：结论在这里", "the verdict stands here"),
            field("xm", Kind::Name, "真实姓名", "name"),
            field("sfz", Kind::Number, "身份证号码", "identity number"),
            field("birthday", Kind::Detail, "解析的生日信息", "date of birth, from the number"),
            field("sex", Kind::Detail, "性别", "sex"),
            field("address", Kind::Detail, "身份证所属行政区域", "region of the number"),
        ],
        codes: &[("1", both("成功", "success")), ("0", both("失败", "failure"))],
        verdicts: &[
            ("true", both("一致", "match")),
            ("false", both("不一致（或查无记录，看 msg）", "mismatch (or no record, see msg)")),
        ],
        messages: &[
            ("实名信息正确", both("实名信息正确", "name and number are right")),
            ("实名校验失败:身份证与姓名不匹配", both("核验结果不一致", "mismatch")),
            ("实名校验失败:查无记录", both("无记录，无法核验", "no record, cannot be verified")),
            ("未传入真实姓名xm", both("请传入 xm 真实姓名", "the name (xm) is missing")),
            ("未传入身份证号码sfz", both("请传入 sfz 身份证号码", "the identity number (sfz) is missing")),
            ("传入真实姓名xm字符串长度超限", both("xm 不得超过 50 个字符", "xm has more than 50 characters")),
            ("传入身份证号码sfz字符串长度超限", both("sfz 不得超过 18 个字符", "sfz has more than 18 characters")),
            ("姓名有误", both("xm 不符合真实姓名，请检查", "xm is no real name")),
            ("身份证号码有误", both("sfz 不符合身份证标准，请检查", "sfz is no identity number")),
            ("未传入开发者账号appid", both("自研平台：请传入 appid", "vendor's own platform: appid is missing")),
            (
                "传入开发者账号appid字符串长度超限",
                both("自研平台：appid 不得超过 32 个字符", "vendor's own platform: appid has more than 32 characters"),
            ),
            (
                "未传入查询时间sendtime",
                both("自研平台：请传入 sendtime 时间戳", "vendor's own platform: sendtime is missing"),
            ),
            (
                "传入查询时间sendtime字符串长度超限",
                both("自研平台：请检查 sendtime 的长度", "vendor's own platform: sendtime is too long"),
            ),
            (
                "时间戳超时，请重新请求",
                both(
                    "自研平台：sendtime 误差不得超过 5 分钟",
                    "vendor's own platform: sendtime is more than 5 minutes off",
                ),
            ),
            ("未传入签名sign", both("自研平台：请传入 sign", "vendor's own platform: sign is missing")),
            (
                "传入签名sign字符串长度超限",
                both("自研平台：请检查 sign 的长度", "vendor's own platform: sign is too long"),
            ),
            ("签名校验失败", both("自研平台：请核对签名流程", "vendor's own platform: the signature is wrong")),
            (
                "存在*字符，视为调试数据。止于当前结果。",
                both("参数含 *，被当作调试数据", "a parameter holds a star and was taken for test data"),
            ),
            ("非法来源", both("请求来源不被允许", "the origin of the request is not allowed")),
            ("appid:XXXXXXX接口已停用", both("该开发者已被停止调用", "this developer is switched off")),
        ],
    },
];

#[cfg(test)]
mod tests {
    use super::{Glossary, Kind};

    #[test]
    fn every_provider_is_in_here() {
        for provider in heyan::provider::ALL {
            let slug = provider.info().slug;
            let glossary = Glossary::of(slug).unwrap();
            for kind in [Kind::Code, Kind::Message] {
                assert!(glossary.fields.iter().any(|field| field.kind == kind), "{slug}");
            }
            assert!(!glossary.codes.is_empty(), "{slug}");
        }
    }

    #[test]
    fn messages_are_found_whatever_their_punctuation() {
        let glossary = Glossary::of("sfz2").unwrap();
        for text in ["实名校验失败:查无记录", "实名校验失败：查无记录key", "姓名有误key"] {
            assert!(glossary.message(text).is_some(), "{text}");
        }
        assert!(glossary.message("张三查无记录").is_none());
        assert!(Glossary::of("idcert").unwrap().message("实名认证通过!").is_some());
    }
}
