//! A short time in a file: `"250ms"`, `"10s"` or `"5min"`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Whole milliseconds, more than none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Millis(u32);

/// The text is no time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a time is a number from 1 on with its unit, like \"250ms\", \"10s\" or \"5min\"")]
pub struct NotATime;

impl Millis {
    /// As the standard library has it.
    pub fn duration(self) -> Duration {
        Duration::from_millis(self.0.into())
    }
}

impl FromStr for Millis {
    type Err = NotATime;

    fn from_str(text: &str) -> Result<Millis, NotATime> {
        // `ms` before `s`, which it ends in.
        let units = [("ms", 1), ("min", 60_000), ("s", 1000)];
        let (digits, factor) =
            units.iter().find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, factor))).ok_or(NotATime)?;
        let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        let number: u32 = if plain { digits.parse().map_err(|_| NotATime)? } else { return Err(NotATime) };
        match number.checked_mul(*factor) {
            None | Some(0) => Err(NotATime),
            Some(millis) => Ok(Millis(millis)),
        }
    }
}

impl TryFrom<String> for Millis {
    type Error = NotATime;

    fn try_from(text: String) -> Result<Millis, NotATime> {
        text.parse()
    }
}

impl From<Millis> for String {
    fn from(time: Millis) -> String {
        time.to_string()
    }
}

impl fmt::Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 % 1000 {
            0 => write!(f, "{}s", self.0 / 1000),
            _ => write!(f, "{}ms", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_time_has_a_unit_and_is_more_than_none() {
        let table = [
            ("250ms", Some(250)),
            ("2s", Some(2000)),
            ("10min", Some(600_000)),
            ("0ms", None),
            ("0s", None),
            ("90", None),
            ("ms", None),
            ("s", None),
            ("-1s", None),
            ("1.5s", None),
            ("10 ms", None),
            ("4294968s", None),
        ];
        for (text, expected) in table {
            let read = text.parse::<Millis>().ok().map(Millis::duration);
            assert_eq!(read, expected.map(Duration::from_millis), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,12}") {
            let _ = text.parse::<Millis>();
        }

        #[test]
        fn what_is_written_is_read(millis in 1_u32..) {
            prop_assert_eq!(Millis(millis).to_string().parse(), Ok(Millis(millis)));
        }
    }
}
