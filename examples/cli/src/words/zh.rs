//! 中文。

use std::io::ErrorKind;

use heyan::policy::Class;
use heyan::{Billing, CredentialError, EndpointError, IdNumberError, MobileError, NameError, RefusalClass, Retry};
use heyan_std::ledger::LedgerError;

use super::{Label, Lang, Words, reason};
use crate::body::BodyKind;
use crate::usage::Usage;
use crate::wrong::{Value, Wrong};

pub(super) struct Chinese;

impl Words for Chinese {
    fn wrong(&self, wrong: &Wrong) -> String {
        match wrong {
            Wrong::Usage(usage) => self.usage(usage),
            Wrong::UnknownProvider => {
                format!("没有这个服务商：--provider 请从 {} 中选一个。", super::help::slugs("、"))
            }
            Wrong::ProviderTwice(slug) => format!("服务商 {slug} 出现了两次：备选顺序里每个服务商只写一次。"),
            Wrong::NotUtf8(value) => format!("{}不是 UTF-8 文本：请按 UTF-8 重新输入。", self.value(*value)),
            Wrong::StdinEnded(value) => format!(
                "标准输入里没有{}这一行：{} 写作 - 时，请在标准输入按姓名、证件号码、手机号的顺序每行给一个。",
                self.value(*value),
                value.option()
            ),
            Wrong::LineTooLong(value) => format!("标准输入里{}这一行太长：每行只写一个值。", self.value(*value)),
            Wrong::Name(error) => match error {
                NameError::Empty => "姓名为空：请填写 --name。".to_owned(),
                NameError::OuterSpace => "姓名前后有空白：请去掉，或加 --lenient。".to_owned(),
                NameError::TooLong => "姓名超过 50 个字符：--name 里只写姓名。".to_owned(),
                NameError::Masked => "姓名里有 *，是打过码的：请填写完整姓名。".to_owned(),
                NameError::Invisible => "姓名里有换行、控制字符或看不见的字符：请手工输入，不要粘贴。".to_owned(),
                _ => "姓名里有乱码：请按正确的编码重新输入。".to_owned(),
            },
            Wrong::Id { error, lenient_helps } => {
                let what = match error {
                    IdNumberError::Length => "身份证号码不是 18 位（或旧的 15 位）",
                    IdNumberError::Character => "身份证号码里有数字以外的字符（只有第 18 位可以是 X）",
                    IdNumberError::Region => "身份证号码开头不是任何省份的代码",
                    IdNumberError::BirthDate => "身份证号码里的出生日期不存在或早于 1800 年（第 7 至 14 位）",
                    IdNumberError::BirthDateInFuture => "身份证号码里的出生日期在今天之后（第 7 至 14 位，也请核对系统时间）",
                    _ => "身份证号码的校验位不符，多半是抄错一位或两位颠倒",
                };
                let hint = if *lenient_helps { "去掉空格、横线和全角字符，或加 --lenient" } else { "请对照证件改正 --id" };
                format!("{what}：{hint}。")
            }
            Wrong::Mobile(error) => match error {
                MobileError::Length => "手机号不是 11 位：请填写完整的 --mobile。".to_owned(),
                MobileError::Character => "手机号里有数字以外的字符：只写 11 位数字，或加 --lenient。".to_owned(),
                _ => "手机号不是中国大陆号码：应以 13 至 19 开头。".to_owned(),
            },
            Wrong::MobileMissing(slug) => format!("{slug} 核验三要素：请用 --mobile 给出手机号，或换一个二要素服务商。"),
            Wrong::MobileNotChecked(slug) => {
                format!("{slug} 只核验姓名和证件号码，不看手机号：请去掉 --mobile，或只用三要素服务商。")
            }
            Wrong::CredentialsMissing => "没有凭证：请在环境变量里设置 HEYAN_APPCODE，或 HEYAN_APPKEY 和 HEYAN_APPSECRET，\
                 或 HEYAN_VENDOR_KEY（只给一个服务商的在后面加它的名称，例如 HEYAN_APPCODE_IDCERT；\
                 也可以加 _FILE 指向文件）；只想试用请加 --sandbox。"
                .to_owned(),
            Wrong::CredentialsSeveral => "设置了不止一种凭证，可能扣错账户：HEYAN_APPCODE、HEYAN_APPKEY 加 HEYAN_APPSECRET、\
                 HEYAN_VENDOR_KEY 只保留一种。"
                .to_owned(),
            Wrong::CredentialHalf { missing } => format!("没有设置 {missing}：AppKey 和 AppSecret 必须成对。"),
            Wrong::CredentialTwice(variable) => format!("{variable} 和 {variable}_FILE 同时设置了：只保留一个。"),
            Wrong::CredentialNotUtf8(variable) => format!("{variable} 不是文本：请从控制台重新复制。"),
            Wrong::CredentialFile { variable, kind } => {
                let reason = reason::io(Lang::Zh, *kind);
                format!("{variable} 指向的文件读不了（{reason}）：请检查路径和权限。")
            }
            Wrong::Credential { variable, error } => match error {
                CredentialError::Empty => format!("{variable} 里没有内容：请从控制台复制凭证。"),
                CredentialError::TooLong => format!("{variable} 太长，不是凭证：请从控制台重新复制。"),
                CredentialError::Character { at } => {
                    format!("{variable} 的第 {} 个字节是换行、空白或非 ASCII 字符：请从控制台重新复制，一个字符也不要多。", at + 1)
                }
                _ => format!("{variable} 不是凭证：请从控制台重新复制。"),
            },
            Wrong::VendorKeyNotTaken(slug) => {
                format!("{slug} 不接受 HEYAN_VENDOR_KEY：请改用 HEYAN_APPCODE，或 HEYAN_APPKEY 和 HEYAN_APPSECRET。")
            }
            Wrong::VendorKeyNeedsAddress => {
                "HEYAN_VENDOR_KEY 只能发给服务商自己的平台：请用 --base-url 给出它的地址。".to_owned()
            }
            Wrong::BaseUrl(error) => match error {
                EndpointError::Scheme => "--base-url 不是网址：应以 https:// 开头。".to_owned(),
                EndpointError::Insecure => {
                    "--base-url 是明文 http，途中谁都能看到姓名、号码和凭证：请改用 https，本机测试可加 --insecure-http。".to_owned()
                }
                EndpointError::Host => "--base-url 里没有有效的主机：请写成 https://主机 或 https://主机:端口。".to_owned(),
                EndpointError::Port => "--base-url 的端口不对：应为 1 到 65535。".to_owned(),
                _ => "--base-url 的路径太长，或含有查询串等不允许的字符：只写协议、主机，必要时加路径。".to_owned(),
            },
            Wrong::InsecureNotNeeded => "--insecure-http 和 https 地址不能同时用：请去掉 --insecure-http。".to_owned(),
            Wrong::BaseUrlPath => "带路径的 --base-url 只适用于一个服务商：请去掉路径，或只写一个 --provider。".to_owned(),
            Wrong::CaUnreadable { path, kind } => {
                let reason = reason::io(Lang::Zh, *kind);
                format!("--ca 指定的文件 {} 读不了（{reason}）：请检查路径和权限。", path.display())
            }
            Wrong::CaInvalid(path) => {
                format!("--ca 指定的文件 {} 里没有可用的证书：应为 PEM 格式的 CA 证书。", path.display())
            }
            Wrong::Timeout => "--timeout 应为大于 0、不超过 3600 的秒数，例如 5 或 0.5。".to_owned(),
            Wrong::Batch(wrong) => crate::batch::wrong_words(Lang::Zh, wrong),
            Wrong::Ledger(error) => {
                let reason = reason::ledger(Lang::Zh, error);
                format!("--ledger 后面的文件用不了（{reason}）：请先解决，或换一个路径。")
            }
            Wrong::ConsentMissing => "没有说明本人是否同意：本人看过授权书并同意之后，再加 --consent 运行。".to_owned(),
            Wrong::ConsentDeclined => "没有确认本人同意，什么也没有发送：取得同意之后再运行。".to_owned(),
            Wrong::SandboxWith(option) => format!("--sandbox 已经决定了问谁，不能再用 {option}：请去掉其中一个。"),
            Wrong::NoNumbers => "没有号码：请写在参数里，或从标准输入每行给一个。".to_owned(),
            Wrong::NumbersUnreadable { path, kind } => {
                let reason = reason::io(Lang::Zh, *kind);
                format!("文件 {} 读不了（{reason}）：请检查路径和权限。", path.display())
            }
            Wrong::Status => "--status 应为 100 到 999 的 HTTP 状态码。".to_owned(),
            Wrong::Header(at) => format!("第 {at} 个 --header 的格式不对：应为 '名称: 值'。"),
            Wrong::ReplyTooLong => "标准输入超过 64 KiB，不会是一份应答：只粘贴一份应答。".to_owned(),
            Wrong::StdinUnreadable(kind) => {
                let reason = reason::io(Lang::Zh, *kind);
                format!("标准输入读不了（{reason}）：请用管道或重定向给出内容。")
            }
            Wrong::Timestamp => "--timestamp 应为 Unix 毫秒数，例如 1767225600000。".to_owned(),
            Wrong::Nonce => "--nonce 不是 UUID：应为 36 个字符，8-4-4-4-12 位十六进制数。".to_owned(),
            Wrong::NothingSigned => {
                "--timestamp 和 --nonce 只用于签名请求：请设置 HEYAN_APPKEY 和 HEYAN_APPSECRET，或去掉这两个参数。".to_owned()
            }
            Wrong::NoJson => "heyan sandbox 没有 JSON 输出：请去掉 --json，读它的 ready 一行。".to_owned(),
            Wrong::Exposed => {
                "别的机器能访问这个地址，而模拟网关不拦任何人：--listen 请用 127.0.0.1 或 [::1]，或加上 --expose-to-network。"
                    .to_owned()
            }
            Wrong::Quota(wrong) => super::quota::wrong(Lang::Zh, wrong),
            Wrong::Refused(reason) => format!("请求在发送之前被拒绝（{reason}）：请改正后再运行。"),
        }
    }

    fn usage(&self, usage: &Usage) -> String {
        match usage {
            Usage::Command => {
                "没有写命令，或命令不认识：可用的有 verify、check、batch、explain、request、providers、sandbox、quota（后面可跟 add 或 reconcile）；见 heyan --help。"
                    .to_owned()
            }
            Usage::Option(Some(name)) => format!("没有选项 {name}：可用的选项见 heyan 命令 --help。"),
            Usage::Option(None) => "有一个选项不认识：可用的选项见 heyan 命令 --help。".to_owned(),
            Usage::Stray => "多了一个不属于任何选项的值：请写在选项后面，见 heyan 命令 --help。".to_owned(),
            Usage::Missing(names) => format!("缺少 {names}：请补上，见 heyan 命令 --help。"),
            Usage::NoValue(name) => format!("{name} 后面没有值：请补上。"),
            Usage::Value(name) => format!("{name} 的值不对：允许的写法见 heyan 命令 --help。"),
            Usage::Conflict(name) => format!("{name} 重复了，或与别的选项冲突：只保留一个。"),
            Usage::NotUtf8 => "有一个参数不是 UTF-8 文本：请按 UTF-8 重新输入。".to_owned(),
            Usage::Other => "命令行不对：写法见 heyan --help。".to_owned(),
        }
    }

    fn value(&self, value: Value) -> &'static str {
        match value {
            Value::Name => "姓名",
            Value::Id => "身份证号码",
            Value::Mobile => "手机号",
        }
    }

    fn simulated(&self) -> &'static str {
        "【模拟】"
    }

    fn simulated_note(&self) -> &'static str {
        "这是模拟网关的回答：没有核验任何人，也没有产生费用。"
    }

    fn sandbox_idle(&self) -> &'static str {
        "这个命令不向任何人查询，--sandbox 没有作用。"
    }

    fn headline(&self, class: Class, mobile: bool) -> &'static str {
        match class {
            Class::Match if mobile => "一致：姓名、身份证号码和手机号属于同一个人。",
            Class::Match => "一致：姓名和身份证号码属于同一个人。",
            Class::Mismatch if mobile => "不一致：姓名、身份证号码和手机号不属于同一个人。",
            Class::Mismatch => "不一致：姓名和身份证号码不属于同一个人。",
            Class::NoRecord => "库无：库里没有可用的记录，既不是一致，也不是不一致。",
            Class::Refused(class) => match class {
                RefusalClass::Credentials => "被拒绝：凭证不被接受，没有结论。",
                RefusalClass::QuotaExhausted => "被拒绝：套餐次数已用完，没有结论。",
                RefusalClass::Subscription => "被拒绝：订购已过期或状态不正常，没有结论。",
                RefusalClass::Throttled => "被拒绝：请求太频繁，没有结论。",
                RefusalClass::AttemptLimit => "被拒绝：同一个人查询次数超限，没有结论。",
                RefusalClass::BadInput => "被拒绝：服务商认为姓名或号码的格式有误，没有结论。",
                RefusalClass::Busy => "被拒绝：服务商繁忙或在维护，没有结论。",
                RefusalClass::Configuration => "被拒绝：账户、权限或请求的设置不对，没有结论。",
                _ => "被拒绝：服务商没有说明原因，没有结论。",
            },
            Class::NotJson => "出错：应答不是 JSON，没有结论。",
            Class::TooDeep => "出错：应答嵌套太深，没有结论。",
            Class::NoVerdict => "出错：应答里没有可信的结论。",
            Class::EchoContradicts => "出错：应答说的是另一个号码，不能采用。",
            Class::Protocol => "出错：收到的不是完整的 HTTP 应答，没有结论。",
            Class::TooLong => "出错：应答太长，没有结论。",
            Class::Connect => "出错：连不上服务商，没有结论。",
            Class::Tls => "出错：对方没有证明自己的身份（TLS），没有结论。",
            Class::TimedOut => "出错：在时限内没有等到完整的应答，没有结论。",
            Class::Dns => "出错：主机名解析不了，没有结论。",
            _ => "出错：连接中断，没有结论。",
        }
    }

    fn billing(&self, billing: Billing) -> &'static str {
        match billing {
            Billing::Billed => "扣除套餐 1 次",
            Billing::Free => "不收费",
            Billing::Unknown => "不确定，请按可能已扣 1 次处理",
        }
    }

    fn next(&self, class: Class, billing: Billing) -> &'static str {
        match class {
            Class::Match => "核验完成，不用再查。",
            Class::Mismatch => "对照证件核对姓名和号码；改正后再查是一次新的收费查询。",
            Class::NoRecord => {
                "这不说明本人有问题（户口迁移、现役军人、更名、证件逾期等都会这样）：请本人出示证件，用别的方式核实。"
            }
            Class::Refused(class) => match class {
                RefusalClass::Credentials => {
                    "请账户管理员在控制台核对 AppCode、AppKey 和 AppSecret；刚购买的请等约 30 秒。"
                }
                RefusalClass::QuotaExhausted => "请账户管理员购买次数，约 30 秒后可用；或换一个服务商。",
                RefusalClass::Subscription => "请账户管理员在控制台续订或处理欠费；或换一个服务商。",
                RefusalClass::Throttled => "稍等片刻再查，并降低频率。",
                RefusalClass::AttemptLimit => "今天不要再查这个人。",
                RefusalClass::BadInput => "对照证件核对姓名和号码，不要原样再查。",
                RefusalClass::Busy => "过几分钟再查，或换一个服务商。",
                RefusalClass::Configuration => "请账户管理员在控制台核对授权、权限和地址；或换一个服务商。",
                _ => "问服务商代码的含义，有流水号就一并提供；或换一个服务商。",
            },
            _ => match (class, billing) {
                (Class::Tls, _) => "不要绕过这项检查：核对系统时间、--base-url 和 --ca；可能有人在中间冒充服务商。",
                (_, Billing::Unknown) => "先在控制台的使用明细里查这次是否已扣费，再决定是否重查。",
                (Class::Dns, _) => "核对网络和域名服务器，以及 --base-url，然后再查。",
                (Class::Connect, _) => "核对网络、端口和防火墙，以及 --base-url，然后再查。",
                (Class::TimedOut | Class::Channel, _) => "请求没有发出，可以再查一次。",
                (Class::EchoContradicts, _) => "不要采用这份应答；告诉服务商，有流水号就一并提供。",
                _ => "告诉服务商，有流水号就一并提供；或换一个服务商。",
            },
        }
    }

    fn label(&self, label: Label) -> &'static str {
        match label {
            Label::Asked => "查询",
            Label::Cost => "费用",
            Label::Next => "下一步",
            Label::Reference => "流水号",
            Label::Code => "代码",
            Label::Details => "详情",
            Label::Sex => "性别",
            Label::BirthDate => "出生日期",
            Label::Age => "年龄",
            Label::Address => "地址",
            Label::Province => "省",
            Label::City => "市",
            Label::County => "区县",
            Label::Fields => "逐项解释",
            Label::Headers => "网关的头部",
            Label::Body => "正文",
        }
    }

    fn colon(&self) -> &'static str {
        "："
    }

    fn comma(&self) -> &'static str {
        "，"
    }

    fn male(&self) -> &'static str {
        "男"
    }

    fn female(&self) -> &'static str {
        "女"
    }

    fn quote_reference(&self) -> &'static str {
        "（问服务商时请提供）"
    }

    fn attempt(&self, provider: &str, ending: &str, billing: Billing, next: &str) -> String {
        format!("{provider}：{ending}（{}）；改问 {next}。", self.billing(billing))
    }

    fn last_attempt(&self, provider: &str, ending: &str, billing: Billing, retry: Retry) -> String {
        let retry = match retry {
            Retry::Never => "不再尝试",
            Retry::SameProvider => "没有别的服务商可问，可以过一会儿再查",
            Retry::OtherProvider => "没有别的服务商可问",
        };
        format!("{provider}：{ending}（{}）；{retry}。", self.billing(billing))
    }

    fn authorisation(&self, name: &str, id: &str, mobile: Option<&str>, vendors: &str) -> String {
        let mobile = mobile.map(|mobile| format!("、手机号 {mobile} ")).unwrap_or_default();
        format!(
            "核验之前，须向本人出示《个人信息授权书》并取得同意。授权书应当写明：\n\
             - 把姓名 {name}、身份证号码 {id} {mobile}交给 {vendors} 及其合作机构查询、比对；\n\
             - 用于什么业务，由谁收集、保存和使用；\n\
             - 可能带来的不利后果，以及授权作出后不可撤销。"
        )
    }

    fn consent_question(&self) -> &'static str {
        "本人是否已看过授权书并同意？[y/N] "
    }

    fn valid(&self) -> &'static str {
        "有效"
    }

    fn invalid(&self) -> &'static str {
        "无效"
    }

    fn reason(&self, reason: &str) -> &'static str {
        match reason {
            "length" => "位数不是 18（或 15）",
            "character" => "有不允许的字符",
            "region" => "开头不是省份代码",
            "birth_date" => "出生日期不存在、早于 1800 年或在今天之后",
            _ => "校验位不符",
        }
    }

    fn type_numbers(&self) -> &'static str {
        "请每行输入一个号码，Ctrl-D 结束。"
    }

    fn explained_note(&self) -> &'static str {
        "以上只是对这份应答的解释：没有查询任何人，也没有核对应答说的是不是要查的人。"
    }

    fn body(&self, kind: BodyKind) -> &'static str {
        match kind {
            BodyKind::Object => "一个 JSON 对象",
            BodyKind::Empty => "空的：网关自己拒绝时就是这样，原因在头部里，请用 --header 一并给出",
            BodyKind::Html => "一个网页，不是 JSON：多半是代理、上网登录页或防火墙代答的，不是服务商",
            BodyKind::NotUtf8 => "不是 UTF-8 文本：可能压缩过，或编码不同",
            BodyKind::OtherJson => "是 JSON，但不是对象：服务商的应答都是对象",
            BodyKind::Text => "不是 JSON 的文本",
        }
    }

    fn hidden(&self, characters: usize) -> String {
        format!("（{characters} 个字符，--reveal 可见）")
    }

    fn unknown_field(&self) -> &'static str {
        "服务商文档里没有这一项"
    }

    fn nested(&self) -> &'static str {
        "（内含其他项）"
    }

    fn gateway_code(&self) -> &'static str {
        "网关的错误代码：由网关拒绝，服务商没有处理"
    }

    fn gateway_message(&self) -> &'static str {
        "网关的错误信息：由网关拒绝，服务商没有处理"
    }

    fn gateway_request_id(&self) -> &'static str {
        "网关的请求编号，问客服时提供"
    }

    fn masked_request(&self) -> &'static str {
        "姓名、号码和凭证已打码，不能直接发送；加 --reveal 显示原文。"
    }

    fn unsigned_request(&self) -> &'static str {
        "没有签名：签名要用 HEYAN_APPSECRET 对真实内容计算；设置凭证并加 --reveal 可得到能发送的请求。"
    }

    fn providers_head(&self) -> [&'static str; 7] {
        ["名称", "服务商", "要素", "方法", "地址", "计费", "产品页"]
    }

    fn factors(&self, mobile: bool) -> &'static str {
        if mobile { "三要素：姓名+证件号码+手机号" } else { "二要素：姓名+证件号码" }
    }

    fn price(&self) -> &'static str {
        "HTTP 200–299 计 1 次，其他不计"
    }

    fn output_failed(&self, kind: ErrorKind) -> String {
        let reason = reason::io(Lang::Zh, kind);
        format!("结果写不出去（{reason}）：请检查磁盘空间和输出位置。")
    }

    fn sandbox_failed(&self, reason: &str) -> String {
        format!("模拟网关没有启动（{reason}）：请换一个端口，或检查 --ca-out 的位置。")
    }

    fn ledger_failed(&self, error: &LedgerError) -> String {
        let reason = reason::ledger(Lang::Zh, error);
        format!("账本记不了账（{reason}）；没有记账就什么也不发送：请先解决。")
    }

    fn nobody_to_ask(&self) -> &'static str {
        "所给的服务商今天都说过查询此人次数过多，所以什么也没有发送：请明天再查。"
    }

    fn no_clock(&self) -> &'static str {
        "系统时间早于 1970 年：请先校准。"
    }

    fn no_randomness(&self) -> &'static str {
        "操作系统没有给出随机数：请用 --nonce 指定。"
    }
}
