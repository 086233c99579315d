//! The director: what was asked, by a name that may be magic, becomes a reply.

use crate::gateway::{GatewayError, signature_message};
use crate::json::{Json, Spelling, text};
use crate::magic::{BodyTrick, Cut, FrameTrick, Magic, Twist};
use crate::people::Finding;
use crate::providers::{Answer, Asked, Document, Provider, answer, idcert};
use crate::reply::{BodyLength, End, Message, Pace, Reply};
use std::borrow::Cow;

/// A body is oversized beyond this many bytes, and a head too.
const OVERSIZED: usize = 64 * 1024 + 4096;

/// Everything a reply is made of besides the person.
pub(crate) struct Stage<'a> {
    pub(crate) provider: Provider,
    pub(crate) asked: Asked<'a>,
    /// `X-Ca-Request-Id`; `None` on the vendor's own platform, which has no gateway in front.
    pub(crate) request_id: Option<&'a str>,
    pub(crate) date: &'a str,
    /// Whether the connection stays open after the reply.
    pub(crate) keep_alive: bool,
    /// The path, for a redirect.
    pub(crate) path: &'a str,
}

impl Stage<'_> {
    /// The reply to a name that is not magic.
    pub(crate) fn plain(&self) -> Reply {
        self.send(&answer(self.provider, &self.asked))
    }

    /// The reply to a magic name. `string_to_sign` is made only if a signature is to be wrong.
    pub(crate) fn magic(&self, magic: Magic, string_to_sign: impl FnOnce() -> String) -> Reply {
        match magic {
            Magic::Verdict(finding) | Magic::ShortForm(finding) => self.send(&self.found(finding)),
            Magic::LongForm(finding) => self.send(&idcert::found_long(finding, &self.asked)),
            Magic::Abnormal => {
                let mut matched = self.found(Finding::Match);
                matched.json.set(self.provider.wire().verdict, text("3"));
                self.send(&matched)
            }
            Magic::FullWidth(finding) => {
                let mut found = self.found(finding);
                if let Some(Json::Text(said)) = found.json.at(&["msg"]) {
                    *said = Cow::Owned(said.replace(':', "："));
                }
                self.send(&found)
            }
            Magic::Code(code) => self.send(&(self.provider.wire().coded)(code, &self.asked)),
            Magic::UnknownCode => self.send(&(self.provider.wire().coded)("77777", &self.asked)),
            Magic::Glued(said) => {
                // Two of the messages go with `ok` 1, which their own place in the table knows.
                let code = self.provider.codes().iter().find(|(_, known)| *known == said).map_or("", |(code, _)| code);
                let mut glued = (self.provider.wire().coded)(code, &self.asked);
                glued.json.set(&["msg"], text(format!("{said}key")));
                self.send(&glued)
            }
            Magic::Document(index) => match self.provider.documents().get(index) {
                Some(Document { status, body }) => self.message(*status, body.as_bytes().to_vec()).into_reply(),
                None => self.plain(),
            },
            Magic::Gateway(entry) => {
                let message = signed(entry.message, string_to_sign);
                self.error(&GatewayError { status: entry.status(), code: Some(entry.code), message })
            }
            Magic::Classic(entry) => {
                let message = signed(entry.message, string_to_sign);
                self.error(&GatewayError { status: entry.status, code: None, message })
            }
            Magic::First(_, entry) => self.error(&GatewayError {
                status: entry.status(),
                code: Some(entry.code),
                message: entry.message.into(),
            }),
            Magic::Status(status) => self.message(status, Vec::new()).into_reply(),
            Magic::Interim(status) => {
                let mut interim = Message::new(status);
                interim.length = BodyLength::AsGiven;
                interim.header("Link", "</style.css>; rel=preload".as_bytes());
                let mut reply = self.matched();
                reply.bytes.splice(0..0, interim.render().0);
                reply
            }
            Magic::Twist(twist) => self.twisted(twist),
            Magic::Body(trick) => self.spoiled(trick),
            Magic::Frame(trick) => self.reframed(trick),
            Magic::Slow(pause) => Reply { pace: Pace::After(pause), ..self.matched() },
            Magic::SlowBody(pause) => {
                let (bytes, head) = self.match_message().render();
                Reply { bytes, pace: Pace::BodyAfter(head, pause), ..self.matched() }
            }
            Magic::Drip(pause) => Reply { pace: Pace::Drip(pause), ..self.matched() },
            Magic::Cut(cut) => self.cut(cut),
        }
    }

    /// The gateway's refusal: everything in the headers, nothing in the body.
    pub(crate) fn error(&self, error: &GatewayError) -> Reply {
        refusal(error, self.request_id.unwrap_or_default(), self.date, self.keep_alive)
    }

    fn found(&self, finding: Finding) -> Answer {
        (self.provider.wire().found)(finding, &self.asked)
    }

    fn matched(&self) -> Reply {
        self.send(&self.found(Finding::Match))
    }

    fn send(&self, answer: &Answer) -> Reply {
        self.message(answer.status, answer.json.write(Spelling::default()).into_bytes()).into_reply()
    }

    /// A vendor's reply as the gateway passes it on.
    fn message(&self, status: u16, body: Vec<u8>) -> Message<'_> {
        let mut message = Message::new(status);
        message.header("Date", self.date.as_bytes());
        message.header("Content-Type", "application/json; charset=utf-8".as_bytes());
        message.header("Connection", connection(self.keep_alive));
        if let Some(id) = self.request_id {
            message.header("X-Ca-Request-Id", id.as_bytes());
        }
        message.body = body;
        message
    }

    fn match_message(&self) -> Message<'_> {
        let matched = self.found(Finding::Match);
        self.message(matched.status, matched.json.write(Spelling::default()).into_bytes())
    }

    fn twisted(&self, twist: Twist) -> Reply {
        const DETAILS: [&str; 6] = ["province", "city", "county", "birthday", "sex", "age"];
        let wire = self.provider.wire();
        let mut answer = match twist {
            Twist::DataNull | Twist::DataMissing | Twist::DataOdd => (wire.coded)("10001", &self.asked),
            _ => self.found(Finding::Match),
        };
        let json = &mut answer.json;
        let mut spelling = Spelling::default();
        match twist {
            Twist::Escaped => spelling.escaped = true,
            Twist::RareCharacter => json.push("remark", text("𠮷野家")),
            Twist::RareCharacterEscaped => {
                json.push("remark", text("𠮷野家"));
                spelling.escaped = true;
            }
            Twist::Spread => spelling.spread = true,
            Twist::Reversed => json.reverse(),
            Twist::MoreMembers => {
                json.push("charge", Json::Bool(true));
                json.push("cost", Json::Number(12));
                json.push("remark", Json::Null);
                json.push("tags", Json::Array(vec![text("a"), Json::Number(1), Json::Object(vec![("b", Json::Null)])]));
                json.push(
                    "extra",
                    Json::Object(vec![("code", text("1")), ("result", text("2")), ("status", text("02"))]),
                );
            }
            Twist::Numbers => json.texts_to_numbers(),
            Twist::Texts => json.scalars_to_texts(),
            Twist::VerdictMissing => json.remove(wire.verdict),
            Twist::VerdictNull => json.set(wire.verdict, Json::Null),
            Twist::SuccessNull => json.set(wire.hollow, Json::Null),
            Twist::VerdictOdd => json.set(wire.verdict, (wire.odd_verdict)()),
            Twist::VerdictTwice => json.repeat(wire.verdict, (wire.other_verdict)()),
            Twist::CodeTwice if self.provider == Provider::Sfz2 => json.repeat(&["ok"], Json::Number(0)),
            Twist::CodeTwice => json.repeat(&["code"], text("10001")),
            Twist::EchoContradicts => {
                // Masked or not, first and last characters differ from those of every number in use here.
                let stranger = match self.provider {
                    Provider::Sfz2 => "3505*****12",
                    Provider::Idcert => "51*****1111",
                    _ => "340421190710145412",
                };
                json.set(&[wire.echo.unwrap_or_default()], text(stranger));
            }
            Twist::DetailsMissing => DETAILS.iter().for_each(|name| json.remove(&[name])),
            Twist::DetailsEmpty => DETAILS.iter().for_each(|name| json.set(&[name], text(""))),
            Twist::DetailsNull => DETAILS.iter().for_each(|name| json.set(&[name], Json::Null)),
            Twist::DataNull => json.set(&["data"], Json::Null),
            Twist::DataMissing => json.remove(&["data"]),
            Twist::DataOdd => json.set(&["data"], text("暂无数据")),
        }
        let body = answer.json.write(spelling).into_bytes();
        self.message(answer.status, body).into_reply()
    }

    fn spoiled(&self, trick: BodyTrick) -> Reply {
        let mut message = self.match_message();
        let body = &mut message.body;
        match trick {
            BodyTrick::ByteOrderMark => drop(body.splice(0..0, *b"\xef\xbb\xbf")),
            BodyTrick::Empty => body.clear(),
            BodyTrick::Half => body.truncate(body.len() / 2),
            BodyTrick::Html => {
                *body =
                    "<!DOCTYPE html><html><head><title>系统维护</title></head><body>10000 01 0000</body></html>".into();
            }
            BodyTrick::TopLevelArray => {
                body.insert(0, b'[');
                body.push(b']');
            }
            BodyTrick::Trailing => body.extend_from_slice(b" {\"code\":\"10000\"}"),
            BodyTrick::ControlCharacter => member(body, b"\"a\x01b\""),
            BodyTrick::NotUtf8 => member(body, b"\"\xd5\xc5\xc8\xfd\""), // 张三 in GBK
            BodyTrick::LoneSurrogate => member(body, b"\"\\ud842\""),
            BodyTrick::Deep(depth) => member(body, &[vec![b'['; depth], vec![b']'; depth]].concat()),
            BodyTrick::Long => member(body, format!("\"{}\"", "x".repeat(OVERSIZED)).as_bytes()),
            BodyTrick::LongChunked => {
                member(body, format!("\"{}\"", "x".repeat(OVERSIZED)).as_bytes());
                message.length = BodyLength::Chunked(4096);
            }
        }
        message.into_reply()
    }

    fn reframed(&self, trick: FrameTrick) -> Reply {
        let mut message = self.match_message();
        let length = message.body.len();
        match trick {
            FrameTrick::Chunked => message.length = BodyLength::Chunked(7),
            FrameTrick::ChunkedExtras => message.length = BodyLength::ChunkedWithExtras(7),
            FrameTrick::UntilClose => {
                message.length = BodyLength::UntilClose;
                message.set_header("Connection", "close");
            }
            FrameTrick::FalseKeepAlive => message.set_header("Connection", "keep-alive"),
            FrameTrick::CloseAfter => message.set_header("Connection", "close"),
            FrameTrick::Http10 => {
                message.version = "HTTP/1.0";
                message.set_header("Connection", "close");
            }
            FrameTrick::NoType => message.headers.retain(|(name, _)| *name != "Content-Type"),
            FrameTrick::OctetStream => message.set_header("Content-Type", "application/oct-stream"),
            FrameTrick::LongHead => message.header("X-Padding", vec![b'x'; OVERSIZED]),
            FrameTrick::ManyHeaders => (0..300).for_each(|_| message.header("X-Padding", "x".as_bytes())),
            FrameTrick::EmptyErrorHeaders => {
                message.header("X-Ca-Error-Code", "".as_bytes());
                message.header("X-Ca-Error-Message", "".as_bytes());
            }
            FrameTrick::LengthNotANumber => message.lengths(&["12a"]),
            FrameTrick::LengthTwice => message.lengths(&[&length.to_string(), &length.to_string()]),
            FrameTrick::LengthsDiffer => message.lengths(&[&length.to_string(), &(length - 1).to_string()]),
            FrameTrick::LengthAndChunked => {
                message.header("Content-Length", length.to_string().into_bytes());
                message.length = BodyLength::Chunked(usize::MAX);
            }
            FrameTrick::MoreThanLength => {
                message.lengths(&[&length.to_string()]);
                message.body.extend_from_slice(b"{\"code\":\"10000\"}");
            }
            FrameTrick::FoldedHeader => message.header("X-Folded", "one\r\n two".as_bytes()),
            FrameTrick::Compressed => message.header("Content-Encoding", "gzip".as_bytes()),
            FrameTrick::BadChunkSize => {
                message.header("Transfer-Encoding", "chunked".as_bytes());
                message.length = BodyLength::AsGiven;
                message.body.splice(0..0, *b"size\r\n");
            }
            FrameTrick::Redirect => {
                message.status = 302;
                message.header("Location", self.path.as_bytes());
                message.body.clear();
            }
            FrameTrick::BareLineFeeds | FrameTrick::NotHttp => {}
        }
        let mut reply = message.into_reply();
        match trick {
            FrameTrick::UntilClose | FrameTrick::CloseAfter | FrameTrick::FalseKeepAlive | FrameTrick::Http10 => {
                reply.end = End::Close;
            }
            FrameTrick::BareLineFeeds => {
                reply.bytes.retain(|byte| *byte != b'\r');
                reply.end = End::Close;
            }
            FrameTrick::NotHttp => {
                reply.bytes = b"SSH-2.0-OpenSSH_9.7\r\n".to_vec();
                reply.end = End::Close;
            }
            // What is no HTTP cannot be followed by another reply.
            FrameTrick::LengthNotANumber
            | FrameTrick::LengthsDiffer
            | FrameTrick::LengthAndChunked
            | FrameTrick::MoreThanLength
            | FrameTrick::BadChunkSize => reply.end = End::Close,
            _ => {}
        }
        reply
    }

    fn cut(&self, cut: Cut) -> Reply {
        let mut message = self.match_message();
        if matches!(cut, Cut::InChunk | Cut::BeforeLastChunk) {
            message.length = BodyLength::Chunked(16);
        }
        let (mut bytes, head) = message.render();
        let half_of_body = head + (bytes.len() - head) / 2;
        let kept = match cut {
            Cut::BeforeAnything | Cut::Reset | Cut::Silent => 0,
            Cut::InHead | Cut::SilentInHead => head / 2,
            Cut::InBody | Cut::SilentInBody => half_of_body,
            // `10\r\n`, then half of the sixteen bytes.
            Cut::InChunk => head + 4 + 8,
            Cut::BeforeLastChunk => bytes.len() - b"0\r\n\r\n".len(),
            Cut::After(count) => count,
        };
        bytes.truncate(kept);
        let end = match cut {
            Cut::Reset => End::Reset,
            Cut::Silent | Cut::SilentInHead | Cut::SilentInBody => End::Hang,
            _ => End::Break,
        };
        Reply { status: (cut != Cut::Silent).then_some(message.status), bytes, pace: Pace::AtOnce, end }
    }
}

impl Message<'_> {
    fn into_reply(self) -> Reply {
        Reply { status: Some(self.status), bytes: self.render().0, pace: Pace::AtOnce, end: End::KeepAlive }
    }

    fn set_header(&mut self, name: &'static str, value: &'static str) {
        self.headers.retain(|(known, _)| *known != name);
        self.header(name, value.as_bytes());
    }

    /// `Content-Length` as given, as often as given.
    fn lengths(&mut self, values: &[&str]) {
        for value in values {
            self.header("Content-Length", value.as_bytes().to_vec());
        }
        self.length = BodyLength::AsGiven;
    }
}

/// A refusal of the gateway's.
pub(crate) fn refusal(error: &GatewayError, request_id: &str, date: &str, keep_alive: bool) -> Reply {
    let mut message = Message::new(error.status);
    message.header("Date", date.as_bytes());
    message.header("Connection", connection(keep_alive));
    message.header("X-Ca-Request-Id", request_id.as_bytes());
    if let Some(code) = error.code {
        message.header("X-Ca-Error-Code", code.as_bytes());
    }
    message.header("X-Ca-Error-Message", error.message.as_bytes());
    Reply { end: if keep_alive { End::KeepAlive } else { End::Close }, ..message.into_reply() }
}

fn connection(keep_alive: bool) -> &'static [u8] {
    if keep_alive { b"keep-alive" } else { b"close" }
}

/// A message that ends in `StringToSign:` gets the string.
fn signed(message: &str, string_to_sign: impl FnOnce() -> String) -> String {
    if message.ends_with("StringToSign:") { signature_message(&string_to_sign()) } else { message.to_owned() }
}

/// Puts a member with a raw value into the object, before the others.
fn member(body: &mut Vec<u8>, value: &[u8]) {
    let addition = [b"\"extra\":".as_slice(), value, b","].concat();
    body.splice(1..1, addition);
}
