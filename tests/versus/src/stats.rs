//! Medians and quartiles.

/// The middle of what was measured, and the middle half of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// A quarter of all lies below.
    pub low: f64,
    /// Half of all lies below.
    pub median: f64,
    /// A quarter of all lies above.
    pub high: f64,
}

impl Spread {
    /// Of at least one number.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn of(samples: &[f64]) -> Self {
        let mut sorted = samples.to_vec();
        sorted.sort_by(f64::total_cmp);
        Self { low: at(&sorted, 0.25), median: at(&sorted, 0.5), high: at(&sorted, 0.75) }
    }
}

/// What stands at `part` of a sorted row, between two neighbours in proportion.
fn at(sorted: &[f64], part: f64) -> f64 {
    assert!(!sorted.is_empty(), "nothing was measured");
    let place = part * (sorted.len() - 1) as f64;
    let (below, above) = (place.floor() as usize, place.ceil() as usize);
    sorted[below] + (sorted[above] - sorted[below]) * place.fract()
}

/// A number with as many digits as a measurement of this kind can vouch for: two, or three after a leading 1.
#[must_use]
pub fn honest(number: f64) -> String {
    if !number.is_finite() || number <= 0.0 {
        return "0".to_owned();
    }
    let magnitude = number.log10().floor() as i32;
    let leading = (number / 10_f64.powi(magnitude)).floor();
    let last = magnitude - if leading < 2.0 { 2 } else { 1 };
    let unit = 10_f64.powi(last);
    let rounded = (number / unit).round() * unit;
    let plain = format!("{rounded:.*}", (-last).max(0) as usize);
    grouped(&plain)
}

/// With a comma between thousands.
fn grouped(plain: &str) -> String {
    let (whole, fraction) = plain.split_once('.').map_or((plain, None), |(whole, fraction)| (whole, Some(fraction)));
    let mut text = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if let Some(fraction) = fraction {
        text.push('.');
        text.push_str(fraction);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Spread, honest};

    #[test]
    fn medians_and_quartiles() {
        assert_eq!(Spread::of(&[3.0, 1.0, 2.0, 5.0, 4.0]), Spread { low: 2.0, median: 3.0, high: 4.0 });
        assert_eq!(Spread::of(&[2.0, 1.0]), Spread { low: 1.25, median: 1.5, high: 1.75 });
        assert_eq!(Spread::of(&[7.0]), Spread { low: 7.0, median: 7.0, high: 7.0 });
        // One turn that something else was in the way of changes nothing.
        assert_eq!(Spread::of(&[1.0, 1.0, 1.0, 1.0, 1000.0]), Spread { low: 1.0, median: 1.0, high: 1.0 });
    }

    #[test]
    fn no_more_digits_than_are_known() {
        for (number, text) in [
            (0.4444, "0.44"),
            (1.2345, "1.23"),
            (4.271, "4.3"),
            (18.44, "18.4"),
            (84.4, "84"),
            (179.4, "179"),
            (259.0, "260"),
            (9_240.0, "9,200"),
            (95_912.0, "96,000"),
            (0.0, "0"),
        ] {
            assert_eq!(honest(number), text, "{number}");
        }
    }
}
