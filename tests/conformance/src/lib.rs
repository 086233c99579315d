//! What the vendors and the gateway are documented to answer, as data, and what each answer must mean.
//!
//! Everything stands in `fixtures/`: one folder per provider, named by its slug, and `gateway/` for what comes from the
//! gateway in front of all of them. Three kinds of files:
//!
//! # `NAME.reply`: one reply
//!
//! Lines of `key: value`, a line `---`, then the body, verbatim. The line feed that ends the file is not part of the body.
//!
//! | key | value | default |
//! |---|---|---|
//! | `source` | where the reply comes from: a document, `gateway error table`, `seen …`, `guess …`, or `rule …` for what this project decided | required |
//! | `note` | what is special about it | |
//! | `asked` | name, identity number, mobile number, with spaces between; `none` for no mobile number; `unverified` behind a number whose check character is wrong | 张三 11010119000101009X 13000000000 |
//! | `status` | HTTP status | required |
//! | `header` | a header line; may be repeated; bytes, not text | |
//! | `expect` | one word for the ending, see [`Observed::ending`] | required |
//! | `code` | [`Code`](heyan::Code) that is kept | none |
//! | `billing`, `retry` | their words | required |
//! | `reference` | [`Reference`](heyan::Reference) that is kept | none |
//! | `echo` | `agrees` or `absent` | `absent` |
//! | `explain` | the ending for a reader who does not know who was asked for | as `expect` |
//! | `explain-reference` | the reference for that reader | as `reference` |
//! | `sex`, `birth_date`, `age`, `address`, `province`, `city`, `county` | the details of a verdict | none |
//!
//! # `codes.tsv` and other tables: many replies of one shape
//!
//! Comments (`#`) say the source. Then the same keys as above, with `body` for the body and `{column}` for what a row puts
//! there, and `documented` for the number of rows the source has. Then a line of column names and the rows, with tabs
//! between. Columns that are keys of a reply stand for those keys.
//!
//! # `NAME.request`: one request of a document
//!
//! See [`Sample`].

mod fault;
mod fixture;
mod lines;
mod observed;
pub mod oracle;
mod sample;
mod table;
mod words;

use std::path::{Path, PathBuf};

use heyan::Provider;

pub use fault::FixtureError;
pub use fixture::{Asked, Fixture, Unaskable};
pub use observed::{Observed, Person};
pub use sample::{Expected, Sample};
pub use words::sum;

/// Name of the folder whose replies every provider must read alike.
pub const GATEWAY: &str = "gateway";

/// The folder with all fixtures.
#[must_use]
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

/// All replies that `provider` must be able to read: its own, then the gateway's.
///
/// # Errors
/// [`FixtureError`] names the file and the line that cannot be read. A provider without a folder is an error too.
pub fn replies(provider: &dyn Provider) -> Result<Vec<Fixture>, FixtureError> {
    let mut replies = own_replies(provider.info().slug)?;
    replies.extend(own_replies(GATEWAY)?);
    Ok(replies)
}

/// The replies of one folder: a provider's slug or [`GATEWAY`].
///
/// # Errors
/// As [`replies`].
pub fn own_replies(folder_name: &str) -> Result<Vec<Fixture>, FixtureError> {
    let mut replies = Vec::new();
    for path in files(folder_name)? {
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("reply") => replies.push(fixture::read(&path)?),
            Some("tsv") => replies.extend(table::read(&path)?),
            _ => {}
        }
    }
    Ok(replies)
}

/// The sample requests of a provider's document.
///
/// # Errors
/// As [`replies`].
pub fn samples(provider: &dyn Provider) -> Result<Vec<Sample>, FixtureError> {
    files(provider.info().slug)?
        .iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "request"))
        .map(|path| sample::read(path))
        .collect()
}

/// The files of one folder, in the order of their names.
fn files(folder_name: &str) -> Result<Vec<PathBuf>, FixtureError> {
    let folder = folder().join(folder_name);
    let unreadable = |error: std::io::Error| FixtureError::new(&folder, 0, error.to_string());
    let mut files = Vec::new();
    for entry in std::fs::read_dir(&folder).map_err(unreadable)? {
        files.push(entry.map_err(unreadable)?.path());
    }
    files.sort();
    Ok(files)
}
