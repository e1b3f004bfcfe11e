//! Texts.

use soma_sdk::prelude::*;

/// Names this build in every answer, so that a caller sees which version served it.
pub const MODEL: &str = concat!("text-miner ", env!("CARGO_PKG_VERSION"));

/// The synapse of the Python guide.
#[derive(Debug, Serialize, Deserialize)]
pub struct TextGeneration {
    /// What the text starts from.
    pub prompt: String,
    /// Most words of the answer; 100 by default.
    pub max_tokens: u32,
    /// 0 to 2; 0.7 by default. Here it only says how far the words are rotated.
    pub temperature: f64,
    /// The answer.
    pub generated_text: Option<String>,
    /// Name and version of what wrote it.
    pub model_name: Option<String>,
}

/// Stands in for a language model: the prompt's words in upper case, rotated by ten times the temperature, cut
/// after `max_tokens` words. Temperature 0 keeps their order.
///
/// # Errors
/// `Failure::Invalid` when the prompt has no word.
pub fn generate(mut synapse: TextGeneration) -> Result<TextGeneration, Failure> {
    let mut words: Vec<String> = synapse.prompt.split_whitespace().map(str::to_uppercase).collect();
    if words.is_empty() {
        return Err(Failure::invalid("prompt: there is no word in it"));
    }
    let shift = (synapse.temperature.clamp(0.0, 2.0) * 10.0) as usize;
    let shift = shift % words.len();
    words.rotate_left(shift);
    words.truncate(synapse.max_tokens as usize);
    log::debug!("{} words of at most {}", words.len(), synapse.max_tokens);
    synapse.generated_text = Some(words.join(" "));
    synapse.model_name = Some(MODEL.to_owned());
    Ok(synapse)
}

/// A synapse with hash fields: the caller's signature covers `prompt` and `max_tokens`.
#[derive(Debug, Serialize, Deserialize)]
pub struct HashedText {
    /// What to reverse.
    pub prompt: String,
    /// Not used; it is here because it is part of the hash.
    pub max_tokens: i64,
    /// Not used, and not part of the hash.
    pub tags: Vec<String>,
    /// The answer.
    pub output: Option<String>,
}

/// The prompt, last character first.
pub fn reverse(mut synapse: HashedText) -> HashedText {
    synapse.output = Some(synapse.prompt.chars().rev().collect());
    synapse
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(prompt: &str, max_tokens: u32, temperature: f64) -> Result<TextGeneration, Failure> {
        generate(TextGeneration {
            prompt: prompt.into(),
            max_tokens,
            temperature,
            generated_text: None,
            model_name: None,
        })
    }

    #[test]
    fn generates_at_most_max_tokens_words() {
        for (prompt, max_tokens, temperature, text) in [
            ("the quick fox", 100, 0.0, "THE QUICK FOX"),
            ("the quick fox", 2, 0.0, "THE QUICK"),
            ("the quick fox", 0, 0.0, ""),
            ("the quick fox", 100, 0.7, "QUICK FOX THE"),
            ("  straße\n", 100, 2.0, "STRASSE"),
        ] {
            let synapse = ask(prompt, max_tokens, temperature).unwrap();
            assert_eq!(synapse.generated_text.as_deref(), Some(text), "{prompt}");
            assert_eq!(synapse.model_name.as_deref(), Some(MODEL));
        }
    }

    #[test]
    fn refuses_a_prompt_without_words() {
        assert!(matches!(ask(" \n", 100, 0.0), Err(Failure::Invalid(_))));
    }

    #[test]
    fn reverses_characters_and_not_bytes() {
        let synapse = HashedText { prompt: "añb".into(), max_tokens: 1, tags: Vec::new(), output: None };
        assert_eq!(reverse(synapse).output.as_deref(), Some("bña"));
    }
}
