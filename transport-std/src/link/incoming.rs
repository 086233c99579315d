//! What came over a connection: records of TLS, and the data in them.

use std::ops::Range;

use zeroize::Zeroizing;

use super::in_place::Place;

/// Room at first, and what it grows by. The gateway's replies fit, and 256 kept connections hold a megabyte.
const STEP: usize = 4 * 1024;

/// Most that may be there at once. A record is of at most 18 KiB (RFC 5246, section 6.2.3); a message of the handshake
/// may consist of several, and rustls takes none of more than 64 KiB.
const MAX: usize = 64 * 1024 + 18 * 1024;

/// A record's header: type, version, and the length of the rest in the last two bytes.
const HEADER_LEN: usize = 5;

/// The one buffer in which records are received and decrypted. It grows to the longest record that came, and is wiped: of
/// data when that is taken, and of all else when it is dropped.
pub(super) struct Incoming {
    bytes: Zeroizing<Vec<u8>>,
    /// Records that rustls is not done with.
    held: Range<usize>,
    /// Data that was decrypted and not taken. It stands before `held`, and nothing moves while there is any.
    data: Range<usize>,
}

impl Incoming {
    pub(super) fn new() -> Self {
        Self { bytes: Zeroizing::new(vec![0; STEP]), held: 0..0, data: 0..0 }
    }

    /// What rustls must look at: nothing more, as long as there is data of an earlier record.
    pub(super) fn held(&mut self) -> &mut [u8] {
        let end = if self.has_data() { self.held.start } else { self.held.end };
        self.bytes.get_mut(self.held.start..end).unwrap_or_default()
    }

    /// rustls is done with so many bytes.
    pub(super) fn discard(&mut self, count: usize) {
        self.held.start = self.held.start.saturating_add(count).min(self.held.end);
    }

    /// Notes that data was decrypted at this place. `false`: it is not in this buffer.
    pub(super) fn found(&mut self, place: Place) -> bool {
        let start = place.address.wrapping_sub(self.bytes.as_ptr().addr());
        let data = start..start.saturating_add(place.len);
        let is_here = self.bytes.get(data.clone()).is_some();
        if is_here {
            self.data = data;
        }
        is_here
    }

    pub(super) fn has_data(&self) -> bool {
        !self.data.is_empty()
    }

    /// Hands out data, at most what there is room for, and wipes it here. 0: there is none.
    pub(super) fn take(&mut self, into: &mut [u8]) -> usize {
        let data = self.bytes.get_mut(self.data.clone()).unwrap_or_default();
        let count = data.len().min(into.len());
        if let (Some(to), Some(from)) = (into.get_mut(..count), data.get_mut(..count)) {
            to.copy_from_slice(from);
            heyan::wipe(from);
        }
        self.data.start = self.data.start.saturating_add(count);
        count
    }

    /// Where to receive to: never empty, and with room for the rest of a record whose header is there. `None` when too
    /// much is held, or while there is data.
    pub(super) fn space(&mut self) -> Option<&mut [u8]> {
        if self.has_data() {
            return None;
        }
        let needed = match self.record_len() {
            Some(len) if len > self.held.len() => len,
            _ => self.held.len().saturating_add(1),
        };
        if needed > MAX {
            return None;
        }
        if self.held.start > 0 && (self.held.is_empty() || needed > self.bytes.len().saturating_sub(self.held.start)) {
            self.bytes.copy_within(self.held.clone(), 0);
            self.held = 0..self.held.len();
        }
        if needed > self.bytes.len() {
            // What moves is no data: that was taken.
            let len = needed.max(self.bytes.len().saturating_add(STEP));
            self.bytes.resize(len, 0);
        }
        self.bytes.get_mut(self.held.end..)
    }

    /// So many bytes were received into [`Incoming::space`].
    pub(super) fn received(&mut self, count: usize) {
        self.held.end = self.held.end.saturating_add(count).min(self.bytes.len());
    }

    /// Gives back what only the handshake needed.
    pub(super) fn shrink(&mut self) {
        if self.bytes.len() > STEP && self.held.len() <= STEP && !self.has_data() {
            self.bytes.copy_within(self.held.clone(), 0);
            self.held = 0..self.held.len();
            self.bytes.truncate(STEP);
            self.bytes.shrink_to_fit();
        }
    }

    /// Everything in it, also what nobody wants any more.
    #[cfg(test)]
    pub(super) fn all(&self) -> &[u8] {
        &self.bytes
    }

    /// Length of the first record that is held, if its header is there.
    fn record_len(&self) -> Option<usize> {
        let header = self.bytes.get(self.held.clone())?.first_chunk::<HEADER_LEN>()?;
        let [_, _, _, high, low] = *header;
        Some(HEADER_LEN.saturating_add(u16::from_be_bytes([high, low]).into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(incoming: &mut Incoming, bytes: &[u8]) {
        let space = incoming.space().unwrap();
        space[..bytes.len()].copy_from_slice(bytes);
        incoming.received(bytes.len());
    }

    /// Takes the next `len` bytes that are held for data behind a header.
    fn decrypt(incoming: &mut Incoming, len: usize) {
        let address = incoming.held().as_ptr().addr() + HEADER_LEN;
        incoming.discard(HEADER_LEN + len);
        assert!(incoming.found(Place { address, len }));
    }

    #[test]
    fn data_is_handed_out_piece_by_piece_and_wiped() {
        let mut incoming = Incoming::new();
        put(&mut incoming, b"\x17\x03\x03\x00\x09secret: 1\x17\x03\x03\x00\x01");
        decrypt(&mut incoming, 9);
        assert!(incoming.held().is_empty() && incoming.space().is_none(), "data first");
        let mut piece = [0; 6];
        assert_eq!((incoming.take(&mut piece), &piece), (6, b"secret"));
        assert!(!incoming.bytes.windows(6).any(|window| window == b"secret"));
        assert_eq!((incoming.take(&mut piece), &piece[..3]), (3, &b": 1"[..]));
        assert_eq!(incoming.take(&mut piece), 0);
        assert!(incoming.bytes[HEADER_LEN..HEADER_LEN + 9].iter().all(|byte| *byte == 0));
        assert_eq!(incoming.held(), b"\x17\x03\x03\x00\x01", "and then the next record");
    }

    #[test]
    fn data_somewhere_else_is_refused() {
        let mut incoming = Incoming::new();
        let end = incoming.bytes.as_ptr().addr() + STEP;
        for address in [0, end - STEP - 1, end - 1, end, usize::MAX] {
            assert!(!incoming.found(Place { address, len: 2 }), "{address:x}");
            assert!(!incoming.has_data());
        }
        assert!(incoming.found(Place { address: end - 2, len: 2 }));
    }

    #[test]
    fn there_is_room_for_one_record_and_not_for_everything() {
        let mut incoming = Incoming::new();
        assert_eq!(incoming.space().unwrap().len(), STEP);
        put(&mut incoming, b"\x17\x03\x03\x40\x11");
        assert_eq!(incoming.space().unwrap().len(), 0x4011, "the rest of it");
        incoming.received(0x4011);
        decrypt(&mut incoming, 0x4011);
        incoming.take(&mut [0; 0x4011]);
        assert_eq!(incoming.space().unwrap().len(), HEADER_LEN + 0x4011, "the same room again");
        incoming.shrink();
        assert_eq!(incoming.space().unwrap().len(), STEP);
        while let Some(len) = incoming.space().map(|space| space.len()) {
            assert!(len > 0);
            incoming.received(len);
        }
        assert!((MAX..MAX + STEP).contains(&incoming.held().len()));
    }

    #[test]
    fn what_is_held_moves_to_the_front_when_room_is_needed() {
        let mut incoming = Incoming::new();
        put(&mut incoming, &[0; STEP - 7]);
        incoming.discard(STEP - 7);
        put(&mut incoming, b"\x17\x03\x03\x00\x09abc");
        assert_eq!(incoming.space().unwrap().len(), STEP - 8);
        put(&mut incoming, b"defghi");
        assert_eq!(incoming.held(), b"\x17\x03\x03\x00\x09abcdefghi");
    }
}
