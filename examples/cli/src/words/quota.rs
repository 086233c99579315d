//! The sentences of `heyan quota`.

use heyan::Date;
use heyan::policy::{Left, Package};
use heyan_std::ledger::{Counts, LedgerError};

use super::{Both, Lang, both, reason};
use crate::quota::{Bad, Meaning, QuotaWrong, Rate, Reason, Summary};

/// What is wrong and what to do, in one sentence.
pub(crate) fn wrong(lang: Lang, wrong: &QuotaWrong) -> String {
    let text = match wrong {
        QuotaWrong::Account => both(
            "--account 不是账户名称：请给 1 到 16 个英文字母、数字或 -_.:。",
            "--account is no account's name: give 1 to 16 ASCII letters, digits or -_.: characters.",
        ),
        QuotaWrong::Calls => {
            both("--calls 不是次数：请给大于 0 的整数。", "--calls is no number of calls: give a whole number above 0.")
        }
        QuotaWrong::Price => both(
            "--price 不是金额：请给元数，小数最多 6 位，例如 38 或 38.5。",
            "--price is no sum of money: give yuan with at most 6 decimals, like 38 or 38.5.",
        ),
        QuotaWrong::Expires => {
            both("--expires 不是日期：请写 2027-11-22 这样的日期。", "--expires is no date: write it like 2027-11-22.")
        }
        QuotaWrong::Bought => both(
            "--bought 不是今天或以前的日期：请写 2026-11-22 这样的日期。",
            "--bought is no date up to today: write it like 2026-11-22.",
        ),
        QuotaWrong::ExpiresFirst => both(
            "套餐包到期不晚于购买：请核对 --expires；以前买的套餐包请用 --bought 写明购买日期。",
            "the package expires before it was bought: check --expires, and give --bought for a package bought earlier.",
        ),
        QuotaWrong::Used => both(
            "--used 不是 0 到 --calls 之间的次数：请给账本以外已经用掉的次数。",
            "--used is no number from 0 to --calls: give the calls that were used besides this ledger.",
        ),
        QuotaWrong::PerDay => both(
            "--per-day 不是次数：请给大于 0 的整数。",
            "--per-day is no number of calls: give a whole number above 0.",
        ),
        QuotaWrong::ExportUnreadable { path, kind } => {
            let (path, reason) = (path.display(), reason::io(lang, *kind));
            return match lang {
                Lang::Zh => format!("导出文件 {path} 读不了（{reason}）：请检查路径和权限。"),
                Lang::En => format!("the export {path} cannot be read ({reason}): check path and permissions."),
            };
        }
        QuotaWrong::ExportTooLong(path) => {
            let path = path.display();
            return match lang {
                Lang::Zh => format!("文件 {path} 超过 64 MiB，不会是使用明细：请给控制台导出的文件。"),
                Lang::En => {
                    format!("the file {path} has more than 64 MiB, so it is no export of usage: give the console's.")
                }
            };
        }
        QuotaWrong::ExportNoText(path) => {
            let path = path.display();
            return match lang {
                Lang::Zh => format!("文件 {path} 不是 UTF-8 或 GBK 文本：请另存为 CSV。"),
                Lang::En => format!("the file {path} is no text in UTF-8 or GBK: save it as CSV."),
            };
        }
        QuotaWrong::ExportEmpty(None) => both(
            "导出文件里没有一行数据：请在控制台的“使用明细”里选好起止时间再导出。",
            "the export has no rows: choose the time in the console's 使用明细 and export again.",
        ),
        QuotaWrong::ExportEmpty(Some(bad)) => {
            let bad = bad_row(lang, *bad);
            return match lang {
                Lang::Zh => format!("导出文件里没有能用的行（{bad}）：请给控制台“使用明细”导出的文件。"),
                Lang::En => {
                    format!("the export has no row that can be used ({bad}): give what the console's 使用明细 exports.")
                }
            };
        }
    };
    lang.of(text).to_owned()
}

pub(crate) fn ledger_failed(lang: Lang, error: &LedgerError) -> String {
    let reason = reason::ledger(lang, error);
    match lang {
        Lang::Zh => format!("账本读写失败（{reason}）：请先解决。"),
        Lang::En => format!("the ledger cannot be read or written ({reason}): correct that first."),
    }
}

pub(crate) const fn empty_ledger(lang: Lang) -> &'static str {
    lang.of(both("账本里还没有查询，也没有套餐包。", "The ledger has no call and no package yet."))
}

pub(crate) const fn no_package(lang: Lang) -> &'static str {
    lang.of(both(
        "  没有登记套餐包，不知道剩余次数：用 heyan quota add 登记。",
        "  no package is known, so nobody knows what is left: add one with heyan quota add.",
    ))
}

pub(crate) fn counts(lang: Lang, counts: &Counts) -> String {
    let Counts { billed, possibly, open, free, .. } = counts;
    match lang {
        Lang::Zh => format!(
            "  查询：已计费 {billed} 次，可能计费 {possibly} 次（其中 {open} 次没有结束的记录），不收费 {free} 次"
        ),
        Lang::En => format!(
            "  calls: {billed} billed, {possibly} possibly billed ({open} of them never completed), {free} free"
        ),
    }
}

pub(crate) fn package(lang: Lang, id: i64, package: &Package, yuan: &str, expires: Date, has_expired: bool) -> String {
    let (left, calls) = (package.left(), package.calls);
    match (lang, has_expired) {
        (Lang::Zh, false) => format!("  套餐包 {id}：剩 {left}/{calls} 次，{expires} 到期，{yuan} 元"),
        (Lang::Zh, true) => format!("  套餐包 {id}：{expires} 已到期，剩 {left}/{calls} 次作废，{yuan} 元"),
        (Lang::En, false) => format!("  package {id}: {left} of {calls} left, expires {expires}, {yuan} yuan"),
        (Lang::En, true) => format!("  package {id}: expired {expires} with {left} of {calls} unused, {yuan} yuan"),
    }
}

pub(crate) fn left(lang: Lang, left: Left) -> String {
    let Left { total, calls, possibly } = left;
    let most = calls.saturating_add(possibly);
    match (lang, possibly) {
        (Lang::Zh, 0) => format!("  剩余：{calls}/{total} 次"),
        (Lang::Zh, _) => format!("  剩余：{calls}/{total} 次；可能计费的若都没有扣，则剩 {most} 次"),
        (Lang::En, 0) => format!("  left: {calls} of {total}"),
        (Lang::En, _) => format!("  left: {calls} of {total}; {most} if none of the possibly billed was charged"),
    }
}

pub(crate) fn forecast(lang: Lang, runs_out: Option<Date>, rate: Rate) -> String {
    let Rate { per_day, from_days } = rate;
    let day = runs_out.map(|date| date.to_string());
    if let (0, Some(day)) = (per_day, &day) {
        return match lang {
            Lang::Zh => format!("  预计：近来没有计费的查询；套餐包 {day} 到期"),
            Lang::En => format!("  forecast: no call was billed lately; the packages expire on {day}"),
        };
    }
    match lang {
        Lang::Zh => {
            let basis = match from_days {
                0 => "按所给的速度".to_owned(),
                days => format!("按最近 {days} 天的速度"),
            };
            match day {
                Some(day) => format!("  预计：{day} 用完或到期（{basis}，每天 {per_day} 次）"),
                None => "  预计：已经没有可用的次数".to_owned(),
            }
        }
        Lang::En => {
            let basis = match from_days {
                0 => "as given".to_owned(),
                1 => "the rate of the last day".to_owned(),
                days => format!("the rate of the last {days} days"),
            };
            match day {
                Some(day) => format!("  forecast: used up or expired on {day} at {per_day} calls a day ({basis})"),
                None => "  forecast: no call is left now".to_owned(),
            }
        }
    }
}

/// Of the words of alerts about packages.
pub(crate) fn alert_text(word: &str) -> Both {
    match word {
        "low" => both("剩余次数不到五分之一", "a fifth or less is left"),
        "expiring" => both("还有次数的套餐包七天内到期", "a package with calls left expires within seven days"),
        "empty" => both("没有可用的次数", "no calls are left"),
        "refused" => both(
            "网关说过套餐已用完或订购不正常；登记新购的套餐包后消除",
            "the gateway said that the package is used up or the subscription not in order; adding a package clears this",
        ),
        _ => both("见账本", "see the ledger"),
    }
}

pub(crate) fn alert(lang: Lang, word: &str) -> String {
    let text = lang.of(alert_text(word));
    match lang {
        Lang::Zh => format!("  提醒：{text}（{word}）"),
        Lang::En => format!("  alert: {text} ({word})"),
    }
}

pub(crate) fn bad_row(lang: Lang, bad: Bad) -> String {
    let reason = lang.of(match bad.reason {
        Reason::Fields => {
            both("不是四列（流水编号、处理时间、备注、消耗）", "not four fields (流水编号, 处理时间, 备注, 消耗)")
        }
        Reason::Serial => both("流水编号不是数字", "the serial number (流水编号) is not digits"),
        Reason::Window => both(
            "处理时间不是 2018-03-19 10:50:01 - 2018-03-19 11:00:01 这样的十分钟",
            "the time (处理时间) is not ten minutes like 2018-03-19 10:50:01 - 2018-03-19 11:00:01",
        ),
        Reason::Remark => both("备注不是“套餐包消耗”", "the remark (备注) is not 套餐包消耗"),
        Reason::Calls => both("消耗不是 7次 这样的次数", "the usage (消耗) is not like 7次"),
        Reason::Conflict => {
            both("流水编号重复而内容不同", "the serial number stands in another row with another content")
        }
        Reason::Overlap => both("时间与另一行部分重叠", "the time overlaps that of another row"),
    });
    let Bad { file, line, .. } = bad;
    match lang {
        Lang::Zh => format!("第 {file} 个文件第 {line} 行不能用：{reason}"),
        Lang::En => format!("file {file}, line {line} cannot be used: {reason}"),
    }
}

pub(crate) fn summary(lang: Lang, summary: &Summary) -> String {
    let Summary { windows, differ, bad, repeated, console, billed, possibly, .. } = summary;
    match lang {
        Lang::Zh => {
            let verdict = if differ + bad == 0 { "相符" } else { "不相符" };
            let repeated = if *repeated > 0 { format!("，重复 {repeated} 行只算一次") } else { String::new() };
            format!(
                "{verdict}：{windows} 个时段中 {differ} 个不符，{bad} 行不能用{repeated}；控制台 {console} 次，\
                 账本已计费 {billed} 次，可能计费 {possibly} 次"
            )
        }
        Lang::En => {
            let verdict = if differ + bad == 0 { "AGREES" } else { "DIFFERS" };
            let repeated =
                if *repeated > 0 { format!(", {repeated} repeated and counted once") } else { String::new() };
            format!(
                "{verdict}: windows {windows}, of them different {differ}; rows that cannot be used {bad}{repeated}; calls by \
                 the console {console}, by the ledger {billed} billed and {possibly} possibly billed"
            )
        }
    }
}

pub(crate) fn difference(lang: Lang, span: &str, console: u64, counts: &Counts, meaning: Meaning) -> String {
    let Counts { billed, possibly, .. } = counts;
    let meaning = lang.of(match meaning {
        Meaning::Neighbour => both(
            "和相邻的时段合起来相符：多半是跨时段的查询",
            "together with the window beside it agrees: probably calls on the border",
        ),
        Meaning::Besides => both(
            "控制台多：可能有别的程序或账本用了这个账户，或 --account 不对",
            "the console has more: another program or ledger may use this account, or --account is another one",
        ),
        Meaning::Fewer => both(
            "控制台少：可能扣在别的套餐包上（把它的导出一并给出），或账本多算了，请问服务商",
            "the console has fewer: they may be on another package (give its export too), or the ledger counts too many, ask the vendor",
        ),
        Meaning::NoRow => both(
            "控制台没有这个时段：导出可能不全，或扣在别的套餐包上（把它的导出一并给出）",
            "the console has no such window: the export may not be whole, or they are on another package (give its export too)",
        ),
    });
    match lang {
        Lang::Zh => format!("{span}：控制台 {console} 次，账本已计费 {billed} 次、可能计费 {possibly} 次；{meaning}"),
        Lang::En => {
            format!("{span}: console {console}, ledger {billed} billed and {possibly} possibly billed; {meaning}")
        }
    }
}

pub(crate) fn decided(lang: Lang, summary: &Summary) -> String {
    let Summary { decided, settled, .. } = summary;
    match (lang, settled) {
        (Lang::Zh, 0) => format!("可能计费的查询中 {decided} 次有了定论：加 --settle 记入账本"),
        (Lang::Zh, _) => format!("可能计费的查询中 {settled} 次已有定论，记入账本"),
        (Lang::En, 0) => {
            format!("{decided} of the possibly billed are decided by this: add --settle to write that down")
        }
        (Lang::En, _) => format!("{settled} of the possibly billed were decided by this and written down"),
    }
}

pub(crate) fn outside(lang: Lang, calls: u64) -> String {
    match lang {
        Lang::Zh => format!("账本里另有 {calls} 次（可能）计费的查询不在导出的时间范围内，没有比对"),
        Lang::En => format!(
            "{calls} more calls that were or may have been billed lie outside of the export's time and were not compared"
        ),
    }
}

pub(crate) const fn nothing_settled(lang: Lang) -> &'static str {
    lang.of(both(
        "有不能用的行，所以什么也没有定论：改正后再用 --settle。",
        "some rows cannot be used, so nothing was settled: correct them, then use --settle again.",
    ))
}
