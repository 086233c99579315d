//! What every variant of the kiosk does: it starts the board, takes what was entered, and serves people in turns.

use core::cell::RefCell;
use core::ops::ControlFlow;
use core::time::Duration;

use heyan_embedded::Deadlines;
use heyan_embedded::blocking::{self, Timer};
use heyan_embedded::heyan::provider::{CHECKONE, IDCERT, IDENAUTHEN, SFZ2, SJSYS};
use heyan_embedded::heyan::{
    AppCode, Consent, Credentials, Date, Endpoint, IdNumber, Inquiry, Name, Provider, Subject,
};
#[cfg(feature = "all")]
use heyan_embedded::heyan::{AppKey, Mobile, Stamp, provider};

use crate::board::{clock, host, stack};
use crate::ending::{self, Ending};
use crate::net::{Memory, Network, Places};
use crate::random::{PredictableDemoRandom, Random};
use crate::request::Entered;

/// Length of a buffer for requests and replies of any provider. It is wiped after each.
pub const BUFFER_LEN: usize = longest([
    CHECKONE.info().buffer_len(),
    IDENAUTHEN.info().buffer_len(),
    IDCERT.info().buffer_len(),
    SJSYS.info().buffer_len(),
    SFZ2.info().buffer_len(),
]);

const fn longest(lengths: [usize; 5]) -> usize {
    let (mut longest, mut rest) = (0, lengths.as_slice());
    while let [first, tail @ ..] = rest {
        longest = if *first > longest { *first } else { longest };
        rest = tail;
    }
    longest
}

/// Starts the board: what was entered, and the demo's randomness.
#[inline(never)] // What it takes of the stack is needed once.
pub fn start(space: &'static mut [u8]) -> (Entered<'static>, PredictableDemoRandom) {
    stack::paint();
    let Some(peripherals) = cortex_m::Peripherals::take() else { host::exit(103) };
    clock::start(peripherals.SYST);
    let entered = Entered::new(host::entered(space));
    defmt::info!("kiosk started");
    (entered, PredictableDemoRandom::unfit_for_products(host::unix_seconds()))
}

/// Starts the network, or leaves the program.
pub fn network(memory: &'static mut Memory, places: &'static mut Places, random: &mut impl Random) -> Network {
    match Network::start(memory, places, random) {
        Ok(network) => network,
        Err(error) => {
            defmt::error!("no network: {}", error);
            leave(Ending::Error)
        }
    }
}

/// How long to wait for an address after the start.
pub const ADDRESS_WITHIN: Duration = Duration::from_secs(5);

/// A timer which moves the network's frames while a call waits, sleeps until the next interrupt, at the latest that of the
/// clock in a millisecond, and would feed the watchdog.
pub fn timer(network: &RefCell<Network>) -> impl Timer + '_ {
    blocking::timer(clock::now, || {
        if let Ok(mut network) = network.try_borrow_mut() {
            network.poll();
        }
        cortex_m::asm::wfi();
        ControlFlow::Continue(())
    })
}

/// Waits for an address, or gives up: then the first call says what is missing.
pub fn await_address(network: &RefCell<Network>, timer: &impl Timer) {
    let until = timer.now() + ADDRESS_WITHIN;
    while !network.borrow().has_address() && timer.now() < until {
        let _ = timer.idle();
    }
}

/// How long each part of a call may take.
#[must_use]
pub fn deadlines(entered: &Entered<'_>) -> Deadlines {
    Deadlines {
        first_byte: Duration::from_millis(entered.number("first-byte-ms", 10_000).into()),
        ..Deadlines::DEFAULT
    }
}

/// As many turns as were entered: all of them must end alike, and leave nothing behind.
pub struct Turns {
    left: u32,
    times: u32,
    keep: bool,
    last: Option<Ending>,
    stack_after_first: usize,
}

impl Turns {
    /// None yet.
    #[must_use]
    pub fn new(entered: &Entered<'_>) -> Self {
        let times = entered.number("times", 1);
        Self { left: times, times, keep: entered.get("keep") == Some("yes"), last: None, stack_after_first: 0 }
    }

    /// Whether a connection is kept for the next person.
    #[must_use]
    pub const fn keep(&self) -> bool {
        self.keep
    }

    /// Whether there is a next person.
    #[must_use]
    pub const fn goes_on(&self) -> bool {
        self.left != 0
    }

    /// Notes how a turn ended.
    pub fn note(&mut self, ending: Ending) {
        self.left = self.left.saturating_sub(1);
        if self.last.is_some_and(|last| last != ending) {
            host::show(&["a turn ended otherwise than the one before"]);
            self.fail();
        }
        if self.last.is_none() {
            self.stack_after_first = stack::deepest();
        }
        self.last.get_or_insert(ending);
    }

    /// Notes that no connection is kept: then none may be open.
    pub fn note_closed(&mut self, network: &RefCell<Network>) {
        if network.borrow().in_use() {
            host::show(&["a turn left its socket open"]);
            self.fail();
        }
    }

    fn fail(&mut self) {
        self.left = 0;
        self.last = Some(Ending::Error);
    }

    /// How all of them ended.
    #[must_use]
    pub fn end(self) -> Ending {
        if self.times > 1 {
            let (first, all) = (self.stack_after_first, stack::deepest());
            #[cfg(feature = "all")]
            host::show_fmt(format_args!("{} times, stack {first} then {all} bytes", self.times));
            #[cfg(not(feature = "all"))]
            defmt::info!("{=u32} times: {=usize}, then {=usize} bytes of stack", self.times, first, all);
        }
        self.last.unwrap_or(Ending::Error)
    }
}

/// Leaves the program.
pub fn leave(ending: Ending) -> ! {
    defmt::info!("done: {}, stack {=usize} bytes", ending, stack::deepest());
    host::exit(ending as u8)
}

/// Checks what was entered.
///
/// # Errors
/// What is wrong is shown, before anything is sent.
pub fn inquiry<'a>(entered: &Entered<'a>, random: &mut impl Random) -> Result<Inquiry<'a>, Ending> {
    let seconds = host::unix_seconds();
    let today = i64::try_from(seconds).ok().and_then(Date::from_unix_seconds).unwrap_or(Date::MAX);
    let name = Name::from_input(entered.get("name").unwrap_or_default());
    let name = name.map_err(|error| ending::show_wrong("name", &error))?;
    let id = IdNumber::from_input(entered.get("id").unwrap_or_default(), today);
    let id = id.map_err(|error| ending::show_wrong("id", &error))?;
    #[cfg(feature = "all")]
    host::show_fmt(format_args!("核验 {} {}", name.masked(), id.masked()));
    let subject = Subject::new(name, id);
    #[cfg(feature = "all")]
    let mut subject = subject;
    #[cfg(feature = "all")]
    if let Some(mobile) = entered.get("mobile") {
        subject =
            subject.with_mobile(Mobile::from_input(mobile).map_err(|error| ending::show_wrong("mobile", &error))?);
    }
    #[cfg(not(feature = "all"))]
    let credentials = {
        let _ = random;
        AppCode::new(entered.get("appcode").unwrap_or_default()).map(Credentials::AppCode)
    };
    #[cfg(feature = "all")]
    let credentials = match (entered.get("appkey"), entered.get("appsecret")) {
        (Some(key), Some(secret)) => {
            let stamp = Stamp::new(seconds.saturating_mul(1000), random.nonce());
            AppKey::new(key, secret).map(|key| Credentials::Signed(key, stamp))
        }
        _ => AppCode::new(entered.get("appcode").unwrap_or_default()).map(Credentials::AppCode),
    };
    let credentials = credentials.map_err(|error| ending::show_wrong("credentials", &error))?;
    #[cfg(not(feature = "all"))]
    let provider: &dyn Provider = &IDCERT;
    #[cfg(feature = "all")]
    let provider: &dyn Provider = provider::by_slug(entered.get("provider").unwrap_or("idcert"))
        .ok_or_else(|| ending::show_wrong("provider", &"no such provider"))?;
    // The person pressed the button 同意 under the authorisation; on the command line, by entering the identity.
    let inquiry = Inquiry::new(provider, subject, Consent::given(), credentials);
    let inquiry = inquiry.map_err(|error| ending::show_wrong("provider", &error))?;
    match entered.get("insecure-url") {
        None => Ok(inquiry),
        Some(url) => match Endpoint::parse_insecure_http(url) {
            Ok(endpoint) => Ok(inquiry.at(endpoint)),
            Err(error) => Err(ending::show_wrong("insecure-url", &error)),
        },
    }
}
