//! What can be typed. Help texts are added at run time, in the language of the person: see `words::help`.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// `heyan [flags] <command>`.
#[derive(Parser)]
#[command(name = "heyan", version, disable_help_subcommand = true, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Flags that every command takes, before or after its name.
#[derive(Args)]
pub(crate) struct Global {
    #[arg(long, global = true, display_order = 90)]
    pub(crate) sandbox: bool,
    #[arg(long, global = true, display_order = 90)]
    pub(crate) json: bool,
    #[arg(long, global = true, display_order = 90)]
    pub(crate) reveal: bool,
    #[arg(long, global = true, display_order = 90, value_name = "zh|en", value_parser = ["zh", "en"], hide_possible_values = true)]
    pub(crate) lang: Option<String>,
}

/// What to do.
#[derive(Subcommand)]
pub(crate) enum Command {
    Verify(Verify),
    Check(Check),
    Batch(Batch),
    Explain(Explain),
    Request(Request),
    Providers,
    Quota(Quota),
    Sandbox(Sandbox),
}

/// Who is asked about. Each may be `-`: one line of stdin.
#[derive(Args)]
pub(crate) struct Person {
    #[arg(long, value_name = "N")]
    pub(crate) name: OsString,
    #[arg(long, value_name = "I")]
    pub(crate) id: OsString,
    #[arg(long, value_name = "M")]
    pub(crate) mobile: Option<OsString>,
    #[arg(long)]
    pub(crate) lenient: bool,
}

/// Where the request goes instead of the provider's own address.
#[derive(Args)]
pub(crate) struct Address {
    #[arg(long, value_name = "URL")]
    pub(crate) base_url: Option<String>,
    #[arg(long, requires = "base_url")]
    pub(crate) insecure_http: bool,
}

/// The same, and whom to trust there and how long to wait.
#[derive(Args)]
pub(crate) struct Network {
    #[command(flatten)]
    pub(crate) address: Address,
    #[arg(long, value_name = "FILE")]
    pub(crate) ca: Option<PathBuf>,
    #[arg(long, value_name = "SECONDS", allow_hyphen_values = true)]
    pub(crate) timeout: Option<String>,
}

/// `heyan verify`.
#[derive(Args)]
pub(crate) struct Verify {
    #[arg(long, value_name = "P", required = true)]
    pub(crate) provider: Vec<String>,
    #[command(flatten)]
    pub(crate) person: Person,
    #[arg(long)]
    pub(crate) consent: bool,
    #[command(flatten)]
    pub(crate) network: Network,
    #[arg(long, value_name = "FILE")]
    pub(crate) ledger: Option<PathBuf>,
    #[arg(long)]
    pub(crate) may_pay_twice: bool,
}

/// `heyan batch`.
#[derive(Args)]
pub(crate) struct Batch {
    #[arg(long, value_name = "P", required = true)]
    pub(crate) provider: Vec<String>,
    #[arg(long, value_name = "FILE")]
    pub(crate) input: PathBuf,
    #[arg(long, value_name = "FILE")]
    pub(crate) output: PathBuf,
    #[arg(long)]
    pub(crate) consent: bool,
    #[arg(long, value_name = "FILE")]
    pub(crate) ledger: Option<PathBuf>,
    #[arg(long, value_name = "csv|jsonl", value_parser = ["csv", "jsonl"], hide_possible_values = true)]
    pub(crate) format: Option<String>,
    #[arg(long, value_name = "NAME")]
    pub(crate) encoding: Option<String>,
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    pub(crate) workers: Option<String>,
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    pub(crate) rate: Option<String>,
    #[arg(long)]
    pub(crate) retry_free: bool,
    #[arg(long)]
    pub(crate) lenient: bool,
    #[command(flatten)]
    pub(crate) network: Network,
}

/// `heyan check`.
#[derive(Args)]
pub(crate) struct Check {
    #[arg(value_name = "ID")]
    pub(crate) ids: Vec<OsString>,
    #[arg(long, value_name = "FILE", conflicts_with = "ids")]
    pub(crate) file: Option<PathBuf>,
    #[arg(long, conflicts_with = "ids")]
    pub(crate) summary: bool,
    #[arg(long)]
    pub(crate) lenient: bool,
}

/// `heyan explain`.
#[derive(Args)]
pub(crate) struct Explain {
    #[arg(long, value_name = "P")]
    pub(crate) provider: String,
    #[arg(long, value_name = "STATUS")]
    pub(crate) status: Option<String>,
    #[arg(long, value_name = "K: V")]
    pub(crate) header: Vec<OsString>,
}

/// `heyan request`.
#[derive(Args)]
pub(crate) struct Request {
    #[arg(long, value_name = "P")]
    pub(crate) provider: String,
    #[command(flatten)]
    pub(crate) person: Person,
    #[command(flatten)]
    pub(crate) address: Address,
    #[arg(long, value_name = "MS")]
    pub(crate) timestamp: Option<String>,
    #[arg(long, value_name = "UUID")]
    pub(crate) nonce: Option<String>,
    #[arg(long)]
    pub(crate) curl: bool,
}

/// `heyan sandbox`.
#[derive(Args)]
pub(crate) struct Sandbox {
    #[arg(long, value_name = "127.0.0.1:PORT", default_value = "127.0.0.1:0", hide_default_value = true)]
    pub(crate) listen: SocketAddr,
    #[arg(long)]
    pub(crate) expose_to_network: bool,
    #[arg(long)]
    pub(crate) https: bool,
    #[arg(long, value_name = "FILE", requires = "https")]
    pub(crate) ca_out: Option<PathBuf>,
    #[arg(long, value_name = "CALLS")]
    pub(crate) quota: Option<u64>,
    #[arg(long)]
    pub(crate) classic: bool,
}

/// `heyan quota`.
#[derive(Args)]
pub(crate) struct Quota {
    #[command(subcommand)]
    pub(crate) command: Option<QuotaCommand>,
    /// Needed, but clap does not let an option be both global and required.
    #[arg(long, global = true, display_order = 80, value_name = "FILE")]
    pub(crate) ledger: Option<PathBuf>,
    #[arg(long, value_name = "N")]
    pub(crate) per_day: Option<String>,
}

/// What to do with a ledger's packages besides showing them.
#[derive(Subcommand)]
pub(crate) enum QuotaCommand {
    Add(QuotaAdd),
    Reconcile(QuotaReconcile),
}

/// Whose packages.
#[derive(Args)]
pub(crate) struct Account {
    #[arg(long, value_name = "P")]
    pub(crate) provider: String,
    #[arg(long, value_name = "NAME")]
    pub(crate) account: Option<String>,
}

/// `heyan quota add`.
#[derive(Args)]
pub(crate) struct QuotaAdd {
    #[command(flatten)]
    pub(crate) account: Account,
    #[arg(long, value_name = "N")]
    pub(crate) calls: String,
    #[arg(long, value_name = "YUAN")]
    pub(crate) price: String,
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(crate) expires: String,
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(crate) bought: Option<String>,
    #[arg(long, value_name = "N")]
    pub(crate) used: Option<String>,
}

/// `heyan quota reconcile`.
#[derive(Args)]
pub(crate) struct QuotaReconcile {
    #[command(flatten)]
    pub(crate) account: Account,
    #[arg(long)]
    pub(crate) settle: bool,
    #[arg(value_name = "EXPORT", required = true)]
    pub(crate) exports: Vec<PathBuf>,
}
