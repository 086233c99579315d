//! What a batch says, in both languages.

use std::fmt::Write;
use std::time::Duration;

use heyan_std::RouterAlert;

use super::ask::Halt;
use super::flow::{Fault, Tally};
use super::job::Calls;
use super::wrong::BatchWrong;
use crate::words::Lang;

pub(crate) fn wrong(lang: Lang, wrong: &BatchWrong) -> String {
    let zh = lang == Lang::Zh;
    match wrong {
        BatchWrong::Consent if zh => "没有说明每个人是否同意：每个人都看过授权书并同意之后，再加 --consent 运行。".to_owned(),
        BatchWrong::Consent => {
            "nothing says that each person agreed: when every one saw the authorisation and agreed, run this with --consent."
                .to_owned()
        }
        BatchWrong::Input { path, reason } if zh => {
            format!("--input 指定的文件 {} 读不了（{reason}）：请检查路径和权限。", path.display())
        }
        BatchWrong::Input { path, reason } => {
            format!("the file after --input, {}, cannot be read ({reason}): check path and permissions.", path.display())
        }
        BatchWrong::Output { path, reason } if zh => {
            format!("文件 {} 写不了（{reason}）：请检查路径和权限。", path.display())
        }
        BatchWrong::Output { path, reason } => {
            format!("the file {} cannot be written ({reason}): check path and permissions.", path.display())
        }
        BatchWrong::SameFile if zh => "--input 和 --output 是同一个文件：请换一个输出路径。".to_owned(),
        BatchWrong::SameFile => "--input and --output are the same file: give another output.".to_owned(),
        BatchWrong::Format if zh => "看不出文件的格式：名称以 .csv 或 .jsonl 结尾，或用 --format csv、--format jsonl 指明。".to_owned(),
        BatchWrong::Format => {
            "the files' format is not known: names end in .csv or .jsonl, or say --format csv or --format jsonl.".to_owned()
        }
        BatchWrong::Encoding if zh => "--encoding 不认识：例如 utf-8、gbk、gb18030。".to_owned(),
        BatchWrong::Encoding => "--encoding is none that is known: utf-8, gbk or gb18030, for example.".to_owned(),
        BatchWrong::Column { value, twice } => {
            let value = lang.words().value(*value);
            match (zh, twice) {
                (true, true) => format!("表头里有不止一列是{value}：只保留一列。"),
                (true, false) => format!("表头里没有{value}这一列：第一行要有列名，例如 姓名,身份证号,手机号。"),
                (false, true) => format!("more than one column is the {value}: keep one."),
                (false, false) => {
                    format!("no column is the {value}: the first row must have the names, name,id,mobile for example.")
                }
            }
        }
        BatchWrong::Factors(slug) if zh => format!("{slug} 不核验手机号，别的服务商核验：备选顺序里要素必须相同。"),
        BatchWrong::Factors(slug) => {
            format!("{slug} does not check the mobile number, and others of the order do: all must check the same factors.")
        }
        BatchWrong::Number { option, max } if zh => format!("{option} 应为 1 到 {max} 的整数。"),
        BatchWrong::Number { option, max } => format!("{option} takes a whole number from 1 to {max}."),
        BatchWrong::Running(path) if zh => {
            format!("另一个批量任务正在运行（{} 被它占用）：等它结束，或换一个账本和输出。", path.display())
        }
        BatchWrong::Running(path) => format!(
            "another batch is running (it holds {}): wait until it ends, or give another ledger and output.",
            path.display()
        ),
    }
}

pub(super) fn mobile_unused(lang: Lang) -> &'static str {
    match lang {
        Lang::Zh => "输入里有手机号，但所给的服务商不核验手机号：这一列不会用到。",
        Lang::En => "the input has mobile numbers, and the providers given do not check them: the column is not used.",
    }
}

pub(super) fn broken_off(lang: Lang, rows: u64) -> String {
    match lang {
        Lang::Zh => format!("上次中断时有 {rows} 行正在查询，可能已经扣费，账本里有记录；这些行会重新查询。"),
        Lang::En => format!(
            "{rows} rows were being asked when it broke off and are possibly billed, as the ledger says; they are asked again."
        ),
    }
}

pub(super) fn alert(lang: Lang, alert: &RouterAlert) -> String {
    match lang {
        Lang::Zh => format!("提醒：{alert}。"),
        Lang::En => format!("notice: {alert}."),
    }
}

pub(super) fn billed(lang: Lang, calls: u64) -> String {
    match lang {
        Lang::Zh => format!("已扣 {calls} 次"),
        Lang::En => format!("{calls} billed"),
    }
}

pub(super) fn progress(lang: Lang, done: u64, rows: u64, rate: f64, calls: u64, left: Option<Duration>) -> String {
    let left = left.map(|left| {
        let seconds = left.as_secs();
        format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
    });
    let (billed, left) = (billed(lang, calls), left.unwrap_or_else(|| "?".to_owned()));
    match lang {
        Lang::Zh => format!("{done}/{rows} 行，每秒 {rate:.0} 行，{billed}，还需 {left}。"),
        Lang::En => format!("{done} of {rows} rows, {rate:.0} a second, {billed}, {left} left."),
    }
}

/// Why it ended early, and how to go on.
pub(super) fn fault(lang: Lang, fault: &Fault) -> String {
    let zh = lang == Lang::Zh;
    let what = match fault {
        Fault::Input(error) if error.kind() == std::io::ErrorKind::InvalidData => {
            return if zh {
                "输入文件在运行中改变了：没有生成输出；请用不变的文件重新运行。".to_owned()
            } else {
                "the input changed while it was read: there is no output; run this again with a file that stays."
                    .to_owned()
            };
        }
        Fault::Input(error) if zh => format!("输入读不下去（{}）", error.kind()),
        Fault::Input(error) => format!("the input cannot be read on ({})", error.kind()),
        Fault::Output(error) if zh => format!("输出写不下去（{}）", error.kind()),
        Fault::Output(error) => format!("the output cannot be written on ({})", error.kind()),
        Fault::Ledger(error) | Fault::Halt(Halt::Ledger(error)) if zh => format!("账本记不了账（{error}）"),
        Fault::Ledger(error) | Fault::Halt(Halt::Ledger(error)) => format!("the ledger takes no entry ({error})"),
        Fault::Halt(Halt::Nobody) if zh => "没有可用的账户（凭证、套餐或订购有问题）".to_owned(),
        Fault::Halt(Halt::Nobody) => {
            "no account is in service: credentials, package or subscription are not in order".to_owned()
        }
        Fault::Halt(Halt::Clock) if zh => "系统时间早于 1970 年".to_owned(),
        Fault::Halt(Halt::Clock) => "the system clock stands before 1970".to_owned(),
        Fault::Halt(Halt::Stopped) if zh => "已停止".to_owned(),
        Fault::Halt(Halt::Stopped) => "stopped".to_owned(),
    };
    if zh {
        format!("{what}：已完成的行都记在账本里；用同样的命令再运行一次就会接着做，不会重复扣费。")
    } else {
        format!(
            "{what}: finished rows are in the ledger; run the same command again to go on, and none of them is billed twice."
        )
    }
}

pub(super) fn summary(lang: Lang, rows: u64, tally: &Tally, calls: Calls) -> String {
    let mut endings = String::new();
    for (word, count) in &tally.endings {
        // To a string nothing fails.
        let _ = write!(endings, " {word} {count}");
    }
    let Tally { done, asked, .. } = tally;
    let Calls { billed, possibly_billed } = calls;
    match lang {
        Lang::Zh => format!(
            "{rows} 行中完成 {done} 行（本次查询 {asked} 行）：{}；共扣费 {billed} 次，可能扣费 {possibly_billed} 次。",
            endings.trim_start()
        ),
        Lang::En => format!(
            "{done} of {rows} rows finished ({asked} asked now):{endings}; {billed} calls billed, {possibly_billed} possibly billed."
        ),
    }
}
