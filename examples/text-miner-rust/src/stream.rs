//! Texts that are read while they are made.

use soma_sdk::prelude::*;

/// A text in pieces. There is no field for the answer: the pieces are the answer.
#[derive(Debug, Serialize, Deserialize)]
pub struct TextStream {
    /// What the text starts from.
    pub prompt: String,
    /// Most words of the answer; 100 by default.
    pub max_tokens: u32,
}

/// Stands in for a language model that streams: the prompt's words in upper case, one after another.
///
/// # Errors
/// `Failure::Invalid` when the prompt has no word; nothing has been written then. When the caller hangs up there
/// is nobody left to tell.
pub fn stream(synapse: TextStream, request: &Request, out: &ResponseStream) -> Result<(), Failure> {
    let mut words = synapse.prompt.split_whitespace().take(synapse.max_tokens as usize);
    let first = words.next().ok_or_else(|| Failure::invalid("there is no word to write"))?;
    log::debug!("streaming to {}", request.caller.hotkey);
    out.write(first.to_uppercase())?;
    for word in words {
        out.write(format!(" {}", word.to_uppercase()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use soma_sdk::testing::{self, Listener};

    fn ask(prompt: &str, max_tokens: u32, listener: &Listener) -> Result<(), Failure> {
        let synapse = TextStream { prompt: prompt.into(), max_tokens };
        stream(synapse, &testing::request("TextStream"), &listener.stream())
    }

    #[test]
    fn writes_word_by_word() {
        for (prompt, max_tokens, pieces) in [
            ("the quick fox", 100, vec!["THE", " QUICK", " FOX"]),
            ("the quick fox", 2, vec!["THE", " QUICK"]),
            ("  straße\n", 1, vec!["STRASSE"]),
        ] {
            let listener = Listener::default();
            ask(prompt, max_tokens, &listener).unwrap();
            let heard: Vec<_> = listener.heard().into_iter().map(|piece| String::from_utf8(piece).unwrap()).collect();
            assert_eq!(heard, pieces, "{prompt}");
        }
    }

    #[test]
    fn refuses_before_it_has_written() {
        for (prompt, max_tokens) in [(" \n", 100), ("a word", 0)] {
            let listener = Listener::default();
            assert!(matches!(ask(prompt, max_tokens, &listener), Err(Failure::Invalid(_))), "{prompt}");
            assert!(listener.heard().is_empty());
        }
    }

    #[test]
    fn stops_when_the_caller_is_gone() {
        let hasty = Listener::patient_for(1);
        assert!(ask("one two three", 100, &hasty).is_err());
        assert_eq!(hasty.heard(), [b"ONE"]);
    }
}
