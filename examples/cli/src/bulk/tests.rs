//! Lists of all shapes, cut into blocks everywhere, by workers that come in any order.

use std::fs;
use std::io::{self, Cursor, Read, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use heyan::Date;
use heyan::subject::Tally;

use super::report::Phrases;
use super::source::Source;
use super::{Failure, Job, Listing, STRICT_LINE_MAX};
use crate::Context;
use crate::words::Lang;

const VALID: &str = "110101190001010057";

fn day() -> Date {
    Date::new(2026, 11, 22).unwrap()
}

fn context(json: bool) -> Context {
    Context { lang: Lang::En, words: Lang::En.words(), json, reveal: false, sandbox: false }
}

/// Every shape of a line.
fn shapes() -> Vec<u8> {
    let mut text = b"\xEF\xBB\xBF".to_vec();
    let wide = "１".repeat(18);
    for line in [VALID, "110101190001010058", "11010119000101009X\r", "", "\r", "110101000101005", "张三", &wide] {
        text.extend_from_slice(line.as_bytes());
        text.push(b'\n');
    }
    for (byte, count) in [(b'1', 72), (b'1', 73), (b'1', 74), (b'1', 75), (b'1', 200), (b'\xFF', 72), (b'\xFF', 300)] {
        text.extend(std::iter::repeat_n(byte, count));
        text.extend_from_slice(b"\r\n");
        text.extend_from_slice(VALID.as_bytes());
        text.push(b'\n');
    }
    text.extend_from_slice("110101 19000101 ００９X\n990101190001010058\n110101190002300057".as_bytes());
    text
}

/// One line after the other.
fn plainly(text: &[u8], lenient: bool) -> (String, Tally) {
    let job = Job::<Vec<u8>>::new(list(b"", 3, 1), day(), lenient, None);
    let text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text);
    let (mut listed, mut tally) = (String::new(), Tally::default());
    for (at, (line, result)) in heyan::IdNumber::check_lines(text, day()).enumerate() {
        let result = if lenient { job.leniently(line, result) } else { result };
        tally.add(result);
        if let Err(error) = result {
            let reason = error.reason();
            listed += &format!("{{\"kind\":\"line\",\"line\":{},\"valid\":false,\"reason\":\"{reason}\"}}\n", at + 1);
        }
    }
    (listed, tally)
}

fn list(text: &[u8], block: usize, line_max: usize) -> Source {
    Source::stream(Cursor::new(text.to_vec()), block, line_max)
}

fn check<W: Write + Send>(source: Source, lenient: bool, writer: Option<W>, workers: usize) -> Result<Tally, Failure> {
    let listing = writer.map(|writer| Listing::new(Phrases::new(&context(true)), writer));
    Job::new(source, day(), lenient, listing).run(workers)
}

/// A file of a test's own.
struct Kept(PathBuf);

impl Kept {
    fn new(name: &str, text: &[u8]) -> Self {
        let path = std::env::temp_dir().join(format!("heyan-bulk-{}-{name}", std::process::id()));
        fs::write(&path, text).unwrap();
        Self(path)
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// A few bytes at a time, with interruptions.
struct Drops<R>(R, usize);

impl<R: Read> Read for Drops<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.1 += 1;
        if self.1.is_multiple_of(5) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let most = buffer.len().min(1 + self.1 % 7);
        self.0.read(&mut buffer[..most])
    }
}

#[test]
fn wherever_blocks_end_the_lines_are_the_same() {
    let text = shapes();
    for (name, text) in [("whole", &text[..]), ("ended", &[&text[..], b"\n"].concat()), ("short", VALID.as_bytes())] {
        let file = Kept::new(name, text);
        for lenient in [false, true] {
            let line_max = if lenient { 100 } else { STRICT_LINE_MAX };
            let (listed, sum) = plainly(text, lenient);
            for block in (3..=text.len() + 3).step_by(if lenient { 7 } else { 1 }) {
                let sources = [
                    Source::open(&file.0, block, line_max).unwrap(),
                    list(text, block, line_max),
                    Source::stream(Drops(Cursor::new(text.to_vec()), 0), block, line_max),
                ];
                for source in sources {
                    let mut written = Vec::new();
                    let tally = check(source, lenient, Some(&mut written), 1 + block % 4).unwrap();
                    assert_eq!(
                        (String::from_utf8(written).unwrap(), tally),
                        (listed.clone(), sum),
                        "blocks of {block}"
                    );
                }
                for source in [Source::open(&file.0, block, line_max).unwrap(), list(text, block, line_max)] {
                    let tally = check::<Vec<u8>>(source, lenient, None, 1 + block % 4).unwrap();
                    assert_eq!(tally, sum, "blocks of {block}");
                }
            }
        }
    }
}

#[test]
fn thousands_of_blocks_come_out_in_order() {
    let text: String =
        (0..50_000).map(|at| if at % 3 == 0 { "1\n".to_owned() } else { format!("{VALID}\n") }).collect();
    let file = Kept::new("order", text.as_bytes());
    let (listed, sum) = plainly(text.as_bytes(), false);
    for source in [Source::open(&file.0, 100, STRICT_LINE_MAX).unwrap(), list(text.as_bytes(), 100, STRICT_LINE_MAX)] {
        let mut written = Vec::new();
        assert_eq!(check(source, false, Some(&mut written), 5).unwrap(), sum);
        assert!(String::from_utf8(written).unwrap() == listed, "not all lines, or in another order");
    }
    assert_eq!((sum.total(), sum.invalid()), (50_000, 16_667));
}

/// Counts what is read of it.
struct Metered<R>(R, Arc<AtomicU64>);

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.0.read(buffer)?;
        self.1.fetch_add(count as u64, Ordering::SeqCst);
        Ok(count)
    }
}

#[test]
fn no_worker_holds_more_than_a_block() {
    const BLOCK: u64 = 200;
    const WORKERS: u64 = 4;
    /// Sees, for every block that it writes, how much was read.
    struct Writer(Arc<AtomicU64>, u64);
    impl Write for Writer {
        fn write(&mut self, text: &[u8]) -> io::Result<usize> {
            let read = self.0.load(Ordering::SeqCst);
            assert!(read <= (self.1 + WORKERS) * BLOCK, "{read} bytes were read before block {}", self.1);
            self.1 += 1;
            Ok(text.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let read = Arc::new(AtomicU64::new(0));
    let text = "1\n".repeat(100_000);
    let source = Source::stream(Metered(Cursor::new(text), Arc::clone(&read)), BLOCK as usize, STRICT_LINE_MAX);
    let tally = check(source, false, Some(Writer(read, 0)), WORKERS as usize).unwrap();
    assert_eq!(tally.total(), 100_000);
}

/// Fails, or panics, after some calls.
struct Breaks<T> {
    inner: T,
    calls: u32,
    panics: bool,
}

impl<T> Breaks<T> {
    fn next(&mut self) -> io::Result<()> {
        match self.calls.checked_sub(1) {
            Some(left) => {
                self.calls = left;
                Ok(())
            }
            None if self.panics => panic!("as wanted"),
            None => Err(io::ErrorKind::TimedOut.into()),
        }
    }
}

impl<R: Read> Read for Breaks<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.next()?;
        self.inner.read(buffer)
    }
}

impl<W: Write> Write for Breaks<W> {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.next()?;
        self.inner.write(text)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_failure_ends_all_workers() {
    let text = "1\n".repeat(10_000);
    for calls in [0, 1, 2, 7, 30] {
        let input = Breaks { inner: Cursor::new(text.clone()), calls, panics: false };
        let failed = check(Source::stream(input, 100, STRICT_LINE_MAX), false, Some(io::sink()), 4).unwrap_err();
        assert!(matches!(failed, Failure::Unreadable(error) if error.kind() == io::ErrorKind::TimedOut));
        let input = Breaks { inner: Cursor::new(text.clone()), calls, panics: false };
        let source = Source::stream(input, 100, STRICT_LINE_MAX);
        assert!(matches!(check::<Vec<u8>>(source, false, None, 4), Err(Failure::Unreadable(_))));
        let writer = Breaks { inner: io::sink(), calls, panics: false };
        let failed = check(list(text.as_bytes(), 100, STRICT_LINE_MAX), false, Some(writer), 4).unwrap_err();
        assert!(matches!(failed, Failure::Unwritable(error) if error.kind() == io::ErrorKind::TimedOut));
        let writer = Breaks { inner: io::sink(), calls, panics: true };
        let source = list(text.as_bytes(), 100, STRICT_LINE_MAX);
        let run = std::panic::AssertUnwindSafe(|| check(source, false, Some(writer), 4));
        assert!(std::panic::catch_unwind(run).is_err());
    }
}

/// A file that changes while it is read.
#[test]
fn a_file_that_was_cut_is_no_result() {
    let file = Kept::new("cut", "1\n".repeat(1000).as_bytes());
    let source = Source::open(&file.0, 100, STRICT_LINE_MAX).unwrap();
    fs::write(&file.0, "1\n".repeat(400)).unwrap();
    let failed = check::<Vec<u8>>(source, false, None, 3).unwrap_err();
    assert!(matches!(failed, Failure::Unreadable(error) if error.kind() == io::ErrorKind::UnexpectedEof));
    let source = Source::open(&file.0, 100, STRICT_LINE_MAX).unwrap();
    fs::write(&file.0, "1\n".repeat(1000)).unwrap();
    assert_eq!(check::<Vec<u8>>(source, false, None, 3).unwrap().total(), 400);
}

#[test]
fn what_is_said_of_a_line() {
    let mut text = Vec::new();
    for json in [true, false] {
        Phrases::new(&context(json)).write(&mut text, 120, heyan::IdNumberError::BirthDateInFuture);
    }
    let mut chinese = context(false);
    (chinese.lang, chinese.words) = (Lang::Zh, Lang::Zh.words());
    Phrases::new(&chinese).write(&mut text, 9, heyan::IdNumberError::Checksum);
    let expected = "{\"kind\":\"line\",\"line\":120,\"valid\":false,\"reason\":\"birth_date\"}\n\
                    line 120: birth date does not exist, lies before 1800 or after today\n\
                    第 9 行：校验位不符\n";
    assert_eq!(String::from_utf8(text).unwrap(), expected);
}
