//! One batch at a time. The operating system keeps the lock, so that it ends with the process, however that ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use super::wrong::BatchWrong;

/// The path with this behind its name.
pub(super) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Opens the file at `path`, or makes an empty one, and keeps others out until it is dropped. Its content stays.
pub(super) fn locked(path: &Path) -> Result<File, BatchWrong> {
    let wrong = |error: std::io::Error| BatchWrong::Output { path: path.to_owned(), kind: error.kind() };
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    // What is in it may be about people.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path).map_err(wrong)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(BatchWrong::Running(path.to_owned())),
        Err(TryLockError::Error(error)) => Err(wrong(error)),
    }
}
