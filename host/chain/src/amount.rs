//! Amounts as the chain counts them, and as people read them.

use std::fmt;

/// RAO in one TAO, and in one alpha of a subnet.
pub const RAO: u64 = 1_000_000_000;

/// An amount in RAO that is shown as whole TAO (or alpha): `Tao(1_500_000_000)` reads `1.5`.
///
/// It takes width, alignment and precision as numbers do: `{:.4}` cuts after four digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Tao(pub u64);

impl Tao {
    /// The amount as a number of whole TAO. Beyond 2^53 RAO (9 million TAO) the last digits are rounded.
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "said in the documentation; for people and plugins, not for sums")]
    pub fn whole(self) -> f64 {
        self.0 as f64 / RAO as f64
    }
}

impl fmt::Display for Tao {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = format!("{:09}", self.0 % RAO);
        let shown = match f.precision() {
            Some(most) => digits.get(..most.min(digits.len())).unwrap_or_default(),
            None => digits.trim_end_matches('0'),
        };
        let text = match shown {
            "" => (self.0 / RAO).to_string(),
            shown => format!("{}.{shown}", self.0 / RAO),
        };
        match f.width() {
            Some(width) if f.align() == Some(fmt::Alignment::Left) => write!(f, "{text:<width$}"),
            Some(width) => write!(f, "{text:>width$}"),
            None => f.write_str(&text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_read_as_whole_tao() {
        let table = [
            (0, "0"),
            (1, "0.000000001"),
            (1_500_000_000, "1.5"),
            (21_000_000 * RAO, "21000000"),
            (u64::MAX, "18446744073.709551615"),
        ];
        for (rao, text) in table {
            assert_eq!(Tao(rao).to_string(), text);
        }
        assert_eq!(format!("[{:.2}]", Tao(1_239_000_000)), "[1.23]");
        assert_eq!(format!("[{:6.1}]", Tao(1_239_000_000)), "[   1.2]");
        assert_eq!(format!("[{:<6.0}]", Tao(1_239_000_000)), "[1     ]");
    }
}
