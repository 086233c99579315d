//! The ways in which a provider can be asked.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use heyan::{Consent, Date, IdNumber, Mobile, Name, Provider, Subject};
use heyan_std::{Call, Client, Config, OwnedCredentials, Trust};

use crate::ended::Ended;
use crate::{Flag, PATIENCE, embedded};

/// The holder of the number, for the sandbox.
pub const HOLDER: &str = "张三";
/// Somebody else, whose name with that number is a mismatch.
pub const STRANGER: &str = "李四";
/// The number that every call is about.
pub const ID: &str = "11010119000101009X";
const MOBILE: &str = "13000000000";

/// A client and what its channel is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// `heyan_std::Client` over plain TCP.
    StdHttp,
    /// `heyan_std::Client` over its TLS.
    StdHttps,
    /// `heyan_embedded::blocking` over a stack with the `embedded-nal` traits.
    EmbeddedHttp,
    /// The same through TLS by its feature `rustls`.
    EmbeddedRustls,
    /// The same through TLS by its feature `embedded-tls`.
    EmbeddedTls,
}

impl Transport {
    /// Those that speak plain http.
    pub const PLAIN: [Self; 2] = [Self::StdHttp, Self::EmbeddedHttp];
    /// Those that speak https.
    pub const SECURE: [Self; 3] = [Self::StdHttps, Self::EmbeddedRustls, Self::EmbeddedTls];

    /// As a cell names it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::StdHttp => "std http",
            Self::StdHttps => "std https",
            Self::EmbeddedHttp => "embedded http",
            Self::EmbeddedRustls => "embedded https (rustls)",
            Self::EmbeddedTls => "embedded https (embedded-tls)",
        }
    }

    /// Whether it speaks https.
    #[must_use]
    pub const fn is_secure(self) -> bool {
        !matches!(self, Self::StdHttp | Self::EmbeddedHttp)
    }

    /// Whether it is the server's.
    #[must_use]
    pub const fn is_std(self) -> bool {
        matches!(self, Self::StdHttp | Self::StdHttps)
    }
}

/// What a lookup of the host's name ends in.
#[derive(Clone, Debug)]
pub enum Lookup {
    /// These addresses; a device takes the first of them.
    Found(Vec<SocketAddr>),
    /// There is none.
    Failed,
    /// No answer.
    Silent,
}

/// How a conversation goes.
pub struct Talk<'t> {
    /// The names that are asked about, one call each.
    pub names: &'t [&'static str],
    /// What happens in front of the call with this number, from 0.
    pub between: &'t dyn Fn(usize),
    /// What the lookups of the host's name end in; the last one for all further ones.
    pub lookups: Vec<Lookup>,
    /// Longest time for a call on the server's clock.
    pub patience: Duration,
    /// On the device's clock, hours have passed once this is raised and nothing comes any more.
    pub hours_pass: Flag,
    /// On the device's clock, so much time passes with each read that brings something.
    pub time_per_read: Duration,
    /// The device's stack takes so many bytes, and the next only after this is raised.
    pub hold_back: Option<(usize, Flag)>,
    /// So many bytes are added to a form.
    pub extra_len: usize,
}

impl<'t> Talk<'t> {
    /// A call for each name to an address, with nothing particular.
    #[must_use]
    pub fn with(address: SocketAddr, names: &'t [&'static str]) -> Self {
        Self {
            names,
            between: &|_| (),
            lookups: vec![Lookup::Found(vec![address])],
            patience: PATIENCE,
            hours_pass: Flag::default(),
            time_per_read: Duration::ZERO,
            hold_back: None,
            extra_len: 0,
        }
    }
}

/// Who is asked, by which way.
#[derive(Clone, Copy)]
pub struct Asker<'a> {
    /// Whom.
    pub provider: &'static dyn Provider,
    /// By which way.
    pub transport: Transport,
    /// The port in the base URL; the host is `localhost`.
    pub port: u16,
    /// The certificate of the authority to trust, in PEM and in DER, for https.
    pub authority: Option<(&'a str, &'static [&'static [u8]])>,
}

impl Asker<'_> {
    /// Whom a call is about.
    pub(crate) fn subject(&self, name: &'static str) -> Subject<'static> {
        let id = IdNumber::parse(ID, Date::MAX).expect("a valid number");
        let subject = Subject::new(Name::parse(name).expect("a valid name"), id);
        if self.provider.info().checks_mobile() {
            subject.with_mobile(Mobile::parse(MOBILE).expect("a valid mobile number"))
        } else {
            subject
        }
    }

    pub(crate) fn url(&self) -> String {
        let scheme = if self.transport.is_secure() { "https" } else { "http" };
        format!("{scheme}://localhost:{}", self.port)
    }

    /// Asks as often as `talk` says, and leaves.
    #[must_use]
    pub fn talk(&self, talk: &Talk<'_>) -> Vec<Ended> {
        if self.transport.is_std() { self.talk_std(talk) } else { embedded::talk(self, talk) }
    }

    fn talk_std(&self, talk: &Talk<'_>) -> Vec<Ended> {
        let credentials = OwnedCredentials::app_code(heyan_sandbox::APP_CODE).expect("an AppCode");
        let config = Config::new(self.provider, credentials).timeout(talk.patience).connect_timeout(talk.patience);
        let config = match self.authority {
            Some((pem, _)) => config
                .base_url(&self.url())
                .map(|config| config.trust(Trust::only_pem(pem.as_bytes()).expect("the sandbox's authority"))),
            None => config.insecure_http_base_url(&self.url()),
        };
        let (lookups, asked, over) = (talk.lookups.clone(), AtomicUsize::new(0), Flag::default());
        let (hold, silent) = (over.clone(), std::io::ErrorKind::TimedOut);
        let config = config.expect("a base URL").resolve_ttl(Duration::ZERO).resolve_with(move |_, _| {
            match answer(&lookups, asked.fetch_add(1, Ordering::SeqCst)) {
                Lookup::Found(addresses) => Ok(addresses.clone()),
                Lookup::Failed => Err(std::io::ErrorKind::NotFound.into()),
                Lookup::Silent => {
                    // The thread must not outlive the call: it would count as a leak.
                    let _ = hold.wait();
                    Err(silent.into())
                }
            }
        });
        let client = Client::new(config).expect("a client");
        let value = "x".repeat(talk.extra_len);
        let fields = |_: &Subject<'_>, fields: &mut heyan::http::Fields<'_>| fields.add("extra", &value);
        let call = if value.is_empty() { Call::new() } else { Call::new().fields(&fields) };
        let ask = |(number, name): (usize, &&'static str)| {
            (talk.between)(number);
            match client.verify_with(&self.subject(name), Consent::given(), &call) {
                Ok(outcome) => Ended::verdict(outcome),
                Err(error) => {
                    Ended::failed(error.inquiry().unwrap_or(&heyan::Error::Encode(heyan::EncodeError::Fields)))
                }
            }
        };
        let ended = talk.names.iter().enumerate().map(ask).collect();
        over.raise();
        ended
    }
}

/// The answer to a lookup, of which so many came before.
pub(crate) fn answer(lookups: &[Lookup], before: usize) -> &Lookup {
    lookups.get(before).or(lookups.last()).unwrap_or(&Lookup::Failed)
}
