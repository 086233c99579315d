//! A second reader of replies, written from the vendors' documents alone. It shares nothing with heyan: serde_json reads
//! the text, tables say what it means.

mod document;
mod meaning;

use heyan::Provider;

use crate::Asked;

pub use document::{Json, parse};
pub use meaning::{Meaning, meaning};

/// The number that an inquiry about `asked` sends, as the second reader compares it with an echo: taken out of the
/// request, the one place that is not the reader's. `None` if the inquiry cannot be written.
#[must_use]
pub fn number_sent(provider: &dyn Provider, asked: &Asked) -> Option<String> {
    let parameter = match provider.info().slug {
        "idenauthen" => "idNo=",
        "idcert" => "idCard=",
        "sfz2" => "sfz=",
        _ => "idcard=",
    };
    let mut buffer = [0; 2048];
    let inquiry = asked.inquiry(provider).ok()?;
    let request = inquiry.write(&mut buffer).ok()?;
    let text = String::from_utf8_lossy(request.expose().bytes);
    Some(text.split_once(parameter)?.1.chars().take(18).collect())
}
