//! Texts of others, made fit to be shown: a node may say anything, and a terminal obeys some of it.

/// The longest text of a node that is passed on, in characters.
pub(crate) const LONGEST: usize = 200;

/// A text from outside, short and without characters that move the cursor, colour or hide what stands beside them.
pub(crate) fn shortened(text: &str) -> String {
    // A bound on what is looked at, too.
    text.chars().take(LONGEST * 4).filter(|char| is_plain(*char)).take(LONGEST).collect()
}

/// What is shown as itself: no control characters, nothing that turns the direction of writing, nothing invisible.
fn is_plain(char: char) -> bool {
    !char.is_control()
        && !matches!(
            char,
            '\u{61c}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_left_out() {
        assert_eq!(shortened("\u{1b}[2J\u{9b}1mno\u{202e}t\r\n\0 so\u{200b}\u{7f}"), "[2J1mnot so");
        assert_eq!(shortened("größer als 1 τ"), "größer als 1 τ");
        assert_eq!(shortened(&"x".repeat(10 << 20)).len(), LONGEST);
    }
}
