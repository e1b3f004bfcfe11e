//! A number of bytes in a file or a flag: `"64MiB"`, `"1.5 GB"`.
//!
//! Units are `B`, `KB`, `MB`, `GB` (powers of 1000) and `KiB`, `MiB`, `GiB` (powers of 1024), in this spelling only:
//! `Mb` is a megabit to many, and a bare number says nothing. What is written here is exact, so that a budget is the
//! same before and after it was packed.

use bytesize::ByteSize;

/// The units, the largest first.
const UNITS: [(&str, u64); 7] = [
    ("GiB", 1 << 30),
    ("GB", 1_000_000_000),
    ("MiB", 1 << 20),
    ("MB", 1_000_000),
    ("KiB", 1 << 10),
    ("KB", 1000),
    ("B", 1),
];

/// Most digits after the point: they still fit with the largest unit into the arithmetic.
const MOST_DECIMALS: usize = 9;

/// Characters of a wrong text that are shown.
const SHOWN: usize = 24;

/// The text is no size.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no size: {}", advice(.likely.as_deref()))]
pub struct NotASize {
    /// The beginning of what was written.
    pub text: String,
    /// What was probably meant.
    pub likely: Option<String>,
}

fn advice(meant: Option<&str>) -> String {
    match meant {
        Some(meant) => format!("did you mean {meant:?}? Units are B, KB, KiB, MB, MiB, GB and GiB"),
        None => "write a number and its unit, like \"64MiB\"; units are B, KB, KiB, MB, MiB, GB and GiB".to_owned(),
    }
}

/// Reads a size: a number, blanks or none, a unit. Parts of a byte are dropped.
///
/// # Errors
/// [`NotASize`] for anything else, and for more bytes than 64 bits count.
pub fn parse(text: &str) -> Result<ByteSize, NotASize> {
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(split).unwrap_or((text, ""));
    let unit = unit.trim_start_matches(' ');
    let known = UNITS.iter().find(|(name, _)| *name == unit).map(|(_, factor)| *factor);
    known.and_then(|factor| bytes(number, factor)).map(ByteSize::b).ok_or_else(|| NotASize {
        text: text.chars().take(SHOWN).collect(),
        // A number that is too large has no better spelling.
        likely: meant(unit)
            .filter(|meant| *meant != unit && bytes(number, 1).is_some())
            .map(|unit| format!("{number}{unit}")),
    })
}

/// Writes a size with the largest unit that needs no point.
pub fn exact(size: ByteSize) -> String {
    let bytes = size.as_u64();
    let fitting = UNITS.iter().find(|(_, factor)| bytes > 0 && bytes.is_multiple_of(*factor));
    fitting.map_or_else(|| format!("{bytes}B"), |(name, factor)| format!("{}{name}", bytes / factor))
}

fn bytes(number: &str, factor: u64) -> Option<u64> {
    let (whole, decimals) = number.split_once('.').unwrap_or((number, "0"));
    let plain = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !plain(whole) || !plain(decimals) || decimals.len() > MOST_DECIMALS {
        return None;
    }
    let scale = 10_u128.pow(u32::try_from(decimals.len()).ok()?);
    let parts = u128::from(whole.parse::<u64>().ok()?) * scale + decimals.parse::<u128>().ok()?;
    u64::try_from(parts.checked_mul(factor.into())? / scale).ok()
}

/// The unit that somebody who wrote this one had in mind.
fn meant(unit: &str) -> Option<&'static str> {
    let lower = unit.trim().to_ascii_lowercase();
    match lower.as_str() {
        "" | "byte" | "bytes" => Some("B"),
        "k" | "ki" => Some("KiB"),
        "m" | "mi" => Some("MiB"),
        "g" | "gi" => Some("GiB"),
        other => UNITS.iter().map(|(name, _)| *name).find(|name| name.eq_ignore_ascii_case(other)),
    }
}

/// For `#[serde(with)]` on a size that may be missing.
pub mod optional {
    use bytesize::ByteSize;
    use serde::de::{Deserializer, Error, Unexpected, Visitor};
    use serde::ser::Serializer;

    /// Writes it exactly.
    ///
    /// # Errors
    /// Those of the format.
    pub fn serialize<S: Serializer>(size: &Option<ByteSize>, format: S) -> Result<S::Ok, S::Error> {
        match size {
            Some(size) => format.serialize_str(&super::exact(*size)),
            None => format.serialize_none(),
        }
    }

    /// Reads a text; see [`parse`](super::parse).
    ///
    /// # Errors
    /// What the text has instead of a size, or that it is no text.
    pub fn deserialize<'de, D: Deserializer<'de>>(format: D) -> Result<Option<ByteSize>, D::Error> {
        format.deserialize_any(Text).map(Some)
    }

    struct Text;

    impl Visitor<'_> for Text {
        type Value = ByteSize;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a size with its unit, like \"64MiB\"")
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<ByteSize, E> {
            super::parse(text).map_err(E::custom)
        }

        fn visit_i64<E: Error>(self, number: i64) -> Result<ByteSize, E> {
            Err(E::invalid_type(Unexpected::Signed(number), &self))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_size_has_one_of_seven_units_in_its_own_spelling() {
        let table: [(&str, u64); 8] = [
            ("64MiB", 64 << 20),
            ("64 MiB", 64 << 20),
            ("32.0 MiB", 32 << 20),
            ("1.5GB", 1_500_000_000),
            ("0.5KiB", 512),
            ("7B", 7),
            ("10KB", 10_000),
            ("0B", 0),
        ];
        for (text, expected) in table {
            assert_eq!(parse(text), Ok(ByteSize::b(expected)), "{text}");
        }
    }

    #[test]
    fn a_wrong_spelling_is_told_the_likely_one() {
        let table = [
            ("32Mb", Some("32MB")),
            ("32mb", Some("32MB")),
            ("32mib", Some("32MiB")),
            ("32M", Some("32MiB")),
            ("1.5 g", Some("1.5GiB")),
            ("4096", Some("4096B")),
            ("4096 bytes", Some("4096B")),
            ("10TiB", None),
            ("much", None),
            ("1.2.3MB", None),
            ("-1MB", None),
            ("99999999999999999999GiB", None),
            ("18446744073709551615KB", None),
        ];
        for (text, expected) in table {
            let error = parse(text).unwrap_err();
            assert_eq!(error.likely.as_deref(), expected, "{text}");
            assert!(expected.is_none_or(|meant| error.to_string().contains(&format!("{meant:?}"))), "{error}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_size_or_not(text in "\\PC{0,20}") {
            let _ = parse(&text);
        }

        #[test]
        fn any_number_and_unit_is_a_size_or_not(text in "[0-9.]{0,24} ?(B|[KMG]i?[Bb]|[kmg]?)") {
            let _ = parse(&text);
        }

        #[test]
        fn what_is_written_is_read(bytes: u64) {
            prop_assert_eq!(parse(&exact(ByteSize::b(bytes))), Ok(ByteSize::b(bytes)));
        }
    }
}
