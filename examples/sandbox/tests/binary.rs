//! The binary: a ready line, an answer, and the counts at the end.
#![cfg(unix)]

mod common;

use common::{ID, Reply, Request};
use heyan_sandbox::Provider;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Command, Stdio};

fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_heyan-sandbox"));
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Starts it and waits for the ready line; the URL in it.
fn start(arguments: &[&str], code: &str) -> (Child, BufReader<ChildStdout>, String) {
    let mut child = command().args(arguments).env("DUMMY_APPCODE", code).spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    let url = line.strip_prefix("ready ").and_then(|rest| rest.strip_suffix(" (simulated gateway)\n")).unwrap();
    (child, stdout, url.to_owned())
}

fn interrupt(child: &mut Child, signal: &str) -> Option<i32> {
    assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
    child.wait().unwrap().code()
}

#[test]
fn it_serves_until_it_is_interrupted() {
    for signal in ["-INT", "-TERM"] {
        let (mut child, mut stdout, url) =
            start(&["--listen", "127.0.0.1:0", "--quota", "1", "--appcode-env", "DUMMY_APPCODE"], "dummy");
        let mut statuses = Vec::new();
        for _ in 0..2 {
            let request = Request::new(Provider::Sfz2, "张三", ID).with("Authorization", Some("APPCODE dummy"));
            let mut stream = TcpStream::connect(url.strip_prefix("http://").unwrap()).unwrap();
            stream.write_all(&request.bytes(true)).unwrap();
            let mut raw = Vec::new();
            stream.read_to_end(&mut raw).unwrap();
            statuses.push(Reply::parse(raw).status);
        }
        assert_eq!(statuses, [200, 403]);
        assert_eq!(interrupt(&mut child, signal), Some(0));
        let mut counts = String::new();
        stdout.read_to_string(&mut counts).unwrap();
        assert_eq!(counts, "sfz2         billed 1 free 1\ntotal        billed 1 free 1 requests 2 connections 2\n");
    }
}

#[test]
fn it_writes_its_authority_before_it_is_ready() {
    let path = std::env::temp_dir().join(format!("heyan-sandbox-ca-{}.pem", std::process::id()));
    let (mut child, _, url) = start(&["--https", "--ca-out", path.to_str().unwrap()], "");
    assert!(url.starts_with("https://127.0.0.1:"));
    let pem = std::fs::read_to_string(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    assert!(pem.starts_with("-----BEGIN CERTIFICATE-----"));
    assert_eq!(interrupt(&mut child, "-INT"), Some(0));
}

#[test]
fn wrong_use_is_refused_with_64() {
    for (arguments, said) in [
        (&["--ca-out", "ca.pem"][..], "--https"),
        (&["--listen", "nowhere"], "--listen"),
        (&["--listen", "0.0.0.0:0"], "--expose-to-network"),
        (&["--listen", "[::]:0"], "--expose-to-network"),
        (&["--listen", "192.0.2.1:0"], "--expose-to-network"),
        (&["--appcode-env", "HEYAN_SANDBOX_UNSET_VARIABLE"], "HEYAN_SANDBOX_UNSET_VARIABLE is not set"),
        (&["--appkey-env", "DUMMY"], "--appsecret-env"),
    ] {
        let output = command().args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(64), "{arguments:?}");
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(stderr.contains(said), "{stderr}");
        assert!(output.stdout.is_empty());
    }
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let output = command().args(["--listen", &taken.local_addr().unwrap().to_string()]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn it_prints_the_magic_names() {
    let output = command().arg("--names").output().unwrap();
    let table = String::from_utf8(output.stdout).unwrap();
    assert_eq!(table.lines().count(), heyan_sandbox::magic_names().count() + 2);
    assert!(table.contains("| `超长` | all | match, in a body of more than 64 KiB |"));
}
