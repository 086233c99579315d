//! A folder of a test's own, and a second process of the test's own program.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Removed when it is dropped.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("ledger-{}-{count}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn ledger(&self) -> PathBuf {
        self.0.join("ledger.db")
    }

    /// Whether any file holds these bytes.
    pub(crate) fn holds(&self, bytes: &[u8]) -> bool {
        fs::read_dir(&self.0).unwrap().any(|file| {
            let text = fs::read(file.unwrap().path()).unwrap();
            text.windows(bytes.len()).any(|window| window == bytes)
        })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// What a child is told by.
pub(crate) const CHILD: &str = "HEYAN_TEST_CHILD";

/// What this process was told, if it is a child.
pub(crate) fn told() -> Option<String> {
    std::env::var(CHILD).ok()
}

/// Runs the ignored test `name` of this program in another process, and tells it something.
pub(crate) fn child(name: &str, tell: &str) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--ignored", "--exact", name, "--nocapture"]).env(CHILD, tell).stdout(Stdio::piped());
    command.spawn().unwrap()
}

/// Waits for a line of the child's that holds `word`.
pub(crate) fn wait_for(child: &mut Child, word: &str) {
    let lines = BufReader::new(child.stdout.as_mut().unwrap()).lines();
    assert!(lines.map_while(Result::ok).any(|line| line.contains(word)), "the child never said {word}");
}
