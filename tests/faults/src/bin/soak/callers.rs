//! Threads that verify through a router, and hold every call against what the proxies did to it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use heyan::http::Fields;
use heyan::policy::{Class, Why};
use heyan::{Billing, Consent, Subject, Verdict};
use heyan_std::{Routed, Router, RouterError, Verification};

use crate::Plant;
use crate::chance::Chance;
use crate::gateway::{CALL, Exchange, Fault, Log};
use crate::people::Person;

/// Most findings that are kept in words.
const WORDS_MAX: usize = 20;

/// What the calls came to.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) begun: u64,
    pub(crate) verdicts: u64,
    pub(crate) failures: u64,
    /// Verdicts that took more than one attempt.
    pub(crate) rescued: u64,
    /// Failures that no exchange of the call's own explains.
    pub(crate) nameless: u64,
    /// Attempts by class and price.
    pub(crate) attempts: BTreeMap<(&'static str, &'static str), u64>,
    pub(crate) wrong: Wrong,
}

/// What must not be.
#[derive(Debug, Default)]
pub(crate) struct Wrong {
    pub(crate) count: u64,
    pub(crate) words: Vec<String>,
}

impl Wrong {
    pub(crate) fn add(&mut self, words: String) {
        self.count += 1;
        if self.words.len() < WORDS_MAX {
            self.words.push(words);
        }
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.count += other.count;
        self.words.extend(other.words);
        self.words.truncate(WORDS_MAX);
    }
}

impl Tally {
    pub(crate) fn merge(&mut self, other: Self) {
        self.begun += other.begun;
        self.verdicts += other.verdicts;
        self.failures += other.failures;
        self.rescued += other.rescued;
        self.nameless += other.nameless;
        for (key, count) in other.attempts {
            *self.attempts.entry(key).or_default() += count;
        }
        self.wrong.merge(other.wrong);
    }
}

/// What all callers share.
pub(crate) struct Office {
    pub(crate) log: std::sync::Arc<Log>,
    pub(crate) numbers: AtomicU64,
    pub(crate) over: AtomicBool,
    pub(crate) plant: Option<Plant>,
}

impl Office {
    /// Verifies one person after the other until it is over.
    pub(crate) fn work(&self, router: &Router, mut chance: Chance) -> Tally {
        let mut tally = Tally::default();
        while !self.over.load(Ordering::Relaxed) {
            let person = Person::any(&mut chance);
            let call = self.numbers.fetch_add(1, Ordering::Relaxed);
            tally.begun += 1;
            match self.verify(router, &person, call) {
                Ok(routed) => self.count(&mut tally, &person, call, &routed),
                Err(why) => tally.wrong.add(format!("call {call}: {why}")),
            }
        }
        tally
    }

    fn verify(&self, router: &Router, person: &Person, call: u64) -> Result<Routed, String> {
        let text = call.to_string();
        let fields = |_: &Subject<'_>, fields: &mut Fields<'_>| fields.add(CALL, &text);
        let origin = i64::try_from(call).map_err(|error| error.to_string())?;
        let with = Verification::new().fields(&fields).origin(origin);
        Ok(router.verify_with(&person.subject()?, Consent::given(), &with))
    }

    fn count(&self, tally: &mut Tally, person: &Person, call: u64, routed: &Routed) {
        let exchanges = self.log.take(call);
        let expected = self.planted(person.verdict, call);
        for line in &routed.attempts {
            let key = (line.ending.class().word(), line.ending.billing().word());
            *tally.attempts.entry(key).or_default() += 1;
        }
        if self.plant == Some(Plant::LostVerdict) && call.is_multiple_of(20) {
            return;
        }
        match &routed.result {
            Ok(_) => {
                tally.verdicts += 1;
                tally.rescued += u64::from(routed.attempts.len() > 1);
            }
            Err(_) => tally.failures += 1,
        }
        match judge(expected, routed, &exchanges) {
            Ok(nameless) => tally.nameless += nameless,
            Err(why) => {
                let lines: Vec<_> = routed.attempts.iter().map(|line| line.ending.class().word()).collect();
                let faults: Vec<Fault> = exchanges.iter().map(|exchange| exchange.fault).collect();
                tally.wrong.add(format!("call {call}: {why}; attempts {lines:?}, exchanges {faults:?}"));
            }
        }
    }

    /// What is to come of a call, or something else if a mistake is planted.
    fn planted(&self, verdict: Verdict, call: u64) -> Verdict {
        match self.plant {
            Some(Plant::WrongVerdict) if call.is_multiple_of(20) => match verdict {
                Verdict::Match => Verdict::Mismatch,
                _ => Verdict::Match,
            },
            Some(Plant::Memory) => {
                std::mem::forget(std::hint::black_box(vec![1_u8; 256 * 1024]));
                verdict
            }
            Some(Plant::Descriptors) if call.is_multiple_of(2) => {
                std::mem::forget(std::fs::File::open("/dev/null"));
                verdict
            }
            _ => verdict,
        }
    }
}

/// Holds one call against what the proxies did to it, and says how many attempts failed of which they do not know.
fn judge(expected: Verdict, routed: &Routed, exchanges: &[Exchange]) -> Result<u64, String> {
    let billed = exchanges.iter().filter(|exchange| exchange.is_billed).count();
    if billed > 1 {
        return Err(format!("the gateway billed it {billed} times"));
    }
    let mut exchanges = exchanges.iter();
    let mut nameless = 0;
    for (number, line) in routed.attempts.iter().enumerate() {
        let ending = line.ending;
        let is_last = number + 1 == routed.attempts.len();
        if !is_last && (ending.billing() != Billing::Free || ending.verdict().is_some()) {
            return Err("it was asked again after an attempt that gave a verdict or may have been billed".to_owned());
        }
        if line.entry.is_none() {
            return Err("an attempt has no entry in the ledger".to_owned());
        }
        // What is free and of the channel never was an exchange.
        let is_of_channel = matches!(ending.class(), Class::Dns | Class::Connect | Class::Channel | Class::TimedOut);
        if is_of_channel && ending.billing() == Billing::Free {
            continue;
        }
        match exchanges.next() {
            Some(exchange) if exchange.must.is_met(ending) => {}
            Some(exchange) => {
                let (class, billing) = (ending.class(), ending.billing());
                return Err(format!("{:?} ended in {class}, {billing}, not as {:?}", exchange.fault, exchange.must));
            }
            None if ending.billing() == Billing::Unknown => nameless += 1,
            None => return Err(format!("{} without an exchange", ending.class())),
        }
    }
    if exchanges.next().is_some() {
        return Err("the proxy saw an exchange that is no attempt".to_owned());
    }
    let last = routed.attempts.last().map(|line| line.ending);
    match (&routed.result, last) {
        (Ok(outcome), Some(last)) if outcome.verdict() != expected || last.verdict() != Some(expected) => {
            Err(format!("the verdict is {}, not {expected}", outcome.verdict()))
        }
        (Ok(_), Some(_)) => Ok(nameless),
        (Err(RouterError::Attempt { why: Why::MayBeBilled, .. }), Some(last)) if last.billing() != Billing::Free => {
            Ok(nameless)
        }
        (Ok(_), None) => Err("a verdict without an attempt".to_owned()),
        (Err(error), _) => Err(format!("no verdict: {error}")),
    }
}
