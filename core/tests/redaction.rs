//! Nothing personal and no secret in what can be printed: every public type, built from one marked person and marked
//! secrets, formatted, and searched for both in every form in which they travel.
//!
//! A public type that is not shown here fails the last test, so a new one cannot be forgotten.

use std::any::type_name;
use std::collections::{BTreeSet, HashSet};
use std::fmt::{Debug, Display};
use std::path::Path;
use std::sync::Mutex;

use heyan::http::{Endpoint, Fields};
use heyan::policy::{
    Account, AccountError, AccountId, AccountSet, Accounts, Alerts, AttemptLimit, Attempts, Class, DailyLimit, Ending,
    Entry, EntryError, HealthRule, LimitError, Move, Order, Package, PersonKey, Quota, QuotaError, Retries, RetryRule,
    Slug, Why,
};
use heyan::provider::{self, ALL, CHECKONE, Conclusion, Finding, IDCERT, IDENAUTHEN, Info, Reply, SFZ2, SJSYS};
use heyan::{
    AppCode, AppKey, Billing, Buffer, ChannelError, ChannelFault, Consent, Credentials, Date, Details, Echo,
    EncodeError, Error, Exchange, IdNumber, Inquiry, Mobile, Name, Outcome, Provider, RefusalClass, ReplyFault,
    Response, Retry, Sex, Stamp, Step, Subject, Value, VendorKey, Verdict,
};

const NAME: &str = "欧阳𠮷凤";
const ID: &str = "11010119000101009X";
const MOBILE: &str = "13000000000";
const BIRTH_DATES: [&str; 2] = ["19000101", "1900-01-01"];
const APP_CODE: &str = "test-appcode-to-be-hidden";
const APP_KEY: &str = "test-appkey-to-be-hidden";
const APP_SECRET: &str = "test-appsecret-to-be-hidden";
const VENDOR_KEY: &str = "test-vendorkey-to-be-hidden";
const PERSON_KEY: [u8; 32] = *b"test-person-key-to-be-hidden----";
/// The first 16 bytes of the HMAC-SHA256 of the number under that key.
const PERSON_TAG: [u8; 16] = [136, 108, 30, 164, 166, 190, 22, 218, 228, 47, 24, 251, 23, 194, 93, 191];

/// Types whose purpose is to be printed, and why that gives nobody away.
const PRINTABLE: &[(&str, &str)] = &[
    ("Date", "a day alone names nobody; what holds a date of birth hides it"),
    ("RegionCode", "six digits of a region alone name nobody; the identity number hides them"),
    ("Sex", "one of two words; what holds it hides it"),
];

/// Types without a value of their own to print.
const NO_VALUE: &[&str] = &["ExtraFields"];

/// What every public type can do: with the feature `defmt`, be sent to a probe too.
#[cfg(not(feature = "defmt"))]
trait Shown: Debug {}
#[cfg(not(feature = "defmt"))]
impl<T: Debug> Shown for T {}
#[cfg(feature = "defmt")]
trait Shown: Debug + defmt::Format {}
#[cfg(feature = "defmt")]
impl<T: Debug + defmt::Format> Shown for T {}

/// What a channel reports.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
struct Unplugged;

impl Display for Unplugged {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("unplugged")
    }
}

impl std::error::Error for Unplugged {}

/// The names of the types that were shown.
#[derive(Default)]
struct Audit {
    shown: BTreeSet<String>,
    /// What was searched already: most replies print the same few lines.
    searched: HashSet<String>,
}

impl Audit {
    fn show<T: Shown>(&mut self, value: &T) {
        let name = short(type_name::<T>());
        for text in [format!("{value:?}"), format!("{value:#?}")] {
            assert!(!text.is_empty(), "{name}");
            if !PRINTABLE.iter().any(|(printable, _)| *printable == name) {
                self.search(&name, &text);
            }
        }
        self.shown.insert(name);
    }

    fn show_error<T: Shown + std::error::Error>(&mut self, error: &T) {
        self.show(error);
        let mut next: Option<&dyn std::error::Error> = Some(error);
        while let Some(error) = next {
            self.search_display(type_name::<T>(), error);
            next = error.source();
        }
    }

    fn search_display<T: Display + ?Sized>(&mut self, of: &str, value: &T) {
        self.search(of, &value.to_string());
        self.search(of, &format!("{value:#}"));
    }

    fn search(&mut self, of: &str, text: &str) {
        if !self.searched.contains(text) {
            if let Some(found) = leak(text) {
                panic!("{of} prints {found}: {text}");
            }
            self.searched.insert(text.to_owned());
        }
    }
}

/// `heyan::outcome::Token<40>` is `Token`.
fn short(name: &str) -> String {
    let name = name.split('<').next().unwrap_or(name);
    name.rsplit("::").next().unwrap_or(name).to_owned()
}

/// Which secret stands in `text`, in whatever form.
fn leak(text: &str) -> Option<String> {
    let text = text.to_lowercase();
    forms().iter().find(|(_, form)| text.contains(form)).map(|(what, _)| what.clone())
}

/// Every form of everything that must not be printed, in lower case.
fn forms() -> &'static [(String, String)] {
    static FORMS: std::sync::OnceLock<Vec<(String, String)>> = std::sync::OnceLock::new();
    FORMS.get_or_init(|| {
        let mut forms = Vec::new();
        let secrets = [
            ("the name", NAME),
            ("a part of the name", "欧阳"),
            ("the number", ID),
            ("the number without its check character", &ID[..17]),
            ("the mobile number", MOBILE),
            ("the AppCode", APP_CODE),
            ("the AppKey", APP_KEY),
            ("the AppSecret", APP_SECRET),
            ("the vendor key", VENDOR_KEY),
        ];
        let texts = secrets.into_iter().chain(BIRTH_DATES.map(|date| ("the date of birth", date)));
        let texts = texts.map(|(what, text)| (what, text.as_bytes(), Some(text)));
        let bytes = [("the key of tags", &PERSON_KEY[..], None), ("the person's tag", &PERSON_TAG[..], None)];
        for (what, bytes, text) in texts.chain(bytes) {
            let mut add = |how: &str, form: String| {
                assert!(form.len() >= 6, "{form} would be found anywhere");
                forms.push((format!("{what} {how}"), form.to_lowercase()));
            };
            if let Some(text) = text {
                add("in clear", text.to_owned());
            }
            // Both cases of the digits fall together, as everything is compared in lower case.
            add("percent-encoded", bytes.iter().map(|byte| format!("%{byte:02x}")).collect());
            if let Some(secret) = text.filter(|text| !text.is_ascii()) {
                let encoded: String = bytes
                    .iter()
                    .map(|byte| {
                        if byte.is_ascii_alphanumeric() {
                            char::from(*byte).to_string()
                        } else {
                            format!("%{byte:02x}")
                        }
                    })
                    .collect();
                add("percent-encoded as in a query", encoded);
                add("as JSON escapes", secret.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect());
                add("as Rust escapes", secret.escape_unicode().to_string());
            }
            add("in hexadecimal", bytes.iter().map(|byte| format!("{byte:02x}")).collect());
            add("as a list of bytes", bytes.iter().map(u8::to_string).collect::<Vec<_>>().join(", "));
            add(
                "as a list of bytes, one a line",
                bytes.iter().map(|byte| format!("{byte},")).collect::<Vec<_>>().join("\n    "),
            );
            for offset in 0..3 {
                add("in Base64", base64_at(bytes, offset));
            }
        }
        forms
    })
}

/// What Base64 makes of `bytes` when they begin at this place in a group of three, without the characters at both ends
/// that depend on their neighbours.
fn base64_at(bytes: &[u8], offset: usize) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bits = |at: usize| bytes.get(at / 8).is_some_and(|byte| byte & (0x80 >> (at % 8)) != 0);
    let skipped = [0, 4, 2][offset];
    (skipped..bytes.len() * 8)
        .step_by(6)
        .filter(|at| at + 6 <= bytes.len() * 8)
        .map(|at| char::from(ALPHABET[(0..6).fold(0, |value, bit| value << 1 | usize::from(bits(at + bit)))]))
        .collect()
}

#[test]
fn the_search_finds_what_it_looks_for() {
    for text in [
        format!("Subject({NAME})"),
        format!("id: {}", ID.to_lowercase()),
        "id: 110101190001010090".to_owned(),
        "%E6%AC%A7%E9%98%B3%F0%A0%AE%B7%E5%87%A4".to_owned(),
        "%e6%ac%a7%e9%98%b3%f0%a0%ae%b7%e5%87%a4".to_owned(),
        "\\u6B27\\u9633".to_owned() + "\\ud842\\udfb7\\u51e4",
        format!("{:?}", ID.as_bytes()),
        format!("{:#?}", MOBILE.as_bytes()),
        format!("{:x?}", ID.as_bytes()).replace(", ", ""),
        format!("{NAME:?}"),
        NAME.escape_debug().to_string(),
        // "name=张三&idcard=11010119000101009X" by another program.
        "bmFtZT3lvKDkuIkmaWRjYXJkPTExMDEwMTE5MDAwMTAxMDA5WA==".to_owned(),
        "MTEwMTAxMTkwMDAxMDEwMDlY".to_owned(),
        "eDExMDEwMTE5MDAwMTAxMDA5WA==".to_owned(),
        "born 1900-01-01".to_owned(),
        format!("Authorization: APPCODE {APP_CODE}"),
    ] {
        assert!(leak(&text).is_some(), "{text}");
    }
    for text in ["Inquiry(idcert, redacted)", "4XU29Z4D1704061618", "20211208013_9aph_5e91", ""] {
        assert_eq!(leak(text), None);
    }
}

fn subject(provider: &dyn Provider) -> Subject<'static> {
    let subject = Subject::new(Name::parse(NAME).unwrap(), IdNumber::parse(ID, Date::MAX).unwrap());
    if provider.info().checks_mobile() { subject.with_mobile(Mobile::parse(MOBILE).unwrap()) } else { subject }
}

fn all_credentials() -> [Credentials<'static>; 3] {
    [
        Credentials::AppCode(AppCode::new(APP_CODE).unwrap()),
        Credentials::Signed(AppKey::new(APP_KEY, APP_SECRET).unwrap(), Stamp::new(1_646_365_291_734, [7; 16])),
        Credentials::VendorKey(VendorKey::new(VENDOR_KEY).unwrap()),
    ]
}

/// Everything that is built before a reply comes.
fn show_requests(audit: &mut Audit) {
    let id = IdNumber::parse(ID, Date::MAX).unwrap();
    audit.show(&id);
    audit.show(&IdNumber::check_lines(ID.as_bytes(), Date::MAX));
    audit.show(&IdNumber::check_lines(ID.as_bytes(), Date::MAX).tally());
    audit.show(&id.birth_date());
    audit.show(&id.region_code());
    audit.show(&id.sex());
    audit.show(&id.kind());
    audit.search_display("masked number", &id.masked());
    audit.show(&Name::parse(NAME).unwrap());
    audit.search_display("masked name", &Name::parse("赵钱孙").unwrap().masked());
    audit.show(&Mobile::parse(MOBILE).unwrap());
    audit.search_display("masked mobile number", &Mobile::parse(MOBILE).unwrap().masked());
    audit.show(&Consent::given());
    audit.show(&AppCode::new(APP_CODE).unwrap());
    audit.show(&AppKey::new(APP_KEY, APP_SECRET).unwrap());
    audit.show(&VendorKey::new(VENDOR_KEY).unwrap());
    audit.show(&Stamp::new(1, [1; 16]));
    let endpoint = Endpoint::parse("https://gateway.example.com/path").unwrap();
    audit.show(&endpoint);

    for provider in ALL {
        audit.show(provider.info());
        audit.show(&provider.info().placement);
        audit.show(&provider.info().method());
        provider.info().parameters.iter().for_each(|(_, factor)| audit.show(factor));
        let subject = subject(*provider);
        audit.show(&subject);
        for credentials in all_credentials() {
            audit.show(&credentials);
            let Ok(inquiry) = Inquiry::new(*provider, subject.clone(), Consent::given(), credentials) else { continue };
            let fields_text = Mutex::new(Vec::new());
            let extra = |subject: &Subject<'_>, fields: &mut Fields<'_>| {
                fields.add("sign", ID)?;
                fields_text.lock().unwrap().push(format!("{fields:?} {fields:#?} {subject:?}"));
                Ok(())
            };
            let inquiry = inquiry.at(endpoint).with_fields(&extra);
            audit.show(&inquiry);
            let mut buffer = Buffer::<4096>::new();
            let request = inquiry.write(&mut buffer).unwrap();
            assert!(leak(&String::from_utf8_lossy(request.expose().bytes)).is_some(), "the request holds the person");
            audit.show(&request);
            audit.show(&request.expose());
            audit.show(&request.expose().headers());
            show_exchange(audit, Exchange::new(request));
            audit.show(&buffer);
            for text in fields_text.into_inner().unwrap() {
                audit.search("Fields", &text);
                audit.shown.insert("Fields".to_owned());
            }
        }
    }
}

/// An exchange at every stage, with a reply that is nothing but the person.
fn show_exchange(audit: &mut Audit, mut exchange: Exchange<'_>) {
    let mut reply: Vec<u8> =
        format!("HTTP/1.1 400 {NAME}\r\nX-Ca-Error-Message: {}\r\nContent-Length: 18\r\n\r\n{ID}", string_to_sign())
            .into();
    reply.reverse();
    loop {
        audit.show(&exchange);
        let step = exchange.step();
        audit.show(&step);
        match step {
            Step::Send(bytes) => {
                let n = bytes.len().min(100);
                exchange.sent(n);
            }
            Step::Receive(space) => {
                let n = reply.len().min(space.len()).min(50);
                space[..n].fill_with(|| reply.pop().unwrap_or_default());
                exchange.received(n);
            }
            Step::Done => break,
        }
    }
    audit.show(&exchange.finish().unwrap());
}

fn string_to_sign() -> String {
    format!(
        "Invalid Signature, Server StringToSign:GET#/idcard?idCard={ID}&mobile={MOBILE}&name={NAME}#x-ca-key:{APP_KEY}"
    )
}

/// Replies that put the person wherever a text can stand, and are read as far as they can be.
fn bodies() -> Vec<String> {
    let mut bodies = Vec::new();
    for token in [ID, &ID.to_lowercase(), NAME, MOBILE, &format!("ref-{ID}"), &format!("{NAME}-{MOBILE}"), A_REFERENCE]
    {
        for code in ["10000", "10001", "10019", "10099", token] {
            bodies.push(format!(
                r#"{{"code":"{code}","message":"{NAME} {ID}","data":{{"result":"2","state":"2"}},"seqNo":"{token}"}}"#
            ));
        }
        for code in ["0000", "0004", "0008", token] {
            for echo in [ID, "110101190001010057"] {
                bodies.push(format!(
                    r#"{{"respCode":"{code}","respMessage":"{ID}","idNo":"{echo}","name":"{NAME}","province":"{token}","city":"{ID}","county":"{NAME}","birthday":"19000101","sex":"M","age":"123"}}"#
                ));
            }
        }
        for code in ["01", "02", "203", token] {
            bodies.push(format!(
                r#"{{"status":"{code}","msg":"{ID}","idCard":"{ID}","name":"{NAME}","traceId":"{token}","sex":"男","area":"{NAME}","birthday":"1900-01-01","prefecture":"{ID}"}}"#
            ));
        }
        for (ok, matches) in [("1", "true"), ("1", "false"), ("0", "false"), (&*format!("\"{token}\""), "true")] {
            bodies.push(format!(
                r#"{{"ok":{ok},"msg":"{NAME} {ID} {token}","xm":"{NAME}","sfz":"{ID}","match":{matches},"birthday":"1900-01-01","sex":"女","address":"{token}"}}"#
            ));
        }
        bodies.push(token.to_owned());
        bodies.push(format!("\"{token}\""));
        bodies.push(format!("{{\"{token}\":"));
    }
    bodies.push(string_to_sign());
    bodies.push(format!("Quota Exhausted {NAME} {ID}"));
    bodies
}

/// What should stand where the person is put.
const A_REFERENCE: &str = "4XU29Z4D1704061618";

/// Header fields that put the person wherever the gateway could.
fn headers() -> Vec<Vec<(&'static str, String)>> {
    let mut headers = vec![Vec::new()];
    for text in [ID.to_owned(), MOBILE.to_owned(), NAME.to_owned(), string_to_sign(), format!("{ID}{MOBILE}")] {
        headers.push(vec![("X-Ca-Request-Id", text.clone())]);
        headers.push(vec![("X-Ca-Error-Code", text.clone()), ("X-Ca-Request-Id", text.clone())]);
        headers.push(vec![("X-Ca-Error-Message", text.clone()), ("X-Ca-Request-Id", text.clone())]);
        headers.push(vec![("X-Ca-Error-Code", "A403IS".to_owned()), ("X-Ca-Error-Message", text)]);
    }
    headers
}

/// Everything that a reply turns into.
fn show_replies(audit: &mut Audit) {
    let mut endings = BTreeSet::new();
    let bodies = bodies();
    for provider in ALL {
        // Two-factor providers are not told the mobile number, so nothing can recognise it in their replies.
        let knows = |text: &str| provider.info().checks_mobile() || !text.contains(MOBILE);
        for credentials in all_credentials() {
            let Ok(inquiry) = Inquiry::new(*provider, subject(*provider), Consent::given(), credentials) else {
                continue;
            };
            for headers in headers().iter().filter(|headers| headers.iter().all(|(_, value)| knows(value))) {
                // Where the gateway's headers decide, bodies hardly matter: a few stand for all.
                let step = if headers.is_empty() { 1 } else { 19 };
                for body in bodies.iter().filter(|body| knows(body)).step_by(step) {
                    for status in [200, 400, 503] {
                        let mut explained = body.clone().into_bytes();
                        let mut body = body.clone().into_bytes();
                        let response = response(status, &mut body, headers);
                        audit.show(&response);
                        endings.insert(show_result(audit, &inquiry.read(response)));
                        // The wrong reader, too, and one who does not know the person.
                        let result = provider::explain(*provider, self::response(status, &mut explained, headers));
                        show_result(audit, &result);
                    }
                }
            }
        }
    }
    for ending in
        ["match", "mismatch", "no_record", "unrecognized", "credentials", "NotJson", "NoVerdict", "EchoContradicts"]
    {
        assert!(endings.contains(ending), "no reply ended in {ending}: {endings:?}");
    }
}

fn response<'b>(status: u16, body: &'b mut [u8], headers: &'b [(&str, String)]) -> Response<'b> {
    headers
        .iter()
        .fold(Response::new(status, body).unwrap(), |response, (name, value)| response.header(name, value.as_bytes()))
}

fn show_result(audit: &mut Audit, result: &Result<Outcome<'_>, Error>) -> String {
    match result {
        Ok(outcome) => {
            audit.show(outcome);
            audit.show(outcome.expose_details());
            audit.show(&outcome.to_owned());
            audit.show(&outcome.to_owned().borrow());
            audit.show::<Verdict>(&outcome.verdict());
            audit.show::<Billing>(&outcome.billing());
            audit.show::<Retry>(&outcome.retry());
            audit.show::<Echo>(&outcome.echo());
            show_tokens(audit, outcome.code(), outcome.reference());
            outcome.verdict().word().to_owned()
        }
        Err(error) => {
            audit.show_error(error);
            audit.show_error(&error.clone().widen::<Unplugged>());
            match error {
                Error::Refused(refusal) => {
                    audit.show_error(refusal);
                    audit.show::<RefusalClass>(&refusal.class());
                    audit.shown.insert("Refusal".to_owned());
                    show_tokens(audit, refusal.code(), refusal.reference());
                    refusal.class().word().to_owned()
                }
                Error::Reply(error) => {
                    audit.show_error(error);
                    audit.show::<ReplyFault>(&error.fault());
                    audit.shown.insert("ReplyError".to_owned());
                    show_tokens(audit, error.code(), error.reference());
                    format!("{:?}", error.fault())
                }
                _ => "other".to_owned(),
            }
        }
    }
}

fn show_tokens(audit: &mut Audit, code: Option<&heyan::Code>, reference: Option<&heyan::Reference>) {
    if let Some(code) = code {
        audit.show(code);
        audit.search_display("Code", code);
        audit.shown.insert("Code".to_owned());
    }
    if let Some(reference) = reference {
        audit.show(reference);
        audit.search_display("Reference", reference);
        audit.shown.insert("Reference".to_owned());
    }
}

/// Errors about texts that are the person or a secret.
fn show_input_errors(audit: &mut Audit) {
    let id_wrong = ID.replace('X', "0");
    for text in [&*id_wrong, &format!("{ID}0"), NAME, &ID[..17], "31010119000101009X", "11010119001301009X"] {
        audit.show_error(&IdNumber::parse(text, Date::MAX).unwrap_err());
    }
    audit.show_error(&IdNumber::parse(ID, Date::new(1899, 12, 31).unwrap()).unwrap_err());
    for text in [ID, "", &NAME.repeat(40), "欧阳*凤", "欧阳\u{0}凤"] {
        if let Err(error) = Name::parse(text) {
            audit.show_error(&error);
        }
    }
    for text in [NAME, ID, "1300000000", "23000000000"] {
        audit.show_error(&Mobile::parse(text).unwrap_err());
    }
    audit.show_error(&IdNumber::check_bulk(&[*b"11010119000101009X"], Date::MAX, &mut []).unwrap_err());
    for text in [format!("{APP_CODE}\n"), APP_CODE.repeat(9), String::new()] {
        audit.show_error(&AppCode::new(&text).unwrap_err());
        audit.show_error(&VendorKey::new(&text).unwrap_err());
        audit.show_error(&AppKey::new(APP_KEY, &text).unwrap_err());
        audit.show_error(&AppKey::new(&text, APP_SECRET).unwrap_err());
    }
    audit.show_error(&Stamp::with_nonce(0, APP_SECRET).unwrap_err());
    for url in [
        format!("http://{APP_CODE}@host"),
        format!("https://{APP_CODE}@host"),
        format!("https://host/?idCard={ID}&name={NAME}"),
        NAME.into(),
    ] {
        audit.show_error(&Endpoint::parse(&url).unwrap_err());
    }

    let inquiry = Inquiry::new(&IDCERT, subject(&IDCERT), Consent::given(), all_credentials()[0]).unwrap();
    audit.show_error(&inquiry.write(&mut [0; 40]).unwrap_err());
    let extra = |_: &Subject<'_>, fields: &mut Fields<'_>| fields.add(NAME, ID);
    audit.show_error(&inquiry.with_fields(&extra).write(&mut [0; 4096]).unwrap_err());
    for error in [
        EncodeError::MobileMissing,
        EncodeError::MobileNotChecked,
        EncodeError::Credentials,
        EncodeError::EndpointMissing,
        EncodeError::Fields,
    ] {
        audit.show_error(&error);
    }
    for fault in
        [ChannelFault::Dns, ChannelFault::Connect, ChannelFault::Tls, ChannelFault::TimedOut, ChannelFault::Broken]
    {
        audit.show(&fault);
        for sent in [false, true] {
            let error = ChannelError { fault, sent, source: Some(Unplugged) };
            let wrapped = Error::from(error);
            let source = std::error::Error::source(&wrapped).map(ToString::to_string);
            assert_eq!(source.as_deref(), Some("unplugged"));
            audit.show_error(&error);
            audit.show_error(&Error::Channel(error));
        }
    }
    for reply in [
        String::new(),
        format!("{NAME}{ID}\r\n\r\n"),
        format!("HTTP/1.1 200 OK\r\nContent-Length: {ID}\r\n\r\n{NAME}"),
        format!("HTTP/1.1 200 OK\r\nContent-Length: {MOBILE}00000000000000\r\n\r\n{NAME}"),
        format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: {NAME}\r\n\r\n{ID}"),
        format!("HTTP/1.1 200 OK\r\nContent-Encoding: {ID}\r\n\r\n{NAME}"),
        format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{ID}\r\n"),
        format!("HTTP/1.1 200 OK\r\n{NAME}: {ID}\r\n\r\n"),
        format!("HTTP/1.1 200 OK\nX: {ID}\r\n\r\n"),
        format!("HTTP/1.1 101 {NAME}\r\nX: {ID}\r\n\r\n"),
        format!("HTTP/1.1 200 OK\r\n{}\r\n", format!("X: {ID}\r\n").repeat(40)),
    ] {
        let inquiry = Inquiry::new(&IDCERT, subject(&IDCERT), Consent::given(), all_credentials()[0]).unwrap();
        let mut buffer = [0; 2048];
        let mut exchange = Exchange::new(inquiry.write(&mut buffer).unwrap());
        exchange.sent(2048);
        if let Step::Receive(space) = exchange.step() {
            space[..reply.len()].copy_from_slice(reply.as_bytes());
        }
        exchange.received(reply.len());
        audit.show(&exchange);
        exchange.received(0);
        let error = exchange.finish().unwrap_err();
        audit.show_error(&error);
        audit.show_error(&Error::<Unplugged>::from(error));
    }
}

/// The rules around calls. All that they are told of the person is a tag.
fn show_policies(audit: &mut Audit) {
    let id = IdNumber::parse(ID, Date::MAX).unwrap();
    let key = PersonKey::new(PERSON_KEY);
    let person = key.tag(&id);
    assert_eq!(person.expose_bytes(), &PERSON_TAG);
    audit.show(&key);
    audit.show(&person);
    for class in Class::ALL {
        audit.show(&class);
        audit.search_display("Class", &class);
        let ending = Ending::new(class, Billing::Billed, Retry::Never);
        audit.show(&ending);
        let (provider, account) = (Slug::new(IDCERT.info().slug).unwrap(), AccountId::new("main").unwrap());
        audit.show(&provider);
        audit.shown.extend(["Slug".to_owned(), "AccountId".to_owned()]);
        let entry = Entry::began(provider, account, 1, person, 0);
        audit.show(&entry);
        let reference = heyan::Reference::new(A_REFERENCE);
        audit.show(&entry.completed(ending, reference.as_ref(), std::time::Duration::ZERO));
    }
    let mut limit = AttemptLimit::<2>::new(DailyLimit::new(1));
    limit.take(&person, Date::MAX).unwrap();
    audit.show(&limit);
    audit.show(&DailyLimit::new(1));
    audit.show_error(&limit.take(&person, Date::MAX).unwrap_err());
    audit.show_error(&LimitError::Full);
    for error in [EntryError::Erased, EntryError::Version(7), EntryError::Damaged] {
        audit.show_error(&error);
    }

    let now = std::time::Duration::from_secs(1);
    audit.show(&RetryRule::DEFAULT);
    audit.show(&HealthRule::DEFAULT);
    let failed = Ending::new(Class::Channel, Billing::Free, Retry::SameProvider);
    let mut retries = Retries::new(RetryRule::DEFAULT);
    retries.begin(now).unwrap();
    audit.show(&retries.ended(now, 0, failed));
    audit.show(&retries);

    let mut accounts = Accounts::<2>::new(Order::AsListed, HealthRule::DEFAULT);
    audit.show(&Order::AsListed);
    accounts.add(Account::new(IDCERT.info(), "main", 1).unwrap()).unwrap();
    audit.show(accounts.account(0).unwrap());
    audit.show(&accounts.standing(0, now).unwrap());
    let mut attempts = Attempts::<2>::new(RetryRule::DEFAULT, &subject(&IDCERT)).without(AccountSet::EMPTY);
    audit.show::<Move>(&attempts.next(&mut accounts, now));
    attempts.ended(&mut accounts, now, 0, failed);
    audit.show(&attempts);
    audit.show(&attempts.lines()[0]);
    audit.show(&accounts);
    audit.show(&AccountSet::EMPTY);
    for error in [AccountError::Slug, AccountError::Id, AccountError::Full] {
        audit.show_error(&error);
    }
    audit.show_error(&Why::NoAccount);
    audit.show_error(&Account::new(IDCERT.info(), ID, 1).unwrap_err());

    let mut quota = Quota::<1>::new();
    let package = Package::new(1, 1, 0, 1);
    quota.buy(package, 0).unwrap();
    audit.show(&package);
    audit.show(&quota);
    audit.show(&quota.used());
    audit.show(&quota.left(0));
    audit.show(&Alerts::from_bits(15));
    Alerts::from_bits(15).iter().for_each(|alert| audit.show(&alert));
    audit.show_error(&QuotaError::Full);
}

/// A provider that prints whatever it is handed and whatever it hands out.
struct Printing(Mutex<Audit>);

impl Provider for Printing {
    fn info(&self) -> &'static Info {
        IDCERT.info()
    }

    fn interpret<'b>(&self, reply: &Reply<'_, 'b>) -> Result<Finding<'b>, ReplyFault> {
        let mut audit = self.0.lock().unwrap();
        audit.show(reply);
        let values = reply.members(["text", "number", "bool", "null", "array", "object", "escaped", "absent"])?;
        for value in &values {
            audit.show(value);
            if let Value::Object(object) = value {
                audit.show(object);
            }
        }
        let [text, ..] = values;
        let conclusion = Conclusion::Verdict {
            verdict: Verdict::Match,
            echo: text,
            details: Details {
                address: text.text(),
                birth_date: Date::new(1900, 1, 1),
                sex: Some(Sex::Male),
                ..Details::default()
            },
        };
        audit.show(&conclusion);
        let finding = Finding { code: text.text(), reference: text.text(), conclusion };
        audit.show(&finding);
        Ok(finding)
    }
}

fn show_inside_of_a_provider(audit: &mut Audit) {
    let printing = Printing(Mutex::new(Audit::default()));
    let body = format!(
        r#"{{"text":"{ID}","number":{},"bool":true,"null":null,"array":["{NAME}"],"object":{{"a":"{NAME}"}},"escaped":"{NAME}\n{MOBILE}"}}"#,
        &ID[..17]
    );
    let inquiry = Inquiry::new(&printing, subject(&IDCERT), Consent::given(), all_credentials()[0]).unwrap();
    let mut body = body.into_bytes();
    show_result(audit, &inquiry.read(Response::new(200, &mut body).unwrap()));
    drop(inquiry);
    let inside = printing.0.into_inner().unwrap();
    assert!(inside.searched.len() > 10, "{:?}", inside.searched);
    audit.shown.extend(inside.shown);
}

/// Names of everything declared `pub struct`, `pub enum` or `pub type`: what is declared so is reachable, or the compiler
/// warns (`unreachable_pub`).
fn public_types(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            public_types(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            for line in std::fs::read_to_string(&path).unwrap().lines() {
                let line = line.trim_start();
                for keyword in ["pub struct ", "pub enum ", "pub union ", "pub type "] {
                    if let Some(rest) = line.strip_prefix(keyword) {
                        found.insert(rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect());
                    }
                }
            }
        }
    }
}

#[test]
fn nothing_personal_and_no_secret_is_printed_by_any_public_type() {
    let mut audit = Audit::default();
    audit.show(&CHECKONE);
    audit.show(&IDENAUTHEN);
    audit.show(&IDCERT);
    audit.show(&SJSYS);
    audit.show(&SFZ2);
    show_requests(&mut audit);
    show_input_errors(&mut audit);
    show_inside_of_a_provider(&mut audit);
    show_policies(&mut audit);
    show_replies(&mut audit);

    let mut public = BTreeSet::new();
    public_types(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut public);
    assert!(public.len() > 50, "{public:?}");
    let missing: Vec<&String> =
        public.iter().filter(|name| !audit.shown.contains(*name) && !NO_VALUE.contains(&name.as_str())).collect();
    assert!(missing.is_empty(), "public types that this test does not show: {missing:?}");
    for (printable, _) in PRINTABLE {
        assert!(public.contains(*printable), "{printable} is no public type any more");
    }
}
