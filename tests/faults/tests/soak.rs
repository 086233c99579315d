//! A soak of some seconds, and that it finds what it is there to find.
//!
//! `cargo xtask soak` is the long one.

use std::process::Command;

/// Runs it for a short time, and returns its exit status and what it said.
fn soak(more: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_soak"));
    let output = command.args(["--seconds", "3", "--threads", "8"]).args(more).output().unwrap();
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

#[test]
fn nothing_is_lost_wrong_or_left_over() {
    let (status, told) = soak(&[]);
    assert_eq!(status, Some(0), "{told}");
    assert!(told.contains("\n0 wrong\n"), "{told}");
    // It is no soak if nobody was verified, or nothing broke.
    assert!(
        !told.contains("calls: 0,") && !told.contains("faults: 0,") && !told.contains(": 0 conversations"),
        "{told}"
    );
}

#[test]
fn a_planted_mistake_is_found() {
    for (plant, words) in [
        ("wrong-verdict", "WRONG: call"),
        ("lost-verdict", "some ended in nothing"),
        ("pay-twice", "asked again after an attempt"),
        ("no-entry", "no entry in the ledger"),
        ("memory", "KiB of memory grow"),
        ("descriptors", "descriptors in the end"),
    ] {
        let (status, told) = soak(&["--lanes", "0", "--percent", "10", "--plant", plant]);
        assert_eq!(status, Some(1), "{plant}: {told}");
        assert!(told.lines().any(|line| line.starts_with("WRONG: ") && line.contains(words)), "{plant}: {told}");
    }
}
