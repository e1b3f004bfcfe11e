//! A time in a file: `"90s"` or `"10min"`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Whole seconds, more than none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Seconds(u32);

/// The text is no time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a time is a number from 1 on with its unit, like \"90s\" or \"10min\"")]
pub struct NotATime;

impl Seconds {
    /// As the standard library has it.
    pub fn duration(self) -> Duration {
        Duration::from_secs(self.0.into())
    }
}

impl FromStr for Seconds {
    type Err = NotATime;

    fn from_str(text: &str) -> Result<Seconds, NotATime> {
        let (digits, unit) = match text.strip_suffix("min") {
            Some(digits) => (digits, 60),
            None => (text.strip_suffix('s').ok_or(NotATime)?, 1),
        };
        let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        let number: u32 = if plain { digits.parse().map_err(|_| NotATime)? } else { return Err(NotATime) };
        match number.checked_mul(unit) {
            None | Some(0) => Err(NotATime),
            Some(seconds) => Ok(Seconds(seconds)),
        }
    }
}

impl TryFrom<String> for Seconds {
    type Error = NotATime;

    fn try_from(text: String) -> Result<Seconds, NotATime> {
        text.parse()
    }
}

impl From<Seconds> for String {
    fn from(time: Seconds) -> String {
        time.to_string()
    }
}

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}s", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_time_has_a_unit_and_is_more_than_none() {
        let table = [
            ("90s", Some(90)),
            ("10min", Some(600)),
            ("1s", Some(1)),
            ("0s", None),
            ("0min", None),
            ("90", None),
            ("s", None),
            ("+1s", None),
            ("1.5s", None),
            ("10 min", None),
            ("4294967295min", None),
            ("4294967296s", None),
        ];
        for (text, expected) in table {
            let read = text.parse::<Seconds>().ok().map(Seconds::duration);
            assert_eq!(read, expected.map(Duration::from_secs), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,12}") {
            let _ = text.parse::<Seconds>();
        }

        #[test]
        fn what_is_written_is_read(seconds in 1_u32..) {
            prop_assert_eq!(Seconds(seconds).to_string().parse(), Ok(Seconds(seconds)));
        }
    }
}
