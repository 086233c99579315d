//! What the operating system, the ledger and the router say, in both languages. Their own texts are English; what has no
//! sentence here is shown as they say it. Paths are in none of them.

use std::io::ErrorKind;

use heyan::RefusalClass;
use heyan_std::RouterAlert;
use heyan_std::ledger::{LedgerError, LedgerFile};

use super::{Lang, both, quota};

pub(crate) fn io(lang: Lang, kind: ErrorKind) -> String {
    let text = match kind {
        ErrorKind::NotFound => both("没有这个文件", "there is no such file"),
        ErrorKind::PermissionDenied => both("没有权限", "permission denied"),
        ErrorKind::IsADirectory => both("是一个文件夹", "it is a folder"),
        ErrorKind::NotADirectory => both("路径里有一段不是文件夹", "a part of the path is no folder"),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => both("磁盘已满", "the disk is full"),
        ErrorKind::ReadOnlyFilesystem => both("磁盘是只读的", "the disk is read-only"),
        // What reading as text says of any other file.
        ErrorKind::InvalidData => both("不是 UTF-8 文本", "it is no UTF-8 text"),
        ErrorKind::UnexpectedEof => both("读的时候变短了", "it became shorter while it was read"),
        ErrorKind::AddrInUse => both("端口已被占用", "the port is taken"),
        ErrorKind::AddrNotAvailable => both("本机没有这个地址", "this machine has no such address"),
        _ => return kind.to_string(),
    };
    lang.of(text).to_owned()
}

pub(crate) fn ledger(lang: Lang, error: &LedgerError) -> String {
    let zh = match (error, lang) {
        (LedgerError::File { file, kind }, _) => {
            let file = lang.of(match file {
                LedgerFile::Key => both("密钥文件", "the key file"),
                _ => both("账本", "the ledger"),
            });
            return format!("{file}{}{}", lang.words().colon(), io(lang, *kind));
        }
        (_, Lang::En) => return error.to_string(),
        (LedgerError::Foreign, _) => "这个文件不是账本",
        (LedgerError::Newer { .. } | LedgerError::ExtensionNewer { .. }, _) => "账本由更新的版本写成，要用新版程序",
        (LedgerError::NoWal, _) => "账本要放在本机磁盘上",
        (LedgerError::KeyMissing, _) => "这个账本的密钥文件不见了：请恢复它，或另建账本",
        (LedgerError::KeyDiffers, _) => "密钥文件不是这个账本的",
        (LedgerError::KeyMalformed, _) => "密钥文件的内容不是 64 位十六进制数",
        (LedgerError::KeyReadable, _) => "别的用户能读密钥文件：请收回权限（chmod 600）",
        (LedgerError::Randomness, _) => "操作系统没有给出随机数",
        (LedgerError::Busy, _) => "另一个进程一直占用账本",
        (LedgerError::Full, _) => "磁盘已满",
        (LedgerError::Damaged, _) => "账本里有不认识的值",
        (LedgerError::Closed, _) => "账本已经关闭",
        _ => return error.to_string(),
    };
    zh.to_owned()
}

pub(crate) fn alert(lang: Lang, alert: &RouterAlert) -> String {
    if lang == Lang::En {
        return format!("notice: {alert}.");
    }
    let text = match alert {
        RouterAlert::Quota { account, alert, left } => {
            let (alert, left, total) = (quota::alert_text(alert.word()).zh, left.calls, left.total);
            format!("{account}：{alert}（剩 {left}/{total} 次）")
        }
        RouterAlert::OutOfService { account, reason } => format!("{account}：停止使用，因为{}", account_fault(*reason)),
        RouterAlert::NotAnswering { account } => format!("{account}：没有应答，过一会儿再试"),
        RouterAlert::AnswersAgain { account } => format!("{account}：恢复应答"),
        RouterAlert::Ledger(error) => ledger(lang, error),
        _ => alert.to_string(),
    };
    format!("提醒：{text}。")
}

fn account_fault(reason: RefusalClass) -> &'static str {
    match reason {
        RefusalClass::Credentials => "凭证不被接受",
        RefusalClass::QuotaExhausted => "套餐次数已用完",
        RefusalClass::Subscription => "订购已过期或状态不正常",
        RefusalClass::Configuration => "账户、权限或请求的设置不对",
        reason => reason.word(),
    }
}
