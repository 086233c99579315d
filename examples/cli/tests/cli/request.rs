//! `heyan request`.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;

use heyan_sandbox::{APP_CODE, APP_KEY, APP_SECRET, Provider, Sandbox};

use crate::run::{DUMMY, Heyan, ID, MOBILE, NAME, PERSON, heyan};

const KEY: [(&str, &str); 2] = [("HEYAN_APPKEY", APP_KEY), ("HEYAN_APPSECRET", APP_SECRET)];

fn request<'a>(provider: Provider) -> Heyan<'a> {
    let heyan = heyan(["request", "--provider", provider.slug()]).and(PERSON);
    if provider.mobile_parameter().is_some() { heyan.and(["--mobile", MOBILE]) } else { heyan }
}

fn signed(heyan: Heyan<'_>) -> Heyan<'_> {
    KEY.into_iter().fold(heyan, Heyan::env)
}

#[test]
fn the_masked_request_keeps_its_shape() {
    let run = request(Provider::Idcert).run();
    assert_eq!(
        run.stdout,
        "GET /idcard?idCard=1101**********009X&name=%E5%BC%A0* HTTP/1.1\r\nHost: idcert.market.alicloudapi.com\r\n\
         Authorization: APPCODE $HEYAN_APPCODE\r\nAccept: application/json\r\n\r\n"
    );
    assert_eq!(run.status, 0);
    assert!(run.stderr.contains("masked"), "{}", run.stderr);
    for provider in Provider::ALL {
        for lines in [request(provider), request(provider).env(DUMMY), signed(request(provider))] {
            let run = lines.run();
            assert!(run.stdout.starts_with(provider.method()), "{}", run.stdout);
            assert!(run.stdout.contains("1101**********009X"), "{}", run.stdout);
        }
    }
}

#[test]
fn the_revealed_request_is_the_one_that_works() {
    let sandbox = Sandbox::builder().record(true).start().unwrap();
    for provider in Provider::ALL {
        for authorised in [request(provider).env(DUMMY), signed(request(provider))] {
            let run = authorised.and(["--reveal"]).run();
            assert_eq!(run.stderr, "");
            let mut stream = TcpStream::connect(sandbox.address()).unwrap();
            stream.write_all(run.stdout.as_bytes()).unwrap();
            stream.shutdown(std::net::Shutdown::Write).unwrap();
            let mut reply = String::new();
            stream.read_to_string(&mut reply).unwrap();
            assert!(reply.starts_with("HTTP/1.1 200 "), "{reply}");
            // The reply as it stands is what `explain` takes.
            assert_eq!(heyan(["explain", "--provider", provider.slug()]).stdin(&reply).run().status, 0);
        }
        // And the very one that `verify` sends.
        let shown =
            request(provider).and(["--reveal", "--insecure-http", "--base-url", &sandbox.url()]).env(DUMMY).run();
        let base = ["verify", "--consent", "--provider", provider.slug(), "--insecure-http", "--base-url"];
        let verify = heyan(base).and([sandbox.url()]).and(PERSON).env(DUMMY);
        let verify = if provider.mobile_parameter().is_some() { verify.and(["--mobile", MOBILE]) } else { verify };
        assert_eq!(verify.run().status, 0);
        let sent = sandbox.requests().pop().unwrap();
        let (head, body) = shown.stdout.split_once("\r\n\r\n").unwrap();
        let mut lines = head.lines();
        assert_eq!(lines.next().unwrap(), format!("{} {} HTTP/1.1", sent.method, sent.target));
        for line in lines {
            let (name, value) = line.split_once(": ").unwrap();
            assert_eq!(sent.header(name), Some(value.as_bytes()), "{name}");
        }
        assert_eq!(sent.body, body.as_bytes());
    }
}

#[test]
fn the_signature_is_that_of_time_and_nonce() {
    let nonce = "787dd0c2-7bd8-41cd-9c19-62c05ea524a2";
    let fixed = ["--timestamp", "1767225600000", "--nonce", nonce, "--json"];
    let shown = |heyan: Heyan<'_>| {
        let json = heyan.and(fixed).run().json();
        let header = |name: &str| {
            let headers = json["headers"].as_array().unwrap();
            let header = headers.iter().find(|header| header["name"] == name);
            header.map(|header| header["value"].as_str().unwrap().to_owned())
        };
        ["x-ca-timestamp", "x-ca-nonce", "x-ca-key", "x-ca-signature"].map(header)
    };
    let [time, shown_nonce, key, signature] = shown(signed(request(Provider::Sfz2)).and(["--reveal"]));
    assert_eq!((time.as_deref(), shown_nonce.as_deref()), (Some("1767225600000"), Some(nonce)));
    assert_eq!(key.as_deref(), Some(APP_KEY));
    let parts = heyan_sandbox::signature::sign(
        APP_SECRET,
        &format!(
            "GET\napplication/json\n\n\n\nx-ca-key:{APP_KEY}\nx-ca-nonce:{nonce}\nx-ca-timestamp:1767225600000\n\
             /idcard?sfz={ID}&xm={NAME}"
        ),
    );
    assert_eq!(signature.as_deref(), Some(parts.as_str()));
    // Over masked values there is none.
    let [_, _, key, signature] = shown(signed(request(Provider::Sfz2)));
    assert_eq!((key.as_deref(), signature.as_deref()), (Some("$HEYAN_APPKEY"), Some("$HEYAN_SIGNATURE")));
    // Without credentials, time and nonce say that it is to be signed.
    let [_, _, key, signature] = shown(request(Provider::Sfz2));
    assert_eq!((key.as_deref(), signature.as_deref()), (Some("$HEYAN_APPKEY"), Some("$HEYAN_SIGNATURE")));
}

#[test]
fn curl_commands_hold_variables_instead_of_credentials() {
    for provider in Provider::ALL {
        for authorised in [request(provider).env(DUMMY), signed(request(provider))] {
            let run = authorised.and(["--curl", "--reveal"]).run();
            assert!(run.stdout.starts_with("curl "), "{}", run.stdout);
            assert!(run.stdout.contains(provider.host()) && run.stdout.contains(ID), "{}", run.stdout);
            for secret in [APP_CODE, APP_KEY, APP_SECRET] {
                assert!(!run.stdout.contains(secret), "{}", run.stdout);
            }
            assert!(run.stdout.contains("\"$HEYAN_APP"), "{}", run.stdout);
        }
    }
    let key = ("HEYAN_VENDOR_KEY", "test vendor".split(' ').next().unwrap());
    let run = request(Provider::Checkone).and(["--curl", "--base-url", "https://vendor.example"]).env(key).run();
    assert!(run.stdout.contains("--data-urlencode 'key='\"$HEYAN_VENDOR_KEY\""), "{}", run.stdout);
}

#[test]
fn curl_commands_work() {
    let has_curl = Command::new("curl").arg("--version").output().is_ok_and(|output| output.status.success());
    if !has_curl {
        eprintln!("skipped: there is no curl here");
        return;
    }
    let sandbox = Sandbox::builder().start().unwrap();
    for provider in Provider::ALL {
        for authorised in [request(provider).env(DUMMY), signed(request(provider))] {
            let at = ["--curl", "--reveal", "--insecure-http", "--base-url"];
            let command = authorised.and(at).and([sandbox.url()]).run().stdout;
            let shell = Command::new("sh").arg("-c").arg(&command).envs([DUMMY]).envs(KEY).output().unwrap();
            let reply = String::from_utf8(shell.stdout).unwrap();
            assert!(reply.starts_with("HTTP/1.1 200 "), "{command}\n{reply}");
        }
    }
}
