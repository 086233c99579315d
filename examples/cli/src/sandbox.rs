//! `heyan sandbox`: the simulated gateway on its own, until Ctrl-C.

use heyan_sandbox::{ServeOptions, serve};

use crate::output::{Exit, Stop};
use crate::words::reason;
use crate::wrong::Wrong;
use crate::{Context, args};

pub(crate) fn run(context: &Context, arguments: &args::Sandbox) -> Result<Exit, Stop> {
    if context.json {
        return Err(Wrong::NoJson.into());
    }
    let options = ServeOptions {
        listen: arguments.listen,
        expose_to_network: arguments.expose_to_network,
        https: arguments.https,
        ca_out: arguments.ca_out.clone(),
        quota: arguments.quota,
        classic: arguments.classic,
        ..ServeOptions::default()
    };
    if options.is_exposed_unasked() {
        return Err(Wrong::Exposed.into());
    }
    match serve(&options) {
        Ok(()) => Ok(Exit::Match),
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(Exit::Match),
        Err(error) => {
            let reason = reason::io(context.lang, error.kind());
            Err(Stop::Failed(context.words.sandbox_failed(&reason)))
        }
    }
}
