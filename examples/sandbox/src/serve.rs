//! A sandbox on its own, until Ctrl-C: what the binary and `heyan sandbox` run.

use crate::{Builder, ErrorStyle, Sandbox};
use std::fmt;
use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

/// How to [`serve`].
#[derive(Clone)]
pub struct ServeOptions {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Listens on an address that other machines reach. The sandbox believes every name and keeps nobody out: it is for
    /// one machine, and is told so in words.
    pub expose_to_network: bool,
    /// TLS instead of plain http.
    pub https: bool,
    /// Where to write the authority's certificate, in PEM, before the ready line. Takes https.
    pub ca_out: Option<PathBuf>,
    /// So many billed calls for each vendor.
    pub quota: Option<u64>,
    /// Messages without codes, as classic instances of the gateway send them.
    pub classic: bool,
    /// The `AppCode` to accept instead of [`APP_CODE`](crate::APP_CODE).
    pub app_code: Option<String>,
    /// The `AppKey` and its secret to accept instead of [`APP_KEY`](crate::APP_KEY) and
    /// [`APP_SECRET`](crate::APP_SECRET).
    pub app_key: Option<(String, String)>,
    /// Plays the vendor's own platform, with this key, for the vendors that have one.
    pub vendor_key: Option<String>,
}

impl Default for ServeOptions {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            expose_to_network: false,
            https: false,
            ca_out: None,
            quota: None,
            classic: false,
            app_code: None,
            app_key: None,
            vendor_key: None,
        }
    }
}

/// Without the secrets.
impl fmt::Debug for ServeOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServeOptions")
            .field("listen", &self.listen)
            .field("expose_to_network", &self.expose_to_network)
            .field("https", &self.https)
            .field("ca_out", &self.ca_out)
            .field("quota", &self.quota)
            .field("classic", &self.classic)
            .finish_non_exhaustive()
    }
}

impl ServeOptions {
    /// Whether other machines would reach it though nobody said so: [`serve`] refuses that.
    #[must_use]
    pub const fn is_exposed_unasked(&self) -> bool {
        !self.expose_to_network && !self.listen.ip().to_canonical().is_loopback()
    }

    /// The sandbox that these options describe.
    #[must_use]
    pub fn builder(&self) -> Builder {
        let mut builder = Sandbox::builder()
            .listen(self.listen)
            .https(self.https)
            .quota(self.quota)
            .error_style(if self.classic { ErrorStyle::Classic } else { ErrorStyle::Code })
            .vendor_key(self.vendor_key.clone());
        if let Some(code) = &self.app_code {
            builder = builder.app_code(code);
        }
        if let Some((key, secret)) = &self.app_key {
            builder = builder.app_key(key, secret);
        }
        builder
    }
}

/// Runs a sandbox until Ctrl-C (or SIGTERM). One line on stdout says that it is ready, `ready URL (simulated gateway)`;
/// at the end the counts follow.
///
/// # Errors
/// An address that other machines reach, without the word for it; `ca_out` without https; the file cannot be written; the sandbox cannot be started; stdout is closed before the ready line.
pub fn serve(options: &ServeOptions) -> io::Result<()> {
    if options.is_exposed_unasked() {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "other machines would reach this address: listen on 127.0.0.1 or [::1], or add --expose-to-network",
        ));
    }
    if options.ca_out.is_some() && !options.https {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "a certificate to write takes https: add --https"));
    }
    // Ctrl-C is to be caught from before anybody can know that this runs.
    let signals = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut interrupted = {
        let _context = signals.enter();
        Interrupts::new()?
    };
    let sandbox = options.builder().start()?;
    if let (Some(path), Some(pem)) = (&options.ca_out, sandbox.ca_pem()) {
        std::fs::write(path, pem)
            .map_err(|error| io::Error::new(error.kind(), format!("cannot write {}: {error}", path.display())))?;
    }
    let mut stdout = io::stdout();
    writeln!(stdout, "ready {} (simulated gateway)", sandbox.url())?;
    stdout.flush()?;
    signals.block_on(interrupted.next());
    let report = sandbox.report();
    drop(sandbox);
    // Whoever waited for the ready line may have stopped reading since: that is no failure of the sandbox's.
    let _ = writeln!(stdout, "{report}").and_then(|()| stdout.flush());
    Ok(())
}

#[cfg(unix)]
struct Interrupts {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Interrupts {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(not(unix))]
struct Interrupts;

#[cfg(not(unix))]
impl Interrupts {
    #[expect(clippy::unnecessary_wraps, reason = "the other platform's can fail")]
    fn new() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        let _ = tokio::signal::ctrl_c().await;
    }
}

#[cfg(test)]
mod tests {
    use super::ServeOptions;

    #[test]
    fn only_loopback_needs_no_word() {
        for (address, unasked) in [
            ("127.0.0.1:0", false),
            ("127.8.8.8:0", false),
            ("[::1]:0", false),
            ("[::ffff:127.0.0.1]:0", false),
            ("0.0.0.0:0", true),
            ("[::]:0", true),
            ("192.0.2.1:0", true),
        ] {
            let listen = address.parse().unwrap();
            assert_eq!(ServeOptions { listen, ..ServeOptions::default() }.is_exposed_unasked(), unasked, "{address}");
            let spelled_out = ServeOptions { listen, expose_to_network: true, ..ServeOptions::default() };
            assert!(!spelled_out.is_exposed_unasked(), "{address}");
        }
    }
}
