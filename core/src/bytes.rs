//! Wiping memory, and moves inside of a buffer. For those `copy_within` is the fast way, but brings 1.6 KB into an image
//! for a Cortex-M, where a reply in pieces and the body of a form are all that moves, once each.

#[cfg(not(target_pointer_width = "64"))]
use core::cell::Cell;

use zeroize::Zeroize;

/// Makes all of it 0, whoever else will look at it or not. Out of line on a device.
#[cfg_attr(not(target_pointer_width = "64"), inline(never))]
pub(crate) fn wipe(bytes: &mut [u8]) {
    bytes.zeroize();
}

/// Moves `space[by..]` to the front.
#[cfg_attr(target_pointer_width = "64", inline)]
pub(crate) fn to_front(space: &mut [u8], by: usize) {
    #[cfg(target_pointer_width = "64")]
    if by <= space.len() {
        space.copy_within(by.., 0);
    }
    #[cfg(not(target_pointer_width = "64"))]
    {
        let cells = Cell::from_mut(space).as_slice_of_cells();
        for (to, from) in cells.iter().zip(cells.iter().skip(by)) {
            to.set(from.get());
        }
    }
}

/// Moves the front of `space` to `space[by..]`, as much of it as there is room for.
#[cfg_attr(target_pointer_width = "64", inline)]
pub(crate) fn to_back(space: &mut [u8], by: usize) {
    #[cfg(target_pointer_width = "64")]
    if let Some(count) = space.len().checked_sub(by) {
        space.copy_within(..count, by);
    }
    #[cfg(not(target_pointer_width = "64"))]
    {
        let cells = Cell::from_mut(space).as_slice_of_cells();
        let mut from = cells.len().saturating_sub(by);
        for to in cells.iter().rev() {
            from = from.wrapping_sub(1);
            let Some(from) = cells.get(from) else { break };
            to.set(from.get());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moves_what_fits() {
        for (by, front, back) in
            [(0, b"abcd", b"abcd"), (1, b"bcdd", b"aabc"), (4, b"abcd", b"abcd"), (5, b"abcd", b"abcd")]
        {
            let (mut one, mut other) = (*b"abcd", *b"abcd");
            to_front(&mut one, by);
            to_back(&mut other, by);
            assert_eq!((&one, &other), (front, back), "{by}");
        }
    }
}
