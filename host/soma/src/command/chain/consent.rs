//! The question before a coldkey signs.

use std::io::{BufRead, IsTerminal, Write};

use soma_chain::Plan;

use super::error::ChainCommandError;
use crate::cli::SpendFlags;

/// Whether it may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consent {
    /// The owner wants it.
    Given,
    /// The owner said no, and nothing was sent.
    Declined,
}

/// For what costs nothing but a fee: the command itself is the consent.
///
/// # Errors
/// Never.
pub fn not_needed(_: &Plan) -> Result<Consent, ChainCommandError> {
    Ok(Consent::Given)
}

/// Asks at the terminal, unless `--yes` was given. `what` says what is sent and what it costs.
///
/// # Errors
/// [`ChainCommandError::NobodyToAsk`] without a terminal: silence is no consent.
pub fn ask(what: &str, spend: SpendFlags) -> Result<Consent, ChainCommandError> {
    if spend.yes {
        return Ok(Consent::Given);
    }
    if !std::io::stdin().is_terminal() {
        return Err(ChainCommandError::NobodyToAsk);
    }
    // Standard output may be read by a program.
    eprint!("{what}\nGo on? [y/N] ");
    let _ = std::io::stderr().flush();
    let mut answer = String::new();
    if std::io::stdin().lock().read_line(&mut answer).is_err() {
        return Err(ChainCommandError::NobodyToAsk);
    }
    Ok(understood(&answer))
}

fn understood(answer: &str) -> Consent {
    match answer.trim().to_ascii_lowercase().as_str() {
        "y" | "yes" => Consent::Given,
        _ => Consent::Declined,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_yes_is_consent() {
        for yes in ["y\n", "Y", " yes \n", "YES"] {
            assert_eq!(understood(yes), Consent::Given, "{yes:?}");
        }
        for no in ["", "\n", "n", "no", "yesterday", "ja"] {
            assert_eq!(understood(no), Consent::Declined, "{no:?}");
        }
    }
}
