//! Runs the command, and holds every output against what may not be in it.

use std::io::Write;
use std::net::TcpListener;
use std::process::{Command, Stdio};

use serde_json::Value;

pub(crate) const NAME: &str = "张三";
pub(crate) const ID: &str = "11010119000101009X";
pub(crate) const MOBILE: &str = "13000000000";

/// The arguments of a verification of the person above.
pub(crate) const PERSON: [&str; 4] = ["--name", NAME, "--id", ID];

/// An AppCode for tests of what happens before anything is sent.
pub(crate) const DUMMY: (&str, &str) = ("HEYAN_APPCODE", "test-appcode-not-a-secret");

pub(crate) struct Run {
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    /// The only object on standard output.
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.stdout.lines().count(), 1, "{}{}", self.stdout, self.stderr);
        serde_json::from_str(&self.stdout).unwrap()
    }

    /// Exit status 64, nothing on standard output, one sentence on standard error with these words.
    pub(crate) fn is_wrong_use(&self, words: &[&str]) {
        assert_eq!((self.status, self.stdout.as_str()), (64, ""), "{}", self.stderr);
        assert_eq!(self.stderr.lines().count(), 1, "{}", self.stderr);
        assert!(self.stderr.starts_with("heyan: "), "{}", self.stderr);
        for word in words {
            assert!(self.stderr.contains(word), "{word} is not in: {}", self.stderr);
        }
    }
}

/// A command with nothing in its environment.
#[derive(Default)]
pub(crate) struct Heyan<'a> {
    arguments: Vec<String>,
    stdin: &'a [u8],
    environment: Vec<(String, String)>,
}

/// `heyan` with these arguments.
pub(crate) fn heyan<'a>(arguments: impl IntoIterator<Item = impl Into<String>>) -> Heyan<'a> {
    Heyan::default().and(arguments)
}

impl<'a> Heyan<'a> {
    pub(crate) fn and(mut self, arguments: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    pub(crate) fn stdin(mut self, stdin: &'a (impl AsRef<[u8]> + ?Sized)) -> Self {
        self.stdin = stdin.as_ref();
        self
    }

    pub(crate) fn env(mut self, (name, value): (&str, &str)) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Not yet started, for tests that need the streams.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_heyan"));
        command.args(&self.arguments).env_clear().envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub(crate) fn run(self) -> Run {
        let mut child = self.command().spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let output = std::thread::scope(|scope| {
            // The command may end without reading all of it.
            scope.spawn(move || {
                let _ = stdin.write_all(self.stdin);
            });
            child.wait_with_output().unwrap()
        });
        let run = Run {
            status: output.status.code().expect("the command was killed"),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        };
        if !self.arguments.iter().any(|argument| argument == "--reveal") {
            conceals(&run.stdout);
            conceals(&run.stderr);
        }
        run
    }
}

/// No name, number or credential of the tests is in a text, in any spelling.
pub(crate) fn conceals(text: &str) {
    let text = text.to_lowercase();
    let people = heyan_sandbox::PEOPLE.iter().flat_map(|person| [person.name, person.id, person.mobile]);
    let encoded = "%e5%bc%a0%e4%b8%89";
    let secrets =
        [heyan_sandbox::APP_CODE, heyan_sandbox::APP_SECRET, "110101190001010073", "110101000101005", encoded];
    for secret in people.chain(secrets) {
        assert!(!text.contains(&secret.to_lowercase()), "{secret} is in: {text}");
    }
}

/// A port that counts who comes.
pub(crate) struct Trap(TcpListener);

impl Trap {
    pub(crate) fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        Self(listener)
    }

    pub(crate) fn url(&self, scheme: &str) -> String {
        format!("{scheme}://{}", self.0.local_addr().unwrap())
    }

    /// Nobody came. The system queues connections without anybody's help, so a late look sees an early one.
    pub(crate) fn is_untouched(&self) {
        assert_eq!(self.0.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
    }
}
