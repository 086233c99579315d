#![no_std]
#![no_main]
//! The kiosk with a loop that waits.

use core::cell::RefCell;
use core::ops::ControlFlow;
use core::time::Duration;

use embedded_nal::AddrType;
use heyan_embedded::heyan::provider::{CHECKONE, IDCERT, IDENAUTHEN, SFZ2, SJSYS};
use heyan_embedded::heyan::{
    AppCode, AppKey, Buffer, Consent, Credentials, Date, Endpoint, IdNumber, Inquiry, Mobile, Name, Stamp, Subject,
    provider,
};
use heyan_embedded::{Deadlines, Insecure, Watch, blocking};
use heyan_firmware::board::{clock, host, stack};
use heyan_firmware::ending::{self, Ending};
use heyan_firmware::net::{Memory, Network, Places};
use heyan_firmware::random::{PredictableDemoRandom, Random};
use heyan_firmware::request::Entered;

/// For requests and replies of any provider, and nothing else: it is wiped after each.
const BUFFER_LEN: usize = longest([
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

/// How long to wait for an address after the start.
const ADDRESS_WITHIN: Duration = Duration::from_secs(5);

#[cortex_m_rt::entry]
fn main() -> ! {
    // cortex-m-rt makes these the function's own.
    static mut MEMORY: Memory = Memory::new();
    static mut PLACES: Places = Places::new();
    static mut BUFFER: Buffer<BUFFER_LEN> = Buffer::new();
    static mut ENTERED: [u8; 512] = [0; 512];

    stack::paint();
    let Some(peripherals) = cortex_m::Peripherals::take() else { host::exit(103) };
    clock::start(peripherals.SYST);
    let entered = Entered::new(host::entered(ENTERED));
    let mut random = PredictableDemoRandom::unfit_for_products(host::unix_seconds());
    defmt::info!("kiosk started");
    let ending = match Network::start(MEMORY, PLACES, &mut random) {
        Ok(network) => serve(&entered, &RefCell::new(network), &mut random, BUFFER),
        Err(error) => {
            defmt::error!("no network: {}", error);
            host::show(format_args!("无法核验: there is no network controller"));
            Ending::Error
        }
    };
    defmt::info!("done: {}, stack {=usize} bytes", ending, stack::deepest());
    host::exit(ending as u8)
}

/// Serves as many people as were entered, and ends as the last of them did.
fn serve(
    entered: &Entered<'_>,
    network: &RefCell<Network>,
    random: &mut impl Random,
    buffer: &mut Buffer<BUFFER_LEN>,
) -> Ending {
    let timer = blocking::timer(clock::now, || {
        // A product feeds its watchdog here.
        if let Ok(mut network) = network.try_borrow_mut() {
            network.poll();
        }
        ControlFlow::Continue(())
    });
    await_address(network, &timer);
    let first_byte = Duration::from_millis(entered.number("first-byte-ms", 10_000));
    let watch = Watch::new(timer, Deadlines { first_byte, ..Deadlines::DEFAULT });
    let times: u32 = entered.number("times", 1);
    let mut kept = None;
    let mut last = None;
    let mut after_first = 0;
    for turn in 1..=times {
        let ending = match inquiry(entered, random) {
            Ok(inquiry) => {
                let connect = |kept: &mut Option<_>| {
                    // The old connection goes before a new one comes: there is one socket.
                    *kept = None;
                    let address = blocking::resolve(network, inquiry.endpoint(), AddrType::IPv4, &watch)?;
                    *kept = Some(Insecure::plain_text(blocking::connect(network, address, &watch)?));
                    Ok(())
                };
                let result = blocking::verify_kept(&mut kept, connect, &inquiry, buffer, &watch);
                if entered.get("keep") != Some("yes") {
                    kept = None;
                }
                ending::show(&result)
            }
            Err(ending) => ending,
        };
        if last.is_some_and(|last| last != ending) {
            host::show(format_args!("turn {turn} ended otherwise than the one before"));
            return Ending::Error;
        }
        last = Some(ending);
        if kept.is_none() && network.borrow().in_use() {
            host::show(format_args!("turn {turn} left its socket open"));
            return Ending::Error;
        }
        if turn == 1 {
            after_first = stack::deepest();
        }
    }
    if times > 1 {
        host::show(format_args!("{times} times, stack {after_first} then {} bytes", stack::deepest()));
    }
    last.unwrap_or(Ending::Error)
}

fn await_address(network: &RefCell<Network>, timer: &impl blocking::Timer) {
    let until = timer.now() + ADDRESS_WITHIN;
    while !network.borrow().has_address() && timer.now() < until {
        let _ = timer.idle();
    }
}

/// Checks what was entered. What is wrong is shown before anything is sent.
fn inquiry<'a>(entered: &Entered<'a>, random: &mut impl Random) -> Result<Inquiry<'a>, Ending> {
    let seconds = host::unix_seconds();
    let today = i64::try_from(seconds).ok().and_then(Date::from_unix_seconds).unwrap_or(Date::MAX);
    let name = Name::from_input(entered.get("name").unwrap_or_default());
    let name = name.map_err(|error| ending::show_wrong("name", &error))?;
    let id = IdNumber::from_input(entered.get("id").unwrap_or_default(), today);
    let id = id.map_err(|error| ending::show_wrong("id", &error))?;
    host::show(format_args!("核验 {} {}", name.masked(), id.masked()));
    let mut subject = Subject::new(name, id);
    if let Some(mobile) = entered.get("mobile") {
        subject =
            subject.with_mobile(Mobile::from_input(mobile).map_err(|error| ending::show_wrong("mobile", &error))?);
    }
    let credentials = match (entered.get("appkey"), entered.get("appsecret")) {
        (Some(key), Some(secret)) => {
            let stamp = Stamp::new(seconds.saturating_mul(1000), random.nonce());
            AppKey::new(key, secret).map(|key| Credentials::Signed(key, stamp))
        }
        _ => AppCode::new(entered.get("appcode").unwrap_or_default()).map(Credentials::AppCode),
    };
    let credentials = credentials.map_err(|error| ending::show_wrong("credentials", &error))?;
    let slug = entered.get("provider").unwrap_or("idcert");
    let provider = provider::by_slug(slug).ok_or_else(|| ending::show_wrong("provider", &"no such provider"))?;
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
