//! Wiping memory, and moves inside of a buffer. For those `copy_within` is the fast way, but brings 1.6 KB into an image
//! for a Cortex-M, where a reply in pieces and the body of a form are all that moves, once each.

use core::cell::Cell;

use zeroize::optimization_barrier;

/// Makes all of it 0, whether anybody will look at it again or not: the compiler does not leave it out, as it may leave
/// out `fill(0)`.
///
/// It is as fast as `fill`; the `zeroize` of a slice goes a byte at a time, and a buffer for a message has two thousand. The
/// transports wipe with it what a request and a reply passed through.
///
/// ```
/// let mut line = *b"110101190001010057";
/// heyan::wipe(&mut line);
/// assert_eq!(line, [0; 18]);
/// ```
#[cfg_attr(not(target_pointer_width = "64"), inline(never))]
pub fn wipe(bytes: &mut [u8]) {
    bytes.fill(0);
    optimization_barrier(bytes);
}

/// Moves `space[by..]` to the front.
#[cfg_attr(target_pointer_width = "64", inline)]
pub(crate) fn to_front(space: &mut [u8], by: usize) {
    if cfg!(not(target_pointer_width = "64")) {
        to_front_by_bytes(space, by);
    } else if by <= space.len() {
        space.copy_within(by.., 0);
    }
}

fn to_front_by_bytes(space: &mut [u8], by: usize) {
    let cells = Cell::from_mut(space).as_slice_of_cells();
    for (to, from) in cells.iter().zip(cells.iter().skip(by)) {
        to.set(from.get());
    }
}

/// Moves the front of `space` to `space[by..]`, as much of it as there is room for.
#[cfg_attr(target_pointer_width = "64", inline)]
pub(crate) fn to_back(space: &mut [u8], by: usize) {
    if cfg!(not(target_pointer_width = "64")) {
        to_back_by_bytes(space, by);
    } else if let Some(count) = space.len().checked_sub(by) {
        space.copy_within(..count, by);
    }
}

fn to_back_by_bytes(space: &mut [u8], by: usize) {
    let cells = Cell::from_mut(space).as_slice_of_cells();
    let mut from = cells.len().saturating_sub(by);
    for to in cells.iter().rev() {
        from = from.wrapping_sub(1);
        let Some(from) = cells.get(from) else { break };
        to.set(from.get());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_left_and_nothing_else_is_touched() {
        let mut bytes = [7; 77];
        wipe(&mut bytes[1..76]);
        assert_eq!((bytes[0], bytes[76]), (7, 7));
        assert!(bytes[1..76].iter().all(|byte| *byte == 0));
    }

    #[test]
    fn both_ways_move_what_fits() {
        type Move = fn(&mut [u8], usize);
        let ways: [(Move, Move); 2] = [(to_front, to_back), (to_front_by_bytes, to_back_by_bytes)];
        for (front, back) in ways {
            for (by, to_front, to_back) in
                [(0, b"abcd", b"abcd"), (1, b"bcdd", b"aabc"), (4, b"abcd", b"abcd"), (5, b"abcd", b"abcd")]
            {
                let (mut one, mut other) = (*b"abcd", *b"abcd");
                front(&mut one, by);
                back(&mut other, by);
                assert_eq!((&one, &other), (to_front, to_back), "{by}");
            }
        }
    }
}
