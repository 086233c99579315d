//! One reply and what it must mean.

use std::path::Path;

use heyan::{
    AppCode, Consent, Credentials, Date, EncodeError, IdNumber, IdNumberError, Inquiry, Mobile, MobileError, Name,
    NameError, Provider, Response, Subject,
};

use crate::fault::FixtureError;
use crate::lines::Lines;
use crate::observed::{Observed, Person, is_verdict};

/// One reply and what it must mean.
#[derive(Clone, Debug)]
pub struct Fixture {
    /// Folder, file and, for a table, the code: `idcert/codes.tsv 202`.
    pub name: String,
    /// Where the reply comes from.
    pub source: String,
    /// Who was asked for.
    pub asked: Asked,
    /// HTTP status.
    pub status: u16,
    /// Header lines as they stand there, without the space around the value.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body, after transfer coding was taken off.
    pub body: Vec<u8>,
    /// For who knows who was asked for.
    pub expected: Observed,
    /// For who does not.
    pub explained: Observed,
}

/// Who was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    name: String,
    id: String,
    mobile: Option<String>,
    unverified: bool,
}

/// Why a person cannot be asked for.
#[derive(Debug, PartialEq, Eq)]
pub enum Unaskable {
    /// The name.
    Name(NameError),
    /// The identity number.
    IdNumber(IdNumberError),
    /// The mobile number.
    Mobile(MobileError),
    /// The provider cannot be asked like this.
    Inquiry(EncodeError),
}

impl Asked {
    const DEFAULT: &str = "张三 11010119000101009X";
    const MOBILE: &str = "13000000000";

    pub(crate) fn parse(lines: &Lines<'_>) -> Result<Self, FixtureError> {
        let text = lines.one("asked")?.unwrap_or(Self::DEFAULT);
        let mut words: Vec<&str> = text.split(' ').collect();
        let unverified = words.last() == Some(&"unverified");
        if unverified {
            words.pop();
        }
        let (name, id, mobile) = match words.as_slice() {
            [name, id] => (*name, *id, Some(Self::MOBILE)),
            [name, id, "none"] => (*name, *id, None),
            [name, id, mobile] => (*name, *id, Some(*mobile)),
            _ => return Err(FixtureError::new(lines.path(), 0, "`asked` is not: name number [mobile] [unverified]")),
        };
        Ok(Self { name: name.to_owned(), id: id.to_owned(), mobile: mobile.map(str::to_owned), unverified })
    }

    /// Name, identity number, mobile number, and whether the number is taken in spite of its check character.
    #[must_use]
    pub fn parts(&self) -> (&str, &str, Option<&str>, bool) {
        (&self.name, &self.id, self.mobile.as_deref(), self.unverified)
    }

    /// The inquiry that asks `provider` about this person, with a dummy AppCode. The mobile number goes only to
    /// providers that check it.
    ///
    /// # Errors
    /// [`Unaskable`] says what the person's data are not good for.
    pub fn inquiry<'a>(&'a self, provider: &'a dyn Provider) -> Result<Inquiry<'a>, Unaskable> {
        let code =
            AppCode::new("test-appcode-not-a-secret").map_err(|_| Unaskable::Inquiry(EncodeError::Credentials))?;
        self.inquiry_with(provider, Credentials::AppCode(code))
    }

    /// The same with other credentials.
    ///
    /// # Errors
    /// As [`Asked::inquiry`].
    pub fn inquiry_with<'a>(
        &'a self,
        provider: &'a dyn Provider,
        credentials: Credentials<'a>,
    ) -> Result<Inquiry<'a>, Unaskable> {
        let name = Name::parse(&self.name).map_err(Unaskable::Name)?;
        let id = if self.unverified {
            IdNumber::with_unverified_checksum(&self.id, Date::MAX)
        } else {
            IdNumber::parse(&self.id, Date::MAX)
        };
        let mut subject = Subject::new(name, id.map_err(Unaskable::IdNumber)?);
        if let Some(mobile) = self.mobile.as_deref().filter(|_| provider.info().checks_mobile()) {
            subject = subject.with_mobile(Mobile::parse(mobile).map_err(Unaskable::Mobile)?);
        }
        Inquiry::new(provider, subject, Consent::given(), credentials).map_err(Unaskable::Inquiry)
    }
}

impl Fixture {
    /// Hands the reply to `read` as an HTTP library would.
    ///
    /// # Errors
    /// The fixture's status is none.
    pub fn with_response<T>(&self, read: impl FnOnce(Response<'_>) -> T) -> Result<T, FixtureError> {
        let mut body = self.body.clone();
        let mut response = Response::new(self.status, &mut body)
            .ok_or_else(|| FixtureError::new(Path::new(&self.name), 0, "no HTTP status"))?;
        for (name, value) in &self.headers {
            response = response.header(name, value);
        }
        Ok(read(response))
    }

    /// Whether its header values can stand in a head (RFC 9110 §5.5). Those that cannot may still come from an HTTP library.
    #[must_use]
    pub fn fits_head(&self) -> bool {
        let fits = |byte: &u8| *byte == b'\t' || !byte.is_ascii_control();
        self.headers.iter().all(|(_, value)| value.iter().all(fits))
    }

    /// The reply as HTTP/1.1 bytes, with a body of stated length.
    #[must_use]
    pub fn sized(&self) -> Vec<u8> {
        let mut bytes = self.head(&format!("Content-Length: {}", self.body.len()));
        bytes.extend(&self.body);
        bytes
    }

    /// The reply as HTTP/1.1 bytes, with a body in chunks of at most `size` bytes.
    #[must_use]
    pub fn chunked(&self, size: usize) -> Vec<u8> {
        let mut bytes = self.head("Transfer-Encoding: chunked");
        for chunk in self.body.chunks(size.max(1)) {
            bytes.extend(format!("{:x}\r\n", chunk.len()).bytes());
            bytes.extend(chunk);
            bytes.extend(b"\r\n");
        }
        bytes.extend(b"0\r\n\r\n");
        bytes
    }

    fn head(&self, framing: &str) -> Vec<u8> {
        // No reason phrase: 666 has none.
        let mut head = format!("HTTP/1.1 {} \r\n", self.status).into_bytes();
        for (name, value) in &self.headers {
            head.extend(name.bytes());
            head.extend(b": ");
            head.extend(value);
            head.extend(b"\r\n");
        }
        head.extend(framing.bytes());
        head.extend(b"\r\n\r\n");
        head
    }
}

/// The keys of a reply.
pub(crate) const KEYS: &[&str] = &[
    "source",
    "note",
    "asked",
    "status",
    "header",
    "expect",
    "code",
    "billing",
    "retry",
    "reference",
    "echo",
    "explain",
    "explain-reference",
    "sex",
    "birth_date",
    "age",
    "address",
    "province",
    "city",
    "county",
];

pub(crate) fn read(path: &Path) -> Result<Fixture, FixtureError> {
    let (lines, body) = split(path)?;
    lines.only(KEYS)?;
    build(label(path), &lines, body)
}

/// `folder/file` of a path.
pub(crate) fn label(path: &Path) -> String {
    let part = |part: Option<&std::ffi::OsStr>| part.unwrap_or_default().to_string_lossy().into_owned();
    format!("{}/{}", part(path.parent().and_then(Path::file_name)), part(path.file_name()))
}

/// The lines up to `---`, and what stands behind them.
pub(crate) fn split(path: &Path) -> Result<(Lines<'_>, Vec<u8>), FixtureError> {
    let bytes = std::fs::read(path).map_err(|error| FixtureError::new(path, 0, error.to_string()))?;
    let mut lines = Lines::new(path);
    let mut rest = bytes.as_slice();
    for number in 1.. {
        let Some(end) = rest.iter().position(|byte| *byte == b'\n') else { break };
        let (line, behind) = rest.split_at(end);
        rest = behind.strip_prefix(b"\n").unwrap_or_default();
        if line == b"---" {
            return Ok((lines, rest.strip_suffix(b"\n").unwrap_or(rest).to_vec()));
        }
        lines.push(number, line)?;
    }
    Err(FixtureError::new(path, 0, "no line `---`"))
}

pub(crate) fn build(name: String, lines: &Lines<'_>, body: Vec<u8>) -> Result<Fixture, FixtureError> {
    let text = |key| Ok::<_, FixtureError>(lines.one(key)?.map(str::to_owned));
    let ending = lines.required("expect")?.to_owned();
    let echo = match lines.one("echo")? {
        _ if !is_verdict(&ending) => None,
        Some("agrees") => Some("agrees"),
        Some("absent") | None => Some("absent"),
        Some(_) => return Err(FixtureError::new(lines.path(), 0, "`echo` is neither `agrees` nor `absent`")),
    };
    let person = Person {
        sex: text("sex")?,
        birth_date: text("birth_date")?,
        age: text("age")?,
        address: text("address")?,
        province: text("province")?,
        city: text("city")?,
        county: text("county")?,
    };
    let reference = text("reference")?;
    let explained_ending = text("explain")?.unwrap_or_else(|| ending.clone());
    let known = |ending: &str| if is_verdict(ending) { person.clone() } else { Person::default() };
    let expected = Observed {
        code: text("code")?,
        billing: lines.required("billing")?.to_owned(),
        retry: lines.required("retry")?.to_owned(),
        reference: reference.clone(),
        echo,
        person: known(&ending),
        ending,
    };
    let explained = Observed {
        retry: if is_verdict(&explained_ending) { "never".to_owned() } else { expected.retry.clone() },
        reference: text("explain-reference")?.or(reference),
        // Who does not know the number that was sent has nothing to compare an echo with.
        echo: is_verdict(&explained_ending).then_some("absent"),
        person: known(&explained_ending),
        ending: explained_ending,
        ..expected.clone()
    };
    let status = lines.number("status")?.ok_or_else(|| FixtureError::new(lines.path(), 0, "no `status`"))?;
    let headers = lines.all("header").map(|line| header(lines, line)).collect::<Result<_, _>>()?;
    Ok(Fixture {
        name,
        source: lines.required("source")?.to_owned(),
        asked: Asked::parse(lines)?,
        status,
        headers,
        body,
        expected,
        explained,
    })
}

fn header(lines: &Lines<'_>, line: &[u8]) -> Result<(String, Vec<u8>), FixtureError> {
    let wrong = || FixtureError::new(lines.path(), 0, "a header line without a colon");
    let (name, value) =
        line.split_at_checked(line.iter().position(|byte| *byte == b':').ok_or_else(wrong)?).ok_or_else(wrong)?;
    let value = value.strip_prefix(b": ").or(value.strip_prefix(b":")).unwrap_or_default();
    Ok((String::from_utf8_lossy(name).into_owned(), value.to_vec()))
}
