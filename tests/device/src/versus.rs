//! `versus`: the same verification with heyan and with reqwless and serde-json-core, over the same network: what it costs,
//! and what each notices of a reply, or of a server, that should not be believed. The images are those of
//! tests/versus-device.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail, ensure};
use rustls::version::{TLS12, TLS13};

use crate::baseline::{Baseline, Figures, Keep, differences, from_text};
use crate::build::Image;
use crate::calls::identity::{Identity, Leaf};
use crate::calls::server::{Server, reply};
use crate::calls::{IN_VAIN, converse};
use crate::elf::{Elf, Size};
use crate::figures::{FLASH, INSTRUCTIONS, RAM_AND_STACK, STACK};
use crate::kiosk::Anchor;
use crate::readme;
use crate::table::{Language, READMES, in_words};

const PACKAGE: &str = "tests/versus-device";
const BASELINE: Baseline = Baseline { path: "tests/versus-device/baseline.tsv", command: "cargo xtask device versus" };
const NAME: &str = "versus-device";
const COMMAND: &str = "cargo xtask device versus --write-readme";

const SIDES: [&str; 2] = ["heyan", "reqwless"];
/// How they speak to the gateway: in words, with features, and what is behind the image's name.
const WAYS: [(&str, &str, &str); 2] = [("plain TCP", "", ""), ("embedded-tls", "tls", "-tls")];

/// What each image must tell of a gateway in order: one verdict for each of two people.
const MATCHES: &[&str] = &["match", "match"];

pub fn run(options: &Keep) -> Result<()> {
    if options.write_readme && !options.bless {
        return write(&BASELINE.read()?);
    }
    let images = Images::build()?;
    let figures = costs(&images)?;
    for ((unit, case), count) in &figures {
        println!("{unit}\t{case}\t{count}");
    }
    doubts(&images)?;
    let mut wrong = Vec::new();
    if options.bless {
        BASELINE.write(&figures)?;
    } else {
        wrong = differences(&figures, &BASELINE.read()?);
    }
    if options.write_readme {
        write(&BASELINE.read()?)?;
    } else if let Err(why) = check(&BASELINE.read()?) {
        wrong.push(why);
    }
    ensure!(wrong.is_empty(), "{}\nIf a difference is meant: {COMMAND} --bless", wrong.join("\n"));
    Ok(())
}

/// All images, in the order of [`WAYS`] and [`SIDES`], and what everything takes that they stand on.
struct Images {
    nothing: Size,
    sides: [[PathBuf; 2]; 2],
}

impl Images {
    fn build() -> Result<Self> {
        let nothing = Image { package: PACKAGE, name: "nothing", features: "", told: &[] }.build()?;
        let build = |side: usize, way: usize| {
            let (_, features, behind) = WAYS[way];
            let name = format!("{}{behind}", SIDES[side]);
            Image { package: PACKAGE, name: &name, features, told: &[] }.build_as(&format!("versus-{name}"))
        };
        let sides = [[build(0, 0)?, build(1, 0)?], [build(0, 1)?, build(1, 1)?]];
        Ok(Self { nothing: Elf::read(&nothing)?.size()?, sides })
    }
}

/// What it costs where all is in order, and that both ask the same and hear the same.
fn costs(images: &Images) -> Result<Figures> {
    let mut figures = Figures::new();
    let identity = Identity::new()?;
    let anchor = Anchor::new(identity.anchor())?;
    for ((how, features, _), sides) in WAYS.into_iter().zip(&images.sides) {
        let mut asked = Vec::new();
        for (side, image) in SIDES.into_iter().zip(sides) {
            let tls = if features.is_empty() { None } else { Some(identity.speaks(&TLS13, Leaf::Good)?) };
            let server = Server::new(tls)?;
            let (endings, measured) = hear(image, Some(&anchor), server.clone())?;
            ensure!(endings == MATCHES, "{side} over {how} ended with {endings:?}");
            asked.push(server.requests().iter().map(|request| essence(request)).collect::<Result<Vec<_>>>()?);
            let size = Elf::read(image)?.size()?;
            let mut note = |unit: &str, what: &str, count: u64| {
                let what = if what.is_empty() { String::new() } else { format!("{what}, ") };
                figures.insert((unit.to_owned(), format!("{what}{how}/{side}")), count);
            };
            note(FLASH, "", size.flash.saturating_sub(images.nothing.flash));
            for ((unit, case), count) in measured {
                match unit.as_str() {
                    STACK => note(RAM_AND_STACK, "", size.ram + count),
                    INSTRUCTIONS => note(INSTRUCTIONS, &case, count),
                    _ => bail!("{side} tells of {unit}"),
                }
            }
        }
        let [ours, theirs] = &asked[..] else { bail!("not two sides") };
        ensure!(ours == theirs && ours.len() == MATCHES.len(), "they do not ask the same: {ours:?}, {theirs:?}");
    }
    Ok(figures)
}

/// What a request asks for, and what it pays with: the rest of its head is everybody's own.
fn essence(request: &[u8]) -> Result<Vec<String>> {
    let text = std::str::from_utf8(request)?;
    let (target, head) = text.split_once("\r\n").context("no request line")?;
    let of = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)).map(str::trim).map(str::to_owned);
    let [host, authorization] = ["Host:", "Authorization:"].map(of);
    Ok(vec![target.to_owned(), host.context("no host")?, authorization.context("no authorization")?])
}

/// Runs an image: how each verification ended, and what was counted.
fn hear(image: &Path, anchor: Option<&Anchor>, server: Server) -> Result<(Vec<String>, Figures)> {
    let (said, status) = converse(image, anchor, server).with_context(|| image.display().to_string())?;
    let (endings, figures): (Vec<&str>, Vec<&str>) = said.lines().partition(|line| line.starts_with("ending\t"));
    let mut endings: Vec<_> = endings.iter().map(|line| line.trim_start_matches("ending\t").to_owned()).collect();
    match status {
        0 => {}
        IN_VAIN => endings.push("waits for ever".to_owned()),
        other => bail!("{} ended with {other}: {said}", image.display()),
    }
    Ok((endings, from_text(&figures.join("\n"))?))
}

/// Something that should not be believed, or should; and what each side makes of it for the first person and the next.
struct Doubt {
    what: &'static str,
    /// Empty where there is no such thing.
    heyan: &'static [&'static str],
    reqwless: &'static [&'static str],
}

const ERRORS: &[&str] = &["error", "error"];

/// Runs every doubtful gateway against both. What each makes of it is a fact like a figure: it must stay as it is written
/// here and in tests/versus-device/README.md.
fn doubts(images: &Images) -> Result<()> {
    let mut wrong = Vec::new();
    let mut meet = |doubt: &Doubt, way: usize, anchor: Option<&Anchor>, server: &dyn Fn() -> Result<Server>| {
        for (side, (image, expected)) in
            SIDES.into_iter().zip(images.sides[way].iter().zip([doubt.heyan, doubt.reqwless]))
        {
            if expected.is_empty() {
                continue;
            }
            let (endings, _) = hear(image, anchor, server()?)?;
            println!("{}: {side}: {}", doubt.what, endings.join(", "));
            if endings != expected {
                wrong.push(format!("{}: {side} makes {endings:?} of it, not {expected:?}", doubt.what));
            }
        }
        Ok::<_, anyhow::Error>(())
    };
    for (doubt, pieces) in &replies()? {
        meet(doubt, 0, None, &|| Ok(Server::new(None)?.answering(pieces.clone())))?;
    }
    let identity = Identity::new()?;
    let anchor = Anchor::new(identity.anchor())?;
    for (doubt, leaf) in &CERTIFICATES {
        meet(doubt, 1, Some(&anchor), &|| Server::new(Some(identity.speaks(&TLS13, *leaf)?)))?;
    }
    let old = Doubt { what: "a server that speaks TLS 1.2 only", heyan: ERRORS, reqwless: ERRORS };
    meet(&old, 1, Some(&anchor), &|| Server::new(Some(identity.speaks(&TLS12, Leaf::Good)?)))?;
    // heyan has no such thing: a link is TLS's, or it is called insecure and refused (`cargo xtask device scenarios`).
    let clear = Doubt { what: "https, and no TLS configured", heyan: &[], reqwless: MATCHES };
    meet(&clear, 1, None, &|| Ok(Server::new(None)?.at(443)))?;
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

const CERTIFICATES: [(Doubt, Leaf); 5] = [
    (Doubt { what: "a certificate that has run out", heyan: ERRORS, reqwless: MATCHES }, Leaf::Expired),
    (
        Doubt {
            what: "another host's certificate with the vendor's name as its common name",
            heyan: ERRORS,
            reqwless: MATCHES,
        },
        Leaf::OtherHost,
    ),
    (
        Doubt { what: "a certificate that somebody signed who is no authority", heyan: ERRORS, reqwless: MATCHES },
        Leaf::ByNoAuthority,
    ),
    (Doubt { what: "a certificate of another authority", heyan: ERRORS, reqwless: ERRORS }, Leaf::OtherAuthority),
    (
        Doubt {
            what: "a good certificate, its name where RFC 6125 wants it and only there",
            heyan: MATCHES,
            reqwless: ERRORS,
        },
        Leaf::NoCommonName,
    ),
];

/// Replies, in pieces.
fn replies() -> Result<Vec<(Doubt, Vec<Vec<u8>>)>> {
    let good = reply::body("idcert").context("no reply")?;
    let message = |body: &str| -> Result<Vec<u8>> {
        Ok(reply::message(body, &mut [0; 1024]).context("the reply is too long")?.to_vec())
    };
    let changed = |from: &str, to: &str| {
        ensure!(good.contains(from), "the reply has no {from:?}");
        message(&good.replacen(from, to, 1))
    };
    let whole = message(good)?;
    let head = whole.len() - good.len();
    let mut two_lengths = whole.clone();
    let line = "HTTP/1.1 200 OK\r\n".len();
    two_lengths.splice(line..line, *b"Content-Length: 7\r\n");
    let (front, back) = whole.split_at(head);
    let unasked = [back, &changed(r#""01""#, r#""02""#)?].concat();
    Ok(vec![
        (
            Doubt { what: "a reply about another number", heyan: ERRORS, reqwless: MATCHES },
            vec![changed("11*****0057", "44*****1234")?],
        ),
        (
            Doubt { what: "a second document behind the first", heyan: ERRORS, reqwless: ERRORS },
            vec![message(&format!("{good}{good}"))?],
        ),
        (
            Doubt { what: "a verdict that stands there twice", heyan: ERRORS, reqwless: ERRORS },
            vec![changed(r#""01","#, r#""02","status":"01","#)?],
        ),
        (
            Doubt { what: "a verdict written with escapes, as JSON may", heyan: MATCHES, reqwless: ERRORS },
            vec![changed(r#""01""#, r#""\u00301""#)?],
        ),
        (Doubt { what: "two lengths", heyan: ERRORS, reqwless: MATCHES }, vec![two_lengths]),
        (
            Doubt {
                what: "a reply nobody asked for behind the first person's",
                heyan: MATCHES,
                reqwless: &["waits for ever"],
            },
            vec![front.to_vec(), unasked],
        ),
    ])
}

fn write(figures: &Figures) -> Result<()> {
    for (file, language) in READMES {
        readme::write(&crate::build::root().join(file), NAME, &draw(figures, language)).map_err(|why| anyhow!(why))?;
    }
    Ok(())
}

fn check(figures: &Figures) -> Result<(), String> {
    READMES.into_iter().try_for_each(|(file, language)| {
        readme::check(&crate::build::root().join(file), NAME, &draw(figures, language), COMMAND)
    })
}

/// One row for each unit and case, with a column for each side.
fn draw(figures: &Figures, language: Language) -> String {
    let head = language.of(
        "| Cortex-M4, the same verification | unit | heyan | reqwless, serde-json-core |",
        "| Cortex-M4，同一次核验 | 单位 | heyan | reqwless、serde-json-core |",
    );
    let mut text = format!("{head}\n|---|---|---:|---:|\n");
    for ((unit, case), ours) in figures {
        let Some(what) = case.strip_suffix("/heyan") else { continue };
        let Some(theirs) = figures.get(&(unit.clone(), format!("{what}/reqwless"))) else { continue };
        let what = what.replace("verification, ", "");
        let what = match language {
            Language::English => what,
            Language::Chinese => what
                .replace("plain TCP", "明文 TCP")
                .replace("first", "首次")
                .replace("kept", "保持连接")
                .replace(", ", "，"),
        };
        text += &format!(
            "| {what} | {} | {} | {} |\n",
            in_words(unit, language),
            readme::grouped(*ours),
            readme::grouped(*theirs)
        );
    }
    text
}
