//! What a batch says, in both languages.

use std::io::ErrorKind;
use std::time::Duration;

use heyan_cli::table::{COLUMNS_MAX, ROW_MAX};

use super::ask::Halt;
use super::bill::Bill;
use super::flow::{Fault, Tally};
use super::wrong::BatchWrong;
use crate::quota::yuan;
use crate::words::{Lang, both, reason};

pub(crate) fn wrong(lang: Lang, wrong: &BatchWrong) -> String {
    match (wrong, lang) {
        (BatchWrong::Consent, Lang::Zh) => {
            "没有说明每个人是否同意：每个人都看过授权书并同意之后，再加 --consent 运行。".to_owned()
        }
        (BatchWrong::Consent, Lang::En) => {
            "nothing says that each person agreed: when every one saw the authorisation and agreed, run this with --consent."
                .to_owned()
        }
        (BatchWrong::Input { path, kind }, _) => {
            let (path, reason) = (path.display(), reason::io(lang, *kind));
            match lang {
                Lang::Zh => format!("--input 指定的文件 {path} 读不了（{reason}）：请检查路径和权限。"),
                Lang::En => {
                    format!("the file after --input, {path}, cannot be read ({reason}): check path and permissions.")
                }
            }
        }
        (BatchWrong::Output { path, kind }, _) => {
            let (path, reason) = (path.display(), reason::io(lang, *kind));
            match lang {
                Lang::Zh => format!("文件 {path} 写不了（{reason}）：请检查路径和权限。"),
                Lang::En => format!("the file {path} cannot be written ({reason}): check path and permissions."),
            }
        }
        (BatchWrong::SameFile, Lang::Zh) => "--input 和 --output 是同一个文件：请换一个输出路径。".to_owned(),
        (BatchWrong::SameFile, Lang::En) => "--input and --output are the same file: give another output.".to_owned(),
        (BatchWrong::Format, Lang::Zh) => {
            "看不出文件的格式：名称以 .csv 或 .jsonl 结尾，或用 --format csv、--format jsonl 指明。".to_owned()
        }
        (BatchWrong::Format, Lang::En) => {
            "the files' format is not known: names end in .csv or .jsonl, or say --format csv or --format jsonl.".to_owned()
        }
        (BatchWrong::Encoding, Lang::Zh) => "--encoding 不认识：例如 utf-8、gbk、gb18030。".to_owned(),
        (BatchWrong::Encoding, Lang::En) => {
            "--encoding is none that is known: utf-8, gbk or gb18030, for example.".to_owned()
        }
        (BatchWrong::Column { value, twice }, _) => {
            let value = lang.words().value(*value);
            match (lang, twice) {
                (Lang::Zh, true) => format!("表头里有不止一列是{value}：只保留一列。"),
                (Lang::Zh, false) => format!("表头里没有{value}这一列：第一行要有列名，例如 姓名,身份证号,手机号。"),
                (Lang::En, true) => format!("more than one column is the {value}: keep one."),
                (Lang::En, false) => {
                    format!("no column is the {value}: the first row must have the names, name,id,mobile for example.")
                }
            }
        }
        (BatchWrong::RowTooLong { line }, Lang::Zh) => format!(
            "从第 {line} 行开始的一条记录超过 {ROW_MAX} 字节或 {COLUMNS_MAX} 列：是不是少了一个引号？改好之后再运行。"
        ),
        (BatchWrong::RowTooLong { line }, Lang::En) => format!(
            "the row that begins in line {line} is longer than {ROW_MAX} bytes or {COLUMNS_MAX} columns: is a quote \
             missing? Mend it and run this again."
        ),
        (BatchWrong::Factors(slug), Lang::Zh) => {
            format!("{slug} 不核验手机号，别的服务商核验：备选顺序里要素必须相同。")
        }
        (BatchWrong::Factors(slug), Lang::En) => {
            format!("{slug} does not check the mobile number, and others of the order do: all must check the same factors.")
        }
        (BatchWrong::Number { option, max }, Lang::Zh) => format!("{option} 应为 1 到 {max} 的整数。"),
        (BatchWrong::Number { option, max }, Lang::En) => format!("{option} takes a whole number from 1 to {max}."),
        (BatchWrong::Running(path), Lang::Zh) => {
            format!("另一个批量任务正在运行（{} 被它占用）：等它结束，或换一个账本和输出。", path.display())
        }
        (BatchWrong::Running(path), Lang::En) => format!(
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
        Lang::Zh => {
            format!("上次中断时有 {rows} 行已经登记、还没有结果，可能已经扣费，账本里有记录；这些行会重新查询。")
        }
        Lang::En => format!(
            "{rows} rows were begun when it broke off and are possibly billed, as the ledger says; they are asked again."
        ),
    }
}

pub(super) fn billed(lang: Lang, bill: &Bill) -> String {
    let calls = bill.billed();
    match lang {
        Lang::Zh => format!("已扣 {calls} 次{}", cost(lang, bill)),
        Lang::En => format!("{calls} billed{}", cost(lang, bill)),
    }
}

/// Nothing if no price is known.
fn cost(lang: Lang, bill: &Bill) -> String {
    let Some(yuan) = bill.micro_yuan().map(yuan) else { return String::new() };
    match lang {
        Lang::Zh => format!("（{yuan} 元）"),
        Lang::En => format!(" ({yuan} yuan)"),
    }
}

pub(super) fn progress(lang: Lang, done: u64, rows: u64, rate: f64, bill: &Bill, left: Option<Duration>) -> String {
    let left = left.map(|left| {
        let seconds = left.as_secs();
        format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
    });
    let (billed, left) = (billed(lang, bill), left.unwrap_or_else(|| "?".to_owned()));
    match lang {
        Lang::Zh => format!("{done}/{rows} 行，每秒 {rate:.0} 行，{billed}，还需 {left}。"),
        Lang::En => format!("{done} of {rows} rows, {rate:.0} a second, {billed}, {left} left."),
    }
}

/// Why it ended early, and how to go on.
pub(super) fn fault(lang: Lang, fault: &Fault) -> String {
    let text = match fault {
        Fault::Input(error) if error.kind() == ErrorKind::InvalidData => {
            let text = both(
                "输入文件在运行中改变了：没有生成输出；请用不变的文件重新运行。",
                "the input changed while it was read: there is no output; run this again with a file that stays.",
            );
            return lang.of(text).to_owned();
        }
        Fault::Input(_) => both("输入读不下去", "the input cannot be read on"),
        Fault::Output(_) => both("输出写不下去", "the output cannot be written on"),
        Fault::Ledger(_) | Fault::Halt(Halt::Ledger(_)) => both("账本记不了账", "the ledger takes no entry"),
        Fault::Halt(Halt::Nobody) => both(
            "没有可用的账户（凭证、套餐或订购有问题）",
            "no account is in service: credentials, package or subscription are not in order",
        ),
        Fault::Halt(Halt::Clock) => both("系统时间早于 1970 年", "the system clock stands before 1970"),
        Fault::Halt(Halt::Stopped) => both("已停止", "stopped"),
    };
    let what = lang.of(text);
    let reason = match fault {
        Fault::Input(error) | Fault::Output(error) => Some(reason::io(lang, error.kind())),
        Fault::Ledger(error) | Fault::Halt(Halt::Ledger(error)) => Some(reason::ledger(lang, error)),
        Fault::Halt(_) => None,
    };
    match lang {
        Lang::Zh => {
            let reason = reason.map(|reason| format!("（{reason}）")).unwrap_or_default();
            format!("{what}{reason}：已完成的行都记在账本里；用同样的命令再运行一次就会接着做，不会重复扣费。")
        }
        Lang::En => {
            let reason = reason.map(|reason| format!(" ({reason})")).unwrap_or_default();
            format!(
                "{what}{reason}: finished rows are in the ledger; run the same command again to go on, and none of them is billed twice."
            )
        }
    }
}

/// `undecided` rows are finished and have no verdict.
pub(super) fn summary(lang: Lang, rows: u64, tally: &Tally, undecided: u64, bill: &Bill) -> String {
    let endings = tally.endings.iter().map(|(word, count)| format!("{} {count}", ending(lang, word)));
    let endings = endings.collect::<Vec<_>>().join(lang.words().comma());
    let endings = match lang {
        _ if endings.is_empty() => endings,
        Lang::Zh => format!("：{endings}；没有结论 {undecided} 行"),
        Lang::En => format!(": {endings}; without a verdict {undecided}"),
    };
    let Tally { done, asked, .. } = tally;
    let (billed, cost, possibly_billed) = (bill.billed(), cost(lang, bill), bill.possibly);
    match lang {
        Lang::Zh => format!(
            "{rows} 行中完成 {done} 行（本次查询 {asked} 行）{endings}；共扣费 {billed} 次{cost}，可能扣费 {possibly_billed} 次。"
        ),
        Lang::En => format!(
            "{done} of {rows} rows finished ({asked} asked now){endings}; calls billed {billed}{cost}, possibly billed \
             {possibly_billed}."
        ),
    }
}

/// The word of a row's ending; other ones than these as they stand in the output.
fn ending(lang: Lang, word: &'static str) -> &'static str {
    match (lang, word) {
        (Lang::Zh, "match") => "一致",
        (Lang::Zh, "mismatch") => "不一致",
        (Lang::Zh, "no_record") => "库无",
        (Lang::Zh, "bad_row") => "格式有误",
        _ => word,
    }
}
