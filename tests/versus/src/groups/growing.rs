//! What the core's work costs as there is more of it.

use std::hint::black_box;
use std::iter;
use std::time::{Duration, Instant};

use heyan::policy::{Account, Accounts, Attempts, HealthRule, Order, RetryRule};
use heyan::provider::{self, IDCERT};
use heyan::{AppCode, Consent, Credentials, Date, IdNumber, Inquiry, Name, RefusalClass, Response, Subject};

use crate::contest::Mode;
use crate::growth::{Column, Counter, Growth, Point};
use crate::stats::Spread;
use crate::text;

/// Choosing an account, of more and more, all but one of which are out of service.
pub(crate) static ACCOUNTS: Growth = Growth {
    key: "accounts",
    axis: text("accounts with providers", "服务商账户数"),
    columns: &[
        Column { key: "ns", head: text("choosing the one that can be asked, ns", "选出可用账户，纳秒") },
        Column { key: "bytes", head: text("memory for all, bytes", "全部账户占用内存，字节") },
    ],
    bounds: &[],
    time: Some(|mode| [accounts::<1>(mode), accounts::<2>(mode), accounts::<5>(mode), accounts::<32>(mode)].concat()),
    heap: None,
};

/// Reading longer and longer replies.
pub(crate) static REPLIES: Growth = Growth {
    key: "reply-length",
    axis: text("bytes of a reply's body", "应答正文字节数"),
    columns: &[
        Column { key: "ns", head: text("reading it, ns", "读取，纳秒") },
        Column { key: "heap", head: text("heap, bytes", "堆内存，字节") },
    ],
    bounds: &[],
    time: Some(|mode| LENGTHS.map(|length| Point::new(length, "ns", Reply::new(length).time(mode))).to_vec()),
    heap: Some(|counter| LENGTHS.map(|length| Point::new(length, "heap", Reply::new(length).peak(counter))).to_vec()),
};

const LENGTHS: [usize; 4] = [128, 512, 2_048, 8_192];

fn accounts<const N: usize>(mode: Mode) -> Vec<Point> {
    let subject = subject();
    let now = Duration::from_secs(1);
    let mut accounts = Accounts::<N>::new(Order::CheapestFirst, HealthRule::DEFAULT);
    for at in 0..N {
        let info = provider::ALL.iter().map(|provider| provider.info()).filter(|info| !info.checks_mobile());
        let info = info.cycle().nth(at).unwrap_or(IDCERT.info());
        let account = Account::new(info, "main", 300_000).expect("an account");
        let index = accounts.add(account).expect("room for it");
        if at + 1 < N {
            accounts.take_out(index, RefusalClass::QuotaExhausted);
        }
    }
    let nanoseconds = time(mode, || {
        let mut attempts = Attempts::<4>::new(RetryRule::DEFAULT, black_box(&subject));
        let _ = black_box(attempts.next(black_box(&mut accounts), now));
    });
    vec![Point::new(N, "ns", nanoseconds), Point::new(N, "bytes", size_of::<Accounts<N>>() as f64)]
}

/// A reply that is read again and again.
struct Reply {
    inquiry: Inquiry<'static>,
    body: String,
    /// Reading changes it.
    copy: Vec<u8>,
}

impl Reply {
    fn new(length: usize) -> Self {
        let code = AppCode::new("test-appcode-not-a-secret-000000").expect("an AppCode");
        let credentials = Credentials::AppCode(code);
        let inquiry = Inquiry::new(&IDCERT, subject(), Consent::given(), credentials).expect("an inquiry");
        let mut body = String::from_utf8(heyan_bench::body(&IDCERT)).expect("text");
        // Members that nobody knows, as a vendor adds them.
        body.truncate(body.len() - 1);
        for at in 0.. {
            let member = format!(r#","extra{at}":"一些说明文字 {at}""#);
            if body.len() + member.len() + 1 > length {
                break;
            }
            body.push_str(&member);
        }
        body.push('}');
        body.extend(iter::repeat_n(' ', length.saturating_sub(body.len())));
        assert_eq!(body.len(), length, "the shortest is longer");
        let copy = body.clone().into_bytes();
        Self { inquiry, body, copy }
    }

    fn read(&mut self) {
        self.copy.copy_from_slice(black_box(self.body.as_bytes()));
        let response = Response::new(200, &mut self.copy).expect("a status");
        assert!(self.inquiry.read(response).is_ok(), "a reply of {} bytes", self.body.len());
    }

    fn time(mut self, mode: Mode) -> f64 {
        time(mode, || self.read())
    }

    fn peak(mut self, counter: Counter) -> f64 {
        counter(&mut || self.read()).peak as f64
    }
}

/// Nanoseconds for one call: the median of many batches.
fn time(mode: Mode, mut work: impl FnMut()) -> f64 {
    let calls = mode.choose(2_000, 1);
    let mut samples = Vec::new();
    for _ in 0..mode.choose(101, 1) {
        let start = Instant::now();
        for _ in 0..calls {
            work();
        }
        samples.push(start.elapsed().as_secs_f64() * 1e9 / calls as f64);
    }
    Spread::of(&samples).median
}

fn subject() -> Subject<'static> {
    let name = Name::parse("张三").expect("a name");
    Subject::new(name, IdNumber::parse(heyan_bench::NUMBER, Date::MAX).expect("a number"))
}
