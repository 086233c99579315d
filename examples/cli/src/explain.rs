//! `heyan explain`: what a raw reply means, for whoever has nothing but the reply.

use std::io::{self, Read};

use heyan::{Response, provider};
use serde_json::Value;
use zeroize::Zeroizing;

use crate::body::{self, BodyKind, Member};
use crate::ending::Ending;
use crate::output::{Exit, Out, Stop, printable};
use crate::target;
use crate::words::Label;
use crate::words::glossary::{Field, Glossary, Kind};
use crate::wrong::Wrong;
use crate::{Context, args, mask};

/// More than any reply has. What is longer was not meant for this command.
const INPUT_MAX: usize = 64 * 1024;

/// Longest name or value of a member that is shown, in characters.
const SHOWN_MAX: usize = 64;

pub(crate) fn run(context: &Context, arguments: &args::Explain, out: &mut Out) -> Result<Exit, Stop> {
    let provider = target::provider(&arguments.provider)?;
    let info = provider.info();
    let status = arguments.status.as_deref().map(status).transpose()?;
    let mut headers = Vec::with_capacity(arguments.header.len());
    for (at, field) in arguments.header.iter().enumerate() {
        headers.push(body::header(field.as_encoded_bytes()).ok_or(Wrong::Header(at + 1))?);
    }

    let mut input = Zeroizing::new(Vec::with_capacity(INPUT_MAX + 1));
    let limit = u64::try_from(INPUT_MAX + 1).unwrap_or(u64::MAX);
    let read = io::stdin().lock().take(limit).read_to_end(&mut input);
    read.map_err(|error| Wrong::StdinUnreadable(error.kind()))?;
    if input.len() > INPUT_MAX {
        return Err(Wrong::ReplyTooLong.into());
    }
    let pasted = body::take_apart(&input);
    // What was said on the command line counts before what was pasted.
    let status = status.or(pasted.status).unwrap_or(200);
    headers.extend(pasted.headers);
    let original = Zeroizing::new(pasted.body);
    let mut rewritten = original.clone();

    let mut response = Response::new(status, &mut rewritten).ok_or(Wrong::Status)?;
    for (name, value) in &headers {
        response = response.header(name, value);
    }
    let result = provider::explain(provider, response).map_err(heyan_std::Error::from);
    let Some(ending) = Ending::new(info, result.as_ref()) else {
        return Err(Wrong::Refused(result.err().map(|error| error.to_string()).unwrap_or_default()).into());
    };
    let (kind, members) = body::look(&original);
    let mut fields = Fields { context, glossary: Glossary::of(info.slug), personal: Vec::new() };
    fields.personal = members.iter().filter_map(|member| fields.declared(member)).collect();
    let ending = if context.reveal { ending } else { ending.without(&fields.personal) };
    let exit = ending.exit();
    let printed = if context.json {
        ending.print_json(context, &[], out)
    } else {
        let printed = ending.print_text(context, None, out).and_then(|()| fields.print_headers(&headers, out));
        printed.and_then(|()| fields.print_body(status, kind, &members, out))
    };
    printed.and_then(|()| out.finish()).map_err(Stop::output(exit))?;
    Ok(exit)
}

fn status(text: &str) -> Result<u16, Wrong> {
    let status = text.parse().map_err(|_| Wrong::Status)?;
    if (100..=999).contains(&status) { Ok(status) } else { Err(Wrong::Status) }
}

/// The second half of the text: header by header, member by member.
struct Fields<'c> {
    context: &'c Context,
    glossary: Option<&'static Glossary>,
    /// Names and numbers that the reply itself declares as such: they must not show through in another member.
    personal: Vec<String>,
}

impl Fields<'_> {
    fn print_headers(&self, headers: &[(String, Vec<u8>)], out: &mut Out) -> io::Result<()> {
        let words = self.context.words;
        let mut lines = headers.iter().filter_map(|(name, value)| self.header(name, value)).peekable();
        if lines.peek().is_some() {
            out.line("")?;
            out.line(&format!("{}{}", words.label(Label::Headers), words.colon().trim_end()))?;
        }
        lines.try_for_each(|line| out.line(&line))
    }

    fn print_body(&self, status: u16, kind: BodyKind, members: &[Member], out: &mut Out) -> io::Result<()> {
        let words = self.context.words;
        out.line("")?;
        out.line(&format!("{}{}{} (HTTP {status})", words.label(Label::Body), words.colon(), words.body(kind)))?;
        if members.is_empty() {
            return Ok(());
        }
        out.line(&format!("{}{}", words.label(Label::Fields), words.colon().trim_end()))?;
        members.iter().try_for_each(|member| out.line(&self.line(member)))
    }

    /// The gateway's own headers; no other one matters.
    fn header(&self, name: &str, value: &[u8]) -> Option<String> {
        let words = self.context.words;
        let text = String::from_utf8_lossy(value);
        let is_short_code = |text: &str, max| text.len() <= max && text.bytes().all(|byte| byte.is_ascii_graphic());
        let (meaning, harmless) = match name.to_ascii_lowercase().as_str() {
            "x-ca-error-code" => (words.gateway_code(), is_short_code(&text, 12)),
            // Some go on with the whole request behind a colon.
            "x-ca-error-message" => {
                (words.gateway_message(), text.len() <= SHOWN_MAX && text.is_ascii() && !text.contains(':'))
            }
            "x-ca-request-id" => (words.gateway_request_id(), is_short_code(&text, 48)),
            _ => return None,
        };
        let shown = if self.context.reveal || (harmless && !mask::looks_personal(&text)) {
            printable(&text)
        } else {
            words.hidden(text.chars().count())
        };
        Some(format!("  {name} = {shown}  {meaning}"))
    }

    fn field(&self, member: &Member) -> Option<&'static Field> {
        self.glossary?.field(&member.name)
    }

    /// A name or a number, where the document says that it is one. A single character says nothing.
    fn declared(&self, member: &Member) -> Option<String> {
        match (self.field(member)?.kind, &member.value) {
            (Kind::Name | Kind::Number, Value::String(text)) if text.chars().count() > 1 => Some(text.clone()),
            (Kind::Name | Kind::Number, Value::Number(number)) => Some(number.to_string()),
            _ => None,
        }
    }

    fn line(&self, member: &Member) -> String {
        let (words, lang) = (self.context.words, self.context.lang);
        let field = self.field(member);
        let name = match field {
            Some(field) => field.name.to_owned(),
            None => self.harmless(&member.name).map_or_else(|| words.hidden(member.name.chars().count()), printable),
        };
        let mut line = format!("  {name} = {}", self.value(member, field));
        line.push_str("  ");
        line.push_str(field.map_or(words.unknown_field(), |field| lang.of(field.meaning)));
        let text = plain(&member.value);
        let meaning = self.glossary.zip(field).and_then(|(glossary, field)| match field.kind {
            Kind::Code => glossary.code(&text),
            Kind::Verdict => glossary.verdict(&text),
            Kind::Message => glossary.message(&text),
            _ => None,
        });
        if let Some(meaning) = meaning {
            line.push_str(" → ");
            line.push_str(lang.of(meaning));
        }
        line
    }

    fn value(&self, member: &Member, field: Option<&Field>) -> String {
        let words = self.context.words;
        let text = match &member.value {
            Value::Null | Value::Bool(_) => return member.value.to_string(),
            Value::Object(_) | Value::Array(_) => return words.nested().to_owned(),
            Value::String(_) | Value::Number(_) => plain(&member.value),
        };
        if self.context.reveal {
            return quoted(&member.value, &text);
        }
        let count = text.chars().count();
        let shown = match field.map(|field| field.kind) {
            Some(Kind::Name) => Some(mask::name(&text)),
            // The vendor's own mask may be kept; one that hides next to nothing is none.
            Some(Kind::Number) if mask::is_masked_number(&text) && digits(&text) <= 8 => Some(text),
            Some(Kind::Number) => Some(mask::number(&text)),
            Some(Kind::Message) => {
                let documented = self.glossary.is_some_and(|glossary| glossary.message(&text).is_some());
                Some(text).filter(|_| documented)
            }
            Some(_) => self.harmless(&text).map(str::to_owned),
            None => Some(text).filter(String::is_empty),
        };
        shown.map_or_else(|| words.hidden(count), |shown| quoted(&member.value, &shown))
    }

    /// A text that can be shown: short, without anything that looks like a number of a person, and without what the
    /// reply declares as a name or a number.
    fn harmless<'t>(&self, text: &'t str) -> Option<&'t str> {
        let personal =
            mask::looks_personal(text) || self.personal.iter().any(|personal| text.contains(personal.as_str()));
        Some(text).filter(|text| self.context.reveal || (!personal && text.chars().count() <= SHOWN_MAX))
    }
}

fn digits(text: &str) -> usize {
    text.bytes().filter(u8::is_ascii_digit).count()
}

/// A string as it is, anything else as JSON writes it.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// In quotation marks if it is a string: `"1"` and `1` are different.
fn quoted(value: &Value, shown: &str) -> String {
    let shown = printable(shown);
    if value.is_string() { format!("\"{shown}\"") } else { shown }
}
