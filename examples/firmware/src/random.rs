//! Randomness: what a board must bring.

/// A source of unpredictable bytes: a hardware generator, or a secure element.
///
/// The nonce of a signed request and the numbers of the network stack come from it, and with TLS the keys of every
/// connection: whoever can guess them reads names, identity numbers and secrets.
pub trait Random {
    /// Fills the bytes.
    fn fill(&mut self, bytes: &mut [u8]);

    /// 16 bytes, for a [`Stamp`](heyan_embedded::heyan::Stamp).
    fn nonce(&mut self) -> [u8; 16] {
        let mut bytes = [0; 16];
        self.fill(&mut bytes);
        bytes
    }

    /// A number for the network stack.
    fn number(&mut self) -> u64 {
        let mut bytes = [0; 8];
        self.fill(&mut bytes);
        u64::from_le_bytes(bytes)
    }
}

/// Unfit for products: numbers that look random, made from the time of the start. The emulated board has no generator.
/// Somebody who knows the second in which the kiosk was switched on knows them all.
pub struct PredictableDemoRandom(u64);

impl PredictableDemoRandom {
    /// Starts from something that differs between two runs.
    #[must_use]
    pub const fn unfit_for_products(seed: u64) -> Self {
        Self(seed)
    }
}

impl Random for PredictableDemoRandom {
    fn fill(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            // SplitMix64 (Steele, Lea, Flood 2014).
            self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mut mixed = self.0;
            mixed = (mixed ^ mixed >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
            *byte = (mixed ^ mixed >> 31).to_le_bytes()[0];
        }
    }
}
