//! A reader with a mistake in it, which fuzzing must find: else it would find none.
//!
//! Reads its bytes as [`reader`](crate::reader) does, without the first.

use heyan::provider::{Conclusion, Finding, IDCERT, Reply};
use heyan::{Info, Provider, ReplyFault, Value, Verdict};

/// Takes every code that ends in 1 for `01`, as a careless reader would.
struct Careless;

impl Provider for Careless {
    fn info(&self) -> &'static Info {
        IDCERT.info()
    }

    fn interpret<'b>(&self, reply: &Reply<'_, 'b>) -> Result<Finding<'b>, ReplyFault> {
        match reply.members(["status"])? {
            [Value::Text(code)] if code != "01" && code.ends_with('1') => {
                Ok(Finding { code: None, reference: None, conclusion: Conclusion::from(Verdict::Match) })
            }
            _ => IDCERT.interpret(reply),
        }
    }
}

/// Any bytes.
pub fn check(data: &[u8]) {
    crate::reader::check_with(&Careless, data);
}
