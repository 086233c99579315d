//! The table of the READMEs, drawn from the baseline.

use anyhow::{Result, anyhow, ensure};

use crate::baseline::Figures;
use crate::build::root;
use crate::figures::{FLASH, HEAP, INSTRUCTIONS, RAM, RAM_AND_STACK, STACK, bound};
use crate::readme;

const NAME: &str = "device";
const COMMAND: &str = "cargo xtask device figures --write-readme";

/// The files with a table, and what language they are in.
pub const READMES: [(&str, Language); 2] = [("README.md", Language::English), ("README.zh-CN.md", Language::Chinese)];

#[derive(Clone, Copy)]
pub enum Language {
    English,
    Chinese,
}

impl Language {
    /// The words in this language.
    pub const fn of(self, english: &'static str, chinese: &'static str) -> &'static str {
        match self {
            Self::English => english,
            Self::Chinese => chinese,
        }
    }
}

/// What is shown, in this order: unit, beginning of the cases' names, and what that is in English and Chinese. The greatest
/// of several cases is shown. A row of which nothing was measured is left out.
const ROWS: [(&str, &str, &str, &str); 35] = [
    (FLASH, "core, one provider/", "core, the largest provider, AppCode", "内核，最大的一家服务商，AppCode"),
    (FLASH, "core, one provider, signed", "core, one provider, signature", "内核，一家服务商，签名"),
    (
        FLASH,
        "core, all providers, signed, compact SHA-256",
        "core, all providers, signature, compact SHA-256",
        "内核，全部服务商，签名，紧凑 SHA-256",
    ),
    (RAM, "core", "core, whatever is linked", "内核，任何组合"),
    (STACK, "request", "core: writing a request, signed or not", "内核：写出请求，签名与否"),
    (STACK, "reply", "core: reading a reply", "内核：读取应答"),
    (STACK, "build and read", "core: a whole verification", "内核：一次完整核验"),
    (INSTRUCTIONS, "number check", "core: the longest check of a number", "内核：最长的一种号码检查"),
    (INSTRUCTIONS, "request, AppCode", "core: the longest request, AppCode", "内核：最长的请求，AppCode"),
    (INSTRUCTIONS, "request, signed", "core: the longest request, signed", "内核：最长的请求，签名"),
    (INSTRUCTIONS, "reply", "core: the longest reply", "内核：最长的应答"),
    (FLASH, "kiosk, plain TCP, lean", "smallest kiosk, plain TCP", "最小的终端，明文 TCP"),
    (FLASH, "kiosk, embedded-tls, lean", "smallest kiosk, embedded-tls", "最小的终端，embedded-tls"),
    (FLASH, "kiosk, plain TCP", "kiosk, plain TCP", "终端，明文 TCP"),
    (FLASH, "kiosk, embedded-tls", "kiosk, embedded-tls", "终端，embedded-tls"),
    (FLASH, "kiosk, rustls", "kiosk, rustls", "终端，rustls"),
    (RAM, "kiosk, plain TCP", "kiosk, plain TCP", "终端，明文 TCP"),
    (RAM, "kiosk, embedded-tls", "kiosk, embedded-tls", "终端，embedded-tls"),
    (RAM, "kiosk, rustls", "kiosk, rustls, its heap included", "终端，rustls，含堆"),
    (RAM_AND_STACK, "kiosk, embedded-tls, lean", "smallest kiosk, embedded-tls", "最小的终端，embedded-tls"),
    (RAM_AND_STACK, "kiosk, embedded-tls", "kiosk, embedded-tls", "终端，embedded-tls"),
    (STACK, "kiosk, plain TCP", "kiosk, plain TCP", "终端，明文 TCP"),
    (STACK, "kiosk, embedded-tls", "kiosk, embedded-tls", "终端，embedded-tls"),
    (STACK, "kiosk, rustls", "kiosk, rustls", "终端，rustls"),
    (HEAP, "kiosk, rustls", "kiosk, rustls", "终端，rustls"),
    (INSTRUCTIONS, "verification, first/plain TCP", "verification, plain TCP", "核验，明文 TCP"),
    (
        INSTRUCTIONS,
        "verification, first/embedded-tls, TLS 1.3",
        "verification, embedded-tls, TLS 1.3",
        "核验，embedded-tls，TLS 1.3",
    ),
    (INSTRUCTIONS, "verification, first/rustls, TLS 1.3", "verification, rustls, TLS 1.3", "核验，rustls，TLS 1.3"),
    (INSTRUCTIONS, "verification, first/rustls, TLS 1.2", "verification, rustls, TLS 1.2", "核验，rustls，TLS 1.2"),
    (INSTRUCTIONS, "handshake/embedded-tls", "of it the handshake, embedded-tls", "其中握手，embedded-tls"),
    (INSTRUCTIONS, "handshake/rustls, TLS 1.3", "of it the handshake, rustls, TLS 1.3", "其中握手，rustls，TLS 1.3"),
    (INSTRUCTIONS, "handshake/rustls, TLS 1.2", "of it the handshake, rustls, TLS 1.2", "其中握手，rustls，TLS 1.2"),
    (INSTRUCTIONS, "verification, resumed/", "verification, a session resumed", "核验，恢复会话"),
    (
        INSTRUCTIONS,
        "verification, kept/embedded-tls",
        "verification, connection kept, embedded-tls",
        "核验，保持连接，embedded-tls",
    ),
    (INSTRUCTIONS, "verification, kept/rustls", "verification, connection kept, rustls", "核验，保持连接，rustls"),
];

/// Writes it into all READMEs.
pub fn write(baseline: &Figures) -> Result<()> {
    for (file, language) in READMES {
        readme::write(&root().join(file), NAME, &draw(baseline, language)).map_err(|why| anyhow!(why))?;
    }
    Ok(())
}

/// Sees that it stands in all READMEs.
pub fn check(baseline: &Figures) -> Result<()> {
    let wrong: Vec<String> = READMES
        .into_iter()
        .filter_map(|(file, language)| {
            readme::check(&root().join(file), NAME, &draw(baseline, language), COMMAND).err()
        })
        .collect();
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

fn draw(figures: &Figures, language: Language) -> String {
    let head = language
        .of("| Cortex-M4 | unit | measured | bound | of the bound |", "| Cortex-M4 | 单位 | 实测 | 上限 | 占上限 |");
    let mut text = format!("{head}\n|---|---|---:|---:|---:|\n");
    for (unit, beginning, english, chinese) in ROWS {
        let of_row = figures.iter().filter(|((of, case), _)| of == unit && is_of(case, beginning));
        if let Some(((_, case), count)) = of_row.max_by_key(|(_, count)| **count) {
            text += &readme::row(language.of(english, chinese), in_words(unit, language), *count, bound(unit, case));
        }
    }
    text
}

/// A kiosk is one image, and what is behind its name is another one; all else goes by its beginning.
fn is_of(case: &str, beginning: &str) -> bool {
    if beginning.starts_with("kiosk") { case == beginning } else { case.starts_with(beginning) }
}

pub fn in_words(unit: &str, language: Language) -> &str {
    match unit {
        FLASH => language.of("bytes of flash", "闪存字节"),
        RAM => language.of("bytes of static RAM", "静态内存字节"),
        STACK => language.of("bytes of stack", "栈字节"),
        RAM_AND_STACK => language.of("bytes of static RAM and stack", "静态内存加栈字节"),
        HEAP => language.of("bytes of heap", "堆字节"),
        INSTRUCTIONS => language.of("instructions", "指令"),
        // Better the baseline's word than none.
        _ => unit,
    }
}

#[cfg(test)]
mod tests {
    use super::{Language, bound, draw};
    use crate::baseline::Figures;
    use crate::figures::{FLASH, RAM, STACK};

    #[test]
    fn shows_the_greatest_of_a_row_beside_its_bound() {
        let figures: Figures = [
            (FLASH, "core, one provider/a", 20_000),
            (FLASH, "core, one provider/b", 14_336),
            (FLASH, "core, one provider, signed/b", 30_000),
            (FLASH, "kiosk, plain TCP, async", 7),
            (STACK, "reply/a", 768),
            ("unheard of", "reply/a", 1),
        ]
        .map(|(unit, case, count)| ((unit.to_owned(), case.to_owned()), count))
        .into();
        let bound_of = |case| bound(FLASH, case).unwrap();
        assert_eq!(
            draw(&figures, Language::English),
            format!(
                "| Cortex-M4 | unit | measured | bound | of the bound |\n|---|---|---:|---:|---:|\n\
                 {}\
                 | core, one provider, signature | bytes of flash | 30,000 | | |\n\
                 | core: reading a reply | bytes of stack | 768 | 1,536 | 50 % |\n",
                crate::readme::row(
                    "core, the largest provider, AppCode",
                    "bytes of flash",
                    20_000,
                    Some(bound_of("core, one provider/a"))
                )
            )
        );
    }

    #[test]
    fn the_tightest_bound_counts() {
        assert_eq!(bound(RAM, "core, all providers"), Some(0));
        assert_eq!(bound(FLASH, "something else"), None);
        assert!(bound(FLASH, "kiosk, plain TCP, lean") <= Some(64 * 1024));
    }
}
