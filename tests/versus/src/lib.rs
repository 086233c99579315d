//! heyan beside what one would take instead: the same work, the same input, the same answer, in turns.
//!
//! A [`Group`](contest::Group) is one kind of work with its contenders; a module of [`groups`] holds its words as data, and
//! a function that prepares the contenders. Before anything is timed each of them has given its answer, which must be
//! heyan's. Then all take turns in one process for many rounds, so that whatever else the machine does meets all of them
//! alike. What was measured is a file, [`results`], from which [`table`] and [`plot`] draw what the READMEs show.
//!
//! To add a group: a module with a `pub static GROUP: Group`, and a line in [`groups::ALL`].

pub mod contest;
pub mod groups;
pub mod growth;
pub mod machine;
pub mod pages;
pub mod plot;
#[allow(dead_code, reason = "what else the tables of counts need")]
#[path = "../../xtask/src/readme.rs"]
mod readme;
pub mod results;
pub mod stats;
pub mod table;

/// Words in the languages of the READMEs.
#[derive(Clone, Copy, Debug)]
pub struct Text {
    /// For README.md.
    pub en: &'static str,
    /// For README.zh-CN.md.
    pub zh: &'static str,
}

/// Words in both languages.
#[must_use]
pub const fn text(en: &'static str, zh: &'static str) -> Text {
    Text { en, zh }
}

/// What reads the same in both, such as the name of a crate.
#[must_use]
pub const fn same(word: &'static str) -> Text {
    Text { en: word, zh: word }
}

/// A language of the READMEs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// README.md.
    English,
    /// README.zh-CN.md.
    Chinese,
}

impl Text {
    /// The words in one language.
    #[must_use]
    pub const fn in_language(self, language: Language) -> &'static str {
        match language {
            Language::English => self.en,
            Language::Chinese => self.zh,
        }
    }
}
