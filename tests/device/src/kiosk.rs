//! `kiosk`: one verification on the emulated device against the sandbox.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::{env, fs, process};

use anyhow::Result;
use heyan_peers::Tls;
use heyan_sandbox::{APP_CODE, Sandbox};

use crate::build::Image;
use crate::emulator::{self, Wire};

/// Which kiosk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Variant {
    /// TLS 1.3 and 1.2 by rustls.
    Rustls,
    /// TLS 1.3 by embedded-tls.
    EmbeddedTls,
    /// No TLS: everybody on the way can read name and number.
    InsecureHttp,
    /// The same as the first, by tasks of embassy's executor.
    RustlsAsync,
    /// The same as the second, by tasks of embassy's executor.
    EmbeddedTlsAsync,
    /// The same as the third, by tasks of embassy's executor.
    InsecureHttpAsync,
    /// TLS 1.3 by embedded-tls, for servers with ECDSA, and no more of the rest than a product has to have: one provider by
    /// AppCode, and a word for each verdict.
    EmbeddedTlsLean,
    /// The same without TLS.
    InsecureHttpLean,
}

impl Variant {
    /// Those that can do everything: every scenario and every server is for them.
    pub const ALL: [Self; 6] = [
        Self::InsecureHttp,
        Self::InsecureHttpAsync,
        Self::EmbeddedTls,
        Self::EmbeddedTlsAsync,
        Self::Rustls,
        Self::RustlsAsync,
    ];

    /// The image.
    pub const fn image(self) -> Image<'static> {
        let (name, features) = match self {
            Self::Rustls => ("kiosk-tls", "rustls"),
            Self::EmbeddedTls => ("kiosk-tls", "embedded-tls"),
            Self::RustlsAsync => ("kiosk-tls-async", "rustls,async"),
            Self::EmbeddedTlsAsync => ("kiosk-tls-async", "embedded-tls,async"),
            Self::InsecureHttp => ("kiosk", ""),
            Self::InsecureHttpAsync => ("kiosk-async", "async"),
            Self::EmbeddedTlsLean => ("kiosk-tls", "-embedded-tls"),
            Self::InsecureHttpLean => ("kiosk", "-"),
        };
        Image { package: "examples/firmware", name, features, told: &[] }
    }

    /// What speaks TLS in it.
    pub const fn tls(self) -> Option<Tls> {
        match self {
            Self::Rustls | Self::RustlsAsync => Some(Tls::Rustls),
            Self::EmbeddedTls | Self::EmbeddedTlsAsync | Self::EmbeddedTlsLean => Some(Tls::Embedded),
            Self::InsecureHttp | Self::InsecureHttpAsync | Self::InsecureHttpLean => None,
        }
    }

    /// How it speaks to the gateway, in the words of the baseline.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Rustls => "rustls",
            Self::RustlsAsync => "rustls, async",
            Self::EmbeddedTls => "embedded-tls",
            Self::EmbeddedTlsAsync => "embedded-tls, async",
            Self::InsecureHttp => "plain TCP",
            Self::InsecureHttpAsync => "plain TCP, async",
            Self::EmbeddedTlsLean => "embedded-tls, lean",
            Self::InsecureHttpLean => "plain TCP, lean",
        }
    }

    /// Whether it speaks TLS.
    pub const fn is_secure(self) -> bool {
        self.tls().is_some()
    }

    /// The port of the peer's.
    pub const fn port(self) -> u16 {
        if self.is_secure() { 443 } else { 80 }
    }

    /// Starts the sandbox for it, and says what the kiosk must be told to reach `provider` there.
    pub fn sandbox(self, provider: &str) -> Result<(Sandbox, Vec<String>, Anchor)> {
        let sandbox = Sandbox::builder().https(self.is_secure()).start()?;
        let anchor = Anchor::new(sandbox.ca_der().unwrap_or_default())?;
        let mut words = vec![format!("provider={provider}"), format!("appcode={APP_CODE}")];
        if self.is_secure() {
            words.push(format!("anchor={}", anchor.path().display()));
        } else {
            let host = heyan::provider::by_slug(provider).map_or("unknown", |provider| provider.info().host);
            words.push(format!("insecure-url=http://{host}"));
        }
        Ok((sandbox, words, anchor))
    }
}

/// A root certificate in a file, for as long as the kiosk may want it.
pub struct Anchor(PathBuf);

impl Anchor {
    /// With this certificate, in DER.
    pub fn new(certificate: &[u8]) -> Result<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("heyan-anchor-{}-{}.der", process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = env::temp_dir().join(name);
        fs::write(&path, certificate)?;
        Ok(Self(path))
    }

    /// Where.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Anchor {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

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
    /// How the kiosk speaks to the gateway.
    #[arg(long, value_enum, default_value_t = Variant::Rustls)]
    tls: Variant,
    /// Further words for the kiosk, such as `times=3` or `keep=yes`; see examples/firmware/src/request.rs.
    words: Vec<String>,
}

/// Shows it; every verdict is a success of this command.
pub fn run(options: &Options) -> Result<()> {
    let (sandbox, words, _anchor) = options.tls.sandbox(&options.provider)?;
    let mut entered = vec![format!("name={}", options.name), format!("id={}", options.id)];
    entered.extend(options.mobile.iter().map(|mobile| format!("mobile={mobile}")));
    // Of two words for the same thing the first counts.
    entered.extend_from_slice(&options.words);
    entered.extend(words);
    let image = options.tls.image().build()?;
    let by = if options.tls.is_secure() { "https" } else { "plain HTTP, which is insecure," };
    eprintln!("a Cortex-M4 in QEMU, by {by} to the sandbox, in a closed network");
    let run = emulator::run(&image, &entered, Wire::Peer(sandbox.address(), options.tls.port()), true)?;
    print!("{}", run.screen);
    eprintln!("exit status of the kiosk: {}\nthe sandbox counted:\n{}", run.status, sandbox.report());
    Ok(())
}
