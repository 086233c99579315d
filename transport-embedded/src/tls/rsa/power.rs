//! Powers modulo an odd number, by Montgomery's multiplication ("Modular Multiplication Without Trial Division", 1985).
//!
//! One piece of code for every length, and 2.3 KB of stack. `crypto-bigint`, against which the tests hold it, has its
//! arithmetic once for each length: on a Cortex-M4 it took 17 KB more flash, and 21 KB of stack for 4096 bits.

use core::cmp::Ordering;

/// Longest modulus: 4096 bits.
const LIMBS_MAX: usize = 128;
const LIMB_BYTES: usize = 4;
/// Longest modulus in bytes.
pub(super) const MODULUS_MAX: usize = LIMBS_MAX * LIMB_BYTES;

/// Writes `base` to the power of `exponent`, modulo `modulus`, into `out`; all three are equally long, big-endian.
///
/// `None` when the modulus is even, longer than [`MODULUS_MAX`] or begins with a zero, when the base is not below it, or
/// when the exponent is zero.
pub(super) fn power(modulus: &[u8], exponent: u64, base: &[u8], out: &mut [u8]) -> Option<()> {
    if base.len() != modulus.len() || out.len() != modulus.len() {
        return None;
    }
    let mut numbers = [[0; LIMBS_MAX]; 4];
    let limbs = modulus.len().div_ceil(LIMB_BYTES);
    let [own, x, y, z] = numbers.each_mut().map(|number| number.get_mut(..limbs));
    let (own, mut x, mut y, z) = (own?, x?, y?, z?);
    let modulus = Modulus::new(modulus, own)?;

    // 1 in Montgomery's form, then 2 to the power of `limbs`; the square of a power of two in this form has twice the
    // exponent, so five squares later it is 2 to the power of the modulus's length: what brings a number into this form.
    modulus.one(x);
    for _ in 0..limbs {
        modulus.double(x);
    }
    for _ in 0..LIMB_BITS_LOG {
        modulus.multiply(x, x, y);
        (x, y) = (y, x);
    }
    from_bytes(base, y);
    if compare(y, modulus.limbs) != Ordering::Less {
        return None;
    }
    modulus.multiply(x, y, z);
    // `copy_from_slice` would panic where lengths differ, and the compiler cannot see that they do not.
    for (to, from) in x.iter_mut().zip(z.iter()) {
        *to = *from;
    }

    // The highest bit is the base itself; then one square for each bit, times the base where it is set.
    for bit in (0..63_u32.checked_sub(exponent.leading_zeros())?).rev() {
        modulus.multiply(x, x, y);
        (x, y) = (y, x);
        if exponent >> bit & 1 == 1 {
            modulus.multiply(x, z, y);
            (x, y) = (y, x);
        }
    }
    // Out of Montgomery's form: times one.
    z.fill(0);
    *z.first_mut()? = 1;
    modulus.multiply(x, z, y);
    to_bytes(y, out);
    Some(())
}

const LIMB_BITS_LOG: u32 = u32::BITS.ilog2();

/// An odd number of which others are the rest. All numbers have as many limbs as it, the lowest first, and are below it.
struct Modulus<'a> {
    limbs: &'a [u32],
    bits: usize,
    /// -1 divided by the lowest limb, modulo 2³².
    inverse: u32,
}

impl<'a> Modulus<'a> {
    fn new(bytes: &[u8], limbs: &'a mut [u32]) -> Option<Self> {
        let zeros = usize::try_from(bytes.first().filter(|byte| **byte != 0)?.leading_zeros()).ok()?;
        from_bytes(bytes, limbs);
        let lowest = *limbs.first()?;
        if lowest & 1 == 0 {
            return None;
        }
        // An odd number is its own inverse modulo 8, and each round of Newton's doubles the bits that are right.
        let mut inverse = lowest;
        for _ in 0..4 {
            inverse = inverse.wrapping_mul(2_u32.wrapping_sub(lowest.wrapping_mul(inverse)));
        }
        Some(Self { limbs, bits: bytes.len().checked_mul(8)?.checked_sub(zeros)?, inverse: inverse.wrapping_neg() })
    }

    /// 1 in Montgomery's form: 2 to the power of all bits of the limbs.
    fn one(&self, out: &mut [u32]) {
        // The highest bit alone is below an odd number of that length.
        let highest = self.bits.saturating_sub(1);
        for (at, limb) in out.iter_mut().enumerate() {
            *limb = if at == highest / 32 { 1 << (highest % 32) } else { 0 };
        }
        for _ in highest..out.len().saturating_mul(32) {
            self.double(out);
        }
    }

    fn double(&self, number: &mut [u32]) {
        let mut carry = 0;
        for limb in number.iter_mut() {
            let above = *limb >> 31;
            *limb = *limb << 1 | carry;
            carry = above;
        }
        self.reduce(carry, number);
    }

    /// Writes the product of two numbers, divided by 2 to the power of all bits of the limbs.
    ///
    /// For each limb of `a`: `out` plus that limb times `b`, plus as much of the modulus as makes the lowest limb zero,
    /// which is dropped. Before each round `out` is below twice the modulus, so one bit is carried beyond its limbs.
    fn multiply(&self, a: &[u32], b: &[u32], out: &mut [u32]) {
        out.fill(0);
        let mut top = 0;
        for limb in a {
            top = self.round(*limb, b, top, out);
        }
        self.reduce(top, out);
    }

    fn round(&self, limb: u32, b: &[u32], top: u32, out: &mut [u32]) -> u32 {
        let ([lowest, modulus @ ..], [first, b @ ..]) = (self.limbs, b) else { return top };
        let mut slots = out.iter_mut();
        let Some(mut to) = slots.next() else { return top };
        let (low, mut product) = add_product(limb, *first, *to, 0);
        let factor = low.wrapping_mul(self.inverse);
        let (_, mut multiple) = add_product(factor, *lowest, low, 0);
        for ((slot, b), modulus) in slots.zip(b).zip(modulus) {
            let low;
            (low, product) = add_product(limb, *b, *slot, product);
            (*to, multiple) = add_product(factor, *modulus, low, multiple);
            to = slot;
        }
        let (highest, above) = product.overflowing_add(multiple);
        let (highest, more) = highest.overflowing_add(top);
        *to = highest;
        u32::from(above | more)
    }

    /// Takes the modulus away once from what is below twice the modulus; `top` is the bit beyond the limbs.
    fn reduce(&self, top: u32, number: &mut [u32]) {
        if top == 0 && compare(number, self.limbs) == Ordering::Less {
            return;
        }
        let mut borrow = false;
        for (limb, modulus) in number.iter_mut().zip(self.limbs) {
            let (less, one) = limb.overflowing_sub(*modulus);
            let (less, other) = less.overflowing_sub(u32::from(borrow));
            *limb = less;
            borrow = one | other;
        }
    }
}

/// Low and high half of `a * b + c + d`, which is never more than both halves hold: (2³²-1)² + 2(2³²-1) = 2⁶⁴-1.
#[expect(clippy::cast_possible_truncation, reason = "the halves are what is wanted")]
fn add_product(a: u32, b: u32, c: u32, d: u32) -> (u32, u32) {
    let sum = u64::from(a).wrapping_mul(u64::from(b)).wrapping_add(u64::from(c)).wrapping_add(u64::from(d));
    (sum as u32, (sum >> 32) as u32)
}

fn compare(one: &[u32], other: &[u32]) -> Ordering {
    one.iter().rev().cmp(other.iter().rev())
}

fn from_bytes(bytes: &[u8], limbs: &mut [u32]) {
    limbs.fill(0);
    for (limb, bytes) in limbs.iter_mut().zip(bytes.rchunks(LIMB_BYTES)) {
        *limb = bytes.iter().fold(0, |number, byte| number << 8 | u32::from(*byte));
    }
}

fn to_bytes(limbs: &[u32], bytes: &mut [u8]) {
    for (bytes, limb) in bytes.rchunks_mut(LIMB_BYTES).zip(limbs) {
        for (to, from) in bytes.iter_mut().rev().zip(limb.to_le_bytes()) {
            *to = from;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use crypto_bigint::modular::{FixedMontyForm, FixedMontyParams};
    use crypto_bigint::{Odd, Uint};

    use super::*;

    const WIDTH: usize = MODULUS_MAX / size_of::<usize>();

    fn number(bytes: &[u8]) -> Uint<WIDTH> {
        let mut padded = [0; MODULUS_MAX];
        padded[MODULUS_MAX - bytes.len()..].copy_from_slice(bytes);
        Uint::from_be_slice(&padded)
    }

    /// The same by `crypto-bigint`.
    fn theirs(modulus: &[u8], exponent: u64, base: &[u8]) -> Option<Vec<u8>> {
        let params = FixedMontyParams::new_vartime(Odd::new(number(modulus)).into_option()?);
        if number(base) >= number(modulus) {
            return None;
        }
        let base = FixedMontyForm::new(&number(base), &params);
        let power = base.pow_vartime(&Uint::<1>::from_u64(exponent)).retrieve();
        Some(power.to_be_bytes().as_ref()[MODULUS_MAX - modulus.len()..].to_vec())
    }

    fn ours(modulus: &[u8], exponent: u64, base: &[u8]) -> Option<Vec<u8>> {
        let mut out = std::vec![0; modulus.len()];
        power(modulus, exponent, base, &mut out).map(|()| out)
    }

    /// Numbers made of limbs at which carries go wrong, and others.
    struct Limbs(u64);

    impl Limbs {
        fn next(&mut self) -> u64 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            self.0 >> 32
        }

        fn bytes(&mut self, len: usize) -> Vec<u8> {
            let kind = self.next() % 4;
            let mut bytes = Vec::new();
            while bytes.len() < len {
                let limb = match (kind, self.next() % 8) {
                    (0, _) => u32::MAX,
                    (1, 0 | 1) | (2, 0) => 0,
                    (1, 2 | 3) | (2, 1..=6) => u32::MAX,
                    (1, 4) => 1,
                    (1, 5) => 1 << 31,
                    _ => u32::try_from(self.next()).unwrap(),
                };
                bytes.extend_from_slice(&limb.to_be_bytes());
            }
            bytes.truncate(len);
            bytes
        }
    }

    #[test]
    fn is_what_crypto_bigint_computes() {
        let mut limbs = Limbs(7);
        let mut computed = 0;
        for round in 0..600 {
            let len = [1, 2, 3, 4, 5, 8, 12, 31, 255, 256, 257, 258, 259, 260, 384, 509, 511, 512][round % 18];
            let mut modulus = limbs.bytes(len);
            modulus[0] |= if round % 3 == 0 { 0x80 } else { 1 };
            modulus[len - 1] |= 1;
            let mut base = limbs.bytes(len);
            match round % 5 {
                // Just below.
                0 => base.clone_from_slice(&modulus),
                1 => base[0] &= modulus[0],
                _ => {}
            }
            if round % 5 == 0 {
                base[len - 1] &= !1;
            }
            let exponent = match round % 4 {
                0 => 65_537,
                1 => 3,
                2 => limbs.next() | 1,
                _ => limbs.next() << 32 | limbs.next() | 1,
            };
            let expected = theirs(&modulus, exponent, &base);
            computed += usize::from(expected.is_some());
            assert_eq!(ours(&modulus, exponent, &base), expected, "{len} bytes, round {round}");
        }
        assert!(computed > 300, "{computed}");
    }

    #[test]
    fn small_numbers_by_heart() {
        assert_eq!(ours(&[15], 3, &[2]), Some(std::vec![8]));
        assert_eq!(ours(&[7], 65_537, &[3]), Some(std::vec![5]));
        assert_eq!(ours(&[1], 3, &[0]), Some(std::vec![0]));
        assert_eq!(ours(&[0xFF, 0xFF, 0xFF, 0xFB], 2, &[0xFF, 0xFF, 0xFF, 0xFA]), Some(std::vec![0, 0, 0, 1]));
    }

    #[test]
    fn refuses_what_it_cannot_compute_with() {
        assert_eq!(ours(&[8], 3, &[2]), None, "even");
        assert_eq!(ours(&[0, 7], 3, &[0, 2]), None, "begins with zero");
        assert_eq!(ours(&[7], 3, &[7]), None, "base not below");
        assert_eq!(ours(&[7], 0, &[2]), None, "exponent zero");
        assert_eq!(ours(&[], 3, &[]), None, "nothing");
        assert_eq!(power(&[7], 3, &[0, 2], &mut [0]), None, "lengths");
        assert_eq!(power(&[7], 3, &[2], &mut [0, 0]), None, "lengths");
        let long = std::vec![0xFF; MODULUS_MAX + 1];
        assert_eq!(ours(&long, 3, &std::vec![1; MODULUS_MAX + 1]), None, "too long");
    }
}
