//! Amounts of TAO as an operator writes them: a decimal number outside, whole RAO inside.

use soma_chain::{RAO, Tao};

/// Decimals of a TAO.
const DECIMALS: usize = 9;

/// Reads a decimal number of TAO with at most nine decimals; no sign, no exponent.
///
/// # Errors
/// What is wrong with it, in words.
pub fn parse(text: &str) -> Result<Tao, String> {
    let not_a_number = || format!("{text:?} is no amount: write digits with at most nine decimals, as in 12.5");
    let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(decimals) || decimals.len() > DECIMALS {
        return Err(not_a_number());
    }
    let too_much = || format!("{text} TAO is more than there can be");
    let whole: u64 = whole.parse().map_err(|_| too_much())?;
    let rest: u64 = format!("{decimals:0<DECIMALS$}").parse().map_err(|_| not_a_number())?;
    whole.checked_mul(RAO).and_then(|rao| rao.checked_add(rest)).map(Tao).ok_or_else(too_much)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn amounts_are_read_exactly() {
        for (text, rao) in [
            ("0", 0),
            ("100", 100_000_000_000),
            ("0.1", 100_000_000),
            ("1.000000001", 1_000_000_001),
            ("007.50", 7_500_000_000),
            ("18446744073.709551615", u64::MAX),
        ] {
            assert_eq!(parse(text), Ok(Tao(rao)), "{text}");
        }
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for text in ["", ".", "1.", ".5", "-1", "+1", "1e3", "1,5", "0.0000000001", "18446744073.709551616", "٣", "nan"]
        {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_amount_reads_back(rao: u64) {
            prop_assert_eq!(parse(&Tao(rao).to_string()), Ok(Tao(rao)));
        }

        #[test]
        fn no_text_is_too_odd(text: String) {
            let _ = parse(&text);
        }
    }
}
