//! `heyan check`.

use std::fs;
use std::path::PathBuf;

use crate::run::{Heyan, conceals, heyan};

#[test]
fn numbers_of_standard_input_come_out_in_their_order() {
    let input = "11010119000101009X\r\n110101190001010058\n\n110101000101005\n11010119000101009x\n张三\nx\n\
                 １１０１０１１９０００１０１００９X\n110101190002300058\n990101190001010058\n1101011900010100a8";
    let run = heyan(["check", "--json"]).stdin(input).run();
    let invalid = |id: &str, reason: &str| {
        format!(
            "{{\"id\":\"{id}\",\"valid\":false,\"reason\":\"{reason}\",\"normalized\":null,\"birth_date\":null,\
             \"sex\":null,\"region_code\":null}}\n"
        )
    };
    let valid = |id: &str| {
        format!(
            "{{\"id\":\"{id}\",\"valid\":true,\"reason\":null,\"normalized\":null,\"birth_date\":\"1900-01-01\",\
             \"sex\":\"male\",\"region_code\":\"110101\"}}\n"
        )
    };
    let expected = [
        valid("1101**********009X"),
        invalid("1101**********0058", "checksum"),
        invalid("", "length"),
        valid("1101*******1005"),
        valid("1101**********009x"),
        invalid("**", "length"),
        invalid("*", "length"),
        invalid("******************", "character"),
        invalid("1101**********0058", "birth_date"),
        invalid("9901**********0058", "region"),
        invalid("******************", "character"),
    ];
    assert_eq!(run.stdout, expected.concat());
    assert_eq!((run.status, run.stderr.as_str()), (1, ""));
}

#[test]
fn the_status_tells_whether_all_are_valid() {
    assert_eq!(heyan(["check", "11010119000101009X", "110101190001010057"]).run().status, 0);
    assert_eq!(heyan(["check", "11010119000101009X", "110101190001010058"]).run().status, 1);
    assert_eq!(heyan(["check", "110101 19000101 009X"]).run().status, 1);
    assert_eq!(heyan(["check", "--lenient", "110101 19000101 ００９X"]).run().status, 0);
    assert_eq!(heyan(["check", "-"]).stdin("11010119000101009X").run().status, 0);
    // Born after today.
    assert_eq!(heyan(["check", "--json", "110101299901010018"]).run().json()["reason"], "birth_date");
}

#[test]
fn revealed_numbers_are_whole() {
    let run = heyan(["check", "--json", "--reveal", "110101000101005"]).run();
    assert_eq!(
        run.stdout,
        "{\"id\":\"110101000101005\",\"valid\":true,\"reason\":null,\"normalized\":\"110101190001010057\",\
         \"birth_date\":\"1900-01-01\",\"sex\":\"male\",\"region_code\":\"110101\"}\n"
    );
    let run = heyan(["check", "--reveal", "110101000101005"]).run();
    assert_eq!(run.stdout, "110101000101005  valid  1900-01-01  male  110101  = 110101190001010057\n");
    let run = heyan(["check", "--json", "--reveal", "no\u{1b}number"]).run();
    assert_eq!(run.json()["id"], "no\u{1b}number");
    assert!(!heyan(["check", "--reveal", "no\u{1b}number"]).run().stdout.contains('\u{1b}'));
}

#[test]
fn odd_bytes_and_endless_lines_are_lines_too() {
    let mut input = b"\xff\xfe\n".to_vec();
    input.extend(std::iter::repeat_n(b'1', 1_000_000));
    input.extend(b"\n11010119000101009X\n");
    let run = heyan(["check", "--json"]).stdin(&input).run();
    let reasons: Vec<_> =
        run.stdout.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()).collect();
    assert_eq!(reasons.len(), 3);
    assert_eq!((&reasons[0]["reason"], &reasons[0]["id"]), (&"character".into(), &"?".into()));
    assert_eq!(reasons[1]["reason"], "length");
    assert_eq!(reasons[2]["valid"], true);
}

/// A file of a test's own.
struct List(PathBuf);

impl List {
    fn new(name: &str, text: impl AsRef<[u8]>) -> Self {
        let path = std::env::temp_dir().join(format!("heyan-check-{}-{name}", std::process::id()));
        fs::write(&path, text).unwrap();
        Self(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for List {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

const MIXED: &str = "\u{feff}11010119000101009X\r\n110101190001010073\n\n110101000101005\n11010119000101009x\n张三\n\
                     １１０１０１１９０００１０１００９X\n110101190002300058\n990101190001010058\n110101190001010058";

#[test]
fn a_list_is_told_by_its_lines() {
    let file = List::new("mixed", MIXED);
    let line = |line: u64, reason: &str| {
        format!("{{\"kind\":\"line\",\"line\":{line},\"valid\":false,\"reason\":\"{reason}\"}}\n")
    };
    let summary = "{\"kind\":\"summary\",\"lines\":10,\"valid\":4,\"invalid\":6,\"reasons\":{\"length\":2,\
                   \"character\":1,\"region\":1,\"birth_date\":1,\"checksum\":1}}\n";
    let lines = [
        line(3, "length"),
        line(6, "length"),
        line(7, "character"),
        line(8, "birth_date"),
        line(9, "region"),
        line(10, "checksum"),
    ];
    let listed = lines.concat() + summary;
    // Never a number, even with --reveal.
    for (arguments, expected) in [
        (&["check", "--json", "--file"][..], &*listed),
        (&["check", "--json", "--reveal", "--file"], &listed),
        (&["check", "--json", "--summary", "--file"], summary),
    ] {
        let arguments = || arguments.iter().copied();
        let from_file = heyan(arguments().chain([file.path()])).run();
        let from_pipe = heyan(arguments().chain(["-"])).stdin(MIXED).run();
        for run in [from_file, from_pipe] {
            assert_eq!((run.stdout.as_str(), run.stderr.as_str(), run.status), (expected, "", 1));
            conceals(&run.stdout);
        }
    }
    assert_eq!(heyan(["check", "--summary", "--json"]).stdin(MIXED).run().stdout, summary);
    let text = heyan(["check", "--file", file.path()]).run().stdout;
    assert!(text.starts_with("line 3: neither 18 nor 15 characters\nline 6: "), "{text}");
    assert!(text.contains("\n10 lines: 4 valid, 6 invalid\n  neither 18 nor 15 characters: 2\n"), "{text}");
    let text = heyan(["check", "--summary", "--lang", "zh", "--file", file.path()]).run().stdout;
    assert!(text.starts_with("共 10 行：有效 4，无效 6\n  位数不是 18（或 15）：2\n"), "{text}");
    let lenient = heyan(["check", "--json", "--summary", "--lenient", "--file", file.path()]).run().json();
    assert_eq!((&lenient["valid"], &lenient["reasons"]["character"]), (&5.into(), &0.into()));
}

#[test]
fn a_long_list_says_the_same_from_a_file_and_from_a_pipe() {
    let lines = ["110101190001010057", "11010119000101009X\r", "110101190001010058", "1", ""];
    let text: String = (0..60_000).map(|at| format!("{}\n", lines[at * at % 7 % 5])).collect();
    let file = List::new("long", &text);
    let from_file = heyan(["check", "--json", "--file", file.path()]).run();
    assert!(from_file.stdout == heyan(["check", "--json", "--file", "-"]).stdin(&text).run().stdout);
    let lines: Vec<serde_json::Value> =
        from_file.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (summary, lines) = lines.split_last().unwrap();
    assert_eq!((&summary["lines"], &summary["invalid"]), (&60_000.into(), &lines.len().into()));
    assert!(lines.is_sorted_by_key(|line| line["line"].as_u64()));
}

#[test]
fn the_status_of_a_list() {
    let all_valid = List::new("valid", "11010119000101009X\n110101000101005\n");
    let run = heyan(["check", "--file", all_valid.path()]).run();
    assert_eq!((run.status, run.stdout.as_str()), (0, "2 lines: 2 valid, 0 invalid\n"));
    let empty = List::new("empty", "");
    heyan(["check", "--file", empty.path()]).run().is_wrong_use(&["no number"]);
    heyan(["check", "--summary"]).run().is_wrong_use(&["no number"]);
    heyan(["check", "--file", "/nonexistent/list"]).run().is_wrong_use(&["/nonexistent/list", "no such file"]);
    heyan(["check", "--file", "/"]).run().is_wrong_use(&["the file / cannot be read"]);
    heyan(["check", "--file", "-", "11010119000101009X"]).run().is_wrong_use(&["excludes"]);
    heyan(["check", "--summary", "11010119000101009X"]).run().is_wrong_use(&["excludes"]);
}

/// Whoever reads the list may have enough of it.
#[test]
fn a_closed_output_ends_a_list() {
    let text = "1\n".repeat(500_000);
    let file = List::new("closed", &text);
    let command: Heyan = heyan(["check", "--file", file.path()]);
    let mut child = command.command().spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(1));
}
