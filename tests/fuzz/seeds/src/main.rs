//! Writes the seeds of all targets into `../corpus/`, anew. They are made of the fixtures of the conformance tests, so that
//! what a vendor is documented to say is where fuzzing begins. What fuzzing found stays there, beside them.

#[allow(dead_code, reason = "only whoever reads scripts needs a list of them")]
#[path = "../../src/tls/op.rs"]
mod op;

use std::error::Error;
use std::path::Path;
use std::{fs, io};

use heyan::provider::ALL;
use heyan_conformance::{Fixture, GATEWAY, own_replies, replies};
use op::Op;

fn main() -> Result<(), Box<dyn Error>> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus");
    remove_old(&corpus)?;
    let mut sheaf = Sheaf { corpus: &corpus, count: 0 };
    for (which, provider) in (0_u8..).zip(ALL) {
        for fixture in replies(*provider)? {
            for (pieces, bytes) in [fixture.sized(), fixture.chunked(7)].iter().enumerate() {
                sheaf.add("exchange", &[&[which, pieces as u8][..], bytes].concat())?;
            }
            sheaf.add("json", &fixture.body)?;
            sheaf.add("reader", &[&[which][..], &message(&fixture)].concat())?;
            // The mistake in there must be found, not given.
            if fixture.name.starts_with("idcert/document") {
                sheaf.add("control", &message(&fixture))?;
            }
        }
        for name in ["张三", "阿依•古丽", "𠮷野", " Anne-Marie O'Neil ", "张*", "\u{feff}张三"] {
            for mobile in ["13000000000", "+86 130-0000-0000", "1300000000０"] {
                sheaf.add("input", &[&[which][..], mobile.as_bytes(), b"\n", name.as_bytes()].concat())?;
            }
        }
    }
    for fixture in own_replies(GATEWAY)? {
        sheaf.add("gateway", &message(&fixture))?;
    }
    numbers(&mut sheaf)?;
    files(&mut sheaf)?;
    scripts(&mut sheaf)?;
    println!("{} seeds in {}", sheaf.count, corpus.display());
    Ok(())
}

/// What their file names begin with. Those of what fuzzing found are numbers.
const SEED: &str = "seed-";

/// Seeds of fixtures that are no more.
fn remove_old(corpus: &Path) -> io::Result<()> {
    for target in fs::read_dir(corpus).into_iter().flatten() {
        for file in fs::read_dir(target?.path())? {
            let file = file?;
            if file.file_name().to_string_lossy().starts_with(SEED) {
                fs::remove_file(file.path())?;
            }
        }
    }
    Ok(())
}

/// Where the seeds go.
struct Sheaf<'s> {
    corpus: &'s Path,
    count: usize,
}

impl Sheaf<'_> {
    fn add(&mut self, target: &str, bytes: &[u8]) -> io::Result<()> {
        let folder = self.corpus.join(target);
        fs::create_dir_all(&folder)?;
        self.count += 1;
        fs::write(folder.join(format!("{SEED}{:05}", self.count)), bytes)
    }
}

/// A reply as the targets at the message seam read it, without the provider.
fn message(fixture: &Fixture) -> Vec<u8> {
    let field = |wanted: &str| {
        let found = fixture.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    };
    let [code, said, id] = ["x-ca-error-code", "x-ca-error-message", "x-ca-request-id"].map(field);
    [format!("{}", fixture.status).as_bytes(), &code, &said, &id, &fixture.body].join(&b'\n')
}

/// One number for each rule, and a list of all of them.
fn numbers(sheaf: &mut Sheaf<'_>) -> io::Result<()> {
    let numbers = [
        "11010119000101009X",
        "110101190001010057",
        "11010119000101009x",
        "110101000101005",
        "81000019000101001X",
        "911010190001010057",
        "110101190002290053",
        "110101190013010057",
        "110101 19000101 0057",
        "１１０１０１１９０００１０１００５７",
        "110101190001010058",
        "",
    ];
    for number in numbers {
        sheaf.add("id_number", number.as_bytes())?;
    }
    sheaf.add("id_number", numbers.concat().as_bytes())
}

/// Files for a batch: names of columns in both languages, quotes, marks, line ends, and GBK.
fn files(sheaf: &mut Sheaf<'_>) -> io::Result<()> {
    let gbk = b"\xD0\xD5\xC3\xFB,\xC9\xED\xB7\xDD\xD6\xA4\xBA\xC5\n\xD5\xC5\xC8\xFD,11010119000101009X\n";
    let files: [(u8, &[u8]); 8] = [
        (0, "姓名,身份证号,手机号\r\n张三,11010119000101009X,13000000000\r\n\r\n李四,,\r\n".as_bytes()),
        (0, "\u{FEFF}no,ID_Number,Name\n1,11010119000101009X,\"Anne \"\"M\"\"\nO'Neil\"\n2\n".as_bytes()),
        (0, b"name,id\n\"never closed,11010119000101009X\n"),
        (2, gbk),
        (4, gbk),
        (6, b"\xFF\xFEn\0a\0m\0e\0,\0i\0d\0\n\0a\0,\0b\0"),
        (1, "{\"姓名\":\"张三\",\"id\":\"11010119000101009X\",\"phone\":13000000000}\n\n[]\n{\n".as_bytes()),
        (1, b"{\"name\":null,\"id\":{\"a\":[1]},\"mobile\":\"\\u5f20\"}"),
    ];
    for (which, file) in files {
        for pace in [0, 6] {
            sheaf.add("csv", &[&[which, pace][..], file].concat())?;
        }
    }
    Ok(())
}

/// Handshakes: the honest one, each with something else in each place, and no server at all.
fn scripts(sheaf: &mut Sheaf<'_>) -> io::Result<()> {
    let honest = [Op::Extensions, Op::Certificate, Op::Verify, Op::Finished].map(|op| op as u8);
    let others: &[&[u8]] = &[
        &[Op::StrangersCertificate as u8],
        &[Op::OthersCertificate as u8],
        &[Op::NoCertificates as u8],
        &[Op::StrangersVerify as u8],
        &[Op::StaleVerify as u8],
        &[Op::WrongFinished as u8],
        &[Op::InClear as u8, 8, 2, 0, 0],
        &[Op::Record as u8, 20, 1, 1],
        &[Op::Record as u8, 21, 2, 2, 40],
        &[Op::Encrypted as u8, 21, 2, 1, 0],
        &[Op::Encrypted as u8, 23, 4, b'H', b'T', b'T', b'P'],
        &[Op::Message as u8, 8, 6, 0, 4, 0, 16, 0, 0],
        &[Op::Message as u8, 13, 3, 0, 0, 0],
        &[Op::Message as u8, 4, 13, 0, 0, 0, 9, 1, 2, 3, 4, 0, 0, 0, 0],
        &[Op::Message as u8, 24, 1, 0],
        &[Op::Nothing as u8],
    ];
    let mut all = vec![[&[1][..], &honest].concat()];
    for other in others {
        for at in 0..=honest.len() {
            all.push([&[1][..], &honest[..at], other, &honest[at..]].concat());
        }
        for at in 0..honest.len() {
            all.push([&[1][..], &honest[..at], other, &honest[at + 1..]].concat());
        }
        all.push([&[1][..], &honest, &[Op::AfterTheRequest as u8], other].concat());
    }
    // Hellos that could be one, of both versions, and what is none.
    let hello = |version: &[u8], more: &[u8]| {
        let body = [&[3, 3][..], &[0x5A; 32], &[0], version, &[0], more].concat();
        let len = [0, 0, body.len() as u8];
        let message = [&[2][..], &len, &body].concat();
        [&[0, 0, 22, 3, 3, 0, message.len() as u8][..], &message].concat()
    };
    all.push(hello(&[0x13, 1], &[0, 6, 0, 43, 0, 2, 3, 4]));
    all.push(hello(&[0x13, 1], &[0, 79, 0, 43, 0, 2, 3, 4, 0, 51, 0, 69, 0, 0x17, 0, 65, 4]));
    all.push(hello(&[0xC0, 0x2B], &[0, 0]));
    all.push([&[0, 1][..], b"\x15\x03\x03\0\x02\x02\x28"].concat());
    all.push([&[0, 3][..], b"HTTP/1.1 400 Bad Request\r\n\r\n"].concat());
    all.push([&[0, 0][..], b"\x14\x03\x03\0\x01\x01\x17\x03\x03\0\x11", &[7; 17][..]].concat());
    for script in all {
        sheaf.add("tls_rustls", &script)?;
        sheaf.add("tls_embedded", &script)?;
    }
    Ok(())
}
