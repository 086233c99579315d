//! `conformance`: every fixture of the conformance tests, read by the 32-bit code on the emulated device, which must end as
//! the fixture says. Some of the core is written otherwise for 32 bits than for 64, and the tests on a host see the latter.

use std::fs::{self, File};
use std::process::Command;

use anyhow::{Context, Result, anyhow, ensure};
use heyan::{ProtocolError, Provider};
use heyan_conformance::{Fixture, Observed, replies, sum};

use crate::build::{Image, target_folder};
use crate::measure::{QEMU, missing};

/// In which ways the device reads each, in its order, after a line about the request.
const WAYS: [&str; 5] = ["whole", "in chunks", "byte by byte", "as parts", "explained"];

/// What must come of one fixture: the line about the request, and one for each way.
#[derive(Clone)]
struct Expected {
    name: String,
    lines: Vec<String>,
}

/// Runs all of them.
pub fn run() -> Result<()> {
    let (mut input, mut expected) = (Vec::new(), Vec::new());
    for provider in heyan::provider::ALL {
        for fixture in replies(*provider).map_err(|error| anyhow!("{error}"))? {
            input.extend(record(*provider, &fixture)?);
            expected.push(expect(*provider, &fixture)?);
        }
    }
    let said = read_on_device(&input)?;
    let wrong = judge(&expected, &said);
    ensure!(wrong.is_empty(), "{} of {} lines: {}", wrong.len(), said.lines().count(), wrong.join("\n"));
    println!("{} fixtures, each read in {} ways and asked for as on the host", expected.len(), WAYS.len());
    finds_planted(&expected, &said)
}

/// A wrong expectation must be found, wherever it stands.
fn finds_planted(expected: &[Expected], said: &str) -> Result<()> {
    let at = expected.len() / 2;
    for line in 0..=WAYS.len() {
        let mut planted = expected.to_vec();
        planted[at].lines[line].push('!');
        let wrong = judge(&planted, said);
        ensure!(
            matches!(&wrong[..], [one] if one.contains(&planted[at].name)),
            "the judge is blind: an expectation was changed in line {line} of {}, and it found {wrong:?}",
            planted[at].name
        );
    }
    // The device cannot be silent about one either.
    let cut: String = said.lines().skip(1).map(|line| format!("{line}\n")).collect();
    ensure!(!judge(expected, &cut).is_empty(), "the judge is blind for a line that is missing");
    println!("{} planted expectations: found, as they must be", WAYS.len() + 2);
    Ok(())
}

/// Holds every line against what it must be.
fn judge(expected: &[Expected], said: &str) -> Vec<String> {
    let mut said = said.lines();
    let mut wrong = Vec::new();
    for Expected { name, lines } in expected {
        for (line, way) in lines.iter().zip(["request"].into_iter().chain(WAYS)) {
            let got = said.next().unwrap_or("nothing");
            if got != line {
                wrong.push(format!("{name}, {way}\n  got      {got:?}\n  expected {line:?}"));
            }
        }
    }
    wrong.extend(said.map(|line| format!("nobody asked for {line:?}")));
    wrong
}

fn expect(provider: &dyn Provider, fixture: &Fixture) -> Result<Expected> {
    let mut buffer = [0; 2048];
    let inquiry = fixture.asked.inquiry(provider).map_err(|error| anyhow!("{}: {error:?}", fixture.name))?;
    let request = inquiry.write(&mut buffer)?;
    let sum = sum(request.expose().bytes);
    let line = |observed: &Observed| observed.line();
    let no_head = Observed::of(&Err(ProtocolError::Head.into()));
    let from_bytes = if fixture.fits_head() { &fixture.expected } else { &no_head };
    let mut lines = vec![format!("{}\u{1f}{sum}", request.len())];
    lines.extend([from_bytes, from_bytes, from_bytes, &fixture.expected, &fixture.explained].map(line));
    Ok(Expected { name: format!("{}, {}", provider.info().slug, fixture.name), lines })
}

/// As `tests/audit/src/bin/conformance.rs` takes it.
fn record(provider: &dyn Provider, fixture: &Fixture) -> Result<Vec<u8>> {
    let (name, id, mobile, unverified) = fixture.asked.parts();
    let mut headers = Vec::new();
    for (name, value) in &fixture.headers {
        headers.extend(field(name.as_bytes())?);
        headers.extend(field(value)?);
    }
    let mut record = u32::try_from(fixture.body.len())?.to_le_bytes().to_vec();
    for part in [
        provider.info().slug.as_bytes(),
        name.as_bytes(),
        id.as_bytes(),
        mobile.unwrap_or_default().as_bytes(),
        &[u8::from(unverified)],
        &fixture.sized(),
        &fixture.chunked(23),
        &fixture.status.to_le_bytes(),
        &headers,
    ] {
        record.extend(field(part)?);
    }
    record.extend(&fixture.body);
    Ok([u32::try_from(record.len())?.to_le_bytes().to_vec(), record].concat())
}

fn field(bytes: &[u8]) -> Result<Vec<u8>> {
    Ok([&u16::try_from(bytes.len()).context("a field is too long")?.to_le_bytes(), bytes].concat())
}

/// One run of the emulator for all.
fn read_on_device(input: &[u8]) -> Result<String> {
    let image = Image { package: "tests/audit", name: "conformance", features: "", told: &[] }.build()?;
    let path = target_folder().join("images/conformance.input");
    fs::create_dir_all(target_folder().join("images"))?;
    fs::write(&path, input)?;
    let mut qemu = Command::new(QEMU);
    qemu.args(["-machine", "mps2-an386", "-display", "none", "-monitor", "none", "-serial", "none"]);
    qemu.args(["-semihosting-config", "enable=on,target=native", "-kernel"]).arg(image);
    let run = qemu.stdin(File::open(&path)?).output().with_context(|| missing(QEMU))?;
    let said = String::from_utf8(run.stdout).context("the device says what is no UTF-8")?;
    ensure!(run.status.success(), "the image ended with {} after {} lines", run.status, said.lines().count());
    Ok(said)
}
