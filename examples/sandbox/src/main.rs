//! `heyan-sandbox`: the simulated gateway on its own.

use clap::Parser;
use heyan_sandbox::{ServeOptions, magic_names, serve};
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

/// The simulated API gateway with the five providers behind it. Nothing it says is about anybody.
#[derive(Parser)]
#[command(name = "heyan-sandbox", version)]
#[expect(clippy::doc_markdown, reason = "these comments are printed as they are by --help")]
struct Arguments {
    /// Print the magic names as a Markdown table, and end.
    #[arg(long)]
    names: bool,
    /// Where to listen; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Listen where other machines reach it, too. The sandbox keeps nobody out.
    #[arg(long)]
    expose_to_network: bool,
    /// Speak TLS, under a certificate authority made at the start.
    #[arg(long)]
    https: bool,
    /// Write the authority's certificate to this file, in PEM, before the ready line.
    #[arg(long, value_name = "FILE", requires = "https")]
    ca_out: Option<PathBuf>,
    /// So many billed calls for each provider, then quota exhausted.
    #[arg(long, value_name = "CALLS")]
    quota: Option<u64>,
    /// Error messages without codes, as classic instances of the gateway send them.
    #[arg(long)]
    classic: bool,
    /// The environment variable with the AppCode to accept, instead of the documented dummy.
    #[arg(long, value_name = "VAR")]
    appcode_env: Option<String>,
    /// The environment variable with the AppKey to accept, instead of the documented dummy.
    #[arg(long, value_name = "VAR", requires = "appsecret_env")]
    appkey_env: Option<String>,
    /// The environment variable with the secret of the AppKey.
    #[arg(long, value_name = "VAR", requires = "appkey_env")]
    appsecret_env: Option<String>,
    /// The environment variable with a vendor key: plays the vendor's own platform where there is one.
    #[arg(long, value_name = "VAR")]
    vendor_key_env: Option<String>,
}

/// `EX_USAGE` of `sysexits.h`.
const WRONG_USE: u8 = 64;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(WRONG_USE) } else { ExitCode::SUCCESS };
        }
    };
    if arguments.names {
        return match print_names() {
            // The reader had enough, as `head` has.
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => ExitCode::FAILURE,
            _ => ExitCode::SUCCESS,
        };
    }
    let options = match options(arguments) {
        Ok(options) => options,
        Err(message) => {
            eprintln!("heyan-sandbox: {message}");
            return ExitCode::from(WRONG_USE);
        }
    };
    match serve(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("heyan-sandbox: {error}");
            if options.is_exposed_unasked() { ExitCode::from(WRONG_USE) } else { ExitCode::FAILURE }
        }
    }
}

fn print_names() -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "| name | provider | what happens |\n|---|---|---|")?;
    magic_names().try_for_each(|entry| writeln!(stdout, "{entry}"))
}

fn options(arguments: Arguments) -> Result<ServeOptions, String> {
    let app_key = variable(arguments.appkey_env)?.zip(variable(arguments.appsecret_env)?);
    Ok(ServeOptions {
        listen: arguments.listen,
        expose_to_network: arguments.expose_to_network,
        https: arguments.https,
        ca_out: arguments.ca_out,
        quota: arguments.quota,
        classic: arguments.classic,
        app_code: variable(arguments.appcode_env)?,
        app_key,
        vendor_key: variable(arguments.vendor_key_env)?,
    })
}

/// The value of an environment variable that was named. Never part of a message.
fn variable(name: Option<String>) -> Result<Option<String>, String> {
    name.map(|name| match std::env::var(&name) {
        Ok(value) if !value.is_empty() => Ok(value),
        Ok(_) => Err(format!("the environment variable {name} is empty")),
        Err(_) => Err(format!("the environment variable {name} is not set, or not UTF-8")),
    })
    .transpose()
}
