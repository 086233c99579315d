//! Lets only those TLS records through to `embedded-tls` that may come at that moment.

use embedded_io::{ErrorKind, ErrorType};

const HEADER_LEN: usize = 5;
const CHANGE_CIPHER_SPEC: u8 = 20;
const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
const APPLICATION_DATA: u8 = 23;
/// Longest record in clear (RFC 8446 §5.1).
const CLEAR_MAX: u16 = 1 << 14;
/// Longest encrypted record (RFC 8446 §5.2).
const ENCRYPTED_MAX: u16 = (1 << 14) + 256;
/// Shortest encrypted record: the tag and the byte that says of what kind it is. embedded-tls panics below that.
const ENCRYPTED_MIN: u16 = 17;

/// A channel whose records are looked at before they are handed on.
///
/// It writes through, and flushes before the next read: what was taken must leave before an answer can come, and by then
/// the last byte of a request is known to have been taken.
pub(crate) struct Gate<T> {
    channel: T,
    records: Records,
    unflushed: bool,
}

impl<T> Gate<T> {
    pub(crate) const fn new(channel: T) -> Self {
        Self { channel, records: Records::new(), unflushed: false }
    }
}

impl<T> ErrorType for Gate<T> {
    /// All that embedded-tls keeps.
    type Error = ErrorKind;
}

/// What has come so far of the stream of records.
struct Records {
    header: [u8; HEADER_LEN],
    /// Bytes of the header that are there; none while inside a record.
    have: usize,
    /// Bytes of the record that have not come yet.
    left: u16,
    /// The server's hello came: all else is encrypted.
    encrypted: bool,
    changed_cipher: bool,
}

impl Records {
    const fn new() -> Self {
        Self { header: [0; HEADER_LEN], have: 0, left: 0, encrypted: false, changed_cipher: false }
    }

    /// How many bytes may be read without going beyond the header or the record.
    fn room(&self) -> usize {
        match self.left {
            0 => HEADER_LEN.saturating_sub(self.have),
            left => usize::from(left),
        }
    }

    /// Takes note of what was read.
    fn take(&mut self, bytes: &[u8]) -> Result<(), ErrorKind> {
        if self.left > 0 {
            let count = u16::try_from(bytes.len()).map_err(|_| ErrorKind::InvalidData)?;
            self.left = self.left.saturating_sub(count);
            return Ok(());
        }
        for (place, byte) in self.header.iter_mut().skip(self.have).zip(bytes) {
            *place = *byte;
        }
        self.have = self.have.saturating_add(bytes.len());
        if self.have >= HEADER_LEN {
            self.have = 0;
            self.left = self.admit().ok_or(ErrorKind::InvalidData)?;
        }
        Ok(())
    }

    /// The length of the record that begins, if it may come now.
    fn admit(&mut self) -> Option<u16> {
        let [kind, major, _, high, low] = self.header;
        let len = u16::from_be_bytes([high, low]);
        let fits = match (self.encrypted, kind) {
            (false, HANDSHAKE) => {
                self.encrypted = true;
                (1..=CLEAR_MAX).contains(&len)
            }
            (false, ALERT) => len == 2,
            (true, APPLICATION_DATA) => (ENCRYPTED_MIN..=ENCRYPTED_MAX).contains(&len),
            // RFC 8446 §D.4: one, for the sake of old boxes on the way.
            (true, CHANGE_CIPHER_SPEC) => !core::mem::replace(&mut self.changed_cipher, true) && len == 1,
            _ => false,
        };
        (major == 3 && fits).then_some(len)
    }
}

impl<T: embedded_io_async::Read + embedded_io_async::Write> embedded_io_async::Read for Gate<T> {
    async fn read(&mut self, space: &mut [u8]) -> Result<usize, ErrorKind> {
        if self.unflushed {
            embedded_io_async::Write::flush(self).await?;
        }
        let room = self.records.room().min(space.len());
        let space = space.get_mut(..room).unwrap_or_default();
        let count = self.channel.read(space).await.map_err(|error| kind(&error))?;
        self.records.take(space.get(..count).ok_or(ErrorKind::Other)?)?;
        Ok(count)
    }
}

impl<T: embedded_io_async::Write> embedded_io_async::Write for Gate<T> {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, ErrorKind> {
        self.unflushed = true;
        taken(self.channel.write(bytes).await, bytes)
    }

    async fn flush(&mut self) -> Result<(), ErrorKind> {
        self.unflushed = false;
        self.channel.flush().await.map_err(|error| kind(&error))
    }
}

impl<T: embedded_io::Read + embedded_io::Write> embedded_io::Read for Gate<T> {
    fn read(&mut self, space: &mut [u8]) -> Result<usize, ErrorKind> {
        if self.unflushed {
            embedded_io::Write::flush(self)?;
        }
        let room = self.records.room().min(space.len());
        let space = space.get_mut(..room).unwrap_or_default();
        let count = self.channel.read(space).map_err(|error| kind(&error))?;
        self.records.take(space.get(..count).ok_or(ErrorKind::Other)?)?;
        Ok(count)
    }
}

impl<T: embedded_io::Write> embedded_io::Write for Gate<T> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, ErrorKind> {
        self.unflushed = true;
        taken(self.channel.write(bytes), bytes)
    }

    fn flush(&mut self) -> Result<(), ErrorKind> {
        self.unflushed = false;
        self.channel.flush().map_err(|error| kind(&error))
    }
}

/// What a channel says to have taken of `bytes`. Above the gate stands `write_all`, which panics at a channel that takes
/// nothing any more, as one does that is closed, and at one that counts wrong.
fn taken<E: embedded_io::Error>(written: Result<usize, E>, bytes: &[u8]) -> Result<usize, ErrorKind> {
    match written {
        Ok(0) if !bytes.is_empty() => Err(ErrorKind::WriteZero),
        Ok(count) => Ok(count.min(bytes.len())),
        Err(error) => Err(kind(&error)),
    }
}

/// The kind of a channel's failure. [`ErrorKind::InvalidData`] is the gate's own word.
fn kind(error: &impl embedded_io::Error) -> ErrorKind {
    match error.kind() {
        ErrorKind::InvalidData => ErrorKind::Other,
        kind => kind,
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use embedded_io::Read;

    use super::*;

    struct Bytes<'a>(&'a [u8], usize);

    impl ErrorType for Bytes<'_> {
        type Error = ErrorKind;
    }

    impl Read for Bytes<'_> {
        fn read(&mut self, space: &mut [u8]) -> Result<usize, ErrorKind> {
            let count = space.len().min(self.1).min(self.0.len());
            let (now, later) = self.0.split_at(count);
            space[..count].copy_from_slice(now);
            self.0 = later;
            Ok(count)
        }
    }

    impl embedded_io::Write for Bytes<'_> {
        fn write(&mut self, bytes: &[u8]) -> Result<usize, ErrorKind> {
            Ok(bytes.len())
        }

        fn flush(&mut self) -> Result<(), ErrorKind> {
            Ok(())
        }
    }

    fn record(kind: u8, len: u16) -> Vec<u8> {
        let [high, low] = len.to_be_bytes();
        let mut record = std::vec![kind, 3, 3, high, low];
        record.resize(5 + usize::from(len), 0xAB);
        record
    }

    /// How many of these records get through, whatever the pieces in which they come.
    fn passed(records: &[(u8, u16)]) -> usize {
        let whole: Vec<u8> = records.iter().flat_map(|(kind, len)| record(*kind, *len)).collect();
        let mut seen = Vec::new();
        for piece in [1, 3, 5, 6, usize::MAX] {
            let mut gate = Gate::new(Bytes(&whole, piece));
            let (mut got, mut space) = (Vec::new(), [0; 777]);
            while let Ok(count @ 1..) = gate.read(&mut space) {
                got.extend_from_slice(&space[..count]);
            }
            assert!(whole.starts_with(&got));
            let mut ends = 0;
            seen.push(
                records
                    .iter()
                    .take_while(|(_, len)| {
                        ends += 5 + usize::from(*len);
                        got.len() >= ends
                    })
                    .count(),
            );
        }
        assert!(seen.iter().all(|count| *count == seen[0]), "{seen:?}");
        seen[0]
    }

    #[test]
    fn lets_a_handshake_and_data_through() {
        let records = [
            (HANDSHAKE, 122),
            (CHANGE_CIPHER_SPEC, 1),
            (APPLICATION_DATA, 17),
            (APPLICATION_DATA, 16_640),
            (APPLICATION_DATA, 999),
        ];
        assert_eq!(passed(&records), 5);
        assert_eq!(passed(&[(ALERT, 2)]), 1);
    }

    #[test]
    fn stops_what_must_not_come() {
        for first in [
            (APPLICATION_DATA, 99),
            (CHANGE_CIPHER_SPEC, 1),
            (ALERT, 3),
            (HANDSHAKE, 0),
            (HANDSHAKE, 16_385),
            (24, 5),
            (0, 5),
        ] {
            assert_eq!(passed(&[first, (HANDSHAKE, 122)]), 0, "{first:?}");
        }
        for second in [
            (HANDSHAKE, 99),
            (ALERT, 2),
            (APPLICATION_DATA, 16),
            (APPLICATION_DATA, 0),
            (APPLICATION_DATA, 16_641),
            (CHANGE_CIPHER_SPEC, 2),
        ] {
            assert_eq!(passed(&[(HANDSHAKE, 122), second]), 1, "{second:?}");
        }
        assert_eq!(passed(&[(HANDSHAKE, 9), (CHANGE_CIPHER_SPEC, 1), (CHANGE_CIPHER_SPEC, 1)]), 2);
    }

    /// Takes of what is written as many bytes as it says.
    struct Takes(usize);

    impl ErrorType for Takes {
        type Error = ErrorKind;
    }

    impl embedded_io::Write for Takes {
        fn write(&mut self, _: &[u8]) -> Result<usize, ErrorKind> {
            Ok(self.0)
        }

        fn flush(&mut self) -> Result<(), ErrorKind> {
            Ok(())
        }
    }

    impl embedded_io_async::Write for Takes {
        async fn write(&mut self, bytes: &[u8]) -> Result<usize, ErrorKind> {
            embedded_io::Write::write(self, bytes)
        }

        async fn flush(&mut self) -> Result<(), ErrorKind> {
            Ok(())
        }
    }

    #[test]
    fn a_channel_that_counts_wrong_is_no_panic() {
        for (says, ends) in [(0, Err(ErrorKind::WriteZero)), (3, Ok(())), (99, Ok(()))] {
            assert_eq!(embedded_io::Write::write_all(&mut Gate::new(Takes(says)), b"record"), ends);
            let mut gate = Gate::new(Takes(says));
            let mut written = std::pin::pin!(embedded_io_async::Write::write_all(&mut gate, b"record"));
            let mut context = std::task::Context::from_waker(std::task::Waker::noop());
            assert_eq!(written.as_mut().poll(&mut context), std::task::Poll::Ready(ends));
        }
    }
}
