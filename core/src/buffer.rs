//! Memory for one exchange that does not keep what went through it.

use core::fmt;
use core::ops::{Deref, DerefMut};

use crate::bytes::wipe;

/// `N` bytes that are wiped when dropped: a request holds a name, a number and a secret, and the reply written over it
/// does not cover all of them.
///
/// ```
/// use heyan::{Buffer, provider::SFZ2};
/// let mut buffer = Buffer::<{ SFZ2.info().buffer_len() }>::new();
/// assert_eq!(buffer.len(), 2048);
/// # let _ = &mut buffer[..];
/// ```
pub struct Buffer<const N: usize>([u8; N]);

impl<const N: usize> Buffer<N> {
    /// A buffer of zeros, usable in statics.
    #[must_use]
    pub const fn new() -> Self {
        Self([0; N])
    }

    /// Wipes the buffer now, for one that lives on between two people.
    pub fn wipe(&mut self) {
        wipe(&mut self.0);
    }
}

impl<const N: usize> Default for Buffer<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> Deref for Buffer<N> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl<const N: usize> DerefMut for Buffer<N> {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }
}

impl<const N: usize> Drop for Buffer<N> {
    fn drop(&mut self) {
        self.wipe();
    }
}

impl<const N: usize> fmt::Debug for Buffer<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Buffer({N}, redacted)")
    }
}

#[cfg(feature = "defmt")]
impl<const N: usize> defmt::Format for Buffer<N> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "Buffer({=usize}, redacted)", N);
    }
}
