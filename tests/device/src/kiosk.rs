//! `kiosk`: one verification on the emulated device against the sandbox.

use anyhow::Result;
use heyan_sandbox::{APP_CODE, Sandbox};

use crate::build::Image;
use crate::emulator::{self, Wire};

/// The image that waits in a loop.
pub const KIOSK: Image<'static> = Image { package: "examples/firmware", name: "kiosk", features: "", told: &[] };

#[derive(clap::Args)]
pub struct Options {
    /// The person's name.
    #[arg(long, default_value = "张三")]
    name: String,
    /// The identity number.
    #[arg(long, default_value = "11010119000101009X")]
    id: String,
    /// The mobile number, for providers that check three factors.
    #[arg(long)]
    mobile: Option<String>,
    /// Whom to ask.
    #[arg(long, default_value = "idcert")]
    provider: String,
    /// Further words for the kiosk, such as `times=3` or `keep=yes`; see examples/firmware/src/request.rs.
    words: Vec<String>,
}

/// Shows it; every verdict is a success of this command.
pub fn run(options: &Options) -> Result<()> {
    let sandbox = Sandbox::builder().start()?;
    let mut entered = vec![format!("name={}", options.name), format!("id={}", options.id)];
    entered.extend(options.mobile.iter().map(|mobile| format!("mobile={mobile}")));
    entered.extend(plain_text(&options.provider));
    entered.extend_from_slice(&options.words);
    let image = KIOSK.build()?;
    eprintln!("QEMU mps2-an386, plain HTTP (insecure) to the sandbox in a closed network");
    let run = emulator::run(&image, &entered, Wire::Peer(sandbox.address(), 80), true)?;
    print!("{}", run.screen);
    eprintln!("exit status of the kiosk: {}\nthe sandbox counted:\n{}", run.status, sandbox.report());
    Ok(())
}

/// Words for a provider that is asked in clear, in a network that nobody else is in.
pub fn plain_text(provider: &str) -> Vec<String> {
    let host = heyan::provider::by_slug(provider).map_or("unknown", |provider| provider.info().host);
    vec![format!("provider={provider}"), format!("appcode={APP_CODE}"), format!("insecure-url=http://{host}")]
}
