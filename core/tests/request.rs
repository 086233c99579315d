//! Requests to the byte, in every buffer, with every kind of credentials.

use heyan::http::{AUTHORITY_MAX, Endpoint, Fields, Method, PATH_MAX};
use heyan::provider::{ALL, CHECKONE, Factor, Finding, IDCERT, IDENAUTHEN, Info, Placement, Reply, SFZ2, SJSYS};
use heyan::{
    AppCode, AppKey, Consent, Credentials, Date, EncodeError, IdNumber, Inquiry, Mobile, Name, Provider, ReplyFault,
    Stamp, Subject, VendorKey,
};
use proptest::prelude::*;

const ID: &str = "11010119000101009X";
const MOBILE: &str = "13000000000";

fn subject<'a>(provider: &dyn Provider, name: &'a str) -> Subject<'a> {
    let subject = Subject::new(Name::parse(name).unwrap(), IdNumber::parse(ID, Date::MAX).unwrap());
    if provider.info().checks_mobile() { subject.with_mobile(Mobile::parse(MOBILE).unwrap()) } else { subject }
}

fn app_code() -> Credentials<'static> {
    Credentials::AppCode(AppCode::new("test-appcode").unwrap())
}

fn signed() -> Credentials<'static> {
    let stamp = Stamp::with_nonce(1_646_365_291_734, "787dd0c2-7bd8-41cd-9c19-62c05ea524a2").unwrap();
    Credentials::Signed(AppKey::new("test-key", "test-secret").unwrap(), stamp)
}

fn inquiry<'a>(provider: &'a dyn Provider, name: &'a str, credentials: Credentials<'a>) -> Inquiry<'a> {
    Inquiry::new(provider, subject(provider, name), Consent::given(), credentials).unwrap()
}

fn text(inquiry: &Inquiry<'_>) -> String {
    let mut buffer = [0; 2048];
    String::from_utf8(inquiry.write(&mut buffer).unwrap().expose().bytes.to_vec()).unwrap()
}

#[test]
fn another_stamp_changes_the_signed_headers_only() {
    const SIGNED: [&str; 3] = ["x-ca-nonce:", "x-ca-signature:", "x-ca-timestamp:"];
    for provider in ALL {
        let mut inquiry = inquiry(*provider, "张三", signed());
        let first = text(&inquiry);
        inquiry.restamp(Stamp::new(1_646_365_293_000, [8; 16]));
        let second = text(&inquiry);
        let mut changed: Vec<&str> =
            first.lines().zip(second.lines()).filter(|(one, other)| one != other).map(|(one, _)| one).collect();
        changed.sort_unstable();
        assert_eq!(changed.len(), SIGNED.len(), "{changed:?}");
        assert!(changed.iter().zip(SIGNED).all(|(line, name)| line.to_lowercase().starts_with(name)), "{changed:?}");
        assert!(second.contains("1646365293000") && first.lines().count() == second.lines().count());

        // The same as a new inquiry with that stamp, and no news for credentials without one.
        let key = AppKey::new("test-key", "test-secret").unwrap();
        let anew = Credentials::Signed(key, Stamp::new(1_646_365_293_000, [8; 16]));
        assert_eq!(second, text(&self::inquiry(*provider, "张三", anew)));
        let mut unsigned = self::inquiry(*provider, "张三", app_code());
        let before = text(&unsigned);
        unsigned.restamp(Stamp::new(1, [8; 16]));
        assert_eq!(text(&unsigned), before);
    }
}

#[test]
fn golden_requests_with_an_app_code() {
    let form = |host: &str, path: &str, body: &str| {
        format!(
            "POST {path} HTTP/1.1\r\nHost: {host}.market.alicloudapi.com\r\nAuthorization: APPCODE test-appcode\r\n\
             Accept: application/json\r\nContent-Type: application/x-www-form-urlencoded; charset=UTF-8\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    let query = |host: &str, target: &str| {
        format!(
            "GET {target} HTTP/1.1\r\nHost: {host}.market.alicloudapi.com\r\nAuthorization: APPCODE test-appcode\r\n\
             Accept: application/json\r\n\r\n"
        )
    };
    for (provider, golden) in [
        (
            &CHECKONE as &dyn Provider,
            form("checkone", "/chinadatapay/1882", "idcard=11010119000101009X&name=%E5%BC%A0%E4%B8%89"),
        ),
        (&IDENAUTHEN, form("idenauthen", "/idenAuthentication", "idNo=11010119000101009X&name=%E5%BC%A0%E4%B8%89")),
        (&IDCERT, query("idcert", "/idcard?idCard=11010119000101009X&name=%E5%BC%A0%E4%B8%89")),
        (
            &SJSYS,
            form(
                "sjsys",
                "/communication/personal/1979",
                "idcard=11010119000101009X&mobile=13000000000&name=%E5%BC%A0%E4%B8%89",
            ),
        ),
        (&SFZ2, query("sfz2", "/idcard?xm=%E5%BC%A0%E4%B8%89&sfz=11010119000101009X")),
    ] {
        assert_eq!(text(&inquiry(provider, "张三", app_code())), golden);
    }
}

#[test]
fn golden_signed_requests() {
    // The string to sign, written out by hand and signed by another program (openssl dgst -sha256 -hmac test-secret).
    assert_eq!(
        text(&inquiry(&IDCERT, "张三", signed())),
        "GET /idcard?idCard=11010119000101009X&name=%E5%BC%A0%E4%B8%89 HTTP/1.1\r\n\
         Host: idcert.market.alicloudapi.com\r\n\
         x-ca-key: test-key\r\n\
         x-ca-timestamp: 1646365291734\r\n\
         x-ca-nonce: 787dd0c2-7bd8-41cd-9c19-62c05ea524a2\r\n\
         x-ca-signature-method: HmacSHA256\r\n\
         x-ca-signature-headers: x-ca-key,x-ca-nonce,x-ca-timestamp\r\n\
         Accept: application/json\r\n\
         x-ca-signature: cSL1OC7xKVz6JyT2ON+kj5yDmiB3wgbZhl8BV9gGYug=\r\n\r\n"
    );
    assert_eq!(
        text(&inquiry(&SJSYS, "张三", signed())),
        "POST /communication/personal/1979 HTTP/1.1\r\n\
         Host: sjsys.market.alicloudapi.com\r\n\
         x-ca-key: test-key\r\n\
         x-ca-timestamp: 1646365291734\r\n\
         x-ca-nonce: 787dd0c2-7bd8-41cd-9c19-62c05ea524a2\r\n\
         x-ca-signature-method: HmacSHA256\r\n\
         x-ca-signature-headers: x-ca-key,x-ca-nonce,x-ca-timestamp\r\n\
         Accept: application/json\r\n\
         Content-Type: application/x-www-form-urlencoded; charset=UTF-8\r\n\
         Content-Length: 68\r\n\
         x-ca-signature: a09d3/8/YqlB5SN5OYNd6E+TLDbYRVpy9lgmdpn6LJs=\r\n\r\n\
         idcard=11010119000101009X&mobile=13000000000&name=%E5%BC%A0%E4%B8%89"
    );
}

#[test]
fn a_vendor_key_is_a_parameter_and_needs_an_endpoint() {
    let key = Credentials::VendorKey(VendorKey::new("test+key").unwrap());
    for provider in [&CHECKONE as &dyn Provider, &SJSYS] {
        let asked = inquiry(provider, "张三", key);
        assert_eq!(asked.write(&mut [0; 2048]).unwrap_err(), EncodeError::EndpointMissing);
        let sent = text(&asked.at(Endpoint::parse("https://platform.example.com/v1").unwrap()));
        assert!(sent.starts_with("POST /v1 HTTP/1.1\r\nHost: platform.example.com\r\nAccept: "), "{sent}");
        assert!(sent.ends_with("&name=%E5%BC%A0%E4%B8%89&key=test%2Bkey"), "{sent}");
        assert!(!sent.contains("Authorization"));
    }
    for provider in [&IDENAUTHEN as &dyn Provider, &IDCERT, &SFZ2] {
        let refused = Inquiry::new(provider, subject(provider, "张三"), Consent::given(), key);
        assert_eq!(refused.unwrap_err(), EncodeError::Credentials);
    }
}

#[test]
fn factors_must_be_the_providers() {
    let without = subject(&IDCERT, "张三");
    assert_eq!(Inquiry::new(&SJSYS, without, Consent::given(), app_code()).unwrap_err(), EncodeError::MobileMissing);
    for provider in ALL.iter().copied().filter(|provider| !provider.info().checks_mobile()) {
        let with = subject(&SJSYS, "张三");
        assert_eq!(
            Inquiry::new(provider, with, Consent::given(), app_code()).unwrap_err(),
            EncodeError::MobileNotChecked
        );
    }
}

#[test]
fn middle_dots_are_made_one() {
    for name in ["阿依·买买提", "阿依•买买提", "阿依・买买提", "阿依．买买提", "阿依‧买买提"]
    {
        let sent = text(&inquiry(&CHECKONE, name, app_code()));
        assert!(sent.ends_with("&name=%E9%98%BF%E4%BE%9D%C2%B7%E4%B9%B0%E4%B9%B0%E6%8F%90"), "{sent}");
    }
}

#[test]
fn extra_fields_stand_with_the_parameters_and_are_signed() {
    let extra = |subject: &Subject<'_>, fields: &mut Fields<'_>| {
        assert_eq!(subject.id().expose(), ID);
        fields.add("appid", "测试 1")?;
        fields.add("sendtime", "1646365291")
    };
    let plain = text(&inquiry(&SFZ2, "张三", signed()));
    let with = text(&inquiry(&SFZ2, "张三", signed()).with_fields(&extra));
    assert!(with.contains("&sfz=11010119000101009X&appid=%E6%B5%8B%E8%AF%95%201&sendtime=1646365291 HTTP/1.1\r\n"));
    let signature = |text: &str| text.split_once("x-ca-signature: ").unwrap().1.to_owned();
    assert_ne!(signature(&plain), signature(&with));
}

#[test]
fn extra_fields_that_fail_leave_nothing_of_the_request() {
    let refused = |provider, extra: heyan::ExtraFields<'_>| {
        let mut buffer = [0xAA; 2048];
        let error = inquiry(provider, "张三", app_code()).with_fields(extra).write(&mut buffer).unwrap_err();
        assert!(buffer.iter().all(|byte| *byte == 0), "the beginning of a request was left");
        error
    };
    for (provider, own) in [(&SFZ2 as &dyn Provider, ["sfz", "xm"]), (&CHECKONE, ["idcard", "key"])] {
        for name in ["", "a b", "a&b", "名"].into_iter().chain(own) {
            let extra = |_: &Subject<'_>, fields: &mut Fields<'_>| fields.add(name, "");
            assert_eq!(refused(provider, &extra), EncodeError::FieldName, "{name}");
        }
        assert_eq!(refused(provider, &|_, _| Err(EncodeError::Fields)), EncodeError::Fields);
    }
}

#[test]
fn every_buffer_length_gives_the_exact_bytes_or_the_length_needed_and_no_trace() {
    for provider in ALL {
        for credentials in [app_code(), signed()] {
            let inquiry = inquiry(*provider, "阿依・买买提", credentials);
            let golden = text(&inquiry);
            for len in 0..=golden.len() + 2 {
                let mut buffer = vec![0xAA; len];
                match inquiry.write(&mut buffer) {
                    Ok(request) => {
                        assert!(len >= golden.len());
                        assert_eq!(request.expose().bytes, golden.as_bytes());
                    }
                    Err(error) => {
                        assert!(len < golden.len(), "{error:?}");
                        assert_eq!(error, EncodeError::Buffer { needed: golden.len() });
                        assert!(buffer.iter().all(|byte| *byte == 0), "the rest of a request was left");
                    }
                }
            }
        }
    }
}

#[test]
fn the_stated_length_suffices_for_a_longer_address_than_endpoints_may_have() {
    #[derive(Debug)]
    struct Remote(&'static Info);
    impl Provider for Remote {
        fn info(&self) -> &'static Info {
            self.0
        }
        fn interpret<'b>(&self, _: &Reply<'_, 'b>) -> Result<Finding<'b>, ReplyFault> {
            Err(ReplyFault::NoVerdict)
        }
    }
    for placement in [Placement::Query, Placement::Form] {
        let (host, path) = ("h".repeat(3 * AUTHORITY_MAX).leak(), "/p".repeat(PATH_MAX).leak());
        let parameters = &[("number", Factor::IdNumber), ("name", Factor::Name)];
        let remote = Remote(Box::leak(Box::new(Info::new("remote", "", host, path, placement, parameters))));
        let name = "𠮷".repeat(Name::MAX_CHARS);
        let mut buffer = vec![0; remote.0.request_len_max()];
        assert!(inquiry(&remote, &name, signed()).write(&mut buffer).is_ok());
    }
}

#[test]
fn the_stated_length_suffices_for_the_longest_of_everything_and_is_not_generous() {
    let name = "𠮷".repeat(Name::MAX_CHARS);
    let code = "%".repeat(heyan::auth::CODE_MAX);
    let key = "k".repeat(heyan::auth::APP_KEY_MAX);
    let secret = "s".repeat(heyan::auth::APP_SECRET_MAX);
    let url = format!("https://{}/{}", "h".repeat(AUTHORITY_MAX), "p".repeat(PATH_MAX - 1));
    let endpoint = Endpoint::parse(&url).unwrap();
    for provider in ALL {
        let info = provider.info();
        let mut longest = 0;
        let stamp = Stamp::new(u64::MAX, [0xff; 16]);
        for credentials in [
            Some(Credentials::AppCode(AppCode::new(&code).unwrap())),
            Some(Credentials::Signed(AppKey::new(&key, &secret).unwrap(), stamp)),
            info.vendor_key_parameter.map(|_| Credentials::VendorKey(VendorKey::new(&code).unwrap())),
        ]
        .into_iter()
        .flatten()
        {
            let inquiry = inquiry(*provider, &name, credentials).at(endpoint);
            let mut buffer = vec![0; info.request_len_max()];
            longest = longest.max(inquiry.write(&mut buffer).unwrap().len());
        }
        let slack = info.request_len_max() - longest;
        // With a vendor key the constant counts two authorisations, of which one is sent.
        let allowed = if info.vendor_key_parameter.is_some() { 256 } else { 8 };
        assert!(slack <= allowed, "{}: {slack}", info.slug);
        assert!(info.buffer_len() >= info.request_len_max());
    }
}

#[test]
fn the_view_is_the_message() {
    for provider in ALL {
        for credentials in [app_code(), signed()] {
            let inquiry = inquiry(*provider, "张三", credentials);
            let mut buffer = [0; 2048];
            let request = inquiry.write(&mut buffer).unwrap();
            let view = request.expose();
            let mut rebuilt = format!("{} {} HTTP/1.1\r\n", view.method.as_str(), view.target);
            for (name, value) in view.headers() {
                rebuilt.push_str(&format!("{name}: {value}\r\n"));
            }
            rebuilt.push_str("\r\n");
            rebuilt.push_str(core::str::from_utf8(view.body).unwrap());
            assert_eq!(rebuilt.as_bytes(), view.bytes);
            assert_eq!(view.method == Method::Get, view.body.is_empty());
            assert_eq!(view.method, provider.info().method());
        }
    }
}

#[test]
fn nonces_are_version_4_uuids() {
    assert_eq!(Stamp::new(0, [0; 16]).nonce(), "00000000-0000-4000-8000-000000000000");
    assert_eq!(Stamp::new(0, [0xff; 16]).nonce(), "ffffffff-ffff-4fff-bfff-ffffffffffff");
    let counted = core::array::from_fn(|at| at as u8 * 0x11);
    assert_eq!(Stamp::new(0, counted).nonce(), "00112233-4455-4677-8899-aabbccddeeff");
    for nonce in [
        "",
        "787dd0c2-7bd8-41cd-9c19-62c05ea524a",
        "787dd0c2x7bd8-41cd-9c19-62c05ea524a2",
        "787dd0c2-7bd8-41cd-9c19-62c05ea524g2",
    ] {
        assert!(Stamp::with_nonce(0, nonce).is_err(), "{nonce}");
    }
}

proptest! {
    #[test]
    fn values_survive_decoding(name in "[\\p{Han}A-Za-z·'-]{1,50}") {
        prop_assume!(Name::parse(&name).is_ok());
        for provider in ALL {
            let sent = text(&inquiry(*provider, &name, app_code()));
            prop_assert!(sent.is_ascii());
            let parameters = match sent.split_once('?') {
                Some((_, rest)) if sent.starts_with("GET") => rest.split_once(' ').unwrap().0,
                _ => sent.split_once("\r\n\r\n").unwrap().1,
            };
            let decoded: Vec<(String, String)> = form_urlencoded::parse(parameters.as_bytes()).into_owned().collect();
            prop_assert!(decoded.iter().any(|(_, value)| *value == name), "{:?}", decoded);
            prop_assert!(decoded.iter().any(|(_, value)| value == ID));
            prop_assert_eq!(decoded.len(), provider.info().parameters.len());
        }
    }
}
