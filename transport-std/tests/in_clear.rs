//! Nobody sends in clear by oversight: whatever public function of the core and of the transports leads there has `insecure` in
//! its name. This reads the sources, so that one that is added tomorrow is seen too.

use std::fs;
use std::path::Path;

use heyan::provider::IDCERT;
use heyan::{Endpoint, EndpointError};
use heyan_std::{Config, OwnedCredentials};

/// A public function.
struct Item {
    /// `module.rs: Type::name`, the type without parameters.
    path: String,
    /// All of its lines but comments.
    text: String,
}

/// Words that a function has in it if it lets something out in clear.
const IN_CLEAR: [&str; 5] = ["insecure", "http://", "plain_text", "is_secure = false", "is_secure: false"];

/// Functions that speak of it and have no `insecure` in their name: they refuse, or they only look.
const HARMLESS: [(&str, &str); 2] =
    [("endpoint.rs: Endpoint::parse", "refuses http://, see below"), ("endpoint.rs: Endpoint::is_secure", "asks")];

/// Where a [`heyan_embedded::Link`] to an https endpoint comes from: by TLS that was verified, or by the caller's word.
const SECURE: [&str; 6] = [
    "asynch.rs: open",
    "asynch.rs: open",
    "embedded.rs: open",
    "link.rs: Secure::for_host",
    "link.rs: Secure::vouch",
    "rustls.rs: open",
];

fn sources(folder: &Path, into: &mut Vec<Item>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let file = path.file_name().unwrap().to_str().unwrap();
            items(file, &fs::read_to_string(&path).unwrap(), into);
        }
    }
}

/// The public functions of a file as rustfmt leaves it: at the margin, or one step from it within an `impl`.
fn items(file: &str, text: &str, into: &mut Vec<Item>) {
    let (mut of, mut lines) = (String::new(), text.lines().peekable());
    while let Some(line) = lines.next() {
        if line == "#[cfg(test)]" && lines.peek().is_some_and(|next| next.starts_with("mod ")) {
            return;
        }
        if let Some(rest) = line.strip_prefix("impl") {
            // `impl<T> Type<T> {`, `impl<T> Trait for Type<T> {`
            let rest = rest.split(" for ").last().unwrap_or_default();
            let rest = if rest.starts_with('<') { rest.split_once("> ").map_or("", |(_, rest)| rest) } else { rest };
            of = rest.trim().split(['<', ' ', '{']).next().unwrap_or_default().to_owned();
        } else if line == "}" {
            of.clear();
        }
        let indent = line.len() - line.trim_start().len();
        let words = line.trim_start();
        let Some(rest) = words.strip_prefix("pub ").filter(|_| indent <= 4) else { continue };
        let rest = ["const ", "async "].iter().fold(rest, |rest, word| rest.strip_prefix(word).unwrap_or(rest));
        let Some(name) = rest.strip_prefix("fn ") else { continue };
        let name = name.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
        let path = if of.is_empty() { format!("{file}: {name}") } else { format!("{file}: {of}::{name}") };
        let end = format!("{}}}", " ".repeat(indent));
        let mut text = words.to_owned();
        while !text.ends_with(';') && !text.ends_with('}') {
            let Some(line) = lines.next() else { break };
            if !line.trim_start().starts_with("//") {
                text.push('\n');
                text.push_str(line);
            }
            if line == end {
                break;
            }
            // Braces of inner blocks do not end it.
            if text.ends_with('}') || text.ends_with(';') {
                text.push('\n');
            }
        }
        into.push(Item { path, text });
    }
}

fn public_items(crates: &[&str]) -> Vec<Item> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut all = Vec::new();
    for name in crates {
        sources(&root.join(name).join("src"), &mut all);
    }
    all
}

fn leads_into_the_open(item: &Item) -> bool {
    let text = item.text.to_lowercase();
    IN_CLEAR.iter().any(|word| text.contains(word))
}

#[test]
fn what_leads_into_the_open_is_called_insecure() {
    let items = public_items(&["core", "transport-std", "transport-embedded"]);
    assert!(items.len() > 200, "only {} public functions were found", items.len());
    let (named, unnamed): (Vec<&Item>, Vec<&Item>) = items
        .iter()
        .filter(|item| leads_into_the_open(item))
        .partition(|item| item.path.to_lowercase().contains("insecure"));
    let named: Vec<&str> = named.iter().map(|item| item.path.as_str()).collect();
    for door in [
        "endpoint.rs: Endpoint::parse_insecure_http",
        "config.rs: Config::insecure_http_base_url",
        "link.rs: Insecure::plain_text",
    ] {
        assert!(named.contains(&door), "{door} was not found in {named:?}");
    }
    let mut wrong: Vec<&str> = unnamed.iter().map(|item| item.path.as_str()).collect();
    wrong.retain(|path| !HARMLESS.iter().any(|(harmless, _)| harmless == path));
    assert!(wrong.is_empty(), "these lead to plain text and are not called insecure: {wrong:?}");
}

#[test]
fn a_secure_link_is_made_in_few_places() {
    let makes = |item: &&Item| {
        let head = item.text.split('{').next().unwrap_or_default();
        let returned = head.rsplit("->").next().filter(|_| head.contains("->")).unwrap_or_default();
        let is_own = item.path.contains(": Secure::") && returned.contains("Self");
        is_own || returned.contains("Secure<") || returned.contains("Opened<")
    };
    let items = public_items(&["transport-embedded"]);
    let mut makers: Vec<&str> = items.iter().filter(makes).map(|item| item.path.as_str()).collect();
    makers.sort_unstable();
    assert_eq!(makers, SECURE);
    let links = public_links();
    assert_eq!(links, ["impl<T> Link for Insecure<T> {", "impl<T> Link for Secure<T> {"]);
}

/// The types that a request may go over.
fn public_links() -> Vec<String> {
    let link = Path::new(env!("CARGO_MANIFEST_DIR")).join("../transport-embedded/src/link.rs");
    let text = fs::read_to_string(link).unwrap();
    let mut links: Vec<String> = text.lines().filter(|line| line.contains(" Link for ")).map(str::to_owned).collect();
    links.sort_unstable();
    links
}

#[test]
fn http_is_refused_where_the_name_does_not_say_so() {
    assert_eq!(Endpoint::parse("http://gateway.test"), Err(EndpointError::Insecure));
    let config = || Config::new(&IDCERT, OwnedCredentials::app_code("not-a-real-appcode").unwrap());
    assert_eq!(config().base_url("http://gateway.test").map(drop), Err(EndpointError::Insecure));
    assert!(config().insecure_http_base_url("http://gateway.test").is_ok());
    // The word does not make https insecure.
    assert!(config().insecure_http_base_url("https://gateway.test").is_err());
}

/// The reader sees what it is to see.
#[test]
fn a_door_without_the_word_is_found() {
    let text = "impl<'a> Config<'a> {\n    /// Sends everything.\n    #[must_use]\n    pub fn cleartext(mut self) -> Self {\n        \
                if true {\n            self.is_secure = false;\n        }\n        self\n    }\n\n    pub fn fine(self) {}\n}\n";
    let mut found = Vec::new();
    items("config.rs", text, &mut found);
    let paths: Vec<&str> = found.iter().map(|item| item.path.as_str()).collect();
    assert_eq!(paths, ["config.rs: Config::cleartext", "config.rs: Config::fine"]);
    assert!(leads_into_the_open(&found[0]) && !leads_into_the_open(&found[1]));
}
