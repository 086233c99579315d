//! A soak: many threads verify at full speed through a network of which one exchange in a hundred breaks.
//!
//! Most threads use `heyan_std::Router` with a ledger and three accounts of three providers; every person's verdict is known
//! beforehand, and the proxies write down what they did to each call, so each ending is held against it. The others use
//! the devices' client and TLS. Meanwhile descriptors, threads and memory are counted; they must not grow.
//!
//! `cargo xtask soak` runs it. The same `--seed` gives the same people and faults, though not to the same threads.

mod books;
mod callers;
mod chance;
mod gateway;
mod lanes;
mod people;
mod vitals;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use std::{env, fs, process, thread};

use clap::{Parser, ValueEnum};
use heyan::Provider;
use heyan::policy::{AccountId, HealthRule, Package, RetryRule, Slug};
use heyan::provider::{IDCERT, IDENAUTHEN, SFZ2};
use heyan_faults::{PATIENCE, Proxy, descriptors};
use heyan_sandbox::{Report, Sandbox};
use heyan_std::ledger::{Counts, Ledger};
use heyan_std::{Client, Config, OwnedCredentials, RoutedAccount, Router, RouterBuilder};

use books::Entries;
use callers::{Office, Tally};
use chance::Chance;
use gateway::Log;
use vitals::{Course, Vitals};

/// Many threads at full speed through a network that breaks.
#[derive(Parser)]
struct Options {
    /// How long.
    #[arg(long, default_value_t = 600, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    seconds: u64,
    /// Threads that verify through the router.
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u64).range(1..=256))]
    threads: u64,
    /// Threads that ask without it: over the devices' client, and over TLS.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u64).range(0..=64))]
    lanes: u64,
    /// Faults in a hundred exchanges of the router's, roughly.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=30))]
    percent: u8,
    /// Of people and faults.
    #[arg(long, default_value_t = 20_261_122)]
    seed: u64,
    /// Plants a mistake, which must be found.
    #[arg(long, value_enum)]
    plant: Option<Plant>,
}

/// Mistakes that a soak must find.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Plant {
    /// Now and then a verdict is another one.
    WrongVerdict,
    /// Now and then a call ends in nothing.
    LostVerdict,
    /// What may have been billed is asked again.
    PayTwice,
    /// Attempts have no entry in the ledger.
    NoEntry,
    /// Memory is not given back.
    Memory,
    /// Descriptors are not closed.
    Descriptors,
}

/// What the accounts are called.
const ACCOUNT: &str = "main";
/// Calls in the package of each account: more than a day at full speed uses.
const CALLS: u32 = 2_000_000_000;
/// Longest time for an attempt. Nothing but a stall comes near it.
const TIMEOUT: Duration = Duration::from_secs(2);
/// Longest time for a verification.
const DEADLINE: Duration = Duration::from_secs(30);
/// Attempts that fail free are made again; so many in a row never do.
const ATTEMPTS: u8 = 8;

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    match soak(&Options::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("the soak cannot be made: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Milliseconds since 1970-01-01T00:00:00Z.
fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

fn soak(options: &Options) -> Outcome<bool> {
    // The first runtime of a process opens what all later ones use.
    drop(Sandbox::builder().threads(1).start()?);
    let before = descriptors();
    let folder = Folder::new()?;
    let log = Arc::new(Log::default());
    let office = Office {
        log: Arc::clone(&log),
        numbers: AtomicU64::new(0),
        over: AtomicBool::new(false),
        plant: options.plant,
    };
    let site = Site::open(options, &log, &folder.0)?;
    let lanes: Vec<_> = (0..options.lanes as usize).map(lanes::open).collect();
    let mut course = Course::default();
    let tallies = Mutex::new((Tally::default(), heyan_faults::Tally::default()));
    let start = Instant::now();
    thread::scope(|scope| {
        for number in 0..options.threads {
            let router = &site.routers[number as usize % site.routers.len()];
            let (office, tallies) = (&office, &tallies);
            let chance = Chance::new(options.seed, 1000 + number);
            scope.spawn(move || {
                let tally = office.work(router, chance);
                tallies.lock().unwrap_or_else(PoisonError::into_inner).0.merge(tally);
            });
        }
        for (number, lane) in lanes.into_iter().enumerate() {
            let (office, tallies) = (&office, &tallies);
            let chance = Chance::new(options.seed, 2000 + number as u64);
            scope.spawn(move || {
                let tally = lanes::work(lane, chance, &office.over);
                let sum = &mut tallies.lock().unwrap_or_else(PoisonError::into_inner).1;
                sum.verdicts += tally.verdicts;
                sum.families.extend(tally.families);
                sum.wrong.extend(tally.wrong);
            });
        }
        let (time, beat) = (Duration::from_secs(options.seconds), beat(options.seconds));
        while start.elapsed() < time {
            thread::sleep(beat.min(time.saturating_sub(start.elapsed())));
            course.note();
        }
        office.over.store(true, Ordering::Relaxed);
    });
    let took = start.elapsed();
    let (mut tally, by_lanes) = tallies.into_inner().unwrap_or_else(PoisonError::into_inner);
    let report = site.sandbox.report();
    let entries = Entries::read(&site.ledger)?;
    books::balance(&mut tally, &entries, &report, &log);
    by_lanes.wrong.iter().for_each(|words| tally.wrong.add(words.clone()));
    course.growth().into_iter().for_each(|words| tally.wrong.add(words));
    drop(site);
    let after = settled(before);
    if after > before {
        tally.wrong.add(format!("{after} descriptors in the end, {before} in the beginning"));
    }

    tell(options, &Told { took, tally: &tally, by_lanes: &by_lanes, entries: &entries, report: &report, log: &log });
    let ([most, _, _], [_, _, least], peak) = (course.most(), course.least(), course.peak());
    println!("descriptors: {before} before, {} at most, {after} after", peak.descriptors);
    println!(
        "descriptors, threads, memory: {} at most in the first third, {} at least in the last",
        taken(most),
        taken(least)
    );
    println!("memory: {:.1} MiB at most", peak.resident_kib as f64 / 1024.0);
    for words in &tally.wrong.words {
        println!("WRONG: {words}");
    }
    println!("{} wrong", tally.wrong.count);
    Ok(tally.wrong.count == 0)
}

/// What there is to tell of the calls.
struct Told<'t> {
    took: Duration,
    tally: &'t Tally,
    by_lanes: &'t heyan_faults::Tally,
    entries: &'t Entries,
    report: &'t Report,
    log: &'t Log,
}

fn tell(options: &Options, told: &Told<'_>) {
    let Told { took, tally, by_lanes, entries, report, log } = told;
    let Options { seconds, threads, lanes, seed, .. } = options;
    println!("soak: {seconds} s, {threads} threads with a router, {lanes} without, seed {seed}");
    let Tally { begun, verdicts, rescued, failures, nameless, .. } = tally;
    println!("calls: {begun}, {:.0}/s: {verdicts} verdicts, {rescued} of them by another attempt", per(*begun, *took));
    println!(
        "failures: {failures}, each reported as billed or possibly billed; {nameless} on connections that had gone"
    );
    print!("attempts:");
    tally.attempts.iter().for_each(|((class, billing), count)| print!(" {class}/{billing} {count}"));
    println!();
    let refused: u64 =
        tally.attempts.iter().filter(|((class, _), _)| *class == "connect").map(|(_, count)| count).sum();
    let (faults, exchanges) = (log.sum() + refused, log.exchanges.load(Ordering::Relaxed));
    println!("faults: {faults}, {:.2} % of {exchanges} exchanges", 100.0 * faults as f64 / exchanges.max(1) as f64);
    let load = |count: &AtomicU64| count.load(Ordering::Relaxed);
    print!("  NoAddress {} Refused {refused} Shut {}", load(&log.lookups_failed), load(&log.shut));
    log.faults().iter().for_each(|(fault, count)| print!(" {fault:?} {count}"));
    println!();
    let (requests, billed) = (report.requests, report.billed());
    let Counts { billed: sure, possibly, free, .. } = entries.sum;
    println!("gateway: {requests} requests, {billed} billed");
    println!("ledger: {} entries, {sure} billed, {possibly} possibly, {free} free", entries.count());
    let conversations: usize = by_lanes.families.iter().map(|(_, count)| count).sum();
    let verdicts = by_lanes.verdicts;
    println!("devices' client and TLS: {conversations} conversations with a fault each, {verdicts} verdicts");
}

/// A gateway, the ways to it, and the routers that know them.
struct Site {
    routers: Vec<Router>,
    ledger: Ledger,
    _proxies: Vec<Proxy>,
    sandbox: Sandbox,
}

impl Site {
    fn open(options: &Options, log: &Arc<Log>, folder: &Path) -> Outcome<Self> {
        let sandbox = Sandbox::builder().start()?;
        let ledger = Ledger::open(folder.join("ledger.db"))?;
        let providers: [&'static dyn Provider; 3] = [&IDCERT, &SFZ2, &IDENAUTHEN];
        let (mut proxies, mut accounts) = (Vec::new(), Vec::new());
        for (number, provider) in (0..).zip(providers) {
            let proxy =
                gateway::start(sandbox.address(), Chance::new(options.seed, number), options.percent.into(), log)?;
            let slug = Slug::new(provider.info().slug).ok_or("a slug")?;
            let package = Package::new(CALLS, 1, now_ms() - 1000, u64::from(u32::MAX) * 1000);
            ledger.buy(&slug, &AccountId::new(ACCOUNT).ok_or("a name")?, package)?;
            accounts.push(RoutedAccount::new(client(options, provider, &proxy, log, number)?, ACCOUNT, 300_000)?);
            proxies.push(proxy);
        }
        let mut routers = Vec::new();
        for _ in 0..accounts.len() {
            // Each of them begins with another account.
            accounts.rotate_left(1);
            let rule =
                RetryRule::new(ATTEMPTS, DEADLINE).with_pauses(Duration::from_millis(1), Duration::from_millis(20));
            let rule = if options.plant == Some(Plant::PayTwice) { rule.may_pay_twice() } else { rule };
            let health = HealthRule { pause: Duration::from_millis(100), trial: TIMEOUT * 2, ..HealthRule::DEFAULT };
            let builder = Router::builder().retry(rule).health(health).deadline(DEADLINE);
            let builder = accounts.iter().cloned().fold(builder, RouterBuilder::account);
            let keeps_books = options.plant != Some(Plant::NoEntry);
            routers.push(if keeps_books { builder.ledger(ledger.clone()) } else { builder }.build()?);
        }
        Ok(Self { routers, ledger, _proxies: proxies, sandbox })
    }
}

fn client(
    options: &Options,
    provider: &'static dyn Provider,
    proxy: &Proxy,
    log: &Arc<Log>,
    number: u64,
) -> Outcome<Client> {
    let address = proxy.address();
    let (log, chance) = (Arc::clone(log), Mutex::new(Chance::new(options.seed, 100 + number)));
    let config = Config::new(provider, OwnedCredentials::app_code(heyan_sandbox::APP_CODE)?)
        .insecure_http_base_url(&format!("http://localhost:{}", address.port()))?
        .timeout(TIMEOUT)
        .idle_connections(options.threads as usize)
        .resolve_ttl(Duration::ZERO)
        .resolve_with(move |_, _| {
            gateway::look_up(address, &mut chance.lock().unwrap_or_else(PoisonError::into_inner), &log)
        });
    Ok(Client::new(config)?)
}

/// How often the process is looked at: every second, or more often where the run is short.
fn beat(seconds: u64) -> Duration {
    Duration::from_millis((seconds * 1000 / 60).clamp(50, 1000))
}

/// Descriptors, once the last connections have ended in their own time.
fn settled(before: usize) -> usize {
    let over = Instant::now();
    while descriptors() > before && over.elapsed() < PATIENCE {
        thread::sleep(Duration::from_millis(10));
    }
    descriptors()
}

fn per(count: u64, time: Duration) -> f64 {
    count as f64 / time.as_secs_f64()
}

fn taken(vitals: Vitals) -> String {
    let Vitals { descriptors, threads, resident_kib } = vitals;
    format!("{descriptors}, {threads}, {:.1} MiB", resident_kib as f64 / 1024.0)
}

/// Where the ledger lies. Removed when it is dropped.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Outcome<Self> {
        let path = env::temp_dir().join(format!("heyan-soak-{}", process::id()));
        fs::create_dir_all(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
