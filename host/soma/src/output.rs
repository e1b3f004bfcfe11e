//! Standard output: checked, and safe for a terminal.
//!
//! What a plugin or an axon said is printed among other things, so control characters are written as escapes. A
//! line that cannot be written is an error and no panic: `soma wallet new` must not lose a mnemonic to a full disk.

use std::io::Write;

use crate::error::SomaError;

/// Writes a line as `println!` would; `?` ends the command when that fails.
macro_rules! say {
    ($($words:tt)*) => {
        $crate::output::line(&format!($($words)*))
    };
}
pub(crate) use say;

/// Writes one line, or several with line breaks in them.
pub fn line(text: &str) -> Result<(), SomaError> {
    let mut out = std::io::stdout().lock();
    let written =
        out.write_all(printable(text).as_bytes()).and_then(|()| out.write_all(b"\n")).and_then(|()| out.flush());
    written.map_err(|cause| SomaError::Output { cause })
}

/// The text with its control characters, apart from line breaks, as escapes.
fn printable(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() && character != '\n' {
            safe.extend(character.escape_default());
        } else {
            safe.push(character);
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_is_not_told_what_to_do() {
        assert_eq!(printable("a\u{1b}]0;x\u{7}b\u{9b}c\u{7f}\nd é"), "a\\u{1b}]0;x\\u{7}b\\u{9b}c\\u{7f}\nd é");
    }
}
