//! What the pages promise, and the tests and commands that they name for it: each of them must be there.
//!
//! A table whose last column is called "shown by" lists promises. In that column, code stands for one of these:
//!
//! - a path of the tree, which what follows is about;
//! - the name of a test in that file;
//! - any other text that must stand in that file;
//! - a command that begins with `cargo`.
//!
//! Commands are looked up wherever they stand on a page.

use std::fs;

use clap::CommandFactory;
use serde_json::Value;

use crate::run::{Result, cargo, output, root};

const PAGES: [&str; 4] = ["SECURITY.md", "DESIGN.md", "README.md", "README.zh-CN.md"];
/// The head of the column that names what shows a promise.
const SHOWN_BY: &str = "shown by";

pub(crate) fn run() -> Result {
    let tree = Tree::read()?;
    let (mut promises, mut wrong) = (0, Vec::new());
    for page in PAGES {
        let text = tree.text(page).ok_or_else(|| format!("{page} cannot be read"))?;
        for (line, cell) in shown(&text) {
            promises += 1;
            wrong.extend(tree.judge(cell).into_iter().map(|why| format!("{page}:{line}: {why}")));
        }
        let commands =
            text.lines().zip(1..).flat_map(|(line, number)| commands(line).map(move |words| (number, words)));
        wrong.extend(commands.filter_map(|(line, words)| Some(format!("{page}:{line}: {}", tree.unknown(&words)?))));
    }
    wrong.iter().for_each(|why| eprintln!("{why}"));
    match (promises, wrong.len()) {
        (0, _) => Err(format!("no page has a table of promises with a column \"{SHOWN_BY}\"")),
        (_, 0) => {
            eprintln!("{promises} promises, each with what shows it");
            Ok(())
        }
        (_, count) => Err(format!("{count} of what the pages name is not there")),
    }
}

/// The last cell of each row of the tables of promises, with its line.
fn shown(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut is_in_table = false;
    for (line, number) in text.lines().zip(1..) {
        let row = line.trim().strip_prefix('|').and_then(|row| row.strip_suffix('|'));
        let Some(cell) = row.and_then(|row| row.rsplit('|').next()).map(str::trim) else {
            is_in_table = false;
            continue;
        };
        if cell == SHOWN_BY {
            is_in_table = true;
        } else if is_in_table && !cell.bytes().all(|byte| matches!(byte, b'-' | b':')) {
            found.push((number, cell));
        }
    }
    found
}

/// What stands between backquotes.
fn code(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// The commands of a line, in words, from the `test` or `xtask` of cargo's on.
fn commands(line: &str) -> impl Iterator<Item = Vec<&str>> {
    line.match_indices("cargo ").filter_map(|(at, cargo)| {
        // What is quoted ends with the quote, what is told with a comment ends with that.
        let command = line.get(at + cargo.len()..)?.split(['`', '#', '|', '，', '。']).next()?;
        let words: Vec<&str> = command.split_whitespace().collect();
        words.first().is_some_and(|word| matches!(*word, "test" | "xtask")).then_some(words)
    })
}

/// What there is.
struct Tree {
    /// Packages, with their integration tests.
    packages: Vec<(String, Vec<String>)>,
    /// Commands of `cargo xtask`.
    tasks: Vec<String>,
}

impl Tree {
    fn read() -> Result<Self> {
        let text = output(&mut cargo(&["metadata", "--quiet", "--no-deps", "--format-version", "1"]))?;
        let metadata: Value = serde_json::from_str(&text).map_err(|error| format!("cargo metadata: {error}"))?;
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        let name = |value: &Value| value["name"].as_str().unwrap_or_default().to_owned();
        let is_test = |target: &Value| list(&target["kind"]).contains(&Value::from("test"));
        let tests =
            |package: &Value| list(&package["targets"]).iter().filter(|target| is_test(target)).map(name).collect();
        let packages = list(&metadata["packages"]).iter().map(|package| (name(package), tests(package))).collect();
        let tasks = crate::Arguments::command().get_subcommands().map(|task| task.get_name().to_owned()).collect();
        Ok(Self { packages, tasks })
    }

    fn text(&self, path: &str) -> Option<String> {
        fs::read_to_string(root().join(path)).ok()
    }

    /// What is wrong with a cell that says what shows a promise.
    fn judge(&self, cell: &str) -> Vec<String> {
        let mut wrong = Vec::new();
        let mut shows = 0;
        let mut file: Option<(&str, String)> = None;
        for code in code(cell) {
            if code.starts_with("cargo ") {
                // Whether there is such a command is looked at wherever one stands.
                shows += 1;
            } else if is_path(code) {
                match self.text(code) {
                    Some(text) => file = Some((code, text)),
                    None => wrong.push(format!("there is no file {code}")),
                }
            } else {
                shows += 1;
                match &file {
                    None => wrong.push(format!("`{code}` stands behind no file")),
                    Some((path, text)) if !has(text, code) => wrong.push(format!("{path} has no `{code}`")),
                    Some(_) => {}
                }
            }
        }
        if shows == 0 {
            wrong.push("no test and no command shows this".to_owned());
        }
        wrong
    }

    /// What is wrong with a command, from its `test` or `xtask` on.
    fn unknown(&self, words: &[&str]) -> Option<String> {
        if let ["xtask", rest @ ..] = words {
            let task = rest.first()?.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
            let is_known = task.is_empty() || self.tasks.iter().any(|known| known == task);
            return (!is_known).then(|| format!("there is no `cargo xtask {task}`"));
        }
        let value = |names: [&str; 2]| {
            let at = words.iter().position(|word| names.contains(word))?;
            words.get(at + 1).map(|word| word.trim_end_matches(|c: char| !c.is_ascii_alphanumeric()))
        };
        let package = value(["-p", "--package"])?;
        let Some((_, tests)) = self.packages.iter().find(|(name, _)| name == package) else {
            return Some(format!("there is no package {package}"));
        };
        let test = value(["--test", "--test"])?;
        (!tests.iter().any(|known| known == test)).then(|| format!("{package} has no test {test}"))
    }
}

fn is_path(code: &str) -> bool {
    !code.contains(' ') && (code.contains('/') || code.ends_with(".toml") || code.ends_with(".rs"))
}

/// Whether a file has a test of this name, or, where it is no name, this text.
fn has(text: &str, code: &str) -> bool {
    if !code.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_') {
        return text.contains(code);
    }
    let Some((before, _)) = text.split_once(&format!("fn {code}(")) else { return false };
    // Attributes and the word `async` may stand between.
    before.lines().rev().take(5).take_while(|line| *line != "}").any(|line| line.trim() == "#[test]")
}

#[cfg(test)]
mod tests {
    use super::{Tree, commands, has, shown};

    fn tree() -> Tree {
        let packages = vec![("heyan".to_owned(), vec!["exchange".to_owned()])];
        Tree { packages, tasks: vec!["fuzz".to_owned()] }
    }

    #[test]
    fn the_pages_of_this_tree_name_what_there_is() {
        assert_eq!(super::run(), Ok(()));
    }

    #[test]
    fn only_tables_of_promises_are_read() {
        let text = "| a | b |\n|---|---|\n| x | `y` |\n\n| promise | shown by |\n|---|:---|\n| p | `q` |\n| r | s |\nend\n| t | u |\n";
        assert_eq!(shown(text), [(7, "`q`"), (8, "s")]);
    }

    #[test]
    fn what_is_not_there_is_named() {
        let tree = tree();
        let here = "`tests/xtask/src/promises.rs`";
        assert!(tree.judge(&format!("{here}: `what_is_not_there_is_named`, `cargo xtask fuzz`")).is_empty());
        assert!(tree.judge(&format!("{here}: `const PAGES`")).is_empty());
        for (cell, why) in [
            (format!("{here}: `no_such_test`"), "has no `no_such_test`"),
            // A function that is no test.
            (format!("{here}: `is_path`"), "has no `is_path`"),
            (format!("{here} everywhere"), "no test and no command"),
            ("words".to_owned(), "no test and no command"),
            ("`tests/nowhere.rs`: `a_test`".to_owned(), "no file tests/nowhere.rs"),
            ("`a_test`".to_owned(), "behind no file"),
        ] {
            assert!(tree.judge(&cell).iter().any(|words| words.contains(why)), "{cell}");
        }
    }

    #[test]
    fn commands_are_looked_up() {
        let tree = tree();
        let unknown = |line: &str| commands(line).filter_map(|words| tree.unknown(&words)).collect::<Vec<_>>();
        for good in [
            "`cargo xtask fuzz`, `cargo test -p heyan --test exchange`",
            "cargo xtask fuzz --seconds 3   # all",
            "`cargo run -- --sandbox verify`, `cargo test --workspace`, cargo's",
            "`cargo xtask`",
        ] {
            assert!(unknown(good).is_empty(), "{good}");
        }
        assert_eq!(unknown("`cargo xtask nothing`; `cargo xtask fuzz`"), ["there is no `cargo xtask nothing`"]);
        assert_eq!(unknown("$ cargo test -p nobody"), ["there is no package nobody"]);
        assert_eq!(unknown("`cargo test -p heyan --test nothing`"), ["heyan has no test nothing"]);
    }

    #[test]
    fn a_test_is_a_function_that_is_marked() {
        let text = "#[test]\nfn a() {\n}\n\nfn b() {}\n#[test]\n#[ignore = \"x\"]\nfn c() {}\n";
        assert_eq!(["a", "b", "c", "d", "fn b"].map(|name| has(text, name)), [true, false, true, false, true]);
    }
}
