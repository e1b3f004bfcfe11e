//! Words of a plugin or a caller, made fit for one line of the operator's log.

/// Bytes of a reason that a plugin gives on purpose.
pub const REASON: usize = 1024;
/// Bytes of a trap with its backtrace.
pub const TRAP: usize = 8 * 1024;

/// The text, cut to `most` bytes and otherwise as it is.
pub fn cut(text: &str, most: usize) -> String {
    text.get(..text.floor_char_boundary(most)).unwrap_or_default().to_owned()
}

/// The text on one line, without control characters, cut to `most` bytes. Line breaks become ` | `.
pub fn one_line(text: &str, most: usize) -> String {
    let kept = text.get(..text.floor_char_boundary(most)).unwrap_or_default();
    let mut line = String::with_capacity(kept.len());
    for character in kept.trim_end().chars() {
        match character {
            '\n' => line.push_str(" | "),
            control if control.is_control() => line.push(' '),
            other => line.push(other),
        }
    }
    if kept.len() < text.len() {
        line.push_str(" [cut]");
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_line_stays_one_and_is_short() {
        assert_eq!(one_line("no\n2026 INFO forged\u{1b}[0m\n", 100), "no | 2026 INFO forged [0m");
        assert_eq!(one_line(&"é".repeat(100), 9), "éééé [cut]");
    }

    proptest! {
        #[test]
        fn any_text_is_one_short_line(text in any::<String>(), most in 0_usize..64) {
            let line = one_line(&text, most);
            prop_assert!(!line.chars().any(char::is_control), "{line:?}");
            // A line break becomes three characters.
            prop_assert!(line.len() <= 3 * most + " [cut]".len());
            let kept = cut(&text, most);
            prop_assert!(kept.len() <= most && text.starts_with(&kept));
        }
    }
}
