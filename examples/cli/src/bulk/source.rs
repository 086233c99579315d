//! A list of numbers, handed out to several workers in blocks of whole lines.
//!
//! Files are read by position, by all workers at once. What has no positions, such as a pipe, is read by one worker at a
//! time, while the others check what they have. Either way a worker has one buffer, which does not grow, and the same
//! bytes give the same lines.

use std::fs::File;
use std::io::{self, Read};
use std::ops::{Deref, DerefMut};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use zeroize::Zeroizing;

/// Bytes of a block: enough that nobody waits for the system call, and little enough for a second-level cache, and for an
/// allocator to have it at hand: what is mapped for each buffer alone is paid for page by page, when it is touched.
pub(super) const BLOCK: usize = 64 * 1024;

/// Bytes of a file for which it pays to begin a thread: that takes 0.1 to 0.2 ms, and to check so many 0.9 ms.
const WORTH_A_WORKER: u64 = 2 * 1024 * 1024;

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// The list.
pub(super) struct Source {
    input: Input,
    /// Bytes of a block, at least 3; [`BLOCK`] but for tests.
    block: usize,
    /// Bytes of the longest line, without its end, that is given out whole. Of a longer one comes more than this, and not
    /// all.
    line_max: usize,
}

enum Input {
    #[cfg(unix)]
    File {
        file: File,
        /// Of the file, when it was opened: what is appended meanwhile is not looked at.
        length: u64,
        next: AtomicU64,
    },
    Stream(Mutex<Stream>),
}

/// Lines that follow those of the block before. The last one may have been cut off behind `line_max` bytes.
pub(super) struct Block<'b> {
    /// 0, 1, 2 and so on: every one is given out, even if no line begins in it.
    pub(super) index: u64,
    pub(super) lines: &'b [u8],
}

impl Source {
    pub(super) fn open(path: &Path, block: usize, line_max: usize) -> io::Result<Self> {
        let file = File::open(path)?;
        #[cfg(unix)]
        {
            let metadata = file.metadata()?;
            // The system's own files, such as those in /proc, say that they are empty.
            if metadata.is_file() && metadata.len() > 0 {
                let input = Input::File { file, length: metadata.len(), next: AtomicU64::new(0) };
                return Ok(Self { input, block, line_max });
            }
        }
        Ok(Self::stream(file, block, line_max))
    }

    pub(super) fn stream(input: impl Read + Send + 'static, block: usize, line_max: usize) -> Self {
        let stream = Stream {
            input: Box::new(input),
            next: 0,
            begun: Zeroizing::new(Vec::with_capacity(line_max + 2)),
            in_cut_line: false,
            ended: false,
        };
        Self { input: Input::Stream(Mutex::new(stream)), block, line_max }
    }

    /// How many workers could have enough to do.
    pub(super) fn workers_max(&self) -> usize {
        match &self.input {
            #[cfg(unix)]
            Input::File { length, .. } => usize::try_from(length.div_ceil(WORTH_A_WORKER)).unwrap_or(usize::MAX),
            Input::Stream(_) => usize::MAX,
        }
    }

    /// For [`next`](Self::next).
    pub(super) fn buffer(&self) -> Buffer {
        Buffer(vec![0; self.block + self.line_max + 2])
    }

    /// The next block, `None` behind the last one.
    pub(super) fn next<'b>(&self, buffer: &'b mut [u8]) -> io::Result<Option<Block<'b>>> {
        match &self.input {
            #[cfg(unix)]
            Input::File { file, length, next } => {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let from = index.saturating_mul(self.block as u64);
                if from >= *length {
                    return Ok(None);
                }
                let lines = self.read_at(file, *length, from, buffer)?;
                Ok(Some(Block { index, lines }))
            }
            Input::Stream(stream) => {
                let mut stream = stream.lock().unwrap_or_else(PoisonError::into_inner);
                stream.read(buffer, self.block, self.line_max)
            }
        }
    }

    /// The lines that begin behind the first byte of the block up to the first byte of the next one: so each line belongs
    /// to one block, and whether one begins shows without the byte before the block.
    #[cfg(unix)]
    fn read_at<'b>(&self, file: &File, length: u64, from: u64, buffer: &'b mut [u8]) -> io::Result<&'b [u8]> {
        let rest = usize::try_from(length - from).unwrap_or(usize::MAX);
        let wanted = rest.min(buffer.len());
        let (text, _) = buffer.split_at_mut(wanted);
        // Shorter than it was: what was counted so far is no result.
        std::os::unix::fs::FileExt::read_exact_at(file, text, from)?;
        let text = &*text;
        let (inside, behind) = text.split_at(self.block.min(wanted));
        let end = match line_end(behind) {
            Some(end) => inside.len() + end,
            None => wanted,
        };
        let begin = match line_end(inside) {
            _ if from == 0 => 0,
            Some(begin) => begin,
            None => end,
        };
        let lines = text.get(begin..end).unwrap_or_default();
        Ok(if from == 0 { without_mark(lines) } else { lines })
    }
}

/// What one worker reads into, wiped at the end.
///
/// [`Zeroizing`] wipes byte by byte, which takes as long here as checking 3,000 lines.
pub(super) struct Buffer(Vec<u8>);

impl Deref for Buffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        heyan::wipe(&mut self.0);
    }
}

/// What can be read only once, from the beginning to the end.
struct Stream {
    input: Box<dyn Read + Send>,
    next: u64,
    /// The beginning of a line whose end was not read yet.
    begun: Zeroizing<Vec<u8>>,
    /// The last line given out was cut off, its rest is still to come.
    in_cut_line: bool,
    ended: bool,
}

impl Stream {
    fn read<'b>(&mut self, buffer: &'b mut [u8], block: usize, line_max: usize) -> io::Result<Option<Block<'b>>> {
        if self.ended {
            return Ok(None);
        }
        let mut filled = self.begun.len();
        let (space, _) = buffer.split_at_mut(filled + block);
        for (to, byte) in space.iter_mut().zip(self.begun.iter()) {
            *to = *byte;
        }
        while let Some(rest) = space.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match self.input.read(rest) {
                Ok(0) => {
                    self.ended = true;
                    break;
                }
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.ended = true;
                    return Err(error);
                }
            }
        }
        self.begun.clear();
        let mut lines = space.get(..filled).unwrap_or_default();
        if self.next == 0 {
            lines = without_mark(lines);
        }
        if self.in_cut_line {
            let end = line_end(lines);
            self.in_cut_line = end.is_none();
            lines = end.and_then(|end| lines.get(end..)).unwrap_or_default();
        }
        if !self.ended && !self.in_cut_line {
            let whole = lines.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
            let (before, begun) = lines.split_at(whole);
            if begun.len() < line_max + 2 {
                self.begun.extend_from_slice(begun);
                lines = before;
            } else {
                self.in_cut_line = true;
            }
        }
        let index = self.next;
        self.next += 1;
        Ok(Some(Block { index, lines }))
    }
}

/// Where the first line of `text` has ended.
fn line_end(text: &[u8]) -> Option<usize> {
    text.iter().position(|byte| *byte == b'\n').map(|at| at + 1)
}

/// It says how the list is encoded and belongs to no number.
fn without_mark(text: &[u8]) -> &[u8] {
    text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text)
}
