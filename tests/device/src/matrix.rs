//! `tls`: the kiosk meets every server of the matrix, those in order and the hostile ones; and its careless twin meets the
//! hostile ones, which must not pass.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use heyan_peers::{Case, Must, Tls, count_requests, matrix};
use heyan_sandbox::APP_CODE;

use crate::emulator::{self, Run, Wire};
use crate::kiosk::{Anchor, Variant};
use crate::scenarios::{NUMBER, last_line, redacted};
use crate::{careless, parallel};

const NAME: &str = "张三";

#[derive(clap::Args)]
pub struct Options {
    /// Only the kiosk that speaks to the gateway in this way, instead of all that speak TLS.
    #[arg(long, value_enum)]
    tls: Option<Variant>,
}

/// A kiosk, a server, and whether the kiosk is the careless one.
struct Meeting<'a> {
    variant: Variant,
    tls: Tls,
    image: PathBuf,
    case: &'a Case,
    is_careless: bool,
}

/// Has them all meet.
pub fn run(options: &Options) -> Result<()> {
    let cases = matrix().context("to install it: apt-get install openssl")?;
    let mut meetings = Vec::new();
    for variant in Variant::ALL.into_iter().filter(|variant| options.tls.is_none_or(|only| only == *variant)) {
        let Some(tls) = variant.tls() else { continue };
        let image = variant.image().build_as(&format!("{variant:?}"))?;
        let careless = careless::build(variant, tls)?;
        for case in cases.iter().filter(|case| case.is_for(tls)) {
            meetings.push(Meeting { variant, tls, image: image.clone(), case, is_careless: false });
            if case.falls.contains(&tls) {
                meetings.push(Meeting { variant, tls, image: careless.clone(), case, is_careless: true });
            }
        }
    }
    let count = meetings.len();
    let met = parallel::each(meetings, |meeting| {
        let result = meet(meeting);
        let what = format!("{:?}, {}", meeting.variant, meeting.case.what);
        match &result {
            Ok(words) if meeting.is_careless => println!("careless {what}: {words}"),
            Ok(words) => println!("{what}: {words}"),
            Err(why) => println!("{what}: FAILED: {why:#}"),
        }
        result.is_err().then_some(what)
    });
    let failed: Vec<String> = met.into_iter().filter_map(|(_, failed)| failed).collect();
    ensure!(failed.is_empty(), "{} of {count}: {failed:?}", failed.len());
    println!("all {count} as they must be");
    Ok(())
}

/// Runs the kiosk against the server, and holds what came of it against what must.
fn meet(meeting: &Meeting<'_>) -> Result<String> {
    let Meeting { tls, image, case, is_careless, .. } = meeting;
    let (run, decrypted) = ask(image, case)?;
    let judged = judge(case.must(*tls), &run, &decrypted);
    if !is_careless {
        judged?;
        return Ok(format!("exit status {}, {}", run.status, last_line(&run.screen)));
    }
    // A judge who lets the careless kiosk pass is no judge.
    let log = run.log.join("\n");
    ensure!(judged.is_err(), "the careless kiosk passed: {}{log}", run.screen);
    ensure!(!decrypted.is_empty(), "the careless kiosk was refused, or refused by itself: {}{log}", run.screen);
    Ok("fell for it, and was found out".to_owned())
}

fn ask(image: &Path, case: &Case) -> Result<(Run, Vec<u8>)> {
    let anchor = Anchor::new(&case.root)?;
    let entered = [
        format!("name={NAME}"),
        format!("id={NUMBER}"),
        format!("appcode={APP_CODE}"),
        format!("anchor={}", anchor.path().display()),
    ];
    let server = case.start();
    let run = emulator::run(image, &entered, Wire::Peer(server.address, 443), false);
    let decrypted = server.finish();
    Ok((run?, decrypted))
}

/// Whether a run ended as it must: a verdict from one request, or no byte of it, an ending that costs nothing, and the cause
/// in the log.
fn judge(must: Must, run: &Run, decrypted: &[u8]) -> Result<()> {
    let log = run.log.join("\n");
    let (status, words) = match must {
        Must::Believe => (0, "[billed]"),
        Must::Refuse(_) => (4, "[free, retry other_provider]"),
    };
    ensure!(run.status == status, "exit status {}: {}{log}", run.status, run.screen);
    ensure!(run.screen.contains(words), "the screen does not show {words:?}: {}", run.screen);
    match must {
        Must::Believe => {
            let requests = count_requests(decrypted);
            ensure!(requests == 1, "the server got {requests} requests");
        }
        Must::Refuse(causes) => {
            ensure!(decrypted.is_empty(), "{} bytes of the request left", decrypted.len());
            ensure!(log.contains("fault: Tls, sent: false"), "no failure of TLS: {log}");
            ensure!(causes.iter().any(|cause| log.contains(cause)), "none of {causes:?}: {log}");
        }
    }
    redacted(run, &[NAME, NUMBER, APP_CODE])
}

#[cfg(test)]
mod tests {
    use super::{Must, Run, judge};

    fn run(status: i32, screen: &str, log: &str) -> Run {
        Run { status, screen: screen.into(), log: vec![log.into()] }
    }

    #[test]
    fn the_judge_sees_what_must_not_be() {
        let must = Must::Refuse(&["Expired"]);
        let (screen, log) = ("[free, retry other_provider]", "fault: Tls, sent: false, Untrusted(Expired)");
        assert!(judge(must, &run(4, screen, log), b"").is_ok());
        for (run, decrypted) in [
            (run(4, screen, log), &b"G"[..]),
            (run(0, screen, log), b""),
            (run(3, screen, log), b""),
            (run(4, "[unknown, retry never]", log), b""),
            (run(4, screen, "fault: Tls, sent: false, Untrusted(WrongHost)"), b""),
            (run(4, screen, "fault: Tls, sent: true, Untrusted(Expired)"), b""),
            (run(4, "张三 [free, retry other_provider]", log), b""),
        ] {
            assert!(judge(must, &run, decrypted).is_err(), "{run:?}");
        }
        assert!(judge(Must::Believe, &run(0, "[billed]", ""), b"GET / HTTP/1.1\r\n\r\n").is_ok());
        assert!(judge(Must::Believe, &run(0, "[billed]", ""), b"").is_err());
        assert!(judge(Must::Believe, &run(4, "[billed]", ""), b"GET / HTTP/1.1\r\n\r\n").is_err());
    }
}
