//! Standard output: checked, and safe for a terminal.
//!
//! What a plugin or an axon said is printed among other things, so control characters are written as escapes: also line
//! breaks, or a plugin could write lines of the command's own. A line that cannot be written is an error and no panic:
//! `soma wallet new` must not lose a mnemonic to a full disk.

use std::io::Write;

use serde::Serialize;

use crate::error::SomaError;

/// Writes a line as `println!` would; `?` ends the command when that fails.
macro_rules! say {
    ($($words:tt)*) => {
        $crate::output::line(&format!($($words)*))
    };
}
pub(crate) use say;

/// Writes one line, whatever is in the text.
pub fn line(text: &str) -> Result<(), SomaError> {
    write(&printable(text))
}

/// Writes a value as JSON, on several lines, that reads back as it was.
///
/// # Errors
/// [`SomaError::Output`].
pub fn json(value: &impl Serialize) -> Result<(), SomaError> {
    let text = serde_json::to_string_pretty(value).map_err(|error| SomaError::Output { cause: error.into() })?;
    write(&plain_json(&text))
}

fn write(text: &str) -> Result<(), SomaError> {
    let mut out = std::io::stdout().lock();
    let written = out.write_all(text.as_bytes()).and_then(|()| out.write_all(b"\n")).and_then(|()| out.flush());
    written.map_err(|cause| SomaError::Output { cause })
}

/// The text with its control characters as escapes.
fn printable(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        if is_order(character) {
            safe.extend(character.escape_default());
        } else {
            safe.push(character);
        }
    }
    safe
}

/// JSON with the control characters as escapes that its strings may hold. Line breaks are those between values.
fn plain_json(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        if is_order(character) && character != '\n' {
            safe.push_str(&format!("\\u{:04x}", u32::from(character)));
        } else {
            safe.push(character);
        }
    }
    safe
}

/// Whether a terminal takes it for an order: controls, line ends and what turns the direction of a line round.
fn is_order(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_is_not_told_what_to_do() {
        assert_eq!(printable("a\u{1b}]0;x\u{7}b\u{9b}c\u{7f}d é"), "a\\u{1b}]0;x\\u{7}b\\u{9b}c\\u{7f}d é");
    }

    #[test]
    fn a_text_stays_in_its_line() {
        assert_eq!(printable("a\r\nb\u{2028}c\u{202e}d"), "a\\r\\nb\\u{2028}c\\u{202e}d");
    }

    #[test]
    fn json_reads_back_as_it_was() {
        let value = serde_json::json!({"a\u{9b}": "\u{1b}\n\u{7f}\u{202e}é", "b": [1]});
        let text = plain_json(&serde_json::to_string_pretty(&value).unwrap());
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value);
        assert!(!text.chars().any(|character| is_order(character) && character != '\n'), "{text}");
    }
}
