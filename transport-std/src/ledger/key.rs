//! The person key's file: beside the ledger, never in it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use heyan::policy::PersonKey;
use heyan::{Date, IdNumber};
use rusqlite::Connection;
use zeroize::Zeroizing;

use super::error::{LedgerError, LedgerFile};

/// Hexadecimal digits in the file.
const DIGITS: usize = 64;

/// The number of the example in GB 11643-1999. Its tag shows whether a key is the one that a ledger was written with.
const PROBE: &str = "11010519491231002X";

/// The path of the key of the ledger at `path`, unless said otherwise.
pub(super) fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".key");
    name.into()
}

/// Reads the key, or makes one for a new ledger. The connection is in a transaction, which keeps other
/// processes from doing the same.
pub(super) fn obtain(connection: &Connection, path: &Path) -> Result<PersonKey, LedgerError> {
    let known = connection.query_row("SELECT fingerprint FROM ledger_key", (), |row| row.get::<_, Vec<u8>>(0));
    let known = match known {
        Err(rusqlite::Error::QueryReturnedNoRows) => None,
        known => Some(known?),
    };
    let key = match (read(path)?, &known) {
        (Some(key), _) => key,
        (None, Some(_)) => return Err(LedgerError::KeyMissing),
        (None, None) => create(path)?,
    };
    let probe = IdNumber::parse(PROBE, Date::MAX).map_err(|_| LedgerError::Damaged)?;
    let fingerprint = key.tag(&probe);
    match known {
        Some(known) if known == fingerprint.expose_bytes() => {}
        Some(_) => return Err(LedgerError::KeyDiffers),
        None => {
            let bytes = &fingerprint.expose_bytes()[..];
            connection.execute("INSERT INTO ledger_key (fingerprint) VALUES (?1)", [bytes])?;
        }
    }
    Ok(key)
}

fn read(path: &Path) -> Result<Option<PersonKey>, LedgerError> {
    let failed = LedgerError::file(LedgerFile::Key);
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::MetadataExt::mode(&file.metadata().map_err(&failed)?);
        if mode & 0o077 != 0 {
            return Err(LedgerError::KeyReadable);
        }
    }
    // Room for all that is read: a text that grows leaves copies behind.
    let mut text = Zeroizing::new(String::with_capacity(2 * DIGITS));
    let limit = u64::try_from(2 * DIGITS).unwrap_or_default();
    file.take(limit).read_to_string(&mut text).map_err(failed)?;
    decode(text.trim_end()).map(Some).ok_or(LedgerError::KeyMalformed)
}

fn decode(text: &str) -> Option<PersonKey> {
    if text.len() != DIGITS || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let mut secret = Zeroizing::new([0; DIGITS / 2]);
    for (byte, digits) in secret.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(PersonKey::new(*secret))
}

/// Writes a new key so that it is there as a whole or not at all.
fn create(path: &Path) -> Result<PersonKey, LedgerError> {
    let failed = LedgerError::file(LedgerFile::Key);
    let mut secret = Zeroizing::new([0; DIGITS / 2]);
    getrandom::fill(&mut *secret).map_err(|_| LedgerError::Randomness)?;
    let mut text = Zeroizing::new(String::with_capacity(DIGITS + 1));
    for digit in secret.iter().flat_map(|byte| [byte >> 4, byte & 0xF]) {
        text.extend(char::from_digit(digit.into(), 16));
    }
    text.push('\n');

    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(".new");
    let unfinished = PathBuf::from(unfinished);
    // Left behind by a process that died here; nobody else is here now.
    match fs::remove_file(&unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&unfinished).map_err(&failed)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(&failed)?;
    fs::rename(&unfinished, path).and_then(|()| sync_folder(path)).map_err(failed)?;
    Ok(PersonKey::new(*secret))
}

/// Without this the file's name may be lost in a power cut.
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}
