//! Magic names: what a client puts into the name parameter to be answered with anything a gateway or a vendor may do.
//!
//! All of them are names as far as a name check goes: Chinese and Latin letters, digits and the middle dot, 50 characters
//! at most. What stands before the dot is a family, what stands behind it an argument.

use crate::gateway::{CLASSIC_ERRORS, ClassicError, GATEWAY_CODES, GatewayCode};
use crate::people::Finding;
use crate::providers::Provider;
use std::fmt;
use std::time::Duration;

/// A magic name, for tests and documentation to walk through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MagicName {
    /// What to put into the name parameter.
    pub name: String,
    /// What then happens.
    pub what: &'static str,
    /// The vendors for which it means that. To the others it is a name like any other.
    pub providers: &'static [Provider],
}

/// A row of a Markdown table: the name, the vendors' slugs, what happens.
impl fmt::Display for MagicName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "| `{}` | ", self.name)?;
        if self.providers.len() == Provider::ALL.len() {
            f.write_str("all")?;
        }
        for (index, provider) in
            self.providers.iter().enumerate().take_while(|_| self.providers.len() < Provider::ALL.len())
        {
            write!(f, "{}{}", if index > 0 { ", " } else { "" }, provider.slug())?;
        }
        write!(f, " | {} |", self.what)
    }
}

/// What a magic name asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Magic {
    Verdict(Finding),
    Abnormal,
    ShortForm(Finding),
    LongForm(Finding),
    FullWidth(Finding),
    Code(&'static str),
    /// A code that no document has.
    UnknownCode,
    /// A message with the stray word of the vendor's page behind it.
    Glued(&'static str),
    Document(usize),
    Gateway(&'static GatewayCode),
    Classic(&'static ClassicError),
    /// So many refusals of this kind, then the register's answer.
    First(u32, &'static GatewayCode),
    Status(u16),
    Interim(u16),
    Twist(Twist),
    Body(BodyTrick),
    Frame(FrameTrick),
    Slow(Duration),
    SlowBody(Duration),
    Drip(Duration),
    Cut(Cut),
}

/// A change to the tree of a match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Twist {
    Escaped,
    RareCharacter,
    RareCharacterEscaped,
    Spread,
    Reversed,
    MoreMembers,
    Numbers,
    Texts,
    VerdictMissing,
    VerdictNull,
    SuccessNull,
    VerdictOdd,
    VerdictTwice,
    CodeTwice,
    EchoContradicts,
    DetailsMissing,
    DetailsEmpty,
    DetailsNull,
    DataNull,
    DataMissing,
    DataOdd,
}

/// A change to the bytes of a match's body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyTrick {
    ByteOrderMark,
    Empty,
    Half,
    Html,
    TopLevelArray,
    Trailing,
    ControlCharacter,
    NotUtf8,
    LoneSurrogate,
    Deep(usize),
    Long,
    LongChunked,
}

/// A change to the HTTP around a match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FrameTrick {
    Chunked,
    ChunkedExtras,
    UntilClose,
    CloseAfter,
    FalseKeepAlive,
    Http10,
    NoType,
    OctetStream,
    LongHead,
    ManyHeaders,
    EmptyErrorHeaders,
    LengthNotANumber,
    LengthTwice,
    LengthsDiffer,
    LengthAndChunked,
    MoreThanLength,
    FoldedHeader,
    BareLineFeeds,
    Compressed,
    BadChunkSize,
    NotHttp,
    Redirect,
}

/// Where a reply breaks off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    BeforeAnything,
    InHead,
    InBody,
    InChunk,
    BeforeLastChunk,
    After(usize),
    Reset,
    Silent,
    SilentInHead,
    SilentInBody,
}

use Provider::{Checkone, Idcert, Idenauthen, Sfz2, Sjsys};

const ALL: &[Provider] = &Provider::ALL;
const ECHOING: &[Provider] = &[Idenauthen, Idcert, Sfz2];
/// Their success code is a member of its own, beside the verdict.
const CODED_APART: &[Provider] = &[Checkone, Sjsys, Sfz2];
const GUIZHOU: &[Provider] = &[Checkone, Sjsys];

struct Row {
    name: &'static str,
    magic: Magic,
    providers: &'static [Provider],
    what: &'static str,
}

const fn row(name: &'static str, magic: Magic, providers: &'static [Provider], what: &'static str) -> Row {
    Row { name, magic, providers, what }
}

/// The names that are whole words, or whose arguments are words.
#[rustfmt::skip]
const ROWS: &[Row] = &[
    row("判·一致", Magic::Verdict(Finding::Match), ALL, "match, whatever the number"),
    row("判·不一致", Magic::Verdict(Finding::Mismatch), ALL, "mismatch, whatever the number"),
    row("判·库无", Magic::Verdict(Finding::NoRecord), ALL, "no record, whatever the number"),
    row("判·异常", Magic::Abnormal, GUIZHOU, "`result` or `state` 3, the vendor's word for no record"),
    row("短·一致", Magic::ShortForm(Finding::Match), &[Idcert], "the short reply: match"),
    row("短·不一致", Magic::ShortForm(Finding::Mismatch), &[Idcert], "the short reply: mismatch"),
    row("短·库无", Magic::ShortForm(Finding::NoRecord), &[Idcert], "the short reply: no record"),
    row("长·一致", Magic::LongForm(Finding::Match), &[Idcert], "the long, unmasked reply: match"),
    row("长·不一致", Magic::LongForm(Finding::Mismatch), &[Idcert], "the long reply: mismatch, every detail empty"),
    row("长·库无", Magic::LongForm(Finding::NoRecord), &[Idcert], "the long reply: no record, every detail empty"),
    row("全角·不一致", Magic::FullWidth(Finding::Mismatch), &[Sfz2], "mismatch, its message with a full-width colon"),
    row("全角·库无", Magic::FullWidth(Finding::NoRecord), &[Sfz2], "no record, its message with a full-width colon"),
    row("代码·未知", Magic::UnknownCode, ALL, "a code (for the last vendor a refusal) that no document has"),
    row("详·缺", Magic::Twist(Twist::DetailsMissing), &[Idenauthen], "match without any detail"),
    row("详·空", Magic::Twist(Twist::DetailsEmpty), &[Idenauthen], "match, every detail an empty string"),
    row("详·空值", Magic::Twist(Twist::DetailsNull), &[Idenauthen], "match, every detail `null`"),
    row("数据·空值", Magic::Twist(Twist::DataNull), &[Checkone], "code 10001 with `data` null instead of the string"),
    row("数据·缺", Magic::Twist(Twist::DataMissing), &[Checkone], "code 10001 without `data`"),
    row("数据·别的", Magic::Twist(Twist::DataOdd), &[Checkone], "code 10001 with another string in `data`"),

    row("转义", Magic::Twist(Twist::Escaped), ALL, "match, all text as `\\uXXXX`"),
    row("转义·𠮷", Magic::Twist(Twist::RareCharacterEscaped), ALL, "match, all text as `\\uXXXX`, and a member with a surrogate pair nobody asked for"),
    row("原文·𠮷", Magic::Twist(Twist::RareCharacter), ALL, "match, and a member with four-byte UTF-8 nobody asked for"),
    row("空白", Magic::Twist(Twist::Spread), ALL, "match, with line breaks and tabs between the tokens"),
    row("换序", Magic::Twist(Twist::Reversed), ALL, "match, members in the opposite order"),
    row("多键", Magic::Twist(Twist::MoreMembers), ALL, "match, with unknown members of every kind"),
    row("数字", Magic::Twist(Twist::Numbers), ALL, "match, texts that are numbers without a leading zero sent as numbers"),
    row("文字", Magic::Twist(Twist::Texts), ALL, "match, numbers and truth values sent as texts"),
    row("缺判", Magic::Twist(Twist::VerdictMissing), ALL, "success without the member that carries the verdict"),
    row("空判", Magic::Twist(Twist::VerdictNull), ALL, "success, the verdict itself `null`"),
    row("空值", Magic::Twist(Twist::SuccessNull), ALL, "success over `null`: `data` where there is one, else the verdict"),
    row("乱判", Magic::Twist(Twist::VerdictOdd), ALL, "success with a verdict that no document has"),
    row("重复", Magic::Twist(Twist::VerdictTwice), ALL, "the verdict twice, match first and mismatch last"),
    row("重复·码", Magic::Twist(Twist::CodeTwice), CODED_APART, "the success code (`code` or `ok`) twice, success first and failure last"),
    row("错回", Magic::Twist(Twist::EchoContradicts), ECHOING, "match, the echo of another person's number"),

    row("前缀", Magic::Body(BodyTrick::ByteOrderMark), ALL, "match, behind a byte order mark"),
    row("空体", Magic::Body(BodyTrick::Empty), ALL, "200 with an empty body"),
    row("坏文", Magic::Body(BodyTrick::Half), ALL, "half of a match's JSON, its length told honestly"),
    row("非文", Magic::Body(BodyTrick::Html), ALL, "200 with an HTML page"),
    row("数组", Magic::Body(BodyTrick::TopLevelArray), ALL, "match, inside an array"),
    row("尾随", Magic::Body(BodyTrick::Trailing), ALL, "match, then a second JSON value"),
    row("控制符", Magic::Body(BodyTrick::ControlCharacter), ALL, "match, with a raw control character in a text"),
    row("坏码", Magic::Body(BodyTrick::NotUtf8), ALL, "match, with a text that is not UTF-8"),
    row("孤代", Magic::Body(BodyTrick::LoneSurrogate), ALL, "match, with half of a surrogate pair"),
    row("超长", Magic::Body(BodyTrick::Long), ALL, "match, in a body of more than 64 KiB"),
    row("超长块", Magic::Body(BodyTrick::LongChunked), ALL, "match, in chunks of more than 64 KiB together"),

    row("分块", Magic::Frame(FrameTrick::Chunked), ALL, "match, in chunks of seven bytes"),
    row("分块·扩展", Magic::Frame(FrameTrick::ChunkedExtras), ALL, "match, in chunks with extensions, and a trailer"),
    row("关闭", Magic::Frame(FrameTrick::UntilClose), ALL, "match, the body ends where the connection does"),
    row("短连", Magic::Frame(FrameTrick::CloseAfter), ALL, "match, `Connection: close`"),
    row("假连", Magic::Frame(FrameTrick::FalseKeepAlive), ALL, "match, `Connection: keep-alive`, and the connection closes all the same"),
    row("旧版", Magic::Frame(FrameTrick::Http10), ALL, "match, as HTTP/1.0"),
    row("无类", Magic::Frame(FrameTrick::NoType), ALL, "match, without a Content-Type"),
    row("八位", Magic::Frame(FrameTrick::OctetStream), ALL, "match, Content-Type `application/oct-stream`"),
    row("超长头", Magic::Frame(FrameTrick::LongHead), ALL, "match, behind a head of more than 64 KiB"),
    row("多头", Magic::Frame(FrameTrick::ManyHeaders), ALL, "match, with 300 headers"),
    row("网关空", Magic::Frame(FrameTrick::EmptyErrorHeaders), ALL, "match, with the gateway's error headers present and empty"),
    row("长度乱", Magic::Frame(FrameTrick::LengthNotANumber), ALL, "Content-Length that is no number"),
    row("长度重复", Magic::Frame(FrameTrick::LengthTwice), ALL, "Content-Length twice, the same"),
    row("长度矛盾", Magic::Frame(FrameTrick::LengthsDiffer), ALL, "Content-Length twice, different"),
    row("长度并块", Magic::Frame(FrameTrick::LengthAndChunked), ALL, "Content-Length and Transfer-Encoding together"),
    row("多余", Magic::Frame(FrameTrick::MoreThanLength), ALL, "match, and bytes behind the end that Content-Length tells"),
    row("续行", Magic::Frame(FrameTrick::FoldedHeader), ALL, "a header folded over two lines"),
    row("裸换行", Magic::Frame(FrameTrick::BareLineFeeds), ALL, "lines that end in LF alone"),
    row("压缩", Magic::Frame(FrameTrick::Compressed), ALL, "Content-Encoding, which nobody offered to accept"),
    row("块乱", Magic::Frame(FrameTrick::BadChunkSize), ALL, "a chunk size that is no number"),
    row("首行乱", Magic::Frame(FrameTrick::NotHttp), ALL, "not HTTP at all"),
    row("重定向", Magic::Frame(FrameTrick::Redirect), ALL, "302 to the same path"),

    row("断前", Magic::Cut(Cut::BeforeAnything), ALL, "the connection closes before the first byte; billed"),
    row("断头", Magic::Cut(Cut::InHead), ALL, "the connection closes in the middle of the head; billed"),
    row("断体", Magic::Cut(Cut::InBody), ALL, "the connection closes in the middle of the body, before Content-Length is reached; billed"),
    row("断块", Magic::Cut(Cut::InChunk), ALL, "the connection closes in the middle of a chunk; billed"),
    row("断块尾", Magic::Cut(Cut::BeforeLastChunk), ALL, "the connection closes before the last chunk, which has length 0; billed"),
    row("复位", Magic::Cut(Cut::Reset), ALL, "the connection is reset before the first byte; billed"),
    row("静默", Magic::Cut(Cut::Silent), ALL, "never answers; free, since the gateway never had a reply to count"),
    row("静默·头", Magic::Cut(Cut::SilentInHead), ALL, "half of the head, then nothing more; billed"),
    row("静默·体", Magic::Cut(Cut::SilentInBody), ALL, "half of the body, then nothing more; billed"),
];

/// A day: no argument in milliseconds is larger.
const LONGEST_MS: u64 = 86_400_000;

/// What `name` asks of `provider`, if it is magic there.
pub(crate) fn parse(name: &str, provider: Provider) -> Option<Magic> {
    if let Some(row) = ROWS.iter().find(|row| row.name == name) {
        return row.providers.contains(&provider).then_some(row.magic);
    }
    let (family, argument) = name.split_once('·')?;
    let milliseconds = || argument.parse().ok().filter(|ms| *ms <= LONGEST_MS).map(Duration::from_millis);
    let status = |range: std::ops::RangeInclusive<u16>| argument.parse().ok().filter(|status| range.contains(status));
    let numbered = || argument.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
    let gateway = |code: &str| GATEWAY_CODES.iter().find(|entry| entry.code == code);
    match family {
        "代码" | "消息" if (family == "消息") == (provider == Sfz2) => {
            provider.codes().iter().find(|(code, _)| code_argument(code) == argument).map(|(code, _)| Magic::Code(code))
        }
        "消息尾" if provider == Sfz2 => {
            numbered().and_then(|index| Sfz2.codes().get(index)).map(|(_, said)| Magic::Glued(said))
        }
        "文档" => numbered().filter(|index| *index < provider.documents().len()).map(Magic::Document),
        "网关" => gateway(argument).map(Magic::Gateway),
        "网关文" => numbered().and_then(|index| CLASSIC_ERRORS.get(index)).map(Magic::Classic),
        "先忙" => argument.parse().ok().zip(gateway("X503BZ")).map(|(count, entry)| Magic::First(count, entry)),
        "先限" => argument.parse().ok().zip(gateway("T429ID")).map(|(count, entry)| Magic::First(count, entry)),
        "状态" => status(200..=999).map(Magic::Status),
        "先行" => status(100..=199).filter(|status| *status != 101).map(Magic::Interim),
        "过深" => {
            argument.parse().ok().filter(|depth| *depth <= 30_000).map(|depth| Magic::Body(BodyTrick::Deep(depth)))
        }
        "慢" => milliseconds().map(Magic::Slow),
        "慢体" => milliseconds().map(Magic::SlowBody),
        "滴" => milliseconds().map(Magic::Drip),
        "截断" => argument.parse().ok().map(|bytes| Magic::Cut(Cut::After(bytes))),
        _ => None,
    }
}

/// A code as a name can carry it: `SYSTEM_042` without its underscore.
fn code_argument(code: &str) -> String {
    code.chars().filter(char::is_ascii_alphanumeric).collect()
}

/// Examples of the families whose arguments are numbers of the caller's choice.
#[rustfmt::skip]
const EXAMPLES: &[(&str, &[Provider], &str)] = &[
    ("先忙·2", ALL, "gateway error X503BZ the first 2 times that this name and number come, then the register's answer for 张三"),
    ("先限·2", ALL, "gateway error T429ID the first 2 times that this name and number come, then the register's answer for 张三"),
    ("状态·503", ALL, "this HTTP status (200 to 999) with an empty body and no error header of the gateway's"),
    ("先行·100", ALL, "an interim reply with this status (100, 102 to 199), then a match"),
    ("先行·103", ALL, "an interim reply with this status (100, 102 to 199), then a match"),
    ("过深·9", ALL, "match, with a member nobody asked for that is nested so deep (the whole document is one level deeper)"),
    ("过深·4000", ALL, "match, with a member nobody asked for that is nested so deep (the whole document is one level deeper)"),
    ("慢·500", ALL, "match, after so many milliseconds"),
    ("慢体·500", ALL, "match, the head at once and the body so many milliseconds later"),
    ("滴·1", ALL, "match, byte by byte, so many milliseconds before each"),
    ("截断·40", ALL, "match, the connection closes after so many bytes; billed"),
];

/// Every magic name; of the families that take any number, examples. Ordered by family.
pub fn magic_names() -> impl Iterator<Item = MagicName> {
    let rows = ROWS.iter().map(|row| MagicName { name: row.name.to_owned(), what: row.what, providers: row.providers });
    let examples =
        EXAMPLES.iter().map(|(name, providers, what)| MagicName { name: (*name).to_owned(), what, providers });
    let codes = ALL.iter().flat_map(|provider| {
        let family = if *provider == Sfz2 { "消息" } else { "代码" };
        provider.codes().iter().map(move |(code, message)| MagicName {
            name: format!("{family}·{}", code_argument(code)),
            what: message,
            providers: std::slice::from_ref(provider),
        })
    });
    let glued = Sfz2.codes().iter().map(|(number, _)| MagicName {
        name: format!("消息尾·{number}"),
        what: "the same message with the stray `key` that the vendor's page puts behind it",
        providers: &[Sfz2],
    });
    let documents = ALL.iter().flat_map(|provider| {
        (1..=provider.documents().len()).map(move |number| MagicName {
            name: format!("文档·{number}"),
            what: "the reply of this number in the vendor's document, byte for byte",
            providers: std::slice::from_ref(provider),
        })
    });
    let gateway = GATEWAY_CODES.iter().map(|entry| MagicName {
        name: format!("网关·{}", entry.code),
        what: entry.message,
        providers: ALL,
    });
    let classic = CLASSIC_ERRORS.iter().enumerate().map(|(index, entry)| MagicName {
        name: format!("网关文·{}", index + 1),
        what: entry.message,
        providers: ALL,
    });
    rows.chain(examples).chain(codes).chain(glued).chain(documents).chain(gateway).chain(classic)
}

#[cfg(test)]
mod tests {
    use super::{Magic, magic_names, parse};
    use crate::people::plausible_name;
    use crate::providers::Provider;

    #[test]
    fn every_name_is_magic_exactly_where_it_says() {
        for entry in magic_names() {
            for provider in entry.providers {
                assert!(parse(&entry.name, *provider).is_some(), "{} {}", entry.name, provider.slug());
            }
            assert!(entry.name.chars().count() <= 50);
            assert!(entry.name.chars().all(|c| c.is_alphanumeric() || c == '·'), "{}", entry.name);
        }
        assert_eq!(parse("错回", Provider::Checkone), None);
        assert_eq!(parse("代码·0008", Provider::Sjsys), None);
    }

    #[test]
    fn people_are_not_magic() {
        for person in crate::PEOPLE {
            assert!(plausible_name(person.name));
            for provider in Provider::ALL {
                assert_eq!(parse(person.name, provider), None);
            }
        }
        assert_eq!(parse("慢·很", Provider::Sfz2), None);
        assert!(matches!(parse("代码·SYSTEM042", Provider::Checkone), Some(Magic::Code("SYSTEM_042"))));
    }
}
