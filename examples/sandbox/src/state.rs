//! What all connections share, and the way from a request to a reply.

use crate::gateway::{ErrorStyle, Fault, GatewayError, Keys, judge, mix, would_be_string};
use crate::magic::{self, Magic};
use crate::people::PEOPLE;
use crate::play::{Stage, refusal};
use crate::providers::{Asked, Provider};
use crate::record::RecordedRequest;
use crate::reply::Reply;
use crate::report::Counts;
use crate::request::Request;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The time in Unix milliseconds.
pub(crate) type Clock = Box<dyn Fn() -> u64 + Send + Sync>;

/// So many different askers of `先忙` and `先限` are remembered; then the count starts anew.
const MOST_ASKERS: usize = 10_000;

pub(crate) struct State {
    pub(crate) keys: Keys,
    pub(crate) style: ErrorStyle,
    pub(crate) quotas: [Option<u64>; 5],
    pub(crate) clock: Clock,
    pub(crate) counts: Counts,
    /// Makes request ids differ from run to run.
    pub(crate) seed: u64,
    pub(crate) records: Option<Mutex<Vec<RecordedRequest>>>,
    /// How often a name and number were refused that ask to be refused at first.
    pub(crate) askers: Mutex<HashMap<(Provider, String, String), u32>>,
}

impl State {
    /// Judges a request, answers it and counts it.
    pub(crate) fn respond(&self, request: &Request<'_>, raw: &[u8]) -> Reply {
        let reply = self.reply(request);
        if let Some(records) = &self.records {
            let record = RecordedRequest::new(request, raw, reply.status);
            // A list of finished records is valid whatever a panicking thread was doing.
            records.lock().unwrap_or_else(PoisonError::into_inner).push(record);
        }
        reply
    }

    /// The answer to what could not be read as a request; the connection closes after it.
    pub(crate) fn refuse_unread(&self, fault: &Fault) -> Reply {
        let serial = self.counts.request();
        self.counts.free(None);
        let now_ms = (self.clock)();
        refusal(&fault.spoken(self.style), &self.request_id(serial), &date(now_ms), false)
    }

    fn reply(&self, request: &Request<'_>) -> Reply {
        let serial = self.counts.request();
        let now_ms = (self.clock)();
        let (request_id, date) = (self.request_id(serial), date(now_ms));
        let admitted = match judge(request, &self.keys, now_ms) {
            Ok(admitted) => admitted,
            Err(refused) => {
                self.counts.free(refused.provider);
                return refusal(&refused.fault.spoken(self.style), &request_id, &date, request.keep_alive);
            }
        };
        let provider = admitted.provider;
        let wire = provider.wire();
        let asked = Asked {
            name: admitted.param(wire.name),
            id: admitted.param(wire.id),
            mobile: wire.mobile.and_then(|name| admitted.param(name)),
            serial: serial ^ self.seed,
            now_ms,
        };
        let stage = Stage {
            provider,
            asked,
            request_id: (!admitted.own_platform).then_some(request_id.as_str()),
            date: &date,
            keep_alive: request.keep_alive,
            path: request.path(),
        };
        let quota = self.quotas[provider.index()];
        if self.counts.is_used_up(provider, quota) {
            return self.used_up(&stage);
        }
        if admitted.own_platform && admitted.param("key") != self.keys.vendor_key.as_deref() {
            // 用户验证失败 in both of the vendor's tables. A stranger's call goes on nobody's bill.
            self.counts.free(Some(provider));
            return stage.magic(Magic::Code("10005"), String::new);
        }
        let reply = match asked.name.and_then(|name| magic::parse(name, provider)) {
            Some(Magic::First(times, _)) if !self.is_still_first(provider, &asked, times) => {
                // The name was a password, not a person: the first of the register stands in.
                let name = PEOPLE.first().map(|person| person.name);
                Stage { asked: Asked { name, ..asked }, ..stage }.plain()
            }
            Some(magic) => stage.magic(magic, || would_be_string(request, &admitted.params)),
            None => stage.plain(),
        };
        match reply.status {
            Some(200..=299) if self.counts.bill(provider, quota) => reply,
            Some(200..=299) => self.used_up(&stage),
            _ => {
                self.counts.free(Some(provider));
                reply
            }
        }
    }

    /// The last vendor's document says what its instance answers; the others are taken to be newer ones.
    fn used_up(&self, stage: &Stage<'_>) -> Reply {
        self.counts.free(Some(stage.provider));
        let style = if stage.provider == Provider::Sfz2 { ErrorStyle::Classic } else { self.style };
        let error: GatewayError = Fault::QuotaExhausted.spoken(style);
        stage.error(&error)
    }

    /// Whether this name and number have been refused fewer than `times` times; counts the refusal that follows.
    fn is_still_first(&self, provider: Provider, asked: &Asked<'_>, times: u32) -> bool {
        let key = (provider, asked.name(), asked.id().to_owned());
        let mut askers = self.askers.lock().unwrap_or_else(PoisonError::into_inner);
        if askers.len() >= MOST_ASKERS && !askers.contains_key(&key) {
            askers.clear();
        }
        let refused = askers.entry(key).or_default();
        let still = *refused < times;
        *refused += u32::from(still);
        still
    }

    /// Upper-case and shaped like a UUID, as the gateway's; no two of a run are the same.
    fn request_id(&self, serial: u64) -> String {
        let [high, low] = [mix(self.seed), mix(serial ^ self.seed.rotate_left(32))];
        format!(
            "{:08X}-{:04X}-{:04X}-{:04X}-{:012X}",
            low >> 32,
            (low >> 16) & 0xffff,
            low & 0xffff,
            high >> 48,
            high & 0xffff_ffff_ffff
        )
    }
}

fn date(now_ms: u64) -> String {
    httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_millis(now_ms))
}

/// The system's clock.
pub(crate) fn system_clock() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
