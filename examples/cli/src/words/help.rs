//! What `--help` says.

use clap::{Arg, ArgAction, Command};

use super::{Both, Lang, both};

/// The providers' slugs, for sentences.
pub(crate) fn slugs(separator: &str) -> String {
    heyan::provider::ALL.iter().map(|provider| provider.info().slug).collect::<Vec<_>>().join(separator)
}

const COMMANDS: &[(&str, Both)] = &[
    (
        "verify",
        both(
            "核验一个人：姓名、身份证号码，以及（三要素时）手机号",
            "Verify one person: name, identity number and, with three factors, mobile number",
        ),
    ),
    (
        "batch",
        both(
            "批量核验一个 CSV 或 JSON Lines 文件；中断后可接着做，不重复扣费",
            "Verify the rows of a CSV or JSON lines file; can be broken off and continued without billing a row twice",
        ),
    ),
    ("check", both("离线检查身份证号码，不联网", "Check identity numbers offline; no network")),
    (
        "explain",
        both(
            "解释一份应答：从标准输入读入，逐项说明含义",
            "Say what a raw reply on standard input means, field by field",
        ),
    ),
    (
        "request",
        both("显示将要发送的 HTTP 请求，什么也不发送", "Show the HTTP request that would be sent; sends nothing"),
    ),
    ("providers", both("列出服务商", "List the providers")),
    (
        "quota",
        both(
            "账本里的套餐包：剩余次数、到期、提醒、预计用完的日期",
            "What is left of the packages in a ledger, and until when",
        ),
    ),
    ("quota add", both("把买来的套餐包登记到账本", "Write a package that was bought into the ledger")),
    (
        "quota reconcile",
        both(
            "把账本和控制台导出的使用明细逐个时段比对",
            "Compare the ledger with the console's export of usage, window by window",
        ),
    ),
    ("sandbox", both("单独运行模拟网关", "Run the simulated gateway on its own")),
];

/// Arguments by name; those that mean something else under one command stand there as `command.name`.
const ARGUMENTS: &[(&str, Both)] = &[
    (
        "sandbox",
        both(
            "问进程内的模拟网关，不花钱；不需要凭证",
            "Ask a simulated gateway inside this process: free, without credentials",
        ),
    ),
    ("json", both("给脚本用：每行一个 JSON 对象", "For scripts: one JSON object per line")),
    ("reveal", both("不打码，显示完整的姓名和号码", "Show names and numbers in clear")),
    ("lang", both("语言；默认按 LC_ALL、LC_MESSAGES、LANG", "Language; default by LC_ALL, LC_MESSAGES, LANG")),
    ("provider", both("服务商名称，见 heyan providers", "Slug of the provider, see heyan providers")),
    (
        "verify.provider",
        both(
            "服务商名称，见 heyan providers；写多个就是备选顺序，没有结论且可以重试时改问下一个",
            "Slug of the provider, see heyan providers; several are a failover order, used when there is no verdict and trying again is safe",
        ),
    ),
    (
        "batch.provider",
        both(
            "服务商名称，见 heyan providers；写多个就是备选顺序，必须核验同样的要素",
            "Slug of the provider, see heyan providers; several are a failover order and must check the same factors",
        ),
    ),
    (
        "input",
        both(
            "要核验的人：第一行是列名（姓名、身份证号、手机号，或 name、id、mobile），UTF-8 或 GBK",
            "Who is to be verified: the first row names the columns (name, id, mobile, or in Chinese); UTF-8 or GBK",
        ),
    ),
    (
        "output",
        both(
            "结果，按输入的顺序每行一个；完成之前写在 .part 里",
            "What came of each row, in the input's order; in a file ending in .part until it is complete",
        ),
    ),
    (
        "batch.consent",
        both("每个人都看过授权书并同意；必须写明", "Each person saw the authorisation and agreed; must be said"),
    ),
    (
        "batch.ledger",
        both(
            "账本文件（SQLite），也记下完成的行；默认为输出路径加 .ledger，旁边是密钥文件 .key",
            "The ledger (an SQLite file), which also keeps finished rows; default the output's path with .ledger behind; its key is beside it, .key",
        ),
    ),
    ("format", both("文件格式；默认看文件名", "Format of both files; default by their names")),
    (
        "encoding",
        both("输入的编码；默认自动识别 UTF-8 和 GBK", "Encoding of the input; default UTF-8 or GBK, whichever it is"),
    ),
    ("workers", both("同时查询的个数；默认 8", "So many calls at a time; default 8")),
    ("rate", both("每个账户每秒最多查询几次；默认不限", "Most calls a second on each account; default no limit")),
    (
        "retry_free",
        both("没有结论、也没有扣费的行重新查询", "Ask again for rows that ended without a verdict and free of charge"),
    ),
    ("name", both("姓名；- 表示读标准输入的一行", "Name; - reads a line of standard input")),
    ("id", both("身份证号码；- 表示读标准输入的一行", "Identity number; - reads a line of standard input")),
    (
        "mobile",
        both(
            "手机号，只用于三要素；- 表示读标准输入的一行",
            "Mobile number, for three factors only; - reads a line of standard input",
        ),
    ),
    ("lenient", both("容许空格、横线和全角字符", "Allow spaces, hyphens and full-width characters")),
    (
        "consent",
        both(
            "本人已看过授权书并同意；脚本必须写明",
            "The person saw the authorisation and agreed; scripts must say so",
        ),
    ),
    ("base_url", both("代替服务商的协议和主机", "Replaces the provider's scheme and host")),
    (
        "insecure_http",
        both(
            "允许 --base-url 用明文 http：途中谁都看得到，仅限本机测试",
            "Allow plain http in --base-url: everybody on the way can read it; for tests on loopback",
        ),
    ),
    ("ca", both("另外信任的 CA 证书（PEM 文件）", "A CA certificate to trust besides the system's (PEM file)")),
    (
        "timeout",
        both(
            "每次查询的时限，秒，可带小数；默认 20",
            "Deadline of each call in seconds, fractions allowed; default 20",
        ),
    ),
    (
        "ledger",
        both(
            "账本文件（SQLite）：每次查询在发送之前记入，没有记账就不发送；新建时旁边另存密钥文件 .key",
            "The ledger (an SQLite file): every call is written down before it leaves, or does not leave; a new one gets a key file beside it, .key",
        ),
    ),
    (
        "may_pay_twice",
        both(
            "前一个服务商没有结论、但已经或可能已经扣费时，也改问下一个：可能再扣一次",
            "Ask the next provider even if the last one charged, or may have, without a verdict: it may be charged again",
        ),
    ),
    ("quota.ledger", both("账本文件（SQLite），必须给出", "The ledger (an SQLite file); must be given")),
    (
        "per_day",
        both(
            "预计时每天的次数；默认按账本最近 7 天",
            "Calls a day for the forecast; default the rate of the ledger's last 7 days",
        ),
    ),
    (
        "account",
        both("账户在账本里的名称；默认 default", "Name of the account in the ledger; \"default\" unless it is given"),
    ),
    ("calls", both("套餐包的次数", "Calls in the package")),
    ("price", both("套餐包的价格，元", "What the package cost, in yuan")),
    (
        "expires",
        both(
            "到期日，按控制台显示的：从这天起不能用（北京时间）",
            "The console's last date: from this day on, in China, it cannot be used",
        ),
    ),
    (
        "bought",
        both("购买日期；默认现在。此前的查询不计入", "When it was bought; default now. Calls before do not count"),
    ),
    ("used", both("这个账本以外已经用掉的次数", "Calls that were used besides those of this ledger")),
    (
        "settle",
        both(
            "时段的合计能说明可能计费的查询是否扣费时，记入账本",
            "Write down what the sums say of possibly billed calls",
        ),
    ),
    (
        "exports",
        both(
            "控制台“使用明细”导出的文件，可以是几个套餐包的；制表符或逗号分隔，UTF-8 或 GBK",
            "What the console's 使用明细 exports, of one or several packages; tabs or commas, UTF-8 or GBK",
        ),
    ),
    ("ids", both("号码；不写则从标准输入每行读一个", "Numbers; without any, one a line of standard input")),
    (
        "file",
        both(
            "号码文件，每行一个（- 表示标准输入）：只列出无效的行号和原因，最后是合计，不显示号码",
            "A file of numbers, one a line (- reads standard input): lists the lines that are invalid and why, then the sum; shows no number",
        ),
    ),
    (
        "summary",
        both("只给合计：有效和各种无效的行数", "The sum only: how many are valid, and invalid for which reason"),
    ),
    ("status", both("应答的 HTTP 状态码；默认 200", "HTTP status of the reply; default 200")),
    ("header", both("应答的一个头部，可重复", "A header of the reply; may be repeated")),
    ("timestamp", both("签名用的 Unix 毫秒时间；默认现在", "Unix time in milliseconds for the signature; default now")),
    ("nonce", both("签名用的 UUID；默认随机", "UUID for the signature; default random")),
    (
        "curl",
        both(
            "显示为 curl 命令，凭证用 shell 变量",
            "Show it as a curl command, with the credentials as shell variables",
        ),
    ),
    ("listen", both("监听地址；默认 127.0.0.1 上的任意空闲端口", "Where to listen; default a free port of 127.0.0.1")),
    (
        "expose_to_network",
        both(
            "允许监听别的机器能访问的地址；模拟网关不拦任何人",
            "Listen where other machines reach it, too; it keeps nobody out",
        ),
    ),
    ("https", both("使用 TLS，CA 在启动时生成", "Speak TLS, under a CA made at the start")),
    ("ca_out", both("把 CA 证书（PEM）写到这个文件", "Write the CA's certificate to this file (PEM)")),
    ("quota", both("每个服务商的收费次数，用完后拒绝", "So many charged calls for each provider, then refused")),
    (
        "classic",
        both("像旧版网关那样只给错误信息，不给代码", "Error messages without codes, as older gateways send them"),
    ),
];

const ABOUT: Both = both(
    "实名核验：姓名与居民身份证号码（及手机号）是否属于同一个人",
    "Real-name verification: do name and resident identity number (and mobile number) belong to one person?",
);
const AFTER: Both = both(
    "凭证取自环境变量 HEYAN_APPCODE，或 HEYAN_APPKEY 和 HEYAN_APPSECRET，或 HEYAN_VENDOR_KEY；\n\
     后面加服务商名称（HEYAN_APPCODE_IDCERT）的只给它用，优先于通用的；再加 _FILE 的变量给出文件路径。\n\
     命令行参数里不放凭证。\n\
     退出状态：0 一致 · 1 不一致 · 2 库无 · 3 被拒绝 · 4 出错 · 64 用法或输入有误，什么也没有发送。\n\
     （check：0 全部有效 · 1 有无效的；batch：0 每行都有结论 · 4 不是；quota reconcile：0 相符 · 1 不相符）",
    "Credentials come from the environment: HEYAN_APPCODE, or HEYAN_APPKEY and HEYAN_APPSECRET, or HEYAN_VENDOR_KEY;\n\
     with a provider's name behind (HEYAN_APPCODE_IDCERT) they are for this one, and come before those for all;\n\
     with _FILE behind that they name a file. They are never arguments.\n\
     Exit status: 0 match, 1 mismatch, 2 no record, 3 refused, 4 error, 64 wrong use or bad input before anything was sent.\n\
     (check: 0 all valid, 1 some invalid; batch: 0 a verdict for every row, 4 otherwise; quota reconcile: 0 agrees, 1 differs)",
);
const USAGE: Both = both("用法：", "Usage: ");
const COMMAND_HEADING: Both = both("命令", "Commands");
const OPTION_HEADING: Both = both("选项", "Options");
const ARGUMENT_HEADING: Both = both("参数", "Arguments");
const HELP: Both = both("显示帮助", "Print help");
const VERSION: Both = both("显示版本", "Print version");

/// The parser with its help in one language.
pub(crate) fn localised(command: Command, lang: Lang) -> Command {
    let command = described(command, None, lang)
        .about(lang.of(ABOUT))
        .after_help(lang.of(AFTER))
        .disable_version_flag(true)
        .arg(flag("version", 'V', ArgAction::Version, lang.of(VERSION), lang));
    with_subcommands(command, "", lang)
}

/// Those of a command's own are under its name: `quota add`.
fn with_subcommands(command: Command, above: &str, lang: Lang) -> Command {
    command.subcommand_help_heading(lang.of(COMMAND_HEADING)).mut_subcommands(|command| {
        let name = format!("{above}{}", command.get_name());
        let about = lang.of(found(COMMANDS, &name));
        with_subcommands(described(command, Some(&name), lang).about(about), &format!("{name} "), lang)
    })
}

fn described(command: Command, name: Option<&str>, lang: Lang) -> Command {
    let template = format!("{{about}}\n\n{}{{usage}}\n\n{{all-args}}{{after-help}}\n", lang.of(USAGE));
    command
        .help_template(template)
        .disable_help_flag(true)
        .mut_args(|argument| {
            let id = argument.get_id().as_str().to_owned();
            let specific = name.and_then(|name| look_up(ARGUMENTS, &format!("{name}.{id}")));
            let help = lang.of(specific.unwrap_or_else(|| found(ARGUMENTS, &id)));
            let heading = if argument.is_positional() { ARGUMENT_HEADING } else { OPTION_HEADING };
            argument.help(help).help_heading(lang.of(heading))
        })
        .arg(flag("help", 'h', ArgAction::Help, lang.of(HELP), lang))
}

fn flag(name: &'static str, short: char, action: ArgAction, help: &'static str, lang: Lang) -> Arg {
    Arg::new(name)
        .long(name)
        .short(short)
        .action(action)
        .help(help)
        .help_heading(lang.of(OPTION_HEADING))
        .display_order(99)
}

fn look_up(table: &[(&str, Both)], key: &str) -> Option<Both> {
    table.iter().find(|(known, _)| *known == key).map(|(_, text)| *text)
}

/// A test asks for the help of every command and every argument, so the default is never seen.
fn found(table: &[(&str, Both)], key: &str) -> Both {
    look_up(table, key).unwrap_or(both("", ""))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::localised;
    use crate::args::Cli;
    use crate::words::Lang;

    #[test]
    fn everything_has_a_help_text() {
        for lang in [Lang::Zh, Lang::En] {
            let mut cli = localised(Cli::command(), lang);
            cli.build();
            let below = cli.get_subcommands().flat_map(clap::Command::get_subcommands);
            for command in std::iter::once(&cli).chain(cli.get_subcommands()).chain(below) {
                assert!(!command.get_about().unwrap().to_string().is_empty(), "{}", command.get_name());
                for argument in command.get_arguments() {
                    assert!(!argument.get_help().unwrap().to_string().is_empty(), "{}", argument.get_id());
                }
            }
        }
    }

    #[test]
    fn the_parser_is_sound() {
        localised(Cli::command(), Lang::En).debug_assert();
    }
}
