//! The table of the READMEs, drawn from the baseline.

use std::fmt::Write;

use super::baseline::{Counts, Unit};
use crate::readme::{self, grouped, row};
use crate::run::{Result, root};

const NAME: &str = "bench";

type Draw = fn(&Counts) -> Result<String>;

/// The files with a table, and its language.
pub(crate) const READMES: [(&str, Draw); 2] = [("README.md", english), ("README.zh-CN.md", chinese)];

struct Words {
    head: &'static str,
    id_parse: &'static str,
    id_bulk: &'static str,
    id_lines: &'static str,
    request: &'static str,
    flat: &'static str,
    nested: &'static str,
    stack_request: &'static str,
    stack_reply: &'static str,
    stack_exchange: &'static str,
    heap: &'static str,
    providers_head: &'static str,
}

pub(crate) fn english(counts: &Counts) -> Result<String> {
    draw(
        counts,
        &Words {
            head: "| x86-64, no target flags | unit | measured | bound | of the bound |",
            id_parse: "one identity number, parsed",
            id_bulk: "one of a batch of 1,000 identity numbers, checked",
            id_lines: "one line of a text of 1,000, checked and counted by reason",
            request: "longest request (sjsys) with an AppCode, written",
            flat: "flat reply (idcert), read",
            nested: "nested reply (checkone), read",
            stack_request: "writing a request, signed or not, any provider",
            stack_reply: "reading a reply, any provider",
            stack_exchange: "a whole exchange, any provider",
            heap: "everything in this table",
            providers_head: "| instructions | request, AppCode | request, signed | reply | whole exchange |",
        },
        ["instructions", "bytes of stack", "heap allocations"],
    )
}

fn chinese(counts: &Counts) -> Result<String> {
    draw(
        counts,
        &Words {
            head: "| x86-64，无目标平台选项 | 单位 | 实测 | 上限 | 占上限 |",
            id_parse: "解析一个身份证号",
            id_bulk: "批量 1,000 个身份证号中的一个",
            id_lines: "1,000 行文本中的一行，检查并按原因计数",
            request: "写出最长的请求（sjsys，AppCode）",
            flat: "读取扁平应答（idcert）",
            nested: "读取嵌套应答（checkone）",
            stack_request: "写出请求，签名与否，任一服务商",
            stack_reply: "读取应答，任一服务商",
            stack_exchange: "一次完整交互，任一服务商",
            heap: "本表全部操作",
            providers_head: "| 指令数 | 请求（AppCode） | 请求（签名） | 应答 | 完整交互 |",
        },
        ["指令", "栈字节", "堆分配"],
    )
}

fn draw(counts: &Counts, words: &Words, units: [&str; 3]) -> Result<String> {
    let mut text = format!("{}\n|---|---|---:|---:|---:|\n", words.head);
    for (title, case) in [
        (words.id_bulk, "id_bulk_1000"),
        (words.id_lines, "id_lines_1000"),
        (words.id_parse, "id_parse"),
        (words.request, "request_appcode/sjsys"),
        (words.flat, "reply/idcert"),
        (words.nested, "reply/checkone"),
    ] {
        let (bound, times) = Counts::bound_on(Unit::Instructions, case)?;
        // Rounded up: it is shown beside a bound.
        let count = counts.of(Unit::Instructions, case)?.div_ceil(times);
        text += &row(title, units[0], count, Some(bound));
    }
    let stack = |case| counts.most(Unit::StackBytes, case);
    let request = stack("request_appcode")?.max(stack("request_signed")?);
    let bound = |case| Ok::<_, String>(Some(Counts::bound_on(Unit::StackBytes, case)?.0));
    text += &row(words.stack_request, units[1], request, bound("request_signed")?);
    text += &row(words.stack_reply, units[1], stack("reply")?, bound("reply")?);
    text += &row(words.stack_exchange, units[1], stack("exchange")?, None);
    let mut blocks = 0;
    for case in ["id_parse", "id_bulk_1000", "id_lines_1000", "request_appcode", "request_signed", "reply", "exchange"]
    {
        blocks += counts.most(Unit::Allocations, case)?;
    }
    text += &row(words.heap, units[2], blocks, Some(0));

    let _ = write!(text, "\n{}\n|---|---:|---:|---:|---:|\n", words.providers_head);
    for provider in counts.providers("reply") {
        let _ = write!(text, "| `{provider}` |");
        for case in ["request_appcode", "request_signed", "reply", "exchange"] {
            let _ = write!(text, " {} |", grouped(counts.of(Unit::Instructions, &format!("{case}/{provider}"))?));
        }
        text.push('\n');
    }
    Ok(text)
}

/// Writes it into a README.
pub(crate) fn write(readme: &str, table: &str) -> Result {
    readme::write(&root().join(readme), NAME, table)
}

/// Sees that it stands in a README.
pub(crate) fn check(readme: &str, table: &str) -> Result {
    readme::check(&root().join(readme), NAME, table, "cargo xtask bench --write-readme")
}
