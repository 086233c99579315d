//! Cells: a provider, a transport, a fault and a place, and what must come of it.

use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use heyan::provider::ALL;
use heyan::{Billing, OwnedOutcome, Provider};
use heyan_sandbox::Sandbox;

use crate::PATIENCE;
use crate::ended::{Ended, Expect};
use crate::plan::Plan;
use crate::proxy::{Heard, Proxy, head_len};
use crate::transport::{Asker, HOLDER, STRANGER, Talk, Transport};

/// One provider over one transport, with a gateway and a proxy of its own.
pub struct Lane {
    /// The provider.
    pub provider: &'static dyn Provider,
    /// The transport.
    pub transport: Transport,
    /// The proxy in front of the sandbox.
    pub proxy: Proxy,
    /// What one call was about, without any fault.
    pub heard: Heard,
    /// Bytes of the head of its reply; 0 behind TLS.
    pub head_len: usize,
    sandbox: Sandbox,
    authority: Option<(String, &'static [&'static [u8]])>,
    whole: [OwnedOutcome; 2],
    tally: Tally,
}

/// What the cells of a lane came to.
#[derive(Debug, Default)]
pub struct Tally {
    /// How many cells of each kind there were.
    pub families: Vec<(&'static str, usize)>,
    /// Calls that ended in a verdict.
    pub verdicts: u64,
    /// Calls that the gateway billed.
    pub billed: u64,
    /// What was not as it must be.
    pub wrong: Vec<String>,
}

/// One cell.
pub struct Cell<'c> {
    /// The fault, with the place where it happens.
    pub name: String,
    /// What happens to the connections.
    pub plans: Vec<Plan>,
    /// What is asked, and how.
    pub talk: Talk<'c>,
    /// What must come of each call.
    pub expect: Vec<Expect>,
    /// How many connections there must be, where that is certain.
    pub connections: Option<usize>,
}

impl<'c> Cell<'c> {
    /// One call over one connection.
    #[must_use]
    pub fn once(name: impl Into<String>, plan: Plan, talk: Talk<'c>, expect: Expect) -> Self {
        Self { name: name.into(), plans: vec![plan], talk, expect: vec![expect], connections: Some(1) }
    }
}

impl Lane {
    /// Starts a gateway and a proxy, and asks without any fault, to know what is whole.
    ///
    /// # Panics
    /// When that does not work.
    #[must_use]
    pub fn open(provider: &'static dyn Provider, transport: Transport) -> Self {
        // The age of somebody must not change at midnight.
        let sandbox = Sandbox::builder().https(transport.is_secure()).threads(1).clock(|| 1_795_000_000_000).start();
        let sandbox = sandbox.expect("a sandbox");
        let proxy = Proxy::start(sandbox.address()).expect("a proxy");
        let authority = sandbox.ca_pem().zip(sandbox.ca_der()).map(|(pem, der)| (pem.to_owned(), leaked(der)));
        let asker = asker(provider, transport, &proxy, &authority);
        let plan = |number| {
            if transport.is_secure() {
                Plan::record(usize::MAX, crate::RecordFault::None)
            } else {
                Plan::faultless(number)
            }
        };
        proxy.plan([plan(2)]);
        let ended = asker.talk(&Talk::with(proxy.address(), &[HOLDER, STRANGER]));
        let whole = ended.into_iter().map(|ended| match ended.result {
            Ok(outcome) => outcome,
            Err(failure) => panic!("{} x {}: {failure:?} without a fault", provider.info().slug, transport.name()),
        });
        let whole: Vec<_> = whole.collect();
        let _ = proxy.settled().expect("the first connection ends");
        proxy.plan([plan(1)]);
        let ended = asker.talk(&Talk::with(proxy.address(), &[HOLDER]));
        assert!(ended.iter().all(Ended::is_verdict));
        let (_, heard) = proxy.settled().expect("the second connection ends");
        let billed = sandbox.report().billed();
        let tally = Tally { billed, verdicts: 3, ..Tally::default() };
        let head_len = head_len(&heard.reply).unwrap_or_default();
        let whole = whole.try_into().expect("two verdicts");
        Self { provider, transport, proxy, heard, head_len, sandbox, authority, whole, tally }
    }

    /// Nothing particular, one call for each name.
    #[must_use]
    pub fn talk<'t>(&self, names: &'t [&'static str]) -> Talk<'t> {
        Talk::with(self.proxy.address(), names)
    }

    /// Lets a cell happen and notes what is wrong with it. Cells of one kind are a family, and are counted.
    pub fn cell(&mut self, family: &'static str, cell: Cell<'_>) {
        let before = self.sandbox.report().billed();
        self.proxy.plan(cell.plans);
        let ended = asker(self.provider, self.transport, &self.proxy, &self.authority).talk(&cell.talk);
        let settled = self.proxy.settled();
        let billed = self.sandbox.report().billed() - before;

        let mut wrong = String::new();
        for (number, (ended, expect)) in ended.iter().zip(&cell.expect).enumerate() {
            let whole = &self.whole[usize::from(cell.talk.names.get(number) == Some(&STRANGER))];
            if !expect.is_met(ended, whole) {
                let _ = write!(wrong, " call {number}: {ended}, not {expect:?};");
            }
        }
        if ended.len() != cell.expect.len() {
            let _ = write!(wrong, " {} calls, not {};", ended.len(), cell.expect.len());
        }
        let verdicts = ended.iter().filter(|ended| ended.is_verdict()).count() as u64;
        let free = ended.iter().filter(|ended| ended.billing == Billing::Free).count() as u64;
        // Every verdict was billed, and nothing that the client calls free.
        if billed < verdicts || billed > ended.len() as u64 - free {
            let _ = write!(wrong, " the gateway billed {billed}: {verdicts} verdicts, {free} free of {};", ended.len());
        }
        match settled {
            None => wrong.push_str(" a connection does not end;"),
            Some((count, _)) if cell.connections.is_some_and(|expected| expected != count) => {
                let _ = write!(wrong, " {count} connections, not {:?};", cell.connections);
            }
            Some(_) => {}
        }
        self.tally.verdicts += verdicts;
        self.tally.billed += billed;
        match self.tally.families.iter_mut().find(|(name, _)| *name == family) {
            Some((_, count)) => *count += 1,
            None => self.tally.families.push((family, 1)),
        }
        if !wrong.is_empty() {
            let (slug, transport) = (self.provider.info().slug, self.transport.name());
            self.tally.wrong.push(format!("{slug} x {transport} x {family} x {}:{wrong}", cell.name));
        }
    }

    /// Stops, and notes what happened behind the cells' backs.
    #[must_use]
    pub fn close(self) -> Tally {
        let Self { provider, transport, proxy, sandbox, mut tally, .. } = self;
        let connections = proxy.settled().is_some();
        drop(proxy);
        let billed = sandbox.report().billed();
        let name = || format!("{} x {}", provider.info().slug, transport.name());
        if !connections {
            tally.wrong.push(format!("{}: a connection does not end", name()));
        }
        if billed != tally.billed || billed < tally.verdicts {
            let why = format!("billed {billed} in the end, {} by cells, {} verdicts", tally.billed, tally.verdicts);
            tally.wrong.push(format!("{}: {why}", name()));
        }
        tally
    }
}

fn asker<'a>(
    provider: &'static dyn Provider,
    transport: Transport,
    proxy: &Proxy,
    authority: &'a Option<(String, &'static [&'static [u8]])>,
) -> Asker<'a> {
    let authority = authority.as_ref().map(|(pem, der)| (pem.as_str(), *der));
    Asker { provider, transport, port: proxy.address().port(), authority }
}

/// A device's anchors are in its flash, for ever.
fn leaked(der: &[u8]) -> &'static [&'static [u8]] {
    Box::leak(vec![&*Box::leak(der.to_vec().into_boxed_slice())].into_boxed_slice())
}

/// Plays `cells` on a lane of its own for each provider and transport, all at once, and fails with every cell that is not
/// as it must be, or when a descriptor or a bill is left over.
///
/// # Panics
/// That is how a test fails.
pub fn play(transports: &[Transport], cells: impl Fn(&mut Lane) + Sync) {
    // Tests of one process would count each other's descriptors.
    static ALONE: Mutex<()> = Mutex::new(());
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    // The first runtime of a process opens what all later ones use.
    drop(Sandbox::builder().threads(1).start());
    let start = Instant::now();
    let before = descriptors();
    let tallies = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for transport in transports {
            for provider in ALL {
                let (tallies, cells) = (&tallies, &cells);
                scope.spawn(move || {
                    let mut lane = Lane::open(*provider, *transport);
                    cells(&mut lane);
                    tallies.lock().expect("no lane panics with it").push(lane.close());
                });
            }
        }
    });
    let tallies = tallies.into_inner().expect("no lane panics with it");
    let mut families: Vec<(&str, usize)> = Vec::new();
    for (name, count) in tallies.iter().flat_map(|tally| &tally.families) {
        match families.iter_mut().find(|(known, _)| known == name) {
            Some((_, sum)) => *sum += count,
            None => families.push((name, *count)),
        }
    }
    for (name, count) in &families {
        println!("{count:6} cells  {name}");
    }
    let sum: usize = families.iter().map(|(_, count)| count).sum();
    let verdicts: u64 = tallies.iter().map(|tally| tally.verdicts).sum();
    let billed: u64 = tallies.iter().map(|tally| tally.billed).sum();
    let lanes = tallies.len();
    println!(
        "{sum:6} cells in {lanes} lanes: {verdicts} verdicts, {billed} billed, {:.1} s",
        start.elapsed().as_secs_f64()
    );
    let wrong: Vec<&str> = tallies.iter().flat_map(|tally| &tally.wrong).map(String::as_str).collect();
    assert!(wrong.is_empty(), "{} of {sum} cells are wrong:\n{}", wrong.len(), wrong[..wrong.len().min(60)].join("\n"));
    assert_eq!(lanes, transports.len() * ALL.len());
    assert!(sum > 0, "no cell was played");
    // The sandbox's last connections end in its own time.
    let over = Instant::now();
    while descriptors() > before && over.elapsed() < PATIENCE {
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(descriptors() <= before, "{} descriptors, {before} before: some leaked", descriptors());
}

/// Descriptors that this process has open.
#[must_use]
pub fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count)
}
