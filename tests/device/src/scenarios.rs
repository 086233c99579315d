//! `scenarios`: everything that can happen to a kiosk, on the emulated device.

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use heyan_sandbox::{APP_CODE, APP_KEY, APP_SECRET};

use crate::emulator::{self, Run, Wire};
use crate::kiosk::Variant;
use crate::parallel;

/// Checksum correct, born on 1900-01-01: nobody's, and 张三's in the sandbox's register.
pub const NUMBER: &str = "11010119000101009X";
const MOBILE: &str = "13000000000";

/// What the device is connected to, apart from the sandbox's address.
#[derive(Clone, Copy)]
enum To {
    Sandbox,
    Nobody,
    Nothing,
    /// The sandbox, at the port of https.
    SandboxAt443,
    /// The sandbox, until the cable is pulled after so many pieces of requests.
    SandboxUntil(u32),
}

/// What happens, and what must come of it.
struct Scenario {
    what: &'static str,
    /// What is entered; `name=` is put before the first word.
    entered: &'static str,
    to: To,
    status: i32,
    /// Words that the screen must show.
    screen: &'static [&'static str],
    /// Words that the log must show.
    log: &'static str,
    /// What the sandbox must have counted: billed calls and requests.
    counted: (u64, u64),
    /// Whether it is about all variants, or about the one without TLS.
    only_in_clear: bool,
}

const PLAIN: Scenario = Scenario {
    what: "",
    entered: "",
    to: To::Sandbox,
    status: 0,
    screen: &[],
    log: "",
    counted: (1, 1),
    only_in_clear: false,
};

/// The kinds of ending, with every way there that a device may meet.
const SCENARIOS: &[Scenario] = &[
    Scenario { what: "match", entered: "张三", screen: &["一致", "[billed]"], log: "verdict: Match", ..PLAIN },
    Scenario {
        what: "match, signed",
        entered: "张三 signed",
        screen: &["一致", "[billed]"],
        log: "verdict: Match",
        ..PLAIN
    },
    Scenario {
        what: "match, in chunks",
        entered: "分块",
        screen: &["一致", "[billed]"],
        log: "verdict: Match",
        ..PLAIN
    },
    Scenario {
        what: "mismatch",
        entered: "李四",
        status: 1,
        screen: &["不一致", "[billed]"],
        log: "verdict: Mismatch",
        ..PLAIN
    },
    Scenario {
        what: "no record",
        entered: "判·库无 provider=idenauthen",
        status: 2,
        screen: &["库无", "[billed]"],
        log: "verdict: NoRecord",
        ..PLAIN
    },
    Scenario {
        what: "quota exhausted",
        entered: "网关·B403MQ",
        status: 3,
        screen: &["the package is used up", "[free, retry other_provider]"],
        log: "QuotaExhausted",
        counted: (0, 1),
        ..PLAIN
    },
    Scenario {
        what: "HTTP status 666",
        entered: "消息·6 provider=sfz2",
        status: 3,
        screen: &["HTTP status 666", "[free, retry never]"],
        log: "BadInput",
        counted: (0, 1),
        ..PLAIN
    },
    Scenario {
        what: "cut reply",
        entered: "断体",
        status: 4,
        screen: &["[unknown, retry never]"],
        log: "Truncated",
        ..PLAIN
    },
    Scenario {
        what: "closed without a reply",
        entered: "断前",
        status: 4,
        screen: &["[unknown, retry never]"],
        ..PLAIN
    },
    Scenario {
        what: "silent peer",
        entered: "静默 first-byte-ms=300",
        status: 4,
        screen: &["the deadline passed", "[unknown, retry never]"],
        log: "fault: TimedOut, sent: true",
        counted: (0, 1),
        ..PLAIN
    },
    Scenario {
        what: "reply too long",
        entered: "超长",
        status: 4,
        // By TLS it may be a record that is too long already.
        screen: &["[unknown, retry never]"],
        ..PLAIN
    },
    Scenario {
        what: "lost link, no route",
        entered: "张三",
        to: To::Nobody,
        status: 4,
        screen: &["[free, retry same_provider]"],
        log: "sent: false",
        counted: (0, 0),
        ..PLAIN
    },
    Scenario {
        what: "lost link, no cable",
        entered: "张三",
        to: To::Nothing,
        status: 4,
        screen: &["[free, retry same_provider]"],
        log: "sent: false",
        counted: (0, 0),
        ..PLAIN
    },
    Scenario {
        what: "lost link, cable pulled under way",
        only_in_clear: true,
        entered: "张三 first-byte-ms=300",
        to: To::SandboxUntil(0),
        status: 4,
        // The device handed all of it to its network: it cannot know that nothing arrived.
        screen: &["the deadline passed", "[unknown, retry never]"],
        log: "fault: TimedOut, sent: true",
        counted: (0, 0),
    },
    Scenario {
        what: "100 people, a connection each",
        entered: "张三 times=100",
        screen: &["100 times"],
        log: "verdict: Match",
        counted: (100, 100),
        ..PLAIN
    },
    Scenario {
        what: "100 people over one connection",
        entered: "张三 times=100 keep=yes",
        screen: &["100 times"],
        log: "verdict: Match",
        counted: (100, 100),
        ..PLAIN
    },
    Scenario {
        what: "a number with a typing error",
        entered: "张三 id=110101190001010098",
        status: 4,
        screen: &["请检查输入 id", "[free]"],
        log: "not taken: id",
        counted: (0, 0),
        ..PLAIN
    },
    Scenario {
        what: "https without TLS",
        entered: "张三 https",
        to: To::SandboxAt443,
        status: 4,
        screen: &["the link is insecure", "[free, retry never]"],
        log: "fault: Link, sent: false",
        only_in_clear: true,
        counted: (0, 0),
    },
];

#[derive(clap::Args)]
pub struct Options {
    /// Only the kiosk that speaks to the gateway in this way, instead of all of them.
    #[arg(long, value_enum)]
    tls: Option<Variant>,
}

/// Runs all of them with every variant.
pub fn run(options: &Options) -> Result<()> {
    let by_provider: Vec<Scenario> = heyan::provider::ALL.iter().map(|provider| every(*provider)).collect();
    let mut jobs: Vec<(Variant, PathBuf, &Scenario)> = Vec::new();
    for variant in Variant::ALL.into_iter().filter(|variant| options.tls.is_none_or(|only| only == *variant)) {
        let image = variant.image().build_as(&format!("{variant:?}"))?;
        let fitting = SCENARIOS.iter().filter(|scenario| !scenario.only_in_clear || !variant.is_secure());
        jobs.extend(fitting.chain(&by_provider).map(|scenario| (variant, image.clone(), scenario)));
    }
    let count = jobs.len();
    let done = parallel::each(jobs, |(variant, image, scenario)| {
        let what = format!("{variant:?}, {}", scenario.what);
        match one(image, *variant, scenario) {
            Ok(run) => println!("{what}: exit status {}, {}", run.status, last_line(&run.screen)),
            Err(why) => {
                println!("{what}: FAILED: {why:#}");
                return Some(what);
            }
        }
        None
    });
    let failed: Vec<String> = done.into_iter().filter_map(|(_, failed)| failed).collect();
    ensure!(failed.is_empty(), "{} of {count}: {failed:?}", failed.len());
    println!("all {count} as they must be");
    Ok(())
}

/// A match by a provider.
fn every(provider: &'static dyn heyan::Provider) -> Scenario {
    let info = provider.info();
    let entered = match info.slug {
        "checkone" => "张三 provider=checkone",
        "idenauthen" => "张三 provider=idenauthen",
        "idcert" => "张三 provider=idcert",
        "sjsys" => "张三 provider=sjsys mobile=13000000000",
        "sfz2" => "张三 provider=sfz2",
        // A new provider: its line is missing above, and the kiosk will say that there is no such provider.
        _ => "张三 provider=missing-here",
    };
    Scenario { what: info.slug, entered, screen: &["一致", "[billed]"], ..PLAIN }
}

fn one(image: &Path, variant: Variant, scenario: &Scenario) -> Result<Run> {
    let (name, more) = scenario.entered.split_once(' ').unwrap_or((scenario.entered, ""));
    let provider = more.split_whitespace().find_map(|word| word.strip_prefix("provider=")).unwrap_or("idcert");
    let (sandbox, words, _anchor) = variant.sandbox(provider)?;
    // Of two words for the same thing the first counts, so a scenario's own come first.
    let mut entered = vec![format!("name={name}")];
    for word in more.split_whitespace() {
        match word {
            "signed" => entered.extend([format!("appkey={APP_KEY}"), format!("appsecret={APP_SECRET}")]),
            "https" => {}
            word => entered.push(word.to_owned()),
        }
    }
    entered.push(format!("id={NUMBER}"));
    let drops_url = more.contains("https");
    entered.extend(words.into_iter().filter(|word| !drops_url || !word.starts_with("insecure")));
    let wire = match scenario.to {
        To::Sandbox => Wire::Peer(sandbox.address(), variant.port()),
        To::SandboxAt443 => Wire::Peer(sandbox.address(), 443),
        // Pieces of a handshake come before the request.
        To::SandboxUntil(after) => Wire::Pulled(sandbox.address(), variant.port(), after),
        To::Nobody => Wire::NoRoute,
        To::Nothing => Wire::Cut,
    };
    let run = emulator::run(image, &entered, wire, false)?;
    let log = run.log.join("\n");
    ensure!(run.status == scenario.status, "exit status {}: {}{log}", run.status, run.screen);
    for words in scenario.screen {
        ensure!(run.screen.contains(words), "the screen does not show {words:?}: {}", run.screen);
    }
    ensure!(log.contains(scenario.log), "the log does not show {:?}: {log}", scenario.log);
    let report = sandbox.report();
    let counted = (report.billed(), report.requests);
    ensure!(counted == scenario.counted, "billed and requested {counted:?} instead of {:?}", scenario.counted);
    redacted(&run, &[name, NUMBER, MOBILE, APP_CODE, APP_SECRET])?;
    Ok(run)
}

/// Neither the log nor the screen shows anything personal or secret.
pub fn redacted(run: &Run, secrets: &[&str]) -> Result<()> {
    for secret in secrets {
        ensure!(!run.screen.contains(secret), "the screen shows {secret}");
        ensure!(run.log.iter().all(|line| !line.contains(secret)), "the log shows {secret}");
    }
    Ok(())
}

pub fn last_line(screen: &str) -> &str {
    screen.lines().last().unwrap_or_default()
}
